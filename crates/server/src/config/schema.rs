//! Which settings there are, and what each may hold. The defaults file and this table are held together by a test.

/// What a setting may hold.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// A text that names something: not empty.
    Name,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// `IP:port`.
    Address,
    /// RFC 3339, or empty.
    Instant,
    /// `sqlite://PATH`.
    StoreUrl,
    /// A whole number in this range, both ends included.
    Whole(i64, i64),
    /// A number in this range, both ends included.
    Number(f64, f64),
    /// `true` or `false`.
    Flag,
    /// A list of texts.
    Words,
}

/// Every setting outside `[[trunks]]`: section, key, what it may hold.
pub const SETTINGS: &[(&str, &str, Kind)] = &[
    ("store", "url", Kind::StoreUrl),
    ("server", "listen", Kind::Address),
    ("server", "connections_max", Kind::Whole(1, 100_000)),
    ("server", "header_seconds_max", Kind::Whole(1, 120)),
    ("server", "request_seconds_max", Kind::Whole(1, 600)),
    ("server", "body_bytes_max", Kind::Whole(1024, 67_108_864)),
    ("server", "prompt_bytes_max", Kind::Whole(1024, 67_108_864)),
    (
        "server",
        "import_bytes_max",
        Kind::Whole(1024, 1_073_741_824),
    ),
    (
        "server",
        "list_bytes_max",
        Kind::Whole(1024, 17_179_869_184),
    ),
    ("server", "shutdown_seconds", Kind::Whole(0, 3600)),
    ("clock", "start", Kind::Instant),
    ("sip", "listen", Kind::Address),
    ("sip", "rtp_port_min", Kind::Whole(1024, 65_535)),
    ("sip", "rtp_port_max", Kind::Whole(1024, 65_535)),
    ("gate", "closing_margin_seconds", Kind::Whole(0, 3600)),
    ("gate", "opt_out_scope", Kind::Choice(&["seller", "tenant"])),
    ("gate", "national_hit_always_denies", Kind::Flag),
    ("gate", "permit_seconds", Kind::Whole(1, 300)),
    ("converse", "hold_days", Kind::Whole(1, 365)),
    ("hooks", "twilio_auth_token", Kind::Text),
    ("hooks", "twilio_auth_token_file", Kind::Text),
    ("hooks", "telnyx_public_key", Kind::Text),
    ("hooks", "plivo_auth_token", Kind::Text),
    ("hooks", "plivo_auth_token_file", Kind::Text),
    ("hooks", "public_url", Kind::Text),
    ("https", "ca_file", Kind::Text),
    ("second_opinion", "url", Kind::Text),
    ("second_opinion", "model", Kind::Text),
    ("second_opinion", "api_key_file", Kind::Text),
    ("second_opinion", "deadline_ms", Kind::Whole(10, 10_000)),
    ("second_opinion", "band_from", Kind::Number(0.0, 1.0)),
    ("second_opinion", "band_to", Kind::Number(0.0, 1.0)),
    ("reassigned", "required", Kind::Flag),
    ("places", "area_codes_file", Kind::Text),
    ("dialer", "calls_max", Kind::Whole(1, 10_000)),
    ("dialer", "tick_ms", Kind::Whole(10, 60_000)),
    ("dialer", "attempts_max", Kind::Whole(1, 20)),
    ("dialer", "retry_busy_minutes", Kind::Whole(1, 43_200)),
    ("dialer", "retry_no_answer_minutes", Kind::Whole(1, 43_200)),
    ("dialer", "retry_machine_minutes", Kind::Whole(1, 43_200)),
    ("dialer", "retry_carrier_minutes", Kind::Whole(1, 43_200)),
    ("tts", "command", Kind::Words),
    ("log", "level", Kind::Name),
    ("log", "format", Kind::Choice(&["text", "json"])),
];

/// Every key of one `[[trunks]]` table.
pub const TRUNK: &[(&str, Kind)] = &[
    ("id", Kind::Name),
    ("address", Kind::Name),
    ("transport", Kind::Choice(&["udp", "tcp", "tls"])),
    ("username", Kind::Text),
    ("password", Kind::Text),
    ("password_file", Kind::Text),
    ("max_concurrent", Kind::Whole(1, 10_000)),
    ("calls_per_second", Kind::Number(0.01, 200.0)),
    // 16 CFR 310.4(b)(4)(ii): let it ring at least 15 seconds or four rings.
    ("ring_seconds", Kind::Whole(15, 120)),
    ("asserts_identity", Kind::Flag),
    ("media_from_anywhere", Kind::Flag),
];

/// Every key of one `[[webhooks]]` table.
pub const WEBHOOK: &[(&str, Kind)] = &[
    ("url", Kind::Name),
    ("secret", Kind::Text),
    ("secret_file", Kind::Text),
    ("events", Kind::Words),
];

/// What a setting outside the tables above may hold.
pub fn kind_of(section: &str, key: &str) -> Option<Kind> {
    SETTINGS
        .iter()
        .find(|(s, k, _)| *s == section && *k == key)
        .map(|(_, _, kind)| *kind)
}

impl Kind {
    /// Why `value` cannot stand here, if it cannot.
    pub fn complaint(self, value: &toml::Value) -> Option<String> {
        use toml::Value;
        let ok = match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Flag, Value::Boolean(_)) => true,
            (Self::Name, Value::String(s)) => !s.trim().is_empty(),
            (Self::Choice(words), Value::String(s)) => words.contains(&s.as_str()),
            (Self::Address, Value::String(s)) => s.parse::<std::net::SocketAddr>().is_ok(),
            (Self::Instant, Value::String(s)) => {
                s.is_empty() || s.parse::<jiff::Timestamp>().is_ok()
            }
            (Self::StoreUrl, Value::String(s)) => {
                s.strip_prefix("sqlite://").is_some_and(|p| !p.is_empty())
            }
            (Self::Whole(low, high), Value::Integer(n)) => (low..=high).contains(n),
            (Self::Number(low, high), Value::Float(n)) => (low..=high).contains(n),
            #[expect(
                clippy::cast_precision_loss,
                reason = "only compared with small bounds"
            )]
            (Self::Number(low, high), Value::Integer(n)) => (low..=high).contains(&(*n as f64)),
            (Self::Words, Value::Array(items)) => items.iter().all(Value::is_str),
            _ => false,
        };
        (!ok).then(|| format!("must be {}", self.wanted()))
    }

    /// A text from the environment as a value of this kind; what does not fit stays a text and is complained about.
    pub fn read(self, text: &str) -> toml::Value {
        let plain = || toml::Value::String(text.to_owned());
        match self {
            Self::Whole(..) => text.parse().map_or_else(|_| plain(), toml::Value::Integer),
            Self::Number(..) => text.parse().map_or_else(|_| plain(), toml::Value::Float),
            Self::Flag => text.parse().map_or_else(|_| plain(), toml::Value::Boolean),
            Self::Words => toml::Value::Array(
                text.split_whitespace()
                    .map(|w| toml::Value::String(w.to_owned()))
                    .collect(),
            ),
            _ => plain(),
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Name => "a text that is not empty".into(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Address => "an address such as 127.0.0.1:8080".into(),
            Self::Instant => "an instant such as 2026-06-16T15:00:00Z, or empty".into(),
            Self::StoreUrl => "sqlite://PATH".into(),
            Self::Whole(low, high) => format!("a whole number from {low} to {high}"),
            Self::Number(low, high) => format!("a number from {low} to {high}"),
            Self::Flag => "true or false".into(),
            Self::Words => "a list of texts".into(),
        }
    }
}
