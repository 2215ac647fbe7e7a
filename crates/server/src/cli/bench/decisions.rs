//! `ringfence bench decisions`: from the question to the durable answer, in process, beside the disk's own floor.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use ringfence_core::gate::{CallRequest, Facts, decide, sample};
use ringfence_core::lead::PhoneNumber;
use ringfence_core::rules::RulePack;
use ringfence_store::gate::{Decide, GateSettings, Reservation};
use ringfence_store::list::{ListImport, ListKind, ListRows};
use ringfence_store::seller::PromptKind;
use ringfence_store::{FsyncFigures, SqliteStore, Store, fsync_probe};
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, open, say, say_json};
use super::world::{consent, list, silent, together};
use crate::latency::percentile;

const SELLER: &str = "example-solar";
const NAME: &str = "Example Solar LLC";

/// Decisions with their record, durable, from several callers at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Each decision is a reservation as the dialer and POST /v1/decisions make it: facts read, decided, recorded,\n\
    chained, signed and flushed. Beside it, in the same run: how long the same disk takes to make 256 bytes durable.\n\n\
    Example:\n  ringfence bench decisions --callers 1,8,32 --seconds 5"
)]
pub struct Decisions {
    /// How many callers at once; each its own measurement
    #[arg(long, value_delimiter = ',', default_value = "1,8,32", value_parser = clap::value_parser!(u16).range(1..=512))]
    callers: Vec<u16>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Callees with consent
    #[arg(long, default_value_t = 4000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    callees: u32,
    /// The folder of the scratch database; default: the system's for temporary files
    #[arg(long)]
    dir: Option<std::path::PathBuf>,
}

/// One measurement.
struct Figures {
    callers: u16,
    decisions: usize,
    allowed: usize,
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
    floor: FsyncFigures,
}

impl Decisions {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let pack = Arc::new(open::rules()?);
        let parent = self.dir.clone().unwrap_or_else(std::env::temp_dir);
        let dir = tempfile::tempdir_in(&parent)
            .context("no scratch folder")
            .map_err(Failure::Environment)?;
        let (store, requests) = self
            .world(&pack, dir.path())
            .map_err(Failure::Environment)?;
        let gate: Decide = Arc::new(move |facts: &Facts| decide(&pack, facts, sample::NOW));
        let mut all = Vec::new();
        for callers in &self.callers {
            let before = fsync_probe(dir.path())?;
            let mut figures = self.measure(*callers, &store, &gate, &requests)?;
            figures.floor = mean(before, fsync_probe(dir.path())?);
            if !global.json {
                print(&figures)?;
            }
            all.push(figures);
        }
        if global.json {
            say_json(&all.iter().map(as_json).collect::<Vec<_>>())?;
        }
        Ok(Exit::Done)
    }

    fn world(
        &self,
        pack: &RulePack,
        dir: &Path,
    ) -> anyhow::Result<(Arc<SqliteStore>, Arc<Vec<CallRequest>>)> {
        let store = Arc::new(SqliteStore::open(&dir.join("bench.db"), sample::NOW)?);
        let callees = sample::callees(pack);
        let first = callees.first().context("no callees")?;
        seller(store.as_ref(), first)?;
        lists(store.as_ref(), first)?;
        let requests: Vec<CallRequest> = callees
            .iter()
            .cycle()
            .take(self.callees as usize)
            .enumerate()
            .map(|(n, facts)| request(n, &facts.request))
            .collect();
        together(&requests, |request| {
            let number = PhoneNumber::parse(&request.to)?;
            store.record_consent(consent(number, SELLER, NAME, sample::NOW), sample::NOW)?;
            Ok(())
        })?;
        Ok((store, Arc::new(requests)))
    }

    fn measure(
        &self,
        callers: u16,
        store: &Arc<SqliteStore>,
        gate: &Decide,
        requests: &Arc<Vec<CallRequest>>,
    ) -> Result<Figures, Failure> {
        let next = Arc::new(AtomicUsize::new(0));
        let begun = Instant::now();
        let until = begun + Duration::from_secs(self.seconds);
        let threads: Vec<_> = (0..callers)
            .map(|_| {
                let (store, gate) = (Arc::clone(store), Arc::clone(gate));
                let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
                std::thread::spawn(move || caller(store.as_ref(), &gate, &requests, &next, until))
            })
            .collect();
        let mut micros = Vec::new();
        let mut allowed = 0;
        for thread in threads {
            let done = thread
                .join()
                .map_err(|_| Failure::Environment(anyhow::anyhow!("a caller panicked")))??;
            micros.extend(done.0);
            allowed += done.1;
        }
        let took = begun.elapsed().as_secs_f64();
        micros.sort_by(f64::total_cmp);
        Ok(Figures {
            callers,
            decisions: micros.len(),
            allowed,
            per_second: micros.len() as f64 / took,
            p50_us: percentile(&micros, 50),
            p99_us: percentile(&micros, 99),
            floor: FsyncFigures {
                flushes: 0,
                p50_us: 0,
                p99_us: 0,
            },
        })
    }
}

fn caller(
    store: &dyn Store,
    gate: &Decide,
    requests: &[CallRequest],
    next: &AtomicUsize,
    until: Instant,
) -> ringfence_store::Result<(Vec<f64>, usize)> {
    let mut micros = Vec::new();
    let mut allowed = 0;
    while Instant::now() < until {
        let place = next.fetch_add(1, Ordering::Relaxed) % requests.len();
        let Some(request) = requests.get(place) else {
            break;
        };
        let reservation = Reservation {
            request: request.clone(),
            settings: GateSettings::default(),
            permit_ttl: Duration::from_secs(30),
            line: None,
        };
        let begun = Instant::now();
        let reserved = store.reserve(reservation, Arc::clone(gate), sample::NOW)?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        allowed += usize::from(reserved.permit.is_some());
    }
    Ok((micros, allowed))
}

/// The sample's seventh digits on: another number for each, in the same area code.
fn request(n: usize, like: &CallRequest) -> CallRequest {
    let area = like.to.get(..5).unwrap_or("+1212");
    CallRequest {
        to: format!("{area}{:07}", 2_000_000 + n),
        ..like.clone()
    }
}

fn seller(store: &dyn Store, of: &Facts) -> anyhow::Result<()> {
    let known = of.seller.as_ref().context("no seller")?;
    store.put_seller(SELLER, known.profile.clone(), sample::NOW)?;
    let words = known.disclosure.words.clone().unwrap_or_default();
    store.put_prompt(SELLER, PromptKind::Disclosure, silent(&words), sample::NOW)?;
    Ok(())
}

fn lists(store: &dyn Store, of: &Facts) -> anyhow::Result<()> {
    let rows = (0..5000).map(|n| 2_122_000_000 + n * 7).collect();
    let national = ListImport {
        area_codes: Some((200..1000).collect()),
        ..list(ListKind::FtcFull, ListRows::Numbers(rows), sample::NOW)
    };
    store.import_list(national, sample::NOW)?;
    for state in &of.suppressions.states {
        let rows = ListRows::Numbers(vec![2_129_999_999]);
        let own = ListImport {
            name: Some(state.name.clone()),
            ..list(ListKind::State, rows, sample::NOW)
        };
        store.import_list(own, sample::NOW)?;
    }
    Ok(())
}

fn mean(a: FsyncFigures, b: FsyncFigures) -> FsyncFigures {
    FsyncFigures {
        flushes: a.flushes + b.flushes,
        p50_us: (a.p50_us + b.p50_us) / 2,
        p99_us: (a.p99_us + b.p99_us) / 2,
    }
}

fn ratio(figure: f64, floor: u64) -> f64 {
    figure / floor.max(1) as f64
}

fn as_json(f: &Figures) -> serde_json::Value {
    json!({"callers": f.callers, "decisions": f.decisions, "allowed": f.allowed, "per_second": f.per_second,
        "p50_us": f.p50_us, "p99_us": f.p99_us, "fdatasync": f.floor,
        "p50_by_fdatasync": ratio(f.p50_us, f.floor.p50_us), "p99_by_fdatasync": ratio(f.p99_us, f.floor.p99_us)})
}

fn print(f: &Figures) -> Result<(), Failure> {
    say(&format!(
        "{:>3} callers: {:>7.0} decisions/s ({} of {} allowed), p50 {:.0} us, p99 {:.0} us; fdatasync p50 {} us, p99 {} us; ratio p50 {:.2}, p99 {:.2}",
        f.callers,
        f.per_second,
        f.allowed,
        f.decisions,
        f.p50_us,
        f.p99_us,
        f.floor.p50_us,
        f.floor.p99_us,
        ratio(f.p50_us, f.floor.p50_us),
        ratio(f.p99_us, f.floor.p99_us),
    ))
}
