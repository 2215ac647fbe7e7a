//! Chance that is the same every time: a linear congruential sequence.

/// A sequence of numbers that look drawn.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 31 bits.
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number from 0 to `below - 1`.
    pub fn below(&mut self, below: usize) -> usize {
        let bound = u64::try_from(below.max(1)).unwrap_or(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True in `of_thousand` of 1000 throws.
    pub fn falls(&mut self, of_thousand: usize) -> bool {
        self.below(1000) < of_thousand
    }

    /// A number between -`most` and `most`.
    pub fn within(&mut self, most: f32) -> f32 {
        // 16 bits are exact in an f32.
        let drawn = u16::try_from(self.next() % 65_536).unwrap_or(0);
        (f32::from(drawn) / 32_768.0 - 1.0) * most
    }

    /// Any of these.
    pub fn any<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, order: &mut [T]) {
        for last in (1..order.len()).rev() {
            order.swap(last, self.below(last + 1));
        }
    }
}
