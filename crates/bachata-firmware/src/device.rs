use bachata_core::{FrameReader, FrameWriter};

use crate::Hardware;
use crate::client::{Client, MAX_FRAME_LEN};

/// The application: frames in, frames out, and what happens in between.
///
/// It takes a frame only when all that is due has left. So there is always room for an answer, and a peer that sends faster than it reads waits, and
/// loses nothing.
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

    /// Sends what is due, or else takes one frame, and says whether there was something.
    fn answer(&mut self, hardware: &mut impl Hardware) -> bool {
        if let Some(frame) = self.client.poll_transmit(&mut [0; MAX_FRAME_LEN], hardware) {
            // The writer is empty, and nothing that we send is longer than it.
            let _fits = self.writer.push_frame(frame);
            return true;
        }
        match self.reader.next_frame() {
            Some(frame) => {
                self.client.handle_frame(frame, hardware);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests;
