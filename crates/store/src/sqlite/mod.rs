//! The embedded back-end: one SQLite file, one thread that writes, a few connections that read. Several processes may
//! use one file, such as the command line beside the server.

mod ahead;
mod backup;
mod call;
mod campaign;
mod clock;
mod column;
mod connection;
mod consent;
mod desk;
mod dial;
mod evidence;
mod gate;
mod hold;
mod key;
mod keyring;
mod known;
mod lead;
mod list;
mod list_file;
mod list_import;
mod list_prune;
mod migrate;
mod operator;
mod outcome;
mod page;
mod pattern;
mod readers;
mod record;
mod rows;
mod scrub;
mod secret;
mod seller;
mod shelf;
mod suppression;
mod verbs;
mod webhook;
mod work;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use ringfence_core::evidence::public_key;

use self::keyring::Keyring;
use self::readers::Readers;
use self::shelf::Shelf;
use self::writer::Writer;
use crate::Result;

/// A store in one SQLite file. Beside it lie the key that signs its event log, `<path>.key`, the numbers of its lists,
/// `<path>.lists/`, and while it is open decisions that are not in the database yet, `<path>.ahead`.
pub struct SqliteStore {
    path: PathBuf,
    public: [u8; 32],
    writer: Writer,
    readers: Readers,
    keyring: Keyring,
    shelf: Arc<Shelf>,
}

impl SqliteStore {
    /// Opens the database; makes it, with its key and the first entry of its log, if there is none, and brings an older
    /// one to the newest schema.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`](crate::StoreError) when the file or its key cannot be opened,
    /// [`StoreError::Corrupt`](crate::StoreError) when they hold something else.
    pub fn open(path: &Path, now: Timestamp) -> Result<Self> {
        let mut conn = connection::open_writer(path)?;
        let secret = migrate::migrate(&mut conn, path, now)?;
        let writer = Writer::start(conn, path, &secret)?;
        let readers = Readers::new(path.to_owned(), writer.door());
        Ok(Self {
            path: path.to_owned(),
            public: public_key(&secret),
            writer,
            readers,
            keyring: Keyring::new(path.to_owned()),
            shelf: Arc::new(Shelf::new(path)),
        })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The public key that the heads of this log are signed with.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.public
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
