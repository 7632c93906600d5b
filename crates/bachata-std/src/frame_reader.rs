use std::fmt;
use std::io::{BufRead, ErrorKind};
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::core::Policy;
use crate::lines::{Lines, Place};
use crate::sign::Checks;
use crate::{Error, Kind, Message, Payload, Protocol, Tagged};

/// Reads messages from a stream of bytes in which each frame ends with LF (`P-22`).
///
/// It is an iterator of results, and goes on after a frame that is no message, and after one that is too long: that one is read to
/// its LF without being kept, and reported once. Lines of whitespace are skipped, CR before LF is none of the frame, and the last frame
/// needs no LF. After an error of the stream itself, [`Error::Io`], the iterator ends; only where reading would block or has timed out
/// can it be asked again, and loses nothing.
///
/// ```
/// use bachata_std::{Error, FrameReader};
///
/// let stream = b"{\"type\":1000}\r\n\nnot a message\n{\"type\":1001}";
/// let mut messages = FrameReader::new(&stream[..]);
/// assert_eq!(messages.next().unwrap()?.to_string(), r#"{"type":1000}"#);
/// assert!(matches!(messages.next(), Some(Err(Error::Parse(_)))));
/// assert_eq!(messages.next().unwrap()?.to_string(), r#"{"type":1001}"#);
/// assert!(messages.next().is_none());
/// # Ok::<(), Error>(())
/// ```
///
/// Policy and the longest frame come from a [`Protocol`]; types of the application's own by [`typed`](Self::typed) and
/// [`tagged`](Self::tagged).
pub struct FrameReader<R, P = Payload, K = String> {
    reader: R,
    lines: Lines,
    /// Bytes at the start of the reader's buffer that the last frame took.
    taken: usize,
    policy: Policy,
    checks: Checks,
    ended: bool,
    yields: PhantomData<fn() -> (P, K)>,
}

impl<R: BufRead> FrameReader<R> {
    /// Reads by the policy [`Strict`](Policy::Strict), frames of at most [`DEFAULT_MAX_FRAME_LEN`](crate::DEFAULT_MAX_FRAME_LEN).
    pub fn new(reader: R) -> Self {
        Self::with_protocol(reader, &Protocol::new())
    }

    /// Reads by a protocol's policy and limit, and checks signatures if it does.
    ///
    /// ```
    /// use bachata_std::{Error, FrameReader, Protocol};
    ///
    /// let protocol = Protocol::new().with_max_frame_len(13);
    /// let stream = b"{\"type\":1000 }\n{\"type\":1001}\n";
    /// let mut messages = FrameReader::with_protocol(&stream[..], &protocol);
    /// let error = messages.next().unwrap().unwrap_err();
    /// assert_eq!(error.to_string(), "frame of 14 bytes is over the limit of 13");
    /// assert!(messages.next().unwrap().is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn with_protocol(reader: R, protocol: &Protocol) -> Self {
        Self {
            reader,
            lines: Lines::new(protocol.max_frame_len()),
            taken: 0,
            policy: protocol.policy(),
            checks: protocol.checks(),
            ended: false,
            yields: PhantomData,
        }
    }
}

impl<R: BufRead, P, K> FrameReader<R, P, K> {
    /// Reads messages whose data is of a type of the application's own.
    ///
    /// ```
    /// use bachata_std::{Error, FrameReader};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// let stream = b"{\"id\":\"7\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true}}\n";
    /// let mut messages = FrameReader::new(&stream[..]).typed::<Led>();
    /// let message = messages.next().unwrap()?;
    /// assert!(message.as_data().unwrap().data().on);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn typed<Q>(self) -> FrameReader<R, Q> {
        self.yielding()
    }

    /// Reads messages whose type and data are an enum of the application's, see [`TaggedMessage`](crate::TaggedMessage).
    pub fn tagged<E>(self) -> FrameReader<R, E, Tagged> {
        self.yielding()
    }

    fn yielding<Q, L>(self) -> FrameReader<R, Q, L> {
        FrameReader {
            reader: self.reader,
            lines: self.lines,
            taken: self.taken,
            policy: self.policy,
            checks: self.checks,
            ended: self.ended,
            yields: PhantomData,
        }
    }

    /// The next frame as bytes, without its LF; none at the end of the stream. It is not looked at: it may be no message.
    ///
    /// # Errors
    ///
    /// The frame is too long, or the stream failed.
    ///
    /// ```
    /// use bachata_std::core::{Policy, Route};
    /// use bachata_std::{Error, FrameReader};
    ///
    /// let stream = b"{\"id\":\"7\",\"type\":\"direct\",\"time\":0,\"data\":\"hi\",\"dest\":\"bob\"}\n";
    /// let mut frames = FrameReader::new(&stream[..]);
    /// while let Some(frame) = frames.next_frame() {
    ///     let route = Route::parse(frame?, Policy::Strict)?;
    ///     assert_eq!(route.dest().unwrap(), "bob");
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn next_frame(&mut self) -> Option<Result<&[u8], Error>> {
        let place = match self.next_place()? {
            Ok(place) => place,
            Err(error) => return Some(Err(error)),
        };
        // As long as nothing of it is consumed, the buffer stays as it is.
        let piece = match place {
            Place::Piece(_) => self.reader.fill_buf(),
            Place::Held(_) => Ok(&[][..]),
        };
        Some(match piece {
            Ok(piece) => Ok(self.lines.get(place, piece)),
            Err(error) => Err(error.into()),
        })
    }

    fn next_place(&mut self) -> Option<Result<Place, Error>> {
        while !self.ended {
            self.reader.consume(std::mem::take(&mut self.taken));
            let line = match self.reader.fill_buf() {
                Ok([]) => {
                    self.ended = true;
                    self.lines.finish()
                }
                Ok(piece) => {
                    let (taken, line) = self.lines.take(piece);
                    self.taken = taken;
                    line
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => None,
                    kind => {
                        self.ended = !matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut);
                        return Some(Err(error.into()));
                    }
                },
            };
            if let Some(line) = line {
                return Some(line.map_err(Error::from));
            }
        }
        None
    }

    /// The stream, from which more may have been buffered than has been read as frames.
    pub fn into_inner(mut self) -> R {
        self.reader.consume(std::mem::take(&mut self.taken));
        self.reader
    }
}

impl<R: BufRead, P: DeserializeOwned + 'static, K: Kind> Iterator for FrameReader<R, P, K> {
    type Item = Result<Message<P, K>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let (policy, checks) = (self.policy, self.checks.clone());
        // The length has been seen to.
        let load = |frame| checks.load(frame, policy, usize::MAX);
        Some(self.next_frame()?.and_then(load))
    }
}

impl<R: fmt::Debug, P, K> fmt::Debug for FrameReader<R, P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameReader")
            .field("reader", &self.reader)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
