//! Sellers whose caller IDs, registrations and subscription begin and end near the call.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use ringfence_core::gate::{DisclosureFacts, SellerFacts};
use ringfence_core::lead::{PhoneNumber, StateCode};
use ringfence_core::seller::{CallerId, Registration, San, Seller};

use super::{Dice, World};

impl World<'_> {
    pub(super) fn seller(&self, dice: &mut Dice, now: Timestamp) -> SellerFacts {
        let registered = |dice: &mut Dice, code: &StateCode| {
            let exempt = dice.chance(10);
            Registration {
                state: *code,
                number: (!exempt).then(|| "TC-1".to_owned()),
                expires_on: (!exempt).then(|| last_day(dice, now)).flatten(),
                exempt_because: exempt.then(|| "counsel memo 2026-03".to_owned()),
            }
        };
        let mut registrations: Vec<Registration> = Vec::new();
        for code in &self.states {
            if dice.chance(97) {
                registrations.push(registered(dice, code));
            }
        }
        let words = match dice.below(40) {
            0 => None,
            1 => Some("An artificial voice is calling".to_owned()),
            _ => Some("This is Acme Solar, an artificial voice".to_owned()),
        };
        SellerFacts {
            profile: Seller {
                name: "Acme Solar LLC".to_owned(),
                callback_number: None,
                toll_free_opt_out: None,
                caller_ids: caller_ids(dice, now),
                registrations,
                san: dice.chance(98).then(|| San {
                    number: "10000000-00001".to_owned(),
                    expires_on: last_day(dice, now).unwrap_or(date(2035, 12, 31)),
                }),
            },
            disclosure: DisclosureFacts {
                words,
                spoken_by_tts: dice.chance(3),
            },
        }
    }
}

fn caller_ids(dice: &mut Dice, now: Timestamp) -> Vec<CallerId> {
    let mut ids = Vec::new();
    for ten in [2_125_550_100, 2_125_550_102] {
        if let Ok(number) = PhoneNumber::from_nanp(ten)
            && dice.chance(95)
        {
            let today = day_of(dice, now);
            ids.push(CallerId {
                number,
                authorised_from: if dice.chance(90) {
                    date(2020, 1, 1)
                } else {
                    today
                },
                authorised_to: last_day(dice, now),
                proof: None,
            });
        }
    }
    ids
}

/// Mostly far off or none; now and then about today.
fn last_day(dice: &mut Dice, now: Timestamp) -> Option<Date> {
    match dice.below(30) {
        0 | 1 => Some(day_of(dice, now)),
        2..10 => None,
        _ => Some(date(2035, 12, 31)),
    }
}

fn day_of(dice: &mut Dice, now: Timestamp) -> Date {
    let today = now.to_zoned(TimeZone::UTC).date();
    today
        .checked_add(dice.number(&[-2, -1, 0, 1, 2]).days())
        .unwrap_or(today)
}
