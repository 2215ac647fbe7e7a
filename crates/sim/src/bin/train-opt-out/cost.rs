//! What one utterance costs, beside a set of twenty regular expressions.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use regex::RegexSet;
use ringfence_core::converse::opt_out::training::Judge;

use crate::corpus::Line;

/// A baseline as a careful engineer would first write it.
const PATTERNS: [&str; 20] = [
    r"\bstop\b.*\bcall",
    r"\bquit\b.*\bcall",
    r"\bdo(n'?t| not)\b.*\bcall",
    r"\bnever\b.*\bcall",
    r"\bremove (me|my)\b",
    r"\btake (me|my|us)\b.*\b(off|out)\b",
    r"\bdelete (me|my)\b",
    r"\bunsubscribe\b",
    r"\bopt(ing)? out\b",
    r"\bno more calls\b",
    r"\bleave (me|us) alone\b",
    r"\blose (my|this) number\b",
    r"\bdo not call list\b",
    r"\brevoke\b.*\bconsent\b",
    r"\bcease\b",
    r"\bno (me|nos) llam",
    r"\bqu[ií]te(n)?me\b",
    r"\bb[oó]rre(n)?me\b",
    r"\bdeje(n)? de llamar",
    r"\bno vuelva(n)?\b",
];

/// Times each utterance is timed; the least of them is least disturbed.
const ROUNDS: usize = 3;

/// Words of an utterance of middle length.
const MIDDLING: std::ops::RangeInclusive<usize> = 8..=12;

/// What one utterance of these costs both, and one of middle length.
pub fn measure(judge: &Judge, lines: &[Line]) -> Result<String, regex::Error> {
    let set = RegexSet::new(PATTERNS)?;
    let middling = |line: &Line| MIDDLING.contains(&line.text.split_whitespace().count());
    let middling: Vec<Line> = lines.iter().filter(|l| middling(l)).cloned().collect();
    let mut text = String::new();
    for (which, lines) in [("all", lines), ("of 8 to 12 words", &middling)] {
        let model = costs(lines, |line| {
            black_box(judge.classify(black_box(&line.text), line.context.as_deref()));
        });
        let baseline = costs(lines, |line| {
            black_box(set.is_match(black_box(&line.text)));
        });
        let _ = writeln!(
            text,
            "cost per utterance, {which}: p50 {} ns, p99 {} ns; a set of 20 regular expressions: \
             p50 {} ns, p99 {} ns",
            at(&model, 50),
            at(&model, 99),
            at(&baseline, 50),
            at(&baseline, 99),
        );
    }
    Ok(text)
}

fn at(sorted: &[u128], percent: usize) -> u128 {
    let place = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(place).copied().unwrap_or(0)
}

fn costs(lines: &[Line], mut run: impl FnMut(&Line)) -> Vec<u128> {
    let mut costs: Vec<u128> = lines
        .iter()
        .map(|line| {
            (0..ROUNDS)
                .map(|_| {
                    let start = Instant::now();
                    run(line);
                    start.elapsed().as_nanos()
                })
                .min()
                .unwrap_or(0)
        })
        .collect();
    costs.sort_unstable();
    costs
}
