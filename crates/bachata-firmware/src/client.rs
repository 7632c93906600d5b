use bachata_core::delivery::{self, ClientConfig, Event, KeepAlive, Received, Resend};
use bachata_core::{DataMessage, DataMessageSize, FrameTooLong, JsonStr, MaxLen, TransportMessage};

use crate::Hardware;
use crate::command::Command;
use crate::ids::{Ids, MAX_ID_LEN, MAX_NAME_LEN};
use crate::reading::Reading;

/// A reading is reported every so many milliseconds.
const REPORT_EVERY: u64 = 5000;

/// A server that is not ready is pinged every so many milliseconds.
const PING_EVERY: u64 = 2000;

/// How many readings wait for the server to take them.
const WINDOW: usize = 8;

/// How many commands are remembered, so that none is obeyed twice (`P-20`).
const DEDUPE: usize = 32;

/// The longest frame, in bytes without CR and LF.
pub(crate) const MAX_FRAME_LEN: usize = 512;

/// A reading has room for a `dest` of so many bytes of UTF-8, whatever they are. One for a longer `dest` may be skipped.
const MAX_DEST_LEN: usize = 36;

const _: () = assert!(
    DataMessageSize {
        id: MaxLen::Plain(MAX_ID_LEN),
        kind: MaxLen::Plain("reading".len()),
        data: MaxLen::Object(Reading::MAX_LEN),
        from: MaxLen::Plain(MAX_NAME_LEN),
        dest: MaxLen::Text(MAX_DEST_LEN),
        ..DataMessageSize::EMPTY
    }
    .max_encoded_len()
        <= MAX_FRAME_LEN,
    "a reading is no longer than a frame"
);

/// The serial line may lose bytes, and does not say when a connection begins. A server that has taken a reading is left alone with it.
const CONFIG: ClientConfig = ClientConfig {
    resend: Some(Resend {
        first: 2000,
        max: 2000,
    }),
    accepted_is_delivered: true,
    keep_alive: KeepAlive::OFF,
    ..ClientConfig::DEFAULT
};

/// The client's part in the protocol (`P-19`): answers, acknowledgements, and readings that are sent until the server has them.
#[derive(Debug)]
pub(crate) struct Client {
    delivery: delivery::Client<WINDOW, DEDUPE, MAX_FRAME_LEN>,
    ids: Ids,
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
            delivery: delivery::Client::new(CONFIG),
            ids: Ids::new(name, hardware.start_number()),
            reading: Reading::default(),
            started_at: 0,
            ready: false,
            next: 0,
        };
        client.delivery.handle_connect(hardware.uptime());
        if let Some(now) = hardware.unix_time() {
            client.set_clock(now, hardware.uptime());
        }
        client
    }

    /// Takes a frame.
    pub(crate) fn handle_frame(
        &mut self,
        frame: Result<&[u8], FrameTooLong>,
        hardware: &mut impl Hardware,
    ) {
        let Ok(Ok(received)) =
            frame.map(|frame| self.delivery.handle_frame(frame, hardware.uptime()))
        else {
            count(&mut self.reading.bad_lines);
            return;
        };
        if let Some(received) = received {
            self.handle_message(received, hardware);
        }
        self.handle_events(hardware.uptime());
    }

    /// The frame that is to be sent now, if there is one. It counts as sent then.
    pub(crate) fn poll_transmit<'o>(
        &mut self,
        out: &'o mut [u8; MAX_FRAME_LEN],
        hardware: &mut impl Hardware,
    ) -> Option<&'o [u8]> {
        let now = hardware.uptime();
        self.delivery.handle_timeout(now);
        if now >= self.next {
            if !self.ready {
                self.next = now.saturating_add(PING_EVERY);
                return TransportMessage::ping().encode(out).ok();
            }
            self.next = now.saturating_add(REPORT_EVERY);
            if !self.report(JsonStr::EMPTY, hardware) {
                count(&mut self.reading.skipped);
            }
        }
        // No frame is longer.
        self.delivery.poll_transmit(out).unwrap_or_default()
    }

    fn handle_events(&mut self, now: u64) {
        while let Some(event) = self.delivery.poll_event() {
            if event == Event::Ready && !self.ready {
                self.ready = true;
                self.next = now;
            }
        }
    }

    /// Obeys a message that is new, and acknowledges it: not where the server shall send it again.
    fn handle_message(&mut self, received: Received<'_>, hardware: &mut impl Hardware) {
        let Received {
            message, receipt, ..
        } = received;
        match Command::of(&message) {
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
                if self.delivery.room() == 0 {
                    return self.delivery.release(receipt);
                }
                count(&mut self.reading.obeyed);
                if !self.report(message.from().unwrap_or_default(), hardware) {
                    count(&mut self.reading.skipped);
                }
            }
            None => count(&mut self.reading.refused),
        }
        self.delivery.acknowledge(receipt);
    }

    /// Takes a reading to be sent to `dest`, and says whether there was room for it.
    fn report(&mut self, dest: JsonStr<'_>, hardware: &mut impl Hardware) -> bool {
        if self.delivery.room() == 0 {
            return false;
        }
        self.reading.value = hardware.sample();
        let uptime = hardware.uptime();
        let time = self
            .started_at
            .saturating_add(i64::try_from(uptime).unwrap_or(i64::MAX));
        let id = self.ids.next_id();
        let message = DataMessage::typed(&*id, "reading", time, &self.reading)
            .with_from(self.ids.name())
            .with_dest(dest);
        self.delivery.send_typed(&message, uptime).is_ok()
    }

    fn set_clock(&mut self, unix_ms: i64, uptime: u64) {
        self.started_at = unix_ms.saturating_sub_unsigned(uptime);
    }
}

fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
