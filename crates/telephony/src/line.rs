//! The line: everything that reaches a carrier goes through [`Dial::dial`].

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringfence_core::call::PromptKind;
use ringfence_core::dial::Permit;
use tokio::sync::mpsc;

use crate::Clock;
use crate::leg::{COMMANDS_MAX, EVENTS_MAX, Leg};
use crate::media::Prompt;
use crate::media::pacer::Pacer;
use crate::media::ports::PortRange;
use crate::sip::callee::{CalleeCall, Placement};
use crate::sip::{Stack, TrunkHealth};
use crate::trunk::{Slot, TrunkConfig, Trunks};

/// How long a trunk may take to answer an OPTIONS.
const PROBE_WAIT: Duration = Duration::from_secs(4);

/// Why there is no line.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// A trunk that cannot be.
    #[error("trunk `{id}`: {what}")]
    Trunk {
        /// Its id.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The media ports are no range.
    #[error("media ports {first} to {last} hold no pair")]
    MediaPorts {
        /// The first.
        first: u16,
        /// The last.
        last: u16,
    },
    /// The listen address cannot be had.
    #[error("cannot listen for SIP on {listen}: {what}")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// The system's or the stack's words.
        what: String,
    },
    /// No thread for the pacer.
    #[error("cannot start the pacer thread")]
    Pacer(#[source] std::io::Error),
}

/// Why a call was not placed; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialError {
    /// No such trunk.
    #[error("no trunk `{id}`")]
    UnknownTrunk {
        /// What was asked for.
        id: String,
    },
    /// The trunk carries what it may at once.
    #[error("every line of the trunk is taken")]
    NoCapacity {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The trunk's calls per second are used up.
    #[error("the trunk's next call is due in {} ms", wait.as_millis())]
    TooSoon {
        /// Until the next call is due.
        wait: Duration,
    },
    /// The permit's time is over: it has to be decided anew.
    #[error("the permit has expired")]
    PermitExpired,
}

/// How the line is set up.
#[derive(Debug, Clone)]
pub struct LineConfig {
    /// Our SIP address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that carriers reach us at, where it is another one (1:1 NAT).
    pub advertised: Option<IpAddr>,
    /// The media ports, both inclusive; a call takes two.
    pub media_ports: (u16, u16),
    /// The trunks.
    pub trunks: Vec<TrunkConfig>,
    /// A frame of the disclosure that is later than this voids it, in milliseconds.
    pub stall_ms_max: u32,
}

impl LineConfig {
    /// The defaults of `ringfence.toml`.
    #[must_use]
    pub fn new(listen: SocketAddr, trunks: Vec<TrunkConfig>) -> Self {
        Self {
            listen,
            advertised: None,
            media_ports: (20_000, 29_999),
            trunks,
            stall_ms_max: 1_000,
        }
    }
}

/// The prompts of one call.
#[derive(Debug, Clone)]
pub struct Prompts {
    /// Who is calling; there is no call without it.
    pub disclosure: Arc<Prompt>,
    /// The recorded message.
    pub message: Option<Arc<Prompt>>,
    /// "You will not be called again."
    pub acknowledgement: Option<Arc<Prompt>>,
    /// For machines.
    pub voicemail: Option<Arc<Prompt>>,
    /// "Goodbye", with how to stop all calls.
    pub farewell: Option<Arc<Prompt>>,
}

impl Prompts {
    pub(crate) fn get(&self, kind: PromptKind) -> Option<&Arc<Prompt>> {
        match kind {
            PromptKind::Disclosure => Some(&self.disclosure),
            PromptKind::Message => self.message.as_ref(),
            PromptKind::Acknowledgement => self.acknowledgement.as_ref(),
            PromptKind::Voicemail => self.voicemail.as_ref(),
            PromptKind::Farewell => self.farewell.as_ref(),
        }
    }
}

/// What is to be dialed, beside the permit.
#[derive(Debug)]
pub struct DialOrder {
    /// The trunk's slot, taken before the permit so that no permit is wasted.
    pub slot: Slot,
    /// What may be played.
    pub prompts: Prompts,
}

/// What the call driver asks of a line. The SIP stack stays behind it: another stack is another implementation.
pub trait Dial: Send + Sync {
    /// Whether there is such a trunk.
    fn has_trunk(&self, id: &str) -> bool;

    /// The trunk's ring limit in milliseconds, for the call's plan.
    fn ring_ms_max(&self, trunk: &str) -> Option<u32>;

    /// Takes a slot on a trunk, to be used at once or dropped.
    ///
    /// # Errors
    /// [`DialError::UnknownTrunk`], [`DialError::NoCapacity`] and [`DialError::TooSoon`] with the time to ask again.
    fn slot(&self, trunk: &str) -> Result<Slot, DialError>;

    /// Places the call that the permit allows. Whatever happens then comes out of the leg's events.
    /// Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`DialError::PermitExpired`]; nothing was sent then.
    fn dial(&self, permit: Permit, order: DialOrder) -> Result<Leg, DialError>;

    /// Ends the line; calls that are left end without a word, so drain them before.
    fn stop(&self);
}

/// Our side of every call, over SIP and RTP.
pub struct Line {
    stack: Arc<Stack>,
    pacer: Arc<Pacer>,
    ports: Arc<PortRange>,
    trunks: Trunks,
    clock: Clock,
    stall_ms_max: u32,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("local", &self.stack.local())
            .field("trunks", &self.trunks)
            .finish_non_exhaustive()
    }
}

impl Line {
    /// Opens the SIP address and starts the pacer. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`LineError`] when a trunk or the port range cannot be, or the address is taken.
    pub async fn start(config: LineConfig, clock: Clock) -> Result<Self, LineError> {
        let (first, last) = config.media_ports;
        if last <= first.saturating_add(first % 2) {
            return Err(LineError::MediaPorts { first, last });
        }
        let trunks = Trunks::new(config.trunks)?;
        let stack = Stack::start(config.listen, config.advertised, trunks.configs()).await?;
        let ports = PortRange::new(config.listen.ip(), first, last);
        Ok(Self {
            stack: Arc::new(stack),
            pacer: Arc::new(Pacer::start().map_err(LineError::Pacer)?),
            ports: Arc::new(ports),
            trunks,
            clock,
            stall_ms_max: config.stall_ms_max,
        })
    }

    /// Our SIP address, with the port that was taken.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.stack.local()
    }

    /// Asks a trunk whether it is there, by OPTIONS.
    ///
    /// # Errors
    /// [`DialError::UnknownTrunk`].
    pub async fn probe(&self, trunk: &str) -> Result<TrunkHealth, DialError> {
        let config = self.trunks.configs().find(|config| config.id == trunk);
        match config {
            Some(config) => Ok(self.stack.probe(config, PROBE_WAIT).await),
            None => Err(DialError::UnknownTrunk {
                id: trunk.to_owned(),
            }),
        }
    }

    /// Dialogs that are open: calls that have not ended, for metrics and drains.
    #[must_use]
    pub fn open_dialogs(&self) -> usize {
        self.stack.open_dialogs()
    }
}

impl Dial for Line {
    fn slot(&self, trunk: &str) -> Result<Slot, DialError> {
        self.trunks.slot(trunk, Instant::now())
    }

    fn has_trunk(&self, id: &str) -> bool {
        self.trunks.configs().any(|config| config.id == id)
    }

    fn ring_ms_max(&self, trunk: &str) -> Option<u32> {
        self.trunks
            .configs()
            .find(|config| config.id == trunk)
            .map(|config| config.ring_seconds * 1_000)
    }

    fn dial(&self, permit: Permit, order: DialOrder) -> Result<Leg, DialError> {
        // INVARIANT (no-permit-no-dial): the only way to a carrier, and the permit ends here.
        if permit.expires_at() <= (self.clock)() {
            return Err(DialError::PermitExpired);
        }
        let (to_driver, events) = mpsc::channel(EVENTS_MAX);
        let (commands, from_driver) = mpsc::channel(COMMANDS_MAX);
        let call = CalleeCall::new(Placement {
            stack: Arc::clone(&self.stack),
            pacer: Arc::clone(&self.pacer),
            ports: Arc::clone(&self.ports),
            clock: Arc::clone(&self.clock),
            to: permit.to(),
            caller_id: permit.caller_id(),
            order,
            stall_ms_max: self.stall_ms_max,
            events: to_driver,
        });
        tokio::spawn(call.run(from_driver));
        Ok(Leg::new(events, commands))
    }

    fn stop(&self) {
        self.stack.stop();
    }
}
