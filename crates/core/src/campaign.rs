//! A campaign: many leads for one seller, with its limits and its retry schedule.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::gate::{Decision, ReasonCode, Verdict};
use crate::outcome::Outcome;

/// How many tries a lead gets, and how long after each outcome the next one may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySchedule {
    /// The most attempts for one lead, 1 to 20.
    pub attempts_max: u32,
    /// Minutes to wait after an outcome; an outcome that is not named ends the lead.
    pub after_minutes: BTreeMap<Outcome, u32>,
}

impl Default for RetrySchedule {
    fn default() -> Self {
        Self {
            attempts_max: 3,
            after_minutes: BTreeMap::from([
                (Outcome::Busy, 15),
                (Outcome::NoAnswer, 4 * 60),
                (Outcome::Unavailable, 4 * 60),
                (Outcome::CarrierError, 10),
                (Outcome::Failed, 10),
                (Outcome::Machine, 24 * 60),
                // Not a legal opt-out, but a person's "not now": never again the same day.
                (Outcome::Declined, 24 * 60),
                (Outcome::Cancelled, 60),
            ]),
        }
    }
}

/// What becomes of a lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again, not before this instant.
    Retry(Timestamp),
    /// No further attempt.
    Finish,
}

impl RetrySchedule {
    /// What follows from an attempt that ended so at `now`, the `attempts`-th for this lead.
    #[must_use]
    pub fn after_outcome(
        &self,
        outcome: Outcome,
        opt_out: bool,
        attempts: u32,
        now: Timestamp,
    ) -> Next {
        // INVARIANT (opt-out-wins): no outcome brings back a lead that opted out.
        if opt_out || attempts >= self.attempts_max {
            return Next::Finish;
        }
        self.after_minutes
            .get(&outcome)
            .and_then(|minutes| {
                now.checked_add(SignedDuration::from_mins(i64::from(*minutes)))
                    .ok()
            })
            .map_or(Next::Finish, Next::Retry)
    }

    /// What follows from a decision that did not allow the call.
    #[must_use]
    pub fn after_refusal(decision: &Decision, now: Timestamp) -> Next {
        match (decision.verdict, decision.next_allowed_at) {
            (Verdict::Defer, Some(at)) => Next::Retry(at),
            // The STOP button, an unreadable source and a hold pass; the lead waits for them.
            (Verdict::Deny, _) if decision.codes().all(is_passing) => now
                .checked_add(
                    match decision.codes().any(|code| code == ReasonCode::Held) {
                        // A person decides in days; a release lets the lead go on at once.
                        true => SignedDuration::from_hours(6),
                        false => SignedDuration::from_mins(5),
                    },
                )
                .map_or(Next::Finish, Next::Retry),
            _ => Next::Finish,
        }
    }
}

fn is_passing(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Stopped | ReasonCode::SourceStale | ReasonCode::Held
    )
}

/// A calls-per-second limit without bursts: each call takes the next place on an even grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Pacing {
    interval: SignedDuration,
    next_at: Option<Timestamp>,
}

impl Pacing {
    /// At most `calls_per_second`; anything not above 0 is taken as one call in 1,000 s.
    #[must_use]
    pub fn new(calls_per_second: f64) -> Self {
        let seconds = 1.0 / calls_per_second.max(0.001);
        let interval = SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX);
        Self {
            interval,
            next_at: None,
        }
    }

    /// Takes a place now.
    ///
    /// # Errors
    /// How long to wait when the next place is not due yet.
    pub fn take(&mut self, now: Timestamp) -> Result<(), SignedDuration> {
        if let Some(due) = self.next_at
            && now < due
        {
            return Err(due.duration_since(now));
        }
        self.next_at = now.checked_add(self.interval).ok();
        Ok(())
    }

    /// Gives the place taken last back: no call was begun.
    pub fn give_back(&mut self) {
        self.next_at = self
            .next_at
            .and_then(|at| at.checked_sub(self.interval).ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::constant(1_795_262_400, 0);

    #[test]
    fn each_outcome_has_its_own_wait() {
        let plan = RetrySchedule::default();
        let at = |outcome, opt_out, attempts| plan.after_outcome(outcome, opt_out, attempts, NOON);
        let minutes = |m| Next::Retry(NOON + SignedDuration::from_mins(m));
        assert_eq!(at(Outcome::Busy, false, 1), minutes(15));
        assert_eq!(at(Outcome::NoAnswer, false, 2), minutes(240));
        assert_eq!(
            at(Outcome::NoAnswer, false, 3),
            Next::Finish,
            "the attempts are used up"
        );
        assert_eq!(at(Outcome::Busy, true, 1), Next::Finish, "an opt-out wins");
        for last in [
            Outcome::Answered,
            Outcome::Unwanted,
            Outcome::BadNumber,
            Outcome::Abandoned,
        ] {
            assert_eq!(at(last, false, 1), Next::Finish, "{last:?}");
        }
    }

    #[test]
    fn pacing_keeps_its_grid() {
        let mut pacing = Pacing::new(5.0);
        assert_eq!(pacing.take(NOON), Ok(()));
        assert_eq!(pacing.take(NOON), Err(SignedDuration::from_millis(200)));
        let later = NOON + SignedDuration::from_millis(200);
        assert_eq!(pacing.take(later), Ok(()));
        assert_eq!(Pacing::new(0.0).take(NOON), Ok(()));
    }
}
