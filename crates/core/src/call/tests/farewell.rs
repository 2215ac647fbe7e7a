//! Words that may have meant "stop calling": the call ends politely.

use super::*;

fn farewell() -> Output {
    Output::Play {
        prompt: PromptKind::Farewell,
        from: PlayFrom::Now,
    }
}

fn polite() -> Plan {
    Plan {
        has_farewell: true,
        ..plan()
    }
}

fn disclosed() -> Input {
    Input::DisclosureCompleted(evidence(10))
}

/// What comes of these inputs and the farewell's end: it was said once, the disclosure was heard whole, nobody opted out.
fn played_to_the_end(inputs: &[Input]) -> Vec<Output> {
    let ends = vec![
        Input::Played(PromptKind::Farewell),
        Input::Timer(TimerKind::Closing),
        Input::Ended(Ending::HungUp),
    ];
    let outputs = drive(polite(), with(inputs.to_vec(), ends));
    let said = outputs.iter().filter(|o| **o == farewell()).count();
    assert_eq!(said, 1, "{inputs:?}");
    let settled = settlement(&outputs);
    assert_eq!(settled.outcome, Outcome::Answered, "heard whole");
    assert_eq!(settled.disclosure.state, DisclosureState::Complete);
    assert!(!settled.opt_out);
    outputs
}

#[test]
fn it_is_said_instead_of_what_was_to_follow() {
    let after = with(to_disclosing(), vec![disclosed(), not_interested()]);
    let before = with(to_disclosing(), vec![not_interested(), disclosed()]);
    for inputs in [after, before] {
        let outputs = played_to_the_end(&inputs);
        assert!(outputs.contains(&Output::HangUpCallee));
    }
}

#[test]
fn the_agent_is_heard_no_more_and_never_comes() {
    let called = Plan {
        agent: AgentKind::Websocket,
        agent_leg: AgentLeg::Called,
        ..polite()
    };
    let bridged = vec![Input::AgentAnswered, disclosed(), not_interested()];
    let outputs = drive(called.clone(), with(to_disclosing(), bridged));
    assert!(outputs.contains(&Output::HangUpAgent) && outputs.contains(&farewell()));
    let early = vec![not_interested(), Input::AgentAnswered, disclosed()];
    let outputs = drive(called.clone(), with(to_disclosing(), early));
    assert!(!outputs.contains(&Output::BridgeAgent) && outputs.contains(&farewell()));
    let first = vec![
        Input::Answered,
        not_interested(),
        Input::DisclosureStarted(evidence(1)),
        disclosed(),
    ];
    assert!(!drive(called, first).contains(&Output::InviteAgent));
}

#[test]
fn an_opt_out_in_answer_to_it_is_one() {
    let inputs = vec![disclosed(), not_interested(), Input::Key('9')];
    let outputs = drive(polite(), with(to_disclosing(), inputs));
    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::RecordOptOut { .. }))
    );
}

#[test]
fn without_a_recorded_one_the_call_just_ends() {
    let inputs = vec![
        disclosed(),
        not_interested(),
        Input::Timer(TimerKind::Closing),
    ];
    let outputs = drive(plan(), with(to_disclosing(), inputs));
    assert!(!outputs.contains(&farewell()) && outputs.contains(&Output::HangUpCallee));
}

#[test]
fn interim_words_end_nothing() {
    let interim = Input::Said {
        text: "not interested in".into(),
        is_final: false,
        judged: Judged::Ambiguous,
    };
    let outputs = drive(polite(), with(to_disclosing(), vec![disclosed(), interim]));
    assert!(!outputs.contains(&farewell()));
}

#[test]
fn unclear_words_by_another_road_end_it_as_politely() {
    let held = || Input::Cancel(CancelWhy::Held);
    let after = with(to_disclosing(), vec![disclosed(), held(), held()]);
    let before = with(to_disclosing(), vec![held(), disclosed(), held()]);
    for inputs in [after, before] {
        let outputs = played_to_the_end(&inputs);
        let parting =
            |o: &&Output| matches!(o, Output::Event { kind, .. } if *kind == "call.parting");
        assert_eq!(outputs.iter().filter(parting).count(), 1, "{inputs:?}");
    }
    // A key in answer is an opt-out.
    let inputs = vec![disclosed(), held(), Input::Key('9')];
    let outputs = drive(polite(), with(to_disclosing(), inputs));
    assert!(
        outputs
            .iter()
            .any(|o| matches!(o, Output::RecordOptOut { .. }))
    );
}

#[test]
fn a_machine_of_a_held_number_is_left_no_message() {
    let leaves = Plan {
        leaves_voicemail: true,
        ..polite()
    };
    let machine = || Input::MachineDetected { because: "beep" };
    let left = |inputs| {
        let outputs = drive(leaves.clone(), with(to_disclosing(), inputs));
        let voicemail = |o: &Output| {
            matches!(
                o,
                Output::Play {
                    prompt: PromptKind::Voicemail,
                    ..
                }
            )
        };
        (
            outputs.iter().any(voicemail),
            outputs.contains(&Output::HangUpCallee),
        )
    };
    assert_eq!(left(vec![machine()]), (true, false));
    let held = Input::Cancel(CancelWhy::Held);
    assert_eq!(left(vec![held, machine()]), (false, true));
}
