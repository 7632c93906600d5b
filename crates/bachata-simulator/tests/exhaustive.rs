//! Two messages from one client to another over a server, one connection cut once: all that can happen, in every order.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use bachata_core::DataMessage;
use bachata_core::delivery::{
    Client, ClientConfig, Event, Handled, KeepAlive, MemoryStore, Progress, Put, Receipt,
    ServerConfig, ServerConnection, Token,
};

const ALICE: usize = 0;
const BOB: usize = 1;

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Step {
    /// Alice's application sends its next message.
    Send,
    /// Bob's application takes the first message that it has.
    Take,
    /// A client puts a frame on its way.
    ClientTransmits(usize),
    /// The server puts a frame on the way to a client.
    ServerTransmits(usize),
    /// A frame arrives.
    ClientReceives(usize),
    ServerReceives(usize),
    /// Both ends of a connection lose it, with what is on its way.
    Cut(usize),
    /// Only the client's end loses it. The server finds out when the client connects again.
    CutClient(usize),
    /// The server's end finds out.
    CutServer(usize),
    Connect(usize),
}

const STEPS: [Step; 18] = [
    Step::Send,
    Step::Take,
    Step::ClientTransmits(ALICE),
    Step::ClientTransmits(BOB),
    Step::ServerTransmits(ALICE),
    Step::ServerTransmits(BOB),
    Step::ClientReceives(ALICE),
    Step::ClientReceives(BOB),
    Step::ServerReceives(ALICE),
    Step::ServerReceives(BOB),
    Step::Cut(ALICE),
    Step::CutClient(ALICE),
    Step::CutServer(ALICE),
    Step::Connect(ALICE),
    Step::Cut(BOB),
    Step::CutClient(BOB),
    Step::CutServer(BOB),
    Step::Connect(BOB),
];

type Frames = VecDeque<Vec<u8>>;

#[derive(Debug)]
struct World {
    clients: [Client<2, 2, 96>; 2],
    connected: [bool; 2],
    store: MemoryStore<usize, 2, 2, 96>,
    connections: [Option<ServerConnection<usize, 2, 96>>; 2],
    to_server: [Frames; 2],
    to_client: [Frames; 2],
    sent: Vec<Token>,
    ended: Vec<Token>,
    held: VecDeque<(Receipt, String)>,
    taken: Vec<String>,
    cut: bool,
}

impl World {
    fn new() -> Self {
        let config = ClientConfig {
            keep_alive: KeepAlive::OFF,
            ..ClientConfig::default()
        };
        let mut world = Self {
            clients: [Client::new(config), Client::new(config)],
            connected: [false; 2],
            store: MemoryStore::new(),
            connections: [None, None],
            to_server: Default::default(),
            to_client: Default::default(),
            sent: Vec::new(),
            ended: Vec::new(),
            held: VecDeque::new(),
            taken: Vec::new(),
            cut: false,
        };
        world.connect(ALICE);
        world.connect(BOB);
        world
    }

    fn connect(&mut self, who: usize) {
        let config = ServerConfig {
            keep_alive: KeepAlive::OFF,
            ..ServerConfig::default()
        };
        let connection = ServerConnection::open(&mut self.store, who, config, 0).unwrap();
        self.connections[who] = Some(connection);
        self.clients[who].handle_connect(0);
        self.connected[who] = true;
        self.to_server[who].clear();
        self.to_client[who].clear();
    }

    fn cut_client(&mut self, who: usize) {
        self.cut = true;
        self.clients[who].handle_disconnect(0);
        self.connected[who] = false;
        self.to_client[who].clear();
    }

    fn cut_server(&mut self, who: usize) {
        if let Some(connection) = self.connections[who].take() {
            connection.close(&mut self.store).unwrap();
        }
        self.to_server[who].clear();
    }

    /// Does a step, and says whether it was possible.
    fn step(&mut self, step: Step) -> bool {
        let mut out = [0; 160];
        let possible = match step {
            Step::Send if self.sent.len() < 2 => {
                let id = ["a", "b"][self.sent.len()];
                let message = DataMessage::new(id, "t", 0, "");
                let token = self.clients[ALICE].send(&message, 0).unwrap();
                self.sent.push(token);
                true
            }
            Step::Take => {
                let held = self.held.pop_front();
                held.is_some_and(|(receipt, id)| {
                    self.clients[BOB].acknowledge(receipt);
                    assert!(!self.taken.contains(&id), "{id} was taken twice");
                    self.taken.push(id);
                    true
                })
            }
            Step::ClientTransmits(who) => {
                let frame = self.clients[who].poll_transmit(&mut out).unwrap();
                frame.is_some_and(|frame| {
                    self.to_server[who].push_back(frame.to_vec());
                    true
                })
            }
            Step::ServerTransmits(who) => {
                let connection = self.connections[who].as_mut();
                let frame = connection.and_then(|connection| {
                    connection.poll_transmit(&mut self.store, &mut out).unwrap()
                });
                frame.is_some_and(|frame| {
                    if self.connected[who] {
                        self.to_client[who].push_back(frame.to_vec());
                    }
                    true
                })
            }
            Step::ClientReceives(who) => {
                let frame = self.to_client[who].pop_front();
                frame.is_some_and(|frame| {
                    self.receive(who, &frame);
                    true
                })
            }
            Step::ServerReceives(who) => self.serve(who),
            Step::Cut(who) if !self.cut => {
                self.cut_client(who);
                self.cut_server(who);
                true
            }
            Step::CutClient(who) if !self.cut => {
                self.cut_client(who);
                true
            }
            Step::CutServer(who) if !self.connected[who] && self.connections[who].is_some() => {
                self.cut_server(who);
                true
            }
            Step::Connect(who) if !self.connected[who] => {
                self.connect(who);
                true
            }
            _ => false,
        };
        while let Some(event) = self.clients[ALICE].poll_event() {
            if let Event::Delivered(token) = event {
                assert!(!self.ended.contains(&token), "{token:?} ended twice");
                self.ended.push(token);
                assert!(
                    self.ended.len() <= self.taken.len(),
                    "delivered and not taken"
                );
            }
        }
        while self.clients[BOB].poll_event().is_some() {}
        possible
    }

    fn receive(&mut self, who: usize, frame: &[u8]) {
        if let Some(received) = self.clients[who].handle_frame(frame, 0).unwrap() {
            assert!(!received.conflict);
            let id = received.message.id().to_string();
            self.held.push_back((received.receipt, id));
        }
    }

    fn serve(&mut self, who: usize) -> bool {
        let (Some(connection), Some(frame)) =
            (&mut self.connections[who], self.to_server[who].pop_front())
        else {
            return false;
        };
        let handled = connection.handle_frame(&mut self.store, &frame, 0);
        if let Handled::Message(submitted) = handled.unwrap() {
            let put = connection.submit(&mut self.store, submitted, BOB).unwrap();
            assert!(!matches!(put, Put::Full | Put::Conflict));
        }
        true
    }

    fn key(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{self:?}").hash(&mut hasher);
        hasher.finish()
    }

    /// When nothing more happens of itself.
    fn check(&self) {
        assert_eq!(self.taken, ["a", "b"]);
        let mut ended = self.ended.clone();
        ended.sort_unstable();
        assert_eq!(ended, self.sent);
        assert_eq!(self.store.undelivered(), 0);
        for &token in &self.sent {
            assert_eq!(self.clients[ALICE].progress(token), None::<Progress>);
        }
    }
}

#[test]
fn two_messages_and_a_cut_in_every_order() {
    let (mut seen, mut paths) = (HashSet::new(), vec![Vec::new()]);
    let mut ends = 0;
    while let Some(path) = paths.pop() {
        let replay = || {
            let mut world = World::new();
            for &step in &path {
                assert!(world.step(step));
            }
            world
        };
        let mut moves = 0;
        for step in STEPS {
            let mut world = replay();
            if !world.step(step) {
                continue;
            }
            // A cut may come or not.
            moves += usize::from(!matches!(step, Step::Cut(_) | Step::CutClient(_)));
            if seen.insert(world.key()) {
                let mut path = path.clone();
                path.push(step);
                paths.push(path);
            }
        }
        if moves == 0 {
            replay().check();
            ends += 1;
        }
    }
    println!("{} states, {ends} ends", seen.len());
    assert!(seen.len() > 5000 && ends > 1);
}
