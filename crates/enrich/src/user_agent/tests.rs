use super::*;

const HEADLESS: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36";
const FROZEN_ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36";
const FROZEN_WINDOWS: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";

fn row_of(agents: &UserAgents, user_agent: &str, hints: &[(&str, &str)]) -> Row {
    let headers: Vec<_> = hints
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut row = Row::new();
    agents.fill(&mut row, Some(user_agent), &headers);
    row
}

/// `browser version | system version | device type | brand model`, `-` for NULL.
fn summary(row: &Row) -> String {
    let text = |column| row.str(column).unwrap_or("-");
    format!(
        "{} {} | {} {} | {} | {} {}",
        text(common::browser_name),
        text(common::browser_version),
        text(common::os_name),
        text(common::os_version),
        text(common::device_type),
        text(common::device_brand),
        text(common::device_model),
    )
}

#[test]
fn browsers_systems_and_devices_have_their_canonical_names() {
    let agents = UserAgents::new(100);
    let table = [
        (
            HEADLESS,
            "HeadlessChrome 156.0.0.0 | Linux - | desktop | - -",
        ),
        (
            FROZEN_WINDOWS,
            "Chrome 141.0.0.0 | Windows 10 | desktop | - -",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
            "Safari 18.1 | macOS 10.15.7 | desktop | Apple Mac",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
            "Mobile Safari 18.1 | iOS 18.1 | mobile | Apple iPhone",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1",
            "Mobile Safari 16.6 | iOS 16.6 | tablet | Apple iPad",
        ),
        (
            FROZEN_ANDROID,
            "Chrome Mobile 141.0.0.0 | Android 10 | mobile | - -",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
            "Chrome Mobile 141.0.0.0 | Android 14 | mobile | Samsung SM-S918B",
        ),
        (
            "Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome 141.0.0.0 | Android 13 | tablet | - SM-X700",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
            "Edge 141.0.0.0 | Windows 10 | desktop | - -",
        ),
        (
            "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
            "Firefox 132.0 | Linux - | desktop | - -",
        ),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
            "Chrome 141.0.0.0 | Chrome OS 14541.0.0 | desktop | - -",
        ),
        (
            "Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/3.0 Chrome/94.0.4606.31 TV Safari/537.36",
            "Samsung Internet 3.0 | Tizen 7.0 | tv | Samsung SMART-TV",
        ),
        (
            "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
            "Chrome 94.0.4606.128 | webOS - | tv | LG Web0S SmartTV",
        ),
        (
            "Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
            "Safari 15.4 | - - | console | Sony PlayStation 5",
        ),
        (
            "Mozilla/5.0 (Linux; Android 12; V2055A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.44.2502(0x28002C35)",
            "WeChat 8.0.44.2502 | Android 12 | mobile | - -",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; HarmonyOS; ALN-AL00; HMSCore 6.13) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 HuaweiBrowser/14.0.5.303 Mobile Safari/537.36",
            "Huawei Browser 14.0.5.303 | HarmonyOS - | mobile | Huawei -",
        ),
        (
            "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile",
            "ArkWeb 4.1.6.1 | HarmonyOS 5.0 | mobile | - -",
        ),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "Googlebot 2.1 | - - | bot | - -",
        ),
        (
            "Dalvik/2.1.0 (Linux; U; Android 15; PX-1 Build/DEMO.1)",
            "- - | Android 15 | mobile | - PX-1",
        ),
        ("okhttp/4.12.0", "- - | - - | other | - -"),
        (
            "MyApp/1.2 CFNetwork/1494.0.7 Darwin/23.4.0",
            "- - | iOS - | other | Apple iOS-Device",
        ),
        ("\u{0}%s<script>", "- - | - - | other | - -"),
    ];
    for (user_agent, expected) in table {
        assert_eq!(
            summary(&row_of(&agents, user_agent, &[])),
            expected,
            "{user_agent}"
        );
    }
}

#[test]
fn headless_chrome_is_a_bot_on_a_desktop() {
    let agents = UserAgents::new(1);
    let mut row = Row::new();
    assert_eq!(agents.fill(&mut row, Some(HEADLESS), &[]), Some(true));
    assert_eq!(row.str(common::browser_version_major), Some("156"));
    assert_eq!(row.str(common::user_agent), Some(HEADLESS));
    assert_eq!(
        agents.fill(&mut Row::new(), Some(FROZEN_WINDOWS), &[]),
        Some(false)
    );
    assert_eq!(agents.fill(&mut Row::new(), None, &[]), None);
    assert_eq!(agents.fill(&mut Row::new(), Some(""), &[]), None);
}

#[test]
fn client_hints_thaw_a_frozen_user_agent() {
    let agents = UserAgents::new(100);
    let windows = [
        ("sec-ch-ua-platform", "\"Windows\""),
        ("sec-ch-ua-platform-version", "\"15.0.0\""),
    ];
    assert_eq!(
        summary(&row_of(&agents, FROZEN_WINDOWS, &windows)),
        "Chrome 141.0.0.0 | Windows 11 | desktop | - -"
    );
    let android = [
        ("sec-ch-ua-platform", "\"Android\""),
        ("sec-ch-ua-platform-version", "\"15.0.0\""),
        ("sec-ch-ua-model", "\"SM-S918B\""),
        (
            "sec-ch-ua-full-version-list",
            "\"Chromium\";v=\"141.0.7390.54\", \"Google Chrome\";v=\"141.0.7390.54\"",
        ),
    ];
    let expected = "Chrome Mobile 141.0.7390.54 | Android 15 | mobile | Samsung SM-S918B";
    assert_eq!(
        summary(&row_of(&agents, FROZEN_ANDROID, &android)),
        expected
    );
    let brave = [(
        "sec-ch-ua",
        "\"Brave\";v=\"141\", \"Not?A_Brand\";v=\"8\", \"Chromium\";v=\"141\"",
    )];
    assert_eq!(
        row_of(&agents, FROZEN_WINDOWS, &brave).str(common::browser_name),
        Some("Brave")
    );
    let recorded = [
        (
            "sec-ch-ua",
            "\"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"",
        ),
        ("sec-ch-ua-platform", "\"Linux\""),
    ];
    assert_eq!(
        row_of(&agents, HEADLESS, &recorded).str(common::browser_name),
        Some("HeadlessChrome")
    );
    let hostile = [
        ("sec-ch-ua", "\"<b>\";v=\"1\""),
        ("sec-ch-ua-platform", "\"Linux"),
        ("sec-ch-ua-model", "\""),
    ];
    assert_eq!(
        row_of(&agents, FROZEN_WINDOWS, &hostile).str(common::browser_name),
        Some("Chrome")
    );
}

#[test]
fn what_the_client_sent_stands() {
    let agents = UserAgents::new(1);
    let mut row = Row::new();
    row.set(common::os_name, "Fuchsia");
    row.set(common::device_type, "tablet");
    row.set(common::device_model, "Board 1");
    row.set(common::browser_name, "Chrome");
    agents.fill(&mut row, Some(FROZEN_WINDOWS), &[]);
    assert_eq!(
        summary(&row),
        "Chrome 141.0.0.0 | Fuchsia - | tablet | - Board 1"
    );
    let mut row = Row::new();
    row.set(
        common::user_agent,
        "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    );
    agents.fill(&mut row, Some("okhttp/4.12.0"), &[]);
    assert_eq!(row.str(common::browser_name), Some("Firefox"));
}

#[test]
fn one_client_is_judged_once() {
    let agents = UserAgents::new(2);
    for _ in 0..3 {
        row_of(&agents, FROZEN_WINDOWS, &[]);
    }
    row_of(
        &agents,
        FROZEN_WINDOWS,
        &[("sec-ch-ua-platform-version", "\"15.0.0\"")],
    );
    let counts = agents.cache_counts();
    assert_eq!((counts.hits, counts.misses), (2, 2));
}
