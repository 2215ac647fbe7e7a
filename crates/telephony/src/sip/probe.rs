//! Is a trunk there? The SIP stack does not report a refused connection or certificate, so it is asked.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rsipstack::sip::{Method, SipMessage, StatusCodeKind, typed};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::make_tag;
use rsipstack::transaction::transaction::Transaction;

use super::stack::{Stack, is_from_network};
use super::target;
use crate::trunk::TrunkConfig;

/// How a trunk answered an OPTIONS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrunkHealth {
    /// It answered; any status shows that it is there.
    Up {
        /// The SIP status.
        status: u16,
        /// How long the answer took.
        round_trip: Duration,
    },
    /// It did not.
    Down {
        /// For a person to read.
        what: String,
    },
}

impl Stack {
    /// Sends one OPTIONS and waits for its answer, at most so long.
    pub(crate) async fn probe(&self, trunk: &TrunkConfig, wait: Duration) -> TrunkHealth {
        let began = Instant::now();
        match tokio::time::timeout(wait, self.ask(trunk)).await {
            Ok(Ok(Some(status))) => TrunkHealth::Up {
                status,
                round_trip: began.elapsed(),
            },
            Ok(Ok(None)) | Err(_) => TrunkHealth::Down {
                what: format!("no answer to OPTIONS within {} ms", wait.as_millis()),
            },
            Ok(Err(what)) => TrunkHealth::Down { what },
        }
    }

    async fn ask(&self, trunk: &TrunkConfig) -> Result<Option<u16>, String> {
        let failed = |error: rsipstack::Error| error.to_string();
        let uri = target::uri(trunk, "").map_err(|error| error.to_string())?;
        let destination = target::destination(trunk).await?;
        let endpoint = Arc::clone(&self.dialogs().endpoint);
        let via = endpoint.get_via(None, None).map_err(failed)?;
        let us = format!("sip:ringfence@{}", self.local());
        let from = typed::From {
            display_name: None,
            uri: us
                .as_str()
                .try_into()
                .map_err(|error: rsipstack::sip::Error| error.to_string())?,
            params: vec![],
        };
        let to = typed::To {
            display_name: None,
            uri: uri.clone(),
            params: vec![],
        };
        let from = from.with_tag(make_tag());
        let request = endpoint.make_request(Method::Options, uri, via, from, to, 1, None);
        let key =
            TransactionKey::from_request(&request, TransactionRole::Client).map_err(failed)?;
        let mut transaction = Transaction::new_client(key, request, endpoint, None);
        transaction.destination = destination;
        transaction.send().await.map_err(failed)?;
        while let Some(message) = transaction.receive().await {
            if let SipMessage::Response(response) = message
                && response.status_code.kind() != StatusCodeKind::Provisional
            {
                let status = response.status_code.code();
                return Ok(is_from_network(&response).then_some(status));
            }
        }
        Ok(None)
    }
}
