//! Lists over HTTP, and what happens when a list's file goes bad under a running server.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{Server, World};

/// Monday morning in New York.
const AT: &str = "2026-11-23T15:00:00Z";

fn decision(server: &Server) -> Value {
    let asked = json!({"to": "+12125550123", "seller": "acme-solar", "purpose": "telemarketing",
                       "caller_id": "+12125550100",
                       "place": {"zip": "10001", "state": "NY", "time_zone": null},
                       "lead": null, "campaign": null, "dry_run": true, "at": AT});
    server.post("/v1/decisions", &asked).ok()
}

fn has(decision: &Value, code: &str) -> bool {
    let reasons = decision["reasons"].as_array().unwrap();
    reasons.iter().any(|reason| reason["code"] == code)
}

/// Asks until it is so; a running server has a second, and this machine may be busy.
fn soon(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn only_list_file(world: &World) -> PathBuf {
    let files = std::fs::read_dir(world.path("ringfence.db.lists")).unwrap();
    let mut files = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "rfl"));
    let file = files.next().unwrap();
    assert!(files.next().is_none());
    file
}

#[test]
fn a_list_whose_file_goes_bad_denies_until_it_is_whole_again() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    soon("the list is taken up", || {
        decision(&server)["verdict"] == "allow"
    });
    assert_eq!(server.get("/ready").status, 200);
    let file = only_list_file(&world);
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damage in [None, Some(&flipped[..]), Some(&whole[..whole.len() - 1])] {
        match damage {
            None => std::fs::remove_file(&file).unwrap(),
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        soon("it denies", || has(&decision(&server), "source-stale"));
        let ready = server.get("/ready");
        assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
        let source = &ready.json()["lists_unreadable"][0]["source"];
        assert!(source.as_str().unwrap().contains("national"), "{source}");
        let metrics = server.get("/metrics").text;
        assert!(metrics.contains("\nringfence_suppression_lists_unreadable 1\n"));
        let doctor = world.run(&["doctor", "--json"]);
        assert_eq!(doctor.status.code(), Some(1));
        let findings: Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let mut findings = findings.as_array().unwrap().iter();
        assert!(findings.any(|f| f["check"] == "list-file" && f["state"] == "broken"));
        let check = world.run_with(&["lists", "check"], "+12125550199\n");
        assert_eq!(
            check.status.code(),
            Some(3),
            "no answer is better than a wrong one"
        );
        std::fs::write(&file, &whole).unwrap();
        soon("it answers again", || {
            decision(&server)["verdict"] == "allow"
        });
        assert_eq!(server.get("/ready").status, 200);
    }
    // A new copy takes its place as well.
    std::fs::remove_file(&file).unwrap();
    soon("it denies", || has(&decision(&server), "source-stale"));
    let listed = world.write("new.txt", "212,5550123\n");
    let obtained = ["lists", "import", "--kind", "ftc-full", "--obtained-at"];
    world.done(&[&obtained[..], &["2026-11-20T01:00:00Z", &listed]].concat());
    soon("the new copy decides", || {
        !has(&decision(&server), "source-stale")
    });
}

/// A newer copy that covers less does not take the older one's place where it covers nothing.
#[test]
fn a_copy_that_still_binds_is_missed_though_a_newer_one_is_there() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    let wide = only_list_file(&world);
    // The numbers of New York occur in it, but this subscription is Miami's.
    let narrow = world.write("305.txt", "212,5550198\n305,5550199\n");
    let import = ["lists", "import", "--kind", "ftc-full", "--area-codes"];
    let obtained = ["305", "--obtained-at", "2026-11-20T01:00:00Z", &narrow];
    world.done(&[&import[..], &obtained[..]].concat());
    soon("both are taken up", || {
        decision(&server)["verdict"] == "allow"
            && server
                .get("/metrics")
                .text
                .contains("_lists_unreadable 0\n")
    });
    let whole = std::fs::read(&wide).unwrap();
    std::fs::remove_file(&wide).unwrap();
    soon("it denies", || has(&decision(&server), "source-stale"));
    let ready = server.get("/ready");
    assert_eq!(ready.status, 503);
    let unreadable = ready.json()["lists_unreadable"].clone();
    let unreadable = unreadable.as_array().unwrap();
    assert_eq!(unreadable.len(), 1);
    let id = wide.file_stem().unwrap().to_str().unwrap();
    assert!(unreadable[0]["source"].as_str().unwrap().contains(id));
    let metrics = server.get("/metrics").text;
    assert!(metrics.contains("\nringfence_suppression_lists_unreadable 1\n"));
    let doctor = crate::server::text(&world.run(&["doctor"]).stdout);
    assert!(doctor.contains(id), "{doctor}");
    // A copy as wide as it takes its place: now nobody needs it, and nobody misses it.
    let newer = world.write("both.txt", "212,5550198\n305,5550199\n");
    let import = ["lists", "import", "--kind", "ftc-full", "--obtained-at"];
    world.done(&[&import[..], &["2026-11-20T02:00:00Z", &newer]].concat());
    soon("the newest decides", || {
        decision(&server)["verdict"] == "allow" && server.get("/ready").status == 200
    });
    let doctor = crate::server::text(&world.run(&["doctor"]).stdout);
    assert!(!doctor.contains(id), "{doctor}");
    std::fs::write(&wide, &whole).unwrap();
}

#[test]
fn lists_come_in_over_http() {
    let world = World::new();
    let server = world.serve(&[]);
    let import = |query: &str, body: &[u8]| {
        let path = format!("/v1/lists:import?{query}");
        server.as_key(&server.key, "POST", &path, body)
    };
    let made = import(
        "kind=ftc-full&seller=acme,beta",
        b"212,5550101\n212,5550102\n",
    );
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!(
        (&made["count"], &made["sellers"]),
        (&json!(2), &json!(["acme", "beta"]))
    );
    let changed = import(
        "kind=ftc-change&seller=acme,beta",
        b"2125550103,2026-11-20T02:20:18,A\n",
    );
    assert_eq!(changed.json()["count"], 3);
    import(
        "kind=state&name=TX&expires_at=2027-01-01",
        b"+12145550101\n",
    )
    .ok();
    import("kind=litigator", b"+12125550101\n").ok();
    let asked = json!({"numbers": ["+12125550101", "2145550101", "hello", "+12125550109"]});
    let held = server.post("/v1/lists:check", &asked).ok();
    let lists: Vec<_> = held["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["lists"])
        .collect();
    assert_eq!(
        lists,
        [
            &json!(["national", "litigator"]),
            &json!(["TX"]),
            &json!([]),
            &json!([])
        ]
    );
    assert_eq!(held["items"][2]["valid"], false);
    assert_eq!(
        server.get("/v1/lists").json()["items"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn what_is_no_list_is_refused_over_http() {
    let world = World::new();
    let server = world.serve(&[]);
    let import = |query: &str, body: &[u8]| {
        let path = format!("/v1/lists:import?{query}");
        server.as_key(&server.key, "POST", &path, body)
    };
    for (query, body, status, code) in [
        (
            "kind=ftc-full",
            &b"212,5550101\n212,55501\n"[..],
            422,
            "list-refused",
        ),
        ("kind=ftc-full", b"", 422, "list-refused"),
        ("kind=everything", b"212,5550101\n", 422, "invalid-field"),
        (
            "kind=litigator&colour=red",
            b"+12125550101\n",
            422,
            "unknown-field",
        ),
        (
            "kind=state&name=ZZ",
            b"+12125550101\n",
            422,
            "invalid-field",
        ),
        (
            "kind=litigator&obtained_at=2099-01-01",
            b"+12125550101\n",
            422,
            "time-in-the-future",
        ),
        (
            "kind=litigator&columns=number",
            b"+12125550101\n",
            422,
            "invalid-field",
        ),
    ] {
        let refused = import(query, body);
        assert_eq!(
            refused.problem(),
            (status, code.to_owned()),
            "{query}: {refused:?}"
        );
    }
    let named = "kind=ftc-full&file_name=2026-11-20_305_36554E44-EAB3-4167-B3BF-13E73EE57B8A.txt";
    let refused = import(named, b"212,5550101\n");
    assert!(
        refused.text.contains("line 1: another area code"),
        "{refused:?}"
    );
    let on_file = server.get("/v1/lists").json();
    assert!(on_file["items"].as_array().unwrap().is_empty());
}

#[test]
fn who_may_bring_lists_and_twice_is_once() {
    let world = World::new();
    let server = world.serve(&[]);
    let limited = world.key(&["--role", "operator", "--seller", "acme"]);
    let reader = world.key(&["--role", "read-only"]);
    let path = "/v1/lists:import?kind=litigator";
    let body = b"+12125550101\n";
    assert_eq!(server.as_key(&reader, "POST", path, body).status, 403);
    assert_eq!(
        server.as_key(&limited, "POST", path, body).status,
        403,
        "for everybody"
    );
    let own = format!("{path}&seller=acme");
    assert_eq!(server.as_key(&limited, "POST", &own, body).status, 201);
    let check = json!({"numbers": ["+12125550101"], "seller": "beta"}).to_string();
    let other = server.as_key(&limited, "POST", "/v1/lists:check", check.as_bytes());
    assert_eq!(other.status, 403);

    let bearer = format!("Bearer {}", server.key);
    let with_key = |body: &[u8]| {
        let headers = [
            ("authorization", bearer.as_str()),
            ("idempotency-key", "list-1"),
        ];
        server.send("POST", path, &headers, body)
    };
    let first = with_key(body);
    let again = with_key(body);
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.text, again.text);
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(
        with_key(b"+12125550102\n").problem().1,
        "idempotency-conflict"
    );
}
