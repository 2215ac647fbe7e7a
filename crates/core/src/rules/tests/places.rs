//! Area codes and ZIP codes, the measured defects of public tables too.

use super::super::AreaCode;
use super::PACK;

fn area(code: u16) -> (String, Vec<&'static str>) {
    match PACK.places.area_code(code) {
        AreaCode::Us { state, zones, .. } => (
            state.to_string(),
            zones.iter().filter_map(|zone| zone.iana_name()).collect(),
        ),
        other => panic!("{code} is {other:?}"),
    }
}

const ET: &str = "America/New_York";
const CT: &str = "America/Chicago";
const MT: &str = "America/Denver";
const PT: &str = "America/Los_Angeles";

#[test]
fn area_codes_with_their_states_and_every_possible_zone() {
    let table: &[(u16, &str, &[&str])] = &[
        (201, "NJ", &[ET]),
        (212, "NY", &[ET]),
        (205, "AL", &[CT]),
        (303, "CO", &[MT]),
        (602, "AZ", &["America/Phoenix"]),
        (808, "HI", &["Pacific/Honolulu"]),
        (787, "PR", &["America/Puerto_Rico"]),
        (671, "GU", &["Pacific/Guam"]),
        (684, "AS", &["Pacific/Pago_Pago"]),
        // Where one source is wrong: 689 is Eastern only; 364, 448 and 930 are in two zones.
        (689, "FL", &[ET]),
        (364, "KY", &[ET, CT]),
        (448, "FL", &[ET, CT]),
        (930, "IN", &[ET, CT]),
        (423, "TN", &[ET, CT]),
        // In service by regulators' notice, though libphonenumber does not know them.
        (357, "CA", &[PT]),
        (679, "MI", &[ET]),
        (729, "TN", &[ET, CT]),
    ];
    for (code, state, zones) in table {
        let (found, mut found_zones) = area(*code);
        let mut zones = zones.to_vec();
        found_zones.sort_unstable();
        zones.sort_unstable();
        assert_eq!((found.as_str(), found_zones), (*state, zones), "{code}");
    }
}

#[test]
fn area_codes_that_are_not_called() {
    for code in [
        800, 822, 833, 844, 855, 866, 877, 888, 899, 900, 700, 710, 456, 500, 522, 533, 577, 588,
        622, 699,
    ] {
        assert_eq!(
            PACK.places.area_code(code),
            AreaCode::NotGeographic,
            "{code}"
        );
    }
    for code in [204, 416, 604, 809, 829, 876, 942] {
        assert_eq!(
            PACK.places.area_code(code),
            AreaCode::OtherCountry,
            "{code}"
        );
    }
    for code in [0, 11, 200, 211, 411, 837, 911, 999, 1000, u16::MAX] {
        assert_eq!(PACK.places.area_code(code), AreaCode::Unknown, "{code}");
    }
}

#[test]
fn no_us_area_code_looks_personal_or_toll_free() {
    let (mut us, mut others) = (0, 0);
    for code in 200..1000 {
        match PACK.places.area_code(code) {
            AreaCode::Us { zones, .. } => {
                us += 1;
                assert!(!zones.is_empty());
                let series = (500..700).contains(&code) || (800..900).contains(&code);
                assert!(!(series && code / 10 % 10 == code % 10), "{code}");
                assert!(![456, 700, 710, 900].contains(&code));
            }
            AreaCode::OtherCountry => others += 1,
            AreaCode::NotGeographic | AreaCode::Unknown => {}
        }
    }
    assert_eq!((us, others), (368, 77));
}

#[test]
fn every_area_code_belongs_to_a_jurisdiction_and_its_doubts_are_kept() {
    for code in 200..1000 {
        if let AreaCode::Us { state, .. } = PACK.places.area_code(code) {
            assert!(PACK.jurisdictions.contains_key(&state), "{code}");
        }
    }
    let AreaCode::Us { note, .. } = PACK.places.area_code(689) else {
        panic!("689 is Florida's");
    };
    assert!(note.unwrap().contains("Orlando"));
}

#[test]
fn zip_codes() {
    let table = [
        ("10001", "NY", ET),
        ("00501", "NY", ET),
        ("10001-1234", "NY", ET),
        ("60601", "IL", CT),
        ("90210", "CA", PT),
        ("85001", "AZ", "America/Phoenix"),
        ("86515", "AZ", MT),
        ("96813", "HI", "Pacific/Honolulu"),
        ("00901", "PR", "America/Puerto_Rico"),
        ("32401", "FL", CT),
        // Exceptions to their first three digits.
        ("32456", "FL", ET),
        ("37301", "TN", CT),
        ("89883", "NV", MT),
        ("96799", "AS", "Pacific/Pago_Pago"),
    ];
    for (zip, state, zone) in table {
        let (found, found_zone) = PACK.places.zip(zip).unwrap_or_else(|| panic!("{zip}"));
        assert_eq!(
            (found.as_str(), found_zone.iana_name()),
            (state, Some(zone)),
            "{zip}"
        );
    }
    for bad in [
        "", "1000", "100011", "1000A", "10001-", "10001-12", "+1001", "00000", "09001",
    ] {
        assert_eq!(PACK.places.zip(bad), None, "{bad}");
    }
}

#[test]
fn zones_come_from_the_bundled_database() {
    assert_eq!(PACK.places.zone(MT).unwrap().iana_name(), Some(MT));
    assert_eq!(PACK.places.zone("Mars/Olympus_Mons"), None);
    assert_eq!(PACK.places.zone(""), None);
    assert!(PACK.places.tzdb_version().starts_with("20"));
}
