use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::fmt::Write as _;

use bachata_core::DataMessage;
use fastrand::Rng;

use crate::hostile::Hostile;
use crate::ledger::{Ledger, Lives, SERVER};
use crate::server::{Done, Server};
use crate::text::{KIND, TIME, seal};
use crate::{Failure, Peer, Plan, Report, Summary};

/// How long after the last fault everything must have come to its end, in milliseconds of the virtual clock.
const PATIENCE: u64 = 300_000;

/// How much longer is looked, whether nothing comes twice.
const AFTERMATH: u64 = 20_000;

/// More frames than that in one moment have no end.
const MAX_BURST: usize = 2000;

/// More steps than that have no end.
const MAX_STEPS: u64 = 1_000_000;

pub(crate) struct World<'p> {
    plan: &'p Plan,
    rng: Rng,
    now: u64,
    steps: u64,
    frames: u64,
    calm: bool,
    server: Server,
    peers: Vec<Client>,
    hostiles: Vec<Hostile>,
    /// The names of the peers and then of the hostile peers.
    names: Vec<String>,
    links: BTreeMap<u64, Link>,
    next_link: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    order: u64,
    ledger: Ledger,
    lives: Lives,
    counted: u64,
    trace: Option<String>,
}

struct Client {
    peer: Box<dyn Peer>,
    /// The link that it is connected by.
    link: Option<u64>,
    /// What its clock shows more than the world's.
    ahead: u64,
    waiting: VecDeque<Vec<u8>>,
}

/// A connection, with its two ends.
struct Link {
    address: usize,
    /// Whether the end is still connected.
    client: bool,
    server: bool,
    /// When the last frame arrives that does not overtake, on the way to the server and back.
    last: [u64; 2],
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Event {
    Arrive {
        link: u64,
        to_server: bool,
        frame: Vec<u8>,
    },
    Connect(usize),
    CutClient(u64),
    CutServer(u64),
    Cut,
    Restart,
    RestartServer,
    Jump,
    Send,
    Attack(usize),
    Calm,
}

/// Clocks begin there, so that they can be set back.
const EPOCH: u64 = 10_000_000;

impl<'p> World<'p> {
    pub(crate) fn new(seed: u64, plan: &'p Plan, peers: Vec<Box<dyn Peer>>, trace: bool) -> Self {
        let names: Vec<String> = (0..peers.len())
            .map(|number| format!("c{number}"))
            .chain((0..plan.hostiles).map(|number| format!("x{number}")))
            .collect();
        let client = |peer| Client {
            peer,
            link: None,
            ahead: EPOCH,
            waiting: VecDeque::new(),
        };
        let mut lives: Lives = names
            .iter()
            .take(peers.len())
            .map(|name| (name.clone(), 0))
            .collect();
        lives.insert(SERVER.to_owned(), 0);
        let hostiles = names.iter().skip(peers.len());
        let mut world = Self {
            plan,
            rng: Rng::with_seed(seed ^ 0x5eed),
            now: 0,
            steps: 0,
            frames: 0,
            calm: false,
            server: Server::new(plan.server, names.clone()),
            hostiles: hostiles
                .map(|name| Hostile { name: name.clone() })
                .collect(),
            peers: peers.into_iter().map(client).collect(),
            names,
            links: BTreeMap::new(),
            next_link: 0,
            events: BinaryHeap::new(),
            order: 0,
            ledger: Ledger::default(),
            lives,
            counted: 0,
            trace: trace.then(String::new),
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for address in 0..self.names.len() {
            let time = self.rng.u64(..500);
            self.at(time, Event::Connect(address));
        }
        for _ in 0..self.plan.messages {
            let time = self.rng.u64(..self.plan.chaos);
            self.at(time, Event::Send);
        }
        for hostile in 0..self.hostiles.len() {
            for _ in 0..self.rng.usize(..30) {
                let time = self.rng.u64(..self.plan.chaos);
                self.at(time, Event::Attack(hostile));
            }
        }
        let plan = self.plan;
        for (every, event) in [
            (plan.cut_every, Event::Cut),
            (plan.restart_every, Event::Restart),
            (plan.server_restart_every, Event::RestartServer),
            (plan.jump_every, Event::Jump),
        ] {
            let Some(every) = every else { continue };
            let mut time = 0;
            loop {
                time += self.rng.u64(1..=2 * every);
                if time > plan.chaos {
                    break;
                }
                self.at(time, event.clone());
            }
        }
        self.at(plan.chaos, Event::Calm);
    }

    fn at(&mut self, time: u64, event: Event) {
        self.order += 1;
        self.events.push(Reverse((time, self.order, event)));
    }

    fn note(&mut self, who: &str, what: impl FnOnce() -> String) {
        let now = self.now;
        if let Some(trace) = &mut self.trace {
            // Writing into a `String` does not fail.
            let _written = writeln!(trace, "{now:>8} ms  {who:<16} {}", what());
        }
    }

    /// Until the happy end.
    pub(crate) fn run(mut self, seed: u64) -> Result<Summary, Failure> {
        match self.go_on() {
            Ok(()) => Ok(Summary {
                messages: self.plan.messages,
                taken: self.ledger.taken,
                ended: self.ledger.ends,
                frames: self.frames,
                steps: self.steps,
            }),
            Err(what) => Err(Failure {
                seed,
                time: self.now,
                what,
                trace: self.trace.unwrap_or_default(),
            }),
        }
    }

    fn go_on(&mut self) -> Result<(), String> {
        let mut end = None;
        loop {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err("no end in sight".to_owned());
            }
            let timeout = self.timeout();
            let event = self.events.peek().map(|Reverse((time, ..))| *time);
            let next = timeout.into_iter().chain(event).min();
            if end.is_some_and(|end| next.is_none_or(|next| next > end)) {
                return Ok(());
            }
            let Some(next) = next else {
                let missing = self.missing();
                return match missing {
                    Some(missing) => Err(format!("nothing more to come, but {missing}")),
                    None => Ok(()),
                };
            };
            self.now = self.now.max(next);
            while let Some(event) = self.next_event() {
                self.happen(event)?;
            }
            self.serve()?;
            if self.calm && end.is_none() {
                let missing = self.missing();
                match missing {
                    None => end = Some(self.now + AFTERMATH),
                    Some(missing) if self.now > self.plan.chaos + PATIENCE => {
                        return Err(format!("after {PATIENCE} ms of peace {missing}"));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// An event whose time has come.
    fn next_event(&mut self) -> Option<Event> {
        let Reverse((time, ..)) = self.events.peek()?;
        if *time > self.now {
            return None;
        }
        let Reverse((_, _, event)) = self.events.pop()?;
        Some(event)
    }

    fn missing(&self) -> Option<String> {
        let undelivered = || {
            // What is for hostile peers may stay: they acknowledge nothing.
            (self.hostiles.is_empty() && self.server.undelivered() > 0)
                .then(|| "the server has undelivered messages".to_owned())
        };
        self.ledger.missing(&self.lives).or_else(undelivered)
    }

    /// When a side wants to be called.
    fn timeout(&self) -> Option<u64> {
        let peers = self.peers.iter().filter_map(|client| {
            let timeout = client.peer.poll_timeout()?;
            Some(timeout.saturating_sub(client.ahead))
        });
        let server = self
            .server
            .poll_timeout()
            .map(|time| time.saturating_sub(EPOCH));
        peers.chain(server).min()
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Arrive {
                link,
                to_server,
                frame,
            } => self.arrive(link, to_server, frame),
            Event::Connect(address) => self.connect(address),
            Event::CutClient(link) => self.cut_client(link),
            Event::CutServer(link) => self.cut_server(link),
            Event::Cut if !self.calm => {
                if let Some(link) = self.any_link() {
                    self.cut(link);
                }
            }
            Event::Restart if !self.calm => self.restart(),
            Event::RestartServer if !self.calm => self.restart_server(),
            Event::Jump if !self.calm => self.jump(),
            Event::Send => self.send(),
            Event::Attack(hostile) if !self.calm => self.attack(hostile),
            Event::Calm => {
                self.note("world", || "nothing goes wrong any more".to_owned());
                self.calm = true;
                for client in &mut self.peers {
                    client.peer.calm_down();
                }
                // Without timers, what was released or had no room is sent again on a new connection only.
                if self.plan.client.resend.is_none() {
                    let links: Vec<u64> = self.links.keys().copied().collect();
                    links.into_iter().for_each(|link| self.cut(link));
                }
            }
            Event::Cut | Event::Restart | Event::RestartServer | Event::Jump | Event::Attack(_) => {
            }
        }
        Ok(())
    }

    fn any_link(&mut self) -> Option<u64> {
        let count = self.links.len();
        let place = (count > 0).then(|| self.rng.usize(..count))?;
        self.links.keys().nth(place).copied()
    }

    /// Both ends lose the connection, at once or one after the other.
    fn cut(&mut self, link: u64) {
        let late = self.plan.half_open && self.rng.bool();
        let (client, server) = match (late, self.rng.bool()) {
            (false, _) => (0, 0),
            (true, true) => (self.rng.u64(..5000), 0),
            (true, false) => (0, self.rng.u64(..5000)),
        };
        self.note("world", || format!("cuts connection {link}"));
        self.at(self.now + client, Event::CutClient(link));
        self.at(self.now + server, Event::CutServer(link));
        // What is on its way is lost.
        self.events
            .retain(|Reverse((_, _, event))| !matches!(event, Event::Arrive { link: on, .. } if *on == link));
    }

    fn cut_client(&mut self, id: u64) {
        let Some(link) = self.links.get_mut(&id).filter(|link| link.client) else {
            return;
        };
        link.client = false;
        let address = link.address;
        self.tidy(id);
        if let Some(client) = self.peers.get_mut(address) {
            client.peer.disconnect(self.now + client.ahead);
            client.link = None;
            client.waiting.clear();
        }
        let delay = self.rng.u64(..if self.calm { 100 } else { 3000 });
        self.at(self.now + delay, Event::Connect(address));
    }

    fn cut_server(&mut self, id: u64) {
        if let Some(link) = self.links.get_mut(&id).filter(|link| link.server) {
            link.server = false;
            self.server.close(id);
            self.tidy(id);
        }
    }

    fn tidy(&mut self, id: u64) {
        if self
            .links
            .get(&id)
            .is_some_and(|link| !link.client && !link.server)
        {
            self.links.remove(&id);
        }
    }

    fn connect(&mut self, address: usize) {
        let connected = self
            .links
            .values()
            .any(|link| link.client && link.address == address);
        if connected {
            return;
        }
        let id = self.next_link;
        self.next_link += 1;
        let name = self.names[address].clone();
        self.note(&name, || format!("connects: connection {id}"));
        let link = Link {
            address,
            client: true,
            server: true,
            last: [self.now; 2],
        };
        self.links.insert(id, link);
        self.server.open(id, address, self.now + EPOCH);
        if let Some(client) = self.peers.get_mut(address) {
            client.peer.connect(self.now + client.ahead);
            client.link = Some(id);
        }
    }

    fn restart(&mut self) {
        let address = self.rng.usize(..self.peers.len());
        let keep = self.rng.u32(..1000) >= self.plan.forget;
        let name = self.names[address].clone();
        self.note(&name, || {
            format!("restarts {} memory", if keep { "with" } else { "without" })
        });
        let client = &mut self.peers[address];
        let link = client.link.take();
        client.peer.restart(keep, self.now + client.ahead);
        client.waiting.clear();
        if let Some(life) = self.lives.get_mut(&name) {
            *life += u32::from(!keep);
        }
        match link {
            Some(link) => self.cut(link),
            None => {
                let delay = self.rng.u64(..3000);
                self.at(self.now + delay, Event::Connect(address));
            }
        }
    }

    fn restart_server(&mut self) {
        let keep = self.rng.u32(..1000) >= self.plan.forget;
        self.note(SERVER, || {
            format!("restarts {} memory", if keep { "with" } else { "without" })
        });
        self.server.restart(keep);
        if let Some(life) = self.lives.get_mut(SERVER) {
            *life += u32::from(!keep);
        }
        let links: Vec<u64> = self.links.keys().copied().collect();
        for id in links {
            if let Some(link) = self.links.get_mut(&id) {
                link.server = false;
            }
            self.cut(id);
        }
    }

    fn jump(&mut self) {
        let address = self.rng.usize(..self.peers.len());
        let client = &mut self.peers[address];
        client.ahead = if self.rng.bool() {
            client.ahead + self.rng.u64(..100_000)
        } else {
            client.ahead.saturating_sub(self.rng.u64(..100_000))
        };
        let now = self.now + client.ahead;
        client.peer.handle_timeout(now);
        let name = self.names[address].clone();
        self.note(&name, || format!("has its clock set to {now}"));
    }

    fn send(&mut self) {
        let (sender, receiver) = (
            self.rng.usize(..self.peers.len()),
            self.rng.usize(..self.peers.len()),
        );
        let id = if self.plan.counted_ids {
            self.counted += 1;
            // Different peers use the same ids.
            format!("{}", self.counted / 2)
        } else {
            format!("{:016x}", self.rng.u64(..))
        };
        let (from, dest) = (self.names[sender].clone(), self.names[receiver].clone());
        let seal = seal(&from, &id, &dest);
        let message = DataMessage::new(&*id, KIND, TIME, &*seal)
            .with_from(&*from)
            .with_dest(&*dest);
        let client = &mut self.peers[sender];
        let known = self.ledger.is_known(&from, &id);
        if !known && client.peer.send(&message, self.now + client.ahead) {
            self.ledger.sent(&from, &id, &dest, &self.lives);
            self.note(&from, || format!("is to send {id} to {dest}"));
        } else {
            self.note(&from, || format!("can't send {id} to {dest}"));
        }
    }

    fn attack(&mut self, hostile: usize) {
        let address = self.peers.len() + hostile;
        let link = self
            .links
            .iter()
            .find(|(_, link)| link.client && link.address == address);
        let Some((&link, _)) = link else { return };
        let ids = self.ledger.ids();
        let frames = self.hostiles[hostile].frames(&ids, &self.names, &mut self.rng);
        for frame in frames {
            self.transmit(link, true, frame);
        }
    }

    /// Puts a frame on its way.
    fn transmit(&mut self, id: u64, to_server: bool, frame: Vec<u8>) {
        self.frames += 1;
        let Some(&Link {
            address,
            client,
            server,
            last,
        }) = self.links.get(&id)
        else {
            return;
        };
        if self.trace.is_some() {
            let name = self.names[address].clone();
            let arrow = if to_server { "->" } else { "<-" };
            self.note(&name, || {
                format!("{arrow} {}", String::from_utf8_lossy(&frame))
            });
        }
        if !(client && server) {
            return;
        }
        let mut last = last[usize::from(to_server)];
        let calm = crate::Faults {
            delay: self.plan.faults.delay,
            ..crate::Faults::default()
        };
        let faults = if self.calm { calm } else { self.plan.faults };
        for arrival in faults.pass(frame, &mut self.rng) {
            let mut time = self.now + arrival.delay;
            if !arrival.overtakes {
                time = time.max(last);
                last = time;
            }
            self.at(
                time,
                Event::Arrive {
                    link: id,
                    to_server,
                    frame: arrival.frame,
                },
            );
        }
        if let Some(link) = self.links.get_mut(&id) {
            link.last[usize::from(to_server)] = last;
        }
    }

    fn arrive(&mut self, id: u64, to_server: bool, frame: Vec<u8>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        if to_server {
            self.server.receive(id, frame);
        } else if link.client {
            if let Some(client) = self.peers.get_mut(link.address) {
                client.waiting.push_back(frame);
            }
        }
    }

    /// Lets everybody do what there is to do now.
    fn serve(&mut self) -> Result<(), String> {
        for address in 0..self.peers.len() {
            self.serve_peer(address)?;
        }
        let mut done = Vec::new();
        self.server.run(self.now + EPOCH, |what| done.push(what));
        if done.len() > MAX_BURST {
            return Err(format!("the server did {} things in a moment", done.len()));
        }
        for what in done {
            match what {
                Done::Transmit(id, frame) => self.transmit(id, false, frame),
                Done::Stored(from, id) => self.ledger.stored(&from, &id, &self.lives),
                Done::Closed(id) => {
                    self.note(SERVER, || format!("gives up connection {id}"));
                    if let Some(link) = self.links.get_mut(&id) {
                        link.server = false;
                    }
                    self.cut(id);
                }
            }
        }
        let now = self.now + EPOCH;
        if self.server.poll_timeout().is_some_and(|time| time <= now) {
            return Err("the server has a timeout that does not pass".to_owned());
        }
        Ok(())
    }

    fn serve_peer(&mut self, address: usize) -> Result<(), String> {
        let client = &mut self.peers[address];
        let now = self.now + client.ahead;
        client.peer.handle_timeout(now);
        let mut out = Vec::new();
        loop {
            let mut busy = false;
            while let Some(frame) = client.waiting.pop_front() {
                if client.peer.handle_frame(&frame, now).is_err() {
                    client.waiting.push_front(frame);
                    break;
                }
                busy = true;
            }
            while let Some(frame) = client.peer.poll_transmit() {
                out.push(frame);
                busy = true;
                if out.len() > MAX_BURST {
                    return Err(format!("{} sends without end", self.names[address]));
                }
            }
            if !busy {
                break;
            }
        }
        let mut reports = Vec::new();
        while let Some(report) = client.peer.poll_report() {
            reports.push(report);
        }
        if client.peer.poll_timeout().is_some_and(|time| time <= now) {
            return Err(format!(
                "{} has a timeout that does not pass",
                self.names[address]
            ));
        }
        let (horizon, link) = (client.peer.horizon(), client.link);
        let name = self.names[address].clone();
        let believed = self.plan.faults.corrupt == 0;
        for report in reports {
            self.note(&name, || format!("{report:?}"));
            match report {
                Report::HandedUp { id, from, data } => {
                    if data != seal(&from, &id, &name) {
                        return Err(format!("{name} was handed up {id} of {from} with {data}"));
                    }
                    self.ledger
                        .hand_up(&name, &from, &id, horizon, &self.lives)?;
                }
                Report::Spoilt => {
                    self.ledger.count(&name);
                }
                Report::Dead => {
                    if let Some(link) = link {
                        self.cut(link);
                    }
                }
                Report::Taken { id, from } => self.ledger.take(&from, &id),
                Report::Released { id, from } => self.ledger.release(&from, &id),
                Report::Ended { id, end } => self.ledger.end(&name, &id, end, believed)?,
            }
        }
        if let Some(link) = link {
            for frame in out {
                self.transmit(link, true, frame);
            }
        }
        Ok(())
    }
}
