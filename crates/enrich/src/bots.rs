//! Crawlers and headless clients.
//!
//! `bot` is true for a User-Agent that says so, for sessions of synthetic and CI tests, and false for any other client that names
//! itself; without a User-Agent it stays NULL. The list is short on purpose: most crawlers call themselves bot, crawler or
//! spider, or name a page about themselves (`+https://…`). What the rules of uap-core call a spider counts too.

use schema::Row;
use schema::tables::common;

/// Parts of a User-Agent in lower case. Beside `bot`, which is looked for as the end of a word.
const TOKENS: &[&str] = &[
    "+http",
    "apis-google",
    "bingpreview",
    "chrome-lighthouse",
    "crawl",
    "cypress/",
    "datadogsynthetics",
    "facebookexternalhit",
    "feedfetcher",
    "google-inspectiontool",
    "googleother",
    "gtmetrix",
    "headless",
    "mediapartners",
    "pagespeed",
    "phantomjs",
    "pingdom",
    "playwright",
    "puppeteer",
    "selenium",
    "slurp",
    "spider",
    "statuscake",
    "synthetics",
    "uptimerobot",
    "webdriver",
];

/// Whether a User-Agent is that of a crawler or headless browser.
#[must_use]
pub fn is_bot(user_agent: &str) -> bool {
    let user_agent = user_agent.to_ascii_lowercase();
    TOKENS.iter().any(|token| user_agent.contains(token)) || names_bot(&user_agent)
}

/// `Googlebot/2.1`, `GPTBot;`; not the telephones of the maker Cubot, nor `botanic`.
fn names_bot(user_agent: &str) -> bool {
    user_agent.match_indices("bot").any(|(at, _)| {
        let ends_word = !user_agent[at + 3..].starts_with(|c: char| c.is_ascii_alphabetic());
        ends_word && !user_agent[..at].ends_with("cu")
    })
}

/// Sets `bot`; `by_user_agent` is absent where there is no User-Agent.
pub(crate) fn fill(row: &mut Row, by_user_agent: Option<bool>) {
    let is_test = row
        .str(common::session_type)
        .is_some_and(|kind| matches!(kind, "synthetics" | "ci_test"))
        || row.get(common::synthetic_test_id).is_some()
        || row.get(common::ci_test_id).is_some();
    if is_test {
        row.set(common::bot, true);
    } else if let Some(is_bot) = by_user_agent {
        row.set_if_absent(common::bot, is_bot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crawlers_and_headless_browsers_are_bots_and_people_are_not() {
        let bots = [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Mozilla/5.0 (Windows NT 10.0) Chrome/100.0 Safari/537.36 (compatible; SemrushBot)",
            "Mozilla/5.0 (compatible; Baiduspider/2.0)",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36",
            "Mozilla/5.0 (X11; Linux x86_64) Chrome/109.0.0.0 Safari/537.36 Chrome-Lighthouse",
            "GPTBot",
        ];
        let people = [
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
            "Mozilla/5.0 (Linux; Android 13; CUBOT X18) Chrome/120.0.0.0 Mobile Safari/537.36",
            "Botanic/1.2 CFNetwork/1494.0.7 Darwin/23.4.0",
            "okhttp/4.12.0",
            "",
        ];
        for user_agent in bots {
            assert!(is_bot(user_agent), "{user_agent}");
        }
        for user_agent in people {
            assert!(!is_bot(user_agent), "{user_agent}");
        }
    }

    #[test]
    fn sessions_of_tests_are_bots_whatever_their_browser() {
        for kind in ["synthetics", "ci_test"] {
            let mut row = Row::new();
            row.set(common::session_type, kind);
            fill(&mut row, Some(false));
            assert_eq!(row.bool(common::bot), Some(true), "{kind}");
        }
        let mut row = Row::new();
        row.set(common::session_type, "user");
        fill(&mut row, None);
        assert_eq!(row.bool(common::bot), None);
        fill(&mut row, Some(false));
        assert_eq!(row.bool(common::bot), Some(false));
    }
}
