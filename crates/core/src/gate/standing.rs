//! Which consent carries a call, if any: the readings of the strict profile.

use jiff::Timestamp;

use super::ReasonCode;
use crate::consent::{Consent, ConsentLevel, Purpose};
use crate::suppression::InternalEntry;

/// What the ledger says about one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    /// This purpose needs no consent.
    NotNeeded,
    /// This record carries the call.
    Stands(&'a Consent),
    /// Nothing does; the codes of the record that comes closest, or of having none.
    Lacking(Vec<ReasonCode>),
}

impl<'a> Standing<'a> {
    /// The record that carries the call, if one does.
    pub fn record(&self) -> Option<&'a Consent> {
        match self {
            Self::Stands(consent) => Some(consent),
            Self::NotNeeded | Self::Lacking(_) => None,
        }
    }
}

/// Looks for the consent to `seller` that carries a call for `purpose`.
///
/// A consent counts only if it was granted by now, after the latest internal entry that it would have to
/// overcome, for this seller and purpose, for an artificial voice, unexpired, and confirmed when it asked for a
/// confirmation. Telemarketing needs written consent with every element of 47 CFR 64.1200(f)(9).
pub(super) fn standing<'a>(
    consents: &'a [Consent],
    internal: &[InternalEntry],
    seller: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Standing<'a> {
    if purpose == Purpose::Emergency {
        return Standing::NotNeeded;
    }
    let entries = || internal.iter().filter(|entry| entry.at <= now);
    let overcome = entries().map(|entry| entry.at).max();
    let on_file = || consents.iter().filter(|consent| consent.granted_at <= now);
    let mut own: Vec<(&Consent, Vec<ReasonCode>)> = on_file()
        .filter(|consent| consent.seller == seller)
        .map(|consent| (consent, shortfalls(consent, overcome, purpose, now)))
        .collect();
    // The newest first, so that it is the one that a decision names.
    own.sort_by_key(|(consent, _)| std::cmp::Reverse(consent.granted_at));

    if let Some((consent, _)) = own.iter().find(|(_, shortfalls)| shortfalls.is_empty()) {
        return Standing::Stands(consent);
    }
    let Some(fewest) = own.iter().map(|(_, shortfalls)| shortfalls.len()).min() else {
        let code = if entries().any(|entry| entry.revocation) {
            ReasonCode::ConsentRevoked
        } else if on_file().next().is_some() {
            ReasonCode::ConsentOtherSeller
        } else {
            ReasonCode::ConsentMissing
        };
        return Standing::Lacking(vec![code]);
    };
    let closest = own
        .into_iter()
        .filter(|(_, shortfalls)| shortfalls.len() == fewest);
    let mut codes: Vec<ReasonCode> = closest.flat_map(|(_, shortfalls)| shortfalls).collect();
    codes.sort_unstable();
    codes.dedup();
    Standing::Lacking(codes)
}

fn shortfalls(
    consent: &Consent,
    overcome: Option<Timestamp>,
    purpose: Purpose,
    now: Timestamp,
) -> Vec<ReasonCode> {
    let sales = purpose == Purpose::Telemarketing;
    let written = consent.level == ConsentLevel::ExpressWritten;
    let confirmed = consent.confirmed_at.is_some_and(|at| at <= now);
    [
        (
            ReasonCode::ConsentRevoked,
            overcome.is_some_and(|at| consent.granted_at <= at),
        ),
        (
            ReasonCode::ConsentPending,
            consent.double_opt_in && !confirmed,
        ),
        (
            ReasonCode::ConsentExpired,
            consent.expires_at.is_some_and(|at| at <= now),
        ),
        (
            ReasonCode::ConsentScope,
            !consent.purposes.contains(&purpose) || !consent.artificial_voice,
        ),
        (ReasonCode::ConsentLevelTooLow, sales && !written),
        (
            ReasonCode::ConsentTextLacksElement,
            sales && written && !consent.missing.is_empty(),
        ),
    ]
    .into_iter()
    .filter_map(|(code, lacking)| lacking.then_some(code))
    .collect()
}
