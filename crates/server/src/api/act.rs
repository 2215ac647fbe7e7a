//! From a request that is ready to its answer: on a thread that may block or, for what only waits for the store's
//! decision, on none.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::access::{self, Seen, with_realm};
use super::idempotency::{self, Replayable};
use super::problem::ApiError;
use super::request::{Answer, Request};
use super::route::{Reserving, Route};
use crate::app::App;

/// What is ready for its handler.
pub struct Prepared {
    pub route: &'static Route,
    /// `Idempotency-Key`, and what it stands for.
    pub idempotent: Option<(String, String)>,
    /// The key's hash, if it was not asked of the store yet.
    pub recheck: Option<[u8; 32]>,
    pub request: Request,
}

/// Does it.
pub async fn answered(app: Arc<App>, seen: Arc<Seen>, mut prepared: Prepared) -> Replayable {
    if let (Some(reserving), None) = (&prepared.route.reserving, &prepared.idempotent) {
        let soon = reserved(&app, &seen, reserving, &mut prepared);
        if let Some(answer) = soon.await.transpose() {
            return Replayable::first(answer);
        }
    }
    tokio::task::spawn_blocking(move || act(&app, &seen, prepared))
        .await
        .unwrap_or_else(|e| Replayable::first(Err(ApiError::internal(&e.to_string()))))
}

/// The answer of an operation that is a reservation: nobody's thread waits for the disk. None: it is none, and needs a
/// thread. What is read here beforehand, the caller's key, is a page that SQLite has in memory.
async fn reserved(
    app: &Arc<App>,
    seen: &Seen,
    reserving: &Reserving,
    prepared: &mut Prepared,
) -> Result<Option<Answer>, ApiError> {
    recheck(app, seen, prepared)?;
    let Some(reservation) = (reserving.before)(app, &prepared.request)? else {
        return Ok(None);
    };
    let now = prepared.request.now;
    let (tell, told) = oneshot::channel();
    let then = Box::new(move |reserved| {
        // Who has gone away needs no answer; the record stands.
        let _ = tell.send(reserved);
    });
    app.store
        .reserve_then(reservation, app.gate_at(now), now, then);
    let reserved = told
        .await
        .map_err(|_| ApiError::internal("the store let a reservation go"))??;
    (reserving.after)(app, &reserved).map(Some)
}

/// On a thread that may block: the caller once more, and the operation.
fn act(app: &App, seen: &Seen, mut prepared: Prepared) -> Replayable {
    if let Err(error) = recheck(app, seen, &mut prepared) {
        return Replayable::first(Err(error));
    }
    let Prepared {
        route,
        idempotent,
        request,
        ..
    } = prepared;
    match idempotent {
        Some((key, path)) => {
            let caller = request.caller.id.clone();
            let body = match &request.spooled {
                Some(spooled) => &spooled.sha256[..],
                None => &request.body,
            };
            let known = idempotency::request_of(key, caller, &path, body);
            idempotency::once(app, &known, || (route.handler)(app, request))
        }
        None => Replayable::first((route.handler)(app, request)),
    }
}

/// Asks the store for the caller's key, unless it was asked within this request.
fn recheck(app: &App, seen: &Seen, prepared: &mut Prepared) -> Result<(), ApiError> {
    let Some(hash) = prepared.recheck.take() else {
        return Ok(());
    };
    let caller = seen.ask(&*app.store, &hash);
    let caller = caller.map_err(|error| with_realm(error, prepared.route.is_page()))?;
    access::permit(prepared.route, &caller)?;
    prepared.request.caller = caller;
    Ok(())
}
