//! Reads the tables of places: plain lines, commas between the fields, `#` before a comment.

use jiff::tz::TimeZone;

use crate::lead::StateCode;

use super::load::JURISDICTIONS;
use super::places::{AreaRow, Places, ZipRow, is_digits, not_geographic};
use super::read::{Reading, Source};

/// The sources that hold them.
pub(super) const PLACE_FILES: [&str; 4] = [AREAS, OTHERS, ZIP3, ZIP5];
const AREAS: &str = "places/area_codes.csv";
const OTHERS: &str = "places/other_countries.csv";
const ZIP3: &str = "places/zip3.csv";
const ZIP5: &str = "places/zip5.csv";

/// The operator's own area codes, if there are any: part of the pack, so that its hash is in every decision.
pub(super) const OPERATOR: &str = "places/operator_area_codes.csv";

/// Reads every table; faults are reported to `reading`.
pub(super) fn places<'a>(
    reading: &Reading,
    get: impl Fn(&'static str) -> Option<Source<'a>>,
    operators: Option<Source<'a>>,
) -> Places {
    let mut places = Places {
        areas: vec![AreaRow::Unknown; 1000],
        zip3: vec![None; 1000],
        ..Places::default()
    };
    let mut each = |source: Option<Source<'a>>, put: PutLine| {
        let Some(source) = source else { return };
        let name = source.name;
        let mut rows = 0_usize;
        for (number, line) in source.text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            rows += 1;
            let fields: Vec<&str> = line.splitn(5, ',').collect();
            if let Err(what) = put(&mut places, reading, &fields) {
                reading.report(name, number + 1, what);
            }
        }
        if rows == 0 {
            reading.report(name, 1, "the table is empty");
        }
    };
    each(get(AREAS), area);
    each(get(OTHERS), other);
    each(get(ZIP3), zip3);
    each(get(ZIP5), zip5);
    each(operators, added_area);
    places
}

type PutLine = fn(&mut Places, &Reading, &[&str]) -> Result<(), String>;

fn area(places: &mut Places, reading: &Reading, fields: &[&str]) -> Result<(), String> {
    let (code, row) = area_row(reading, fields)?;
    put_area(places, code, row)
}

/// A line of the operator's. A code that this program knows by now keeps its own zones and takes these as well, so that
/// neither an older nor a newer table makes a window wider.
fn added_area(places: &mut Places, reading: &Reading, fields: &[&str]) -> Result<(), String> {
    let (code, row) = area_row(reading, fields)?;
    let number = three_digits(code)?;
    let AreaRow::Us { state, zones, .. } = &row else {
        return Err("not an area code of the United States".into());
    };
    match places.areas.get_mut(number) {
        Some(AreaRow::Us {
            state: known,
            zones: known_zones,
            ..
        }) => {
            if known != state {
                return Err(format!(
                    "the area code {code} is known to be in {known}, not in {state}"
                ));
            }
            for zone in zones {
                if !known_zones.contains(zone) {
                    known_zones.push(zone.clone());
                }
            }
            Ok(())
        }
        Some(AreaRow::OtherCountry) => Err(format!(
            "the area code {code} is known to be another country's"
        )),
        _ if u16::try_from(number).is_ok_and(not_geographic) => Err(format!(
            "the numbering plan sets {code} aside: it is no place's"
        )),
        _ => put_area(places, code, row),
    }
}

fn area_row<'f>(reading: &Reading, fields: &[&'f str]) -> Result<(&'f str, AreaRow), String> {
    let (code, state_name, names, kind, note) = match fields {
        [code, state, names, kind] => (code, state, names, kind, None),
        [code, state, names, kind, note] => (code, state, names, kind, Some((*note).to_owned())),
        _ => return Err("not `code,state,zones,kind[,note]`, the zones parted by `|`".into()),
    };
    if !["state", "territory"].contains(kind) {
        return Err(format!("`{kind}` is neither `state` nor `territory`"));
    }
    let zones = names
        .split('|')
        .map(|name| zone(reading, name))
        .collect::<Result<Vec<_>, _>>()?;
    let row = AreaRow::Us {
        state: state(state_name)?,
        zones,
        note,
    };
    Ok((code, row))
}

fn other(places: &mut Places, _: &Reading, fields: &[&str]) -> Result<(), String> {
    match fields {
        [code] => put_area(places, code, AreaRow::OtherCountry),
        _ => Err("one area code a line".into()),
    }
}

fn put_area(places: &mut Places, code: &str, row: AreaRow) -> Result<(), String> {
    let number = three_digits(code)?;
    if !(200..=999).contains(&number) {
        return Err(format!("`{code}` is not an area code"));
    }
    match places.areas.get_mut(number) {
        Some(slot @ AreaRow::Unknown) => {
            *slot = row;
            Ok(())
        }
        _ => Err(format!("the area code {code} is given twice")),
    }
}

fn zip3(places: &mut Places, reading: &Reading, fields: &[&str]) -> Result<(), String> {
    let [range, state_name, zone_name] = fields else {
        return Err("not `first[-last],state,zone`".into());
    };
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (low, high) = (three_digits(first)?, three_digits(last)?);
    if low > high {
        return Err(format!("`{range}` runs backwards"));
    }
    let row: ZipRow = (state(state_name)?, zone(reading, zone_name)?);
    for slot in places.zip3.iter_mut().take(high + 1).skip(low) {
        if slot.replace(row.clone()).is_some() {
            return Err(format!("`{range}` overlaps a line before it"));
        }
    }
    Ok(())
}

fn zip5(places: &mut Places, reading: &Reading, fields: &[&str]) -> Result<(), String> {
    let [zip, state_name, zone_name, ..] = fields else {
        return Err("not `zip,state,zone[,county[,note]]`".into());
    };
    let row: ZipRow = (state(state_name)?, zone(reading, zone_name)?);
    match zip.parse() {
        Ok(number) if is_digits(zip, 5) => match places.zip5.insert(number, row) {
            None => Ok(()),
            Some(_) => Err(format!("the ZIP {zip} is given twice")),
        },
        _ => Err(format!("`{zip}` is not a ZIP of five digits")),
    }
}

fn three_digits(text: &str) -> Result<usize, String> {
    if !is_digits(text, 3) {
        return Err(format!("`{text}` is not three digits"));
    }
    text.parse()
        .map_err(|_| format!("`{text}` is not three digits"))
}

fn state(text: &str) -> Result<StateCode, String> {
    let known = JURISDICTIONS.split_whitespace().any(|code| code == text);
    StateCode::parse(text)
        .ok()
        .filter(|_| known)
        .ok_or_else(|| format!("unknown state `{text}`"))
}

fn zone(reading: &Reading, name: &str) -> Result<TimeZone, String> {
    reading
        .zones
        .get(name)
        .map_err(|_| format!("unknown time zone `{name}`"))
}
