//! Whose packets are taken for the callee's. What comes from elsewhere could be anybody's key: the stream of an earlier call
//! on the same port, whose key would be an opt-out that nobody made.

use std::net::SocketAddr;

/// Another port than the announced one, as behind a NAT, counts after so much silence from the announced one, ...
const ELSEWHERE_MS: u64 = 500;
/// ... and one that was sending before this call was answered after so much: it is more likely another call's.
const EARLIER_MS: u64 = 1_500;
/// A stream of another SSRC takes the place of one that has been silent for so long.
const SILENT_MS: u64 = 200;
/// INVARIANT (bounded): streams remembered from before the answer.
const EARLIER_MAX: usize = 8;

/// One packet, as far as it matters here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) from: SocketAddr,
    pub(crate) ssrc: u32,
    pub(crate) is_key: bool,
}

/// The stream that is taken.
#[derive(Debug, Clone, Copy)]
struct Taken {
    from: SocketAddr,
    ssrc: u32,
    last_ms: u64,
}

/// Where the callee's media is said to come from, and where it does.
#[derive(Debug)]
pub(crate) struct Source {
    announced: SocketAddr,
    any_host: bool,
    since_ms: u64,
    earlier: Vec<(SocketAddr, u32)>,
    taken: Option<Taken>,
}

impl Source {
    /// From the SDP; `any_host`: the trunk says that media may come from another address.
    pub(crate) fn new(announced: SocketAddr, any_host: bool) -> Self {
        Self {
            announced,
            any_host,
            since_ms: 0,
            earlier: Vec::new(),
            taken: None,
        }
    }

    /// This stream was sending before the call was answered.
    pub(crate) fn was_there(&mut self, from: SocketAddr, ssrc: u32) {
        if self.earlier.len() < EARLIER_MAX && !self.earlier.contains(&(from, ssrc)) {
            self.earlier.push((from, ssrc));
        }
    }

    /// A new description; one that says the same (a refresh) changes nothing.
    pub(crate) fn announce(&mut self, announced: SocketAddr, now_ms: u64) {
        if announced != self.announced {
            self.announced = announced;
            self.since_ms = now_ms;
            self.taken = None;
        }
    }

    /// Where ours is sent: to the port that theirs comes from, where that is of the announced host.
    pub(crate) fn to(&self) -> SocketAddr {
        let from = self.taken.map(|taken| taken.from);
        from.filter(|from| from.ip() == self.announced.ip())
            .unwrap_or(self.announced)
    }

    /// Whether a packet is the callee's. Times are milliseconds since the answer and never go back.
    pub(crate) fn admits(&mut self, seen: Seen, now_ms: u64) -> bool {
        let Some(taken) = self.taken.filter(|taken| self.stays(taken, seen)) else {
            if !self.may_begin(seen, now_ms) {
                return false;
            }
            self.take(seen, now_ms);
            return true;
        };
        if taken.from != seen.from {
            return false;
        }
        let silent = now_ms.saturating_sub(taken.last_ms) >= SILENT_MS;
        if taken.ssrc == seen.ssrc || silent {
            self.take(seen, now_ms);
            return true;
        }
        // Some gateways send keys as a stream of their own.
        seen.is_key && seen.from == self.announced
    }

    /// Whether the stream that is taken stays when this comes: the announced port takes the place of any other.
    fn stays(&self, taken: &Taken, seen: Seen) -> bool {
        seen.from != self.announced || taken.from == self.announced
    }

    fn may_begin(&self, seen: Seen, now_ms: u64) -> bool {
        if seen.from == self.announced {
            return true;
        }
        let near = self.any_host || seen.from.ip() == self.announced.ip();
        let waited_ms = now_ms.saturating_sub(self.since_ms);
        let wait_ms = match self.earlier.contains(&(seen.from, seen.ssrc)) {
            true => EARLIER_MS,
            false => ELSEWHERE_MS,
        };
        near && waited_ms >= wait_ms
    }

    fn take(&mut self, seen: Seen, now_ms: u64) {
        self.taken = Some(Taken {
            from: seen.from,
            ssrc: seen.ssrc,
            last_ms: now_ms,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNOUNCED: &str = "192.0.2.1:4000";
    const NATTED: &str = "192.0.2.1:61000";
    const STRAY: &str = "192.0.2.1:5000";

    fn voice(from: &str, ssrc: u32) -> Seen {
        Seen {
            from: from.parse().unwrap(),
            ssrc,
            is_key: false,
        }
    }

    fn key(from: &str, ssrc: u32) -> Seen {
        Seen {
            is_key: true,
            ..voice(from, ssrc)
        }
    }

    fn source() -> Source {
        Source::new(ANNOUNCED.parse().unwrap(), false)
    }

    #[test]
    fn the_announced_port_comes_first_and_wins() {
        let mut source = source();
        assert!(!source.admits(key(STRAY, 9), 0), "before the callee's own");
        assert!(source.admits(voice(ANNOUNCED, 1), 20));
        assert!(!source.admits(key(STRAY, 9), 10_000), "ever after");
        assert_eq!(source.to(), ANNOUNCED.parse().unwrap());
    }

    #[test]
    fn another_port_counts_when_the_announced_one_says_nothing() {
        let mut source = source();
        assert!(!source.admits(voice(NATTED, 1), 480));
        assert!(source.admits(voice(NATTED, 1), 500));
        assert_eq!(source.to(), NATTED.parse().unwrap(), "where the NAT opens");
        assert!(!source.admits(key(STRAY, 9), 520));
        assert!(!source.admits(voice("198.51.100.1:4000", 1), 520));
        assert!(
            source.admits(voice(ANNOUNCED, 2), 540),
            "there it is after all"
        );
        assert!(!source.admits(voice(NATTED, 1), 560));
    }

    #[test]
    fn a_stream_from_before_the_answer_waits_longer_than_a_new_one() {
        let mut source = source();
        source.was_there(STRAY.parse().unwrap(), 9);
        assert!(!source.admits(key(STRAY, 9), 600));
        assert!(source.admits(voice(NATTED, 1), 620));
        assert!(!source.admits(key(STRAY, 9), 2_000));
        let mut early_media = self::source();
        early_media.was_there(NATTED.parse().unwrap(), 1);
        assert!(!early_media.admits(voice(NATTED, 1), 1_480));
        assert!(
            early_media.admits(voice(NATTED, 1), 1_500),
            "not deaf for ever"
        );
    }

    #[test]
    fn one_stream_at_a_time_and_a_new_one_after_silence() {
        let mut source = source();
        assert!(source.admits(voice(ANNOUNCED, 1), 20));
        assert!(
            !source.admits(voice(ANNOUNCED, 2), 40),
            "between its packets"
        );
        assert!(source.admits(key(ANNOUNCED, 3), 60), "a gateway's own keys");
        assert!(source.admits(voice(ANNOUNCED, 1), 80), "and it goes on");
        assert!(
            source.admits(voice(ANNOUNCED, 2), 280),
            "it was put through"
        );
        assert!(!source.admits(voice(ANNOUNCED, 1), 300));
    }

    #[test]
    fn a_new_description_begins_anew_and_a_refresh_does_not() {
        let mut source = source();
        assert!(source.admits(voice(NATTED, 1), 600));
        source.announce(ANNOUNCED.parse().unwrap(), 700);
        assert!(source.admits(voice(NATTED, 1), 720), "the same description");
        source.announce("192.0.2.9:7000".parse().unwrap(), 740);
        assert!(!source.admits(voice(NATTED, 1), 760));
        assert!(source.admits(voice("192.0.2.9:7000", 4), 780));
    }

    #[test]
    fn media_from_anywhere_is_still_one_stream() {
        let mut source = Source::new(ANNOUNCED.parse().unwrap(), true);
        assert!(source.admits(voice("198.51.100.1:4000", 1), 500));
        assert_eq!(source.to(), ANNOUNCED.parse().unwrap(), "as it is said");
        assert!(!source.admits(key("203.0.113.1:4000", 2), 520));
    }
}
