//! `ringfence bench gate`: decisions in process, without the store.

use std::hint::black_box;
use std::time::Instant;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::{Consent, ConsentLevel, Purpose};
use ringfence_core::gate::{
    Attempt, CallRequest, DisclosureFacts, Facts, Policy, SellerFacts, Suppressions, Verdict,
    decide,
};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::rules::RulePack;
use ringfence_core::seller::{CallerId, Registration, San, Seller};
use ringfence_core::suppression::ListAnswer;
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, open, say, say_json};

const NOW: Timestamp = Timestamp::constant(1_794_418_200, 0);
/// States of one zone and of two, with and without a list, a cap or holidays of their own.
const AREA_CODES: &[u64] = &[
    212, 303, 305, 312, 404, 405, 415, 502, 512, 602, 614, 701, 702, 801, 808, 850, 901, 907,
];

/// Decisions in process, without the store.
#[derive(Debug, Args)]
#[command(
    after_help = "For instructions per decision, the difference of two counts under callgrind:\n  \
    scripts/count-instructions\n\nExample:\n  ringfence bench gate --count 200000"
)]
pub struct Gate {
    /// How many decisions; 0 only sets the facts up
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(0..=100_000_000))]
    count: u32,
}

impl Gate {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let pack = open::rules()?;
        let facts = world(&pack).map_err(Failure::Environment)?;
        let mut micros = Vec::with_capacity(self.count as usize);
        let mut verdicts = [0_u64; 3];
        for facts in facts.iter().cycle().take(self.count as usize) {
            let begun = Instant::now();
            let decision = black_box(decide(&pack, black_box(facts), NOW));
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
            let of = match decision.verdict {
                Verdict::Allow => 0,
                Verdict::Defer => 1,
                Verdict::Deny => 2,
            };
            if let Some(count) = verdicts.get_mut(of) {
                *count += 1;
            }
        }
        micros.sort_by(f64::total_cmp);
        let [allowed, deferred, denied] = verdicts;
        let (p50, p99) = (percentile(&micros, 50), percentile(&micros, 99));
        if global.json {
            say_json(
                &json!({"decisions": self.count, "p50_us": p50, "p99_us": p99,
                             "allowed": allowed, "deferred": deferred, "denied": denied}),
            )?;
        } else {
            say(&format!(
                "{} decisions ({allowed} allowed, {deferred} deferred, {denied} denied): p50 {p50:.2} us, p99 {p99:.2} us",
                self.count
            ))?;
        }
        Ok(Exit::Done)
    }
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted
        .get(sorted.len().saturating_sub(1) * percent / 100)
        .copied()
        .unwrap_or_default()
}

/// A thousand callees: most in order, some on a list, some without consent.
fn world(pack: &RulePack) -> anyhow::Result<Vec<Facts>> {
    let seller = seller(pack)?;
    (0..1000_u64)
        .map(|n| {
            let area = AREA_CODES
                .get(usize::try_from(n)? % AREA_CODES.len())
                .copied()
                .unwrap_or(212);
            Ok(facts(
                n,
                area * 10_000_000 + 5_550_100 + n % 100,
                &seller,
                pack,
            ))
        })
        .collect()
}

fn seller(pack: &RulePack) -> anyhow::Result<SellerFacts> {
    let registered = |state: &_| Registration {
        state: *state,
        number: Some("TC-1".to_owned()),
        expires_on: Some(jiff::civil::date(2029, 12, 31)),
        exempt_because: None,
    };
    Ok(SellerFacts {
        profile: Seller {
            name: "Example Solar LLC".to_owned(),
            callback_number: None,
            toll_free_opt_out: None,
            caller_ids: vec![CallerId {
                number: PhoneNumber::from_nanp(2_125_550_100)?,
                authorised_from: jiff::civil::date(2025, 1, 1),
                authorised_to: None,
                proof: None,
            }],
            registrations: pack.jurisdictions.keys().map(registered).collect(),
            san: Some(San {
                number: "10000000-00001".to_owned(),
                expires_on: jiff::civil::date(2029, 12, 31),
            }),
        },
        disclosure: DisclosureFacts {
            words: Some("This is Example Solar, an artificial intelligence assistant".to_owned()),
            spoken_by_tts: false,
        },
    })
}

fn facts(n: u64, ten_digits: u64, seller: &SellerFacts, pack: &RulePack) -> Facts {
    let list = |name: &str, listed| ListAnswer {
        version: Id::from("lst_1"),
        name: name.to_owned(),
        obtained_at: NOW - SignedDuration::from_hours(24),
        effective_at: None,
        expires_at: None,
        listed,
    };
    let own_lists = pack
        .jurisdictions
        .values()
        .filter(|state| state.list.own_list);
    Facts {
        request: CallRequest {
            to: format!("+1{ten_digits}"),
            seller: "example-solar".to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: Some("+12125550100".to_owned()),
            place: Place::default(),
            lead: None,
            campaign: None,
        },
        policy: Policy::default(),
        seller: Some(seller.clone()),
        consents: if n.is_multiple_of(10) {
            vec![]
        } else {
            vec![consent(n)]
        },
        suppressions: Suppressions {
            national: Some(list("national", n.is_multiple_of(7))),
            states: own_lists
                .map(|state| list(state.code.as_str(), n.is_multiple_of(50)))
                .collect(),
            ..Suppressions::default()
        },
        attempts: (0..n % 3)
            .map(|k| Attempt {
                id: Id::from("att_1"),
                at: NOW - SignedDuration::from_hours(30 - i64::try_from(k).unwrap_or(0)),
                campaign: None,
                conversed: false,
            })
            .collect(),
        campaign: None,
        emergency_areas: vec![],
        overrides: vec![],
        relationships: vec![],
        stops: vec![],
        failures: vec![],
        holds: vec![],
    }
}

fn consent(n: u64) -> Consent {
    Consent {
        id: Id::from(format!("con_{n}").as_str()),
        seller: "example-solar".to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        granted_at: NOW - SignedDuration::from_hours(240),
        artificial_voice: true,
        double_opt_in: false,
        confirmed_at: None,
        expires_at: None,
        text_sha256: String::new(),
        missing: vec![],
    }
}
