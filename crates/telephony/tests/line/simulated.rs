//! Every persona of the simulated carrier.

use std::sync::Arc;
use std::time::Duration;

use ringfence_core::call::{Plan, Settlement};
use ringfence_core::disclose::{DisclosureState, Interruption};
use ringfence_core::outcome::{AnsweredBy, Outcome};
use ringfence_telephony::simulated::{Persona, SimulatedCarrier, SimulatedConfig};
use ringfence_telephony::{DialError, DialOrder, Line, LineConfig, Prompts, TrunkConfig};
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
    let line = driver::line(trunk, ports()).await;
    let report = driver::call(&line, TO, prompts, wish).await;
    println!("{persona:?}: {:?} {:?}", report.took, report.events);
    assert!(carrier.invites(TO) <= 1, "at most one INVITE per attempt");
    (report, carrier)
}

/// Every test has its own ports.
fn ports() -> (u16, u16) {
    static NEXT: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(40_000);
    let first = NEXT.fetch_add(20, std::sync::atomic::Ordering::Relaxed);
    (first, first + 19)
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
    assert!(
        order.is_sorted_by_key(|name| at(name)),
        "{:?}",
        report.events
    );
}
