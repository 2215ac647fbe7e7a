//! The calls under way. `place` is the one road to a call: room on the trunk, then reserve (gate, evidence and
//! attempt in one transaction), then redeem, then the line.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::call::{CancelWhy, Judged};
use ringfence_core::converse::Listener;
use ringfence_core::dial::Permit;
use ringfence_core::gate::{self, CallRequest, decide};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::rules::RulePack;
use ringfence_store::gate::{GateSettings, LinePlan, Reservation, Reserved};
use ringfence_store::suppression::OptOutScope;
use ringfence_store::{Store, StoreError};
use ringfence_telephony::{Dial, DialError, Slot};
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock::Clock;
use crate::converse::Judge;
use crate::desk::{CallOrder, DeskError, PlacedCall};
use crate::driver::{self, Drive};
use crate::latency::Latency;
use crate::prompts::Prompts;

/// How long an order waits for its trunk's next call to be due.
const PLACE_PATIENCE: Duration = Duration::from_secs(5);

/// How the calls are to be made.
#[derive(Debug, Clone)]
pub struct CallSettings {
    /// What the gate's facts hold of the configuration.
    pub gate: GateSettings,
    /// How long a permit lives.
    pub permit_ttl: Duration,
    /// How far an opt-out reaches, unless the law of its day says farther.
    pub opt_out_scope: OptOutScope,
    /// How long a hold waits for a person.
    pub hold_days: i64,
    /// Calls at once, over all trunks.
    pub calls_max: usize,
    /// The trunk for orders that name none: the only one there is.
    pub only_trunk: Option<String>,
}

/// What a call under way can be told.
#[derive(Debug)]
pub(crate) enum Command {
    /// Words of the callee.
    Said {
        text: String,
        is_final: bool,
        judged: Judged,
    },
    /// End it, or cancel it while it rings.
    Cancel(CancelWhy),
}

/// A call under way, from outside.
pub(crate) struct UnderWay {
    pub to: PhoneNumber,
    pub request: CallRequest,
    /// What the agent said last: an opt-out classifier reads "yes" by it.
    pub agent_said: Option<String>,
    pub progress: Arc<Progress>,
    pub commands: mpsc::Sender<Command>,
}

/// What a call and those who tell it things know of each other.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Somebody picked up.
    pub answered: AtomicBool,
    /// An opt-out of this call is durable already.
    pub opt_out_kept: AtomicBool,
    /// The number opted out or is held: a call that is not placed yet is not placed at all.
    pub withdrawn: AtomicBool,
    /// Which of the callee's words count yet; asked after the call's end, too.
    pub listener: Mutex<Listener>,
}

/// A call that has entered the book, with what its driver needs.
struct Entered {
    call: Id,
    inbox: mpsc::Receiver<Command>,
    progress: Arc<Progress>,
}

/// The calls under way and what they share.
pub struct Calls {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) pack: Arc<RulePack>,
    pub(crate) clock: Clock,
    pub(crate) line: Arc<dyn Dial>,
    pub(crate) prompts: Prompts,
    pub(crate) settings: CallSettings,
    pub(crate) judge: Judge,
    under_way: Mutex<BTreeMap<Id, UnderWay>>,
    /// From the key or the word until the opt-out was durable.
    pub(crate) opt_out_times: Latency,
    pub(crate) changed: Notify,
    pub(crate) closing: AtomicBool,
}

/// A call that was allowed and is being driven, or why there is none.
pub(crate) struct Placed {
    pub reserved: Reserved,
    /// How it ends, when it does.
    pub ended: Option<oneshot::Receiver<driver::Ended>>,
}

impl Calls {
    /// A desk over this line.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        pack: Arc<RulePack>,
        clock: Clock,
        line: Arc<dyn Dial>,
        prompts: Prompts,
        settings: CallSettings,
        judge: Judge,
    ) -> Self {
        Self {
            store,
            pack,
            clock,
            line,
            prompts,
            settings,
            judge,
            under_way: Mutex::default(),
            opt_out_times: Latency::default(),
            changed: Notify::new(),
            closing: AtomicBool::new(false),
        }
    }

    /// Takes a place on a trunk; waits for the trunk's next call to be due, at most for `patience`.
    pub(crate) async fn admit(&self, trunk: &str, patience: Duration) -> Result<Slot, DeskError> {
        let until = tokio::time::Instant::now() + patience;
        loop {
            if self.is_closing() {
                return Err(DeskError::Closing);
            }
            if self.active() >= self.settings.calls_max {
                return Err(no_capacity(Duration::from_secs(1)));
            }
            match self.line.slot(trunk) {
                Ok(slot) => return Ok(slot),
                Err(DialError::TooSoon { wait }) => {
                    if tokio::time::Instant::now() + wait > until {
                        return Err(no_capacity(wait));
                    }
                    tokio::time::sleep(wait).await;
                }
                Err(DialError::NoCapacity { retry_after }) => return Err(no_capacity(retry_after)),
                Err(DialError::UnknownTrunk { .. } | DialError::PermitExpired) => {
                    return Err(DeskError::TrunkUnknown);
                }
            }
        }
    }

    /// Reserves and, if the gate allows it, dials. The slot is given back when the call has ended.
    pub(crate) async fn place_in(
        self: &Arc<Self>,
        slot: Slot,
        request: CallRequest,
        agent: Value,
    ) -> Result<Placed, DeskError> {
        let reservation = Reservation {
            request: request.clone(),
            settings: self.settings.gate.clone(),
            permit_ttl: self.settings.permit_ttl,
            line: Some(LinePlan {
                trunk: slot.trunk().to_owned(),
                agent,
            }),
        };
        let this = Arc::clone(self);
        let now = self.clock.now();
        let (reserved, redeemed) =
            blocking(move || this.reserve_and_redeem(reservation, now)).await?;
        let Some((permit, entered)) = redeemed else {
            slot.unused();
            return Ok(Placed {
                reserved,
                ended: None,
            });
        };
        let ended = self.drive(entered, permit, request, slot);
        Ok(Placed {
            reserved,
            ended: Some(ended),
        })
    }

    fn reserve_and_redeem(
        &self,
        reservation: Reservation,
        now: Timestamp,
    ) -> Result<(Reserved, Option<(Permit, Entered)>), StoreError> {
        let pack = Arc::clone(&self.pack);
        let decide = Arc::new(move |facts: &_| decide(&pack, facts, now));
        let request = reservation.request.clone();
        let to = PhoneNumber::parse(&request.to);
        // INVARIANT (record-first): decision and attempt are durable when this returns.
        let reserved = self.store.reserve(reservation, decide, now)?;
        let (Some(ticket), Some(call), Ok(to)) = (&reserved.permit, &reserved.call, to) else {
            return Ok((reserved, None));
        };
        // INVARIANT (opt-out-wins): the call is in the book before its permit is redeemed. An opt-out that is durable
        // before the redemption voids the permit; one that is durable after it finds the call and tells it.
        let entered = self.enter(call, to, request);
        // INVARIANT (no-permit-no-dial): what the line gets is the redeemed permit, used up on the way.
        match self.store.redeem(&ticket.token, self.clock.now()) {
            Ok(permit) => Ok((reserved, Some((permit, entered)))),
            Err(error) => {
                self.book().remove(call);
                match error {
                    // An opt-out or STOP came between: it wins.
                    StoreError::Conflict(_) => Ok((reserved, None)),
                    error => Err(error),
                }
            }
        }
    }

    /// Enters a call in the book, where opt-outs and STOP look for those to be told.
    fn enter(&self, call: &Id, to: PhoneNumber, request: CallRequest) -> Entered {
        // A call takes few commands; one that does not read them is ending anyway.
        let (commands, inbox) = mpsc::channel(32);
        let progress = Arc::new(Progress::default());
        let under_way = UnderWay {
            to,
            request,
            agent_said: None,
            progress: Arc::clone(&progress),
            commands,
        };
        self.book().insert(call.clone(), under_way);
        Entered {
            call: call.clone(),
            inbox,
            progress,
        }
    }

    fn drive(
        self: &Arc<Self>,
        entered: Entered,
        permit: Permit,
        request: CallRequest,
        slot: Slot,
    ) -> oneshot::Receiver<driver::Ended> {
        let (tell, ended) = oneshot::channel();
        let Entered {
            call,
            inbox,
            progress,
        } = entered;
        let drive = Drive {
            calls: Arc::clone(self),
            call: call.clone(),
            request,
            inbox,
            progress,
        };
        let calls = Arc::clone(self);
        tokio::spawn(async move {
            let result = drive.run(permit, slot).await;
            calls.book().remove(&call);
            calls.changed.notify_waiters();
            let _ = tell.send(result);
        });
        ended
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, BTreeMap<Id, UnderWay>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Tells every call that `which` picks.
    pub(crate) fn tell(&self, why: CancelWhy, which: impl Fn(&Id, &UnderWay) -> bool) {
        for (_, call) in self.book().iter().filter(|(id, call)| which(id, call)) {
            // A call that is not placed yet is not placed.
            if matches!(why, CancelWhy::OptOutElsewhere | CancelWhy::Held) {
                call.progress.withdrawn.store(true, Ordering::Release);
            }
            // A full inbox means that the call has much to do with its own end.
            let _ = call.commands.try_send(Command::Cancel(why));
        }
    }

    pub(crate) async fn place_now(
        self: Arc<Self>,
        order: CallOrder,
    ) -> Result<PlacedCall, DeskError> {
        let kind = order
            .agent
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if kind != "announcement" {
            let what = format!("agents of the kind `{kind}` are not connected in this version");
            return Err(DeskError::AgentUnavailable(what));
        }
        let only = || self.settings.only_trunk.clone();
        let trunk = order.trunk.or_else(only).ok_or(DeskError::TrunkUnknown)?;
        if !self.line.has_trunk(&trunk) {
            return Err(DeskError::TrunkUnknown);
        }
        // A call that the gate refuses needs no room on the trunk, and is told so however full that is.
        if let Some(refused) = self.refused(&order.request).await? {
            return Ok(refused);
        }
        let slot = self.admit(&trunk, PLACE_PATIENCE).await?;
        let placed = self.place_in(slot, order.request, order.agent).await?;
        let under_way = placed.ended.is_some();
        Ok(PlacedCall {
            call: placed.reserved.call.filter(|_| under_way),
            decision_id: placed.reserved.decision_id,
            decision: placed.reserved.decision,
        })
    }

    /// The recorded refusal of a call that the gate does not allow; none when it does.
    async fn refused(
        self: &Arc<Self>,
        request: &CallRequest,
    ) -> Result<Option<PlacedCall>, DeskError> {
        let (this, request, now) = (Arc::clone(self), request.clone(), self.clock.now());
        blocking(move || {
            let facts = this.store.facts(&request, &this.settings.gate, now)?;
            if decide(&this.pack, &facts, now).verdict == gate::Verdict::Allow {
                return Ok(None);
            }
            let reservation = Reservation {
                request,
                settings: this.settings.gate.clone(),
                permit_ttl: this.settings.permit_ttl,
                line: None,
            };
            let pack = Arc::clone(&this.pack);
            let decision = Arc::new(move |facts: &_| decide(&pack, facts, now));
            let reserved = this.store.reserve(reservation, decision, now)?;
            if let Some(ticket) = &reserved.permit {
                // It became allowed in between; it takes the ordinary road.
                this.store
                    .void(&ticket.attempt, "asked again with a line", now)?;
                return Ok(None);
            }
            Ok::<_, StoreError>(Some(PlacedCall {
                call: None,
                decision_id: reserved.decision_id,
                decision: reserved.decision,
            }))
        })
        .await
    }
}

fn no_capacity(wait: Duration) -> DeskError {
    let whole = u32::try_from(wait.as_secs()).unwrap_or(1).max(1);
    DeskError::NoCapacity {
        retry_after_seconds: whole,
    }
}

impl Calls {
    /// Calls under way.
    #[must_use]
    pub fn active(&self) -> usize {
        self.book().len()
    }

    /// The call under way to a number, if there is one.
    #[must_use]
    pub fn call_to(&self, number: PhoneNumber) -> Option<Id> {
        self.book()
            .iter()
            .find(|(_, call)| call.to == number)
            .map(|(id, _)| id.clone())
    }
}

/// Runs what blocks on a thread that may block.
pub(crate) async fn blocking<T, E>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, DeskError>
where
    T: Send + 'static,
    E: Send + 'static,
    DeskError: From<E>,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(DeskError::from),
        Err(_) => Err(DeskError::Closing),
    }
}
