//! What must be said first, and the evidence that it was.
//!
//! `not-started -> sending -> complete | interrupted`; the last two are final. "Sent" means handed to the kernel at the
//! stated wall-clock times; an RTCP receipt, where the far side sends one, says that its media gateway had it. Nothing
//! here proves that a person listened.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the disclosure has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisclosureState {
    /// No frame of it has been sent.
    #[default]
    NotStarted,
    /// Its first frame has been sent, its last one not.
    Sending,
    /// Every frame has been sent.
    Complete,
    /// It ended before its last frame: a part heard is not a disclosure.
    Interrupted,
}

/// Why a disclosure was not sent whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interruption {
    /// The callee asked for no more calls; the rest would be an imposition.
    OptOut,
    /// The callee hung up.
    CalleeHungUp,
    /// A machine answered.
    Machine,
    /// The far side put us on hold: what is sent then reaches nobody.
    Hold,
    /// Our pacer was late by more than it may be.
    Stall,
    /// The kernel refused a packet.
    SendFailed,
    /// We ended the call.
    Cancelled,
}

impl Interruption {
    /// Whether it is our own failing, so that a person who answered was abandoned.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(
            self,
            Self::Stall | Self::SendFailed | Self::Cancelled | Self::Hold
        )
    }
}

/// What the far side's media gateway reported about our stream (RFC 3550 section 6.4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// When the report came.
    pub at: Timestamp,
    /// The extended highest sequence number that it had received.
    pub extended_highest_seq: u32,
    /// Packets lost since its last report, in 256ths.
    pub fraction_lost: u8,
    /// Packets lost since the stream began; duplicates can make it negative.
    pub cumulative_lost: i32,
    /// Whether the last frame of the disclosure is among those received.
    pub covers_last_frame: bool,
}

/// What was sent, when, where to, and what came back about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Wall clock at the first frame's hand-over to the kernel.
    pub first_frame_at: Timestamp,
    /// The same of the last frame sent so far.
    pub last_frame_at: Timestamp,
    /// RTP synchronisation source.
    pub ssrc: u32,
    /// RTP sequence number of the first frame.
    pub first_seq: u16,
    /// RTP sequence number of the last frame sent so far.
    pub last_seq: u16,
    /// RTP timestamp of the first frame.
    pub first_rtp_timestamp: u32,
    /// RTP timestamp of the last frame sent so far.
    pub last_rtp_timestamp: u32,
    /// Address and port that the frames were sent to.
    pub destination: String,
    /// Frames of 20 ms sent so far.
    pub frames: u32,
    /// Frames that the whole disclosure has.
    pub frames_total: u32,
    /// Bytes of mu-law audio sent so far.
    pub bytes: u32,
    /// The latest that a frame of it went out after its instant, in milliseconds.
    pub late_ms_worst: u32,
    /// SHA-256 over the whole prompt as mu-law bytes, hexadecimal.
    pub audio_sha256: String,
    /// SHA-256 over its words, UTF-8, hexadecimal.
    pub words_sha256: String,
    /// The last report of the far side, if it sent any.
    pub receipt: Option<Receipt>,
}

/// The disclosure of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disclosure {
    /// How far it has come.
    pub state: DisclosureState,
    /// Why it ended early.
    pub interrupted_by: Option<Interruption>,
    /// What is known of the sending; none before the first frame.
    pub evidence: Option<Evidence>,
}

impl Disclosure {
    /// The first frame went out. False, and nothing changes, unless nothing had been sent.
    pub fn start(&mut self, evidence: Evidence) -> bool {
        let may = self.state == DisclosureState::NotStarted;
        if may {
            self.state = DisclosureState::Sending;
            self.evidence = Some(evidence);
        }
        may
    }

    /// The last frame went out. False, and nothing changes, unless it was being sent and every frame of it is counted.
    pub fn complete(&mut self, evidence: Evidence) -> bool {
        // INVARIANT (disclose-first): what is short of a frame is not complete.
        let may =
            self.state == DisclosureState::Sending && evidence.frames == evidence.frames_total;
        if may {
            self.state = DisclosureState::Complete;
            self.evidence = Some(evidence);
        }
        may
    }

    /// It ends here, short of its last frame. False when it was complete or had ended before.
    pub fn interrupt(&mut self, why: Interruption, evidence: Option<Evidence>) -> bool {
        let may = match self.state {
            DisclosureState::Sending => true,
            DisclosureState::NotStarted | DisclosureState::Complete => false,
            DisclosureState::Interrupted => {
                // The machine interrupts first, the line reports the counts afterwards.
                self.evidence = evidence.or(self.evidence.take());
                return false;
            }
        };
        if may {
            self.state = DisclosureState::Interrupted;
            self.interrupted_by = Some(why);
            self.evidence = evidence.or(self.evidence.take());
        }
        may
    }

    /// A report of the far side about our stream.
    pub fn receive(&mut self, receipt: Receipt) {
        if let Some(evidence) = &mut self.evidence {
            evidence.receipt = Some(receipt);
        }
    }

    /// When its first frame was sent.
    #[must_use]
    pub fn started_at(&self) -> Option<Timestamp> {
        self.evidence.as_ref().map(|e| e.first_frame_at)
    }

    /// When its last frame was sent, if it was sent whole.
    #[must_use]
    pub fn completed_at(&self) -> Option<Timestamp> {
        (self.state == DisclosureState::Complete)
            .then(|| self.evidence.as_ref().map(|e| e.last_frame_at))
            .flatten()
    }

    /// Whether it was sent whole.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == DisclosureState::Complete
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(frames: u32) -> Evidence {
        Evidence {
            first_frame_at: Timestamp::UNIX_EPOCH,
            last_frame_at: Timestamp::UNIX_EPOCH,
            ssrc: 1,
            first_seq: 1,
            last_seq: 1,
            first_rtp_timestamp: 0,
            last_rtp_timestamp: 0,
            destination: "127.0.0.1:4000".into(),
            frames,
            frames_total: 10,
            bytes: frames * 160,
            late_ms_worst: 0,
            audio_sha256: String::new(),
            words_sha256: String::new(),
            receipt: None,
        }
    }

    #[test]
    fn complete_needs_every_frame() {
        let mut d = Disclosure::default();
        assert!(!d.complete(evidence(10)), "never started");
        assert!(d.start(evidence(1)));
        assert!(!d.start(evidence(1)), "only once");
        assert!(!d.complete(evidence(9)), "one frame short");
        assert_eq!(d.completed_at(), None);
        assert!(d.complete(evidence(10)));
        assert_eq!(d.completed_at(), Some(Timestamp::UNIX_EPOCH));
        assert!(
            !d.interrupt(Interruption::CalleeHungUp, None),
            "whole stays whole"
        );
    }

    #[test]
    fn a_part_never_becomes_whole() {
        let mut d = Disclosure::default();
        assert!(!d.interrupt(Interruption::CalleeHungUp, None));
        assert_eq!(d.state, DisclosureState::NotStarted);
        assert!(d.start(evidence(1)));
        assert!(d.interrupt(Interruption::OptOut, Some(evidence(4))));
        assert!(!d.complete(evidence(10)));
        assert_eq!(d.state, DisclosureState::Interrupted);
        assert_eq!(d.interrupted_by, Some(Interruption::OptOut));
        assert!(!d.interrupt(Interruption::Stall, Some(evidence(5))));
        assert_eq!(d.interrupted_by, Some(Interruption::OptOut), "first reason");
        assert_eq!(d.evidence.map(|e| e.frames), Some(5), "last count");
    }
}
