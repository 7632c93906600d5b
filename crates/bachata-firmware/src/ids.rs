use core::fmt::Write;

use heapless::String;

/// The length of the longest name.
pub(crate) const MAX_NAME_LEN: usize = 15;

/// The length of the longest id: a name, and two numbers of up to 20 and 10 digits.
pub(crate) const MAX_ID_LEN: usize = MAX_NAME_LEN + 1 + 20 + 1 + 10;

/// Makes message ids that no other device and no other start of this one makes: name, start number, count.
#[derive(Debug)]
pub(crate) struct Ids {
    name: &'static str,
    start: u64,
    count: u32,
}

impl Ids {
    pub(crate) const fn new(name: &'static str, start: u64) -> Self {
        assert!(name.len() <= MAX_NAME_LEN, "a name has at most 15 bytes");
        Self {
            name,
            start,
            count: 0,
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn next_id(&mut self) -> String<MAX_ID_LEN> {
        self.count = self.count.wrapping_add(1);
        let mut id = String::new();
        let _fits = write!(id, "{}-{}-{}", self.name, self.start, self.count);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_id_fits() {
        let mut ids = Ids::new("a-name-so-long!", u64::MAX);
        assert_eq!(ids.next_id(), "a-name-so-long!-18446744073709551615-1");
        ids.count = u32::MAX - 1;
        assert_eq!(ids.next_id().len(), MAX_ID_LEN);
    }
}
