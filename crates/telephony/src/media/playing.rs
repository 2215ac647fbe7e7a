//! The prompt that is being sent, and the evidence of its sending.

use std::sync::Arc;

use jiff::Timestamp;
use ringfence_core::call::{PlayFrom, PromptKind};
use ringfence_core::disclose::{Evidence, Receipt};

use super::prompt::Prompt;
use super::rtp::Frame;

/// One prompt under way.
#[derive(Debug)]
pub(crate) struct Playing {
    pub(crate) kind: PromptKind,
    pub(crate) from: PlayFrom,
    prompt: Arc<Prompt>,
    next: usize,
    evidence: Option<Evidence>,
}

/// One frame as it went out.
#[derive(Debug, Clone)]
pub(crate) struct SentFrame {
    pub(crate) at: Timestamp,
    pub(crate) ssrc: u32,
    pub(crate) seq: u16,
    pub(crate) timestamp: u32,
    pub(crate) late_ms: u32,
    pub(crate) destination: String,
}

impl Playing {
    pub(crate) fn new(kind: PromptKind, from: PlayFrom, prompt: Arc<Prompt>) -> Self {
        Self {
            kind,
            from,
            prompt,
            next: 0,
            evidence: None,
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.next > 0
    }

    /// The frame that is due.
    pub(crate) fn frame(&self) -> Option<Frame> {
        self.prompt.frames().get(self.next).copied()
    }

    /// It went out.
    pub(crate) fn advance(&mut self, sent: SentFrame) {
        self.next += 1;
        let frames = u32::try_from(self.next).unwrap_or(u32::MAX);
        let bytes = frames.saturating_mul(160);
        match &mut self.evidence {
            Some(evidence) => {
                evidence.last_frame_at = sent.at;
                evidence.last_seq = sent.seq;
                evidence.last_rtp_timestamp = sent.timestamp;
                evidence.destination = sent.destination;
                evidence.frames = frames;
                evidence.bytes = bytes;
                evidence.late_ms_worst = evidence.late_ms_worst.max(sent.late_ms);
            }
            None => {
                self.evidence = Some(Evidence {
                    first_frame_at: sent.at,
                    last_frame_at: sent.at,
                    ssrc: sent.ssrc,
                    first_seq: sent.seq,
                    last_seq: sent.seq,
                    first_rtp_timestamp: sent.timestamp,
                    last_rtp_timestamp: sent.timestamp,
                    destination: sent.destination,
                    frames,
                    frames_total: u32::try_from(self.prompt.frames().len()).unwrap_or(u32::MAX),
                    bytes,
                    late_ms_worst: sent.late_ms,
                    audio_sha256: self.prompt.audio_sha256().to_owned(),
                    words_sha256: self.prompt.words_sha256().to_owned(),
                    receipt: None,
                });
            }
        }
    }

    /// A report of the far side.
    pub(crate) fn receive(&mut self, receipt: &Receipt) {
        if let Some(evidence) = &mut self.evidence {
            evidence.receipt = Some(receipt.clone());
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.next >= self.prompt.frames().len()
    }

    pub(crate) fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }
}
