use bachata_core::{
    DataMessage, Envelope, JsonKind, JsonStr, Member, Message, Payload, TransportMessage,
    TransportType,
};

use super::frame::Frame;
use super::layout::{COLUMNS, Column};
use crate::printable::Printable;
use crate::time::Utc;

/// What a message has to show in one column.
#[derive(Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Empty,
    /// A line number.
    Line(u64),
    /// The kind of a data message, or else of a transport message.
    Kind(&'static str),
    /// A text of the message.
    Text(JsonStr<'a>),
    /// What a transport message says.
    Transport(TransportType),
    /// A time.
    Time(i64),
    /// A payload, its kind and its size in bytes.
    Payload(&'static str, usize),
}

/// The cells of a message, in the order of [`COLUMNS`].
pub(crate) type Row<'a> = [Cell<'a>; COLUMNS.len()];

/// The cells of the message in a frame. A member that the frame doesn't have is an empty cell, also
/// where the policy reads it as something.
pub(crate) fn row<'a>(frame: &Frame<'a>, message: &Message<'a>) -> Row<'a> {
    match message {
        Message::Data(message) => data_row(frame, message),
        Message::Transport(message) => transport_row(frame, message),
    }
}

fn data_row<'a>(frame: &Frame<'a>, message: &DataMessage<'a>) -> Row<'a> {
    let payload = match message.data() {
        Payload::Text(text) => Cell::Payload("text", text.decoded_len()),
        Payload::Object(object) => Cell::Payload("object", object.as_bytes().len()),
    };
    [
        Cell::Line(frame.line),
        Cell::Kind("data"),
        Cell::Text(message.kind()),
        or_empty(frame.bytes, Member::Id, Cell::Text(message.id())),
        or_empty(frame.bytes, Member::Time, Cell::Time(message.time())),
        message.from().map_or(Cell::Empty, Cell::Text),
        message.dest().map_or(Cell::Empty, Cell::Text),
        or_empty(frame.bytes, Member::Data, payload),
    ]
}

fn transport_row<'a>(frame: &Frame<'a>, message: &TransportMessage<'a>) -> Row<'a> {
    let data = message.data().map_or(Cell::Empty, Cell::Text);
    [
        Cell::Line(frame.line),
        Cell::Kind("transport"),
        Cell::Transport(message.kind()),
        or_empty(frame.bytes, Member::Data, data),
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
        Cell::Empty,
    ]
}

/// The cell, unless the frame doesn't have the member or has `null` there. `Message` can't tell: by
/// the reference policy absence is a value. But only that value can stand for it, so a frame is
/// seldom looked at again.
fn or_empty<'c>(frame: &[u8], member: Member, cell: Cell<'c>) -> Cell<'c> {
    let is_zero = match cell {
        Cell::Text(text) => text.is_empty(),
        Cell::Time(time) => time == 0,
        Cell::Payload(_, size) => size == 0,
        _ => false,
    };
    if !is_zero {
        return cell;
    }
    let value = Envelope::parse(frame).map(|envelope| envelope.get(member));
    match value {
        Ok(Some(value)) if value.kind() != JsonKind::Null => cell,
        _ => Cell::Empty,
    }
}

impl Cell<'_> {
    /// Writes the cell into `width` columns, cut where it has to be. Only a line number may take
    /// more.
    pub(crate) fn write(self, out: &mut Printable, width: usize) {
        match self {
            Self::Empty => {}
            Self::Line(line) => out.push_ascii(&line.to_string()),
            Self::Kind(kind) if kind.len() > width => out.push_cut(kind.chars().take(5), width),
            Self::Kind(kind) => out.push_ascii(kind),
            // An empty text is not the same as none.
            Self::Text(text) if text.is_empty() => out.push_cut("\"\"".chars(), width),
            Self::Text(text) => out.push_cut(text.chars(), width),
            Self::Transport(kind) => out.push_cut(transport_label(kind).chars(), width),
            Self::Time(time) => {
                let time = if width < Utc::WIDTH {
                    format!("{:.0}", Utc(time))
                } else {
                    Utc(time).to_string()
                };
                out.push_cut(time.chars(), width);
            }
            Self::Payload(kind, size) => {
                out.push_cut(format!("{kind:6} {size} B").chars(), width);
            }
        }
    }

    /// The columns that it would like to have.
    pub(crate) fn natural_width(self, column: &Column, scratch: &mut Printable) -> usize {
        scratch.clear();
        self.write(scratch, column.most);
        scratch.columns()
    }
}

/// A transport type by number, and by name if it has one.
pub(crate) fn transport_label(kind: TransportType) -> String {
    match kind.name() {
        Some(name) => format!("{} {name}", kind.code()),
        None => kind.code().to_string(),
    }
}
