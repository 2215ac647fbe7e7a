//! `ringfence bench opt-out`: what a judgement costs, and how soon an opt-out binds everywhere.

mod calls;
mod words;

use clap::Args;
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, say, say_json};

/// What a judgement costs, and how soon an opt-out binds.
#[derive(Debug, Args)]
#[command(
    after_help = "Calls are real SIP and RTP to a simulated carrier on loopback.\n\nExample:\n  \
    ringfence bench opt-out --calls 100 --rounds 3"
)]
pub struct OptOut {
    /// Utterances to judge
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    utterances: u32,
    /// Calls at once
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
    calls: u32,
    /// Rounds of calls, by key and by word each; 0: only the judgement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=10))]
    rounds: u32,
}

impl OptOut {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let cost = words::measure(self.utterances).map_err(Failure::Environment)?;
        if !global.json {
            say(&format!(
                "{} utterances: model p50 {:.2} us, p99 {:.2} us; {} patterns p50 {:.2} us, p99 {:.2} us",
                cost.utterances,
                cost.model_p50_us,
                cost.model_p99_us,
                20,
                cost.patterns_p50_us,
                cost.patterns_p99_us
            ))?;
        }
        let times = match self.rounds {
            0 => None,
            rounds => {
                let runtime = tokio::runtime::Runtime::new()?;
                let (calls, rounds) = (self.calls as usize, rounds as usize);
                let times = runtime.block_on(calls::measure(calls, rounds));
                Some(times.map_err(Failure::Environment)?)
            }
        };
        let late = times.as_ref().map_or(0, |times| times.allowed_after);
        if global.json {
            say_json(&json!({"cost": cost, "times": times}))?;
        } else if let Some(t) = times {
            say(&format!(
                "{} calls at once, {} decisions and {} dialed calls meanwhile",
                t.calls_at_once, t.decisions_meanwhile, t.dialed_meanwhile
            ))?;
            say(&format!(
                "{} keys: bound after p50 {:.2} ms, p99 {:.2} ms; {} words: p50 {:.2} ms, p99 {:.2} ms; allowed after: {}",
                t.keys,
                t.key_p50_ms,
                t.key_p99_ms,
                t.words,
                t.word_p50_ms,
                t.word_p99_ms,
                t.allowed_after
            ))?;
        }
        match late {
            0 => Ok(Exit::Done),
            _ => Ok(Exit::CheckFailed),
        }
    }
}
