//! An operator's own area codes: new ones are called, known ones only grow narrower, bad lines are named.

use super::super::AreaCode;
use super::{PACK, RulePack};

fn with(text: &str) -> Result<RulePack, Vec<String>> {
    let pack = PACK.with_area_codes("my_codes.csv", text);
    pack.map_err(|error| error.problems.iter().map(ToString::to_string).collect())
}

fn zones(pack: &RulePack, code: u16) -> (String, Vec<&str>) {
    match pack.places.area_code(code) {
        AreaCode::Us { state, zones, .. } => (
            state.to_string(),
            zones.iter().filter_map(|zone| zone.iana_name()).collect(),
        ),
        other => panic!("{code} is {other:?}"),
    }
}

#[test]
fn a_new_code_is_known_and_the_pack_is_another() {
    assert_eq!(PACK.places.area_code(837), AreaCode::Unknown);
    let pack = with("837,CA,America/Los_Angeles,state,regulator's notice of 2025\n").unwrap();
    assert_eq!(
        zones(&pack, 837),
        ("CA".to_owned(), vec!["America/Los_Angeles"])
    );
    assert_eq!(pack.version, PACK.version);
    assert_ne!(pack.sha256, PACK.sha256, "its hash is in every decision");
    // A replay loads the pack of its day, the operator's codes among it.
    let again = RulePack::from_archive(&pack.to_archive()).unwrap();
    assert_eq!(again.sha256, pack.sha256);
    assert_eq!(zones(&again, 837), zones(&pack, 837));
}

#[test]
fn headers_comments_and_other_line_ends_are_taken() {
    let text = "code,state,zones,kind,note\r\n# mine\r\n436,OH,America/New_York,state\r\n";
    assert_eq!(zones(&with(text).unwrap(), 436).0, "OH");
    let twice = with(text)
        .unwrap()
        .with_area_codes("x", "837,CA,America/Los_Angeles,state");
    assert_eq!(
        twice.unwrap().places.area_code(436),
        AreaCode::Unknown,
        "the newer file replaces"
    );
}

#[test]
fn a_known_code_keeps_its_zones_and_takes_more() {
    let pack = with("212,NY,America/Chicago,state\n").unwrap();
    assert_eq!(zones(&pack, 212).1, ["America/New_York", "America/Chicago"]);
}

#[test]
fn bad_lines_are_named() {
    let table = [
        (
            "837,CA\n",
            "my_codes.csv:1: not `code,state,zones,kind[,note]`",
        ),
        (
            "# mine\n837,XX,America/Los_Angeles,state",
            "my_codes.csv:2: unknown state `XX`",
        ),
        (
            "837,CA,Pacific,state",
            "my_codes.csv:1: unknown time zone `Pacific`",
        ),
        (
            "code,state,zones,kind\n137,CA,America/Los_Angeles,state",
            "my_codes.csv:2: `137` is not an area code",
        ),
        (
            "83,CA,America/Los_Angeles,state",
            "my_codes.csv:1: `83` is not three digits",
        ),
        (
            "837,CA,America/Los_Angeles,city",
            "my_codes.csv:1: `city` is neither",
        ),
        (
            "212,NJ,America/New_York,state",
            "my_codes.csv:1: the area code 212 is known to be in NY, not in NJ",
        ),
        (
            "416,NY,America/New_York,state",
            "my_codes.csv:1: the area code 416 is known to be another country's",
        ),
        (
            "888,NY,America/New_York,state",
            "my_codes.csv:1: the numbering plan sets 888 aside",
        ),
        ("", "my_codes.csv:1: the table is empty"),
    ];
    for (text, want) in table {
        let found = with(text).map(drop).unwrap_err();
        assert!(
            found.iter().any(|line| line.starts_with(want)),
            "{want}: {found:?}"
        );
    }
}
