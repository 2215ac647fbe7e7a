//! The main job on the embedded default: a temporary database, the simulated carrier, real SIP and RTP on loopback,
//! and a clock of its own. Nothing dials out.

mod leads;
mod progress;
mod result;
mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::rules::RulePack;
use ringfence_store::Store;
use ringfence_store::sqlite::SqliteStore;
use ringfence_telephony::simulated::{Persona, Said, SimulatedCarrier, SimulatedConfig};
use tokio::sync::mpsc;

use crate::app::{App, keep_pack};
use crate::assembly::Assembly;
use crate::clock::Clock;
use crate::config::{Config, Transport, Trunk};
use crate::converse::Judge;
use crate::desk::{Speaker, Words};
use crate::metrics::Metrics;
use crate::post::Client;

pub use result::DemoResult;

/// The built-in leads.
pub const LEADS: &[u8] = include_bytes!("../../../../examples/leads.csv");

/// Enough that the whole file is called within two minutes, few enough for one core.
const CALLS_AT_ONCE: u32 = 60;

/// What the demo is asked for.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// A CSV of leads; none: the built-in one.
    pub leads: Option<PathBuf>,
    /// Where everything is remembered; none: a temporary file that goes with the demo.
    pub database: Option<PathBuf>,
    /// Whether progress is drawn; else it is told in lines, or not at all with `quiet`.
    pub quiet: bool,
}

/// A demo that has been set up.
pub struct Demo {
    pub app: Arc<App>,
    assembly: Assembly,
    carrier: SimulatedCarrier,
    said: Option<mpsc::Receiver<Said>>,
    intake: leads::Intake,
    quiet: bool,
    /// Holds the database; removed with the demo.
    _directory: tempfile::TempDir,
}

impl Demo {
    /// Sets the world up and takes the leads in; nothing is dialed yet.
    pub async fn set_up(config: Config, options: &DemoOptions) -> Result<Self> {
        let world = world::World::load()?;
        let bytes = match &options.leads {
            Some(path) => read_leads_file(path)?,
            None => LEADS.to_vec(),
        };
        let rows = leads::Rows::read(&bytes)?;
        let start = match options.leads {
            // After every consent that a file of today can hold; one dated in the future stays in the future.
            Some(_) => opening_hour_after(Timestamp::now())?,
            None => world.clock,
        };
        let directory = tempfile::tempdir().context("no temporary directory for the demo")?;
        let path = options
            .database
            .clone()
            .unwrap_or_else(|| directory.path().join("demo.db"));
        let store = SqliteStore::open(&path, start)
            .with_context(|| format!("the database {}; --db names another", path.display()))?;
        let store: Arc<dyn Store> = Arc::new(store);
        let clock = Clock::showing(store.start_test_clock(start)?.resume_at());
        let pack = Arc::new(RulePack::embedded()?);
        keep_pack(&*store, &pack, clock.now())?;
        world.put(&*store, clock.now())?;

        let (words, said) = mpsc::channel(256);
        let carrier = start_carrier(rows.personas(), words).await?;
        let config = demo_config(config, &carrier);
        let client = Client::new(config.ca_file())?;
        let judge = Judge::new(&config.second_opinion, client)?;
        let (shared, law) = (Arc::clone(&store), Arc::clone(&pack));
        let assembly = Assembly::new(&config, shared, law, clock, judge.clone()).await?;
        let intake = leads::take_in(&*store, &world, rows, &config, clock.now())?;
        let app = Arc::new(App {
            config,
            store,
            rules: pack,
            clock,
            desk: assembly.desk(),
            judge,
            metrics: Metrics::default(),
            open_page: true,
        });
        Ok(Self {
            app,
            assembly,
            carrier,
            said: Some(said),
            intake,
            quiet: options.quiet,
            _directory: directory,
        })
    }

    /// Runs the campaigns until no call is under way and no lead is due, then says what happened.
    pub async fn run(&mut self) -> Result<DemoResult> {
        self.hear_the_carrier();
        self.assembly.start_dialer()?;
        let progress = progress::Progress::new(self.quiet, &self.intake);
        loop {
            let figures = progress::Figures::read(&self.app, &self.intake)?;
            progress.show(&figures);
            if figures.is_over() {
                progress.finish(&figures);
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        result::gather(&self.app, &self.intake, &self.carrier)
    }

    /// What was read of the leads, for people.
    pub fn introduction(&self) -> String {
        self.intake.introduction(&self.app)
    }

    /// Ends what was started.
    pub async fn shut_down(self) {
        self.assembly.shut_down(Duration::from_secs(2)).await;
    }

    /// What the simulated callees say arrives as text, as a transcriber would bring it.
    fn hear_the_carrier(&mut self) {
        let Some(mut said) = self.said.take() else {
            return;
        };
        let desk = self.assembly.desk();
        let calls = self.assembly.calls();
        tokio::spawn(async move {
            while let Some(words) = said.recv().await {
                let number = PhoneNumber::parse(&words.to);
                let Some(call) = number.ok().and_then(|to| calls.call_to(to)) else {
                    continue;
                };
                let desk = Arc::clone(&desk);
                tokio::task::spawn_blocking(move || {
                    let words = Words {
                        speaker: Speaker::Callee,
                        text: words.text,
                        is_final: true,
                        audio: None,
                    };
                    if let Err(error) = desk.said(&call, words) {
                        tracing::debug!(%call, %error, "words came too late");
                    }
                });
            }
        });
    }
}

fn read_leads_file(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read the leads in {}", path.display()))
}

/// The first Tuesday to Thursday, 17:30 UTC, after `instant`: inside the calling hours of most of the country.
fn opening_hour_after(after: Timestamp) -> Result<Timestamp> {
    let mut day = TimeZone::UTC.to_datetime(after).date();
    loop {
        let at = day.at(17, 30, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
        let midweek = matches!(
            day.weekday(),
            jiff::civil::Weekday::Tuesday
                | jiff::civil::Weekday::Wednesday
                | jiff::civil::Weekday::Thursday
        );
        if midweek && at >= after {
            return Ok(at);
        }
        day = day.tomorrow()?;
    }
}

async fn start_carrier(
    personas: BTreeMap<String, Persona>,
    said: mpsc::Sender<Said>,
) -> Result<SimulatedCarrier> {
    let of = move |number: &str| {
        personas
            .get(number)
            .copied()
            .unwrap_or(Persona::NotInService)
    };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    SimulatedCarrier::start(listen, SimulatedConfig::default(), Arc::new(of), Some(said))
        .await
        .context("the simulated carrier has no address")
}

fn trunk_to(carrier: &SimulatedCarrier) -> Trunk {
    Trunk {
        id: "simulated".to_owned(),
        address: carrier.local().to_string(),
        transport: Transport::Udp,
        username: String::new(),
        password: String::new(),
        max_concurrent: CALLS_AT_ONCE,
        calls_per_second: 12.0,
        ring_seconds: 15,
        asserts_identity: false,
        media_from_anywhere: false,
    }
}

/// The operator's configuration with the demo's trunk, and every address on loopback.
fn demo_config(mut config: Config, carrier: &SimulatedCarrier) -> Config {
    config.trunks = vec![trunk_to(carrier)];
    config.sip.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config.dialer.calls_max = CALLS_AT_ONCE;
    config.dialer.tick_ms = 50;
    config
}
