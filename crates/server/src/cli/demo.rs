//! `ringfence demo`

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::serve::{start_logs, told_to_end};
use super::{Exit, Failure, Global, Outcome, open, say, say_json};
use crate::api;
use crate::config::{Config, Flags};
use crate::demo::{Demo, DemoOptions};

/// The main job on the embedded default and the simulated carrier; nothing dials out.
#[derive(Debug, Args)]
#[command(
    after_help = "Imports leads, runs a campaign over real SIP and RTP on loopback, prints what happened and why, \
    verifies the event log, then serves the same as a page until Ctrl-C.\n\nExamples:\n  ringfence demo\n  \
    ringfence demo --leads leads.csv --exit --json"
)]
pub struct DemoCommand {
    /// A CSV of leads; any delimiter, with or without a header [default: the built-in leads]. With `--db` what the demo
    /// records stays there, else it goes with the demo
    #[arg(long, value_name = "FILE")]
    leads: Option<PathBuf>,
    /// Address of the page [default: 127.0.0.1 and a free port]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// End when the campaign is over, instead of serving the page
    #[arg(long)]
    exit: bool,
}

impl DemoCommand {
    /// Runs the demo.
    pub fn run(self, global: &Global) -> Outcome {
        let mut config = open::load(global, Flags::default())?;
        let database = global.db.is_some().then(|| config.sqlite_path()).flatten();
        config.log.level = "warn".to_owned();
        start_logs(&config);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        let outcome = runtime.block_on(self.show(config, database, global.json));
        runtime.shutdown_timeout(Duration::from_secs(1));
        outcome
    }

    async fn show(self, config: Config, database: Option<PathBuf>, json: bool) -> Outcome {
        let options = DemoOptions {
            leads: self.leads,
            database,
            quiet: json,
        };
        let mut demo = Demo::set_up(config, &options).await.map_err(sort)?;
        let listen = self
            .listen
            .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}"))
            .map_err(Failure::Environment)?;
        let address = listener.local_addr()?;
        let (close, closing) = watch::channel(false);
        let page = tokio::spawn(api::serve(demo.app.clone(), listener, closing));
        if !json {
            say(&format!("{}page: http://{address}/\n", demo.introduction()))?;
        }
        let result = tokio::select! {
            result = demo.run() => result.map_err(Failure::Environment)?,
            end = told_to_end() => {
                end?;
                return Ok(Exit::Done);
            }
        };
        if json {
            say_json(&result)?;
        } else {
            say(&result.table())?;
        }
        if !self.exit {
            say(&format!(
                "the same as a page: http://{address}/   Ctrl-C ends"
            ))?;
            told_to_end().await?;
        }
        let _ = close.send(true);
        let _ = page.await;
        demo.shut_down().await;
        Ok(if result.holds() {
            Exit::Done
        } else {
            Exit::CheckFailed
        })
    }
}

/// A file that cannot be read as leads is bad input; everything else is the environment's.
fn sort(error: anyhow::Error) -> Failure {
    let about_input = error
        .downcast_ref::<ringfence_core::lead::import::FileError>()
        .is_some()
        || error.downcast_ref::<std::io::Error>().is_some();
    if about_input {
        Failure::Usage(error)
    } else {
        Failure::Environment(error)
    }
}
