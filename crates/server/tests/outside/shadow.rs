//! Calls that another dialer made, as the gate would have judged them.

use serde_json::{Value, json};

use crate::server::{Server, World, consent, text};

fn furnished(world: &World) -> Server {
    let server = world.serve(&["--clock", "2026-11-24T15:00:00Z"]);
    server.furnish(world);
    server.post("/v1/consents", &consent("+12125550130")).ok();
    let revoked = json!({"number": "+12125550130", "seller": "acme-solar", "channel": "mail", "at": "2026-11-23T16:00:00Z"});
    server.post("/v1/revocations", &revoked).ok();
    server
}

const VICIDIAL: &str = "call_date,phone_number_dialed,status,campaign_id,outbound_cid\n\
    2026-11-23 10:00:00,2125550123,SALE,ACME,2125550100\n\
    2026-11-23 10:30:00,2125550130,NA,ACME,2125550100\n\
    2026-11-23 12:00:00,2125550130,NA,ACME,2125550100\n\
    2026-11-23 22:30:00,2125550123,NA,ACME,2125550100\n\
    2026-11-23 25:00:00,2125550123,NA,ACME,2125550100\n\
    2026-11-23 11:00:00,,NA,ACME,2125550100\n";

fn lines(stopped: &Value) -> Vec<(u64, Vec<&str>)> {
    stopped
        .as_array()
        .unwrap()
        .iter()
        .map(|call| {
            let codes = call["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .map(|c| c.as_str().unwrap())
                .collect();
            (call["line"].as_u64().unwrap(), codes)
        })
        .collect()
}

fn shadow(file: &str) -> [&str; 7] {
    let zone = "America/New_York";
    [
        "shadow",
        "--calls",
        file,
        "--seller",
        "acme-solar",
        "--time-zone",
        zone,
    ]
}

#[test]
fn each_call_is_judged_at_its_time() {
    let world = World::new();
    let server = furnished(&world);
    let file = world.write("calls.csv", VICIDIAL);
    let args = shadow(&file);
    let before = server.get("/v1/events?limit=1000").ok();
    let found: Value =
        serde_json::from_str(&world.done(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!(
        server.get("/v1/events?limit=1000").ok(),
        before,
        "something was recorded"
    );
    assert_eq!(found["calls"], 4);
    // The first call to +12125550130 came before its opt-out, the second after it.
    assert_eq!(
        lines(&found["stopped"]),
        [
            (4, vec!["consent-revoked", "dnc-internal"]),
            (5, vec!["calling-hours"])
        ],
        "{found:#}"
    );
    let unread: Vec<u64> = found["unread"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["line"].as_u64().unwrap())
        .collect();
    assert_eq!(unread, [6, 7], "{found:#}");
    let tally = &found["packs"][0];
    assert_eq!(
        (&tally["stopped"], &tally["beyond_set_up"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(tally["states"], json!({"NY": {"calls": 4, "stopped": 2}}));
    assert_eq!(
        (
            &tally["exposure"]["low_usd"],
            &tally["exposure"]["high_usd"]
        ),
        (&json!(1000), &json!(3000))
    );
    assert_eq!(tally["exposure"]["citation"], "47 U.S.C. 227(b)(3)");
    let plain = world.done(&args);
    for wanted in [
        "2 of 4 calls would have been stopped",
        "$1000 to $3000",
        "neither a forecast",
        "line 6:",
        "line 7: no number",
    ] {
        assert!(plain.contains(wanted), "{wanted}: {plain}");
    }
    assert!(!plain.contains("5550130"), "a number is shown: {plain}");
}

#[test]
fn earlier_calls_of_the_file_count_towards_caps() {
    let world = World::new();
    let _server = furnished(&world);
    // Florida: at most three calls in 24 hours on one matter (Fla. Stat. 501.616(6)(b)).
    let mut table = String::from("To,From,Direction,Start Time,State\n");
    for minute in 0..5 {
        table +=
            &format!("+12125550123,+12125550100,outbound-api,2026-11-23T16:{minute}0:00Z,FL\n");
    }
    table += "+12125550100,+12125550123,inbound,2026-11-23T17:00:00Z,FL\n";
    let file = world.write("twilio.csv", &table);
    let found: Value = serde_json::from_str(&world.done(&[
        "shadow",
        "--calls",
        &file,
        "--seller",
        "acme-solar",
        "--json",
    ]))
    .unwrap();
    assert_eq!((&found["calls"], &found["inbound"]), (&json!(5), &json!(1)));
    let capped: Vec<u64> = lines(&found["stopped"])
        .into_iter()
        .filter(|(_, codes)| codes.contains(&"frequency-cap"))
        .map(|(line, _)| line)
        .collect();
    assert_eq!(capped, [5, 6], "{found:#}");
}

#[test]
fn another_pack_is_compared() {
    let world = World::new();
    let _server = furnished(&world);
    let folder = world.path("mine").display().to_string();
    world.done(&["rules", "export", "embedded", &folder]);
    let york = world.path("mine/states/NY.toml");
    let written = std::fs::read_to_string(&york).unwrap();
    std::fs::write(
        &york,
        written.replace(
            "every_day = [\"08:00-21:00\"]",
            "every_day = [\"12:00-21:00\"]",
        ),
    )
    .unwrap();
    let file = world.write("calls.csv", VICIDIAL);
    let args = [&shadow(&file)[..], &["--pack", &folder]].concat();
    let found: Value =
        serde_json::from_str(&world.done(&[&args[..], &["--json"]].concat())).unwrap();
    assert_eq!(found["packs"].as_array().unwrap().len(), 2);
    let differences = found["differences"].as_array().unwrap();
    assert_eq!(differences[0]["line"], 2, "{found:#}");
    assert_eq!(
        (&differences[0]["before"], &differences[0]["after"]),
        (&json!("allow"), &json!("defer")),
        "{found:#}"
    );
    let plain = world.done(&args);
    assert!(
        plain.contains("are judged differently by the second pack"),
        "{plain}"
    );
}

#[test]
fn what_is_no_file_of_calls_is_refused() {
    let world = World::new();
    let calls = world.write("calls.csv", "to,duration\n+12125550123,60\n");
    let empty = world.write("empty.csv", "");
    let bad = world.write("bad.csv", "to,start_time\nnobody,never\n");
    let good = world.write(
        "good.csv",
        "to,start_time\n+12125550123,2026-11-23T16:00:00Z\n",
    );
    for args in [
        &["shadow", "--calls", &calls, "--seller", "s"][..],
        &["shadow", "--calls", &empty, "--seller", "s"],
        &["shadow", "--calls", &bad, "--seller", "s"],
        &["shadow", "--calls", "nowhere.csv", "--seller", "s"],
        &["shadow", "--calls", &good],
        &[
            "shadow",
            "--calls",
            &good,
            "--seller",
            "s",
            "--time-zone",
            "Mars/Olympus",
        ],
        &[
            "shadow",
            "--calls",
            &good,
            "--seller",
            "s",
            "--purpose",
            "fun",
        ],
        &[
            "shadow", "--calls", &good, "--seller", "s", "--pack", "nothing",
        ],
    ] {
        let output = world.run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
}
