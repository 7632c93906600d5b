use std::collections::VecDeque;

use bachata_core::DataMessage;
use bachata_core::delivery::{Client, ClientConfig, Event, FrameError, Progress, Receipt, Token};
use fastrand::Rng;

use crate::text::is_sealed;
use crate::{Busy, Peer, Report};

/// Our own [`Client`], with an application that takes messages at once, later, or only when they come again.
#[derive(Debug)]
pub struct ClientPeer<const WINDOW: usize, const DEDUPE: usize, const N: usize> {
    config: ClientConfig,
    client: Client<WINDOW, DEDUPE, N>,
    rng: Rng,
    calm: bool,
    sent: Vec<(Token, String)>,
    /// What was handed up and is to be taken at some time.
    held: VecDeque<Held>,
    most_held: usize,
    last_time: u64,
    reports: VecDeque<Report>,
}

#[derive(Debug)]
struct Held {
    receipt: Receipt,
    id: String,
    from: String,
    take_at: u64,
}

impl<const WINDOW: usize, const DEDUPE: usize, const N: usize> ClientPeer<WINDOW, DEDUPE, N> {
    /// A client whose application does as the seed says.
    pub fn new(config: ClientConfig, seed: u64) -> Self {
        Self {
            config,
            client: Client::new(config),
            rng: Rng::with_seed(seed),
            calm: false,
            sent: Vec::new(),
            held: VecDeque::new(),
            most_held: 0,
            last_time: 0,
            reports: VecDeque::new(),
        }
    }

    fn take(&mut self, held: Held) {
        let Held {
            receipt, id, from, ..
        } = held;
        self.client.acknowledge(receipt);
        self.reports.push_back(Report::Taken { id, from });
    }

    fn take_due(&mut self, now: u64) {
        for _ in 0..self.held.len() {
            match self.held.pop_front() {
                Some(held) if self.calm || held.take_at <= now => self.take(held),
                Some(held) => self.held.push_back(held),
                None => {}
            }
        }
    }
}

impl<const WINDOW: usize, const DEDUPE: usize, const N: usize> Peer
    for ClientPeer<WINDOW, DEDUPE, N>
{
    fn connect(&mut self, now: u64) {
        self.client.handle_connect(now);
    }

    fn disconnect(&mut self, now: u64) {
        self.client.handle_disconnect(now);
    }

    fn handle_frame(&mut self, frame: &[u8], now: u64) -> Result<(), Busy> {
        let received = match self.client.handle_frame(frame, now) {
            Ok(Some(received)) => received,
            Err(FrameError::Busy) => return Err(Busy),
            Ok(None) | Err(_) => return Ok(()),
        };
        if !is_sealed(&received.message) {
            self.client.release(received.receipt);
            self.reports.push_back(Report::Spoilt);
            return Ok(());
        }
        let id = received.message.id().to_string();
        let from = received.message.from().unwrap_or_default().to_string();
        let data = received.message.data().as_text().unwrap_or_default();
        self.reports.push_back(Report::HandedUp {
            id: id.clone(),
            from: from.clone(),
            data: data.to_string(),
        });
        let mut held = Held {
            receipt: received.receipt,
            id,
            from,
            take_at: now,
        };
        match self.rng.u8(..16) {
            _ if self.config.acknowledge_at_once => self.take(held),
            0 if !self.calm => {
                self.client.release(held.receipt);
                self.reports.push_back(Report::Released {
                    id: held.id,
                    from: held.from,
                });
            }
            1..6 if !self.calm => {
                held.take_at = now.saturating_add(self.rng.u64(1..3000));
                self.held.push_back(held);
                self.most_held = self.most_held.max(self.held.len());
            }
            _ => self.take(held),
        }
        Ok(())
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        let mut out = vec![0; N + 64];
        let frame = self
            .client
            .poll_transmit(&mut out)
            .expect("the room is enough");
        frame.map(<[u8]>::to_vec)
    }

    fn poll_timeout(&self) -> Option<u64> {
        let held = self.held.iter().map(|held| held.take_at).min();
        let client = self.client.poll_timeout();
        held.into_iter().chain(client).min()
    }

    fn handle_timeout(&mut self, now: u64) {
        // A clock that is set back does not make the application wait longer.
        let back = self.last_time.saturating_sub(now);
        for held in &mut self.held {
            held.take_at = held.take_at.saturating_sub(back);
        }
        self.last_time = now;
        self.client.handle_timeout(now);
        self.take_due(now);
    }

    fn send(&mut self, message: &DataMessage<'_>, now: u64) -> bool {
        let Ok(token) = self.client.send(message, now) else {
            return false;
        };
        self.sent.push((token, message.id().to_string()));
        true
    }

    fn poll_report(&mut self) -> Option<Report> {
        while let Some(event) = self.client.poll_event() {
            let (token, end) = match event {
                Event::Delivered(token) => (token, Progress::Delivered),
                Event::Expired(token) => (token, Progress::Expired),
                Event::Failed(token) => (token, Progress::Failed),
                Event::Dead => {
                    self.reports.push_back(Report::Dead);
                    continue;
                }
                Event::Ready | Event::Accepted(_) => continue,
            };
            // A token that ends twice has no id the second time.
            let place = self.sent.iter().position(|(sent, _)| *sent == token);
            let id = place.map(|place| self.sent.swap_remove(place).1);
            self.reports.push_back(Report::Ended {
                id: id.unwrap_or_else(|| format!("ended twice: {token:?}")),
                end,
            });
        }
        self.reports.pop_front()
    }

    fn restart(&mut self, keep: bool, now: u64) {
        if keep {
            self.client.handle_disconnect(now);
        } else {
            self.client = Client::new(self.config);
            self.sent.clear();
            self.held.clear();
            self.reports.clear();
        }
    }

    fn calm_down(&mut self) {
        self.calm = true;
        self.take_due(u64::MAX);
    }

    fn horizon(&self) -> usize {
        // What the application keeps is remembered in place of others.
        DEDUPE.saturating_sub(self.most_held)
    }
}
