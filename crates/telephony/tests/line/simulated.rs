//! Every persona of the simulated carrier.

use std::sync::Arc;
use std::time::Duration;

use ringfence_core::call::{Plan, Settlement};
use ringfence_core::disclose::{DisclosureState, Interruption};
use ringfence_core::outcome::{AnsweredBy, Outcome};
use ringfence_telephony::simulated::{Persona, SimulatedCarrier, SimulatedConfig};
use ringfence_telephony::{Dial, DialError, DialOrder, Prompts, TrunkConfig, TrunkHealth};
use tokio::sync::mpsc;

use crate::driver::{self, Report, Wish};

const TO: &str = "+12125550123";

/// One call to one persona with prompts of noise: a disclosure of 2.5 s.
async fn meet(persona: Persona, wish: Wish) -> (Report, SimulatedCarrier) {
    meet_with(persona, wish, driver::short_prompts(2_500)).await
}

async fn meet_with(
    persona: Persona,
    mut wish: Wish,
    prompts: Prompts,
) -> (Report, SimulatedCarrier) {
    let (said, mut heard) = mpsc::channel(4);
    let config = SimulatedConfig {
        ring: Duration::from_millis(200),
        disclosure_ms: 2_700,
    };
    let any = "127.0.0.1:0".parse().unwrap();
    let carrier = SimulatedCarrier::start(any, config, Arc::new(move |_| persona), Some(said))
        .await
        .unwrap();
    let (words, listened) = mpsc::channel(4);
    tokio::spawn(async move {
        while let Some(said) = heard.recv().await {
            assert_eq!(said.to, TO);
            let _ = words.send(said.text).await;
        }
    });
    wish.said = Some(listened);
    let trunk = TrunkConfig::new("carrier", &carrier.local().to_string());
    let line = driver::line(trunk, driver::ports()).await;
    let report = driver::call(&line, TO, prompts, wish).await;
    println!("{persona:?}: {:?} {:?}", report.took, report.events);
    assert!(carrier.invites(TO) <= 1, "at most one INVITE per attempt");
    (report, carrier)
}

fn held(settled: &Settlement, outcome: Outcome, status: Option<u16>, state: DisclosureState) {
    assert_eq!(settled.outcome, outcome, "{settled:?}");
    assert_eq!(settled.sip_status, status, "{settled:?}");
    assert_eq!(settled.disclosure.state, state, "{settled:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_listens_hears_the_whole_disclosure_and_the_message() {
    let prompts = driver::prompts();
    let disclosure = Arc::clone(&prompts.disclosure);
    let (report, _carrier) = meet_with(Persona::Listens, Wish::default(), prompts).await;
    let settled = report.settlement;
    held(
        &settled,
        Outcome::Answered,
        Some(200),
        DisclosureState::Complete,
    );
    assert_eq!(settled.answered_by, Some(AnsweredBy::Human));
    assert!(!settled.opt_out);
    let evidence = settled.disclosure.evidence.clone().unwrap();
    let frames = u32::try_from(disclosure.frames().len()).unwrap();
    assert_eq!((evidence.frames, evidence.frames_total), (frames, frames));
    assert_eq!(evidence.bytes, frames * 160);
    assert_eq!(
        u32::from(evidence.last_seq.wrapping_sub(evidence.first_seq)),
        frames - 1
    );
    let span = evidence
        .last_rtp_timestamp
        .wrapping_sub(evidence.first_rtp_timestamp);
    assert_eq!(span, (frames - 1) * 160);
    let took = evidence
        .last_frame_at
        .duration_since(evidence.first_frame_at)
        .as_millis();
    assert!(
        (took - i128::from((frames - 1) * 20)).abs() < 200,
        "{took} ms"
    );
    assert_eq!(evidence.audio_sha256, disclosure.audio_sha256());
    assert_eq!(evidence.words_sha256, disclosure.words_sha256());
    assert!(evidence.destination.starts_with("127.0.0.1:"));
    let receipt = evidence.receipt.expect("the far side reports");
    assert!(receipt.covers_last_frame, "{receipt:?}");
    let order = [
        "disclose.started",
        "disclose.completed",
        "converse.message-played",
    ];
    let at = |name: &&str| report.events.iter().position(|e| e == name).unwrap();
    assert!(order.is_sorted_by_key(at), "{:?}", report.events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opt_out_by_key_or_voice_ends_the_call() {
    for (persona, state) in [
        (Persona::PressesNine, DisclosureState::Interrupted),
        (Persona::PressesNineLate, DisclosureState::Complete),
        (Persona::SaysStop, DisclosureState::Interrupted),
        (Persona::SaysStopLate, DisclosureState::Complete),
    ] {
        let (report, _carrier) = meet(persona, Wish::default()).await;
        let settled = report.settlement;
        held(&settled, Outcome::Answered, Some(200), state);
        assert!(settled.opt_out && settled.opt_out_recorded, "{persona:?}");
        if state == DisclosureState::Interrupted {
            assert_eq!(
                settled.disclosure.interrupted_by,
                Some(Interruption::OptOut)
            );
            let evidence = settled.disclosure.evidence.unwrap();
            assert!(evidence.frames < evidence.frames_total, "{evidence:?}");
        }
        let keys = report
            .events
            .iter()
            .filter(|e| **e == "converse.key")
            .count();
        let pressed = matches!(persona, Persona::PressesNine | Persona::PressesNineLate);
        assert_eq!(keys, usize::from(pressed), "one press is one key");
        assert!(
            report.events.contains(&"call.prompt-played"),
            "acknowledged"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_early_has_cut_it_short() {
    let (report, _carrier) = meet(Persona::HangsUpEarly, Wish::default()).await;
    let settled = report.settlement;
    held(
        &settled,
        Outcome::Answered,
        Some(200),
        DisclosureState::Interrupted,
    );
    assert_eq!(
        settled.disclosure.interrupted_by,
        Some(Interruption::CalleeHungUp)
    );
    let evidence = settled.disclosure.evidence.unwrap();
    assert!((50..125).contains(&evidence.frames), "{evidence:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_own_hang_up_abandons_who_has_not_heard_it_whole() {
    let wish = Wish {
        cancel_after: Some(Duration::from_millis(2_000)),
        ..Wish::default()
    };
    let (report, _carrier) = meet(Persona::Listens, wish).await;
    let settled = report.settlement;
    held(
        &settled,
        Outcome::Abandoned,
        Some(200),
        DisclosureState::Interrupted,
    );
    assert_eq!(
        settled.disclosure.interrupted_by,
        Some(Interruption::Cancelled)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_voicemail_is_a_machine() {
    let prompts = driver::prompts();
    let (report, _carrier) = meet_with(Persona::Voicemail, Wish::default(), prompts.clone()).await;
    let settled = report.settlement;
    held(
        &settled,
        Outcome::Machine,
        Some(200),
        DisclosureState::Interrupted,
    );
    assert_eq!(settled.answered_by, Some(AnsweredBy::Machine));
    assert_eq!(
        settled.disclosure.interrupted_by,
        Some(Interruption::Machine)
    );
    let leaving = Wish {
        plan: Plan {
            leaves_voicemail: true,
            ..Plan::announcement(true, true)
        },
        ..Wish::default()
    };
    let (report, _carrier) = meet_with(Persona::Voicemail, leaving, prompts).await;
    assert_eq!(report.settlement.outcome, Outcome::Machine);
    assert!(
        report.events.contains(&"call.prompt-played"),
        "a message was left"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_echo_is_no_machine() {
    let (report, _carrier) = meet_with(Persona::Echoes, Wish::default(), driver::prompts()).await;
    let settled = report.settlement;
    held(
        &settled,
        Outcome::Answered,
        Some(200),
        DisclosureState::Complete,
    );
    assert_eq!(settled.answered_by, Some(AnsweredBy::Unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_have_their_outcomes() {
    for (persona, outcome, status) in [
        (Persona::Busy, Outcome::Busy, 486),
        (Persona::Declines, Outcome::Declined, 603),
        (Persona::NotInService, Outcome::BadNumber, 404),
        (Persona::Unavailable, Outcome::Unavailable, 480),
        (Persona::Overloaded, Outcome::CarrierError, 503),
    ] {
        let (report, _carrier) = meet(persona, Wish::default()).await;
        let settled = report.settlement;
        held(&settled, outcome, Some(status), DisclosureState::NotStarted);
        assert_eq!((settled.answered_by, settled.opt_out), (None, false));
        let overloaded = persona == Persona::Overloaded;
        assert_eq!(settled.retry_after_s, overloaded.then_some(30));
        let reason = settled.detail.unwrap_or_default();
        assert_eq!(reason.contains("cause=17"), !overloaded, "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ringing_ends_by_our_cancel() {
    let limited = |ms| Wish {
        ring: Some(Duration::from_millis(ms)),
        ..Wish::default()
    };
    let (report, _carrier) = meet(Persona::NoAnswer, limited(500)).await;
    held(
        &report.settlement,
        Outcome::NoAnswer,
        Some(487),
        DisclosureState::NotStarted,
    );
    assert!(report.took < Duration::from_secs(3), "{:?}", report.took);
    let by_hand = Wish {
        cancel_after: Some(Duration::from_millis(500)),
        ..Wish::default()
    };
    let (report, _carrier) = meet(Persona::NoAnswer, by_hand).await;
    held(
        &report.settlement,
        Outcome::Cancelled,
        Some(487),
        DisclosureState::NotStarted,
    );
    // Somebody picked up and heard nothing.
    let (report, _carrier) = meet(Persona::AnswersIntoCancel, limited(500)).await;
    held(
        &report.settlement,
        Outcome::Abandoned,
        Some(200),
        DisclosureState::NotStarted,
    );
    assert_eq!(report.settlement.answered_by, Some(AnsweredBy::Unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_carrier_that_says_nothing_is_a_failure_and_no_408() {
    let (report, carrier) = meet(Persona::Silent, Wish::default()).await;
    held(
        &report.settlement,
        Outcome::Failed,
        None,
        DisclosureState::NotStarted,
    );
    assert_eq!(
        carrier.invites(TO),
        1,
        "what is sent again is no other call"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_permit_or_a_full_trunk_dials_nobody() {
    let any = "127.0.0.1:0".parse().unwrap();
    let listens = Arc::new(|_: &str| Persona::Listens);
    let carrier = SimulatedCarrier::start(any, SimulatedConfig::default(), listens, None)
        .await
        .unwrap();
    let trunk = TrunkConfig {
        max_concurrent: 1,
        ..TrunkConfig::new("carrier", &carrier.local().to_string())
    };
    let line = driver::line(trunk, driver::ports()).await;
    let slot = line.slot("carrier").unwrap();
    assert!(matches!(
        line.slot("carrier"),
        Err(DialError::NoCapacity { .. })
    ));
    assert!(matches!(
        line.slot("other"),
        Err(DialError::UnknownTrunk { .. })
    ));
    let order = DialOrder {
        slot,
        prompts: driver::short_prompts(500),
    };
    let refused = line.dial(driver::permit_until(TO, -1), order).unwrap_err();
    assert_eq!(refused, DialError::PermitExpired);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(carrier.invites(TO), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_calls_at_once_do_not_disturb_each_other() {
    let any = "127.0.0.1:0".parse().unwrap();
    let listens = Arc::new(|_: &str| Persona::Listens);
    let config = SimulatedConfig::default();
    let carrier = SimulatedCarrier::start(any, config, listens, None)
        .await
        .unwrap();
    let trunk = TrunkConfig {
        max_concurrent: 40,
        calls_per_second: 1_000.0,
        ..TrunkConfig::new("carrier", &carrier.local().to_string())
    };
    let line = Arc::new(driver::line(trunk, (41_000, 41_199)).await);
    let mut calls = tokio::task::JoinSet::new();
    for n in 0..40 {
        let line = Arc::clone(&line);
        calls.spawn(async move {
            let to = format!("+121255501{n:02}");
            let prompts = driver::short_prompts(2_500);
            driver::call(&line, &to, prompts, Wish::default())
                .await
                .settlement
        });
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut worst_ms = 0;
    while let Some(settled) = calls.join_next().await {
        let settled = settled.unwrap();
        held(
            &settled,
            Outcome::Answered,
            Some(200),
            DisclosureState::Complete,
        );
        let evidence = settled.disclosure.evidence.unwrap();
        worst_ms = worst_ms.max(evidence.late_ms_worst);
        assert_eq!(evidence.frames, 125);
    }
    println!("latest frame of 40 disclosures: {worst_ms} ms");
    assert!(carrier.all_invites().values().all(|n| *n == 1));
    assert_eq!((carrier.all_invites().len(), line.open_dialogs()), (40, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trunk_says_whether_it_is_there() {
    let any = "127.0.0.1:0".parse().unwrap();
    let listens = Arc::new(|_: &str| Persona::Listens);
    let carrier = SimulatedCarrier::start(any, SimulatedConfig::default(), listens, None)
        .await
        .unwrap();
    let trunk = TrunkConfig::new("carrier", &carrier.local().to_string());
    let line = driver::line(trunk, driver::ports()).await;
    let health = line.probe("carrier").await.unwrap();
    assert!(
        matches!(health, TrunkHealth::Up { status: 200, .. }),
        "{health:?}"
    );
    drop(carrier);
    let health = line.probe("carrier").await.unwrap();
    assert!(matches!(health, TrunkHealth::Down { .. }), "{health:?}");
    assert!(line.probe("other").await.is_err());
}
