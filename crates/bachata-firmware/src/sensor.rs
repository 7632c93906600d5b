/// How far the emulated sensor goes, and how long it takes there and back.
const AMPLITUDE: i32 = 1000;
const PERIOD: u32 = 60_000;

/// What the emulated sensor shows after so many milliseconds: a triangle wave from -1000 to 1000 and back in a minute.
pub fn triangle(uptime: u64) -> i32 {
    let phase = i32::try_from(uptime % u64::from(PERIOD)).unwrap_or_default();
    let half = PERIOD.cast_signed() / 2;
    let distance = if phase < half {
        phase
    } else {
        2 * half - phase
    };
    distance * 2 * AMPLITUDE / half - AMPLITUDE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_there_and_back() {
        for (uptime, value) in [
            (0, -1000),
            (15_000, 0),
            (30_000, 1000),
            (37_500, 500),
            (59_985, -999),
            (60_000, -1000),
            (u64::MAX, -441),
        ] {
            assert_eq!(triangle(uptime), value, "after {uptime} ms");
        }
    }
}
