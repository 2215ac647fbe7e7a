//! `ringfence shadow`

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use clap::Args;
use jiff::tz::TimeZone;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::Verdict;
use ringfence_core::rules::RulePack;
use serde_json::{Value, json};

use super::rules::pack;
use super::scrub::{progress_bar, purpose};
use super::{Exit, Failure, Global, Outcome, World, say, say_json};
use crate::app::gate_settings;
use crate::scrub::Verdicts;
use crate::shadow::{Difference, Judged, Made, Reading, Records, Tally, Unreadable, shadow};

/// The most lines that the report for people names of each kind; `--json` tells all of them.
const LINES_MAX: usize = 20;

/// What the gate would have said of calls that were made: by rule, by state, with a range of exposure.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is CSV with columns for the number called and the time, and perhaps seller, purpose, caller \
    ID, ZIP code, state and direction, by the names that VICIdial, Twilio and FreeSWITCH give them. Each call is judged \
    at its time, with the facts on file that are dated by then; earlier calls of the file count towards caps. What a call \
    needed and cannot be read any more, such as a list that was pruned since, stops it and is named.\n\n\
    Examples:\n  \
    ringfence shadow --calls yesterday.csv --seller acme-solar --time-zone America/New_York\n  \
    ringfence shadow --calls yesterday.csv --seller acme-solar --pack ./rules-2027"
)]
pub struct Shadow {
    /// The call records
    #[arg(long, value_name = "FILE")]
    calls: PathBuf,
    /// The seller of rows that name none
    #[arg(long)]
    seller: Option<String>,
    /// The purpose of rows that name none
    #[arg(long, default_value = "telemarketing", value_parser = purpose)]
    purpose: Purpose,
    /// The zone of times without an offset
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    time_zone: String,
    /// Judge by this rule pack, too, and compare: a folder, an archive, a version or hash on file
    #[arg(long, value_name = "PACK")]
    pack: Option<String>,
}

impl Shadow {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        let zone = world.rules.places.zone(&self.time_zone);
        let zone = match self.time_zone.as_str() {
            "UTC" => TimeZone::UTC,
            named => zone.ok_or_else(|| Failure::usage(anyhow!("`{named}` is no time zone")))?,
        };
        let other = self
            .pack
            .as_deref()
            .map(|named| pack(&world, named))
            .transpose()?;
        let bytes = std::fs::read(&self.calls)
            .with_context(|| self.calls.display().to_string())
            .map_err(Failure::Usage)?;
        let reading = Reading {
            seller: self.seller,
            purpose: self.purpose,
            zone,
        };
        let records = Records::read(&bytes, &reading)
            .with_context(|| self.calls.display().to_string())
            .map_err(Failure::Usage)?;
        let packs: Vec<&RulePack> = std::iter::once(&*world.rules).chain(&other).collect();
        let bar = progress_bar(records.calls.len());
        let settings = gate_settings(&world.config);
        let judged = shadow(&*world.store, &packs, &settings, &records.calls, &|done| {
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        })?;
        bar.finish_and_clear();
        let found = Found::new(&packs, &records, &judged);
        if global.json {
            say_json(&found.json())?;
        } else {
            found.report(&self.time_zone)?;
        }
        if records.calls.is_empty() {
            return Err(Failure::usage(anyhow!(
                "no row of the file could be read as a call"
            )));
        }
        Ok(Exit::Done)
    }
}

struct Found<'a> {
    records: &'a Records,
    tallies: Vec<Tally>,
    stopped: Vec<(&'a Made, &'a Verdicts)>,
    differences: Vec<Difference>,
    unreadable: &'a [Unreadable],
}

impl<'a> Found<'a> {
    fn new(packs: &[&RulePack], records: &'a Records, judged: &'a Judged) -> Self {
        let answers = &judged.answers;
        let of = |n: usize| answers.iter().filter_map(move |said| said.get(n));
        let calls = || records.calls.iter().zip(answers);
        Self {
            records,
            tallies: packs
                .iter()
                .enumerate()
                .map(|(n, pack)| Tally::of(pack, of(n)))
                .collect(),
            stopped: calls()
                .filter_map(|(call, said)| Some((call, said.first()?)))
                .filter(|(_, answer)| answer.verdict != Verdict::Allow)
                .collect(),
            differences: calls()
                .filter_map(|(call, said)| Difference::between(call, said.first()?, said.get(1)?))
                .collect(),
            unreadable: &judged.unreadable,
        }
    }

    fn json(&self) -> Value {
        let stopped: Vec<Value> = self
            .stopped
            .iter()
            .map(|(call, answer)| {
                let rules: Vec<&str> = answer.reasons.iter().map(|(_, rule)| *rule).collect();
                json!({"line": call.line, "at": call.at, "verdict": answer.verdict, "reasons": answer.codes(),
                       "rules": rules, "next_allowed_at": answer.next_allowed_at})
            })
            .collect();
        json!({"calls": self.records.calls.len(), "inbound": self.records.inbound.len(),
               "unread": self.records.unread, "times_without_offset": self.records.without_offset,
               "sources_unreadable": self.unreadable, "packs": self.tallies, "stopped": stopped, "differences": self.differences})
    }

    fn report_unreadable(&self) -> Result<(), Failure> {
        if self.unreadable.is_empty() {
            return Ok(());
        }
        say("\nnot judged whole, and stopped for that: what these needed cannot be read")?;
        for one in self.unreadable.iter().take(LINES_MAX) {
            let calls = counted(one.calls);
            say(&format!("  {calls}: {}: {}", one.source, one.detail))?;
        }
        more(self.unreadable.len())
    }

    fn report(&self, zone: &str) -> Result<(), Failure> {
        for tally in &self.tallies {
            table(tally, self.records.calls.len())?;
        }
        if self.tallies.len() > 1 {
            say(&format!(
                "\n{} calls are judged differently by the second pack",
                self.differences.len()
            ))?;
            for one in self.differences.iter().take(LINES_MAX) {
                let (before, after) = (one.before_rules.join(" "), one.after_rules.join(" "));
                say(&format!(
                    "  line {}: {} [{before}] -> {} [{after}]",
                    one.line,
                    word(one.before),
                    word(one.after)
                ))?;
            }
            more(self.differences.len())?;
        }
        self.report_unreadable()?;
        let records = self.records;
        if !records.inbound.is_empty() {
            say(&format!(
                "\n{} rows are of calls that came in: not judged",
                records.inbound.len()
            ))?;
        }
        if records.without_offset > 0 {
            say(&format!(
                "\n{} times name no offset and were read as {zone}",
                records.without_offset
            ))?;
        }
        if !records.unread.is_empty() {
            say(&format!(
                "\n{} rows could not be read",
                records.unread.len()
            ))?;
            for row in records.unread.iter().take(LINES_MAX) {
                say(&format!("  line {}: {}", row.line, row.why))?;
            }
            more(records.unread.len())?;
        }
        say(
            "\nThe facts are those on file now that are dated by each call's time. Nothing was recorded.",
        )
    }
}

fn counted(calls: u64) -> String {
    match calls {
        1 => "1 call".to_owned(),
        calls => format!("{calls} calls"),
    }
}

fn more(all: usize) -> Result<(), Failure> {
    match all.saturating_sub(LINES_MAX) {
        0 => Ok(()),
        more => say(&format!("  and {more} more: --json tells all")),
    }
}

fn word(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

fn table(tally: &Tally, calls: usize) -> Result<(), Failure> {
    let short = tally.sha256.get(..12).unwrap_or_default();
    say(&format!(
        "rule pack {} ({short}): {} of {calls} calls would have been stopped, {} of them by more than what is not set up here",
        tally.version, tally.stopped, tally.beyond_set_up
    ))?;
    if !tally.rules.is_empty() {
        say("\n       calls      alone  rule")?;
    }
    for rule in &tally.rules {
        say(&format!(
            "  {:>10} {:>10}  {} ({}) {}",
            rule.calls, rule.alone, rule.rule, rule.code, rule.citation
        ))?;
    }
    say("\n  state           calls    stopped")?;
    for (state, count) in &tally.states {
        say(&format!(
            "  {state:<10} {:>10} {:>10}",
            count.calls, count.stopped
        ))?;
    }
    let exposure = &tally.exposure;
    say(&format!(
        "\nexposure of {} calls: ${} to ${} ({}): {}\n",
        exposure.calls, exposure.low_usd, exposure.high_usd, exposure.citation, exposure.note
    ))
}
