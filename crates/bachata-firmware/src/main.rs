//! The entry point: a board, and the device on it for ever.

#![no_std]
#![no_main]

mod board;
mod fault;

use bachata_firmware::Device;

/// Called by the board once it is up.
fn run(mut board: board::Board) -> ! {
    let mut device = Device::new(board::NAME, &mut board);
    loop {
        if !device.step(&mut board) {
            bachata_firmware::Hardware::wait(&mut board);
        }
    }
}
