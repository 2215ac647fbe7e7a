//! Random sequences of inputs against the invariants.

use super::*;

#[test]
fn every_sequence_keeps_the_invariants() {
    for leg in [AgentLeg::None, AgentLeg::Waiting, AgentLeg::Called] {
        for seed in 1..4_000_u64 {
            let plan = Plan {
                agent_leg: leg,
                leaves_voicemail: seed % 2 == 0,
                has_acknowledgement: seed % 3 == 0,
                has_farewell: seed % 5 == 0,
                ..plan()
            };
            walk(plan, seed);
        }
    }
}

/// A random walk; the invariants are held against the inputs given and not against the machine's own words.
fn walk(plan: Plan, seed: u64) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap()
    };
    let mut call = Call::new(plan);
    let _ = call.start(NOW);
    let (mut completed, mut settled, mut pending) = (false, 0, false);
    for _ in 0..40 {
        let input = any_input(next(34));
        completed |= matches!(&input, Input::DisclosureCompleted(e) if e.frames == 10);
        let kept = matches!(
            input,
            Input::OptOutRecorded
                | Input::OptOutNotRecorded
                | Input::Timer(TimerKind::OptOutRecord)
        );
        pending &= !kept;
        let outputs = call.handle(input, NOW);
        assert!(outputs.iter().count() <= Outputs::MAX);
        for output in &outputs {
            assert_eq!(settled, 0, "nothing after the settlement");
            match output {
                Output::RecordOptOut { .. } => pending = true,
                Output::Settle(_) => {
                    assert!(
                        !pending,
                        "seed {seed}: settled before the opt-out was durable"
                    );
                    settled += 1;
                }
                Output::HangUpCallee => assert!(!pending, "seed {seed}: hung up before durable"),
                Output::AnswerAgent
                | Output::BridgeAgent
                | Output::Play {
                    prompt: PromptKind::Message,
                    ..
                } => assert!(completed, "seed {seed}: heard before the disclosure"),
                _ => {}
            }
        }
    }
    for input in [
        Input::Timer(TimerKind::OptOutRecord),
        Input::Ended(Ending::HungUp),
    ] {
        let outputs = call.handle(input, NOW);
        settled += outputs
            .iter()
            .filter(|o| matches!(o, Output::Settle(_)))
            .count();
    }
    assert_eq!(
        (settled, call.state()),
        (1, CallState::Ended),
        "seed {seed}"
    );
}

fn any_input(which: usize) -> Input {
    match which {
        0 => Input::Trying,
        1 | 2 => Input::Ringing,
        3 => Input::EarlyMedia,
        4..=8 => Input::Answered,
        9..=12 => Input::DisclosureStarted(evidence(1)),
        13..=15 => Input::DisclosureCompleted(evidence(10)),
        16 => Input::DisclosureCompleted(evidence(9)),
        17 => interrupted(Interruption::Stall),
        18 => Input::Played(PromptKind::Message),
        19 => Input::Played(PromptKind::Acknowledgement),
        20 => Input::Key('9'),
        21 => opt_out_said(),
        22 => Input::MachineDetected { because: "beep" },
        23 => Input::HumanDetected,
        24 => Input::OptOutRecorded,
        25 => Input::OptOutNotRecorded,
        26 => Input::Cancel(CancelWhy::HangUp),
        27 => Input::AgentAnswered,
        28 => Input::AgentHungUp,
        29 => Input::Timer(TimerKind::Closing),
        30 => Input::Timer(TimerKind::Ring),
        31 => not_interested(),
        32 => Input::Played(PromptKind::Farewell),
        _ => Input::Ended(Ending::CalleeHungUp),
    }
}
