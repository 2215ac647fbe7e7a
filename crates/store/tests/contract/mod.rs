//! What every back-end must do. A back-end's test makes a fresh store for each and calls it: `contract_tests!`.

pub mod campaigns;
pub mod consents;
pub mod events;
pub mod holds;
pub mod keys;
pub mod lists;
pub mod opt_outs;
pub mod outbox;
pub mod permits;
pub mod prune;
pub mod races;
pub mod scrubs;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::consent::{ConsentLevel, Purpose};
use ringfence_core::gate::{CallRequest, Candidates, Decision, Facts, PackId, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::seller::Seller;
use ringfence_store::Store;
use ringfence_store::campaign::{Campaign, CampaignPlan, LeadDraft, LeadImported};
use ringfence_store::consent::ConsentDraft;
use ringfence_store::gate::{Decide, GateSettings, LinePlan, Reservation};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::suppression::{OptOutScope, Revocation};
use serde_json::json;

pub const CALLEE: &str = "+12125550123";
pub const TEXT: &str = "By submitting I agree that Acme Solar LLC may call me.";

/// Noon on the day before, plus so many seconds.
pub fn at(seconds: i64) -> Timestamp {
    "2026-11-20T12:00:00Z"
        .parse::<Timestamp>()
        .unwrap()
        .checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap()
}

pub fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

pub fn seller() -> Seller {
    serde_json::from_value(json!({
        "name": "Acme Solar LLC",
        "caller_ids": [
            {"number": "+12125550190", "authorised_from": "2020-01-01", "authorised_to": "2020-12-31"},
            {"number": "+12125550191", "authorised_from": "2026-01-01"}
        ],
        "san": {"number": "10000000-00001", "expires_on": "2027-03-31"}
    }))
    .unwrap()
}

pub fn request(to: &str) -> CallRequest {
    CallRequest {
        to: to.into(),
        seller: "acme".into(),
        purpose: Purpose::Telemarketing,
        caller_id: None,
        place: Place::default(),
        lead: None,
        campaign: None,
    }
}

pub fn reservation(to: &str) -> Reservation {
    Reservation {
        request: request(to),
        settings: GateSettings::default(),
        permit_ttl: Duration::from_secs(30),
        line: Some(LinePlan {
            trunk: "carrier".into(),
            agent: json!({"kind": "announcement"}),
        }),
    }
}

/// A gate that knows one rule: what is on the internal list, or stopped, is denied.
pub fn gate() -> Decide {
    Arc::new(|facts: &Facts| {
        let barred = !facts.suppressions.internal.is_empty() || !facts.stops.is_empty();
        decision(if barred {
            Verdict::Deny
        } else {
            Verdict::Allow
        })
    })
}

pub fn decision(verdict: Verdict) -> Decision {
    Decision {
        verdict,
        reasons: Vec::new(),
        next_allowed_at: None,
        decided_at: at(0),
        rule_pack: PackId {
            version: "2026.11.21".into(),
            sha256: "ab".repeat(32).into(),
            tzdb: "2026a".into(),
        },
        candidates: Candidates::default(),
        checks: Vec::new(),
        exemptions: Vec::new(),
    }
}

pub fn facts(store: &dyn Store, to: &str, now: Timestamp) -> Facts {
    store
        .facts(&request(to), &GateSettings::default(), now)
        .unwrap()
}

pub fn consent(granted: i64) -> ConsentDraft {
    ConsentDraft {
        number: number(CALLEE),
        seller: "acme".into(),
        level: ConsentLevel::ExpressWritten,
        purposes: vec![Purpose::Telemarketing],
        channel: "web-form".into(),
        granted_at: at(granted),
        text: TEXT.into(),
        proof: json!({"ip": "203.0.113.9"}),
        artificial_voice: true,
        double_opt_in: true,
        expires_at: None,
    }
}

pub fn revocation(seconds: i64) -> Revocation {
    Revocation {
        number: number(CALLEE),
        seller: Some("acme".into()),
        channel: "call-keypad".into(),
        said: Some("9".into()),
        at: at(seconds),
        scope: OptOutScope::Seller,
        call: None,
        heard: None,
        by: None,
    }
}

pub fn campaign(store: &dyn Store) -> Campaign {
    store
        .create_campaign(
            CampaignPlan {
                name: "spring".into(),
                seller: "acme".into(),
                purpose: Purpose::Telemarketing,
                caller_id: None,
                trunk: "carrier".into(),
                agent: json!({"kind": "announcement"}),
                attempts_max: 3,
                retry: json!({}),
                concurrency: 2,
                calls_per_second: 5.0,
            },
            at(0),
        )
        .unwrap()
}

pub fn lead_draft(to: &str) -> LeadDraft {
    LeadDraft {
        number: number(to),
        place: Place::default(),
        external_id: None,
        extra: json!({}),
    }
}

pub fn lead(store: &dyn Store, campaign: &Id, to: &str) -> Id {
    let imported = store
        .import_leads(Some(campaign), vec![lead_draft(to)], at(0))
        .unwrap();
    match &imported.results[0] {
        LeadImported::New(id) | LeadImported::Duplicate(id) => id.clone(),
    }
}

pub fn list(kind: ListKind, obtained: i64, numbers: &[u64]) -> ListImport {
    ListImport {
        kind,
        name: None,
        sellers: BTreeSet::new(),
        obtained_at: at(obtained),
        published_at: None,
        effective_at: None,
        expires_at: None,
        area_codes: None,
        source_sha256: "cd".repeat(32),
        rows: ListRows::Numbers(numbers.to_vec()),
    }
}

/// Calls every test of the contract on a fresh store each.
#[macro_export]
macro_rules! contract_tests {
    ($fresh:path) => {
        contract_tests!(@ $fresh, consents: grant_confirm_and_facts_by_time, text_once_and_elements_by_seller_name);
        contract_tests!(@ $fresh, opt_outs: a_revocation_stops_everything, scope_decides_whom, no_reserve_allows_after_an_opt_out, stop_and_resume);
        contract_tests!(@ $fresh, holds: a_hold_bars_until_it_is_released, a_hold_becomes_an_opt_out, open_holds_come_in_the_order_of_their_days, many_opt_outs_are_all_or_none);
        contract_tests!(@ $fresh, outbox: an_event_is_written_down_once_and_tried_until_it_is_dead);
        contract_tests!(@ $fresh, races: no_decision_allows_after_an_opt_out_in_the_logs_order, every_decision_knows_the_permits_before_it);
        contract_tests!(@ $fresh, permits: one_permit_one_redemption, expiry_voids_and_a_late_report_counts, denials_are_kept, orphans_count_as_made, caps_count_attempts, call_follows_its_attempt);
        contract_tests!(@ $fresh, lists: newest_version_per_area_wins, change_lists_stand_on_their_base, a_change_list_spans_full_lists, states_wait_for_their_day, owners_lists_stand_beside_each_other, the_registry_by_any_name, internal_adds, reassigned_answers, check_names_in_order);
        contract_tests!(@ $fresh, prune: what_binds_nobody_any_more_goes, what_waits_keeps_what_it_will_replace, what_came_in_late_replaced_nothing_before, change_lists_stand_on_what_is_left);
        contract_tests!(@ $fresh, scrubs: facts_are_those_of_each_call_alone, a_campaigns_leads_wait_in_order_with_their_attempts);
        contract_tests!(@ $fresh, campaigns: leads_are_claimed_once, released_leads_are_due_at_once, a_lead_ends_and_stays_cancelled, cancelling_a_campaign_voids_its_permits);
        contract_tests!(@ $fresh, keys: keys_and_idempotency);
        contract_tests!(@ $fresh, events: log_verifies_and_pages, the_test_clock_marks_every_record);
    };
    (@ $fresh:path, $module:ident: $($test:ident),+) => {
        mod $module {
            $(#[test]
            fn $test() {
                let fresh = $fresh();
                $crate::contract::$module::$test(&fresh.store);
            })+
        }
    };
}
