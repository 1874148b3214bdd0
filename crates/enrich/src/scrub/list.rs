//! Which names are secret.

use std::borrow::Cow;

use compact_str::CompactString;
use percent_encoding::percent_decode_str;

/// Secret wherever they are a name: in a query, in a fragment, in `name=value` inside a text, as a key of JSON.
const SECRETS: &[&str] = &[
    "authorization",
    "awsaccesskeyid",
    "bearer",
    "cookie",
    "credentials",
    "cvc",
    "cvv",
    "jsessionid",
    "jwt",
    "passphrase",
    "phpsessid",
    "pwd",
    "samlrequest",
    "samlresponse",
    "setcookie",
];

/// So are names that end in one of these (`access_token`, `X-Amz-Signature`, `user[password]`).
const SECRET_ENDINGS: &[&str] = &[
    "accesskey",
    "apikey",
    "credential",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "secretkey",
    "signature",
    "token",
];

/// Secret or personal as parameters of a URL only: elsewhere they are everyday words (`code`, `key`, `session`).
const PARAMETERS: &[&str] = &[
    "assertion",
    "auth",
    "code",
    "emailaddress",
    "hmac",
    "iban",
    "idtokenhint",
    "key",
    "mail",
    "mobile",
    "oauthverifier",
    "otp",
    "phone",
    "phonenumber",
    "pin",
    "session",
    "sessionid",
    "sid",
    "sig",
    "ssn",
    "tel",
    "ticket",
    "wresult",
];

/// So are parameters that end in one of these.
const PARAMETER_ENDINGS: &[&str] = &["email"];

/// Rounds of percent-encoding that are taken off a name.
const DECODE_ROUNDS: usize = 4;

/// Names whose values are replaced, compared without case, separators and percent-encoding: `access_token` is also
/// `accessToken`, `Access-Token` and `acc%65ss%5Ftoken`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrubList {
    has_defaults: bool,
    /// Normalised and sorted.
    names: Vec<CompactString>,
}

impl Default for ScrubList {
    /// The default list: tokens, secrets, passwords, signatures, keys, sessions, codes, e-mail addresses and telephone numbers.
    fn default() -> Self {
        Self {
            has_defaults: true,
            names: Vec::new(),
        }
    }
}

impl ScrubList {
    /// Only these names, as parameters and as fields; the empty list scrubs nothing.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            has_defaults: false,
            names: Vec::new(),
        }
        .with(names)
    }

    /// These names besides.
    #[must_use]
    pub fn with<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.names.extend(
            names
                .into_iter()
                .map(normalise)
                .filter(|name| !name.is_empty()),
        );
        self.names.sort_unstable();
        self.names.dedup();
        self
    }

    /// Whether an operator or owner named it: then whatever has that name is scrubbed, columns included.
    pub(super) fn names_field(&self, name: &str) -> bool {
        !self.names.is_empty() && self.names.binary_search(&normalise(name)).is_ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_defaults && self.names.is_empty()
    }

    fn has(&self, name: &CompactString, place: Place) -> bool {
        if self.names.binary_search(name).is_ok() {
            return true;
        }
        let is_default = |names: &[&str], endings: &[&str]| {
            names.contains(&name.as_str()) || endings.iter().any(|ending| name.ends_with(ending))
        };
        self.has_defaults
            && (is_default(SECRETS, SECRET_ENDINGS)
                || place == Place::Parameter && is_default(PARAMETERS, PARAMETER_ENDINGS))
    }
}

/// Where a name stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the query or fragment of a URL.
    Parameter,
    /// Anywhere else.
    Text,
}

/// The server's list and the application's.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a>(pub(super) [&'a ScrubList; 2]);

impl Lists<'_> {
    /// Whether the value of that name is to be replaced. `name` as it stands, perhaps with what a careless client left
    /// before it. Of `user[password][0]` and `login.password` the parts count too.
    pub(super) fn has(&self, name: &str, place: Place) -> bool {
        let name = decoded(name);
        let name = name
            .trim_end_matches(|c: char| !is_name(c))
            .rsplit(|c: char| !is_name(c))
            .next()
            .unwrap_or_default();
        let is_listed = |name: &str| {
            let name = normalise(name);
            !name.is_empty() && self.0.iter().any(|list| list.has(&name, place))
        };
        is_listed(name)
            || name.contains(['[', '.'])
                && name
                    .split(['[', ']'])
                    .any(|part| is_listed(part.rsplit('.').next().unwrap_or_default()))
    }
}

/// What may stand in a name before `=`; `%` because it may be percent-encoded.
pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '%' | '[' | ']' | '$' | '+' | '~' | '*')
}

fn decoded(name: &str) -> Cow<'_, str> {
    let mut name = Cow::Borrowed(name);
    for _ in 0..DECODE_ROUNDS {
        if !name.contains('%') {
            break;
        }
        name = Cow::Owned(percent_decode_str(&name).decode_utf8_lossy().into_owned());
    }
    name
}

fn normalise(name: &str) -> CompactString {
    let mut out = CompactString::with_capacity(name.len());
    for c in name.chars() {
        // Asked for every key of every event: the tables of Unicode are only for who needs them.
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        } else if !c.is_ascii() && c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        }
    }
    out
}
