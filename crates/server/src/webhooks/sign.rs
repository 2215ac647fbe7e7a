//! Standard Webhooks signatures (<https://www.standardwebhooks.com>), version 1 of HMAC-SHA256.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// A secret as it is written down: `whsec_` and base64.
const PREFIX: &str = "whsec_";

/// Signs what is sent to one endpoint.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads a secret.
    ///
    /// # Errors
    /// What is wrong with it, without the secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = || "must be whsec_ and 24 to 64 bytes in base64".to_owned();
        let encoded = text.strip_prefix(PREFIX).ok_or_else(wanted)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| wanted())?;
        match bytes.len() {
            24..=64 => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))),
            _ => Err(wanted()),
        }
    }

    /// A fresh one, as it is written down.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn fresh() -> Result<String, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(format!("{PREFIX}{}", STANDARD.encode(bytes)))
    }

    /// The header `webhook-signature` for a message sent at `seconds` since 1970.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", STANDARD.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with the reference implementation for Python, standardwebhooks 1.1.0.
    #[test]
    fn a_message_is_signed_as_the_reference_signs_it() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLMSw").unwrap();
        let body = br#"{"event":"call.completed","data":{"id":"01JDEXAMPLE"}}"#;
        let signature = secret.sign("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", 1_700_000_000, body);
        assert_eq!(signature, "v1,8jL1iec+1X0Ge00WSaZunWGqvxuEh8+JuMyPpH0ZflY=");
    }

    #[test]
    fn a_secret_is_long_enough_and_fresh_each_time() {
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLMSw",
            "whsec_*",
        ] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
        let (one, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        assert!(Secret::parse(&one).is_ok() && one != other);
    }
}
