//! What the tests share: a server with two people, clients with short waits, peers made of lines, and a line that is cut.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bachata_std::DataMessage;
use bachata_std::delivery::{
    Backoff, Client, ClientConfig, KeepAlive, MemoryStore, Server, ServerConfig, StoreLimits,
};

pub(crate) const ALICE: u8 = 1;
pub(crate) const BOB: u8 = 2;

/// Longer than anything takes that works.
pub(crate) const LONG: Duration = Duration::from_secs(20);

pub(crate) const BACKOFF: Backoff = Backoff {
    first: Duration::from_millis(2),
    max: Duration::from_millis(20),
};

pub(crate) type Store = MemoryStore<u8>;

pub(crate) fn store(limits: StoreLimits) -> Arc<Mutex<Store>> {
    Arc::new(Mutex::new(MemoryStore::new(limits)))
}

pub(crate) fn server(store: &Arc<Mutex<Store>>, config: ServerConfig) -> Server<Store> {
    Server::builder(store.clone(), config, |_, message| {
        let dest = message.dest()?;
        [("alice", ALICE), ("bob", BOB)]
            .into_iter()
            .find_map(|(name, address)| (dest == name).then_some(address))
    })
    .names(|address| if address == ALICE { "alice" } else { "bob" }.to_owned())
    .build()
}

/// A server that accepts connections, each of which begins with the number of its address.
pub(crate) struct Running {
    pub(crate) server: Server<Store>,
    pub(crate) address: SocketAddr,
    thread: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(store: &Arc<Mutex<Store>>, config: ServerConfig) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = server(store, config);
        let serving = server.clone();
        let thread = thread::spawn(move || {
            serving
                .serve(listener, |reader| {
                    let mut address = [0];
                    reader.read_exact(&mut address)?;
                    Ok(address[0])
                })
                .unwrap();
        });
        Self {
            server,
            address,
            thread,
        }
    }

    pub(crate) fn stop(self) {
        self.server.close();
        self.thread.join().unwrap();
    }
}

pub(crate) fn log_in(to: SocketAddr, as_whom: u8) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.write_all(&[as_whom])?;
    Ok(stream)
}

/// A client whose connections are seen to by a thread.
pub(crate) fn run(
    client: &Client,
    connect: impl FnMut() -> std::io::Result<TcpStream> + Send + 'static,
) -> JoinHandle<()> {
    let driver = client.driver();
    thread::spawn(move || driver.run(connect, BACKOFF))
}

pub(crate) fn config() -> ClientConfig {
    ClientConfig::default()
}

/// Keeps a connection alive for a test that takes a moment, or finds that it is not.
pub(crate) const HASTY: KeepAlive = KeepAlive {
    ping_after: Some(40),
    dead_after: Some(120),
};

pub(crate) fn message(id: impl ToString, dest: &str) -> DataMessage {
    let id = id.to_string();
    DataMessage::new(id.clone(), "note", 0, format!("text {id}")).with_dest(dest)
}

/// Receives and acknowledges so many messages, and gives their ids.
pub(crate) fn receive(client: &Client, count: usize) -> Vec<String> {
    (0..count)
        .map(|got| {
            let received = client.recv().wait_timeout(LONG);
            let received = received.unwrap_or_else(|| panic!("only {got} of {count}"));
            let id = received.message().unwrap().id().to_owned();
            received.acknowledge();
            id
        })
        .collect()
}

pub(crate) fn nothing_more(client: &Client) {
    let more = client.recv().wait_timeout(Duration::from_millis(30));
    assert!(more.is_none(), "{more:?}");
}

pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A peer that says and hears lines.
pub(crate) struct Lines {
    pub(crate) stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Lines {
    pub(crate) fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_nodelay(true).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Self { stream, reader }
    }

    pub(crate) fn say(&mut self, line: &str) {
        self.stream
            .write_all(format!("{line}\n").as_bytes())
            .unwrap();
    }

    /// The next line; none at the end.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) fn expect(&mut self, line: &str) {
        assert_eq!(self.hear().as_deref(), Some(line));
    }
}

/// A client and the peer at the other end of its connection, which a thread sees to.
pub(crate) fn pair(client: &Client) -> (Lines, JoinHandle<bachata_std::delivery::Disconnect>) {
    let (near, far) = tcp_pair();
    let driver = client.driver();
    let thread = thread::spawn(move || driver.drive(near));
    (Lines::new(far), thread)
}

pub(crate) fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = listener.accept().unwrap();
    (near, far)
}

/// What a connection passes on before it is cut, in both directions together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cut {
    AfterFrames(usize),
    AfterBytes(usize),
    Never,
}

/// A proxy that passes bytes on. Its first connections are cut, as they are told to.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) fn start(to: SocketAddr, cuts: Vec<Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        thread::spawn(move || {
            let cuts = cuts.into_iter().chain(std::iter::repeat(Cut::Never));
            for (near, cut) in listener.incoming().zip(cuts) {
                let near = near.unwrap();
                count.fetch_add(1, Ordering::Relaxed);
                let Ok(far) = TcpStream::connect(to) else {
                    continue;
                };
                let left = Arc::new(Mutex::new(cut));
                for (from, to) in [(&near, &far), (&far, &near)] {
                    from.set_nodelay(true).unwrap();
                    let from = from.try_clone().unwrap();
                    let to = to.try_clone().unwrap();
                    let left = left.clone();
                    thread::spawn(move || pass_on(from, to, &left));
                }
            }
        });
        Self {
            address,
            connections,
        }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, left: &Mutex<Cut>) {
    let mut buffer = [0; 4096];
    loop {
        let len = from.read(&mut buffer).unwrap_or(0);
        let (passed, cut) = take(&mut left.lock().unwrap(), &buffer[..len]);
        let written = to.write_all(&buffer[..passed]);
        if len == 0 || cut || written.is_err() {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
}

/// How much of some bytes is passed on, and whether the connection is cut after that.
fn take(left: &mut Cut, bytes: &[u8]) -> (usize, bool) {
    match left {
        Cut::Never => (bytes.len(), false),
        Cut::AfterBytes(left) => {
            let passed = bytes.len().min(*left);
            *left -= passed;
            (passed, *left == 0)
        }
        Cut::AfterFrames(left) => {
            for (index, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n') {
                if *left <= 1 {
                    *left = 0;
                    return (index + 1, true);
                }
                *left -= 1;
            }
            if *left == 0 {
                (0, true)
            } else {
                (bytes.len(), false)
            }
        }
    }
}
