//! Ids: a prefix and a ULID, so that they sort by time.

use std::sync::Mutex;
use std::time::SystemTime;

use jiff::Timestamp;
use ringfence_core::id::Id;
use ulid::Generator;

static GENERATOR: Mutex<Option<Generator>> = Mutex::new(None);

/// A new id, such as `dec_01K...`: greater than every id that this process made before.
///
/// A test clock that is set back to an earlier time makes ids that sort by when they were made, not by its time.
#[must_use]
pub fn new_id(prefix: &str, now: Timestamp) -> Id {
    let mut generator = GENERATOR
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let at = SystemTime::from(now).max(SystemTime::UNIX_EPOCH);
    let ulid = generator
        .get_or_insert_with(Generator::new)
        .generate_from_datetime(at)
        .unwrap_or_else(ulid::Overflow::commit_overflow_increment);
    let mut digits = [0; ulid::ULID_LEN];
    let digits: &str = ulid.array_to_str(&mut digits);
    Id::new([prefix, "_", digits].concat())
}
