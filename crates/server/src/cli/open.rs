//! What most commands begin with: configuration, store, rules, clock.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use jiff::Timestamp;
use ringfence_core::rules::RulePack;
use ringfence_store::Store;
use ringfence_store::sqlite::SqliteStore;

use super::{Failure, Global};
use crate::clock::Clock;
use crate::config::{self, Config, Flags};

/// Configuration, store, rules and clock, opened.
pub struct World {
    /// What was configured.
    pub config: Config,
    /// The store of record.
    pub store: Arc<dyn Store>,
    /// The law.
    pub rules: Arc<RulePack>,
    /// The time: that of the database, if it keeps a test clock.
    pub clock: Clock,
}

impl World {
    /// Opens everything for a command.
    ///
    /// # Errors
    /// Usage for a wrong configuration, environment for a database that cannot be opened.
    pub fn open(global: &Global) -> Result<Self, Failure> {
        let config = load(global, Flags::default())?;
        let rules = rules_of(&config)?;
        let store = open_store(&config)?;
        let clock = match store.test_clock()? {
            // Beside a running server: from the later of the start and the last record.
            Some(test) => Clock::showing(test.resume_at()),
            None => Clock::real(),
        };
        Ok(Self {
            config,
            store,
            rules,
            clock,
        })
    }

    /// The instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Reads the configuration; `--db` comes from the global options.
pub fn load(global: &Global, flags: Flags) -> Result<Config, Failure> {
    let flags = Flags {
        db: global.db.clone(),
        ..flags
    };
    config::load(global.config.as_deref(), std::env::vars(), &flags).map_err(Failure::usage)
}

/// Opens the store; a missing SQLite file is created.
pub fn open_store(config: &Config) -> Result<Arc<dyn Store>, Failure> {
    let path = config
        .sqlite_path()
        .ok_or_else(|| Failure::usage(anyhow!("`{}` is not sqlite://PATH", config.store.url)))?;
    let store = SqliteStore::open(&path, Clock::real().now())
        .with_context(|| format!("the database `{}`", path.display()))
        .map_err(Failure::Environment)?;
    Ok(Arc::new(store))
}

/// The rule pack in force: that of this program, with the operator's own area codes.
///
/// # Errors
/// Usage, for a file that cannot be read or holds a bad line.
pub fn rules_of(config: &Config) -> Result<Arc<RulePack>, Failure> {
    let rules = rules()?;
    let file = &config.places.area_codes_file;
    if file.is_empty() {
        return Ok(rules);
    }
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("[places] area_codes_file = {file:?}"))
        .map_err(Failure::Usage)?;
    let pack = rules.with_area_codes(file, &text);
    pack.map(Arc::new).map_err(Failure::usage)
}

/// The rule pack of this program.
pub fn rules() -> Result<Arc<RulePack>, Failure> {
    RulePack::embedded()
        .map(Arc::new)
        .map_err(Failure::environment)
}
