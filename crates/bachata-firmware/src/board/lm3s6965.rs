//! The board `lm3s6965evb`: a Stellaris LM3S6965 (Cortex-M3), with a 24C32 EEPROM at address 0x50 of its I2C bus 0.
//!
//! It runs in QEMU. It has not run on the chip, whose UART0 has no line for flow control: there a peer has to keep the pace.

mod eeprom;

use core::cell::Cell;

use bachata_firmware::{Hardware, Ring, Starts, triangle};
use cortex_m::interrupt::{self, Mutex};
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{NVIC, SCB, SYST};
use cortex_m_rt::{ExceptionFrame, entry, exception};

use super::register::Register;
use crate::fault;

/// The first part of the ids, and the `from` of the messages.
pub(crate) const NAME: &str = "lm3s6965";

/// What there is beyond the processor. The peripherals of the processor belong to whoever starts.
pub(crate) struct Board(());

static UPTIME: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));
static RECEIVED: Ring<256> = Ring::new();

#[entry]
fn main() -> ! {
    start_clock();
    start_pins();
    start_uart();
    if let Some(mut core) = cortex_m::Peripherals::take() {
        start_ticks(&mut core.SYST);
    }
    // SAFETY: its handler shares nothing with others but atomics.
    unsafe { NVIC::unmask(Interrupt::Uart0) };
    crate::run(Board(()))
}

impl Hardware for Board {
    fn receive(&mut self, room: &mut [u8]) -> usize {
        let count = RECEIVED.read(room);
        if count > 0 {
            // It may have been stopped for want of room in the ring.
            UART_IM.write(UART_RECEIVE);
        }
        count
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        let room = |_: &&u8| UART_FR.read() & UART_FR_TXFF == 0;
        let mut count = 0;
        for &byte in bytes.iter().take_while(room) {
            UART_DR.write(byte.into());
            count += 1;
        }
        count
    }

    fn uptime(&self) -> u64 {
        interrupt::free(|section| UPTIME.borrow(section).get())
    }

    fn unix_time(&mut self) -> Option<i64> {
        None
    }

    /// Counted in the EEPROM. Without one there is nothing that could tell starts apart, and this does not return.
    fn start_number(&mut self) -> u64 {
        let count = || {
            let starts = Starts::read([eeprom::read(0)?, eeprom::read(1)?]);
            let (record, bytes) = starts.record();
            eeprom::write(record, bytes)?;
            Some(starts.number())
        };
        match count() {
            Some(number) => number.into(),
            None => fault::restart(format_args!(
                "no EEPROM answers at address 0x50 of I2C bus 0"
            )),
        }
    }

    fn sample(&mut self) -> i32 {
        triangle(self.uptime())
    }

    fn set_led(&mut self, on: bool) {
        GPIOF_DATA_0.write(on.into());
    }

    fn wait(&mut self) {
        // With interrupts off none comes between the look and the sleep, and a pending one ends the sleep all the same.
        interrupt::free(|_| {
            if RECEIVED.is_empty() {
                cortex_m::asm::wfi();
            }
        });
    }
}

#[exception]
fn SysTick() {
    interrupt::free(|section| {
        let uptime = UPTIME.borrow(section);
        uptime.set(uptime.get() + TICK_MS);
    });
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    if number == Interrupt::Uart0 as i16 {
        receive();
    } else {
        fault::restart(format_args!("interrupt {number} has no handler"));
    }
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    fault::restart(format_args!("hard fault at {:#010x}", frame.pc()))
}

/// Moves what has been received into the ring. What finds no room there stays where it is until there is.
fn receive() {
    UART_ICR.write(UART_RECEIVE_TIMEOUT);
    while UART_FR.read() & UART_FR_RXFE == 0 {
        if RECEIVED.is_full() {
            UART_IM.write(0);
            return;
        }
        let [byte, ..] = UART_DR.read().to_le_bytes();
        RECEIVED.push(byte);
    }
}

/// For a fault: from here on no interrupt interferes.
pub(crate) fn stop() {
    interrupt::disable();
}

/// For a fault: sends a byte when there is room for it.
pub(crate) fn send_byte(byte: u8) {
    while UART_FR.read() & UART_FR_TXFF != 0 {}
    UART_DR.write(byte.into());
}

/// For a fault: starts anew, once everything is sent and a second has passed.
pub(crate) fn reset() -> ! {
    while UART_FR.read() & UART_FR_BUSY != 0 {}
    cortex_m::asm::delay(CLOCK_KHZ * 1000);
    SCB::sys_reset()
}

#[derive(Clone, Copy)]
#[repr(u16)]
enum Interrupt {
    Uart0 = 5,
}

// SAFETY: the numbers are those of the chip.
unsafe impl interrupt::InterruptNumber for Interrupt {
    fn number(self) -> u16 {
        self as u16
    }
}

/// 12.5 MHz: 200 MHz of the PLL, from the crystal of 8 MHz, by 16.
fn start_clock() {
    const BYPASS: u32 = 1 << 11;
    const DIVIDE: u32 = 1 << 22;
    const CRYSTAL: u32 = 0xf << 6 | 0x3 << 4 | 1;
    const CRYSTAL_8_MHZ: u32 = 0xe << 6;
    const PLL_OFF: u32 = 1 << 13;
    const BY_16: u32 = 0xf << 23;
    const PLL_LOCKED: u32 = 1 << 6;

    modify(RCC, |rcc| (rcc | BYPASS) & !DIVIDE);
    modify(RCC, |rcc| rcc & !(CRYSTAL | PLL_OFF) | CRYSTAL_8_MHZ);
    modify(RCC, |rcc| rcc | BY_16 | DIVIDE);
    while RIS.read() & PLL_LOCKED == 0 {}
    modify(RCC, |rcc| rcc & !BYPASS);
}

/// The UART at port A, the I2C bus at port B, the LED at port F.
fn start_pins() {
    modify(RCGC1, |clocks| clocks | 1 << 12 | 1);
    modify(RCGC2, |clocks| clocks | 1 << 5 | 1 << 1 | 1);
    // The clocks arrive after three cycles.
    cortex_m::asm::delay(3);
    modify(GPIOA_AFSEL, |pins| pins | 0b11);
    modify(GPIOA_DEN, |pins| pins | 0b11);
    modify(GPIOB_AFSEL, |pins| pins | 0b1100);
    modify(GPIOB_ODR, |pins| pins | 0b1000);
    modify(GPIOB_DEN, |pins| pins | 0b1100);
    modify(GPIOF_DIR, |pins| pins | 1);
    modify(GPIOF_DEN, |pins| pins | 1);
}

/// 115200 baud, 8 bits, no parity.
fn start_uart() {
    const EIGHT_BITS_FIFOS: u32 = 0b111 << 4;
    const ENABLE: u32 = 0b11 << 8 | 1;

    UART_CTL.write(0);
    // 12.5 MHz / 16 / 115200 is 6 + 50 / 64.
    UART_IBRD.write(6);
    UART_FBRD.write(50);
    UART_LCRH.write(EIGHT_BITS_FIFOS);
    // An interrupt at 2 of 16 bytes, or when no more come.
    UART_IFLS.write(0);
    UART_IM.write(UART_RECEIVE);
    UART_CTL.write(ENABLE);
}

fn start_ticks(ticks: &mut SYST) {
    ticks.set_reload(CLOCK_KHZ * TICK_MS as u32 - 1);
    ticks.clear_current();
    ticks.set_clock_source(SystClkSource::Core);
    ticks.enable_interrupt();
    ticks.enable_counter();
}

fn modify(register: Register<u32>, change: impl FnOnce(u32) -> u32) {
    register.write(change(register.read()));
}

const CLOCK_KHZ: u32 = 12_500;
const TICK_MS: u64 = 10;

macro_rules! registers {
    ($($name:ident = $address:literal;)+) => {
        $(
            // SAFETY: the memory map of the LM3S6965 has a 32-bit register there. None starts a DMA transfer.
            const $name: Register<u32> = unsafe { Register::at($address) };
        )+
    };
}

registers! {
    UART_DR = 0x4000_c000;
    UART_FR = 0x4000_c018;
    UART_IBRD = 0x4000_c024;
    UART_FBRD = 0x4000_c028;
    UART_LCRH = 0x4000_c02c;
    UART_CTL = 0x4000_c030;
    UART_IFLS = 0x4000_c034;
    UART_IM = 0x4000_c038;
    UART_ICR = 0x4000_c044;

    GPIOA_AFSEL = 0x4000_4420;
    GPIOA_DEN = 0x4000_451c;
    GPIOB_AFSEL = 0x4000_5420;
    GPIOB_ODR = 0x4000_550c;
    GPIOB_DEN = 0x4000_551c;
    GPIOF_DATA_0 = 0x4002_5004;
    GPIOF_DIR = 0x4002_5400;
    GPIOF_DEN = 0x4002_551c;

    RIS = 0x400f_e050;
    RCC = 0x400f_e060;
    RCGC1 = 0x400f_e104;
    RCGC2 = 0x400f_e108;
}

const UART_FR_BUSY: u32 = 1 << 3;
const UART_FR_RXFE: u32 = 1 << 4;
const UART_FR_TXFF: u32 = 1 << 5;
const UART_RECEIVE_TIMEOUT: u32 = 1 << 6;
const UART_RECEIVE: u32 = UART_RECEIVE_TIMEOUT | 1 << 4;
