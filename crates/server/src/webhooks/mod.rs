//! Events told to other systems, at least once each: what the log holds is written down as deliveries, and each is tried
//! until it arrives or is dead.

mod sign;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ringfence_core::id::Id;
use ringfence_store::StoreError;
use ringfence_store::evidence::EventFilter;
use ringfence_store::webhook::{Delivery, Endpoint, Missed};
use tokio::sync::Semaphore;

pub use sign::Secret;

use crate::app::App;
use crate::calls::blocking;
use crate::clock::Clock;
use crate::desk::DeskError;
use crate::post::{Bounds, Client, Target};

/// How often the log is looked at: an opt-out is told within a second.
const TICK: Duration = Duration::from_millis(100);
/// Entries of the log read at once.
const SCAN_MAX: u32 = 2000;
/// An endpoint's place is written at least so often, so that a restart reads no more than this again.
const CURSOR_LAG_MAX: u64 = 10_000;
/// Posts under way, in all and to one endpoint.
const POSTS_MAX: usize = 32;
const POSTS_TO_ONE_MAX: usize = 4;
/// How often an event is tried before its delivery is dead; the tries span about a day.
const ATTEMPTS_MAX: u32 = 12;
/// An endpoint has so long to answer; what it says is not kept.
const BOUNDS: Bounds = Bounds {
    time: Duration::from_secs(10),
    answer_bytes: 64 * 1024,
};
const WAIT_FIRST_MS: i64 = 2_000;
const WAIT_MS_MAX: i64 = 6 * 3600 * 1000;

/// Tells other systems.
pub struct Dispatcher {
    app: Arc<App>,
    client: Client,
    /// Secrets of the endpoints that stand in the configuration.
    configured: BTreeMap<Id, String>,
    slots: Arc<Semaphore>,
    under_way: Mutex<BTreeSet<(Id, Id)>>,
}

/// The id of an endpoint of the configuration: the same URL is the same endpoint after a restart.
pub fn configured_id(url: &str) -> Id {
    let hash = ringfence_core::evidence::sha256_hex(url.as_bytes());
    Id::new(format!("whk_{}", hash.get(..26).unwrap_or(&hash)))
}

impl Dispatcher {
    /// Brings the store's endpoints in line with the configuration.
    ///
    /// # Errors
    /// The store's failure.
    pub fn new(app: Arc<App>, client: Client) -> Result<Self, StoreError> {
        let now = Clock::real().now();
        let mut configured = BTreeMap::new();
        for webhook in &app.config.webhooks {
            let id = configured_id(&webhook.url);
            configured.insert(id.clone(), webhook.secret.clone());
            let endpoint = Endpoint {
                id,
                url: webhook.url.clone(),
                events: webhook.events.clone(),
                secret: None,
                configured: true,
                cursor: 0,
                created_at: now,
            };
            app.store.put_endpoint(endpoint, now)?;
        }
        for known in app.store.endpoints()? {
            if known.configured && !configured.contains_key(&known.id) {
                app.store.remove_endpoint(&known.id, now)?;
            }
        }
        Ok(Self {
            app,
            client,
            configured,
            slots: Arc::new(Semaphore::new(POSTS_MAX)),
            under_way: Mutex::default(),
        })
    }

    /// Runs until it is aborted; what it was about to tell stands in the store.
    pub async fn run(self: Arc<Self>) {
        let mut places = BTreeMap::new();
        loop {
            match self.turn(&mut places).await {
                // There is more than one turn takes.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "webhooks wait for the store"),
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Writes down what is new and sends what is due; whether more is there to be read.
    async fn turn(self: &Arc<Self>, places: &mut BTreeMap<Id, u64>) -> Result<bool, DeskError> {
        let store = Arc::clone(&self.app.store);
        let endpoints = blocking(move || store.endpoints()).await?;
        if endpoints.is_empty() {
            return Ok(false);
        }
        let more = self.write_down(&endpoints, places).await?;
        for endpoint in endpoints {
            self.send_due(endpoint).await?;
        }
        Ok(more)
    }

    async fn write_down(
        &self,
        endpoints: &[Endpoint],
        places: &mut BTreeMap<Id, u64>,
    ) -> Result<bool, DeskError> {
        // An endpoint that is new here begins at its own place: what came between is not passed over.
        let place = |e: &Endpoint, places: &BTreeMap<Id, u64>| {
            places.get(&e.id).copied().unwrap_or_default().max(e.cursor)
        };
        let from = endpoints.iter().map(|e| place(e, places)).min();
        let (store, from) = (Arc::clone(&self.app.store), from.unwrap_or_default());
        let news = blocking(move || store.event_kinds(from, SCAN_MAX)).await?;
        let Some((last, _)) = news.last().cloned() else {
            return Ok(false);
        };
        let mut deliveries = Vec::new();
        for endpoint in endpoints {
            let after = place(endpoint, places);
            let wanted = news
                .iter()
                .filter(|(seq, kind)| *seq > after && endpoint.wants(kind));
            deliveries.extend(wanted.map(|(seq, _)| (endpoint.id.clone(), *seq)));
        }
        let lag = endpoints
            .iter()
            .map(|e| last.saturating_sub(e.cursor))
            .max();
        if !deliveries.is_empty() || lag > Some(CURSOR_LAG_MAX) {
            let ids = endpoints.iter().map(|e| e.id.clone()).collect();
            let (store, now) = (Arc::clone(&self.app.store), Clock::real().now());
            blocking(move || store.enqueue(deliveries, ids, last, now)).await?;
        }
        for endpoint in endpoints {
            let reached = place(endpoint, places).max(last);
            places.insert(endpoint.id.clone(), reached);
        }
        Ok(news.len() >= usize::try_from(SCAN_MAX).unwrap_or(usize::MAX))
    }

    async fn send_due(self: &Arc<Self>, endpoint: Endpoint) -> Result<(), DeskError> {
        let (store, id) = (Arc::clone(&self.app.store), endpoint.id.clone());
        let (limit, now) = (POSTS_TO_ONE_MAX as u32, Clock::real().now());
        let due = blocking(move || store.due_deliveries(&id, limit, now)).await?;
        for delivery in due {
            let key = (endpoint.id.clone(), delivery.id.clone());
            let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
                return Ok(());
            };
            if !self.take(&key) {
                continue;
            }
            let (this, endpoint) = (Arc::clone(self), endpoint.clone());
            tokio::spawn(async move {
                if let Err(error) = this.deliver(&endpoint, delivery).await {
                    tracing::error!(%error, "what became of a webhook is not recorded");
                }
                this.under_way().remove(&key);
                drop(slot);
            });
        }
        Ok(())
    }

    /// Takes a delivery that is not under way, if the endpoint is not busy.
    fn take(&self, key: &(Id, Id)) -> bool {
        let mut under_way = self.under_way();
        let busy = under_way.iter().filter(|(to, _)| *to == key.0).count();
        busy < POSTS_TO_ONE_MAX && under_way.insert(key.clone())
    }

    fn under_way(&self) -> std::sync::MutexGuard<'_, BTreeSet<(Id, Id)>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn deliver(&self, endpoint: &Endpoint, delivery: Delivery) -> Result<(), DeskError> {
        let (result, attempts) = (
            self.post(endpoint, &delivery).await,
            delivery.attempts.saturating_add(1),
        );
        let (store, now) = (Arc::clone(&self.app.store), Clock::real().now());
        let outcome = match &result {
            Ok(status) if (200..300).contains(status) => "delivered",
            _ if attempts >= ATTEMPTS_MAX => "dead",
            _ => "missed",
        };
        let labels = format!("result=\"{outcome}\"");
        self.app
            .metrics
            .count("ringfence_webhook_posts_total", labels);
        if outcome == "delivered" {
            return blocking(move || store.delivered(&delivery.id, now)).await;
        }
        let (status, error) = match result {
            Ok(status) => (Some(status), format!("answered {status}")),
            Err(error) => (None, error),
        };
        tracing::warn!(endpoint = %endpoint.id, delivery = %delivery.id, attempts, error, outcome, "webhook");
        let missed = Missed {
            status,
            error,
            next: (outcome == "missed").then(|| next_try(attempts, now)),
        };
        blocking(move || store.missed(&delivery.id, missed, now)).await
    }

    async fn post(&self, endpoint: &Endpoint, delivery: &Delivery) -> Result<u16, String> {
        let secret = match self.configured.get(&endpoint.id) {
            Some(secret) => secret,
            None => endpoint.secret.as_ref().ok_or("no secret")?,
        };
        let (secret, target) = (Secret::parse(secret)?, Target::parse(&endpoint.url)?);
        let (store, after) = (Arc::clone(&self.app.store), delivery.seq.saturating_sub(1));
        let read = move || store.events(after, 1, &EventFilter::default());
        let events = blocking(read).await.map_err(|e| e.to_string())?;
        let event = events.first().ok_or("no such event")?;
        let body = serde_json::to_vec(event).map_err(|e| e.to_string())?;
        // The receiver holds this against its own clock: real time, under a test clock, too.
        let seconds = Clock::real().now().as_second();
        let id = event.id.as_str();
        let signature = secret.sign(id, seconds, &body);
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &seconds.to_string()),
            ("webhook-signature", &signature),
        ];
        let answered = self.client.post(&target, &headers, body, BOUNDS).await?;
        Ok(answered.status)
    }
}

/// When to try again after so many attempts: three times as long each time, a fifth more or less, so that a receiver that
/// comes back is not run over.
fn next_try(attempts: u32, now: Timestamp) -> Timestamp {
    let steps = attempts.saturating_sub(1).min(16);
    let wait = WAIT_FIRST_MS
        .saturating_mul(3_i64.saturating_pow(steps))
        .min(WAIT_MS_MAX);
    let mut random = [0_u8; 4];
    // Without randomness there is no jitter, and nothing worse.
    let _ = getrandom::fill(&mut random);
    let fifth = wait / 5;
    let jitter = i64::from(u32::from_le_bytes(random)) % (2 * fifth + 1) - fifth;
    now.checked_add(SignedDuration::from_millis(wait + jitter))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_grow_apart_and_never_wait_longer_than_the_limit() {
        let now = Timestamp::UNIX_EPOCH;
        for attempts in 1..40 {
            let wait = next_try(attempts, now).as_millisecond();
            let plain = (2_000 * 3_i64.pow((attempts - 1).min(16))).min(WAIT_MS_MAX);
            assert!(
                (plain * 4 / 5..=plain * 6 / 5).contains(&wait),
                "{attempts}: {wait}"
            );
        }
        let all: i64 = (1..ATTEMPTS_MAX)
            .map(|n| next_try(n, now).as_second())
            .sum();
        assert!((12 * 3600..36 * 3600).contains(&all), "{all} s in all");
    }
}
