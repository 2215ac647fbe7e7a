//! The ports that calls receive their media on.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A freed port rests so long, if there is another: the far side of its last call may still be sending, and that stream
/// is nobody's of the next call.
const REST: Duration = Duration::from_secs(10);
/// INVARIANT (bounded): datagrams thrown away at an answer; a socket's buffer holds fewer.
const DRAINED_MAX: usize = 4_096;

/// When ports were freed.
#[derive(Debug, Clone, Default)]
struct Resting(Arc<Mutex<BTreeMap<u16, Instant>>>);

impl Resting {
    fn ports(&self) -> MutexGuard<'_, BTreeMap<u16, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pair of sockets: an even port for RTP, the next one for RTCP (RFC 3550 section 11).
#[derive(Debug)]
pub(crate) struct MediaSockets {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
    pub(crate) local: SocketAddr,
    resting: Resting,
}

impl MediaSockets {
    /// Throws away what has come in so far, and says what it was.
    pub(crate) fn drain(&self, mut thrown: impl FnMut(SocketAddr, &[u8])) {
        let mut buffer = [0_u8; 1_500];
        for _ in 0..DRAINED_MAX {
            let Ok((length, from)) = self.rtp.recv_from(&mut buffer) else {
                return;
            };
            thrown(from, buffer.get(..length).unwrap_or_default());
        }
    }
}

impl Drop for MediaSockets {
    fn drop(&mut self) {
        let freed = Instant::now();
        self.resting.ports().insert(self.local.port(), freed);
    }
}

/// Hands out pairs of a range, round robin; a pair that was just freed rests as long as there is another.
#[derive(Debug)]
pub(crate) struct PortRange {
    ip: IpAddr,
    first: u16,
    pairs: u16,
    next: AtomicU16,
    resting: Resting,
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
            resting: Resting::default(),
        }
    }

    /// A free pair; none when the range is used up.
    pub(crate) fn bind(&self) -> Option<MediaSockets> {
        let resting = self.rest(Instant::now());
        let rested = (0..self.pairs).find_map(|_| {
            let at = self.next.fetch_add(1, Ordering::Relaxed) % self.pairs;
            let port = self.first.checked_add(at * 2)?;
            let rests = resting.iter().any(|(resting, _)| *resting == port);
            (!rests).then(|| self.bind_at(port).ok()).flatten()
        });
        // A call is worth more than a rest: the pair that has rested longest.
        rested.or_else(|| {
            let mut longest = resting.iter();
            longest.find_map(|(port, _)| self.bind_at(*port).ok())
        })
    }

    /// The ports that rest at `now`, longest first.
    fn rest(&self, now: Instant) -> Vec<(u16, Instant)> {
        let mut ports = self.resting.ports();
        ports.retain(|_, freed| now.saturating_duration_since(*freed) < REST);
        let mut resting: Vec<_> = ports.iter().map(|(port, freed)| (*port, *freed)).collect();
        resting.sort_by_key(|(_, freed)| *freed);
        resting
    }

    fn bind_at(&self, port: u16) -> std::io::Result<MediaSockets> {
        let local = SocketAddr::new(self.ip, port);
        let rtp = UdpSocket::bind(local)?;
        let rtcp = UdpSocket::bind(SocketAddr::new(self.ip, port.saturating_add(1)))?;
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        Ok(MediaSockets {
            rtp,
            rtcp,
            local,
            resting: self.resting.clone(),
        })
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

    #[test]
    fn a_freed_pair_rests_while_there_is_another() {
        let range = PortRange::new([127, 0, 0, 1].into(), 39_010, 39_013);
        let (a, b) = (range.bind().unwrap(), range.bind().unwrap());
        let rested = b.local.port();
        drop(b);
        drop(a);
        let long_ago = Instant::now().checked_sub(REST).unwrap();
        range.resting.ports().insert(rested, long_ago);
        // Round robin alone would come to the other one first.
        assert_eq!(range.bind().map(|pair| pair.local.port()), Some(rested));
    }

    #[test]
    fn the_longest_rested_is_taken_when_all_rest_and_rest_ends() {
        let range = PortRange::new([127, 0, 0, 1].into(), 39_020, 39_023);
        let (a, b) = (range.bind().unwrap(), range.bind().unwrap());
        let (first, second) = (a.local.port(), b.local.port());
        drop(b);
        drop(a);
        assert_eq!(range.bind().map(|pair| pair.local.port()), Some(second));
        let later = Instant::now() + REST;
        assert!(
            range
                .rest(Instant::now())
                .iter()
                .any(|(port, _)| *port == first)
        );
        assert!(range.rest(later).is_empty());
    }
}
