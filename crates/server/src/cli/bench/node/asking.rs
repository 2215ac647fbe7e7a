//! Decisions over HTTP, one after the other, and whether they follow a new list.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use ringfence_core::lead::PhoneNumber;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::http::client::{Client, on_one_thread};
use super::super::world::SELLER;
use super::Failure;
use super::world::number;
use crate::latency::percentile;

/// How long a list may take to be followed before this gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whom is asked, and with which key.
pub struct Asking {
    address: SocketAddr,
    key: String,
    leads: u32,
}

/// What happened while the list was imported.
#[derive(Debug, Default, Serialize)]
pub struct Heard {
    /// From the end of the import to the first decision that follows it.
    pub taken_up_seconds: f64,
    pub decisions: usize,
    pub p50_us: f64,
    pub p99_us: f64,
    pub longest_us: f64,
    /// Decisions about leads with consent that did not allow: there is no cause for any.
    pub denied: usize,
    /// Why.
    pub reasons: Vec<String>,
}

impl Asking {
    pub fn new(address: SocketAddr, key: &str, leads: u32) -> Self {
        Self {
            address,
            key: key.to_owned(),
            leads,
        }
    }

    /// Decides about so many leads, spread over all; how many were allowed.
    pub fn each(&self, count: u32) -> Result<usize, Failure> {
        let all = async {
            let mut client = Client::connect(self.address).await?;
            let mut allowed = 0;
            for n in 0..count {
                let place = u64::from(n) * u64::from(self.leads) / u64::from(count);
                let number = number(usize::try_from(place)?)?;
                let answer = self.ask(&mut client, number, false).await?;
                allowed += usize::from(allows(&answer));
            }
            Ok(allowed)
        };
        on_one_thread(all).map_err(Failure::Environment)
    }

    /// Asks on and on while `import` runs, until the witness is found on the list; how long the import took, and what
    /// was heard.
    pub fn while_importing(
        &self,
        witness: PhoneNumber,
        import: impl FnOnce() -> Result<()>,
    ) -> Result<(Duration, Heard), Failure> {
        let imported = Mutex::new(None);
        let failed = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let asking = scope.spawn(|| on_one_thread(self.listen(witness, &imported, &failed)));
            let begun = Instant::now();
            let done = import();
            let end = Instant::now();
            match &done {
                Ok(()) => set(&imported, end),
                Err(_) => failed.store(true, Ordering::Relaxed),
            }
            let heard = asking.join().unwrap_or_else(|_| bail!("the asker died"));
            done.and(heard)
                .map(|heard| (end.duration_since(begun), heard))
                .map_err(Failure::Environment)
        })
    }

    async fn listen(
        &self,
        witness: PhoneNumber,
        imported: &Mutex<Option<Instant>>,
        failed: &AtomicBool,
    ) -> Result<Heard> {
        let mut client = Client::connect(self.address).await?;
        let mut heard = Heard::default();
        let (mut micros, mut reasons) = (Vec::new(), BTreeSet::new());
        let begun = Instant::now();
        // Not those of before: each has its caps.
        let mut next = 1_usize;
        let mut seen_at = None;
        loop {
            let number = number(next % usize::try_from(self.leads)?)?;
            next += 7;
            let asked = Instant::now();
            let answer = self.ask(&mut client, number, false).await?;
            micros.push(asked.elapsed().as_secs_f64() * 1e6);
            if !allows(&answer) {
                heard.denied += 1;
                reasons.extend(codes(&answer));
            }
            // A look at the list costs no record.
            let answer = self.ask(&mut client, witness, true).await?;
            if seen_at.is_none() && codes(&answer).any(|code| code == "dnc-national") {
                seen_at = Some(Instant::now());
            }
            let done = *imported
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let (Some(seen), Some(done)) = (seen_at, done) {
                heard.taken_up_seconds = seen.saturating_duration_since(done).as_secs_f64();
                break;
            }
            if failed.load(Ordering::Relaxed) || begun.elapsed() > PATIENCE {
                bail!("the server never followed the new list");
            }
        }
        micros.sort_by(f64::total_cmp);
        let at = |percent| percentile(&micros, percent);
        heard.decisions = micros.len();
        (heard.p50_us, heard.p99_us, heard.longest_us) = (at(50), at(99), at(100));
        heard.reasons = reasons.into_iter().collect();
        Ok(heard)
    }

    async fn ask(&self, client: &mut Client, number: PhoneNumber, dry_run: bool) -> Result<Value> {
        let body = json!({"to": number.e164(), "seller": SELLER, "dry_run": dry_run}).to_string();
        let request = super::super::http::decide(&self.key, &body);
        let end = client.ask(&request).await?;
        let body = client.buffer.get(end..).context("no body")?;
        Ok(serde_json::from_slice(body)?)
    }
}

fn set(imported: &Mutex<Option<Instant>>, at: Instant) {
    *imported
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(at);
}

fn allows(answer: &Value) -> bool {
    answer.get("verdict").and_then(Value::as_str) == Some("allow")
}

fn codes(answer: &Value) -> impl Iterator<Item = String> {
    let reasons = answer.get("reasons").and_then(Value::as_array);
    let codes = reasons
        .into_iter()
        .flatten()
        .filter_map(|reason| reason.get("code")?.as_str());
    codes.map(str::to_owned).collect::<Vec<_>>().into_iter()
}
