//! `ringfence rules`

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Subcommand;
use ringfence_core::rules::{Change, RulePack, diff};
use serde_json::json;

use super::{Exit, Failure, Global, Outcome, World, say, say_json};

/// The rule packs that decide and decided.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Say in words what changed from one rule pack to another
    #[command(
        after_help = "A pack is `embedded` (that of this program), the version or the beginning of the hash of one \
        kept in the database, a folder like the project's `rules/`, or an archive's file.\n\nExample:\n  \
        ringfence rules diff 2026.11.21 embedded"
    )]
    Diff {
        /// The earlier pack
        before: String,
        /// The later pack
        after: String,
    },
    /// List the rule packs kept in the database
    #[command(after_help = "Example:\n  ringfence rules list --json")]
    List,
    /// Write a rule pack's files to a new folder, to read or to change
    #[command(after_help = "Example:\n  ringfence rules export embedded ./my-rules")]
    Export {
        /// The pack
        pack: String,
        /// A folder that does not exist yet
        folder: PathBuf,
    },
}

impl Rules {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        match self {
            Self::Diff { before, after } => {
                let (before, after) = (pack(&world, &before)?, pack(&world, &after)?);
                tell(global, &before, &after)
            }
            Self::List => list(global, &world),
            Self::Export {
                pack: named,
                folder,
            } => export(&pack(&world, &named)?, &folder),
        }
    }
}

/// The shortest beginning of a hash that names a pack.
const HASH_CHARACTERS_MIN: usize = 6;

/// The pack that `named` means.
///
/// # Errors
/// Usage when there is none, or several; with every fault of one that cannot be loaded.
pub fn pack(world: &World, named: &str) -> Result<RulePack, Failure> {
    let embedded = &world.rules;
    if named == "embedded" {
        return Ok(RulePack::clone(embedded));
    }
    let path = Path::new(named);
    if path.is_dir() {
        return from_folder(path);
    }
    if path.is_file() {
        let text = std::fs::read_to_string(path).with_context(|| named.to_owned());
        return load(
            named,
            RulePack::from_archive(&text.map_err(Failure::Usage)?),
        );
    }
    let of_hash = |sha256: &str| named.len() >= HASH_CHARACTERS_MIN && sha256.starts_with(named);
    let mut found = world.store.rule_packs()?;
    found.retain(|(sha256, version)| version == named || of_hash(sha256));
    let ours = (embedded.sha256.clone(), embedded.version.clone());
    if (ours.1 == named || of_hash(&ours.0)) && !found.contains(&ours) {
        found.push(ours);
    }
    match found.as_slice() {
        [(sha256, _)] if *sha256 == embedded.sha256 => Ok(RulePack::clone(embedded)),
        [(sha256, _)] => {
            let kept = world.store.rule_pack(sha256)?;
            load(named, RulePack::from_archive(&kept.archive))
        }
        [] => Err(Failure::usage(anyhow!(
            "`{named}` is no rule pack: not `embedded`, no folder or file, and none in the database; see `ringfence rules list`"
        ))),
        several => {
            let hashes: Vec<&str> = several.iter().map(|(sha256, _)| sha256.as_str()).collect();
            let hashes = hashes.join(", ");
            Err(Failure::usage(anyhow!("`{named}` may be any of {hashes}")))
        }
    }
}

fn load(
    named: &str,
    pack: Result<RulePack, ringfence_core::rules::PackError>,
) -> Result<RulePack, Failure> {
    pack.with_context(|| named.to_owned())
        .map_err(Failure::Usage)
}

/// The files of a folder like `rules/`; what belongs to no pack, such as READMEs and the decision cases, is left out.
fn from_folder(folder: &Path) -> Result<RulePack, Failure> {
    let mut sources = Vec::new();
    for below in ["", "states", "places"] {
        let part = folder.join(below);
        let entries = std::fs::read_dir(&part).with_context(|| part.display().to_string());
        for entry in entries.map_err(Failure::Usage)? {
            let path = entry?.path();
            let data = path
                .extension()
                .is_some_and(|end| end == "toml" || end == "csv");
            let Some(name) = path
                .file_name()
                .and_then(|name| name.to_str())
                .filter(|_| data)
            else {
                continue;
            };
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string());
            let name = if below.is_empty() {
                name.to_owned()
            } else {
                format!("{below}/{name}")
            };
            sources.push((name, text.map_err(Failure::Usage)?));
        }
    }
    let sources: Vec<(&str, &str)> = sources
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let named = folder.display().to_string();
    load(&named, RulePack::from_sources(&sources))
}

fn tell(global: &Global, before: &RulePack, after: &RulePack) -> Outcome {
    let changes: Vec<Change> = diff(before, after);
    let of = |pack: &RulePack| json!({"version": pack.version, "sha256": pack.sha256});
    if global.json {
        say_json(&json!({"before": of(before), "after": of(after), "changes": changes}))?;
        return Ok(Exit::Done);
    }
    let short = |pack: &RulePack| {
        let hash = pack.sha256.get(..12).unwrap_or_default();
        format!("{} ({hash})", pack.version)
    };
    if before.sha256 == after.sha256 {
        say(&format!("the same pack: {}", short(before)))?;
        return Ok(Exit::Done);
    }
    for change in &changes {
        say(&change.words)?;
    }
    say(&format!(
        "\n{} changes from {} to {}",
        changes.len(),
        short(before),
        short(after)
    ))?;
    Ok(Exit::Done)
}

fn list(global: &Global, world: &World) -> Outcome {
    let packs = world.store.rule_packs()?;
    let embedded = &world.rules.sha256;
    if global.json {
        let packs: Vec<_> = packs
            .iter()
            .map(|(sha256, version)| json!({"version": version, "sha256": sha256, "embedded": sha256 == embedded}))
            .collect();
        say_json(&packs)?;
        return Ok(Exit::Done);
    }
    for (sha256, version) in &packs {
        let mark = if sha256 == embedded {
            "  (embedded)"
        } else {
            ""
        };
        say(&format!("{version}  {sha256}{mark}"))?;
    }
    if packs.is_empty() {
        say("no rule pack kept yet: `serve` keeps the one it decides by")?;
    }
    Ok(Exit::Done)
}

fn export(pack: &RulePack, folder: &Path) -> Outcome {
    let write = || -> anyhow::Result<()> {
        std::fs::create_dir(folder).with_context(|| folder.display().to_string())?;
        for (name, text) in pack.sources() {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, text).with_context(|| path.display().to_string())?;
        }
        Ok(())
    };
    if folder.exists() {
        let detail = format!("{} exists", folder.display());
        return Err(Failure::usage(anyhow!(detail)));
    }
    write().map_err(Failure::Environment)?;
    say(&format!(
        "{} files of rule pack {} in {}",
        pack.sources().len(),
        pack.version,
        folder.display()
    ))?;
    Ok(Exit::Done)
}
