//! Two clients deliver messages through the server of the Python package, over WebSockets, while their connections are cut: what `ci/reference` runs. It also
//! shows how a client drives a transport that has frames of its own.
//!
//!     cargo run --example reference --features delivery -- PORT MESSAGES RECONNECTS
//!
//! Prints how many messages were delivered, received, received twice, how many connections were cut, and how many were made anew because the server had
//! gone deaf on them.

use std::collections::HashMap;
use std::error::Error;
use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use bachata_std::delivery::{Client, ClientConfig, Connection, Delivery, Driver};
use bachata_std::{Policy, Protocol};
use tungstenite::WebSocket;

/// How long nothing may come, while messages are on their way, before a connection is made anew. `bachata_std::coming_from_python` says why.
const DEAF_AFTER: Duration = Duration::from_millis(500);

/// How long a thread waits for a frame before it looks whether it has one to send.
const TICK: Duration = Duration::from_millis(1);

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<usize> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse())
        .collect::<Result<_, _>>()?;
    let [port, messages, reconnects] = arguments[..] else {
        return Err("usage: reference PORT MESSAGES RECONNECTS".into());
    };

    // A channel of a former run may hold something.
    let run = Protocol::new().make_message().build().id().to_owned();
    let (alice, bob) = (
        Peer::new(port, format!("a-{run}")),
        Peer::new(port, format!("b-{run}")),
    );
    let received = Mutex::new(HashMap::<String, usize>::new());
    let delivered = AtomicUsize::new(0);
    thread::scope(|scope| {
        for peer in [&alice, &bob] {
            let driver = peer.client.driver();
            scope.spawn(move || peer.run(&driver));
        }
        scope.spawn(|| {
            while let Some(message) = bob.client.recv().wait() {
                let id = message.message().expect("it is a text").id().to_owned();
                *received.lock().unwrap().entry(id).or_default() += 1;
                message.acknowledge();
            }
        });
        scope.spawn(|| {
            for cut in 0..reconnects {
                let count = messages * (cut + 1) / (reconnects + 1);
                while received.lock().unwrap().len() < count {
                    thread::sleep(TICK);
                }
                [&alice, &bob][cut % 2].cut();
            }
        });

        let protocol = Protocol::new();
        let deliveries: Vec<Delivery> = (0..messages)
            .map(|number| {
                let message = protocol
                    .make_message()
                    .kind("text")
                    .from(&*alice.channel)
                    .dest(&*bob.channel)
                    .data(format!("message {number}"))
                    .build();
                alice.client.enqueue(&message).wait().expect("it is taken")
            })
            .collect();
        for delivery in deliveries {
            if delivery
                .wait_timeout(Duration::from_secs(60))
                .is_ok_and(|end| end.is_ok())
            {
                delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
        for peer in [&alice, &bob] {
            peer.client.close();
        }
    });

    let received = received.into_inner()?;
    let twice = received.values().filter(|&&count| count > 1).count();
    let sum = |one: &AtomicUsize, other: &AtomicUsize| {
        one.load(Ordering::Relaxed) + other.load(Ordering::Relaxed)
    };
    let (cuts, deaf) = (sum(&alice.cuts, &bob.cuts), sum(&alice.deaf, &bob.deaf));
    println!(
        "{} {} {twice} {cuts} {deaf}",
        delivered.into_inner(),
        received.len()
    );
    Ok(())
}

struct Peer {
    client: Client,
    port: usize,
    channel: String,
    is_to_be_cut: AtomicBool,
    cuts: AtomicUsize,
    deaf: AtomicUsize,
}

impl Peer {
    fn new(port: usize, channel: String) -> Self {
        let config = ClientConfig {
            policy: Policy::Reference,
            ..ClientConfig::default()
        };
        Self {
            client: Client::builder(config).build_with_capacity::<256, 4096, 1024>(),
            port,
            channel,
            is_to_be_cut: AtomicBool::new(false),
            cuts: AtomicUsize::new(0),
            deaf: AtomicUsize::new(0),
        }
    }

    /// Has the connection broken that there is, and waits until it is.
    fn cut(&self) {
        self.is_to_be_cut.store(true, Ordering::Relaxed);
        while self.is_to_be_cut.load(Ordering::Relaxed) {
            thread::sleep(TICK);
        }
    }

    fn run(&self, driver: &Driver) {
        while !driver.is_closed() {
            // It ends by an error: the connection is cut, deaf, refused, or closed with the client.
            let _end = self.connect(&driver.attach());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Makes a connection and sees to it until it ends.
    fn connect(&self, connection: &Connection) -> Result<(), Box<dyn Error>> {
        let stream = TcpStream::connect(("127.0.0.1", u16::try_from(self.port)?))?;
        stream.set_nodelay(true)?;
        let url = format!(
            "ws://127.0.0.1:{}/messages?channel={}",
            self.port, self.channel
        );
        let (mut socket, _) = tungstenite::client(url, stream)?;
        socket.get_ref().set_read_timeout(Some(TICK))?;
        let mut cx = Context::from_waker(Waker::noop());
        let mut heard = Instant::now();
        loop {
            self.transmit(connection, &mut cx, &mut socket)?;
            if connection.is_ready() && self.is_to_be_cut.swap(false, Ordering::Relaxed) {
                self.cuts.fetch_add(1, Ordering::Relaxed);
                socket.get_ref().shutdown(Shutdown::Both)?;
                return Err("cut".into());
            }
            let frame = match socket.read() {
                Ok(tungstenite::Message::Text(frame)) => frame,
                Ok(_) => continue,
                Err(tungstenite::Error::Io(error))
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if heard.elapsed() > DEAF_AFTER {
                        self.deaf.fetch_add(1, Ordering::Relaxed);
                        return Err("the server is deaf".into());
                    }
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            heard = Instant::now();
            while connection
                .poll_handle_frame(&mut cx, frame.as_bytes())?
                .is_pending()
            {
                self.transmit(connection, &mut cx, &mut socket)?;
                thread::sleep(TICK);
            }
        }
    }

    fn transmit(
        &self,
        connection: &Connection,
        cx: &mut Context<'_>,
        socket: &mut WebSocket<TcpStream>,
    ) -> Result<(), Box<dyn Error>> {
        let mut frame = Vec::new();
        while let Poll::Ready(()) = connection.poll_transmit(cx, &mut frame)? {
            let text = String::from_utf8(std::mem::take(&mut frame))?;
            socket.send(tungstenite::Message::text(text))?;
        }
        Ok(())
    }
}
