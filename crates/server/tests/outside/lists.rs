//! `lists import`, `check`, `show`.

use serde_json::{Value, json};

use crate::server::{World, text};

#[test]
fn every_kind_goes_in_and_is_found_again() {
    let world = World::new();
    let national = world.write("full.txt", "212,5550101\n212,5550102\n");
    world.done(&["lists", "import", "--kind", "ftc-full", &national]);
    let texas = world.write("tx.txt", "+12145550101\n");
    world.done(&["lists", "import", "--kind", "state", "--name", "TX", &texas]);
    let own = world.write(
        "own.csv",
        "number,seller,at\n+12125550101,acme,2026-01-01T00:00:00Z\n",
    );
    world.done(&["lists", "import", "--kind", "internal", &own]);
    let sued = world.write("sued.txt", "+12125550103\n");
    world.done(&[
        "lists",
        "import",
        "--kind",
        "litigator",
        "--name",
        "our-sued",
        &sued,
    ]);
    let gone = world.write(
        "gone.csv",
        "+12125550104,2024-01-01,yes,2026-01-01T00:00:00Z\n",
    );
    world.done(&["lists", "import", "--kind", "reassigned", &gone]);

    let input = "+12125550101\n+12145550101\n+12125550103\n+12125550104\n+12125550199\nhello\n";
    let output = world.run_with(&["lists", "check"], input);
    assert_eq!(
        text(&output.stdout),
        "+12125550101,national|internal\n+12145550101,TX\n+12125550103,our-sued\n\
         +12125550104,reassigned\n+12125550199,\nhello,invalid\n"
    );
    let shown: Value = serde_json::from_str(&world.done(&["--json", "lists", "show"])).unwrap();
    let kinds: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["kind"].as_str().unwrap())
        .collect();
    assert!(
        kinds.contains(&"ftc-full") && kinds.contains(&"state"),
        "{kinds:?}"
    );
    let full = shown
        .as_array()
        .unwrap()
        .iter()
        .find(|l| l["kind"] == "ftc-full")
        .unwrap();
    assert_eq!(
        (full["count"].as_u64(), full["area_codes"][0].as_u64()),
        (Some(2), Some(212))
    );
    assert_eq!(full["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn a_file_with_one_bad_line_changes_nothing() {
    let world = World::new();
    let good = world.write("a.txt", "212,5550101\n");
    world.done(&["lists", "import", "--kind", "ftc-full", &good]);
    let bad = world.write("b.txt", "212,5550102\n212,55501\n");
    let output = world.run(&["lists", "import", "--kind", "ftc-full", &bad]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("line 2"),
        "{}",
        text(&output.stderr)
    );
    let output = world.run_with(&["lists", "check"], "+12125550101\n+12125550102\n");
    assert_eq!(
        text(&output.stdout),
        "+12125550101,national\n+12125550102,\n"
    );
    let missing = world.run(&["lists", "import", "--kind", "ftc-full", "/nowhere/x.txt"]);
    assert_eq!(missing.status.code(), Some(2));
    let future = [
        "lists",
        "import",
        "--kind",
        "ftc-full",
        "--obtained-at",
        "2099-01-01T00:00:00Z",
    ];
    assert_eq!(
        world
            .run(&[&future[..], &[good.as_str()]].concat())
            .status
            .code(),
        Some(2)
    );
}

#[test]
fn a_change_list_needs_its_full_list() {
    let world = World::new();
    let change = "2125550102,2026-11-20T02:20:18,A\n2125550101,2026-11-20T02:21:07,D\n";
    let change = world.write("change.txt", change);
    let import = ["lists", "import", "--kind", "ftc-change", change.as_str()];
    assert_eq!(world.run(&import).status.code(), Some(2));
    let full = world.write("full.txt", "212,5550101\n");
    world.done(&["lists", "import", "--kind", "ftc-full", &full]);
    world.done(&import);
    let output = world.run_with(&["lists", "check"], "+12125550101\n+12125550102\n");
    assert_eq!(
        text(&output.stdout),
        "+12125550101,\n+12125550102,national\n"
    );
}

#[test]
fn bad_files_are_bad_input() {
    let world = World::new();
    let bytes = |name: &str, bytes: &[u8]| {
        std::fs::write(world.path(name), bytes).unwrap();
        world.path(name).display().to_string()
    };
    let folder = world.path("").display().to_string();
    for (kind, file) in [
        ("ftc-full", bytes("cut.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03")),
        ("ftc-full", bytes("cut.zip", b"PK\x03\x04\x14\0\0\0\x08\0")),
        ("litigator", bytes("latin.txt", b"+12125550101\n\xff\xfe\n")),
        ("litigator", bytes("empty.txt", b"")),
        ("internal", bytes("blank.txt", b"\n\n")),
        (
            "reassigned",
            bytes("header.txt", b"number,consent_date,answer\n"),
        ),
        ("ftc-change", bytes("nothing.txt", b"")),
        ("litigator", folder),
    ] {
        let output = world.run(&["lists", "import", "--kind", kind, &file]);
        let err = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{kind} {file}: {err}");
        let parts: Vec<_> = err.trim().split(": ").collect();
        let mut once = parts.clone();
        once.dedup();
        assert_eq!(parts, once, "said twice");
    }
    assert_eq!(world.done(&["lists", "show"]), "no list on file\n");
    let empty = world.write("none.txt", "");
    let covers = [
        "lists",
        "import",
        "--kind",
        "ftc-full",
        "--area-codes",
        "415",
    ];
    world.done(&[&covers[..], &[empty.as_str()]].concat());
    for args in [
        &["leads", "import", "--campaign", "cmp_x", "/nowhere/x.csv"][..],
        &["log", "verify", "--checkpoint", "/nowhere/x.json"],
    ] {
        assert_eq!(world.run(args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_state_is_one_that_the_rules_know() {
    let world = World::new();
    let file = world.write("s.txt", "+12145550101\n");
    let import = |name: &str| {
        let output = world.run(&["lists", "import", "--kind", "state", "--name", name, &file]);
        output.status.code()
    };
    assert_eq!(import("ZZ"), Some(2));
    assert_eq!(import("T"), Some(2));
    assert_eq!(import("tx"), Some(0));
    assert_eq!(world.done(&["lists", "show"]).lines().count(), 1);
}

#[test]
fn a_list_has_the_name_and_the_days_it_was_given() {
    let world = World::new();
    let file = world.write("full.txt", "212,5550101\n");
    let shown = world.done(&[
        "--json",
        "lists",
        "import",
        "--kind",
        "ftc-full",
        "--name",
        "registry",
        "--obtained-at",
        "2026-01-02",
        "--published-at",
        "2026-01-01",
        "--effective-at",
        "2026-01-03",
        "--expires-at",
        "2027-01-01",
        &file,
    ]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    for (field, want) in [
        ("name", "registry"),
        ("obtained_at", "2026-01-02T00:00:00Z"),
        ("published_at", "2026-01-01T00:00:00Z"),
        ("effective_at", "2026-01-03T00:00:00Z"),
        ("expires_at", "2027-01-01T00:00:00Z"),
    ] {
        assert_eq!(shown[field], want, "{field}");
    }
    let output = world.run_with(&["lists", "check"], "+12125550101\n");
    assert_eq!(text(&output.stdout), "+12125550101,registry\n");
}

#[test]
fn a_line_that_is_no_text_concerns_itself_only() {
    let world = World::new();
    let file = world.write("sued.txt", "+12125550101\n");
    world.done(&["lists", "import", "--kind", "litigator", &file]);
    let input = b"\xef\xbb\xbf+12125550101\r\n\xff\n212-555-0102\n";
    let output = world.run_bytes(&["lists", "check"], input);
    assert_eq!(
        (output.status.code(), text(&output.stdout).as_str()),
        (
            Some(0),
            "+12125550101,litigator\n\u{fffd},invalid\n212-555-0102,\n"
        )
    );
    let output = world.run_bytes(&["lists", "check", "--json"], input);
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            json!({"line": "+12125550101", "number": "+12125550101", "lists": ["litigator"], "valid": true}),
            json!({"line": "\u{fffd}", "number": null, "lists": [], "valid": false}),
            json!({"line": "212-555-0102", "number": "+12125550102", "lists": [], "valid": true}),
        ]
    );
}
