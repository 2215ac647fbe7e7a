//! Does what the callee said ask that calls end? Any words count: since April 2025 a caller may not
//! insist on a keyword (47 CFR 64.1200(a)(10)).
//!
//! A learned model weighs words, letters and meanings (`model.rs`) and their order (`net.rs`); a
//! small grammar (`grammar.txt`) holds what must never be missed and what must not trigger. All are
//! data of this build, nothing is read at run time, and all arithmetic is exact in a fixed order, so
//! that a judgement is the same on every machine.
//!
//! INVARIANT (opt-out-wins): in doubt the reading is the one that ends the call: a missed request
//! is a violation, a false one a lost conversation.

mod context;
mod features;
mod grammar;
mod lexicon;
mod model;
mod net;
mod net_input;
mod normalise;
mod number;
mod sense_views;
mod senses;
mod swift;
mod views;
mod vocabulary;

use serde::{Deserialize, Serialize};

use features::Feature;
use grammar::Finding;
use lexicon::{Token, lexicon};
use model::{Chances, Model, Speaks};

pub mod training;

/// What an utterance means for further calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Calls to this number, person or line shall end.
    OptOut,
    /// Anything else; the conversation goes on.
    NotOptOut,
    /// A bare refusal, hostility or a fragment: end politely, hold the number for a person.
    Ambiguous,
}

/// One reading of one utterance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What follows from it.
    pub verdict: Verdict,
    /// The chance, 0 to 1, that this is an opt-out. Nothing is fitted for it after training;
    /// `train-opt-out` prints how it holds on utterances that were not learned from.
    pub score: f64,
    /// The words that decided, as they were understood; empty where nothing was said.
    pub because: String,
}

/// From this chance on, an utterance is an opt-out: a miss is taken to be a third worse than a false
/// opt-out.
const OPT_OUT_FROM: f64 = 0.43;

/// The same where the grammar found words that turn a request into something else.
const GUARDED_FROM: f64 = 0.55;

/// From this chance on, an utterance that is not "not an opt-out" by far is held as ambiguous.
const AMBIGUOUS_FROM: f64 = 0.5;

/// Words judged at once; longer speech is judged in windows that overlap by half.
const WINDOW_TOKENS: usize = 40;

/// From this chance on, a window of longer speech is an opt-out: it is cut where no sentence ends,
/// and there are many of them. What falls short is held as ambiguous.
const WINDOW_OPT_OUT_FROM: f64 = 0.6;

/// At most this many words are quoted in [`Judgement::because`].
const BECAUSE_TOKENS_MAX: usize = 8;

/// A request found by the grammar counts from this chance on: below it the words around it (quoted,
/// supposed, to the dog) say plainly that it is none.
const GRAMMAR_FROM: f64 = 0.12;

/// What a request found by the grammar is worth at least.
const GRAMMAR_SCORE: f64 = 0.97;

/// Judges what the callee said.
///
/// `context` is the agent's last line, if known: it turns short answers. `lang` (a BCP 47 tag) is
/// taken as a hint only; English, Spanish and both mixed are always read.
/// Never panics; the cost grows with the length of `utterance`, which callers keep to one turn.
#[must_use]
pub fn classify(utterance: &str, context: Option<&str>, lang: Option<&str>) -> Judgement {
    // Recognisers mislabel the language of mixed speech, so the hint decides nothing.
    let _ = lang;
    judge(Model::built_in(), utterance, context)
}

fn judge(model: &Model, utterance: &str, context: Option<&str>) -> Judgement {
    let tokens = lexicon().tokens(&normalise::words(utterance));
    let asked = context::asked(context);
    if tokens.len() <= WINDOW_TOKENS {
        return judge_window(model, &tokens, &asked);
    }
    let mut best: Option<Judgement> = None;
    for from in (0..tokens.len()).step_by(WINDOW_TOKENS / 2) {
        let to = (from + WINDOW_TOKENS).min(tokens.len());
        let mut judged = judge_window(model, tokens.get(from..to).unwrap_or_default(), &asked);
        if judged.verdict == Verdict::OptOut && judged.score < WINDOW_OPT_OUT_FROM {
            judged.verdict = Verdict::Ambiguous;
        }
        if best.as_ref().is_none_or(|b| gravity(&judged) > gravity(b)) {
            best = Some(judged);
        }
        if to == tokens.len() {
            break;
        }
    }
    best.unwrap_or_else(|| judge_window(model, &tokens, &asked))
}

/// Which of two windows counts: the graver verdict, then the higher score.
fn gravity(judged: &Judgement) -> (u8, u64) {
    let verdict = match judged.verdict {
        Verdict::OptOut => 2,
        Verdict::Ambiguous => 1,
        Verdict::NotOptOut => 0,
    };
    // Scores are not negative, so their bits are ordered as they are.
    (verdict, judged.score.to_bits())
}

fn judge_window(model: &Model, tokens: &[Token], asked: &context::Asked) -> Judgement {
    if let Some(asks) = context::answer(asked, tokens) {
        return answered(asks, tokens);
    }
    let found = grammar::find(tokens);
    let request = matches!(found, Finding::Request { .. });
    let clues = grammar::clues(tokens);
    let seen = features::features(tokens, asked, request, clues);
    let speaks = model.speaks(&seen);
    let chances = model.chances(&seen, &speaks, || {
        net_input::heard(tokens, asked, found, clues)
    });
    if let Finding::Request { from, to } = found
        && clues.none()
        && (GRAMMAR_FROM..GRAMMAR_SCORE).contains(&chances.opt_out)
    {
        return Judgement {
            verdict: Verdict::OptOut,
            score: GRAMMAR_SCORE,
            because: said(tokens.get(from..to).unwrap_or_default()),
        };
    }
    let guarded = matches!(found, Finding::Guarded { .. });
    let verdict = if tokens.is_empty() {
        // Silence asks for nothing; what the model makes of no words is no evidence.
        Verdict::NotOptOut
    } else {
        verdict(chances, if guarded { GUARDED_FROM } else { OPT_OUT_FROM })
    };
    Judgement {
        verdict,
        score: chances.opt_out,
        because: because(tokens, &seen, &speaks, verdict),
    }
}

/// A short answer to a question about calling.
fn answered(asks: bool, tokens: &[Token]) -> Judgement {
    Judgement {
        verdict: if asks {
            Verdict::OptOut
        } else {
            Verdict::NotOptOut
        },
        score: if asks {
            GRAMMAR_SCORE
        } else {
            1.0 - GRAMMAR_SCORE
        },
        because: said(tokens),
    }
}

fn verdict(chances: Chances, opt_out_from: f64) -> Verdict {
    if chances.opt_out >= opt_out_from {
        Verdict::OptOut
    } else if opt_out_from > OPT_OUT_FROM {
        Verdict::NotOptOut
    } else if chances.ambiguous + chances.opt_out >= AMBIGUOUS_FROM {
        Verdict::Ambiguous
    } else {
        Verdict::NotOptOut
    }
}

fn said(tokens: &[Token]) -> String {
    let words: Vec<_> = tokens.iter().map(|t| t.text.replace('_', " ")).collect();
    words.join(" ")
}

/// The run of tokens that speaks loudest for the verdict.
fn because(tokens: &[Token], seen: &[Feature], speaks: &[Speaks], verdict: Verdict) -> String {
    let mut share = vec![0_i64; tokens.len()];
    for (feature, [opt_out, ambiguous]) in seen.iter().zip(speaks) {
        let speaks = i64::from(match verdict {
            Verdict::OptOut => *opt_out,
            Verdict::Ambiguous => *ambiguous,
            Verdict::NotOptOut => -opt_out.max(ambiguous),
        });
        let (from, to) = (usize::from(feature.from), usize::from(feature.to));
        // A feature that spans the utterance says nothing about where.
        if to.saturating_sub(from) < 4 {
            let count = i64::from(feature.to - feature.from) + 1;
            for token in share.iter_mut().skip(from).take(to + 1 - from) {
                *token += speaks / count;
            }
        }
    }
    let mut best = (i64::MIN, 0, 0);
    for from in 0..tokens.len() {
        let mut sum = 0;
        for (offset, token) in share.iter().skip(from).take(BECAUSE_TOKENS_MAX).enumerate() {
            sum += token;
            if sum > best.0 {
                best = (sum, from, from + offset + 1);
            }
        }
    }
    said(tokens.get(best.1..best.2).unwrap_or_default())
}

#[cfg(test)]
mod tests;
