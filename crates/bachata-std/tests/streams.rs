//! Streams, cut at every byte and read through small buffers.

use std::io::{self, BufRead, BufReader, Read};

use bachata_std::{
    DEFAULT_MAX_FRAME_LEN, Error, FrameReader, FrameWriter, Message, Protocol, TransportMessage,
};

const STREAM: &str = concat!(
    "{\"type\":1000}\n",
    "\r\n\n  \n",
    "{\"id\":\"7\",\"type\":\"t\",\"time\":0,\"data\":\"caf\u{e9}\"}\r\n",
    "no message\n",
    "{\"type\":1001,\"data\":\"0123456789012345678901234567890123456789\"}\n",
    "{\"type\":200}\n",
    "{\"type\":1002}",
);

const LIMIT: usize = 48;

/// What is found in the stream, as text.
fn expected() -> Vec<String> {
    [
        "{\"type\":1000}",
        "{\"id\":\"7\",\"type\":\"t\",\"time\":0,\"data\":\"caf\u{e9}\"}",
        "expected '{' at byte 0",
        "frame of 63 bytes is over the limit of 48",
        "missing member \"data\" at byte 11",
        "{\"type\":1002}",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn shown(results: impl Iterator<Item = Result<Message, Error>>) -> Vec<String> {
    results
        .map(|result| result.map_or_else(|error| error.to_string(), |message| message.to_string()))
        .collect()
}

fn protocol() -> Protocol {
    Protocol::new().with_max_frame_len(LIMIT)
}

#[test]
fn buffers_of_every_size_give_the_same_messages() {
    for capacity in 1..=STREAM.len() + 1 {
        let reader = BufReader::with_capacity(capacity, STREAM.as_bytes());
        let messages = FrameReader::with_protocol(reader, &protocol());
        assert_eq!(shown(messages), expected(), "{capacity}");
    }
}

#[test]
fn a_stream_cut_at_every_byte_gives_the_same_messages() {
    for cut in 0..=STREAM.len() {
        let (start, end) = STREAM.as_bytes().split_at(cut);
        let messages = FrameReader::with_protocol(start.chain(end), &protocol());
        assert_eq!(shown(messages), expected(), "{cut}");
    }
}

/// Would block before every byte.
struct Slow<'s> {
    stream: &'s [u8],
    ready: bool,
}

impl Read for Slow<'_> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("it is read through its buffer")
    }
}

impl BufRead for Slow<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.ready || self.stream.is_empty() {
            return Ok(&self.stream[..self.stream.len().min(1)]);
        }
        self.ready = true;
        Err(io::ErrorKind::WouldBlock.into())
    }

    fn consume(&mut self, amount: usize) {
        self.stream = &self.stream[amount..];
        self.ready &= amount == 0;
    }
}

#[test]
fn nothing_is_lost_where_reading_would_block() {
    let slow = Slow {
        stream: STREAM.as_bytes(),
        ready: false,
    };
    let mut blocked = 0;
    let messages = FrameReader::with_protocol(slow, &protocol()).filter(|message| {
        let would_block =
            matches!(message, Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock);
        blocked += usize::from(would_block);
        !would_block
    });
    assert_eq!(shown(messages), expected());
    assert_eq!(blocked, STREAM.len());
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

#[test]
fn a_failed_stream_ends() {
    let reader = BufReader::new(STREAM.as_bytes()[..20].chain(Broken));
    let mut messages = FrameReader::new(reader);
    assert!(messages.next().unwrap().is_ok());
    let error = messages.next().unwrap().unwrap_err();
    assert!(!error.is_about_one_frame());
    assert_eq!(
        io::Error::from(error).kind(),
        io::ErrorKind::ConnectionReset
    );
    assert!(messages.next().is_none());
}

/// Gives its buffer once, and then fails.
struct Forgetful(bool);

impl Read for Forgetful {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        unreachable!("it is read through its buffer")
    }
}

impl BufRead for Forgetful {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if std::mem::replace(&mut self.0, true) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(b"{\"type\":1000}\n")
    }

    fn consume(&mut self, _: usize) {}
}

#[test]
fn a_buffer_that_is_not_there_any_more_is_an_error() {
    let mut messages = FrameReader::new(Forgetful(false));
    for _ in 0..2 {
        let error = messages.next().unwrap().unwrap_err();
        assert_eq!(
            io::Error::from(error).kind(),
            io::ErrorKind::ConnectionReset
        );
    }
    assert!(messages.next().is_none());
}

#[test]
fn the_default_limit_holds_everywhere() {
    let frame = |len: usize| format!("{{\"type\":1001,\"data\":\"{}\"}}", "x".repeat(len - 23));
    let (longest, too_long) = (
        frame(DEFAULT_MAX_FRAME_LEN),
        frame(DEFAULT_MAX_FRAME_LEN + 1),
    );
    assert_eq!(longest.len(), DEFAULT_MAX_FRAME_LEN);
    let stream = format!("{longest}\n{too_long}\r\n{longest}");
    let results: Vec<_> = FrameReader::new(stream.as_bytes()).collect();
    assert!(
        matches!(&results[..], [Ok(_), Err(Error::TooLong(error)), Ok(_)] if error.len == too_long.len())
    );
    assert!(longest.parse::<Message>().is_ok());
    assert!(matches!(
        too_long.parse::<Message>(),
        Err(Error::TooLong(_))
    ));
    assert!(matches!(
        Message::<String>::try_from(too_long.as_bytes()),
        Err(Error::TooLong(_))
    ));
    assert!(Protocol::new().load_message(&too_long).is_err());
    assert!(
        Protocol::new()
            .with_max_frame_len(usize::MAX)
            .load_message(&too_long)
            .is_ok()
    );
}

#[test]
fn what_is_written_is_read() {
    let mut writer = FrameWriter::new(Vec::new());
    let messages: Vec<Message> = expected()
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect();
    for message in &messages {
        writer.write(message).unwrap();
    }
    writer.write(&TransportMessage::ping()).unwrap();
    writer.flush().unwrap();
    let stream = writer.into_inner();
    let read: Result<Vec<Message>, Error> = FrameReader::new(&stream[..]).collect();
    let read = read.unwrap();
    assert_eq!(read[..messages.len()], messages);
    assert_eq!(read.len(), messages.len() + 1);
}

#[cfg(feature = "tokio")]
mod codec {
    use bachata_std::{Codec, DataMessage, Error, Message, TransportMessage};
    use bytes::BytesMut;
    use futures_util::{SinkExt, StreamExt};
    use tokio_util::codec::{Decoder, Encoder, Framed};

    use super::{STREAM, expected, protocol};

    fn show(found: Result<Message, Error>) -> String {
        found.map_or_else(|error| error.to_string(), |message| message.to_string())
    }

    #[test]
    fn pieces_of_every_size_give_the_same_messages() {
        for size in 1..=STREAM.len() {
            let mut codec = Codec::with_protocol(&protocol());
            let mut buffer = BytesMut::new();
            let mut found = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                buffer.extend_from_slice(piece);
                while let Some(message) = codec.decode(&mut buffer).unwrap() {
                    found.push(show(message));
                }
                assert!(buffer.is_empty());
            }
            while let Some(message) = codec.decode_eof(&mut buffer).unwrap() {
                found.push(show(message));
            }
            assert_eq!(found, expected(), "{size}");
        }
    }

    #[test]
    fn what_is_left_at_the_end_is_decoded_frame_by_frame() {
        let mut codec = Codec::with_protocol(&protocol());
        let mut buffer = BytesMut::from(STREAM);
        let mut found = Vec::new();
        while let Some(message) = codec.decode_eof(&mut buffer).unwrap() {
            found.push(show(message));
        }
        assert_eq!(found, expected());
    }

    #[test]
    fn a_message_that_cannot_be_written_leaves_no_trace() {
        let mut buffer = BytesMut::from("before\n");
        Codec::new()
            .encode(DataMessage::typed("7", "t", 0, 1), &mut buffer)
            .unwrap_err();
        assert_eq!(&buffer[..], b"before\n");
    }

    #[tokio::test]
    async fn a_framed_stream_goes_on_after_a_bad_frame() {
        let (mut client, server) = tokio::io::duplex(16);
        let sender = async move {
            tokio::io::AsyncWriteExt::write_all(&mut client, STREAM.as_bytes())
                .await
                .unwrap();
        };
        let receiver = async {
            let mut framed = Framed::new(server, Codec::with_protocol(&protocol()));
            let mut found = Vec::new();
            while let Some(message) = framed.next().await {
                found.push(show(message.unwrap()));
            }
            found
        };
        let ((), found) = tokio::join!(sender, receiver);
        assert_eq!(found, expected());
    }

    #[tokio::test]
    async fn messages_of_all_kinds_are_sent() {
        let (client, server) = tokio::io::duplex(1024);
        let mut client = Framed::new(client, Codec::new());
        let message = DataMessage::new("7", "t", 0, "hi");
        client.send(&message).await.unwrap();
        client.send(message.ack()).await.unwrap();
        client.send(Message::from(message.clone())).await.unwrap();
        client
            .send(DataMessage::typed("7", "t", 0, "hi".to_owned()))
            .await
            .unwrap();
        drop(client);
        let mut server = Framed::new(server, Codec::new().typed::<String>());
        let typed = Message::Data(DataMessage::typed("7", "t", 0, "hi".to_owned()));
        assert_eq!(server.next().await.unwrap().unwrap().unwrap(), typed);
        let ack = TransportMessage::received("7");
        assert_eq!(server.next().await.unwrap().unwrap().unwrap(), ack.into());
        assert_eq!(server.next().await.unwrap().unwrap().unwrap(), typed);
        assert_eq!(server.next().await.unwrap().unwrap().unwrap(), typed);
        assert!(server.next().await.is_none());
    }
}
