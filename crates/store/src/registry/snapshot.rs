//! A list's file, opened: verified whole before the first answer.

use std::fs::File;
use std::path::Path;

use ringfence_core::evidence::sha256_hex;

use super::build::has;
use super::header::{HEADER_BYTES, PIECE_BYTES};
use super::verify::{piece_table, read_at, read_header, read_pieces, verify_piece};
use super::{
    BLOCK_BYTES, Directory, EXCHANGE_FIRST, Encoding, Fault, Header, NumberSet, Pages, Result,
    split,
};

/// Where an opened list is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Residence {
    /// In memory: for lists that decide now.
    Memory,
    /// In its file: for versions that were replaced, and are asked about rarely.
    Disk,
}

/// A list of numbers.
#[derive(Debug)]
pub struct Snapshot {
    header: Header,
    directory: Directory,
    arena: Arena,
}

#[derive(Debug)]
enum Arena {
    Memory(Pages),
    /// The file, and where its arena begins.
    Disk(File, u64),
}

impl Snapshot {
    /// Opens a file and verifies all of it against the SHA-256 of its header.
    ///
    /// # Errors
    /// [`Fault`] when it is not there, or not what was written.
    pub fn open(path: &Path, sha256: &str, residence: Residence) -> Result<Self> {
        let file = File::open(path)?;
        let header = read_header(&file, sha256)?;
        let mut words = vec![0; usize::try_from(header.directory_bytes).unwrap_or_default()];
        read_at(&file, &mut words, HEADER_BYTES as u64)?;
        if sha256_hex(&words) != header.directory_sha256 {
            return Err(Fault::damaged("its directory does not have its hash"));
        }
        let directory = Directory::decode(header.directory_first, &words)?;
        let expected = match header.encoding {
            Encoding::Bitmap => (directory.len() * BLOCK_BYTES) as u64,
            Encoding::Sorted => header.count * 2 + (directory.len() as u64 + 1) * 4,
        };
        if expected != header.arena_bytes {
            return Err(Fault::damaged("its directory and its numbers disagree"));
        }
        let table = piece_table(&file, &header)?;
        let arena = match residence {
            Residence::Memory => {
                let bytes = usize::try_from(header.arena_bytes).unwrap_or(usize::MAX);
                let mut pages = Pages::zeroed(bytes)?;
                read_pieces(&file, &header, &table, pages.bytes_mut())?;
                Arena::Memory(pages)
            }
            Residence::Disk => {
                let mut piece = vec![0; PIECE_BYTES];
                for at in 0..header.pieces() {
                    verify_piece(&file, &header, &table, at, &mut piece)?;
                }
                Arena::Disk(file, header.arena_at())
            }
        };
        Ok(Self {
            header,
            directory,
            arena,
        })
    }

    /// A list that was written just now from this very memory.
    pub(super) const fn from_memory(header: Header, directory: Directory, pages: Pages) -> Self {
        Self {
            header,
            directory,
            arena: Arena::Memory(pages),
        }
    }

    /// Whether ten digits are on the list. Only a list [on disk](Residence::Disk) can fail.
    ///
    /// # Errors
    /// [`Fault::Io`] when its file cannot be read any more.
    #[inline]
    pub fn holds(&self, ten_digits: u64) -> Result<bool> {
        let Some((place, last)) = split(ten_digits) else {
            return Ok(false);
        };
        let Some(rank) = self.directory.rank(place) else {
            return Ok(false);
        };
        match (&self.arena, self.header.encoding) {
            (Arena::Memory(pages), Encoding::Bitmap) => {
                let block = rank as usize * BLOCK_BYTES;
                let byte = pages.bytes().get(block + (last / 8) as usize);
                Ok(byte.is_some_and(|byte| byte >> (last % 8) & 1 == 1))
            }
            (arena, encoding) => arena.holds(encoding, self.directory.len(), rank, last),
        }
    }

    /// How many numbers.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.header.count
    }

    /// What its header says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The exchanges that occur.
    #[must_use]
    pub const fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The arena, if it is in memory.
    #[must_use]
    pub fn arena(&self) -> Option<&[u8]> {
        match &self.arena {
            Arena::Memory(pages) => Some(pages.bytes()),
            Arena::Disk(..) => None,
        }
    }

    /// Whether each exchange has a bitmap.
    pub(super) const fn is_bitmap(&self) -> bool {
        matches!(self.header.encoding, Encoding::Bitmap)
    }

    /// Every number as a set of bitmaps: for a change upon a list that has none.
    pub(super) fn expand(&self) -> Result<NumberSet> {
        let mut builder = super::Builder::new();
        self.copy_into(&mut builder, |_| true)?;
        Ok(builder.finish())
    }

    /// Puts the numbers of the area codes that are `wanted` into `builder`.
    ///
    /// # Errors
    /// [`super::Fault::Io`] when the file cannot be read, or memory has run out.
    pub fn copy_into(
        &self,
        builder: &mut super::Builder,
        wanted: impl Fn(u16) -> bool,
    ) -> Result<()> {
        let bitmaps = self.arena().filter(|_| self.is_bitmap());
        for (place, rank) in self.directory.places().zip(0_u32..) {
            if !wanted(super::area_of(place)) {
                continue;
            }
            let block = builder.block(EXCHANGE_FIRST + place)?;
            let at = rank as usize * BLOCK_BYTES;
            if let Some(bitmap) = bitmaps.and_then(|all| all.get(at..at + BLOCK_BYTES)) {
                block.copy_from_slice(bitmap);
                continue;
            }
            for last in 0..10_000 {
                let exchanges = self.directory.len();
                if self
                    .arena
                    .holds(self.header.encoding, exchanges, rank, last)?
                {
                    super::set(block, last);
                }
            }
        }
        Ok(())
    }
}

impl Arena {
    fn holds(&self, encoding: Encoding, exchanges: usize, rank: u32, last: u32) -> Result<bool> {
        let rank = u64::from(rank);
        if encoding == Encoding::Bitmap {
            let [byte] = self.read(rank * BLOCK_BYTES as u64 + u64::from(last / 8))?;
            return Ok(has(&[byte], last % 8));
        }
        let begins = |rank: u64| self.read(rank * 4).map(u32::from_le_bytes);
        let (mut low, mut high) = (begins(rank)?, begins(rank + 1)?);
        let lasts_at = (exchanges as u64 + 1) * 4;
        while low < high {
            let middle = low + (high - low) / 2;
            let found = u16::from_le_bytes(self.read(lasts_at + u64::from(middle) * 2)?);
            match u32::from(found).cmp(&last) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(true),
            }
        }
        Ok(false)
    }

    fn read<const N: usize>(&self, at: u64) -> Result<[u8; N]> {
        match self {
            Self::Memory(pages) => usize::try_from(at)
                .ok()
                .and_then(|at| pages.bytes().get(at..)?.first_chunk())
                .copied()
                .ok_or_else(|| Fault::damaged("its numbers end too early")),
            Self::Disk(file, begins) => {
                let mut bytes = [0; N];
                read_at(file, &mut bytes, begins + at)?;
                Ok(bytes)
            }
        }
    }
}
