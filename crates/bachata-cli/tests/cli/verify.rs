//! `bachata make --key-file` and `bachata verify`.

use bachata_core::{HmacSha256, Message, TokenSha256};

use crate::common::{Files, Run, run};

/// A message signed by `make`, which has nothing to complain of.
fn make(args: &[&str]) -> String {
    let run = run(&[&["make"], args].concat(), "");
    assert_eq!((run.status, &*run.err), (Some(0), ""), "{args:?}");
    run.out
}

const NOTE: [&str; 8] = [
    "--type", "note", "--id", "7", "--time", "5", "--from", "desk",
];

fn verify(args: &[&str], input: &str) -> Run {
    run(&[&["verify"], args].concat(), input)
}

#[test]
fn what_is_made_with_a_key_is_verified() {
    let files = Files::new("verify");
    let key = files.file("key", "secret\n");
    let object = r#"{ "a": [1, "\u00e9"] }"#;
    for scheme in [
        &[][..],
        &["--scheme", "hmac-sha256"],
        &["--scheme", "token-sha256"],
    ] {
        let with_key = &[&["--key-file", &key], scheme].concat();
        let mut frames = make(&[&NOTE[..], &["--data", "hi"], &with_key[..]].concat());
        frames += &make(&[&NOTE[..], &["--json", object], &with_key[..]].concat());
        frames += "\n";
        frames += &make(&[&["--transport", "ping"], &with_key[..]].concat());
        frames += &make(&[&["--transport", "200", "--data", "7"], &with_key[..]].concat());
        let file = files.file("frames", &frames);
        for args in [&[][..], &["-"], &[&file]] {
            let run = verify(&[&with_key[..], args].concat(), &frames);
            assert_eq!((run.status, &*run.err), (Some(0), ""));
            assert_eq!(run.out, "4 frames, 4 verified\n");
        }
        // They are what the library makes.
        let frame = frames.lines().next().unwrap();
        let message = Message::parse(frame.as_bytes()).unwrap();
        if scheme.last() == Some(&"token-sha256") {
            assert!(
                message
                    .verify(&TokenSha256::new(b"secret").unwrap())
                    .is_ok()
            );
        } else {
            assert!(message.verify(&HmacSha256::new(b"secret").unwrap()).is_ok());
        }
    }
}

#[test]
fn one_line_feed_is_none_of_the_key() {
    let files = Files::new("verify-line-feed");
    let frame = make(
        &[
            &NOTE[..],
            &["--key-file", &files.file("key", b"\xffsecret")],
        ]
        .concat(),
    );
    for (content, status) in [
        (&b"\xffsecret"[..], 0),
        (b"\xffsecret\n", 0),
        (b"\xffsecret\n\n", 1),
        (b"\xffsecret\r\n", 1),
        (b"\xffsecret ", 1),
        (b"\nsecret", 1),
        (b"", 2),
        (b"\n", 2),
        (b"\n\n", 1),
        (&[b'x'; 4096], 1),
        (&[b'x'; 4097], 2),
        (&[b'x'; 9999], 2),
    ] {
        for scheme in ["hmac-sha256", "token-sha256"] {
            let key = files.file("key", content);
            let run = verify(&["--key-file", &key, "--scheme", scheme], &frame);
            let status = if scheme == "token-sha256" {
                status.max(1)
            } else {
                status
            };
            assert_eq!(run.status, Some(status), "{content:?} {run:?}");
            if status == 2 {
                assert!(run.out.is_empty() && run.err.contains("key is "), "{run:?}");
            }
        }
    }
}

#[test]
fn what_is_not_verified_is_told_with_the_reason() {
    let files = Files::new("verify-reasons");
    let key = files.file("key", "secret");
    let frame = make(&[&NOTE[..], &["--data", "hi", "--key-file", &key]].concat());
    let input = [
        &frame,
        &frame.replace("hi", "ho"),
        "{\"type\":1001}\n",
        "{\"type\":200,\"data\":\"\\u001b[31m\",\"sign\":\"x\"}\n",
        "\n{\"type\" 1001}\n",
    ]
    .concat();
    let run = verify(&["--key-file", &key], &input);
    assert_eq!((run.status, &*run.err), (Some(1), ""));
    assert_eq!(
        run.out,
        "line 2: \"note\" \"7\": signature wrong\n\
         line 3: ping: signature missing\n\
         line 4: received \"\\x1b[31m\": signature malformed\n\
         line 6: not a message: expected ':' at byte 8\n\
         5 frames, 1 verified, 1 without a signature, 1 with a malformed one, 1 with a wrong one, \
         1 not a message\n"
    );
    let frame = "{\"type\":1001,\"data\":\"0123456789\"}\n";
    let run = verify(&["--key-file", &key, "--max-frame", "20"], frame);
    assert_eq!(run.status, Some(1));
    assert!(run.out.contains("over the limit of 20"), "{run:?}");
}

#[test]
fn nothing_is_not_verified() {
    let files = Files::new("verify-nothing");
    let key = files.file("key", "secret");
    for input in ["", "\n \n"] {
        let run = verify(&["--key-file", &key], input);
        assert_eq!((run.status, &*run.out), (Some(1), "0 frames, 0 verified\n"));
    }
}

#[test]
fn absent_members_are_read_by_the_policy() {
    let files = Files::new("verify-policy");
    let key = files.file("key", "secret");
    let frame = make(&[
        "--type",
        "t",
        "--id=",
        "--time=0",
        "--from=x",
        "--key-file",
        &key,
    ]);
    let frame = frame
        .replace("\"id\":\"\",", "")
        .replace(",\"time\":0,\"data\":\"\"", "");
    assert_eq!(verify(&["--key-file", &key], &frame).status, Some(1));
    let run = verify(&["--key-file", &key, "--policy", "reference"], &frame);
    assert_eq!(run.status, Some(0), "{run:?}");
}

#[test]
fn several_keys_are_tried() {
    let files = Files::new("verify-keys");
    let keys = ["new", "old"].map(|name| files.file(name, name));
    let frames = keys
        .clone()
        .map(|key| make(&[&NOTE[..], &["--key-file", &key]].concat()));
    let input = [&*frames[0], &frames[1], &frames[1]].concat();
    let args = ["--key-file", &keys[0], "--key-file", &keys[1]];
    let run = verify(&args, &input);
    assert_eq!(run.status, Some(0));
    assert_eq!(
        run.out,
        format!(
            "3 frames, 3 verified (1 by {}, 2 by {})\n",
            keys[0], keys[1]
        )
    );
    assert_eq!(verify(&args[..2], &input).status, Some(1));
}

#[test]
fn what_may_not_survive_is_warned_of() {
    let files = Files::new("verify-warnings");
    let key = files.file("key", "secret");
    for (args, warnings) in [
        (&["--from", "x", "--json", r#"{"a":1}"#][..], 0),
        (&["--from", "x", "--json", r#"{"a":1.0,"b":-0}"#], 2),
        (&["--json", r#"{"a":1.0}"#], 2),
        (&["--json", r#"{"a":1.0}"#, "--scheme", "token-sha256"], 1),
        (&["--from", "x", "--time", "9007199254740992"], 1),
        (
            &["--time", "9007199254740992", "--scheme", "token-sha256"],
            0,
        ),
    ] {
        let run = run(
            &[&["make", "--type", "t", "--key-file", &key], args].concat(),
            "",
        );
        assert_eq!(run.status, Some(0));
        assert_eq!(run.err.lines().count(), warnings, "{run:?}");
        let warning = "bachata: warning: the signature may not survive: ";
        assert!(
            run.err.lines().all(|line| line.starts_with(warning)),
            "{run:?}"
        );
        assert_eq!(
            Message::parse(run.out.trim_end().as_bytes())
                .unwrap()
                .sign()
                .unwrap()
                .decoded_len(),
            64
        );
    }
}

#[test]
fn wrong_usage_is_told() {
    let files = Files::new("verify-usage");
    let (key, frame) = (
        files.file("key", "secret"),
        files.file("frame", "{\"type\":1001}\n"),
    );
    let missing = files.path("missing");
    for args in [
        &["verify", &frame][..],
        &["verify", "--key-file", &missing, &frame],
        &["verify", "--key-file", &key, &missing],
        &["verify", "--key-file", &files.path(""), &frame],
        &["verify", "--key-file", &key, &files.path("")],
        &["verify", "--key-file", &key, "--scheme", "md5", &frame],
        &["verify", "--key-file", &key, &frame, &frame],
        &["verify", "--key", "secret", &frame],
        &["make", "--transport", "ping", "--key-file", &missing],
        &[
            "make",
            "--transport",
            "ping",
            "--key-file",
            &key,
            "--sign",
            "x",
        ],
        &["make", "--transport", "ping", "--scheme", "hmac-sha256"],
        &[
            "make",
            "--transport",
            "ping",
            "--key-file",
            &key,
            "--scheme",
            "md5",
        ],
    ] {
        let run = run(args, "");
        assert_eq!(run.status, Some(2), "{args:?} {run:?}");
        assert!(
            !run.err.is_empty() && !run.err.contains("secret"),
            "{run:?}"
        );
    }
}
