/// What a receiver makes of members that are absent or `null` (`P-12`, `P-13`).
///
/// ```
/// use bachata_core::{Message, Policy};
///
/// let frame = br#"{"id": "m1", "type": "text", "dest": "B"}"#;
/// assert!(Message::parse(frame).is_err());
///
/// let Message::Data(message) = Message::parse_with(frame, Policy::Reference)? else { panic!() };
/// assert_eq!(message.time(), 0);
/// assert_eq!(message.data().as_text().unwrap(), "");
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Policy {
    /// A data message has `id`, `type`, `time` and `data`; a 100, 200 or 300 has `data`.
    #[default]
    Strict,
    /// For peers that speak like the Python package `bachata`, which leaves out every member whose value is false in
    /// Python. There an absent or `null` `id` or `data` reads as `""`, an absent or `null` `time` as 0, and so does the absent
    /// or `null` `data` of a 100, 200 or 300. Nothing else differs: it is not a lenient JSON mode.
    Reference,
}
