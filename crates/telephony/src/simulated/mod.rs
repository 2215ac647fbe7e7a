//! The simulated carrier: a real SIP endpoint on a loopback address with real RTP behind it, written apart from the
//! line's own stack. Tests and the demo call it.

mod callee;
mod media;
mod message;
mod persona;
mod voice;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use callee::Callee;
use message::Message;
pub use persona::Persona;

/// Calls at the same time (invariant `bounded`); more get 503.
const CALLS_MAX: usize = 1_000;
/// Requests that a callee has not taken yet.
const REQUESTS_MAX: usize = 16;

/// What a callee said, for a driver whose ears are not built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The callee's number, E.164.
    pub to: String,
    /// The words.
    pub text: String,
}

/// How the simulated world behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulatedConfig {
    /// How long a phone rings before it is picked up.
    pub ring: Duration,
    /// When a late callee takes it that the disclosure is over, in milliseconds after its first sound.
    pub disclosure_ms: u32,
}

impl Default for SimulatedConfig {
    fn default() -> Self {
        Self {
            ring: Duration::from_millis(400),
            disclosure_ms: 10_500,
        }
    }
}

/// What a callee does or hears, at the moment it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment<'a> {
    /// The first packet of a key is out.
    Pressed(char),
    /// A frame of ours came in: its mu-law bytes.
    Heard(&'a [u8]),
    /// We hung up.
    HungUp,
}

/// Is told of each moment, with the callee's number (E.164); the callee does nothing else meanwhile.
pub type Observer = Arc<dyn Fn(&str, Moment<'_>) + Send + Sync>;

/// Who answers at which number (E.164).
pub type PersonaOf = Arc<dyn Fn(&str) -> Persona + Send + Sync>;

/// The carrier; it ends when this is dropped.
pub struct SimulatedCarrier {
    local: SocketAddr,
    invites: Arc<Mutex<BTreeMap<String, u32>>>,
    running: AbortHandle,
}

impl std::fmt::Debug for SimulatedCarrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedCarrier")
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}

impl SimulatedCarrier {
    /// Listens on a UDP address (port 0 takes a free one). `said` is the text side channel.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start(
        listen: SocketAddr,
        config: SimulatedConfig,
        personas: PersonaOf,
        said: Option<mpsc::Sender<Said>>,
    ) -> std::io::Result<Self> {
        let nobody: Observer = Arc::new(|_, _| {});
        Self::start_observed(listen, config, personas, said, nobody).await
    }

    /// The same, with somebody who watches every callee.
    ///
    /// # Errors
    /// As [`SimulatedCarrier::start`].
    pub async fn start_observed(
        listen: SocketAddr,
        config: SimulatedConfig,
        personas: PersonaOf,
        said: Option<mpsc::Sender<Said>>,
        observer: Observer,
    ) -> std::io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind(listen).await?);
        let local = socket.local_addr()?;
        let invites = Arc::new(Mutex::new(BTreeMap::new()));
        let exchange = Exchange {
            socket,
            config,
            personas,
            said,
            observer,
            invites: Arc::clone(&invites),
            calls: BTreeMap::new(),
            next_tag: 0,
        };
        let running = tokio::spawn(exchange.run()).abort_handle();
        Ok(Self {
            local,
            invites,
            running,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// How many INVITEs have come for this number (E.164); a retransmission is not another one.
    #[must_use]
    pub fn invites(&self, number: &str) -> u32 {
        self.all_invites().get(number).copied().unwrap_or(0)
    }

    /// The same of every number that was called.
    #[must_use]
    pub fn all_invites(&self) -> BTreeMap<String, u32> {
        self.invites
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for SimulatedCarrier {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// A callee whom somebody watches.
#[derive(Clone)]
struct Watched {
    number: String,
    observer: Observer,
}

impl Watched {
    fn tell(&self, moment: Moment<'_>) {
        (self.observer)(&self.number, moment);
    }
}

/// The carrier's own task: it hands every request to its callee.
struct Exchange {
    socket: Arc<UdpSocket>,
    config: SimulatedConfig,
    personas: PersonaOf,
    said: Option<mpsc::Sender<Said>>,
    observer: Observer,
    invites: Arc<Mutex<BTreeMap<String, u32>>>,
    calls: BTreeMap<String, mpsc::Sender<Message>>,
    next_tag: u32,
}

impl Exchange {
    async fn run(mut self) {
        let mut buffer = vec![0_u8; 65_535];
        let mut callees = JoinSet::new();
        loop {
            let Ok((length, from)) = self.socket.recv_from(&mut buffer).await else {
                // On Linux an ICMP error of an earlier send can surface here.
                continue;
            };
            while callees.try_join_next().is_some() {}
            self.calls.retain(|_, requests| !requests.is_closed());
            if let Some(message) = buffer.get(..length).and_then(Message::parse) {
                self.take(message, from, &mut callees).await;
            }
        }
    }

    async fn take(&mut self, message: Message, from: SocketAddr, callees: &mut JoinSet<()>) {
        let id = message.call_id();
        if let Some(callee) = self.calls.get(&id) {
            // A full queue drops the request; SIP sends it again.
            let _ = callee.try_send(message);
            return;
        }
        let status = match message.method.as_str() {
            "OPTIONS" => 200,
            "INVITE" if self.calls.len() >= CALLS_MAX => 503,
            "INVITE" => {
                self.ring(message, from, callees);
                return;
            }
            "ACK" | "" => return,
            _ => 481,
        };
        let response = message.respond(status, "carrier", "", "");
        let _ = self.socket.send_to(response.as_bytes(), from).await;
    }

    fn ring(&mut self, invite: Message, caller: SocketAddr, callees: &mut JoinSet<()>) {
        let number = invite.number();
        *self
            .invites
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(number.clone())
            .or_insert(0) += 1;
        self.next_tag += 1;
        let (requests, from_exchange) = mpsc::channel(REQUESTS_MAX);
        self.calls.insert(invite.call_id(), requests);
        let callee = Callee {
            socket: Arc::clone(&self.socket),
            caller,
            invite,
            persona: (self.personas)(&number),
            config: self.config,
            said: self.said.clone(),
            watched: Watched {
                number,
                observer: Arc::clone(&self.observer),
            },
            requests: from_exchange,
            tag: format!("sim{}", self.next_tag),
        };
        callees.spawn(callee.run());
    }
}
