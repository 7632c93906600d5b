//! The board `virt` of QEMU: one RISC-V hart, a UART 16550, the interrupt controllers CLINT and PLIC, and a clock with a battery (Goldfish RTC).
//!
//! It has no lamp: the device remembers whether it would be on.

use bachata_firmware::{Hardware, Ring, triangle};
use riscv::interrupt::Interrupt;
use riscv_rt::{TrapFrame, core_interrupt, entry};

use super::register::Register;
use crate::fault;

/// The first part of the ids, and the `from` of the messages.
pub(crate) const NAME: &str = "virt";

pub(crate) struct Board {
    /// What the clock of the hart showed at the start.
    started: u64,
}

static RECEIVED: Ring<256> = Ring::new();

#[entry]
fn main() -> ! {
    start_uart();
    start_interrupts();
    crate::run(Board { started: mtime() })
}

impl Hardware for Board {
    fn receive(&mut self, room: &mut [u8]) -> usize {
        let count = RECEIVED.read(room);
        if count > 0 {
            // It may have been stopped for want of room in the ring.
            UART_IER.write(UART_RECEIVE);
        }
        count
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        if UART_LSR.read() & UART_LSR_SENT == 0 {
            return 0;
        }
        // When it has sent everything it takes as many again.
        let count = bytes.len().min(16);
        for &byte in bytes.iter().take(count) {
            UART_DATA.write(byte);
        }
        count
    }

    fn uptime(&self) -> u64 {
        (mtime() - self.started) / (MTIME_HZ / 1000)
    }

    fn unix_time(&mut self) -> Option<i64> {
        i64::try_from(unix_ns() / 1_000_000).ok()
    }

    /// The Unix nanoseconds of the start: the clock goes on without power. The emulator sets it to a whole second when power comes, so
    /// milliseconds would repeat where power came twice in a second.
    fn start_number(&mut self) -> u64 {
        unix_ns()
    }

    fn sample(&mut self) -> i32 {
        triangle(self.uptime())
    }

    fn set_led(&mut self, _on: bool) {}

    fn wait(&mut self) {
        // With interrupts off none comes between the look and the sleep, and a pending one ends the sleep all the same.
        riscv::interrupt::disable();
        if RECEIVED.is_empty() {
            set_alarm(mtime() + MTIME_HZ / 100);
            riscv::asm::wfi();
            set_alarm(u64::MAX);
        }
        // SAFETY: the handler shares nothing with others but atomics.
        unsafe { riscv::interrupt::enable() };
    }
}

#[core_interrupt(Interrupt::MachineExternal)]
unsafe fn external() {
    let source = PLIC_CLAIM.read();
    match source {
        UART_SOURCE => receive(),
        // Somebody else has claimed it.
        0 => return,
        _ => fault::restart(format_args!("interrupt {source} has no handler")),
    }
    PLIC_CLAIM.write(source);
}

// SAFETY: riscv-rt calls it by this name and with this signature.
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_frame: &TrapFrame) -> ! {
    let (cause, pc) = (
        riscv::register::mcause::read().code(),
        riscv::register::mepc::read(),
    );
    fault::restart(format_args!("exception {cause} at {pc:#010x}"))
}

/// Moves what has been received into the ring. What finds no room there stays where it is until there is.
fn receive() {
    while UART_LSR.read() & UART_LSR_RECEIVED != 0 {
        if RECEIVED.is_full() {
            UART_IER.write(0);
            return;
        }
        RECEIVED.push(UART_DATA.read());
    }
}

/// For a fault: from here on no interrupt interferes.
pub(crate) fn stop() {
    riscv::interrupt::disable();
}

/// For a fault: sends a byte when there is room for it.
pub(crate) fn send_byte(byte: u8) {
    while UART_LSR.read() & UART_LSR_SENT == 0 {}
    UART_DATA.write(byte);
}

/// For a fault: starts anew, once everything is sent and a second has passed.
pub(crate) fn reset() -> ! {
    const RESET: u32 = 0x7777;

    let start = mtime();
    while UART_LSR.read() & UART_LSR_IDLE == 0 || mtime() < start + MTIME_HZ {}
    TEST.write(RESET);
    loop {
        core::hint::spin_loop();
    }
}

/// The highest speed that it has, 8 bits, no parity. An interrupt at 14 of 16 bytes, or when no more come.
fn start_uart() {
    const DIVISOR_LATCH: u8 = 1 << 7;
    const EIGHT_BITS: u8 = 0b11;

    UART_LCR.write(DIVISOR_LATCH | EIGHT_BITS);
    UART_DATA.write(1);
    UART_IER.write(0);
    UART_LCR.write(EIGHT_BITS);
    UART_FCR.write(0b11 << 6 | 0b111);
    UART_IER.write(UART_RECEIVE);
}

fn start_interrupts() {
    PLIC_UART_PRIORITY.write(1);
    PLIC_ENABLE.write(1 << UART_SOURCE);
    PLIC_THRESHOLD.write(0);
    set_alarm(u64::MAX);
    // SAFETY: the handler shares nothing with others but atomics, and the alarm is set for a sleep alone, when interrupts are off.
    unsafe {
        riscv::interrupt::enable_interrupt(Interrupt::MachineExternal);
        riscv::interrupt::enable_interrupt(Interrupt::MachineTimer);
        riscv::interrupt::enable();
    }
}

/// Ticks since power came.
fn mtime() -> u64 {
    loop {
        let high = MTIME_HIGH.read();
        let low = MTIME_LOW.read();
        if MTIME_HIGH.read() == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// Makes the timer interrupt pending at a time of [`mtime`].
fn set_alarm(time: u64) {
    let [a, b, c, d, high @ ..] = time.to_le_bytes();
    // No time in between is earlier than both.
    MTIMECMP_HIGH.write(u32::MAX);
    MTIMECMP_LOW.write(u32::from_le_bytes([a, b, c, d]));
    MTIMECMP_HIGH.write(u32::from_le_bytes(high));
}

fn unix_ns() -> u64 {
    // Reading the low half keeps the high half of the same time.
    let low = RTC_LOW.read();
    u64::from(RTC_HIGH.read()) << 32 | u64::from(low)
}

const MTIME_HZ: u64 = 10_000_000;

macro_rules! registers {
    ($($name:ident: $width:ty = $address:literal;)+) => {
        $(
            // SAFETY: the memory map of `virt` has a register of this width there. None starts a DMA transfer.
            const $name: Register<$width> = unsafe { Register::at($address) };
        )+
    };
}

registers! {
    TEST: u32 = 0x0010_0000;

    RTC_LOW: u32 = 0x0010_1000;
    RTC_HIGH: u32 = 0x0010_1004;

    MTIMECMP_LOW: u32 = 0x0200_4000;
    MTIMECMP_HIGH: u32 = 0x0200_4004;
    MTIME_LOW: u32 = 0x0200_bff8;
    MTIME_HIGH: u32 = 0x0200_bffc;

    PLIC_UART_PRIORITY: u32 = 0x0c00_0028;
    PLIC_ENABLE: u32 = 0x0c00_2000;
    PLIC_THRESHOLD: u32 = 0x0c20_0000;
    PLIC_CLAIM: u32 = 0x0c20_0004;

    UART_DATA: u8 = 0x1000_0000;
    UART_IER: u8 = 0x1000_0001;
    UART_FCR: u8 = 0x1000_0002;
    UART_LCR: u8 = 0x1000_0003;
    UART_LSR: u8 = 0x1000_0005;
}

/// The UART is source 10 of the PLIC.
const UART_SOURCE: u32 = 10;

const UART_RECEIVE: u8 = 1;
const UART_LSR_RECEIVED: u8 = 1;
const UART_LSR_SENT: u8 = 1 << 5;
const UART_LSR_IDLE: u8 = 1 << 6;
