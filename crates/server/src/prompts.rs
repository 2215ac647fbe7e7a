//! What a call plays: the seller's recorded prompts, or, where a TTS command is configured, its script spoken once
//! and kept.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ringfence_core::seller::Seller;
use ringfence_store::seller::PromptKind;
use ringfence_store::{Store, StoreError};
use ringfence_telephony::Prompt;

/// How long the TTS command may take.
const TTS_SECONDS_MAX: u64 = 20;
/// Prompts kept ready; the oldest names go first.
const READY_MAX: usize = 256;

/// Prompts in the form that the line plays, kept ready by their hash.
#[derive(Clone, Default)]
pub struct Prompts {
    ready: Arc<Mutex<BTreeMap<String, Arc<Prompt>>>>,
    tts: Vec<String>,
}

/// What one call may play.
pub(crate) struct CallPrompts {
    pub prompts: ringfence_telephony::Prompts,
    pub may_leave_voicemail: bool,
}

impl Prompts {
    /// With this TTS command; empty: none.
    #[must_use]
    pub fn new(tts: Vec<String>) -> Self {
        Self {
            ready: Arc::default(),
            tts,
        }
    }

    /// The seller's prompts, ready to play.
    pub(crate) fn of_seller(
        &self,
        store: &dyn Store,
        seller: &str,
    ) -> Result<CallPrompts, StoreError> {
        let profile = store.seller(seller)?.profile;
        let recorded = |kind| -> Result<Option<Arc<Prompt>>, StoreError> {
            store
                .prompt(seller, kind)?
                .map(|prompt| self.ready(&prompt.sha256, &prompt.words, || Ok(prompt.wav.clone())))
                .transpose()
        };
        let disclosure = match recorded(PromptKind::Disclosure)? {
            Some(prompt) => prompt,
            None => {
                let script = script(&profile);
                self.ready(&format!("tts:{script}"), &script, || self.speak(&script))?
            }
        };
        let voicemail = recorded(PromptKind::Voicemail)?;
        let farewell = match recorded(PromptKind::Farewell)? {
            Some(prompt) => Some(prompt),
            None if self.tts.is_empty() => None,
            None => {
                let words = farewell(&profile);
                Some(self.ready(&format!("tts:{words}"), &words, || self.speak(&words))?)
            }
        };
        Ok(CallPrompts {
            // 47 CFR 64.1200(b)(3): a message left on a machine gives a toll-free number to opt out by.
            may_leave_voicemail: voicemail.is_some() && profile.toll_free_opt_out.is_some(),
            prompts: ringfence_telephony::Prompts {
                disclosure,
                message: recorded(PromptKind::Message)?,
                acknowledgement: recorded(PromptKind::Acknowledgement)?,
                voicemail,
                farewell,
            },
        })
    }

    fn ready(
        &self,
        key: &str,
        words: &str,
        wav: impl FnOnce() -> Result<Vec<u8>, StoreError>,
    ) -> Result<Arc<Prompt>, StoreError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prompt) = ready.get(key) {
            return Ok(Arc::clone(prompt));
        }
        let prompt = Prompt::from_wav(&wav()?, words)
            .map_err(|error| StoreError::Corrupt(format!("a prompt cannot be played: {error}")))?;
        let prompt = Arc::new(prompt);
        while ready.len() >= READY_MAX {
            ready.pop_first();
        }
        ready.insert(key.to_owned(), Arc::clone(&prompt));
        Ok(prompt)
    }

    fn speak(&self, script: &str) -> Result<Vec<u8>, StoreError> {
        let failed = |what: String| StoreError::Unavailable(format!("the TTS command: {what}"));
        let Some((program, arguments)) = self.tts.split_first() else {
            return Err(failed("none is configured".to_owned()));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        if let Some(mut stdin) = child.stdin.take() {
            stdin
                .write_all(script.as_bytes())
                .map_err(|error| failed(error.to_string()))?;
        }
        let output = child.stdout.take();
        let reader = std::thread::spawn(move || {
            let mut wav = Vec::new();
            if let Some(mut output) = output {
                let _ = std::io::Read::read_to_end(&mut output, &mut wav);
            }
            wav
        });
        let deadline = Instant::now() + Duration::from_secs(TTS_SECONDS_MAX);
        let status = loop {
            match child
                .try_wait()
                .map_err(|error| failed(error.to_string()))?
            {
                Some(status) => break status,
                None if Instant::now() >= deadline => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed(format!("took more than {TTS_SECONDS_MAX} s")));
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        let wav = reader.join().unwrap_or_default();
        if status.success() && !wav.is_empty() {
            Ok(wav)
        } else {
            Err(failed(format!(
                "ended with {status} and {} bytes",
                wav.len()
            )))
        }
    }
}

/// What ends a call after words that may have meant "stop calling": no more selling, and how to stop all calls.
#[must_use]
pub fn farewell(seller: &Seller) -> String {
    format!(
        "Thank you, we will not keep you. To stop all calls from {name}, press 9 now, or say stop. Goodbye.",
        name = seller.name
    )
}

/// The seller's script: who is calling, that it is an AI, how to opt out, that the call is recorded, and a number to
/// call back, in the order of 47 CFR 64.1200(b)(1)-(3).
#[must_use]
pub fn script(seller: &Seller) -> String {
    let mut script = format!(
        "This is {name}, calling with an artificial intelligence voice. To stop all calls, press 9 or say stop at any \
         time. This call may be recorded.",
        name = seller.name
    );
    if let Some(number) = seller.callback_number {
        let digits: Vec<String> = number
            .e164()
            .trim_start_matches('+')
            .chars()
            .map(String::from)
            .collect();
        script.push_str(&format!(" Our number is {}.", digits.join(" ")));
    }
    script
}
