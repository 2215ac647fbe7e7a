//! From the key or the word until no decision anywhere allows: with so many calls under way, a dialer at work and deciders
//! asking about the very numbers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_store::campaign::{CampaignPlan, CampaignState, LeadDraft};
use ringfence_telephony::simulated::{Persona, SimulatedCarrier, SimulatedConfig};
use serde::Serialize;
use serde_json::json;

use super::super::race::Judged;
use super::super::world::World;
use crate::assembly::Assembly;
use crate::config::{self, Config, Flags, Transport, Trunk};
use crate::converse::Judge;
use crate::desk::{CallOrder, Speaker, Words};
use crate::latency::percentile;

/// When callees press the key, in milliseconds of the disclosure: all calls of a round are up by then.
const KEY_AT_MS: u32 = 6_000;
/// Leads of the dialer that is busy meanwhile.
const LEADS: usize = 4_000;
/// Threads that ask about the very numbers.
const DECIDERS: usize = 4;

/// The figures; times in milliseconds.
#[derive(Debug, Serialize)]
pub struct Times {
    pub calls_at_once: usize,
    pub keys: usize,
    pub key_p50_ms: f64,
    pub key_p99_ms: f64,
    pub words: usize,
    pub word_p50_ms: f64,
    pub word_p99_ms: f64,
    pub decisions_meanwhile: u64,
    pub dialed_meanwhile: usize,
    pub allowed_after: u64,
}

/// What goes on beside the calls.
struct Beside {
    stop: AtomicBool,
    decisions: AtomicU64,
}

/// Takes the figures over `rounds` rounds of `calls` calls each, by key and by word.
pub async fn measure(calls: usize, rounds: usize) -> Result<Times> {
    let world = Arc::new(World::new()?);
    let count = calls * rounds * 2;
    ensure!(count + LEADS <= 9_000, "at most 2,500 calls in all");
    let numbers: Vec<PhoneNumber> = (0..count + LEADS)
        .map(|n| {
            let number = world.number(n)?;
            world.consent(number)?;
            Ok(number)
        })
        .collect::<Result<_>>()?;
    let (called, leads) = numbers.split_at(count);
    let (by_key, by_word) = called.split_at(count / 2);
    let carrier = carrier(by_key, leads).await?;
    let config = configuration(&carrier, calls)?;
    let (store, pack) = (Arc::clone(&world.store), Arc::clone(&world.pack));
    let mut assembly = Assembly::new(&config, store, pack, world.clock, Judge::default()).await?;
    assembly.start_dialer()?;
    campaign(&world, leads)?;

    let beside = Arc::new(Beside {
        stop: AtomicBool::new(false),
        decisions: AtomicU64::new(0),
    });
    let deciders = deciders(&world, called, &beside);
    for round in by_key.chunks(calls) {
        place(&world, &assembly, round).await?;
        all_over(&assembly, round).await?;
    }
    let keyed = assembly.calls().opt_out_times.figures();
    let mut words_ms = Vec::new();
    let mut calls_at_once = usize::MAX;
    for round in by_word.chunks(calls) {
        place(&world, &assembly, round).await?;
        calls_at_once = calls_at_once.min(up(&assembly, round));
        words_ms.extend(say(&assembly, round).await?);
        all_over(&assembly, round).await?;
    }
    beside.stop.store(true, Ordering::Relaxed);
    for decider in deciders {
        let _ = tokio::task::spawn_blocking(move || decider.join()).await;
    }
    words_ms.sort_by(f64::total_cmp);
    let invites = carrier.all_invites();
    let dialed_meanwhile = leads
        .iter()
        .filter(|n| invites.contains_key(&n.e164()))
        .count();
    assembly.shut_down(Duration::from_secs(2)).await;
    let ms = |micros: u64| Duration::from_micros(micros).as_secs_f64() * 1e3;
    Ok(Times {
        calls_at_once,
        keys: usize::try_from(keyed.count)?,
        key_p50_ms: ms(keyed.p50_us),
        key_p99_ms: ms(keyed.p99_us),
        words: words_ms.len(),
        word_p50_ms: percentile(&words_ms, 50),
        word_p99_ms: percentile(&words_ms, 99),
        decisions_meanwhile: beside.decisions.load(Ordering::Relaxed),
        dialed_meanwhile,
        allowed_after: Judged::of(&*world.store)?.after,
    })
}

/// Who picks up: those who press the key, the busy leads, and the others, who listen until the call is ended.
async fn carrier(by_key: &[PhoneNumber], leads: &[PhoneNumber]) -> Result<SimulatedCarrier> {
    let keyed = by_key.iter().map(|n| (n.e164(), Persona::PressesNineLate));
    let busy = leads.iter().map(|n| (n.e164(), Persona::Busy));
    let personas: BTreeMap<String, Persona> = keyed.chain(busy).collect();
    let of = move |number: &str| personas.get(number).copied().unwrap_or(Persona::Listens);
    let config = SimulatedConfig {
        ring: Duration::from_millis(50),
        disclosure_ms: KEY_AT_MS,
    };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    SimulatedCarrier::start(listen, config, Arc::new(of), None)
        .await
        .context("the simulated carrier has no address")
}

fn configuration(carrier: &SimulatedCarrier, calls: usize) -> Result<Config> {
    let trunk = |id: &str, per_second: f64| Trunk {
        id: id.to_owned(),
        address: carrier.local().to_string(),
        transport: Transport::Udp,
        username: String::new(),
        password: String::new(),
        max_concurrent: 1_000,
        calls_per_second: per_second,
        ring_seconds: 15,
        asserts_identity: false,
        media_from_anywhere: false,
    };
    let mut config = config::load(None, std::iter::empty(), &Flags::default())?;
    config.trunks = vec![trunk("calls", 40.0), trunk("dialer", 30.0)];
    config.sip.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.dialer.calls_max = u32::try_from(calls)? + 100;
    config.dialer.tick_ms = 20;
    Ok(config)
}

fn campaign(world: &World, leads: &[PhoneNumber]) -> Result<()> {
    let now = world.clock.now();
    let seller = world.request(world.number(0)?).seller;
    let plan = CampaignPlan {
        name: "busy".to_owned(),
        seller,
        purpose: ringfence_core::consent::Purpose::Telemarketing,
        caller_id: None,
        trunk: "dialer".to_owned(),
        agent: json!({"kind": "announcement"}),
        attempts_max: 1,
        retry: json!({}),
        concurrency: 50,
        calls_per_second: 30.0,
    };
    let campaign = world.store.create_campaign(plan, now)?;
    let drafts = leads.iter().map(|number| LeadDraft {
        number: *number,
        place: Place::default(),
        external_id: None,
        extra: json!({}),
    });
    world
        .store
        .import_leads(Some(&campaign.id), drafts.collect(), now)?;
    world
        .store
        .set_campaign_state(&campaign.id, CampaignState::Running, now)?;
    Ok(())
}

fn deciders(
    world: &Arc<World>,
    numbers: &[PhoneNumber],
    beside: &Arc<Beside>,
) -> Vec<std::thread::JoinHandle<()>> {
    (0..DECIDERS)
        .map(|decider| {
            let (world, beside) = (Arc::clone(world), Arc::clone(beside));
            let numbers = numbers.to_vec();
            std::thread::spawn(move || {
                for number in numbers.iter().cycle().skip(decider * 31) {
                    if beside.stop.load(Ordering::Relaxed) || world.decide(*number).is_err() {
                        return;
                    }
                    beside.decisions.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect()
}

/// Places a round of calls.
async fn place(world: &World, assembly: &Assembly, round: &[PhoneNumber]) -> Result<()> {
    let desk = assembly.desk();
    for number in round {
        let order = CallOrder {
            request: world.request(*number),
            trunk: Some("calls".to_owned()),
            agent: json!({"kind": "announcement"}),
        };
        let placed = desk.place(order).await?;
        ensure!(
            placed.call.is_some(),
            "not placed: {:?}",
            placed.decision.reasons
        );
    }
    Ok(())
}

/// How many of a round are under way.
fn up(assembly: &Assembly, round: &[PhoneNumber]) -> usize {
    let calls = assembly.calls();
    round
        .iter()
        .filter(|n| calls.call_to(**n).is_some())
        .count()
}

/// Every callee of a round says it, as a transcriber would bring it; how long each took, in milliseconds.
async fn say(assembly: &Assembly, round: &[PhoneNumber]) -> Result<Vec<f64>> {
    let calls = assembly.calls();
    let mut told = Vec::new();
    for number in round {
        let Some(call) = calls.call_to(*number) else {
            continue;
        };
        let desk = assembly.desk();
        told.push(tokio::task::spawn_blocking(move || {
            let words = Words {
                speaker: Speaker::Callee,
                text: "please stop calling me and take me off your list".to_owned(),
                is_final: true,
                audio: None,
            };
            let begun = Instant::now();
            let said = desk.said(&call, words);
            (said, begun.elapsed().as_secs_f64() * 1e3)
        }));
        // People do not speak in chorus.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut took = Vec::with_capacity(told.len());
    for words in told {
        let (said, ms) = words.await?;
        ensure!(said? == Some(true), "not taken for an opt-out");
        took.push(ms);
    }
    Ok(took)
}

/// Waits until no call of a round is under way.
async fn all_over(assembly: &Assembly, round: &[PhoneNumber]) -> Result<()> {
    let begun = Instant::now();
    while up(assembly, round) > 0 {
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "calls that never end"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
