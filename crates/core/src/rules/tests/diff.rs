//! What changed, said in words.

use super::super::archive::EMBEDDED;
use super::super::diff::{Change, ChangeKind, diff};
use super::{PACK, RulePack};

/// The shipped pack with texts replaced, each of which must be there.
fn changed(edits: &[(&str, &str, &str)]) -> RulePack {
    let mut sources: Vec<(&str, String)> = EMBEDDED
        .iter()
        .map(|(name, text)| (*name, (*text).to_owned()))
        .collect();
    for (file, from, to) in edits {
        let (_, text) = sources.iter_mut().find(|(name, _)| name == file).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        *text = text.replacen(from, to, 1);
    }
    let sources: Vec<(&str, &str)> = sources
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    RulePack::from_sources(&sources).unwrap_or_else(|error| panic!("{error}"))
}

fn words(edits: &[(&str, &str, &str)]) -> Vec<String> {
    diff(&PACK, &changed(edits))
        .into_iter()
        .map(|change| change.words)
        .collect()
}

#[test]
fn nothing_changed_says_nothing() {
    assert_eq!(diff(&PACK, &PACK), []);
}

#[test]
fn changes_are_said_in_words() {
    for (edit, want) in [
        (
            (
                "states/TX.toml",
                "sunday = [\"12:00-21:00\"]",
                "sunday = [\"13:00-21:00\"]",
            ),
            "TX: Sunday opening 12:00 -> 13:00 (us-tx-hours-1)",
        ),
        (
            (
                "states/TX.toml",
                "saturday = [\"09:00-21:00\"]",
                "saturday = []",
            ),
            "TX: Saturday 09:00-21:00 -> closed (us-tx-hours-1)",
        ),
        (
            ("states/TX.toml", "own_list = true", "own_list = false"),
            "TX: keeps a do-not-call list of its own: yes -> no (us-tx-dnc)",
        ),
        (
            (
                "states/TX.toml",
                "ban = false\nlist = []",
                "ban = true\nlist = [\"mlk\"]",
            ),
            "TX: closed days: +mlk (us-tx-holidays)",
        ),
        (
            (
                "states/TX.toml",
                "Tex. Bus. & Com. Code ch. 304",
                "Tex. 305",
            ),
            "TX: citation: Tex. Bus. & Com. Code ch. 304 -> Tex. 305 (us-tx-dnc)",
        ),
        (
            (
                "pack.toml",
                "version = \"2026.11.21.1\"",
                "version = \"2027.01.01\"",
            ),
            "pack: version 2026.11.21.1 -> 2027.01.01",
        ),
        (
            (
                "places/area_codes.csv",
                "201,NJ,America/New_York,state",
                "201,NJ,America/Chicago,state",
            ),
            "places: area code 201 NJ,America/New_York,state -> NJ,America/Chicago,state",
        ),
        (
            ("states/TX.toml", "# Texas.", "# The state of Texas."),
            "TX: states/TX.toml: only its layout or its remarks changed",
        ),
    ] {
        let said = words(&[edit]);
        assert!(said.iter().any(|line| line == want), "{want}: {said:#?}");
    }
}

#[test]
fn a_row_that_takes_over_says_what_is_different_from_then_on() {
    let old = "status = \"in_force\"\nconfidence = \"high\"\nnote = \"Exempt: express request";
    let ends =
        format!("effective_to = \"2026-12-31\"\n{old}").replacen("in_force", "superseded", 1);
    let next = "[[hours]]\nid = \"us-tx-hours-3\"\nmode = \"any\"\ncallees = \"residential\"\nmonday_to_friday = [\"09:00-21:00\"]\nsaturday = \
        [\"09:00-20:00\"]\nsunday = [\"13:00-21:00\"]\ncitation = \"new\"\neffective_from = \"2027-01-01\"\nstatus = \
        \"in_force\"\nconfidence = \"high\"\n\n[holidays]";
    let edits = [
        ("states/TX.toml", old, ends.as_str()),
        ("states/TX.toml", "[holidays]", next),
    ];
    let said = words(&edits);
    for want in [
        "TX: Sunday opening 12:00 -> 13:00 from 2027-01-01 (us-tx-hours-3 follows us-tx-hours-1)",
        "TX: Saturday closing 21:00 -> 20:00 from 2027-01-01 (us-tx-hours-3 follows us-tx-hours-1)",
        "TX: last day in force: nothing -> 2026-12-31 (us-tx-hours-1)",
        "TX: status: in_force -> superseded (us-tx-hours-1)",
    ] {
        assert!(said.iter().any(|line| line == want), "{want}: {said:#?}");
    }
    assert!(said.iter().any(|line| {
        line.starts_with("TX: us-tx-hours-3 (hours) added: Monday to Friday 09:00-21:00;")
    }));
    let back = diff(&changed(&edits), &PACK);
    let removed: Vec<&Change> = back
        .iter()
        .filter(|change| change.kind == ChangeKind::Removed && change.field.is_none())
        .collect();
    assert_eq!(removed.len(), 1, "{back:#?}");
    assert_eq!(removed[0].rule.as_deref(), Some("us-tx-hours-3"));
}

#[test]
fn no_changed_line_goes_unsaid() {
    // Every line with a text in quotes that may hold anything: a note.
    for (name, text) in EMBEDDED.iter().filter(|(name, _)| name.ends_with(".toml")) {
        let Some(line) = text.lines().find(|line| line.starts_with("note = \"")) else {
            continue;
        };
        let altered = line.replacen("note = \"", "note = \"Altered. ", 1);
        let changes = diff(&PACK, &changed(&[(name, line, &altered)]));
        assert_eq!(changes.len(), 1, "{name}: {changes:#?}");
        assert_eq!(changes[0].field.as_deref(), Some("note"), "{name}");
    }
}
