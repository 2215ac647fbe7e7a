//! `ringfence serve` as a process of its own, and what it holds in memory.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;

use super::Failure;

pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From its start until it listened.
    pub started: Duration,
}

impl Server {
    pub fn start(database: &Path) -> Result<Self, Failure> {
        let begun = Instant::now();
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", "--listen", "127.0.0.1:0", "--db"])
            .arg(format!("sqlite://{}", database.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let mut server = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            started: begun.elapsed(),
        };
        let address = line.trim().strip_prefix("listening on http://");
        server.address = address
            .context("the server did not start")
            .and_then(|address| Ok(address.parse()?))
            .map_err(Failure::Environment)?;
        Ok(server)
    }

    /// What it holds now.
    pub fn memory(&self) -> Result<Memory, Failure> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
            kilobytes
                .and_then(|n| n.trim().parse::<u64>().ok())
                .unwrap_or_default()
                * 1024
        };
        Ok(Memory {
            rss: bytes("VmRSS:"),
            anonymous: bytes("RssAnon:"),
            file: bytes("RssFile:"),
            highest: bytes("VmHWM:"),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing of it is kept.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Bytes, as the kernel counts them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Memory {
    /// All that is resident: what counts.
    pub rss: u64,
    /// Its own: heap, stacks, the registry.
    pub anonymous: u64,
    /// Pages of files: the program itself, and what of the database is mapped.
    pub file: u64,
    /// The most it ever had.
    pub highest: u64,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        write!(
            f,
            "{:.0} MB (VmRSS; its own {:.0} MB, of files {:.0} MB; at most so far {:.0} MB)",
            mb(self.rss),
            mb(self.anonymous),
            mb(self.file),
            mb(self.highest)
        )
    }
}
