//! The desk over the line: the calls under way answer it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::call::CancelWhy;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::operator::StopScope;

use super::{CallDesk, CallOrder, DeskError, OptOutTimes, PlacedCall, Soon, Speaker, Words};
use crate::calls::{Calls, Command};

/// The desk as the API holds it.
#[derive(Clone)]
pub struct Desk(pub Arc<Calls>);

impl CallDesk for Desk {
    fn place(&self, order: CallOrder) -> Soon<'_, Result<PlacedCall, DeskError>> {
        Box::pin(Arc::clone(&self.0).place_now(order))
    }

    fn said(&self, call: &Id, words: Words) -> Result<Option<bool>, DeskError> {
        match words.speaker {
            Speaker::Callee => self.0.said_by_callee(call, words),
            // An agent's own words are context and nothing more.
            Speaker::Agent => {
                let mut book = self.0.book();
                let call = book.get_mut(call).ok_or(DeskError::NotUnderWay)?;
                call.agent_said = Some(words.text);
                Ok(None)
            }
        }
    }

    fn hang_up(&self, call: &Id) -> Result<(), DeskError> {
        let book = self.0.book();
        let call = book.get(call).ok_or(DeskError::NotUnderWay)?;
        let _ = call.commands.try_send(Command::Cancel(CancelWhy::HangUp));
        Ok(())
    }

    fn opted_out(&self, number: PhoneNumber, seller: Option<&str>, said_in: Option<&Id>) {
        self.0.opted_out(number, seller, said_in);
    }

    fn barred(
        &self,
        number: PhoneNumber,
        seller: Option<&str>,
        said_in: Option<&Id>,
        at: Timestamp,
    ) {
        self.0.barred(number, seller, said_in, at);
    }

    fn stopped(&self, scope: &StopScope) {
        let of_campaign = |id: &Id, campaign: &Id| {
            // What cannot be read is cancelled: STOP errs on the side of silence.
            let call = self.0.store.call(id);
            call.map_or(true, |call| call.campaign.as_ref() == Some(campaign))
        };
        let ids: Vec<(Id, String)> = {
            let book = self.0.book();
            let calls = book.iter();
            calls
                .map(|(id, call)| (id.clone(), call.request.seller.clone()))
                .collect()
        };
        for (id, seller) in ids {
            let within = match scope {
                StopScope::All => true,
                StopScope::Seller(stopped) => *stopped == seller,
                StopScope::Campaign(campaign) => of_campaign(&id, campaign),
            };
            if within && let Some(call) = self.0.book().get(&id) {
                let _ = call.commands.try_send(Command::Cancel(CancelWhy::Stop));
            }
        }
    }

    fn campaigns_changed(&self) {
        self.0.changed.notify_waiters();
    }

    fn active(&self) -> usize {
        self.0.active()
    }

    fn opt_out_times(&self) -> OptOutTimes {
        self.0.opt_out_times.figures()
    }

    fn drain(&self, limit: Duration) -> Soon<'_, ()> {
        Box::pin(async move {
            self.0.closing.store(true, Ordering::Release);
            let empty = async {
                while self.0.active() > 0 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            if tokio::time::timeout(limit, empty).await.is_err() {
                self.0.tell(CancelWhy::Shutdown, |_, _| true);
                // A BYE is answered at once or never; what is left is an orphan for the next start.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        })
    }
}
