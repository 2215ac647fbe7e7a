//! Consents, lists and relationships, near their boundaries.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ringfence_core::consent::{Consent, ConsentLevel, Element, Purpose};
use ringfence_core::gate::{Relationship, RelationshipKind, Suppressions};
use ringfence_core::id::Id;
use ringfence_core::suppression::{InternalEntry, ListAnswer, Reassigned, ReassignedAnswer};

use super::{Dice, SELLER, World};

const ELEMENTS: &[Element] = &[Element::NotACondition, Element::SellerNamed];

pub(super) fn consents(dice: &mut Dice, now: Timestamp, purpose: Purpose) -> Vec<Consent> {
    let count = dice.number(&[0, 1, 1, 1, 1, 2, 2, 3]);
    (0..count).map(|_| consent(dice, now, purpose)).collect()
}

fn consent(dice: &mut Dice, now: Timestamp, purpose: Purpose) -> Consent {
    let granted_at = dice.before(now, 400);
    let other = dice.pick(&[
        Purpose::Charity,
        Purpose::Telemarketing,
        Purpose::Informational,
    ]);
    Consent {
        id: Id::from(format!("con_{}", dice.below(100_000)).as_str()),
        seller: if dice.chance(94) { SELLER } else { "other" }.to_owned(),
        level: match dice.below(20) {
            0 => ConsentLevel::Oral,
            1 => ConsentLevel::Express,
            _ => ConsentLevel::ExpressWritten,
        },
        purposes: match dice.below(20) {
            0 => vec![],
            1 => other.into_iter().collect(),
            _ => vec![Purpose::Telemarketing, purpose],
        },
        granted_at,
        artificial_voice: dice.chance(96),
        double_opt_in: dice.chance(20),
        confirmed_at: if dice.chance(85) {
            Some(dice.before(now, 300))
        } else {
            None
        },
        expires_at: if dice.chance(12) {
            Some(dice.beside(now))
        } else {
            None
        },
        text_sha256: String::new(),
        missing: if dice.chance(5) {
            dice.pick(ELEMENTS).into_iter().collect()
        } else {
            vec![]
        },
    }
}

pub(super) fn relationships(dice: &mut Dice, now: Timestamp) -> Vec<Relationship> {
    dice.few(25, |dice| {
        let kind = match dice.chance(50) {
            true => RelationshipKind::Inquiry,
            false => RelationshipKind::Purchase,
        };
        // At the very end of its months, a second on either side, or somewhere within two years.
        let end = now
            .to_zoned(TimeZone::UTC)
            .checked_sub(dice.number(&[3, 18]).months())
            .map_or(now, |zoned| zoned.timestamp());
        let at = if dice.chance(40) {
            dice.beside(end)
        } else {
            dice.before(now, 700)
        };
        Relationship { kind, at }
    })
}

/// An internal entry of the last year.
pub fn internal(dice: &mut Dice, now: Timestamp) -> InternalEntry {
    InternalEntry {
        id: Id::from(format!("sup_{}", dice.below(100_000)).as_str()),
        seller: dice.chance(50).then(|| SELLER.to_owned()),
        revocation: dice.chance(50),
        at: dice.before(now, 365),
        reason: String::new(),
    }
}

fn list(dice: &mut Dice, name: &str, obtained_at: Timestamp, listed: bool) -> ListAnswer {
    ListAnswer {
        version: Id::from(format!("lst_{}", dice.below(1000)).as_str()),
        name: name.to_owned(),
        obtained_at,
        effective_at: None,
        expires_at: None,
        listed,
    }
}

impl World<'_> {
    pub(super) fn suppressions(&self, dice: &mut Dice, now: Timestamp) -> Suppressions {
        let mut internal_entries = dice.few(10, |dice| internal(dice, now));
        internal_entries.sort_by_key(|entry| entry.at);
        let national = dice.chance(97).then(|| {
            let at = match dice.below(20) {
                0 => dice.beside(now - SignedDuration::from_hours(31 * 24)),
                1 => dice.before(now, 60),
                _ => {
                    now - SignedDuration::from_hours(
                        24 * i64::try_from(dice.below(30)).unwrap_or(0),
                    )
                }
            };
            let listed = dice.chance(15);
            list(dice, "national", at, listed)
        });
        let mut states = Vec::new();
        for (code, state) in &self.pack.jurisdictions {
            // States without a list of their own have one on file now and then.
            let on_file = if state.list.own_list {
                dice.chance(98)
            } else {
                dice.chance(2)
            };
            if on_file {
                let at = dice.before(now, 500);
                let listed = dice.chance(4);
                let mut answer = list(dice, code.as_str(), at, listed);
                answer.effective_at = if dice.chance(3) {
                    Some(dice.beside(now))
                } else {
                    None
                };
                answer.expires_at = if dice.chance(4) {
                    Some(dice.beside(now))
                } else {
                    None
                };
                states.push(answer);
            }
        }
        let litigator = dice.few(3, |dice| {
            let at = dice.before(now, 100);
            let listed = dice.chance(80);
            list(dice, "serial-plaintiffs", at, listed)
        });
        let mut reassigned = dice.few(35, |dice| answer(dice, now));
        reassigned.sort_by_key(|answer| answer.asked_at);
        Suppressions {
            internal: internal_entries,
            national,
            states,
            litigator,
            reassigned,
        }
    }
}

fn answer(dice: &mut Dice, now: Timestamp) -> ReassignedAnswer {
    let asked_at = match dice.below(4) {
        0 => dice.beside(now - SignedDuration::from_hours(30 * 24)),
        _ => dice.before(now, 60),
    };
    let consent_date = dice.before(now, 500).to_zoned(TimeZone::UTC).date();
    let answers = [
        Reassigned::No,
        Reassigned::No,
        Reassigned::No,
        Reassigned::NoData,
        Reassigned::Yes,
    ];
    ReassignedAnswer {
        consent_date,
        answer: dice.pick(&answers).unwrap_or(Reassigned::No),
        asked_at,
    }
}
