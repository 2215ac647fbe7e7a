//! A durable decision: Ringfence's beside the same checks as a Redis script and as a Postgres function, in one run, with
//! what the disk itself takes to make a record durable.

mod figures;
mod ours;
mod postgres;
mod process;
mod redis;
mod world;

use std::path::PathBuf;

use figures::{Rounds, Taken};
use ringfence_store::fsync_probe;
use world::World;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Whether it was allowed.
type Ask = Box<dyn FnMut(&world::Asked) -> Result<bool> + Send>;

/// What decides and keeps a record.
trait Decider {
    fn name(&self) -> &'static str;

    /// One caller, with a connection of its own where there is one.
    fn caller(&self) -> Result<Ask>;
}

/// What the command line asks for.
struct Options {
    seconds: u64,
    rounds: usize,
    callers: usize,
    callees: usize,
    dir: PathBuf,
}

impl Options {
    fn read() -> Result<Self> {
        let mut options = Self {
            seconds: 3,
            rounds: 3,
            callers: 32,
            callees: 40_000,
            dir: std::env::temp_dir(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let value = words
                .next()
                .ok_or_else(|| format!("{word} needs a value"))?;
            match word.as_str() {
                "--seconds" => options.seconds = value.parse()?,
                "--rounds" => options.rounds = value.parse()?,
                "--callers" => options.callers = value.parse()?,
                "--callees" => options.callees = value.parse()?,
                "--dir" => options.dir = value.into(),
                _ => {
                    let known = "--seconds --rounds --callers --callees --dir";
                    return Err(format!("unknown: {word}; {known}").into());
                }
            }
        }
        Ok(options)
    }
}

fn main() -> Result<()> {
    let options = Options::read()?;
    let folder = tempfile::tempdir_in(&options.dir)?;
    let world = World::new(options.callees)?;
    let ours = ours::Ringfence::new(folder.path(), &world)?;
    let closed = ours.closed(&world)?;
    let mut deciders: Vec<Box<dyn Decider>> = vec![Box::new(ours)];
    match redis::Redis::start(folder.path(), &world, &closed) {
        Ok(redis) => deciders.push(Box::new(redis)),
        Err(error) => println!("Redis: skipped: {error}"),
    }
    match postgres::Postgres::start(folder.path(), &world, &closed) {
        Ok(postgres) => deciders.push(Box::new(postgres)),
        Err(error) => println!("Postgres: skipped: {error}"),
    }
    let mut rounds = Rounds::new(options.callers);
    for _ in 0..options.rounds {
        for callers in [1, options.callers] {
            let before = fsync_probe(folder.path())?;
            for decider in &deciders {
                let taken = Taken::of(decider.as_ref(), callers, options.seconds, &world)?;
                rounds.add(decider.name(), callers, taken);
            }
            rounds.floor(callers, before, fsync_probe(folder.path())?);
        }
    }
    rounds.print();
    Ok(())
}
