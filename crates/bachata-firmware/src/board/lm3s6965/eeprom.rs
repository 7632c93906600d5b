//! The two records in the EEPROM that [`Starts`] wants, over I2C bus 0.

use bachata_firmware::Starts;

use crate::board::register::Register;

/// Reads a record; none where no EEPROM answers.
pub(super) fn read(record: usize) -> Option<[u8; Starts::RECORD_LEN]> {
    start();
    let [high, low] = address(record);
    write_byte(high, START | RUN)?;
    write_byte(low, RUN | STOP)?;

    I2C_MSA.write(u32::from(EEPROM) << 1 | READ);
    let mut bytes = [0; Starts::RECORD_LEN];
    let last = bytes.len() - 1;
    for (at, byte) in bytes.iter_mut().enumerate() {
        let start = if at == 0 { START } else { 0 };
        let end = if at == last { STOP } else { ACK };
        transfer(start | RUN | end)?;
        [*byte, ..] = I2C_MDR.read().to_le_bytes();
    }
    Some(bytes)
}

/// Writes a record and waits until the EEPROM has it; none where no EEPROM answers.
pub(super) fn write(record: usize, bytes: [u8; Starts::RECORD_LEN]) -> Option<()> {
    start();
    let [high, low] = address(record);
    write_byte(high, START | RUN)?;
    write_byte(low, RUN)?;
    let last = bytes.len() - 1;
    for (at, byte) in bytes.into_iter().enumerate() {
        write_byte(byte, if at == last { RUN | STOP } else { RUN })?;
    }
    // While it writes, up to 5 ms, it does not answer.
    (0..100).find_map(|_| {
        cortex_m::asm::delay(1250);
        I2C_MSA.write(u32::from(EEPROM) << 1);
        write_byte(0, START | RUN | STOP)
    })
}

/// 100 kHz out of 12.5 MHz, for the master.
fn start() {
    I2C_MCR.write(1 << 4);
    I2C_MTPR.write(6);
    I2C_MSA.write(u32::from(EEPROM) << 1);
}

/// The records are at 0 and at 32: none shares its page with the other.
fn address(record: usize) -> [u8; 2] {
    if record == 0 { [0, 0] } else { [0, 32] }
}

fn write_byte(byte: u8, command: u32) -> Option<()> {
    I2C_MDR.write(byte.into());
    transfer(command)
}

/// Moves a byte; none where the bus reports an error, or nothing for 10 ms.
fn transfer(command: u32) -> Option<()> {
    I2C_MCS.write(command);
    let status = (0..10_000).find_map(|_| {
        let status = I2C_MCS.read();
        (status & BUSY == 0).then_some(status)
    })?;
    if status & ERROR == 0 {
        Some(())
    } else {
        // Frees the bus.
        I2C_MCS.write(STOP);
        None
    }
}

const EEPROM: u8 = 0x50;

const READ: u32 = 1;

const RUN: u32 = 1;
const START: u32 = 1 << 1;
const STOP: u32 = 1 << 2;
const ACK: u32 = 1 << 3;

const BUSY: u32 = 1;
const ERROR: u32 = 1 << 1;

macro_rules! registers {
    ($($name:ident = $address:literal;)+) => {
        $(
            // SAFETY: the memory map of the LM3S6965 has a 32-bit register there.
            const $name: Register<u32> = unsafe { Register::at($address) };
        )+
    };
}

registers! {
    I2C_MSA = 0x4002_0000;
    I2C_MCS = 0x4002_0004;
    I2C_MDR = 0x4002_0008;
    I2C_MTPR = 0x4002_000c;
    I2C_MCR = 0x4002_0020;
}
