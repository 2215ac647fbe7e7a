//! What is counted, as Prometheus text.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;

/// Counters by name and labels. Names carry the stage first.
#[derive(Debug, Default)]
pub struct Metrics {
    counters: Mutex<BTreeMap<(&'static str, Cow<'static, str>), u64>>,
}

/// Every counter with what it counts.
const COUNTERS: &[(&str, &str)] = &[
    (
        "ringfence_http_requests_total",
        "Requests answered, by operation and status.",
    ),
    (
        "ringfence_gate_decisions_total",
        "Decisions over HTTP, by verdict and whether they were dry runs.",
    ),
    (
        "ringfence_gate_scrubbed_total",
        "Numbers scrubbed over HTTP, by verdict.",
    ),
    (
        "ringfence_consent_recorded_total",
        "Consents recorded over HTTP.",
    ),
    (
        "ringfence_converse_opt_outs_total",
        "Opt-outs taken over HTTP, by kind.",
    ),
    (
        "ringfence_converse_hooks_total",
        "Words brought by other roads, by source and what they were taken for.",
    ),
    (
        "ringfence_converse_strangers_total",
        "Opt-outs for sellers that are not on file, by whether a seller of a like name is held.",
    ),
    ("ringfence_converse_reviews_total", "Holds decided, by how."),
    (
        "ringfence_webhook_posts_total",
        "Events told to other systems, by how it went.",
    ),
];

impl Metrics {
    /// One more of `name`, which stands in the table above; `labels` as `a="b",c="d"`, of few values.
    pub fn count(&self, name: &'static str, labels: String) {
        self.add(name, labels, 1);
    }

    /// The same with labels that are known beforehand.
    pub fn count_of(&self, name: &'static str, labels: &'static str) {
        self.more(name, Cow::Borrowed(labels), 1);
    }

    /// So many more of `name`.
    pub fn add(&self, name: &'static str, labels: String, more: u64) {
        self.more(name, Cow::Owned(labels), more);
    }

    fn more(&self, name: &'static str, labels: Cow<'static, str>, more: u64) {
        let mut counters = self
            .counters
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *counters.entry((name, labels)).or_default() += more;
    }

    /// The text, with gauges that are read just now.
    pub fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        let counters = self
            .counters
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for (name, help) in COUNTERS {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter");
            for ((_, labels), value) in counters.iter().filter(|((n, _), _)| n == name) {
                let _ = writeln!(text, "{name}{{{labels}}} {value}");
            }
        }
        for (name, help, value) in gauges {
            let _ = writeln!(
                text,
                "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}"
            );
        }
        text
    }
}
