//! Any server, clock and application against a `Client`: no panic, every loop of the caller's ends, what is promised of tokens, receipts and messages holds, and
//! nothing is refused or kept back without a reason.
#![no_main]

use arbitrary::Arbitrary;
use bachata_core::delivery::{
    Client, ClientConfig, Event, FrameError, KeepAlive, Progress, Receipt, Resend, SendError, Token,
};
use bachata_core::{DataMessage, Message, Policy, TransportMessage, TransportType};
use bachata_fuzz::{AnswerRoom, answer_bytes};
use libfuzzer_sys::fuzz_target;

const WINDOW: usize = 3;
const DEDUPE: usize = 4;
const N: usize = 96;
/// More than everything that can wait at a time.
const ENDLESS: usize = 200;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    config: Config,
    steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Config {
    reference: bool,
    wait_for_ready: bool,
    resend: Option<(u16, u16)>,
    resend_accepted: bool,
    accepted_is_delivered: bool,
    expire_after: Option<u16>,
    acknowledge_at_once: bool,
    ping_after: Option<u16>,
    dead_after: Option<u16>,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Connect,
    Disconnect,
    /// What the server says.
    Receipt {
        accepted: bool,
        id: u8,
    },
    Transport {
        kind: u32,
        data: Option<&'a str>,
    },
    Message {
        from: u8,
        id: u8,
        body: u8,
    },
    LongId(u8),
    Frame(&'a [u8]),
    /// What the application does.
    Send {
        id: u8,
        len: u8,
    },
    SendFrame(&'a [u8]),
    Acknowledge(u8),
    Release(u8),
    Cancel(u8),
    /// What the caller's loop does.
    Pass(u16),
    Set(u64),
    UntilTimeout,
    Transmit {
        room: u8,
    },
    Drain,
}

struct Sent {
    token: Token,
    id: String,
    /// Its frame as it goes out; none where it is not known.
    frame: Vec<u8>,
    transmitted: bool,
    /// What the server has said since.
    accepted: bool,
    delivered: bool,
    cancelled: bool,
    reported_accepted: bool,
    end: Option<Event>,
}

struct HandedUp {
    key: (Vec<u8>, Vec<u8>, Vec<u8>),
    /// The bytes of the answer's text.
    answer: usize,
    /// While the application keeps it.
    receipt: Option<Receipt>,
    /// How many messages had been handed up when the application gave it back.
    kept_until: usize,
    released: bool,
}

struct World {
    client: Client<WINDOW, DEDUPE, N>,
    config: ClientConfig,
    now: u64,
    connected: bool,
    sent: Vec<Sent>,
    handed_up: Vec<HandedUp>,
    /// The bytes of the text of each answer that may wait to be sent.
    waiting: Vec<usize>,
}

fuzz_target!(|input: Input<'_>| {
    let config = ClientConfig {
        policy: if input.config.reference {
            Policy::Reference
        } else {
            Policy::Strict
        },
        wait_for_ready: input.config.wait_for_ready,
        resend: input.config.resend.map(|(first, max)| Resend {
            first: first.into(),
            max: max.into(),
        }),
        resend_accepted: input.config.resend_accepted,
        accepted_is_delivered: input.config.accepted_is_delivered,
        expire_after: input.config.expire_after.map(u32::from),
        acknowledge_at_once: input.config.acknowledge_at_once,
        keep_alive: KeepAlive {
            ping_after: input.config.ping_after.map(u32::from),
            dead_after: input.config.dead_after.map(u32::from),
        },
        key: [1, 2],
    };
    let mut world = World {
        client: Client::new(config),
        config,
        now: 0,
        connected: false,
        sent: Vec::new(),
        handed_up: Vec::new(),
        waiting: Vec::new(),
    };
    for step in &input.steps {
        world.step(step);
        world.check();
    }
    world.finish();
});

impl World {
    fn step(&mut self, step: &Step<'_>) {
        match *step {
            Step::Connect => {
                self.client.handle_connect(self.now);
                self.connected = true;
                self.waiting.clear();
            }
            Step::Disconnect => {
                self.client.handle_disconnect(self.now);
                self.connected = false;
                self.waiting.clear();
            }
            Step::Receipt { accepted, id } => {
                let id = name(id);
                let receipt = if accepted {
                    TransportMessage::accepted(&*id)
                } else {
                    TransportMessage::delivered(&*id)
                };
                self.handle_frame(receipt.to_string().as_bytes());
            }
            Step::Transport { kind, data } => {
                // The known types are what is of interest.
                let kind = [100, 200, 300, 1000, 1001, 1002, kind][kind as usize % 7];
                let data = data.map_or_else(String::new, |data| {
                    format!(",\"data\":{}", serde_json::to_string(data).expect("a text"))
                });
                self.handle_frame(format!("{{\"type\":{kind}{data}}}").as_bytes());
            }
            Step::Message { from, id, body } => {
                let (from, id, body) = (name(from % 3), name(id), name(body % 3));
                let message = DataMessage::new(&*id, "t", 0, &*body).with_from(&*from);
                self.handle_frame(message.to_string().as_bytes());
            }
            Step::LongId(len) => {
                let id = "i".repeat(len.into());
                let message = DataMessage::new(&*id, "t", 0, "").with_from("f");
                self.handle_frame(message.to_string().as_bytes());
            }
            Step::Frame(frame) => self.handle_frame(frame),
            Step::Send { id, len } => {
                let (id, text) = (name(id), "x".repeat(len.into()));
                let message = DataMessage::new(&*id, "t", 0, &*text);
                let frame = message.to_string().into_bytes();
                let sent = self.client.send(&message, self.now);
                self.note_sent(sent, id, frame);
            }
            Step::SendFrame(frame) => {
                let sent = self.client.send_frame(frame, self.now);
                match Message::parse_with(frame, self.config.policy) {
                    Ok(Message::Data(message)) => {
                        self.note_sent(sent, message.id().to_string(), frame.to_vec());
                    }
                    Ok(Message::Transport(_)) => assert_eq!(sent, Err(SendError::NotData)),
                    Err(error) => assert_eq!(sent, Err(SendError::Parse(error))),
                }
            }
            Step::Acknowledge(which) => {
                if let Some((receipt, answer)) = self.give_back(which, false) {
                    self.client.acknowledge(receipt);
                    self.waiting.push(answer);
                }
            }
            Step::Release(which) => {
                if let Some((receipt, _)) = self.give_back(which, true) {
                    self.client.release(receipt);
                }
            }
            Step::Cancel(which) => {
                let places = self.sent.len().max(1);
                if let Some(sent) = self.sent.get_mut(usize::from(which) % places) {
                    let is_open = self
                        .client
                        .progress(sent.token)
                        .is_some_and(|progress| !progress.is_end());
                    let cancelled = self.client.cancel(sent.token);
                    assert_eq!(cancelled, is_open);
                    sent.cancelled |= cancelled;
                }
            }
            Step::Pass(time) => {
                self.now = self.now.saturating_add(time.into());
                self.client.handle_timeout(self.now);
            }
            Step::Set(now) => {
                self.now = now;
                self.client.handle_timeout(now);
            }
            Step::UntilTimeout => self.until_timeout(),
            Step::Transmit { room } => {
                let mut out = vec![0; room.into()];
                match self.client.poll_transmit(&mut out) {
                    Ok(Some(frame)) => {
                        let frame = frame.to_vec();
                        self.transmitted(&frame);
                    }
                    Ok(None) => {}
                    Err(error) => assert!(error.needed > out.len() && error.needed <= N + 64),
                }
            }
            Step::Drain => self.drain(),
        }
    }

    fn handle_frame(&mut self, frame: &[u8]) {
        let parsed = Message::parse_with(frame, self.config.policy);
        let tokens = self.sent.iter().map(|sent| sent.token);
        let is_on_its_way = |token: &Token| {
            let progress = self.client.progress(*token);
            matches!(progress, Some(Progress::Sent | Progress::Accepted))
        };
        let on_their_way: Vec<_> = tokens.filter(is_on_its_way).collect();
        let received = match self.client.handle_frame(frame, self.now) {
            Ok(received) => received,
            Err(FrameError::NotConnected) => return assert!(!self.connected),
            Err(FrameError::Parse(error)) => return assert_eq!(parsed, Err(error)),
            Err(error @ (FrameError::Busy | FrameError::TooLong(_))) => {
                return self.check_no_room(&parsed.expect("a message"), error);
            }
        };
        assert!(self.connected);
        match parsed.expect("it was taken") {
            Message::Transport(message) => {
                assert!(received.is_none());
                if message.kind() == TransportType::Ping {
                    self.waiting.push(answer_bytes(message.data()));
                }
                let id = message.data().unwrap_or_default().to_string();
                let progress = match message.kind() {
                    TransportType::Accepted if !self.config.accepted_is_delivered => {
                        Progress::Accepted
                    }
                    TransportType::Accepted | TransportType::Delivered => Progress::Delivered,
                    _ => return,
                };
                for sent in &mut self.sent {
                    if sent.id == id && on_their_way.contains(&sent.token) {
                        sent.accepted |= message.kind() == TransportType::Accepted;
                        sent.delivered |= message.kind() == TransportType::Delivered;
                        assert_eq!(self.client.progress(sent.token), Some(progress));
                    }
                }
            }
            Message::Data(message) => {
                let key = (
                    message.from().unwrap_or_default().to_string().into_bytes(),
                    message.id().to_string().into_bytes(),
                    message.to_string().into_bytes(),
                );
                let answer = answer_bytes(Some(message.id()));
                let Some(received) = received else {
                    let is_it = |former: &&HandedUp| former.key == key && !former.released;
                    let former = self.handed_up.iter().rev().find(is_it);
                    let former = former.expect("a message that was handed up before");
                    if former.receipt.is_none() {
                        self.waiting.push(answer);
                    }
                    return;
                };
                assert_eq!(received.message, message);
                self.check_not_twice(&key);
                let is_other = |former: &HandedUp| {
                    (&former.key.0, &former.key.1) == (&key.0, &key.1) && former.key.2 != key.2
                };
                assert!(!received.conflict || self.handed_up.iter().any(is_other));
                let is_kept = !self.config.acknowledge_at_once;
                if !is_kept {
                    self.waiting.push(answer);
                }
                self.handed_up.push(HandedUp {
                    key,
                    answer,
                    receipt: is_kept.then_some(received.receipt),
                    kept_until: 0,
                    released: false,
                });
            }
        }
    }

    /// A message is refused only where the answer to it, beside those that wait and those that the application has to give, has no room.
    fn check_no_room(&self, message: &Message<'_>, error: FrameError) {
        let room = AnswerRoom::of(message, N);
        if let FrameError::TooLong(error) = error {
            return room.check_too_long(error);
        }
        let is_kept = |message: &&HandedUp| message.receipt.is_some();
        let kept = self.handed_up.iter().filter(is_kept);
        let kept: Vec<_> = kept.map(|message| message.answer).collect();
        if message.as_data().is_some() && kept.len() >= DEDUPE {
            return;
        }
        room.check_busy(kept.iter().chain(&self.waiting).copied());
    }

    /// Nothing is handed up twice while fewer than `DEDUPE` others have come in between or are kept by the application.
    fn check_not_twice(&self, key: &(Vec<u8>, Vec<u8>, Vec<u8>)) {
        let last = self
            .handed_up
            .iter()
            .rposition(|former| former.key == *key && !former.released);
        let Some(last) = last else { return };
        let between = self.handed_up.len() - last - 1;
        let was_kept =
            |former: &&HandedUp| former.receipt.is_some() || former.kept_until > last + 1;
        let kept = self.handed_up[..last].iter().filter(was_kept).count();
        assert!(between + kept >= DEDUPE, "handed up twice");
        assert!(
            self.handed_up[last].receipt.is_none(),
            "handed up while it is kept"
        );
    }

    fn give_back(&mut self, which: u8, released: bool) -> Option<(Receipt, usize)> {
        let count = self.handed_up.len();
        let kept = self
            .handed_up
            .iter_mut()
            .filter(|message| message.receipt.is_some());
        let mut kept: Vec<_> = kept.collect();
        let place = usize::from(which).checked_rem(kept.len())?;
        let message = kept.swap_remove(place);
        (message.kept_until, message.released) = (count, released);
        Some((message.receipt.take()?, message.answer))
    }

    fn note_sent(&mut self, sent: Result<Token, SendError>, id: String, frame: Vec<u8>) {
        let is_open = |sent: &Sent| {
            self.client
                .progress(sent.token)
                .is_some_and(|progress| !progress.is_end())
        };
        let in_use = self.sent.iter().any(|sent| sent.id == id && is_open(sent));
        match sent {
            Ok(token) => {
                assert!(!in_use && frame.len() <= N);
                assert!(self.sent.iter().all(|sent| sent.token != token));
                assert_eq!(self.client.progress(token), Some(Progress::Queued));
                self.sent.push(Sent {
                    token,
                    id,
                    frame,
                    transmitted: false,
                    accepted: false,
                    delivered: false,
                    cancelled: false,
                    reported_accepted: false,
                    end: None,
                });
            }
            Err(SendError::IdInUse) => assert!(in_use),
            Err(SendError::Full) => assert_eq!(self.client.room(), 0),
            Err(SendError::TooLong(error)) => {
                assert_eq!((error.needed, error.capacity), (frame.len(), N));
                assert!(frame.len() > N);
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn transmitted(&mut self, frame: &[u8]) {
        assert!(self.connected);
        // Answers are for messages that were handed up; nothing else is sent but pings, pongs, and what was taken to be sent.
        if let Ok(Message::Transport(message)) = Message::parse(frame) {
            match message.kind() {
                TransportType::Ping | TransportType::Pong => {}
                TransportType::Received => {
                    let id = message.data().unwrap_or_default().to_string().into_bytes();
                    let is_taken = |message: &HandedUp| {
                        message.key.1 == id && message.receipt.is_none() && !message.released
                    };
                    assert!(self.handed_up.iter().any(is_taken), "an answer for nothing");
                }
                other => panic!("{other:?}"),
            }
            return;
        }
        let sent = self.sent.iter_mut().find(|sent| {
            let progress = self.client.progress(sent.token);
            sent.frame == frame && progress.is_some_and(|progress| !progress.is_end())
        });
        sent.expect("a frame that was taken").transmitted = true;
    }

    fn drain(&mut self) {
        let mut out = [0; N + 64];
        for count in 0.. {
            assert!(count < ENDLESS, "there is always something to transmit");
            let frame = self.client.poll_transmit(&mut out).expect("room");
            let Some(frame) = frame.map(<[u8]>::to_vec) else {
                break;
            };
            self.transmitted(&frame);
        }
        for count in 0.. {
            assert!(count < ENDLESS, "there is always an event");
            let Some(event) = self.client.poll_event() else {
                break;
            };
            self.event(event);
        }
        assert_eq!(self.client.poll_transmit(&mut out), Ok(None));
        self.waiting.clear();
    }

    fn event(&mut self, event: Event) {
        let (token, is_end) = match event {
            Event::Ready | Event::Dead => return assert!(self.connected),
            Event::Accepted(token) => (token, false),
            Event::Delivered(token) | Event::Expired(token) | Event::Failed(token) => (token, true),
        };
        let sent = self
            .sent
            .iter_mut()
            .find(|sent| sent.token == token)
            .expect("a token that was given");
        assert_eq!(sent.end, None, "{event:?}");
        match event {
            Event::Accepted(_) => {
                assert!(sent.accepted && !sent.reported_accepted);
                sent.reported_accepted = true;
            }
            Event::Delivered(_) => {
                assert!(sent.delivered || self.config.accepted_is_delivered && sent.accepted);
            }
            Event::Failed(_) => assert!(sent.cancelled),
            Event::Expired(_) => assert!(self.config.expire_after.is_some()),
            Event::Ready | Event::Dead => {}
        }
        if is_end {
            sent.end = Some(event);
            assert_eq!(self.client.progress(token), None);
        }
    }

    /// The caller's loop, for some turns: the time always goes on.
    fn until_timeout(&mut self) {
        for _ in 0..8 {
            self.drain();
            let Some(timeout) = self.client.poll_timeout() else {
                return;
            };
            assert!(timeout >= self.now, "{timeout} is over");
            self.client.handle_timeout(timeout);
            self.now = timeout;
            self.drain();
            let next = self.client.poll_timeout();
            assert!(
                next.is_none_or(|next| next > timeout),
                "the time stands still"
            );
        }
    }

    fn check(&self) {
        let open = self.sent.iter().filter(|sent| sent.end.is_none());
        assert_eq!(self.client.room() + open.clone().count(), WINDOW);
        for sent in open {
            let progress = self.client.progress(sent.token).expect("no end");
            match progress {
                Progress::Queued => assert!(!sent.transmitted),
                Progress::Sent | Progress::Accepted => assert!(sent.transmitted),
                _ => {}
            }
        }
    }

    /// Every token comes to its end.
    fn finish(&mut self) {
        for sent in &mut self.sent {
            sent.cancelled |= self.client.cancel(sent.token);
        }
        self.drain();
        assert!(self.sent.iter().all(|sent| sent.end.is_some()));
        assert_eq!(self.client.room(), WINDOW);
    }
}

/// A few ids, so that they meet; some are escaped.
fn name(number: u8) -> String {
    match number % 8 {
        0 => String::new(),
        1 => "\"\n".into(),
        2 => "\u{e9}".into(),
        other => other.to_string(),
    }
}
