//! Any clients, clock and application against `ServerConnection`s on one `MemoryStore`: no panic, every loop of the caller's ends, nobody acts for another, nobody is
//! refused without a reason, the store has what was promised, and who acknowledges everything gets everything.
#![no_main]

use arbitrary::Arbitrary;
use bachata_core::delivery::{
    Handled, KeepAlive, MemoryStore, OpenError, PeersFull, Put, Resend, ServerConfig,
    ServerConnection, ServerError, Submitted,
};
use bachata_core::{DataMessage, Message, Policy, TransportMessage, TransportType};
use bachata_fuzz::{AnswerRoom, answer_bytes};
use libfuzzer_sys::fuzz_target;

const PEERS: usize = 3;
const SLOTS: usize = 3;
const N: usize = 96;
/// One more than the store knows.
const ADDRESSES: u8 = 4;
/// More than everything that can wait at a time.
const ENDLESS: usize = 200;

type TestStore = MemoryStore<u8, PEERS, SLOTS, N>;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    config: Config,
    steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug)]
struct Config {
    single_place: bool,
    reference: bool,
    resend: Option<(u16, u16)>,
    ping_after: Option<u16>,
    dead_after: Option<u16>,
    give_way_after: u16,
    id_pause: u16,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Open {
        address: u8,
        takeover: bool,
    },
    Close {
        on: u8,
    },
    /// What a client says.
    Message {
        on: u8,
        id: u8,
        body: u8,
    },
    Received {
        on: u8,
        id: u8,
    },
    Transport {
        on: u8,
        kind: u32,
        data: Option<&'a str>,
    },
    Frame {
        on: u8,
        frame: &'a [u8],
    },
    /// What the application does.
    Submit {
        which: u8,
        receiver: u8,
    },
    Refuse {
        which: u8,
    },
    Discard {
        receiver: u8,
    },
    /// What the caller's loop does.
    Pass(u16),
    Set(u64),
    UntilTimeout {
        on: u8,
    },
    Transmit {
        on: u8,
        room: u8,
    },
    Drain {
        on: u8,
    },
}

struct Line<const WINDOW: usize> {
    connection: ServerConnection<u8, WINDOW, N>,
    /// Ids of messages that the store has for this client to be told of.
    answerable: Vec<String>,
    ready: bool,
    /// What this client was sent and has not acknowledged, by its place in what was stored.
    out: Vec<usize>,
    /// The bytes of the text of each answer that may wait to be sent.
    waiting: Vec<usize>,
    dead: bool,
}

struct Stored {
    sender: u8,
    receiver: u8,
    id: String,
    frame: Vec<u8>,
    delivered: bool,
    discarded: bool,
}

struct World<'f, const WINDOW: usize> {
    store: TestStore,
    config: ServerConfig,
    now: u64,
    lines: Vec<Line<WINDOW>>,
    held: Vec<(u64, Submitted<'f>)>,
    /// The numbers of the lines, which never change, and the next.
    numbers: Vec<u64>,
    next: u64,
    /// The newest line of each address, closed or not.
    newest: [Option<u64>; ADDRESSES as usize],
    stored: Vec<Stored>,
}

fuzz_target!(|input: Input<'_>| {
    if input.config.single_place {
        run::<1>(&input);
    } else {
        run::<2>(&input);
    }
});

fn run<const WINDOW: usize>(input: &Input<'_>) {
    let config = ServerConfig {
        policy: if input.config.reference {
            Policy::Reference
        } else {
            Policy::Strict
        },
        takeover: true,
        resend: input.config.resend.map(|(first, max)| Resend {
            first: first.into(),
            max: max.into(),
        }),
        keep_alive: KeepAlive {
            ping_after: input.config.ping_after.map(u32::from),
            dead_after: input.config.dead_after.map(u32::from),
        },
        give_way_after: input.config.give_way_after.into(),
        id_pause: input.config.id_pause.into(),
    };
    let frames: Vec<Vec<u8>> = input.steps.iter().map(frame_of).collect();
    let mut world = World::<WINDOW> {
        store: TestStore::new(),
        config,
        now: 0,
        lines: Vec::new(),
        held: Vec::new(),
        numbers: Vec::new(),
        next: 0,
        newest: [None; ADDRESSES as usize],
        stored: Vec::new(),
    };
    for (step, frame) in input.steps.iter().zip(&frames) {
        world.step(step, frame);
        let undelivered = world.stored.iter().filter(|stored| stored.is_queued());
        assert_eq!(world.store.undelivered(), undelivered.count());
    }
    for place in 0..world.lines.len() {
        world.settle(place);
    }
}

/// What a client says in this step.
fn frame_of(step: &Step<'_>) -> Vec<u8> {
    match *step {
        Step::Message { id, body, .. } => {
            let (id, body) = (name(id), "x".repeat(usize::from(body % 80)));
            DataMessage::new(&*id, "t", 0, &*body)
                .to_string()
                .into_bytes()
        }
        Step::Received { id, .. } => TransportMessage::received(&*name(id))
            .to_string()
            .into_bytes(),
        Step::Transport { kind, data, .. } => {
            let kind = [100, 200, 300, 1000, 1001, 1002, kind][kind as usize % 7];
            let data = data.map_or_else(String::new, |data| {
                format!(",\"data\":{}", serde_json::to_string(data).expect("a text"))
            });
            format!("{{\"type\":{kind}{data}}}").into_bytes()
        }
        Step::Frame { frame, .. } => frame.to_vec(),
        _ => Vec::new(),
    }
}

impl Stored {
    fn is_queued(&self) -> bool {
        !self.delivered && !self.discarded
    }
}

impl<'f, const WINDOW: usize> World<'f, WINDOW> {
    fn step(&mut self, step: &Step<'_>, frame: &'f [u8]) {
        match *step {
            Step::Open { address, takeover } => self.open(address % ADDRESSES, takeover),
            Step::Close { on } => {
                if let Some(place) = self.place(on) {
                    let line = self.lines.remove(place);
                    let number = self.numbers.remove(place);
                    self.held.retain(|(of, _)| *of != number);
                    assert_eq!(line.connection.close(&mut self.store), Ok(()));
                }
            }
            Step::Message { on, .. }
            | Step::Received { on, .. }
            | Step::Transport { on, .. }
            | Step::Frame { on, .. } => {
                if let Some(place) = self.place(on) {
                    self.handle_frame(place, frame);
                }
            }
            Step::Submit { which, receiver } => {
                if !self.held.is_empty() {
                    let (number, submitted) =
                        self.held.swap_remove(usize::from(which) % self.held.len());
                    self.submit(number, submitted, receiver % ADDRESSES);
                }
            }
            Step::Refuse { which } => {
                if !self.held.is_empty() {
                    let (number, submitted) =
                        self.held.swap_remove(usize::from(which) % self.held.len());
                    self.line(number).connection.refuse(submitted);
                }
            }
            Step::Discard { receiver } => {
                let receiver = receiver % ADDRESSES;
                let of_it =
                    |stored: &&mut Stored| stored.is_queued() && stored.receiver == receiver;
                let discarded = self
                    .stored
                    .iter_mut()
                    .filter(of_it)
                    .map(|stored| stored.discarded = true);
                assert_eq!(self.store.discard(receiver), discarded.count());
                // Its connection ends where it was sent one of them.
                let is_out = |place| self.is_current(place) && !self.lines[place].out.is_empty();
                let mut its = (0..self.lines.len())
                    .filter(|place| self.lines[*place].connection.address() == receiver);
                if its.any(is_out) {
                    self.newest[usize::from(receiver)] = None;
                }
            }
            Step::Pass(time) => self.set(self.now.saturating_add(time.into())),
            Step::Set(now) => self.set(now),
            Step::UntilTimeout { on } => {
                if let Some(place) = self.place(on) {
                    self.until_timeout(place);
                }
            }
            Step::Transmit { on, room } => {
                if let Some(place) = self.place(on) {
                    self.transmit(place, room.into());
                }
            }
            Step::Drain { on } => {
                if let Some(place) = self.place(on) {
                    self.drain(place);
                }
            }
        }
    }

    fn place(&self, on: u8) -> Option<usize> {
        usize::from(on).checked_rem(self.lines.len())
    }

    fn line(&mut self, number: u64) -> &mut Line<WINDOW> {
        let place = self
            .numbers
            .iter()
            .position(|of| *of == number)
            .expect("its line is open");
        &mut self.lines[place]
    }

    /// Whether this is the newest connection that its address has ever had.
    fn is_current(&self, place: usize) -> bool {
        let address = self.lines[place].connection.address();
        self.newest[usize::from(address)] == Some(self.numbers[place])
    }

    fn open(&mut self, address: u8, takeover: bool) {
        if self.lines.len() > 8 {
            return;
        }
        let config = ServerConfig {
            takeover,
            ..self.config
        };
        match ServerConnection::open(&mut self.store, address, config, self.now) {
            Ok(connection) => {
                assert_eq!(connection.address(), address);
                self.lines.push(Line {
                    connection,
                    answerable: Vec::new(),
                    ready: false,
                    out: Vec::new(),
                    waiting: Vec::new(),
                    dead: false,
                });
                self.numbers.push(self.next);
                self.newest[usize::from(address)] = Some(self.next);
                self.next += 1;
            }
            Err(OpenError::Taken) => {
                assert!(!takeover);
                assert!(
                    self.lines
                        .iter()
                        .any(|line| line.connection.address() == address)
                );
            }
            Err(OpenError::Store(PeersFull)) => {
                let is_in_use = |other: &u8| {
                    let open = |line: &Line<WINDOW>| line.connection.address() == *other;
                    let of_it = |stored: &Stored| stored.sender == *other && !stored.discarded;
                    self.lines.iter().any(open) || self.stored.iter().any(of_it)
                };
                let others = (0..ADDRESSES).filter(|other| *other != address);
                assert_eq!(others.filter(is_in_use).count(), PEERS);
            }
        }
    }

    fn handle_frame(&mut self, place: usize, frame: &'f [u8]) {
        let is_current = self.is_current(place);
        let number = self.numbers[place];
        let line = &mut self.lines[place];
        let address = line.connection.address();
        let parsed = Message::parse_with(frame, self.config.policy);
        let room = || AnswerRoom::of(&parsed.expect("only messages are answered"), N);
        let handled = line
            .connection
            .handle_frame(&mut self.store, frame, self.now);
        match handled {
            Ok(Handled::Message(submitted)) => {
                assert_eq!(parsed, Ok(submitted.message.into()));
                self.held.push((number, submitted));
            }
            Ok(Handled::Delivered { sender }) => {
                let Ok(Message::Transport(receipt)) = parsed else {
                    panic!("not a receipt");
                };
                assert_eq!(receipt.kind(), TransportType::Received);
                let id = receipt.data().unwrap_or_default().to_string();
                // It was sent to this very client, on this connection, and no other with this id was.
                let out = line.out.iter().position(|out| self.stored[*out].id == id);
                let place = line.out.remove(out.expect("a message that was on its way"));
                let stored = &mut self.stored[place];
                assert_eq!((stored.sender, stored.receiver), (sender, address));
                stored.delivered = true;
            }
            Ok(Handled::Nothing) => {
                let Ok(Message::Transport(message)) = parsed else {
                    panic!("nothing is made of a message");
                };
                let id = message.data().unwrap_or_default().to_string();
                match message.kind() {
                    TransportType::Ping => line.waiting.push(answer_bytes(message.data())),
                    TransportType::Received => {
                        let mut out = line.out.iter().map(|out| &self.stored[*out].id);
                        assert!(out.all(|out| *out != id), "it was sent");
                    }
                    _ => {}
                }
            }
            Err(ServerError::Busy) => {
                let held = self.held.iter().filter(|(of, _)| *of == number);
                let held = held.map(|(_, held)| answer_bytes(Some(held.message.id())));
                room().check_busy(held.chain(line.waiting.iter().copied()));
            }
            Err(ServerError::TooLong(error)) => room().check_too_long(error),
            Err(ServerError::Parse(error)) => assert_eq!(parsed, Err(error)),
            Err(ServerError::Superseded) => assert!(!is_current),
            Err(error @ (ServerError::Store(_) | ServerError::BufferTooSmall(_))) => {
                panic!("{error}")
            }
        }
    }

    fn submit(&mut self, number: u64, submitted: Submitted<'_>, receiver: u8) {
        let place = self
            .numbers
            .iter()
            .position(|of| *of == number)
            .expect("its line is open");
        let is_current = self.is_current(place);
        let id = submitted.message.id().to_string();
        let line = &mut self.lines[place];
        let sender = line.connection.address();
        let stamp = sender.to_string();
        let stamped = submitted.message.with_from(&*stamp).to_string();
        let frame = stamped.as_bytes();
        let mut submitted = submitted;
        submitted.frame = frame;
        line.waiting
            .push(answer_bytes(Some(submitted.message.id())));
        let put = line.connection.submit(&mut self.store, submitted, receiver);
        let mut of_id = self
            .stored
            .iter()
            .filter(|stored| stored.sender == sender && stored.id == id);
        match put {
            Ok(Put::Stored) => {
                assert!(is_current && of_id.all(|stored| !stored.is_queued()));
                assert!(frame.len() <= N);
                line.answerable.push(id.clone());
                let frame = frame.to_vec();
                self.stored.push(Stored {
                    sender,
                    receiver,
                    id,
                    frame,
                    delivered: false,
                    discarded: false,
                });
            }
            Ok(Put::Known) => {
                assert!(of_id.any(Stored::is_queued));
                line.answerable.push(id);
            }
            Ok(Put::Delivered) => assert!(of_id.any(|stored| stored.delivered)),
            Ok(Put::Conflict) => assert!(of_id.any(|stored| stored.frame != frame)),
            Ok(Put::Full) => {
                let taken = self
                    .stored
                    .iter()
                    .filter(|stored| stored.sender == sender && !stored.discarded);
                assert!(taken.count() >= SLOTS);
            }
            Ok(Put::TooLong(error)) => {
                assert!(frame.len() > N && (error.needed, error.capacity) == (frame.len(), N));
            }
            Err(ServerError::Superseded) => assert!(!is_current),
            Err(error) => panic!("{error}"),
        }
    }

    fn set(&mut self, now: u64) {
        self.now = now;
        for line in &mut self.lines {
            let dead = line.connection.handle_timeout(now);
            assert!(!(dead && line.dead), "dead twice");
            line.dead |= dead;
        }
    }

    /// Whether there was something to send.
    fn transmit(&mut self, place: usize, room: usize) -> bool {
        let is_current = self.is_current(place);
        let line = &mut self.lines[place];
        let address = line.connection.address();
        let mut out = vec![0; room];
        let frame = match line.connection.poll_transmit(&mut self.store, &mut out) {
            Ok(None) => {
                line.waiting.clear();
                return false;
            }
            Ok(Some(frame)) => frame.to_vec(),
            Err(ServerError::BufferTooSmall(error)) => {
                assert!(error.needed > room && error.needed <= N + 64);
                return false;
            }
            Err(ServerError::Superseded) => {
                assert!(!is_current);
                return false;
            }
            Err(error) => panic!("{error}"),
        };
        let message = Message::parse_with(&frame, self.config.policy).expect("a message");
        assert_eq!(
            message
                .as_transport()
                .is_some_and(|message| message.kind() == TransportType::Ready),
            !line.ready
        );
        line.ready = true;
        match message {
            Message::Data(message) => {
                let id = message.id().to_string();
                let to_it = |stored: &Stored| {
                    stored.is_queued() && stored.receiver == address && stored.frame == frame
                };
                let place = self.stored.iter().position(to_it);
                let place = place.expect("a message for somebody else");
                line.out.retain(|out| *out != place);
                let mut others = line.out.iter().map(|out| &self.stored[*out].id);
                assert!(
                    others.all(|other| *other != id),
                    "nobody knows whose 200 it is"
                );
                line.out.push(place);
            }
            Message::Transport(message) => {
                let id = message.data().unwrap_or_default().to_string();
                match message.kind() {
                    TransportType::Ready | TransportType::Pong => {}
                    TransportType::Ping => assert!(self.config.keep_alive.ping_after.is_some()),
                    TransportType::Accepted => assert!(line.answerable.contains(&id)),
                    TransportType::Delivered => {
                        let of_it = |stored: &Stored| {
                            stored.delivered && stored.sender == address && stored.id == id
                        };
                        assert!(self.stored.iter().any(of_it), "nobody has received it");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        true
    }

    fn drain(&mut self, place: usize) {
        let mut count = 0;
        while self.transmit(place, N + 64) {
            count += 1;
            assert!(count < ENDLESS, "there is always something to transmit");
        }
        assert!(!self.transmit(place, N + 64));
        let line = &self.lines[place];
        if self.is_current(place) && self.config.id_pause == 0 && line.out.len() < WINDOW {
            // There is room, so each that was not sent waits for one with its id.
            let waiting = self.queued(place).filter(|place| !line.out.contains(place));
            let is_out = |id: &String| line.out.iter().any(|out| self.stored[*out].id == *id);
            for place in waiting {
                assert!(is_out(&self.stored[place].id), "it waits for nothing");
            }
        }
    }

    /// The places of what a client is to be sent.
    fn queued(&self, place: usize) -> impl Iterator<Item = usize> {
        let address = self.lines[place].connection.address();
        let stored = self.stored.iter().enumerate();
        let queued = stored.filter(move |(_, one)| one.is_queued() && one.receiver == address);
        queued.map(|(place, _)| place)
    }

    /// A client that acknowledges whatever it is sent gets whatever there is, in a time that is known.
    fn settle(&mut self, place: usize) {
        if !self.is_current(place) {
            return;
        }
        // At most one of those with the same id at a time.
        for _ in 0..4 * PEERS * SLOTS {
            self.drain(place);
            if self.queued(place).next().is_none() {
                return;
            }
            for out in std::mem::take(&mut self.lines[place].out) {
                let stored = &mut self.stored[out];
                let frame = TransportMessage::received(&*stored.id).to_string();
                let line = &mut self.lines[place];
                let handled =
                    line.connection
                        .handle_frame(&mut self.store, frame.as_bytes(), self.now);
                let Ok(Handled::Delivered { sender }) = handled else {
                    panic!("{handled:?}");
                };
                assert_eq!(sender, stored.sender);
                stored.delivered = true;
            }
            self.drain(place);
            // Longer than an id rests.
            let Some(later) = self.now.checked_add(1 + u64::from(u16::MAX)) else {
                return;
            };
            self.set(later);
        }
        assert_eq!(self.queued(place).next(), None, "it never comes");
    }

    /// The caller's loop, for some turns: the time always goes on.
    fn until_timeout(&mut self, place: usize) {
        if !self.is_current(place) {
            return;
        }
        for _ in 0..8 {
            self.drain(place);
            let Some(timeout) = self.lines[place].connection.poll_timeout() else {
                return;
            };
            assert!(timeout >= self.now, "{timeout} is over");
            self.set(timeout);
            self.drain(place);
            let next = self.lines[place].connection.poll_timeout();
            assert!(
                next.is_none_or(|next| next > timeout),
                "the time stands still"
            );
        }
    }
}

/// A few ids, so that they meet; some are escaped.
fn name(number: u8) -> String {
    match number % 5 {
        0 => String::new(),
        1 => "\"\n".into(),
        2 => "\u{e9}".into(),
        other => other.to_string(),
    }
}
