use serde::Serialize;

/// What the device reports: the `data` of a message of type `reading`. A counter that is full stays so.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Reading {
    /// What the sensor shows.
    pub(crate) value: i32,
    /// Whether the lamp is on.
    pub(crate) led: bool,
    /// Commands that were obeyed since the start.
    pub(crate) obeyed: u32,
    /// Data messages that were acknowledged and not obeyed: no command of ours, or not in its form.
    pub(crate) refused: u32,
    /// Lines that were too long or no message.
    pub(crate) bad_lines: u32,
    /// Readings that were due and found no room among those that the server had not taken yet.
    pub(crate) skipped: u32,
}

impl Reading {
    /// The length of the longest reading, in bytes of JSON.
    pub(crate) const MAX_LEN: usize = 144;
}

#[cfg(test)]
mod tests {
    use bachata_core::DataMessage;

    use super::*;

    #[test]
    fn the_longest_reading_is_no_longer() {
        let longest = Reading {
            value: i32::MIN,
            led: false,
            obeyed: u32::MAX,
            refused: u32::MAX,
            bad_lines: u32::MAX,
            skipped: u32::MAX,
        };
        let message = DataMessage::typed("", "", 0, &longest);
        let mut frame = [0; 256];
        let around = DataMessage::new("", "", 0, "").encoded_len() - 2;
        assert!(message.encode(&mut frame).unwrap().len() - around <= Reading::MAX_LEN);
    }
}
