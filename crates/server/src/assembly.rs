//! The line, the calls under way and the dialer, put together from the configuration: by `serve` and by the demo.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use ringfence_core::rules::RulePack;
use ringfence_store::Store;
use ringfence_telephony::{Line, LineConfig, TrunkConfig};
use tokio::task::JoinHandle;

use crate::app::{gate_settings, opt_out_scope};
use crate::calls::{CallSettings, Calls};
use crate::clock::Clock;
use crate::config::{Config, Transport, Trunk};
use crate::converse::Judge;
use crate::desk::{CallDesk, Desk};
use crate::dialer::Dialer;
use crate::prompts::Prompts;

/// Everything that makes calls.
pub struct Assembly {
    calls: Arc<Calls>,
    dialer: Arc<Dialer>,
    at_work: Option<JoinHandle<()>>,
}

impl Assembly {
    /// Opens the SIP address; nothing is dialed yet.
    ///
    /// # Errors
    /// When the configuration has a trunk that cannot be, or the address is taken.
    pub async fn new(
        config: &Config,
        store: Arc<dyn Store>,
        pack: Arc<RulePack>,
        clock: Clock,
        judge: Judge,
    ) -> Result<Self> {
        let line_config = LineConfig {
            media_ports: (config.sip.rtp_port_min, config.sip.rtp_port_max),
            ..LineConfig::new(config.sip.listen, config.trunks.iter().map(trunk).collect())
        };
        let line = Arc::new(Line::start(line_config, Arc::new(move || clock.now())).await?);
        let settings = CallSettings {
            gate: gate_settings(config),
            permit_ttl: Duration::from_secs(u64::from(config.gate.permit_seconds)),
            opt_out_scope: opt_out_scope(config),
            hold_days: config.converse.hold_days,
            calls_max: usize::try_from(config.dialer.calls_max)?,
            only_trunk: match config.trunks.as_slice() {
                [trunk] => Some(trunk.id.clone()),
                _ => None,
            },
        };
        let prompts = Prompts::new(config.tts.command.clone());
        let calls = Arc::new(Calls::new(
            store, pack, clock, line, prompts, settings, judge,
        ));
        let tick = Duration::from_millis(config.dialer.tick_ms);
        let dialer = Arc::new(Dialer::new(Arc::clone(&calls), tick));
        Ok(Self {
            calls,
            dialer,
            at_work: None,
        })
    }

    /// The desk as the API holds it.
    #[must_use]
    pub fn desk(&self) -> Arc<dyn CallDesk> {
        Arc::new(Desk(Arc::clone(&self.calls)))
    }

    /// The calls under way.
    #[must_use]
    pub fn calls(&self) -> Arc<Calls> {
        Arc::clone(&self.calls)
    }

    /// Puts in order what a dead process left, then works the campaigns off.
    ///
    /// # Errors
    /// The store's failure.
    pub fn start_dialer(&mut self) -> Result<()> {
        self.dialer.recover()?;
        self.at_work = Some(tokio::spawn(Arc::clone(&self.dialer).run()));
        Ok(())
    }

    /// Takes no new call and waits for those under way, at most for `limit`; then ends the line.
    pub async fn shut_down(self, limit: Duration) {
        self.desk().drain(limit).await;
        if let Some(dialer) = self.at_work {
            dialer.abort();
        }
        self.calls.line.stop();
    }
}

fn trunk(trunk: &Trunk) -> TrunkConfig {
    TrunkConfig {
        transport: match trunk.transport {
            Transport::Udp => ringfence_telephony::Transport::Udp,
            Transport::Tcp => ringfence_telephony::Transport::Tcp,
            Transport::Tls => ringfence_telephony::Transport::Tls,
        },
        username: trunk.username.clone(),
        password: trunk.password.clone(),
        max_concurrent: trunk.max_concurrent,
        calls_per_second: trunk.calls_per_second,
        ring_seconds: trunk.ring_seconds,
        asserts_identity: trunk.asserts_identity,
        media_from_anywhere: trunk.media_from_anywhere,
        ..TrunkConfig::new(&trunk.id, &trunk.address)
    }
}
