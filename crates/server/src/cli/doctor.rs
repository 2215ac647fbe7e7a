//! `ringfence doctor`

mod freshness;
mod machine;
mod prunable;
mod strangers;
mod waiting;

use std::collections::BTreeSet;

use clap::Args;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use ringfence_core::seller::names_seller;
use ringfence_store::PageRequest;
use ringfence_store::list::ListKind;
use ringfence_store::seller::{PromptKind, SellerRecord};
use serde::Serialize;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// Says what is missing or stale before dialing for real.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: nothing is missing; 1: something is.\n\nExample:\n  ringfence doctor --json"
)]
pub struct Doctor {}

/// One finding.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at.
    check: &'static str,
    /// `ok`, `missing`, `stale`, `broken` or `note`.
    state: &'static str,
    /// For people.
    detail: String,
}

impl Doctor {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        let mut findings = Vec::new();
        store(&world, &mut findings);
        machine::look(&world, &mut findings);
        line(&world, &mut findings);
        sellers(&world, &mut findings)?;
        lists(&world, &mut findings)?;
        freshness::look(&world, &mut findings)?;
        prunable::look(&world, &mut findings)?;
        waiting::look(&world, &mut findings)?;
        strangers::look(&world, &mut findings)?;
        access(&world, &mut findings)?;
        log(&world, &mut findings)?;
        let bad = findings.iter().any(|f| !matches!(f.state, "ok" | "note"));
        if global.json {
            say_json(&findings)?;
        } else {
            for finding in &findings {
                say(&format!(
                    "{:<8} {:<12} {}",
                    finding.state, finding.check, finding.detail
                ))?;
            }
        }
        Ok(if bad { Exit::CheckFailed } else { Exit::Done })
    }
}

fn found(check: &'static str, state: &'static str, detail: impl Into<String>) -> Finding {
    Finding {
        check,
        state,
        detail: detail.into(),
    }
}

fn store(world: &World, findings: &mut Vec<Finding>) {
    findings.push(match world.store.ready() {
        Ok(()) => found("store", "ok", "the database can be written"),
        Err(error) => found("store", "broken", error.to_string()),
    });
    let pack = &world.rules;
    findings.push(found(
        "rules",
        "ok",
        format!("rule pack {} ({})", pack.version, pack.sha256),
    ));
    if world.clock.is_test() {
        let detail = "this database is one of a test clock: nothing in it is evidence";
        findings.push(found("clock", "broken", detail));
    }
}

fn line(world: &World, findings: &mut Vec<Finding>) {
    let config = &world.config;
    if config.trunks.is_empty() {
        findings.push(found(
            "trunk",
            "missing",
            "no [[trunks]]: nothing can be dialed",
        ));
    }
    for trunk in &config.trunks {
        let detail = format!("`{}` at {}", trunk.id, trunk.address);
        findings.push(if trunk.is_loopback() {
            found("trunk", "note", format!("{detail} stays on this machine"))
        } else {
            found("trunk", "ok", detail)
        });
    }
    if config.trunks.iter().any(|t| !t.is_loopback()) && config.sip.listen.ip().is_loopback() {
        let detail = "[sip] listen is loopback: carriers cannot reach it";
        findings.push(found("sip", "broken", detail));
    }
}

fn sellers(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let sellers = world
        .store
        .sellers(&PageRequest::first(PageRequest::LIMIT_MAX))?
        .items;
    if sellers.is_empty() {
        findings.push(found(
            "seller",
            "missing",
            "no seller: PUT /v1/sellers/{id}",
        ));
    }
    for seller in sellers {
        let complaints = complaints(world, &seller)?;
        let name = format!("`{}` ({})", seller.id, seller.profile.name);
        if complaints.is_empty() {
            findings.push(found("seller", "ok", name.as_str()));
        }
        for (state, what) in complaints {
            findings.push(found("seller", state, format!("{name}: {what}")));
        }
    }
    Ok(())
}

fn complaints(
    world: &World,
    seller: &SellerRecord,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let today = world.now().to_zoned(TimeZone::UTC).date();
    let profile = &seller.profile;
    let mut all = Vec::new();
    let in_force = profile
        .caller_ids
        .iter()
        .any(|c| c.authorised_from <= today && c.authorised_to.is_none_or(|to| today <= to));
    if !in_force {
        all.push(("missing", "no caller ID in force".to_owned()));
    }
    match world.store.prompt(&seller.id, PromptKind::Disclosure)? {
        Some(prompt) if names_seller(&prompt.words, &profile.name) => {}
        Some(_) => all.push(("broken", "the disclosure's words do not name it".to_owned())),
        None if world.config.tts.command.is_empty() => {
            all.push((
                "missing",
                "no recorded disclosure, and no [tts] command".to_owned(),
            ));
        }
        None => {}
    }
    match &profile.san {
        None => all.push(("missing", "no SAN: telemarketing is denied".to_owned())),
        Some(san) if san.expires_on < today => {
            all.push(("stale", format!("its SAN ended on {}", san.expires_on)));
        }
        Some(_) => {}
    }
    if profile.toll_free_opt_out.is_none() {
        let what = "no toll-free opt-out number for machines (47 CFR 64.1200(b)(3))";
        all.push(("missing", what.to_owned()));
    }
    for registration in &profile.registrations {
        if let Some(end) = registration.expires_on.filter(|end| *end < today) {
            all.push((
                "stale",
                format!("registration in {} ended on {end}", registration.state),
            ));
        }
    }
    Ok(all)
}

fn lists(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let lists = world.store.lists()?;
    let days = i64::from(world.rules.federal.registry_age_days_max);
    let age_max = SignedDuration::from_hours(days * 24);
    for fault in world.store.list_faults(world.now())? {
        let detail = format!("{}: {}; import it again", fault.source, fault.detail);
        findings.push(found("list-file", "broken", detail));
    }
    let national: Vec<_> = lists
        .iter()
        .filter(|l| matches!(l.kind, ListKind::FtcFull | ListKind::FtcChange))
        .collect();
    let fresh: BTreeSet<u16> = national
        .iter()
        .filter(|l| world.now().duration_since(l.obtained_at) <= age_max)
        .flat_map(|l| l.area_codes.iter().copied())
        .collect();
    let stale: BTreeSet<u16> = national
        .iter()
        .flat_map(|l| l.area_codes.iter().copied())
        .collect();
    let stale: Vec<String> = stale.difference(&fresh).map(u16::to_string).collect();
    if national.is_empty() {
        findings.push(found(
            "national",
            "missing",
            "no registry list: telemarketing is denied",
        ));
    } else if stale.is_empty() {
        findings.push(found(
            "national",
            "ok",
            format!("{} area codes, none stale", fresh.len()),
        ));
    } else {
        let detail = format!("older than {days} days for area codes {}", stale.join(", "));
        findings.push(found("national", "stale", detail));
    }
    let on_file: BTreeSet<&str> = lists
        .iter()
        .filter(|l| l.kind == ListKind::State)
        .map(|l| l.name.as_str())
        .collect();
    let missing: Vec<&str> = world
        .rules
        .jurisdictions
        .values()
        .filter(|j| j.list.own_list && !on_file.contains(j.code.as_str()))
        .map(|j| j.code.as_str())
        .collect();
    if !missing.is_empty() {
        let detail = format!(
            "no list of {}: telemarketing there is denied",
            missing.join(", ")
        );
        findings.push(found("state-lists", "note", detail));
    }
    Ok(())
}

fn access(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let keys = world.store.keys()?;
    let live = keys.iter().filter(|k| k.revoked_at.is_none()).count();
    findings.push(if live == 0 {
        found(
            "keys",
            "missing",
            "no API key: ringfence keys create --role admin",
        )
    } else {
        found("keys", "ok", format!("{live} in force"))
    });
    for stop in world.store.stops()? {
        findings.push(found(
            "stop",
            "note",
            format!("STOP ({}) since {}", stop.scope, stop.since),
        ));
    }
    Ok(())
}

fn log(world: &World, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let report = world.store.verify_chain(None)?;
    findings.push(match report.fault {
        None => found("log", "ok", format!("{} entries, whole", report.entries)),
        Some(fault) => found(
            "log",
            "broken",
            format!("entry {}: {}", fault.seq, fault.what),
        ),
    });
    Ok(())
}
