//! The test clock's record.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A database of the test clock: every record in it is of that clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestClock {
    /// Where the world's clock was started last.
    pub start: Timestamp,
    /// The newest record's time, if there is one.
    pub last_record_at: Option<Timestamp>,
}

impl TestClock {
    /// Where the clock goes on from: the later of its start and the last record.
    #[must_use]
    pub fn resume_at(&self) -> Timestamp {
        self.last_record_at
            .map_or(self.start, |last| last.max(self.start))
    }
}
