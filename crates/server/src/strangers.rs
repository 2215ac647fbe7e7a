//! An opt-out for a seller that is not on file. It is recorded for the seller as it was named, and binds it from the day it is
//! put. But the name may be misspelt, and then the seller that was meant would go on calling: the number is held for the
//! sellers whose names are alike, until a person decides, and whoever brought it is told.

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::seller::comparable_name;
use ringfence_store::hold::HoldDraft;
use ringfence_store::seller::SellerRecord;
use ringfence_store::suppression::{Heard, OptOutScope};
use ringfence_store::{PageRequest, Store, StoreError};
use serde::Serialize;

use crate::app::App;
use crate::converse::hold_until;

/// INVARIANT (bounded): longer names are compared by their first characters.
const NAME_CHARS_MAX: usize = 64;

/// What was brought for a stranger.
pub struct Brought<'a> {
    /// Who wants no calls.
    pub number: PhoneNumber,
    /// As it was named.
    pub seller: &'a str,
    /// By which road.
    pub channel: &'a str,
    /// The words.
    pub said: &'a str,
    /// When they were said.
    pub at: Timestamp,
}

/// What whoever brought it should know.
#[derive(Debug, Serialize)]
pub struct Warning {
    /// `seller-unknown`
    pub code: &'static str,
    /// For people.
    pub detail: String,
    /// Sellers on file whose names are alike.
    pub alike: Vec<String>,
    /// `hold_...`: the number waits there for a person's decision.
    pub holds: Vec<Id>,
}

/// Looks whether the seller is on file; if not, holds the number for those that may have been meant, of those that `may`
/// names. None: it is on file, or the opt-out binds every seller anyway.
///
/// # Errors
/// The store's failure; whoever brought it must bring it again.
pub fn beware(
    app: &App,
    brought: &Brought<'_>,
    may: impl Fn(&str) -> bool,
    now: Timestamp,
) -> Result<Option<Warning>, StoreError> {
    if app.opt_out_scope(brought.at) == OptOutScope::Tenant {
        return Ok(None);
    }
    let Some(mut alike) = unknown(app, brought.seller)? else {
        return Ok(None);
    };
    alike.retain(|seller| may(seller));
    let mut holds = Vec::with_capacity(alike.len());
    for seller in &alike {
        holds.push(hold(app, brought, seller, now)?);
    }
    tracing::warn!(
        seller = brought.seller,
        held = holds.len(),
        "an opt-out for a seller that is not on file"
    );
    app.metrics.count(
        "ringfence_converse_strangers_total",
        format!("held=\"{}\"", !holds.is_empty()),
    );
    Ok(Some(Warning {
        code: "seller-unknown",
        detail: detail(brought.seller, &alike),
        alike,
        holds,
    }))
}

fn detail(seller: &str, alike: &[String]) -> String {
    let kept = format!("no seller `{seller}` is on file: kept under that name, and for no other");
    match alike {
        [] => kept,
        alike => format!(
            "{kept}; held for review for {}, which may have been meant",
            alike.join(", ")
        ),
    }
}

fn hold(app: &App, brought: &Brought<'_>, seller: &str, now: Timestamp) -> Result<Id, StoreError> {
    let draft = HoldDraft {
        number: brought.number,
        seller: Some(seller.to_owned()),
        call: None,
        channel: brought.channel.to_owned(),
        said: brought.said.to_owned(),
        heard: Heard {
            recogniser: "seller-alike".to_owned(),
            score: 1.0,
            because: format!("an opt-out for `{}`, which is not on file", brought.seller),
            ..Heard::default()
        },
        at: brought.at,
        due_at: hold_until(now, app.config.converse.hold_days),
    };
    let id = app.store.hold(draft, now)?.id;
    app.desk.barred(brought.number, Some(seller), None, now);
    Ok(id)
}

/// None for a seller on file; else the sellers on file whose names are alike.
///
/// # Errors
/// The store's failure.
pub fn unknown(app: &App, named: &str) -> Result<Option<Vec<String>>, StoreError> {
    match app.store.seller(named) {
        Ok(_) => Ok(None),
        Err(StoreError::NotFound(_)) => alike(&*app.store, named).map(Some),
        Err(error) => Err(error),
    }
}

/// The sellers on file whose names are like this one.
///
/// # Errors
/// The store's failure.
pub fn alike(store: &dyn Store, named: &str) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let mut page = PageRequest::first(PageRequest::LIMIT_MAX);
    loop {
        let sellers = store.sellers(&page)?;
        let near = sellers.items.into_iter().filter(|s| is_alike(named, s));
        found.extend(near.map(|seller| seller.id));
        match sellers.next_cursor {
            Some(cursor) => page.cursor = Some(cursor),
            None => return Ok(found),
        }
    }
}

/// Whether `named` may be a slip for this seller: its registered name in place of its id, or its id with a slip or two.
fn is_alike(named: &str, seller: &SellerRecord) -> bool {
    comparable_name(named) == comparable_name(&seller.profile.name) || is_slip(named, &seller.id)
}

fn is_slip(named: &str, id: &str) -> bool {
    // `acme-1` and `acme-2` are two sellers, not one misspelt.
    if let (Some((one, a)), Some((other, b))) = (parts(named), parts(id))
        && one == other
        && a != b
        && a.len().max(b.len()) <= 2
    {
        return false;
    }
    let (one, other) = (letters(named), letters(id));
    let shorter = one.chars().count().min(other.chars().count());
    // Letters changed, left out, put in, or swapped with their neighbour.
    strsim::osa_distance(&one, &other) <= (shorter / 4).min(2)
}

fn parts(id: &str) -> Option<(&str, &str)> {
    id.rsplit_once(|c: char| !c.is_alphanumeric())
}

fn letters(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(NAME_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_slip;

    #[test]
    fn slips_are_told_from_other_sellers() {
        for (named, id, want) in [
            ("acme-sloar", "acme-solar", true),
            ("Acme Solar", "acme-solar", true),
            ("acme_solr", "acme-solar", true),
            ("acmesolarr", "acme-solar", true),
            ("acme-roofing", "acme-solar", false),
            ("other", "acme-solar", false),
            ("seller-2", "seller-1", false),
            ("seller-b", "seller-a", false),
            ("abc", "abd", false),
            ("", "acme", false),
        ] {
            assert_eq!(is_slip(named, id), want, "{named} {id}");
        }
    }
}
