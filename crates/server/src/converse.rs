//! What the callee of a call under way says, and what an opt-out in it does at once.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ringfence_core::call::{CancelWhy, Judged};
use ringfence_core::converse::opt_out::{self, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::StoreError;
use ringfence_store::suppression::{OptOutScope, Revocation};

use crate::calls::{Calls, Command};
use crate::desk::DeskError;

impl Calls {
    /// Takes in the callee's words: an opt-out in them is durable when this returns, however far the call is.
    pub(crate) fn said_by_callee(
        &self,
        call: &Id,
        text: &str,
        is_final: bool,
    ) -> Result<Option<bool>, DeskError> {
        let under_way = self.book().get(call).map(|call| {
            (
                call.commands.clone(),
                call.agent_said.clone(),
                Arc::clone(&call.progress),
            )
        });
        let context = under_way.as_ref().and_then(|(_, said, _)| said.as_deref());
        let judged = match opt_out::classify(text, context, None).verdict {
            Verdict::OptOut => Judged::OptOut,
            Verdict::Ambiguous => Judged::Ambiguous,
            Verdict::NotOptOut => Judged::NotOptOut,
        };
        let opted_out = judged == Judged::OptOut && is_final;
        if under_way.is_none() || opted_out {
            // Words may come after the call has ended; a call that never was is unknown. A store that cannot answer is
            // another matter: whoever brought the words must bring them again.
            let record = self.store.call(call).map_err(|error| match error {
                StoreError::NotFound(_) => DeskError::NotUnderWay,
                error => DeskError::Store(error),
            })?;
            if opted_out {
                self.keep_opt_out(record.to, &record.seller, "call-voice", text, call)?;
            }
        }
        if let Some((commands, _, progress)) = under_way {
            if opted_out {
                progress.opt_out_kept.store(true, Ordering::Release);
            }
            let unanswered = opted_out && !progress.answered.load(Ordering::Acquire);
            let _ = commands.try_send(match unanswered {
                true => Command::Cancel(CancelWhy::OptOutElsewhere),
                false => Command::Said {
                    text: text.to_owned(),
                    is_final,
                    judged,
                },
            });
        }
        Ok(match judged {
            Judged::OptOut if is_final => Some(true),
            Judged::NotOptOut => Some(false),
            Judged::OptOut | Judged::Ambiguous => None,
        })
    }

    /// INVARIANT (opt-out-wins): durable when this returns; other calls to the number are told.
    pub(crate) fn keep_opt_out(
        &self,
        number: PhoneNumber,
        seller: &str,
        channel: &str,
        said: &str,
        call: &Id,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let revocation = Revocation {
            number,
            seller: Some(seller.to_owned()),
            channel: channel.to_owned(),
            said: Some(said.to_owned()),
            at: now,
            scope: self.settings.opt_out_scope,
            call: Some(call.clone()),
        };
        self.store.revoke(revocation, now)?;
        let bound = (self.settings.opt_out_scope == OptOutScope::Seller).then_some(seller);
        self.opted_out_in(call, number, bound);
        Ok(())
    }

    /// Tells the other calls to a number that it opted out in `call`.
    fn opted_out_in(&self, call: &Id, number: PhoneNumber, seller: Option<&str>) {
        let book = self.book();
        let others = book.iter().filter(|(id, other)| {
            *id != call && other.to == number && seller.is_none_or(|s| s == other.seller)
        });
        for (_, other) in others {
            let _ = other
                .commands
                .try_send(Command::Cancel(CancelWhy::OptOutElsewhere));
        }
    }
}
