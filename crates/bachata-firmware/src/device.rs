use bachata_core::{FrameReader, FrameWriter};

use crate::Hardware;
use crate::client::Client;
use crate::outbox::MAX_MESSAGE_LEN;

/// The longest frame that is received, in bytes without CR and LF. Longer ones are dropped and counted.
const MAX_FRAME_LEN: usize = 512;

const _: () = assert!(
    MAX_MESSAGE_LEN <= MAX_FRAME_LEN,
    "what we send has room in the writer"
);

/// The application: frames in, frames out, and what happens in between.
///
/// It takes a frame only when the last answer has left, and an answer is never longer than what it answers. So an answer always has
/// room, and a peer that sends faster than it reads waits, and loses nothing.
#[derive(Debug)]
pub struct Device {
    reader: FrameReader<{ MAX_FRAME_LEN + 2 }>,
    writer: FrameWriter<{ MAX_FRAME_LEN + 1 }>,
    client: Client,
}

impl Device {
    /// A device that has just started. `name` is the first part of its message ids, and the `from` of its messages: at most 15 bytes,
    /// different for each device on a server.
    pub fn new(name: &'static str, hardware: &mut impl Hardware) -> Self {
        Self {
            reader: FrameReader::new(),
            writer: FrameWriter::new(),
            client: Client::new(name, hardware),
        }
    }

    /// Does what there is to do now, and says whether there may be more. Where there is not, it is time to
    /// [wait](Hardware::wait).
    pub fn step(&mut self, hardware: &mut impl Hardware) -> bool {
        let count = hardware.receive(self.reader.room());
        self.reader.commit(count);

        let mut busy = count > 0;
        if self.writer.pending().is_empty() {
            busy |= self.answer(hardware);
        }

        let count = hardware.send(self.writer.pending());
        self.writer.advance(count);
        busy || count > 0 || !self.writer.pending().is_empty()
    }

    /// Takes one frame, or sends what is due, and says whether there was something.
    fn answer(&mut self, hardware: &mut impl Hardware) -> bool {
        let message = if let Some(frame) = self.reader.next_frame() {
            self.client.handle_frame(frame, hardware)
        } else if let Some(message) = self.client.poll_transmit(hardware) {
            Some(message)
        } else {
            return false;
        };
        if let Some(message) = message {
            // The writer is empty, and nothing that we send is longer than it.
            let _fits = self.writer.push(message);
        }
        true
    }
}

#[cfg(test)]
mod tests;
