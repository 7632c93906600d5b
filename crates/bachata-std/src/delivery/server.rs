use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use super::server_connection::{Open, Signal, open};
use super::waiters::Waiters;
use super::{Disconnect, Refused, ServerConfig, ServerConnection, Store};
use crate::DEFAULT_MAX_FRAME_LEN;
use crate::core;

/// How many messages are in flight to a client at once, unless a [`Server`] is [built](ServerBuilder::build_with_capacity) for more. A client of the core takes 15 before
/// it acknowledges any.
pub const DEFAULT_SERVER_WINDOW: usize = 8;

/// How many bytes of answers wait for a client, unless a [`Server`] is [built](ServerBuilder::build_with_capacity) for more. An id may have three quarters of them.
pub const DEFAULT_SERVER_ANSWERS: usize = 1024;

/// A server that delivers messages reliably: it takes them from its clients into a [`Store`], and out of that to their receivers, over all of
/// their connections.
///
/// The application says which [address](Store::Address) a connection has, and which address is the receiver of a message. It also makes the store, and may
/// share it: what stands in it when the server ends is what the next one begins with.
///
/// Clones are handles of the same server. See [`Client`](super::Client) for an example.
pub struct Server<S: Store> {
    pub(super) shared: Arc<Shared<S>>,
}

pub(super) struct Shared<S: Store> {
    pub(super) store: Arc<Mutex<S>>,
    pub(super) config: ServerConfig,
    pub(super) open: Open<S>,
    pub(super) route: Box<RouteFn<S::Address>>,
    pub(super) names: Option<Box<NameFn<S::Address>>>,
    pub(super) on_refused: Option<Box<RefusedFn<S::Address>>>,
    pub(super) max_frame_len: usize,
    pub(super) max_backlog: usize,
    pub(super) max_connections: usize,
    pub(super) login_timeout: Duration,
    pub(super) start: Instant,
    pub(super) connections: Mutex<Connections<S::Address>>,
    pub(super) admitted: AtomicUsize,
}

type RouteFn<A> = dyn Fn(A, &core::DataMessage<'_>) -> Option<A> + Send + Sync;
type NameFn<A> = dyn Fn(A) -> String + Send + Sync;
type RefusedFn<A> = dyn Fn(A, &Refused) + Send + Sync;

/// The open connections, by their address.
pub(super) struct Connections<A> {
    pub(super) open: HashMap<A, Arc<Signal>>,
    pub(super) closed: bool,
    pub(super) closing: Waiters,
    listeners: Vec<SocketAddr>,
}

impl<S: Store> Clone for Server<S> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
        }
    }
}

impl<S> Server<S>
where
    S: Store + Send + 'static,
    S::Address: Hash + Send + Sync + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    /// A server without connections. `route` says where a message goes, by its sender's address and its `dest`, mostly; a message for which it gives none is not
    /// answered.
    pub fn new(
        store: Arc<Mutex<S>>,
        config: ServerConfig,
        route: impl Fn(S::Address, &core::DataMessage<'_>) -> Option<S::Address> + Send + Sync + 'static,
    ) -> Self {
        Self::builder(store, config, route).build()
    }

    /// A server with more to say about it.
    pub fn builder(
        store: Arc<Mutex<S>>,
        config: ServerConfig,
        route: impl Fn(S::Address, &core::DataMessage<'_>) -> Option<S::Address> + Send + Sync + 'static,
    ) -> ServerBuilder<S> {
        ServerBuilder {
            store,
            config,
            route: Box::new(route),
            names: None,
            on_refused: None,
            max_frame_len: DEFAULT_MAX_FRAME_LEN,
            max_backlog: DEFAULT_MAX_FRAME_LEN,
            max_connections: 10_000,
            login_timeout: Duration::from_secs(10),
        }
    }

    /// A new connection of an address, for transports of other kinds: see [`ServerConnection`]. Another one that was open ends.
    ///
    /// # Errors
    ///
    /// The server is closed, the address has a connection that is not to be taken over, or the store has failed.
    pub fn open(&self, address: S::Address) -> Result<ServerConnection<S>, Disconnect> {
        ServerConnection::open(self.shared.clone(), address)
    }

    /// The store, locked: as long as that is held, nothing goes on.
    pub fn store(&self) -> MutexGuard<'_, S> {
        lock(&self.shared.store)
    }

    /// The application has changed something in the store for this address: its connection is to look.
    pub fn notify(&self, address: S::Address) {
        self.shared.notify(address, true);
    }

    /// As [`notify`](Self::notify), for all addresses, such as after messages of many senders were [dropped](super::MemoryStore::discard).
    pub fn notify_all(&self) {
        let open: Vec<_> = lock(&self.shared.connections)
            .open
            .values()
            .cloned()
            .collect();
        for signal in open {
            signal.change(|signals| signals.delivered = true);
        }
    }

    /// Whether an address has a connection.
    pub fn is_connected(&self, address: S::Address) -> bool {
        lock(&self.shared.connections).open.contains_key(&address)
    }

    /// Ends all connections, and the functions that accept them. What is in the store stays there.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Whether it is closed.
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }
}

impl<S: Store> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.shared.config)
            .finish_non_exhaustive()
    }
}

/// A [`Server`] that is to be.
pub struct ServerBuilder<S: Store> {
    store: Arc<Mutex<S>>,
    config: ServerConfig,
    route: Box<RouteFn<S::Address>>,
    names: Option<Box<NameFn<S::Address>>>,
    on_refused: Option<Box<RefusedFn<S::Address>>>,
    max_frame_len: usize,
    max_backlog: usize,
    max_connections: usize,
    login_timeout: Duration,
}

impl<S> ServerBuilder<S>
where
    S: Store + Send + 'static,
    S::Address: Hash + Send + Sync + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    /// Sets what the server writes into `from` of the messages that an address sends, in place of what its client has. Without it a client may write what it likes,
    /// also the name of another; and ids of different senders may be taken for one another.
    #[must_use]
    pub fn names(mut self, names: impl Fn(S::Address) -> String + Send + Sync + 'static) -> Self {
        self.names = Some(Box::new(names));
        self
    }

    /// Sets what is told of frames that come to nothing.
    #[must_use]
    pub fn on_refused(
        mut self,
        on_refused: impl Fn(S::Address, &Refused) + Send + Sync + 'static,
    ) -> Self {
        self.on_refused = Some(Box::new(on_refused));
        self
    }

    /// Sets the longest frame that is received, in bytes. [`DEFAULT_MAX_FRAME_LEN`] unless set.
    #[must_use]
    pub const fn max_frame_len(mut self, max_frame_len: usize) -> Self {
        self.max_frame_len = max_frame_len;
        self
    }

    /// Sets how many bytes of messages of one client wait for room in the store. 1 MiB unless set. A client that sends more is disconnected.
    #[must_use]
    pub const fn max_backlog(mut self, max_backlog: usize) -> Self {
        self.max_backlog = max_backlog;
        self
    }

    /// Sets how many connections are accepted, those included that have not said who they are. 10,000 unless set. Each takes two threads, or a task.
    #[must_use]
    pub const fn max_connections(mut self, max_connections: usize) -> Self {
        self.max_connections = max_connections;
        self
    }

    /// Sets how long it may take a connection to say who it is: in a task all of it, in a thread each read. 10 seconds unless set.
    #[must_use]
    pub const fn login_timeout(mut self, login_timeout: Duration) -> Self {
        self.login_timeout = login_timeout;
        self
    }

    /// The server, with the default capacities.
    pub fn build(self) -> Server<S> {
        self.build_with_capacity::<DEFAULT_SERVER_WINDOW, DEFAULT_SERVER_ANSWERS>()
    }

    /// The server, with `WINDOW` messages in flight on each connection, and `N` bytes for answers that wait.
    pub fn build_with_capacity<const WINDOW: usize, const N: usize>(self) -> Server<S> {
        let shared = Shared {
            store: self.store,
            config: self.config,
            open: open::<S, WINDOW, N>,
            route: self.route,
            names: self.names,
            on_refused: self.on_refused,
            max_frame_len: self.max_frame_len,
            max_backlog: self.max_backlog,
            max_connections: self.max_connections,
            login_timeout: self.login_timeout,
            start: Instant::now(),
            connections: Mutex::new(Connections {
                open: HashMap::new(),
                closed: false,
                closing: Waiters::default(),
                listeners: Vec::new(),
            }),
            admitted: AtomicUsize::new(0),
        };
        Server {
            shared: Arc::new(shared),
        }
    }
}

impl<S: Store> fmt::Debug for ServerBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<S> Shared<S>
where
    S: Store,
    S::Address: Hash,
{
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The store has changed for this address.
    pub(super) fn notify(&self, address: S::Address, delivered: bool) {
        let signal = lock(&self.connections).open.get(&address).cloned();
        if let Some(signal) = signal {
            signal.change(|signals| signals.delivered |= delivered);
        }
    }

    pub(super) fn close(&self) {
        let mut connections = lock(&self.connections);
        connections.closed = true;
        let open: Vec<_> = connections.open.values().cloned().collect();
        let listeners = std::mem::take(&mut connections.listeners);
        let closing: Vec<_> = connections.closing.wake().collect();
        drop(connections);
        for signal in open {
            signal.change(|signals| signals.closed = true);
        }
        closing.into_iter().for_each(Waker::wake);
        listeners.into_iter().for_each(super::threads::knock);
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.connections).closed
    }

    /// A thread accepts connections at this address; false where the server is closed.
    pub(super) fn listen(&self, address: SocketAddr) -> bool {
        let mut connections = lock(&self.connections);
        connections.listeners.push(address);
        !connections.closed
    }

    pub(super) fn refuse(&self, address: S::Address, refused: &Refused) {
        if let Some(on_refused) = &self.on_refused {
            on_refused(address, refused);
        }
    }
}

/// One of the connections that may be accepted, until it is dropped.
pub(super) struct Admission<S: Store>(Arc<Shared<S>>);

impl<S: Store> Admission<S> {
    /// None where all are taken.
    pub(super) fn new(shared: &Arc<Shared<S>>) -> Option<Self> {
        let admitted = shared.admitted.fetch_add(1, Ordering::Relaxed);
        // It is given back where there is one too many, too.
        Some(Self(shared.clone())).filter(|_| admitted < shared.max_connections)
    }
}

impl<S: Store> Drop for Admission<S> {
    fn drop(&mut self) {
        self.0.admitted.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A lock is left in order, whatever happens: what is kept by it changes as a whole or not at all.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
