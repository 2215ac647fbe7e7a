//! Facts about one callee as a Cedar request: what a host would have to find out before it asks.

use cedar_policy::{Context, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_core::consent::Consent;
use ringfence_core::gate::Facts;
use ringfence_core::lead::{PhoneNumber, StateCode};
use ringfence_core::rules::{AreaCode, RulePack};
use ringfence_core::suppression::{ListAnswer, Reassigned};

use crate::Result;
use crate::law::{day_number, sales_caps, weekday};

/// Makes requests.
pub struct Caller<'p> {
    pack: &'p RulePack,
    state: EntityTypeName,
    number: EntityTypeName,
    caller_id: EntityTypeName,
    seller: EntityTypeName,
    action: EntityUid,
}

type Pairs = Vec<(String, RestrictedExpression)>;

impl<'p> Caller<'p> {
    pub fn new(pack: &'p RulePack) -> Result<Self> {
        Ok(Self {
            pack,
            state: "State".parse()?,
            number: "Number".parse()?,
            caller_id: "CallerId".parse()?,
            seller: "Seller".parse()?,
            action: r#"Action::"call""#.parse()?,
        })
    }

    fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
        EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
    }

    fn state(&self, code: &str) -> RestrictedExpression {
        RestrictedExpression::new_entity_uid(Self::uid(&self.state, code))
    }

    /// The request that asks whether the call that `facts` describe may be placed at `now`.
    pub fn request(&self, facts: &Facts, now: Timestamp) -> Result<Request> {
        let asked = &facts.request;
        let seller = facts
            .seller
            .as_ref()
            .map_or("nobody", |_| asked.seller.as_str());
        let mut pairs: Pairs = Vec::with_capacity(32);
        let mut put = |name: &str, value| pairs.push((name.to_owned(), value));
        put("now", long(now.as_second()));
        put("purpose", text("telemarketing"));
        put(
            "closing_margin",
            long(facts.policy.closing_margin_seconds.into()),
        );
        put("stopped", truth(!facts.stops.is_empty()));
        put("sources_failed", truth(!facts.failures.is_empty()));
        let caller_id = asked.caller_id.as_deref().unwrap_or_default();
        let caller_id = Self::uid(&self.caller_id, caller_id);
        put("caller_id", RestrictedExpression::new_entity_uid(caller_id));
        if let Some(consent) = facts.consents.first() {
            put("consent", self.consent(consent)?);
        }
        let internal = facts.suppressions.internal.iter().map(|entry| entry.at);
        if let Some(at) = internal.filter(|at| *at <= now).max() {
            put("internal_at", long(at.as_second()));
        }
        let held = facts.holds.iter().map(|hold| hold.at);
        if let Some(at) = held.filter(|at| *at <= now).max() {
            put("held_at", long(at.as_second()));
        }
        if let Some(campaign) = &facts.campaign {
            let fields = [
                ("attempts", long(campaign.attempts.into())),
                ("attempts_max", long(campaign.attempts_max.into())),
            ];
            put("campaign", record(fields)?);
        }
        self.lists(facts, now, &mut pairs)?;
        self.place(facts, now, &mut pairs)?;
        Ok(Request::new(
            Self::uid(&self.seller, seller),
            self.action.clone(),
            Self::uid(&self.number, &asked.to),
            Context::from_pairs(pairs)?,
            None,
        )?)
    }

    fn consent(&self, consent: &Consent) -> Result<RestrictedExpression> {
        let level = serde_json::to_value(consent.level)?;
        let word = |word: serde_json::Value| text(word.as_str().unwrap_or_default());
        let purposes = consent.purposes.iter().map(serde_json::to_value);
        let purposes: Vec<_> = purposes.collect::<serde_json::Result<_>>()?;
        let missing = consent
            .missing
            .iter()
            .map(|element| text(&format!("{element:?}")));
        let mut fields = vec![
            (
                "seller",
                RestrictedExpression::new_entity_uid(Self::uid(&self.seller, &consent.seller)),
            ),
            ("granted_at", long(consent.granted_at.as_second())),
            ("level", word(level)),
            (
                "purposes",
                RestrictedExpression::new_set(purposes.into_iter().map(word)),
            ),
            ("artificial_voice", truth(consent.artificial_voice)),
            ("double_opt_in", truth(consent.double_opt_in)),
            ("missing", RestrictedExpression::new_set(missing)),
        ];
        fields.extend(
            consent
                .confirmed_at
                .map(|at| ("confirmed_at", long(at.as_second()))),
        );
        fields.extend(
            consent
                .expires_at
                .map(|at| ("expires_at", long(at.as_second()))),
        );
        record(fields)
    }

    fn lists(&self, facts: &Facts, now: Timestamp, pairs: &mut Pairs) -> Result<()> {
        let mut put = |name: &str, value| pairs.push((name.to_owned(), value));
        let suppressions = &facts.suppressions;
        if let Some(list) = suppressions
            .national
            .as_ref()
            .filter(|list| list.obtained_at <= now)
        {
            let fields = [
                ("obtained_at", long(list.obtained_at.as_second())),
                ("listed", truth(list.listed)),
            ];
            put("national", record(fields)?);
        }
        let in_time = |list: &&ListAnswer| {
            list.obtained_at <= now
                && list.effective_at.is_none_or(|from| from <= now)
                && list.expires_at.is_none_or(|until| now < until)
        };
        let lists = || suppressions.states.iter().filter(in_time);
        let set = |lists: &mut dyn Iterator<Item = &ListAnswer>| {
            RestrictedExpression::new_set(
                lists.map(|list| self.state(&list.name)).collect::<Vec<_>>(),
            )
        };
        put("state_lists", set(&mut lists()));
        put("state_hits", set(&mut lists().filter(|list| list.listed)));
        put(
            "litigator",
            truth(suppressions.litigator.iter().any(|list| list.listed)),
        );
        let answers = || {
            suppressions
                .reassigned
                .iter()
                .filter(|answer| answer.asked_at <= now)
        };
        let newest = answers().max_by_key(|answer| answer.asked_at);
        put(
            "reassigned",
            truth(newest.is_some_and(|answer| answer.answer == Reassigned::Yes)),
        );
        put(
            "not_reassigned",
            truth(answers().any(|answer| answer.answer == Reassigned::No)),
        );
        Ok(())
    }

    /// Where the callee may be, and what the clock shows there: Cedar has neither tables of numbers nor time zones.
    fn place(&self, facts: &Facts, now: Timestamp, pairs: &mut Pairs) -> Result<()> {
        let number = PhoneNumber::parse(&facts.request.to).ok();
        let area = number
            .and_then(PhoneNumber::area_code)
            .map(|code| self.pack.places.area_code(code));
        let (state, zones): (Option<StateCode>, &[TimeZone]) = match &area {
            Some(AreaCode::Us { state, zones, .. }) => (Some(*state), zones),
            _ => (None, &[]),
        };
        let mut put = |name: &str, value| pairs.push((name.to_owned(), value));
        if let Some(state) = state {
            put("state", self.state(state.as_str()));
        }
        let clocks = zones.iter().map(|zone| zone.to_datetime(now));
        let utc = TimeZone::UTC.to_datetime(now);
        for (name, local) in [("earliest", clocks.clone().min()), ("latest", clocks.max())] {
            let local = local.unwrap_or(utc);
            let time = local.time();
            let second = [time.hour(), time.minute(), time.second()];
            let second = second
                .iter()
                .fold(0, |sum, part| sum * 60 + i64::from(*part));
            let fields = [
                ("day", long(day_number(local.date()))),
                ("weekday", text(weekday(local.weekday()))),
                ("second", long(second)),
            ];
            put(name, record(fields)?);
        }
        let areas = facts.emergency_areas.iter();
        let areas = areas.filter(|area| area.from <= now && area.to.is_none_or(|to| now < to));
        let areas = areas
            .flat_map(|area| &area.states)
            .map(|code| self.state(code.as_str()));
        put("emergency_areas", RestrictedExpression::new_set(areas));
        let cap = state.and_then(|code| self.pack.jurisdictions.get(&code));
        let calls = cap
            .and_then(|state| sales_caps(state).next())
            .map_or(0, |cap| {
                let made = facts.attempts.iter().filter(|made| made.at <= now);
                let within = |made: &&ringfence_core::gate::Attempt| {
                    (now.as_second() - made.at.as_second()) < cap.period_seconds as i64
                };
                made.filter(within).count()
            });
        put("calls_in_period", long(calls as i64));
        Ok(())
    }
}

fn long(value: i64) -> RestrictedExpression {
    RestrictedExpression::new_long(value)
}

fn truth(value: bool) -> RestrictedExpression {
    RestrictedExpression::new_bool(value)
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn record(
    fields: impl IntoIterator<Item = (&'static str, RestrictedExpression)>,
) -> Result<RestrictedExpression> {
    let fields = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value));
    Ok(RestrictedExpression::new_record(fields)?)
}
