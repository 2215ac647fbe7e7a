//! Whom everybody decides about: the made-up callees of `ringfence bench decisions`, each with consent.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use ringfence_core::gate::{CallRequest, Facts, sample};
use ringfence_core::rules::RulePack;

use crate::Result;

pub const SELLER: &str = "example-solar";
pub const CALLER_ID: &str = "+12125550100";

/// Areas of the sample, each with its state and the hours by which its clock is behind UTC in November.
pub const AREAS: &[(u16, &str, i32)] = &[
    (212, "NY", 5),
    (303, "CO", 7),
    (305, "FL", 5),
    (312, "IL", 6),
    (404, "GA", 5),
    (405, "OK", 6),
    (415, "CA", 8),
    (502, "KY", 5),
    (512, "TX", 6),
    (602, "AZ", 7),
    (614, "OH", 5),
    (701, "ND", 6),
    (702, "NV", 8),
    (801, "UT", 7),
    (808, "HI", 10),
    (850, "FL", 5),
    (901, "TN", 6),
    (907, "AK", 9),
];

/// Numbers on the national list, as in `ringfence bench decisions`.
pub fn national() -> impl Iterator<Item = u64> {
    (0..5000).map(|n| 2_122_000_000 + n * 7)
}

/// A question.
pub struct Asked {
    pub request: CallRequest,
    /// Ten digits.
    pub number: u64,
}

impl Asked {
    pub fn area(&self) -> u16 {
        (self.number / 10_000_000) as u16
    }
}

pub struct World {
    pub pack: RulePack,
    /// The sample's first callee: whose seller and lists all share.
    pub first: Facts,
    pub asked: Vec<Asked>,
    next: BTreeMap<&'static str, AtomicUsize>,
}

impl World {
    pub fn new(callees: usize) -> Result<Self> {
        let pack = RulePack::embedded()?;
        let sample = sample::callees(&pack);
        let first = sample.first().ok_or("no callees")?.clone();
        let like = sample.iter().cycle().take(callees).enumerate();
        let asked: Vec<Asked> = like.map(|(n, facts)| asked(n, &facts.request)).collect();
        if let Some(strange) = asked
            .iter()
            .find(|a| AREAS.iter().all(|(code, ..)| *code != a.area()))
        {
            return Err(format!("area code {} is not in the peers' table", strange.area()).into());
        }
        let names = ["Ringfence", "Redis", "Postgres"];
        Ok(Self {
            pack,
            first,
            asked,
            next: names.map(|name| (name, AtomicUsize::new(0))).into(),
        })
    }

    /// Everybody asks in the same order, and goes on where it stopped.
    pub fn next(&self, name: &str) -> &Asked {
        let place = self.next[name].fetch_add(1, Ordering::Relaxed);
        &self.asked[place % self.asked.len()]
    }
}

/// Another number for each, in the area of the sample's.
fn asked(n: usize, like: &CallRequest) -> Asked {
    let area: u64 = like.to[2..5].parse().unwrap_or(212);
    let number = area * 10_000_000 + 2_000_000 + n as u64;
    let to = format!("+1{number}");
    let request = CallRequest { to, ..like.clone() };
    Asked { request, number }
}
