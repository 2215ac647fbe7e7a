//! The command line: one file per subcommand.

mod backup;
mod bench;
mod decide;
mod demo;
mod doctor;
mod holds;
mod keys;
mod leads;
mod lists;
mod log;
mod open;
mod opt_out;
mod replay;
mod rules;
mod scrub;
mod serve;
mod shadow;
mod stop;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use open::World;

/// How a command ended: the exit codes of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// A check failed: denied, not verified, not the same.
    CheckFailed = 1,
    /// Usage or bad input.
    Usage = 2,
    /// The environment failed: a file, the database, a port.
    Environment = 3,
}

/// Why a command could not be done.
#[derive(Debug)]
pub enum Failure {
    /// The user's input is wrong.
    Usage(anyhow::Error),
    /// The environment failed.
    Environment(anyhow::Error),
}

/// What a command answers.
pub type Outcome = Result<Exit, Failure>;

impl Failure {
    /// The user's input is wrong.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }

    /// The environment failed.
    pub fn environment(error: impl Into<anyhow::Error>) -> Self {
        Self::Environment(error.into())
    }
}

impl From<ringfence_store::StoreError> for Failure {
    fn from(error: ringfence_store::StoreError) -> Self {
        use ringfence_store::StoreError::{Conflict, Corrupt, Invalid, NotFound, Unavailable};
        match error {
            NotFound(_) | Conflict(_) | Invalid { .. } => Self::usage(error),
            Unavailable(_) | Corrupt(_) => Self::environment(error),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::environment(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::environment(error)
    }
}

/// A self-hosted fence around outbound AI voice calls: consent, gate, disclosure, opt-out, evidence. It gives controls
/// and evidence; it makes nobody compliant by itself.
#[derive(Debug, Parser)]
#[command(
    name = "ringfence",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  ringfence demo\n  ringfence serve --listen 127.0.0.1:8080\n  \
    ringfence decide --seller acme-solar --to +12125550123 --at 2026-11-23T15:00:00Z"
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options that stand before or after the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Where everything is remembered [default: sqlite://ringfence.db]
    #[arg(long, global = true, value_name = "URL")]
    pub db: Option<String>,
    /// A configuration file; what it does not set is as in ringfence.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See it run: leads, campaign, calls and evidence on this machine alone
    Demo(demo::DemoCommand),
    /// Serve HTTP, SIP and the dialer
    Serve(serve::Serve),
    /// Explain whether a call may be placed, with citations; nothing is recorded
    Decide(decide::Decide),
    /// Say of every number in a file whether it may be called, and when; nothing is recorded
    Scrub(scrub::ScrubCommand),
    /// Import, check and show lists of numbers
    #[command(
        subcommand,
        after_help = "Example:\n  ringfence lists import --kind ftc-full --seller acme-solar 2026-11-20_212_*.txt.zip"
    )]
    Lists(lists::Lists),
    /// Tell opt-outs from other words
    #[command(
        subcommand,
        after_help = "Example:\n  ringfence opt-out classify < utterances.jsonl"
    )]
    OptOut(opt_out::OptOut),
    /// Review numbers held for words that may have been an opt-out
    #[command(subcommand, after_help = "Example:\n  ringfence holds list")]
    Holds(holds::Holds),
    /// Decide a stored decision again, from its facts and its rule pack
    Replay(replay::Replay),
    /// Say what earlier calls of any dialer the gate would have stopped
    Shadow(shadow::Shadow),
    /// Compare, list and export rule packs
    #[command(
        subcommand,
        after_help = "Example:\n  ringfence rules diff embedded rules/"
    )]
    Rules(rules::Rules),
    /// Press STOP, release it, show it
    Stop(stop::Stop),
    /// Copy everything to a new file while the server runs, and verify the copy
    Backup(backup::BackupCommand),
    /// Verify the event log, or export its signed head
    #[command(subcommand, after_help = "Example:\n  ringfence log verify")]
    Log(log::Log),
    /// Say what is missing or stale before dialing for real
    Doctor(doctor::Doctor),
    /// Create, list and take back API keys
    #[command(
        subcommand,
        after_help = "Example:\n  ringfence keys create --role operator --seller acme-solar"
    )]
    Keys(keys::Keys),
    /// Take figures
    #[command(subcommand, after_help = "Example:\n  ringfence bench gate")]
    Bench(bench::Bench),
    /// Take in files of leads
    #[command(
        subcommand,
        after_help = "Example:\n  ringfence leads import --campaign cmp_01KAJ3Z6T leads.csv"
    )]
    Leads(leads::Leads),
}

/// Runs the command that `args` name.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // `--help` and `--version` come as errors, too, and are none.
            let code = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let _ = error.print();
            return ExitCode::from(code as u8);
        }
    };
    let outcome = match cli.command {
        Command::Serve(command) => command.run(&cli.global),
        Command::Decide(command) => command.run(&cli.global),
        Command::Scrub(command) => command.run(&cli.global),
        Command::Shadow(command) => command.run(&cli.global),
        Command::Rules(command) => command.run(&cli.global),
        Command::Stop(command) => command.run(&cli.global),
        Command::Backup(command) => command.run(&cli.global),
        Command::Lists(command) => command.run(&cli.global),
        Command::OptOut(command) => command.run(),
        Command::Holds(command) => command.run(&cli.global),
        Command::Replay(command) => command.run(&cli.global),
        Command::Log(command) => command.run(&cli.global),
        Command::Doctor(command) => command.run(&cli.global),
        Command::Keys(command) => command.run(&cli.global),
        Command::Leads(command) => command.run(&cli.global),
        Command::Demo(command) => command.run(&cli.global),
        Command::Bench(command) => command.run(&cli.global),
    };
    let exit = outcome.unwrap_or_else(|failure| {
        let (error, exit) = match failure {
            Failure::Usage(error) => (error, Exit::Usage),
            Failure::Environment(error) => (error, Exit::Environment),
        };
        eprintln!("ringfence: {}", told(&error));
        exit
    });
    ExitCode::from(exit as u8)
}

/// An error with its causes, each said once: some already have theirs in their own text.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The lines of standard input as bytes, without their ends and without the mark that some programs put before the
/// first: what is no UTF-8 concerns its own line only.
pub fn input_lines() -> impl Iterator<Item = std::io::Result<Vec<u8>>> {
    use std::io::BufRead;
    let lines = std::io::stdin().lock().split(b'\n');
    lines.enumerate().map(|(index, line)| {
        let line = line?;
        let text = match line.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) if index == 0 => rest,
            _ => line.as_slice(),
        };
        Ok(text.strip_suffix(b"\r").unwrap_or(text).to_vec())
    })
}

/// Prints a line of the result. A closed pipe ends the command quietly, but never as if all were well: a denial whose
/// reader went away is no allowance.
pub fn say(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => {
            std::process::exit(Exit::Environment as i32)
        }
        other => other.map_err(Failure::from),
    }
}

/// Prints a result as JSON on one line.
pub fn say_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    say(&serde_json::to_string(value)?)
}
