//! The facts of a decision as they are recorded and hashed: the seller's part, most of it and seldom changed, stands once
//! in a table of its own, and the facts name it by its SHA-256.

use ringfence_core::evidence::sha256_hex;
use ringfence_core::gate::Facts;
use rusqlite::{Connection, OptionalExtension};

use super::column::json;
use super::rows::Table;
use super::work::Work;
use crate::{Result, StoreError};

/// What stands before the seller's hash and after it. Within a JSON string every quote is escaped, so that only the
/// fields themselves can read so.
const BEFORE: &str = r#"},"seller":""#;
const AFTER: &str = r#"","consents":["#;

/// Digits of a SHA-256.
const HASH_DIGITS: usize = 64;

/// The facts as they are recorded; the seller's part is put into its table if it is new.
pub(super) fn facts_text(work: &mut Work<'_>, facts: &Facts) -> Result<String> {
    let seller = seller_hash(work, facts)?;
    facts
        .recorded_json(seller.as_deref())
        .map_err(|e| StoreError::invalid(e.to_string()))
}

fn seller_hash(work: &mut Work<'_>, facts: &Facts) -> Result<Option<String>> {
    let Some(seller) = &facts.seller else {
        return Ok(None);
    };
    let id = &facts.request.seller;
    let spoken_by_tts = seller.disclosure.spoken_by_tts;
    if let Some(hash) = work.known.seller_hash(id, spoken_by_tts) {
        return Ok(Some(hash));
    }
    let text = json(seller)?;
    let hash = sha256_hex(text.as_bytes());
    work.put(Table::SellerFacts, &[(&hash).into(), (&text).into()])?;
    work.known.keep_seller_hash(id, spoken_by_tts, &hash);
    Ok(Some(hash))
}

/// The SHA-256 that the recorded facts name their seller's part by, and where it stands in them; none when the seller
/// was not known, or the record is from before it was kept apart.
fn named_seller(recorded: &str) -> Option<(&str, usize)> {
    let after = recorded.find(AFTER)?;
    let at = after.checked_sub(HASH_DIGITS)?;
    let before = recorded.get(..at)?;
    let hash = recorded.get(at..after)?;
    (before.ends_with(BEFORE) && hash.bytes().all(|b| b.is_ascii_hexdigit())).then_some((hash, at))
}

/// The seller's part of recorded facts, if they name one, with its place; what is named and gone is corrupt.
fn seller_text<'r>(
    conn: &Connection,
    recorded: &'r str,
) -> Result<Option<(&'r str, usize, String)>> {
    let Some((hash, at)) = named_seller(recorded) else {
        return Ok(None);
    };
    let text = conn
        .prepare_cached("SELECT text FROM seller_facts WHERE sha256 = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::Corrupt("the seller's part of a decision's facts".into()))?;
    Ok(Some((hash, at, text)))
}

/// The facts with the seller's part in its place: what [`Facts`] reads.
pub(super) fn whole(conn: &Connection, recorded: &str) -> Result<String> {
    let Some((hash, at, text)) = seller_text(conn, recorded)? else {
        return Ok(recorded.to_owned());
    };
    let before = recorded.get(..at.saturating_sub(1)).unwrap_or_default();
    let after = at.saturating_add(hash.len()).saturating_add(1);
    let after = recorded.get(after..).unwrap_or_default();
    Ok(format!("{before}{text}{after}"))
}

/// Whether the seller's part of recorded facts is still the one that they name.
pub(super) fn seller_attested(conn: &Connection, recorded: &str) -> Result<bool> {
    Ok(seller_text(conn, recorded)?
        .is_none_or(|(hash, _, text)| sha256_hex(text.as_bytes()) == hash))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ringfence_core::gate::{Hold, sample};
    use ringfence_core::id::Id;
    use ringfence_core::rules::RulePack;

    use super::*;

    /// Recorded, and read back.
    fn there_and_back(facts: &Facts) -> String {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE seller_facts (sha256 TEXT PRIMARY KEY, text TEXT)")
            .unwrap();
        let text = facts.seller.as_ref().map(|seller| json(seller).unwrap());
        let hash = text.as_ref().map(|text| sha256_hex(text.as_bytes()));
        if let (Some(hash), Some(text)) = (&hash, &text) {
            conn.execute("INSERT INTO seller_facts VALUES (?1, ?2)", [hash, text])
                .unwrap();
        }
        let recorded = facts.recorded_json(hash.as_deref()).unwrap();
        assert!(seller_attested(&conn, &recorded).unwrap());
        whole(&conn, &recorded).unwrap()
    }

    #[test]
    fn facts_are_read_back_byte_for_byte() {
        let pack = RulePack::embedded().unwrap();
        for mut facts in sample::callees(&pack) {
            assert_eq!(there_and_back(&facts), json(&facts).unwrap());
            facts.holds = vec![Hold {
                id: Id::from("hold_1"),
                at: Timestamp::UNIX_EPOCH,
            }];
            assert_eq!(there_and_back(&facts), json(&facts).unwrap());
            facts.seller = None;
            assert_eq!(there_and_back(&facts), json(&facts).unwrap());
        }
    }

    #[test]
    fn what_a_caller_writes_is_never_taken_for_the_sellers_place() {
        let pack = RulePack::embedded().unwrap();
        let mut facts = sample::callees(&pack).swap_remove(0);
        let decoy = format!(r#"}},"seller":"{}","consents":["#, "a".repeat(HASH_DIGITS));
        facts.request.seller.clone_from(&decoy);
        facts.request.to = decoy;
        assert_eq!(there_and_back(&facts), json(&facts).unwrap());
        facts.seller = None;
        assert_eq!(there_and_back(&facts), json(&facts).unwrap());
    }
}
