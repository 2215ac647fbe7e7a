//! Reads the parts that packs are made of: a rule's provenance, calling hours, frequency caps.

use jiff::tz::TimeZone;
use serde::Deserialize;

use super::intern::keep;
use super::pack::{Cap, Hours, Provenance, Relaxation, Span, Status};
use super::read::{Table, Word};

/// The keys of a row's calling hours: general ones, then the days, Monday first.
pub(super) const HOURS_KEYS: [&str; 9] = [
    "every_day",
    "monday_to_friday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// The calls that a row is written for. The gate applies every row: an AI voice is an artificial voice
/// (FCC 24-17), so rows for artificial voices bind as well as those for any call.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Mode {
    Any,
    ArtificialVoice,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ArtificialVoice => "artificial_voice",
        }
    }
}

/// Id, citation, dates, standing and confidence of a rule, entered among the pack's rules.
pub(super) fn provenance(table: &Table<'_>) -> Option<Provenance> {
    let id = table.needed("id");
    let citation = table.needed("citation");
    let from = table.date("effective_from");
    let to = table.date("effective_to");
    let status = table.one_of("status");
    let confidence = table.one_of("confidence");
    let note = table.word("note").map(|note| note.text.to_owned());
    if let (Some((first, _)), Some((last, at))) = (from, to)
        && last < first
    {
        table.report(
            at,
            format!("`effective_to` {last} is before `effective_from` {first}"),
        );
    }
    let undated = match status {
        Some(Status::Superseded) if !table.has("effective_to") => "effective_to",
        Some(Status::Waived) if !table.has("effective_from") => "effective_from",
        _ => "",
    };
    if !undated.is_empty() {
        // Without the date it would bind for ever.
        table.report_here(format!("a rule of this `status` needs `{undated}`"));
    }
    let id = id.filter(|id| well_formed(table, *id))?;
    let rule = Provenance {
        id: keep(id.text),
        citation: keep(citation?.text),
        effective_from: from.map(|(date, _)| date),
        effective_to: to.map(|(date, _)| date),
        status: status?,
        confidence: confidence?,
        note,
    };
    let place = format!("{}:{}", table.file(), table.line());
    let mut rules = table.reading.rules.borrow_mut();
    match rules.get(id.text) {
        Some((_, first)) => {
            let what = format!("the id `{}` is used already, at {first}", id.text);
            table.report(id.at, what);
            None
        }
        None => {
            rules.insert(rule.id.to_owned(), (rule.clone(), place));
            Some(rule)
        }
    }
}

fn well_formed(table: &Table<'_>, id: Word<'_>) -> bool {
    let good = id
        .text
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if !good {
        let what = format!("the id `{}` must be small letters, digits and `-`", id.text);
        table.report(id.at, what);
    }
    good
}

/// A row of calling hours.
pub(super) fn hours(table: &Table<'_>) -> Option<Hours> {
    let mode: Option<Mode> = table.one_of("mode");
    table.needed("callees");
    // `lifted_by` (Utah, Texas) is kept for people and not honoured: the default profile takes the stricter reading.
    for key in [
        "jurisdiction",
        "topic",
        "requirement",
        "parameters",
        "basis",
        "lifted_by",
    ] {
        table.kept(key);
    }
    let week = week(table);
    let also_in = zones(table, "also_in").unwrap_or_default();
    let relaxation = relaxation(table);
    let provenance = provenance(table);
    if let (Some(mode), Some(rule)) = (mode, &provenance) {
        table.apart(rule, format!("hours of mode `{}`", mode.name()));
    }
    Some(Hours {
        provenance: provenance.filter(|_| mode.is_some())?,
        week: week?,
        also_in,
        relaxation,
    })
}

/// What else an override of a rule needs.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Needs {
    /// A consent that stands for the call.
    Consent,
    /// Nothing but counsel's document.
    AdviceAlone,
}

/// `override = { needs = "...", ground = "..." }`: whether counsel's recorded advice lifts the rule, and on what ground.
pub(super) fn relaxation(table: &Table<'_>) -> Option<Relaxation> {
    let table = table.table("override")?;
    let needs: Option<Needs> = table.one_of("needs");
    let ground = table.needed("ground");
    Some(Relaxation {
        needs_consent: matches!(needs?, Needs::Consent),
        ground: keep(ground?.text),
    })
}

fn week(table: &Table<'_>) -> Option<[Vec<Span>; 7]> {
    let [every_day, monday_to_friday, days @ ..] = HOURS_KEYS;
    let every = table.words(every_day).map(|words| spans(table, &words));
    let working = table
        .words(monday_to_friday)
        .map(|words| spans(table, &words));
    let mut week: [Vec<Span>; 7] = Default::default();
    let mut good = true;
    for (index, (day, open)) in days.into_iter().zip(&mut week).enumerate() {
        let own = table.words(day).map(|words| spans(table, &words));
        let general = if index < 5 { working.clone() } else { None };
        let mut given = [own, general, every.clone()].into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(spans), None) => {
                good &= spans.is_some();
                *open = spans.unwrap_or_default();
            }
            (found, _) => {
                let how = if found.is_some() {
                    "twice"
                } else {
                    "not at all"
                };
                table.report_here(format!("hours for {day} are given {how}"));
                good = false;
            }
        }
    }
    good.then_some(week)
}

fn spans(table: &Table<'_>, words: &[Word<'_>]) -> Option<Vec<Span>> {
    let mut spans: Vec<Span> = Vec::new();
    let mut good = true;
    for word in words {
        let Some(span) = span(word.text) else {
            let what = format!("`{}` is not a time of day like 09:00-19:00", word.text);
            table.report(word.at, what);
            good = false;
            continue;
        };
        if spans.last().is_some_and(|before| before.close >= span.open) {
            let what = format!("`{}` overlaps or touches the span before it", word.text);
            table.report(word.at, what);
            good = false;
        }
        spans.push(span);
    }
    good.then_some(spans)
}

fn span(text: &str) -> Option<Span> {
    let (open, close) = text.split_once('-')?;
    let span = Span {
        open: seconds(open)?,
        close: seconds(close)?,
    };
    (span.open < span.close).then_some(span)
}

fn seconds(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    (minutes < 60 && seconds <= 86_400).then_some(seconds)
}

/// Zones by IANA name; none where the key is absent or a name is not known.
pub(super) fn zones(table: &Table<'_>, key: &'static str) -> Option<Vec<TimeZone>> {
    let words = table.words(key)?;
    let mut zones = Vec::new();
    let mut good = true;
    for word in words {
        match table.reading.zone(word.text) {
            Some(zone) => zones.push(zone),
            None => {
                table.report(word.at, format!("unknown time zone `{}`", word.text));
                good = false;
            }
        }
    }
    good.then_some(zones)
}

/// A frequency cap.
pub(super) fn cap(table: &Table<'_>) -> Option<Cap> {
    let mode: Option<Mode> = table.one_of("mode");
    table.needed("counted_per");
    for key in ["topic", "requirement", "parameters"] {
        table.kept(key);
    }
    let calls_max = table.needed_number("calls_max", 1, 1_000);
    let hours = table.needed_number("period_hours", 1, 24 * 366);
    let mut purposes = Vec::new();
    for word in table.words("purposes").unwrap_or_default() {
        let reader: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            serde::de::IntoDeserializer::into_deserializer(word.text);
        match Deserialize::deserialize(reader) {
            Ok(purpose) => purposes.push(purpose),
            Err(error) => table.report(word.at, format!("`purposes`: {error}")),
        }
    }
    let after = table.number("hours_after_conversation", 1, 24 * 366);
    let lifted_by_consent = match table.has("lifted_by_consent") {
        true => table.flag("lifted_by_consent"),
        false => Some(false),
    };
    let relaxation = relaxation(table);
    let provenance = provenance(table);
    if let (Some(mode), Some(rule), Some(hours)) = (mode, &provenance, hours) {
        let of = format!(
            "cap of mode `{}` over {hours} hours for {purposes:?}",
            mode.name()
        );
        table.apart(rule, of);
    }
    Some(Cap {
        provenance: provenance.filter(|_| mode.is_some())?,
        calls_max: u32::try_from(calls_max?).ok()?,
        period_seconds: u64::try_from(hours?).ok()? * 3600,
        purposes,
        after_conversation_seconds: after
            .and_then(|hours| u64::try_from(hours).ok())
            .map(|hours| hours * 3600),
        lifted_by_consent: lifted_by_consent?,
        relaxation,
    })
}

/// A rule of which the gate needs only that it exists: the words are for people.
pub(super) fn record(table: &Table<'_>, people_read: &[&'static str]) -> Option<Provenance> {
    for key in people_read {
        table.kept(key);
    }
    provenance(table)
}
