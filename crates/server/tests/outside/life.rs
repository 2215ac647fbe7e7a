//! Beginning, end, and what is shown meanwhile.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::server::{World, seller};

#[test]
fn told_to_end_it_ends() {
    let world = World::new();
    let mut server = world.serve(&[]);
    server.get("/ready").ok();
    let began = Instant::now();
    let pid = server.child.id().to_string();
    std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .unwrap();
    loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn health_readiness_metrics_and_the_rules() {
    let world = World::new();
    let server = world.serve(&[]);
    assert_eq!(
        server.send("GET", "/health", &[], b"").json()["status"],
        "ok"
    );
    let ready = server.get("/ready").ok();
    assert_eq!(
        (&ready["ready"], &ready["clock"]["kind"]),
        (&json!(true), &json!("real"))
    );
    let metrics = server.get("/metrics");
    assert!(metrics.header("content-type").starts_with("text/plain"));
    assert!(
        metrics.text.contains(
            "ringfence_http_requests_total{operation=\"service.ready\",status=\"200\"} 1"
        )
    );
    let rules = server.get("/v1/rules").ok();
    assert_eq!(rules["jurisdictions"].as_array().unwrap().len(), 56);
}

#[test]
fn stop_is_pressed_shown_and_released() {
    let world = World::new();
    let server = world.serve(&[]);
    let pressed = server.as_key(&server.key, "POST", "/v1/stop", b"").ok();
    assert_eq!(pressed["stopped"], true);
    assert_eq!(server.get("/ready").ok()["stopped"], true);
    let asked = json!({"to": "+12125550123", "seller": "nobody", "dry_run": true});
    let decision = server.post("/v1/decisions", &asked).ok();
    assert!(decision.to_string().contains("\"stopped\""), "{decision:#}");
    assert_eq!(
        server.as_key(&server.key, "DELETE", "/v1/stop", b"").ok()["stopped"],
        false
    );
}

#[test]
fn what_was_put_is_given_back() {
    let world = World::new();
    let server = world.serve(&[]);
    server.put("/v1/sellers/acme-solar", &seller()).ok();
    let shown = server.get("/v1/sellers/acme-solar").ok();
    assert_eq!(
        (&shown["id"], &shown["name"]),
        (&json!("acme-solar"), &json!("Acme Solar LLC"))
    );
    let area = json!({"states": ["FL"], "zips": ["10001"], "from": "2026-11-01T00:00:00Z",
                      "to": null, "source": "FEMA"});
    server.put("/v1/emergency-areas/storm", &area).ok();
    assert_eq!(
        server.get("/v1/emergency-areas/storm").ok()["states"],
        json!(["FL"])
    );
    assert_eq!(
        server
            .as_key(&server.key, "DELETE", "/v1/emergency-areas/storm", b"")
            .status,
        204
    );
    assert_eq!(server.get("/v1/emergency-areas/storm").status, 404);
    let events = server.get("/v1/events?limit=2").ok();
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
    let cursor = events["next_cursor"].as_str().unwrap();
    let more = server.get(&format!("/v1/events?cursor={cursor}")).ok();
    assert_eq!(more["items"][0]["seq"], 3);
    assert_eq!(more["items"][0]["prev"], events["items"][1]["hash"]);
}

#[test]
fn a_call_without_a_trunk_is_refused_by_name() {
    let world = World::new();
    let server = world.serve(&[]);
    let call = json!({"to": "+12125550123", "seller": "s", "trunk": "carrier",
                      "agent": {"kind": "announcement"}});
    assert_eq!(
        server.post("/v1/calls", &call).problem(),
        (422, "trunk-unknown".into())
    );
    let robot = json!({"to": "+12125550123", "seller": "s", "agent": {"kind": "robot"}});
    assert_eq!(server.post("/v1/calls", &robot).problem().0, 422);
}

#[test]
fn events_come_as_they_happen() {
    use std::io::{BufRead, BufReader, Write};

    let world = World::new();
    let server = world.serve(&[]);
    let address = server.base.strip_prefix("http://").unwrap();
    let mut socket = std::net::TcpStream::connect(address).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = format!(
        "GET /v1/events?type=consent HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\
         authorization: Bearer {}\r\n\r\n",
        server.key
    );
    socket.write_all(request.as_bytes()).unwrap();
    let mut lines = BufReader::new(socket).lines();
    let head = lines.next().unwrap().unwrap();
    assert!(head.contains("200"), "{head}");
    server
        .post("/v1/consents", &crate::server::consent("+12125550123"))
        .ok();
    let data = lines
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("data: ").map(str::to_owned))
        .unwrap();
    let event: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert!(event["type"].as_str().unwrap().starts_with("consent."));
    assert_eq!(event["subject"]["number"], "+12125550123");
}
