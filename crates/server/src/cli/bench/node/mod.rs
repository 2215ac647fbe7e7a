//! `ringfence bench node`: a server of its own with the whole registry and a million leads with consent: what it holds in
//! memory, and how soon it takes up a whole new list that another process imports, while decisions go on.

mod asking;
mod server;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use ringfence_store::registry::synthetic;
use serde_json::json;

use super::super::{Exit, Failure, Global, Outcome, say, say_json};
use asking::{Asking, Heard};
use server::{Memory, Server};
use world::World;

/// What a node may hold, in bytes.
const GOAL_BYTES: u64 = 600_000_000;

/// One node at full size.
#[derive(Debug, Args)]
#[command(
    after_help = "Makes a scratch database (some 3 GB of disk at full size, and several minutes), starts `ringfence serve` on \
    it, and asks it over HTTP.\n\
    What counts is the server's VmRSS, after it has decided about 20,000 leads; then a second list of the same size is \
    imported by this process while decisions go on.\n\n\
    Examples:\n  ringfence bench node\n  ringfence bench node --numbers 10000000 --leads 20000 --json"
)]
pub struct Node {
    /// Numbers in the registry, about
    #[arg(long, default_value_t = 258_000_000, value_parser = clap::value_parser!(u64).range(100_000..=400_000_000))]
    numbers: u64,
    /// Leads, each with consent
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1000..=10_000_000))]
    leads: u32,
    /// Where to put the files [default: the system's temporary folder]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Node {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let folder = match &self.folder {
            Some(folder) => tempfile::tempdir_in(folder)?,
            None => tempfile::tempdir()?,
        };
        let note = |what: &str| eprintln!("{what} ...");
        note("generating and importing the registry");
        let set = synthetic::registry(self.numbers, 42).map_err(Failure::environment)?;
        let (count, before) = (set.count(), world::first(&set));
        let world = World::new(folder.path(), set).map_err(Failure::Environment)?;
        note("taking in leads and consents");
        let begun = Instant::now();
        world.leads(self.leads).map_err(Failure::Environment)?;
        let filled = begun.elapsed();
        let key = world.key()?;
        let database = world.database.clone();
        // From here on the server stands alone.
        drop(world);
        note("starting the server");
        let server = Server::start(&database)?;
        let asking = Asking::new(server.address, &key, self.leads);
        let asked = asking.each(20_000.min(self.leads))?;
        let quiet = server.memory()?;
        note("generating the next list");
        let next = Arc::new(synthetic::registry(self.numbers, 43).map_err(Failure::environment)?);
        let witness = world::witness(&before, &next).map_err(Failure::Environment)?;
        note("importing it beside the server");
        let (imported, heard) =
            asking.while_importing(witness, || world::import(&database, next))?;
        // The old list's last reader has gone.
        std::thread::sleep(Duration::from_secs(2));
        let after = server.memory()?;
        let figures = json!({
            "numbers": count, "leads": self.leads, "filled_seconds": filled.as_secs_f64(),
            "started_seconds": server.started.as_secs_f64(), "first_decisions": asked,
            "memory": quiet, "memory_after": after, "goal_bytes": GOAL_BYTES, "met": quiet.rss <= GOAL_BYTES,
            "import_seconds": imported.as_secs_f64(), "take_up": heard,
        });
        if global.json {
            say_json(&figures)?;
        } else {
            self.tell(count, &server, &quiet, &after)?;
            tell_taken_up(imported, &heard)?;
        }
        Ok(Exit::Done)
    }

    fn tell(
        &self,
        count: u64,
        server: &Server,
        quiet: &Memory,
        after: &Memory,
    ) -> Result<(), Failure> {
        let met = if quiet.rss <= GOAL_BYTES {
            "met"
        } else {
            "MISSED"
        };
        say(&format!(
            "{count} numbers, {} leads with consent; the server listened {:.2} s after its start",
            self.leads,
            server.started.as_secs_f64()
        ))?;
        say(&format!(
            "resident: {quiet}; goal {} MB: {met}",
            GOAL_BYTES / 1_000_000
        ))?;
        say(&format!("after a whole new list: {after}"))
    }
}

fn tell_taken_up(imported: Duration, heard: &Heard) -> Result<(), Failure> {
    say(&format!(
        "a list of the same size, imported by another process in {:.2} s: the server's decisions follow it {:.2} s after \
         the import was done; {} decisions meanwhile, p50 {:.0} us, p99 {:.0} us, the longest {:.0} ms; {} denied {}",
        imported.as_secs_f64(),
        heard.taken_up_seconds,
        heard.decisions,
        heard.p50_us,
        heard.p99_us,
        heard.longest_us / 1e3,
        heard.denied,
        heard.reasons.join(", ")
    ))
}
