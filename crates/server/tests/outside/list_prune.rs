//! `lists prune`, and its twin over HTTP, beside a running server.

use serde_json::{Value, json};

use crate::server::{Server, World, seller, text};

/// The day on which both copies come in, and a day on which the first has bound nobody for long.
const IMPORTED: &str = "2026-06-16T15:00:00Z";
const LATER: &str = "2026-08-01T15:00:00Z";

/// A day on which only the first copy bound.
const THEN: &str = "2026-06-15T15:00:00Z";

const PRUNED: &str = "it was pruned on 2026-08-01";

/// A database with two copies of the registry, the second obtained a day after the first, and a server that runs weeks
/// after that; answers the first one's id.
fn world() -> (World, Server, String) {
    let world = World::new();
    drop(world.serve(&["--clock", IMPORTED]));
    let list = world.write("212.txt", "212,5550199\n");
    for day in ["2026-06-15", "2026-06-16"] {
        let import = [
            "lists",
            "import",
            "--kind",
            "ftc-full",
            "--obtained-at",
            day,
        ];
        world.done(&[&import[..], &[list.as_str()]].concat());
    }
    let server = world.serve(&["--clock", LATER]);
    server.put("/v1/sellers/acme-solar", &seller()).ok();
    let shown: Value = serde_json::from_str(&world.done(&["--json", "lists", "show"])).unwrap();
    let first = shown[1]["id"].as_str().unwrap().to_owned();
    (world, server, first)
}

fn files(world: &World) -> usize {
    let files = std::fs::read_dir(world.path("ringfence.db.lists")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "rfl"))
        .count()
}

/// What a decision says about sources that could not be read.
fn unread(server: &Server, at: &str) -> Vec<String> {
    let asked = json!({"to": "+12125550123", "seller": "acme-solar", "purpose": "telemarketing",
                       "caller_id": null, "place": {"zip": null, "state": "NY", "time_zone": null},
                       "lead": null, "campaign": null, "dry_run": true, "at": at});
    let decision = server.post("/v1/decisions", &asked).ok();
    let reasons = decision["reasons"].as_array().unwrap().iter();
    reasons
        .filter(|reason| reason["code"] == "source-stale")
        .map(Value::to_string)
        .collect()
}

#[test]
fn a_running_server_knows_what_was_pruned_beside_it() {
    let (world, server, first) = world();
    assert_eq!(unread(&server, THEN), [""; 0]);
    let planned = world.done(&["lists", "prune", "--dry-run"]);
    assert!(planned.contains(&first) && planned.contains("1 version would go, "));
    assert_eq!(files(&world), 2, "only said");
    let kept = world.done(&["lists", "prune", "--older-than", "60"]);
    assert_eq!(
        kept,
        "nothing to prune: no file has been without use for 60 days\n"
    );
    let done = world.done(&["lists", "prune"]);
    assert!(
        done.contains(&first) && done.contains("1 version pruned, "),
        "{done}"
    );
    assert_eq!(files(&world), 1);

    let said = unread(&server, THEN);
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains(PRUNED) && said[0].contains(&first),
        "{said:?}"
    );
    let asked = ["decide", "--seller", "acme-solar", "--to", "+12125550123"];
    let output = world.run(&[&asked[..], &["--state", "NY", "--at", THEN]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains(PRUNED));
    assert_eq!(unread(&server, LATER), [""; 0]);
    assert_eq!(server.get("/ready").status, 200);
    let metrics = server.get("/metrics").text;
    assert!(metrics.contains("\nringfence_suppression_lists_unreadable 0\n"));
    assert!(metrics.contains("\nringfence_suppression_list_bytes "));
    let doctor = text(&world.run(&["doctor"]).stdout);
    assert!(
        !doctor.contains("list-file") && !doctor.contains(&first),
        "{doctor}"
    );

    assert!(
        world
            .done(&["lists", "show"])
            .contains("  pruned 2026-08-01T15:")
    );
    let listed = server.get("/v1/lists").json();
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed[0]["pruned_at"], Value::Null);
    assert!(
        listed[1]["pruned_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-08-01")
    );
    let copy = world.path("copy.db").display().to_string();
    world.done(&["backup", &copy]);
    world.done(&["log", "verify"]);
    let events = server.get("/v1/events?limit=1000").ok();
    let mut events = events["items"].as_array().unwrap().iter();
    let event = events
        .find(|e| e["type"] == "suppression.list-pruned")
        .unwrap();
    assert_eq!(event["data"]["versions"], json!([first]));
}

#[test]
fn over_http_for_those_who_may_import() {
    let (world, server, first) = world();
    let limited = world.key(&["--role", "operator", "--seller", "acme-solar"]);
    let reader = world.key(&["--role", "read-only"]);
    let operator = world.key(&["--role", "operator"]);
    let path = "/v1/lists:prune";
    for key in [&limited, &reader] {
        assert_eq!(server.as_key(key, "POST", path, b"{}").status, 403);
    }
    for body in [
        json!({"older_than_days": 6}),
        json!({"older_than_days": 3651}),
    ] {
        assert_eq!(
            server.post(path, &body).problem(),
            (422, "invalid-field".into())
        );
    }
    let unknown = server.post(path, &json!({"days": 31}));
    assert_eq!(unknown.problem(), (422, "unknown-field".into()));
    world.refused(&["lists", "prune", "--older-than", "6"]);
    let planned = server.post(path, &json!({"dry_run": true})).ok();
    let said = world.done(&["--json", "lists", "prune", "--dry-run"]);
    assert_eq!(planned, serde_json::from_str::<Value>(&said).unwrap());
    assert_eq!((&planned["dry_run"], files(&world)), (&json!(true), 2));
    let done = server.as_key(&operator, "POST", path, b"").ok();
    assert_eq!(done["versions"][0]["id"], first.as_str());
    assert_eq!(
        (&done["dry_run"], &done["older_than_days"]),
        (&json!(false), &json!(31))
    );
    assert_eq!((&done["bytes"], files(&world)), (&planned["bytes"], 1));
    assert!(unread(&server, THEN)[0].contains(PRUNED));
    let again = server.post(path, &json!({})).ok();
    assert_eq!(
        (&again["versions"], &again["bytes"]),
        (&json!([]), &json!(0))
    );
}

/// Calls of another dialer on days on which the first copy bound, and on which the second does.
const CALLS: &str = "number,call_date,state\n\
    +12125550123,2026-06-15T15:00:00Z,NY\n\
    +12125550123,2026-06-15T16:00:00Z,NY\n\
    +12125550123,2026-06-17T15:00:00Z,NY\n";

#[test]
fn shadow_says_which_calls_needed_what_was_pruned() {
    let (world, _server, first) = world();
    let calls = world.write("calls.csv", CALLS);
    let args = ["shadow", "--calls", &calls, "--seller", "acme-solar"];
    let judged = || -> Value {
        serde_json::from_str(&world.done(&[&args[..], &["--json"]].concat())).unwrap()
    };
    let stale = |judged: &Value| -> Vec<u64> {
        let stopped = judged["stopped"].as_array().unwrap().iter();
        let codes = |call: &Value| call["reasons"].as_array().unwrap().clone();
        let stale = stopped.filter(|call| codes(call).contains(&json!("source-stale")));
        stale.map(|call| call["line"].as_u64().unwrap()).collect()
    };
    let before = judged();
    assert_eq!(before["sources_unreadable"], json!([]));
    assert_eq!((&before["calls"], stale(&before)), (&json!(3), vec![]));
    assert!(!world.done(&args).contains("cannot be read"));

    world.done(&["lists", "prune"]);
    let after = judged();
    assert_eq!(stale(&after), [2, 3], "{after:#}");
    let unreadable = json!([{"source": format!("list `national`, version {first}"), "detail": PRUNED, "calls": 2}]);
    assert_eq!(after["sources_unreadable"], unreadable);
    // What this installation lacks is no violation of the dialer's.
    assert_eq!(
        after["packs"][0]["beyond_set_up"],
        before["packs"][0]["beyond_set_up"]
    );
    let plain = world.done(&args);
    let line = format!("2 calls: list `national`, version {first}: {PRUNED}");
    assert!(plain.contains(&line), "{plain}");
}
