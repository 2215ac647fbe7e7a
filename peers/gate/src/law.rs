//! The rule pack and the seller as Cedar's entities: the law as it stands on one day.

use cedar_policy::Entities;
use jiff::civil::{Date, Weekday};
use ringfence_core::gate::SellerFacts;
use ringfence_core::lead::StateCode;
use ringfence_core::rules::{ArtificialVoiceAction, Hours, Jurisdiction, RulePack, Span};
use serde_json::{Value, json};

use crate::Result;

/// Days around the day in question whose holidays are worked out.
const DAYS: i32 = 400;

/// The days of the week as Ringfence's hours count them.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Days since 1970-01-01.
pub fn day_number(day: Date) -> i64 {
    day.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// The only seller's entity, and that of a seller that nobody put.
pub fn seller_uid(known: bool) -> Value {
    let id = if known { "example-solar" } else { "nobody" };
    json!({"type": "Seller", "id": id})
}

/// Every entity that policies look at: the law on `day`, and the seller.
pub fn entities(pack: &RulePack, seller: &SellerFacts, day: Date) -> Result<Entities> {
    let mut all = vec![law(pack), seller_entity(seller)];
    for caller_id in &seller.profile.caller_ids {
        let mut attrs = json!({"first_day": day_number(caller_id.authorised_from)});
        if let Some(last) = caller_id.authorised_to {
            attrs["last_day"] = day_number(last).into();
        }
        all.push(json!({
            "uid": {"type": "CallerId", "id": caller_id.number.e164()},
            "attrs": attrs, "parents": [seller_uid(true)],
        }));
    }
    for state in pack.jurisdictions.values() {
        if let Some(entity) = state_entity(pack, state, day) {
            all.push(entity);
        }
    }
    Ok(Entities::from_json_value(Value::Array(all), None)?)
}

/// Whether a state's law can be said in these policies: one window a day, no clock of its own, one cap.
pub fn can_be_said(pack: &RulePack, state: &Jurisdiction) -> bool {
    let hours = state.hours.iter().chain(&pack.federal.hours);
    let one_cap = sales_caps(state).count() <= 1;
    one_cap && hours.into_iter().all(|row| row.also_in.is_empty())
}

/// The caps of sales calls.
pub fn sales_caps(state: &Jurisdiction) -> impl Iterator<Item = &ringfence_core::rules::Cap> {
    let sales = ringfence_core::consent::Purpose::Telemarketing;
    let caps = state.caps.iter();
    caps.filter(move |cap| cap.purposes.is_empty() || cap.purposes.contains(&sales))
}

fn law(pack: &RulePack) -> Value {
    let lifted = pack.jurisdictions.values();
    let lifted = lifted.filter(|state| state.list.lifted_by_written_consent);
    let lifted: Vec<Value> = lifted.map(|state| state_ref(state.code)).collect();
    json!({
        "uid": {"type": "Law", "id": "us"},
        "attrs": {
            "registry_age_seconds_max": i64::from(pack.federal.registry_age_days_max) * 86_400,
            "lists_lifted_by_consent": lifted,
        },
        "parents": [],
    })
}

fn state_ref(code: StateCode) -> Value {
    json!({"__entity": {"type": "State", "id": code.as_str()}})
}

fn seller_entity(seller: &SellerFacts) -> Value {
    let profile = &seller.profile;
    let names = match &seller.disclosure.words {
        Some(words) => ringfence_core::seller::names_seller(words, &profile.name),
        None => seller.disclosure.spoken_by_tts,
    };
    let registrations = profile
        .registrations
        .iter()
        .filter(|held| held.number.is_some() || held.exempt_because.is_some());
    let tags: serde_json::Map<String, Value> = registrations
        .map(|held| {
            let last = held.expires_on.map_or(i64::MAX, day_number);
            (held.state.as_str().to_owned(), json!(last))
        })
        .collect();
    let mut attrs = json!({"disclosure_names_seller": names});
    // A seller without a subscription is known all the same; its registry ended long ago.
    attrs["san_last_day"] = profile
        .san
        .as_ref()
        .map_or(i64::MIN, |san| day_number(san.expires_on))
        .into();
    json!({"uid": seller_uid(true), "attrs": attrs, "parents": [], "tags": tags})
}

fn state_entity(pack: &RulePack, state: &Jurisdiction, day: Date) -> Option<Value> {
    if !can_be_said(pack, state) {
        return None;
    }
    let voice = &state.artificial_voice;
    let bars = voice.action == ArtificialVoiceAction::ProhibitWithoutOverride
        && voice.provenance.in_force_on(day);
    let registration = state.registration.as_ref();
    let reassigned = state.reassigned.as_ref();
    let mut attrs = json!({
        "code": state.code.as_str(),
        "unread": state.unread.is_some(),
        "bars_artificial_voice": bars,
        "own_list": state.list.own_list,
        "registration_needed": registration.is_some_and(|rule| rule.in_force_on(day)),
        "reassigned_required": reassigned.is_some_and(|(rule, _)| rule.in_force_on(day)),
        "closed_days": closed_days(state, day),
    });
    if let Some(cap) = sales_caps(state).find(|cap| cap.provenance.in_force_on(day)) {
        attrs["calls_max"] = cap.calls_max.into();
    }
    let rows: Vec<&Hours> = state.hours.iter().chain(&pack.federal.hours).collect();
    let mut tags = serde_json::Map::new();
    for (place, name) in WEEKDAYS.into_iter().enumerate() {
        let in_force = rows.iter().filter(|row| row.provenance.in_force_on(day));
        let spans: Option<Vec<Span>> = in_force.map(|row| only(&row.week[place])).collect();
        if let Some(spans) = spans {
            let open = spans.iter().map(|span| span.open).max();
            let close = spans.iter().map(|span| span.close).min();
            tags.insert(name.to_owned(), json!({"open": open, "close": close}));
        }
    }
    let uid = json!({"type": "State", "id": state.code.as_str()});
    Some(json!({"uid": uid, "attrs": attrs, "parents": [], "tags": tags}))
}

/// The only window of a day; none: closed all day.
fn only(spans: &[Span]) -> Option<Span> {
    assert!(spans.len() <= 1, "two windows a day are not in the subset");
    spans.first().copied()
}

fn closed_days(state: &Jurisdiction, around: Date) -> Vec<i64> {
    let Some(ban) = &state.holidays else {
        return Vec::new();
    };
    let first = around.saturating_sub(jiff::Span::new().days(DAYS));
    let days = first
        .series(jiff::Span::new().days(1))
        .take(2 * DAYS as usize);
    days.filter(|day| ban.provenance.in_force_on(*day))
        .filter(|day| {
            ban.recipes
                .iter()
                .any(|recipe| recipe.closed_on(*day).is_some())
        })
        .map(day_number)
        .collect()
}

/// The name of a weekday in [`WEEKDAYS`].
pub fn weekday(day: Weekday) -> &'static str {
    WEEKDAYS[day.to_monday_zero_offset() as usize]
}
