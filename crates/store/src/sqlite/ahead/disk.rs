//! Whole blocks, written past the system's page cache where the file system allows it: a write is durable when it returns,
//! and costs two thirds of a write and a flush.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// Every write begins and ends at a multiple of it: no device has larger sectors.
pub(super) const BLOCK: usize = 4096;

/// How much is filled with zeros at once, at first and at most, so that a write changes no length, which would cost another.
const FILL_BYTES: (u64, u64) = (64 << 10, 1 << 20);

/// The first multiple of a block from here on.
pub(super) fn round_up(bytes: usize) -> usize {
    bytes.checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX)
}

/// A file that one process writes.
#[derive(Debug)]
pub(super) struct Disk {
    /// Holds the lock.
    plain: File,
    /// Past the page cache, and durable with every write.
    direct: Option<File>,
    filled: u64,
    room: Vec<u8>,
}

impl Disk {
    /// Opens or makes the file and holds it; none when another process does.
    pub(super) fn hold(path: &Path) -> io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        let plain = options.open(path)?;
        match plain.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(e)) => return Err(e),
        }
        let length = plain.metadata()?.len();
        Ok(Some(Self {
            plain,
            direct: open_direct(path),
            filled: length.saturating_sub(length % BLOCK as u64),
            room: Vec::new(),
        }))
    }

    /// Writes these one after the other, and zeros up to the next block, durably. `at` is the beginning of a block.
    pub(super) fn write(&mut self, parts: &[&[u8]], at: u64) -> io::Result<()> {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        self.fill(at.saturating_add(round_up(bytes) as u64))?;
        self.put(parts, round_up(bytes), at)
    }

    /// Empties it.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.filled = 0;
        self.plain.set_len(0)
    }

    fn fill(&mut self, end: u64) -> io::Result<()> {
        while end > self.filled {
            let more = self.filled.clamp(FILL_BYTES.0, FILL_BYTES.1);
            let bytes = usize::try_from(more).map_err(io::Error::other)?;
            self.put(&[], round_up(bytes), self.filled)?;
            self.filled = self.filled.saturating_add(more);
        }
        Ok(())
    }

    fn put(&mut self, parts: &[&[u8]], bytes: usize, at: u64) -> io::Result<()> {
        let blocks = laid_out(&mut self.room, parts, bytes);
        if let Some(direct) = &self.direct {
            match direct.write_all_at(blocks, at) {
                // It was opened so, and cannot be written so after all.
                Err(e) if e.kind() == io::ErrorKind::InvalidInput => self.direct = None,
                written => return written,
            }
        }
        self.plain.write_all_at(blocks, at)?;
        self.plain.sync_data()
    }
}

/// The parts and zeros behind them in memory that begins at a multiple of a block, as the device wants it.
fn laid_out<'r>(room: &'r mut Vec<u8>, parts: &[&[u8]], bytes: usize) -> &'r [u8] {
    room.clear();
    room.reserve(bytes.saturating_add(BLOCK));
    let lead = room.as_ptr().align_offset(BLOCK).min(BLOCK);
    room.resize(lead, 0);
    for part in parts {
        room.extend_from_slice(part);
    }
    room.resize(lead.saturating_add(bytes), 0);
    room.get(lead..).unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn open_direct(path: &Path) -> Option<File> {
    use rustix::fs::OFlags;
    let flags = i32::try_from((OFlags::DIRECT | OFlags::DSYNC).bits()).ok()?;
    let mut options = OpenOptions::new();
    options.write(true).custom_flags(flags);
    // Some file systems, such as those in memory, know no such thing.
    options.open(path).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_direct(_: &Path) -> Option<File> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stands_there_either_way() {
        let dir = tempfile::tempdir().unwrap();
        for (name, direct) in [("direct", true), ("plain", false)] {
            let path = dir.path().join(name);
            let mut disk = Disk::hold(&path).unwrap().unwrap();
            assert!(Disk::hold(&path).unwrap().is_none());
            if !direct {
                disk.direct = None;
            }
            let long = vec![b'x'; 2 * BLOCK + 1];
            disk.write(&[b"one", b"two"], 0).unwrap();
            disk.write(&[&long], BLOCK as u64).unwrap();
            disk.write(&[b"three"], 20 * BLOCK as u64).unwrap();
            let mut want = vec![0; 32 * BLOCK];
            want[..6].copy_from_slice(b"onetwo");
            want[BLOCK..BLOCK + long.len()].copy_from_slice(&long);
            want[20 * BLOCK..20 * BLOCK + 5].copy_from_slice(b"three");
            assert!(std::fs::read(&path).unwrap() == want, "{name}");
            disk.clear().unwrap();
            assert_eq!(path.metadata().unwrap().len(), 0);
            disk.write(&[b"four"], BLOCK as u64).unwrap();
            assert_eq!(std::fs::read(&path).unwrap()[BLOCK..][..4], *b"four");
        }
    }
}
