//! Where a trunk is.

use std::net::{IpAddr, SocketAddr};

use rsipstack::sip::Uri;
use rsipstack::transport::SipAddr;

use crate::trunk::{Transport, TrunkConfig};

/// The SIP address of a user at a trunk.
pub(super) fn uri(trunk: &TrunkConfig, user: &str) -> Result<Uri, rsipstack::sip::Error> {
    let suffix = match trunk.transport {
        Transport::Udp => "",
        Transport::Tcp => ";transport=tcp",
        Transport::Tls => ";transport=tls",
    };
    let at = if user.is_empty() { "" } else { "@" };
    Uri::try_from(format!("sip:{user}{at}{}{suffix}", trunk.address))
}

/// Where its requests go; none leaves it to the stack, which looks up SRV records (RFC 3263: only without a port).
pub(super) async fn destination(trunk: &TrunkConfig) -> Result<Option<SipAddr>, String> {
    let kind = match trunk.transport {
        Transport::Udp => rsipstack::sip::Transport::Udp,
        Transport::Tcp => rsipstack::sip::Transport::Tcp,
        Transport::Tls => rsipstack::sip::Transport::Tls,
    };
    let found = match trunk.address.parse::<IpAddr>() {
        Ok(ip) => Some(SocketAddr::new(ip, 5060)),
        Err(_) if trunk.address.contains(':') => tokio::net::lookup_host(&trunk.address)
            .await
            .map_err(|error| format!("the trunk's name has no address: {error}"))?
            .next(),
        Err(_) => None,
    };
    Ok(found.map(|address| SipAddr::new(kind, address.into())))
}
