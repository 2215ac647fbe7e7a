//! Session timers (RFC 4028), as far as the far side asks us to keep the session alive.

use std::time::Duration;

use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, HeadersExt, Response, StatusCode};
use tokio::time::{Instant, Interval, interval_at};

/// The refreshing of one session.
pub(super) struct Refresh {
    expires_s: u64,
    ticks: Interval,
}

impl Refresh {
    /// What a 200 asks for, if it makes us the refresher.
    pub(super) fn asked_for(response: &Response) -> Option<Self> {
        let expires_s = read(&response.header_value("Session-Expires")?)?;
        // Half of it, as RFC 4028 section 10 recommends.
        let every = Duration::from_secs(expires_s) / 2;
        Some(Self {
            expires_s,
            ticks: interval_at(Instant::now() + every, every),
        })
    }

    /// Sends a re-INVITE that changes nothing. A far side that no longer knows the call gets a BYE, which ends it here.
    pub(super) fn send(&self, dialog: &InviteDialog, offer: String) {
        let expires = format!("{};refresher=uac", self.expires_s);
        let headers = vec![
            Header::ContentType("application/sdp".into()),
            Header::Supported("timer".into()),
            Header::Other("Session-Expires".into(), expires),
        ];
        let dialog = dialog.clone();
        tokio::spawn(async move {
            let lost = match dialog
                .reinvite(Some(headers), Some(offer.into_bytes()))
                .await
            {
                Ok(Some(response)) => matches!(
                    response.status_code,
                    StatusCode::RequestTimeout | StatusCode::CallTransactionDoesNotExist
                ),
                Ok(None) => false,
                Err(_) => true,
            };
            if lost && dialog.bye().await.is_err() {
                tracing::debug!("a session that was lost could not be ended");
            }
        });
    }
}

/// Waits for the next refresh.
pub(super) async fn due(refresh: &mut Option<Refresh>) {
    match refresh {
        Some(refresh) => {
            refresh.ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}

fn read(value: &str) -> Option<u64> {
    let mut parts = value.split(';').map(str::trim);
    let seconds = parts.next()?.parse().ok().filter(|s| *s >= 2)?;
    let ours = parts.any(|part| part.eq_ignore_ascii_case("refresher=uac"));
    ours.then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_when_we_are_the_refresher() {
        for (value, want) in [
            ("1800;refresher=uac", Some(1_800)),
            ("90 ; refresher=UAC", Some(90)),
            ("1800;refresher=uas", None),
            ("1800", None),
            ("0;refresher=uac", None),
            ("x;refresher=uac", None),
        ] {
            assert_eq!(read(value), want, "{value}");
        }
    }
}
