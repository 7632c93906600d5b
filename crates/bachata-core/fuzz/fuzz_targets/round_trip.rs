//! Any message, in any spelling: what is parsed is what was written.
#![no_main]

use bachata_core::{BufferTooSmall, Message, MessageBuf};
use bachata_fuzz::AnyFields;
use bachata_tests::{Dice, Fields, POLICIES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (AnyFields, Vec<u8>)| {
    let (AnyFields(fields), rolls) = input;
    let mut dice = Dice::from(rolls);

    let message = fields.message();
    let expected = fields.encoded();
    let needed = expected.len();
    assert_eq!(message.encoded_len(), needed);
    assert_eq!(message.to_string(), expected);
    let mut room = vec![b'.'; needed + 1];
    assert_eq!(message.encode(&mut room), Ok(expected.as_bytes()));
    assert_eq!(room[needed], b'.');
    let capacity = dice.roll(256) % needed;
    let too_small = BufferTooSmall { needed, capacity };
    assert_eq!(message.encode(&mut room[..capacity]), Err(too_small));

    let frame = dice.spell_frame(&fields);
    for policy in POLICIES {
        let parsed = Message::parse_with(frame.as_bytes(), policy).expect("a message");
        assert_eq!(parsed, message);
        assert_eq!(Fields::from(parsed), fields);
        assert_eq!(parsed.to_string(), expected);
    }

    type Buf = MessageBuf<0x10000>;
    let parsed = Buf::parse(frame.as_bytes()).expect("room");
    assert_eq!(Fields::from(&parsed), fields);
    assert_eq!(parsed.frame_str(), frame);
    let built = Buf::try_from(message).expect("room");
    assert_eq!(Fields::from(&built), fields);
    assert_eq!(built.frame_str(), expected);
});
