//! The configuration: one struct per section. Layers: the compiled-in `ringfence.toml` < a file < the environment <
//! flags. Unknown keys are fatal, and every error is listed at once ([`load`]).

mod layers;
mod schema;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use ringfence_core::gate::Policy;
use serde::Deserialize;

pub use layers::{Flags, load};

/// The defaults, as compiled in.
pub const DEFAULTS: &str = include_str!("../../../../ringfence.toml");

/// Everything that can be set.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// `[store]`
    pub store: StoreConfig,
    /// `[server]`
    pub server: ServerConfig,
    /// `[clock]`
    pub clock: ClockConfig,
    /// `[sip]`
    pub sip: SipConfig,
    /// `[[trunks]]`
    #[serde(default)]
    pub trunks: Vec<Trunk>,
    /// `[gate]`
    pub gate: GateConfig,
    /// `[converse]`
    pub converse: ConverseConfig,
    /// `[hooks]`
    pub hooks: HooksConfig,
    /// `[https]`
    pub https: HttpsConfig,
    /// `[[webhooks]]`
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    /// `[second_opinion]`
    pub second_opinion: SecondOpinionConfig,
    /// `[reassigned]`
    pub reassigned: ReassignedConfig,
    /// `[places]`
    pub places: PlacesConfig,
    /// `[dialer]`
    pub dialer: DialerConfig,
    /// `[tts]`
    pub tts: TtsConfig,
    /// `[log]`
    pub log: LogConfig,
}

/// Where everything is remembered.
#[derive(Debug, Clone, Deserialize)]
pub struct StoreConfig {
    /// `sqlite://PATH`
    pub url: String,
}

/// HTTP.
#[derive(Debug, Clone, Deserialize)]
pub struct ServerConfig {
    /// API and pages.
    pub listen: SocketAddr,
    /// Connections open at once.
    pub connections_max: usize,
    /// Seconds for a client to send its headers.
    pub header_seconds_max: u64,
    /// Seconds from a request's first byte to its answer.
    pub request_seconds_max: u64,
    /// The largest JSON body.
    pub body_bytes_max: usize,
    /// The largest prompt.
    pub prompt_bytes_max: usize,
    /// The largest file of leads.
    pub import_bytes_max: usize,
    /// The largest list of numbers.
    pub list_bytes_max: u64,
    /// Seconds that SIGTERM lets calls in progress finish.
    pub shutdown_seconds: u64,
}

/// Where numbers may be.
#[derive(Debug, Clone, Deserialize)]
pub struct PlacesConfig {
    /// A CSV file of further area codes; empty: none.
    pub area_codes_file: String,
}

/// The test clock.
#[derive(Debug, Clone, Deserialize)]
pub struct ClockConfig {
    /// RFC 3339; empty: real time.
    pub start: String,
}

impl ClockConfig {
    /// The test clock's start, if one is set. The text was checked when it was read.
    #[must_use]
    pub fn start_at(&self) -> Option<Timestamp> {
        self.start.parse().ok()
    }
}

/// Our side of SIP and RTP.
#[derive(Debug, Clone, Deserialize)]
pub struct SipConfig {
    /// For INVITEs of agents and platforms, and our source address towards carriers.
    pub listen: SocketAddr,
    /// First port for RTP.
    pub rtp_port_min: u16,
    /// Last port for RTP.
    pub rtp_port_max: u16,
}

/// A carrier.
#[derive(Clone, Deserialize)]
pub struct Trunk {
    /// The operator's name for it.
    pub id: String,
    /// `host[:port]`
    pub address: String,
    /// How SIP travels.
    #[serde(default)]
    pub transport: Transport,
    /// Digest user; empty: none.
    #[serde(default)]
    pub username: String,
    /// Digest password; a `password_file` has been read into it.
    #[serde(default)]
    pub password: String,
    /// Calls at once.
    #[serde(default = "default_max_concurrent")]
    pub max_concurrent: u32,
    /// New calls per second.
    #[serde(default = "default_calls_per_second")]
    pub calls_per_second: f64,
    /// How long a callee's phone rings (16 CFR 310.4(b)(4)(ii): at least 15 s or four rings).
    #[serde(default = "default_ring_seconds")]
    pub ring_seconds: u32,
    /// Send the caller ID as P-Asserted-Identity, too (RFC 3325).
    #[serde(default)]
    pub asserts_identity: bool,
    /// Take media from any address, not only from the one that the carrier named.
    #[serde(default)]
    pub media_from_anywhere: bool,
}

fn default_max_concurrent() -> u32 {
    20
}

fn default_calls_per_second() -> f64 {
    5.0
}

fn default_ring_seconds() -> u32 {
    30
}

impl std::fmt::Debug for Trunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trunk")
            .field("id", &self.id)
            .field("address", &self.address)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl Trunk {
    /// Whether calls on it stay on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = match self.address.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => self.address.as_str(),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    }
}

/// How SIP travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS.
    Tls,
}

/// The gate's switches.
#[derive(Debug, Clone, Deserialize)]
pub struct GateConfig {
    /// Seconds kept free before the closing of calling hours.
    pub closing_margin_seconds: u32,
    /// What one opt-out ends.
    pub opt_out_scope: OptOutScope,
    /// Deny a national hit whatever lifts it.
    pub national_hit_always_denies: bool,
    /// How long a permit may wait before it is used.
    pub permit_seconds: u32,
}

/// What one opt-out ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptOutScope {
    /// The calls of the seller that was called for.
    Seller,
    /// Every seller's calls from this installation.
    Tenant,
}

/// What follows from what callees say.
#[derive(Debug, Clone, Deserialize)]
pub struct ConverseConfig {
    /// Days that a person has to decide about a hold.
    pub hold_days: i64,
}

/// Roads that other systems bring words in by.
#[derive(Clone, Deserialize)]
pub struct HooksConfig {
    /// Checks X-Twilio-Signature; a `twilio_auth_token_file` has been read into it. Empty: none.
    pub twilio_auth_token: String,
    /// Checks telnyx-signature-ed25519, base64. Empty: none.
    pub telnyx_public_key: String,
    /// Checks X-Plivo-Signature-V3 and V2; a `plivo_auth_token_file` has been read into it. Empty: none.
    pub plivo_auth_token: String,
    /// How the world reaches this server.
    pub public_url: String,
}

impl std::fmt::Debug for HooksConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HooksConfig")
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}

/// https towards others.
#[derive(Debug, Clone, Deserialize)]
pub struct HttpsConfig {
    /// Certificates (PEM) that are trusted beside this machine's own; empty: none.
    pub ca_file: String,
}

/// A system that hears of events.
#[derive(Clone, Deserialize)]
pub struct Webhook {
    /// Where they are posted.
    pub url: String,
    /// Signs them; a `secret_file` has been read into it.
    #[serde(default)]
    pub secret: String,
    /// Which.
    #[serde(default = "opt_outs_only")]
    pub events: Vec<String>,
}

fn opt_outs_only() -> Vec<String> {
    vec!["converse.opt-out".to_owned()]
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// Whom to ask about words whose meaning is uncertain.
#[derive(Debug, Clone, Deserialize)]
pub struct SecondOpinionConfig {
    /// An OpenAI-compatible `/v1/chat/completions`. Empty: nobody.
    pub url: String,
    /// Its name for the model.
    pub model: String,
    /// A file with its key; empty: none is sent.
    pub api_key_file: String,
    /// How long an answer may take.
    pub deadline_ms: u64,
    /// The lowest score that is asked about.
    pub band_from: f64,
    /// The highest score that is asked about.
    pub band_to: f64,
}

/// The Reassigned Numbers Database.
#[derive(Debug, Clone, Deserialize)]
pub struct ReassignedConfig {
    /// Need a fresh `no` for every call.
    pub required: bool,
}

/// Campaigns.
#[derive(Debug, Clone, Deserialize)]
pub struct DialerConfig {
    /// Calls in progress at once, over all trunks.
    pub calls_max: u32,
    /// Milliseconds between two looks for leads that are due.
    pub tick_ms: u64,
    /// How often one lead is tried.
    pub attempts_max: u32,
    /// After busy.
    pub retry_busy_minutes: u32,
    /// After no answer.
    pub retry_no_answer_minutes: u32,
    /// After a machine.
    pub retry_machine_minutes: u32,
    /// After a carrier's error.
    pub retry_carrier_minutes: u32,
}

/// Speech from text.
#[derive(Debug, Clone, Deserialize)]
pub struct TtsConfig {
    /// Program and arguments; empty: none.
    pub command: Vec<String>,
}

/// Logs.
#[derive(Debug, Clone, Deserialize)]
pub struct LogConfig {
    /// A level or a filter.
    pub level: String,
    /// How a line looks.
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Config {
    /// The operator's switches as the gate reads them.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            closing_margin_seconds: self.gate.closing_margin_seconds,
            national_hit_always_denies: self.gate.national_hit_always_denies,
            reassigned_required: self.reassigned.required,
        }
    }

    /// The first trunk that leaves this machine, if any.
    #[must_use]
    pub fn outside_trunk(&self) -> Option<&Trunk> {
        self.trunks.iter().find(|t| !t.is_loopback())
    }

    /// The file of `[https] ca_file`, if one is named.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        let named = !self.https.ca_file.is_empty();
        named.then(|| Path::new(&self.https.ca_file))
    }

    /// The SQLite file behind `url`.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<PathBuf> {
        self.store.url.strip_prefix("sqlite://").map(PathBuf::from)
    }
}
