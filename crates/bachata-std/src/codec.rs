use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use serde::de::DeserializeOwned;
use tokio_util::codec::{Decoder, Encoder};

use crate::core::Policy;
use crate::lines::{Line, Lines};
use crate::sign::{Checks, Signer};
use crate::{Error, Kind, Message, Payload, Protocol, Tagged, ToFrame};

/// Messages in framed streams of tokio, by the rules of [`FrameReader`](crate::FrameReader) and [`FrameWriter`](crate::FrameWriter) (`P-22`).
///
/// What a framed stream yields is two results in one another: the outer error is that of the stream, after which there is no more; the inner one is
/// about one frame, and the next can be read. (A stream of tokio-util ends after an error of its decoder, so a bad frame is none.)
///
/// ```
/// use bachata_std::{Codec, Error, Message, TransportMessage};
/// use futures_util::{SinkExt, StreamExt};
/// use tokio_util::codec::Framed;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Error> {
/// let (client, server) = tokio::io::duplex(64);
/// let mut client = Framed::new(client, Codec::new());
/// let mut server = Framed::new(server, Codec::new());
///
/// client.send(TransportMessage::ping()).await?;
/// drop(client);
/// while let Some(result) = server.next().await {
///     match result? {
///         Ok(Message::Data(message)) => println!("{message}"),
///         Ok(Message::Transport(message)) => assert!(message.pong().is_some()),
///         Err(error) => eprintln!("{error}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Codec<P = Payload, K = String> {
    lines: Lines,
    policy: Policy,
    checks: Checks,
    signer: Option<Arc<dyn Signer>>,
    frame: Vec<u8>,
    yields: PhantomData<fn() -> (P, K)>,
}

impl Codec {
    /// Reads by the policy [`Strict`](Policy::Strict), frames of at most [`DEFAULT_MAX_FRAME_LEN`](crate::DEFAULT_MAX_FRAME_LEN).
    pub fn new() -> Self {
        Self::with_protocol(&Protocol::new())
    }

    /// Reads by a protocol's policy and limit, and signs and checks signatures if it does.
    pub fn with_protocol(protocol: &Protocol) -> Self {
        Self {
            lines: Lines::new(protocol.max_frame_len()),
            policy: protocol.policy(),
            checks: protocol.checks(),
            signer: protocol.shared_signer(),
            frame: Vec::new(),
            yields: PhantomData,
        }
    }
}

impl<P, K> Codec<P, K> {
    /// Reads messages whose data is of a type of the application's own.
    pub fn typed<Q>(self) -> Codec<Q> {
        self.yielding()
    }

    /// Reads messages whose type and data are an enum of the application's, see [`TaggedMessage`](crate::TaggedMessage).
    pub fn tagged<E>(self) -> Codec<E, Tagged> {
        self.yielding()
    }

    fn yielding<Q, L>(self) -> Codec<Q, L> {
        Codec {
            lines: self.lines,
            policy: self.policy,
            checks: self.checks,
            signer: self.signer,
            frame: self.frame,
            yields: PhantomData,
        }
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> Codec<P, K> {
    fn load(&self, line: Line, piece: &[u8]) -> Result<Message<P, K>, Error> {
        let frame = self.lines.get(line?, piece);
        // The length has been seen to.
        self.checks.load(frame, self.policy, usize::MAX)
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> Decoder for Codec<P, K> {
    type Item = Result<Message<P, K>, Error>;
    type Error = Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        while !src.is_empty() {
            let (taken, line) = self.lines.take(src);
            let item = line.map(|line| self.load(line, src));
            src.advance(taken);
            if item.is_some() {
                return Ok(item);
            }
        }
        Ok(None)
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Self::Item>, Error> {
        if let Some(item) = self.decode(src)? {
            return Ok(Some(item));
        }
        let last = self.lines.finish();
        Ok(last.map(|line| self.load(line, &[])))
    }
}

/// Any kind of message, or a reference to one.
impl<M: ToFrame, P, K> Encoder<M> for Codec<P, K> {
    type Error = Error;

    fn encode(&mut self, message: M, dst: &mut BytesMut) -> Result<(), Error> {
        self.frame.clear();
        message.append_signed(self.signer.as_deref(), &mut self.frame)?;
        self.frame.push(b'\n');
        dst.extend_from_slice(&self.frame);
        Ok(())
    }
}

impl Default for Codec {
    fn default() -> Self {
        Self::new()
    }
}

impl<P, K> fmt::Debug for Codec<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
