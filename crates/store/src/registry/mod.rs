//! Lists at their real size: an immutable file for each version, exact, 1,250 bytes for each exchange that occurs.
//!
//! A number is its exchange (the first six of ten digits) and its last four digits. `Directory` says which exchanges
//! occur and which block is whose; a block is a bitmap of 10,000 bits. A look-up is one look into the directory, which
//! stays in the cache, and one load. Lists that are thin everywhere keep sorted last four digits instead.

mod apply;
pub(crate) mod book;
mod build;
mod directory;
mod fault;
mod header;
mod pages;
pub(crate) mod shelf;
mod snapshot;
pub mod synthetic;
mod verify;
mod write;

pub use apply::{Change, Changed};
pub use build::{Builder, NumberSet, clear, set};
pub use directory::Directory;
pub use fault::{Fault, Result};
pub use header::{Encoding, Header};
pub use pages::Pages;
pub use snapshot::{Residence, Snapshot};
pub use write::{Label, write};

/// Bytes of one exchange's bitmap: one bit for each of 10,000 numbers.
pub const BLOCK_BYTES: usize = 1250;

/// The first exchange that can be: area codes begin with 2.
pub const EXCHANGE_FIRST: u32 = 200_000;

/// Exchanges that can be.
pub const EXCHANGES_MAX: u32 = 800_000;

/// Splits ten digits into the exchange's place (from [`EXCHANGE_FIRST`]) and the last four digits; none for what is no
/// number of the North American plan.
#[must_use]
#[inline]
pub const fn split(ten_digits: u64) -> Option<(u32, u32)> {
    let exchange = ten_digits / 10_000;
    if exchange < EXCHANGE_FIRST as u64 || exchange >= (EXCHANGE_FIRST + EXCHANGES_MAX) as u64 {
        return None;
    }
    // Both fit: the exchange is under a million.
    Some((
        exchange as u32 - EXCHANGE_FIRST,
        (ten_digits % 10_000) as u32,
    ))
}

/// The area code of an exchange's place.
#[must_use]
pub fn area_of(place: u32) -> u16 {
    u16::try_from((EXCHANGE_FIRST + place) / 1000).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
