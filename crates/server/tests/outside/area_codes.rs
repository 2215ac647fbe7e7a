//! `[places] area_codes_file`: area codes that are newer than the program.

use serde_json::Value;

use crate::server::{World, text};

const DECIDE: [&str; 9] = [
    "decide",
    "--seller",
    "acme",
    "--to",
    "+18375550123",
    "--at",
    "2026-06-16T19:00:00Z",
    "--json",
    "--config",
];

fn decided(world: &World, config: &str) -> Value {
    let output = world.run(&[&DECIDE[..], &[config]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn codes(decision: &Value) -> Vec<&str> {
    let reasons = decision["reasons"].as_array().unwrap();
    reasons
        .iter()
        .map(|reason| reason["code"].as_str().unwrap())
        .collect()
}

#[test]
fn a_new_area_code_is_known_and_its_pack_is_another() {
    let world = World::new();
    let none = world.write("none.toml", "");
    let before = decided(&world, &none);
    assert!(
        codes(&before).contains(&"number-unknown-area-code"),
        "{before}"
    );

    let file = world.write(
        "codes.csv",
        "code,state,zones,kind,note\n837,CA,America/Los_Angeles,state,notice of 2025\n",
    );
    let with = world.write(
        "with.toml",
        &format!("[places]\narea_codes_file = {file:?}\n"),
    );
    let after = decided(&world, &with);
    assert!(
        !codes(&after).contains(&"number-unknown-area-code"),
        "{after}"
    );
    assert_eq!(
        after["candidates"]["jurisdictions"],
        serde_json::json!(["US", "US-CA"])
    );
    assert_eq!(
        before["rule_pack"]["version"],
        after["rule_pack"]["version"]
    );
    assert_ne!(before["rule_pack"]["sha256"], after["rule_pack"]["sha256"]);
}

#[test]
fn a_bad_line_or_a_missing_file_ends_the_start() {
    let world = World::new();
    for (lines, said) in [
        (
            "837,CA,America/Los_Angeles,state\n838,XX,America/Denver,state\n",
            "codes.csv:2: unknown state `XX`",
        ),
        (
            "212,NJ,America/New_York,state\n",
            "codes.csv:1: the area code 212 is known to be in NY, not in NJ",
        ),
        ("", "codes.csv:1: the table is empty"),
    ] {
        let file = world.write("codes.csv", lines);
        let config = world.write(
            "bad.toml",
            &format!("[places]\narea_codes_file = {file:?}\n"),
        );
        for command in [
            &DECIDE[..],
            &["serve", "--listen", "127.0.0.1:0", "--config"],
        ] {
            let output = world.run(&[command, &[&config]].concat());
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            assert!(
                text(&output.stderr).contains(said),
                "{}",
                text(&output.stderr)
            );
        }
    }
    let gone = world.write(
        "gone.toml",
        "[places]\narea_codes_file = \"/nowhere/codes.csv\"\n",
    );
    let output = world.run(&[&DECIDE[..], &[&gone]].concat());
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("/nowhere/codes.csv"),
        "{}",
        text(&output.stderr)
    );
}
