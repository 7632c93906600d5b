use bachata_core::{DataMessage, TransportMessage, TransportType};
use fastrand::Rng;

use crate::text::{KIND, TIME, seal};

/// A peer that has read every message of the others, and sends what it should not.
#[derive(Debug)]
pub(crate) struct Hostile {
    pub(crate) name: String,
}

impl Hostile {
    /// What it sends next: perhaps a flood.
    pub(crate) fn frames(&self, ids: &[String], names: &[String], rng: &mut Rng) -> Vec<Vec<u8>> {
        let id = match ids.len() {
            0 => "7".to_owned(),
            len if rng.bool() => ids[rng.usize(..len)].clone(),
            _ => format!("{:x}", rng.u64(..)),
        };
        let other = &names[rng.usize(..names.len())];
        let frame = match rng.u8(..9) {
            0 => TransportMessage::accepted(&*id).to_string(),
            1 | 2 => TransportMessage::received(&*id).to_string(),
            3 => TransportMessage::delivered(&*id).to_string(),
            4 => TransportMessage::ping()
                .with_data(&*"x".repeat(rng.usize(..400)))
                .to_string(),
            // Under its own name, with the id of another's message, or with one that is as long as it can be.
            5 => self.message(&self.name, &id, other),
            6 => self.message(&self.name, &"i".repeat(rng.usize(..300)), other),
            // Under another's name.
            7 => self.message(other, &id, other),
            _ => TransportMessage::new(TransportType::Other(rng.u32(..2000)), "\u{0}").to_string(),
        };
        let mut frame = frame.into_bytes();
        if rng.u8(..8) == 0 {
            let place = rng.usize(..frame.len());
            frame[place] = rng.u8(..);
        }
        let count = if rng.u8(..6) == 0 {
            rng.usize(1..40)
        } else {
            1
        };
        vec![frame; count]
    }

    fn message(&self, from: &str, id: &str, dest: &str) -> String {
        // It can seal what it makes up, as a sender can sign.
        let seal = seal(from, id, dest);
        DataMessage::new(id, KIND, TIME, &*seal)
            .with_from(from)
            .with_dest(dest)
            .to_string()
    }
}
