//! Dice that fall the same way for the same seed.

use jiff::{SignedDuration, Timestamp};

/// SplitMix64: small, seeded, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall the same way for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// True about `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these; none of an empty list.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let index = usize::try_from(self.below(of.len() as u64)).ok()?;
        of.get(index).cloned()
    }

    /// One of these numbers.
    pub fn number(&mut self, of: &[i64]) -> i64 {
        self.pick(of).unwrap_or_default()
    }

    /// A few things, mostly none or one.
    pub fn few<T>(&mut self, percent: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut made = Vec::new();
        while made.len() < 4 && self.chance(percent) {
            made.push(make(self));
        }
        made
    }

    /// So many days before `now`, now and then a second beside, and rarely after it.
    pub fn before(&mut self, now: Timestamp, days_max: u64) -> Timestamp {
        let days = i64::try_from(self.below(days_max)).unwrap_or_default();
        let beside = self.number(&[-1, 0, 0, 0, 1, 3601]);
        let back = match self.below(40) {
            0 => SignedDuration::ZERO,
            1 => SignedDuration::from_secs(-1),
            2 => SignedDuration::from_hours(-24),
            _ => SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(beside),
        };
        now - back
    }

    /// An instant within a second or so of `t`, on either side.
    pub fn beside(&mut self, t: Timestamp) -> Timestamp {
        t + SignedDuration::from_secs(self.number(&[-86_400, -1, 0, 1, 86_400]))
    }
}
