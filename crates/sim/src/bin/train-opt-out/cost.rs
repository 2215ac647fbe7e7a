//! What one utterance costs, beside a set of twenty regular expressions.

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

/// Times the corpus is timed; the least of them is least disturbed.
const ROUNDS: usize = 3;

/// The median cost of one utterance of the corpus for both.
pub fn measure(judge: &Judge, lines: &[Line]) -> Result<String, regex::Error> {
    let set = RegexSet::new(PATTERNS)?;
    let model = median(lines, |line| {
        black_box(judge.classify(black_box(&line.text), line.context.as_deref()));
    });
    let baseline = median(lines, |line| {
        black_box(set.is_match(black_box(&line.text)));
    });
    Ok(format!(
        "cost per utterance, median over the corpus: {model} ns; a set of 20 regular expressions: {baseline} ns"
    ))
}

fn median(lines: &[Line], mut run: impl FnMut(&Line)) -> u128 {
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
    costs.get(costs.len() / 2).copied().unwrap_or(0)
}
