//! Counts the instructions of the work and paints its stack.

use core::hint::black_box;

use crate::board::{self, Counter};
use crate::work::{Parts, build, parse};
use crate::{frames, paint};

/// Each of the frames is parsed so many times, so that a tick may be many instructions.
const ROUNDS: u32 = 256;

/// Two instructions each.
const CALIBRATION_LOOPS: u32 = 1_000_000;

/// What may stand in place of any byte of a frame: parts of tokens, bad UTF-8, and what may stand nowhere.
const MUTATIONS: &[u8] = b"\"\\{}[]:,0-9.eut \x00\x7f\x80\xc3\xe2\xf0\xff";

/// Prints all figures, one a line.
pub(crate) fn count_all() {
    let counter = Counter::start();
    board::calibrate(CALIBRATION_LOOPS);
    print_ticks("calibration", counter.ticks(), 2 * CALIBRATION_LOOPS);
    print_ticks("nothing", ticks(nothing, b""), ROUNDS);
    for (name, frame) in frames::COUNTED {
        print_ticks(name, ticks(parse, frame), ROUNDS);
    }
    let mut deepest = 0;
    let mut copy = [0; 1024];
    let counted = frames::COUNTED.into_iter().map(|(_, frame)| frame);
    for frame in counted.chain(frames::HARD) {
        if let Some(copy) = copy.get_mut(..frame.len()) {
            copy.iter_mut()
                .zip(frame)
                .for_each(|(to, from)| *to = *from);
            deepest = deepest.max(deepest_parse(copy));
        }
    }
    print_stack("work::parse", deepest);
    print_stack("work::build", deepest_build());
    board::exit();
}

/// What counting takes by itself.
#[inline(never)]
fn nothing(frame: &[u8]) -> u32 {
    frame.len() as u32
}

/// The ticks that so many rounds take.
#[inline(never)]
fn ticks(work: fn(&[u8]) -> u32, frame: &[u8]) -> u32 {
    let counter = Counter::start();
    for _ in 0..ROUNDS {
        black_box(work(black_box(frame)));
    }
    counter.ticks()
}

/// The deepest stack of parsing a frame, its beginnings, and it with one byte changed.
fn deepest_parse(frame: &mut [u8]) -> u32 {
    let mut deepest = 0;
    for end in 0..=frame.len() {
        let beginning = frame.get(..end).unwrap_or_default();
        deepest = deepest.max(painted_parse(beginning));
    }
    for at in 0..frame.len() {
        let original = frame.get(at).copied().unwrap_or_default();
        for mutation in MUTATIONS {
            if let Some(byte) = frame.get_mut(at) {
                *byte = *mutation;
            }
            deepest = deepest.max(painted_parse(frame));
        }
        if let Some(byte) = frame.get_mut(at) {
            *byte = original;
        }
    }
    deepest
}

fn painted_parse(frame: &[u8]) -> u32 {
    paint::depth(|| {
        black_box(parse(black_box(frame)));
    })
}

/// The deepest stack of building messages: of texts that are escaped in every way, into room that is enough and not.
fn deepest_build() -> u32 {
    const HARD: &str = "\"\\\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{e9}\u{1f600} and some plain text";
    let out = board::scratch();
    let mut deepest = 0;
    for time in [i64::MIN, 0, i64::MAX] {
        for room in 0..=out.len() {
            let parts = Parts {
                id: HARD,
                kind: HARD,
                time,
                data: HARD,
                from: HARD,
                dest: HARD,
                sign: HARD,
                code: u32::MAX,
            };
            let out = out.get_mut(..room).unwrap_or_default();
            deepest = deepest.max(paint::depth(|| {
                black_box(build(black_box(&parts), black_box(out)));
            }));
        }
    }
    deepest
}

fn print_ticks(name: &str, ticks: u32, of: u32) {
    board::print("ticks ");
    board::print(name);
    board::print(" ");
    board::print_number(ticks);
    board::print(" ");
    board::print_number(of);
    board::print("\n");
}

fn print_stack(name: &str, bytes: u32) {
    board::print("stack ");
    board::print_number(bytes);
    board::print(" ");
    board::print(name);
    board::print("\n");
}
