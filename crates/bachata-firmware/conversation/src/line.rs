use std::error::Error;
use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bachata_std::{FrameReader, ToFrame};

use crate::schema::SaidMessage;

/// One connection to the serial line of the device.
pub(crate) struct Line {
    stream: TcpStream,
    received: Receiver<Result<SaidMessage, String>>,
}

impl Line {
    /// What comes in is read all the time, or else a device that can't send would stop to receive.
    pub(crate) fn new(stream: TcpStream) -> Result<Self, Box<dyn Error>> {
        stream.set_nodelay(true)?;
        let mut frames = FrameReader::new(BufReader::new(stream.try_clone()?));
        let (sender, received) = channel();
        thread::spawn(move || {
            let mut first = true;
            while let Some(frame) = frames.next_frame() {
                // The device knows of no connections: the first line may be the rest of one that the connection before has cut.
                let cut = std::mem::take(&mut first)
                    && frame
                        .as_ref()
                        .is_ok_and(|&frame| SaidMessage::parse(frame).is_err());
                if cut {
                    continue;
                }
                let message = frame.map_err(|error| error.to_string()).and_then(|frame| {
                    SaidMessage::parse(frame)
                        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(frame)))
                });
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        Ok(Self { stream, received })
    }

    /// Sends a message and its LF.
    pub(crate) fn send(&mut self, message: &dyn ToFrame) -> Result<(), Box<dyn Error>> {
        let mut frame = message.to_frame()?;
        frame.push('\n');
        self.send_bytes(frame.as_bytes())
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// The next message; none where none comes in time. Whatever else the device says is an error.
    pub(crate) fn receive(
        &mut self,
        time: Duration,
    ) -> Result<Option<SaidMessage>, Box<dyn Error>> {
        match self.received.recv_timeout(time) {
            Ok(Ok(message)) => Ok(Some(message)),
            Ok(Err(error)) => Err(format!("the device sent no message: {error}").into()),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("the serial line has ended".into()),
        }
    }

    /// Ends the connection; what the device still sends is lost.
    pub(crate) fn close(&self) {
        // Fails only where it has ended.
        let _ended = self.stream.shutdown(Shutdown::Both);
    }
}

impl Drop for Line {
    /// Ends the thread, too.
    fn drop(&mut self) {
        self.close();
    }
}
