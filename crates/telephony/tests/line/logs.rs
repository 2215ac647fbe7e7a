//! What the logs hold: never a whole number.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ringfence_telephony::{LOG_FILTER, TrunkConfig};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::driver::{self, Wish};

static LINES: Mutex<Vec<(String, Level, String)>> = Mutex::new(Vec::new());

struct Keeper;

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, "{field}={value:?} ");
    }
}

impl Subscriber for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO || metadata.target().starts_with("ringfence")
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let metadata = event.metadata();
        let line = (metadata.target().to_owned(), *metadata.level(), text.0);
        LINES
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_filter_keeps_numbers_out_of_the_logs() {
    tracing::subscriber::set_global_default(Keeper).unwrap();
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let trunk = TrunkConfig::new("carrier", &nobody.local_addr().unwrap().to_string());
    let line = driver::line(trunk, driver::ports()).await;
    let wish = Wish {
        cancel_after: Some(Duration::from_millis(300)),
        ring: Some(Duration::from_millis(300)),
        ..Wish::default()
    };
    let prompts = driver::short_prompts(500);
    // Nobody answers; what is logged in the first second is what matters.
    let call = driver::call(&line, "+12125550144", prompts, wish);
    let _ = tokio::time::timeout(Duration::from_secs(1), call).await;
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let leaks: Vec<_> = lines
        .iter()
        .filter(|(_, _, text)| text.contains("2125550144"))
        .collect();
    assert!(
        !leaks.is_empty(),
        "the SIP stack logs messages: the filter is needed"
    );
    assert_eq!(LOG_FILTER, "rsipstack=warn");
    for (target, level, text) in leaks {
        let filtered = target.starts_with("rsipstack") && *level > Level::WARN;
        assert!(filtered, "{target} {level}: {text}");
    }
}
