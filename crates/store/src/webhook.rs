//! Events on their way to other systems. The event log itself is the outbox: an event that is durable will be sent,
//! because each endpoint remembers up to which place of the log its deliveries have been written down.

use std::fmt;

use jiff::Timestamp;
use ringfence_core::id::Id;
use serde::{Deserialize, Serialize};

use crate::{Page, PageRequest, Result};

/// Where events go.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// `whk_...`
    pub id: Id,
    /// Where they are posted.
    pub url: String,
    /// Which: `converse.opt-out`, `consent.*`, or `*`.
    pub events: Vec<String>,
    /// Signs what is sent; none: the configuration holds it.
    #[serde(skip_serializing, default)]
    pub secret: Option<String>,
    /// Whether it stands in the configuration.
    pub configured: bool,
    /// Up to which place in the log its deliveries are written down.
    pub cursor: u64,
    /// Since when it is known.
    pub created_at: Timestamp,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Whether an event of this type concerns it.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        self.events.iter().any(|wanted| match wanted.as_str() {
            "*" => true,
            wanted => match wanted.strip_suffix(".*") {
                Some(stage) => kind
                    .strip_prefix(stage)
                    .is_some_and(|rest| rest.starts_with('.')),
                None => wanted == kind,
            },
        })
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// `dlv_...`
    pub id: Id,
    /// To where.
    pub endpoint: Id,
    /// The event's place in the log.
    pub seq: u64,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next; none: it is dead.
    pub due_at: Option<Timestamp>,
    /// The last answer's status.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// How a try failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The answer's status, if there was an answer.
    pub status: Option<u16>,
    /// What went wrong, for a person to read.
    pub error: String,
    /// When to try next; none: never by itself.
    pub next: Option<Timestamp>,
}

/// The verbs of deliveries; part of [`Store`](crate::Store). Their times are real ones under a test clock, too: receivers
/// check them. None of them appends an event, or each would make another delivery.
pub trait Outbox {
    /// Puts an endpoint that begins at the log's present end; one of that id keeps its place and takes the rest.
    fn put_endpoint(&self, endpoint: Endpoint, now: Timestamp) -> Result<Endpoint>;

    /// Forgets an endpoint and what was on its way there, or `NotFound`.
    fn remove_endpoint(&self, id: &Id, now: Timestamp) -> Result<()>;

    /// Every endpoint.
    fn endpoints(&self) -> Result<Vec<Endpoint>>;

    /// Places and types of the events after `after`, in order.
    fn event_kinds(&self, after: u64, limit: u32) -> Result<Vec<(u64, String)>>;

    /// Writes deliveries down and moves the place of `endpoints` to `cursor` at least, in one transaction. One that is
    /// written down already is not written again.
    fn enqueue(
        &self,
        deliveries: Vec<(Id, u64)>,
        endpoints: Vec<Id>,
        cursor: u64,
        now: Timestamp,
    ) -> Result<()>;

    /// What is due for an endpoint by `now`, the longest due first.
    fn due_deliveries(&self, endpoint: &Id, limit: u32, now: Timestamp) -> Result<Vec<Delivery>>;

    /// It arrived.
    fn delivered(&self, id: &Id, now: Timestamp) -> Result<()>;

    /// It did not.
    fn missed(&self, id: &Id, missed: Missed, now: Timestamp) -> Result<()>;

    /// Dead letters, newest first.
    fn dead_letters(&self, page: &PageRequest) -> Result<Page<Delivery>>;

    /// How many are on their way, and how many are dead.
    fn delivery_counts(&self) -> Result<(u64, u64)>;

    /// Tries a dead letter again, or all of them; how many. `NotFound` for an id that is no dead letter's.
    fn retry_dead(&self, id: Option<&Id>, now: Timestamp) -> Result<u64>;
}
