//! `lists import`, `check`, `show`.

use serde_json::Value;

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
    assert_eq!(missing.status.code(), Some(3));
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
