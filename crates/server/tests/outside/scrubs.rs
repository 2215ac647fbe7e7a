//! A scrub says of each number what a dry run says of it alone, and records nothing.

use serde_json::{Value, json};

use crate::server::{Server, World, consent};

const AT: &str = "2026-11-23T15:00:00Z";

/// A seller with a list, consents of several kinds, and people who opted out.
fn furnished(world: &World) -> Server {
    let server = world.serve(&["--clock", "2026-11-22T15:00:00Z"]);
    server.furnish(world);
    let texas = world.write("tx.txt", "512,5550142\n");
    world.done(&[
        "lists",
        "import",
        "--kind",
        "state",
        "--name",
        "TX",
        "--columns",
        "area_code,local",
        "--obtained-at",
        "2026-11-20T00:00:00Z",
        &texas,
    ]);
    let sues = world.write("sues.txt", "+12125550150\n");
    world.done(&[
        "lists",
        "import",
        "--kind",
        "litigator",
        "--obtained-at",
        "2026-11-20T00:00:00Z",
        &sues,
    ]);
    for number in [
        "+12125550130",
        "+12125550131",
        "+13055550132",
        "+15125550142",
        "+12125550150",
    ] {
        server.post("/v1/consents", &consent(number)).ok();
    }
    let mut pending = consent("+12125550133");
    pending["double_opt_in"] = json!(true);
    server.post("/v1/consents", &pending).ok();
    let revoked = json!({"number": "+12125550131", "seller": "acme-solar", "channel": "mail"});
    server.post("/v1/revocations", &revoked).ok();
    let bought = json!({"number": "+12125550199", "seller": "acme-solar", "kind": "purchase", "at": "2026-11-01T00:00:00Z"});
    server.post("/v1/relationships", &bought).ok();
    server
}

fn numbers() -> Vec<Value> {
    let mut all: Vec<Value> = [
        "+12125550123",
        "+12125550130",
        "+12125550131",
        "+12125550133",
        "+12125550199",
        "+12125550150",
        "+13055550132",
        "+13055550133",
        "+15125550142",
        "+18005550100",
        "+442079460123",
        "+12045550123",
        "not a number",
        "+12125550123",
        "+12121550123",
        "+19455550101",
    ]
    .map(|to| json!({"to": to}))
    .to_vec();
    all.push(json!({"to": "+12125550123", "zip": "98101"}));
    all.push(json!({"to": "+12125550123", "state": "UT"}));
    all.push(json!({"to": "+12125550160", "zip": "00000", "state": "NY"}));
    all
}

fn codes(answer: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    answer["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (text(&r["code"]), text(&r["rule"])))
        .collect()
}

#[test]
fn it_says_what_single_decisions_say() {
    let world = World::new();
    let server = furnished(&world);
    for at in [
        AT,
        "2026-11-22T15:00:00Z",
        "2026-11-23T04:00:00Z",
        "2026-12-31T15:00:00Z",
    ] {
        let asked = json!({"seller": "acme-solar", "purpose": "telemarketing", "at": at, "details": true, "numbers": numbers()});
        let before = server.get("/v1/events?limit=1000").ok()["items"]
            .as_array()
            .unwrap()
            .len();
        let scrubbed = server.post("/v1/scrubs", &asked).ok();
        let results = scrubbed["results"].as_array().unwrap();
        assert_eq!(results.len(), numbers().len());
        for (asked, result) in numbers().iter().zip(results) {
            let place = json!({"zip": asked["zip"], "state": asked["state"]});
            let alone = server
                .post(
                    "/v1/decisions",
                    &json!({"to": asked["to"], "seller": "acme-solar",
                "purpose": "telemarketing", "place": place, "dry_run": true, "at": at}),
                )
                .ok();
            assert_eq!(result["to"], asked["to"]);
            assert_eq!(
                result["verdict"], alone["verdict"],
                "{asked} {at}: {result:#} {alone:#}"
            );
            assert_eq!(codes(result), codes(&alone), "{asked} {at}");
            assert_eq!(
                result["next_allowed_at"], alone["next_allowed_at"],
                "{asked} {at}"
            );
        }
        let after = server.get("/v1/events?limit=1000").ok()["items"]
            .as_array()
            .unwrap()
            .len();
        assert_eq!(before, after, "a scrub was recorded");
    }
    assert_eq!(
        server.get("/v1/numbers/+12125550123").ok()["decisions"],
        json!([])
    );
}

#[test]
fn its_figures_add_up() {
    let world = World::new();
    let server = furnished(&world);
    let asked = json!({"seller": "acme-solar", "at": "2026-11-23T04:00:00Z", "numbers": numbers()});
    let told = server.post("/v1/scrubs", &asked).ok();
    let sum = |split: &Value| {
        ["allow", "defer", "deny"]
            .iter()
            .map(|v| split[v].as_u64().unwrap_or(0))
            .sum::<u64>()
    };
    assert_eq!(told["numbers"], numbers().len());
    assert_eq!(sum(&told["verdicts"]), told["numbers"].as_u64().unwrap());
    let states = told["states"].as_object().unwrap();
    assert_eq!(
        states.values().map(sum).sum::<u64>(),
        told["numbers"].as_u64().unwrap()
    );
    assert!(
        states.contains_key("NY") && states.contains_key("UT") && states.contains_key("unknown"),
        "{told:#}"
    );
    let deferred = told["verdicts"]["defer"].as_u64().unwrap();
    let later: u64 = told["later"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["numbers"].as_u64().unwrap())
        .sum();
    assert!(deferred > 0 && later == deferred, "{told:#}");
    // New York opens at eight in the callee's morning.
    assert_eq!(
        told["hours"][0],
        json!({"date": "2026-11-23", "hour": 8, "numbers": deferred}),
        "{told:#}"
    );
    assert!(told["reasons"]["number-invalid"].as_u64().unwrap() >= 2);
    assert_eq!(told["results"], Value::Null);
    let metrics = server.get("/metrics").text;
    assert!(
        metrics.contains("ringfence_gate_scrubbed_total{verdict=\"deny\"}"),
        "{metrics}"
    );
}

const TABLE: &str = "Name,Phone Number,Zip\n\"Doe, J\",(212) 555-0123,10001\nRoe,+12125550131,\nPoe,twelve,\n\"open,2125550123,\n";

fn table(server: &Server, path: &str, body: &[u8]) -> crate::server::Reply {
    let bearer = format!("Bearer {}", server.key);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "text/csv; charset=utf-8"),
    ];
    server.send("POST", path, &headers, body)
}

#[test]
fn a_table_over_http_and_at_the_command_line() {
    let world = World::new();
    let server = furnished(&world);
    let path = format!("/v1/scrubs?seller=acme-solar&at={AT}&details=true");
    let told = table(&server, &path, TABLE.as_bytes()).ok();
    let results = told["results"].as_array().unwrap().iter();
    let verdicts: Vec<&str> = results.map(|r| r["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["allow", "deny", "deny", "deny"], "{told:#}");
    let file = world.write("leads.csv", TABLE);
    let args = [
        "scrub",
        "--seller",
        "acme-solar",
        "--at",
        AT,
        &file,
        "--json",
    ];
    let json: Value = serde_json::from_str(&world.done(&args)).unwrap();
    for field in [
        "numbers",
        "verdicts",
        "reasons",
        "states",
        "later",
        "at",
        "rule_pack",
    ] {
        assert_eq!(json[field], told[field], "{field}");
    }
}

#[test]
fn every_row_comes_back_with_its_answer() {
    let world = World::new();
    let _server = furnished(&world);
    let file = world.write("leads.csv", TABLE);
    let output = world.path("out.csv").display().to_string();
    let plain = world.done(&[
        "scrub",
        "--seller",
        "acme-solar",
        "--at",
        AT,
        &file,
        "-o",
        &output,
    ]);
    let want = "4 numbers: 1 may be called now, 0 later, 3 must not be called";
    assert!(plain.starts_with(want), "{plain}");
    let answers = std::fs::read_to_string(&output).unwrap();
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!(
        lines[0],
        "Name,Phone Number,Zip,verdict,reasons,next_allowed_at"
    );
    assert_eq!(lines[1], "\"Doe, J\",(212) 555-0123,10001,allow,,");
    assert!(
        lines[2].starts_with("Roe,+12125550131,,deny,consent-revoked"),
        "{}",
        lines[2]
    );
    assert!(lines[2].contains("dnc-internal"), "{}", lines[2]);
    assert!(lines[3].starts_with("Poe,twelve,,deny,"), "{}", lines[3]);
    assert!(lines[3].contains("number-invalid"), "{}", lines[3]);
    let bare = world.write("bare.txt", "2125550123\n\n+12125550131\n");
    let plain = world.done(&["scrub", "--seller", "acme-solar", "--at", AT, &bare]);
    assert!(plain.starts_with("2 numbers: 1 may"), "{plain}");
}

#[test]
fn what_cannot_be_scrubbed() {
    let world = World::new();
    let server = world.serve(&[]);
    let problem = |body: &Value| server.post("/v1/scrubs", body).problem();
    let one = json!([{"to": "+12125550123"}]);
    assert_eq!(
        problem(&json!({"seller": "s", "numbers": []})),
        (422, "invalid-field".into())
    );
    let many: Vec<Value> = (0..10_001).map(|_| json!({"to": "+12125550123"})).collect();
    assert_eq!(
        problem(&json!({"seller": "s", "numbers": many})),
        (422, "too-many-numbers".into())
    );
    assert_eq!(
        problem(&json!({"seller": "s", "numbers": one, "purpose": "fun"})).0,
        422
    );
    let town = json!({"seller": "s", "numbers": [{"to": "1", "town": "x"}]});
    assert_eq!(problem(&town), (422, "unknown-field".into()));
    let reply = server.post(
        "/v1/scrubs",
        &json!({"seller": "s", "numbers": [{"to": "1", "zip": "1"}]}),
    );
    assert_eq!(
        (reply.problem().0, &reply.json()["field"]),
        (422, &json!("numbers[0].zip"))
    );
    let other = world.key(&["--role", "read-only", "--seller", "mine"]);
    let body = json!({"seller": "s", "numbers": one}).to_string();
    let reply = server.as_key(&other, "POST", "/v1/scrubs", body.as_bytes());
    assert_eq!(reply.problem(), (403, "seller-forbidden".into()));
}

#[test]
fn what_is_no_table_of_numbers() {
    let world = World::new();
    let server = world.serve(&[]);
    let details = "2125550123\n".repeat(10_001);
    let number = &b"2125550123\n"[..];
    for (query, body, code) in [
        ("", number, "missing-field"),
        ("?seller=s&surprise=1", number, "unknown-field"),
        ("?seller=s&at=noon", number, "invalid-field"),
        ("?seller=s", b"name,town\na,b\n", "table-unreadable"),
        ("?seller=s", b"\x7fELF\0\0\n", "table-unreadable"),
        (
            "?seller=s&details=true",
            details.as_bytes(),
            "invalid-field",
        ),
    ] {
        let refused = table(&server, &format!("/v1/scrubs{query}"), body).problem();
        assert_eq!(refused, (422, code.to_owned()), "{query}");
    }
    for args in [
        "scrub --seller s nowhere.csv",
        "scrub x.csv",
        "scrub --seller s --purpose fun x",
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        world.refused(&args);
    }
}

#[test]
fn a_launch_says_who_will_be_skipped_and_when_the_rest_may_be_called() {
    let world = World::new();
    let config = world.write("c.toml", "[[trunks]]\nid = \"carrier\"\naddress = \"127.0.0.1:9\"\n[sip]\nlisten = \"127.0.0.1:0\"\n");
    let server = world.serve(&["--config", &config, "--clock", "2026-11-23T04:00:00Z"]);
    server.furnish(&world);
    let campaign = server
        .post(
            "/v1/campaigns",
            &json!({"name": "autumn", "seller": "acme-solar"}),
        )
        .ok();
    let id = campaign["id"].as_str().unwrap().to_owned();
    for number in ["+12125550123", "+12125550131", "+12125550199"] {
        let lead = json!({"number": number, "campaign": id});
        server.post("/v1/leads", &lead).ok();
    }
    let before = server
        .post(&format!("/v1/campaigns/{id}:preflight"), &json!({}))
        .ok();
    assert_eq!(
        (&before["leads"], &before["whole"]),
        (&json!(3), &json!(true)),
        "{before:#}"
    );
    let started = server
        .post(&format!("/v1/campaigns/{id}:start"), &json!({}))
        .ok();
    assert_eq!(started["state"], "running");
    let told = &started["preflight"];
    assert_eq!(told["verdicts"], json!({"defer": 1, "deny": 2}), "{told:#}");
    assert_eq!(
        told["later"],
        json!([{"next_allowed_at": "2026-11-23T13:00:00Z", "numbers": 1}]),
        "{told:#}"
    );
    let skipped = told["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2);
    assert!(skipped[0]["lead"].as_str().unwrap().starts_with("lead_"));
    assert!(
        skipped[0]["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!("consent-missing")),
        "{told:#}"
    );
}
