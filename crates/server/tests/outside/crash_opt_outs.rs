//! kill -9 between any two steps of an opt-out: what was acknowledged is there after the restart, by every road.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::server::{Server, World, consent, tone};

/// Kills. The moments are spread over the first steps after the start, another set in each run.
const ROUNDS: u32 = 6;
/// Calls under way in each round, whose callees say it.
const CALLS: usize = 6;

/// A number and the code that must deny it from its acknowledgement on.
type Acknowledged = Arc<Mutex<Vec<(String, &'static str)>>>;

/// Posts; none when the server died over it.
fn post(base: &str, key: &str, path: &str, body: &Value) -> Option<Value> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let mut answer = agent
        .post(format!("{base}{path}"))
        .header("authorization", format!("Bearer {key}"))
        .send(body.to_string())
        .ok()?;
    let text = answer.body_mut().read_to_string().ok()?;
    answer
        .status()
        .is_success()
        .then(|| serde_json::from_str(&text).unwrap())
}

#[test]
fn what_was_acknowledged_is_there_after_kill_9() {
    let carrier = Carrier::start(&[]);
    let world = World::new();
    let serve = || {
        let server = carrier.serve(&world, "[gate]\nopt_out_scope = \"seller\"\n");
        server.prompt("disclosure", "This is an AI for Acme Solar", &tone(8_000));
        server
    };
    let acknowledged = Acknowledged::default();
    let next = Arc::new(AtomicUsize::new(0));
    let mut moment = u64::from(std::process::id());
    let mut server = serve();
    for round in 0..ROUNDS {
        let calls = calls(&server, round);
        let before = acknowledged.lock().unwrap().len();
        let workers = strike(&server, calls, &acknowledged, &next);
        // However slow the machine is, each kill falls among acknowledgements.
        while acknowledged.lock().unwrap().len() < before + 4 {
            std::thread::sleep(Duration::from_millis(1));
        }
        moment = moment
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        std::thread::sleep(Duration::from_millis((moment >> 33) % 150));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        for worker in workers {
            worker.join().unwrap();
        }
        server = serve();
        for (number, code) in acknowledged.lock().unwrap().iter() {
            assert!(
                server.is_barred(number, "acme-solar", code),
                "{number} was acknowledged and is not denied by {code}"
            );
        }
    }
    let count = acknowledged.lock().unwrap().len();
    assert!(count > 20, "only {count} were acknowledged at all");
    world.done(&["log", "verify"]);
}

/// Calls that are answered, by number.
fn calls(server: &Server, round: u32) -> Vec<(String, String)> {
    let placed: Vec<(String, String)> = (0..CALLS)
        .map(|n| {
            let number = format!("+1212555{:04}", 100 + round * 10 + n as u32);
            server.post("/v1/consents", &consent(&number)).ok();
            let placed = server.call(&number);
            let id = placed["id"]
                .as_str()
                .unwrap_or_else(|| panic!("{placed:#}"));
            (number, id.to_owned())
        })
        .collect();
    for (_, id) in &placed {
        server.call_when(id, |call| call["disclosure"]["state"] != "not-started");
    }
    placed
}

/// Opt-outs by every road at once, until the server is gone.
fn strike(
    server: &Server,
    calls: Vec<(String, String)>,
    acknowledged: &Acknowledged,
    next: &Arc<AtomicUsize>,
) -> Vec<std::thread::JoinHandle<()>> {
    let spoken = {
        let (base, key) = (server.base.clone(), server.key.clone());
        let acknowledged = Arc::clone(acknowledged);
        std::thread::spawn(move || {
            for (number, id) in calls {
                let words = json!({"speaker": "callee", "text": "stop calling me", "final": true});
                let path = format!("/v1/calls/{id}/transcript");
                match post(&base, &key, &path, &words) {
                    Some(answer) => {
                        assert_eq!(answer["opt_out"], true);
                        acknowledged.lock().unwrap().push((number, "dnc-internal"));
                    }
                    None => return,
                }
            }
        })
    };
    let written = (0..3).map(|worker| {
        let (base, key) = (server.base.clone(), server.key.clone());
        let (acknowledged, next) = (Arc::clone(acknowledged), Arc::clone(next));
        std::thread::spawn(move || {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                let number = format!("+1{}555{:04}", [213, 305][n / 10_000 % 2], n % 10_000);
                let (path, body, code) = match worker {
                    0 => (
                        "/v1/revocations",
                        json!({"number": number, "seller": "acme-solar", "channel": "letter"}),
                        "dnc-internal",
                    ),
                    1 => (
                        "/v1/hooks/sms?seller=acme-solar",
                        json!({"from": number, "text": "STOP"}),
                        "dnc-internal",
                    ),
                    _ => (
                        "/v1/hooks/sms?seller=acme-solar",
                        json!({"from": number, "text": "i'm not interested"}),
                        "held",
                    ),
                };
                match post(&base, &key, path, &body) {
                    Some(_) => acknowledged.lock().unwrap().push((number, code)),
                    None => return,
                }
            }
        })
    });
    let mut workers: Vec<_> = written.collect();
    workers.push(spoken);
    workers
}
