//! kill -9 in the middle of a campaign: no INVITE twice for one attempt, no opt-out lost, and the log verifies.

use std::time::{Duration, Instant};

use ringfence_telephony::simulated::Persona;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::server::{World, tone};

#[test]
fn killed_in_a_campaign_it_loses_nothing_and_repeats_nothing() {
    let numbers: Vec<String> = (0..80)
        .map(|n| format!("+12125550{:03}", 100 + n))
        .collect();
    let personas: Vec<(&str, Persona)> = numbers
        .iter()
        .enumerate()
        .map(|(n, number)| {
            let all = [
                Persona::PressesNine,
                Persona::Busy,
                Persona::Listens,
                Persona::Declines,
            ];
            (number.as_str(), all[n % all.len()])
        })
        .collect();
    let carrier = Carrier::start(&personas);
    let world = World::new();
    let serve = || {
        let server = carrier.serve(&world, "");
        // Two seconds: long enough to press a key in.
        server.prompt("disclosure", "This is an AI for Acme Solar", &tone(2_500));
        server
    };
    let mut server = serve();
    let campaign = server.campaign(&numbers, json!({"attempts_max": 1, "concurrency": 10}));

    let mut known_opt_outs = Vec::new();
    for after in [8, 24] {
        wait(|| carrier.invites().len() >= after);
        known_opt_outs.extend(opted_out(&server.get("/v1/calls?limit=1000").ok()));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        server = serve();
    }
    wait(|| server.get(&format!("/v1/campaigns/{campaign}")).ok()["state"] == "done");

    let calls = server.get("/v1/calls?limit=1000").ok();
    let calls = calls["items"].as_array().unwrap();
    for (number, invites) in carrier.invites() {
        let attempts = calls
            .iter()
            .filter(|call| call["to"] == number.as_str())
            .count();
        assert!(
            invites as usize <= attempts,
            "{number}: {invites} INVITEs for {attempts} attempts"
        );
        assert_eq!(invites, 1, "{number}: one attempt was the most");
    }
    assert!(
        calls
            .iter()
            .all(|call| call["state"] == "ended" && call["outcome"].is_string())
    );
    known_opt_outs.extend(opted_out(&server.get("/v1/calls?limit=1000").ok()));
    assert!(
        known_opt_outs.len() >= 6,
        "only {} opted out",
        known_opt_outs.len()
    );
    for number in known_opt_outs {
        assert!(
            server.is_barred(&number, "acme-solar", "dnc-internal"),
            "{number}"
        );
    }
    world.done(&["log", "verify"]);
}

fn opted_out(calls: &Value) -> Vec<String> {
    let calls = calls["items"].as_array().unwrap().iter();
    calls
        .filter(|call| call["opt_out"] == true)
        .map(|call| call["to"].as_str().unwrap().to_owned())
        .collect()
}

fn wait(done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "waited two minutes"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
