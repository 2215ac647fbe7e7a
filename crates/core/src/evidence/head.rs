//! The signed head: what stands beside the table, so that a missing tail is found. A copy that is kept elsewhere is
//! a checkpoint: it also finds a log that was written anew, or put back to an older state, key and all.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::hex;

/// The newest entry, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// The newest entry's place; also how many there are.
    pub seq: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The public key, hexadecimal.
    pub key: String,
    /// Ed25519 over the above, hexadecimal.
    pub signature: String,
}

impl SignedHead {
    /// Signs the newest entry with the log's secret key.
    #[must_use]
    pub fn sign(seq: u64, hash: &str, at: Timestamp, secret: &[u8; 32]) -> Self {
        HeadSigner::new(secret).sign(seq, hash, at)
    }

    /// Whether it names this public key and that key signed it.
    #[must_use]
    pub fn is_signed_by(&self, public: &[u8; 32]) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(public) else {
            return false;
        };
        let Some(signature) = unhex::<64>(&self.signature) else {
            return false;
        };
        self.key == hex(public)
            && key
                .verify_strict(
                    message(self.seq, &self.hash, self.at).as_bytes(),
                    &Signature::from_bytes(&signature),
                )
                .is_ok()
    }
}

/// A log's secret key, ready to sign head after head.
#[derive(Clone)]
pub struct HeadSigner {
    key: SigningKey,
    public: String,
}

impl HeadSigner {
    /// Works the public half out, once.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(secret);
        Self {
            public: hex(key.verifying_key().as_bytes()),
            key,
        }
    }

    /// Signs the newest entry.
    #[must_use]
    pub fn sign(&self, seq: u64, hash: &str, at: Timestamp) -> SignedHead {
        let signature = self.key.sign(message(seq, hash, at).as_bytes());
        SignedHead {
            seq,
            hash: hash.to_owned(),
            at,
            key: self.public.clone(),
            signature: hex(&signature.to_bytes()),
        }
    }
}

impl std::fmt::Debug for HeadSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HeadSigner")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

/// The public half of a log's secret key.
#[must_use]
pub fn public_key(secret: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(secret).verifying_key().to_bytes()
}

/// Reads exactly `N` bytes of hexadecimal.
#[must_use]
pub fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != N.checked_mul(2)? {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |d: u8| {
            char::from(d)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

/// What is signed; the first line keeps the signature from meaning anything elsewhere.
fn message(seq: u64, hash: &str, at: Timestamp) -> String {
    format!("ringfence event head v1\n{seq}\n{hash}\n{at}\n")
}
