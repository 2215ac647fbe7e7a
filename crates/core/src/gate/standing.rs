//! Which consent carries a call, if any: the readings of the strict profile.

use jiff::Timestamp;

use super::{Override, ReasonCode};
use crate::consent::{Consent, ConsentLevel, Purpose};
use crate::suppression::InternalEntry;

/// What the ledger says about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing<'a> {
    /// This purpose needs no consent.
    NotNeeded,
    /// This record carries the call.
    Stands(&'a Consent),
    /// This record carries a sales call though it is less than written consent, since counsel's advice says so.
    Relaxed {
        /// The record.
        consent: &'a Consent,
        /// What it lacks and need not have.
        lacks: Lacks,
        /// The advice.
        advice: &'a Override,
    },
    /// Nothing does; the codes of the record that comes closest, or of having none.
    Lacking(Lacks),
}

impl<'a> Standing<'a> {
    /// The record that carries the call, if one does.
    pub fn record(&self) -> Option<&'a Consent> {
        match self {
            Self::Stands(consent) | Self::Relaxed { consent, .. } => Some(consent),
            Self::NotNeeded | Self::Lacking(_) => None,
        }
    }

    /// The record that carries the call as the rules ask for it: for a sales call, a written agreement that names the
    /// seller and the number.
    pub fn unrelaxed(&self) -> Option<&'a Consent> {
        match self {
            Self::Stands(consent) => Some(consent),
            Self::Relaxed { .. } | Self::NotNeeded | Self::Lacking(_) => None,
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
    form: Form,
    now: Timestamp,
) -> Standing<'a> {
    if purpose == Purpose::Emergency {
        return Standing::NotNeeded;
    }
    let entries = || internal.iter().filter(|entry| entry.at <= now);
    let overcome = entries().map(|entry| entry.at).max();
    let on_file = || consents.iter().filter(|consent| consent.granted_at <= now);
    let mut stands: Option<&Consent> = None;
    let mut fewest = u32::MAX;
    let mut closest = Lacks::NONE;
    for consent in on_file().filter(|consent| consent.seller == seller) {
        let lacks = shortfalls(consent, overcome, purpose, now).without(form);
        match lacks.count() {
            // The newest, so that it is the one that a decision names.
            0 if stands.is_none_or(|best| best.granted_at < consent.granted_at) => {
                stands = Some(consent);
            }
            0 => {}
            count if count < fewest => (fewest, closest) = (count, lacks),
            count if count == fewest => closest = closest.and(lacks),
            _ => {}
        }
    }
    if let Some(consent) = stands {
        return Standing::Stands(consent);
    }
    if !closest.is_none() {
        return Standing::Lacking(closest);
    }
    let code = if entries().any(|entry| entry.revocation) {
        ReasonCode::ConsentRevoked
    } else if on_file().next().is_some() {
        ReasonCode::ConsentOtherSeller
    } else {
        ReasonCode::ConsentMissing
    };
    Standing::Lacking(Lacks::NONE.with(code, true))
}

fn shortfalls(
    consent: &Consent,
    overcome: Option<Timestamp>,
    purpose: Purpose,
    now: Timestamp,
) -> Lacks {
    let sales = purpose == Purpose::Telemarketing;
    let written = consent.level == ConsentLevel::ExpressWritten;
    let confirmed = consent.confirmed_at.is_some_and(|at| at <= now);
    Lacks::NONE
        .with(
            ReasonCode::ConsentRevoked,
            overcome.is_some_and(|at| consent.granted_at <= at),
        )
        .with(
            ReasonCode::ConsentPending,
            consent.double_opt_in && !confirmed,
        )
        .with(
            ReasonCode::ConsentExpired,
            consent.expires_at.is_some_and(|at| at <= now),
        )
        .with(
            ReasonCode::ConsentScope,
            !consent.purposes.contains(&purpose) || !consent.artificial_voice,
        )
        .with(ReasonCode::ConsentLevelTooLow, sales && !written)
        .with(
            ReasonCode::ConsentTextLacksElement,
            sales && written && !consent.missing.is_empty(),
        )
}

/// Whether a sales call needs the form of written consent: its level and its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Written,
    Any,
}

/// What a consent lacks of the form of written consent, and nothing else.
pub(super) fn lacks_of_form(consent: &Consent) -> Lacks {
    let written = consent.level == ConsentLevel::ExpressWritten;
    Lacks::NONE
        .with(ReasonCode::ConsentLevelTooLow, !written)
        .with(ReasonCode::ConsentTextLacksElement, written)
}

/// What a consent lacks: a set of reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lacks(u64);

impl Lacks {
    const NONE: Self = Self(0);

    #[inline]
    const fn with(self, code: ReasonCode, lacking: bool) -> Self {
        // There are fewer than 64 codes; `codes` gives them in their own order.
        Self(self.0 | (lacking as u64) << (code as u64))
    }

    const fn without(self, form: Form) -> Self {
        match form {
            Form::Written => self,
            Form::Any => {
                let of_form = Self::NONE
                    .with(ReasonCode::ConsentLevelTooLow, true)
                    .with(ReasonCode::ConsentTextLacksElement, true);
                Self(self.0 & !of_form.0)
            }
        }
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn count(self) -> u32 {
        self.0.count_ones()
    }

    const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The codes, in the order of the contract.
    pub fn codes(self) -> impl Iterator<Item = ReasonCode> {
        let all = ReasonCode::ALL.iter().copied();
        all.filter(move |code| self.0 >> (*code as u64) & 1 == 1)
    }
}

const _: () = assert!(ReasonCode::ALL.len() <= 64);
