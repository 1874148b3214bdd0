//! The language of clients whose SDK does not say it.

use schema::Row;
use schema::tables::common;

/// Longest language tag (RFC 5646, section 4.4.1).
const TAG_BYTES_MAX: usize = 35;

/// Sets `locale` to the first language of `accept-language`, where the client sent none.
pub(crate) fn fill(row: &mut Row, headers: &[(String, String)]) {
    let Some((_, list)) = headers.iter().find(|(name, _)| name == "accept-language") else {
        return;
    };
    let first = list.split([',', ';']).next().unwrap_or_default().trim();
    let is_tag = (2..=TAG_BYTES_MAX).contains(&first.len())
        && first
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_tag {
        row.set_if_absent(common::locale, first);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_is_taken_where_none_was_sent() {
        let locale_of = |header: &str, sent: Option<&str>| {
            let mut row = Row::new();
            row.set_option(common::locale, sent);
            fill(
                &mut row,
                &[("accept-language".to_owned(), header.to_owned())],
            );
            row.str(common::locale).map(str::to_owned)
        };
        assert_eq!(locale_of("en-US,en;q=0.9", None).as_deref(), Some("en-US"));
        assert_eq!(locale_of("de;q=0.5", None).as_deref(), Some("de"));
        assert_eq!(locale_of("en-US", Some("fr")).as_deref(), Some("fr"));
        assert_eq!(locale_of("*", None), None);
        assert_eq!(locale_of("<b>", None), None);
    }
}
