//! A seeded world: random facts about random calls, the same for the same seed.

use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::{Consent, ConsentLevel, Element, Purpose};
use ringfence_core::gate::{
    Attempt, CallRequest, DisclosureFacts, EmergencyArea, Facts, Policy, Relationship,
    RelationshipKind, SellerFacts, Stop, Suppressions,
};
use ringfence_core::id::Id;
use ringfence_core::lead::{Place, StateCode};
use ringfence_core::rules::RulePack;
use ringfence_core::seller::{CallerId, Registration, San, Seller};
use ringfence_core::suppression::{InternalEntry, ListAnswer, Reassigned, ReassignedAnswer};

/// SplitMix64: small, seeded, and the same everywhere.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall the same way for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit.max(1)
    }

    /// True about `percent` times in a hundred.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let index = usize::try_from(self.below(of.len() as u64)).ok()?;
        of.get(index).cloned()
    }
}

const AREA_CODES: &[u64] = &[
    201, 205, 207, 208, 212, 213, 215, 225, 239, 270, 302, 303, 305, 313, 317, 340, 364, 401, 402,
    404, 405, 410, 415, 423, 458, 480, 501, 502, 504, 512, 515, 601, 602, 605, 608, 612, 614, 615,
    671, 689, 701, 702, 787, 801, 802, 803, 804, 808, 816, 837, 850, 860, 907, 915, 928, 970,
];

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

/// An instant in 2025 to 2028, near a full or half hour more often than not.
pub fn instant(dice: &mut Dice) -> Timestamp {
    let start = Timestamp::constant(1_735_689_600, 0);
    let half_hours = i64::try_from(dice.below(3 * 365 * 48)).unwrap_or_default();
    let near = [-61, -60, -59, -1, 0, 1, 59, 600];
    let off = dice.pick(&near).unwrap_or_default();
    start + SignedDuration::from_secs(half_hours * 1800 + off)
}

/// Facts about one call at `now`, mostly in order, with something wrong here and there.
#[must_use]
pub fn facts(dice: &mut Dice, pack: &RulePack, now: Timestamp) -> Facts {
    let area = dice.pick(AREA_CODES).unwrap_or(212);
    let purpose = dice.pick(PURPOSES).unwrap_or(Purpose::Telemarketing);
    let to = match dice.below(40) {
        0 => "not a number".to_owned(),
        1 => "+18005550199".to_owned(),
        _ => format!("+1{area}55501{:02}", dice.below(100)),
    };
    Facts {
        request: CallRequest {
            to,
            seller: "acme".to_owned(),
            purpose,
            caller_id: dice.chance(50).then(|| "+12125550100".to_owned()),
            place: place(dice, pack),
            lead: None,
            campaign: None,
        },
        policy: Policy::default(),
        seller: dice.chance(97).then(|| seller(dice, pack)),
        consents: (0..dice.below(3))
            .map(|_| consent(dice, now, purpose))
            .collect(),
        suppressions: suppressions(dice, pack, now),
        attempts: attempts(dice, now),
        campaign: None,
        emergency_areas: if dice.chance(5) {
            vec![area_of_emergency(dice, now)]
        } else {
            vec![]
        },
        overrides: vec![],
        relationships: if dice.chance(20) {
            let kind = dice.pick(&[RelationshipKind::Inquiry, RelationshipKind::Purchase]);
            vec![Relationship {
                kind: kind.unwrap_or(RelationshipKind::Inquiry),
                at: days_before(now, dice.below(700)),
            }]
        } else {
            vec![]
        },
        stops: if dice.chance(2) {
            vec![Stop {
                since: days_before(now, 1),
                scope: "all".to_owned(),
                reason: None,
            }]
        } else {
            vec![]
        },
        failures: vec![],
        holds: vec![],
    }
}

fn place(dice: &mut Dice, pack: &RulePack) -> Place {
    let states: Vec<StateCode> = pack.jurisdictions.keys().copied().collect();
    Place {
        zip: dice
            .chance(30)
            .then(|| format!("{:05}", dice.below(100_000))),
        state: if dice.chance(20) {
            dice.pick(&states)
        } else {
            None
        },
        time_zone: dice.chance(5).then(|| "America/Denver".to_owned()),
    }
}

fn seller(dice: &mut Dice, pack: &RulePack) -> SellerFacts {
    let registered = |code: &StateCode| Registration {
        state: *code,
        number: Some("TC-1".to_owned()),
        expires_on: Some(jiff::civil::date(2029, 12, 31)),
        exempt_because: None,
    };
    let registrations = if dice.chance(90) {
        pack.jurisdictions.keys().map(registered).collect()
    } else {
        vec![]
    };
    SellerFacts {
        profile: Seller {
            name: "Acme Solar LLC".to_owned(),
            callback_number: None,
            toll_free_opt_out: None,
            caller_ids: if dice.chance(97) {
                let number = ringfence_core::lead::PhoneNumber::from_nanp(2_125_550_100);
                number
                    .map(|number| CallerId {
                        number,
                        authorised_from: jiff::civil::date(2024, 1, 1),
                        authorised_to: None,
                        proof: None,
                    })
                    .into_iter()
                    .collect()
            } else {
                vec![]
            },
            registrations,
            san: dice.chance(97).then(|| San {
                number: "10000000-00001".to_owned(),
                expires_on: jiff::civil::date(2029, 12, 31),
            }),
        },
        disclosure: DisclosureFacts {
            words: dice
                .chance(97)
                .then(|| "This is Acme Solar, an AI calling".to_owned()),
            spoken_by_tts: false,
        },
    }
}

fn consent(dice: &mut Dice, now: Timestamp, purpose: Purpose) -> Consent {
    let granted_at = days_before(now, dice.below(400));
    Consent {
        id: Id::from(format!("con_{}", dice.roll()).as_str()),
        seller: if dice.chance(90) { "acme" } else { "other" }.to_owned(),
        level: if dice.chance(85) {
            ConsentLevel::ExpressWritten
        } else {
            ConsentLevel::Oral
        },
        purposes: if dice.chance(90) {
            vec![purpose]
        } else {
            vec![Purpose::Charity]
        },
        granted_at,
        artificial_voice: dice.chance(93),
        double_opt_in: dice.chance(20),
        confirmed_at: dice.chance(70).then_some(granted_at),
        expires_at: dice.chance(10).then(|| days_before(now, dice.below(100))),
        text_sha256: String::new(),
        missing: if dice.chance(8) {
            vec![Element::NotACondition]
        } else {
            vec![]
        },
    }
}

fn suppressions(dice: &mut Dice, pack: &RulePack, now: Timestamp) -> Suppressions {
    let list = |name: &str, days: u64, listed: bool| ListAnswer {
        version: Id::from("lst_1"),
        name: name.to_owned(),
        obtained_at: days_before(now, days),
        effective_at: None,
        expires_at: None,
        listed,
    };
    let states = pack
        .jurisdictions
        .values()
        .filter(|state| state.list.own_list);
    Suppressions {
        internal: if dice.chance(10) {
            vec![internal(dice, now)]
        } else {
            vec![]
        },
        national: {
            let age = if dice.chance(92) { dice.below(31) } else { 40 };
            dice.chance(95)
                .then(|| list("national", age, dice.chance(15)))
        },
        states: states
            .map(|state| (state.code, dice.chance(4), dice.chance(98)))
            .filter(|(_, _, on_file)| *on_file)
            .map(|(code, listed, _)| list(code.as_str(), 5, listed))
            .collect(),
        litigator: if dice.chance(2) {
            vec![list("litigator", 3, true)]
        } else {
            vec![]
        },
        reassigned: if dice.chance(30) {
            let answers = [
                Reassigned::No,
                Reassigned::No,
                Reassigned::NoData,
                Reassigned::Yes,
            ];
            vec![ReassignedAnswer {
                consent_date: jiff::civil::date(2024, 1, 1),
                answer: dice.pick(&answers).unwrap_or(Reassigned::Yes),
                asked_at: days_before(now, dice.below(60)),
            }]
        } else {
            vec![]
        },
    }
}

/// An internal entry of the last year.
pub fn internal(dice: &mut Dice, now: Timestamp) -> InternalEntry {
    InternalEntry {
        id: Id::from(format!("sup_{}", dice.roll()).as_str()),
        seller: None,
        revocation: dice.chance(50),
        at: days_before(now, dice.below(365)),
        reason: String::new(),
    }
}

fn attempts(dice: &mut Dice, now: Timestamp) -> Vec<Attempt> {
    let mut made: Vec<Attempt> = (0..dice.below(5))
        .map(|n| Attempt {
            id: Id::from(format!("att_{n}").as_str()),
            at: now - SignedDuration::from_secs(i64::try_from(dice.below(200_000)).unwrap_or(0)),
            campaign: None,
        })
        .collect();
    made.sort_by_key(|attempt| attempt.at);
    made
}

fn area_of_emergency(dice: &mut Dice, now: Timestamp) -> EmergencyArea {
    EmergencyArea {
        id: "storm".to_owned(),
        states: ["LA", "FL", "NY"]
            .iter()
            .filter_map(|code| StateCode::parse(code).ok())
            .collect(),
        zips: vec![],
        from: days_before(now, dice.below(10)),
        to: None,
        source: "test".to_owned(),
    }
}

fn days_before(now: Timestamp, days: u64) -> Timestamp {
    now - SignedDuration::from_hours(24 * i64::try_from(days).unwrap_or_default())
}
