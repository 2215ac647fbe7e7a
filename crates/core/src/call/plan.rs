//! What one call is meant to be: fixed before it is placed.

use serde::{Deserialize, Serialize};

/// Which kind of agent the callee is to hear after the disclosure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgentKind {
    /// No agent: a recorded message.
    Announcement,
    /// A SIP endpoint.
    Sip,
    /// A WebSocket in the Twilio Media Streams message format.
    Websocket,
    /// A LiveKit room, whose SIP bridge calls us.
    Livekit,
}

/// How the agent leg comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentLeg {
    /// There is none: the message is played.
    None,
    /// The agent's INVITE came first and waits for its 200 OK.
    Waiting,
    /// We call the agent while the disclosure is played.
    Called,
}

/// The plan and the limits of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which kind of agent.
    pub agent: AgentKind,
    /// How its leg comes to be.
    pub agent_leg: AgentLeg,
    /// Whether a recorded message follows the disclosure (announcements).
    pub has_message: bool,
    /// Whether an opt-out is acknowledged by a prompt.
    pub has_acknowledgement: bool,
    /// Whether a call that ends on unclear words says farewell, and once more how to stop all calls.
    pub has_farewell: bool,
    /// Whether a machine gets the voicemail prompt. Only when there is such a prompt and the seller has a toll-free
    /// number to opt out by: 47 CFR 64.1200(b)(3).
    pub leaves_voicemail: bool,
    /// The key that opts out.
    pub opt_out_key: char,
    /// Longest ringing, in milliseconds; never under 15,000 (16 CFR 310.4(b)(4)(ii)).
    pub ring_ms_max: u32,
    /// The disclosure must have begun this long after the answer, in milliseconds: else we failed the callee.
    pub disclosure_start_ms_max: u32,
    /// Longest call after the answer, in milliseconds.
    pub call_ms_max: u32,
    /// How long we listen after the message before we hang up, in milliseconds.
    pub listen_after_message_ms: u32,
    /// How long an opt-out may take to become durable before the call ends all the same, in milliseconds.
    pub opt_out_record_ms_max: u32,
    /// How long the agent may take after the disclosure, in milliseconds.
    pub agent_ms_max: u32,
}

impl Plan {
    /// The least that a phone must be left to ring: 16 CFR 310.4(b)(4)(ii).
    pub const RING_MS_MIN: u32 = 15_000;

    /// An announcement with the default limits.
    #[must_use]
    pub fn announcement(has_message: bool, has_acknowledgement: bool) -> Self {
        Self {
            agent: AgentKind::Announcement,
            agent_leg: AgentLeg::None,
            has_message,
            has_acknowledgement,
            has_farewell: false,
            leaves_voicemail: false,
            opt_out_key: '9',
            ring_ms_max: 30_000,
            disclosure_start_ms_max: 3_000,
            call_ms_max: 600_000,
            listen_after_message_ms: 1_500,
            opt_out_record_ms_max: 5_000,
            agent_ms_max: 10_000,
        }
    }

    /// The ring limit that applies.
    #[must_use]
    pub fn ring_ms(&self) -> u32 {
        self.ring_ms_max.max(Self::RING_MS_MIN)
    }
}
