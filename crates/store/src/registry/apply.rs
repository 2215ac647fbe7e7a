//! A change list upon a list: the next version is a copy with some bits turned, while the old one goes on answering.

use super::build::{clear, has, set};
use super::{BLOCK_BYTES, Builder, Directory, EXCHANGE_FIRST, Fault, Header, Pages, Result};
use super::{Snapshot, split};

/// One change; they are applied in order, and the last one of a number wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Ten digits.
    pub number: u64,
    /// Added, or deleted.
    pub added: bool,
}

/// The next version, in memory, not yet written.
#[derive(Debug)]
pub struct Changed {
    directory: Directory,
    pages: Pages,
    count: u64,
}

impl Snapshot {
    /// The list after these changes; this one stays as it is.
    ///
    /// # Errors
    /// [`Fault::NoNumber`] for what is not ten digits of +1; [`Fault::Io`] when memory has run out.
    pub fn changed(&self, changes: impl Iterator<Item = Change> + Clone) -> Result<Changed> {
        let mut next = self.copy_with_room(changes.clone())?;
        for change in changes {
            let (place, last) = split(change.number).ok_or(Fault::NoNumber)?;
            // Without a block there is nothing to delete; every addition has one.
            let Some(rank) = next.directory.rank(place) else {
                continue;
            };
            let at = rank as usize * BLOCK_BYTES;
            let Some(block) = next.pages.bytes_mut().get_mut(at..at + BLOCK_BYTES) else {
                continue;
            };
            match (has(block, last), change.added) {
                (false, true) => {
                    set(block, last);
                    next.count += 1;
                }
                (true, false) => {
                    clear(block, last);
                    next.count -= 1;
                }
                _ => {}
            }
        }
        Ok(next)
    }

    /// A copy with a block for every exchange that is added to.
    fn copy_with_room(&self, changes: impl Iterator<Item = Change>) -> Result<Changed> {
        let mut fresh: Vec<u32> = Vec::new();
        for change in changes.filter(|change| change.added) {
            let (place, _) = split(change.number).ok_or(Fault::NoNumber)?;
            if self.directory().rank(place).is_none() {
                fresh.push(place);
            }
        }
        let Some(arena) = self.arena().filter(|_| self.is_bitmap()) else {
            return self.expanded_with(&fresh);
        };
        let mut pages;
        let directory = if fresh.is_empty() {
            pages = Pages::zeroed(arena.len())?;
            pages.bytes_mut().copy_from_slice(arena);
            self.directory().clone()
        } else {
            fresh.sort_unstable();
            fresh.dedup();
            let mut places: Vec<u32> = self.directory().places().chain(fresh.clone()).collect();
            places.sort_unstable();
            pages = Pages::zeroed(places.len() * BLOCK_BYTES)?;
            copy_around(arena, pages.bytes_mut(), &places, &fresh);
            Directory::new(places)
        };
        Ok(Changed {
            directory,
            pages,
            count: self.count(),
        })
    }

    /// The same for a list that has no bitmaps in memory.
    fn expanded_with(&self, fresh: &[u32]) -> Result<Changed> {
        let set = self.expand()?;
        let mut builder = Builder::new();
        for place in set.directory().places().chain(fresh.iter().copied()) {
            builder.block(EXCHANGE_FIRST + place)?;
        }
        let room = builder.finish();
        let mut pages = Pages::zeroed(room.directory().len() * BLOCK_BYTES)?;
        for (place, block) in set.directory().places().zip(set.blocks()) {
            let at = room.directory().rank(place).unwrap_or_default() as usize * BLOCK_BYTES;
            if let Some(into) = pages.bytes_mut().get_mut(at..at + BLOCK_BYTES) {
                into.copy_from_slice(block);
            }
        }
        Ok(Changed {
            directory: room.directory().clone(),
            pages,
            count: self.count(),
        })
    }
}

/// Copies runs of blocks, leaving room for those of `fresh`; both are sorted.
fn copy_around(from: &[u8], into: &mut [u8], places: &[u32], fresh: &[u32]) {
    let (mut from, mut into) = (from, into);
    let mut run = 0;
    let mut fresh = fresh.iter().peekable();
    for place in places {
        if fresh.next_if(|next| **next == *place).is_some() {
            (from, into) = copy_run(from, into, run);
            run = 0;
            into = into.get_mut(BLOCK_BYTES..).unwrap_or_default();
        } else {
            run += BLOCK_BYTES;
        }
    }
    copy_run(from, into, run);
}

fn copy_run<'f, 'i>(from: &'f [u8], into: &'i mut [u8], bytes: usize) -> (&'f [u8], &'i mut [u8]) {
    let (Some((run, from)), Some((room, into))) = (
        from.split_at_checked(bytes),
        into.split_at_mut_checked(bytes),
    ) else {
        return (&[], &mut []);
    };
    room.copy_from_slice(run);
    (from, into)
}

impl Changed {
    /// How many numbers.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The exchanges that have a block.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The bitmap of each exchange, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.pages.bytes().chunks_exact(BLOCK_BYTES)
    }

    /// As it answers, once it was written with this header; none if it was written without bitmaps.
    #[must_use]
    pub fn into_snapshot(self, header: Header) -> Option<Snapshot> {
        let bitmap = header.encoding == super::Encoding::Bitmap;
        bitmap.then(|| Snapshot::from_memory(header, self.directory, self.pages))
    }
}
