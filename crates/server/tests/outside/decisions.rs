//! `POST /v1/decisions` and what changes its answer.

use serde_json::{Value, json};

use crate::server::World;

fn asked(at: &str) -> Value {
    json!({"to": "+12125550123", "seller": "acme-solar", "purpose": "telemarketing",
           "caller_id": "+12125550100", "place": {"zip": "10001", "state": "NY", "time_zone": null},
           "lead": null, "campaign": null, "dry_run": true, "at": at})
}

fn codes(decision: &Value) -> Vec<&str> {
    decision["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_dry_run_allows_defers_and_denies() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    let allowed = server
        .post("/v1/decisions", &asked("2026-11-23T15:00:00Z"))
        .ok();
    assert_eq!(allowed["verdict"], "allow", "{allowed:#}");
    assert!(allowed["id"].as_str().unwrap().starts_with("dec_"));
    assert_eq!(allowed["permit"], Value::Null);
    assert_eq!(
        allowed["candidates"]["time_zones"],
        json!(["America/New_York"])
    );
    let night = server
        .post("/v1/decisions", &asked("2026-11-23T04:00:00Z"))
        .ok();
    assert_eq!(night["verdict"], "defer");
    assert!(
        codes(&night).iter().all(|c| *c == "calling-hours"),
        "{night:#}"
    );
    assert!(
        night["next_allowed_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-23T")
    );
    let before = server
        .post("/v1/decisions", &asked("2026-11-20T17:00:00Z"))
        .ok();
    assert!(codes(&before).contains(&"consent-missing"), "{before:#}");

    server
        .post(
            "/v1/revocations",
            &json!({"number": "+12125550123", "seller": "acme-solar",
            "channel": "mail", "said": "stop", "at": "2026-11-20T20:00:00Z"}),
        )
        .ok();
    let revoked = server
        .post("/v1/decisions", &asked("2026-11-23T15:00:00Z"))
        .ok();
    assert_eq!(revoked["verdict"], "deny");
    let codes = codes(&revoked);
    assert!(
        codes.contains(&"consent-revoked") && codes.contains(&"dnc-internal"),
        "{codes:?}"
    );
}

#[test]
fn what_cannot_be_asked() {
    let world = World::new();
    let server = world.serve(&[]);
    let mut body = asked("2026-11-23T15:00:00Z");
    body["dry_run"] = json!(false);
    assert_eq!(
        server.post("/v1/decisions", &body).problem(),
        (422, "at-without-dry-run".into())
    );
    let mut body = asked("2026-11-23T15:00:00Z");
    body["purpose"] = json!("fun");
    assert_eq!(server.post("/v1/decisions", &body).problem().0, 422);
    let mut body = asked("2026-11-23T15:00:00Z");
    body["to"] = json!("not a number");
    let decision = server.post("/v1/decisions", &body).ok();
    assert!(codes(&decision).contains(&"number-invalid"));
    assert!(codes(&decision).contains(&"seller-unknown"));
}

#[test]
fn a_permit_is_settled_once_and_its_decision_replays() {
    let world = World::new();
    let server = world.serve(&["--clock", "2026-11-23T15:00:00Z"]);
    server.furnish(&world);
    let mut body = asked("");
    body.as_object_mut().unwrap().remove("at");
    body["dry_run"] = json!(false);
    let decision = server.post("/v1/decisions", &body).ok();
    assert_eq!(decision["verdict"], "allow", "{decision:#}");
    let attempt = decision["permit"]["attempt"].as_str().unwrap();
    assert!(attempt.starts_with("att_") && decision["permit"]["token"].is_string());
    let settle = format!("/v1/attempts/{attempt}:settle");
    let first = server.post(&settle, &json!({"outcome": "busy"}));
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        server
            .post(&settle, &json!({"outcome": "busy"}))
            .problem()
            .0,
        409
    );
    assert_eq!(
        server
            .post(&settle, &json!({"outcome": "fine"}))
            .problem()
            .0,
        422
    );

    let id = decision["id"].as_str().unwrap();
    assert!(
        world
            .done(&["replay", id])
            .contains("the same, byte for byte")
    );
    assert_eq!(world.run(&["replay", "dec_unknown"]).status.code(), Some(2));
    let known = server.get("/v1/numbers/+12125550123").ok();
    assert_eq!(known["decisions"][0]["id"], id);
    assert_eq!(known["consents"].as_array().unwrap().len(), 1);
}

#[test]
fn the_command_line_says_the_same() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    let base = [
        "decide",
        "--seller",
        "acme-solar",
        "--to",
        "+12125550123",
        "--state",
        "NY",
        "--at",
    ];
    let run = |at: &str, json: bool| {
        let mut args = base.to_vec();
        args.push(at);
        if json {
            args.push("--json");
        }
        world.run(&args)
    };
    let allowed = run("2026-11-23T15:00:00Z", true);
    assert_eq!(allowed.status.code(), Some(0));
    let decision: Value = serde_json::from_slice(&allowed.stdout).unwrap();
    assert_eq!(decision["verdict"], "allow");
    let night = run("2026-11-23T04:00:00Z", false);
    assert_eq!(night.status.code(), Some(1));
    let text = String::from_utf8(night.stdout).unwrap();
    assert!(text.starts_with("DEFER: not before 2026-11-23T"), "{text}");
    assert!(
        text.contains("calling-hours") && text.contains("CFR"),
        "{text}"
    );
}

#[test]
fn an_override_says_what_it_lifts_and_where() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    let kept = |rule: &str| {
        let advice = json!({"seller": "acme-solar", "rule": rule, "from": "2026-01-01T00:00:00Z", "document": "memo 7"});
        let kept = server.post("/v1/overrides", &advice).ok();
        (
            kept["lifts"].clone(),
            kept["only_in"].clone(),
            kept["only_with_consent"].clone(),
        )
    };
    let nothing = Value::Null;
    assert_eq!(
        kept("us-fed-consent-telemarketing-pewc"),
        (json!(true), json!(["LA", "MS", "TX"]), json!(true))
    );
    assert_eq!(
        kept("us-wa-artificial-voice"),
        (json!(true), nothing.clone(), nothing.clone())
    );
    assert_eq!(
        kept("us-fed-national-dnc"),
        (json!(false), nothing.clone(), nothing)
    );
}
