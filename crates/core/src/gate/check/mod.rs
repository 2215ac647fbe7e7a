//! The checks, one file each, in the order in which a decision lists them. A check adds what it finds and returns
//! the rule that it applied; none: the rule does not bind such a call.
//!
//! Words of a finding are given as a closure, `|| format!(..)`: they are made only for a decision that is kept.

use super::case::Case;
use super::findings::{Applied, Findings};

/// Every check, by the name of its file. A check reads its own group of facts and no other's result.
macro_rules! checks {
    ($($name:literal $module:ident,)+) => {
        $(mod $module;)+

        /// Their names, in order.
        pub(super) const NAMES: &[&str] = &[$($name),+];

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

        /// The same, noting how each of them ended.
        #[inline(always)]
        pub(super) fn all_noted(case: &Case<'_>, out: &mut Findings) -> Applied {
            let mut noted = Applied::default();
            let [$($module),+] = &mut noted;
            $(
                let applied = $module::check(case, out);
                *$module = out.close(Place::$module as u32, applied);
            )+
            noted
        }
    };
}

checks! {
    "stop" stop,
    "source" source,
    "number" number,
    "seller" seller,
    "caller-id" caller_id,
    "disclosure" disclosure,
    "consent" consent,
    "dnc-internal" dnc_internal,
    "held" held,
    "dnc-national" dnc_national,
    "dnc-state" dnc_state,
    "litigator" litigator,
    "reassigned" reassigned,
    "jurisdiction" jurisdiction,
    "registration" registration,
    "emergency-area" emergency_area,
    "calling-hours" calling_hours,
    "holiday" holiday,
    "frequency-cap" frequency_cap,
    "campaign-attempts" campaign_attempts,
}
