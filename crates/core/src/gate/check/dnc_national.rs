//! The National Do Not Call Registry, its age and the seller's subscription. 47 CFR 64.1200(c)(2),
//! 16 CFR 310.4(b)(1)(iii)(B), 310.4(b)(3)(iv), 310.8.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span};

use super::super::case::{Callee, Case};
use super::super::facts::RelationshipKind;
use super::super::findings::Findings;
use super::super::reason::ReasonCode;
use crate::suppression::ListAnswer;

const RULE: &str = "us-fed-national-dnc";
const AGE: &str = "us-fed-dnc-safe-harbor";
const RELATIONSHIP: &str = "us-fed-ebr";

#[inline(always)]
pub(super) fn check(case: &Case<'_>, out: &mut Findings) -> Option<&'static str> {
    let seller = case.facts.seller.as_ref()?;
    if !case.sells() || !matches!(case.callee, Callee::Us(_) | Callee::UnknownAreaCode(_)) {
        return None;
    }
    let san = seller.profile.san.as_ref();
    if !san.is_some_and(|san| case.all_until(san.expires_on)) {
        out.deny(
            ReasonCode::DncNotSubscribed,
            AGE,
            "the seller has no SAN in force",
        );
    }
    let on_file = case.facts.suppressions.national.as_ref();
    match on_file.filter(|list| list.obtained_at <= case.now) {
        None => out.deny(
            ReasonCode::DncNotSubscribed,
            AGE,
            "no national list on file covers this area code for the seller",
        ),
        Some(list) => {
            age(case, list, out);
            if list.listed {
                hit(case, list, out);
            }
        }
    }
    Some(RULE)
}

fn age(case: &Case<'_>, list: &ListAnswer, out: &mut Findings) {
    let days = case.pack.federal.registry_age_days_max;
    let most = SignedDuration::from_hours(24 * i64::from(days));
    let seconds = case.now.as_second().saturating_sub(list.obtained_at.as_second());
    if seconds < most.as_secs() {
        return;
    }
    if case.now.duration_since(list.obtained_at) > most {
        out.deny(ReasonCode::DncStale, AGE, || {
            format!("obtained {}, more than {days} days ago", list.obtained_at)
        });
    }
}

fn hit(case: &Case<'_>, list: &ListAnswer, out: &mut Findings) {
    let code = ReasonCode::DncNational;
    if !case.facts.policy.national_hit_always_denies {
        if let Some(consent) = case.standing.unrelaxed() {
            // A signed written agreement that names the caller and the number: 64.1200(c)(2)(ii).
            return out.exempt(code, RULE, || {
                format!(
                    "written consent {} names the seller and the number",
                    consent.id
                )
            });
        }
        if let Some(kind) = relationship_in_time(case) {
            return out.exempt(code, RELATIONSHIP, || format!("a {kind} in time"));
        }
    }
    out.deny(code, RULE, || {
        format!(
            "on the National Do Not Call Registry, list of {}",
            list.obtained_at
        )
    });
}

/// An inquiry or a purchase that still carries a relationship and was not ended by a do-not-call request.
fn relationship_in_time(case: &Case<'_>) -> Option<&'static str> {
    let (purchase_months, inquiry_months) = case.pack.federal.relationship_months;
    let internal = &case.facts.suppressions.internal;
    // A do-not-call request ends it "even if the subscriber continues to do business with the seller": no later
    // purchase makes a new one (47 CFR 64.1200(f)(5)(i)).
    if internal.iter().any(|entry| entry.at <= case.now) {
        return None;
    }
    case.facts.relationships.iter().find_map(|relationship| {
        let (months, name) = match relationship.kind {
            RelationshipKind::Purchase => (purchase_months, "purchase"),
            RelationshipKind::Inquiry => (inquiry_months, "inquiry"),
        };
        let until = relationship
            .at
            .to_zoned(TimeZone::UTC)
            .checked_add(Span::new().try_months(i64::from(months)).ok()?)
            .ok()?
            .timestamp();
        let begun = relationship.at <= case.now && case.now <= until;
        begun.then_some(name)
    })
}
