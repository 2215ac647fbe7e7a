//! What the server and the command line share: store, rules, clock, configuration.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::gate::{CallRequest, Decision, decide};
use ringfence_core::id::Id;
use ringfence_core::rules::RulePack;
use ringfence_core::suppression::revokes_all;
use ringfence_store::gate::{Decide, GateSettings, Reservation, RulePackRecord};
use ringfence_store::suppression::OptOutScope;
use ringfence_store::{Result, Store};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::converse::Judge;
use crate::desk::CallDesk;
use crate::metrics::Metrics;

/// Everything that an operation may need.
pub struct App {
    /// What was configured.
    pub config: Config,
    /// The store of record.
    pub store: Arc<dyn Store>,
    /// The law.
    pub rules: Arc<RulePack>,
    /// The time.
    pub clock: Clock,
    /// The line.
    pub desk: Arc<dyn CallDesk>,
    /// What words mean.
    pub judge: Judge,
    /// What is counted.
    pub metrics: Metrics,
    /// The page at `/` needs no key: only in the demo's world.
    pub open_page: bool,
}

impl App {
    /// The instant, by our clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What of the configuration the facts hold.
    pub fn gate_settings(&self) -> GateSettings {
        gate_settings(&self.config)
    }

    /// A decision that is not recorded and carries no permit.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn dry_run(&self, request: &CallRequest, at: Timestamp) -> Result<Decision> {
        dry_run(&*self.store, &self.rules, &self.config, request, at)
    }

    /// The gate, bound to the rules and to `now`, as the store calls it.
    pub fn gate_at(&self, now: Timestamp) -> Decide {
        let rules = Arc::clone(&self.rules);
        Arc::new(move |facts| decide(&rules, facts, now))
    }

    /// A reservation for a dialer of the user's own.
    pub fn reservation(&self, request: CallRequest) -> Reservation {
        Reservation {
            request,
            settings: self.gate_settings(),
            permit_ttl: Duration::from_secs(u64::from(self.config.gate.permit_seconds)),
            line: None,
        }
    }

    /// How far an opt-out that was said at `at` reaches here.
    pub fn opt_out_scope(&self, at: Timestamp) -> OptOutScope {
        scope_at(&self.rules, opt_out_scope(&self.config), at)
    }
}

/// How far an opt-out reaches under this configuration.
pub fn opt_out_scope(config: &Config) -> OptOutScope {
    match config.gate.opt_out_scope {
        config::OptOutScope::Seller => OptOutScope::Seller,
        config::OptOutScope::Tenant => OptOutScope::Tenant,
    }
}

/// How far an opt-out that was said at `at` reaches: as configured, or farther when the law of that day says so.
pub fn scope_at(rules: &RulePack, configured: OptOutScope, at: Timestamp) -> OptOutScope {
    match revokes_all(rules, at) {
        true => OptOutScope::Tenant,
        false => configured,
    }
}

/// What of the configuration the facts hold.
pub fn gate_settings(config: &Config) -> GateSettings {
    GateSettings {
        policy: config.policy(),
        spoken_by_tts: !config.tts.command.is_empty(),
    }
}

/// A decision that is not recorded and carries no permit.
///
/// # Errors
/// When the store cannot be read.
pub fn dry_run(
    store: &dyn Store,
    rules: &RulePack,
    config: &Config,
    request: &CallRequest,
    at: Timestamp,
) -> Result<Decision> {
    let facts = store.facts(request, &gate_settings(config), at)?;
    Ok(decide(rules, &facts, at))
}

/// Keeps the pack beside the decisions it makes, so that they can be replayed under a later one.
///
/// # Errors
/// When the store cannot be written.
pub fn keep_pack(store: &dyn Store, rules: &RulePack, now: Timestamp) -> Result<()> {
    let record = RulePackRecord {
        sha256: rules.sha256.clone(),
        version: rules.version.clone(),
        archive: rules.to_archive(),
    };
    store.put_rule_pack(record, now)
}

/// A fresh id for what is not recorded.
pub fn fresh_id(prefix: &str) -> Id {
    Id::new(format!("{prefix}_{}", ulid::Ulid::generate()))
}
