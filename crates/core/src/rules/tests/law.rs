//! The shipped rules against the research tables.

use jiff::civil::{Date, date};

use super::super::{ArtificialVoiceAction, Hours, Jurisdiction, Span, Status};
use super::PACK;
use crate::consent::Purpose;
use crate::lead::StateCode;

fn place(code: &str) -> &'static Jurisdiction {
    &PACK.jurisdictions[&StateCode::parse(code).unwrap()]
}

/// The hours in which a place and the federal floor both allow a call: the opening and closing hour, or none.
fn window(hours: &[Hours], day: Date) -> Option<(u32, u32)> {
    let weekday = usize::try_from(day.weekday().to_monday_zero_offset()).unwrap();
    let mut window = (8, 21);
    let rows = hours.iter().chain(&PACK.federal.hours);
    for row in rows.filter(|row| row.provenance.in_force_on(day)) {
        let Span { open, close } = *row.week[weekday].first()?;
        window = (window.0.max(open / 3600), window.1.min(close / 3600));
    }
    Some(window)
}

type Hour = Option<(u32, u32)>;

/// Monday to Friday, Saturday, Sunday on the pack's date, as the findings list them.
const NARROWER: &[(&str, Hour, Hour, Hour)] = &[
    ("AL", Some((8, 20)), Some((8, 20)), None),
    ("CA", Some((9, 21)), Some((9, 21)), Some((9, 21))),
    ("CT", Some((9, 20)), Some((9, 20)), Some((9, 20))),
    ("FL", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("IL", Some((9, 21)), Some((9, 21)), Some((9, 21))),
    ("IN", Some((9, 20)), Some((9, 20)), Some((9, 20))),
    ("KY", Some((10, 21)), Some((10, 21)), Some((10, 21))),
    ("LA", Some((8, 20)), Some((8, 20)), None),
    ("ME", Some((9, 17)), None, None),
    ("MD", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("MA", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("MI", Some((9, 21)), Some((9, 21)), Some((9, 21))),
    ("MN", Some((9, 21)), Some((9, 21)), Some((9, 21))),
    ("MS", Some((8, 20)), Some((8, 20)), None),
    ("NE", Some((8, 21)), Some((8, 21)), Some((13, 21))),
    ("NV", Some((9, 20)), Some((9, 20)), Some((9, 20))),
    ("NM", Some((9, 21)), Some((9, 21)), Some((9, 21))),
    ("OK", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("OR", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("PA", Some((9, 19)), Some((9, 19)), None),
    ("RI", Some((9, 18)), Some((10, 17)), None),
    ("SD", Some((9, 21)), None, None),
    ("TX", Some((9, 21)), Some((9, 21)), Some((12, 21))),
    ("UT", Some((8, 21)), Some((8, 21)), None),
    ("WA", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("WY", Some((8, 20)), Some((8, 20)), Some((8, 20))),
    ("PR", Some((9, 21)), Some((9, 21)), Some((9, 21))),
];

#[test]
fn hours_narrower_than_the_federal_ones() {
    for jurisdiction in PACK.jurisdictions.values() {
        let code = jurisdiction.code.as_str();
        let federal = (code, Some((8, 21)), Some((8, 21)), Some((8, 21)));
        let row = NARROWER.iter().find(|row| row.0 == code);
        let (_, working, saturday, sunday) = *row.unwrap_or(&federal);
        // 2026-11-23 is a Monday.
        for day in 23..28 {
            let found = window(&jurisdiction.hours, date(2026, 11, day));
            assert_eq!(found, working, "{code} on the {day}th");
        }
        assert_eq!(
            window(&jurisdiction.hours, date(2026, 11, 28)),
            saturday,
            "{code} Saturday"
        );
        assert_eq!(
            window(&jurisdiction.hours, date(2026, 11, 29)),
            sunday,
            "{code} Sunday"
        );
    }
}

#[test]
fn all_fifty_six_places_are_there() {
    assert_eq!(PACK.jurisdictions.len(), 56);
    let unread: Vec<&str> = PACK
        .jurisdictions
        .values()
        .filter(|place| place.unread.is_some())
        .map(|place| place.code.as_str())
        .collect();
    assert_eq!(unread, ["AS", "GU", "MP", "VI"]);
}

#[test]
fn rules_change_on_their_dates() {
    // Pennsylvania: Act 47 of 2026. The 17th is a Saturday, the 18th a Sunday.
    let pa = place("PA");
    assert_eq!(window(&pa.hours, date(2026, 10, 17)), Some((8, 21)));
    assert_eq!(window(&pa.hours, date(2026, 10, 18)), None);
    assert_eq!(window(&pa.hours, date(2026, 10, 19)), Some((9, 19)));
    // Oregon: HB 3865.
    let or = place("OR");
    assert_eq!(window(&or.hours, date(2025, 12, 31)), Some((8, 21)));
    assert_eq!(window(&or.hours, date(2026, 1, 1)), Some((8, 20)));
    assert!(!or.caps[0].provenance.in_force_on(date(2025, 12, 31)));
    assert!(or.caps[0].provenance.in_force_on(date(2026, 1, 1)));
    let table = [
        ("us-fed-revoke-all", date(2027, 1, 30), false),
        ("us-fed-revoke-all", date(2027, 1, 31), true),
        ("us-co-ai-1", date(2026, 12, 31), false),
        ("us-co-ai-1", date(2027, 1, 1), true),
        ("us-me-reassigned", date(2024, 8, 8), false),
        ("us-me-reassigned", date(2024, 8, 9), true),
        (
            "us-fed-one-to-one-consent-vacated",
            date(2026, 11, 21),
            false,
        ),
        ("us-fed-ai-disclosure-proposed", date(2026, 11, 21), false),
        ("us-fed-revocation-2026-order", date(2026, 11, 21), false),
        ("us-fed-company-dnc-30d-history", date(2025, 4, 10), true),
        ("us-fed-company-dnc-30d-history", date(2025, 4, 11), false),
    ];
    for (id, day, holds) in table {
        assert_eq!(PACK.provenance[id].in_force_on(day), holds, "{id} on {day}");
    }
}

#[test]
fn caps() {
    let table = [
        ("FL", "us-fl-cap-1", 3, 24),
        ("MD", "us-md-cap-1", 3, 24),
        ("ME", "us-me-cap-1", 1, 8),
        ("OK", "us-ok-cap-1", 3, 24),
        ("OR", "us-or-cap-1", 3, 24),
    ];
    let found: Vec<_> = PACK
        .jurisdictions
        .values()
        .flat_map(|place| place.caps.iter().map(|cap| (place.code.as_str(), cap)))
        .map(|(code, cap)| {
            assert!(cap.purposes.is_empty(), "{code}: binds every purpose");
            let id = cap.provenance.id;
            (code, id, cap.calls_max, cap.period_seconds / 3600)
        })
        .collect();
    assert_eq!(found, table);
    let federal: Vec<_> = PACK
        .federal
        .caps
        .iter()
        .map(|cap| {
            let hours = cap.period_seconds / 3600;
            (cap.provenance.id, cap.calls_max, hours, cap.purposes.len())
        })
        .collect();
    assert_eq!(
        federal,
        [
            ("us-fed-cap-residential-exempt", 3, 720, 4),
            ("us-fed-cap-hipaa-residential", 1, 24, 1),
            ("us-fed-cap-hipaa-residential-week", 3, 168, 1),
            ("us-regf-7in7", 7, 168, 1),
        ]
    );
    let regulation_f = PACK.federal.caps.last().unwrap();
    assert_eq!(regulation_f.purposes, [Purpose::DebtCollection]);
    assert_eq!(regulation_f.after_conversation_seconds, Some(7 * 86_400));
}

/// What counsel's advice may lift, whole: nothing that the callee has asked for is among it.
#[test]
fn rules_that_advice_may_lift() {
    let hours = PACK.jurisdictions.values().flat_map(|place| &place.hours);
    let hours = hours.map(|row| (row.provenance.id, row.relaxation));
    let days = PACK
        .jurisdictions
        .values()
        .filter_map(|place| place.holidays.as_ref());
    let days = days.map(|ban| (ban.provenance.id, ban.relaxation));
    let caps = PACK.jurisdictions.values().flat_map(|place| &place.caps);
    let caps = caps.chain(&PACK.federal.caps);
    let caps = caps.map(|cap| (cap.provenance.id, cap.relaxation));
    let mut open: Vec<(&str, bool)> = hours
        .chain(days)
        .chain(caps)
        .filter_map(|(id, relaxation)| Some((id, relaxation?.needs_consent)))
        .collect();
    open.sort_unstable();
    assert_eq!(
        open,
        [
            ("us-ca-hours-2", false),
            ("us-fed-cap-hipaa-residential", true),
            ("us-fed-cap-hipaa-residential-week", true),
            ("us-ga-hours-2", false),
            ("us-il-hours-2", false),
            ("us-in-hours-2", false),
            ("us-me-cap-1", false),
            ("us-me-hours-2", false),
            ("us-ne-hours-2", false),
            ("us-sd-hours-2", false),
            ("us-tx-hours-1", true),
            ("us-tx-hours-2", false),
            ("us-ut-holidays", true),
            ("us-ut-hours-1", true),
        ]
    );
    for (id, _) in open {
        assert!(PACK.advice_scope(id).is_some(), "{id}");
    }
    for (id, lifted) in [
        ("us-wa-artificial-voice", true),
        ("us-5cir-oral-consent", true),
        ("us-fed-consent-telemarketing-pewc", true),
        ("us-az-artificial-voice", false),
        ("us-fed-company-dnc", false),
        ("us-fed-national-dnc", false),
        ("us-pa-hours-2", false),
        ("us-vi-unread", false),
        ("no-such-rule", false),
    ] {
        assert_eq!(PACK.advice_scope(id).is_some(), lifted, "{id}");
    }
    let oral = PACK.federal.oral_consent.as_ref().unwrap();
    assert_eq!(oral.relaxes, "us-fed-consent-telemarketing-pewc");
    assert_eq!(oral.rule.id, "us-5cir-oral-consent");
    let states: Vec<&str> = oral.states.iter().map(|state| state.as_str()).collect();
    assert_eq!(states, ["LA", "MS", "TX"]);
    for id in [oral.relaxes, oral.rule.id] {
        let scope = PACK.advice_scope(id).unwrap();
        assert_eq!(
            (scope.states, scope.needs_consent),
            (oral.states.clone(), true)
        );
        assert_eq!(scope.ground, oral.rule.citation);
    }
    let voice = PACK.advice_scope("us-wa-artificial-voice").unwrap();
    assert_eq!((voice.states, voice.needs_consent), (vec![], false));
}

#[test]
fn places_with_laws_of_their_own() {
    let codes = |test: fn(&Jurisdiction) -> bool| -> Vec<&str> {
        let places = PACK.jurisdictions.values().filter(|place| test(place));
        places.map(|place| place.code.as_str()).collect()
    };
    let prohibit = ArtificialVoiceAction::ProhibitWithoutOverride;
    assert_eq!(
        codes(|place| place.list.own_list).join(" "),
        "CO FL IN LA MA MO OK PA TN TX WY"
    );
    assert_eq!(codes(|place| place.emergency_ban.is_some()), ["LA", "NY"]);
    assert_eq!(codes(|place| place.reassigned.is_some()), ["ME"]);
    assert_eq!(codes(|place| place.registration.is_some()).len(), 37);
    assert!(place("AZ").artificial_voice.action != prohibit);
    assert!(place("WA").artificial_voice.action == prohibit);
    assert_eq!(place("ME").reassigned.as_ref().unwrap().1, 30);
    let zones = &place("MS").hours[0].also_in;
    let offset = zones[0].to_fixed_offset().unwrap();
    assert_eq!(offset.seconds(), -6 * 3600);
    assert_eq!(zones[1].iana_name(), Some("America/Chicago"));
}

#[test]
fn federal_figures() {
    let federal = &PACK.federal;
    assert_eq!(federal.registry_age_days_max, 31);
    assert_eq!(federal.relationship_months, (18, 3));
    assert_eq!(federal.reassigned_age_days_max, 30);
    assert_eq!(federal.hours[0].provenance.id, "us-fed-calling-hours");
    let unknown = &PACK.strictest_unknown;
    assert_eq!(unknown.provenance.id, "us-unknown-hours");
    assert_eq!(
        unknown.week[4],
        [Span {
            open: 36_000,
            close: 61_200
        }]
    );
    assert!(unknown.week[5].is_empty() && unknown.week[6].is_empty());
}

#[test]
fn ids_that_decisions_cite() {
    for id in [
        "us-fed-national-dnc",
        "us-fed-company-dnc",
        "us-fed-dnc-safe-harbor",
        "us-fed-rnd",
        "us-fed-pewc-contents",
        "us-fed-consent-telemarketing-pewc",
        "us-fed-caller-id",
        "us-pa-hours-2",
        "us-fl-cap-1",
        "us-wa-artificial-voice",
        "us-tx-registration",
        "us-al-holidays",
        "us-me-reassigned",
        "us-vi-unread",
        "us-gu-unread",
        "us-as-unread",
        "us-mp-unread",
        "us-5cir-oral-consent",
        "us-la-emergency",
        "us-ny-emergency",
        "ringfence-seller-known",
        "ringfence-disclosure-first",
        "ringfence-stop",
        "ringfence-hold",
        "ringfence-source-readable",
        "ringfence-litigator",
        "ringfence-campaign-attempts",
        "ringfence-number-table",
        "ringfence-number-dialable",
        "ringfence-number-e164",
        "ringfence-emergency-area",
    ] {
        let rule = PACK.provenance.get(id).unwrap_or_else(|| panic!("{id}"));
        assert!(rule.status.binds(), "{id}");
    }
    for (id, rule) in &PACK.provenance {
        let ours = id.starts_with("ringfence-");
        assert!(!ours || rule.status == Status::Policy, "{id}");
    }
}
