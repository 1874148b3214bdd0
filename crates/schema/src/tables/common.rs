//! The columns that every table has.

columns! { 0;
    /// Application the event belongs to.
    app_id: Keyword, dd: "application.id";
    /// Identity of the event inside its table; made from its content where the client sends none. In `view` it is the view id, in `session` the session id.
    event_id: Text;
    /// When it began, corrected for the client's clock skew.
    time: Time, first, dd: "date", alias: "timestamp";
    /// Moved to its arrival because it lay more than 5 minutes in the future.
    time_adjusted: Bool, first;
    /// When it began by the client's own clock, exactly as sent.
    client_time: Time, first;
    /// When the collector accepted it.
    received_at: Time;
    /// Which family of SDKs sent it.
    sdk_family: Keyword;
    /// Name of the SDK.
    sdk_name: Keyword, dd: "_dd.sdk_name", dk: "sdk_name";
    /// Version of the SDK.
    sdk_version: Keyword, dd: "_dd.browser_sdk_version", dk: "sdk_version";
    /// What kind of client it runs in: web, android, ios, miniapp and so on.
    platform: Keyword, dd: "source";
    /// Service that was released.
    service: Keyword, dd: "service", dk: "service";
    /// Environment of the release.
    env: Keyword, dk: "env";
    /// Version of the release.
    version: Keyword, dd: "version", dk: "version";
    /// Build variant of the release.
    variant: Keyword, dd: "variant";
    /// Session the event belongs to.
    session_id: Text, dd: "session.id", dk: "session_id";
    /// user, synthetics or ci_test.
    session_type: Keyword, dd: "session.type", dk: "session_type";
    /// Whether the session has a recording.
    session_has_replay: Bool, dd: "session.has_replay", dk: "session_has_replay";
    /// The user as the application knows them.
    user_id: Text, dd: "usr.id", dk: "userid";
    /// The user's name.
    user_name: Text, dd: "usr.name", dk: "user_name";
    /// The user's e-mail address.
    user_email: Text, dd: "usr.email", dk: "user_email";
    /// Whether the user is signed in; an id that equals the anonymous id is not.
    user_is_signed_in: Bool, dk: "is_signin";
    /// Id that is stable per browser or install.
    anonymous_id: Text, dd: "usr.anonymous_id";
    /// The account (organisation) of the user.
    account_id: Text, dd: "account.id";
    /// The account's name.
    account_name: Text, dd: "account.name";
    /// View in which it happened.
    view_id: Text, dd: "view.id", dk: "view_id";
    /// Name of the view.
    view_name: Text, facet, dd: "view.name", dk: "view_name";
    /// URL of the view, scrubbed.
    view_url: Text, dd: "view.url", dk: "view_url";
    /// Where the view was reached from.
    view_referrer: Text, dd: "view.referrer", dk: "view_referrer";
    /// Host of the view's URL.
    view_url_host: Keyword, dk: "view_host";
    /// Path of the view's URL.
    view_url_path: Keyword, dk: "view_path";
    /// Path of the view's URL with ids replaced by `?`.
    view_url_path_group: Keyword, dk: "view_path_group";
    /// Query of the view's URL, scrubbed.
    view_url_query: Text, dk: "view_url_query";
    /// Whether the view was in the foreground.
    view_in_foreground: Bool, dd: "view.in_foreground";
    /// Action that caused the event; in `action` its own id.
    action_id: Text, dk: "action_id";
    /// desktop, mobile, tablet, tv, console, bot or other.
    device_type: Keyword, dd: "device.type";
    /// Maker of the device.
    device_brand: Keyword, dd: "device.brand", dk: "device";
    /// Model of the device.
    device_model: Keyword, dd: "device.model", dk: "model";
    /// Marketing name of the device.
    device_name: Keyword, dd: "device.name";
    /// Processor architecture.
    device_architecture: Keyword, dd: "device.architecture", dk: "arch";
    /// Id of the device or install.
    device_id: Text, dd: "device.id", dk: "device_uuid";
    /// Operating system.
    os_name: Keyword, dd: "os.name", dk: "os";
    /// Version of the operating system.
    os_version: Keyword, dd: "os.version", dk: "os_version";
    /// First part of the operating system's version.
    os_version_major: Keyword, dd: "os.version_major", dk: "os_version_major";
    /// Browser, from the User-Agent.
    browser_name: Keyword, dk: "browser";
    /// Version of the browser.
    browser_version: Keyword, dk: "browser_version";
    /// First part of the browser's version.
    browser_version_major: Keyword, dk: "browser_version_major";
    /// The User-Agent header.
    user_agent: Text;
    /// Size of the screen, as `1920*1080`.
    screen_size: Keyword, dk: "screen_size";
    /// Width of the viewport in CSS pixels.
    viewport_width: Int32, dd: "display.viewport.width", unit_is: "px";
    /// Height of the viewport in CSS pixels.
    viewport_height: Int32, dd: "display.viewport.height", unit_is: "px";
    /// Language of the device, as `en-US`.
    locale: Keyword, dd: "device.locale", dk: "locale";
    /// Time zone of the device, as `Europe/Berlin`.
    time_zone: Keyword, dd: "device.time_zone", dk: "time_zone";
    /// connected, not_connected or maybe.
    network_status: Keyword, dd: "connectivity.status";
    /// Kind of network: wifi, cellular and so on.
    network_type: Keyword, dk: "network_type";
    /// 4g, 3g, 2g or slow-2g by measured speed.
    network_effective_type: Keyword, dd: "connectivity.effective_type";
    /// Mobile carrier.
    carrier_name: Keyword, dd: "connectivity.cellular.carrier_name", dk: "carrier";
    /// Address of the client: kept, truncated or dropped by the application's privacy setting.
    ip: Keyword, no_facet, dk: "ip";
    /// Continent, from the address.
    continent: Keyword;
    /// Country, from the address.
    country: Keyword, dk: "country";
    /// ISO 3166-1 alpha-2 code of the country.
    country_code: Keyword;
    /// First subdivision of the country, from the address.
    region: Keyword, dk: "province";
    /// City, from the address.
    city: Keyword, dk: "city";
    /// Network operator, from the address.
    isp: Keyword, dk: "isp";
    /// Trace of the request.
    trace_id: Text, dd: "_dd.trace_id", dk: "trace_id";
    /// Span of the request.
    span_id: Text, dd: "_dd.span_id", dk: "span_id";
    /// Synthetic test that ran the page.
    synthetic_test_id: Keyword, no_facet, dd: "synthetics.test_id";
    /// Result of the synthetic test.
    synthetic_result_id: Keyword, no_facet, dd: "synthetics.result_id";
    /// CI test that ran the page.
    ci_test_id: Keyword, no_facet, dd: "ci_test.test_execution_id";
    /// A known crawler or headless client.
    bot: Bool;
    /// Wall clock against monotonic clock in the page. Stored, never applied.
    drift: Int64, unit_is: "ns";
    /// Logical processors.
    device_cpu_count: Int32, dd: "device.logical_cpu_count";
    /// Memory of the device.
    device_memory_bytes: Bytes;
    /// Share of sessions that are sent; counts can be scaled by it.
    sample_rate: Percent, dd: "_dd.configuration.session_sample_rate", dk: "session_sample_rate";
    /// Share of sent sessions that are recorded.
    replay_sample_rate: Percent, dd: "_dd.configuration.session_replay_sample_rate", dk: "session_replay_sample_rate";
    /// Share of sessions with an error that are sent.
    on_error_sample_rate: Percent, dk: "session_on_error_sample_rate";
    /// Share of sessions with an error that are recorded.
    replay_on_error_sample_rate: Percent, dk: "session_replay_on_error_sample_rate";
    /// The session is here because it has an error.
    sampled_for_error_session: Bool, dk: "sampled_for_error_session";
    /// The session was drawn for recording.
    sampled_for_replay: Bool, dd: "session.sampled_for_replay", dk: "sampled_for_replay";
    /// The session is recorded because it has an error.
    sampled_for_error_replay: Bool, dk: "sampled_for_error_replay";
    /// All actions that were open.
    action_ids: TextList, dk: "action_ids";
    /// Host of a mini-program: its platform.
    host_platform: Keyword, dk: "platform";
    /// Host of a mini-program: version of its platform.
    host_platform_version: Keyword, dk: "platform_version";
    /// Host of a mini-program: the app.
    host_app: Keyword, dk: "app";
    /// Host of a mini-program: version of its framework.
    app_framework_version: Keyword, dk: "app_framework_version";
    /// Whether a network was there.
    network_available: Bool, dk: "network_available";
    /// Whether the network reached the internet.
    network_validated: Bool, dk: "network_validated";
    /// Downlink by the client's measure.
    network_downlink_kbps: Float, unit_is: "kbps", dk: "network_downlink_kbps";
    /// Uplink by the client's measure.
    network_uplink_kbps: Float, unit_is: "kbps", dk: "network_uplink_kbps";
    /// Signal strength by the client's measure.
    network_signal_strength: Float, dk: "network_signal_strength";
    /// Build of the app package.
    application_uuid: Keyword, no_facet, dd: "build_id", dk: "application_uuid";
    /// How the recording masks.
    privacy_replay_level: Keyword, dd: "privacy.replay_level", dk: "view_privacy_replay_level";
    /// Everything a client sent that no column takes: `context.*`, `user.*`, `feature_flags.*`, `<family>.*`.
    attributes: Attributes;
}
