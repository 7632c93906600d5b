//! Connections in tasks of tokio 1.

use std::future::{Future, poll_fn};
use std::hash::Hash;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Instant;

use ::tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use ::tokio::net::{TcpListener, TcpStream};
use ::tokio::time::{Sleep, sleep, sleep_until, timeout};

use super::server::{Admission, Shared, lock};
use super::session::{LOOK_EVERY, Session, transmit_more};
use super::threads::{ACCEPT_PAUSE, Closing, MAX_ACCEPT_FAILURES, is_of_the_peer};
use super::waiters::Place;
use super::{Backoff, Disconnect, Driver, Server, Store};
use crate::lines::{Line, Lines, end_frame};

impl Driver {
    /// As [`run`](Self::run), in a task.
    ///
    /// ```
    /// use bachata_std::DataMessage;
    /// use bachata_std::delivery::{Backoff, Client, ClientConfig};
    /// use tokio::net::{TcpListener, TcpStream};
    /// # use bachata_std::delivery::{MemoryStore, Server, ServerConfig, StoreLimits};
    /// # use std::sync::{Arc, Mutex};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let address = listener.local_addr()?;
    /// # let store = Arc::new(Mutex::new(MemoryStore::new(StoreLimits::default())));
    /// # let server = Server::new(store, ServerConfig::default(), |_, _| Some(1));
    /// # let serving = server.clone();
    /// # tokio::spawn(async move { serving.serve_async(listener, |reader| async { Ok((1, reader)) }).await });
    /// let client = Client::new(ClientConfig::default());
    /// let driver = client.driver();
    /// tokio::spawn(async move {
    ///     driver.run_async(|| TcpStream::connect(address), Backoff::default()).await;
    /// });
    ///
    /// // To oneself, here.
    /// let message = DataMessage::new("7", "note", 0, "hi");
    /// let receive = async { client.recv().await.unwrap().acknowledge() };
    /// let (sent, ()) = tokio::join!(client.send(&message), receive);
    /// assert!(sent.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run_async<C, T>(&self, mut connect: impl FnMut() -> C, backoff: Backoff)
    where
        C: Future<Output = io::Result<T>>,
        T: AsyncRead + AsyncWrite,
    {
        let mut failures = 0;
        while !self.is_closed() {
            let connected = self.keep_time(connect()).await;
            if let Some(Ok(stream)) = connected {
                let connection = self.attach();
                let _end = drive_stream(stream, &connection).await;
                if connection.has_heard() {
                    failures = 0;
                }
            }
            failures += 1;
            let pause = sleep(backoff.delay(failures));
            self.keep_time(pause).await;
        }
    }

    /// As [`drive`](Self::drive), in a task.
    pub async fn drive_async(&self, stream: impl AsyncRead + AsyncWrite) -> Disconnect {
        drive_stream(stream, &self.attach()).await
    }

    /// Waits for a future while there is no connection; none where the client is closed before.
    async fn keep_time<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let mut closing = pin!(Closing::new(&self.shared));
        let mut alarm = pin!(Alarm::default());
        poll_fn(|cx| {
            if closing.as_mut().poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            loop {
                if let Poll::Ready(output) = future.as_mut().poll(cx) {
                    return Poll::Ready(Some(output));
                }
                let due = self.shared.keep_time();
                if alarm.as_mut().poll_at(due, cx).is_pending() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }
}

impl<S> Server<S>
where
    S: Store + Send + 'static,
    S::Address: Hash + Send + Sync + 'static,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    /// As [`serve`](Self::serve), in tasks, of which it comes back before the last has ended. `authenticate` gives the reader back, with the address.
    ///
    /// # Errors
    ///
    /// The listener has failed, again and again.
    pub async fn serve_async<F>(
        &self,
        listener: TcpListener,
        authenticate: impl Fn(BufReader<TcpStream>) -> F,
    ) -> io::Result<()>
    where
        F: Future<Output = io::Result<(S::Address, BufReader<TcpStream>)>> + Send + 'static,
    {
        let mut failures = 0;
        loop {
            let mut place = Place::default();
            let accepted = poll_fn(|cx| match self.shared.poll_closed(&mut place, cx) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => listener.poll_accept(cx).map(Some),
            })
            .await;
            self.shared.leave(&place);
            match accepted {
                None => return Ok(()),
                Some(Ok((stream, _))) => {
                    failures = 0;
                    let Some(admission) = Admission::new(&self.shared) else {
                        continue;
                    };
                    let _no_matter = stream.set_nodelay(true);
                    let login = timeout(
                        self.shared.login_timeout,
                        authenticate(BufReader::new(stream)),
                    );
                    let server = self.clone();
                    ::tokio::spawn(async move {
                        if let Ok(Ok((address, stream))) = login.await {
                            server.drive_async(address, stream).await;
                        }
                        drop(admission);
                    });
                }
                Some(Err(error)) => {
                    failures += 1;
                    if failures == MAX_ACCEPT_FAILURES {
                        return Err(error);
                    }
                    // Out of file descriptors, say: some connection will end.
                    if !is_of_the_peer(&error) {
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        }
    }

    /// As [`drive`](Self::drive), in a task.
    pub async fn drive_async(
        &self,
        address: S::Address,
        stream: impl AsyncRead + AsyncWrite,
    ) -> Disconnect {
        match self.open(address) {
            Ok(connection) => drive_stream(stream, &connection).await,
            Err(error) => error,
        }
    }
}

impl<S: Store> Shared<S> {
    fn poll_closed(&self, place: &mut Place, cx: &Context<'_>) -> Poll<()> {
        let mut connections = lock(&self.connections);
        if connections.closed {
            return Poll::Ready(());
        }
        connections.closing.wait(place, cx);
        Poll::Pending
    }

    fn leave(&self, place: &Place) {
        lock(&self.connections).closing.leave(place);
    }
}

/// Sees to a connection: it reads and writes, until one of them ends.
async fn drive_stream(stream: impl AsyncRead + AsyncWrite, session: &impl Session) -> Disconnect {
    let (reader, writer) = ::tokio::io::split(stream);
    let mut reading = pin!(read(BufReader::new(reader), session));
    let mut writing = pin!(write(writer, session));
    poll_fn(|cx| {
        if let Poll::Ready(end) = writing.as_mut().poll(cx) {
            return Poll::Ready(end);
        }
        reading.as_mut().poll(cx)
    })
    .await
}

async fn read(mut reader: impl AsyncBufRead + Unpin, session: &impl Session) -> Disconnect {
    let mut lines = Lines::new(session.max_frame_len());
    loop {
        let piece = match reader.fill_buf().await {
            Ok(piece) => piece,
            Err(error) => return error.into(),
        };
        let (taken, line) = match piece {
            [] => (0, lines.finish()),
            piece => lines.take(piece),
        };
        let ended = piece.is_empty();
        if let Some(line) = line {
            if let Err(end) = handle(line, &lines, piece, session).await {
                return end;
            }
        }
        if ended {
            return Disconnect::Ended;
        }
        reader.consume(taken);
    }
}

async fn handle(
    line: Line,
    lines: &Lines,
    piece: &[u8],
    session: &impl Session,
) -> Result<(), Disconnect> {
    match line {
        Ok(place) => {
            let frame = lines.get(place, piece);
            poll_fn(|cx| session.poll_handle_frame(cx, frame)).await
        }
        Err(error) => {
            session.refuse(error);
            Ok(())
        }
    }
}

async fn write(mut writer: impl AsyncWrite + Unpin, session: &impl Session) -> Disconnect {
    let mut alarm = pin!(Alarm::default());
    let mut frames = Vec::new();
    loop {
        frames.clear();
        let first = poll_fn(|cx| {
            loop {
                if let Poll::Ready(sent) = session.poll_transmit(cx, &mut frames) {
                    return Poll::Ready(sent);
                }
                if alarm.as_mut().poll_at(session.deadline(), cx).is_pending() {
                    return Poll::Pending;
                }
            }
        });
        if let Err(end) = first.await {
            // What was said last is to arrive.
            let _failed = timeout(LOOK_EVERY, writer.shutdown()).await;
            return end;
        }
        end_frame(&mut frames, 0);
        transmit_more(session, &mut frames);
        let writing = async {
            writer.write_all(&frames).await?;
            writer.flush().await
        };
        if let Err(end) = patiently(writing, session).await {
            return end;
        }
    }
}

/// Writes as long as the connection is not over.
async fn patiently(
    writing: impl Future<Output = io::Result<()>>,
    session: &impl Session,
) -> Result<(), Disconnect> {
    let mut writing = pin!(writing);
    loop {
        match timeout(LOOK_EVERY, writing.as_mut()).await {
            Ok(written) => return Ok(written?),
            Err(_) => session.keep_time()?,
        }
    }
}

/// A timer that is set anew each time that it is asked.
#[derive(Default)]
struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Alarm {
    /// Ready when the time has come; never where there is none.
    fn poll_at(mut self: Pin<&mut Self>, due: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(due) = due else {
            self.sleep = None;
            return Poll::Pending;
        };
        let due = due.into();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(due)));
        if sleep.deadline() != due {
            sleep.as_mut().reset(due);
        }
        sleep.as_mut().poll(cx)
    }
}
