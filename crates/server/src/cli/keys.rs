//! `ringfence keys`

use clap::Subcommand;
use ringfence_core::id::Id;
use ringfence_store::key::{ApiKeyDraft, Role};

use super::{Exit, Global, Outcome, World, say, say_json};
use crate::api::{fresh_key, key_hash};

/// API keys. Only their hashes are kept.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Print a new key, once, alone on a line
    #[command(after_help = "Example:\n  ringfence keys create --role operator --seller acme-solar")]
    Create {
        /// admin, operator, compliance, read-only or ingest
        #[arg(long, value_parser = role)]
        role: Role,
        /// Limit the key to this seller; may be repeated
        #[arg(long)]
        seller: Vec<String>,
        /// For people
        #[arg(long)]
        name: Option<String>,
    },
    /// Show every key, without the key itself
    #[command(after_help = "Example:\n  ringfence keys list --json")]
    List,
    /// Take a key back
    #[command(after_help = "Example:\n  ringfence keys revoke key_01KAJ3Z6T0000000000000000")]
    Revoke {
        /// The key's id, as `keys list` shows it
        id: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| {
        let words: Vec<_> = Role::ALL.iter().map(|r| r.as_str()).collect();
        format!("one of {}", words.join(", "))
    })
}

impl Keys {
    /// Does it.
    pub fn run(self, global: &Global) -> Outcome {
        let world = World::open(global)?;
        match self {
            Self::Create { role, seller, name } => create(global, &world, role, seller, name),
            Self::List => list(global, &world),
            Self::Revoke { id } => {
                world
                    .store
                    .revoke_key(&Id::from(id.as_str()), world.now())?;
                Ok(Exit::Done)
            }
        }
    }
}

fn create(
    global: &Global,
    world: &World,
    role: Role,
    sellers: Vec<String>,
    name: Option<String>,
) -> Outcome {
    let key = fresh_key().map_err(super::Failure::environment)?;
    let draft = ApiKeyDraft {
        sha256: key_hash(&key),
        role,
        sellers: sellers.into_iter().collect(),
        name,
    };
    let record = world.store.create_key(draft, world.now())?;
    if global.json {
        say_json(
            &serde_json::json!({"key": key, "id": record.id, "role": record.role,
                                     "sellers": record.sellers}),
        )?;
    } else {
        say(&key)?;
    }
    Ok(Exit::Done)
}

fn list(global: &Global, world: &World) -> Outcome {
    let keys = world.store.keys()?;
    if global.json {
        say_json(&keys)?;
        return Ok(Exit::Done);
    }
    for key in keys {
        let sellers: Vec<_> = key.sellers.into_iter().collect();
        let sellers = if sellers.is_empty() {
            "every seller".into()
        } else {
            sellers.join(", ")
        };
        let end = key
            .revoked_at
            .map_or_else(String::new, |at| format!("  taken back {at}"));
        let name = key
            .name
            .map_or_else(String::new, |name| format!("  {name}"));
        let (id, role, made) = (key.id, key.role.as_str(), key.created_at);
        say(&format!(
            "{id}  {role:<10}  {sellers}  made {made}{end}{name}"
        ))?;
    }
    Ok(Exit::Done)
}
