//! One list version's file while it is in use: opened once, and watched. A file that vanishes, is cut off or changes
//! fails the version, and with it every decision that needs it; one that comes back whole is taken up again.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use super::header::PIECE_BYTES;
use super::verify::{piece_table, read_header, verify_piece};
use super::{Residence, Result, Snapshot};

/// A version's file.
#[derive(Debug)]
pub(crate) struct Slot {
    path: PathBuf,
    sha256: String,
    bytes: u64,
    residence: Residence,
    /// Whether it is gone on purpose; then it is never looked for.
    pruned: bool,
    state: RwLock<State>,
    /// The next piece that the quiet watcher reads.
    next_piece: AtomicU64,
}

#[derive(Debug)]
enum State {
    Unopened,
    Open(Snapshot, Stamp),
    /// Why, and how the file looked then: it is tried again once it looks otherwise.
    Failed(String, Option<Stamp>),
}

/// How a file looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> std::io::Result<Self> {
        std::fs::metadata(path).map(|m| Self::from(&m))
    }
}

impl From<&Metadata> for Stamp {
    fn from(m: &Metadata) -> Self {
        Self {
            device: m.dev(),
            inode: m.ino(),
            bytes: m.len(),
            changed: (m.mtime(), m.mtime_nsec()),
        }
    }
}

impl Slot {
    /// A version's file, not yet opened.
    pub(crate) fn new(path: PathBuf, sha256: String, bytes: u64, residence: Residence) -> Self {
        Self {
            path,
            sha256,
            bytes,
            residence,
            pruned: false,
            state: RwLock::new(State::Unopened),
            next_piece: AtomicU64::new(0),
        }
    }

    /// The file of a version that was pruned: whoever asks is told `why`.
    pub(crate) fn pruned(path: PathBuf, sha256: String, bytes: u64, why: String) -> Self {
        Self {
            pruned: true,
            state: RwLock::new(State::Failed(why, None)),
            ..Self::new(path, sha256, bytes, Residence::Disk)
        }
    }

    /// One that was written just now, with its numbers in memory already.
    pub(crate) fn opened(path: PathBuf, sha256: String, bytes: u64, snapshot: Snapshot) -> Self {
        let slot = Self::new(path, sha256, bytes, Residence::Memory);
        if let Ok(stamp) = Stamp::of(&slot.path) {
            *slot.write() = State::Open(snapshot, stamp);
        }
        slot
    }

    pub(crate) const fn residence(&self) -> Residence {
        self.residence
    }

    pub(crate) const fn is_pruned(&self) -> bool {
        self.pruned
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn is_unopened(&self) -> bool {
        // While it is being opened it cannot be read.
        self.state
            .try_read()
            .map_or(true, |state| matches!(*state, State::Unopened))
    }

    /// Whether ten digits are on the list.
    pub(crate) fn holds(&self, ten_digits: u64) -> Result<bool, String> {
        self.with(|snapshot| snapshot.holds(ten_digits).map_err(|e| e.to_string()))?
    }

    /// Does something with the list, opening it if need be.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&Snapshot) -> T) -> Result<T, String> {
        for _ in 0..2 {
            match &*self.read() {
                State::Open(snapshot, _) => return Ok(act(snapshot)),
                State::Failed(why, _) => return Err(why.clone()),
                State::Unopened => {}
            }
            self.open();
        }
        Err("it cannot be opened".to_owned())
    }

    /// Opens the file, unless somebody did.
    fn open(&self) {
        let mut state = self.write();
        if matches!(*state, State::Unopened) {
            *state = self.opened_anew();
        }
    }

    /// Stamped before it is read: a change in between is found at the next look.
    fn opened_anew(&self) -> State {
        let stamp = Stamp::of(&self.path).ok();
        match (
            Snapshot::open(&self.path, &self.sha256, self.residence),
            stamp,
        ) {
            (Ok(snapshot), Some(stamp)) => State::Open(snapshot, stamp),
            (Ok(_), None) => State::Failed("it vanished".to_owned(), None),
            (Err(fault), stamp) => State::Failed(fault.to_string(), stamp),
        }
    }

    /// A cheap look from outside; what looks otherwise than before is verified whole.
    pub(crate) fn look(&self) {
        if self.pruned {
            return;
        }
        let now = Stamp::of(&self.path);
        let (seen, open) = match &*self.read() {
            State::Unopened => return,
            State::Open(_, stamp) => (Some(*stamp), true),
            State::Failed(_, stamp) => (*stamp, false),
        };
        match now {
            Ok(now) if Some(now) == seen => {}
            Err(_) if !open && seen.is_none() => {}
            Err(error) => {
                *self.write() = State::Failed(error.to_string(), None);
            }
            Ok(_) => {
                let state = self.opened_anew();
                *self.write() = state;
            }
        }
    }

    /// Reads the next piece of an opened file again and compares its hash: a disk that forgets changes no stamp.
    pub(crate) fn read_on(&self) {
        let header = match &*self.read() {
            State::Open(snapshot, _) => snapshot.header().clone(),
            _ => return,
        };
        let at = self.next_piece.fetch_add(1, Ordering::Relaxed);
        let verified = || -> Result<()> {
            let file = File::open(&self.path)?;
            if at >= header.pieces() {
                self.next_piece.store(0, Ordering::Relaxed);
                return read_header(&file, &self.sha256).map(drop);
            }
            let table = piece_table(&file, &header)?;
            verify_piece(&file, &header, &table, at, &mut vec![0; PIECE_BYTES])
        };
        if let Err(fault) = verified() {
            let stamp = Stamp::of(&self.path).ok();
            *self.write() = State::Failed(fault.to_string(), stamp);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
