//! Where a number may be: area codes, ZIP codes, and the zones of each.
use crate::lead::StateCode;
use jiff::tz::TimeZone;
/// The tables of places.
#[derive(Debug, Clone, Default)]
pub struct Places {}
/// x
pub enum AreaCode<'a> {
    /// x
    Us {
        /// x
        state: StateCode,
        /// x
        zones: &'a [TimeZone],
    },
    /// x
    OtherCountry,
    /// x
    NotGeographic,
    /// x
    Unknown,
}
#[expect(clippy::unused_self, reason = "tmp")]
impl Places {
    /// x
    pub fn area_code(&self, _c: u16) -> AreaCode<'_> {
        AreaCode::Unknown
    }
    /// x
    pub fn zip(&self, _z: &str) -> Option<(StateCode, &TimeZone)> {
        None
    }
    /// x
    pub fn zone(&self, _z: &str) -> Option<TimeZone> {
        None
    }
    /// x
    pub fn tzdb_version(&self) -> &str {
        ""
    }
}
