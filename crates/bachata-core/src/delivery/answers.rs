use heapless::Vec;

use super::remove::remove;
use crate::encode::SliceSink;
use crate::{BufferTooSmall, JsonStr, TransportMessage, TransportType};

/// How many answers wait at most, whatever room there is for their texts.
const MAX_ANSWERS: usize = 16;

/// A data message that was handed up, until its receiver says what becomes of it.
///
/// There is room for the answer to it from the moment it is handed up. It can be given back once: it is neither `Copy` nor `Clone`.
#[derive(PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a message that is neither taken nor released stays in memory, and is not handed up again"]
pub struct Receipt(u32);

impl Receipt {
    pub(super) const fn number(&self) -> u32 {
        self.0
    }
}

/// The answers to what came in: those that are to be sent, and room for those that the application will give. Their texts have `N`
/// bytes together.
#[derive(Clone, Debug)]
pub(super) struct Answers<const N: usize> {
    /// The `data` of the answers as JSON, one after the other, each with its closing quote and without the other.
    texts: Vec<u8, N>,
    entries: Vec<Answer, MAX_ANSWERS>,
    /// The number of the next answer. Never 0 and never `u32::MAX`, which mean something else where receipts are kept.
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    number: u32,
    /// The length of its text with the quote; none where it has no `data`.
    text: Option<usize>,
    escaped: bool,
    /// Whether what it answers has come on this connection.
    here: bool,
    /// None while the application has not said.
    kind: Option<TransportType>,
}

/// There is no room for an answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NoRoom {
    /// Now: there will be when answers that wait have been sent or released.
    Now,
    /// Never.
    Ever(BufferTooSmall),
}

impl<const N: usize> Answers<N> {
    /// What answers to data messages may take, in bytes. The rest is for pongs: a ping can be answered though the application keeps
    /// receipts.
    const FOR_RECEIPTS: usize = N.saturating_sub(N / 4);

    pub(super) const fn new() -> Self {
        Self {
            texts: Vec::new(),
            entries: Vec::new(),
            next: 1,
        }
    }

    /// Keeps room for the answer to a message with this id.
    pub(super) fn reserve(&mut self, id: JsonStr<'_>) -> Result<Receipt, NoRoom> {
        self.push(
            None,
            Some(id),
            Self::FOR_RECEIPTS,
            MAX_ANSWERS.wrapping_sub(1),
        )
        .map(Receipt)
    }

    /// Queues an answer to a message with this id.
    pub(super) fn answer(&mut self, kind: TransportType, id: JsonStr<'_>) -> Result<(), NoRoom> {
        self.push(
            Some(kind),
            Some(id),
            Self::FOR_RECEIPTS,
            MAX_ANSWERS.wrapping_sub(1),
        )
        .map(|_| ())
    }

    /// Queues the answer to a ping.
    pub(super) fn pong(&mut self, token: Option<JsonStr<'_>>) -> Result<(), NoRoom> {
        self.push(Some(TransportType::Pong), token, N, MAX_ANSWERS)
            .map(|_| ())
    }

    /// What room was kept for comes once more, on this connection.
    pub(super) fn expect(&mut self, receipt: u32) {
        if let Some(entry) = self.find(receipt) {
            entry.here = true;
        }
    }

    /// The answer that room was kept for. It goes to nobody who did not ask: where the connection is another, it is dropped. Nothing where it is there no
    /// more.
    pub(super) fn give(&mut self, receipt: u32, kind: TransportType) {
        match self.find(receipt) {
            Some(entry) if entry.here => entry.kind = Some(kind),
            _ => self.remove(receipt),
        }
    }

    /// The first answer that is to be sent, and its number.
    pub(super) fn first(&self) -> Option<(TransportMessage<'_>, u32)> {
        let mut start = 0_usize;
        for entry in &self.entries {
            let end = start.saturating_add(entry.text.unwrap_or_default());
            if let Some(kind) = entry.kind {
                let text = self.texts.get(start..end).and_then(<[u8]>::split_last);
                let data = text.map(|(_, inside)| JsonStr::scanned(inside, entry.escaped));
                let message = TransportMessage::parsed(kind.code(), data, JsonStr::EMPTY);
                return Some((message, entry.number));
            }
            start = end;
        }
        None
    }

    /// Takes an answer out: it has been sent, or there will be none.
    pub(super) fn remove(&mut self, number: u32) {
        let Some(place) = self.entries.iter().position(|entry| entry.number == number) else {
            return;
        };
        let text = |entry: &Answer| entry.text.unwrap_or_default();
        let before = self.entries.iter().take(place).map(text);
        let start = before.fold(0_usize, usize::saturating_add);
        let len = self.entries.get(place).map_or(0, text);
        remove(&mut self.texts, start, len);
        remove(&mut self.entries, place, 1);
    }

    /// Forgets all answers that are to be sent: the connection that they were for is gone. Room that is kept stays kept.
    pub(super) fn disconnect(&mut self) {
        while let Some((_, number)) = self.first() {
            self.remove(number);
        }
        for entry in &mut self.entries {
            entry.here = false;
        }
    }

    fn push(
        &mut self,
        kind: Option<TransportType>,
        text: Option<JsonStr<'_>>,
        room: usize,
        max_entries: usize,
    ) -> Result<u32, NoRoom> {
        let mut counter = SliceSink::new(&mut []);
        if let Some(text) = text {
            text.write_after(b"", &mut counter);
        }
        let len = counter.len();
        let error = |capacity| BufferTooSmall {
            needed: len,
            capacity,
        };
        if len > room {
            return Err(NoRoom::Ever(error(room)));
        }
        let free = room.saturating_sub(self.texts.len());
        if len > free || self.entries.len() >= max_entries {
            return Err(NoRoom::Now);
        }
        if let Some(text) = text {
            text.write_after(b"", &mut self.texts);
        }
        let number = self.next;
        self.next = after(number);
        let entry = Answer {
            number,
            text: text.map(|_| len),
            escaped: text.is_some_and(JsonStr::needs_escapes),
            here: true,
            kind,
        };
        // There is room for it.
        let _fits = self.entries.push(entry);
        Ok(number)
    }

    fn find(&mut self, number: u32) -> Option<&mut Answer> {
        self.entries.iter_mut().find(|entry| entry.number == number)
    }
}

/// The number of the answer after this one.
const fn after(number: u32) -> u32 {
    if number < u32::MAX.wrapping_sub(1) {
        number.wrapping_add(1)
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    fn drain<const N: usize>(answers: &mut Answers<N>) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some((message, number)) = answers.first() {
            sent.push(message.to_string());
            answers.remove(number);
        }
        sent
    }

    #[test]
    fn answers_leave_in_order_and_give_their_room_back() {
        let mut answers = Answers::<20>::new();
        for round in 0..1000 {
            let held = answers.reserve("abc".into()).unwrap();
            answers
                .answer(TransportType::Received, "\"\n".into())
                .unwrap();
            let other = answers.reserve("xyz".into()).unwrap();
            answers.pong(Some("12".into())).unwrap();
            answers.pong(None).unwrap();
            if round % 2 == 0 {
                answers.give(other.number(), TransportType::Accepted);
                assert_eq!(
                    drain(&mut answers),
                    [
                        r#"{"type":200,"data":"\"\n"}"#,
                        r#"{"type":100,"data":"xyz"}"#,
                        r#"{"type":1002,"data":"12"}"#,
                        r#"{"type":1002}"#,
                    ]
                );
            } else {
                answers.disconnect();
                // It is for another connection.
                answers.give(other.number(), TransportType::Accepted);
                assert_eq!(answers.first(), None);
                answers.expect(held.number());
            }
            assert_eq!(answers.texts, b"abc\"");
            answers.give(held.number(), TransportType::Delivered);
            assert_eq!(drain(&mut answers), [r#"{"type":300,"data":"abc"}"#]);
            assert!(answers.texts.is_empty() && answers.entries.is_empty());
            answers.give(held.number(), TransportType::Delivered);
            assert_eq!(answers.first(), None);
        }
    }

    #[test]
    fn receipts_leave_room_for_a_pong() {
        let mut answers = Answers::<16>::new();
        assert!(matches!(
            answers.reserve("123456789012".into()),
            Err(NoRoom::Ever(BufferTooSmall {
                needed: 13,
                capacity: 12
            }))
        ));
        for id in ["12345", "abcde"] {
            let _held = answers.reserve(id.into()).unwrap();
        }
        assert!(matches!(answers.reserve("".into()), Err(NoRoom::Now)));
        answers.pong(Some("123".into())).unwrap();
        assert!(matches!(answers.pong(Some("".into())), Err(NoRoom::Now)));

        let mut answers = Answers::<1000>::new();
        for _ in 1..MAX_ANSWERS {
            let _held = answers.reserve("".into()).unwrap();
        }
        assert!(matches!(answers.reserve("".into()), Err(NoRoom::Now)));
        answers.pong(None).unwrap();
        assert!(matches!(answers.pong(None), Err(NoRoom::Now)));
    }

    #[test]
    fn numbers_begin_again_before_the_one_that_means_something_else() {
        assert_eq!(after(1), 2);
        assert_eq!(after(u32::MAX - 2), u32::MAX - 1);
        assert_eq!(after(u32::MAX - 1), 1);
    }
}
