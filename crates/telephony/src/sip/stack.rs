//! The SIP endpoint: sockets, transactions, dialogs, and what strangers may ask of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, Response, SipMessage, StatusCode};
use rsipstack::transaction::endpoint::{EndpointOption, MessageInspector};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transaction::{CallIdFormat, TransactionReceiver};
use rsipstack::transport::tcp_listener::TcpListenerConnection;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, TransportLayer};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::line::LineError;
use crate::trunk::{Transport, TrunkConfig};

/// Requests from outside that are worked on at the same time (invariant `bounded`); more are dropped, and SIP sends again.
const INCOMING_MAX: usize = 256;
/// A mark on every response that came from the network: the stack makes up a 408 of its own when none comes.
const CAME_IN: &str = "X-Ringfence-Came-In";
/// How we call ourselves.
const USER_AGENT: &str = concat!("ringfence/", env!("CARGO_PKG_VERSION"));

struct MarkIncoming;

impl MessageInspector for MarkIncoming {
    fn before_send(&self, msg: SipMessage, _dest: Option<&SipAddr>) -> SipMessage {
        msg
    }

    fn after_received(&self, msg: SipMessage, from: Option<&SipAddr>) -> SipMessage {
        match (msg, from) {
            (SipMessage::Response(mut response), Some(_)) => {
                let mark = Header::Other(CAME_IN.into(), "1".into());
                response.headers.push(mark);
                SipMessage::Response(response)
            }
            (msg, _) => msg,
        }
    }
}

/// Whether the far side said it, and not our own stack's timer.
pub(super) fn is_from_network(response: &Response) -> bool {
    response.header_value(CAME_IN).is_some()
}

/// The endpoint.
pub(crate) struct Stack {
    dialogs: Arc<DialogLayer>,
    local: SocketAddr,
    advertised: IpAddr,
    running: CancellationToken,
}

impl Stack {
    pub(crate) async fn start(
        listen: SocketAddr,
        advertised: Option<IpAddr>,
        trunks: impl Iterator<Item = &TrunkConfig>,
    ) -> Result<Self, LineError> {
        let failed = |error: rsipstack::Error| LineError::Listen {
            listen,
            what: error.to_string(),
        };
        let running = CancellationToken::new();
        let transport = TransportLayer::new(running.child_token());
        let external = |port| advertised.map(|ip| SocketAddr::new(ip, port));
        // With port 0 the port is not known before the socket is: then it is advertised as it is.
        let known = Some(listen.port()).filter(|port| *port != 0);
        let udp = UdpConnection::create_connection(
            listen,
            known.and_then(external),
            Some(running.child_token()),
        )
        .await
        .map_err(failed)?;
        let local = udp.get_addr().get_socketaddr().map_err(failed)?;
        transport.add_transport(udp.into());
        let trunks: Vec<TrunkConfig> = trunks.cloned().collect();
        if trunks.iter().any(|t| t.transport == Transport::Tcp) {
            let same_port = SocketAddr::new(listen.ip(), local.port());
            let tcp = TcpListenerConnection::new(same_port, external(local.port()))
                .await
                .map_err(failed)?;
            transport.add_transport(tcp.into());
        }
        admit_only(&transport, &trunks);
        let endpoint = EndpointBuilder::new()
            .with_user_agent(USER_AGENT)
            .with_transport_layer(transport)
            .with_cancel_token(running.clone())
            .with_inspector(Box::new(MarkIncoming))
            .with_option(EndpointOption {
                callid_format: CallIdFormat::Uuid,
                ..EndpointOption::default()
            })
            .build();
        let incoming = endpoint.incoming_transactions().map_err(failed)?;
        let dialogs = Arc::new(DialogLayer::new(Arc::clone(&endpoint.inner)));
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(answer_requests(incoming, Arc::clone(&dialogs)));
        Ok(Self {
            dialogs,
            local: SocketAddr::new(listen.ip(), local.port()),
            advertised: advertised.unwrap_or(local.ip()),
            running,
        })
    }

    /// Where we listen.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// The address that the far side is to use.
    pub(super) fn advertised(&self) -> IpAddr {
        self.advertised
    }

    pub(super) fn dialogs(&self) -> &Arc<DialogLayer> {
        &self.dialogs
    }

    pub(crate) fn open_dialogs(&self) -> usize {
        self.dialogs.len()
    }

    pub(crate) fn stop(&self) {
        self.running.cancel();
    }
}

/// Only the trunks may talk to us, as far as they are addresses; a name may have addresses that we have not seen.
fn admit_only(transport: &TransportLayer, trunks: &[TrunkConfig]) {
    let hosts: Option<Vec<IpAddr>> = trunks.iter().map(|t| host_of(&t.address)).collect();
    if let Some(hosts) = hosts.filter(|hosts| !hosts.is_empty()) {
        transport.set_whitelist(move |ip: IpAddr| {
            let known = hosts.contains(&ip);
            async move { known }
        });
    }
}

fn host_of(address: &str) -> Option<IpAddr> {
    address
        .parse::<SocketAddr>()
        .map(|a| a.ip())
        .or_else(|_| address.parse())
        .ok()
}

async fn answer_requests(mut incoming: TransactionReceiver, dialogs: Arc<DialogLayer>) {
    let room = Arc::new(Semaphore::new(INCOMING_MAX));
    while let Some(request) = incoming.recv().await {
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            tracing::warn!("too many SIP requests at once: one was dropped");
            continue;
        };
        let dialogs = Arc::clone(&dialogs);
        tokio::spawn(async move {
            let method = request.original.method.to_string();
            if let Err(error) = answer_request(request, &dialogs).await {
                tracing::debug!(%method, %error, "a SIP request could not be answered");
            }
            drop(place);
        });
    }
}

async fn answer_request(mut request: Transaction, dialogs: &DialogLayer) -> rsipstack::Result<()> {
    if let Some(mut dialog) = dialogs.match_dialog(&request) {
        return dialog.handle(&mut request).await;
    }
    let in_dialog = request.original.to_header()?.tag()?.is_some();
    let status = match request.original.method {
        Method::Ack => return Ok(()),
        _ if in_dialog => StatusCode::CallTransactionDoesNotExist,
        Method::Options => StatusCode::OK,
        // A call from a stranger: nobody is to be talked to without a permit.
        Method::Invite => StatusCode::Forbidden,
        _ => StatusCode::MethodNotAllowed,
    };
    request.reply(status).await
}
