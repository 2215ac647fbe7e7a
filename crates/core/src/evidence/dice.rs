//! Made-up values for tests of what is written.

use jiff::Timestamp;

use crate::id::Id;

/// Numbers in no order that anybody would think of; the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub fn text(&mut self) -> String {
        let letters = [
            'a', 'Z', '9', '_', ' ', 'é', '"', '\\', '\n', '\u{1}', '\u{7f}', '電',
        ];
        let length = self.below(24);
        let plain = self.flip();
        (0..length)
            .map(|_| letters[self.below(if plain { 6 } else { 12 }) as usize])
            .collect()
    }

    pub fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        (self.flip()).then(|| make(self))
    }

    pub fn id(&mut self) -> Id {
        Id::new(self.text())
    }

    pub fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Up to three.
    pub fn some<T>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| make(self)).collect()
    }

    pub fn instant(&mut self) -> Timestamp {
        let micros = self.below(1 << 31) * self.below(1 << 21);
        Timestamp::from_microsecond(i64::try_from(micros).unwrap()).unwrap()
    }
}
