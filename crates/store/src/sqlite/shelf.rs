//! The lists' files beside the database, and the book of what they are: read once, kept current, watched.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::{Connection, OpenFlags};

use super::{connection, list};
use crate::registry::book::{Book, Version};
use crate::registry::shelf::Slot;
use crate::registry::{Fault, Residence};
use crate::{Result, StoreError};

/// How often another process's import is looked for.
const TICK: Duration = Duration::from_millis(200);

/// Ticks between two looks at the files.
const LOOK_EVERY: u32 = 5;

/// How long decisions may go on with the lists before an import while a large new file is being opened: within the
/// second in which a running server takes up what was imported beside it.
const BEHIND_MAX: Duration = Duration::from_millis(700);

/// Files up to this size are opened where they are asked for first.
const SMALL_BYTES: u64 = 8 << 20;

/// The lists of one database.
pub(super) struct Shelf {
    inner: Arc<Inner>,
    watcher: Mutex<Option<(SyncSender<()>, JoinHandle<()>)>>,
}

struct Inner {
    database: PathBuf,
    folder: PathBuf,
    book: RwLock<Arc<Book>>,
    /// The newest book that was begun; its large files may not be open yet.
    next: Mutex<Arc<Book>>,
    /// Since when, and which, decisions lag behind.
    behind: Mutex<Option<(i64, Instant)>>,
    /// Versions that this process has written and not yet seen in the database.
    written: Mutex<BTreeMap<String, Arc<Slot>>>,
    /// The latest time that it was told, in microseconds.
    told: AtomicI64,
}

impl Shelf {
    pub(super) fn new(database: &Path) -> Self {
        Self {
            inner: Arc::new(Inner {
                database: database.to_owned(),
                folder: connection::beside(database, ".lists"),
                book: RwLock::default(),
                next: Mutex::default(),
                behind: Mutex::new(None),
                written: Mutex::default(),
                told: AtomicI64::new(i64::MIN),
            }),
            watcher: Mutex::new(None),
        }
    }

    /// The book as of what this connection sees; for at most a moment the one before it, while a large file opens.
    pub(super) fn book(&self, conn: &Connection) -> Result<Arc<Book>> {
        self.book_of(conn, list::stamp(conn)?)
    }

    /// The same for who knows the [stamp](list::stamp) that this connection sees.
    pub(super) fn book_of(&self, conn: &Connection, stamp: i64) -> Result<Arc<Book>> {
        let now = self.inner.now();
        if now.stamp() >= Some(stamp) {
            return Ok(now);
        }
        self.watch();
        if now.stamp().is_some() && self.inner.may_lag(stamp) == Some(true) {
            return Ok(now);
        }
        let next = self.inner.next(conn, stamp)?;
        // Only once: when the moment is over, whoever asks waits for the file.
        let waits = now.stamp().is_some() && self.inner.may_lag(stamp).is_none();
        if waits && unopened_bytes(&next) > SMALL_BYTES {
            *lock(&self.inner.behind) = Some((stamp, Instant::now()));
            return Ok(now);
        }
        self.inner.put(&next);
        Ok(next)
    }

    /// The book as it is now, whatever it takes.
    pub(super) fn newest(&self, conn: &Connection) -> Result<Arc<Book>> {
        let next = self.inner.next(conn, list::stamp(conn)?)?;
        self.inner.put(&next);
        Ok(next)
    }

    /// Says how late it is: the shelf has no clock of its own. What nobody needs from then on is let go of soon after.
    pub(super) fn tell(&self, now: Timestamp) {
        let told = &self.inner.told;
        told.fetch_max(now.as_microsecond(), Ordering::Relaxed);
        self.watch();
    }

    /// Where a version's file is.
    pub(super) fn path_of(&self, id: &str) -> PathBuf {
        path_of(&self.inner.folder, id)
    }

    /// Keeps every other import out, in this process and others, until the lock is dropped.
    pub(super) fn lock(&self) -> Result<File> {
        let folder = &self.inner.folder;
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        let locked = made.and_then(|()| {
            let file = File::create(folder.join("lock"))?;
            file.lock()?;
            Ok(file)
        });
        locked.map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())))
    }

    /// Keeps the files that are on file until the lock is dropped; none: there are no files.
    pub(super) fn keep_files(&self) -> Result<Option<File>> {
        let folder = &self.inner.folder;
        if !folder.exists() {
            return Ok(None);
        }
        let kept = files_lock(folder).and_then(|file| {
            file.lock_shared()?;
            Ok(file)
        });
        let kept = kept.map_err(|e| StoreError::Unavailable(format!("{}: {e}", folder.display())));
        kept.map(Some)
    }

    /// The right to remove files, until the lock is dropped; `Conflict` while somebody keeps them.
    pub(super) fn lock_files(&self) -> Result<File> {
        let folder = &self.inner.folder;
        let unavailable =
            |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", folder.display()));
        let file = files_lock(folder).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => {
                let what = "a backup copies the lists' files; try again when it is done";
                Err(StoreError::Conflict(what.into()))
            }
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Hands a version over that was written just now, with its numbers, so that it need not be read back.
    pub(super) fn written(&self, id: &str, slot: Slot) {
        lock(&self.inner.written).insert(id.to_owned(), Arc::new(slot));
    }

    /// Whether a version's numbers were handed over.
    pub(super) fn has_written(&self, id: &str) -> bool {
        lock(&self.inner.written).contains_key(id)
    }

    /// Forgets a version that did not come to be, with its file.
    pub(super) fn discard(&self, id: &str) {
        lock(&self.inner.written).remove(id);
        // What is left is swept.
        let _ = fs::remove_file(self.path_of(id));
    }

    fn watch(&self) {
        let mut watcher = lock(&self.watcher);
        if watcher.is_some() {
            return;
        }
        let inner = Arc::clone(&self.inner);
        let (stop, stopped) = sync_channel(0);
        let thread = std::thread::Builder::new()
            .name("store-lists".into())
            .spawn(move || {
                let mut conn = None;
                let mut swept = false;
                let mut ticks = 0_u32;
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    inner.tick(&mut conn, &mut swept, ticks);
                    ticks = ticks.wrapping_add(1);
                }
            });
        // Without the thread imports are still seen, by the decisions themselves.
        *watcher = thread.ok().map(|thread| (stop, thread));
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        if let Some((stop, thread)) = lock(&self.watcher).take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Inner {
    fn now(&self) -> Arc<Book> {
        Arc::clone(&self.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, next: &Arc<Book>) {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        if book.stamp() <= next.stamp() {
            *book = Arc::clone(next);
        }
    }

    /// The latest time that it was told.
    fn told(&self) -> Timestamp {
        Timestamp::from_microsecond(self.told.load(Ordering::Relaxed)).unwrap_or(Timestamp::MIN)
    }

    /// Whether decisions may still go on without this state of the database; none if none asked before.
    fn may_lag(&self, stamp: i64) -> Option<bool> {
        let (of, since) = (*lock(&self.behind))?;
        (of == stamp).then(|| since.elapsed() < BEHIND_MAX)
    }

    /// The book of this state of the database, with the files that are open already.
    fn next(&self, conn: &Connection, stamp: i64) -> Result<Arc<Book>> {
        let mut next = lock(&self.next);
        let told = self.told();
        if next.stamp() >= Some(stamp) && !next.has_turned(told) {
            return Ok(Arc::clone(&next));
        }
        let mut versions: Vec<Arc<Version>> = next.versions().map(Arc::clone).collect();
        let known = versions.iter().map(|version| version.row).max();
        let new = list::read_versions(conn, known.unwrap_or_default())?;
        versions.extend(new.into_iter().map(Arc::new));
        list::mark_pruned(conn, &mut versions)?;
        let mut written = lock(&self.written);
        let book = Book::new(stamp, versions, told, |version, residence| {
            let id = version.answer.version.as_str();
            if let Some(slot) = written.remove(id)
                && residence == Residence::Memory
            {
                return slot;
            }
            match next.slot(version.row) {
                Some(slot)
                    if slot.residence() == residence
                        && slot.is_pruned() == version.pruned_at.is_some() =>
                {
                    Arc::clone(slot)
                }
                _ => Arc::new(self.slot(version, residence)),
            }
        });
        *next = Arc::new(book);
        Ok(Arc::clone(&next))
    }

    fn slot(&self, version: &Version, residence: Residence) -> Slot {
        let path = path_of(&self.folder, version.answer.version.as_str());
        // What was imported before there were files has no hash, and so no file passes for it.
        let (sha256, bytes) = version.file.clone().unwrap_or_default();
        match version.pruned_at {
            Some(at) => {
                let day = at.to_zoned(TimeZone::UTC).date();
                Slot::pruned(path, sha256, bytes, format!("it was pruned on {day}"))
            }
            None => Slot::new(path, sha256, bytes, residence),
        }
    }

    /// Takes up what other processes imported or pruned, and looks after the files. What fails here is tried again at the next
    /// tick; decisions notice by themselves.
    fn tick(&self, conn: &mut Option<Connection>, swept: &mut bool, ticks: u32) {
        if conn.is_none() {
            let mode = OpenFlags::SQLITE_OPEN_READ_ONLY;
            *conn = connection::open(&self.database, mode).ok();
        }
        let Some(conn) = conn else {
            return;
        };
        if !*swept && ticks.is_multiple_of(LOOK_EVERY) {
            *swept = self.sweep(conn).unwrap_or_default();
        }
        let now = self.now();
        if let Ok(stamp) = list::stamp(conn)
            && (now.stamp() < Some(stamp) || now.has_turned(self.told()))
            && let Ok(next) = self.next(conn, stamp)
        {
            // Opened here, so that no decision waits for it.
            next.open();
            self.put(&next);
        }
        if ticks.is_multiple_of(LOOK_EVERY) {
            let book = self.now();
            book.slots().for_each(|slot| slot.look());
            // One at a time: this has weeks, and decisions have no time.
            let count = book.slots().count().max(1);
            let turn = (ticks / LOOK_EVERY) as usize % count;
            if let Some(slot) = book.slots().nth(turn) {
                slot.read_on();
            }
        }
    }

    /// Removes what an import left that came to nothing, or a pruning that was cut off; whether it could: not while
    /// another is under way.
    fn sweep(&self, conn: &Connection) -> std::io::Result<bool> {
        let lock = File::open(self.folder.join("lock"))?;
        if lock.try_lock().is_err() {
            return Ok(false);
        }
        let Ok(ids) = list::ids_with_files(conn) else {
            return Ok(false);
        };
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let ours = path.extension().is_some_and(|e| e == "rfl" || e == "part");
            let known = path.extension().is_some_and(|e| e == "rfl")
                && path
                    .file_stem()
                    .and_then(|stem| stem.to_str())
                    .is_some_and(|stem| ids.contains(stem));
            if ours && !known {
                // What cannot go now goes at the next start, and keeps nothing else.
                let _ = fs::remove_file(path);
            }
        }
        Ok(true)
    }
}

fn path_of(folder: &Path, id: &str) -> PathBuf {
    folder.join(id).with_extension("rfl")
}

fn files_lock(folder: &Path) -> std::io::Result<File> {
    File::create(folder.join("files.lock"))
}

fn unopened_bytes(book: &Book) -> u64 {
    let current = book.slots().filter(|s| s.residence() == Residence::Memory);
    let unopened = current.filter(|slot| slot.is_unopened());
    unopened.map(|slot| slot.bytes()).sum()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NoNumber => Self::invalid(fault.to_string()),
            Fault::Io(_) | Fault::Damaged(_) => Self::Unavailable(format!("a list: {fault}")),
        }
    }
}

#[cfg(test)]
mod tests;
