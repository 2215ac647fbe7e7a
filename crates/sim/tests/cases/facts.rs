//! The facts of a case straight from its set-up, by the words of the contract and without a store: what the store's own
//! facts are compared with.

use std::collections::BTreeSet;

use jiff::Timestamp;
use ringfence_core::consent::{Consent, find_elements};
use ringfence_core::gate::{
    Attempt, CallRequest, CampaignFacts, DisclosureFacts, Facts, Hold, Policy, SellerFacts, Stop,
    Suppressions,
};
use ringfence_core::id::Id;
use ringfence_core::seller::Seller;
use ringfence_core::suppression::{InternalEntry, ListAnswer, ReassignedAnswer};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::book::Case;
use crate::setup::Step;

/// The call that a case asks for.
pub fn request(case: &Case) -> CallRequest {
    CallRequest {
        to: case.text("to").to_owned(),
        seller: case.text("seller").to_owned(),
        purpose: read(&case.raw["purpose"]),
        caller_id: case.raw.get("caller_id").map(read),
        place: case.raw.get("place").map(read).unwrap_or_default(),
        lead: None,
        campaign: case.raw.get("campaign").map(|_| Id::new("cmp_case")),
    }
}

/// Adds the facts that no request makes.
pub fn add_library_only(case: &Case, facts: &mut Facts) {
    for (key, conversed) in [("attempts", false), ("conversations", true)] {
        let times: Vec<Timestamp> = case.raw.get(key).map(read).unwrap_or_default();
        facts
            .attempts
            .extend(times.into_iter().enumerate().map(|(n, at)| Attempt {
                id: Id::new(format!("att_{key}{n}")),
                at,
                campaign: None,
                conversed,
            }));
    }
    facts.attempts.sort_by_key(|attempt| attempt.at);
    let holds: Vec<Timestamp> = case.raw.get("holds").map(read).unwrap_or_default();
    facts
        .holds
        .extend(holds.into_iter().enumerate().map(|(n, at)| Hold {
            id: Id::new(format!("hold_case{n}")),
            at,
        }));
    if let Some(campaign) = case.raw.get("campaign") {
        facts.campaign = Some(read::<CampaignFacts>(campaign));
    }
    if let Some(failures) = case.raw.get("failures") {
        facts.failures = read(failures);
    }
}

/// Everything that bears on the case's call at `now`.
pub fn facts(case: &Case, steps: &[Step], now: Timestamp) -> Facts {
    let world = World { case, steps, now };
    let seller_name = world.profile(case.text("seller")).map(|p| p.name);
    Facts {
        request: request(case),
        policy: Policy::default(),
        seller: world
            .profile(case.text("seller"))
            .map(|profile| SellerFacts {
                profile,
                disclosure: DisclosureFacts {
                    words: world.disclosure(),
                    spoken_by_tts: false,
                },
            }),
        consents: world.consents(seller_name.as_deref()),
        suppressions: world.suppressions(),
        attempts: Vec::new(),
        campaign: None,
        emergency_areas: world.all("emergency_areas"),
        overrides: world.of_seller("overrides"),
        relationships: world.of_number("relationships"),
        stops: world.stops(),
        failures: Vec::new(),
        holds: Vec::new(),
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

struct World<'a> {
    case: &'a Case,
    steps: &'a [Step],
    now: Timestamp,
}

impl<'a> World<'a> {
    fn of(&self, kind: &'static str) -> impl Iterator<Item = &'a Step> {
        self.steps.iter().filter(move |s| s.kind == kind)
    }

    /// Those that are dated by now at the latest.
    fn past(&self, kind: &'static str, key: &'static str) -> impl Iterator<Item = &'a Step> {
        let now = self.now;
        self.of(kind)
            .filter(move |s| time(s, key).is_none_or(|at| at <= now))
    }

    fn profile(&self, id: &str) -> Option<Seller> {
        let mut body = self
            .of("sellers")
            .filter(|s| s.text("id") == id)
            .last()?
            .body
            .clone();
        body.as_object_mut().unwrap().remove("id");
        Some(read(&body))
    }

    fn disclosure(&self) -> Option<String> {
        let mine = |s: &&Step| {
            s.text("seller") == self.case.text("seller") && s.text("kind") == "disclosure"
        };
        self.of("prompts")
            .filter(mine)
            .last()
            .map(|s| s.text("text").to_owned())
    }

    fn consents(&self, _seller: Option<&str>) -> Vec<Consent> {
        let to = self.case.text("to");
        let mine = self
            .past("consents", "granted_at")
            .filter(|s| s.text("number") == to);
        mine.enumerate().map(|(n, s)| self.consent(n, s)).collect()
    }

    fn consent(&self, n: usize, step: &Step) -> Consent {
        let name = self.profile(step.text("seller")).map(|p| p.name);
        let confirmed = self
            .past("confirmations", "at")
            .find(|c| !step.text("as").is_empty() && c.text("consent") == step.text("as"));
        Consent {
            id: Id::new(format!("con_case{n}")),
            seller: step.text("seller").to_owned(),
            level: read(&step.body["level"]),
            purposes: read(&step.body["purposes"]),
            granted_at: time(step, "granted_at").unwrap(),
            artificial_voice: step.body["artificial_voice"] == true,
            double_opt_in: step.body["double_opt_in"] == true,
            confirmed_at: confirmed.and_then(|c| time(c, "at")),
            expires_at: time(step, "expires_at"),
            text_sha256: "0".repeat(64),
            missing: find_elements(step.text("text"), name.as_deref()).missing,
        }
    }

    fn suppressions(&self) -> Suppressions {
        let states: BTreeSet<&str> = self.lists("state").map(|s| s.text("name")).collect();
        let in_force = |s: &&Step| time(s, "effective_at").is_none_or(|at| at <= self.now);
        Suppressions {
            internal: self.internal(),
            national: self.national(),
            states: states
                .into_iter()
                .filter_map(|name| {
                    let named = self.lists("state").filter(|s| s.text("name") == name);
                    let newest = named
                        .filter(in_force)
                        .max_by_key(|s| time(s, "obtained_at"))?;
                    Some(self.list_answer(newest, name, self.holds(newest)))
                })
                .collect(),
            litigator: self
                .lists("litigator")
                .filter(|s| self.holds(s))
                .map(|s| self.list_answer(s, "litigator", true))
                .collect(),
            reassigned: self.reassigned(),
        }
    }

    /// Lists of a kind that bind the seller and are on file by now.
    fn lists(&self, kind: &'static str) -> impl Iterator<Item = &'a Step> {
        let seller = self.case.text("seller");
        self.past("lists", "obtained_at").filter(move |s| {
            let owners = s.body.get("sellers").and_then(Value::as_array);
            s.text("kind") == kind && owners.is_none_or(|o| o.iter().any(|v| v == seller))
        })
    }

    fn holds(&self, list: &Step) -> bool {
        lines(list).any(|line| line == self.case.text("to"))
    }

    fn list_answer(&self, list: &Step, name: &str, listed: bool) -> ListAnswer {
        ListAnswer {
            version: Id::new("lst_case"),
            name: name.to_owned(),
            obtained_at: time(list, "obtained_at").unwrap(),
            effective_at: time(list, "effective_at"),
            expires_at: time(list, "expires_at"),
            listed,
        }
    }

    fn national(&self) -> Option<ListAnswer> {
        let to = self.case.text("to");
        let (npa, line) = (to.get(2..5)?, to.get(5..)?);
        let mut versions: Vec<&Step> = self
            .lists("ftc-full")
            .chain(self.lists("ftc-change"))
            .collect();
        versions.sort_by_key(|s| time(s, "obtained_at"));
        let mut answer: Option<ListAnswer> = None;
        for version in versions {
            if version.text("kind") == "ftc-full" {
                let covered = match version.text("area_codes") {
                    "" => lines(version).any(|l| l.starts_with(npa)),
                    codes => codes.split(',').any(|code| code == npa),
                };
                if covered {
                    let listed = lines(version).any(|l| l == format!("{npa},{line}"));
                    answer = Some(self.list_answer(version, "national", listed));
                }
            } else if let Some(before) = answer {
                let mut changes: Vec<Vec<&str>> = lines(version)
                    .map(|l| l.split(',').collect::<Vec<_>>())
                    .filter(|c| c[0] == format!("{npa}{line}"))
                    .collect();
                changes.sort_by_key(|c| c[1].to_owned());
                let listed = changes.last().map_or(before.listed, |c| c[2] == "A");
                answer = Some(self.list_answer(version, "national", listed));
            }
        }
        answer
    }

    fn internal(&self) -> Vec<InternalEntry> {
        let (to, seller) = (self.case.text("to"), self.case.text("seller"));
        let mut entries = Vec::new();
        for (kind, revocation) in [("revocations", true), ("suppressions", false)] {
            for s in self.past(kind, "at").filter(|s| s.text("number") == to) {
                entries.push((s.body["seller"].clone(), revocation, time(s, "at").unwrap()));
            }
        }
        for list in self.lists("internal") {
            for line in lines(list).filter(|l| l.starts_with(to)) {
                let mut owner = Value::Null;
                let mut at = time(list, "obtained_at").unwrap();
                for column in line.split(',').skip(1) {
                    match column.parse() {
                        Ok(stated) => at = stated,
                        Err(_) => owner = column.into(),
                    }
                }
                entries.push((owner, false, at));
            }
        }
        entries.retain(|(owner, _, at)| (owner.is_null() || owner == seller) && *at <= self.now);
        entries.sort_by_key(|(_, _, at)| *at);
        entries
            .into_iter()
            .map(|(owner, revocation, at)| InternalEntry {
                id: Id::new("sup_case"),
                seller: read(&owner),
                revocation,
                at,
                reason: "case".to_owned(),
            })
            .collect()
    }

    fn reassigned(&self) -> Vec<ReassignedAnswer> {
        let of_number = |line: &&str| line.starts_with(self.case.text("to"));
        let rows = self.lists("reassigned").flat_map(lines).filter(of_number);
        let answers = rows.map(|line| {
            let c: Vec<&str> = line.split(',').collect();
            read(&json!({ "consent_date": c[1], "answer": c[2], "asked_at": c[3] }))
        });
        answers
            .filter(|a: &ReassignedAnswer| a.asked_at <= self.now)
            .collect()
    }

    fn all<T: DeserializeOwned>(&self, kind: &'static str) -> Vec<T> {
        self.of(kind).map(|s| read(&s.body)).collect()
    }

    fn of_seller<T: DeserializeOwned>(&self, kind: &'static str) -> Vec<T> {
        let mine = self
            .of(kind)
            .filter(|s| s.text("seller") == self.case.text("seller"));
        mine.map(|s| {
            read(&{
                let mut body = s.body.clone();
                body["id"] = "ovr_case".into();
                body
            })
        })
        .collect()
    }

    fn of_number<T: DeserializeOwned>(&self, kind: &'static str) -> Vec<T> {
        let mine = self.past(kind, "at").filter(|s| {
            s.text("number") == self.case.text("to") && s.text("seller") == self.case.text("seller")
        });
        mine.map(|s| read(&s.body)).collect()
    }

    fn stops(&self) -> Vec<Stop> {
        let pressed = self.of("stop").filter(|s| s.body == "pressed");
        pressed
            .map(|_| Stop {
                since: "2029-01-01T00:00:00Z".parse().unwrap(),
                scope: "all".to_owned(),
                reason: None,
            })
            .collect()
    }
}

fn time(step: &Step, key: &str) -> Option<Timestamp> {
    step.body
        .get(key)
        .and_then(Value::as_str)
        .map(|text| text.parse().unwrap())
}

fn lines(list: &Step) -> impl Iterator<Item = &str> {
    list.body["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_str().unwrap())
}
