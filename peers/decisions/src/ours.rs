//! Ringfence in process: the world of `ringfence bench decisions`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use ringfence_core::consent::{ConsentLevel, Purpose};
use ringfence_core::gate::{Facts, Verdict, decide, sample};
use ringfence_core::lead::PhoneNumber;
use ringfence_store::consent::ConsentDraft;
use ringfence_store::gate::{Decide, GateSettings, Reservation};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::seller::{Prompt, PromptKind};
use ringfence_store::{SqliteStore, Store};

use crate::world::{AREAS, Asked, SELLER, World, national};
use crate::{Ask, Decider, Result};

pub struct Ringfence {
    store: Arc<SqliteStore>,
    gate: Decide,
}

impl Ringfence {
    pub fn new(folder: &Path, world: &World) -> Result<Self> {
        let store = SqliteStore::open(&folder.join("ringfence.db"), sample::NOW)?;
        seller(&store, &world.first)?;
        lists(&store, &world.first)?;
        let next = AtomicUsize::new(0);
        let consents = || -> Result<()> {
            while let Some(asked) = world.asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                consent(&store, asked)?;
            }
            Ok(())
        };
        // Several at once: one flush for all of them.
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..64).map(|_| scope.spawn(consents)).collect();
            writers
                .into_iter()
                .try_for_each(|writer| writer.join().map_err(|_| "a writer panicked")?)
        })?;
        let pack = world.pack.clone();
        Ok(Self {
            store: Arc::new(store),
            gate: Arc::new(move |facts: &Facts| decide(&pack, facts, sample::NOW)),
        })
    }

    /// Areas that may not be called at this hour or on this day, so that the peers say so too: they know no holidays.
    pub fn closed(&self, world: &World) -> Result<Vec<u16>> {
        let mut closed = Vec::new();
        for (code, ..) in AREAS {
            let Some(asked) = world.asked.iter().find(|asked| asked.area() == *code) else {
                continue;
            };
            let settings = GateSettings::default();
            let facts = self.store.facts(&asked.request, &settings, sample::NOW)?;
            if (self.gate)(&facts).verdict != Verdict::Allow {
                closed.push(*code);
            }
        }
        Ok(closed)
    }
}

impl Decider for Ringfence {
    fn name(&self) -> &'static str {
        "Ringfence"
    }

    fn caller(&self) -> Result<Ask> {
        let (store, gate) = (Arc::clone(&self.store), Arc::clone(&self.gate));
        Ok(Box::new(move |asked| {
            let reservation = Reservation {
                request: asked.request.clone(),
                settings: GateSettings::default(),
                permit_ttl: Duration::from_secs(30),
                line: None,
            };
            let reserved = store.reserve(reservation, Arc::clone(&gate), sample::NOW)?;
            Ok(reserved.permit.is_some())
        }))
    }
}

fn seller(store: &dyn Store, of: &Facts) -> Result<()> {
    let known = of.seller.as_ref().ok_or("no seller")?;
    store.put_seller(SELLER, known.profile.clone(), sample::NOW)?;
    let prompt = Prompt {
        wav: Vec::new(),
        words: known.disclosure.words.clone().unwrap_or_default(),
        sha256: String::new(),
        duration_ms: 4000,
    };
    store.put_prompt(SELLER, PromptKind::Disclosure, prompt, sample::NOW)?;
    Ok(())
}

fn lists(store: &dyn Store, of: &Facts) -> Result<()> {
    let list = |kind, name: Option<&str>, areas, numbers| ListImport {
        kind,
        name: name.map(str::to_owned),
        sellers: [].into(),
        obtained_at: sample::NOW - SignedDuration::from_hours(24),
        published_at: None,
        effective_at: None,
        expires_at: None,
        area_codes: areas,
        source_sha256: "0".repeat(64),
        rows: ListRows::Numbers(numbers),
    };
    let everywhere = Some((200..1000).collect());
    let whole = list(ListKind::FtcFull, None, everywhere, national().collect());
    store.import_list(whole, sample::NOW)?;
    for state in &of.suppressions.states {
        let numbers = vec![2_129_999_999];
        let list = list(ListKind::State, Some(&state.name), None, numbers);
        store.import_list(list, sample::NOW)?;
    }
    Ok(())
}

fn consent(store: &dyn Store, asked: &Asked) -> Result<()> {
    let consent = ConsentDraft {
        number: PhoneNumber::from_nanp(asked.number)?,
        seller: SELLER.to_owned(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        channel: "web-form".to_owned(),
        granted_at: sample::NOW - SignedDuration::from_hours(240),
        text: "By submitting I agree that Example Solar LLC may call me at the number I gave with \
            marketing calls in an artificial or prerecorded voice. Consent is not a condition of purchase."
            .to_owned(),
        proof: serde_json::json!({"ip": "203.0.113.9"}),
        artificial_voice: true,
        double_opt_in: false,
        expires_at: None,
    };
    store.record_consent(consent, sample::NOW)?;
    Ok(())
}
