use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long an emulator may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running emulator. It ends when this is dropped.
pub(crate) struct Emulator {
    command: Command,
    child: Child,
    address: SocketAddr,
}

impl Emulator {
    /// Starts the board with the program and its serial line at a free port.
    pub(crate) fn start(board: &str, elf: &str) -> io::Result<Self> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../emulate"));
        command
            .args([board, elf, &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        let child = command.spawn()?;
        Ok(Self {
            command,
            child,
            address,
        })
    }

    /// Takes the power away and gives it back.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = self.command.spawn()?;
        Ok(())
    }

    /// Connects to the serial line.
    pub(crate) fn connect(&mut self) -> io::Result<TcpStream> {
        let start = Instant::now();
        loop {
            match TcpStream::connect(self.address) {
                Ok(stream) => return Ok(stream),
                Err(error) if start.elapsed() > PATIENCE => return Err(error),
                Err(_) => sleep(Duration::from_millis(20)),
            }
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!(
                    "the emulator has ended: {status}"
                )));
            }
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Either fails only where it has ended.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}
