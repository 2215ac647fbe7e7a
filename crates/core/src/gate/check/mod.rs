//! The checks, one file each, in the order in which a decision lists them. A check adds what it finds and returns
//! the rule that it applied; none: the rule does not bind such a call.
//!
//! Words of a finding are given as a closure, `|| format!(..)`: they are made only for a decision that is kept.

use super::case::Case;
use super::findings::{Applied, Findings};
use super::vintage::CheckSet;

/// Every check, by the name of its file, and the number of the check set that it came with. A check reads its own group
/// of facts and no other's result.
macro_rules! checks {
    ($($name:literal $module:ident $since:literal,)+) => {
        $(mod $module;)+

        /// Their names, in order.
        pub(super) const NAMES: &[&str] = &[$($name),+];

        /// The set that each came with.
        pub(super) const SINCE: &[u16] = &[$($since),+];

        /// How many there are.
        pub(super) const COUNT: usize = NAMES.len();

        /// Their places in that order.
        #[expect(non_camel_case_types, reason = "the names of the files")]
        enum Place { $($module),+ }

        /// Makes every check; never stops at the first.
        // Calls by name, so that the compiler may put the small ones in line.
        #[inline(always)]
        pub(super) fn all(case: &Case<'_>, out: &mut Findings) {
            $($module::check(case, out);)+
        }

        /// Makes every check of a set, noting how each of them ended.
        #[inline(always)]
        pub(super) fn all_of(set: CheckSet, case: &Case<'_>, out: &mut Findings) -> Applied {
            let mut noted = Applied::default();
            let [$($module),+] = &mut noted;
            $(
                if set.has($since) {
                    let applied = $module::check(case, out);
                    *$module = out.close(Place::$module as u32, applied);
                }
            )+
            noted
        }
    };
}

// A check that is added gets the number after the greatest here, so that the decisions of before are replayed without it.
checks! {
    "stop" stop 1,
    "source" source 1,
    "number" number 1,
    "seller" seller 1,
    "caller-id" caller_id 1,
    "disclosure" disclosure 1,
    "consent" consent 1,
    "dnc-internal" dnc_internal 1,
    "held" held 2,
    "dnc-national" dnc_national 1,
    "dnc-state" dnc_state 1,
    "litigator" litigator 1,
    "reassigned" reassigned 1,
    "jurisdiction" jurisdiction 1,
    "registration" registration 1,
    "emergency-area" emergency_area 1,
    "calling-hours" calling_hours 1,
    "holiday" holiday 1,
    "frequency-cap" frequency_cap 1,
    "campaign-attempts" campaign_attempts 1,
}
