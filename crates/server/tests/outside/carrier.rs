//! A simulated carrier beside the server under test, and a seller that may call over it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ringfence_telephony::simulated::{Observer, Persona, SimulatedCarrier, SimulatedConfig};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::server::{Server, World, consent};

/// Inside everybody's calling hours: noon in New York, a Monday.
pub const NOON: &str = "2026-11-23T17:00:00Z";

/// A carrier with its own threads.
pub struct Carrier {
    _runtime: Runtime,
    carrier: SimulatedCarrier,
}

impl Carrier {
    /// Numbers that are not named listen to the end.
    pub fn start(personas: &[(&str, Persona)]) -> Self {
        Self::observed(personas, Arc::new(|_, _| {}))
    }

    /// The same, with somebody who watches the callees.
    pub fn observed(personas: &[(&str, Persona)], observer: Observer) -> Self {
        let personas: BTreeMap<String, Persona> = personas
            .iter()
            .map(|(number, persona)| ((*number).to_owned(), *persona))
            .collect();
        let of = move |number: &str| personas.get(number).copied().unwrap_or(Persona::Listens);
        let runtime = Runtime::new().unwrap();
        let config = SimulatedConfig {
            ring: Duration::from_millis(100),
            disclosure_ms: 1_200,
        };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let carrier = runtime
            .block_on(SimulatedCarrier::start_observed(
                listen,
                config,
                Arc::new(of),
                None,
                observer,
            ))
            .unwrap();
        Self {
            _runtime: runtime,
            carrier,
        }
    }

    /// Distinct INVITEs by number.
    pub fn invites(&self) -> BTreeMap<String, u32> {
        self.carrier.all_invites()
    }

    /// A server whose only trunk leads here, at noon by its test clock, with a seller in order.
    pub fn serve(&self, world: &World, more: &str) -> Server {
        self.serve_at(world, more, 50.0)
    }

    /// The same over a trunk that takes so many calls a second.
    pub fn serve_at(&self, world: &World, more: &str, per_second: f64) -> Server {
        let address = self.carrier.local();
        let config = world.write(
            "ringfence.toml",
            &format!(
                "[sip]\nlisten = \"127.0.0.1:0\"\n[dialer]\ntick_ms = 20\n{more}\n[[trunks]]\nid = \"carrier\"\n\
                 address = \"{address}\"\ncalls_per_second = {per_second:?}\nring_seconds = 15\n"
            ),
        );
        let server = world.serve(&["--config", &config, "--clock", NOON]);
        server.furnish(world);
        server
    }
}

impl Server {
    /// Orders one call.
    pub fn call(&self, to: &str) -> Value {
        let order = json!({"to": to, "seller": "acme-solar", "purpose": "telemarketing",
                           "caller_id": "+12125550100", "place": null, "trunk": "carrier",
                           "agent": {"kind": "announcement"}});
        self.post("/v1/calls", &order).ok()
    }

    /// The call, once `done` says so.
    pub fn call_when(&self, id: &str, done: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let call = self.get(&format!("/v1/calls/{id}")).ok();
            if done(&call) {
                return call;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "still {call:#}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The call when it has ended.
    pub fn ended(&self, placed: &Value) -> Value {
        let id = placed["id"]
            .as_str()
            .unwrap_or_else(|| panic!("not placed: {placed:#}"));
        self.call_when(id, |call| call["state"] == "ended")
    }

    /// A campaign with consented leads, started.
    pub fn campaign(&self, numbers: &[String], more: Value) -> String {
        let mut plan = json!({"name": "test", "seller": "acme-solar", "calls_per_second": 50.0});
        plan.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let campaign = self.post("/v1/campaigns", &plan).ok();
        let id = campaign["id"].as_str().unwrap().to_owned();
        for number in numbers {
            self.post("/v1/consents", &consent(number)).ok();
            let lead = json!({"number": number, "campaign": id, "place": {"state": "NY"}});
            self.post("/v1/leads", &lead).ok();
        }
        self.post(&format!("/v1/campaigns/{id}:start"), &json!({}))
            .ok();
        id
    }
}
