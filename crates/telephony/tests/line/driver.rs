//! A driver as small as it can be: one call machine, one leg, timers in a map.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::call::{Call, CancelWhy, Input, Judged, Output, Plan, Settlement, TimerKind};
use ringfence_core::dial::Permit;
use ringfence_core::lead::PhoneNumber;
use ringfence_telephony::{Clock, Dial, DialOrder, Line, LineConfig, Prompt, Prompts, TrunkConfig};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How one call went.
pub struct Report {
    pub settlement: Settlement,
    /// Types of the events, in order.
    pub events: Vec<&'static str>,
    pub took: Duration,
}

/// What a test wants to be different.
pub struct Wish {
    pub plan: Plan,
    /// The ring limit, shorter than the law's least; only a test may do that, by its own timer.
    pub ring: Option<Duration>,
    pub cancel_after: Option<Duration>,
    pub said: Option<mpsc::Receiver<String>>,
}

impl Default for Wish {
    fn default() -> Self {
        Self {
            plan: Plan::announcement(true, true),
            ring: None,
            cancel_after: None,
            said: None,
        }
    }
}

pub fn clock() -> Clock {
    Arc::new(Timestamp::now)
}

pub fn prompt(name: &str) -> Arc<Prompt> {
    let path = format!(
        "{}/../../examples/prompts/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    let wav = std::fs::read(format!("{path}.wav")).unwrap();
    let words = std::fs::read_to_string(format!("{path}.txt")).unwrap();
    Arc::new(Prompt::from_wav(&wav, words.trim()).unwrap())
}

pub fn prompts() -> Prompts {
    Prompts {
        disclosure: prompt("disclosure"),
        message: Some(prompt("message")),
        acknowledgement: Some(prompt("acknowledgement")),
        voicemail: Some(prompt("voicemail")),
        farewell: Some(prompt("farewell")),
    }
}

/// A prompt of speech-like noise, for tests that need not wait nine seconds.
pub fn short(ms: usize, seed: u32) -> Arc<Prompt> {
    let mut random = seed;
    let samples: Vec<i16> = (0..ms * 8)
        .map(|_| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i16::try_from(random >> 18).unwrap() - 8_192
        })
        .collect();
    Arc::new(Prompt::from_samples(&samples, "noise").unwrap())
}

pub fn short_prompts(disclosure_ms: usize) -> Prompts {
    Prompts {
        disclosure: short(disclosure_ms, 1),
        message: Some(short(600, 2)),
        acknowledgement: Some(short(400, 3)),
        voicemail: Some(short(400, 4)),
        farewell: None,
    }
}

/// Every test has its own ports.
pub fn ports() -> (u16, u16) {
    static NEXT: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(24_000);
    let first = NEXT.fetch_add(20, std::sync::atomic::Ordering::Relaxed);
    (first, first + 19)
}

pub async fn line(trunk: TrunkConfig, ports: (u16, u16)) -> Line {
    let config = LineConfig {
        media_ports: ports,
        ..LineConfig::new("127.0.0.1:0".parse().unwrap(), vec![trunk])
    };
    Line::start(config, clock()).await.unwrap()
}

pub fn permit_until(to: &str, seconds: i64) -> Permit {
    let until = Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    let number = |text| PhoneNumber::parse(text).unwrap();
    let (attempt, decision) = ("att_1".into(), "dec_1".into());
    Permit::mint(attempt, decision, number(to), number("+12125550100"), until)
}

/// Places a call and drives it to its settlement.
pub async fn call(line: &Line, to: &str, prompts: Prompts, wish: Wish) -> Report {
    let began = Instant::now();
    let slot = line.slot("carrier").unwrap();
    let mut said = wish.said;
    let mut machine = Call::new(wish.plan);
    let mut timers: BTreeMap<TimerKind, Instant> = BTreeMap::new();
    let mut events = Vec::new();
    let mut queue: Vec<Input> = Vec::new();
    let mut pending: Vec<Output> = machine.start(Timestamp::now()).into_iter().collect();
    let mut leg = line
        .dial(permit_until(to, 5), DialOrder { slot, prompts })
        .unwrap();
    let mut cancel_at = wish.cancel_after.map(|after| began + after);
    loop {
        for output in pending.drain(..) {
            match output {
                Output::SetTimer { which, after_ms } => {
                    let after = Duration::from_millis(after_ms.into());
                    let after = match which {
                        TimerKind::Ring => wish.ring.unwrap_or(after),
                        _ => after,
                    };
                    timers.insert(which, Instant::now() + after);
                }
                Output::RecordOptOut { .. } => queue.push(Input::OptOutRecorded),
                Output::Event { kind, .. } => events.push(kind),
                Output::Settle(settlement) => {
                    return Report {
                        settlement: *settlement,
                        events,
                        took: began.elapsed(),
                    };
                }
                other => {
                    leg.execute(&other);
                }
            }
        }
        let input = match queue.pop() {
            Some(input) => input,
            None => next(&mut leg, &mut timers, &mut cancel_at, &mut said).await,
        };
        pending.extend(machine.handle(input, Timestamp::now()));
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "a call without an end: {events:?}"
        );
    }
}

async fn next(
    leg: &mut ringfence_telephony::Leg,
    timers: &mut BTreeMap<TimerKind, Instant>,
    cancel_at: &mut Option<Instant>,
    said: &mut Option<mpsc::Receiver<String>>,
) -> Input {
    let far = Instant::now() + Duration::from_secs(60);
    let first = timers
        .iter()
        .min_by_key(|(_, at)| **at)
        .map(|(k, at)| (*k, *at));
    let cancel = cancel_at.unwrap_or(far);
    tokio::select! {
        Some(input) = leg.events.recv() => input,
        () = tokio::time::sleep_until(first.map_or(far, |(_, at)| at)) => {
            let which = first.expect("a call without an end").0;
            timers.remove(&which);
            Input::Timer(which)
        }
        () = tokio::time::sleep_until(cancel) => {
            *cancel_at = None;
            Input::Cancel(CancelWhy::HangUp)
        }
        Some(text) = async { match said { Some(said) => said.recv().await, None => None } } => {
            let judged = if text.to_lowercase().contains("stop") { Judged::OptOut } else { Judged::NotOptOut };
            Input::Said { text, is_final: true, judged }
        }
    }
}
