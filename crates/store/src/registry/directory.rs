//! Which exchanges occur, and the rank of each among them.

use super::{EXCHANGES_MAX, Fault, Result, area_of};

/// 64 exchanges: which of them occur, and how many do before them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(C, align(16))]
struct Word {
    present: u64,
    before: u32,
}

/// Which exchanges occur.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    /// The place in units of 64 at which `words` begin.
    first: u32,
    words: Vec<Word>,
    exchanges: u32,
}

impl Directory {
    /// From the places of exchanges, ascending.
    #[must_use]
    pub fn new(places: impl IntoIterator<Item = u32>) -> Self {
        let mut present: Vec<u64> = Vec::new();
        let mut first = None;
        for place in places.into_iter().take_while(|p| *p < EXCHANGES_MAX) {
            let first = *first.get_or_insert(place / 64);
            let at = (place / 64).saturating_sub(first) as usize;
            if present.len() <= at {
                present.resize(at + 1, 0);
            }
            if let Some(word) = present.get_mut(at) {
                *word |= 1 << (place % 64);
            }
        }
        Self::ranked(first.unwrap_or_default(), &present)
    }

    fn ranked(first: u32, present: &[u64]) -> Self {
        let mut before = 0;
        let words = present
            .iter()
            .map(|present| {
                let word = Word {
                    present: *present,
                    before,
                };
                before += present.count_ones();
                word
            })
            .collect();
        Self {
            first,
            words,
            exchanges: before,
        }
    }

    /// The rank of an exchange among those that occur; none if it does not.
    #[must_use]
    #[inline]
    pub fn rank(&self, place: u32) -> Option<u32> {
        let at = (place / 64).wrapping_sub(self.first) as usize;
        let word = self.words.get(at)?;
        let bit = 1_u64 << (place % 64);
        if word.present & bit == 0 {
            return None;
        }
        Some(word.before + (word.present & (bit - 1)).count_ones())
    }

    /// How many exchanges occur.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.exchanges as usize
    }

    /// Whether none does.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.exchanges == 0
    }

    /// Their places, ascending: in the order of their ranks.
    pub fn places(&self) -> impl Iterator<Item = u32> + '_ {
        self.words
            .iter()
            .zip(self.first..)
            .flat_map(|(word, at)| (0..64).map(move |bit| (word, at * 64 + bit)))
            .filter(|(word, place)| word.present >> (place % 64) & 1 == 1)
            .map(|(_, place)| place)
    }

    /// The area codes that occur, ascending.
    #[must_use]
    pub fn areas(&self) -> Vec<u16> {
        let mut areas: Vec<u16> = self.places().map(area_of).collect();
        areas.dedup();
        areas
    }

    /// Where its words begin, in units of 64 exchanges.
    pub(super) const fn first(&self) -> u32 {
        self.first
    }

    /// As it stands in a file; ranks are counted anew.
    pub(super) fn encode(&self) -> Vec<u8> {
        self.words
            .iter()
            .flat_map(|word| word.present.to_le_bytes())
            .collect()
    }

    pub(super) fn decode(first: u32, bytes: &[u8]) -> Result<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let most = u64::from(EXCHANGES_MAX / 64);
        let end = u64::from(first).saturating_add(words.len() as u64);
        if !rest.is_empty() || end > most {
            return Err(Fault::damaged("its directory is out of range"));
        }
        let present: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        Ok(Self::ranked(first, &present))
    }
}
