//! Postgres: the checks as a PL/pgSQL function that inserts the decision; fsync and synchronous commit on, over a Unix
//! socket.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postgres::{Client, Config, NoTls};
use ringfence_core::gate::sample;

use crate::process::{Server, patiently};
use crate::world::{AREAS, CALLER_ID, SELLER, World, national};
use crate::{Ask, Decider, Result};

const SCHEMA: &str = include_str!("gate.sql");
const ASK: &str = "SELECT gate($1, $2, $3, $4, $5)";

pub struct Postgres {
    socket: PathBuf,
    _server: Server,
}

impl Postgres {
    pub fn start(folder: &Path, world: &World, closed: &[u16]) -> Result<Self> {
        let initdb = program("initdb").ok_or("initdb is not installed")?;
        let server = program("postgres").ok_or("postgres is not installed")?;
        let home = folder.join("postgres");
        std::fs::create_dir(&home)?;
        let owner = owner(&home)?;
        if let Some(uid) = owner {
            // It refuses to run as root; the folder above is closed to others.
            std::fs::set_permissions(folder, PermissionsExt::from_mode(0o711))?;
            chown(&home, Some(uid), None)?;
        }
        let cluster = home.join("cluster");
        let mut made = as_owner(Command::new(initdb), owner, &home);
        made.args(["--auth=trust", "--username=peer", "--encoding=UTF8"]);
        let made = made.args(["--locale=C", "-D"]).arg(&cluster);
        let made = made.stdout(Stdio::null()).output()?;
        if !made.status.success() {
            return Err(String::from_utf8_lossy(&made.stderr).into());
        }
        let mut command = as_owner(Command::new(server), owner, &home);
        command.arg("-D").arg(&cluster).arg("-k").arg(&home);
        for setting in [
            "listen_addresses=",
            "max_connections=600",
            "shared_buffers=1GB",
            "max_wal_size=8GB",
            "fsync=on",
            "synchronous_commit=on",
        ] {
            command.args(["-c", setting]);
        }
        // SIGINT is its fast shutdown.
        let server = Server::start(&mut command, "-INT")?;
        furnish(&mut patiently(|| connect(&home))?, world, closed)?;
        Ok(Self {
            socket: home,
            _server: server,
        })
    }
}

impl Decider for Postgres {
    fn name(&self) -> &'static str {
        "Postgres"
    }

    fn caller(&self) -> Result<Ask> {
        let mut client = connect(&self.socket)?;
        let ask = client.prepare(ASK)?;
        let now = sample::NOW.as_second();
        Ok(Box::new(move |asked| {
            let (number, area) = (asked.number as i64, i32::from(asked.area()));
            let row = client.query_one(&ask, &[&number, &area, &SELLER, &now, &CALLER_ID])?;
            Ok(row.get::<_, &str>(0) == "allow")
        }))
    }
}

fn connect(socket: &Path) -> Result<Client> {
    let mut config = Config::new();
    config.host_path(socket).user("peer").dbname("postgres");
    Ok(config.connect(NoTls)?)
}

fn furnish(client: &mut Client, world: &World, closed: &[u16]) -> Result<()> {
    client.batch_execute(SCHEMA)?;
    let later = sample::NOW.as_second() + 90_000_000;
    let mut sql = format!(
        "INSERT INTO sellers VALUES ('{SELLER}', {later}, false, '{CALLER_ID}');
         INSERT INTO dnc VALUES ('{SELLER}', 2129999998);"
    );
    for (code, state, behind) in AREAS {
        let (offset, shut) = (-behind * 60, closed.contains(code));
        sql += &format!(
            "INSERT INTO areas VALUES ({code}, '{state}', {offset}, 480, 1260, {shut}, 3);
             INSERT INTO registrations VALUES ('{SELLER}', '{state}', {later}) ON CONFLICT DO NOTHING;"
        );
    }
    client.batch_execute(&sql)?;
    let listed: Vec<i64> = national().map(|n| n as i64).collect();
    client.execute(
        "INSERT INTO national SELECT unnest($1::bigint[])",
        &[&listed],
    )?;
    let numbers: Vec<i64> = world
        .asked
        .iter()
        .map(|asked| asked.number as i64)
        .collect();
    let granted = sample::NOW.as_second() - 864_000;
    client.execute(
        "INSERT INTO consents SELECT $1, n, 'con_' || n, 'express-written', $2, true, 'telemarketing'
         FROM unnest($3::bigint[]) AS n",
        &[&SELLER, &granted, &numbers],
    )?;
    Ok(client.batch_execute("VACUUM ANALYZE")?)
}

/// Where a program is: on the path, or where Debian keeps those of each version.
fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let versions = versions.into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|v| v.path().join("bin")).collect();
    debian.sort();
    // First of all: what is on the path may only be a wrapper.
    places.splice(0..0, debian.into_iter().rev());
    let mut found = places.into_iter().map(|place| place.join(name));
    found.find(|path| path.is_file())
}

/// Whom it runs as; none: as we do.
fn owner(home: &Path) -> Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt;
    if std::fs::metadata(home)?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let id = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(2)?.parse().ok()
    };
    let id = id("postgres").or_else(|| id("nobody"));
    Ok(Some(id.ok_or("no user to run it as but root")?))
}

fn as_owner(mut command: Command, owner: Option<u32>, home: &Path) -> Command {
    if let Some(uid) = owner {
        command.uid(uid);
    }
    command.current_dir(home);
    command
}
