use core::fmt;

use crate::JsonStr;

/// The seven members that the protocol gives a meaning. All others are unknown members: allowed, validated, and left
/// to the application (`P-4`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Member {
    /// `id`: the message id, a string.
    Id,
    /// `type`: a string in a data message, an integer in a transport message.
    Type,
    /// `time`: Unix milliseconds.
    Time,
    /// `data`: the payload, or the id that a transport message is about.
    Data,
    /// `from`: the sender.
    From,
    /// `dest`: the destination.
    Dest,
    /// `sign`: the signature.
    Sign,
}

impl Member {
    /// All seven, in the order in which they are written (`P-5`).
    pub const ALL: [Self; 7] = [
        Self::Id,
        Self::Type,
        Self::Time,
        Self::Data,
        Self::From,
        Self::Dest,
        Self::Sign,
    ];

    /// The member's name on the wire.
    ///
    /// ```
    /// assert_eq!(bachata_core::Member::Dest.name(), "dest");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Type => "type",
            Self::Time => "time",
            Self::Data => "data",
            Self::From => "from",
            Self::Dest => "dest",
            Self::Sign => "sign",
        }
    }

    /// The member of this name; none for the name of an unknown member. Names are compared decoded (`P-4`).
    ///
    /// ```
    /// use bachata_core::{JsonStr, Member};
    ///
    /// assert_eq!(Member::named(JsonStr::new("type")), Some(Member::Type));
    /// assert_eq!(Member::named(JsonStr::new("Type")), None);
    /// ```
    pub fn named(name: JsonStr<'_>) -> Option<Self> {
        let mut key = 0;
        for character in name.chars() {
            key = longer_key(key, u32::from(character))?;
        }
        Self::of_key(key)
    }

    /// The member whose name has this key: its characters as a big-endian number.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn of_key(key: u32) -> Option<Self> {
        let place = KEYS.iter().position(|&known| known == key)?;
        Self::ALL.get(place).copied()
    }
}

/// The key of a name with a character more. None for a name that is not a member's: of more than four characters, or not ASCII.
pub(crate) fn longer_key(key: u32, character: u32) -> Option<u32> {
    (key >> 24 == 0 && (0x01..0x80).contains(&character)).then_some(key << 8 | character)
}

/// The name of each member, in the order of [`Member::ALL`], as a big-endian number.
const KEYS: [u32; 7] = [
    u32::from_be_bytes(*b"\0\0id"),
    u32::from_be_bytes(*b"type"),
    u32::from_be_bytes(*b"time"),
    u32::from_be_bytes(*b"data"),
    u32::from_be_bytes(*b"from"),
    u32::from_be_bytes(*b"dest"),
    u32::from_be_bytes(*b"sign"),
];

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
