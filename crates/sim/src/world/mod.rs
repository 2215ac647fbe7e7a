//! A seeded world: random facts about random calls, the same for the same seed. Mostly everything is in order, so that
//! each single obstacle is seen alone; and everything dated lies near its own boundary more often than chance has it.

mod dice;
mod lists;
mod order;
mod seller;
mod times;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{
    Attempt, CallRequest, CampaignFacts, EmergencyArea, Facts, Hold, Override, Policy,
    SourceFailure, Stop,
};
use ringfence_core::id::Id;
use ringfence_core::lead::{Place, StateCode};
use ringfence_core::rules::{AreaCode, RulePack};

pub use dice::Dice;
pub use lists::internal;
pub use order::{in_order, opt_out};

/// The seller of every call.
pub const SELLER: &str = "acme";

const PURPOSES: &[Purpose] = &[
    Purpose::Telemarketing,
    Purpose::Telemarketing,
    Purpose::Telemarketing,
    Purpose::Informational,
    Purpose::Healthcare,
    Purpose::DebtCollection,
    Purpose::Charity,
    Purpose::Political,
    Purpose::Emergency,
];

/// What of a pack the generator draws from.
pub struct World<'a> {
    /// The pack.
    pub pack: &'a RulePack,
    states: Vec<StateCode>,
    area_codes: BTreeMap<StateCode, Vec<u16>>,
    zips: BTreeMap<StateCode, Vec<String>>,
    /// Days on which a rule begins or ends, clocks change, a year ends.
    edges: Vec<Date>,
    rules: Vec<String>,
}

impl<'a> World<'a> {
    /// The world under this pack.
    #[must_use]
    pub fn new(pack: &'a RulePack) -> Self {
        let mut area_codes: BTreeMap<StateCode, Vec<u16>> = BTreeMap::new();
        for code in 200..=999 {
            if let AreaCode::Us { state, .. } = pack.places.area_code(code) {
                area_codes.entry(state).or_default().push(code);
            }
        }
        let mut zips: BTreeMap<StateCode, Vec<String>> = BTreeMap::new();
        let exceptions = pack
            .sources()
            .iter()
            .filter(|(name, _)| name == "places/zip5.csv");
        let exceptions = exceptions.flat_map(|(_, text)| text.lines());
        let exceptions = exceptions
            .filter_map(|line| line.split(',').next())
            .map(str::to_owned);
        for zip in (0..1000)
            .map(|three| format!("{three:03}01"))
            .chain(exceptions)
        {
            if let Some((state, _)) = pack.places.zip(&zip) {
                zips.entry(state).or_default().push(zip);
            }
        }
        Self {
            pack,
            states: pack.jurisdictions.keys().copied().collect(),
            area_codes,
            zips,
            edges: times::edges(pack),
            rules: pack.provenance.keys().map(ToString::to_string).collect(),
        }
    }

    /// Facts about one call, and the instant at which it is asked for.
    pub fn scene(&self, dice: &mut Dice) -> (Facts, Timestamp) {
        // The Fifth Circuit's states more often than their number: they have law of their own.
        let fifth = ["TX", "LA", "MS"].map(|code| StateCode::parse(code).ok());
        let home = match dice.chance(12) {
            true => dice.pick(&fifth).flatten(),
            false => dice.pick(&self.states),
        };
        let now = self.moment(dice, home);
        (self.facts(dice, home, now), now)
    }

    fn facts(&self, dice: &mut Dice, home: Option<StateCode>, now: Timestamp) -> Facts {
        let purpose = dice.pick(PURPOSES).unwrap_or(Purpose::Telemarketing);
        let request = CallRequest {
            to: self.number(dice, home),
            seller: SELLER.to_owned(),
            purpose,
            caller_id: dice.chance(50).then(|| match dice.below(30) {
                0 => "+12125550177".to_owned(),
                1 => "anonymous".to_owned(),
                _ => "+12125550100".to_owned(),
            }),
            place: self.place(dice, home),
            lead: None,
            campaign: None,
        };
        Facts {
            seller: dice.chance(98).then(|| self.seller(dice, now)),
            consents: lists::consents(dice, now, purpose),
            suppressions: self.suppressions(dice, now),
            attempts: self.attempts(dice, now),
            campaign: dice.chance(10).then(|| CampaignFacts {
                attempts_max: 3,
                attempts: u32::try_from(dice.below(5)).unwrap_or_default(),
            }),
            emergency_areas: dice.few(8, |dice| self.emergency(dice, &request.place, home, now)),
            overrides: dice.few(20, |dice| self.counsel(dice, home, now)),
            relationships: lists::relationships(dice, now),
            stops: dice.few(2, |dice| Stop {
                since: dice.before(now, 3),
                scope: "all".to_owned(),
                reason: None,
            }),
            failures: dice.few(1, |_| SourceFailure {
                source: "national list".to_owned(),
                detail: "its hash differs".to_owned(),
            }),
            holds: dice.few(4, |dice| Hold {
                id: Id::from("hold_1"),
                at: dice.before(now, 60),
            }),
            policy: policy(dice),
            request,
        }
    }

    fn number(&self, dice: &mut Dice, home: Option<StateCode>) -> String {
        let of_home = home.and_then(|state| self.area_codes.get(&state)).cloned();
        let area = match dice.below(100) {
            0 => return dice.pick(STRANGE_NUMBERS).unwrap_or_default().to_owned(),
            1 | 2 => u16::try_from(100 + dice.below(900)).unwrap_or(212),
            3..10 => {
                let any = self.area_codes.values().flatten().copied();
                dice.pick(&any.collect::<Vec<u16>>()).unwrap_or(212)
            }
            _ => dice.pick(&of_home.unwrap_or_default()).unwrap_or(212),
        };
        format!("+1{area}55501{:02}", dice.below(100))
    }

    fn place(&self, dice: &mut Dice, home: Option<StateCode>) -> Place {
        let state = if dice.chance(70) {
            home
        } else {
            dice.pick(&self.states)
        };
        let zips = state.and_then(|state| self.zips.get(&state)).cloned();
        let zip = match dice.below(12) {
            0..3 => dice.pick(&zips.unwrap_or_default()),
            3 => Some(format!("{:05}", dice.below(100_000))),
            4 => dice
                .pick(&["1000", "10001-1234", " 75201 ", "ABCDE", ""])
                .map(str::to_owned),
            _ => None,
        };
        let zones = [
            "America/Denver",
            "America/New_York",
            "Pacific/Honolulu",
            "Europe/London",
            "Mars/Base",
        ];
        Place {
            zip,
            state: match dice.below(40) {
                0 => StateCode::parse("ZZ").ok(),
                1..9 => state,
                _ => None,
            },
            time_zone: if dice.chance(6) {
                dice.pick(&zones).map(str::to_owned)
            } else {
                None
            },
        }
    }

    /// Earlier attempts: some at a cap's very end, some in one burst.
    fn attempts(&self, dice: &mut Dice, now: Timestamp) -> Vec<Attempt> {
        let periods = [8, 24, 168, 720].map(|hours| hours * 3600);
        let count = if dice.chance(60) {
            dice.below(3)
        } else {
            dice.below(10)
        };
        let mut made: Vec<Attempt> = (0..count)
            .map(|n| {
                let back = match dice.below(6) {
                    0 => dice.number(&periods) + dice.number(&[-1, 0, 1]),
                    1 => dice.number(&[-1, 0, 1]),
                    2..5 => i64::try_from(dice.below(86_400)).unwrap_or_default(),
                    _ => i64::try_from(dice.below(8 * 86_400)).unwrap_or_default(),
                };
                let fraction = SignedDuration::from_millis(dice.number(&[0, 0, 0, 1, 999]));
                Attempt {
                    id: Id::from(format!("att_{n}").as_str()),
                    at: now - SignedDuration::from_secs(back) + fraction,
                    campaign: None,
                    conversed: dice.chance(10),
                }
            })
            .collect();
        made.sort_by_key(|attempt| attempt.at);
        made
    }

    fn emergency(
        &self,
        dice: &mut Dice,
        place: &Place,
        home: Option<StateCode>,
        now: Timestamp,
    ) -> EmergencyArea {
        let state = if dice.chance(60) {
            home
        } else {
            dice.pick(&self.states)
        };
        let zip = place.zip.clone().filter(|_| dice.chance(60));
        let from = dice.before(now, 10);
        EmergencyArea {
            id: "storm".to_owned(),
            states: state.into_iter().filter(|_| dice.chance(60)).collect(),
            zips: zip.into_iter().chain(["70112".to_owned()]).collect(),
            from,
            to: if dice.chance(60) {
                Some(dice.beside(now))
            } else {
                None
            },
            source: "proclamation 12".to_owned(),
        }
    }

    /// Counsel's advice on a rule of the pack, often one of the callee's own state.
    fn counsel(&self, dice: &mut Dice, home: Option<StateCode>, now: Timestamp) -> Override {
        let state = home.and_then(|state| self.pack.jurisdictions.get(&state));
        let federal = self.pack.federal.caps.iter().map(|cap| &cap.provenance);
        let own = state.into_iter().flat_map(|state| {
            let hours = state.hours.iter().map(|row| &row.provenance);
            let caps = state.caps.iter().map(|cap| &cap.provenance);
            let days = state.holidays.iter().map(|ban| &ban.provenance);
            let voice = std::iter::once(&state.artificial_voice.provenance);
            hours.chain(caps).chain(days).chain(voice)
        });
        let mut open: Vec<&str> = federal.chain(own).map(|rule| rule.id).collect();
        open.extend(CONSENT_RULES);
        let own = dice.pick(&open).map(str::to_owned);
        let any = dice.pick(&self.rules).unwrap_or_default();
        Override {
            id: Id::from(format!("ovr_{}", dice.below(1000)).as_str()),
            rule: own.filter(|_| dice.chance(85)).unwrap_or(any),
            from: dice.before(now, 400),
            to: dice.chance(50).then(|| dice.beside(now)),
            document: "counsel memo 2026-03".to_owned(),
        }
    }
}

/// The rule on written consent, what it may be relaxed by, and one that nothing relaxes.
const CONSENT_RULES: [&str; 5] = [
    "us-fed-consent-telemarketing-pewc",
    "us-fed-consent-telemarketing-pewc",
    "us-5cir-oral-consent",
    "us-5cir-oral-consent",
    "us-fed-company-dnc",
];

const STRANGE_NUMBERS: &[&str] = &[
    "",
    "+",
    "not a number",
    "12125550123",
    "+1 212 555 0123",
    "+1212555012",
    "+121255501234",
    "+12121550123",
    "+442079460123",
    "+18005550123",
    "+19005550123",
    "+0212555012",
];

fn policy(dice: &mut Dice) -> Policy {
    if dice.chance(80) {
        return Policy::default();
    }
    Policy {
        closing_margin_seconds: dice.pick(&[0, 1, 60, 3600]).unwrap_or(60),
        national_hit_always_denies: dice.chance(30),
        reassigned_required: dice.chance(30),
    }
}
