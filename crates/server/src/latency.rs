//! How long something took, of the latest times it was done.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::desk::OptOutTimes;

/// INVARIANT (bounded): so many of the latest are kept.
const KEPT_MAX: usize = 4096;

/// The latest durations, and how many there were in all.
#[derive(Debug, Default)]
pub struct Latency(Mutex<(u64, VecDeque<u64>)>);

impl Latency {
    /// It took so long.
    pub fn took(&self, time: Duration) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0 = inner.0.saturating_add(1);
        if inner.1.len() == KEPT_MAX {
            inner.1.pop_front();
        }
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        inner.1.push_back(micros);
    }

    /// What they come to.
    pub fn figures(&self) -> OptOutTimes {
        let (count, mut micros) = {
            let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (inner.0, inner.1.iter().copied().collect::<Vec<_>>())
        };
        micros.sort_unstable();
        let at = |percent| percentile(&micros, percent);
        OptOutTimes {
            count,
            p50_us: at(50),
            p99_us: at(99),
            max_us: at(100),
        }
    }
}

/// A percentile of sorted figures; of none, nothing.
pub fn percentile<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let place = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_kept() {
        let latency = Latency::default();
        assert_eq!(latency.figures(), OptOutTimes::default());
        for micros in 1..=5000 {
            latency.took(Duration::from_micros(micros));
        }
        let figures = latency.figures();
        assert_eq!((figures.count, figures.max_us), (5000, 5000));
        assert!((2940..=2960).contains(&figures.p50_us), "{figures:?}");
    }
}
