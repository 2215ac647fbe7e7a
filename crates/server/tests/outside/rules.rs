//! `rules diff`, `list`, `export`.

use serde_json::Value;

use crate::server::{World, text};

#[test]
fn what_changed_is_said_in_words() {
    let world = World::new();
    let server = world.serve(&[]);
    let sha256 = server.get("/v1/rules").ok()["sha256"]
        .as_str()
        .unwrap()
        .to_owned();
    let version = server.get("/v1/rules").ok()["version"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        world
            .done(&["rules", "list"])
            .starts_with(&format!("{version}  {sha256}  (embedded)"))
    );
    let folder = world.path("mine").display().to_string();
    world.done(&["rules", "export", "embedded", &folder]);
    assert_eq!(
        world
            .run(&["rules", "export", "embedded", &folder])
            .status
            .code(),
        Some(2)
    );
    let same = world.done(&["rules", "diff", &sha256[..8], &folder]);
    assert!(same.starts_with("the same pack"), "{same}");
    let texas = world.path("mine/states/TX.toml");
    let written = std::fs::read_to_string(&texas).unwrap();
    let altered = written.replacen(
        "sunday = [\"12:00-21:00\"]",
        "sunday = [\"13:00-21:00\"]",
        1,
    );
    assert_ne!(written, altered);
    std::fs::write(&texas, altered).unwrap();
    let said = world.done(&["rules", "diff", &version, &folder]);
    assert!(
        said.starts_with("TX: Sunday opening 12:00 -> 13:00 (us-tx-hours-1)\n\n1 changes from"),
        "{said}"
    );
    let json: Value =
        serde_json::from_str(&world.done(&["rules", "diff", &folder, "embedded", "--json"]))
            .unwrap();
    let change = &json["changes"][0];
    assert_eq!(
        (&change["place"], &change["topic"], &change["field"]),
        (&"TX".into(), &"hours".into(), &"sunday".into())
    );
    assert_eq!(
        (&change["before"], &change["after"]),
        (&"13:00-21:00".into(), &"12:00-21:00".into())
    );
}

#[test]
fn a_pack_that_cannot_be_is_refused_with_its_faults() {
    let world = World::new();
    let folder = world.path("mine").display().to_string();
    world.done(&["rules", "export", "embedded", &folder]);
    let texas = world.path("mine/states/TX.toml");
    let written = std::fs::read_to_string(&texas).unwrap();
    let overlapping = written.replacen(
        "sunday = [\"12:00-21:00\"]",
        "sunday = [\"12:00-21:00\", \"20:00-22:00\"]",
        1,
    );
    std::fs::write(&texas, overlapping).unwrap();
    for args in [
        ["rules", "diff", "embedded", &folder],
        ["rules", "diff", "embedded", "1999.01.01"],
        ["rules", "diff", "embedded", "nowhere/"],
    ] {
        let output = world.run(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
    let err = text(&world.run(&["rules", "diff", "embedded", &folder]).stderr);
    assert!(
        err.contains("states/TX.toml:") && err.contains("overlaps"),
        "{err}"
    );
}
