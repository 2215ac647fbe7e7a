//! `ringfence backup`

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use ringfence_store::StoreError;

use super::{Exit, Failure, Global, Outcome, World, open, say, say_json};

/// Copies everything to a new file while the server runs, and verifies the copy.
#[derive(Debug, Args)]
#[command(
    after_help = "The copy is one snapshot: the database checked whole, its log verified to the last entry. Beside it \
    stands its signing key, FILE.key. Restore by starting on the copy. Keep the key apart from the database, where few \
    can read it: whoever has both can write a log that verifies.\n\nExamples:\n  \
    ringfence backup /backup/ringfence-2026-11-21.db\n  \
    ringfence serve --db sqlite:///backup/ringfence-2026-11-21.db"
)]
pub struct BackupCommand {
    /// Leave the signing key out; no server can be started on the copy until `<its name>.key` is put back beside it
    #[arg(long)]
    without_key: bool,
    /// A file that does not exist yet
    file: PathBuf,
}

impl BackupCommand {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        // Other commands make a database that is not there; a backup of a mistyped name would be an empty one.
        let config = open::load(global, crate::config::Flags::default())?;
        if let Some(path) = config.sqlite_path()
            && !path.exists()
        {
            let detail = format!("there is no database {}", path.display());
            return Err(Failure::usage(anyhow!(detail)));
        }
        let world = World::open(global)?;
        let made = match world.store.backup(&self.file, !self.without_key) {
            Ok(made) => made,
            // A chain that does not verify is a check that failed.
            Err(error @ StoreError::Corrupt(_)) => {
                say(&format!("NO BACKUP: {error}"))?;
                return Ok(Exit::CheckFailed);
            }
            Err(error) => return Err(error.into()),
        };
        if global.json {
            say_json(&made)?;
            return Ok(Exit::Done);
        }
        say(&format!(
            "{}: {} bytes, whole; {} log entries, every one verified",
            made.database.display(),
            made.bytes,
            made.entries
        ))?;
        for file in &made.list_files {
            say(&format!("{}: a list", file.display()))?;
        }
        match &made.key {
            Some(key) => say(&format!(
                "{}: the signing key; keep it apart from the database, where few can read it",
                key.display()
            ))?,
            None => {
                say("the signing key was left out: keep it, nothing can be signed on without it")?
            }
        }
        say(
            "API keys are kept as hashes only; secrets of the configuration (`*_file`) are not in the copy",
        )?;
        Ok(Exit::Done)
    }
}
