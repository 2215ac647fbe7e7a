//! A campaign's course over HTTP: its file of leads, its preview, its calls, its end.

use std::time::{Duration, Instant};

use ringfence_telephony::simulated::Persona;
use serde_json::json;

use crate::carrier::Carrier;
use crate::server::World;

#[test]
fn a_file_of_leads_becomes_calls() {
    let carrier = Carrier::start(&[("+12125550123", Persona::Busy)]);
    let world = World::new();
    let server = carrier.serve(&world, "");
    let plan = json!({"name": "november", "seller": "acme-solar"});
    let campaign = server.post("/v1/campaigns", &plan).ok();
    let id = campaign["id"].as_str().unwrap();
    let csv = "phone,state\n+12125550123,NY\nnot a number,NY\n+12125550124,NY\n";
    let path = format!("/v1/leads:import?campaign={id}");
    let imported = server
        .as_key(&server.key, "POST", &path, csv.as_bytes())
        .ok();
    assert_eq!(imported["import"]["leads"], 2, "{imported:#}");
    assert_eq!(imported["import"]["report"]["errors"][0]["line"], 3);
    let step = |verb: &str| server.post(&format!("/v1/campaigns/{id}:{verb}"), &json!({}));
    let preview = step("preflight").ok();
    assert_eq!(preview["verdicts"], json!({"allow": 1, "deny": 1}));
    assert_eq!(preview["reasons"]["consent-missing"], 1, "{preview:#}");
    assert_eq!(step("start").ok()["state"], "running");
    let began = Instant::now();
    loop {
        let counts = server.get(&format!("/v1/campaigns/{id}")).ok()["counts"].clone();
        if counts["outcomes"]["busy"] == 1 && counts["states"]["denied"] == 1 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{counts:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
    // Only the one who may be called was.
    assert_eq!(
        carrier.invites().keys().collect::<Vec<_>>(),
        ["+12125550123"]
    );
    assert_eq!(step("pause").ok()["state"], "paused");
    assert_eq!(step("resume").ok()["state"], "running");
    assert_eq!(step("cancel").ok()["state"], "cancelled");
    assert_eq!(step("start").problem().0, 409);
}

#[test]
fn a_plan_that_cannot_be_is_refused() {
    let world = World::new();
    let server = world.serve(&[]);
    let plan = json!({"name": "n", "seller": "nobody"});
    assert_eq!(server.post("/v1/campaigns", &plan).problem().0, 404);
    server
        .put("/v1/sellers/acme-solar", &crate::server::seller())
        .ok();
    let plan = json!({"name": "n", "seller": "acme-solar"});
    let refused = server.post("/v1/campaigns", &plan);
    assert_eq!(refused.problem(), (422, "trunk-unknown".into()));
}
