//! The callee leg as the driver sees it: what happens comes out as the core's inputs, the core's outputs go in.

use ringfence_core::call::{Input, Output, PlayFrom, PromptKind};
use tokio::sync::mpsc;

/// Events that the driver has not taken yet (invariant `bounded`).
pub(crate) const EVENTS_MAX: usize = 256;
/// Commands that the leg has not taken yet.
pub(crate) const COMMANDS_MAX: usize = 32;

/// What a leg can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LegCommand {
    Play { prompt: PromptKind, from: PlayFrom },
    Stop,
    Cancel,
    HangUp,
}

/// One call to a callee. Dropping it ends the call: CANCEL or BYE.
#[derive(Debug)]
pub struct Leg {
    /// What happens, ready for `Call::handle`; the last one is always `Input::Ended`, then the channel closes.
    pub events: mpsc::Receiver<Input>,
    handle: LegHandle,
}

/// The commands of a leg.
#[derive(Debug, Clone)]
pub struct LegHandle {
    commands: mpsc::Sender<LegCommand>,
}

impl Leg {
    pub(crate) fn new(events: mpsc::Receiver<Input>, commands: mpsc::Sender<LegCommand>) -> Self {
        Self {
            events,
            handle: LegHandle { commands },
        }
    }

    /// See [`LegHandle::execute`].
    pub fn execute(&self, output: &Output) -> bool {
        self.handle.execute(output)
    }

    /// Commands without the events.
    #[must_use]
    pub fn handle(&self) -> LegHandle {
        self.handle.clone()
    }
}

impl LegHandle {
    /// Executes what is for the callee leg: `CancelCallee`, `HangUpCallee`, `Play`, `StopPlaying`. False when the output is
    /// none of these and the driver has to do it. A leg that is over ignores its commands.
    pub fn execute(&self, output: &Output) -> bool {
        let command = match output {
            Output::CancelCallee => LegCommand::Cancel,
            Output::HangUpCallee => LegCommand::HangUp,
            Output::Play { prompt, from } => LegCommand::Play {
                prompt: *prompt,
                from: *from,
            },
            Output::StopPlaying => LegCommand::Stop,
            _ => return false,
        };
        if let Err(error) = self.commands.try_send(command)
            && let mpsc::error::TrySendError::Full(_) = error
        {
            // A call gives a handful of commands; the machine's own limits end a leg that stands still.
            tracing::error!("a leg does not take its commands");
        }
        true
    }
}
