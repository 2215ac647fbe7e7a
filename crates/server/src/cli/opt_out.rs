//! `ringfence opt-out classify`

use std::io::{BufRead, Write};

use anyhow::anyhow;
use clap::Subcommand;
use ringfence_core::converse::opt_out::{Verdict, classify};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exit, Failure, Outcome};

/// Opt-outs in what a callee says.
#[derive(Debug, Subcommand)]
pub enum OptOut {
    /// JSON lines on standard input -> JSON lines on standard output, in order
    #[command(after_help = "Example:\n  \
        echo '{\"id\":1,\"text\":\"please stop calling me\"}' | ringfence opt-out classify")]
    Classify,
}

/// One line; fields that are not known are passed over.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    id: Value,
    text: String,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    context: Option<String>,
}

impl OptOut {
    /// Does it.
    pub fn run(self) -> Outcome {
        let Self::Classify = self;
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        for (index, line) in std::io::stdin().lock().lines().enumerate() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            let line: Line = serde_json::from_str(&line)
                .map_err(|e| Failure::usage(anyhow!("line {}: {e}", index + 1)))?;
            let judged = classify(&line.text, line.context.as_deref(), line.lang.as_deref());
            let verdict = match judged.verdict {
                Verdict::OptOut => "opt_out",
                Verdict::NotOptOut => "not_opt_out",
                Verdict::Ambiguous => "ambiguous",
            };
            let answer = json!({"id": line.id, "verdict": verdict, "score": judged.score,
                                "because": judged.because});
            writeln!(out, "{answer}")?;
            // Whoever feeds this line by line waits for each answer.
            out.flush()?;
        }
        Ok(Exit::Done)
    }
}
