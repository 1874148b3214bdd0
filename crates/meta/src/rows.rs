//! Reading stored values back into types that cannot be wrong.

use schema::AppId;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::names::Names;

pub(crate) fn stored_name<N: Names>(text: String) -> Result<N, Error> {
    N::parse(&text).ok_or(Error::Stored {
        what: N::WHAT,
        text,
    })
}

pub(crate) fn stored_app_id(text: String) -> Result<AppId, Error> {
    AppId::parse(&text).map_err(|_| Error::Stored {
        what: "application id",
        text,
    })
}

pub(crate) fn stored_list(what: &'static str, text: String) -> Result<Vec<String>, Error> {
    serde_json::from_str(&text).map_err(|_| Error::Stored { what, text })
}

/// Random bytes as lower-case hex, from the generator that the operating system seeds: ids, tokens and keys must not be guessed.
pub(crate) fn random_hex<const BYTES: usize>() -> String {
    let bytes: [u8; BYTES] = std::array::from_fn(|_| rand::random());
    hex::encode(bytes)
}

/// What is stored in place of a secret of 256 random bits: there is nothing to guess, so a plain SHA-256 is enough.
pub(crate) fn secret_hash(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}
