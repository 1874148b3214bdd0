//! Passwords: which ones are taken, and how they are kept.
//!
//! Kept is Argon2id (RFC 9106) with the parameters of OWASP's Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane, as a PHC
//! string `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`. The parameters stand in the string, so stronger ones can come later.
//!
//! One hash takes tens of milliseconds and 19 MiB, so few run at once, on blocking threads, and the line of those who wait is
//! short: a flood of sign-ins is refused, not buffered.

mod well_known;

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::email::Email;
use crate::error::Error;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

const CHARACTERS_MIN: usize = 10;
const CHARACTERS_MAX: usize = 200;
/// Fewer different characters than this is one key held down.
const DIFFERENT_MIN: usize = 4;

/// Hashes that run at once: 38 MiB.
const RUNNING_MAX: usize = 2;
/// Hashes that run or wait: at tens of milliseconds each, the last one still answers within seconds.
const WAITING_MAX: usize = 64;

/// A new password that may be taken. It cannot be printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Checks a password that a member has chosen. Nothing of it is cut or changed.
    ///
    /// # Errors
    /// When it has fewer than 10 or more than 200 characters, or is one that everybody tries first.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let len = text.chars().count();
        if !(CHARACTERS_MIN..=CHARACTERS_MAX).contains(&len) {
            return Err(Error::PasswordLength {
                len,
                min: CHARACTERS_MIN,
                max: CHARACTERS_MAX,
            });
        }
        let lower = text.to_lowercase();
        let mut different: Vec<char> = lower.chars().collect();
        different.sort_unstable();
        different.dedup();
        if well_known::LIST.contains(&lower.as_str()) || different.len() < DIFFERENT_MIN {
            return Err(Error::PasswordKnown);
        }
        Ok(Self(text.to_owned()))
    }

    /// A member's own address is the next thing that a guesser tries.
    pub(crate) fn check_is_not(&self, email: &Email) -> Result<(), Error> {
        if self.0.to_lowercase() == email.as_str() {
            Err(Error::PasswordKnown)
        } else {
            Ok(())
        }
    }
}

/// Makes and checks hashes, a few at a time.
pub(crate) struct Hasher {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }
}

/// A place in the line of those who want a hash; it is taken before anything is written, so that who is turned away has lost
/// nothing.
#[derive(Clone)]
pub(crate) struct Place(Arc<OwnedSemaphorePermit>);

impl Hasher {
    /// A place in the line.
    pub(crate) fn place(&self) -> Result<Place, Error> {
        let permit = Arc::clone(&self.waiting).try_acquire_owned();
        let permit = permit.map_err(|_| Error::HashingBusy)?;
        Ok(Place(Arc::new(permit)))
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, place: Place, password: Password) -> Result<String, Error> {
        self.run(place, move || phc(password.0.as_bytes())).await
    }

    /// Whether this is the password of that hash. Without a hash (nobody has this e-mail) the answer is no, after the same work.
    pub(crate) async fn verify(
        &self,
        place: Place,
        typed: String,
        stored: Option<String>,
    ) -> Result<bool, Error> {
        self.run(place, move || match stored {
            Some(stored) => verify(typed.as_bytes(), &stored),
            None => phc(typed.as_bytes()).map(|_| false),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.map_err(|_| Error::HashingBusy)?;
        let work = tokio::task::spawn_blocking(move || {
            // Held to the end of the work: a caller that goes away must not let another hash start beside this one.
            let _held = (place.0, turn);
            work()
        });
        work.await.map_err(|source| Error::Stopped {
            what: "a password",
            source,
        })?
    }
}

fn phc(password: &[u8]) -> Result<String, Error> {
    let salt: [u8; SALT_BYTES] = std::array::from_fn(|_| rand::random());
    let mut hash = [0; HASH_BYTES];
    argon2id(MEMORY_KIB, PASSES, LANES)?
        .hash_password_into(password, &salt, &mut hash)
        .map_err(|source| Error::Hash { source })?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}"
    ))
}

fn verify(password: &[u8], stored: &str) -> Result<bool, Error> {
    let (argon2, salt, expected) = parse_phc(stored).ok_or_else(|| Error::Stored {
        what: "hash of a password",
        text: "(not shown)".to_owned(),
    })?;
    let mut hash = [0; HASH_BYTES];
    argon2
        .hash_password_into(password, &salt, &mut hash)
        .map_err(|source| Error::Hash { source })?;
    Ok(hash.ct_eq(&expected).into())
}

fn parse_phc(text: &str) -> Option<(Argon2<'static>, Vec<u8>, [u8; HASH_BYTES])> {
    let rest = text.strip_prefix("$argon2id$v=19$")?;
    let mut parts = rest.split('$');
    let mut costs = parts.next()?.split(',');
    let mut cost = |name: &str| costs.next()?.strip_prefix(name)?.parse::<u32>().ok();
    let argon2 = argon2id(cost("m=")?, cost("t=")?, cost("p=")?).ok()?;
    let salt = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
    let hash = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
    Some((argon2, salt, hash.try_into().ok()?))
}

fn argon2id(memory_kib: u32, passes: u32, lanes: u32) -> Result<Argon2<'static>, Error> {
    let params = Params::new(memory_kib, passes, lanes, Some(HASH_BYTES));
    let params = params.map_err(|source| Error::Hash { source })?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_own_hash_only_and_two_hashes_differ() {
        let stored = phc("correct horse".as_bytes()).unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert!(verify(b"correct horse", &stored).unwrap());
        assert!(!verify(b"correct hors", &stored).unwrap());
        assert_ne!(phc(b"correct horse").unwrap(), stored);
        assert!(matches!(
            verify(b"x", "$2b$12$abc"),
            Err(Error::Stored { .. })
        ));
    }

    /// The test vector of the reference implementation (`argon2id`, v=19, m=256 KiB, t=2, p=1).
    #[test]
    fn a_hash_of_the_reference_implementation_is_opened() {
        let stored =
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        assert!(verify(b"password", stored).unwrap());
        assert!(!verify(b"Password", stored).unwrap());
    }

    #[test]
    fn short_long_and_well_known_passwords_are_refused() {
        for (text, is_length) in [
            ("ninechars", true),
            (&"äöüß".repeat(51)[..], true),
            ("Password123", false),
            ("QWERTYUIOP", false),
            ("aaaaaaaaaaaaaaaa", false),
            ("abcabcabcabc", false),
        ] {
            let refused = Password::parse(text).map(drop);
            assert_eq!(
                matches!(refused, Err(Error::PasswordLength { .. })),
                is_length,
                "{text}"
            );
            assert!(refused.is_err(), "{text}");
        }
        for text in ["ten chars!", "пароль подлиннее", &"äöüß".repeat(50)] {
            assert!(Password::parse(text).is_ok(), "{text}");
        }
        let own = Password::parse("Ada@Example.com").unwrap();
        let email = Email::parse("ada@example.com").unwrap();
        assert!(matches!(
            own.check_is_not(&email),
            Err(Error::PasswordKnown)
        ));
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_the_line_moves_on_after_it() {
        let hasher = Hasher::default();
        let places: Vec<Place> = (0..WAITING_MAX).map(|_| hasher.place().unwrap()).collect();
        assert!(matches!(hasher.place(), Err(Error::HashingBusy)));
        drop(places);
        let place = hasher.place().unwrap();
        let is_right = hasher.verify(place, "x".to_owned(), None).await.unwrap();
        assert!(!is_right);
        assert_eq!(hasher.waiting.available_permits(), WAITING_MAX);
    }
}
