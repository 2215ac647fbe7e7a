//! Whatever goes wrong is a problem with a stable code.

use serde_json::json;

use crate::server::{World, consent, seller, wav};

#[test]
fn what_is_wrong_with_a_request() {
    let world = World::new();
    let server = world.serve(&[]);
    let raw = |method: &str, path: &str, body: &[u8]| {
        server.as_key(&server.key, method, path, body).problem()
    };
    let problem = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(raw("GET", "/v1/nowhere", b""), problem(404, "not-found"));
    assert_eq!(
        raw("PATCH", "/v1/decisions", b""),
        problem(405, "method-not-allowed")
    );
    assert_eq!(
        raw("GET", "/v1/calls/call_x", b""),
        problem(404, "not-found")
    );
    assert_eq!(
        raw("POST", "/v1/decisions", b"{\"to\":"),
        problem(400, "malformed-json")
    );
    assert_eq!(
        raw("POST", "/v1/decisions", b""),
        problem(400, "malformed-json")
    );
    assert_eq!(
        raw("POST", "/v1/decisions", b"{\"to\":1}"),
        problem(422, "invalid-field")
    );
    assert_eq!(
        raw("POST", "/v1/decisions", b"{}"),
        problem(422, "missing-field")
    );
    let long = vec![b' '; 2_000_000];
    assert_eq!(
        raw("POST", "/v1/decisions", &long),
        problem(413, "body-too-large")
    );
    let allow = server.as_key(&server.key, "DELETE", "/v1/decisions", b"");
    assert_eq!(allow.header("allow"), "POST");
    assert_eq!(
        raw("GET", "/v1/sellers?limit=0", b""),
        problem(422, "invalid-field")
    );
    assert_eq!(
        raw("GET", "/v1/events?cursor=x", b""),
        problem(422, "invalid-field")
    );
}

#[test]
fn a_field_that_a_contract_does_not_know_is_named() {
    let world = World::new();
    let server = world.serve(&[]);
    for (method, path, body) in [
        (
            "POST",
            "/v1/decisions",
            json!({"to": "+12125550123", "seller": "s"}),
        ),
        ("POST", "/v1/consents", consent("+12125550123")),
        (
            "POST",
            "/v1/revocations",
            json!({"number": "+12125550123", "channel": "x"}),
        ),
        (
            "POST",
            "/v1/suppressions",
            json!({"number": "+12125550123", "reason": "x", "source": "y"}),
        ),
        ("PUT", "/v1/sellers/s", seller()),
        (
            "POST",
            "/v1/calls",
            json!({"to": "+12125550123", "seller": "s"}),
        ),
        ("POST", "/v1/stop", json!({})),
        (
            "PUT",
            "/v1/emergency-areas/a",
            json!({"from": "2026-01-01T00:00:00Z", "source": "x"}),
        ),
        (
            "POST",
            "/v1/overrides",
            json!({"seller": "s", "rule": "r", "from": "2026-01-01", "document": "d"}),
        ),
    ] {
        let mut body = body;
        body["surprise"] = json!(1);
        let reply = server.as_key(&server.key, method, path, body.to_string().as_bytes());
        assert_eq!(
            reply.problem(),
            (422, "unknown-field".into()),
            "{path}: {reply:?}"
        );
        assert_eq!(reply.json()["field"], "surprise", "{path}");
    }
    let mut nested =
        json!({"to": "+12125550123", "seller": "s", "place": {"zip": null, "town": "x"}});
    assert_eq!(
        server.post("/v1/decisions", &nested).json()["field"],
        "town"
    );
    nested["place"] = json!({"state": "XX"});
    assert_eq!(server.post("/v1/decisions", &nested).problem().0, 422);
}

#[test]
fn nothing_is_recorded_with_a_time_in_the_future() {
    let world = World::new();
    let server = world.serve(&[]);
    let future = "2099-01-01T00:00:00Z";
    let mut granted = consent("+12125550123");
    granted["granted_at"] = json!(future);
    let revocation = json!({"number": "+12125550123", "channel": "x", "at": future});
    let suppression = json!({"number": "+12125550123", "reason": "x", "source": "y", "at": future});
    for (path, body) in [
        ("/v1/consents", granted),
        ("/v1/revocations", revocation),
        ("/v1/suppressions", suppression),
    ] {
        assert_eq!(
            server.post(path, &body).problem(),
            (422, "time-in-the-future".into()),
            "{path}"
        );
    }
    let impossible = server.post("/v1/consents", &consent("+12121550123"));
    assert_eq!(impossible.problem(), (422, "number-invalid".into()));
}

#[test]
fn only_a_prompt_that_can_be_played_is_kept() {
    let world = World::new();
    let server = world.serve(&[]);
    server.put("/v1/sellers/s", &seller()).ok();
    let put = |path: &str, body: &[u8]| server.as_key(&server.key, "PUT", path, body);
    let good = put(
        "/v1/sellers/s/prompts/disclosure?text=Acme%20Solar%20LLC",
        &wav(),
    )
    .ok();
    assert_eq!(good["duration_ms"], 500);
    assert_eq!(good["text"], "Acme Solar LLC");
    let bad = put("/v1/sellers/s/prompts/disclosure?text=x", b"ID3");
    assert_eq!(bad.problem(), (422, "wav-invalid".into()));
    assert_eq!(
        put("/v1/sellers/s/prompts/song?text=x", &wav()).problem().0,
        404
    );
    assert_eq!(
        put("/v1/sellers/nobody/prompts/message?text=x", &wav())
            .problem()
            .0,
        404
    );
}

#[test]
fn a_wrong_field_is_named_by_its_path() {
    let world = World::new();
    let server = world.serve(&[]);
    let decision = json!({"to": "+12125550123", "seller": "s"});
    let with = |field: &str, value: serde_json::Value| {
        let mut body = decision.clone();
        body[field] = value;
        body
    };
    let mut wrong_number = seller();
    wrong_number["caller_ids"][0]["number"] = json!("12");
    let mut wrong_level = consent("+12125550123");
    wrong_level["level"] = json!("shouted");
    let mut wrong_purpose = consent("+12125550123");
    wrong_purpose["purposes"] = json!(["telemarketing", "fun"]);
    for (method, path, body, field) in [
        (
            "POST",
            "/v1/decisions",
            with("purpose", json!("fun")),
            "purpose",
        ),
        (
            "POST",
            "/v1/decisions",
            with("dry_run", json!("yes")),
            "dry_run",
        ),
        ("POST", "/v1/decisions", with("at", json!("noon")), "at"),
        (
            "POST",
            "/v1/decisions",
            with("place", json!({"zip": 1})),
            "place.zip",
        ),
        ("PUT", "/v1/sellers/s", wrong_number, "caller_ids[0].number"),
        ("POST", "/v1/consents", wrong_level, "level"),
        ("POST", "/v1/consents", wrong_purpose, "purposes[1]"),
    ] {
        let reply = server.as_key(&server.key, method, path, body.to_string().as_bytes());
        assert_eq!(reply.problem(), (422, "invalid-field".into()), "{reply:?}");
        assert_eq!(reply.json()["field"], field, "{path}");
    }
    for (method, path) in [
        ("POST", "/v1/decisions"),
        ("POST", "/v1/consents"),
        ("POST", "/v1/revocations"),
        ("POST", "/v1/stop"),
        ("PUT", "/v1/sellers/s"),
    ] {
        for body in [&b"[]"[..], b"[\"+12125550123\",\"s\"]", b" null", b"7"] {
            let reply = server.as_key(&server.key, method, path, body);
            assert_eq!(reply.problem(), (422, "invalid-field".into()), "{path}");
        }
    }
    assert_eq!(server.get("/ready").json()["stopped"], false);
}

#[test]
fn a_proof_is_kept_as_it_is() {
    let world = World::new();
    let server = world.serve(&[]);
    for proof in [
        json!("letter"),
        json!(["a", 1]),
        json!({}),
        json!({"ip": "x"}),
    ] {
        let mut body = seller();
        body["caller_ids"][0]["proof"] = proof.clone();
        server.put("/v1/sellers/acme-solar", &body).ok();
        let kept = server.get("/v1/sellers/acme-solar").ok();
        let kept = kept.to_string();
        assert!(kept.contains(&format!("\"proof\":{proof}")), "{kept}");
        let mut body = consent("+12125550123");
        body["proof"] = proof.clone();
        body["double_opt_in"] = json!(true);
        let reply = server.post("/v1/consents", &body);
        assert_eq!((reply.status, &reply.json()["proof"]), (201, &proof));
        let id = reply.json()["id"].as_str().unwrap().to_owned();
        let confirmation = json!({"channel": "sms", "proof": proof});
        let reply = server.post(&format!("/v1/consents/{id}/confirm"), &confirmation);
        assert_eq!(reply.ok()["confirmation"]["proof"], proof);
    }
    let mut body = consent("+12125550123");
    body.as_object_mut().unwrap().remove("proof");
    let reply = server.post("/v1/consents", &body);
    assert_eq!((reply.status, &reply.json()["proof"]), (201, &json!({})));
}

#[test]
fn head_answers_like_get_without_a_body() {
    let world = World::new();
    let server = world.serve(&[]);
    let reply = server.as_key(&server.key, "HEAD", "/health", b"");
    assert_eq!((reply.status, reply.text.len()), (200, 0));
    assert_eq!(reply.header("content-type"), "application/json");
}
