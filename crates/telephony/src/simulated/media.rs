//! The media of one simulated callee.

use std::collections::VecDeque;
use std::net::SocketAddr;

use tokio::net::UdpSocket;

use super::persona::Persona;
use super::{Moment, Watched, voice};
use crate::media::rtcp::{self, ReportBlock};
use crate::media::rtp::{FRAME_SAMPLES, Frame, PCMU, RtpPacket};
use crate::media::{Prompt, g711, keypad};

const GREETING: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../examples/prompts/greeting.wav"
));
/// Packets of one press of a key, the last three of them its end.
const PRESS_PACKETS: u16 = 8;
/// A receiver report once a second.
const REPORT_TICKS: u32 = 50;

/// How much of us the callee has heard, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Heard {
    /// Since the first sound.
    pub(super) since_ms: u32,
    /// Quiet since the last sound.
    pub(super) quiet_ms: u32,
}

/// RTP and RTCP of one callee.
pub(super) struct CalleeMedia {
    rtp: UdpSocket,
    rtcp: UdpSocket,
    to: SocketAddr,
    event_type: u8,
    watched: Watched,
    seq: u16,
    timestamp: u32,
    script: VecDeque<Frame>,
    press: Option<(char, u16, u32)>,
    echoes: bool,
    heard_any: bool,
    heard: Heard,
    highest: Option<(u32, u16)>,
    cycles: u32,
    ticks: u32,
}

impl CalleeMedia {
    pub(super) async fn open(
        ip: std::net::IpAddr,
        to: SocketAddr,
        event_type: u8,
        persona: Persona,
        watched: Watched,
    ) -> std::io::Result<Self> {
        let script = match persona {
            Persona::Voicemail => voicemail(),
            Persona::Echoes => Vec::new(),
            _ => [voice::silence(200), voice::hello(500)].concat(),
        };
        Ok(Self {
            rtp: UdpSocket::bind((ip, 0)).await?,
            rtcp: UdpSocket::bind((ip, 0)).await?,
            to,
            event_type,
            watched,
            seq: 1_000,
            timestamp: 0,
            script: script.into(),
            press: None,
            echoes: persona == Persona::Echoes,
            heard_any: false,
            heard: Heard::default(),
            highest: None,
            cycles: 0,
            ticks: 0,
        })
    }

    pub(super) fn sdp(&self) -> std::io::Result<String> {
        let at = self.rtp.local_addr()?;
        let (ip, port, event) = (at.ip(), at.port(), self.event_type);
        Ok(format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 {event}\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:{event} telephone-event/8000\r\na=fmtp:{event} 0-15\r\n"
        ))
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard
    }

    /// Presses a key from the next frame on.
    pub(super) fn press(&mut self, key: char) {
        self.press.get_or_insert((key, 0, self.timestamp));
    }

    /// 20 ms.
    pub(super) fn tick(&mut self) {
        self.ticks += 1;
        self.listen();
        if !self.echoes {
            self.speak();
        }
        if self.ticks.is_multiple_of(REPORT_TICKS) {
            self.report();
        }
    }

    fn listen(&mut self) {
        let mut buffer = [0_u8; 1_500];
        let mut loud = false;
        while let Ok((length, from)) = self.rtp.try_recv_from(&mut buffer) {
            let Some(datagram) = buffer.get(..length) else {
                continue;
            };
            let Some(packet) = RtpPacket::parse(datagram) else {
                continue;
            };
            if packet.payload_type == PCMU {
                self.watched.tell(Moment::Heard(packet.payload));
            }
            loud |= packet.payload_type == PCMU && voice::is_loud(packet.payload);
            if let Some((_, last)) = self.highest
                && packet.seq < 0x1000
                && last > 0xF000
            {
                self.cycles += 1;
            }
            self.highest = Some((packet.ssrc, packet.seq));
            if self.echoes {
                let _ = self.rtp.try_send_to(datagram, from);
            }
        }
        self.heard_any |= loud;
        if self.heard_any {
            self.heard.since_ms += 20;
            self.heard.quiet_ms = if loud { 0 } else { self.heard.quiet_ms + 20 };
        }
    }

    fn speak(&mut self) {
        let payload: Vec<u8>;
        let (payload_type, timestamp);
        let mut pressed = None;
        match self.press.take() {
            Some((key, sent, began)) => {
                let end = sent + 3 >= PRESS_PACKETS;
                let event = keypad::event(key, end, (sent + 1) * 160).unwrap_or_default();
                payload = event.to_vec();
                (payload_type, timestamp) = (self.event_type, began);
                pressed = (sent == 0).then_some(key);
                if sent + 1 < PRESS_PACKETS {
                    self.press = Some((key, sent + 1, began));
                }
            }
            None => {
                let frame = self.script.pop_front();
                payload = frame.unwrap_or([g711::SILENCE; FRAME_SAMPLES]).to_vec();
                (payload_type, timestamp) = (PCMU, self.timestamp);
            }
        }
        let packet = RtpPacket {
            marker: self.ticks == 1,
            payload_type,
            seq: self.seq,
            timestamp,
            ssrc: 0x0CA1_1EE0,
            payload: &payload,
        };
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(160);
        let _ = self.rtp.try_send_to(&packet.write(), self.to);
        if let Some(key) = pressed {
            self.watched.tell(Moment::Pressed(key));
        }
    }

    fn report(&self) {
        let Some((ssrc, seq)) = self.highest else {
            return;
        };
        let block = ReportBlock {
            ssrc,
            fraction_lost: 0,
            cumulative_lost: 0,
            extended_highest_seq: (self.cycles << 16) | u32::from(seq),
        };
        let mut to = self.to;
        to.set_port(to.port().saturating_add(1));
        let report = rtcp::receiver_report(0x0CA1_1EE0, block);
        let _ = self.rtcp.try_send_to(&report, to);
    }
}

fn voicemail() -> Vec<Frame> {
    let greeting = Prompt::from_wav(GREETING, "").map(|p| p.frames().to_vec());
    [
        voice::silence(400),
        greeting.unwrap_or_else(|_| voice::hello(4_000)),
        voice::silence(300),
        voice::beep(1_000.0, 400),
    ]
    .concat()
}
