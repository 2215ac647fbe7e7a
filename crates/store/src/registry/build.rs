//! A set of numbers that grows as a file is read: no row is kept, only its bit.

use super::{BLOCK_BYTES, Directory, EXCHANGE_FIRST, EXCHANGES_MAX, Fault, Pages, Result, split};

/// Blocks in one piece of memory: 32 MiB, so that the kernel gives 2 MB pages.
const BLOCKS_A_CHUNK: usize = (32 << 20) / BLOCK_BYTES;

/// No block yet.
const NONE: u32 = u32::MAX;

/// Numbers, put in one after the other in any order. Takes 1,250 bytes for each exchange that occurs, a gigabyte at the
/// very most (invariant `bounded`).
#[derive(Debug)]
pub struct Builder {
    /// Of each exchange the block that it got.
    slots: Vec<u32>,
    chunks: Vec<Pages>,
    used: u32,
}

/// The numbers of one list, whole, in exchange order.
#[derive(Debug)]
pub struct NumberSet {
    directory: Directory,
    /// Of each rank the block that holds it.
    order: Vec<u32>,
    chunks: Vec<Pages>,
    count: u64,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            slots: vec![NONE; EXCHANGES_MAX as usize],
            chunks: Vec::new(),
            used: 0,
        }
    }

    /// Puts a number in; again changes nothing.
    ///
    /// # Errors
    /// [`Fault::NoNumber`] for what is not ten digits of +1; [`Fault::Io`] when memory has run out.
    pub fn insert(&mut self, ten_digits: u64) -> Result<()> {
        let (place, last) = split(ten_digits).ok_or(Fault::NoNumber)?;
        set(self.block(EXCHANGE_FIRST + place)?, last);
        Ok(())
    }

    /// The bitmap of an exchange (six digits), made if there is none: for readers that put whole runs in with [`set`].
    ///
    /// # Errors
    /// As [`Builder::insert`].
    pub fn block(&mut self, exchange: u32) -> Result<&mut [u8]> {
        let slot = exchange
            .checked_sub(EXCHANGE_FIRST)
            .and_then(|place| self.slots.get_mut(place as usize))
            .ok_or(Fault::NoNumber)?;
        if *slot == NONE {
            if self.used as usize == self.chunks.len() * BLOCKS_A_CHUNK {
                self.chunks
                    .push(Pages::zeroed(BLOCKS_A_CHUNK * BLOCK_BYTES)?);
            }
            *slot = self.used;
            self.used += 1;
        }
        let (chunk, at) = address(*slot);
        self.chunks
            .get_mut(chunk)
            .and_then(|chunk| chunk.bytes_mut().get_mut(at..at + BLOCK_BYTES))
            .ok_or(Fault::NoNumber)
    }

    /// Whether nothing was put in.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// All that was put in.
    #[must_use]
    pub fn finish(self) -> NumberSet {
        let places = self.slots.iter().zip(0_u32..);
        let present: Vec<(u32, u32)> = places
            .filter(|(slot, _)| **slot != NONE)
            .map(|(slot, place)| (*slot, place))
            .collect();
        let mut set = NumberSet {
            directory: Directory::new(present.iter().map(|(_, place)| *place)),
            order: present.iter().map(|(slot, _)| *slot).collect(),
            chunks: self.chunks,
            count: 0,
        };
        set.count = set.blocks().map(count_ones).sum();
        set
    }
}

impl NumberSet {
    /// How many numbers, each counted once.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The exchanges that occur.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The bitmap of each exchange, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.order.iter().filter_map(|slot| {
            let (chunk, at) = address(*slot);
            self.chunks.get(chunk)?.bytes().get(at..at + BLOCK_BYTES)
        })
    }

    /// Every number, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + '_ {
        self.directory
            .places()
            .zip(self.blocks())
            .flat_map(|(place, block)| {
                let first = u64::from(EXCHANGE_FIRST + place) * 10_000;
                lasts(block).map(move |last| first + u64::from(last))
            })
    }
}

impl FromIterator<u64> for NumberSet {
    /// What is no number is left out: for tests and generators.
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        let mut builder = Builder::new();
        for number in numbers {
            // Only what is no number fails, and it is left out.
            let _ = builder.insert(number);
        }
        builder.finish()
    }
}

impl PartialEq for NumberSet {
    fn eq(&self, other: &Self) -> bool {
        self.directory == other.directory && self.blocks().eq(other.blocks())
    }
}

impl Eq for NumberSet {}

/// Sets the bit of these last four digits in an exchange's bitmap.
#[inline]
pub fn set(block: &mut [u8], last: u32) {
    if let Some(byte) = block.get_mut((last / 8) as usize) {
        *byte |= 1 << (last % 8);
    }
}

/// Clears it.
#[inline]
pub fn clear(block: &mut [u8], last: u32) {
    if let Some(byte) = block.get_mut((last / 8) as usize) {
        *byte &= !(1 << (last % 8));
    }
}

/// Whether it is set.
#[inline]
pub fn has(block: &[u8], last: u32) -> bool {
    block
        .get((last / 8) as usize)
        .is_some_and(|byte| byte >> (last % 8) & 1 == 1)
}

/// How many are set.
pub fn count_ones(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|w| u64::from_ne_bytes(*w).count_ones());
    let rest = rest.iter().map(|b| b.count_ones());
    words.chain(rest).map(u64::from).sum()
}

/// The last four digits that are set, ascending.
pub fn lasts(block: &[u8]) -> impl Iterator<Item = u32> + '_ {
    block.iter().zip(0_u32..).flat_map(|(byte, at)| {
        let byte = *byte;
        (0..8)
            .filter(move |bit| byte >> bit & 1 == 1)
            .map(move |bit| at * 8 + bit)
    })
}

const fn address(slot: u32) -> (usize, usize) {
    let slot = slot as usize;
    (slot / BLOCKS_A_CHUNK, slot % BLOCKS_A_CHUNK * BLOCK_BYTES)
}
