//! What Ringfence remembers. [`Store`] is the seam: intent verbs, each durable when it returns, none of which
//! exposes a transaction. The modules are named after the stages of a call's life; `sqlite` holds the embedded
//! back-end.

mod store;

mod error;
mod fsync;
mod id;
mod page;

/// Sellers and their recorded prompts.
pub mod seller;

/// The consent ledger.
pub mod consent;

/// Opt-outs.
pub mod suppression;

/// Numbers that wait for a person's decision.
pub mod hold;

/// Events on their way to other systems.
pub mod webhook;

/// Imported lists.
pub mod list;

/// Lists at their real size, in files.
pub mod registry;

/// Decisions and reservations.
pub mod gate;

/// Many calls asked about at once.
pub mod scrub;

/// Copies of the whole store.
pub mod backup;

/// Campaigns and leads.
pub mod campaign;

/// Attempts and permits.
pub mod dial;

/// Calls of our own line.
pub mod call;

/// The event log.
pub mod evidence;

/// STOP, overrides, relationships.
pub mod operator;

/// API keys and idempotency.
pub mod key;

/// The test clock.
pub mod clock;

/// The embedded back-end.
pub mod sqlite;

pub use error::{Result, StoreError};
pub use fsync::{FsyncFigures, fsync_probe};
pub use id::new_id;
pub use page::{Page, PageRequest};
pub use sqlite::SqliteStore;
pub use store::Store;
