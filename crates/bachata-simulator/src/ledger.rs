use std::collections::{BTreeMap, HashMap};

use bachata_core::delivery::Progress;

/// Everything that was sent and handed up, and what has to hold of it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// By `from` and `id`.
    messages: BTreeMap<(String, String), Entry>,
    /// How many messages each receiver has seen, in all.
    handed_up: HashMap<String, u64>,
    pub(crate) ends: usize,
    pub(crate) taken: usize,
}

#[derive(Debug)]
struct Entry {
    receiver: String,
    /// The number of the sender's life in which it was sent.
    sender_life: u32,
    end: Option<Progress>,
    /// The life of the server in which its store took the message.
    stored_in: Option<u32>,
    /// How often it was taken.
    taken: u32,
    /// The hand-up that the receiver still knows of, as far as it should.
    known: Option<Known>,
}

/// What a receiver should know.
#[derive(Clone, Copy, Debug)]
struct Known {
    receiver_life: u32,
    /// The how manieth message of the receiver's it was.
    at: u64,
}

/// The numbers of the lives: a loss of memory begins a new one.
pub(crate) type Lives = HashMap<String, u32>;

/// The name of the server in [`Lives`].
pub(crate) const SERVER: &str = "server";

impl Ledger {
    pub(crate) fn sent(&mut self, from: &str, id: &str, receiver: &str, lives: &Lives) {
        let entry = Entry {
            receiver: receiver.to_owned(),
            sender_life: lives[from],
            end: None,
            stored_in: None,
            taken: 0,
            known: None,
        };
        self.messages
            .insert((from.to_owned(), id.to_owned()), entry);
    }

    pub(crate) fn is_known(&self, from: &str, id: &str) -> bool {
        let key = (from.to_owned(), id.to_owned());
        self.messages.contains_key(&key)
    }

    /// The ids of all messages, for those who want to misuse them.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.messages.keys().map(|(_, id)| id.clone()).collect()
    }

    pub(crate) fn stored(&mut self, from: &str, id: &str, lives: &Lives) {
        if let Some(entry) = self.find(from, id) {
            entry.stored_in = Some(lives[SERVER]);
        }
    }

    /// A message is in the hands of the application.
    pub(crate) fn hand_up(
        &mut self,
        receiver: &str,
        from: &str,
        id: &str,
        horizon: usize,
        lives: &Lives,
    ) -> Result<(), String> {
        let (at, receiver_life) = (self.count(receiver), lives[receiver]);
        // What hostile peers make up is nobody's message.
        let Some(entry) = self.find(from, id) else {
            return if lives.contains_key(from) {
                Err(format!(
                    "{receiver} was handed up {id} of {from}, which never was sent"
                ))
            } else {
                Ok(())
            };
        };
        if entry.receiver != receiver {
            return Err(format!(
                "{receiver} was handed up {id}, which is for {}",
                entry.receiver
            ));
        }
        let still_known = entry.known.is_some_and(|known| {
            known.receiver_life == receiver_life && at - known.at <= horizon as u64
        });
        if still_known {
            return Err(format!(
                "{receiver} was handed up {id} of {from} a second time"
            ));
        }
        entry.known = Some(Known { receiver_life, at });
        Ok(())
    }

    /// A receiver has seen a message, and may have forgotten another for it.
    pub(crate) fn count(&mut self, receiver: &str) -> u64 {
        let count = self.handed_up.entry(receiver.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(crate) fn release(&mut self, from: &str, id: &str) {
        if let Some(entry) = self.find(from, id) {
            entry.known = None;
        }
    }

    pub(crate) fn take(&mut self, from: &str, id: &str) {
        if let Some(entry) = self.find(from, id) {
            entry.taken += 1;
            self.taken += 1;
        }
    }

    /// A token has ended. `believed` says whether nothing could have made a 300 of another receipt.
    pub(crate) fn end(
        &mut self,
        from: &str,
        id: &str,
        end: Progress,
        believed: bool,
    ) -> Result<(), String> {
        let Some(entry) = self.find(from, id) else {
            return Err(format!("{from}: the message {id} ended and was not sent"));
        };
        if let Some(before) = entry.end {
            return Err(format!("{from}: {id} ended twice, {before:?} and {end:?}"));
        }
        if end == Progress::Delivered && entry.taken == 0 && believed {
            return Err(format!(
                "{from}: {id} is said to be delivered and was not taken"
            ));
        }
        entry.end = Some(end);
        self.ends += 1;
        Ok(())
    }

    /// What is missing to a happy end.
    pub(crate) fn missing(&self, lives: &Lives) -> Option<String> {
        self.messages.iter().find_map(|((from, id), entry)| {
            let sender_knows = entry.sender_life == lives[from];
            let server_knows = entry.stored_in == Some(lives[SERVER]);
            let given_up = matches!(entry.end, Some(Progress::Expired | Progress::Failed));
            if sender_knows && entry.end.is_none() {
                Some(format!("{from}: {id} has not ended"))
            } else if entry.taken == 0 && (server_knows || (sender_knows && !given_up)) {
                Some(format!(
                    "{id} of {from} was not taken by {}",
                    entry.receiver
                ))
            } else {
                None
            }
        })
    }

    fn find(&mut self, from: &str, id: &str) -> Option<&mut Entry> {
        self.messages.get_mut(&(from.to_owned(), id.to_owned()))
    }
}
