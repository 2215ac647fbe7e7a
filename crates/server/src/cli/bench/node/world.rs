//! The database of a node: one seller, the registry, leads with consent, on a test clock at noon in New York.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use ringfence_core::consent::Purpose;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_store::campaign::{CampaignPlan, LeadDraft};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::registry::NumberSet;
use ringfence_store::seller::PromptKind;
use ringfence_store::{SqliteStore, Store};
use serde_json::json;

use super::super::world::{
    SELLER, START, WORDS, list, operator_key, own_consent, seller, silent, together,
};
use super::Failure;

/// Area codes of New York that the generated registry has.
const AREAS: &[u64] = &[315, 347, 585, 607, 631, 845];
/// Leads in one transaction.
const BATCH: usize = 2000;

pub struct World {
    pub database: PathBuf,
    store: SqliteStore,
}

impl World {
    pub fn new(folder: &Path, set: NumberSet) -> Result<Self> {
        let database = folder.join("bench.db");
        let store = SqliteStore::open(&database, START)?;
        store.start_test_clock(START)?;
        store.put_seller(SELLER, seller()?, START)?;
        store.put_prompt(SELLER, PromptKind::Disclosure, silent(WORDS), START)?;
        store.import_list(
            list(ListKind::FtcFull, ListRows::Set(Arc::new(set)), START),
            START,
        )?;
        Ok(Self { database, store })
    }

    /// A key to ask with.
    pub fn key(&self) -> Result<String, Failure> {
        operator_key(&self.store, START)
    }

    /// So many leads of one campaign, each with consent.
    pub fn leads(&self, count: u32) -> Result<()> {
        let plan = CampaignPlan {
            name: "bench".to_owned(),
            seller: SELLER.to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: None,
            trunk: "none".to_owned(),
            agent: json!({}),
            attempts_max: 3,
            retry: json!({}),
            concurrency: 10,
            calls_per_second: 10.0,
        };
        let campaign = self.store.create_campaign(plan, START)?.id;
        let count = usize::try_from(count)?;
        let numbers: Vec<PhoneNumber> = (0..count).map(number).collect::<Result<_>>()?;
        for batch in numbers.chunks(BATCH) {
            let drafts = batch.iter().map(|number| LeadDraft {
                number: *number,
                place: Place::default(),
                external_id: None,
                extra: json!({}),
            });
            self.store
                .import_leads(Some(&campaign), drafts.collect(), START)?;
        }
        together(&numbers, |number| {
            self.store
                .record_consent(own_consent(*number, START), START)?;
            Ok(())
        })
    }
}

/// The `n`-th lead's number: spread over the exchanges of their area codes.
pub fn number(n: usize) -> Result<PhoneNumber> {
    let n = u64::try_from(n)?;
    let areas = u64::try_from(AREAS.len())?;
    let area = AREAS.get(usize::try_from(n % areas)?).context("no area")?;
    // 4,799,987 is prime to the eight million numbers of an area: no two are the same.
    let local = (n / areas * 4_799_987) % 8_000_000;
    Ok(PhoneNumber::from_nanp(
        area * 10_000_000 + 2_000_000 + local,
    )?)
}

/// The first numbers of a list. Those of area code 201, which has no lead.
pub fn first(set: &NumberSet) -> BTreeSet<u64> {
    set.numbers().take(100_000).collect()
}

/// A number without consent that is on the next list and not on the old, of which these come first.
pub fn witness(before: &BTreeSet<u64>, next: &NumberSet) -> Result<PhoneNumber> {
    let fresh = first(next).into_iter().find(|n| !before.contains(n));
    Ok(PhoneNumber::from_nanp(
        fresh.context("no number is only on the next list")?,
    )?)
}

/// Takes a whole list in, as another process than the server.
pub fn import(database: &Path, set: Arc<NumberSet>) -> Result<()> {
    let store = SqliteStore::open(database, START)?;
    let next = ListImport {
        obtained_at: START - SignedDuration::from_hours(23),
        ..list(ListKind::FtcFull, ListRows::Set(set), START)
    };
    store.import_list(next, START)?;
    Ok(())
}
