//! Session descriptions (RFC 8866, RFC 3264): one audio stream, PCMU and telephone events.

use std::net::{IpAddr, SocketAddr};

use crate::media::rtp::{PCMU, TELEPHONE_EVENT};
use crate::media::session::Remote;

/// Longest description that is read, in bytes.
const SDP_BYTES_MAX: usize = 8_192;

/// What the far side says about its media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FarSide {
    pub(crate) remote: Remote,
    pub(crate) direction: Direction,
}

/// Which way the far side wants media to flow, from its own point of view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Direction {
    #[default]
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    fn parse(attribute: &str) -> Option<Self> {
        match attribute {
            "sendrecv" => Some(Self::SendRecv),
            "sendonly" => Some(Self::SendOnly),
            "recvonly" => Some(Self::RecvOnly),
            "inactive" => Some(Self::Inactive),
            _ => None,
        }
    }

    fn answer(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "recvonly",
            Self::RecvOnly => "sendonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether it does not listen to us.
    pub(crate) fn is_hold(self) -> bool {
        matches!(self, Self::SendOnly | Self::Inactive)
    }
}

/// Our offer.
pub(crate) fn offer(media: SocketAddr, session: u32, version: u32) -> String {
    describe(
        media,
        session,
        version,
        TELEPHONE_EVENT,
        Direction::SendRecv,
    )
}

/// Our answer to an offer of the far side.
pub(crate) fn answer(media: SocketAddr, session: u32, version: u32, theirs: &FarSide) -> String {
    let event = theirs.remote.telephone_event.unwrap_or(TELEPHONE_EVENT);
    describe(media, session, version, event, theirs.direction)
}

fn describe(media: SocketAddr, session: u32, version: u32, event: u8, theirs: Direction) -> String {
    let ip = media.ip();
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    let port = media.port();
    let direction = theirs.answer();
    format!(
        "v=0\r\no=- {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP {PCMU} {event}\r\na=rtpmap:{PCMU} PCMU/8000\r\n\
         a=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\na=ptime:20\r\na={direction}\r\n"
    )
}

/// Reads a description; none when it has no audio stream that carries PCMU to an address.
pub(crate) fn read(body: &[u8]) -> Option<FarSide> {
    let text = std::str::from_utf8(body.get(..body.len().min(SDP_BYTES_MAX))?).ok()?;
    let mut session_ip: Option<IpAddr> = None;
    let mut media_ip: Option<IpAddr> = None;
    let mut direction = Direction::default();
    let mut audio: Option<(u16, bool)> = None;
    let mut telephone_event = None;
    for line in text.lines() {
        let Some((kind, value)) = line.trim_end().split_once('=') else {
            continue;
        };
        match kind {
            // Only the first audio stream is ours; what follows another `m=` is not.
            "m" if audio.is_some() => break,
            "m" => audio = Some(read_media(value).unwrap_or((0, false))),
            "c" if audio.is_some() => media_ip = read_address(value),
            "c" => session_ip = read_address(value),
            "a" => {
                direction = Direction::parse(value).unwrap_or(direction);
                telephone_event = read_event(value).or(telephone_event);
            }
            _ => {}
        }
    }
    let (port, has_pcmu) = audio?;
    let ip = media_ip.or(session_ip)?;
    if port == 0 || !has_pcmu {
        return None;
    }
    if ip.is_unspecified() {
        // The old way to hold (RFC 2543).
        direction = Direction::Inactive;
    }
    Some(FarSide {
        remote: Remote {
            to: SocketAddr::new(ip, port),
            telephone_event,
        },
        direction,
    })
}

fn read_media(value: &str) -> Option<(u16, bool)> {
    let mut words = value.split_whitespace();
    let is_audio = words.next()? == "audio";
    let port = words.next()?.split('/').next()?.parse().ok()?;
    let is_rtp = words.next()? == "RTP/AVP";
    let has_pcmu = words.any(|format| format.parse() == Ok(PCMU));
    (is_audio && is_rtp).then_some((port, has_pcmu))
}

fn read_address(value: &str) -> Option<IpAddr> {
    let address = value.split_whitespace().nth(2)?;
    address.split('/').next()?.parse().ok()
}

fn read_event(attribute: &str) -> Option<u8> {
    let (format, name) = attribute
        .strip_prefix("rtpmap:")?
        .split_once(char::is_whitespace)?;
    let is_event = name
        .trim()
        .to_ascii_lowercase()
        .starts_with("telephone-event/8000");
    is_event.then(|| format.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEDIA: &str = "192.0.2.7:4000";

    fn sdp(lines: &[&str]) -> Vec<u8> {
        lines.join("\r\n").into_bytes()
    }

    #[test]
    fn reads_our_own_offer() {
        let media = MEDIA.parse().unwrap();
        let far = read(offer(media, 7, 1).as_bytes()).unwrap();
        assert_eq!(far.remote.to, media);
        assert_eq!(far.remote.telephone_event, Some(TELEPHONE_EVENT));
        assert_eq!(far.direction, Direction::SendRecv);
    }

    #[test]
    fn hold_is_answered_in_kind() {
        for (theirs, ours, hold) in [
            ("sendonly", "a=recvonly", true),
            ("inactive", "a=inactive", true),
            ("recvonly", "a=sendonly", false),
            ("sendrecv", "a=sendrecv", false),
        ] {
            let direction = format!("a={theirs}");
            let body = sdp(&[
                "c=IN IP4 192.0.2.7",
                "m=audio 4000 RTP/AVP 0 96",
                "a=rtpmap:96 telephone-event/8000",
                &direction,
            ]);
            let far = read(&body).unwrap();
            assert_eq!(far.direction.is_hold(), hold);
            let text = answer(MEDIA.parse().unwrap(), 7, 2, &far);
            assert!(
                text.contains(ours) && text.contains("RTP/AVP 0 96"),
                "{text}"
            );
        }
        let old = sdp(&["c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0"]);
        assert!(read(&old).unwrap().direction.is_hold());
    }

    #[test]
    fn what_we_cannot_use_is_refused() {
        for lines in [
            vec![],
            vec!["c=IN IP4 192.0.2.7"],
            vec!["m=audio 4000 RTP/AVP 0"],
            vec!["c=IN IP4 192.0.2.7", "m=audio 0 RTP/AVP 0"],
            vec!["c=IN IP4 192.0.2.7", "m=audio 4000 RTP/AVP 8 9"],
            vec!["c=IN IP4 192.0.2.7", "m=audio 4000 RTP/SAVP 0"],
            vec!["c=IN IP4 192.0.2.7", "m=video 4000 RTP/AVP 0"],
            vec!["c=IN IP4 nonsense", "m=audio 4000 RTP/AVP 0"],
        ] {
            assert_eq!(read(&sdp(&lines)), None, "{lines:?}");
        }
        let own = sdp(&[
            "c=IN IP4 192.0.2.1",
            "m=audio 4000 RTP/AVP 8 0",
            "c=IN IP4 192.0.2.2",
            "m=video 5000 RTP/AVP 96",
            "a=inactive",
        ]);
        let far = read(&own).unwrap();
        assert_eq!(far.remote.to, "192.0.2.2:4000".parse().unwrap());
        assert_eq!(far.direction, Direction::SendRecv);
    }
}
