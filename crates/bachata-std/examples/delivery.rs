//! Two people write to one another through a server, over TCP, in one process. Their connections are cut again and again, and every message is delivered
//! once.
//!
//!     cargo run --example delivery --features delivery

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bachata_std::Protocol;
use bachata_std::delivery::{
    Backoff, Client, ClientConfig, Delivery, MemoryStore, Server, ServerConfig, StoreLimits,
};

const NAMES: [&str; 2] = ["alice", "bob"];
const MESSAGES: usize = 100;
const CUTS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    // An address is the place of a name. A message goes where its `dest` says, and its `from` is what the server knows its sender by.
    let store = Arc::new(Mutex::new(MemoryStore::new(StoreLimits::default())));
    let server = Server::builder(store.clone(), ServerConfig::default(), |_, message| {
        let dest = message.dest()?;
        NAMES.iter().position(|name| dest == **name)
    })
    .names(|address| NAMES[address].to_owned())
    .build();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let serving = thread::spawn({
        let server = server.clone();
        move || server.serve(listener, authenticate)
    });

    let people = NAMES.map(|name| Person::new(name, address));
    let [alice, bob] = &people;
    thread::scope(|scope| {
        scope.spawn(|| alice.write_to("bob"));
        scope.spawn(|| bob.write_to("alice"));
        for person in &people {
            scope.spawn(|| person.read());
        }
        for cut in 0..CUTS {
            people[cut % 2].wait_for(MESSAGES * (cut + 1) / (CUTS + 1));
            people[cut % 2].cut();
        }
    });

    // Nothing more comes, and nothing is left.
    for person in &people {
        assert!(
            person
                .client
                .recv()
                .wait_timeout(Duration::from_millis(200))
                .is_none()
        );
    }
    assert_eq!(store.lock().unwrap().undelivered(), 0);
    for person in people {
        person.leave();
    }
    server.close();
    serving.join().expect("the server does not panic")?;
    Ok(())
}

/// The first line of a connection is a name. Whether it is true is for an application to find out.
fn authenticate(reader: &mut BufReader<TcpStream>) -> io::Result<usize> {
    let mut name = String::new();
    io::Read::take(reader, 16).read_line(&mut name)?;
    let address = NAMES.iter().position(|known| *known == name.trim_end());
    address.ok_or_else(|| io::ErrorKind::PermissionDenied.into())
}

struct Person {
    name: &'static str,
    client: Client,
    connecting: thread::JoinHandle<()>,
    /// The connection that there is, and how many there were.
    connection: Arc<Mutex<(Option<TcpStream>, usize)>>,
    received: Mutex<Vec<String>>,
}

impl Person {
    fn new(name: &'static str, address: SocketAddr) -> Self {
        let client = Client::new(ClientConfig::default());
        let driver = client.driver();
        let connection = Arc::new(Mutex::new((None, 0)));
        let current = connection.clone();
        let connect = move || {
            let mut stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            writeln!(stream, "{name}")?;
            let mut current = current.lock().unwrap();
            *current = (Some(stream.try_clone()?), current.1 + 1);
            println!("{name}: connection {}", current.1);
            Ok(stream)
        };
        let backoff = Backoff {
            first: Duration::from_millis(50),
            max: Duration::from_secs(1),
        };
        Self {
            name,
            client,
            connecting: thread::spawn(move || driver.run(connect, backoff)),
            connection,
            received: Mutex::default(),
        }
    }

    /// Sends all messages, and waits until they are delivered.
    fn write_to(&self, dest: &str) {
        let protocol = Protocol::new();
        let deliveries: Vec<Delivery> = (0..MESSAGES)
            .map(|number| {
                let text = format!("message {number} of {}", self.name);
                let message = protocol
                    .make_message()
                    .kind("note")
                    .dest(dest)
                    .data(text)
                    .build();
                self.client.enqueue(&message).wait().expect("it is taken")
            })
            .collect();
        for delivery in deliveries {
            delivery.wait().expect("it is delivered");
        }
        println!("{}: all {MESSAGES} messages are delivered", self.name);
    }

    /// Receives as many messages as the other sends, each of them once.
    fn read(&self) {
        while self.received.lock().unwrap().len() < MESSAGES {
            let received = self.client.recv().wait().expect("the client is open");
            let message = received.message().expect("it is a note");
            let text = message.data().as_text().unwrap_or_default().to_owned();
            let mut all = self.received.lock().unwrap();
            assert!(!all.contains(&text), "{text} came twice");
            all.push(text);
            received.acknowledge();
        }
        println!("{}: received {MESSAGES} messages, each once", self.name);
    }

    fn wait_for(&self, count: usize) {
        while self.received.lock().unwrap().len() < count {
            thread::sleep(Duration::from_micros(100));
        }
    }

    /// Breaks the connection, wherever it is.
    fn cut(&self) {
        let count = self.received.lock().unwrap().len();
        if let Some(stream) = &self.connection.lock().unwrap().0 {
            println!("{}: cut after {count} messages", self.name);
            let _gone_already = stream.shutdown(Shutdown::Both);
        }
    }

    fn leave(self) {
        let connections = self.connection.lock().unwrap().1;
        assert!(connections > CUTS / 2, "{connections} connections");
        println!("{}: {connections} connections", self.name);
        drop(self.client);
        self.connecting.join().expect("the connections end");
    }
}
