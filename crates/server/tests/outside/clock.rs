//! The test clock's rules.

use serde_json::json;

use crate::server::{World, text};

const START: &str = "2026-06-16T15:00:00Z";

#[test]
fn it_starts_where_it_is_told_and_goes_on_after_a_restart() {
    let world = World::new();
    let server = world.serve(&["--clock", START]);
    let ready = server.get("/ready").ok();
    assert_eq!(ready["clock"]["kind"], "test");
    assert!(
        ready["clock"]["now"]
            .as_str()
            .unwrap()
            .starts_with("2026-06-16T15:00:")
    );
    let suppression = json!({"number": "+12125550111", "reason": "x", "source": "y"});
    server.post("/v1/suppressions", &suppression).ok();
    drop(server);
    // Without the flag it stays a database of the test clock.
    let server = world.serve(&[]);
    let now = server.get("/ready").ok()["clock"]["now"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(now.starts_with("2026-06-16T15:0"), "{now}");
    let events = server.get("/v1/events?limit=1000").ok();
    let tests = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["clock"] == "test")
        .count();
    assert!(tests >= 2, "{events:#}");
}

#[test]
fn it_is_refused_where_calls_could_be_real() {
    let world = World::new();
    let config = world.write(
        "far.toml",
        "[[trunks]]\nid = \"carrier\"\naddress = \"sip.carrier.example\"\n",
    );
    let output = world.run(&["serve", "--config", &config, "--clock", START]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("loopback"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(
        world.run(&["serve", "--clock", "yesterday"]).status.code(),
        Some(2)
    );
}

#[test]
fn it_is_refused_after_a_real_decision() {
    let world = World::new();
    let server = world.serve(&[]);
    let asked = json!({"to": "+12125550123", "seller": "nobody"});
    assert_eq!(server.post("/v1/decisions", &asked).ok()["verdict"], "deny");
    drop(server);
    let output = world.run(&["serve", "--listen", "127.0.0.1:0", "--clock", START]);
    assert_eq!(output.status.code(), Some(2));
}
