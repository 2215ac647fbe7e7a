//! `ringfence scrub`

use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Verdict};
use ringfence_core::lead::Place;
use serde_json::{Value, json};

use super::{Exit, Failure, Global, Outcome, World, say, say_json};
use crate::app::gate_settings;
use crate::scrub::{Batch, Scrubbed, Summary, Verdicts, open_sheet, scrub};

/// The most rows of one file: each takes 20 bytes beside the file itself (invariant `bounded`).
const ROWS_MAX: usize = 50_000_000;

/// What the gate would say of every number in a file; nothing is recorded.
#[derive(Debug, Args)]
#[command(
    after_help = "The file is CSV with a column `to`, `number` or `phone`, and perhaps `zip` and `state`; or bare \
    numbers, one a line. A scrub is a preview: the gate decides anew at every call.\n\nExamples:\n  \
    ringfence scrub --seller acme-solar leads.csv\n  \
    ringfence scrub --seller acme-solar leads.csv -o answers.csv --at 2026-11-23T15:00:00Z"
)]
pub struct ScrubCommand {
    /// The seller's id
    #[arg(long)]
    seller: String,
    /// telemarketing, informational, healthcare, debt-collection, charity, political or emergency
    #[arg(long, default_value = "telemarketing", value_parser = purpose)]
    purpose: Purpose,
    /// The number to present; any in force for the seller if none is given
    #[arg(long)]
    caller_id: Option<String>,
    /// Decide for this instant instead of now
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
    /// Write every row with its verdict, reasons and first allowed instant there
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The numbers
    file: PathBuf,
}

/// Reads a purpose as the API spells it.
pub fn purpose(text: &str) -> Result<Purpose, String> {
    serde_json::from_value(json!(text)).map_err(|_| "no such purpose".to_owned())
}

impl ScrubCommand {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        let at = self.at.unwrap_or_else(|| world.now());
        let bytes = std::fs::read(&self.file)
            .with_context(|| self.file.display().to_string())
            .map_err(Failure::Usage)?;
        let mut batch = Batch::of_sheet(&bytes, ROWS_MAX)
            .with_context(|| self.file.display().to_string())
            .map_err(Failure::Usage)?
            .ok_or_else(|| Failure::usage(anyhow!("more than {ROWS_MAX} rows in one file")))?;
        let common = CallRequest {
            to: String::new(),
            seller: self.seller,
            purpose: self.purpose,
            caller_id: self.caller_id,
            place: Place::default(),
            lead: None,
            campaign: None,
        };
        let bar = progress_bar(batch.len());
        let settings = gate_settings(&world.config);
        let done = scrub(
            &*world.store,
            &world.rules,
            &settings,
            &common,
            &mut batch,
            at,
            &|n| bar.set_position(u64::try_from(n).unwrap_or(u64::MAX)),
        )?;
        bar.finish_and_clear();
        if let Some(output) = &self.output {
            write(&bytes, output, &done)
                .with_context(|| output.display().to_string())
                .map_err(Failure::Environment)?;
        }
        let summary = Summary::from(&done);
        if global.json {
            say_json(&with_terms(&summary, &common, at, &world)?)?;
        } else {
            report(&summary)?;
            say(&format!(
                "\nFor {at}, by rule pack {}. A preview: nothing was recorded, and the gate decides anew at every call.",
                world.rules.version
            ))?;
        }
        Ok(Exit::Done)
    }
}

/// A bar on a terminal, nothing elsewhere.
pub fn progress_bar(length: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
    let style = "{bar:40} {pos}/{len} {per_sec} {eta}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

fn with_terms(
    summary: &Summary,
    common: &CallRequest,
    at: Timestamp,
    world: &World,
) -> Result<Value, Failure> {
    let mut body = serde_json::to_value(summary)?;
    if let Value::Object(fields) = &mut body {
        fields.insert("at".into(), json!(at));
        fields.insert("seller".into(), json!(common.seller));
        fields.insert("purpose".into(), json!(common.purpose));
        let pack = json!({"version": world.rules.version, "sha256": world.rules.sha256});
        fields.insert("rule_pack".into(), pack);
    }
    Ok(body)
}

/// Every row as it stands in the file, with three columns more.
fn write(bytes: &[u8], to: &Path, done: &Scrubbed) -> anyhow::Result<()> {
    let sheet = open_sheet(bytes)?;
    let mark = sheet.delimiter();
    let mut out = BufWriter::new(std::fs::File::create(to)?);
    if let Some(head) = sheet.head {
        out.write_all(head)?;
        writeln!(out, "{mark}verdict{mark}reasons{mark}next_allowed_at")?;
    }
    let endings: Vec<String> = done.answers.iter().map(|a| ending(a, mark)).collect();
    let mut row_number = 0;
    let mut failed = Ok(());
    sheet.each(|row| {
        let answer = done
            .rows
            .get(row_number)
            .and_then(|at| usize::try_from(*at).ok());
        row_number += 1;
        let ending = answer.and_then(|at| endings.get(at));
        failed = out
            .write_all(row.raw)
            .and_then(|()| out.write_all(ending.map(String::as_bytes).unwrap_or_default()));
        failed.is_ok()
    });
    failed?;
    out.flush()?;
    Ok(())
}

fn ending(answer: &Verdicts, mark: char) -> String {
    let codes: Vec<&str> = answer.codes().iter().map(|code| code.as_str()).collect();
    let next = answer.next_allowed_at.map(|at| at.to_string());
    format!(
        "{mark}{}{mark}{}{mark}{}\n",
        format!("{:?}", answer.verdict).to_lowercase(),
        // A blank within the cell: no delimiter of any table.
        codes.join(" "),
        next.unwrap_or_default()
    )
}

fn report(summary: &Summary) -> Result<(), Failure> {
    let count = |verdict| summary.count(verdict);
    say(&format!(
        "{} numbers: {} may be called now, {} later, {} must not be called",
        summary.numbers,
        count(Verdict::Allow),
        count(Verdict::Defer),
        count(Verdict::Deny)
    ))?;
    if !summary.reasons.is_empty() {
        say("\nby reason (a number counts under each of its own)")?;
        let mut reasons: Vec<_> = summary.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (code, count) in reasons {
            say(&format!("  {count:>10}  {code}"))?;
        }
    }
    say("\nby state             now      later         no")?;
    for (state, split) in &summary.states {
        say(&format!(
            "  {state:<10} {:>10} {:>10} {:>10}",
            split.allow, split.defer, split.deny
        ))?;
    }
    if !summary.hours.is_empty() {
        say("\nby the callee's own hour, from which a call may begin")?;
        for hour in &summary.hours {
            say(&format!(
                "  {} {:>2}:00  {:>10}",
                hour.date, hour.hour, hour.numbers
            ))?;
        }
    }
    Ok(())
}
