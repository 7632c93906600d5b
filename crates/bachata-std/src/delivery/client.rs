use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use super::machine::{Machine, boxed};
use super::state::{OnRefused, Settings, Shared};
use super::{
    ClientConfig, Connection, Counters, Delivery, Enqueue, Recv, Refused, SendError, Sending,
};
use crate::core::delivery;
use crate::{DEFAULT_MAX_FRAME_LEN, ToFrame};

/// How many messages a [`Client`] has on their way at once, unless it is [built](ClientBuilder::build_with_capacity) for more.
pub const DEFAULT_WINDOW: usize = 32;

/// How many received messages a [`Client`] remembers, unless it is [built](ClientBuilder::build_with_capacity) for more.
pub const DEFAULT_DEDUPE: usize = 1024;

/// The longest message that a [`Client`] sends, as a frame in bytes, unless it is [built](ClientBuilder::build_with_capacity) for more.
pub const DEFAULT_MAX_SEND_LEN: usize = 4096;

/// Sends and receives messages reliably, over one connection after another.
///
/// This is the side of the application: messages are taken and handed up whether there is a connection or not. A [`Driver`] sees to the connections, in a
/// thread or a task of its own. What is to be awaited can be waited for as well: `client.send(&message).await` in a task,
/// `client.send(&message).wait()` in a thread.
///
/// Clones are handles of the same client. It is [closed](Self::close) with the last of them.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::thread;
/// use bachata_std::DataMessage;
/// use bachata_std::delivery::{Backoff, Client, ClientConfig};
/// # use bachata_std::core::delivery::ServerConfig;
/// # use bachata_std::delivery::{MemoryStore, Server, StoreLimits};
/// # use std::sync::{Arc, Mutex};
///
/// # let listener = TcpListener::bind("127.0.0.1:0")?;
/// # let address = listener.local_addr()?;
/// # let store = Arc::new(Mutex::new(MemoryStore::new(StoreLimits::default())));
/// # let server = Server::new(store, ServerConfig::default(), |_, _| Some(1));
/// # let serving = { let server = server.clone(); thread::spawn(move || server.serve(listener, |_| Ok(1))) };
/// let client = Client::new(ClientConfig::default());
/// let driver = client.driver();
/// let connections = thread::spawn(move || {
///     driver.run(|| TcpStream::connect(address), Backoff::default());
/// });
///
/// // To oneself, here.
/// let delivery = client.try_send(&DataMessage::new("7", "note", 0, "hi"))?;
/// let received = client.recv().wait().unwrap();
/// assert_eq!(received.message()?.data().as_text(), Some("hi"));
/// received.acknowledge();
/// delivery.wait()?;
///
/// drop(client);
/// connections.join().unwrap();
/// # server.close();
/// # serving.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    handle: Arc<Handle>,
}

/// The last one closes the client.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.with(|state, _| state.close());
    }
}

impl Client {
    /// A client without a connection, with the default capacities: [`DEFAULT_WINDOW`], [`DEFAULT_DEDUPE`] and [`DEFAULT_MAX_SEND_LEN`].
    pub fn new(config: ClientConfig) -> Self {
        Self::builder(config).build()
    }

    /// A client with more to say about it.
    pub fn builder(config: ClientConfig) -> ClientBuilder {
        ClientBuilder {
            config,
            max_frame_len: DEFAULT_MAX_FRAME_LEN,
            max_backlog: DEFAULT_MAX_FRAME_LEN,
            on_refused: None,
        }
    }

    /// What sees to the connections.
    pub fn driver(&self) -> Driver {
        Driver {
            shared: self.handle.shared.clone(),
        }
    }

    /// Sends a message, and resolves when it has been delivered. Waits for room first, where there is none.
    ///
    /// The message is written as a frame now, and taken when the future is polled first; from then on it goes its way, whether the future is there or not.
    pub fn send(&self, message: &(impl ToFrame + ?Sized)) -> Sending {
        Sending::new(self.enqueue(message))
    }

    /// Takes a message as soon as there is room for it, and gives a [`Delivery`] that resolves when it has been delivered: for an application that sends the next
    /// message before.
    pub fn enqueue(&self, message: &(impl ToFrame + ?Sized)) -> Enqueue {
        Enqueue::new(self.handle.shared.clone(), to_frame(message))
    }

    /// Takes a message, if there is room for it now.
    ///
    /// # Errors
    ///
    /// The message is not taken: it can't be written, it is too long, its id is on its way, or there is no room for it now.
    pub fn try_send(&self, message: &(impl ToFrame + ?Sized)) -> Result<Delivery, SendError> {
        let frame = to_frame(message).map_err(SendError::Message)?;
        self.try_send_frame(&frame)
    }

    /// Takes a message that is a frame already: one that a former start has left on a disk, say. It is sent as it is.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Self::try_send); and the frame is no data message.
    pub fn try_send_frame(&self, frame: &[u8]) -> Result<Delivery, SendError> {
        let shared = &self.handle.shared;
        let token = shared.with(|state, now| state.send(frame, now))?;
        Ok(Delivery::new(shared.clone(), token))
    }

    /// The next message; none once the client is closed. Messages are handed up one at a time: several tasks may wait for them.
    pub fn recv(&self) -> Recv {
        Recv::new(self.handle.shared.clone())
    }

    /// Whether there is a connection on which the server has said that it is ready (1000).
    pub fn is_ready(&self) -> bool {
        self.handle.shared.with(|state, _| {
            let connection = state.connection.as_ref();
            connection.is_some_and(|connection| connection.ready)
        })
    }

    /// What has been seen and not handed up.
    pub fn counters(&self) -> Counters {
        self.handle.shared.with(|state, _| state.machine.counters())
    }

    /// Ends the connection that there is, so that another is made: the network is another one, say, or the server is to send again what was
    /// [released](super::Received::release).
    pub fn reconnect(&self) {
        self.handle.shared.with(|state, _| state.renew());
    }

    /// Gives everything up: messages that have not come to their end, and those that have not been handed up, which come again to the next client. The connection
    /// ends when what has been acknowledged is said.
    pub fn close(&self) {
        self.handle.shared.with(|state, _| state.close());
    }
}

fn to_frame(message: &(impl ToFrame + ?Sized)) -> Result<Vec<u8>, crate::Error> {
    let mut frame = Vec::new();
    message.append_to(&mut frame)?;
    Ok(frame)
}

/// A [`Client`] that is to be.
pub struct ClientBuilder {
    config: ClientConfig,
    max_frame_len: usize,
    max_backlog: usize,
    on_refused: Option<OnRefused>,
}

impl ClientBuilder {
    /// Sets the longest frame that is received, in bytes. [`DEFAULT_MAX_FRAME_LEN`] unless set.
    #[must_use]
    pub const fn max_frame_len(mut self, max_frame_len: usize) -> Self {
        self.max_frame_len = max_frame_len;
        self
    }

    /// Sets how many bytes of messages wait while the application has as many as it may have without acknowledging them, which are 15. 1 MiB unless set.
    ///
    /// Beyond that nothing more is read from the connection. Only where the client has messages of its own on their way, it goes on, so that it hears of them: what it can't
    /// keep then is left out, and the connection is [made anew](super::Disconnect::Overrun) when there is room, for the server to send it again.
    #[must_use]
    pub const fn max_backlog(mut self, max_backlog: usize) -> Self {
        self.max_backlog = max_backlog;
        self
    }

    /// Sets what is told of frames that come to nothing.
    #[must_use]
    pub fn on_refused(mut self, on_refused: impl Fn(&Refused) + Send + Sync + 'static) -> Self {
        self.on_refused = Some(Box::new(on_refused));
        self
    }

    /// The client, with the default capacities.
    pub fn build(self) -> Client {
        self.build_with_capacity::<DEFAULT_WINDOW, DEFAULT_DEDUPE, DEFAULT_MAX_SEND_LEN>()
    }

    /// The client, with `WINDOW` messages on their way at once, each of at most `N` bytes, and with the last `DEDUPE` received messages in mind. It takes
    /// `WINDOW × (N + 40) + DEDUPE × 16 + N` bytes from now on.
    ///
    /// ```
    /// use bachata_std::delivery::{Client, ClientConfig};
    ///
    /// let client = Client::builder(ClientConfig::default()).build_with_capacity::<256, 10_000, 65_536>();
    /// assert!(!client.is_ready());
    /// ```
    pub fn build_with_capacity<const WINDOW: usize, const DEDUPE: usize, const N: usize>(
        self,
    ) -> Client {
        let Self {
            mut config,
            max_frame_len,
            max_backlog,
            on_refused,
        } = self;
        if config.key == [0; 2] {
            let (first, second) = Uuid::new_v4().as_u64_pair();
            config.key = [first, second];
        }
        // It counts when a message is handed up to the application, which is not when it is here.
        let acknowledge_at_once = std::mem::take(&mut config.acknowledge_at_once);
        let machine: Box<dyn Machine> =
            boxed(move || delivery::Client::<WINDOW, DEDUPE, N>::new(config));
        let settings = Settings {
            policy: config.policy,
            max_frame_len,
            max_backlog,
            acknowledge_at_once,
            on_refused,
        };
        let shared = Arc::new(Shared::new(machine, settings));
        Client {
            handle: Arc::new(Handle { shared }),
        }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Sees to the connections of a [`Client`]: one at a time, one after another. It does not keep the client open.
///
/// [`run`](Self::run) does it in a thread, `run_async` in a task, with the feature `tokio`. Both connect again whenever a connection has ended, after a [pause](super::Backoff);
/// [`drive`](Self::drive) and `drive_async` see to one connection, for an application that has its own way to make the next. Time
/// passes for the messages of a client while one of them is at work, or somebody waits in a thread.
#[derive(Clone, Debug)]
pub struct Driver {
    pub(super) shared: Arc<Shared>,
}

impl Driver {
    /// A connection is there, and a former one is gone: for transports of other kinds, see [`Connection`].
    pub fn attach(&self) -> Connection {
        Connection::new(self.shared.clone())
    }

    /// Whether the client is closed: there is to be no further connection.
    pub fn is_closed(&self) -> bool {
        self.shared.with(|state, _| state.closed)
    }
}
