//! Bursts: decisions in a transaction that stays open for a moment and is not flushed, for their rows are durable in the file
//! [ahead](super::super::ahead) before they are answered.
//!
//! They are decided on a snapshot of its beginning, while the [keeper](super::keeper) puts their rows into it; nobody
//! else writes meanwhile, and what one decision of a burst could change for another ends the burst first.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::super::evidence::ChainTip;
use super::super::rows::Sink;
use super::super::work::Work;
use super::super::writer::{Answer, Asked, Lane, Message, Touches};
use super::{Desk, GROUP_MAX, lent, run};
use crate::{Result, StoreError};

/// A burst ends when no decision has come for this long, and at the latest after so much time: until then other processes
/// wait to write, and do not see its decisions.
pub(super) const BURST_IDLE: Duration = Duration::from_millis(5);
const BURST_MAX: Duration = Duration::from_millis(100);

/// While another process holds the file ahead, how long until it is tried again.
const HOLD_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Burst {
    tip: ChainTip,
    since: Instant,
    decisions: u32,
    /// What the permits of this burst change for others: its snapshot does not show it.
    touched: HashSet<u64>,
    /// A command was dropped after it may have taken something that the snapshot would give again.
    spent: bool,
}

impl Burst {
    /// Whether the snapshot shows everything that a decision with these touches rests on.
    fn shows(&self, touches: Touches) -> bool {
        !self.spent && touches.keys().all(|key| !self.touched.contains(&key))
    }
}

impl Desk {
    /// Whether a burst is open that a decision with these touches may join, or could be opened now.
    pub(super) fn may_run_ahead(&mut self, touches: Touches) -> bool {
        match &self.burst {
            Some(burst) if burst.shows(touches) => return true,
            Some(_) => self.settle_or_fall(),
            None => {}
        }
        let opened = self.open_burst();
        // The group that the command becomes instead says what is wrong.
        if !matches!(opened, Ok(true)) {
            self.roll_back();
        }
        matches!(opened, Ok(true))
    }

    /// Opens a burst, if this process may.
    fn open_burst(&mut self) -> Result<bool> {
        if !self.hold()? {
            return Ok(false);
        }
        self.set_flushing(false)?;
        let tip = self.begin()?;
        // Behind BEGIN, so that it shows what everybody acknowledged, and nobody adds to that.
        run(&self.snapshot, "BEGIN")?;
        self.snapshot
            .prepare_cached("PRAGMA user_version")?
            .query_row([], |_| Ok(()))?;
        self.open.store(true, Ordering::SeqCst);
        self.burst = Some(Burst {
            tip,
            since: Instant::now(),
            decisions: 0,
            touched: HashSet::new(),
            spent: false,
        });
        match self.conn.take() {
            Some(conn) => self.keeper.begin(conn)?,
            None => return Err(lent()),
        }
        Ok(true)
    }

    /// Whether this process holds the file ahead; whatever a dead one left in it is in the database then, durably.
    fn hold(&mut self) -> Result<bool> {
        if self.ahead.is_some() {
            return Ok(true);
        }
        if Instant::now() < self.hold_from {
            return Ok(false);
        }
        self.hold_from = Instant::now() + HOLD_AGAIN;
        let Some(ahead) = self.place.hold()? else {
            return Ok(false);
        };
        self.set_flushing(true)?;
        let tip = self.begin()?;
        run(self.conn()?, "COMMIT")?;
        self.known.keep_tip(tip);
        self.copier.flush()?;
        self.ahead = Some(ahead);
        Ok(true)
    }

    /// This decision and those that wait, in the burst, with one flush.
    pub(super) fn decide_all(&mut self, first: Asked, messages: &Receiver<Message>) {
        let mut answers = Vec::new();
        let mut decided = self.decide(first, &mut answers);
        let mut other = None;
        while decided.is_ok() && answers.len() < GROUP_MAX {
            match messages.try_recv() {
                Ok(Message::Ask(asked)) if self.may_join(asked.lane) => {
                    decided = self.decide(asked, &mut answers);
                }
                Ok(message) => {
                    other = Some(message);
                    break;
                }
                Err(_) => break,
            }
        }
        let flushed = decided.and_then(|()| match &mut self.ahead {
            Some(ahead) => ahead.flush(),
            None => Err(StoreError::Unavailable("nothing is held ahead".into())),
        });
        // INVARIANT (record-first): nobody is answered before the flush.
        for answer in answers {
            answer(flushed.clone());
        }
        if flushed.and_then(|()| self.keeper.go_on()).is_err() {
            self.fall();
        }
        if self
            .burst
            .as_ref()
            .is_some_and(|burst| burst.since.elapsed() >= BURST_MAX)
        {
            self.settle_or_fall();
        }
        if let Some(message) = other {
            self.take(message, messages);
        }
    }

    fn may_join(&self, lane: Lane) -> bool {
        match (lane, &self.burst) {
            (Lane::Ahead(touches), Some(burst)) => burst.shows(touches),
            _ => false,
        }
    }

    /// One decision.
    fn decide(&mut self, asked: Asked, answers: &mut Vec<Answer>) -> Result<()> {
        let (Some(burst), Some(ahead)) = (&mut self.burst, &mut self.ahead) else {
            let error = StoreError::Unavailable("no burst".into());
            answers.push((asked.command)(Err(error.clone())).1);
            return Err(error);
        };
        let begun = burst.tip.clone();
        self.rows.clear();
        let sink = Sink::Ahead(&mut self.rows);
        let mut work = Work::new(
            &self.snapshot,
            sink,
            &mut burst.tip,
            &mut self.known,
            asked.now,
        );
        let (keep, answer) = (asked.command)(Ok(&mut work));
        answers.push(answer);
        if !keep {
            burst.tip = begun;
            burst.spent = true;
            // It may have remembered what is dropped now.
            self.known.forget();
            return Ok(());
        }
        if let Lane::Ahead(touches) = asked.lane
            && self.rows.reserve()
        {
            burst.touched.extend(touches.keys());
        }
        burst.decisions = burst.decisions.saturating_add(1);
        self.keeper.push(&self.rows)?;
        ahead.push(&self.rows)
    }

    pub(super) fn settle_or_fall(&mut self) {
        if self.settle().is_err() {
            self.fall();
        }
    }

    /// Ends the burst, if there is one: after this everybody sees its decisions.
    fn settle(&mut self) -> Result<()> {
        if self.burst.is_none() {
            return Ok(());
        }
        self.take_back()?;
        let (Some(burst), Some(ahead), Some(conn)) = (&self.burst, &mut self.ahead, &self.conn)
        else {
            return Err(lent());
        };
        if burst.decisions > 0 {
            burst.tip.sign(conn, &self.signer)?;
        }
        run(conn, "COMMIT")?;
        if let Some(burst) = self.burst.take() {
            self.known.keep_tip(burst.tip);
        }
        self.open.store(false, Ordering::SeqCst);
        if ahead.is_full() {
            self.copier.flush()?;
            ahead.begin_anew();
        } else {
            self.copier.flush_soon();
        }
        Ok(())
    }

    /// Waits for the keeper, and ends the snapshot.
    fn take_back(&mut self) -> Result<()> {
        let shown = match self.snapshot.is_autocommit() {
            true => Ok(()),
            false => run(&self.snapshot, "COMMIT"),
        };
        if self.conn.is_some() {
            return shown;
        }
        let (conn, kept) = self.keeper.end()?;
        self.conn = Some(conn);
        kept.and(shown)
    }

    /// The burst cannot end well: the database goes back to before it, and is put right from the file ahead, now if that
    /// can be done, else before the next command. Until then every command fails.
    fn fall(&mut self) {
        self.burst = None;
        self.ahead = None;
        // What it says is what brought us here, or is rolled back with the rest.
        let _ = self.take_back();
        self.roll_back();
        self.hold_from = Instant::now() + HOLD_AGAIN;
        let caught_up = self
            .set_flushing(true)
            .and_then(|()| self.begin())
            .and_then(|_| run(self.conn()?, "COMMIT"));
        if caught_up.is_err() {
            self.roll_back();
        }
        self.known.forget();
        self.open.store(false, Ordering::SeqCst);
    }
}
