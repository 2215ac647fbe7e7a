//! What has to happen with time, and what another process did: holds that nobody decided, opt-outs and STOP that the
//! command line or another server took while calls are under way here.

use std::sync::Arc;
use std::time::Duration;

use ringfence_core::evidence::Event;
use ringfence_store::StoreError;
use ringfence_store::evidence::EventFilter;
use ringfence_store::operator::StopScope;

use crate::app::App;
use crate::calls::blocking;

/// How often the log is looked at for opt-outs of others.
const LOOK: Duration = Duration::from_millis(250);
/// How often holds are looked at, in looks at the log.
const HOLDS_EVERY: u32 = 40;
/// Holds decided in one transaction.
const HOLDS_MAX: u32 = 100;
/// Entries read at once.
const EVENTS_MAX: u32 = 500;

/// Events that bar a number, for good or until a person decides, and the STOP button.
const BARRING: &[&str] = &[
    "converse.opt-out",
    "suppression.added",
    "converse.held",
    STOPPED,
];
const STOPPED: &str = "gate.stopped";

/// Runs until it is aborted. Where it stopped does not matter: holds are due in the store, and a process that starts has no
/// calls under way to be told of anything.
pub async fn run(app: Arc<App>) {
    let mut seen = match head(&app) {
        Ok(seen) => seen,
        Err(error) => {
            tracing::error!(%error, "the event log cannot be read");
            0
        }
    };
    for turn in 0_u32.. {
        let (app, from) = (Arc::clone(&app), seen);
        let looked = blocking(move || {
            if turn % HOLDS_EVERY == 0 {
                expire_holds(&app)?;
            }
            tell_calls(&app, from)
        })
        .await;
        match looked {
            Ok(reached) => seen = reached,
            Err(error) => tracing::error!(%error, "holds and opt-outs of others wait"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn head(app: &App) -> Result<u64, StoreError> {
    Ok(app.store.head()?.map_or(0, |head| head.seq))
}

/// Undecided in time is decided: as an opt-out.
fn expire_holds(app: &App) -> Result<(), StoreError> {
    let now = app.now();
    let scope = app.opt_out_scope(now);
    for (hold, _) in app.store.expire_holds(scope, HOLDS_MAX, now)? {
        tracing::info!(hold = %hold.id, "nobody decided in time: an opt-out");
        let labels = "verdict=\"by-time\"".to_owned();
        app.metrics
            .count("ringfence_converse_reviews_total", labels);
    }
    Ok(())
}

/// Ends calls to numbers that opted out or were held since `from`. Those of this process have heard of it already, and may
/// hear it once more, but for the one in which it was said.
fn tell_calls(app: &App, from: u64) -> Result<u64, StoreError> {
    let reached = head(app)?;
    if reached == from {
        return Ok(from);
    }
    if app.desk.active() > 0 {
        for kind in BARRING {
            let filter = EventFilter {
                kind: Some((*kind).to_owned()),
                ..EventFilter::default()
            };
            let mut after = from;
            loop {
                let events = app.store.events(after, EVENTS_MAX, &filter)?;
                let Some(last) = events.last() else { break };
                after = last.seq;
                for event in events.iter().filter(|event| event.seq <= reached) {
                    tell(app, event);
                }
            }
        }
    }
    Ok(reached)
}

/// What is found in the log may be over by now: STOP released, a consent given anew, a call placed since.
fn tell(app: &App, event: &Event) {
    if event.kind == STOPPED {
        let scope = event.data.get("scope").cloned().unwrap_or_default();
        // What cannot be read is taken for everything: STOP errs on the side of silence.
        let scope = serde_json::from_value(scope).unwrap_or(StopScope::All);
        let stops = app.store.stops();
        if stops.map_or(true, |stops| stops.iter().any(|stop| stop.scope == scope)) {
            app.desk.stopped(&scope);
        }
        return;
    }
    let Some(number) = event.subject.number else {
        return;
    };
    // The gate knows how far it reaches.
    app.desk
        .barred(number, None, event.subject.call.as_ref(), event.at);
}
