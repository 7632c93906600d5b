//! Connections in threads, over `std::io`.

use std::future::poll_fn;
use std::hash::Hash;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use super::block::{block_on, block_on_until};
use super::server::Admission;
use super::session::{LOOK_EVERY, Session, transmit_more};
use super::state::Shared;
use super::waiters::Place;
use super::{Backoff, Disconnect, Driver, Server, Store};
use crate::lines::end_frame;
use crate::{Error, FrameReader, Protocol};

/// A stream of bytes that one thread reads while another writes.
///
/// One that knows no time limits, such as a serial line, may do nothing in [`set_write_timeout`](Self::set_write_timeout), if it does not write for ever; and where
/// [`shut_down`](Self::shut_down) can't wake the reading thread, reading has to time out by itself from time to time, with
/// [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut).
pub trait Stream: Read + Write + Send + Sized {
    /// Another handle of the same stream.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn try_clone(&self) -> io::Result<Self>;

    /// After how long without any progress a write is to fail, with [`WouldBlock`](io::ErrorKind::WouldBlock) or [`TimedOut`](io::ErrorKind::TimedOut).
    ///
    /// # Errors
    ///
    /// The system's own.
    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;

    /// Ends the stream in both directions, also for threads that read or write right now.
    ///
    /// # Errors
    ///
    /// The system's own.
    fn shut_down(&self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(timeout)
    }

    fn shut_down(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }
}

#[cfg(unix)]
impl Stream for std::os::unix::net::UnixStream {
    fn try_clone(&self) -> io::Result<Self> {
        self.try_clone()
    }

    fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_write_timeout(timeout)
    }

    fn shut_down(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Both)
    }
}

impl Driver {
    /// Connects, sees to the connection, and connects again when it has ended, until the client is closed. A connection that can't be made is tried again like one
    /// that has ended.
    ///
    /// Whatever a connection begins with, such as who it is that connects, is for `connect` to do. It is waited for, also when the client is closed, so it is best given a time
    /// limit.
    pub fn run<S: Stream>(&self, mut connect: impl FnMut() -> io::Result<S>, backoff: Backoff) {
        let mut failures = 0;
        while !self.is_closed() {
            if let Ok(stream) = connect() {
                let connection = self.attach();
                let _end = drive_stream(stream, &connection);
                if connection.has_heard() {
                    failures = 0;
                }
            }
            failures += 1;
            let until = Instant::now() + backoff.delay(failures);
            block_on_until(Closing::new(&self.shared), until, || {
                self.shared.keep_time()
            });
        }
    }

    /// Sees to one connection, over a stream of bytes in which each frame ends with LF (`P-22`), and says why it has ended.
    pub fn drive<S: Stream>(&self, stream: S) -> Disconnect {
        drive_stream(stream, &self.attach())
    }
}

impl<S> Server<S>
where
    S: Store + Send + 'static,
    S::Address: Hash + Send + Sync + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    /// Accepts connections, and sees to each in threads of its own, until the server is closed. Comes back when the last of them has ended.
    ///
    /// `authenticate` says which address a connection has. It may read what the client says first, and has the [login timeout](super::ServerBuilder::login_timeout) for
    /// each read; it may write, too, into the stream that is in the reader. A connection for which it fails is closed.
    ///
    /// # Errors
    ///
    /// The listener has failed, again and again.
    pub fn serve(
        &self,
        listener: TcpListener,
        authenticate: impl Fn(&mut BufReader<TcpStream>) -> io::Result<S::Address> + Sync,
    ) -> io::Result<()> {
        if !self.shared.listen(listener.local_addr()?) {
            return Ok(());
        }
        let authenticate = &authenticate;
        let mut failures = 0;
        thread::scope(|scope| {
            loop {
                let accepted = listener.accept();
                if self.is_closed() {
                    return Ok(());
                }
                match accepted {
                    Ok((stream, _)) => {
                        failures = 0;
                        let Some(admission) = Admission::new(&self.shared) else {
                            continue;
                        };
                        let thread = thread::Builder::new().name("bachata-reader".to_owned());
                        // Where there is no thread, the connection is dropped.
                        let _failed = thread.spawn_scoped(scope, move || {
                            let _end = self.login(stream, authenticate);
                            drop(admission);
                        });
                    }
                    Err(error) => {
                        failures += 1;
                        if failures == MAX_ACCEPT_FAILURES {
                            return Err(error);
                        }
                        // Out of file descriptors, say: some connection will end.
                        if !is_of_the_peer(&error) {
                            thread::sleep(ACCEPT_PAUSE);
                        }
                    }
                }
            }
        })
    }

    fn login(
        &self,
        stream: TcpStream,
        authenticate: impl Fn(&mut BufReader<TcpStream>) -> io::Result<S::Address>,
    ) -> Result<Disconnect, Disconnect> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.shared.login_timeout))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let address = authenticate(&mut reader)?;
        stream.set_read_timeout(None)?;
        let connection = self.open(address)?;
        Ok(drive(reader, stream, &connection))
    }

    /// Sees to one connection of an address, which the application has accepted, over a stream of bytes in which each frame ends with LF (`P-22`). Says why
    /// it has ended.
    pub fn drive<T: Stream>(&self, address: S::Address, stream: T) -> Disconnect {
        match self.open(address) {
            Ok(connection) => drive_stream(stream, &connection),
            Err(error) => error,
        }
    }
}

/// How often in a row accepting may fail, and how long it pauses.
pub(super) const MAX_ACCEPT_FAILURES: u32 = 100;
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Whether a connection could not be accepted for what its peer did.
pub(super) fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// Wakes a thread that accepts connections at an address.
pub(super) fn knock(mut address: SocketAddr) {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    // Where it can't be reached, the thread ends with the next connection.
    let _failed = TcpStream::connect_timeout(&address, Duration::from_secs(1));
}

/// Resolves when the client is closed.
pub(super) struct Closing<'s> {
    shared: &'s Arc<Shared>,
    place: Place,
}

impl<'s> Closing<'s> {
    pub(super) fn new(shared: &'s Arc<Shared>) -> Self {
        Self {
            shared,
            place: Place::default(),
        }
    }
}

impl Future for Closing<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let place = &mut this.place;
        this.shared.with(|state, _| {
            if state.closed {
                return Poll::Ready(());
            }
            state.closing.wait(place, cx);
            Poll::Pending
        })
    }
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.shared
            .with(|state, _| state.closing.leave(&self.place));
    }
}

fn drive_stream<S: Stream>(stream: S, session: &impl Session) -> Disconnect {
    match stream.try_clone() {
        Ok(reader) => drive(BufReader::new(reader), stream, session),
        Err(error) => error.into(),
    }
}

/// Sees to a connection: this thread reads, and another one writes.
pub(super) fn drive<S: Stream>(
    reader: impl BufRead,
    writer: S,
    session: &impl Session,
) -> Disconnect {
    let streams = writer
        .set_write_timeout(Some(LOOK_EVERY))
        .and_then(|()| Ok((writer.try_clone()?, writer.try_clone()?)));
    let (stream, writers_stream) = match streams {
        Ok(streams) => streams,
        Err(error) => return error.into(),
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("bachata-writer".to_owned());
        let writing = thread.spawn_scoped(scope, move || {
            let end = write(writer, session);
            session.end();
            // That wakes the thread that reads. A stream that has failed may be shut down already.
            let _failed = writers_stream.shut_down();
            end
        });
        let writing = match writing {
            Ok(writing) => writing,
            Err(error) => return error.into(),
        };
        let end = read(reader, session);
        session.end();
        let _failed = stream.shut_down();
        match writing.join() {
            Ok(other) => end.or(other),
            Err(_) => end,
        }
    })
}

fn read(reader: impl BufRead, session: &impl Session) -> Disconnect {
    let protocol = Protocol::new().with_max_frame_len(session.max_frame_len());
    let mut frames = FrameReader::with_protocol(reader, &protocol);
    loop {
        match frames.next_frame() {
            None => return Disconnect::Ended,
            Some(Ok(frame)) => {
                let handle = poll_fn(|cx| session.poll_handle_frame(cx, frame));
                if let Err(end) = block_on(handle, || None) {
                    return end;
                }
            }
            Some(Err(Error::TooLong(error))) => session.refuse(error),
            Some(Err(error)) => {
                let error = io::Error::from(error);
                let goes_on = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                if !goes_on {
                    return error.into();
                }
                if let Err(end) = session.keep_time() {
                    return end;
                }
            }
        }
    }
}

fn write(mut writer: impl Write, session: &impl Session) -> Disconnect {
    let mut frames = Vec::new();
    loop {
        frames.clear();
        let first = poll_fn(|cx| session.poll_transmit(cx, &mut frames));
        if let Err(end) = block_on(first, || session.deadline()) {
            return end;
        }
        end_frame(&mut frames, 0);
        transmit_more(session, &mut frames);
        if let Err(end) = write_patiently(&mut writer, &frames, session) {
            return end;
        }
    }
}

/// Writes as long as the connection is not over.
fn write_patiently(
    mut writer: impl Write,
    mut bytes: &[u8],
    session: &impl Session,
) -> Result<(), Disconnect> {
    loop {
        let written = if bytes.is_empty() {
            writer.flush().map(|()| 0)
        } else {
            writer.write(bytes)
        };
        match written {
            Ok(0) if bytes.is_empty() => return Ok(()),
            Ok(0) => return Err(io::Error::from(ErrorKind::WriteZero).into()),
            Ok(len) => bytes = &bytes[len..],
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => {}
                ErrorKind::WouldBlock | ErrorKind::TimedOut => session.keep_time()?,
                _ => return Err(error.into()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_peer_does_is_no_reason_to_pause() {
        for kind in [
            ErrorKind::Interrupted,
            ErrorKind::ConnectionAborted,
            ErrorKind::ConnectionReset,
        ] {
            assert!(is_of_the_peer(&kind.into()), "{kind}");
        }
        // Out of file descriptors.
        let error = io::Error::from_raw_os_error(24);
        assert!(!is_of_the_peer(&error), "{error}");
    }
}
