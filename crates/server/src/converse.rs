//! What the callee of a call under way says, and what an opt-out in it does at once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use ringfence_core::call::{CancelWhy, Judged};
use ringfence_core::converse::opt_out::{self, Judgement, Verdict};
use ringfence_core::converse::{Hearing, Listener, STABLE_MS};
use ringfence_core::gate::{CallRequest, ReasonCode, decide};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::StoreError;
use ringfence_store::hold::HoldDraft;
use ringfence_store::suppression::{Heard, OptOutScope, Revocation};
use tokio::runtime::Handle;

use crate::app::scope_at;
use crate::calls::{Calls, Command, Progress, UnderWay};
use crate::config::SecondOpinionConfig;
use crate::desk::{DeskError, Words};
use crate::post::Client;
use crate::second_opinion::{SecondOpinion, SecondOpinionError};

/// What words mean: the one place where all words of callees are judged, spoken and written.
#[derive(Clone, Default)]
pub struct Judge {
    second: Option<Arc<SecondOpinion>>,
}

impl Judge {
    /// With the second opinion that is configured, if one is. Needs a Tokio runtime.
    ///
    /// # Errors
    /// When its address or its key file cannot be used.
    pub fn new(config: &SecondOpinionConfig, client: Client) -> Result<Self, SecondOpinionError> {
        let second = SecondOpinion::new(config, client, Handle::current())?;
        Ok(Self {
            second: second.map(Arc::new),
        })
    }

    /// The reading that counts. May block for the second opinion's deadline.
    pub fn judge(&self, text: &str, context: Option<&str>) -> Judgement {
        let first = opt_out::classify(text, context, None);
        match &self.second {
            Some(second) => second.settle(text, context, first),
            None => first,
        }
    }
}

/// How words were understood, for the record and for whoever reviews them.
pub fn heard(judged: &Judgement, context: Option<String>, audio: Option<String>) -> Heard {
    Heard {
        recogniser: "opt-out-model".to_owned(),
        score: judged.score,
        because: judged.because.clone(),
        context,
        audio,
    }
}

/// The last instant at which a person may decide about words said at `at`.
pub fn hold_until(at: Timestamp, days: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(days.saturating_mul(24)))
        .unwrap_or(Timestamp::MAX)
}

/// Words that count, with their meaning.
struct Understood {
    text: String,
    is_final: bool,
    verdict: Verdict,
    heard: Heard,
    /// Since when we have had them.
    since: Instant,
}

fn listener(progress: &Progress) -> MutexGuard<'_, Listener> {
    let listener = progress.listener.lock();
    listener.unwrap_or_else(PoisonError::into_inner)
}

impl Calls {
    /// Takes in the callee's words: an opt-out in them is durable when this returns, however far the call is.
    pub(crate) fn said_by_callee(
        self: &Arc<Self>,
        call: &Id,
        words: Words,
    ) -> Result<Option<bool>, DeskError> {
        let since = Instant::now();
        let (context, progress) = match self.book().get(call) {
            Some(call) => (call.agent_said.clone(), Some(Arc::clone(&call.progress))),
            None => (None, None),
        };
        let judged = match words.is_final {
            true => {
                // Whatever an interim was about to do, its final text is here now, and may take a while to judge.
                if let Some(progress) = &progress {
                    listener(progress).supersede();
                }
                self.judge.judge(&words.text, context.as_deref())
            }
            // Words that may still change are not worth a second opinion.
            false => opt_out::classify(&words.text, context.as_deref(), None),
        };
        let hearing = match &progress {
            Some(progress) => listener(progress).hear(&words.text, words.is_final, judged.verdict),
            None if words.is_final => Hearing::Act(judged.verdict),
            None => Hearing::Pass,
        };
        let understood = Understood {
            heard: heard(&judged, context, words.audio),
            text: words.text,
            is_final: words.is_final,
            verdict: judged.verdict,
            since,
        };
        match hearing {
            Hearing::Pass => {
                if progress.is_none() {
                    self.known(call)?;
                }
                Ok((judged.verdict == Verdict::NotOptOut).then_some(false))
            }
            Hearing::Act(verdict) => {
                self.act(call, understood)?;
                Ok(match verdict {
                    Verdict::OptOut => Some(true),
                    Verdict::NotOptOut => Some(false),
                    Verdict::Ambiguous => None,
                })
            }
            Hearing::Wait(turn) => {
                if let Some(progress) = progress {
                    self.act_if_it_stands(call, progress, turn, understood);
                }
                Ok(None)
            }
        }
    }

    /// A call on file. Words may come after the call has ended; a call that never was is unknown. A store that cannot
    /// answer is another matter: whoever brought the words must bring them again.
    fn known(&self, call: &Id) -> Result<ringfence_store::call::CallRecord, DeskError> {
        self.store.call(call).map_err(|error| match error {
            StoreError::NotFound(_) => DeskError::NotUnderWay,
            error => DeskError::Store(error),
        })
    }

    /// An interim that nothing changes counts after a while, whether or not a final text follows; also when the callee has
    /// said it and hung up.
    fn act_if_it_stands(
        self: &Arc<Self>,
        call: &Id,
        progress: Arc<Progress>,
        turn: u64,
        understood: Understood,
    ) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (this, call) = (Arc::clone(self), call.clone());
        runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(u64::from(STABLE_MS))).await;
            let stands = listener(&progress).stands(turn);
            if stands {
                let understood = Understood {
                    since: Instant::now(),
                    ..understood
                };
                let _ = tokio::task::spawn_blocking(move || {
                    if let Err(error) = this.act(&call, understood) {
                        tracing::error!(%call, %error, "an opt-out is not recorded yet");
                    }
                })
                .await;
            }
        });
    }

    /// Makes an opt-out or a hold durable, then lets the call hear of the words.
    fn act(&self, call: &Id, understood: Understood) -> Result<(), DeskError> {
        let kept = self.keep(call, &understood);
        let opted_out = understood.verdict == Verdict::OptOut;
        let under_way = {
            let book = self.book();
            book.get(call)
                .map(|c| (c.commands.clone(), Arc::clone(&c.progress)))
        };
        if let Some((commands, progress)) = under_way {
            if opted_out && kept.is_ok() {
                progress.opt_out_kept.store(true, Ordering::Release);
            }
            let unanswered = opted_out && !progress.answered.load(Ordering::Acquire);
            // What could not be kept is told, too: the call ends, and its driver goes on trying to keep it.
            let _ = commands.try_send(match unanswered && kept.is_ok() {
                true => Command::Cancel(CancelWhy::OptOutElsewhere),
                false => Command::Said {
                    text: understood.text,
                    is_final: understood.is_final,
                    judged: match understood.verdict {
                        Verdict::OptOut => Judged::OptOut,
                        Verdict::Ambiguous => Judged::Ambiguous,
                        Verdict::NotOptOut => Judged::NotOptOut,
                    },
                },
            });
        }
        kept
    }

    fn keep(&self, call: &Id, understood: &Understood) -> Result<(), DeskError> {
        let record = self.known(call)?;
        let heard = understood.heard.clone();
        match understood.verdict {
            Verdict::OptOut => {
                let (to, seller) = (record.to, &record.seller);
                let said = &understood.text;
                self.keep_opt_out(to, seller, "call-voice", said, call, Some(heard))?;
                self.opt_out_times.took(understood.since.elapsed());
            }
            Verdict::Ambiguous => {
                let now = self.clock.now();
                let scope = scope_at(&self.pack, self.settings.opt_out_scope, now);
                let seller = (scope == OptOutScope::Seller).then_some(record.seller);
                let draft = HoldDraft {
                    number: record.to,
                    seller: seller.clone(),
                    call: Some(call.clone()),
                    channel: "call-voice".to_owned(),
                    said: understood.text.clone(),
                    heard,
                    at: now,
                    due_at: hold_until(now, self.settings.hold_days),
                };
                self.store.hold(draft, now)?;
                self.barred(record.to, seller.as_deref(), Some(call), now);
            }
            Verdict::NotOptOut => {}
        }
        Ok(())
    }

    /// INVARIANT (opt-out-wins): durable when this returns; other calls to the number are told.
    pub(crate) fn keep_opt_out(
        &self,
        number: PhoneNumber,
        seller: &str,
        channel: &str,
        said: &str,
        call: &Id,
        heard: Option<Heard>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let scope = scope_at(&self.pack, self.settings.opt_out_scope, now);
        let revocation = Revocation {
            number,
            seller: Some(seller.to_owned()),
            channel: channel.to_owned(),
            said: Some(said.to_owned()),
            at: now,
            scope,
            call: Some(call.clone()),
            heard,
            by: None,
        };
        self.store.revoke(revocation, now)?;
        let bound = (scope == OptOutScope::Seller).then_some(seller);
        self.opted_out(number, bound, Some(call));
        Ok(())
    }

    /// Tells the calls to a number that it opted out, but for the one in which that was said.
    pub(crate) fn opted_out(
        &self,
        number: PhoneNumber,
        seller: Option<&str>,
        said_in: Option<&Id>,
    ) {
        self.tell(CancelWhy::OptOutElsewhere, |id, call| {
            Some(id) != said_in && is_to(call, number, seller)
        });
    }

    /// Asks the gate about each call to a number: what was recorded may have been lifted since, by a release or by a consent
    /// that is later, and a call that was placed after that stays.
    pub(crate) fn barred(
        &self,
        number: PhoneNumber,
        seller: Option<&str>,
        said_in: Option<&Id>,
        at: Timestamp,
    ) {
        let calls: Vec<(Id, CallRequest)> = {
            let book = self.book();
            let to_it = book
                .iter()
                .filter(|(id, call)| Some(*id) != said_in && is_to(call, number, seller));
            to_it
                .map(|(id, call)| (id.clone(), call.request.clone()))
                .collect()
        };
        for (id, request) in calls {
            if let Some(why) = self.why_barred(&request, at) {
                self.tell(why, |other, _| *other == id);
            }
        }
    }

    /// Why the gate would not place this call now, as far as the callee's own words go.
    fn why_barred(&self, request: &CallRequest, at: Timestamp) -> Option<CancelWhy> {
        // Another process's clock may be ahead of ours; what it recorded counts all the same.
        let now = self.clock.now().max(at);
        let Ok(facts) = self.store.facts(request, &self.settings.gate, now) else {
            // INVARIANT (unknown-denies): what cannot be asked is barred.
            return Some(CancelWhy::OptOutElsewhere);
        };
        let decision = decide(&self.pack, &facts, now);
        let has = |codes: &[ReasonCode]| decision.reasons.iter().any(|r| codes.contains(&r.code));
        if has(&[ReasonCode::DncInternal, ReasonCode::ConsentRevoked]) {
            return Some(CancelWhy::OptOutElsewhere);
        }
        has(&[ReasonCode::Held]).then_some(CancelWhy::Held)
    }
}

fn is_to(call: &UnderWay, number: PhoneNumber, seller: Option<&str>) -> bool {
    call.to == number && seller.is_none_or(|seller| seller == call.request.seller)
}
