//! A loaded pack, in the form the gate reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::consent::Purpose;
use crate::lead::StateCode;

/// Where a rule comes from and when it holds. Dates are days in the zone under test, both inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// Stable id, such as `us-pa-hours-2`.
    pub id: &'static str,
    /// Statute, regulation or case.
    pub citation: &'static str,
    /// First day in force; none: always has been.
    pub effective_from: Option<Date>,
    /// Last day in force; none: still is.
    pub effective_to: Option<Date>,
    /// Whether it is law on the pack's date.
    pub status: Status,
    /// How far the finding may be trusted.
    pub confidence: Confidence,
    /// What a lawyer should know.
    pub note: Option<String>,
}

impl Provenance {
    /// Whether the rule is in force on `day`, a date in the zone under test.
    #[must_use]
    pub fn in_force_on(&self, day: Date) -> bool {
        self.status.binds()
            && self.effective_from.is_none_or(|from| from <= day)
            && self.effective_to.is_none_or(|to| day <= to)
    }
}

/// A rule's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Law, from its first day on.
    InForce,
    /// Not adopted.
    Proposed,
    /// Adopted, its first day not known.
    AdoptedNotEffective,
    /// Struck down.
    Vacated,
    /// Suspended until its first day.
    Waived,
    /// Was law until its last day.
    Superseded,
    /// The search found no rule.
    NoneFound,
    /// Ours, stricter than the law.
    Policy,
}

impl Status {
    /// Whether a rule of this standing binds between its dates.
    #[must_use]
    pub const fn binds(self) -> bool {
        matches!(
            self,
            Self::InForce | Self::Superseded | Self::Waived | Self::Policy
        )
    }
}

/// How far a finding may be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Text quoted in a recent source, or two independent sources agree.
    High,
    /// One secondary source.
    Medium,
    /// Memory, or sources in conflict.
    Low,
}

/// On what condition counsel's recorded advice lifts a rule. A rule without one is never lifted by advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relaxation {
    /// Whether a consent must stand for the call as well.
    pub needs_consent: bool,
    /// Where the law leaves room for it.
    pub ground: &'static str,
}

/// Where counsel's recorded advice lets express or oral consent carry a sales call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OralConsent {
    /// The rule that is relaxed, which advice may name.
    pub relaxes: &'static str,
    /// The case or rule that it rests on; advice may name it as well.
    pub rule: Provenance,
    /// Every candidate state must be one of these.
    pub states: Vec<StateCode>,
}

/// A time of day in which a call may begin: seconds since local midnight, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Opening second.
    pub open: u32,
    /// Closing second, exclusive; at most 86,400.
    pub close: u32,
}

impl Span {
    /// Whether it still lasts for more than `margin` seconds at this second of the day.
    #[inline]
    pub(crate) fn has_left(self, second: u32, margin: u32) -> bool {
        self.close
            .checked_sub(second)
            .is_some_and(|left| margin < left)
    }
}

/// Calling hours by weekday. An empty day is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    /// Where it comes from.
    pub provenance: Provenance,
    /// Monday first; each day's spans in order, not touching.
    pub week: [Vec<Span>; 7],
    /// Zones in which this window is tested beside the candidates (Mississippi's fixed UTC-6).
    pub also_in: Vec<TimeZone>,
    /// What lifts it; none: nothing.
    pub relaxation: Option<Relaxation>,
}

/// A day on which soliciting is barred, as its state's list names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Where the ban comes from.
    pub provenance: Provenance,
    /// Name and closed dates are computed per year.
    pub recipes: Vec<super::HolidayRecipe>,
    /// What lifts it; none: nothing.
    pub relaxation: Option<Relaxation>,
}

/// At most so many calls in a rolling period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Where it comes from.
    pub provenance: Provenance,
    /// The most calls.
    pub calls_max: u32,
    /// The rolling period in seconds.
    pub period_seconds: u64,
    /// The purposes it binds; empty: every one but `emergency`.
    pub purposes: Vec<Purpose>,
    /// For so many seconds after a conversation no call at all (12 CFR 1006.14(b)(2)(i)(B)).
    pub after_conversation_seconds: Option<u64>,
    /// A standing consent lifts it (FCC 22-100: the caps of exempt calls).
    pub lifted_by_consent: bool,
    /// What else lifts it; none: nothing.
    pub relaxation: Option<Relaxation>,
}

/// What the place's artificial-voice law means for a sales call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtificialVoice {
    /// Where it comes from.
    pub provenance: Provenance,
    /// What the gate does.
    pub action: ArtificialVoiceAction,
}

/// What the gate does under an artificial-voice law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtificialVoiceAction {
    /// Federal written consent answers it.
    RequireWrittenConsent,
    /// Denies without a recorded counsel override.
    ProhibitWithoutOverride,
}

/// Whether the state keeps a do-not-call list of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateList {
    /// Where it comes from.
    pub provenance: Provenance,
    /// It does.
    pub own_list: bool,
    /// A standing written consent that names the seller lifts a hit.
    pub lifted_by_written_consent: bool,
}

/// A state, DC or a territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    /// Two letters.
    pub code: StateCode,
    /// In words.
    pub name: String,
    /// Every zone of the state.
    pub time_zones: Vec<TimeZone>,
    /// Its law has not been read: every call is denied.
    pub unread: Option<Provenance>,
    /// Calling hours; every one in force binds.
    pub hours: Vec<Hours>,
    /// Closed days, if it bars any.
    pub holidays: Option<Holiday>,
    /// Frequency caps.
    pub caps: Vec<Cap>,
    /// Its artificial-voice law.
    pub artificial_voice: ArtificialVoice,
    /// Its do-not-call list.
    pub list: StateList,
    /// A telemarketer registration that may be required; none: none was found.
    pub registration: Option<Provenance>,
    /// A rule that bars telemarketing to areas under a declared emergency.
    pub emergency_ban: Option<Provenance>,
    /// A rule that makes a reassigned-number answer mandatory for sales calls, and its greatest age in days.
    pub reassigned: Option<(Provenance, u32)>,
}

/// The federal layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Federal {
    /// 47 CFR 64.1200(c)(1).
    pub hours: Vec<Hours>,
    /// Caps that bind everywhere (Regulation F).
    pub caps: Vec<Cap>,
    /// The greatest age of a registry copy in days.
    pub registry_age_days_max: u32,
    /// Months that a purchase and an inquiry carry a relationship.
    pub relationship_months: (u32, u32),
    /// The greatest age in days of a reassigned-number answer where one is required.
    pub reassigned_age_days_max: u32,
    /// Where less than written consent may carry a sales call, if counsel says so.
    pub oral_consent: Option<OralConsent>,
}

/// A loaded, validated pack.
#[derive(Debug, Clone)]
pub struct RulePack {
    /// The pack's version, a date.
    pub version: String,
    /// SHA-256 over its archive text, hexadecimal.
    pub sha256: String,
    /// The federal layer.
    pub federal: Federal,
    /// Every jurisdiction by its code.
    pub jurisdictions: BTreeMap<StateCode, Jurisdiction>,
    /// Hours used where no jurisdiction can be named.
    pub strictest_unknown: Hours,
    /// Every rule by id, also those that no check reads: for citations and for people.
    pub provenance: BTreeMap<String, Provenance>,
    /// Where a number may be.
    pub places: super::Places,
    /// The files it was loaded from, by name.
    pub(super) sources: Arc<[(String, String)]>,
    /// Version and hash as they stand in every decision.
    pub(crate) names: (&'static str, &'static str),
    /// What the gate looks up, worked out of all the above when the pack was loaded.
    pub(crate) index: super::Index,
}

/// What counsel's recorded advice that names a rule can lift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdviceScope {
    /// Every state that the callee may be in must be one of these; empty: wherever the rule binds.
    pub states: Vec<StateCode>,
    /// Only for a callee whose consent stands: what is lifted then is the form of the consent, or a rule that is stricter
    /// than consent.
    pub needs_consent: bool,
    /// Where the law leaves room for it.
    pub ground: String,
}

impl RulePack {
    /// What advice that names this rule can lift; none: nothing. Most rules are lifted by none.
    #[must_use]
    pub fn advice_scope(&self, rule: &str) -> Option<AdviceScope> {
        let oral = self.federal.oral_consent.as_ref();
        if let Some(oral) = oral.filter(|oral| [oral.relaxes, oral.rule.id].contains(&rule)) {
            return Some(AdviceScope {
                states: oral.states.clone(),
                needs_consent: true,
                ground: oral.rule.citation.to_owned(),
            });
        }
        let of_clock = self.clock_relaxation(rule).map(|relaxation| AdviceScope {
            states: Vec::new(),
            needs_consent: relaxation.needs_consent,
            ground: relaxation.ground.to_owned(),
        });
        let mut voices = self
            .jurisdictions
            .values()
            .map(|state| &state.artificial_voice);
        of_clock.or_else(|| {
            let voice = voices.find(|voice| voice.provenance.id == rule)?;
            let bars = voice.action == ArtificialVoiceAction::ProhibitWithoutOverride;
            bars.then(|| AdviceScope {
                states: Vec::new(),
                needs_consent: false,
                ground: voice.provenance.citation.to_owned(),
            })
        })
    }

    /// What lifts the rule of the clock of this id.
    fn clock_relaxation(&self, rule: &str) -> Option<Relaxation> {
        let states = self.jurisdictions.values();
        let hours = states.clone().flat_map(|state| &state.hours);
        let hours = hours.map(|row| (&row.provenance, row.relaxation));
        let days = states.clone().filter_map(|state| state.holidays.as_ref());
        let days = days.map(|ban| (&ban.provenance, ban.relaxation));
        let caps = states.flat_map(|state| &state.caps);
        let caps = caps.chain(&self.federal.caps);
        let caps = caps.map(|cap| (&cap.provenance, cap.relaxation));
        let mut clock = hours.chain(days).chain(caps);
        clock.find_map(|(of, relaxation)| relaxation.filter(|_| of.id == rule))
    }
}
