//! A world to measure in: a fresh database on a test clock, at noon in New York on a Monday, one seller in order, and as
//! many consented numbers as are asked for. And the parts of it, for those who build their own.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use ringfence_core::consent::{ConsentLevel, Purpose};
use ringfence_core::gate::{CallRequest, decide};
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::rules::RulePack;
use ringfence_core::seller::Seller;
use ringfence_store::consent::ConsentDraft;
use ringfence_store::gate::{Decide, GateSettings, Reservation};
use ringfence_store::key::{ApiKeyDraft, Role};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::seller::{Prompt, PromptKind};
use ringfence_store::sqlite::SqliteStore;
use ringfence_store::suppression::{OptOutScope, Revocation};
use ringfence_store::{Store, StoreError};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::super::Failure;
use crate::api::{fresh_key, key_hash};
use crate::clock::Clock;

/// A Monday, noon in New York.
pub const START: Timestamp = Timestamp::constant(1_795_453_200, 0);
pub const SELLER: &str = "bench";
const NAME: &str = "Bench Solar LLC";
pub const WORDS: &str = "This is Bench Solar LLC, calling with an artificial voice.";
const DISCLOSURE: &[u8] = include_bytes!("../../../../../examples/prompts/disclosure.wav");

/// Writers at once: they share each flush.
const WRITERS: usize = 64;

/// The seller, in order in New York.
pub fn seller() -> Result<Seller> {
    Ok(serde_json::from_value(json!({
        "name": NAME,
        "caller_ids": [{"number": "+12125550100", "authorised_from": "2026-01-01"}],
        "registrations": [{"state": "NY", "exempt_because": "invented for a measurement"}],
        "san": {"number": "10000000-00001", "expires_on": "2027-03-31"},
    }))?)
}

/// A disclosure that is never played.
pub fn silent(words: &str) -> Prompt {
    Prompt {
        wav: Vec::new(),
        words: words.to_owned(),
        sha256: String::new(),
        duration_ms: 4000,
    }
}

/// A list of everybody's, a day old.
pub fn list(kind: ListKind, rows: ListRows, now: Timestamp) -> ListImport {
    ListImport {
        kind,
        name: None,
        sellers: BTreeSet::new(),
        obtained_at: now - SignedDuration::from_hours(24),
        published_at: None,
        effective_at: None,
        expires_at: None,
        area_codes: None,
        source_sha256: "0".repeat(64),
        rows,
    }
}

/// A consent that carries a sales call, to the seller of this id and name.
pub fn consent(number: PhoneNumber, id: &str, name: &str, now: Timestamp) -> ConsentDraft {
    ConsentDraft {
        number,
        seller: id.to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        channel: "web-form".to_owned(),
        granted_at: now - SignedDuration::from_hours(240),
        text: format!(
            "I agree that {name} may call me at the number I provide with marketing and telemarketing calls using an \
             artificial or prerecorded voice. Agreeing is not a condition of any purchase."
        ),
        proof: json!({"ip": "203.0.113.9"}),
        artificial_voice: true,
        double_opt_in: false,
        expires_at: None,
    }
}

/// The consent that the world's own seller has.
pub fn own_consent(number: PhoneNumber, now: Timestamp) -> ConsentDraft {
    consent(number, SELLER, NAME, now)
}

/// Does it for each of `all`, many at once.
pub fn together<T: Sync>(all: &[T], act: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            act(one)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().ok().context("a writer panicked")?)
    })
}

/// A key to ask with.
pub fn operator_key(store: &dyn Store, now: Timestamp) -> Result<String, Failure> {
    let key = fresh_key().map_err(Failure::environment)?;
    let draft = ApiKeyDraft {
        sha256: key_hash(&key),
        role: Role::Operator,
        sellers: BTreeSet::new(),
        name: None,
    };
    store.create_key(draft, now)?;
    Ok(key)
}

/// The world.
pub struct World {
    pub store: Arc<dyn Store>,
    pub pack: Arc<RulePack>,
    pub clock: Clock,
    _directory: tempfile::TempDir,
}

impl World {
    /// Makes it.
    pub fn new() -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let store = SqliteStore::open(&directory.path().join("bench.db"), START)?;
        let clock = Clock::showing(store.start_test_clock(START)?.resume_at());
        let world = Self {
            store: Arc::new(store),
            pack: Arc::new(RulePack::embedded()?),
            clock,
            _directory: directory,
        };
        world.furnish()?;
        Ok(world)
    }

    fn furnish(&self) -> Result<()> {
        let now = self.clock.now();
        self.store.put_seller(SELLER, seller()?, now)?;
        let playable = ringfence_telephony::Prompt::from_wav(DISCLOSURE, WORDS)?;
        let prompt = Prompt {
            wav: DISCLOSURE.to_vec(),
            sha256: format!("{:x}", Sha256::digest(DISCLOSURE)),
            duration_ms: u64::from(playable.length_ms()),
            ..silent(WORDS)
        };
        self.store
            .put_prompt(SELLER, PromptKind::Disclosure, prompt, now)?;
        let rows = ListRows::Numbers(vec![2_125_559_999]);
        let national = ListImport {
            area_codes: Some(BTreeSet::from([212])),
            ..list(ListKind::FtcFull, rows, now)
        };
        self.store.import_list(national, now)?;
        Ok(())
    }

    /// The `n`-th number, from 0 to 8,999.
    pub fn number(&self, n: usize) -> Result<PhoneNumber> {
        let line = u64::try_from(1_000 + n % 9_000)?;
        Ok(PhoneNumber::from_nanp(2_125_550_000 + line)?)
    }

    /// Records a consent that carries a sales call.
    pub fn consent(&self, number: PhoneNumber) -> Result<()> {
        let now = self.clock.now();
        self.store.record_consent(own_consent(number, now), now)?;
        Ok(())
    }

    /// The call that is asked for.
    pub fn request(&self, number: PhoneNumber) -> CallRequest {
        CallRequest {
            to: number.e164(),
            seller: SELLER.to_owned(),
            purpose: Purpose::Telemarketing,
            caller_id: None,
            place: Place::default(),
            lead: None,
            campaign: None,
        }
    }

    /// One real decision, durable, with its permit given back at once; whether it allowed.
    pub fn decide(&self, number: PhoneNumber) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let reservation = Reservation {
            request: self.request(number),
            settings: GateSettings::default(),
            permit_ttl: Duration::from_secs(30),
            line: None,
        };
        let pack = Arc::clone(&self.pack);
        let gate: Decide = Arc::new(move |facts| decide(&pack, facts, now));
        let reserved = self.store.reserve(reservation, gate, now)?;
        let Some(permit) = reserved.permit else {
            return Ok(false);
        };
        // It counts towards no cap; an opt-out may have voided it before us.
        match self.store.void(&permit.attempt, "measured", now) {
            Ok(()) | Err(StoreError::Conflict(_)) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// An opt-out.
    pub fn opt_out(&self, number: PhoneNumber) -> Result<(), StoreError> {
        let now = self.clock.now();
        let revocation = Revocation {
            number,
            seller: Some(SELLER.to_owned()),
            channel: "bench".to_owned(),
            said: None,
            at: now,
            scope: OptOutScope::Seller,
            call: None,
            heard: None,
            by: None,
        };
        self.store.revoke(revocation, now).map(drop)
    }
}
