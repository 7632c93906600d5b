//! Any bytes: no panic, and every way of reading them says the same.
#![no_main]

use bachata_core::{
    Envelope, Member, Message, MessageBuf, MessageBufError, MessageKind, ParseError, Policy,
    RawJson, Route,
};
use bachata_tests::POLICIES;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|frame: &[u8]| {
    let spaced = Spaced::new(frame);
    for policy in POLICIES {
        let message = Message::parse_with(frame, policy);
        read_every_way(frame, policy, message);
        // What is written compactly is read by shorter ways: they are the long way, but faster.
        let long_way = Message::parse_with(&spaced.frame, policy);
        assert_eq!(
            message.map_err(|error| spaced.moved(error)),
            long_way.map_err(Seen::of)
        );
        if let Ok(message) = message {
            write_and_read_again(frame, message);
        }
    }
    if let Ok(envelope) = Envelope::parse(frame) {
        read_members(envelope);
    }
});

fn read_every_way(frame: &[u8], policy: Policy, message: Result<Message<'_>, ParseError>) {
    let envelope = Envelope::parse(frame);
    assert_eq!(
        envelope.and_then(|envelope| envelope.message(policy)),
        message
    );

    let route = Route::parse(frame, policy);
    assert_eq!(route.map(|_| ()), message.map(|_| ()));
    assert_eq!(envelope.and_then(|envelope| envelope.route(policy)), route);

    type Buf = MessageBuf<0x4000>;
    let buf = Buf::parse_with(frame, policy);
    let needed = Buf::capacity_for(frame, policy);
    match message {
        Ok(message) => {
            let (kind, dest) = match message {
                Message::Data(message) => (MessageKind::Data(message.kind()), message.dest()),
                Message::Transport(message) => (MessageKind::Transport(message.kind()), None),
            };
            let route = route.expect("a message has one");
            assert_eq!((route.kind(), route.dest()), (kind, dest));
            assert_eq!(envelope.and_then(|envelope| envelope.kind()), Ok(kind));
            match buf {
                Ok(buf) => {
                    assert_eq!(buf.message(), message);
                    assert_eq!(buf.frame(), frame);
                }
                Err(MessageBufError::Capacity(error)) => {
                    assert_eq!(Ok(error.needed), needed);
                    assert!(error.needed > error.capacity);
                }
                Err(MessageBufError::Parse(error)) => panic!("{error}"),
            }
        }
        Err(error) => {
            assert!(error.offset() <= frame.len());
            assert_eq!(buf.err(), Some(MessageBufError::Parse(error)));
            assert_eq!(needed, Err(error));
        }
    }
}

fn write_and_read_again(frame: &[u8], message: Message<'_>) {
    let needed = message.encoded_len();
    // No text is longer in normal form. What is longer are members that were absent, by the policy `Reference`.
    assert!(needed <= frame.len() + 40);
    let mut out = vec![0; needed];
    let written = message.encode(&mut out).expect("it fits");
    assert_eq!(written.len(), needed);
    assert_eq!(Message::parse(written), Ok(message));
    assert_eq!(message.to_string().as_bytes(), written);
    if let Some(short) = needed.checked_sub(1) {
        let error = message
            .encode(&mut out[..short])
            .expect_err("it does not fit");
        assert_eq!((error.needed, error.capacity), (needed, short));
    }
}

fn read_members(envelope: Envelope<'_>) {
    let mut known = [false; Member::ALL.len()];
    for (name, value) in envelope.members() {
        assert_eq!(RawJson::new(value.as_bytes()), Ok(value));
        if let Some(member) = Member::named(name) {
            let got = envelope.get(member).expect("it is there");
            assert_eq!(got.as_bytes().as_ptr(), value.as_bytes().as_ptr());
            known[member as usize] = true;
        }
        if let Some(text) = value.as_text() {
            let decoded: String = text.chars().collect();
            assert_eq!(text, &*decoded);
            assert_eq!(text.to_string(), decoded);
        }
    }
    for member in Member::ALL {
        assert_eq!(envelope.get(member).is_some(), known[member as usize]);
    }
}

/// A frame with a tab after every byte that structures it, which no shorter way takes.
struct Spaced {
    frame: Vec<u8>,
    /// Where its bytes have come to be, and its end.
    places: Vec<usize>,
}

impl Spaced {
    fn new(frame: &[u8]) -> Self {
        let (mut spaced, mut places) = (Vec::new(), Vec::new());
        let (mut in_string, mut escaped) = (false, false);
        for &byte in frame {
            places.push(spaced.len());
            spaced.push(byte);
            if in_string {
                in_string = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
            } else if byte == b'"' {
                in_string = true;
            } else if b"{}[]:,".contains(&byte) {
                spaced.push(b'\t');
            }
        }
        places.push(spaced.len());
        Self {
            frame: spaced,
            places,
        }
    }

    fn moved(&self, error: ParseError) -> Seen {
        Seen {
            offset: self.places[error.offset()],
            ..Seen::of(error)
        }
    }
}

#[derive(PartialEq, Debug)]
struct Seen {
    kind: bachata_core::ParseErrorKind,
    offset: usize,
    member: Option<Member>,
}

impl Seen {
    fn of(error: ParseError) -> Self {
        Self {
            kind: error.kind(),
            offset: error.offset(),
            member: error.member(),
        }
    }
}
