//! One simulated callee: a persona with a phone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;

use super::media::CalleeMedia;
use super::message::Message;
use super::persona::Persona;
use super::{Moment, Said, SimulatedConfig, Watched};
use crate::sip::sdp;

/// Nobody listens longer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often an unanswered 200 or BYE is sent again, and how many times.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MAX: u32 = 10;
/// What those say who say stop.
const STOP_WORDS: &str = "Please stop calling me and take me off your list.";
/// They act so long after the first sound; the disclosure of the demo takes nine seconds.
const DURING_MS: u32 = 1_500;
/// Quiet after which a listener takes it that all is said.
const ALL_SAID_MS: u32 = 1_200;

/// One call as the callee's phone sees it.
pub(super) struct Callee {
    pub(super) socket: Arc<UdpSocket>,
    pub(super) caller: SocketAddr,
    pub(super) invite: Message,
    pub(super) persona: Persona,
    pub(super) config: SimulatedConfig,
    pub(super) said: Option<mpsc::Sender<Said>>,
    pub(super) watched: Watched,
    pub(super) requests: mpsc::Receiver<Message>,
    pub(super) tag: String,
}

impl Callee {
    /// From the INVITE to the end.
    pub(super) async fn run(mut self) {
        if self.persona == Persona::Silent {
            // Stays there, so that what is sent again is known to be no other call.
            while let Ok(Some(_)) = tokio::time::timeout(PATIENCE, self.requests.recv()).await {}
            return;
        }
        self.send(self.invite.respond(100, "", "", "")).await;
        if let Some(status) = self.persona.refuses() {
            let extra = match status {
                503 => "Retry-After: 30\r\n",
                _ => "Reason: Q.850;cause=17;text=\"simulated\"\r\n",
            };
            self.finish(status, extra).await;
            return;
        }
        self.send(self.invite.respond(180, &self.tag, "", "")).await;
        if !self.ring().await {
            return;
        }
        if let Some(media) = self.answer().await {
            self.talk(media).await;
        }
    }

    async fn send(&self, text: String) {
        let _ = self.socket.send_to(text.as_bytes(), self.caller).await;
    }

    /// A final refusal, sent again until its ACK.
    async fn finish(&mut self, status: u16, extra: &str) {
        let response = self.invite.respond(status, &self.tag, extra, "");
        self.insist(response, "ACK").await;
    }

    async fn insist(&mut self, text: String, until: &str) -> bool {
        for _ in 0..AGAIN_MAX {
            self.send(text.clone()).await;
            let deadline = tokio::time::Instant::now() + AGAIN;
            while let Ok(request) = tokio::time::timeout_at(deadline, self.requests.recv()).await {
                match request {
                    Some(request) if request.method == until => return true,
                    Some(request) if request.method == "BYE" => {
                        self.send(request.respond(200, &self.tag, "", "")).await;
                        return false;
                    }
                    Some(_) => {}
                    None => return false,
                }
            }
        }
        false
    }

    /// Whether the phone is picked up.
    async fn ring(&mut self) -> bool {
        let ringing = match self.persona.answers() {
            true => self.config.ring,
            false => PATIENCE,
        };
        let deadline = tokio::time::Instant::now() + ringing;
        loop {
            match tokio::time::timeout_at(deadline, self.requests.recv()).await {
                Ok(Some(request)) if request.method == "CANCEL" => {
                    self.send(request.respond(200, &self.tag, "", "")).await;
                    if self.persona == Persona::AnswersIntoCancel {
                        return true;
                    }
                    self.finish(487, "").await;
                    return false;
                }
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return self.persona.answers(),
            }
        }
    }

    async fn answer(&mut self) -> Option<CalleeMedia> {
        let far = sdp::read(self.invite.body.as_bytes())?;
        let event_type = far.remote.telephone_event.unwrap_or(101);
        let local = self.socket.local_addr().ok()?;
        let watched = self.watched.clone();
        let media = CalleeMedia::open(local.ip(), far.remote.to, event_type, self.persona, watched)
            .await
            .ok()?;
        let extra = format!("Contact: <sip:callee@{local}>\r\nContent-Type: application/sdp\r\n");
        let ok = self
            .invite
            .respond(200, &self.tag, &extra, &media.sdp().ok()?);
        self.insist(ok, "ACK").await.then_some(media)
    }

    async fn talk(&mut self, mut media: CalleeMedia) {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        let end = tokio::time::Instant::now() + PATIENCE;
        let mut acted = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {
                    media.tick();
                    if tokio::time::Instant::now() >= end || (!acted && self.is_done(&media)) {
                        self.hang_up().await;
                        return;
                    }
                    acted = acted || self.act(&mut media).await;
                }
                request = self.requests.recv() => match request {
                    Some(request) if request.method == "BYE" => {
                        self.watched.tell(Moment::HungUp);
                        self.send(request.respond(200, &self.tag, "", "")).await;
                        return;
                    }
                    Some(request) if request.method != "ACK" => {
                        self.send(request.respond(200, &self.tag, "", "")).await;
                    }
                    Some(_) => {}
                    None => return,
                },
            }
        }
    }

    /// Whether the callee hangs up now.
    fn is_done(&self, media: &CalleeMedia) -> bool {
        let heard = media.heard();
        match self.persona {
            Persona::HangsUpEarly => heard.since_ms >= DURING_MS,
            Persona::Listens => heard.since_ms > DURING_MS && heard.quiet_ms >= ALL_SAID_MS,
            _ => false,
        }
    }

    /// What the callee does once.
    async fn act(&self, media: &mut CalleeMedia) -> bool {
        let heard = media.heard().since_ms;
        let late = heard >= self.config.disclosure_ms;
        match self.persona {
            Persona::PressesNine if heard >= DURING_MS => media.press('9'),
            Persona::PressesNineLate if late => media.press('9'),
            Persona::SaysStop if heard >= DURING_MS => self.say(STOP_WORDS).await,
            Persona::SaysStopLate if late => self.say(STOP_WORDS).await,
            _ => return false,
        }
        true
    }

    async fn say(&self, text: &str) {
        if let Some(said) = &self.said {
            let words = Said {
                to: self.invite.number(),
                text: text.to_owned(),
            };
            let _ = said.send(words).await;
        }
    }

    async fn hang_up(&mut self) {
        let local = self.socket.local_addr().map(|a| a.to_string());
        let (via, tag) = (local.unwrap_or_default(), &self.tag);
        let bye = format!(
            "BYE {} SIP/2.0\r\nVia: SIP/2.0/UDP {via};branch=z9hG4bKbye{tag};rport\r\nMax-Forwards: 70\r\n\
             From: {};tag={tag}\r\nTo: {}\r\nCall-ID: {}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
            self.invite.contact_uri(),
            self.invite.header("to"),
            self.invite.header("from"),
            self.invite.header("call-id"),
        );
        // A response has no method.
        self.insist(bye, "").await;
    }
}
