//! Streams of threads that fail, each in its way.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use bachata_std::delivery::{Client, Disconnect, ServerConfig, StoreLimits, Stream};

use super::common::*;

#[derive(Clone, Copy)]
enum Reads {
    /// Nothing until the stream is shut down, or a frame has been written.
    Nothing,
    TimesOut,
    Fails,
}

#[derive(Clone, Copy)]
enum Writes {
    Nothing,
    Fails,
    Panics,
    /// A byte each time, after it was interrupted.
    AfterInterrupts,
}

#[derive(Default)]
struct State {
    over: bool,
    interrupted: bool,
    written: Vec<u8>,
}

struct Fake {
    reads: Reads,
    writes: Writes,
    /// How many more handles there can be.
    handles: Arc<Mutex<usize>>,
    knows_time: bool,
    state: Arc<Mutex<State>>,
}

impl Fake {
    fn new(reads: Reads, writes: Writes) -> Self {
        Self {
            reads,
            writes,
            handles: Arc::new(Mutex::new(10)),
            knows_time: true,
            state: Arc::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Stream for Fake {
    fn try_clone(&self) -> io::Result<Self> {
        let mut handles = self.handles.lock().unwrap();
        *handles = handles.checked_sub(1).ok_or(ErrorKind::Unsupported)?;
        Ok(Self {
            handles: self.handles.clone(),
            state: self.state.clone(),
            ..*self
        })
    }

    fn set_write_timeout(&self, _: Option<Duration>) -> io::Result<()> {
        if self.knows_time {
            Ok(())
        } else {
            Err(ErrorKind::Unsupported.into())
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        self.state().over = true;
        Ok(())
    }
}

impl Read for Fake {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        thread::sleep(Duration::from_millis(1));
        match self.reads {
            Reads::Nothing if self.state().over => Ok(0),
            Reads::Nothing => Err(ErrorKind::Interrupted.into()),
            Reads::TimesOut => Err(ErrorKind::TimedOut.into()),
            Reads::Fails => Err(ErrorKind::ConnectionReset.into()),
        }
    }
}

impl Write for Fake {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        match self.writes {
            Writes::Nothing => Ok(0),
            Writes::Fails => Err(ErrorKind::BrokenPipe.into()),
            Writes::Panics => {
                state.over = true;
                drop(state);
                panic!("as it is to")
            }
            Writes::AfterInterrupts => {
                state.interrupted = !state.interrupted;
                if state.interrupted {
                    return Err(ErrorKind::Interrupted.into());
                }
                state.written.push(bytes[0]);
                state.over = bytes[0] == b'\n';
                Ok(1)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn failed_by(end: Disconnect, kind: ErrorKind) {
    assert!(
        matches!(&end, Disconnect::Io(error) if error.kind() == kind),
        "{kind}: {end:?}"
    );
}

/// The end of a connection of a server, which begins with a frame of its own.
fn serve(stream: Fake) -> Disconnect {
    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    let end = server.drive(ALICE, stream);
    assert!(!server.is_connected(ALICE));
    end
}

#[test]
fn a_stream_that_threads_cannot_share_is_not_used() {
    for handles in 0..3 {
        let stream = Fake::new(Reads::Nothing, Writes::Panics);
        *stream.handles.lock().unwrap() = handles;
        failed_by(serve(stream), ErrorKind::Unsupported);
    }
    let stream = Fake {
        knows_time: false,
        ..Fake::new(Reads::Nothing, Writes::Panics)
    };
    failed_by(serve(stream), ErrorKind::Unsupported);
}

#[test]
fn a_stream_that_fails_ends_the_connection_with_its_error() {
    let client = Client::new(config());
    let stream = Fake::new(Reads::Fails, Writes::Fails);
    failed_by(client.driver().drive(stream), ErrorKind::ConnectionReset);
    let stream = Fake::new(Reads::Nothing, Writes::Fails);
    failed_by(serve(stream), ErrorKind::BrokenPipe);
    let stream = Fake::new(Reads::Nothing, Writes::Nothing);
    failed_by(serve(stream), ErrorKind::WriteZero);
}

#[test]
fn a_stream_that_panics_takes_nothing_with_it() {
    let stream = Fake::new(Reads::Nothing, Writes::Panics);
    assert!(matches!(serve(stream), Disconnect::Ended));
}

#[test]
fn writing_goes_on_after_interrupts() {
    let stream = Fake::new(Reads::Nothing, Writes::AfterInterrupts);
    let state = stream.state.clone();
    assert!(matches!(serve(stream), Disconnect::Ended));
    assert_eq!(state.lock().unwrap().written, b"{\"type\":1000}\n");
}

#[test]
fn a_stream_that_times_out_is_read_until_the_client_is_closed() {
    let client = Client::new(config());
    let driver = client.driver();
    let stream = Fake::new(Reads::TimesOut, Writes::Nothing);
    let thread = thread::spawn(move || driver.drive(stream));
    thread::sleep(Duration::from_millis(20));
    assert!(!thread.is_finished());
    client.close();
    assert!(matches!(thread.join().unwrap(), Disconnect::Closed));
}
