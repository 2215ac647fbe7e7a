//! `ringfence bench http`: durable decisions over HTTP beside a handler that does nothing, on the same server.

pub(super) mod client;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::super::{Exit, Failure, Global, Outcome, open, say, say_json};
use super::timing::median;
use super::world::{self, World};
use crate::api::serve;
use crate::app::App;
use crate::converse::Judge;
use crate::desk::NoLine;
use crate::metrics::Metrics;
use client::{Load, Taken};

/// What the rate of decisions is to be at least, as a part of the empty handler's.
const GOAL: f64 = 0.4;

/// Durable decisions over HTTP.
#[derive(Debug, Args)]
#[command(
    after_help = "Clients keep their connections and ask one after the other, over loopback, from one thread of this process: \
    both share the processors.\n\
    `decide` is POST /v1/decisions with a key: facts read, decided, recorded, chained, signed and flushed.\n\
    `empty` is GET /health on the same server: the same way in and out, and a handler that does nothing. The ratio is of \
    these two.\n\
    `bare` is the HTTP library alone, which reads the same body and answers a constant of the same size: what routes, keys, \
    limits and threads cost.\n\
    The scratch database is in the system's folder for temporary files (TMPDIR).\n\n\
    Example:\n  ringfence bench http --clients 64 --seconds 3"
)]
pub struct Http {
    /// Clients at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    clients: u16,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Times each is taken, in turn; the median counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=101))]
    rounds: u32,
    /// Callees with consent
    #[arg(long, default_value_t = 9000, value_parser = clap::value_parser!(u32).range(1..=9000))]
    callees: u32,
}

impl Http {
    /// Takes the figures.
    pub fn run(&self, global: &Global) -> Outcome {
        let world = World::new().map_err(Failure::Environment)?;
        let bodies = self.bodies(&world).map_err(Failure::Environment)?;
        let key = world::operator_key(&*world.store, world.clock.now())?;
        let app = Arc::new(App {
            config: open::load(global, crate::config::Flags::default())?,
            store: Arc::clone(&world.store),
            rules: Arc::clone(&world.pack),
            clock: world.clock,
            desk: Arc::new(NoLine),
            metrics: Metrics::default(),
            open_page: false,
            judge: Judge::default(),
        });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let (close, closing) = watch::channel(false);
        let served = runtime.block_on(listen())?;
        let address = served.local_addr()?;
        let server = runtime.spawn(serve(app, served, closing));
        let asked: Vec<String> = bodies.iter().map(|body| decide(&key, body)).collect();
        let first = asked.first().context("no callee");
        let answer = client::once(address, first.map_err(Failure::Environment)?)?;
        let bare = runtime.block_on(listen())?;
        let bare_address = bare.local_addr()?;
        let bare = runtime.spawn(constant(bare, Bytes::from(answer)));
        let loads = [
            ("bare", bare_address, asked.clone()),
            ("empty", address, vec![get("/health")]),
            ("decide", address, asked),
        ];
        let figures = self.rounds(&loads)?;
        bare.abort();
        let _ = close.send(true);
        runtime.block_on(server).map_err(Failure::environment)?;
        self.tell(global, &figures)
    }

    /// What is asked, once for each callee.
    fn bodies(&self, world: &World) -> anyhow::Result<Vec<String>> {
        let all = (0..usize::try_from(self.callees)?).map(|n| world.number(n));
        let numbers: Vec<_> = all.collect::<Result<_, _>>()?;
        world::together(&numbers, |number| world.consent(*number))?;
        let asked = numbers.iter().map(|number| world.request(*number));
        Ok(asked
            .map(|request| json!({"to": request.to, "seller": request.seller}).to_string())
            .collect())
    }

    fn rounds(
        &self,
        loads: &[(&'static str, SocketAddr, Vec<String>); 3],
    ) -> Result<Vec<(&'static str, Vec<Taken>)>, Failure> {
        let mut figures: Vec<_> = loads.iter().map(|(name, ..)| (*name, vec![])).collect();
        for _ in 0..self.rounds {
            for ((_, address, requests), (_, taken)) in loads.iter().zip(&mut figures) {
                let load = Load {
                    address: *address,
                    requests,
                    clients: usize::from(self.clients),
                    time: Duration::from_secs(self.seconds),
                };
                taken.push(load.take()?);
            }
        }
        Ok(figures)
    }

    fn tell(&self, global: &Global, figures: &[(&'static str, Vec<Taken>)]) -> Outcome {
        let of = |name: &str| figures.iter().find(|(n, _)| *n == name).map(|(_, t)| t);
        let pairs = of("decide").into_iter().flatten();
        let pairs = pairs.zip(of("empty").into_iter().flatten());
        let mut ratios: Vec<f64> = pairs.map(|(d, e)| d.per_second / e.per_second).collect();
        let ratio = median(&mut ratios);
        let met = ratio >= GOAL;
        let all: Vec<(&str, Taken)> = figures
            .iter()
            .map(|(name, taken)| (*name, Taken::median(taken)))
            .collect();
        if global.json {
            let all: Vec<_> = all
                .iter()
                .map(|(name, t)| {
                    json!({"name": name, "per_second": t.per_second, "p50_us": t.p50_us,
                    "p99_us": t.p99_us, "allowed": t.allowed})
                })
                .collect();
            say_json(
                &json!({"clients": self.clients, "figures": all, "ratios": ratios, "ratio": ratio, "goal": GOAL, "met": met}),
            )?;
            return Ok(Exit::Done);
        }
        let mut allowed = 0.0;
        for (name, t) in &all {
            say(&format!(
                "{name:<8} {:>8.0} requests/s, p50 {:>6.0} us, p99 {:>6.0} us",
                t.per_second, t.p50_us, t.p99_us
            ))?;
            if *name == "decide" {
                allowed = t.allowed;
            }
        }
        let verdict = if met { "met" } else { "MISSED" };
        say(&format!(
            "{} clients, decide / empty: {ratio:.2} ({:.2} to {:.2}), goal {GOAL}: {verdict}; {:.0}% of the decisions allowed",
            self.clients,
            ratios.first().copied().unwrap_or_default(),
            ratios.last().copied().unwrap_or_default(),
            allowed * 100.0
        ))?;
        Ok(Exit::Done)
    }
}

async fn listen() -> std::io::Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).await
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

pub(super) fn decide(key: &str, body: &str) -> String {
    format!(
        "POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The HTTP library alone: reads the body, answers a constant.
async fn constant(listener: TcpListener, body: Bytes) {
    while let Ok((socket, _)) = listener.accept().await {
        let _ = socket.set_nodelay(true);
        let body = body.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                let body = body.clone();
                async move {
                    // What breaks off ends the connection by itself.
                    let _ = request.into_body().collect().await;
                    Ok::<_, Infallible>(hyper::Response::new(Full::new(body)))
                }
            });
            // The client may go when it likes.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
