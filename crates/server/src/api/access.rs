//! Who asks, and whether they may.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{HeaderMap, StatusCode, header};
use ringfence_core::id::Id;
use ringfence_store::Store;
use ringfence_store::key::{ApiKey, Role};
use sha2::{Digest, Sha256};

use super::problem::ApiError;
use super::request::Caller;
use super::route::Route;

/// A fresh API key; only its hash is kept.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn fresh_key() -> Result<String, getrandom::Error> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("rf_{}", crate::lists::hex(&bytes)))
}

/// What the store keeps of a key. 256 random bits need no slow hash.
pub fn key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// Keys that opened something lately; more than so many are forgotten together (invariant `bounded`).
const SEEN_MAX: usize = 1024;

/// Callers whose keys were good when they were last looked up. Enough to read a body for; whether the key is good still
/// is asked of the store again, on the thread and at the moment of the operation.
#[derive(Debug, Default)]
pub struct Seen(Mutex<HashMap<[u8; 32], Caller>>);

impl Seen {
    /// The caller behind this key, as of its last look-up.
    pub fn caller(&self, hash: &[u8; 32]) -> Option<Caller> {
        self.lock().get(hash).cloned()
    }

    /// Asks the store; keeps who is known, and forgets who is not.
    ///
    /// # Errors
    /// 401 for a key that is not known.
    pub fn ask(&self, store: &dyn Store, hash: &[u8; 32]) -> Result<Caller, ApiError> {
        let asked = caller(store, hash);
        let mut seen = self.lock();
        match &asked {
            Ok(caller) if seen.get(hash) == Some(caller) => {}
            Ok(caller) => {
                if seen.len() >= SEEN_MAX {
                    seen.clear();
                }
                seen.insert(*hash, caller.clone());
            }
            Err(_) => {
                seen.remove(hash);
            }
        }
        asked
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Caller>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The hash of the key in the headers; `basic`: HTTP Basic is taken, too, with the key as the password.
///
/// # Errors
/// 401 without a key.
pub fn hash_of(headers: &HeaderMap, basic: bool) -> Result<[u8; 32], ApiError> {
    let key = presented(headers, basic).ok_or_else(|| unauthorized("an API key is needed"))?;
    Ok(key_hash(&key))
}

fn caller(store: &dyn Store, hash: &[u8; 32]) -> Result<Caller, ApiError> {
    let key: ApiKey = store
        .authenticate(hash)?
        .ok_or_else(|| unauthorized("the API key is not known, or was taken back"))?;
    Ok(Caller {
        id: key.id,
        role: key.role,
        // `admin` is for every seller.
        sellers: match key.role {
            Role::Admin => Vec::new(),
            _ => key.sellers.into_iter().collect(),
        },
    })
}

/// Nobody in particular, where no key is needed.
pub fn anybody() -> Caller {
    Caller {
        id: Id::from("anybody"),
        role: Role::ReadOnly,
        sellers: Vec::new(),
    }
}

/// A system that signs what it sends; whether the signature fits is for the handler to say, which has the body.
pub fn signer() -> Caller {
    Caller {
        id: Id::from("signed"),
        role: Role::Ingest,
        sellers: Vec::new(),
    }
}

/// Whether the caller's role may use the route.
///
/// # Errors
/// 403 when it may not.
pub fn permit(route: &Route, caller: &Caller) -> Result<(), ApiError> {
    match route.roles {
        Some(roles) if caller.role != Role::Admin && !roles.contains(&caller.role) => {
            let role = caller.role.as_str();
            let detail = format!("a key of role `{role}` may not do this");
            Err(ApiError::new(
                StatusCode::FORBIDDEN,
                "role-forbidden",
                detail,
            ))
        }
        _ => Ok(()),
    }
}

/// A browser asks its user for the key.
pub fn with_realm(mut error: ApiError, basic: bool) -> ApiError {
    error.allow = basic.then(|| "Basic realm=\"ringfence\"".to_owned());
    error
}

fn presented(headers: &HeaderMap, basic: bool) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if basic && scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
        return Some(decoded.split_once(':')?.1.to_owned());
    }
    None
}

/// 401.
pub fn unauthorized(detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
}
