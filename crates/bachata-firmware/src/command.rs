use bachata_core::{DataMessage, DeserializeError, Payload};
use serde::Deserialize;

/// What a data message asks of us: its `type` and its typed `data`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// `led`: switch the lamp.
    Led(Led),
    /// `clock`: set the clock.
    Clock(Clock),
    /// `read`: report a reading now. Its `data` is not looked at.
    Read,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Led {
    pub(crate) on: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub(crate) struct Clock {
    pub(crate) unix_ms: i64,
}

impl Command {
    /// The command in a message, if we know its type and its data has the form.
    pub(crate) fn of(message: &DataMessage<'_>) -> Option<Self> {
        let data = *message.data();
        let command = match message.kind() {
            kind if kind == "led" => parse(data).map(Self::Led),
            kind if kind == "clock" => parse(data).map(Self::Clock),
            kind if kind == "read" => Ok(Self::Read),
            _ => return None,
        };
        command.ok()
    }
}

/// Member names need a scratch where they are escaped.
fn parse<T: for<'s> Deserialize<'s>>(data: Payload<'_>) -> Result<T, DeserializeError> {
    data.parse(&mut [0; 64])
}

#[cfg(test)]
mod tests {
    use bachata_core::Message;

    use super::*;

    fn command(frame: &str) -> Option<Command> {
        Command::of(Message::parse(frame.as_bytes()).unwrap().as_data().unwrap())
    }

    #[test]
    fn commands_are_known_by_type_and_form() {
        for (kind, data, expected) in [
            (
                "led",
                r#"{"on":true}"#,
                Some(Command::Led(Led { on: true })),
            ),
            (
                "led",
                r#"{"\u006fn":false,"x":[]}"#,
                Some(Command::Led(Led { on: false })),
            ),
            (
                r"l\u0065d",
                r#"{"on":true}"#,
                Some(Command::Led(Led { on: true })),
            ),
            ("led", r#"{"on":1}"#, None),
            ("led", "{}", None),
            ("led", r#""on""#, None),
            (
                "clock",
                r#"{"unix_ms":-1}"#,
                Some(Command::Clock(Clock { unix_ms: -1 })),
            ),
            ("clock", r#"{"unix_ms":9223372036854775808}"#, None),
            ("read", "{}", Some(Command::Read)),
            ("read", r#""now""#, Some(Command::Read)),
            ("reading", "{}", None),
            ("", "{}", None),
        ] {
            let frame = format!(r#"{{"id":"1","type":"{kind}","time":0,"data":{data}}}"#);
            assert_eq!(command(&frame), expected, "{frame}");
        }
    }
}
