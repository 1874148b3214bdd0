//! Browser, operating system and device from the User-Agent and its client hints.
//!
//! The rules are those of uap-core, as in most RUM products, so its names are ours: `Chrome`, `Chrome Mobile`, `Mobile Safari`,
//! `Edge`, `Firefox`, `Samsung Internet`, `HeadlessChrome`. Deviations:
//! - operating systems have the names their makers give them: `macOS` (uap-core: Mac OS X), `webOS` (Web0S), `tvOS` (ATV OS X), and
//!   every distribution is `Linux`, without version; `Windows`, `Android`, `iOS`, `Chrome OS`, `Tizen` are as they are. iPads are iOS;
//!   those that ask for desktop pages say Macintosh, and cannot be told from one;
//! - `HarmonyOS` is recognised, and with it some browsers inside Chinese apps ([`APPS`]), which uap-core does not know;
//! - a client that is no browser (`okhttp/4.12.0`, `Dalvik/2.1.0`) has no browser name;
//! - a brand or model that only says "generic" is left out.
//!
//! What the client sent itself always stands. Version and model of a User-Agent that Chromium froze (`Windows NT 10.0`, `Android 10; K`)
//! come from the hints where they were sent.

mod hints;
mod rules;
#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use compact_str::{CompactString, ToCompactString};
use schema::tables::common;
use schema::{ColumnId, Row};
use xxhash_rust::xxh3::Xxh3;

use crate::CacheCounts;
use crate::bots::is_bot;
use crate::cache::Cache;
use hints::Hints;
use rules::Rules;

/// Longer ones are cut; browsers stay below 400 bytes.
const BYTES_MAX: usize = 2048;

/// What is known of a client; absent where the User-Agent does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) browser: Product,
    pub(crate) system: Product,
    pub(crate) device_type: Option<&'static str>,
    pub(crate) brand: Option<CompactString>,
    pub(crate) model: Option<CompactString>,
    pub(crate) is_bot: bool,
}

/// A name with its version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Product {
    pub(crate) name: Option<CompactString>,
    pub(crate) version: Option<CompactString>,
}

impl Product {
    fn fill(&self, row: &mut Row, [name, version, major]: [ColumnId; 3]) {
        if let Some(own) = &self.name {
            row.set_if_absent(name, own.clone());
        }
        // The version of another product than the client named would be a lie.
        let is_same = row
            .str(name)
            .is_some_and(|sent| self.name.as_deref() == Some(sent));
        if let Some(own) = self.version.as_ref().filter(|_| is_same) {
            row.set_if_absent(version, own.clone());
        }
        let first = row
            .str(version)
            .and_then(|version| version.split('.').next())
            .map(CompactString::from);
        if let Some(first) = first.filter(|first| !first.is_empty()) {
            row.set_if_absent(major, first);
        }
    }
}

/// The rules, and what was found by them lately.
pub(crate) struct UserAgents {
    rules: Rules,
    cache: Cache<u128, Arc<Client>>,
}

impl UserAgents {
    pub(crate) fn new(cache_entries: usize) -> Self {
        Self {
            rules: Rules::new(),
            cache: Cache::new(cache_entries),
        }
    }

    /// Builds all rules now; else the first clients wait for them.
    pub(crate) fn build(&self) {
        LazyLock::force(&self.rules.browsers);
        LazyLock::force(&self.rules.systems);
        LazyLock::force(&self.rules.devices);
    }

    /// Fills what the client left out. Gives whether the User-Agent is a bot's, if there is one.
    pub(crate) fn fill(
        &self,
        row: &mut Row,
        user_agent: Option<&str>,
        headers: &[(String, String)],
    ) -> Option<bool> {
        let header = user_agent
            .map(|text| &text[..text.floor_char_boundary(BYTES_MAX)])
            .filter(|text| !text.is_empty());
        if let Some(header) = header {
            row.set_if_absent(common::user_agent, header);
        }
        // A client that relays (DataKit, a native SDK for its web view) names the browser it speaks for.
        let user_agent = row.str(common::user_agent)?;
        let is_own = header == Some(user_agent);
        let hints = if is_own {
            Hints::of(headers)
        } else {
            Hints::default()
        };
        let user_agent = &user_agent[..user_agent.floor_char_boundary(BYTES_MAX)];
        let client = self.cache.get_or_insert(key(user_agent, &hints), || {
            Arc::new(self.parse(user_agent, &hints))
        });
        client.fill(row);
        Some(client.is_bot)
    }

    pub(crate) fn cache_counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    fn parse(&self, user_agent: &str, hints: &Hints<'_>) -> Client {
        let mut client = Client {
            browser: self.browser(user_agent, hints),
            system: self.system(user_agent, hints),
            is_bot: is_bot(user_agent),
            ..Client::default()
        };
        self.find_device(&mut client, user_agent, hints);
        client
    }

    fn browser(&self, user_agent: &str, hints: &Hints<'_>) -> Product {
        if !user_agent.starts_with("Mozilla/") && !user_agent.starts_with("Opera/") {
            return Product::default();
        }
        if let Some(app) = app(user_agent) {
            return app;
        }
        let Some(found) = self.rules.browsers.extract(user_agent) else {
            return Product::default();
        };
        let version = joined([found.major, found.minor, found.patch, found.patch_minor]);
        let version = version.map(|version| whole_version(user_agent, version));
        let mut browser = Product {
            name: Some(found.family.to_compact_string()),
            version,
        };
        let brand = match &*found.family {
            "Edge" => "Microsoft Edge",
            "Opera" => "Opera",
            name if name.starts_with("Chrome") => "Google Chrome",
            _ => return browser,
        };
        if let Some(full) = hints
            .full_version(brand)
            .filter(|full| full.split('.').next() == found.major)
        {
            browser.version = Some(full.into());
        }
        if let Some(other) = hints.other_brand().filter(|_| brand == "Google Chrome") {
            browser.name = Some(other.into());
        }
        browser
    }

    fn system(&self, user_agent: &str, hints: &Hints<'_>) -> Product {
        let mut system = self.system_by_rules(user_agent);
        if system.name.is_none() {
            system.name = hints.platform().map(CompactString::from);
        }
        let is_hinted = system.name.is_some() && system.name.as_deref() == hints.platform();
        if let Some(version) = hints.platform_version().filter(|_| is_hinted) {
            system.version = Some(version.into());
        }
        system
    }

    fn system_by_rules(&self, user_agent: &str) -> Product {
        if user_agent.contains("HarmonyOS") || user_agent.contains("OpenHarmony") {
            let version = version_after(user_agent, "OpenHarmony ")
                .or_else(|| version_after(user_agent, "HarmonyOS "));
            return Product {
                name: Some("HarmonyOS".into()),
                version,
            };
        }
        let Some(found) = self.rules.systems.extract(user_agent) else {
            return Product::default();
        };
        if is_distribution(&found.os) {
            return Product {
                name: Some("Linux".into()),
                version: None,
            };
        }
        let name = match &*found.os {
            "Mac OS X" | "Mac OS" => "macOS",
            "Web0S" => "webOS",
            "ATV OS X" => "tvOS",
            "Other" => return Product::default(),
            other => other,
        };
        let version = joined([found.major, found.minor, found.patch, found.patch_minor]);
        Product {
            name: Some(name.into()),
            version,
        }
    }

    fn find_device(&self, client: &mut Client, user_agent: &str, hints: &Hints<'_>) {
        if client.is_bot {
            let is_headless = user_agent.contains("Headless");
            client.device_type = Some(if is_headless {
                by_tokens(user_agent, hints)
            } else {
                "bot"
            });
            return;
        }
        client.device_type = Some(by_tokens(user_agent, hints));
        let apple = ["iPhone", "iPad", "iPod", "Macintosh"]
            .into_iter()
            .find(|token| user_agent.contains(token));
        if let Some(model) = apple {
            client.brand = Some("Apple".into());
            client.model = Some(if model == "Macintosh" { "Mac" } else { model }.into());
            return;
        }
        if client.device_type == Some("desktop") {
            return;
        }
        // With its real model a frozen User-Agent reads as it did before it was frozen.
        let thawed = hints.model().filter(|_| user_agent.contains("; K)"));
        let thawed = thawed.map(|model| user_agent.replacen("; K)", &format!("; {model})"), 1));
        let Some(found) = self
            .rules
            .devices
            .extract(thawed.as_deref().unwrap_or(user_agent))
        else {
            return;
        };
        if found.device == "Spider" {
            client.is_bot = true;
            client.device_type = Some("bot");
            return;
        }
        let is_generic = |brand: &str| brand.starts_with("Generic");
        let says_nothing = |model: &str| {
            matches!(
                model,
                "K" | "Smartphone" | "Feature Phone" | "Tablet" | "Browser" | "Desktop"
            ) || is_generic(model)
        };
        client.brand = found
            .brand
            .filter(|brand| !is_generic(brand))
            .map(CompactString::from);
        client.model = found
            .model
            .filter(|model| !says_nothing(model))
            .map(CompactString::from);
    }
}

impl Client {
    fn fill(&self, row: &mut Row) {
        self.browser.fill(
            row,
            [
                common::browser_name,
                common::browser_version,
                common::browser_version_major,
            ],
        );
        self.system.fill(
            row,
            [
                common::os_name,
                common::os_version,
                common::os_version_major,
            ],
        );
        if let Some(device_type) = self.device_type {
            row.set_if_absent(common::device_type, device_type);
        }
        let names = [
            common::device_brand,
            common::device_model,
            common::device_name,
        ];
        if names.iter().any(|column| row.get(*column).is_some()) {
            return;
        }
        for (column, text) in [
            (common::device_brand, &self.brand),
            (common::device_model, &self.model),
        ] {
            if let Some(text) = text {
                row.set(column, text.clone());
            }
        }
    }
}

fn key(user_agent: &str, hints: &Hints<'_>) -> u128 {
    let mut hash = Xxh3::new();
    hash.update(user_agent.as_bytes());
    for hint in hints.parts() {
        hash.update(&[0]);
        hash.update(hint.as_bytes());
    }
    hash.digest128()
}

/// Browsers inside apps: what their User-Agent says, and the app's name.
const APPS: &[(&str, &str)] = &[
    ("MicroMessenger/", "WeChat"),
    ("AlipayClient/", "Alipay"),
    ("DingTalk/", "DingTalk"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("ArkWeb/", "ArkWeb"),
];

fn app(user_agent: &str) -> Option<Product> {
    let (token, name) = APPS.iter().find(|(token, _)| user_agent.contains(token))?;
    Some(Product {
        name: Some((*name).into()),
        version: version_after(user_agent, token),
    })
}

/// The digits and dots after a token.
fn version_after(user_agent: &str, token: &str) -> Option<CompactString> {
    let (_, rest) = user_agent.split_once(token)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let version = rest[..end].trim_matches('.');
    (!version.is_empty()).then(|| version.into())
}

/// Most rules read three numbers; Chromium has four. Takes what follows in the User-Agent, too.
fn whole_version(user_agent: &str, version: CompactString) -> CompactString {
    let found = user_agent
        .match_indices(version.as_str())
        .find(|(at, _)| user_agent[..*at].ends_with(['/', ' ']));
    let Some((at, _)) = found else { return version };
    let whole = user_agent[at..]
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .next()
        .unwrap_or_default();
    if whole.len() > version.len() {
        whole.trim_end_matches('.').into()
    } else {
        version
    }
}

fn joined<T: AsRef<str>>(parts: [Option<T>; 4]) -> Option<CompactString> {
    let mut version = CompactString::default();
    for part in parts.into_iter().map_while(|part| part) {
        if !version.is_empty() {
            version.push('.');
        }
        version.push_str(part.as_ref());
    }
    (!version.is_empty()).then_some(version)
}

fn is_distribution(system: &str) -> bool {
    let names = [
        "Arch Linux",
        "BackTrack",
        "CentOS",
        "Debian",
        "Fedora",
        "Gentoo",
        "Kubuntu",
        "Linux Mint",
        "Mandriva",
        "Mageia",
        "PCLinuxOS",
        "Puppy",
        "Red Hat",
        "Slackware",
        "SUSE",
        "Ubuntu",
        "VectorLinux",
        "openSUSE",
    ];
    names.contains(&system)
}

/// The kind of device, by what all User-Agents of the kind say.
fn by_tokens(user_agent: &str, hints: &Hints<'_>) -> &'static str {
    let has = |tokens: &[&str]| tokens.iter().any(|token| user_agent.contains(token));
    let is_android = has(&["Android"]);
    if has(&[
        "SMART-TV",
        "SmartTV",
        "Smart TV",
        "Web0S",
        "AppleTV",
        "Apple TV",
        "Android TV",
        "GoogleTV",
        "BRAVIA",
        "HbbTV",
        "Roku",
        "CrKey",
        "; AFT",
    ]) {
        "tv"
    } else if has(&["PlayStation", "Xbox", "Nintendo"]) {
        "console"
    } else if has(&["iPad", "Tablet", "tablet", "PlayBook", "Kindle"]) {
        "tablet"
    } else if has(&[
        "Mobile",
        "iPhone",
        "iPod",
        "(Phone;",
        "Windows Phone",
        "Opera Mini",
    ]) || hints.mobile == "?1"
    {
        "mobile"
    } else if is_android {
        // Browsers on telephones say Mobile, those on tablets do not; apps (Dalvik, okhttp) never do.
        if user_agent.starts_with("Mozilla/") {
            "tablet"
        } else {
            "mobile"
        }
    } else if has(&["Windows", "Macintosh", "X11", "CrOS", "Linux x86_64"]) {
        "desktop"
    } else {
        "other"
    }
}
