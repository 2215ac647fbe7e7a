//! The checks, one file each, in the order in which a decision lists them. A check adds what it finds and returns
//! the rule that it applied; none: the rule does not bind such a call.

mod caller_id;
mod calling_hours;
mod campaign_attempts;
mod consent;
mod disclosure;
mod dnc_internal;
mod dnc_national;
mod dnc_state;
mod emergency_area;
mod frequency_cap;
mod held;
mod holiday;
mod jurisdiction;
mod litigator;
mod number;
mod reassigned;
mod registration;
mod seller;
mod source;
mod stop;

use super::case::Case;
use super::findings::Findings;

/// One check.
pub(super) type Check = fn(&Case<'_>, &mut Findings<'_>) -> Option<String>;

/// Every check. A check reads its own group of facts and no other's result.
pub(super) const ALL: &[(&str, Check)] = &[
    ("stop", stop::check),
    ("source", source::check),
    ("number", number::check),
    ("seller", seller::check),
    ("caller-id", caller_id::check),
    ("disclosure", disclosure::check),
    ("consent", consent::check),
    ("dnc-internal", dnc_internal::check),
    ("held", held::check),
    ("dnc-national", dnc_national::check),
    ("dnc-state", dnc_state::check),
    ("litigator", litigator::check),
    ("reassigned", reassigned::check),
    ("jurisdiction", jurisdiction::check),
    ("registration", registration::check),
    ("emergency-area", emergency_area::check),
    ("calling-hours", calling_hours::check),
    ("holiday", holiday::check),
    ("frequency-cap", frequency_cap::check),
    ("campaign-attempts", campaign_attempts::check),
];

/// A rule that was applied.
fn applied(rule: &str) -> Option<String> {
    Some(rule.to_owned())
}
