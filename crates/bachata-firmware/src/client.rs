use bachata_core::{DataMessage, FrameTooLong, JsonStr, Message, TransportMessage, TransportType};

use crate::Hardware;
use crate::command::Command;
use crate::ids::Ids;
use crate::outbox::Outbox;
use crate::reading::Reading;
use crate::recent::Recent;

/// A reading is reported every so many milliseconds.
const REPORT_EVERY: u64 = 5000;

/// A server that is not ready is pinged every so many milliseconds.
const PING_EVERY: u64 = 2000;

/// The client's part in the protocol (`P-19`): answers, acknowledgements, and readings that are sent until the server has them.
#[derive(Debug)]
pub(crate) struct Client {
    ids: Ids,
    recent: Recent,
    outbox: Outbox,
    /// What is reported, `value` as it was last.
    reading: Reading,
    /// Unix milliseconds at the start; 0 while nobody has told.
    started_at: i64,
    /// Whether the server is ready. Before that there are pings in place of readings, so that it knows of us.
    ready: bool,
    /// When the next reading or ping is due.
    next: u64,
}

impl Client {
    pub(crate) fn new(name: &'static str, hardware: &mut impl Hardware) -> Self {
        let mut client = Self {
            ids: Ids::new(name, hardware.start_number()),
            recent: Recent::new(),
            outbox: Outbox::new(),
            reading: Reading::default(),
            started_at: 0,
            ready: false,
            next: 0,
        };
        if let Some(now) = hardware.unix_time() {
            client.set_clock(now, hardware.uptime());
        }
        client
    }

    /// Takes a frame, and gives the answer to it, if it gets one.
    pub(crate) fn handle_frame<'f>(
        &mut self,
        frame: Result<&'f [u8], FrameTooLong>,
        hardware: &mut impl Hardware,
    ) -> Option<Message<'f>> {
        match frame.map(Message::parse) {
            Ok(Ok(Message::Data(message))) => self
                .handle_data(&message, hardware)
                .then(|| TransportMessage::received(message.id()).into()),
            Ok(Ok(Message::Transport(message))) => {
                self.handle_transport(&message, hardware.uptime());
                message.to_pong().map(Message::from)
            }
            Ok(Err(_)) | Err(_) => {
                count(&mut self.reading.bad_lines);
                None
            }
        }
    }

    /// A message that is to be sent now, if there is one.
    pub(crate) fn poll_transmit(&mut self, hardware: &mut impl Hardware) -> Option<Message<'_>> {
        let now = hardware.uptime();
        let is_due = now >= self.next;
        if !self.ready {
            return is_due.then(|| {
                self.next = now.saturating_add(PING_EVERY);
                TransportMessage::ping().into()
            });
        }
        if is_due {
            self.next = now.saturating_add(REPORT_EVERY);
            if !self.report(JsonStr::EMPTY, hardware) {
                count(&mut self.reading.skipped);
            }
        }
        self.outbox.poll(now)
    }

    fn handle_transport(&mut self, message: &TransportMessage<'_>, now: u64) {
        match message.kind() {
            // A new connection: what the old one may have lost goes out again.
            TransportType::Ready => {
                self.outbox.send_again();
                if !self.ready {
                    self.ready = true;
                    self.next = now;
                }
            }
            // The server has taken responsibility; 300 may come without 100 (P-21).
            TransportType::Accepted | TransportType::Delivered => {
                self.outbox.release(message.data().unwrap_or_default());
            }
            _ => {}
        }
    }

    /// Obeys a message that is new, and says whether it is to be acknowledged: not where the server shall send it again.
    fn handle_data(&mut self, message: &DataMessage<'_>, hardware: &mut impl Hardware) -> bool {
        // Had already: our acknowledgement was lost (P-20).
        if self.recent.contains(message.id()) {
            return true;
        }
        // What can't be remembered could be obeyed twice.
        let command = if Recent::fits(message.id()) {
            Command::of(message)
        } else {
            None
        };
        match command {
            Some(Command::Led(led)) => {
                self.reading.led = led.on;
                hardware.set_led(led.on);
                count(&mut self.reading.obeyed);
            }
            Some(Command::Clock(clock)) => {
                self.set_clock(clock.unix_ms, hardware.uptime());
                count(&mut self.reading.obeyed);
            }
            Some(Command::Read) => {
                if !self.outbox.has_room() {
                    return false;
                }
                count(&mut self.reading.obeyed);
                if !self.report(message.from().unwrap_or_default(), hardware) {
                    count(&mut self.reading.skipped);
                }
            }
            None => count(&mut self.reading.refused),
        }
        self.recent.remember(message.id());
        true
    }

    /// Takes a reading to be sent to `dest`, and says whether there was room for it.
    fn report(&mut self, dest: JsonStr<'_>, hardware: &mut impl Hardware) -> bool {
        if !self.outbox.has_room() {
            return false;
        }
        self.reading.value = hardware.sample();
        let uptime = i64::try_from(hardware.uptime()).unwrap_or(i64::MAX);
        let id = self.ids.next_id();
        let message = DataMessage::typed(
            &*id,
            "reading",
            self.started_at.saturating_add(uptime),
            &self.reading,
        )
        .with_from(self.ids.name())
        .with_dest(dest);
        self.outbox.add(&message)
    }

    fn set_clock(&mut self, unix_ms: i64, uptime: u64) {
        self.started_at = unix_ms.saturating_sub_unsigned(uptime);
    }
}

fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
