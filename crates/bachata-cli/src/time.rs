use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

/// A time in Unix milliseconds, displayed as a UTC time that people read: `2025-11-21
/// 23:20:00.123Z`. A time that no calendar of four-digit years has is displayed as its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Utc(pub(crate) i64);

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

impl Utc {
    /// The columns of a time with milliseconds; also the most that `Display` writes.
    pub(crate) const WIDTH: usize = 24;
    /// The columns of a time in whole seconds.
    pub(crate) const SHORT_WIDTH: usize = 20;

    /// The time that it is now.
    pub(crate) fn now() -> Self {
        let milliseconds = |time: std::time::Duration| i64::try_from(time.as_millis());
        Self(match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => milliseconds(since).unwrap_or(i64::MAX),
            Err(before) => milliseconds(before.duration()).map_or(i64::MIN, |time| -time),
        })
    }

    /// Reads Unix milliseconds, or a time of RFC 3339.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(milliseconds) = text.parse() {
            return Ok(Self(milliseconds));
        }
        match text.parse::<Timestamp>() {
            Ok(time) => Ok(Self(time.as_millisecond())),
            Err(_) => Err("neither Unix milliseconds nor a time like 2025-11-21T23:20:00Z".into()),
        }
    }
}

/// With a precision of 0 (`{:.0}`) in whole seconds.
impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not a `Timestamp`: its range ends a day before the last year does, so that it can be
        // shown in any time zone.
        let time = EPOCH.checked_add(SignedDuration::from_millis(self.0));
        match time {
            Ok(time) if time.year() >= 0 => {
                let (year, month, day) = (time.year(), time.month(), time.day());
                let (hour, minute, second) = (time.hour(), time.minute(), time.second());
                write!(
                    f,
                    "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
                )?;
                if f.precision() != Some(0) {
                    write!(f, ".{:03}", time.millisecond())?;
                }
                f.write_str("Z")
            }
            _ => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_displayed_in_utc_as_long_as_the_calendar_goes() {
        for (milliseconds, long, short) in [
            (0, "1970-01-01 00:00:00.000Z", "1970-01-01 00:00:00Z"),
            (-1, "1969-12-31 23:59:59.999Z", "1969-12-31 23:59:59Z"),
            (
                1_763_767_200_123,
                "2025-11-21 23:20:00.123Z",
                "2025-11-21 23:20:00Z",
            ),
            (
                253_402_300_799_999,
                "9999-12-31 23:59:59.999Z",
                "9999-12-31 23:59:59Z",
            ),
            (253_402_300_800_000, "253402300800000", "253402300800000"),
            (
                -62_167_219_200_000,
                "0000-01-01 00:00:00.000Z",
                "0000-01-01 00:00:00Z",
            ),
            (-62_167_219_200_001, "-62167219200001", "-62167219200001"),
            (i64::MAX, "9223372036854775807", "9223372036854775807"),
            (i64::MIN, "-9223372036854775808", "-9223372036854775808"),
        ] {
            let time = Utc(milliseconds);
            assert_eq!(time.to_string(), long);
            assert_eq!(format!("{time:.0}"), short);
            assert!(long.len() <= Utc::WIDTH && short.len() <= Utc::SHORT_WIDTH);
        }
    }

    #[test]
    fn times_are_read_as_they_are_displayed_and_as_numbers() {
        for (text, milliseconds) in [
            ("1763767200123", Some(1_763_767_200_123)),
            ("-5", Some(-5)),
            ("2025-11-21T23:20:00.123Z", Some(1_763_767_200_123)),
            ("2025-11-21 23:20:00.123Z", Some(1_763_767_200_123)),
            ("2025-11-22T00:20:00+01:00", Some(1_763_767_200_000)),
            ("2025-11-21", None),
            ("1.5", None),
            ("9223372036854775808", None),
            ("", None),
        ] {
            let time = Utc::parse(text).ok().map(|time| time.0);
            assert_eq!(time, milliseconds, "{text}");
        }
    }
}
