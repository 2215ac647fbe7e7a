//! One call to a callee: the INVITE and its end, with the media in between.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use ringfence_core::call::{Ending, Input, PlayFrom, PromptKind};
use ringfence_core::disclose::Interruption;
use ringfence_core::lead::PhoneNumber;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::invitation::{InviteAsyncResult, InviteOption};
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, HeadersExt, Response, StatusCode, StatusCodeKind, Uri};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::refresh::{self, Refresh};
use super::requests::{answer_plainly, answer_update, key_of_info};
use super::sdp::{self, FarSide};
use super::stack::{Stack, is_from_network};
use super::target;
use crate::Clock;
use crate::leg::{EVENTS_MAX, LegCommand};
use crate::line::DialOrder;
use crate::media::pacer::Pacer;
use crate::media::ports::{MediaSockets, PortRange};
use crate::media::session::{MediaCommand, Session, SessionParts, StreamStart};

/// How long the far side's answer to our BYE is waited for; it is sent again for 32 s all the same.
const BYE_WAIT: Duration = Duration::from_secs(2);
/// Commands that the media has not taken yet.
const MEDIA_COMMANDS_MAX: usize = 16;

/// Everything that a call needs.
pub(crate) struct Placement {
    pub(crate) stack: Arc<Stack>,
    pub(crate) pacer: Arc<Pacer>,
    pub(crate) ports: Arc<PortRange>,
    pub(crate) clock: Clock,
    pub(crate) to: PhoneNumber,
    pub(crate) caller_id: PhoneNumber,
    pub(crate) order: DialOrder,
    pub(crate) stall_ms_max: u32,
    pub(crate) events: mpsc::Sender<Input>,
}

/// The media of an answered call.
struct Media {
    commands: SyncSender<MediaCommand>,
    events: mpsc::Receiver<Input>,
}

/// One call.
pub(crate) struct CalleeCall {
    place: Placement,
    media: Option<Media>,
    media_at: Option<SocketAddr>,
    session: u32,
    version: u32,
    cancelled: bool,
    answered: bool,
    driver_gone: bool,
    refresh: Option<Refresh>,
}

impl CalleeCall {
    pub(crate) fn new(place: Placement) -> Self {
        Self {
            place,
            media: None,
            media_at: None,
            session: random_u32() >> 1,
            version: 1,
            cancelled: false,
            answered: false,
            driver_gone: false,
            refresh: None,
        }
    }

    /// From the INVITE to the end; the last event is always `Ended`.
    pub(crate) async fn run(mut self, mut commands: mpsc::Receiver<LegCommand>) {
        let ending = match self.place_call(&mut commands).await {
            Ok(ending) => ending,
            Err(what) => Ending::Failed { what },
        };
        let why = match ending {
            Ending::CalleeHungUp => Interruption::CalleeHungUp,
            _ => Interruption::Cancelled,
        };
        self.close_media(why).await;
        // The trunk's slot is free before the driver hears of the end, so that it can dial at once.
        let Placement { order, events, .. } = self.place;
        drop(order);
        let _ = events.send(Input::Ended(ending)).await;
    }

    async fn place_call(
        &mut self,
        commands: &mut mpsc::Receiver<LegCommand>,
    ) -> Result<Ending, String> {
        let Some(sockets) = self.place.ports.bind() else {
            return Err("no media port is free".to_owned());
        };
        let media_at = SocketAddr::new(self.place.stack.advertised(), sockets.local.port());
        self.media_at = Some(media_at);
        let option = self.invite_option(media_at).await?;
        let dialogs = Arc::clone(self.place.stack.dialogs());
        let (state_sender, mut states) = dialogs.new_dialog_state_channel();
        let (dialog, mut invite) = dialogs
            .do_invite_async(option, state_sender)
            .map_err(|error| format!("the INVITE could not be made: {error}"))?;
        let ending = self
            .follow(&dialog, &mut states, &mut invite, commands, sockets)
            .await;
        dialogs.remove_dialog(&dialog.id());
        Ok(ending)
    }

    async fn follow(
        &mut self,
        dialog: &InviteDialog,
        states: &mut DialogStateReceiver,
        invite: &mut JoinHandle<InviteAsyncResult>,
        commands: &mut mpsc::Receiver<LegCommand>,
        sockets: MediaSockets,
    ) -> Ending {
        let mut sockets = Some(sockets);
        let mut inviting = true;
        loop {
            tokio::select! {
                // States first: a `Confirmed` must be seen before the INVITE's own end.
                biased;
                Some(state) = states.recv() => {
                    if let Some(ending) = self.on_state(state, dialog, &mut sockets).await {
                        return ending;
                    }
                }
                result = &mut *invite, if inviting => {
                    inviting = false;
                    if let Some(ending) = self.on_invite_over(result) {
                        return ending;
                    }
                }
                command = commands.recv(), if !self.driver_gone => {
                    if let Some(ending) = self.on_command(command, dialog).await {
                        return ending;
                    }
                }
                () = refresh::due(&mut self.refresh), if self.refresh.is_some() => {
                    self.refresh_session(dialog);
                }
                event = media_event(&mut self.media), if self.media.is_some() => match event {
                    Some(event) => self.tell(event).await,
                    None => {
                        self.media = None;
                        return self.fail(dialog, "the media ended by itself").await;
                    }
                },
            }
        }
    }

    async fn on_state(
        &mut self,
        state: DialogState,
        dialog: &InviteDialog,
        sockets: &mut Option<MediaSockets>,
    ) -> Option<Ending> {
        match state {
            DialogState::Trying(_) => self.tell(Input::Trying).await,
            DialogState::Early(_, response) => {
                let early = if response.body.is_empty() {
                    Input::Ringing
                } else {
                    Input::EarlyMedia
                };
                self.tell(early).await;
            }
            DialogState::Confirmed(_, response) if !self.answered => {
                self.answered = true;
                let Some(sockets) = sockets.take() else {
                    return Some(self.fail(dialog, "answered twice").await);
                };
                return self.on_answer(&response, dialog, sockets).await;
            }
            DialogState::Updated(_, request, handle) => {
                let (session, version, media_at) = (self.session, self.version + 1, self.media_at);
                self.version = version;
                let describe = |theirs: Option<&FarSide>| match (media_at, theirs) {
                    (Some(at), Some(theirs)) => sdp::answer(at, session, version, theirs),
                    (Some(at), None) => sdp::offer(at, session, version),
                    (None, _) => String::new(),
                };
                if let Some(theirs) = answer_update(&request, &handle, describe).await {
                    self.command_media(MediaCommand::Remote {
                        remote: theirs.remote,
                        on_hold: theirs.direction.is_hold(),
                    });
                }
            }
            DialogState::Info(_, request, handle) => {
                answer_plainly(&handle, StatusCode::OK).await;
                if let Some(key) = key_of_info(&request) {
                    self.tell(Input::Key(key)).await;
                }
            }
            DialogState::Options(_, _, handle) => answer_plainly(&handle, StatusCode::OK).await,
            DialogState::Refer(_, _, handle)
            | DialogState::Message(_, _, handle)
            | DialogState::Notify(_, _, handle)
            | DialogState::Publish(_, _, handle) => {
                answer_plainly(&handle, StatusCode::MethodNotAllowed).await;
            }
            DialogState::Terminated(..) if self.answered => return Some(Ending::CalleeHungUp),
            DialogState::Calling(_)
            | DialogState::WaitAck(..)
            | DialogState::Confirmed(..)
            | DialogState::Terminated(..) => {}
        }
        None
    }

    async fn on_answer(
        &mut self,
        response: &Response,
        dialog: &InviteDialog,
        sockets: MediaSockets,
    ) -> Option<Ending> {
        self.tell(Input::Answered).await;
        let Some(theirs) = sdp::read(&response.body) else {
            return Some(self.fail(dialog, "answered without usable audio").await);
        };
        let (commands, from_call) = sync_channel(MEDIA_COMMANDS_MAX);
        let (to_call, events) = mpsc::channel(EVENTS_MAX);
        let session = Session::new(SessionParts {
            sockets,
            remote: theirs.remote,
            clock: Arc::clone(&self.place.clock),
            commands: from_call,
            events: to_call,
            stream: StreamStart {
                ssrc: random_u32(),
                seq: u16::try_from(random_u32() >> 17).unwrap_or(0),
                timestamp: random_u32(),
            },
            stall_ms_max: self.place.stall_ms_max,
            any_source: self.place.order.slot.trunk.config.media_from_anywhere,
        });
        if !self.place.pacer.add(session) {
            return Some(self.fail(dialog, "the pacer takes no more calls").await);
        }
        self.media = Some(Media { commands, events });
        self.refresh = Refresh::asked_for(response);
        None
    }

    fn refresh_session(&mut self, dialog: &InviteDialog) {
        if let (Some(refresh), Some(at)) = (&self.refresh, self.media_at) {
            refresh.send(dialog, sdp::offer(at, self.session, self.version));
        }
    }

    fn on_invite_over(
        &self,
        result: Result<InviteAsyncResult, tokio::task::JoinError>,
    ) -> Option<Ending> {
        let failed = |what: String| {
            Some(Ending::Failed {
                what: format!("the INVITE failed: {what}"),
            })
        };
        match result {
            Ok(Ok((_, Some(response)))) => match response.status_code.kind() {
                StatusCodeKind::Successful if self.answered => None,
                StatusCodeKind::Successful if self.cancelled => Some(Ending::AnsweredAfterCancel),
                StatusCodeKind::Successful => failed("a 2xx without a dialog".to_owned()),
                _ => Some(refusal(&response)),
            },
            Ok(Ok((_, None))) => Some(Ending::NoReply),
            // After a 200 only the call's own end counts.
            Ok(Err(_)) | Err(_) if self.answered => None,
            Ok(Err(error)) => failed(error.to_string()),
            Err(error) => failed(error.to_string()),
        }
    }

    async fn on_command(
        &mut self,
        command: Option<LegCommand>,
        dialog: &InviteDialog,
    ) -> Option<Ending> {
        match command {
            Some(LegCommand::Play { prompt, from }) => self.play(prompt, from),
            Some(LegCommand::Stop) => {
                self.command_media(MediaCommand::Stop(Interruption::Cancelled));
            }
            Some(LegCommand::HangUp) | None if self.answered => {
                self.command_media(MediaCommand::Close(Interruption::Cancelled));
                hang_up(dialog).await;
                return Some(Ending::HungUp);
            }
            Some(LegCommand::Cancel | LegCommand::HangUp) | None if !self.answered => {
                if !self.cancelled {
                    self.cancelled = true;
                    cancel(dialog);
                }
                // Without a driver the CANCEL is still seen through; the stack ends a 200 that crosses it.
                self.driver_gone = command.is_none();
            }
            // A CANCEL that the answer overtook.
            Some(LegCommand::Cancel | LegCommand::HangUp) | None => {}
        }
        None
    }

    fn play(&mut self, kind: PromptKind, from: PlayFrom) {
        match self.place.order.prompts.get(kind).cloned() {
            Some(prompt) => self.command_media(MediaCommand::Play { kind, prompt, from }),
            None => tracing::error!(?kind, "the call has no such prompt"),
        }
    }

    fn command_media(&mut self, command: MediaCommand) {
        if let Some(media) = &self.media
            && media.commands.try_send(command).is_err()
        {
            tracing::error!("the media does not take its commands");
        }
    }

    /// Ours: ends an answered call that cannot be served.
    async fn fail(&mut self, dialog: &InviteDialog, what: &str) -> Ending {
        self.command_media(MediaCommand::Close(Interruption::Cancelled));
        hang_up(dialog).await;
        Ending::Failed {
            what: what.to_owned(),
        }
    }

    /// Ends the media and takes what it has left to say, such as how far the disclosure had come.
    async fn close_media(&mut self, why: Interruption) {
        self.command_media(MediaCommand::Close(why));
        if let Some(mut media) = self.media.take() {
            while let Some(event) = media.events.recv().await {
                self.tell(event).await;
            }
        }
    }

    async fn tell(&self, event: Input) {
        // A driver that is gone has dropped the leg, and that ends the call through the commands.
        let _ = self.place.events.send(event).await;
    }

    async fn invite_option(&self, media_at: SocketAddr) -> Result<InviteOption, String> {
        let trunk = &self.place.order.slot.trunk.config;
        let bad = |error: rsipstack::sip::Error| format!("no SIP address: {error}");
        let number = self.place.caller_id.e164();
        let us = SocketAddr::new(
            self.place.stack.advertised(),
            self.place.stack.local().port(),
        );
        let caller = Uri::try_from(format!("sip:{number}@{us}")).map_err(bad)?;
        let asserted = format!("<sip:{number}@{us}>");
        let mut headers = vec![Header::Supported("timer".into())];
        if trunk.asserts_identity {
            headers.push(Header::Other("P-Asserted-Identity".into(), asserted));
        }
        let credential = (!trunk.username.is_empty()).then(|| Credential {
            username: trunk.username.clone(),
            password: trunk.password.clone(),
            realm: None,
            auth_username: None,
        });
        Ok(InviteOption {
            contact: caller.clone(),
            caller,
            callee: target::uri(trunk, &self.place.to.e164()).map_err(bad)?,
            destination: target::destination(trunk).await?,
            offer: Some(sdp::offer(media_at, self.session, self.version).into_bytes()),
            credential,
            headers: Some(headers),
            ..InviteOption::default()
        })
    }
}

async fn media_event(media: &mut Option<Media>) -> Option<Input> {
    match media {
        Some(media) => media.events.recv().await,
        None => std::future::pending().await,
    }
}

/// CANCEL; the stack waits up to 32 s for its answer, so nobody waits here.
fn cancel(dialog: &InviteDialog) {
    let dialog = dialog.clone();
    tokio::spawn(async move {
        if let Err(error) = dialog.cancel().await {
            tracing::debug!(%error, "a CANCEL was not confirmed");
        }
    });
}

async fn hang_up(dialog: &InviteDialog) {
    let dialog = dialog.clone();
    let bye = tokio::spawn(async move {
        if let Err(error) = dialog.bye().await {
            tracing::debug!(%error, "a BYE was not confirmed");
        }
    });
    if tokio::time::timeout(BYE_WAIT, bye).await.is_err() {
        tracing::warn!("the carrier does not answer a BYE");
    }
}

fn refusal(response: &Response) -> Ending {
    if !is_from_network(response) {
        return Ending::NoReply;
    }
    let text = |name| response.header_value(name);
    Ending::Rejected {
        status: response.status_code.code(),
        reason: text("Reason"),
        retry_after_s: text("Retry-After").and_then(|value| {
            let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        }),
    }
}

/// SSRC, the start of sequence numbers and timestamps: unpredictable (RFC 3550 section 5.1), not secret.
fn random_u32() -> u32 {
    getrandom::u32().unwrap_or_else(|_| std::process::id())
}
