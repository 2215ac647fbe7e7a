//! The database of a node: one seller, the registry, leads with consent, on a test clock at noon in New York.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::{ConsentLevel, Purpose};
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_store::campaign::{CampaignPlan, LeadDraft};
use ringfence_store::consent::ConsentDraft;
use ringfence_store::key::{ApiKeyDraft, Role};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::registry::NumberSet;
use ringfence_store::seller::{Prompt, PromptKind};
use ringfence_store::{SqliteStore, Store};
use serde_json::json;

use super::Failure;
use crate::api::{fresh_key, key_hash};

/// A Monday, noon in New York.
const START: Timestamp = Timestamp::constant(1_795_453_200, 0);
pub const SELLER: &str = "bench";
const TEXT: &str = "I agree that Bench Solar LLC may call me at the number I provide with marketing and telemarketing \
    calls using an artificial or prerecorded voice. Agreeing is not a condition of any purchase.";

/// Area codes of New York that the generated registry has.
const AREAS: &[u64] = &[315, 347, 585, 607, 631, 845];
/// Writers at once: they share each flush.
const WRITERS: usize = 64;
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
        let profile = serde_json::from_value(json!({
            "name": "Bench Solar LLC",
            "caller_ids": [{"number": "+12125550100", "authorised_from": "2026-01-01"}],
            "registrations": [{"state": "NY", "exempt_because": "invented for a measurement"}],
            "san": {"number": "10000000-00001", "expires_on": "2027-03-31"},
        }))?;
        store.put_seller(SELLER, profile, START)?;
        let prompt = Prompt {
            wav: Vec::new(),
            words: "This is Bench Solar LLC, calling with an artificial voice.".to_owned(),
            sha256: String::new(),
            duration_ms: 4000,
        };
        store.put_prompt(SELLER, PromptKind::Disclosure, prompt, START)?;
        store.import_list(list(Arc::new(set), 24), START)?;
        Ok(Self { database, store })
    }

    /// A key to ask with.
    pub fn key(&self) -> Result<String, Failure> {
        let key = fresh_key().map_err(Failure::environment)?;
        let draft = ApiKeyDraft {
            sha256: key_hash(&key),
            role: Role::Operator,
            sellers: BTreeSet::new(),
            name: None,
        };
        self.store.create_key(draft, START)?;
        Ok(key)
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
        let next = AtomicUsize::new(0);
        let writer = || -> Result<()> {
            while let Some(number) = numbers.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.store.record_consent(consent(*number), START)?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(writer)).collect();
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().ok().context("a writer panicked")?)
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

/// A number without consent that is on the next list and not on the old. Area code 201 has no lead.
pub fn witness(old: &NumberSet, next: &NumberSet) -> Result<PhoneNumber> {
    let first = |set: &NumberSet| set.numbers().take(100_000).collect::<BTreeSet<u64>>();
    let before = first(old);
    let fresh = first(next).into_iter().find(|n| !before.contains(n));
    Ok(PhoneNumber::from_nanp(
        fresh.context("no number is only on the next list")?,
    )?)
}

/// Takes a whole list in, as another process than the server.
pub fn import(database: &Path, set: Arc<NumberSet>) -> Result<()> {
    let store = SqliteStore::open(database, START)?;
    store.import_list(list(set, 23), START)?;
    Ok(())
}

fn list(set: Arc<NumberSet>, hours_old: i64) -> ListImport {
    ListImport {
        kind: ListKind::FtcFull,
        name: None,
        sellers: BTreeSet::new(),
        obtained_at: START - SignedDuration::from_hours(hours_old),
        published_at: None,
        effective_at: None,
        expires_at: None,
        area_codes: None,
        source_sha256: "0".repeat(64),
        rows: ListRows::Set(set),
    }
}

fn consent(number: PhoneNumber) -> ConsentDraft {
    ConsentDraft {
        number,
        seller: SELLER.to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        channel: "web-form".to_owned(),
        granted_at: START - SignedDuration::from_hours(240),
        text: TEXT.to_owned(),
        proof: json!({"ip": "203.0.113.9"}),
        artificial_voice: true,
        double_opt_in: false,
        expires_at: None,
    }
}
