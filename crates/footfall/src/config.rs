//! Every setting, declared once: its key in the file, its `FOOTFALL_…` variable, its flag, default, range and help.
//!
//! Flags win over the environment, the environment over the file, the file over defaults. All mistakes are reported at once.

mod value;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Arg, ArgMatches, Command};
use ipnet::IpNet;

pub(crate) use value::LogFormat;
use value::{Bytes, Days, Nearest, PublicUrl, Secret, Value, range};

const PREFIX: &str = "FOOTFALL_";
/// Variables of ours that are no settings.
const NOT_SETTINGS: &[&str] = &[
    "FOOTFALL_FAILPOINT",
    "FOOTFALL_BINARY",
    "FOOTFALL_SEED",
    "FOOTFALL_CONFIG",
    "FOOTFALL_SERVER",
];
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

macro_rules! settings {
    ($( $(#[doc = $doc:literal])+ $name:ident : $type:ty = $default:literal $(, $low:expr => $high:expr)? ; )*) => {
        /// All settings, checked. Not `Debug`: the API key would stand in whatever prints it.
        #[derive(Clone)]
        pub(crate) struct Config {
            $( $(#[doc = $doc])+ pub(crate) $name: <$type as Value>::Inner, )*
            /// Text and origin of each setting, for `config show`.
            shown: Vec<(&'static str, String, Origin)>,
        }

        const SETTINGS: &[Setting] = &[ $( Setting {
            name: stringify!($name),
            doc: concat!($($doc),+),
            default: $default,
            form: <$type as Value>::FORM,
        } ),* ];

        fn build(texts: &Texts) -> Result<Config, Vec<String>> {
            let mut mistakes = Vec::new();
            let mut shown = Vec::new();
            $(
                let $name = {
                    let (text, origin) = texts.of(stringify!($name), $default);
                    let parsed = <$type as Value>::parse(&text) $( .and_then(|value| range(value, $low, $high)) )?;
                    shown.push((stringify!($name), <$type as Value>::show(&text), origin.clone()));
                    parsed.map_err(|why| mistakes.push(format!("{} ({origin}): {why}", stringify!($name)))).ok()
                };
            )*
            if !mistakes.is_empty() {
                return Err(mistakes);
            }
            Ok(Config { $( $name: $name.expect("a setting without mistake has a value"), )* shown })
        }
    };
}

struct Setting {
    name: &'static str,
    doc: &'static str,
    default: &'static str,
    form: &'static str,
}

settings! {
    /// Folder for everything Footfall keeps.
    data_dir: PathBuf = "data";
    /// Address and port of intake and API.
    listen: SocketAddr = "127.0.0.1:7340";
    /// Address and port of the PostgreSQL protocol; off when empty. Passwords are sent in the clear there: keep it on this machine or behind a tunnel.
    postgres_listen: Option<SocketAddr> = "";
    /// Connections of the PostgreSQL protocol at once.
    postgres_connections_max: u64 = "100", 1 => 10_000;
    /// Address by which browsers reach the server through a proxy, such as https://rum.example.com. With https, cookies are marked Secure.
    public_url: Option<PublicUrl> = "";
    /// An API key with full rights for automation, at least 16 characters.
    api_key: Option<Secret> = "";
    /// Accept any client token or none, and make an application for each unknown application id.
    create_applications: bool = "false";
    /// How long new applications keep their events.
    default_retention: Days = "14d", 1 => 3650;
    /// Networks of proxies whose forwarding headers are believed.
    trusted_proxies: Vec<IpNet> = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,169.254.0.0/16,::1/128,fc00::/7,fe80::/10";
    /// How long the raw log is kept after its events are in segments.
    log_retention: Duration = "1h", Duration::ZERO => Duration::from_secs(72 * 3600);
    /// Database of cities in MaxMind's format.
    city_database: Option<PathBuf> = "";
    /// Database of networks (ASN) in MaxMind's format.
    network_database: Option<PathBuf> = "";
    /// Largest body of events or logs, as sent.
    event_body_bytes_max: Bytes = "10MiB", MIB => 256 * MIB;
    /// Largest body of replay or profiles, as sent.
    replay_body_bytes_max: Bytes = "32MiB", MIB => 150 * MIB;
    /// Where inflating a body of events stops.
    inflated_bytes_max: Bytes = "64MiB", MIB => GIB;
    /// Most events in a request.
    batch_events_max: u64 = "10000", 1 => 1_000_000;
    /// Largest event.
    event_bytes_max: Bytes = "1MiB", 1024 => 64 * MIB;
    /// Longest string of an event; longer ones are cut.
    string_bytes_max: Bytes = "64KiB", 256 => 16 * MIB;
    /// Longest stack of an error; longer ones are cut.
    stack_bytes_max: Bytes = "256KiB", 256 => 16 * MIB;
    /// How often hot rows become segments; sooner when there are many.
    flush_interval: Duration = "60s", Duration::from_secs(1) => Duration::from_secs(60);
    /// Unflushed log above which new requests are told to come back later.
    unflushed_bytes_max: Bytes = "2GiB", 16 * MIB => 64 * GIB;
    /// Memory of hot rows above which a flush does not wait for its time.
    hot_bytes_max: Bytes = "256MiB", 16 * MIB => 64 * GIB;
    /// How long a file that compaction or retention replaced stays for other programs that read the segment folder.
    replaced_keep: Duration = "10m", Duration::ZERO => Duration::from_secs(24 * 3600);
    /// Ids among which a repeated event is always found.
    identity_window: u64 = "64000000", 1000 => 10_000_000_000;
    /// Free disk space below which new data is refused.
    disk_reserve: Bytes = "1GiB", 0 => 1024 * GIB;
    /// Memory that all running queries share.
    query_memory_max: Bytes = "1GiB", 16 * MIB => 1024 * GIB;
    /// Memory for columns of views, sessions and errors that queries asked for lately.
    query_column_cache: Bytes = "256MiB", MIB => 1024 * GIB;
    /// When a query is ended.
    query_timeout: Duration = "30s", Duration::from_millis(100) => Duration::from_secs(3600);
    /// Queries that run at once; further ones wait.
    query_concurrency: u64 = "4", 1 => 1024;
    /// text or json.
    log_format: LogFormat = "text";
    /// What is logged: error, warn, info, debug, or a filter as tracing-subscriber takes it.
    log_level: String = "info";
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Origin {
    Flag,
    Environment,
    File,
    Default,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        })
    }
}

/// The texts of all places, before any is parsed.
#[derive(Default)]
struct Texts {
    flags: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

impl Texts {
    fn of(&self, name: &str, default: &str) -> (String, Origin) {
        let places = [
            (&self.flags, Origin::Flag),
            (&self.environment, Origin::Environment),
            (&self.file, Origin::File),
        ];
        let found = places
            .into_iter()
            .find_map(|(texts, origin)| Some((texts.get(name)?.clone(), origin)));
        found.unwrap_or_else(|| (default.to_owned(), Origin::Default))
    }
}

/// Adds a flag for each setting, and `--config`.
pub(crate) fn with_flags(command: Command) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help("Settings in TOML (FOOTFALL_CONFIG)");
    SETTINGS
        .iter()
        .fold(command.arg(config), |command, setting| {
            let arg = Arg::new(setting.name)
                .long(flag(setting.name))
                .value_name(setting.form)
                .help(format!(
                    "{} [default: {}]",
                    setting.doc.trim(),
                    shown_default(setting)
                ));
            // A switch may stand alone.
            let arg = if setting.form == "BOOL" {
                arg.num_args(0..=1).default_missing_value("true")
            } else {
                arg
            };
            command.arg(arg)
        })
}

fn flag(name: &str) -> String {
    name.replace('_', "-")
}

fn shown_default(setting: &Setting) -> &str {
    if setting.default.is_empty() {
        "none"
    } else {
        setting.default
    }
}

/// Reads flags, environment and file.
///
/// # Errors
/// With every mistake found, each naming its setting and where it was set.
pub(crate) fn load(matches: &ArgMatches) -> anyhow::Result<Config> {
    let given = |name: &str| matches.try_get_one::<String>(name).ok().flatten().cloned();
    let flags = SETTINGS
        .iter()
        .filter_map(|setting| Some((setting.name.to_owned(), given(setting.name)?)))
        .collect();
    let environment: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let file = given("config").or_else(|| environment.get("FOOTFALL_CONFIG").cloned());
    let file = match file {
        None => BTreeMap::new(),
        Some(path) => read_file(Path::new(&path))?,
    };
    load_from(flags, &environment, file)
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("could not read the settings in {}", path.display()))?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("the settings in {} are not TOML", path.display()))?;
    Ok(table
        .into_iter()
        .map(|(name, value)| (name, text_of(&value)))
        .collect())
}

fn text_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(","),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(switch) => switch.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        // No setting is one; its own parser refuses the text.
        toml::Value::Table(_) => "a table".to_owned(),
    }
}

fn load_from(
    flags: BTreeMap<String, String>,
    environment: &BTreeMap<String, String>,
    file: BTreeMap<String, String>,
) -> anyhow::Result<Config> {
    let mut mistakes = Vec::new();
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    for name in file.keys().filter(|name| !names.contains(&name.as_str())) {
        mistakes.push(format!(
            "{name} (file): there is no such setting{}",
            Nearest::of(name, &names)
        ));
    }
    let mut texts = Texts {
        flags,
        file,
        ..Texts::default()
    };
    for (variable, value) in environment
        .iter()
        .filter(|(variable, _)| !NOT_SETTINGS.contains(&variable.as_str()))
    {
        let Some(name) = variable.strip_prefix(PREFIX).map(str::to_lowercase) else {
            continue;
        };
        if names.contains(&name.as_str()) {
            texts.environment.insert(name, value.clone());
        } else if let nearest @ Nearest(Some(_)) = Nearest::of(&name, &names) {
            // Only what looks like a slip: orchestrators set variables of their own, such as FOOTFALL_SERVICE_HOST.
            mistakes.push(format!(
                "{variable} (environment): there is no such setting{nearest}"
            ));
        }
    }
    let config = build(&texts).map_err(|more| mistakes.extend(more)).ok();
    match config {
        Some(config) if mistakes.is_empty() => Ok(config),
        _ => bail!(
            "{} in the settings:\n  {}",
            count(mistakes.len()),
            mistakes.join("\n  ")
        ),
    }
}

fn count(mistakes: usize) -> String {
    if mistakes == 1 {
        "1 mistake".to_owned()
    } else {
        format!("{mistakes} mistakes")
    }
}

impl Config {
    /// Every setting with its value and where it came from; secrets are masked.
    pub(crate) fn show(&self) -> String {
        let mut text = String::new();
        for (name, value, origin) in &self.shown {
            let value = if value.is_empty() { "(none)" } else { value };
            let _ = writeln!(text, "{name} = {value}  # {origin}");
        }
        text
    }

    /// The bounds that decoding keeps.
    pub(crate) fn limits(&self) -> protocol::Limits {
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        protocol::Limits {
            inflated_bytes_max: size(self.inflated_bytes_max),
            events_max: size(self.batch_events_max),
            event_bytes_max: size(self.event_bytes_max),
            string_bytes_max: size(self.string_bytes_max),
            stack_bytes_max: size(self.stack_bytes_max),
            ..protocol::Limits::default()
        }
    }
}

/// `docs/reference/config.md`.
pub(crate) fn reference_markdown() -> String {
    let mut page = String::from(
        "# Settings\n\nWritten by `make gen` from `crates/footfall/src/config.rs`; do not edit. Flags win over the environment, the environment over the file\n(`--config FILE`, TOML), the file over defaults. `footfall config show` prints what is in force.\n\n| key | variable | flag | form | default | meaning |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for setting in SETTINGS {
        let _ = writeln!(
            page,
            "| `{name}` | `{PREFIX}{variable}` | `--{flag}` | {form} | {default} | {doc} |",
            name = setting.name,
            variable = setting.name.to_uppercase(),
            flag = flag(setting.name),
            form = setting.form,
            default = if setting.default.is_empty() {
                "none".to_owned()
            } else {
                format!("`{}`", setting.default)
            },
            doc = setting.doc.trim(),
        );
    }
    page
}

#[cfg(test)]
mod tests;
