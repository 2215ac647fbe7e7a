//! How far one revocation reaches by the law's own dates.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::rules::RulePack;

/// The part of 47 CFR 64.1200(a)(10) by which one revocation stops every automated call of the caller, on unrelated
/// matters, too; waived until 2027-01-31 (DA 26-12).
const REVOKE_ALL: &str = "us-fed-revoke-all";

/// Whether a revocation said at `at` binds every seller of the installation, whatever the operator's setting: the pack's
/// reading of "the caller" is the installation, the stricter one. The day begins in UTC, before it does in any state.
#[must_use]
pub fn revokes_all(pack: &RulePack, at: Timestamp) -> bool {
    let day = at.to_zoned(TimeZone::UTC).date();
    pack.provenance
        .get(REVOKE_ALL)
        .is_some_and(|rule| rule.in_force_on(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_its_day_on_one_revocation_stops_all() {
        let pack = RulePack::embedded().unwrap();
        for (at, all) in [
            ("2026-11-21T12:00:00Z", false),
            ("2027-01-30T23:59:59Z", false),
            ("2027-01-31T00:00:00Z", true),
            ("2028-06-01T00:00:00Z", true),
        ] {
            assert_eq!(revokes_all(&pack, at.parse().unwrap()), all, "{at}");
        }
    }
}
