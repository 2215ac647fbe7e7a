//! What the writer remembers between transactions, so that a decision does not read it anew: the end of the chain, the
//! sellers, what the operator has put, which lists there are, which elements a consent's text lacks, and the patterns of
//! records. A scrub has one of its own for its snapshot. The writer's holds only while nobody else has written: SQLite's
//! `data_version` says so at the beginning of every transaction, for other processes too. A command of ours that may change any
//! of it makes the writer forget.

use std::collections::HashMap;

use jiff::Timestamp;
use ringfence_core::consent::{Element, find_elements};
use ringfence_core::gate::{DisclosureFacts, EmergencyArea, Override, SellerFacts, Stop};
use ringfence_core::id::Id;
use rusqlite::{Connection, OptionalExtension};

use super::evidence::ChainTip;
use super::pattern::{self, Pattern};
use super::{list, operator, seller};
use crate::operator::{OverrideRecord, StopRecord};
use crate::seller::PromptKind;
use crate::{Result, StoreError};

/// Of each kind; when there are more, all are forgotten (invariant `bounded`).
const KEPT_MAX: usize = 1024;

/// Things read once.
#[derive(Default)]
pub(super) struct Known {
    version: Option<i64>,
    tip: Option<ChainTip>,
    sellers: HashMap<String, Option<KnownSeller>>,
    areas: Option<Vec<EmergencyArea>>,
    overrides: HashMap<String, Vec<OverrideRecord>>,
    stops: Option<Vec<StopRecord>>,
    list_stamp: Option<i64>,
    lacking: HashMap<(String, String), Vec<Element>>,
    patterns: HashMap<String, Pattern>,
    next_pattern: Option<i64>,
}

struct KnownSeller {
    name: String,
    /// None while a decision has them.
    facts: Option<SellerFacts>,
    /// The SHA-256 of their text, which is on file, and whether that is of a disclosure spoken by the agent's voice.
    hash: Option<(bool, String)>,
}

impl Known {
    /// Forgets everything unless this is still the state of the database, within whose write transaction it is called.
    pub(super) fn check(&mut self, conn: &Connection) -> Result<()> {
        let version: i64 = conn
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if self.version != Some(version) {
            self.forget();
            self.version = Some(version);
        }
        Ok(())
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Forgets what a command may have changed; the chain's end and the patterns are the writer's own.
    pub(super) fn forget_records(&mut self) {
        let patterns = std::mem::take(&mut self.patterns);
        let (version, tip, next_pattern) = (self.version, self.tip.take(), self.next_pattern);
        *self = Self {
            version,
            tip,
            patterns,
            next_pattern,
            ..Self::default()
        };
    }

    /// The end of the chain as it was committed last, taken: a transaction that fails leaves none behind.
    pub(super) fn take_tip(&mut self, conn: &Connection) -> Result<ChainTip> {
        self.tip.take().map_or_else(|| ChainTip::read(conn), Ok)
    }

    /// Keeps the end of the chain as it was committed just now.
    pub(super) fn keep_tip(&mut self, tip: ChainTip) {
        self.tip = Some(tip);
    }

    /// A seller's facts, lent: a copy of every registration for each decision would be most of its work. Whoever does not
    /// [give them back](Self::give_back) makes the next one read them.
    pub(super) fn lend_seller(
        &mut self,
        conn: &Connection,
        id: &str,
        spoken_by_tts: bool,
    ) -> Result<Option<SellerFacts>> {
        let Some(known) = self.find_seller(conn, id)? else {
            return Ok(None);
        };
        let mut facts = match known.facts.take() {
            Some(facts) => facts,
            None => {
                self.sellers.remove(id);
                return self.lend_seller(conn, id, spoken_by_tts);
            }
        };
        facts.disclosure.spoken_by_tts = spoken_by_tts;
        Ok(Some(facts))
    }

    /// Takes back what was lent.
    pub(super) fn give_back(&mut self, id: &str, facts: Option<SellerFacts>) {
        if let Some(Some(known)) = self.sellers.get_mut(id) {
            known.facts = facts;
        }
    }

    /// The SHA-256 of a seller's facts as they are on file.
    pub(super) fn seller_hash(&self, id: &str, spoken_by_tts: bool) -> Option<String> {
        let (spoken, hash) = self.sellers.get(id)?.as_ref()?.hash.as_ref()?;
        (*spoken == spoken_by_tts).then(|| hash.clone())
    }

    /// Keeps the SHA-256 of a seller's facts, now that their text is on file.
    pub(super) fn keep_seller_hash(&mut self, id: &str, spoken_by_tts: bool, hash: &str) {
        if let Some(Some(known)) = self.sellers.get_mut(id) {
            known.hash = Some((spoken_by_tts, hash.to_owned()));
        }
    }

    fn find_seller(&mut self, conn: &Connection, id: &str) -> Result<Option<&mut KnownSeller>> {
        if !self.sellers.contains_key(id) {
            let known = match seller::find(conn, id)? {
                None => None,
                Some(record) => Some(KnownSeller {
                    name: record.profile.name.clone(),
                    hash: None,
                    facts: Some(SellerFacts {
                        profile: record.profile,
                        disclosure: DisclosureFacts {
                            words: seller::prompt_words(conn, id, PromptKind::Disclosure)?,
                            spoken_by_tts: false,
                        },
                    }),
                }),
            };
            bound(&mut self.sellers);
            self.sellers.insert(id.to_owned(), known);
        }
        Ok(self.sellers.get_mut(id).and_then(Option::as_mut))
    }

    /// The emergency areas in force at `now`.
    pub(super) fn areas_at(
        &mut self,
        conn: &Connection,
        now: Timestamp,
    ) -> Result<Vec<EmergencyArea>> {
        if self.areas.is_none() {
            self.areas = Some(operator::areas(conn)?);
        }
        let areas = self.areas.iter().flatten();
        Ok(areas
            .filter(|area| area.from <= now && area.to.is_none_or(|to| now < to))
            .cloned()
            .collect())
    }

    /// The overrides of a seller that are in force at `now`.
    pub(super) fn overrides_at(
        &mut self,
        conn: &Connection,
        seller: &str,
        now: Timestamp,
    ) -> Result<Vec<Override>> {
        if !self.overrides.contains_key(seller) {
            let records = operator::overrides(conn, Some(seller))?;
            bound(&mut self.overrides);
            self.overrides.insert(seller.to_owned(), records);
        }
        let records = self.overrides.get(seller).into_iter().flatten();
        Ok(operator::in_force(records, now))
    }

    /// The stops that bind a call.
    pub(super) fn stops_at(
        &mut self,
        conn: &Connection,
        seller: &str,
        campaign: Option<&Id>,
    ) -> Result<Vec<Stop>> {
        if self.stops.is_none() {
            self.stops = Some(operator::stops(conn)?);
        }
        let stops = self.stops.iter().flatten();
        Ok(operator::binding(stops, seller, campaign))
    }

    /// The [stamp](list::stamp) of the lists on file.
    pub(super) fn list_stamp(&mut self, conn: &Connection) -> Result<i64> {
        if let Some(stamp) = self.list_stamp {
            return Ok(stamp);
        }
        let stamp = list::stamp(conn)?;
        self.list_stamp = Some(stamp);
        Ok(stamp)
    }

    /// The pattern for the texts of a seller's decisions, if one was made yet.
    pub(super) fn pattern(
        &mut self,
        conn: &Connection,
        seller: &str,
    ) -> Result<Option<&mut Pattern>> {
        if !self.patterns.contains_key(seller)
            && let Some(newest) = pattern::newest(conn, seller)?
        {
            self.keep_pattern(seller, newest);
        }
        Ok(self.patterns.get_mut(seller))
    }

    /// The number of a new pattern; the one before may not be in the database yet.
    pub(super) fn number_pattern(&mut self, conn: &Connection) -> Result<i64> {
        let id = match self.next_pattern {
            Some(id) => id,
            None => pattern::next_id(conn)?,
        };
        self.next_pattern = Some(id.saturating_add(1));
        Ok(id)
    }

    /// Keeps a pattern as the one from now on.
    pub(super) fn keep_pattern(&mut self, seller: &str, pattern: Pattern) {
        bound(&mut self.patterns);
        self.patterns.insert(seller.to_owned(), pattern);
    }

    /// The elements that a consent's text lacks, for the name that its seller has now.
    pub(super) fn lacking(
        &mut self,
        conn: &Connection,
        text_sha256: &str,
        seller: &str,
    ) -> Result<Vec<Element>> {
        let key = (text_sha256.to_owned(), seller.to_owned());
        if let Some(lacking) = self.lacking.get(&key) {
            return Ok(lacking.clone());
        }
        let text: Option<String> = conn
            .prepare_cached("SELECT text FROM consent_texts WHERE sha256 = ?1")?
            .query_row([text_sha256], |row| row.get(0))
            .optional()?;
        let text = text.ok_or_else(|| StoreError::Corrupt("a consent without its text".into()))?;
        let known = self.find_seller(conn, seller)?;
        let lacking = find_elements(&text, known.map(|known| known.name.as_str())).missing;
        bound(&mut self.lacking);
        self.lacking.insert(key, lacking.clone());
        Ok(lacking)
    }
}

fn bound<K, V>(kept: &mut HashMap<K, V>) {
    if kept.len() >= KEPT_MAX {
        kept.clear();
    }
}
