//! `ringfence lists`

use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use ringfence_core::lead::PhoneNumber;
use ringfence_core::rules::RulePack;
use ringfence_store::Store;
use ringfence_store::list::{
    ListImport, ListKind, ListPruning, ListVersion, PRUNE_DAYS, PRUNE_DAYS_DEFAULT,
};
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, input_lines, say, say_json};
use crate::lists::{Progress, Reading, read, time};

/// Lists of numbers.
#[derive(Debug, Subcommand)]
pub enum Lists {
    /// Take in a list as delivered, all or nothing
    Import(Box<Import>),
    /// Say for each number on standard input which lists hold it
    #[command(after_help = "Example:\n  printf '+12125550123\\n' | ringfence lists check")]
    Check {
        /// Only lists that bind this seller
        #[arg(long)]
        seller: Option<String>,
    },
    /// Show each list version on file
    #[command(after_help = "Example:\n  ringfence lists show --json")]
    Show,
    /// Remove the files of versions that bind nobody any more
    #[command(
        after_help = "A version goes that binds nobody now or from a date to come, for no seller and no area code, \
        and has not for DAYS. What it was stays on file; a question about a day on which it bound is denied \
        (source-stale) from then on.\n\nExamples:\n  \
        ringfence lists prune --dry-run\n  ringfence lists prune --older-than 365"
    )]
    Prune(Prune),
}

/// What to remove.
#[derive(Debug, Args)]
pub struct Prune {
    /// For so many days another must have had its place, 7 to 3650
    #[arg(long, value_name = "DAYS", default_value_t = PRUNE_DAYS_DEFAULT, value_parser = days)]
    older_than: u16,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
}

fn days(text: &str) -> Result<u16, String> {
    let days = text.parse().ok().filter(|days| PRUNE_DAYS.contains(days));
    days.ok_or_else(|| format!("{} to {} days", PRUNE_DAYS.start(), PRUNE_DAYS.end()))
}

/// What to import.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    ringfence lists import --kind ftc-full --seller acme-solar 2026-11-20_212_*.txt.zip\n  \
    ringfence lists import --kind state --name TX --expires-at 2027-01-01T00:00:00Z tx.txt\n  \
    ringfence lists import --kind state --name PA --pattern '^(?<area_code>\\d{3});(?<local>\\d{7});' pa.txt\n  \
    ringfence lists import --kind internal our-own.csv")]
pub struct Import {
    /// ftc-full, ftc-change, state, internal, litigator or reassigned
    #[arg(long, value_parser = kind)]
    kind: ListKind,
    /// The list's name; of a state's list its code
    #[arg(long)]
    name: Option<String>,
    /// Whose list it is; may be repeated
    #[arg(long)]
    seller: Vec<String>,
    /// When the copy was obtained; a date is its first instant in UTC [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    obtained_at: Option<Timestamp>,
    /// When its keeper published it
    #[arg(long, value_name = "TIME", value_parser = time)]
    published_at: Option<Timestamp>,
    /// From when it binds
    #[arg(long, value_name = "TIME", value_parser = time)]
    effective_at: Option<Timestamp>,
    /// When it stops being current
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires_at: Option<Timestamp>,
    /// What the subscription covers, such as 212,305 [default: the area codes in the files]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u16).range(200..1000))]
    area_codes: Vec<u16>,
    /// Of a state's file: its columns in order; `number` is read, or `area_code` and `local`
    #[arg(long, value_delimiter = ',')]
    columns: Vec<String>,
    /// Of a state's file: a regular expression for its lines, with a group `number`, or `area_code` and `local`
    #[arg(long, conflicts_with = "columns", value_name = "REGEX", value_parser = crate::lists::pattern)]
    pattern: Option<regex::Regex>,
    /// Plain, .gz or .zip, as delivered
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn kind(text: &str) -> Result<ListKind, String> {
    ListKind::parse(text).ok_or_else(|| {
        let words: Vec<_> = ListKind::ALL.iter().map(|k| k.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}

impl Lists {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        match self {
            Self::Import(import) => import.run(global, &world),
            Self::Check { seller } => check(global, &*world.store, seller.as_deref()),
            Self::Show => show(global, &*world.store),
            Self::Prune(prune) => prune.run(global, &world),
        }
    }
}

impl Import {
    fn run(self, global: &Global, world: &World) -> Outcome {
        let now = world.now();
        let obtained_at = self.obtained_at.unwrap_or(now);
        if obtained_at.duration_since(now) > SignedDuration::from_mins(5) {
            return Err(Failure::usage(anyhow!("--obtained-at is in the future")));
        }
        if self.kind != ListKind::State && !self.columns.is_empty() {
            return Err(Failure::usage(anyhow!("--columns is for `--kind state`")));
        }
        if self.kind != ListKind::State && self.pattern.is_some() {
            return Err(Failure::usage(anyhow!("--pattern is for `--kind state`")));
        }
        self.check_state(&world.rules)?;
        let reading = Reading {
            kind: self.kind,
            columns: (!self.columns.is_empty()).then(|| self.columns.clone()),
            pattern: self.pattern.clone(),
            covers_stated: !self.area_codes.is_empty(),
            now,
        };
        let bar = progress_bar(&self.files);
        let told = bar.clone();
        let progress = bar.as_ref().map_or_else(Progress::none, |_| {
            Progress::new(move |n| {
                if let Some(bar) = &told {
                    bar.inc(n);
                }
            })
        });
        let files = read(&reading, &self.files, &progress);
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        let files = files.map_err(Failure::usage)?;
        let list = ListImport {
            kind: self.kind,
            name: self.name,
            sellers: self.seller.into_iter().collect(),
            obtained_at,
            published_at: self.published_at,
            effective_at: self.effective_at,
            expires_at: self.expires_at,
            area_codes: (!self.area_codes.is_empty())
                .then(|| self.area_codes.into_iter().collect::<BTreeSet<u16>>()),
            source_sha256: files.sha256,
            rows: files.rows,
        };
        let version = world.store.import_list(list, now)?;
        if let Some(end) = version.expires_at.filter(|end| *end <= now) {
            eprintln!(
                "ringfence: this list ended on {end}: while no newer one is on file, it denies as stale"
            );
        }
        if global.json {
            say_json(&version)?;
        } else {
            say(&line(&version))?;
        }
        Ok(Exit::Done)
    }
}

impl Import {
    /// A state's list is named by a code that the rule pack knows: no rule would ask for any other.
    fn check_state(&self, rules: &RulePack) -> Result<(), Failure> {
        let (ListKind::State, Some(name)) = (self.kind, &self.name) else {
            return Ok(());
        };
        if crate::lists::knows_state(rules, name) {
            return Ok(());
        }
        let what = format!("--name {name}: no state, district or territory of that code");
        Err(Failure::usage(anyhow!(what)))
    }
}

impl Prune {
    fn run(self, global: &Global, world: &World) -> Outcome {
        let (store, now) = (&world.store, world.now());
        let done = match self.dry_run {
            true => store.prunable_lists(self.older_than, now),
            false => store.prune_lists(self.older_than, now),
        }?;
        if global.json {
            say_json(&done)?;
            return Ok(Exit::Done);
        }
        for version in &done.versions {
            say(&line(version))?;
        }
        say(&summary(&done))?;
        Ok(Exit::Done)
    }
}

fn summary(done: &ListPruning) -> String {
    let what = match (done.versions.len(), done.dry_run) {
        (0, _) => {
            let days = done.older_than_days;
            return format!("nothing to prune: no file has been without use for {days} days");
        }
        (1, true) => "1 version would go".to_owned(),
        (n, true) => format!("{n} versions would go"),
        (1, false) => "1 version pruned".to_owned(),
        (n, false) => format!("{n} versions pruned"),
    };
    format!("{what}, {} bytes", done.bytes)
}

/// A bar on a terminal, nothing elsewhere.
fn progress_bar(files: &[PathBuf]) -> Option<ProgressBar> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let size = files
        .iter()
        .filter_map(|f| std::fs::metadata(f).ok())
        .map(|m| m.len())
        .sum();
    let bar = ProgressBar::new(size);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} left")
    {
        bar.set_style(style);
    }
    Some(bar)
}

/// Numbers asked about at once.
const BATCH: usize = 1000;

fn check(global: &Global, store: &dyn Store, seller: Option<&str>) -> Outcome {
    let mut batch = Vec::with_capacity(BATCH);
    for line in input_lines() {
        batch.push(String::from_utf8_lossy(&line?).trim().to_owned());
        if batch.len() == BATCH {
            answer(global, store, seller, &batch)?;
            batch.clear();
        }
    }
    answer(global, store, seller, &batch)?;
    Ok(Exit::Done)
}

fn answer(
    global: &Global,
    store: &dyn Store,
    seller: Option<&str>,
    lines: &[String],
) -> Result<(), Failure> {
    let read: Vec<Option<PhoneNumber>> =
        lines.iter().map(|l| crate::lists::number(l).ok()).collect();
    let numbers: Vec<PhoneNumber> = read.iter().flatten().copied().collect();
    let mut held = store.check_lists(&numbers, seller)?.into_iter();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (line, number) in lines.iter().zip(read) {
        let names = number.and_then(|_| held.next()).unwrap_or_default();
        if global.json {
            let answer = json!({"line": line, "number": number.map(|n| n.e164()),
                                "lists": names, "valid": number.is_some()});
            writeln!(out, "{answer}")?;
        } else if number.is_some() {
            writeln!(out, "{line},{}", names.join("|"))?;
        } else {
            writeln!(out, "{line},invalid")?;
        }
    }
    out.flush()?;
    Ok(())
}

fn show(global: &Global, store: &dyn Store) -> Outcome {
    let versions = store.lists()?;
    if global.json {
        say_json(&versions)?;
    } else if versions.is_empty() {
        say("no list on file")?;
    } else {
        for version in &versions {
            say(&line(version))?;
        }
    }
    Ok(Exit::Done)
}

fn line(version: &ListVersion) -> String {
    let codes: Vec<String> = version.area_codes.iter().map(u16::to_string).collect();
    let expires = version
        .expires_at
        .map_or_else(|| "-".to_owned(), |at| at.to_string());
    let pruned = version
        .pruned_at
        .map_or_else(String::new, |at| format!("  pruned {at}"));
    format!(
        "{}  {:<10}  {:<10}  {:>10}  obtained {}  expires {expires}  sha256 {}  sellers {}  area codes {}{pruned}",
        version.id,
        version.kind.as_str(),
        version.name,
        version.count,
        version.obtained_at,
        version.sha256,
        if version.sellers.is_empty() {
            "all".to_owned()
        } else {
            version.sellers.join(",")
        },
        if codes.is_empty() {
            "-".to_owned()
        } else {
            codes.join(",")
        },
    )
}
