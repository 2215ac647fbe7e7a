//! `ringfence opt-out classify`

use std::io::Write;

use clap::Subcommand;
use ringfence_core::converse::opt_out::{Verdict, classify};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exit, Outcome, input_lines};

/// Opt-outs in what a callee says.
#[derive(Debug, Subcommand)]
pub enum OptOut {
    /// JSON lines on standard input -> JSON lines on standard output, in order
    ///
    /// A line that is no such object is reported on standard error; the others are answered all the same
    #[command(after_help = "Exit code 2: a line was bad.\n\nExample:\n  \
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
        let mut exit = Exit::Done;
        for (index, bytes) in input_lines().enumerate() {
            let bytes = bytes?;
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let line = match read(&bytes) {
                Ok(line) => line,
                Err(what) => {
                    eprintln!("ringfence: line {}: {what}", index + 1);
                    exit = Exit::Usage;
                    continue;
                }
            };
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
        Ok(exit)
    }
}

fn read(line: &[u8]) -> Result<Line, String> {
    let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
    let value: Value = serde_json::from_str(text).map_err(|e| format!("not JSON: {e}"))?;
    // An array would be read as the fields in order.
    if !value.is_object() {
        return Err("not a JSON object".to_owned());
    }
    serde_json::from_value(value).map_err(|e| e.to_string())
}
