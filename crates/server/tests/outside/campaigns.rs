//! A campaign from a file of leads to its outcomes.

use std::time::{Duration, Instant};

use ringfence_telephony::simulated::Persona;
use serde_json::json;

use crate::carrier::Carrier;
use crate::server::World;

#[test]
fn a_campaign_calls_its_leads() {
    let carrier = Carrier::start(&[("+12125550123", Persona::Busy)]);
    let world = World::new();
    let server = carrier.serve(&world, "");
    let plan = json!({"name": "november", "seller": "acme-solar"});
    let campaign = server.post("/v1/campaigns", &plan).ok();
    let id = campaign["id"].as_str().unwrap();
    let csv = "phone,state\n+12125550123,NY\nnot a number,NY\n";
    let path = format!("/v1/leads:import?campaign={id}");
    let imported = server
        .as_key(&server.key, "POST", &path, csv.as_bytes())
        .ok();
    assert_eq!(imported["import"]["leads"], 1, "{imported:#}");
    let errors = &imported["import"]["report"]["errors"];
    assert_eq!(
        (errors[0]["line"].as_u64(), errors.as_array().map(Vec::len)),
        (Some(3), Some(1))
    );
    let preflight = server
        .post(&format!("/v1/campaigns/{id}:preflight"), &json!({}))
        .ok();
    assert_eq!(preflight["verdicts"]["allow"], 1, "{preflight:#}");
    let started = server
        .post(&format!("/v1/campaigns/{id}:start"), &json!({}))
        .ok();
    assert_eq!(started["state"], "running");
    let began = Instant::now();
    loop {
        let shown = server.get(&format!("/v1/campaigns/{id}")).ok();
        if shown["counts"]["outcomes"]["busy"] == 1 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{shown:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.get("/v1/calls").ok()["items"][0]["outcome"], "busy");
}
