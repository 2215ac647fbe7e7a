//! Copies while serving, STOP from the command line, what the doctor sees.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, CheckSet, Decision, decide, decide_with};
use ringfence_core::lead::Place;
use ringfence_core::rules::RulePack;
use ringfence_store::gate::{Decide, GateSettings, Reservation};
use ringfence_store::{SqliteStore, Store};
use ringfence_telephony::simulated::Persona;
use serde_json::{Value, json};

use crate::carrier::Carrier;
use crate::server::{World, text};

#[test]
fn a_backup_made_while_serving_starts_as_the_same_store() {
    let world = World::new();
    let server = world.serve(&["--clock", "2026-11-23T15:00:00Z"]);
    server.furnish(&world);
    let asked = json!({"to": "+12125550123", "seller": "acme-solar", "place": {"state": "NY"}});
    let decision = server.post("/v1/decisions", &asked).ok();
    assert_eq!(decision["verdict"], "allow", "{decision:#}");
    let copy = world.path("copy.db").display().to_string();
    let said = world.done(&["backup", &copy]);
    assert!(
        said.contains("whole;")
            && said.contains("every one verified")
            && said.contains("signing key"),
        "{said}"
    );
    let again = world.run(&["backup", &copy]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again.stderr));
    assert!(
        text(&again.stderr).contains("never writes over"),
        "{}",
        text(&again.stderr)
    );
    drop(server);

    // Elsewhere, with only what the backup made.
    let other = World::new();
    for entry in std::fs::read_dir(world.folder.path())
        .unwrap()
        .map(Result::unwrap)
    {
        let name = entry.file_name().into_string().unwrap();
        if let Some(rest) = name.strip_prefix("copy.db") {
            let to = other.path(&format!("ringfence.db{rest}"));
            if entry.path().is_dir() {
                std::fs::create_dir(&to).unwrap();
                for file in std::fs::read_dir(entry.path()).unwrap().map(Result::unwrap) {
                    std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
                }
            } else {
                std::fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    other.done(&["log", "verify"]);
    let id = decision["id"].as_str().unwrap();
    assert!(
        other
            .done(&["replay", id])
            .contains("the same, byte for byte")
    );
    let restored = other.serve(&[]);
    let known = restored.get("/v1/numbers/+12125550123").ok();
    assert_eq!(known["decisions"][0]["id"], id);
    let listed = json!({"to": "+12125550199", "seller": "acme-solar", "dry_run": true, "at": "2026-11-23T16:00:00Z"});
    let listed = restored.post("/v1/decisions", &listed).ok();
    assert!(
        listed["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .any(|r| r["code"] == "dnc-national"),
        "{listed:#}"
    );
}

#[test]
fn a_backup_of_nothing_is_refused() {
    let world = World::new();
    let output = world.run(&["backup", "copy.db"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(!world.path("copy.db").exists() && !world.path("ringfence.db").exists());
}

fn stopped(server: &crate::server::Server, seller: &str, campaign: Option<&str>) -> bool {
    let asked =
        json!({"to": "+12125550123", "seller": seller, "campaign": campaign, "dry_run": true});
    let decision = server.post("/v1/decisions", &asked).ok();
    decision["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .any(|r| r["code"] == "stopped")
}

#[test]
fn stop_reaches_the_next_decision_of_its_scope_at_once() {
    let world = World::new();
    let config = world.write("c.toml", "[[trunks]]\nid = \"carrier\"\naddress = \"127.0.0.1:9\"\n[sip]\nlisten = \"127.0.0.1:0\"\n");
    let server = world.serve(&["--config", &config]);
    server.furnish(&world);
    server
        .put("/v1/sellers/other", &crate::server::seller())
        .ok();
    let campaign = server
        .post(
            "/v1/campaigns",
            &json!({"name": "n", "seller": "acme-solar"}),
        )
        .ok();
    let campaign = campaign["id"].as_str().unwrap();
    let all = || {
        [
            stopped(&server, "acme-solar", None),
            stopped(&server, "other", None),
            stopped(&server, "acme-solar", Some(campaign)),
        ]
    };
    assert_eq!(all(), [false; 3]);
    for (scope, want) in [
        (&["--campaign", campaign][..], [false, false, true]),
        (&["--seller", "acme-solar"], [true, false, true]),
        (&[], [true, true, true]),
    ] {
        let pressed = world.done(&[&["stop", "--reason", "complaint 117"], scope].concat());
        assert!(pressed.starts_with("STOP ("), "{pressed}");
        assert_eq!(all(), want, "{scope:?}");
        let shown: Value =
            serde_json::from_str(&world.done(&["stop", "--list", "--json"])).unwrap();
        assert_eq!(shown["stops"].as_array().unwrap().len(), 1);
        assert_eq!(shown["stops"][0]["reason"], "complaint 117");
        world.done(&[&["stop", "--release"], scope].concat());
        assert_eq!(all(), [false; 3], "{scope:?}");
        let again = world.run(&[&["stop", "--release"], scope].concat());
        assert_eq!(again.status.code(), Some(2), "{scope:?}");
    }
    for args in [
        &["stop", "--seller", "nobody"][..],
        &["stop", "--campaign", "cmp_none"],
        &["stop", "--seller", "a", "--campaign", "b"],
        &["stop", "--list", "--release"],
    ] {
        assert_eq!(world.run(args).status.code(), Some(2), "{args:?}");
    }
    assert_eq!(server.get("/v1/stop").ok()["stopped"], false);
    // A misspelt name would stop nobody.
    let misspelt = server.post("/v1/stop", &json!({"seller": "acme-solr"}));
    assert_eq!(misspelt.status, 404);
}

#[test]
fn stop_at_the_command_line_cancels_what_rings_within_its_scope_only() {
    let carrier = Carrier::start(&[("+12125550123", Persona::NoAnswer)]);
    let world = World::new();
    let server = carrier.serve(&world, "");
    server
        .put("/v1/sellers/other", &crate::server::seller())
        .ok();
    let order =
        json!({"to": "+12125550123", "seller": "acme-solar", "agent": {"kind": "announcement"}});
    let placed = server.post("/v1/calls", &order).ok();
    let call = format!("/v1/calls/{}", placed["id"].as_str().unwrap());
    let until = |what: &str, done: &dyn Fn(&Value) -> bool| {
        let began = Instant::now();
        loop {
            let shown = server.get(&call).ok();
            if done(&shown) {
                return shown;
            }
            assert!(
                began.elapsed() < Duration::from_secs(10),
                "{what}: {shown:#}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    until("it rings", &|shown| shown["state"] == "ringing");
    world.done(&["stop", "--seller", "other"]);
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(server.get(&call).ok()["state"], "ringing");
    world.done(&["stop", "--seller", "acme-solar"]);
    let ended = until("it ends", &|shown| shown["state"] == "ended");
    assert_eq!(ended["outcome"], "cancelled", "{ended:#}");
}

#[test]
fn the_doctor_looks_at_disk_clock_and_each_sellers_lists() {
    let world = World::new();
    let server = world.serve(&["--clock", "2026-11-24T15:00:00Z"]);
    server.furnish(&world);
    let output = world.run(&["doctor", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |check: &str| -> Vec<(String, String)> {
        let all = findings.as_array().unwrap().iter();
        all.filter(|f| f["check"] == check)
            .map(|f| {
                (
                    f["state"].as_str().unwrap().to_owned(),
                    f["detail"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    };
    assert!(of("fsync")[0].1.contains("us (p50)"), "{findings:#}");
    assert!(of("disk")[0].1.contains("GiB free"), "{findings:#}");
    assert!(
        of("clock")
            .iter()
            .any(|(state, detail)| state == "ok" && detail.contains("2026-11-24T15:")),
        "{findings:#}"
    );
    let fresh = (
        "ok".to_owned(),
        "`acme-solar`: 1 area codes, the oldest copy 4 days old; too old in 27 days".to_owned(),
    );
    assert_eq!(of("freshness"), [fresh], "{findings:#}");
    drop(server);

    let old = World::new();
    let server = old.serve(&["--clock", "2027-01-04T15:00:00Z"]);
    server.furnish(&old);
    let output = old.run(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let out = text(&output.stdout);
    assert!(
        out.contains("`acme-solar`: 1 of 1 area codes are older than 31 days: 212"),
        "{out}"
    );
}

#[test]
fn what_an_earlier_version_decided_replays_without_the_checks_that_came_later() {
    let world = World::new();
    let now: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
    let pack = RulePack::embedded().unwrap();
    let store = SqliteStore::open(&world.path("ringfence.db"), now).unwrap();
    let reserve = |change: fn(&mut Decision)| {
        let pack = pack.clone();
        let decide: Decide = Arc::new(move |facts| {
            let mut first = decide(&pack, facts, now);
            first.checks.retain(|made| made.check != "held");
            let earlier = CheckSet::of(&first).unwrap();
            let mut decision = decide_with(earlier, &pack, facts, now);
            change(&mut decision);
            decision
        });
        let reservation = Reservation {
            request: CallRequest {
                to: "+12125550123".into(),
                seller: "acme-solar".into(),
                purpose: Purpose::Telemarketing,
                caller_id: None,
                place: Place::default(),
                lead: None,
                campaign: None,
            },
            settings: GateSettings::default(),
            permit_ttl: Duration::from_secs(30),
            line: None,
        };
        store.reserve(reservation, decide, now).unwrap().decision_id
    };
    let sound = reserve(|_| {});
    let altered = reserve(|decision| decision.checks.retain(|made| made.check != "consent"));
    drop(store);
    let said = world.done(&["replay", sound.as_str()]);
    assert!(said.contains("the same, byte for byte"), "{said}");
    assert!(said.contains("held"), "{said}");
    // No version ever decided without a consent.
    let refused = world.run(&["replay", altered.as_str()]);
    assert_eq!(refused.status.code(), Some(1));
}

#[test]
fn the_doctor_counts_words_that_wait_for_a_person() {
    let world = World::new();
    let server = world.serve(&[]);
    let holds = || {
        let said: Value = serde_json::from_slice(&world.run(&["doctor", "--json"]).stdout).unwrap();
        let findings = said.as_array().unwrap().clone();
        let about = |finding: &Value| finding["check"] == "holds";
        findings.into_iter().find(about).unwrap()
    };
    assert_eq!(holds()["state"], "ok");
    for number in ["+12125550123", "+12125550124"] {
        let words = json!({"from": number, "text": "i'm not interested"});
        server.post("/v1/hooks/sms?seller=acme-solar", &words).ok();
    }
    let open = holds();
    assert_eq!(open["state"], "note", "{open}");
    assert!(
        open["detail"].as_str().unwrap().contains("2 number(s)"),
        "{open}"
    );
    // Their time passes while nothing runs.
    drop(server);
    let database = rusqlite::Connection::open(world.path("ringfence.db")).unwrap();
    let first = "UPDATE holds SET due_at = 1 WHERE id = (SELECT min(id) FROM holds)";
    assert_eq!(database.execute(first, []).unwrap(), 1);
    let overdue = holds();
    assert_eq!(overdue["state"], "stale", "{overdue}");
    let detail = overdue["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("1 of 2") && detail.contains("holds list"),
        "{detail}"
    );
}
