//! Raw query strings. `+` stays `+`: the SDKs encode by `encodeURIComponent`, and mobile ones send versions such as
//! `1.2.0+45` unencoded, so the form rule (`+` is a space) would change what they say.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The parameters in order, decoded once; a parameter whose bytes are no UTF-8 keeps them as U+FFFD.
pub(crate) fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name), decode(value))
        })
}

/// The first parameter of one of these names, names in order of preference.
pub(crate) fn first(query: &str, names: &[&str]) -> Option<String> {
    let value_of = |name: &&str| pairs(query).find(|(known, _)| known == name);
    names
        .iter()
        .find_map(value_of)
        .map(|(_, value)| value.into_owned())
}

fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once_and_keep_their_plus() {
        let query = "&a=1%2C2&b=x%2525&v=1.2.0+45&flag&a=3";
        assert_eq!(first(query, &["a"]).as_deref(), Some("1,2"));
        assert_eq!(first(query, &["missing", "b"]).as_deref(), Some("x%25"));
        assert_eq!(first(query, &["v"]).as_deref(), Some("1.2.0+45"));
        assert_eq!(first(query, &["flag"]).as_deref(), Some(""));
        assert_eq!(first(query, &["c"]), None);
    }
}
