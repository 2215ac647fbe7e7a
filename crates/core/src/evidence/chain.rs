//! The hash chain: how an entry is hashed, and how a log is walked.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::canonical::{canonical_json, write_text};
use super::instant::write_instant;
use super::object::write_number;
use super::{ClockKind, Event, EventDraft, SignedHead};
use crate::id::Id;

/// What the first entry names as the hash before it.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// SHA-256, hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const fn digit(nibble: u8) -> u8 {
        if nibble < 10 {
            b'0' + nibble
        } else {
            b'a' + nibble - 10
        }
    }
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    // As many at once as a hash has.
    let (hashes, rest) = bytes.as_chunks::<32>();
    for hash in hashes {
        let pairs = hash.map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        // Digits and letters only.
        text.push_str(std::str::from_utf8(pairs.as_flattened()).unwrap_or_default());
    }
    for byte in rest {
        text.push(char::from(digit(byte >> 4)));
        text.push(char::from(digit(byte & 15)));
    }
    text
}

/// Where an entry goes in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `evt_...`
    pub id: Id,
    /// Its place, from 1.
    pub seq: u64,
    /// When it is recorded.
    pub at: Timestamp,
    /// Under which clock.
    pub clock: ClockKind,
    /// The hash of the entry before.
    pub prev: String,
}

impl Link {
    /// The hash of the entry of this kind that goes here, about `subject` and saying `data`, both canonical: SHA-256 over the
    /// canonical form put together of its parts, whose keys stand in the order of their bytes.
    #[must_use]
    pub fn hash_of(&self, kind: &str, subject: &str, data: &str) -> String {
        let parts = [subject, data, kind, &self.prev, self.id.as_str()];
        let room = parts.iter().fold(128, |room, part| room + part.len());
        let mut whole = String::with_capacity(room);
        whole.push_str("{\"at\":\"");
        write_instant(self.at, &mut whole);
        whole.push_str("\",\"clock\":");
        write_text(self.clock.as_str(), &mut whole);
        whole.push_str(",\"data\":");
        whole.push_str(data);
        whole.push_str(",\"id\":");
        write_text(self.id.as_str(), &mut whole);
        whole.push_str(",\"prev\":");
        write_text(&self.prev, &mut whole);
        whole.push_str(",\"seq\":");
        write_number(self.seq, &mut whole);
        whole.push_str(",\"subject\":");
        whole.push_str(subject);
        whole.push_str(",\"type\":");
        write_text(kind, &mut whole);
        whole.push('}');
        sha256_hex(whole.as_bytes())
    }
}

impl EventDraft {
    /// What it is about and what happened, canonical.
    #[must_use]
    pub fn canonical(&self) -> (String, String) {
        (self.subject.canonical(), canonical_json(&self.data))
    }

    /// The entry that this draft becomes at its place in the chain.
    #[must_use]
    pub fn chain(self, link: Link) -> Event {
        let (subject, data) = self.canonical();
        let hash = link.hash_of(&self.kind, &subject, &data);
        self.at(link, hash)
    }

    /// The same for who has its hash already.
    #[must_use]
    pub fn at(self, link: Link, hash: String) -> Event {
        Event {
            id: link.id,
            seq: link.seq,
            at: link.at,
            kind: self.kind,
            clock: link.clock,
            subject: self.subject,
            data: self.data,
            prev: link.prev,
            hash,
        }
    }
}

impl Event {
    /// The hash that this entry must carry: SHA-256 over the canonical form of everything else in it.
    #[must_use]
    pub fn computed_hash(&self) -> String {
        let link = Link {
            id: self.id.clone(),
            seq: self.seq,
            at: self.at,
            clock: self.clock,
            prev: self.prev.clone(),
        };
        let data = canonical_json(&self.data);
        link.hash_of(&self.kind, &self.subject.canonical(), &data)
    }
}

/// What is wrong with a log, and where first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainFault {
    /// The first bad entry, or the first that is missing.
    pub seq: u64,
    /// What is wrong.
    pub what: FaultKind,
}

/// How a log can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Its contents are not those that were hashed: edited, or moved to another place.
    #[error("the entry is not the one that was recorded: edited, inserted or moved")]
    Altered,
    /// It does not follow from the entry before.
    #[error("the entry does not follow from the one before it")]
    Unlinked,
    /// It is gone.
    #[error("the entry is missing")]
    Missing,
    /// It cannot be read as an entry at all.
    #[error("the entry cannot be read")]
    Unreadable,
    /// Entries stand after the signed head: it was rolled back, or they were inserted.
    #[error("the entry stands after the signed head")]
    AfterHead,
    /// The signed head is gone.
    #[error("the signed head is missing")]
    HeadMissing,
    /// The head's signature does not hold, or is another key's.
    #[error("the head is not signed by this log's key")]
    HeadForged,
    /// The head is validly signed, for another entry than the one at its place.
    #[error("the entry is not the one that the head was signed for")]
    HeadDiffers,
    /// The record that it attests by hash is gone or was changed.
    #[error("the record that the entry attests is gone or was changed")]
    RecordDiffers,
    /// A checkpoint exported earlier is not this log's beginning.
    #[error("the entry is not the one in the checkpoint")]
    CheckpointDiffers,
}

/// Walks a log from its first entry, in the order of `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainWalk {
    entries: u64,
    hash: String,
}

impl Default for ChainWalk {
    fn default() -> Self {
        Self {
            entries: 0,
            hash: GENESIS.to_owned(),
        }
    }
}

impl ChainWalk {
    /// Entries that were found whole.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// The hash of the last of them.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The place where the next entry must stand.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.entries.saturating_add(1)
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// [`ChainFault`] when it is not the one that must stand here.
    pub fn step(&mut self, event: &Event) -> Result<(), ChainFault> {
        let seq = self.next_seq();
        let fault = |what| Err(ChainFault { seq, what });
        if event.seq > seq {
            return fault(FaultKind::Missing);
        }
        if event.seq < seq || event.computed_hash() != event.hash {
            return fault(FaultKind::Altered);
        }
        if event.prev != self.hash {
            return fault(FaultKind::Unlinked);
        }
        self.entries = seq;
        self.hash.clone_from(&event.hash);
        Ok(())
    }

    /// Compares the whole walked log with its signed head.
    ///
    /// # Errors
    /// [`ChainFault`] when the head is missing, forged, or for another log.
    pub fn check_head(&self, head: Option<&SignedHead>, key: &[u8; 32]) -> Result<(), ChainFault> {
        let fault = |seq, what| Err(ChainFault { seq, what });
        // A log begins with its own opening entry, so an empty one was emptied.
        if self.entries == 0 {
            return fault(1, FaultKind::Missing);
        }
        let Some(head) = head else {
            return fault(self.entries, FaultKind::HeadMissing);
        };
        if !head.is_signed_by(key) {
            return fault(head.seq, FaultKind::HeadForged);
        }
        if head.seq > self.entries {
            return fault(self.next_seq(), FaultKind::Missing);
        }
        if head.seq < self.entries {
            return fault(head.seq.saturating_add(1), FaultKind::AfterHead);
        }
        if head.hash != self.hash {
            return fault(head.seq, FaultKind::HeadDiffers);
        }
        Ok(())
    }
}
