use core::fmt;
use core::hash::{Hash, Hasher};

/// Makes the enum, both conversions, the names and the docs from one table.
macro_rules! transport_types {
    ($($code:literal $name:ident $text:literal $way:literal $meaning:literal;)+) => {
        /// What a transport message says (`P-11`).
        ///
        /// | `type` | name | direction | meaning |
        /// |---|---|---|---|
        $(#[doc = concat!("| ", $code, " | `", $text, "` | ", $way, " | ", $meaning, " |")])+
        ///
        /// All other integers from 0 to 2³²−1 are reserved. They are kept as they are, so that a peer survives types that
        /// are newer than itself. Two values are equal when their integers are.
        ///
        /// ```
        /// use bachata_core::TransportType;
        ///
        /// assert_eq!(TransportType::from(200), TransportType::Received);
        /// assert_eq!(TransportType::Received.code(), 200);
        /// assert_eq!(TransportType::from(4711).code(), 4711);
        /// assert_eq!(TransportType::Received.to_string(), "received");
        /// ```
        #[derive(Clone, Copy, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub enum TransportType {
            $(
                #[doc = concat!($code, ", ", $way, ": ", $meaning, ".")]
                $name,
            )+
            /// A reserved type. `TransportType::from` never makes one of the six above into this.
            Other(u32),
        }

        impl TransportType {
            /// The six that the protocol defines.
            pub const DEFINED: &'static [Self] = &[$(Self::$name),+];

            /// The integer on the wire.
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$name => $code,)+
                    Self::Other(code) => code,
                }
            }

            /// The type with this integer.
            // Inline, as most that make one ask for its integer at once, and then nothing is left of either.
            #[inline(always)]
            pub(crate) const fn of(code: u32) -> Self {
                match code {
                    $($code => Self::$name,)+
                    code => Self::Other(code),
                }
            }

            /// The name of a defined type, in lower case; none for a reserved one.
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($text),)+
                    Self::Other(_) => None,
                }
            }
        }

        impl From<u32> for TransportType {
            #[inline]
            fn from(code: u32) -> Self {
                Self::of(code)
            }
        }
    };
}

transport_types! {
    100 Accepted "accepted" "server → sender" "server has received the message for delivery";
    200 Received "received" "receiver → server" "receiver has got the message";
    300 Delivered "delivered" "server → sender" "server has delivered the message";
    1000 Ready "ready" "server → client" "the connection is ready";
    1001 Ping "ping" "either way" "to be answered with a pong";
    1002 Pong "pong" "either way" "the answer to a ping";
}

impl TransportType {
    /// Whether the message is about a data message, whose id its `data` must be (`P-10`).
    pub const fn is_receipt(self) -> bool {
        Self::is_receipt_code(self.code())
    }

    pub(crate) const fn is_receipt_code(code: u32) -> bool {
        // Not short-circuit, so that the compiler does not make a copy of all that follows for either answer.
        (code == 100) | (code == 200) | (code == 300)
    }
}

impl PartialEq for TransportType {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl Eq for TransportType {}

impl Hash for TransportType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.code().hash(state);
    }
}

impl fmt::Display for TransportType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => fmt::Display::fmt(&self.code(), f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn every_integer_survives() {
        for code in (0..2000).chain([u32::MAX - 1, u32::MAX]) {
            let kind = TransportType::from(code);
            assert_eq!(kind.code(), code);
            assert_eq!(
                matches!(kind, TransportType::Other(_)),
                kind.name().is_none()
            );
            assert_eq!(TransportType::Other(code), kind);
        }
        assert_eq!(TransportType::DEFINED.len(), 6);
    }

    #[test]
    fn display_names_the_defined_and_numbers_the_reserved() {
        assert_eq!(
            format!("{:>6}|{}", TransportType::Ping, TransportType::Other(7)),
            "  ping|7"
        );
    }
}
