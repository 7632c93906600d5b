//! Loads each line of the standard input as a message and writes it again, by the policy for peers that speak like the Python
//! package. Messages stay as they are; what changes is how they are written.
//!
//!     printf '{"type": 1001, "id": "p1"}\n' | cargo run --example relay

use std::io::{stdin, stdout};
use std::process::ExitCode;

use bachata_std::{Error, FrameReader, FrameWriter, Policy, Protocol};

fn main() -> Result<ExitCode, Error> {
    let protocol = Protocol::new().with_policy(Policy::Reference);
    let mut writer = FrameWriter::new(stdout().lock());
    let mut code = ExitCode::SUCCESS;
    for message in FrameReader::with_protocol(stdin().lock(), &protocol) {
        match message {
            Ok(message) => writer.write(&message)?,
            Err(error) if error.is_about_one_frame() => {
                eprintln!("{error}");
                code = ExitCode::FAILURE;
            }
            Err(error) => return Err(error),
        }
    }
    writer.flush()?;
    Ok(code)
}
