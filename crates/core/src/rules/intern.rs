//! Words of rule packs, kept once for as long as the process lives: ids, citations and names stand in every decision,
//! and a decision must not pay for a copy of each.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// The same text, for good. What is kept is bounded by the distinct words of the packs that are loaded: a pack loaded
/// again keeps nothing new.
pub(crate) fn keep(text: &str) -> &'static str {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text) {
        return known;
    }
    let known: &'static str = Box::leak(Box::from(text));
    kept.insert(known);
    known
}
