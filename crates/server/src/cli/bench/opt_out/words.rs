//! What one utterance costs to judge, next to a set of twenty patterns.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use regex::RegexSet;
use ringfence_core::converse::opt_out::{Verdict, classify};
use serde::Serialize;

use crate::latency::percentile;

/// What a careful person would write without a model.
const PATTERNS: [&str; 20] = [
    r"\b(stop|quit) (calling|phoning|ringing|contacting|bothering)\b",
    r"\b(do not|don't|dont|never) (call|phone|ring|contact|text) (me|us|here|this number)\b",
    r"\bno more (calls|phone calls)\b",
    r"\b(take|remove|delete|get) (me|us|my number|this number) (off|from|out of)\b",
    r"\b(off|from) (your|the|that) (list|database|system)\b",
    r"\bunsubscribe\b",
    r"\bopt(ing)? ?(me )?out\b",
    r"\bput (me|us|this number) on (your|the) do not call\b",
    r"\bdo not call list\b",
    r"\blose (my|this|our) number\b",
    r"\bleave (me|us) alone\b",
    r"\bwrong number\b.*\b(stop|don't|remove)\b",
    r"\bi (revoke|withdraw) (my )?consent\b",
    r"\b(sue|lawyer|attorney|fcc|ftc)\b.*\bcall",
    r"\bnever want to hear from\b",
    r"\brather you didn't (call|ring)\b",
    r"\bno me (llame|llamen|llames|vuelvan? a llamar)\b",
    r"\bdejen? de llamar(me|nos)?\b",
    r"\b(quiten?me|bórren?me|saquen?me) de (la|su) lista\b",
    r"\bno (quiero|queremos) (más|mas) llamadas\b",
];

const UTTERANCES: &[&str] = &[
    "stop calling me",
    "yeah no um i'd rather you didn't ring me any more if that's all right",
    "take me off your lust please i told you people last week",
    "tuesday at five works for me",
    "who is this",
    "can you call me back after six i'm driving",
    "stop my current policy and start the new one on the first",
    "no me llamen más por favor",
    "sí claro dígame",
    "i'm not interested",
    "please leave a message after the tone",
    "remove the second driver from my list and tell me what that does to the premium",
    "this is his wife he passed away in march please do not call this number again",
    "my lawyer will hear about every one of these calls",
    "uh huh okay and how much does the panel thing cost a month roughly",
    "lose my number",
];

/// The figures.
#[derive(Debug, Serialize)]
pub struct Cost {
    pub utterances: u32,
    pub model_p50_us: f64,
    pub model_p99_us: f64,
    pub patterns_p50_us: f64,
    pub patterns_p99_us: f64,
    pub opt_outs_by_model: usize,
    pub opt_outs_by_patterns: usize,
}

/// Judges `count` utterances both ways.
pub fn measure(count: u32) -> Result<Cost> {
    let patterns = RegexSet::new(PATTERNS)?;
    let model = |text: &str| classify(text, None, None).verdict == Verdict::OptOut;
    let set = |text: &str| patterns.is_match(text);
    let (model_p50_us, model_p99_us) = timed(count, model);
    let (patterns_p50_us, patterns_p99_us) = timed(count, set);
    let found = |judge: &dyn Fn(&str) -> bool| UTTERANCES.iter().filter(|u| judge(u)).count();
    Ok(Cost {
        utterances: count,
        model_p50_us,
        model_p99_us,
        patterns_p50_us,
        patterns_p99_us,
        opt_outs_by_model: found(&model),
        opt_outs_by_patterns: found(&set),
    })
}

fn timed(count: u32, judge: impl Fn(&str) -> bool) -> (f64, f64) {
    let mut micros: Vec<f64> = UTTERANCES
        .iter()
        .cycle()
        .take(usize::try_from(count).unwrap_or(usize::MAX))
        .map(|text| {
            let begun = Instant::now();
            black_box(judge(black_box(text)));
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    micros.sort_by(f64::total_cmp);
    (percentile(&micros, 50), percentile(&micros, 99))
}
