//! The call machine: tables of what follows what, and random walks.

mod farewell;
mod walk;

use super::*;
use crate::disclose::DisclosureState;
use crate::outcome::Outcome;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn evidence(frames: u32) -> Evidence {
    Evidence {
        first_frame_at: NOW,
        last_frame_at: NOW,
        ssrc: 7,
        first_seq: 1,
        last_seq: 9,
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

fn rejected(status: u16) -> Input {
    Input::Ended(Ending::Rejected {
        status,
        reason: None,
        retry_after_s: None,
    })
}

fn opt_out_said() -> Input {
    Input::Said {
        text: "stop calling me".into(),
        is_final: true,
        judged: Judged::OptOut,
    }
}

fn not_interested() -> Input {
    Input::Said {
        text: "i'm not interested".into(),
        is_final: true,
        judged: Judged::Ambiguous,
    }
}

fn interrupted(why: Interruption) -> Input {
    Input::DisclosureInterrupted {
        why,
        evidence: Some(evidence(4)),
    }
}

/// Feeds the inputs to a call of this plan; what came out, in order.
fn drive(plan: Plan, inputs: Vec<Input>) -> Vec<Output> {
    let mut call = Call::new(plan);
    let mut all: Vec<Output> = call.start(NOW).into_iter().collect();
    for input in inputs {
        all.extend(call.handle(input, NOW));
    }
    all
}

fn settlement(outputs: &[Output]) -> Settlement {
    let all: Vec<_> = outputs
        .iter()
        .filter_map(|o| match o {
            Output::Settle(s) => Some((**s).clone()),
            _ => None,
        })
        .collect();
    assert_eq!(all.len(), 1, "settled once: {outputs:?}");
    all.into_iter().next().unwrap()
}

fn plan() -> Plan {
    Plan::announcement(true, true)
}

fn to_disclosing() -> Vec<Input> {
    vec![
        Input::Trying,
        Input::Ringing,
        Input::Answered,
        Input::DisclosureStarted(evidence(1)),
    ]
}

fn with(mut head: Vec<Input>, tail: Vec<Input>) -> Vec<Input> {
    head.extend(tail);
    head
}

#[test]
fn outcomes_before_an_answer() {
    use Input::{Cancel, Ringing, Timer};
    for (inputs, want, status) in [
        (vec![rejected(486)], Outcome::Busy, Some(486)),
        (vec![Ringing, rejected(603)], Outcome::Declined, Some(603)),
        (vec![rejected(404)], Outcome::BadNumber, Some(404)),
        (vec![rejected(503)], Outcome::CarrierError, Some(503)),
        (
            vec![Ringing, rejected(487)],
            Outcome::Unavailable,
            Some(487),
        ),
        (
            vec![Ringing, Timer(TimerKind::Ring), rejected(487)],
            Outcome::NoAnswer,
            Some(487),
        ),
        (
            vec![Ringing, Timer(TimerKind::Ring), rejected(486)],
            Outcome::Busy,
            Some(486),
        ),
        (
            vec![Ringing, Cancel(CancelWhy::Stop), rejected(487)],
            Outcome::Cancelled,
            Some(487),
        ),
        (
            vec![Ringing, Cancel(CancelWhy::Held), rejected(487)],
            Outcome::Cancelled,
            Some(487),
        ),
        (vec![Input::Ended(Ending::NoReply)], Outcome::Failed, None),
        (
            vec![Timer(TimerKind::Ring), Input::Ended(Ending::NoReply)],
            Outcome::Failed,
            None,
        ),
        (
            vec![Ringing, Timer(TimerKind::Ring), Timer(TimerKind::HangUp)],
            Outcome::NoAnswer,
            None,
        ),
        (
            vec![
                Ringing,
                Timer(TimerKind::Ring),
                Input::Ended(Ending::AnsweredAfterCancel),
            ],
            Outcome::Abandoned,
            Some(200),
        ),
    ] {
        let outputs = drive(plan(), inputs.clone());
        let settled = settlement(&outputs);
        assert_eq!(
            (settled.outcome, settled.sip_status),
            (want, status),
            "{inputs:?}"
        );
        assert_eq!(settled.disclosure.state, DisclosureState::NotStarted);
        assert!(!settled.opt_out);
    }
}

#[test]
fn outcomes_after_an_answer() {
    let over = |how| Input::Ended(how);
    for (tail, want, disclosed) in [
        (
            vec![
                interrupted(Interruption::CalleeHungUp),
                over(Ending::CalleeHungUp),
            ],
            Outcome::Answered,
            DisclosureState::Interrupted,
        ),
        (
            vec![interrupted(Interruption::Stall), over(Ending::HungUp)],
            Outcome::Abandoned,
            DisclosureState::Interrupted,
        ),
        (
            vec![
                interrupted(Interruption::SendFailed),
                over(Ending::CalleeHungUp),
            ],
            Outcome::Abandoned,
            DisclosureState::Interrupted,
        ),
        (
            vec![Input::Cancel(CancelWhy::HangUp), over(Ending::HungUp)],
            Outcome::Abandoned,
            DisclosureState::Interrupted,
        ),
        (
            vec![
                Input::Cancel(CancelWhy::Stop),
                Input::DisclosureCompleted(evidence(10)),
                over(Ending::CalleeHungUp),
            ],
            Outcome::Answered,
            DisclosureState::Complete,
        ),
        (
            vec![
                Input::MachineDetected { because: "beep" },
                over(Ending::HungUp),
            ],
            Outcome::Machine,
            DisclosureState::Interrupted,
        ),
        (
            vec![
                Input::DisclosureCompleted(evidence(9)),
                over(Ending::HungUp),
            ],
            Outcome::Abandoned,
            DisclosureState::Interrupted,
        ),
        (
            vec![
                Input::Key('9'),
                over(Ending::CalleeHungUp),
                Input::OptOutRecorded,
            ],
            Outcome::Answered,
            DisclosureState::Interrupted,
        ),
    ] {
        let outputs = drive(plan(), with(to_disclosing(), tail.clone()));
        let settled = settlement(&outputs);
        assert_eq!(settled.outcome, want, "{tail:?}");
        assert_eq!(settled.disclosure.state, disclosed, "{tail:?}");
        assert_eq!(settled.sip_status, Some(200));
    }
}

#[test]
fn never_begun_disclosure_is_our_failure() {
    let outputs = drive(
        plan(),
        vec![
            Input::Answered,
            Input::Timer(TimerKind::DisclosureStart),
            Input::Ended(Ending::CalleeHungUp),
        ],
    );
    assert!(outputs.contains(&Output::HangUpCallee));
    assert_eq!(settlement(&outputs).outcome, Outcome::Abandoned);
}

#[test]
fn answer_that_crosses_our_cancel_by_the_ring_limit_is_served() {
    let mut call = Call::new(plan());
    let _ = call.start(NOW);
    let _ = call.handle(Input::Ringing, NOW);
    let out = call.handle(Input::Timer(TimerKind::Ring), NOW);
    assert!(out.iter().any(|o| *o == Output::CancelCallee));
    let out = call.handle(Input::Answered, NOW);
    assert!(out.iter().any(|o| matches!(o, Output::Play { .. })));
    assert_eq!(call.state(), CallState::Disclosing);
}

#[test]
fn opt_out_is_durable_before_the_call_ends() {
    for trigger in [Input::Key('9'), opt_out_said()] {
        let mut call = Call::new(plan());
        let _ = call.start(NOW);
        for input in to_disclosing() {
            let _ = call.handle(input, NOW);
        }
        let out = call.handle(trigger, NOW);
        let first = out.iter().find(|o| !matches!(o, Output::Event { .. }));
        assert!(matches!(first, Some(Output::RecordOptOut { .. })));
        assert!(!out.iter().any(|o| *o == Output::HangUpCallee));
        // Not even the longest call cuts in.
        assert!(call.handle(Input::Timer(TimerKind::Call), NOW).is_empty());
        let out = call.handle(Input::OptOutRecorded, NOW);
        assert!(out.iter().any(|o| matches!(
            o,
            Output::Play {
                prompt: PromptKind::Acknowledgement,
                ..
            }
        )));
        let out = call.handle(Input::Played(PromptKind::Acknowledgement), NOW);
        assert!(out.iter().any(|o| *o == Output::HangUpCallee));
        let out: Vec<_> = call
            .handle(Input::Ended(Ending::HungUp), NOW)
            .into_iter()
            .collect();
        let settled = settlement(&out);
        assert!(settled.opt_out && settled.opt_out_recorded);
        assert_eq!(settled.outcome, Outcome::Answered);
    }
}

#[test]
fn opt_out_holds_the_settlement_until_it_is_durable() {
    let mut call = Call::new(plan());
    let _ = call.start(NOW);
    for input in to_disclosing() {
        let _ = call.handle(input, NOW);
    }
    let _ = call.handle(Input::Key('9'), NOW);
    assert!(
        call.handle(Input::Ended(Ending::CalleeHungUp), NOW)
            .is_empty()
    );
    assert_ne!(call.state(), CallState::Ended);
    let out: Vec<_> = call
        .handle(Input::OptOutNotRecorded, NOW)
        .into_iter()
        .collect();
    let settled = settlement(&out);
    assert!(settled.opt_out && !settled.opt_out_recorded);
}

#[test]
fn a_person_who_pressed_a_key_is_no_machine() {
    let outputs = drive(
        plan(),
        with(
            to_disclosing(),
            vec![
                Input::Key('1'),
                Input::MachineDetected { because: "beep" },
                Input::DisclosureCompleted(evidence(10)),
                Input::Ended(Ending::CalleeHungUp),
            ],
        ),
    );
    assert_eq!(settlement(&outputs).outcome, Outcome::Answered);
}

#[test]
fn voicemail_is_left_only_if_the_plan_says_so() {
    for leaves in [false, true] {
        let plan = Plan {
            leaves_voicemail: leaves,
            ..plan()
        };
        let outputs = drive(
            plan,
            with(
                to_disclosing(),
                vec![Input::MachineDetected {
                    because: "long-speech",
                }],
            ),
        );
        let left = outputs.contains(&Output::Play {
            prompt: PromptKind::Voicemail,
            from: PlayFrom::Beep,
        });
        assert_eq!(left, leaves);
        assert_eq!(outputs.contains(&Output::HangUpCallee), !leaves);
    }
}

#[test]
fn agent_is_answered_only_after_a_human_heard_the_whole_disclosure() {
    let waiting = Plan {
        agent: AgentKind::Livekit,
        agent_leg: AgentLeg::Waiting,
        ..plan()
    };
    let done = Input::DisclosureCompleted(evidence(10));
    let beep = Input::MachineDetected { because: "beep" };
    let at_end = |inputs: Vec<Input>| drive(waiting.clone(), inputs);
    assert!(!at_end(to_disclosing()).contains(&Output::AnswerAgent));
    assert!(at_end(with(to_disclosing(), vec![done.clone()])).contains(&Output::AnswerAgent));
    for inputs in [
        vec![Input::Answered, done.clone()],
        with(to_disclosing(), vec![beep, done.clone()]),
        with(to_disclosing(), vec![Input::Key('9'), done.clone()]),
        with(
            to_disclosing(),
            vec![interrupted(Interruption::Stall), done.clone()],
        ),
        with(
            to_disclosing(),
            vec![Input::DisclosureCompleted(evidence(9))],
        ),
    ] {
        assert!(
            !at_end(inputs.clone()).contains(&Output::AnswerAgent),
            "{inputs:?}"
        );
    }
    let busy = at_end(vec![rejected(486)]);
    assert!(busy.contains(&Output::RefuseAgent { status: 486 }));
}

#[test]
fn called_agent_is_bridged_when_both_are_ready() {
    let called = Plan {
        agent: AgentKind::Websocket,
        agent_leg: AgentLeg::Called,
        ..plan()
    };
    let done = Input::DisclosureCompleted(evidence(10));
    let early = drive(
        called.clone(),
        with(to_disclosing(), vec![Input::AgentAnswered]),
    );
    assert!(early.contains(&Output::InviteAgent));
    assert!(
        !early.contains(&Output::BridgeAgent),
        "not before the disclosure"
    );
    for tail in [
        vec![Input::AgentAnswered, done.clone()],
        vec![done.clone(), Input::AgentAnswered],
    ] {
        assert!(drive(called.clone(), with(to_disclosing(), tail)).contains(&Output::BridgeAgent));
    }
    let gone = drive(
        called,
        with(to_disclosing(), vec![Input::AgentFailed, done]),
    );
    assert!(gone.contains(&Output::HangUpCallee), "nobody to talk to");
}
