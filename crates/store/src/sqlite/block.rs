//! Numbers of a list, by exchange (the first six of ten digits): one block holds the last four digits, sorted, two
//! bytes each. Two bytes a number instead of a row, and one seek to answer.

use std::collections::BTreeMap;

use crate::{Result, StoreError};

/// The last four digits of the numbers of one exchange, sorted, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block(Vec<u16>);

impl Block {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Adds; whether it was not there.
    pub(super) fn insert(&mut self, last: u16) -> bool {
        match self.0.binary_search(&last) {
            Ok(_) => false,
            Err(place) => {
                self.0.insert(place, last);
                true
            }
        }
    }

    /// Removes; whether it was there.
    pub(super) fn remove(&mut self, last: u16) -> bool {
        match self.0.binary_search(&last) {
            Ok(place) => {
                self.0.remove(place);
                true
            }
            Err(_) => false,
        }
    }
}

/// The area code of an exchange.
pub(super) fn area_of(exchange: u32) -> u16 {
    u16::try_from(exchange / 1000).unwrap_or(u16::MAX)
}

/// Splits ten digits into exchange and the last four.
pub(super) fn split(ten_digits: u64) -> Result<(u32, u16)> {
    let exchange = u32::try_from(ten_digits / 10_000).ok();
    let last = u16::try_from(ten_digits % 10_000).ok();
    exchange
        .zip(last)
        .filter(|(exchange, _)| (200_000..1_000_000).contains(exchange))
        .ok_or_else(|| StoreError::invalid("a list holds a number that is not ten digits of +1"))
}

/// Sorts numbers into blocks.
pub(super) fn sort(mut numbers: Vec<u64>) -> Result<BTreeMap<u32, Block>> {
    numbers.sort_unstable();
    numbers.dedup();
    let mut blocks: BTreeMap<u32, Block> = BTreeMap::new();
    for run in numbers.chunk_by(|a, b| a / 10_000 == b / 10_000) {
        let Some(first) = run.first() else { continue };
        let (exchange, _) = split(*first)?;
        let lasts = run
            .iter()
            .map(|number| split(*number).map(|(_, last)| last));
        blocks.insert(exchange, Block(lasts.collect::<Result<_>>()?));
    }
    Ok(blocks)
}

pub(super) fn encode(block: &Block) -> Vec<u8> {
    block.0.iter().flat_map(|last| last.to_be_bytes()).collect()
}

pub(super) fn decode(bytes: &[u8]) -> Block {
    let lasts = bytes
        .chunks_exact(2)
        .filter_map(|pair| pair.try_into().ok().map(u16::from_be_bytes));
    Block(lasts.collect())
}

/// Whether an encoded block holds these last four digits.
pub(super) fn holds(bytes: &[u8], last: u16) -> bool {
    let wanted = last.to_be_bytes();
    let (mut low, mut high) = (0, bytes.len() / 2);
    while low < high {
        let middle = low + (high - low) / 2;
        match bytes.get(middle * 2..middle * 2 + 2) {
            Some(pair) if pair < wanted.as_slice() => low = middle + 1,
            Some(pair) if pair > wanted.as_slice() => high = middle,
            Some(_) => return true,
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_what_was_put_in() {
        let numbers = vec![2_125_550_199, 2_125_550_100, 2_125_550_100, 3_055_550_123];
        let blocks = sort(numbers).unwrap();
        let bytes = encode(&blocks[&212_555]);
        assert_eq!(bytes.len(), 4);
        for (last, want) in [
            (99, false),
            (100, true),
            (101, false),
            (199, true),
            (200, false),
        ] {
            assert_eq!(holds(&bytes, last), want, "{last}");
        }
        assert!(!holds(&[], 0));
        let mut block = decode(&bytes);
        assert_eq!(block, blocks[&212_555]);
        assert!(block.insert(150) && !block.insert(150));
        assert!(block.remove(199) && !block.remove(199));
        assert_eq!(encode(&block), [0, 100, 0, 150]);
        assert!(split(999).is_err());
        assert!(split(12_125_550_100).is_err());
    }
}
