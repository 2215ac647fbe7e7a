//! From the socket to a handler and back: limits, access, idempotency, problems.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::access::{Seen, with_realm};
use super::act::{self, Prepared};
use super::idempotency::{self, Replayable};
use super::problem::ApiError;
use super::receive::each_part;
use super::request::{self, Answer, Caller, Payload, Request};
use super::route::{self, Body, Found, Route};
use super::spool::{self, Spooled};
use super::{PROBLEM, access, stream};
use crate::app::App;

/// How long a list may take, from its first byte to its answer: the registry is more than half a gigabyte.
const LIST_TIME_MAX: Duration = Duration::from_secs(3600);

/// What goes out.
type Out = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// Serves until `closing` says so; then finishes what is under way.
pub async fn serve(app: Arc<App>, listener: TcpListener, mut closing: watch::Receiver<bool>) {
    let slots = Arc::new(Semaphore::new(app.config.server.connections_max));
    let seen = Arc::new(Seen::default());
    let done = Arc::new(Semaphore::new(0));
    let mut open = 0u32;
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            () = closed(&mut closing) => break,
        };
        let socket = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closed(&mut closing) => break,
        };
        match socket {
            Ok((socket, _)) => {
                let (app, done, closing) = (Arc::clone(&app), Arc::clone(&done), closing.clone());
                let seen = Arc::clone(&seen);
                open = open.saturating_add(1);
                tokio::spawn(async move {
                    connection(app, seen, socket, closing).await;
                    drop(slot);
                    done.add_permits(1);
                });
            }
            Err(error) => {
                // Out of file descriptors, as a rule: wait for some to come back.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(Duration::from_secs(3), done.acquire_many(open)).await;
}

/// Waits until the process is to end.
pub async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that nobody can say so any more, which is the same.
    let _ = closing.wait_for(|c| *c).await;
}

async fn connection(
    app: Arc<App>,
    seen: Arc<Seen>,
    socket: TcpStream,
    mut closing: watch::Receiver<bool>,
) {
    let _ = socket.set_nodelay(true);
    let header_limit = Duration::from_secs(app.config.server.header_seconds_max);
    let stop = closing.clone();
    let service = service_fn(move |request| {
        let (app, seen, stop) = (Arc::clone(&app), Arc::clone(&seen), stop.clone());
        async move { Ok::<_, Infallible>(answer(app, seen, request, stop).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_limit)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = closed(&mut closing) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection broke off");
    }
}

async fn answer(
    app: Arc<App>,
    seen: Arc<Seen>,
    request: hyper::Request<Incoming>,
    closing: watch::Receiver<bool>,
) -> Out {
    let method = request.method().clone();
    let found = route::find(super::ROUTES, method.as_str(), request.uri().path());
    let (operation, limit) = match &found {
        Found::Route(route, _) if matches!(route.body, Body::List) => (route.id, LIST_TIME_MAX),
        found => (
            match found {
                Found::Route(route, _) => route.id,
                _ => "none",
            },
            Duration::from_secs(app.config.server.request_seconds_max),
        ),
    };
    let inner = handle(Arc::clone(&app), seen, request, found);
    let replayable = tokio::time::timeout(limit, inner)
        .await
        .unwrap_or_else(|_| {
            let detail = "the request took too long";
            Replayable::first(Err(ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "timeout",
                detail,
            )))
        });
    let out = match replayable.answer {
        Ok(answer) => success(&app, answer, closing),
        Err(error) => failure(&error),
    };
    let status = out.status().as_u16();
    tracing::debug!(%method, operation, status, "answered");
    let labels = format!("operation=\"{operation}\",status=\"{status}\"");
    app.metrics.count("ringfence_http_requests_total", labels);
    with_replayed(out, replayable.replayed)
}

async fn handle(
    app: Arc<App>,
    seen: Arc<Seen>,
    request: hyper::Request<Incoming>,
    found: Found,
) -> Replayable {
    let prepared = match prepare(&app, &seen, request, found).await {
        Ok(prepared) => prepared,
        Err(error) => return Replayable::first(Err(error)),
    };
    act::answered(app, seen, prepared).await
}

/// Everything before the handler, in an order that reads no body of a stranger.
async fn prepare(
    app: &Arc<App>,
    seen: &Arc<Seen>,
    request: hyper::Request<Incoming>,
    found: Found,
) -> Result<Prepared, ApiError> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let (caller, recheck) = who(app, seen, &found, &head.headers, path).await?;
    let (route, parts) = match found {
        Found::Route(route, parts) => (route, parts),
        Found::Method(allow) => {
            let detail = "the path does not know this method";
            return Err(ApiError {
                allow: Some(allow),
                ..ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
            });
        }
        Found::Nothing => return Err(ApiError::not_found("path")),
    };
    access::permit(route, &caller)?;
    let key = match route.method {
        "POST" => idempotency::key_of(&head.headers)?,
        _ => None,
    };
    let query = head.uri.query().unwrap_or_default();
    let idempotent = key.map(|key| (key, format!("{} {path}?{query}", route.method)));
    let target = head
        .uri
        .path_and_query()
        .map_or("/", |whole| whole.as_str());
    let (body, spooled) = match route.body {
        Body::List => (Bytes::new(), Some(spool(app, body).await?)),
        _ => (read_body(app, route, &head.headers, body).await?, None),
    };
    let request = Request {
        target: target.to_owned(),
        path: parts,
        query: route::query(query),
        body,
        spooled,
        headers: head.headers,
        caller,
        now: app.now(),
    };
    Ok(Prepared {
        route,
        idempotent,
        recheck,
        request,
    })
}

/// Who asks; with the key's hash when only its last look-up says so.
async fn who(
    app: &Arc<App>,
    seen: &Arc<Seen>,
    found: &Found,
    headers: &hyper::HeaderMap,
    path: &str,
) -> Result<(Caller, Option<[u8; 32]>), ApiError> {
    let public = matches!(found, Found::Route(route, _) if route.roles.is_none());
    if public || (path == "/" && app.open_page) {
        return Ok((access::anybody(), None));
    }
    let is_hook = matches!(found, Found::Route(route, _) if route.id == super::hooks::ROUTE);
    if is_hook && super::hooks::claims_signature(app, headers) {
        return Ok((access::signer(), None));
    }
    let basic = matches!(found, Found::Route(route, _) if route.is_page());
    let known = async {
        let hash = access::hash_of(headers, basic)?;
        // A list's body is kept on disk: nobody's is, whose key may have been taken back.
        let kept = matches!(found, Found::Route(route, _) if matches!(route.body, Body::List));
        if !kept && let Some(caller) = seen.caller(&hash) {
            return Ok((caller, Some(hash)));
        }
        let (app, seen) = (Arc::clone(app), Arc::clone(seen));
        let asked = tokio::task::spawn_blocking(move || seen.ask(&*app.store, &hash)).await;
        let caller = asked.map_err(|e| ApiError::internal(&e.to_string()))??;
        Ok((caller, None))
    };
    known.await.map_err(|error| with_realm(error, basic))
}

/// Keeps a list on disk, beside the database: there is room for its numbers there, too.
async fn spool(app: &App, body: Incoming) -> Result<Spooled, ApiError> {
    let database = app.config.sqlite_path().unwrap_or_default();
    let folder = database.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    let most = app.config.server.list_bytes_max;
    spool::keep(body, folder, most).await
}

/// Reads the body, up to its route's limit.
async fn read_body(
    app: &App,
    route: &Route,
    headers: &hyper::HeaderMap,
    body: Incoming,
) -> Result<Bytes, ApiError> {
    let server = &app.config.server;
    let most = match route.body {
        Body::None | Body::Json(_) | Body::Form(_) => server.body_bytes_max,
        Body::JsonOrFile(_) if !request::is_csv(headers) => server.body_bytes_max,
        Body::Wav => server.prompt_bytes_max,
        Body::File | Body::JsonOrFile(_) | Body::List => server.import_bytes_max,
    };
    let mut kept = BytesMut::new();
    each_part(body, most as u64, |data| {
        kept.extend_from_slice(data);
        Ok(())
    })
    .await?;
    Ok(kept.freeze())
}

fn success(app: &Arc<App>, answer: Answer, closing: watch::Receiver<bool>) -> Out {
    let elsewhere = match &answer.body {
        Payload::Elsewhere(path) => Some(path.clone()),
        _ => None,
    };
    let body = match answer.body {
        Payload::Whole(bytes) => Full::new(bytes).boxed_unsync(),
        Payload::Elsewhere(_) => Full::new(Bytes::new()).boxed_unsync(),
        Payload::Events { after, filter } => {
            stream::events(Arc::clone(app), after, filter, closing)
        }
    };
    let mut out = Response::new(body);
    *out.status_mut() = answer.status;
    let headers = out.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.media_type),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if answer.media_type.starts_with("text/html") {
        // No script at all, forms to ourselves, and no frame of somebody else's around them.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
            base-uri 'none'; frame-ancestors 'none'";
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
        headers.insert(
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        );
    }
    if let Some(path) = elsewhere {
        insert(headers, header::LOCATION, &path);
    }
    out
}

fn failure(error: &ApiError) -> Out {
    let mut out = Response::new(Full::new(Bytes::from(error.body().to_string())).boxed_unsync());
    *out.status_mut() = error.status;
    let headers = out.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if error.status == StatusCode::UNAUTHORIZED {
        let scheme = error
            .allow
            .as_deref()
            .unwrap_or("Bearer realm=\"ringfence\"");
        insert(headers, header::WWW_AUTHENTICATE, scheme);
    } else if let Some(allow) = &error.allow {
        insert(headers, header::ALLOW, allow);
    }
    if let Some(seconds) = error.retry_after_seconds {
        insert(headers, header::RETRY_AFTER, &seconds.to_string());
    }
    out
}

fn insert(headers: &mut hyper::HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn with_replayed(mut out: Out, replayed: bool) -> Out {
    if replayed {
        let name = HeaderName::from_static("idempotent-replayed");
        out.headers_mut()
            .insert(name, HeaderValue::from_static("true"));
    }
    out
}
