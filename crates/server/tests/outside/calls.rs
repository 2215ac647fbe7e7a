//! Calls over real SIP and RTP to the simulated carrier, ordered over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ringfence_telephony::simulated::{Persona, SimulatedCarrier, SimulatedConfig};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::server::{Server, World, silence};

/// Half past ten in New York on a Monday.
const CLOCK: &str = "2026-11-23T15:30:00Z";

struct Line {
    _runtime: Runtime,
    carrier: SimulatedCarrier,
    world: World,
    server: Server,
}

fn line(persona: Persona) -> Line {
    let runtime = Runtime::new().unwrap();
    let config = SimulatedConfig {
        ring: Duration::from_millis(300),
        disclosure_ms: 2_700,
    };
    let any = "127.0.0.1:0".parse().unwrap();
    let carrier = SimulatedCarrier::start(any, config, Arc::new(move |_| persona), None);
    let carrier = runtime.block_on(carrier).unwrap();
    let world = World::new();
    let text = format!(
        "[sip]\nlisten = \"127.0.0.1:0\"\n[[trunks]]\nid = \"carrier\"\naddress = \"{}\"\n",
        carrier.local()
    );
    let config = world.write("line.toml", &text);
    let server = world.serve(&["--config", &config, "--clock", CLOCK]);
    server.furnish(&world);
    let prompt = "/v1/sellers/acme-solar/prompts/disclosure?text=This%20is%20Acme%20Solar%20LLC";
    let put = server.as_key(&server.key, "PUT", prompt, &silence(2_500));
    assert_eq!(put.status, 200, "{put:?}");
    Line {
        _runtime: runtime,
        carrier,
        world,
        server,
    }
}

fn order() -> Value {
    json!({"to": "+12125550123", "seller": "acme-solar", "purpose": "telemarketing",
           "caller_id": "+12125550100", "place": null, "trunk": "carrier",
           "agent": {"kind": "announcement"}})
}

fn until(server: &Server, id: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let call = server.get(&format!("/v1/calls/{id}")).ok();
        if wanted(&call) {
            return call;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{call:#}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn place(server: &Server) -> String {
    let reply = server.post("/v1/calls", &order());
    assert_eq!(reply.status, 202, "{reply:?}");
    let placed = reply.json();
    assert_eq!(placed["state"], "dialing");
    assert_eq!(placed["decision"]["verdict"], "allow");
    placed["id"].as_str().unwrap().to_owned()
}

fn ended(call: &Value) -> bool {
    call["state"] == "ended"
}

#[test]
fn a_person_who_listens_is_disclosed_to_whole() {
    let line = line(Persona::Listens);
    let id = place(&line.server);
    let call = until(&line.server, &id, ended);
    assert_eq!(call["outcome"], "answered", "{call:#}");
    assert_eq!(call["disclosure"]["state"], "complete", "{call:#}");
    assert!(call["disclosure"]["completed_at"].is_string(), "{call:#}");
    assert_eq!(
        call["disclosure"]["sha256"].as_str().map(str::len),
        Some(64)
    );
    assert_eq!(call["opt_out"], false);
    assert!(call["decision"].as_str().unwrap().starts_with("dec_"));
    assert_eq!(line.carrier.invites("+12125550123"), 1);
    assert!(line.world.done(&["log", "verify"]).starts_with("whole"));
}

#[test]
fn the_key_nine_ends_it_for_good() {
    let line = line(Persona::PressesNine);
    let id = place(&line.server);
    let call = until(&line.server, &id, ended);
    assert_eq!(call["opt_out"], true, "{call:#}");
    let refused = line.server.post("/v1/calls", &order());
    assert_eq!(refused.status, 200, "{refused:?}");
    let refused = refused.json();
    assert_eq!(
        (&refused["id"], &refused["state"]),
        (&Value::Null, &json!("not-placed"))
    );
    let reasons = refused["decision"]["reasons"].to_string();
    assert!(reasons.contains("dnc-internal") && reasons.contains("consent-revoked"));
    assert_eq!(line.carrier.invites("+12125550123"), 1);
}

#[test]
fn stop_cancels_what_rings() {
    let line = line(Persona::NoAnswer);
    let id = place(&line.server);
    until(&line.server, &id, |call| call["state"] == "ringing");
    line.server
        .post("/v1/stop", &json!({"reason": "test"}))
        .ok();
    let call = until(&line.server, &id, ended);
    assert_eq!(call["outcome"], "cancelled", "{call:#}");
    let refused = line.server.post("/v1/calls", &order()).ok();
    assert!(refused.to_string().contains("\"stopped\""), "{refused:#}");
}

#[test]
fn an_opt_out_elsewhere_cancels_what_rings() {
    let line = line(Persona::NoAnswer);
    let id = place(&line.server);
    until(&line.server, &id, |call| call["state"] == "ringing");
    let revocation = json!({"number": "+12125550123", "seller": null, "channel": "mail"});
    line.server.post("/v1/revocations", &revocation).ok();
    let call = until(&line.server, &id, ended);
    assert_eq!(call["outcome"], "cancelled", "{call:#}");
}

#[test]
fn a_campaign_calls_its_leads() {
    let line = line(Persona::Busy);
    let plan = json!({"name": "november", "seller": "acme-solar"});
    let campaign = line.server.post("/v1/campaigns", &plan).ok();
    let id = campaign["id"].as_str().unwrap();
    let csv = "phone,state\n+12125550123,NY\nnot a number,NY\n";
    let path = format!("/v1/leads:import?campaign={id}");
    let key = line.server.key.clone();
    let imported = line.server.as_key(&key, "POST", &path, csv.as_bytes()).ok();
    assert_eq!(imported["import"]["leads"], 1, "{imported:#}");
    let preflight = line
        .server
        .post(&format!("/v1/campaigns/{id}:preflight"), &json!({}))
        .ok();
    assert_eq!(preflight["verdicts"]["allow"], 1, "{preflight:#}");
    let started = line
        .server
        .post(&format!("/v1/campaigns/{id}:start"), &json!({}))
        .ok();
    assert_eq!(started["state"], "running");
    let began = Instant::now();
    loop {
        let shown = line.server.get(&format!("/v1/campaigns/{id}")).ok();
        if shown["counts"]["outcomes"]["busy"] == 1 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{shown:#}");
        std::thread::sleep(Duration::from_millis(100));
    }
    let page = line.server.get("/v1/calls").ok();
    assert_eq!(page["items"][0]["outcome"], "busy");
}
