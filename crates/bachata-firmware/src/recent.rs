use bachata_core::JsonStr;
use heapless::{HistoryBuf, String};

/// How many ids are remembered.
const CAPACITY: usize = 32;

/// The longest id that is remembered, in bytes of UTF-8: a UUID has 36.
const MAX_ID_LEN: usize = 48;

/// The ids of the last messages that were taken (`P-20`).
#[derive(Debug)]
pub(crate) struct Recent {
    ids: HistoryBuf<String<MAX_ID_LEN>, CAPACITY>,
}

impl Recent {
    pub(crate) const fn new() -> Self {
        Self {
            ids: HistoryBuf::new(),
        }
    }

    /// Whether an id can be remembered.
    pub(crate) fn fits(id: JsonStr<'_>) -> bool {
        id.decoded_len() <= MAX_ID_LEN
    }

    pub(crate) fn contains(&self, id: JsonStr<'_>) -> bool {
        self.ids.iter().any(|known| id == known.as_str())
    }

    /// Remembers an id in place of the oldest; not one that does not [fit](Self::fits).
    pub(crate) fn remember(&mut self, id: JsonStr<'_>) {
        if let Ok(id) = id
            .decode(&mut [0; MAX_ID_LEN])
            .unwrap_or_default()
            .try_into()
        {
            self.ids.write(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_ids_are_remembered() {
        let mut recent = Recent::new();
        for id in 0..=CAPACITY {
            let id = id.to_string();
            assert!(!recent.contains((&*id).into()));
            recent.remember((&*id).into());
            assert!(recent.contains((&*id).into()));
        }
        assert!(!recent.contains("0".into()));
        assert!(recent.contains("1".into()));
    }

    #[test]
    fn an_id_fits_or_not() {
        let mut recent = Recent::new();
        let longest = "é".repeat(MAX_ID_LEN / 2);
        assert!(Recent::fits((&*longest).into()));
        recent.remember((&*longest).into());
        assert!(recent.contains((&*longest).into()));
        let too_long = longest + "x";
        assert!(!Recent::fits((&*too_long).into()));
        recent.remember((&*too_long).into());
        assert!(!recent.contains((&*too_long).into()));
    }
}
