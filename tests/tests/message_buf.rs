//! Laws of the owned message: it is the message and the frame, in exactly as many bytes as it says.

use bachata_core::{CapacityError, JsonStr, Member, Message, MessageBuf, MessageBufError, Policy};
use bachata_tests::{Fields, config, dice, fields};
use proptest::prelude::*;

/// More than any of the messages takes.
type Large = MessageBuf<0x8000>;

/// What a buffer holds must be free to go anywhere.
fn is_owned<T: Clone + Send + Sync + Unpin + 'static>(value: T) -> T {
    value
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn it_holds_the_frame_and_the_message(fields in fields(), mut dice in dice()) {
        let frame = dice.spell_frame(&fields);
        let parsed = Message::parse(frame.as_bytes()).unwrap();
        let buf = is_owned(Large::parse(frame.as_bytes()).unwrap());
        prop_assert_eq!(buf.frame_str(), &*frame);
        prop_assert_eq!(buf.frame(), frame.as_bytes());
        prop_assert_eq!(buf.to_string(), &*frame);
        prop_assert_eq!(buf.message(), parsed, "{}", frame);
        prop_assert_eq!(buf.message(), fields.message(), "{}", frame);
        prop_assert_eq!(format!("{buf:?}"), format!("{parsed:?}"), "{}", frame);
        prop_assert_eq!(&Fields::from(&buf), &fields, "{}", frame);
        for (member, text) in texts(&buf.message()) {
            prop_assert!(text.as_str().is_some(), "{} of {}", member, frame);
        }

        // A copy is one, and another buffer of the same message is equal, whatever its size and its frame.
        let copy = buf.clone();
        drop(buf);
        prop_assert_eq!(copy.frame_str(), &*frame);
        prop_assert_eq!(&Fields::from(&copy), &fields, "{}", frame);
        let encoded = MessageBuf::<0x7000>::try_from(copy.message()).unwrap();
        prop_assert_eq!(encoded.frame_str(), fields.encoded(), "{}", frame);
        prop_assert_eq!(&Fields::from(&encoded), &fields, "{}", frame);
        prop_assert!(encoded == copy, "{}", frame);
    }

    #[test]
    fn buffers_are_equal_where_their_messages_are(
        a in fields(),
        b in fields(),
        same in any::<bool>(),
        mut dice in dice(),
    ) {
        let b = if same { a.clone() } else { b };
        let (a_frame, b_frame) = (dice.spell_frame(&a), dice.spell_frame(&b));
        let a_buf = Large::parse(a_frame.as_bytes()).unwrap();
        let b_buf = Large::parse(b_frame.as_bytes()).unwrap();
        prop_assert_eq!(a_buf == b_buf, a == b, "{} {}", a_frame, b_frame);
    }

    #[test]
    fn capacity_for_is_the_least_that_holds_a_frame(fields in fields(), mut dice in dice()) {
        let frame = dice.spell_frame(&fields);
        let message = Message::parse(frame.as_bytes()).unwrap();
        let copies = copies(&message, |text| text.as_str().is_none());
        let needed = frame.len() + copies.iter().map(|(_, len)| len).sum::<usize>();
        for policy in [Policy::Strict, Policy::Reference] {
            let got = MessageBuf::<0>::capacity_for(frame.as_bytes(), policy);
            prop_assert_eq!(got, Ok(needed), "{}", frame);
        }
        for hold in HOLDS {
            hold(frame.as_bytes(), &copies)?;
        }
    }

    #[test]
    fn a_message_needs_its_frame_and_its_escaped_texts(fields in fields(), mut dice in dice()) {
        let frame = dice.spell_frame(&fields);
        for message in [fields.message(), Message::parse(frame.as_bytes()).unwrap()] {
            for hold in HOLDS_ENCODED {
                hold(&message)?;
            }
        }
    }

    #[test]
    fn no_frame_is_refused_for_its_size_before_it_is_for_its_error(
        fields in fields(),
        mut dice in dice(),
        mut damage in dice(),
    ) {
        let mut frame = dice.spell_frame(&fields).into_bytes();
        damage.damage(&mut frame);
        for policy in [Policy::Strict, Policy::Reference] {
            let message = Message::parse_with(&frame, policy);
            let needed = MessageBuf::<0>::capacity_for(&frame, policy);
            let small = MessageBuf::<0>::parse_with(&frame, policy).map(|buf| buf.to_string());
            let large = Large::parse_with(&frame, policy);
            let shown = frame.escape_ascii();
            match message {
                Ok(message) => {
                    let capacity = CapacityError { needed: needed.unwrap(), capacity: 0, member: None };
                    prop_assert_eq!(small, Err(MessageBufError::Capacity(capacity)), "{}", shown);
                    let large = large.unwrap();
                    prop_assert_eq!(large.message(), message, "{}", shown);
                }
                Err(error) => {
                    prop_assert_eq!(needed, Err(error), "{}", shown);
                    prop_assert_eq!(small, Err(MessageBufError::Parse(error)), "{}", shown);
                    prop_assert_eq!(large.err(), Some(MessageBufError::Parse(error)), "{}", shown);
                }
            }
        }
    }
}

/// The texts of a message, in the order in which there must be room for them.
fn texts<'a>(message: &Message<'a>) -> Vec<(Member, JsonStr<'a>)> {
    let texts = match message {
        Message::Data(message) => vec![
            (Member::Id, Some(message.id())),
            (Member::Type, Some(message.kind())),
            (Member::Data, message.data().as_text()),
            (Member::From, message.from()),
            (Member::Dest, message.dest()),
            (Member::Sign, message.sign()),
        ],
        Message::Transport(message) => {
            vec![
                (Member::Data, message.data()),
                (Member::Sign, message.sign()),
            ]
        }
    };
    let there = |(member, text): (_, Option<_>)| Some((member, text?));
    texts.into_iter().filter_map(there).collect()
}

/// The lengths of the texts of which a decoded copy is kept.
fn copies(message: &Message<'_>, is_copied: impl Fn(JsonStr<'_>) -> bool) -> Vec<(Member, usize)> {
    let texts = texts(message)
        .into_iter()
        .filter(|(_, text)| is_copied(*text));
    texts
        .map(|(member, text)| (member, text.to_string().len()))
        .collect()
}

/// The bytes that a frame of this length takes with these copies.
fn needed(frame_len: usize, copies: &[(Member, usize)]) -> usize {
    frame_len + copies.iter().map(|(_, len)| len).sum::<usize>()
}

/// The error that they give in a buffer of `N` bytes.
fn expected<const N: usize>(frame_len: usize, copies: &[(Member, usize)]) -> Option<CapacityError> {
    let needed = needed(frame_len, copies);
    let mut filled = frame_len;
    let member = copies.iter().find(|(_, len)| {
        filled += len;
        filled > N
    });
    (needed > N).then_some(CapacityError {
        needed,
        capacity: N,
        member: member.filter(|_| frame_len <= N).map(|(member, _)| *member),
    })
}

/// Whether a buffer holds a frame, made longer by whitespace until it is too long.
type Hold = fn(&[u8], &[(Member, usize)]) -> Result<(), TestCaseError>;

const HOLDS: [Hold; 9] = [
    hold::<13>,
    hold::<14>,
    hold::<32>,
    hold::<64>,
    hold::<100>,
    hold::<127>,
    hold::<128>,
    hold::<256>,
    hold::<1000>,
];

fn hold<const N: usize>(frame: &[u8], copies: &[(Member, usize)]) -> Result<(), TestCaseError> {
    let mut lengths = vec![frame.len()];
    // The last length that fits, one more, and the last at which the frame alone would.
    if let Some(room) = N.checked_sub(needed(frame.len(), copies)) {
        lengths.extend([frame.len() + room, frame.len() + room + 1]);
    }
    lengths.extend((frame.len() <= N).then_some(N));
    for length in lengths {
        let mut frame = frame.to_vec();
        frame.resize(length, b' ');
        let buf = MessageBuf::<N>::parse(&frame);
        let got = buf.map(|buf| buf.frame().to_vec());
        let expected = match expected::<N>(length, copies) {
            Some(error) => Err(MessageBufError::Capacity(error)),
            None => Ok(frame.clone()),
        };
        prop_assert_eq!(got, expected, "{} in {}", frame.escape_ascii(), N);
    }
    Ok(())
}

/// Whether a buffer holds the encoded form of a message, made longer by its `sign` until it is too long.
type HoldEncoded = fn(&Message<'_>) -> Result<(), TestCaseError>;

const HOLDS_ENCODED: [HoldEncoded; 9] = [
    hold_encoded::<13>,
    hold_encoded::<14>,
    hold_encoded::<32>,
    hold_encoded::<64>,
    hold_encoded::<100>,
    hold_encoded::<127>,
    hold_encoded::<128>,
    hold_encoded::<256>,
    hold_encoded::<1000>,
];

fn hold_encoded<const N: usize>(message: &Message<'_>) -> Result<(), TestCaseError> {
    let padding = "+".repeat(N);
    let with_sign = |length: usize| -> Message<'_> {
        let sign = &padding[..length];
        match *message {
            Message::Data(message) => message.with_sign(sign).into(),
            Message::Transport(message) => message.with_sign(sign).into(),
        }
    };
    let copies = |message: &Message<'_>| copies(message, is_escaped_in_output);
    let mut messages = vec![*message];
    let signed = with_sign(1);
    if let Some(room) = N.checked_sub(needed(signed.encoded_len(), &copies(&signed))) {
        messages.extend([with_sign(1 + room), with_sign(2 + room)]);
    }
    for message in messages {
        let frame = message.to_string();
        let buf = MessageBuf::<N>::try_from(message);
        if let Ok(buf) = &buf {
            prop_assert_eq!(buf.message(), message, "{} in {}", frame, N);
        }
        let got = buf.map(|buf| buf.to_string());
        let expected = match expected::<N>(frame.len(), &copies(&message)) {
            Some(error) => Err(MessageBufError::Capacity(error)),
            None => Ok(frame.clone()),
        };
        prop_assert_eq!(got, expected, "{} in {}", frame, N);
    }
    Ok(())
}

fn is_escaped_in_output(text: JsonStr<'_>) -> bool {
    text.chars().any(|c| c < ' ' || c == '"' || c == '\\')
}

#[test]
fn what_there_is_no_room_for_can_be_read() {
    let error = |member| CapacityError {
        needed: 9,
        capacity: 8,
        member,
    };
    assert_eq!(
        error(None).to_string(),
        "no room for the frame: 9 bytes needed, 8 available"
    );
    assert_eq!(
        error(Some(Member::Data)).to_string(),
        "no room to decode \"data\": 9 bytes needed, 8 available"
    );
}
