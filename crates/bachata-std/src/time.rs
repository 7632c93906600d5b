use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time as the protocol has it: milliseconds since 1970, negative before (`P-8`).
///
/// It is what messages take as their time, and it is made from an `i64`, from a [`SystemTime`], and with the features of those names from
/// a `jiff::Timestamp` and a `time::OffsetDateTime`.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use bachata_std::{DataMessage, UnixMillis};
///
/// let message = DataMessage::new("7", "note", UNIX_EPOCH + Duration::from_secs(1), "hi");
/// assert_eq!(message.time_ms(), 1000);
/// assert_eq!(message, DataMessage::new("7", "note", 1000, "hi"));
///
/// let before = UNIX_EPOCH - Duration::from_micros(1500);
/// assert_eq!(UnixMillis::from(before), UnixMillis(-2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The time of the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }
}

impl From<i64> for UnixMillis {
    fn from(millis: i64) -> Self {
        Self(millis)
    }
}

impl From<UnixMillis> for i64 {
    fn from(time: UnixMillis) -> Self {
        time.0
    }
}

/// Rounded down to the millisecond. What an i64 can't hold becomes the nearest that it can.
impl From<SystemTime> for UnixMillis {
    fn from(time: SystemTime) -> Self {
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(error) => {
                let nanos = error.duration().as_nanos();
                i64::try_from(nanos.div_ceil(1_000_000)).map_or(i64::MIN, |millis| -millis)
            }
        })
    }
}

/// What the platform's `SystemTime` can't hold becomes the nearest that it can. On Unix it can hold everything.
impl From<UnixMillis> for SystemTime {
    fn from(UnixMillis(millis): UnixMillis) -> Self {
        let shift = |from: &Self, distance: u64| {
            let distance = Duration::from_millis(distance);
            if millis < 0 {
                from.checked_sub(distance)
            } else {
                from.checked_add(distance)
            }
        };
        shift(&UNIX_EPOCH, millis.unsigned_abs()).unwrap_or_else(|| {
            // As far as it goes, by ever smaller steps.
            (0..u64::BITS).rev().fold(UNIX_EPOCH, |time, bit| {
                shift(&time, 1 << bit).unwrap_or(time)
            })
        })
    }
}

#[cfg(feature = "jiff")]
mod jiff_v0_2 {
    use jiff::Timestamp;

    use super::UnixMillis;

    /// Rounded down to the millisecond.
    impl From<Timestamp> for UnixMillis {
        fn from(time: Timestamp) -> Self {
            let below = i64::from(time.subsec_nanosecond() % 1_000_000 < 0);
            Self(time.as_millisecond() - below)
        }
    }

    /// Fails outside of the years -9999 to 9999.
    impl TryFrom<UnixMillis> for Timestamp {
        type Error = jiff::Error;

        fn try_from(UnixMillis(millis): UnixMillis) -> Result<Self, jiff::Error> {
            Self::from_millisecond(millis)
        }
    }
}

#[cfg(feature = "time")]
mod time_v0_3 {
    use time::OffsetDateTime;
    use time::error::ComponentRange;

    use super::UnixMillis;

    /// Rounded down to the millisecond.
    impl From<OffsetDateTime> for UnixMillis {
        fn from(time: OffsetDateTime) -> Self {
            let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
            // The years that it can have are some 10^15 milliseconds.
            Self(i64::try_from(millis).unwrap_or(i64::MAX))
        }
    }

    /// In UTC. Fails outside of the years that `OffsetDateTime` has: -9999 to 9999.
    impl TryFrom<UnixMillis> for OffsetDateTime {
        type Error = ComponentRange;

        fn try_from(UnixMillis(millis): UnixMillis) -> Result<Self, ComponentRange> {
            Self::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_millisecond_comes_back() {
        for millis in [0, 1, -1, 999, -1000, 1_763_769_600_123, -62_135_596_800_000] {
            assert_eq!(
                UnixMillis::from(SystemTime::from(UnixMillis(millis))).0,
                millis
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn all_of_i64_comes_back() {
        for millis in [i64::MIN, i64::MIN + 1, i64::MAX] {
            assert_eq!(
                UnixMillis::from(SystemTime::from(UnixMillis(millis))).0,
                millis
            );
        }
    }

    #[test]
    fn fractions_are_rounded_down() {
        let micros = Duration::from_micros;
        for (time, millis) in [
            (UNIX_EPOCH + micros(1999), 1),
            (UNIX_EPOCH - micros(1), -1),
            (UNIX_EPOCH - micros(1000), -1),
            (UNIX_EPOCH - micros(1001), -2),
        ] {
            assert_eq!(UnixMillis::from(time).0, millis);
        }
    }

    #[test]
    #[cfg(feature = "jiff")]
    fn jiff() {
        for millis in [0, -1, 1_763_769_600_123] {
            let time = jiff::Timestamp::try_from(UnixMillis(millis)).unwrap();
            assert_eq!(UnixMillis::from(time).0, millis);
            let later = time + jiff::SignedDuration::from_micros(999);
            assert_eq!(UnixMillis::from(later).0, millis);
        }
        for nanos in [
            -1,
            -999_999,
            -1_000_000,
            -1_000_001,
            -999_999_999,
            -1_000_000_001,
            1_999_999,
        ] {
            let time = jiff::Timestamp::from_nanosecond(nanos).unwrap();
            assert_eq!(
                UnixMillis::from(time),
                UnixMillis::from(SystemTime::from(time)),
                "{nanos}"
            );
        }
        assert_eq!(
            UnixMillis::from(jiff::Timestamp::from_nanosecond(-1).unwrap()).0,
            -1
        );
        assert!(jiff::Timestamp::try_from(UnixMillis(i64::MAX)).is_err());
    }

    #[test]
    #[cfg(feature = "time")]
    fn time() {
        for millis in [0, -1, 1_763_769_600_123] {
            let time = time::OffsetDateTime::try_from(UnixMillis(millis)).unwrap();
            assert_eq!(UnixMillis::from(time).0, millis);
            assert_eq!(
                UnixMillis::from(time + time::Duration::microseconds(999)).0,
                millis
            );
        }
        assert!(time::OffsetDateTime::try_from(UnixMillis(i64::MAX)).is_err());
    }
}
