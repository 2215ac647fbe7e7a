//! Each way in which a pack can be bad, with its file and line.

use super::super::archive::EMBEDDED;
use super::RulePack;

/// The problems of the shipped pack with `from` replaced once by `to` in `file`.
fn problems(file: &str, from: &str, to: &str) -> Vec<String> {
    let mut found = false;
    let changed: Vec<(&str, String)> = EMBEDDED
        .iter()
        .map(|(name, text)| {
            if *name == file {
                found = text.contains(from);
                (*name, text.replacen(from, to, 1))
            } else {
                (*name, (*text).to_owned())
            }
        })
        .collect();
    assert!(found, "{file} has no `{from}`");
    let sources: Vec<(&str, &str)> = changed
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    let error = RulePack::from_sources(&sources).map(drop).expect_err(to);
    error.problems.iter().map(ToString::to_string).collect()
}

const PA: &str = "states/PA.toml";

/// A file, a text in it, what is put in its place, and what the loader must say of it.
const FAULTS: &[(&str, &str, &str, &str)] = &[
    (
        PA,
        "effective_to = \"2026-10-17\"",
        "",
        "states/PA.toml:8: a rule of this `status` needs `effective_to`",
    ),
    (
        "federal.toml",
        "effective_from = \"2027-01-31\"",
        "",
        "a rule of this `status` needs `effective_from`",
    ),
    (
        PA,
        "mode = \"any\"",
        "mood = \"any\"",
        "states/PA.toml:10: unknown key `mood`",
    ),
    (
        PA,
        "mode = \"any\"",
        "",
        "states/PA.toml:8: `mode` is missing",
    ),
    (
        PA,
        "08:00-21:00",
        "8-21",
        "states/PA.toml:12: `8-21` is not a time of day like 09:00-19:00",
    ),
    (
        PA,
        "08:00-21:00",
        "21:00-08:00",
        "states/PA.toml:12: `21:00-08:00` is not a time of day like 09:00-19:00",
    ),
    (
        PA,
        "08:00-21:00",
        "08:00-24:01",
        "states/PA.toml:12: `08:00-24:01` is not a time of day like 09:00-19:00",
    ),
    (
        PA,
        "\"08:00-21:00\"",
        "\"08:00-12:00\", \"11:00-21:00\"",
        "states/PA.toml:12: `11:00-21:00` overlaps or touches the span before it",
    ),
    (
        PA,
        "us-pa-hours-2",
        "us-pa-hours-1",
        "states/PA.toml:20: the id `us-pa-hours-1` is used already, at states/PA.toml:8",
    ),
    (
        PA,
        "us-pa-dnc",
        "us-al-dnc",
        "the id `us-al-dnc` is used already, at states/AL.toml:",
    ),
    (
        PA,
        "us-pa-dnc",
        "US PA",
        "the id `US PA` must be small letters, digits and `-`",
    ),
    (
        PA,
        "effective_from = \"2026-10-18\"",
        "effective_from = \"2026-10-18\"\neffective_to = \"2026-10-17\"",
        "states/PA.toml:29: `effective_to` 2026-10-17 is before `effective_from` 2026-10-18",
    ),
    (
        PA,
        "\"2026-10-18\"",
        "\"18 October\"",
        "states/PA.toml:28: `effective_from` is `18 October`, not a date like 2026-10-18",
    ),
    (
        PA,
        "\"good_friday\"",
        "\"godo_friday\"",
        "states/PA.toml:38: unknown holiday `godo_friday`",
    ),
    (
        PA,
        "America/New_York",
        "America/Philadelphia",
        "states/PA.toml:6: unknown time zone `America/Philadelphia`",
    ),
    (
        PA,
        "citation = \"73 P.S. 2245.2\"",
        "",
        "`citation` is missing",
    ),
    (
        PA,
        "citation = \"73 P.S. 2245.2\"",
        "citation = \" \"",
        "`citation` is empty",
    ),
    (
        PA,
        "confidence = \"high\"",
        "confidence = \"\"",
        "states/PA.toml:17: `confidence` is empty",
    ),
    (
        PA,
        "confidence = \"high\"",
        "confidence = \"sure\"",
        "states/PA.toml:17: `confidence`: unknown variant `sure`",
    ),
    (PA, "status = \"superseded\"", "", "`status` is missing"),
    (PA, "ban = true", "ban = false", "`ban` and `list` disagree"),
    (
        PA,
        "own_list = true",
        "own_list = 1",
        "`own_list` must be true or false, not integer",
    ),
    (
        PA,
        "sunday = []",
        "",
        "states/PA.toml:19: hours for sunday are given not at all",
    ),
    (
        PA,
        "sunday = []",
        "sunday = []\nmonday = []",
        "states/PA.toml:19: hours for monday are given twice",
    ),
    (
        PA,
        "code = \"PA\"",
        "code = \"NY\"",
        "states/PA.toml:2: `code` is `NY`, the file is that of PA",
    ),
    (
        PA,
        "[recording]",
        "[recordings]",
        "unknown key `recordings`",
    ),
    (PA, "name =", "name", "states/PA.toml:3: "),
    (
        "states/MS.toml",
        "UTC-6",
        "UTC-66",
        "unknown time zone `UTC-66`",
    ),
    (
        "states/FL.toml",
        "calls_max = 3",
        "calls_max = 0",
        "`calls_max` is 0, which is not between 1 and 1000",
    ),
    (
        "pack.toml",
        "version = \"2026.11.21.1\"",
        "",
        "pack.toml:1: `version` is missing",
    ),
    (
        "pack.toml",
        "schema_version = 1",
        "schema_version = 2",
        "`schema_version` must be 1",
    ),
    (
        "holidays.toml",
        "month = 12",
        "month = 13",
        "`month` is 13, which is not between 1 and 12",
    ),
    (
        "holidays.toml",
        "day = 14",
        "day = 31",
        "there is no day 31 in month 6",
    ),
    (
        "holidays.toml",
        "id = \"mlk\"",
        "id = \"new_years\"",
        "the holiday `new_years` is given twice",
    ),
    (
        "federal.toml",
        "us-fed-rnd",
        "us-fed-rmd",
        "the rule `us-fed-rnd` and its figures are missing",
    ),
    (
        "federal.toml",
        "debt-collection",
        "debts",
        "`purposes`: unknown variant `debts`",
    ),
    (
        "unknown.toml",
        "[[hours]]",
        "[hours]",
        "`hours` must be a list of tables, not table",
    ),
    (
        "places/area_codes.csv",
        "\n202,",
        "\n201,",
        "places/area_codes.csv:5: the area code 201 is given twice",
    ),
    (
        "places/area_codes.csv",
        "201,NJ",
        "201,NX",
        "places/area_codes.csv:4: unknown state `NX`",
    ),
    (
        "places/area_codes.csv",
        "201,NJ,America/New_York",
        "201,NJ,Eastern",
        "unknown time zone `Eastern`",
    ),
    (
        "places/other_countries.csv",
        "\n204\n",
        "\n201\n",
        "the area code 201 is given twice",
    ),
    (
        PA,
        "effective_to = \"2026-10-17\"",
        "effective_to = \"2026-10-18\"",
        "states/PA.toml:19: `us-pa-hours-2` and `us-pa-hours-1` (line 8) are in force at once",
    ),
    (
        "states/FL.toml",
        "[artificial_voice]",
        "[[caps]]\nid = \"us-fl-cap-2\"\ncalls_max = 5\nperiod_hours = 24\ncounted_per = \"number\"\nmode = \"any\"\ncitation = \"none\"\nstatus = \"in_force\"\nconfidence = \"low\"\n\n[artificial_voice]",
        "`us-fl-cap-2` and `us-fl-cap-1`",
    ),
    (
        PA,
        "\"good_friday\"",
        "\"new_years\"",
        "the holiday `new_years` is listed twice",
    ),
    (
        "states/UT.toml",
        "needs = \"consent\"",
        "needs = \"nothing\"",
        "states/UT.toml:16: `needs`: unknown variant `nothing`",
    ),
    (
        "federal.toml",
        "requirement = \"No telemarketing, and no exempt",
        "override = { needs = \"advice_alone\", ground = \"none\" }\nrequirement = \"No telemarketing, and no exempt",
        "unknown key `override`",
    ),
    (
        "federal.toml",
        "by = \"us-5cir-oral-consent\"",
        "by = \"us-6cir-oral-consent\"",
        "is relaxed by `us-6cir-oral-consent`, which is no rule of this file",
    ),
    (
        "federal.toml",
        "states = [\"LA\", \"MS\", \"TX\"] }",
        "states = [\"LA\", \"MX\"] }",
        "unknown state `MX`",
    ),
    (
        "retention.toml",
        "record = \"internal_dnc_and_revocation\"",
        "record = \"consent_and_consent_evidence\"",
        "`consent_and_consent_evidence` has a row already",
    ),
    ("places/zip3.csv", "005,", "5,", "`5` is not three digits"),
    (
        "places/zip5.csv",
        "32456,FL",
        "3245,FL",
        "`3245` is not a ZIP of five digits",
    ),
];

#[test]
fn each_fault_is_named_with_file_and_line() {
    let mut unsaid = Vec::new();
    for (file, from, to, message) in FAULTS {
        let found = problems(file, from, to);
        if !found
            .iter()
            .any(|line| line.starts_with(file) && line.contains(message))
        {
            unsaid.push(format!("{message}\n  but: {}", found.join("\n  ")));
        }
    }
    assert!(unsaid.is_empty(), "not said:\n{}", unsaid.join("\n"));
}

#[test]
fn all_faults_are_reported_at_once() {
    let broken: Vec<(&str, String)> = EMBEDDED
        .iter()
        .filter(|(name, _)| *name != "states/WY.toml")
        .map(|(name, text)| (*name, text.replace("status = \"in_force\"", "")))
        .collect();
    let mut sources: Vec<(&str, &str)> = broken
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    sources.push(("states/XX.toml", "x = 1"));
    let error = RulePack::from_sources(&sources).unwrap_err();
    assert!(error.problems.len() > 300, "{}", error.problems.len());
    let text = error.to_string();
    assert!(text.contains("states/WY.toml:1: the file is missing"));
    assert!(text.contains("states/XX.toml:1: no such file belongs to a pack"));
}

#[test]
fn a_file_given_twice_is_refused() {
    let mut sources = EMBEDDED.to_vec();
    sources.push(EMBEDDED[0]);
    let error = RulePack::from_sources(&sources).unwrap_err();
    assert_eq!(
        error.problems[0].to_string(),
        "pack.toml:1: the file is given twice"
    );
}
