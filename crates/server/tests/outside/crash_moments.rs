//! kill -9 at each step of an opt-out that the callee can see: the key is out, the acknowledgement is heard, we hang up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ringfence_telephony::g711;
use ringfence_telephony::simulated::{Moment, Observer, Persona};
use rustix::process::{Pid, Signal, kill_process};

use crate::carrier::Carrier;
use crate::server::{World, consent, loud_tone, tone};

const CALLEE: &str = "+12125550131";
/// So loud is the acknowledgement alone.
const LOUD: i16 = 8_000;

/// When the server dies.
#[derive(Debug, Clone, Copy)]
enum At {
    /// So many milliseconds after the first packet of the key.
    Pressed(u64),
    /// At so many frames of the acknowledgement.
    Acknowledged(u32),
    /// When we hang up.
    HungUp,
}

/// From before an opt-out is durable until after it was told.
const MOMENTS: [At; 9] = [
    At::Pressed(0),
    At::Pressed(10),
    At::Pressed(20),
    At::Pressed(25),
    At::Pressed(40),
    At::Acknowledged(1),
    At::Acknowledged(2),
    At::Acknowledged(30),
    At::HungUp,
];

/// Who kills, and what the callee had heard by then.
#[derive(Default)]
struct Killer {
    server: AtomicU32,
    /// Frames of the acknowledgement.
    heard: AtomicU32,
    killed: AtomicBool,
}

impl Killer {
    fn kill(&self) {
        let server = i32::try_from(self.server.load(Ordering::Acquire)).unwrap();
        let server = Pid::from_raw(server).unwrap();
        if !self.killed.swap(true, Ordering::AcqRel) {
            kill_process(server, Signal::KILL).unwrap();
        }
    }

    fn watch(self: &Arc<Self>, at: At) -> Observer {
        let this = Arc::clone(self);
        Arc::new(move |_, moment| {
            if this.killed.load(Ordering::Acquire) {
                return;
            }
            match (at, moment) {
                (At::Pressed(0), Moment::Pressed(_)) | (At::HungUp, Moment::HungUp) => this.kill(),
                (At::Pressed(ms), Moment::Pressed(_)) => {
                    let this = Arc::clone(&this);
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(ms));
                        this.kill();
                    });
                }
                (_, Moment::Heard(frame)) if is_acknowledgement(frame) => {
                    let heard = this.heard.fetch_add(1, Ordering::AcqRel) + 1;
                    if matches!(at, At::Acknowledged(n) if n == heard) {
                        this.kill();
                    }
                }
                _ => {}
            }
        })
    }
}

fn is_acknowledgement(frame: &[u8]) -> bool {
    let loudness = |code: &u8| i32::from(g711::decode(*code)).abs();
    frame
        .iter()
        .all(|code| loudness(code) > i32::from(LOUD) - 1_000)
}

/// Whether the opt-out is there after the restart, and whether its callee had been told that it was.
fn strike(at: At) -> (bool, bool) {
    let killer = Arc::new(Killer::default());
    let carrier = Carrier::observed(&[(CALLEE, Persona::PressesNine)], killer.watch(at));
    let world = World::new();
    let mut server = carrier.serve(&world, "");
    killer.server.store(server.child.id(), Ordering::Release);
    server.prompt("disclosure", "Acme Solar LLC by an AI", &tone(6_000));
    server.prompt("acknowledgement", "You are off", &loud_tone(1_000, LOUD));
    server.post("/v1/consents", &consent(CALLEE)).ok();
    let placed = server.call(CALLEE);
    let id = placed["id"].as_str().unwrap().to_owned();
    let began = Instant::now();
    while !killer.killed.load(Ordering::Acquire) {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{at:?} never came"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    server.child.wait().unwrap();
    let acknowledged = killer.heard.load(Ordering::Acquire) > 0;

    let server = carrier.serve(&world, "");
    let call = server.call_when(&id, |call| call["state"] == "ended");
    let reasons = server.reasons(CALLEE, "acme-solar");
    let kept = reasons.iter().any(|code| code == "dnc-internal");
    // All of it, or nothing.
    let withdrawn = reasons.iter().any(|code| code == "consent-revoked");
    let told = server.get("/v1/events?type=converse.opt-out").ok();
    let told = !told["items"].as_array().unwrap().is_empty();
    assert_eq!(
        (withdrawn, told),
        (kept, kept),
        "{at:?}: {reasons:?} {call:#}"
    );
    drop(server);
    world.done(&["log", "verify"]);
    (kept, acknowledged)
}

#[test]
fn what_the_callee_was_told_is_there_whenever_we_die() {
    for moments in MOMENTS.chunks(3) {
        std::thread::scope(|scope| {
            let strikes: Vec<_> = moments
                .iter()
                .map(|at| (at, scope.spawn(|| strike(*at))))
                .collect();
            for (at, strike) in strikes {
                let (kept, acknowledged) = strike.join().unwrap();
                assert!(kept || !acknowledged, "{at:?}: acknowledged and lost");
                let sure = matches!(at, At::Acknowledged(_) | At::HungUp);
                assert!(acknowledged || !sure, "{at:?}: it was never heard");
                println!("{at:?}: acknowledged {acknowledged}, kept {kept}");
            }
        });
    }
}
