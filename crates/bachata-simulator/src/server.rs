use std::collections::{BTreeMap, VecDeque};

use bachata_core::delivery::{
    Handled, MemoryStore, Put, ServerConfig, ServerConnection, ServerError,
};

use crate::text::is_sealed;

/// Addresses are the positions of the names in the world.
type Address = u8;

type Connection = ServerConnection<Address, 4, 384>;

/// The longest frame that the server keeps, in bytes.
const MAX_FRAME_LEN: usize = 384;

/// Our own server: it takes messages that are sealed, and whose `from` is the name of the connection.
#[derive(Debug)]
pub(crate) struct Server {
    config: ServerConfig,
    names: Vec<String>,
    store: MemoryStore<Address, 8, 8, MAX_FRAME_LEN>,
    connections: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// What came in and could not be taken.
    waiting: VecDeque<Vec<u8>>,
}

/// What the server has done.
pub(crate) enum Done {
    /// A frame is to go out on a connection.
    Transmit(u64, Vec<u8>),
    /// The store has taken a message: `from`, `id`.
    Stored(String, String),
    /// A connection is of no use any more.
    Closed(u64),
}

impl Server {
    pub(crate) fn new(config: ServerConfig, names: Vec<String>) -> Self {
        Self {
            config,
            names,
            store: MemoryStore::new(),
            connections: BTreeMap::new(),
        }
    }

    pub(crate) fn restart(&mut self, keep: bool) {
        // A restart leaves no time to close anything: the store has open leases.
        self.connections.clear();
        if !keep {
            self.store = MemoryStore::new();
        }
    }

    pub(crate) fn open(&mut self, id: u64, address: usize, now: u64) {
        let connection = Connection::open(&mut self.store, address as Address, self.config, now)
            .expect("there is room for all peers");
        let waiting = VecDeque::new();
        let open = Open {
            connection,
            waiting,
        };
        self.connections.insert(id, open);
    }

    pub(crate) fn close(&mut self, id: u64) {
        if let Some(open) = self.connections.remove(&id) {
            open.connection
                .close(&mut self.store)
                .expect("closing needs no room");
        }
    }

    pub(crate) fn receive(&mut self, id: u64, frame: Vec<u8>) {
        if let Some(open) = self.connections.get_mut(&id) {
            open.waiting.push_back(frame);
        }
    }

    pub(crate) fn undelivered(&self) -> usize {
        self.store.undelivered()
    }

    pub(crate) fn poll_timeout(&self) -> Option<u64> {
        let timeouts = self.connections.values();
        timeouts
            .filter_map(|open| open.connection.poll_timeout())
            .min()
    }

    /// Does everything that there is to do now.
    pub(crate) fn run(&mut self, now: u64, mut done: impl FnMut(Done)) {
        let mut gone = Vec::new();
        // What one connection takes is for another to send.
        let mut busy = true;
        while core::mem::take(&mut busy) {
            for (&id, open) in &mut self.connections {
                if gone.contains(&id) {
                    continue;
                }
                if open.connection.handle_timeout(now) {
                    gone.push(id);
                    continue;
                }
                match open.run(&mut self.store, &self.names, id, now, &mut done) {
                    Ok(progress) => busy |= progress,
                    Err(ServerError::Superseded) => gone.push(id),
                    Err(error) => panic!("{error}"),
                }
            }
        }
        for id in gone {
            self.close(id);
            done(Done::Closed(id));
        }
    }
}

impl Open {
    fn run(
        &mut self,
        store: &mut MemoryStore<Address, 8, 8, MAX_FRAME_LEN>,
        names: &[String],
        id: u64,
        now: u64,
        done: &mut impl FnMut(Done),
    ) -> Result<bool, ServerError<bachata_core::delivery::PeersFull>> {
        let mut busy = false;
        while let Some(frame) = self.waiting.pop_front() {
            match self.connection.handle_frame(store, &frame, now) {
                Ok(Handled::Message(submitted)) => {
                    let from = &names[usize::from(self.connection.address())];
                    let message = submitted.message;
                    let receiver = names
                        .iter()
                        .position(|name| message.dest().is_some_and(|dest| dest == **name));
                    let is_own = message.from().is_some_and(|name| name == **from);
                    match receiver {
                        Some(receiver) if is_own && is_sealed(&message) => {
                            let put =
                                self.connection
                                    .submit(store, submitted, receiver as Address)?;
                            match put {
                                Put::Stored | Put::Known | Put::Delivered => {
                                    done(Done::Stored(from.clone(), message.id().to_string()));
                                }
                                // Where it has no timer, its client tries again on a new connection.
                                Put::Full => return Err(ServerError::Superseded),
                                Put::Conflict | Put::TooLong(_) => {}
                            }
                        }
                        _ => self.connection.refuse(submitted),
                    }
                }
                Ok(Handled::Delivered { .. } | Handled::Nothing) => {}
                Err(ServerError::Parse(_) | ServerError::TooLong(_)) => {}
                Err(ServerError::Busy) => {
                    self.waiting.push_front(frame);
                    break;
                }
                Err(error) => return Err(error),
            }
            busy = true;
        }
        let mut out = [0; MAX_FRAME_LEN + 64];
        while let Some(frame) = self.connection.poll_transmit(store, &mut out)? {
            done(Done::Transmit(id, frame.to_vec()));
            busy = true;
        }
        Ok(busy)
    }
}
