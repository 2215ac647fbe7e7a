//! Redis: the checks as a Lua script over hashes and sets, and a record in a stream; every command flushed before it is
//! answered. Over a Unix socket, which is the faster way in.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use ringfence_core::gate::sample;

use crate::process::{Server, patiently};
use crate::world::{AREAS, CALLER_ID, SELLER, World, national};
use crate::{Ask, Decider, Result};

const SCRIPT: &str = include_str!("gate.lua");

pub struct Redis {
    socket: PathBuf,
    sha1: String,
    _server: Server,
}

impl Redis {
    pub fn start(folder: &Path, world: &World, closed: &[u16]) -> Result<Self> {
        let home = folder.join("redis");
        std::fs::create_dir(&home)?;
        let socket = home.join("redis.sock");
        let mut command = Command::new("redis-server");
        command
            .args(["--port", "0", "--save", "", "--appendonly", "yes"])
            .args(["--appendfsync", "always", "--dir"])
            .arg(&home)
            .arg("--unixsocket")
            .arg(&socket)
            .current_dir(&home);
        let server = Server::start(&mut command, "-TERM")?;
        let mut client = patiently(|| Client::connect(&socket))?;
        client.furnish(world, closed)?;
        let sha1 = client.ask(&["SCRIPT", "LOAD", SCRIPT])?;
        Ok(Self {
            socket,
            sha1,
            _server: server,
        })
    }
}

impl Decider for Redis {
    fn name(&self) -> &'static str {
        "Redis"
    }

    fn caller(&self) -> Result<Ask> {
        let mut client = Client::connect(&self.socket)?;
        let sha1 = self.sha1.clone();
        let now = sample::NOW.as_second().to_string();
        Ok(Box::new(move |asked| {
            let (number, area) = (asked.number.to_string(), asked.area().to_string());
            let words = [
                "EVALSHA", &sha1, "0", &number, &area, SELLER, &now, CALLER_ID,
            ];
            match client.ask(&words)?.as_str() {
                "allow" => Ok(true),
                "deny" => Ok(false),
                other => Err(other.into()),
            }
        }))
    }
}

struct Client {
    to: UnixStream,
    from: BufReader<UnixStream>,
}

impl Client {
    fn connect(socket: &Path) -> Result<Self> {
        let to = UnixStream::connect(socket)?;
        let from = BufReader::new(to.try_clone()?);
        Ok(Self { to, from })
    }

    fn furnish(&mut self, world: &World, closed: &[u16]) -> Result<()> {
        let later = (sample::NOW.as_second() + 90_000_000).to_string();
        let seller = format!("seller:{SELLER}");
        let mut all: Vec<Vec<String>> = vec![
            words(&["HSET", &seller, "san_expires", &later, "stopped", "0"]),
            words(&["HSET", &seller, "caller_id", CALLER_ID]),
            words(&["SADD", &format!("dnc:{SELLER}"), "2129999998"]),
        ];
        for (code, state, behind) in AREAS {
            let area = format!("area:{code}");
            let (offset, shut) = (-behind * 60, u8::from(closed.contains(code)));
            let (offset, shut) = (offset.to_string(), shut.to_string());
            all.push(words(&["HSET", &area, "state", state, "offset", &offset]));
            all.push(words(&[
                "HSET", &area, "open", "480", "close", "1260", "closed", &shut, "cap", "3",
            ]));
            let registrations = format!("registrations:{SELLER}");
            all.push(words(&["HSET", &registrations, state, &later]));
        }
        all.extend(national().map(|n| words(&["SADD", "national", &n.to_string()])));
        let granted = (sample::NOW.as_second() - 864_000).to_string();
        for (n, asked) in world.asked.iter().enumerate() {
            let key = format!("consent:{SELLER}:{}", asked.number);
            let id = format!("con_{n}");
            all.push(words(&[
                "HSET",
                &key,
                "id",
                &id,
                "level",
                "express-written",
                "granted",
                &granted,
                "artificial_voice",
                "1",
                "purpose",
                "telemarketing",
            ]));
        }
        for commands in all.chunks(500) {
            let packed: Vec<u8> = commands.iter().flat_map(|words| bulk(words)).collect();
            self.to.write_all(&packed)?;
            for _ in commands {
                self.answer()?;
            }
        }
        Ok(())
    }

    fn ask(&mut self, words: &[&str]) -> Result<String> {
        self.to.write_all(&bulk(words))?;
        self.answer()
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let line = line.trim_end().to_owned();
        if line.is_empty() || line.starts_with('-') {
            return Err(format!("redis: {line}").into());
        }
        if let Some(length) = line.strip_prefix('$') {
            let mut text = vec![0; length.parse::<usize>()? + 2];
            self.from.read_exact(&mut text)?;
            text.truncate(text.len() - 2);
            return Ok(String::from_utf8(text)?);
        }
        Ok(line)
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn bulk(words: &[impl AsRef<str>]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        let word = word.as_ref();
        text += &format!("${}\r\n{word}\r\n", word.len());
    }
    text.into_bytes()
}
