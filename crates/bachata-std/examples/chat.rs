//! Two people chat through a server, over TCP, in one process. The schema of the chat is an enum; the server does not need to know it.
//!
//!     cargo run --example chat

use std::collections::HashMap;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use bachata_std::{
    DataMessage, Error, FrameReader, FrameWriter, Message, Protocol, RawPayload, TaggedMessage,
    TransportMessage, TransportType, Unknown,
};
use serde::{Deserialize, Serialize};

/// All that people can say to one another.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Chat {
    Text(String),
    Place {
        lat: f64,
        lon: f64,
    },
    /// What a newer version of the chat may say.
    #[serde(untagged)]
    Other(Unknown),
}

fn main() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let server = thread::spawn(move || serve(&listener));
    let bob = thread::spawn(move || bob(address));
    alice(address)?;
    bob.join().expect("bob does not panic")?;
    server.join().expect("the server does not panic")
}

/// Accepts alice and bob, and passes on what alice says until she leaves.
fn serve(listener: &TcpListener) -> Result<(), Error> {
    let mut people = HashMap::new();
    for _ in 0..2 {
        let (stream, _) = listener.accept()?;
        let mut reader =
            FrameReader::new(BufReader::new(stream.try_clone()?)).typed::<RawPayload>();
        let mut writer = FrameWriter::new(stream);
        // The first message says who it is.
        let Some(Message::Data(hello)) = reader.next().transpose()? else {
            continue;
        };
        writer.write(&TransportMessage::ready())?;
        people.insert(
            hello.from().unwrap_or_default().to_owned(),
            (reader, writer),
        );
    }
    let (mut from_alice, mut to_alice) = people.remove("alice").expect("alice is here");
    let (mut from_bob, mut to_bob) = people.remove("bob").expect("bob is here");
    while let Some(message) = from_alice.next().transpose()? {
        let Message::Data(message) = message else {
            continue;
        };
        to_alice.write(&message.accepted())?;
        let delivered = message.delivered();
        // Who sent it is for the server to say.
        to_bob.write(&message.with_from("alice"))?;
        if let Some(Message::Transport(answer)) = from_bob.next().transpose()? {
            if answer.kind() == TransportType::Received {
                to_alice.write(&delivered)?;
            }
        }
    }
    Ok(())
}

fn alice(address: SocketAddr) -> Result<(), Error> {
    let protocol = Protocol::new();
    let stream = TcpStream::connect(address)?;
    let mut reader = FrameReader::new(BufReader::new(stream.try_clone()?)).tagged::<Chat>();
    let mut writer = FrameWriter::new(stream);
    writer.write(&protocol.make_message().kind("hello").from("alice").build())?;
    expect(reader.next(), TransportType::Ready)?;

    for chat in [
        Chat::Text("hi bob, where are you?".to_owned()),
        Chat::Place {
            lat: 59.3,
            lon: 18.1,
        },
        Chat::Other(Unknown::new("vote", "yes")),
    ] {
        let message = protocol.make_message().tagged(chat).dest("bob").build();
        writer.write(&message)?;
        for kind in [TransportType::Accepted, TransportType::Delivered] {
            let answer = expect(reader.next(), kind)?;
            assert_eq!(answer.data(), Some(message.id()));
            println!("alice: {} is {kind}", message.id());
        }
    }
    Ok(())
}

/// Acknowledges and prints all that comes.
fn bob(address: SocketAddr) -> Result<(), Error> {
    let stream = TcpStream::connect(address)?;
    let mut reader = FrameReader::new(BufReader::new(stream.try_clone()?)).tagged::<Chat>();
    let mut writer = FrameWriter::new(stream);
    writer.write(&DataMessage::new("1", "hello", 0, "").with_from("bob"))?;
    expect(reader.next(), TransportType::Ready)?;

    for message in reader {
        if let Message::Data(message) = message? {
            writer.write(&message.ack())?;
            let from = message.from().unwrap_or("somebody").to_owned();
            match message.into_data() {
                Chat::Text(text) => println!("bob: {from} says {text:?}"),
                Chat::Place { lat, lon } => println!("bob: {from} is at {lat}, {lon}"),
                Chat::Other(unknown) => {
                    println!("bob: {from} sends a {}, whatever that is", unknown.kind())
                }
            }
        }
    }
    Ok(())
}

/// The next message, which must be of a certain transport type.
fn expect(
    message: Option<Result<TaggedMessage<Chat>, Error>>,
    kind: TransportType,
) -> Result<TransportMessage, Error> {
    match message.transpose()?.and_then(Message::into_transport) {
        Some(message) if message.kind() == kind => Ok(message),
        other => panic!("expected a {kind}, got {other:?}"),
    }
}
