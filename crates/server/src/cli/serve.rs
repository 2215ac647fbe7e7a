//! `ringfence serve`

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use ringfence_core::gate::SourceFailure;
use ringfence_core::rules::RulePack;
use ringfence_store::{Store, fsync_probe};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use super::{Exit, Failure, Global, Outcome, open, say};
use crate::api;
use crate::app::{self, App};
use crate::assembly::Assembly;
use crate::clock::Clock;
use crate::config::{Config, Flags, LogFormat};
use crate::converse::Judge;
use crate::desk::{CallDesk, NoLine};
use crate::metrics::Metrics;
use crate::post::Client;
use crate::webhooks::Dispatcher;

/// How often permits that expired unused are voided.
const EXPIRY_TICK: Duration = Duration::from_secs(5);

/// Serves HTTP, SIP and the dialer.
#[derive(Debug, Args)]
#[command(
    after_help = "Prints `listening on http://HOST:PORT` when ready. SIGTERM: no new call, calls in progress \
    finish within shutdown_seconds.\n\nExample:\n  ringfence serve --config ringfence.toml --listen 127.0.0.1:0"
)]
pub struct Serve {
    /// Address of the API and the page; port 0 picks a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Start a test clock there; only with loopback trunks and a database without real records
    #[arg(long, value_name = "TIME")]
    clock: Option<String>,
}

impl Serve {
    /// Serves until it is told to end.
    pub fn run(self, global: &Global) -> Outcome {
        let flags = Flags {
            db: None,
            listen: self.listen,
            clock: self.clock,
        };
        let config = open::load(global, flags)?;
        start_logs(&config);
        let rules = open::rules_of(&config)?;
        let store = open::open_store(&config)?;
        let clock = start_clock(&config, &*store)?;
        app::keep_pack(&*store, &rules, clock.now())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let outcome = runtime.block_on(serve(config, store, rules, clock));
        // What still blocks after the drain has had its time.
        runtime.shutdown_timeout(Duration::from_secs(1));
        outcome
    }
}

/// Logs go to standard error; the SIP stack speaks up from a warning on.
pub fn start_logs(config: &Config) {
    let filter = EnvFilter::try_new(format!("rsipstack=warn,{}", config.log.level))
        .unwrap_or_else(|_| EnvFilter::new("info,rsipstack=warn"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process keeps the first.
    let _ = match config.log.format {
        LogFormat::Text => logs.with_ansi(false).try_init(),
        LogFormat::Json => logs.json().try_init(),
    };
}

/// The clock that this database and this configuration ask for.
///
/// # Errors
/// Usage when a test clock is asked for where calls could be real, or were.
pub fn start_clock(config: &Config, store: &dyn Store) -> Result<Clock, Failure> {
    let asked = config.clock.start_at();
    let kept = store.test_clock()?;
    if asked.is_none() && kept.is_none() {
        return Ok(Clock::real());
    }
    if let Some(trunk) = config.outside_trunk() {
        return Err(Failure::usage(anyhow!(
            "a test clock is only for loopback trunks, and `{}` leaves this machine",
            trunk.id
        )));
    }
    let clock = match (asked, kept) {
        (Some(start), None) => {
            if store.has_real_records()? {
                let why =
                    "a test clock is only for a database without decisions or calls of real time";
                return Err(Failure::usage(anyhow!(why)));
            }
            store.start_test_clock(start)?;
            Clock::showing(start)
        }
        (Some(start), Some(_)) => Clock::showing(store.start_test_clock(start)?.resume_at()),
        (None, Some(kept)) => Clock::showing(kept.resume_at()),
        (None, None) => Clock::real(),
    };
    Ok(clock)
}

async fn serve(
    config: Config,
    store: Arc<dyn Store>,
    rules: Arc<RulePack>,
    clock: Clock,
) -> Outcome {
    let listener = TcpListener::bind(config.server.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.server.listen))
        .map_err(Failure::Environment)?;
    let client = Client::new(config.ca_file()).map_err(Failure::environment)?;
    let judge = Judge::new(&config.second_opinion, client.clone()).map_err(Failure::environment)?;
    let mut assembly = if config.trunks.is_empty() {
        None
    } else {
        let (store, rules) = (Arc::clone(&store), Arc::clone(&rules));
        Some(
            Assembly::new(&config, store, rules, clock, judge.clone())
                .await
                .map_err(Failure::Environment)?,
        )
    };
    let desk: Arc<dyn CallDesk> = match &assembly {
        Some(assembly) => assembly.desk(),
        None => Arc::new(NoLine),
    };
    let drain = Duration::from_secs(config.server.shutdown_seconds);
    let app = Arc::new(App {
        config,
        store,
        rules,
        clock,
        desk,
        judge,
        metrics: Metrics::default(),
        open_page: false,
    });
    banner(&app);
    let probed = Arc::clone(&app);
    // Nobody waits for it.
    tokio::task::spawn_blocking(move || say_flush(&probed));
    // Opened before anybody waits for a decision.
    say_unreadable(&app, Vec::new());
    let (close, closing) = watch::channel(false);
    let address = listener.local_addr()?;
    let http = tokio::spawn(api::serve(Arc::clone(&app), listener, closing));
    let expiry = tokio::spawn(expire_permits(Arc::clone(&app)));
    let watching = tokio::spawn(crate::watch::run(Arc::clone(&app)));
    let dispatcher = Dispatcher::new(Arc::clone(&app), client).map_err(Failure::environment)?;
    let webhooks = tokio::spawn(Arc::new(dispatcher).run());
    if let Some(assembly) = &mut assembly {
        assembly.start_dialer().map_err(Failure::Environment)?;
    }
    let mut signals = Signals::watch()?;
    say(&format!("listening on http://{address}"))?;
    signals.told_to_end().await;
    tracing::info!(calls = app.desk.active(), "ending: no new call");
    tokio::select! {
        () = app.desk.drain(drain) => {}
        () = signals.told_to_end() => tracing::warn!("told again: calls are cut off"),
    }
    expiry.abort();
    watching.abort();
    // What is on its way and is not told yet stands in the store.
    webhooks.abort();
    if let Some(assembly) = assembly {
        assembly.shut_down(Duration::ZERO).await;
    }
    // Nobody may be left to hear it.
    let _ = close.send(true);
    http.await.map_err(Failure::environment)?;
    tracing::info!("ended");
    Ok(Exit::Done)
}

fn banner(app: &App) {
    let config = &app.config;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        rule_pack = app.rules.version,
        sha256 = app.rules.sha256,
        trunks = config.trunks.len(),
        "ringfence"
    );
    if app.clock.is_test() {
        let now = app.now();
        tracing::warn!(%now, "TEST CLOCK: nothing that is recorded here is evidence");
    }
    if config.trunks.is_empty() {
        tracing::warn!("no trunk is configured: nothing can be dialed");
    }
}

/// How long this disk takes to keep a record: the floor under every decision.
fn say_flush(app: &App) {
    let Some(path) = app.config.sqlite_path() else {
        return;
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    match fsync_probe(folder.unwrap_or(Path::new("."))) {
        Ok(figures) => tracing::info!(
            p50_us = figures.p50_us,
            p99_us = figures.p99_us,
            flushes = figures.flushes,
            "fsync"
        ),
        Err(error) => tracing::warn!(%error, "the disk could not be probed"),
    }
}

async fn expire_permits(app: Arc<App>) {
    let mut unreadable = Vec::new();
    loop {
        tokio::time::sleep(EXPIRY_TICK).await;
        let app = Arc::clone(&app);
        let known = std::mem::take(&mut unreadable);
        let look = tokio::task::spawn_blocking(move || {
            if let Err(error) = app.store.expire_permits(app.now()) {
                tracing::error!(%error, "permits that expired could not be voided");
            }
            say_unreadable(&app, known)
        });
        unreadable = look.await.unwrap_or_default();
    }
}

/// Says which lists cannot be read, once; answers those that it has said.
fn say_unreadable(app: &App, known: Vec<SourceFailure>) -> Vec<SourceFailure> {
    let Ok(faults) = app.store.list_faults(app.now()) else {
        return known;
    };
    for fault in faults.iter().filter(|fault| !known.contains(fault)) {
        tracing::error!(
            source = fault.source,
            detail = fault.detail,
            "a list cannot be read"
        );
    }
    faults
}

/// SIGTERM and SIGINT, watched from the moment this is made.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to watch; until then either signal kills the process at once.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub fn watch() -> Result<Self, Failure> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of either.
    pub async fn told_to_end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Waits for SIGTERM or SIGINT, from now on.
///
/// # Errors
/// As [`Signals::watch`].
pub async fn told_to_end() -> Result<(), Failure> {
    Signals::watch()?.told_to_end().await;
    Ok(())
}
