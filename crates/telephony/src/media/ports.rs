//! The ports that calls receive their media on.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

/// A pair of sockets: an even port for RTP, the next one for RTCP (RFC 3550 section 11).
#[derive(Debug)]
pub(crate) struct MediaSockets {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) local: SocketAddr,
}

/// Hands out pairs of a range, round robin, so that a port that was just freed rests.
#[derive(Debug)]
pub(crate) struct PortRange {
    ip: IpAddr,
    first: u16,
    pairs: u16,
    next: AtomicU16,
}

impl PortRange {
    /// Ports from `first` up to `last`, both inclusive; an odd first port is skipped.
    pub(crate) fn new(ip: IpAddr, first: u16, last: u16) -> Self {
        let first = first.saturating_add(first % 2);
        Self {
            ip,
            first,
            pairs: (last.saturating_sub(first).saturating_add(1)) / 2,
            next: AtomicU16::new(0),
        }
    }

    /// A free pair; none when the range is used up.
    pub(crate) fn bind(&self) -> Option<MediaSockets> {
        (0..self.pairs).find_map(|_| {
            let at = self.next.fetch_add(1, Ordering::Relaxed) % self.pairs;
            let port = self.first.checked_add(at * 2)?;
            self.bind_at(port).ok()
        })
    }

    fn bind_at(&self, port: u16) -> std::io::Result<MediaSockets> {
        let local = SocketAddr::new(self.ip, port);
        let rtp = UdpSocket::bind(local)?;
        let rtcp = UdpSocket::bind(SocketAddr::new(self.ip, port.saturating_add(1)))?;
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        Ok(MediaSockets { rtp, rtcp, local })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_even_distinct_and_bounded() {
        let range = PortRange::new([127, 0, 0, 1].into(), 39_001, 39_006);
        let a = range.bind().unwrap();
        let b = range.bind().unwrap();
        assert_eq!(a.local.port() % 2, 0);
        assert_ne!(a.local, b.local);
        assert!(range.bind().is_none(), "39002-39005 only");
        drop(a);
        assert!(range.bind().is_some());
    }
}
