//! A Redis set, in a server of our own on a free port.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::rounds::Rounds;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Client {
    to: TcpStream,
    from: BufReader<TcpStream>,
}

impl Client {
    fn connect(port: u16) -> Result<Self> {
        let begun = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", port)) {
                Ok(to) => {
                    to.set_nodelay(true)?;
                    let from = BufReader::with_capacity(1 << 20, to.try_clone()?);
                    return Ok(Self { to, from });
                }
                Err(error) if begun.elapsed() > Duration::from_secs(10) => return Err(error.into()),
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        self.from.read_line(&mut line)?;
        let line = line.trim_end().to_owned();
        if line.starts_with('-') {
            return Err(line.into());
        }
        if let Some(length) = line.strip_prefix('$') {
            let mut text = vec![0; length.parse::<usize>()? + 2];
            self.from.read_exact(&mut text)?;
            return Ok(String::from_utf8(text)?);
        }
        Ok(line)
    }

    fn memory(&mut self) -> Result<f64> {
        self.to.write_all(b"INFO memory\r\n")?;
        let info = self.answer()?;
        let used = info
            .lines()
            .find_map(|line| line.strip_prefix("used_memory:"));
        Ok(used.ok_or("no used_memory")?.parse()?)
    }
}

fn bulk(command: &str, arguments: &[u64]) -> Vec<u8> {
    let mut text = format!(
        "*{}\r\n${}\r\n{command}\r\n$1\r\nd\r\n",
        arguments.len() + 2,
        command.len()
    );
    for argument in arguments {
        text += &format!("$10\r\n{argument:010}\r\n");
    }
    text.into_bytes()
}

pub fn set(sample: &[u64], folder: &Path, rounds: &Rounds<'_>) -> Result<()> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let started = Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
        ])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _server = match started {
        Ok(child) => Server(child),
        Err(error) => {
            println!("{:<24} skipped: redis-server: {error}", "Redis set");
            return Ok(());
        }
    };
    let mut client = Client::connect(port)?;
    let before = client.memory()?;
    for numbers in sample.chunks(1000) {
        client.to.write_all(&bulk("SADD", numbers))?;
        client.answer()?;
    }
    let bits = (client.memory()? - before) * 8.0 / sample.len() as f64;
    let name = format!("Redis set, {} M", sample.len() / 1_000_000);
    rounds.sampled(&name, bits, sample, |n| {
        let asked = client.to.write_all(&bulk("SISMEMBER", &[n]));
        asked.is_ok() && client.answer().is_ok_and(|answer| answer == ":1")
    });
    Ok(())
}
