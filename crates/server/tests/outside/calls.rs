//! Calls over real SIP and RTP: what each callee does, and what the record says of it.

use std::time::{Duration, Instant};

use ringfence_telephony::simulated::Persona;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::server::{Server, World, consent};

const NINE: &str = "+12125550101";
const BUSY: &str = "+12125550102";
const DECLINES: &str = "+12125550103";
const GONE: &str = "+12125550104";
const LEAVES: &str = "+12125550105";
const RINGS: &str = "+12125550106";
const LISTENS: &str = "+12125550107";

fn world() -> (World, Carrier, Server) {
    let carrier = Carrier::start(&[
        (NINE, Persona::PressesNine),
        (BUSY, Persona::Busy),
        (DECLINES, Persona::Declines),
        (GONE, Persona::NotInService),
        (LEAVES, Persona::HangsUpEarly),
        (RINGS, Persona::NoAnswer),
    ]);
    let world = World::new();
    let server = carrier.serve_at(&world, "", 4.0);
    long_disclosure(&server);
    for number in [NINE, BUSY, DECLINES, GONE, LEAVES, RINGS, LISTENS] {
        server.post("/v1/consents", &consent(number)).ok();
    }
    (world, carrier, server)
}

/// The demo's disclosure: long enough to be cut short.
fn long_disclosure(server: &Server) {
    let wav = include_bytes!("../../../../examples/prompts/disclosure.wav");
    server.prompt("disclosure", "Acme Solar LLC calling with an AI", wav);
}

#[test]
fn each_answer_has_its_outcome() {
    let (_world, _carrier, server) = world();
    for (number, outcome, status) in [
        (BUSY, "busy", 486),
        (DECLINES, "declined", 603),
        (GONE, "bad-number", 404),
    ] {
        let placed = server.call(number);
        assert_eq!(placed["state"], "dialing", "{placed:#}");
        let call = server.ended(&placed);
        assert_eq!(call["outcome"], outcome, "{call:#}");
        assert_eq!(
            (&call["sip_status"], &call["answered_by"]),
            (&json!(status), &Value::Null)
        );
        assert_eq!(call["disclosure"]["state"], "not-started");
    }
}

#[test]
fn the_disclosure_is_played_whole_and_proven() {
    let (world, carrier, server) = world();
    let call = server.ended(&server.call(LISTENS));
    assert_eq!(call["outcome"], "answered", "{call:#}");
    assert_eq!(
        (&call["opt_out"], &call["sip_status"]),
        (&json!(false), &json!(200))
    );
    let disclosure = &call["disclosure"];
    assert_eq!(disclosure["state"], "complete", "{call:#}");
    let at = |name: &str| {
        disclosure[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let took = at("completed_at").duration_since(at("started_at"));
    assert!(took.as_secs() >= 8, "nine seconds of sound took {took}");
    assert!(call["answered_at"].as_str().unwrap() < disclosure["started_at"].as_str().unwrap());
    assert_eq!(disclosure["sha256"].as_str().unwrap().len(), 64);
    assert_eq!(carrier.invites()[LISTENS], 1);
    world.done(&["log", "verify"]);
}

#[test]
fn nine_ends_the_call_and_every_later_one() {
    let (_world, carrier, server) = world();
    let call = server.ended(&server.call(NINE));
    assert_eq!(
        (&call["outcome"], &call["opt_out"]),
        (&json!("answered"), &json!(true)),
        "{call:#}"
    );
    assert_eq!(call["disclosure"]["state"], "interrupted");
    assert_eq!(
        server.reasons(NINE, "acme-solar"),
        ["consent-revoked", "dnc-internal"]
    );
    let again = server.call(NINE);
    assert_eq!(
        (&again["id"], &again["state"]),
        (&Value::Null, &json!("not-placed"))
    );
    assert_eq!(carrier.invites()[NINE], 1, "nothing was sent");
    // Only a new consent, later than the opt-out, lets the number be called again.
    let mut fresh = consent(NINE);
    fresh["granted_at"] = json!("2026-11-23T16:00:00Z");
    server.post("/v1/consents", &fresh).ok();
    assert_eq!(
        server.reasons(NINE, "acme-solar"),
        ["consent-revoked", "dnc-internal"],
        "older than the opt-out"
    );
}

#[test]
fn words_end_a_call_too() {
    let (_world, _carrier, server) = world();
    let placed = server.call(LISTENS);
    let id = placed["id"].as_str().unwrap();
    server.call_when(id, |call| call["disclosure"]["state"] == "sending");
    let said = |speaker: &str, text: &str| {
        let words = json!({"speaker": speaker, "text": text, "final": true});
        server
            .post(&format!("/v1/calls/{id}/transcript"), &words)
            .ok()["opt_out"]
            .clone()
    };
    assert_eq!(
        said("agent", "please stop calling me"),
        Value::Null,
        "the agent's words trigger nothing"
    );
    assert_eq!(said("callee", "yes go ahead i have a minute"), json!(false));
    assert_eq!(said("callee", "please stop calling me"), json!(true));
    assert_eq!(
        server.reasons(LISTENS, "acme-solar"),
        ["consent-revoked", "dnc-internal"],
        "at once"
    );
    let call = server.ended(&placed);
    assert_eq!(
        (&call["outcome"], &call["opt_out"]),
        (&json!("answered"), &json!(true)),
        "{call:#}"
    );
}

#[test]
fn words_that_come_early_or_late_are_kept_too() {
    let (_world, _carrier, server) = world();
    let words = json!({"speaker": "callee", "text": "stop calling me", "final": true});
    let said = |placed: &Value| {
        let path = format!("/v1/calls/{}/transcript", placed["id"].as_str().unwrap());
        server.post(&path, &words).ok()["opt_out"].clone()
    };
    let ringing = server.call(RINGS);
    let id = ringing["id"].as_str().unwrap();
    server.call_when(id, |call| call["state"] == "ringing");
    assert_eq!(said(&ringing), json!(true));
    assert_eq!(
        server.reasons(RINGS, "acme-solar"),
        ["consent-revoked", "dnc-internal"]
    );
    assert_eq!(server.ended(&ringing)["outcome"], "cancelled");

    let over = server.call(BUSY);
    server.ended(&over);
    assert_eq!(said(&over), json!(true));
    assert_eq!(
        server.reasons(BUSY, "acme-solar"),
        ["consent-revoked", "dnc-internal"]
    );
    assert_eq!(
        server
            .post("/v1/calls/call_nobody/transcript", &words)
            .problem()
            .0,
        404
    );
}

#[test]
fn a_refused_call_needs_no_room_and_an_allowed_one_waits_its_turn() {
    let (_world, _carrier, server) = world();
    for number in [BUSY, DECLINES, GONE] {
        assert_eq!(server.call(number)["state"], "dialing");
        assert_eq!(server.call("+12125550199")["state"], "not-placed");
        assert_eq!(
            server.call("bad")["decision"]["reasons"][0]["code"],
            "number-invalid"
        );
    }
}

#[test]
fn a_hang_up_in_the_disclosure_is_no_abandoned_call() {
    let (_world, _carrier, server) = world();
    let call = server.ended(&server.call(LEAVES));
    assert_eq!(
        (&call["outcome"], &call["opt_out"]),
        (&json!("answered"), &json!(false)),
        "{call:#}"
    );
    assert_eq!(call["disclosure"]["state"], "interrupted");
}

#[test]
fn stop_and_an_opt_out_elsewhere_cancel_what_rings() {
    let (_world, _carrier, server) = world();
    let ringing = |placed: &Value| {
        let id = placed["id"].as_str().unwrap();
        server.call_when(id, |call| call["state"] == "ringing");
    };
    let placed = server.call(RINGS);
    ringing(&placed);
    let said = json!({"number": RINGS, "seller": "acme-solar", "channel": "sms", "said": "stop"});
    server.post("/v1/revocations", &said).ok();
    assert_eq!(server.ended(&placed)["outcome"], "cancelled");

    let mut again = consent(RINGS);
    again["granted_at"] = json!(jiff_now(&server));
    std::thread::sleep(Duration::from_millis(20));
    server.post("/v1/consents", &again).ok();
    let placed = server.call(RINGS);
    ringing(&placed);
    server.post("/v1/stop", &json!({})).ok();
    assert_eq!(server.ended(&placed)["outcome"], "cancelled");
    let refused = server.call(LISTENS);
    assert_eq!(
        refused["decision"]["reasons"][0]["code"], "stopped",
        "{refused:#}"
    );
}

/// The server's clock, now.
fn jiff_now(server: &Server) -> String {
    server.get("/ready").ok()["clock"]["now"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn told_to_end_it_lets_calls_finish() {
    let (_world, _carrier, mut server) = world();
    let placed = server.call(LISTENS);
    let id = placed["id"].as_str().unwrap().to_owned();
    server.call_when(&id, |call| call["disclosure"]["state"] == "sending");
    let pid = server.child.id().to_string();
    std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < Duration::from_secs(40), "still there");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert!(status.success(), "{status}");
    assert!(
        began.elapsed() > Duration::from_secs(5),
        "the call was cut off"
    );
    let server = _carrier.serve(&_world, "");
    let call = server.get(&format!("/v1/calls/{id}")).ok();
    assert_eq!(call["outcome"], "answered", "{call:#}");
    assert_eq!(call["disclosure"]["state"], "complete");
}
