//! Bad input has a clear answer and leaves no trace, over HTTP and at the command line.

use serde_json::{Value, json};

use crate::server::{Server, World, consent, seller, text};

/// The log as it stands: its length and its head.
fn log(world: &World) -> Value {
    serde_json::from_str(&world.done(&["log", "verify", "--json"])).unwrap()
}

/// Method, path, body, and the code of the answer.
type Refused = (&'static str, &'static str, Value, &'static str);

fn questions_that_cannot_be() -> Vec<Refused> {
    let decision = |more: Value| {
        let mut body = json!({"to": "+12125550123", "seller": "acme-solar"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    [
        (json!({"at": "2099-01-01T00:00:00Z"}), "at-without-dry-run"),
        (
            json!({"at": "2026-11-23T15:00:00Z", "dry_run": false}),
            "at-without-dry-run",
        ),
        (json!({"purpose": "fun"}), "invalid-field"),
        (json!({"purpose": null}), "invalid-field"),
        (json!({"surprise": 1}), "unknown-field"),
        (json!({"place": {"state": "ZZ"}}), "invalid-field"),
        (json!({"place": {"zip": "1"}}), "invalid-field"),
    ]
    .map(|(more, code)| ("POST", "/v1/decisions", decision(more), code))
    .to_vec()
}

fn records_that_cannot_be() -> Vec<Refused> {
    let mut backwards = seller();
    backwards["caller_ids"][0]["authorised_from"] = json!("2026-13-01");
    let future = "2099-01-01T00:00:00Z";
    let scrub = json!({"seller": "acme-solar", "purpose": "fun", "numbers": [{"to": "1"}]});
    let barred = json!({"number": "+12125550123", "reason": "x", "source": "y", "at": future});
    let gift = json!({"number": "+12125550123", "seller": "acme-solar", "kind": "gift", "at": "2026-01-01T00:00:00Z"});
    let advice = json!({"seller": "acme-solar", "rule": "no-such-rule", "from": "2026-01-01", "document": "d"});
    let area = json!({"states": ["FL"], "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z", "source": "x"});
    vec![
        ("POST", "/v1/scrubs", scrub, "invalid-field"),
        ("POST", "/v1/suppressions", barred, "time-in-the-future"),
        ("POST", "/v1/relationships", gift, "invalid-field"),
        ("POST", "/v1/overrides", advice, "rule-unknown"),
        ("PUT", "/v1/emergency-areas/a", area, "invalid-field"),
        ("PUT", "/v1/sellers/acme-solar", backwards, "invalid-field"),
        (
            "POST",
            "/v1/attempts/att_none:settle",
            json!({"outcome": "busy"}),
            "not-found",
        ),
        (
            "POST",
            "/v1/stop",
            json!({"seller": "a", "campaign": "b"}),
            "invalid-field",
        ),
    ]
}

#[test]
fn a_refused_request_records_nothing() {
    let world = World::new();
    let server = world.serve(&[]);
    server.furnish(&world);
    let before = log(&world);
    let cases = [questions_that_cannot_be(), records_that_cannot_be()].concat();
    for (method, path, body, want) in cases {
        let reply = server.as_key(&server.key, method, path, body.to_string().as_bytes());
        assert_eq!(reply.problem().1, want, "{path} {body}: {reply:?}");
        assert!((400..500).contains(&reply.status), "{reply:?}");
    }
    assert_eq!(log(&world), before, "something was recorded");
    let known = server.get("/v1/numbers/+12125550123").ok();
    assert_eq!(known["decisions"], json!([]), "{known:#}");
}

#[test]
fn ten_megabytes_are_refused_and_the_server_goes_on() {
    let world = World::new();
    let server = world.serve(&[]);
    let before = log(&world);
    let filler = "x".repeat(10 * 1024 * 1024);
    let mut big = consent("+12125550123");
    big["text"] = json!(filler);
    for (method, path, body) in [
        (
            "POST",
            "/v1/decisions",
            json!({"to": filler, "seller": "s"}),
        ),
        ("POST", "/v1/consents", big),
        (
            "POST",
            "/v1/scrubs",
            json!({"seller": filler, "numbers": []}),
        ),
        ("PUT", "/v1/sellers/s", json!({"name": filler})),
        ("POST", "/v1/stop", json!({"reason": filler})),
    ] {
        let reply = server.as_key(&server.key, method, path, body.to_string().as_bytes());
        assert_eq!(reply.problem(), (413, "body-too-large".into()), "{path}");
    }
    let wav = vec![0; 10 * 1024 * 1024];
    let reply = server.as_key(
        &server.key,
        "PUT",
        "/v1/sellers/s/prompts/disclosure?text=x",
        &wav,
    );
    assert_eq!(reply.problem(), (413, "body-too-large".into()));
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(log(&world), before);
}

fn lists(world: &World) -> String {
    world.done(&["lists", "show", "--json"])
}

#[test]
fn a_list_of_the_wrong_year_is_refused_whole() {
    let world = World::new();
    let full = world.write("full.txt", "212,5550101\n");
    let good = "lists import --kind ftc-full --obtained-at 2026-01-10T00:00:00Z";
    world.done(&[good.split(' ').collect(), vec![full.as_str()]].concat());
    let before = (lists(&world), log(&world));
    let stamped = world.write("change.txt", "2125550102,20990102030405,A\n");
    let asked = world.write(
        "answers.csv",
        "+12125550104,2024-01-01,yes,2099-01-01T00:00:00Z\n",
    );
    let noted = world.write(
        "own.csv",
        "number,seller,at\n+12125550101,acme,2099-01-01T00:00:00Z\n",
    );
    let state = world.write("tx.txt", "+15125550101\n");
    let texas = "--kind state --name TX";
    for (options, file) in [
        (
            "--kind ftc-full --obtained-at 2099-01-01T00:00:00Z".to_owned(),
            &full,
        ),
        ("--kind ftc-change".to_owned(), &stamped),
        ("--kind reassigned".to_owned(), &asked),
        ("--kind internal".to_owned(), &noted),
        (
            format!(
                "{texas} --published-at 2026-11-01T00:00:00Z --expires-at 2026-01-01T00:00:00Z"
            ),
            &state,
        ),
        (
            format!(
                "{texas} --effective-at 2027-06-01T00:00:00Z --expires-at 2027-01-01T00:00:00Z"
            ),
            &state,
        ),
        (
            format!("{texas} --published-at 2099-01-01T00:00:00Z"),
            &state,
        ),
    ] {
        let mut args = vec!["lists", "import"];
        args.extend(options.split(' '));
        args.push(file);
        let output = world.run(&args);
        let said = format!("{args:?}: {}{}", text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{said}"
        );
        assert_eq!((lists(&world), log(&world)), before, "{args:?}");
    }
}

#[test]
fn the_command_line_refuses_and_records_nothing() {
    let world = World::new();
    world.key(&["--role", "admin"]);
    let before = log(&world);
    let config = world.write("bad.toml", "[gate]\nhurry = true\n");
    let decide = ["decide", "--seller", "s", "--to", "+12125550123"];
    for args in [
        [&decide[..], &["--purpose", "fun"]].concat(),
        [&decide[..], &["--at", "tomorrow"]].concat(),
        [&decide[..], &["--state", "ZZ"]].concat(),
        [&decide[..], &["--zip", "1"]].concat(),
        [&decide[..], &["--surprise"]].concat(),
        [&decide[..], &["--config", &config]].concat(),
        vec!["keys", "create", "--role", "king"],
        vec!["replay", "dec_none"],
        vec!["stop", "--seller", "nobody"],
        vec!["rules", "diff", "embedded", "no-such-pack"],
    ] {
        world.refused(&args);
    }
    assert_eq!(log(&world), before);
}

fn caps(server: &Server, at: &str) -> Value {
    let asked = json!({"to": "+12125550123", "seller": "acme-solar", "place": {"state": "FL"}, "dry_run": true, "at": at});
    server.post("/v1/decisions", &asked).ok()
}

#[test]
fn a_dialer_of_ones_own_counts_towards_caps_and_an_unused_permit_does_not() {
    let world = World::new();
    let mut profile = seller();
    let config = world.write("c.toml", "[gate]\npermit_seconds = 1\n");
    let server = world.serve(&["--config", &config, "--clock", "2026-11-23T17:00:00Z"]);
    server.furnish(&world);
    profile["registrations"] = json!([{"state": "NY", "exempt_because": "memo"}, {"state": "FL", "exempt_because": "memo"}]);
    server.put("/v1/sellers/acme-solar", &profile).ok();
    let florida = world.write("fl.txt", "+13055550199\n");
    world.done(&[
        "lists",
        "import",
        "--kind",
        "state",
        "--name",
        "FL",
        "--obtained-at",
        "2026-11-20T00:00:00Z",
        &florida,
    ]);
    let real = json!({"to": "+12125550123", "seller": "acme-solar", "place": {"state": "FL"}});
    let reserve = || server.post("/v1/decisions", &real).ok();
    let mut permits = Vec::new();
    for _ in 0..3 {
        let decision = reserve();
        assert_eq!(decision["verdict"], "allow", "{decision:#}");
        permits.push(decision["permit"]["attempt"].as_str().unwrap().to_owned());
    }
    // Reserved is counted: Florida allows three in 24 hours.
    let capped = reserve();
    assert_eq!(
        (&capped["verdict"], &capped["reasons"][0]["code"]),
        (&json!("defer"), &json!("frequency-cap")),
        "{capped:#}"
    );
    let settle = |attempt: &str, outcome: &str| {
        server.post(
            &format!("/v1/attempts/{attempt}:settle"),
            &json!({"outcome": outcome}),
        )
    };
    assert_eq!(settle(&permits[0], "no-answer").status, 200);
    std::thread::sleep(std::time::Duration::from_millis(1300));
    // The two that expired unused and unsettled are void: one call counts.
    let now = server.get("/ready").ok()["clock"]["now"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(caps(&server, &now)["verdict"], "allow");
    // A report that comes late counts all the same.
    assert_eq!(settle(&permits[1], "answered").status, 200);
    assert_eq!(settle(&permits[2], "answered").status, 200);
    assert_eq!(caps(&server, &now)["reasons"][0]["code"], "frequency-cap");
}
