//! Exit codes, help, keys, configuration.

use serde_json::Value;

use crate::server::{World, text};

#[test]
fn usage_is_two_help_is_zero() {
    let world = World::new();
    for args in [
        &["nonsense"][..],
        &["decide"],
        &[
            "decide",
            "--seller",
            "a",
            "--to",
            "+12125550123",
            "--purpose",
            "fun",
        ],
        &[
            "decide",
            "--seller",
            "a",
            "--to",
            "+12125550123",
            "--at",
            "noon",
        ],
        &["keys", "create", "--role", "king"],
        &["lists", "import", "--kind", "secret", "x"],
        &["--db", "mysql://x", "keys", "list"],
    ] {
        let output = world.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{args:?}"
        );
    }
    for command in [
        &["serve"][..],
        &["decide"],
        &["lists", "import"],
        &["lists", "check"],
        &["lists", "show"],
        &["opt-out", "classify"],
        &["replay"],
        &["log", "verify"],
        &["log", "checkpoint"],
        &["doctor"],
        &["keys", "create"],
        &["keys", "list"],
        &["keys", "revoke"],
        &["leads", "import"],
        &["scrub"],
        &["shadow"],
        &["rules", "diff"],
        &["rules", "list"],
        &["rules", "export"],
        &["stop"],
        &["backup"],
        &["bench", "scrub"],
        &["bench", "http"],
        &["bench", "node"],
    ] {
        let help = world.done(&[command, &["--help"]].concat());
        assert!(help.contains("Example"), "{command:?}: {help}");
    }
}

#[test]
fn an_environment_that_fails_is_three() {
    let world = World::new();
    let output = std::process::Command::new(crate::server::PROGRAM)
        .args(["--db", "sqlite:///nowhere/at/all.db", "keys", "list"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    assert_eq!(
        world
            .run(&["serve", "--listen", "192.0.2.1:1"])
            .status
            .code(),
        Some(3)
    );
}

#[test]
fn a_new_key_stands_alone_on_its_line() {
    let world = World::new();
    let out = world.done(&[
        "keys", "create", "--role", "operator", "--seller", "a", "--seller", "b",
    ]);
    assert_eq!(out.lines().count(), 1);
    assert!(out.starts_with("rf_") && out.len() == 3 + 64 + 1, "{out:?}");
}

#[test]
fn every_fault_of_a_configuration_is_listed() {
    let world = World::new();
    let config = "[server]\nlisten = 1\n[gate]\nhurry = true\n[[trunks]]\nid = \"a\"\naddress = \"b\"\nring_seconds = 10\n";
    let config = world.write("bad.toml", config);
    let output = world.run(&["serve", "--config", &config]);
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    for wanted in [
        "bad.toml:2:",
        "bad.toml:4:",
        "bad.toml:8:",
        "hurry",
        "from 15 to 120",
    ] {
        assert!(err.contains(wanted), "{wanted}: {err}");
    }
}

#[test]
fn opt_outs_are_told_in_order() {
    let world = World::new();
    let input = "{\"id\":\"a\",\"text\":\"please stop calling me\"}\n{\"id\":2,\"text\":\"yes, tell me more about it\"}\n";
    let output = world.run_with(&["opt-out", "classify"], input);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["id"], &lines[0]["verdict"]),
        (&"a".into(), &"opt_out".into())
    );
    assert_eq!(
        (&lines[1]["id"], &lines[1]["verdict"]),
        (&2.into(), &"not_opt_out".into())
    );
    assert_eq!(
        world
            .run_with(&["opt-out", "classify"], "no json\n")
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_bad_line_keeps_no_other_from_its_answer() {
    let world = World::new();
    let input = b"\xef\xbb\xbf{\"id\":1,\"text\":\"please stop calling me\",\"context\":null}\n\
        [2,\"stop calling me\"]\n\xff\n\n{\"id\":3}\n{\"id\":4,\"text\":\"take me off your list\"}\n";
    let output = world.run_bytes(&["opt-out", "classify"], input);
    let ids: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].clone())
        .collect();
    let err = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert_eq!(ids, [1, 4]);
    let told: Vec<_> = err.lines().map(|l| l.split(": ").nth(1)).collect();
    assert_eq!(
        told,
        [Some("line 2"), Some("line 3"), Some("line 5")],
        "{err}"
    );
}

#[test]
fn the_log_verifies_and_a_head_can_be_kept() {
    let world = World::new();
    world.key(&["--role", "admin"]);
    let head = world.path("head.json").display().to_string();
    world.done(&["log", "checkpoint", "-o", &head]);
    world.key(&["--role", "ingest"]);
    assert!(
        world
            .done(&["log", "verify", "--checkpoint", &head])
            .starts_with("whole")
    );
    let report: Value = serde_json::from_str(&world.done(&["log", "verify", "--json"])).unwrap();
    assert_eq!(report["fault"], Value::Null);
    let other = World::new();
    other.key(&["--role", "admin"]);
    assert_eq!(
        other
            .run(&["log", "verify", "--checkpoint", &head])
            .status
            .code(),
        Some(1)
    );
}

#[test]
fn the_doctor_names_what_is_missing() {
    let world = World::new();
    let output = world.run(&["doctor"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    for wanted in [
        "no [[trunks]]",
        "no seller",
        "no registry list",
        "no API key",
    ] {
        assert!(out.contains(wanted), "{wanted}: {out}");
    }
}
