//! `ringfence bench scrub`: numbers scrubbed without a record, on one thread.

use std::time::Instant;

use clap::Args;
use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Verdict};
use ringfence_core::lead::{PhoneNumber, Place, StateCode};
use ringfence_core::rules::{AreaCode, RulePack};
use ringfence_core::seller::Seller;
use ringfence_store::gate::GateSettings;
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::seller::PromptKind;
use ringfence_store::{SqliteStore, Store};
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, open, say, say_json};
use super::timing::thread_seconds;
use super::world::{consent, list, silent, together};
use crate::scrub::{Batch, Summary, scrub};

const NOW: Timestamp = Timestamp::constant(1_794_418_200, 0);
const SELLER: &str = "example-solar";
const NAME: &str = "Example Solar LLC";

/// Numbers scrubbed without a record, on one thread.
#[derive(Debug, Args)]
#[command(
    after_help = "Sets up a store of its own with a national list that holds a fifth of the numbers, the lists \
    of the states, and written consent for some, and scrubs them all.\n\nExample:\n  ringfence bench scrub --numbers 10000000"
)]
pub struct ScrubBench {
    /// How many numbers, spread over every US area code
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    numbers: u32,
    /// How many of them have consent on file
    #[arg(long, default_value_t = 10_000)]
    consents: u32,
}

impl ScrubBench {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let rules = open::rules()?;
        let folder = tempfile::tempdir()?;
        let store = SqliteStore::open(&folder.path().join("bench.db"), NOW)?;
        let numbers = numbers(&rules, self.numbers);
        self.furnish(&store, &rules, &numbers)
            .map_err(Failure::Environment)?;
        let mut batch = Batch::default();
        // As files bring them: in no order.
        let stride = 7_368_787 % numbers.len().max(1);
        for n in 0..numbers.len() {
            let at = n.wrapping_mul(stride.max(1)) % numbers.len();
            if let Some(ten) = numbers.get(at)
                && let Ok(number) = PhoneNumber::from_nanp(*ten)
            {
                batch.add_number(number, Place::default());
            }
        }
        let common = CallRequest {
            to: String::new(),
            seller: SELLER.to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: None,
            place: Place::default(),
            lead: None,
            campaign: None,
        };
        let settings = GateSettings::default();
        let (begun, cpu) = (Instant::now(), thread_seconds());
        let done = scrub(&store, &rules, &settings, &common, &mut batch, NOW, &|_| {})?;
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), thread_seconds() - cpu);
        let summary = Summary::from(&done);
        let count = |verdict| summary.count(verdict);
        let each = cpu * 1e6 / f64::from(self.numbers);
        if global.json {
            say_json(
                &json!({"numbers": self.numbers, "consents": self.consents, "seconds": seconds, "cpu_seconds": cpu,
                             "us_per_number": each, "verdicts": summary.verdicts, "answers": done.answers.len()}),
            )?;
        } else {
            say(&format!(
                "{} numbers, {} with consent ({} allowed, {} deferred, {} denied): {seconds:.2} s, of which {cpu:.2} s on the processor: {each:.2} us a number",
                self.numbers,
                self.consents,
                count(Verdict::Allow),
                count(Verdict::Defer),
                count(Verdict::Deny)
            ))?;
        }
        Ok(Exit::Done)
    }

    fn furnish(
        &self,
        store: &SqliteStore,
        rules: &RulePack,
        numbers: &[u64],
    ) -> anyhow::Result<()> {
        store.put_seller(SELLER, seller(rules)?, NOW)?;
        let words = "This is Example Solar, an artificial intelligence assistant";
        store.put_prompt(SELLER, PromptKind::Disclosure, silent(words), NOW)?;
        import(store, ListKind::FtcFull, None, numbers, 5)?;
        for state in rules
            .jurisdictions
            .values()
            .filter(|state| state.list.own_list)
        {
            let own: Vec<u64> = numbers
                .iter()
                .copied()
                .filter(|ten| state_of(rules, *ten) == Some(state.code))
                .collect();
            import(
                store,
                ListKind::State,
                Some(state.code.to_string()),
                &own,
                10,
            )?;
        }
        let step = numbers.len() / usize::try_from(self.consents.max(1))?;
        let chosen: Vec<u64> = numbers
            .iter()
            .copied()
            .step_by(step.max(1))
            .take(usize::try_from(self.consents)?)
            .collect();
        together(&chosen, |ten| {
            let number = PhoneNumber::from_nanp(*ten)?;
            store.record_consent(consent(number, SELLER, NAME, NOW), NOW)?;
            Ok(())
        })
    }
}

fn state_of(rules: &RulePack, ten: u64) -> Option<StateCode> {
    match rules
        .places
        .area_code(u16::try_from(ten / 10_000_000).ok()?)
    {
        AreaCode::Us { state, .. } => Some(state),
        _ => None,
    }
}

/// A list that holds every so many-th of the numbers.
fn import(
    store: &SqliteStore,
    kind: ListKind,
    name: Option<String>,
    numbers: &[u64],
    one_in: usize,
) -> anyhow::Result<()> {
    let area = |ten: &u64| u16::try_from(ten / 10_000_000).ok();
    let rows = ListRows::Numbers(numbers.iter().copied().step_by(one_in).collect());
    let list = ListImport {
        area_codes: (kind == ListKind::FtcFull).then(|| numbers.iter().filter_map(area).collect()),
        name,
        ..list(kind, rows, NOW)
    };
    store.import_list(list, NOW)?;
    Ok(())
}

fn seller(rules: &RulePack) -> anyhow::Result<Seller> {
    let registration = |code| json!({"state": code, "number": "TC-1", "expires_on": "2029-12-31"});
    let registrations: Vec<_> = rules.jurisdictions.keys().map(registration).collect();
    Ok(serde_json::from_value(json!({
        "name": NAME,
        "registrations": registrations,
        "caller_ids": [{"number": "+12125550100", "authorised_from": "2025-01-01"}],
        "san": {"number": "10000000-00001", "expires_on": "2029-12-31"},
    }))?)
}

/// So many numbers in their order, evenly over the exchanges of every US area code.
fn numbers(rules: &RulePack, count: u32) -> Vec<u64> {
    let areas: Vec<u64> = (200..1000_u16)
        .filter(|code| matches!(rules.places.area_code(*code), AreaCode::Us { .. }))
        .map(u64::from)
        .collect();
    let per_area = u64::from(count).div_ceil(u64::try_from(areas.len()).unwrap_or(1).max(1));
    // Exchanges begin with 2 to 9.
    let step = (8_000_000 / per_area.max(1)).max(1);
    areas
        .iter()
        .flat_map(|area| {
            (0..per_area).map(move |n| area * 10_000_000 + 2_000_000 + (n * step) % 8_000_000)
        })
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .collect()
}
