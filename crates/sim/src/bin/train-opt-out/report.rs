//! Figures and errors, as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use ringfence_core::converse::opt_out::{Judgement, Verdict};
use sha2::{Digest, Sha256};

use crate::corpus::Line;

/// One line and how it was read.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The line.
    pub line: &'a Line,
    /// How it was read.
    pub judgement: Judgement,
}

#[derive(Default, Clone, Copy)]
struct Tally {
    all: usize,
    right: usize,
    opt_out: usize,
    held: usize,
}

/// Recall and false opt-outs, in all and by label and category.
pub fn table(title: &str, judged: &[Judged<'_>]) -> String {
    let mut rows: BTreeMap<(String, String), Tally> = BTreeMap::new();
    for one in judged {
        let label = format!("{:?}", one.line.label);
        for category in ["(all)", &one.line.category] {
            let row = rows
                .entry((label.clone(), category.to_owned()))
                .or_default();
            row.all += 1;
            row.right += usize::from(one.judgement.verdict == one.line.label);
            row.opt_out += usize::from(one.judgement.verdict == Verdict::OptOut);
            row.held += usize::from(one.judgement.verdict == Verdict::Ambiguous);
        }
    }
    let mut text = format!("{title}: {} utterances\n", judged.len());
    text.push_str(
        "label         category                          n  right  as opt-out  as ambiguous\n",
    );
    for ((label, category), row) in rows {
        let _ = writeln!(
            text,
            "{label:<13} {category:<28} {:>6} {:>5}% {:>10}% {:>12}%",
            row.all,
            percent(row.right, row.all),
            percent(row.opt_out, row.all),
            percent(row.held, row.all),
        );
    }
    text
}

/// A share in per cent with one decimal.
fn percent(part: usize, all: usize) -> String {
    let tenths = (part * 1000 + all / 2) / all.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Every line read otherwise than labelled; misses and false opt-outs first.
pub fn errors(judged: &[Judged<'_>]) -> String {
    let mut wrong: Vec<&Judged<'_>> = judged
        .iter()
        .filter(|j| j.judgement.verdict != j.line.label)
        .collect();
    let order = |j: &Judged<'_>| match (j.line.label, j.judgement.verdict) {
        (Verdict::OptOut, _) => 0,
        (Verdict::NotOptOut, Verdict::OptOut) => 1,
        (_, Verdict::OptOut) => 2,
        _ => 3,
    };
    wrong.sort_by_key(|j| (order(j), j.line.category.clone()));
    let mut text = format!("errors: {}\n", wrong.len());
    for one in wrong {
        let _ = writeln!(
            text,
            "  {:?} read as {:?} {:.2} [{}] {}{}  <- {}",
            one.line.label,
            one.judgement.verdict,
            one.judgement.score,
            one.line.category,
            one.line.text,
            one.line
                .context
                .as_deref()
                .map_or(String::new(), |c| format!(" (after: {c})")),
            one.judgement.because,
        );
    }
    text
}

/// For each tenth of the score: how many utterances, and how many of them are opt-outs.
pub fn calibration(judged: &[Judged<'_>]) -> String {
    let mut text = String::from("score     n   opt-outs\n");
    for tenth in 0..10_u32 {
        let (low, high) = (f64::from(tenth) / 10.0, f64::from(tenth + 1) / 10.0);
        let within: Vec<_> = judged
            .iter()
            .filter(|j| j.judgement.score >= low && (j.judgement.score < high || tenth == 9))
            .collect();
        let asked = within
            .iter()
            .filter(|j| j.line.label == Verdict::OptOut)
            .count();
        let _ = writeln!(
            text,
            "{low:.1}-{high:.1} {:>5} {:>6}%",
            within.len(),
            percent(asked, within.len())
        );
    }
    text
}

/// Recall and false opt-outs for other thresholds of the score.
pub fn thresholds(judged: &[Judged<'_>]) -> String {
    let mut text =
        String::from("opt-out from   recall   false (not_opt_out)   false (ambiguous)\n");
    for twentieth in 1..16_u32 {
        let from = f64::from(twentieth) / 20.0;
        let share = |label: Verdict| {
            let of_label = judged.iter().filter(|j| j.line.label == label);
            let above = of_label
                .clone()
                .filter(|j| j.judgement.score >= from)
                .count();
            percent(above, of_label.count())
        };
        let _ = writeln!(
            text,
            "{from:>12.2} {:>7}% {:>20}% {:>18}%",
            share(Verdict::OptOut),
            share(Verdict::NotOptOut),
            share(Verdict::Ambiguous)
        );
    }
    text
}

/// For other margins from which the linear weights decide alone: how many utterances that spares
/// the networks, and of how many it would change the reading, for the worse or for the better.
///
/// Each line is its margin, its reading with the networks and its label.
pub fn margins(lines: &[(f64, Verdict, Verdict)]) -> String {
    let mut text = String::from("sure from   spared   changed: worse  better\n");
    for half in 4..24_u32 {
        let from = f64::from(half) / 2.0;
        let sure = lines.iter().filter(|(margin, _, _)| margin.abs() >= from);
        let alone = |margin: f64| {
            if margin > 0.0 {
                Verdict::OptOut
            } else {
                Verdict::NotOptOut
            }
        };
        let changed = |better: bool| {
            let turned = sure
                .clone()
                .filter(|(margin, whole, _)| alone(*margin) != *whole);
            turned
                .filter(|(margin, _, label)| (alone(*margin) == *label) == better)
                .count()
        };
        let _ = writeln!(
            text,
            "{from:>9.1} {:>7}% {:>15} {:>7}",
            percent(sure.clone().count(), lines.len()),
            changed(false),
            changed(true)
        );
    }
    text
}

/// SHA-256 as hex.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
