//! The media of one call, driven every 20 ms by the pacer.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use ringfence_core::call::{Input, PlayFrom, PromptKind};
use ringfence_core::disclose::{Interruption, Receipt};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::ears::{Ears, Verdict};
use super::g711;
use super::keypad::Keypad;
use super::playing::{Playing, SentFrame};
use super::ports::MediaSockets;
use super::prompt::Prompt;
use super::rtcp;
use super::rtp::{FRAME_SAMPLES, Frame, PCMU, RtpPacket, TELEPHONE_EVENT};
use super::source::{Seen, Source};
use crate::Clock;

/// Events that the call has not taken yet (invariant `bounded`); a call that lets more pile up is over.
const BACKLOG_MAX: usize = 64;
/// Audio that came in and has not been listened to, in bytes.
const INBOX_BYTES_MAX: usize = 4_096;
/// Datagrams read per 20 ms; a flood beyond it waits in the socket's buffer and is dropped there.
const DATAGRAMS_PER_TICK: usize = 32;
/// From frame to frame.
const TICK: Duration = Duration::from_millis(20);
/// A sender report every 2.5 s.
const REPORT_TICKS: u64 = 125;
/// The disclosure begins so soon after the answer when nobody speaks ...
const GREETING_MS_MIN: u64 = 300;
/// ... or after so much quiet when somebody does ...
const GREETING_PAUSE_MS: u32 = 300;
/// ... and by then in any case: 16 CFR 310.4(b)(4)(iii) gives two seconds after the greeting.
const GREETING_MS_MAX: u64 = 1_500;
/// A machine that never beeps is left its message after so much quiet.
const NO_BEEP_QUIET_MS: u32 = 2_000;
/// ... or by then.
const NO_BEEP_MS_MAX: u64 = 30_000;

/// What the call tells its media.
#[derive(Debug)]
pub(crate) enum MediaCommand {
    Play {
        kind: PromptKind,
        prompt: Arc<Prompt>,
        from: PlayFrom,
    },
    Stop(Interruption),
    /// A new offer of the far side: where to send, and whether it has put us on hold.
    Remote {
        remote: Remote,
        on_hold: bool,
    },
    Close(Interruption),
}

/// Where the far side is and how it marks keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Remote {
    pub(crate) to: SocketAddr,
    pub(crate) telephone_event: Option<u8>,
}

/// How our stream is marked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamStart {
    pub(crate) ssrc: u32,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
}

/// The media of one call.
pub(crate) struct Session {
    sockets: MediaSockets,
    source: Source,
    /// How they mark keys.
    telephone_event: Option<u8>,
    last_tick: Instant,
    on_hold: bool,
    clock: Clock,
    commands: Receiver<MediaCommand>,
    events: Sender<Input>,
    backlog: VecDeque<Input>,
    stream: StreamStart,
    sent_packets: u32,
    ticks: u64,
    keypad: Keypad,
    ears: Ears,
    /// Audio that does not make a whole frame yet; packets need not hold 20 ms.
    inbox: Vec<u8>,
    playing: Option<Playing>,
    /// The last frame of the disclosure, once it is out.
    disclosed_to: Option<u16>,
    stall_ms_max: u32,
    closing: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("source", &self.source)
            .field("ticks", &self.ticks)
            .finish_non_exhaustive()
    }
}

/// The parts that a session is made of.
pub(crate) struct SessionParts {
    pub(crate) sockets: MediaSockets,
    pub(crate) remote: Remote,
    pub(crate) clock: Clock,
    pub(crate) commands: Receiver<MediaCommand>,
    pub(crate) events: Sender<Input>,
    pub(crate) stream: StreamStart,
    pub(crate) stall_ms_max: u32,
    /// Whether their media may come from another address than they said.
    pub(crate) any_source: bool,
}

impl Session {
    /// The call was answered: what came in before is nobody's answer to us.
    pub(crate) fn new(parts: SessionParts) -> Self {
        let mut source = Source::new(parts.remote.to, parts.any_source);
        parts.sockets.drain(|from, datagram| {
            if let Some(packet) = RtpPacket::parse(datagram) {
                source.was_there(from, packet.ssrc);
            }
        });
        Self {
            sockets: parts.sockets,
            source,
            telephone_event: parts.remote.telephone_event,
            last_tick: Instant::now(),
            on_hold: false,
            clock: parts.clock,
            commands: parts.commands,
            events: parts.events,
            backlog: VecDeque::new(),
            stream: parts.stream,
            sent_packets: 0,
            ticks: 0,
            keypad: Keypad::default(),
            ears: Ears::default(),
            inbox: Vec::new(),
            playing: None,
            disclosed_to: None,
            stall_ms_max: parts.stall_ms_max,
            closing: false,
        }
    }

    /// 20 ms; `due` is the instant that this tick was meant for. False when the session is over.
    pub(crate) fn tick(&mut self, due: Instant) -> bool {
        self.obey();
        self.listen();
        self.hear_reports();
        if !self.closing {
            self.speak(due);
        }
        self.ticks += 1;
        if self.ticks.is_multiple_of(REPORT_TICKS) {
            self.report();
        }
        self.deliver() && !self.closing
    }

    fn obey(&mut self) {
        loop {
            match self.commands.try_recv() {
                Ok(MediaCommand::Play { kind, prompt, from }) => {
                    self.stop(Interruption::Cancelled);
                    self.playing = Some(Playing::new(kind, from, prompt));
                }
                Ok(MediaCommand::Stop(why)) => self.stop(why),
                Ok(MediaCommand::Remote { remote, on_hold }) => {
                    self.source.announce(remote.to, self.now_ms());
                    self.telephone_event = remote.telephone_event;
                    self.on_hold = on_hold;
                    let disclosing = |p: &Playing| p.kind == PromptKind::Disclosure;
                    if on_hold && self.playing.as_ref().is_some_and(disclosing) {
                        // What is sent to somebody on hold reaches nobody.
                        self.stop(Interruption::Hold);
                    }
                }
                Ok(MediaCommand::Close(why)) => {
                    self.stop(why);
                    self.closing = true;
                }
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.stop(Interruption::Cancelled);
                    self.closing = true;
                    return;
                }
            }
        }
    }

    fn stop(&mut self, why: Interruption) {
        let Some(playing) = self.playing.take() else {
            return;
        };
        if playing.kind == PromptKind::Disclosure {
            self.emit(Input::DisclosureInterrupted {
                why,
                evidence: playing.evidence().cloned(),
            });
        }
    }

    fn listen(&mut self) {
        let mut buffer = [0_u8; 1_500];
        let now_ms = self.now_ms();
        for _ in 0..DATAGRAMS_PER_TICK {
            let Ok((length, from)) = self.sockets.rtp.recv_from(&mut buffer) else {
                break;
            };
            let Some(packet) = buffer.get(..length).and_then(RtpPacket::parse) else {
                continue;
            };
            let seen = Seen {
                from,
                ssrc: packet.ssrc,
                is_key: self.is_key(packet.payload_type),
            };
            if !self.source.admits(seen, now_ms) {
                continue;
            }
            if seen.is_key {
                let key = self
                    .keypad
                    .hear(packet.ssrc, packet.timestamp, packet.payload);
                if let Some(key) = key {
                    self.emit(Input::Key(key));
                }
            } else if packet.payload_type == PCMU && self.inbox.len() < INBOX_BYTES_MAX {
                self.inbox.extend_from_slice(packet.payload);
            }
        }
        let mut inbox = std::mem::take(&mut self.inbox);
        let whole = inbox.len() - inbox.len() % FRAME_SAMPLES;
        for frame in inbox.drain(..whole).as_slice().chunks(FRAME_SAMPLES) {
            self.ear(Some(frame));
        }
        self.inbox = inbox;
        if whole == 0 {
            self.ear(None);
        }
    }

    /// By RFC 3264 they mark keys as our offer says; some mark them as their own answer says.
    fn is_key(&self, payload_type: u8) -> bool {
        payload_type == TELEPHONE_EVENT || Some(payload_type) == self.telephone_event
    }

    /// Since the answer, by our own ticks.
    fn now_ms(&self) -> u64 {
        self.ticks * 20
    }

    fn ear(&mut self, payload: Option<&[u8]>) {
        match self.ears.tick(payload) {
            Some(Verdict::Human) => self.emit(Input::HumanDetected),
            Some(Verdict::Machine(because)) => self.emit(Input::MachineDetected { because }),
            None => {}
        }
    }

    fn hear_reports(&mut self) {
        let mut buffer = [0_u8; 1_500];
        for _ in 0..4 {
            let Ok((length, from)) = self.sockets.rtcp.recv_from(&mut buffer) else {
                return;
            };
            let block = buffer
                .get(..length)
                .filter(|_| from.ip() == self.source.to().ip())
                .and_then(|datagram| rtcp::report_about(self.stream.ssrc, datagram));
            let Some(block) = block else { continue };
            let highest = block.extended_highest_seq & 0xFFFF;
            let covers = self.disclosed_to.is_some_and(|last| {
                // Serial numbers: what is at most half the circle ahead is not behind.
                let ahead = highest.wrapping_sub(u32::from(last)) & 0xFFFF;
                ahead < 0x8000
            });
            let receipt = Receipt {
                at: (self.clock)(),
                extended_highest_seq: block.extended_highest_seq,
                fraction_lost: block.fraction_lost,
                cumulative_lost: block.cumulative_lost,
                covers_last_frame: covers,
            };
            if let Some(playing) = &mut self.playing {
                playing.receive(&receipt);
            }
            self.emit(Input::Receipt(receipt));
        }
    }

    /// Whether the prompt that waits may begin.
    fn may_begin(&self, from: PlayFrom) -> bool {
        let since_answer_ms = self.now_ms();
        match from {
            PlayFrom::Now => true,
            PlayFrom::Greeting => {
                let spoken = self.ears.has_heard() && self.ears.quiet_ms() < GREETING_PAUSE_MS;
                since_answer_ms >= GREETING_MS_MAX
                    || (since_answer_ms >= GREETING_MS_MIN && !spoken)
            }
            PlayFrom::Beep => {
                self.ears.beep_is_over()
                    || self.ears.quiet_ms() >= NO_BEEP_QUIET_MS
                    || since_answer_ms >= NO_BEEP_MS_MAX
            }
        }
    }

    /// How late this tick is: against its own instant, and against the tick before, for a pacer that stood still starts anew.
    fn late_ms(&mut self, due: Instant) -> u32 {
        let now = Instant::now();
        let gap = now.duration_since(self.last_tick).saturating_sub(TICK);
        self.last_tick = now;
        let late = now.saturating_duration_since(due).max(gap);
        u32::try_from(late.as_millis()).unwrap_or(u32::MAX)
    }

    fn speak(&mut self, due: Instant) {
        let late_ms = self.late_ms(due);
        let ready = self
            .playing
            .as_ref()
            .is_some_and(|p| !self.on_hold && (p.has_begun() || self.may_begin(p.from)));
        let frame = self
            .playing
            .as_ref()
            .filter(|_| ready)
            .and_then(Playing::frame);
        let begins = ready && self.playing.as_ref().is_some_and(|p| !p.has_begun());
        let disclosing = self
            .playing
            .as_ref()
            .is_some_and(|p| p.kind == PromptKind::Disclosure && p.has_begun());
        if disclosing && late_ms > self.stall_ms_max {
            self.stop(Interruption::Stall);
            return;
        }
        // Silence keeps the stream, and with it the way through NATs, open.
        let silence: Frame = [g711::SILENCE; FRAME_SAMPLES];
        let sent = self.send(&frame.unwrap_or(silence), begins || self.sent_packets == 0);
        let Some((seq, timestamp)) = sent else {
            if frame.is_some() {
                self.stop(Interruption::SendFailed);
            }
            return;
        };
        let at = (self.clock)();
        self.ears.sent(&frame.unwrap_or(silence));
        if frame.is_some() {
            self.account(SentFrame {
                at,
                ssrc: self.stream.ssrc,
                seq,
                timestamp,
                late_ms,
                destination: self.source.to().to_string(),
            });
        }
    }

    /// A frame of the prompt is out.
    fn account(&mut self, sent: SentFrame) {
        let Some(playing) = &mut self.playing else {
            return;
        };
        let begins = !playing.has_begun();
        let seq = sent.seq;
        playing.advance(sent);
        let (kind, over) = (playing.kind, playing.is_over());
        let evidence = playing.evidence().cloned();
        if over {
            self.playing = None;
        }
        match (kind, evidence) {
            (PromptKind::Disclosure, Some(evidence)) => {
                if begins {
                    self.emit(Input::DisclosureStarted(evidence.clone()));
                }
                if over {
                    self.disclosed_to = Some(seq);
                    self.emit(Input::DisclosureCompleted(evidence));
                }
            }
            _ if over => self.emit(Input::Played(kind)),
            _ => {}
        }
    }

    fn send(&mut self, frame: &Frame, marker: bool) -> Option<(u16, u32)> {
        let (seq, timestamp) = (self.stream.seq, self.stream.timestamp);
        let packet = RtpPacket {
            marker,
            payload_type: PCMU,
            seq,
            timestamp,
            ssrc: self.stream.ssrc,
            payload: frame,
        };
        self.stream.seq = seq.wrapping_add(1);
        self.stream.timestamp = timestamp.wrapping_add(160);
        // A port that is closed now answers the next send with ECONNREFUSED on connected sockets only: this one is not.
        self.sockets
            .rtp
            .send_to(&packet.write(), self.source.to())
            .ok()?;
        self.sent_packets = self.sent_packets.wrapping_add(1);
        Some((seq, timestamp))
    }

    fn report(&mut self) {
        let now_ns = (self.clock)().as_nanosecond();
        let report = rtcp::sender_report(
            self.stream.ssrc,
            now_ns,
            self.stream.timestamp,
            self.sent_packets,
            self.sent_packets.wrapping_mul(160),
        );
        let mut to = self.source.to();
        to.set_port(to.port().saturating_add(1));
        // A report that is lost is made up for by the next one.
        let _ = self.sockets.rtcp.send_to(&report, to);
    }

    fn emit(&mut self, event: Input) {
        self.backlog.push_back(event);
    }

    /// Hands events over, in order; false when the call is gone or does not take them.
    fn deliver(&mut self) -> bool {
        while let Some(event) = self.backlog.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.backlog.push_front(event);
                    return self.backlog.len() <= BACKLOG_MAX;
                }
                Err(TrySendError::Closed(_)) => return false,
            }
        }
        true
    }
}
