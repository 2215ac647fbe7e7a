//! The one clock at the edge. Everything behind it takes `now` as an argument.

use jiff::{SignedDuration, Timestamp};

/// What the time is: real, or a test clock that started at a given instant and runs on at its normal speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    ahead: SignedDuration,
    test: bool,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn real() -> Self {
        Self {
            ahead: SignedDuration::ZERO,
            test: false,
        }
    }

    /// A test clock that shows `instant` now.
    #[must_use]
    pub fn showing(instant: Timestamp) -> Self {
        Self {
            ahead: instant.duration_since(machine_now()),
            test: true,
        }
    }

    /// The instant it shows, in whole milliseconds: what the store keeps must be what was decided for, byte for byte.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = machine_now()
            .checked_add(self.ahead)
            .unwrap_or(Timestamp::MAX);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    /// Whether its records are no evidence.
    #[must_use]
    pub const fn is_test(&self) -> bool {
        self.test
    }
}

fn machine_now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_starts_where_it_is_told_and_runs() {
        let start: Timestamp = "2026-06-16T15:00:00Z".parse().unwrap();
        let clock = Clock::showing(start);
        assert!(clock.is_test());
        std::thread::sleep(std::time::Duration::from_millis(20));
        let now = clock.now();
        assert_eq!(now.subsec_nanosecond() % 1_000_000, 0);
        let shown = now.duration_since(start);
        assert!(
            shown.as_millis() >= 19 && shown.as_millis() < 5_000,
            "{shown:?}"
        );
    }
}
