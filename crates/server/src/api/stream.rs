//! The event log as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use ringfence_core::evidence::Event;
use ringfence_store::evidence::EventFilter;
use tokio::sync::watch;

use crate::app::App;

/// How often the log is looked at.
const POLL: Duration = Duration::from_millis(250);

/// After so many looks without news a comment keeps the connection alive.
const QUIET_POLLS_MAX: u32 = 60;

/// Events read at once.
const BATCH: u32 = 200;

struct Reader {
    app: Arc<App>,
    after: u64,
    filter: EventFilter,
    waiting: VecDeque<Event>,
    quiet: u32,
    closing: watch::Receiver<bool>,
}

/// Events after `after`, until the client leaves or the process ends.
pub fn events(
    app: Arc<App>,
    after: u64,
    filter: EventFilter,
    closing: watch::Receiver<bool>,
) -> UnsyncBoxBody<Bytes, Infallible> {
    let reader = Reader {
        app,
        after,
        filter,
        waiting: VecDeque::new(),
        quiet: 0,
        closing,
    };
    let frames = stream::unfold(reader, |mut reader| async move {
        let bytes = reader.next().await?;
        Some((Ok::<_, Infallible>(Frame::data(bytes)), reader))
    });
    StreamBody::new(frames).boxed_unsync()
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                self.quiet = 0;
                self.after = event.seq;
                let data = serde_json::to_string(&event).ok()?;
                let text = format!("id: {}\nevent: {}\ndata: {data}\n\n", event.seq, event.kind);
                return Some(Bytes::from(text));
            }
            let (app, after, filter) = (Arc::clone(&self.app), self.after, self.filter.clone());
            let read = move || app.store.events(after, BATCH, &filter);
            let events = tokio::task::spawn_blocking(read).await.ok()?.ok()?;
            if !events.is_empty() {
                self.waiting.extend(events);
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = super::edge::closed(&mut self.closing) => return None,
            }
            self.quiet += 1;
            if self.quiet >= QUIET_POLLS_MAX {
                self.quiet = 0;
                return Some(Bytes::from_static(b": still here\n\n"));
            }
        }
    }
}
