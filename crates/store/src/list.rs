//! Imported lists: versions, their rows, and who they bind.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::Reassigned;
use serde::{Deserialize, Serialize};

use crate::registry::NumberSet;
use crate::{Result, StoreError};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// The national registry, whole.
    FtcFull,
    /// The national registry's changes; needs a full list before it.
    FtcChange,
    /// A state's list.
    State,
    /// The operator's own do-not-call list; adds and never replaces.
    Internal,
    /// People who sue.
    Litigator,
    /// Answers of the Reassigned Numbers Database; adds and never replaces.
    Reassigned,
}

impl ListKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::FtcFull,
        Self::FtcChange,
        Self::State,
        Self::Internal,
        Self::Litigator,
        Self::Reassigned,
    ];

    /// As it stands on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FtcFull => "ftc-full",
            Self::FtcChange => "ftc-change",
            Self::State => "state",
            Self::Internal => "internal",
            Self::Litigator => "litigator",
            Self::Reassigned => "reassigned",
        }
    }

    /// Reads what stands on the command line.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A list to take in, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListImport {
    /// What the file is.
    pub kind: ListKind,
    /// Its name; none: `national` (of a change list: that of the list it changes), `internal`, `litigator` or
    /// `reassigned`. A state's list needs its code. The registry binds as the registry whatever its copy is called.
    pub name: Option<String>,
    /// Whom it belongs to; empty: everybody (of a national list: every seller with a SAN in force).
    pub sellers: BTreeSet<String>,
    /// When the copy was obtained.
    pub obtained_at: Timestamp,
    /// When its keeper published it.
    pub published_at: Option<Timestamp>,
    /// From when it binds.
    pub effective_at: Option<Timestamp>,
    /// When it stops being current.
    pub expires_at: Option<Timestamp>,
    /// What a national subscription covers; none: the area codes among the rows.
    pub area_codes: Option<BTreeSet<u16>>,
    /// SHA-256 over the files as they came, hexadecimal.
    pub source_sha256: String,
    /// The rows.
    pub rows: ListRows,
}

impl ListImport {
    /// Whether its dates can be: each after the one before it. A list that has ended already is taken; it only denies.
    ///
    /// # Errors
    /// [`StoreError::Invalid`](crate::StoreError), naming the two.
    pub fn check_dates(&self) -> Result<()> {
        // A copy that is dated by its day may have been published later on that day.
        let copied = self.obtained_at + SignedDuration::from_hours(24);
        for (early, name, late, then) in [
            (
                self.published_at,
                "published",
                Some(copied),
                "obtained before",
            ),
            (self.published_at, "published", self.expires_at, "ended"),
            (self.effective_at, "effective", self.expires_at, "ended"),
        ] {
            if let (Some(early), Some(late)) = (early, late)
                && early >= late
            {
                let what = format!("{name} at {early} and {then} {late}: is the year right?");
                return Err(StoreError::invalid(what));
            }
        }
        Ok(())
    }
}

/// The rows of a list. Numbers are the ten digits after +1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListRows {
    /// `ftc-full`, `state`, `litigator`, of any size.
    Set(Arc<NumberSet>),
    /// The same, of a few.
    Numbers(Vec<u64>),
    /// `ftc-change`; the store puts them in the order of their stamps.
    Changes(Vec<ListChange>),
    /// `internal`.
    Internal(Vec<InternalRow>),
    /// `reassigned`.
    Reassigned(Vec<ReassignedRow>),
}

/// A line of a change list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListChange {
    /// Ten digits.
    pub number: u64,
    /// Its stamp, in any unit that sorts.
    pub stamp: i64,
    /// Added, or deleted.
    pub added: bool,
}

/// A line of an internal list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalRow {
    /// Who must not be called.
    pub number: PhoneNumber,
    /// By whom; none: by the import's sellers, or by every seller.
    pub seller: Option<String>,
    /// Since when; none: since the list was obtained.
    pub at: Option<Timestamp>,
}

/// A line of the Reassigned Numbers Database's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignedRow {
    /// Which number.
    pub number: PhoneNumber,
    /// The date that the question named.
    pub consent_date: jiff::civil::Date,
    /// The answer.
    pub answer: Reassigned,
    /// When it was asked; none: when the list was obtained.
    pub asked_at: Option<Timestamp>,
}

/// A list version on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersion {
    /// `lst_...`
    pub id: Id,
    /// What the file was.
    pub kind: ListKind,
    /// A state's code, the operator's name for it, or that of its kind.
    pub name: String,
    /// Whom it belongs to; empty: everybody.
    pub sellers: Vec<String>,
    /// Numbers in it; of a change list: in the version that it makes.
    pub count: u64,
    /// When the copy was obtained.
    pub obtained_at: Timestamp,
    /// When its keeper published it.
    pub published_at: Option<Timestamp>,
    /// From when it binds.
    pub effective_at: Option<Timestamp>,
    /// When it stops being current.
    pub expires_at: Option<Timestamp>,
    /// Area codes covered; only national lists have any.
    pub area_codes: Vec<u16>,
    /// SHA-256 over the files as they came.
    pub sha256: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Length of its file, as long as it was not pruned; none: its rows are in the database.
    pub file_bytes: Option<u64>,
    /// Since when its file is gone on purpose: it bound nobody any more.
    pub pruned_at: Option<Timestamp>,
}

/// For how many days a version's file can be kept after another took its place. Under a week, questions about yesterday's
/// calls would find nothing.
pub const PRUNE_DAYS: RangeInclusive<u16> = 7..=3650;

/// How long unless somebody says otherwise: as old as a copy of the registry may be when it decides, 47 CFR
/// 64.1200(c)(2)(i)(D).
pub const PRUNE_DAYS_DEFAULT: u16 = 31;

/// Versions that lose their files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPruning {
    /// Nothing was changed: this is what would be.
    pub dry_run: bool,
    /// For so many days they have bound nobody.
    pub older_than_days: u16,
    /// Which, oldest first.
    pub versions: Vec<ListVersion>,
    /// Length of their files together.
    pub bytes: u64,
}

/// The file in which a version's numbers are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListFile {
    /// The version.
    pub version: Id,
    /// Where it lies.
    pub path: std::path::PathBuf,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its header, which holds the hashes of all the rest; hexadecimal.
    pub header_sha256: String,
}
