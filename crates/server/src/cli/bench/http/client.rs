//! Clients that keep their connections: as little work as can be, for they run on the server's own machine.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::super::timing::median;
use super::Failure;
use crate::latency::percentile;

/// What is asked of whom.
pub struct Load<'l> {
    pub address: SocketAddr,
    /// Whole requests, asked in turn.
    pub requests: &'l [String],
    pub clients: usize,
    pub time: Duration,
}

/// One measurement.
pub struct Taken {
    pub per_second: f64,
    pub p50_us: f64,
    pub p99_us: f64,
    /// The part of the answers that allow.
    pub allowed: f64,
}

impl Taken {
    /// Of each figure the middle one.
    pub fn median(taken: &[Self]) -> Self {
        let of =
            |figure: fn(&Self) -> f64| median(&mut taken.iter().map(figure).collect::<Vec<f64>>());
        Self {
            per_second: of(|t| t.per_second),
            p50_us: of(|t| t.p50_us),
            p99_us: of(|t| t.p99_us),
            allowed: of(|t| t.allowed),
        }
    }
}

/// Asks once; the body of the answer.
pub fn once(address: SocketAddr, request: &str) -> Result<Vec<u8>, Failure> {
    let asked = on_one_thread(async {
        let mut client = Client::connect(address).await?;
        let end = client.ask(request).await?;
        Ok(client.buffer.get(end..).unwrap_or_default().to_vec())
    });
    asked.map_err(Failure::Environment)
}

/// Runs it on this thread.
pub fn on_one_thread<T>(act: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(act)
}

impl Load<'_> {
    /// Takes it.
    pub fn take(&self) -> Result<Taken, Failure> {
        let begun = Instant::now();
        let until = begun + self.time;
        let next = AtomicUsize::new(0);
        let clients = (0..self.clients).map(|_| self.client(&next, until));
        let done = on_one_thread(try_join_all(clients)).map_err(Failure::Environment)?;
        let took = begun.elapsed().as_secs_f64();
        let allowed: usize = done.iter().map(|(_, allowed)| allowed).sum();
        let mut micros: Vec<f64> = done.into_iter().flat_map(|(micros, _)| micros).collect();
        micros.sort_by(f64::total_cmp);
        let at = |percent| percentile(&micros, percent);
        Ok(Taken {
            per_second: micros.len() as f64 / took,
            p50_us: at(50),
            p99_us: at(99),
            allowed: allowed as f64 / micros.len().max(1) as f64,
        })
    }

    async fn client(&self, next: &AtomicUsize, until: Instant) -> Result<(Vec<f64>, usize)> {
        let mut client = Client::connect(self.address).await?;
        let (mut micros, mut allowed) = (Vec::new(), 0);
        while Instant::now() < until {
            let place = next.fetch_add(1, Ordering::Relaxed) % self.requests.len().max(1);
            let request = self.requests.get(place).context("no request")?;
            let begun = Instant::now();
            let end = client.ask(request).await?;
            micros.push(begun.elapsed().as_secs_f64() * 1e6);
            let body = client.buffer.get(end..).unwrap_or_default();
            // Near the beginning of a decision.
            let near = body.get(..body.len().min(256)).unwrap_or_default();
            allowed += usize::from(finds(near, b"\"verdict\":\"allow\"").is_some());
        }
        Ok((micros, allowed))
    }
}

/// One connection.
pub struct Client {
    socket: TcpStream,
    /// The last answer, whole.
    pub buffer: Vec<u8>,
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Result<Self> {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let buffer = Vec::with_capacity(16 * 1024);
        Ok(Self { socket, buffer })
    }

    /// Asks, and reads the answer whole; says where its body begins.
    pub async fn ask(&mut self, request: &str) -> Result<usize> {
        self.socket.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        let head = loop {
            self.more().await?;
            if let Some(end) = finds(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let text = std::str::from_utf8(self.buffer.get(..head).unwrap_or_default())?;
        ensure!(
            text.starts_with("HTTP/1.1 200 "),
            "the server answered: {text}"
        );
        let length = text
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .context("an answer without its length")?;
        let whole = head + length.parse::<usize>()?;
        while self.buffer.len() < whole {
            self.more().await?;
        }
        Ok(head)
    }

    async fn more(&mut self) -> Result<()> {
        let read = self.socket.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

fn finds(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|here| here == what)
}
