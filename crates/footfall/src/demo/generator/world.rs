//! Where visitors come from and what they hold in their hands: countries with real address ranges, browsers with real
//! User-Agent strings, kinds of network. The shares are rounded from public statistics of late 2026.

use std::net::Ipv4Addr;

use super::random::Random;

/// A country with address ranges that registries allocated there, so that GeoIP finds it again.
pub(crate) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    pub(crate) locale: &'static str,
    pub(crate) time_zone: &'static str,
    /// Standard time against UTC, minutes; the demo leaves summer time aside.
    pub(crate) utc_offset_min: i64,
    pub(crate) weight: f64,
    /// Median round trip to the demo's servers in Frankfurt, ms.
    pub(crate) round_trip_ms: f64,
    /// First address and prefix length (8 to 24) of ranges of consumer networks.
    ranges: &'static [([u8; 4], u32)],
}

impl Country {
    /// A random address of one of its ranges; never the first or last of a /24, which belong to routers.
    pub(crate) fn address(&self, random: &mut Random) -> Ipv4Addr {
        let &(base, prefix) = random.pick(self.ranges);
        let hosts = 1usize << (32 - prefix);
        let offset = u32::try_from(random.below(hosts)).expect("a range has at most 2^24 hosts");
        let [a, b, c, _] = Ipv4Addr::from(u32::from_be_bytes(base) | offset).octets();
        let last = u8::try_from(1 + random.below(254)).expect("1 to 254");
        Ipv4Addr::new(a, b, c, last)
    }
}

/// Countries with their locale, time zone, offset (minutes), weight, round trip (ms) and address ranges.
pub(crate) static COUNTRIES: &[Country] = &[
    country(
        "US",
        "en-US",
        "America/New_York",
        -300,
        24.0,
        95.0,
        &[
            ([73, 0, 0, 0], 9),
            ([98, 192, 0, 0], 10),
            ([24, 0, 0, 0], 12),
        ],
    ),
    country(
        "CA",
        "en-CA",
        "America/Toronto",
        -300,
        4.0,
        100.0,
        &[([99, 224, 0, 0], 12), ([70, 48, 0, 0], 14)],
    ),
    country(
        "MX",
        "es-MX",
        "America/Mexico_City",
        -360,
        2.5,
        150.0,
        &[([189, 144, 0, 0], 13), ([187, 128, 0, 0], 12)],
    ),
    country(
        "BR",
        "pt-BR",
        "America/Sao_Paulo",
        -180,
        5.0,
        205.0,
        &[([177, 32, 0, 0], 14), ([189, 4, 0, 0], 14)],
    ),
    country(
        "AR",
        "es-AR",
        "America/Argentina/Buenos_Aires",
        -180,
        1.5,
        235.0,
        &[([181, 4, 0, 0], 14), ([190, 16, 0, 0], 14)],
    ),
    country(
        "CL",
        "es-CL",
        "America/Santiago",
        -240,
        1.0,
        230.0,
        &[([190, 160, 0, 0], 14)],
    ),
    country(
        "GB",
        "en-GB",
        "Europe/London",
        0,
        7.0,
        18.0,
        &[([86, 128, 0, 0], 11), ([81, 128, 0, 0], 12)],
    ),
    country(
        "DE",
        "de-DE",
        "Europe/Berlin",
        60,
        12.0,
        8.0,
        &[
            ([84, 128, 0, 0], 11),
            ([91, 0, 0, 0], 11),
            ([79, 192, 0, 0], 11),
        ],
    ),
    country(
        "FR",
        "fr-FR",
        "Europe/Paris",
        60,
        7.0,
        14.0,
        &[([90, 0, 0, 0], 10), ([82, 64, 0, 0], 14)],
    ),
    country(
        "ES",
        "es-ES",
        "Europe/Madrid",
        60,
        3.5,
        32.0,
        &[([83, 32, 0, 0], 12), ([80, 24, 0, 0], 14)],
    ),
    country(
        "IT",
        "it-IT",
        "Europe/Rome",
        60,
        3.5,
        22.0,
        &[([79, 0, 0, 0], 12), ([87, 0, 0, 0], 12)],
    ),
    country(
        "NL",
        "nl-NL",
        "Europe/Amsterdam",
        60,
        3.0,
        10.0,
        &[([77, 160, 0, 0], 12), ([84, 80, 0, 0], 16)],
    ),
    country(
        "PL",
        "pl-PL",
        "Europe/Warsaw",
        60,
        2.5,
        24.0,
        &[([83, 0, 0, 0], 12), ([79, 184, 0, 0], 14)],
    ),
    country(
        "SE",
        "sv-SE",
        "Europe/Stockholm",
        60,
        1.8,
        28.0,
        &[([78, 64, 0, 0], 13), ([90, 224, 0, 0], 13)],
    ),
    country(
        "CH",
        "de-CH",
        "Europe/Zurich",
        60,
        1.5,
        11.0,
        &[([178, 192, 0, 0], 14), ([85, 0, 0, 0], 14)],
    ),
    country(
        "TR",
        "tr-TR",
        "Europe/Istanbul",
        180,
        2.0,
        52.0,
        &[([78, 160, 0, 0], 12), ([88, 224, 0, 0], 12)],
    ),
    country(
        "IN",
        "en-IN",
        "Asia/Kolkata",
        330,
        7.0,
        145.0,
        &[([117, 192, 0, 0], 12), ([59, 88, 0, 0], 13)],
    ),
    country(
        "CN",
        "zh-CN",
        "Asia/Shanghai",
        480,
        6.0,
        240.0,
        &[
            ([114, 80, 0, 0], 13),
            ([222, 64, 0, 0], 13),
            ([183, 0, 0, 0], 12),
        ],
    ),
    country(
        "JP",
        "ja-JP",
        "Asia/Tokyo",
        540,
        4.0,
        235.0,
        &[([126, 0, 0, 0], 9), ([153, 128, 0, 0], 12)],
    ),
    country(
        "KR",
        "ko-KR",
        "Asia/Seoul",
        540,
        2.5,
        260.0,
        &[([175, 192, 0, 0], 11), ([112, 160, 0, 0], 12)],
    ),
    country(
        "TW",
        "zh-TW",
        "Asia/Taipei",
        480,
        1.5,
        250.0,
        &[([114, 32, 0, 0], 12), ([1, 160, 0, 0], 12)],
    ),
    country(
        "SG",
        "en-SG",
        "Asia/Singapore",
        480,
        1.2,
        165.0,
        &[([116, 86, 0, 0], 16), ([118, 200, 0, 0], 16)],
    ),
    country(
        "ID",
        "id-ID",
        "Asia/Jakarta",
        420,
        2.0,
        185.0,
        &[([36, 64, 0, 0], 12), ([180, 244, 0, 0], 14)],
    ),
    country(
        "AU",
        "en-AU",
        "Australia/Sydney",
        600,
        2.5,
        275.0,
        &[([1, 128, 0, 0], 12), ([101, 160, 0, 0], 12)],
    ),
    country(
        "ZA",
        "en-ZA",
        "Africa/Johannesburg",
        120,
        1.0,
        165.0,
        &[([105, 224, 0, 0], 14), ([41, 144, 0, 0], 13)],
    ),
    country(
        "EG",
        "ar-EG",
        "Africa/Cairo",
        120,
        0.8,
        62.0,
        &[([41, 32, 0, 0], 13), ([156, 192, 0, 0], 12)],
    ),
    country(
        "NG",
        "en-NG",
        "Africa/Lagos",
        60,
        0.7,
        110.0,
        &[([197, 210, 0, 0], 16), ([105, 112, 0, 0], 13)],
    ),
];

const fn country(
    code: &'static str,
    locale: &'static str,
    time_zone: &'static str,
    utc_offset_min: i64,
    weight: f64,
    round_trip_ms: f64,
    ranges: &'static [([u8; 4], u32)],
) -> Country {
    Country {
        code,
        locale,
        time_zone,
        utc_offset_min,
        weight,
        round_trip_ms,
        ranges,
    }
}

/// The browser's engine decides which entries, units and messages an SDK gets to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Engine {
    Chromium,
    Gecko,
    WebKit,
}

impl Engine {
    /// Steps of `performance.now()`, in ns, on a page that is not cross-origin isolated.
    pub(crate) fn clock_step_ns(self) -> i64 {
        match self {
            Self::Chromium => 100_000,
            Self::Gecko | Self::WebKit => 1_000_000,
        }
    }
}

/// A browser on a device, as its request headers show it.
pub(crate) struct Client {
    pub(crate) user_agent: &'static str,
    /// `sec-ch-ua`, `sec-ch-ua-mobile`, `sec-ch-ua-platform`; only Chromium sends them.
    pub(crate) hints: Option<[&'static str; 3]>,
    pub(crate) engine: Engine,
    pub(crate) bot: bool,
    pub(crate) viewports: &'static [(u32, u32)],
    /// How much longer scripts and rendering take than on a good laptop.
    pub(crate) slowness: f64,
    pub(crate) weight: f64,
}

const LAPTOP: &[(u32, u32)] = &[
    (1536, 730),
    (1440, 789),
    (1280, 633),
    (1920, 945),
    (1707, 898),
    (2560, 1297),
];
const PHONE: &[(u32, u32)] = &[
    (390, 664),
    (393, 659),
    (412, 785),
    (360, 649),
    (430, 739),
    (384, 703),
];
const TABLET: &[(u32, u32)] = &[(820, 1106), (1024, 1292), (810, 1000)];
const CRAWLER: &[(u32, u32)] = &[(412, 823), (1280, 720)];

const WINDOWS: [&str; 3] = [
    r#""Chromium";v="156", "Google Chrome";v="156", "Not:A-Brand";v="8""#,
    "?0",
    "\"Windows\"",
];
const MAC: [&str; 3] = [
    r#""Chromium";v="156", "Google Chrome";v="156", "Not:A-Brand";v="8""#,
    "?0",
    "\"macOS\"",
];
const LINUX: [&str; 3] = [
    r#""Chromium";v="155", "Google Chrome";v="155", "Not?A_Brand";v="24""#,
    "?0",
    "\"Linux\"",
];
const ANDROID: [&str; 3] = [
    r#""Chromium";v="156", "Google Chrome";v="156", "Not:A-Brand";v="8""#,
    "?1",
    "\"Android\"",
];
const EDGE: [&str; 3] = [
    r#""Chromium";v="156", "Microsoft Edge";v="156", "Not:A-Brand";v="8""#,
    "?0",
    "\"Windows\"",
];

/// Browsers with their shares.
pub(crate) static CLIENTS: &[Client] = &[
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        hints: Some(WINDOWS),
        engine: Engine::Chromium,
        bot: false,
        viewports: LAPTOP,
        slowness: 1.1,
        weight: 23.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/154.0.0.0 Safari/537.36",
        hints: None,
        engine: Engine::Chromium,
        bot: false,
        viewports: LAPTOP,
        slowness: 1.4,
        weight: 4.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
        hints: Some(MAC),
        engine: Engine::Chromium,
        bot: false,
        viewports: LAPTOP,
        slowness: 0.8,
        weight: 9.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Safari/537.36",
        hints: Some(LINUX),
        engine: Engine::Chromium,
        bot: false,
        viewports: LAPTOP,
        slowness: 0.9,
        weight: 2.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
        hints: Some(EDGE),
        engine: Engine::Chromium,
        bot: false,
        viewports: LAPTOP,
        slowness: 1.1,
        weight: 8.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        hints: Some(ANDROID),
        engine: Engine::Chromium,
        bot: false,
        viewports: PHONE,
        slowness: 2.6,
        weight: 20.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
        hints: None,
        engine: Engine::Chromium,
        bot: false,
        viewports: PHONE,
        slowness: 2.2,
        weight: 3.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 13; M2102J20SG Build/TKQ1.220829.002; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0.0.0 Mobile Safari/537.36",
        hints: None,
        engine: Engine::Chromium,
        bot: false,
        viewports: PHONE,
        slowness: 3.4,
        weight: 1.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
        hints: None,
        engine: Engine::WebKit,
        bot: false,
        viewports: PHONE,
        slowness: 1.3,
        weight: 17.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
        hints: None,
        engine: Engine::WebKit,
        bot: false,
        viewports: PHONE,
        slowness: 1.8,
        weight: 2.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (iPad; CPU OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
        hints: None,
        engine: Engine::WebKit,
        bot: false,
        viewports: TABLET,
        slowness: 1.6,
        weight: 1.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
        hints: None,
        engine: Engine::WebKit,
        bot: false,
        viewports: LAPTOP,
        slowness: 0.9,
        weight: 6.0,
    },
    Client {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
        hints: None,
        engine: Engine::Gecko,
        bot: false,
        viewports: LAPTOP,
        slowness: 1.2,
        weight: 2.5,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0",
        hints: None,
        engine: Engine::Gecko,
        bot: false,
        viewports: LAPTOP,
        slowness: 1.0,
        weight: 0.8,
    },
    Client {
        user_agent: "Mozilla/5.0 (Android 15; Mobile; rv:148.0) Gecko/148.0 Firefox/148.0",
        hints: None,
        engine: Engine::Gecko,
        bot: false,
        viewports: PHONE,
        slowness: 2.4,
        weight: 0.4,
    },
    Client {
        user_agent: "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/155.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        hints: None,
        engine: Engine::Chromium,
        bot: true,
        viewports: CRAWLER,
        slowness: 1.5,
        weight: 1.6,
    },
    Client {
        user_agent: "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/136.0.0.0 Safari/537.36",
        hints: None,
        engine: Engine::Chromium,
        bot: true,
        viewports: CRAWLER,
        slowness: 1.5,
        weight: 0.7,
    },
    Client {
        user_agent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/155.0.0.0 Safari/537.36",
        hints: None,
        engine: Engine::Chromium,
        bot: true,
        viewports: CRAWLER,
        slowness: 1.2,
        weight: 0.7,
    },
];

/// A kind of connection as the Network Information API names it.
pub(crate) struct Network {
    pub(crate) effective_type: &'static str,
    /// Multiplies every time that waits for the network.
    pub(crate) factor: f64,
    pub(crate) weight: f64,
}

pub(crate) static NETWORKS: &[Network] = &[
    Network {
        effective_type: "4g",
        factor: 1.0,
        weight: 88.0,
    },
    Network {
        effective_type: "3g",
        factor: 2.6,
        weight: 9.0,
    },
    Network {
        effective_type: "2g",
        factor: 6.0,
        weight: 2.2,
    },
    Network {
        effective_type: "slow-2g",
        factor: 11.0,
        weight: 0.8,
    },
];

/// Share of the daily peak at an hour of local time, for sites of leisure.
const LEISURE: [f64; 24] = [
    0.30, 0.18, 0.11, 0.08, 0.07, 0.10, 0.20, 0.38, 0.52, 0.60, 0.66, 0.70, 0.76, 0.74, 0.70, 0.70,
    0.74, 0.80, 0.88, 0.96, 1.00, 0.95, 0.76, 0.50,
];
/// The same for tools that people use at work.
const WORK: [f64; 24] = [
    0.03, 0.02, 0.02, 0.02, 0.03, 0.06, 0.18, 0.45, 0.85, 1.00, 1.00, 0.95, 0.70, 0.85, 0.98, 0.95,
    0.85, 0.55, 0.28, 0.16, 0.12, 0.10, 0.07, 0.05,
];

/// How busy a site is at a moment, 0 to 1. `local_us` is local time in µs since 1970.
pub(crate) fn busyness(local_us: i64, work_tool: WorkTool) -> f64 {
    let hours = local_us.div_euclid(3_600_000_000);
    let hour = usize::try_from(hours.rem_euclid(24)).expect("0 to 23");
    // 1 January 1970 was a Thursday.
    let weekend = matches!((hours.div_euclid(24) + 4).rem_euclid(7), 0 | 6);
    match work_tool {
        WorkTool::Yes => WORK[hour] * if weekend { 0.12 } else { 1.0 },
        WorkTool::No => LEISURE[hour] * if weekend { 1.0 } else { 0.85 },
    }
}

/// Whether people use a site at work, which decides its rhythm.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkTool {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_begin_at_a_multiple_of_their_size() {
        for country in COUNTRIES {
            for &(base, prefix) in country.ranges {
                let mask = u32::MAX >> prefix;
                assert_eq!(
                    u32::from_be_bytes(base) & mask,
                    0,
                    "{} {base:?}/{prefix}",
                    country.code
                );
            }
        }
    }

    #[test]
    fn a_work_tool_rests_on_saturday_night() {
        // 2026-11-21 03:00 UTC was a Saturday, 2026-11-20 10:00 UTC a Friday.
        let saturday_night = busyness(1_795_230_000_000_000, WorkTool::Yes);
        let friday_morning = busyness(1_795_168_800_000_000, WorkTool::Yes);
        assert!(
            saturday_night * 50.0 < friday_morning,
            "{saturday_night} {friday_morning}"
        );
    }
}
