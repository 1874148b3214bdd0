//! `session`: derived by the server from a session's distinct rows.

table! {
    /// One row a session, computed from its distinct rows. Common columns come from its newest view.
    session;
    /// Begin of the earliest row.
    session_start: Time;
    /// End of the latest row: its time and duration.
    session_end: Time;
    /// session_end − session_start.
    session_duration: Nanos, dk: "time_spent";
    /// No end was seen, the last row is younger than 15 minutes and the begin younger than 4 hours.
    session_is_active: Bool, computed, dk: "is_active";
    /// Stored distinct views.
    session_view_count: Int64, dk: "session_view_count";
    /// Stored distinct actions.
    session_action_count: Int64, dk: "session_action_count";
    /// Stored distinct errors.
    session_error_count: Int64, dk: "session_error_count";
    /// Stored distinct resources.
    session_resource_count: Int64, dk: "session_resource_count";
    /// Stored distinct long tasks.
    session_long_task_count: Int64, dk: "session_long_task_count";
    /// Stored distinct errors that are crashes.
    session_crash_count: Int64, dk: "session_crash_count";
    /// Frustration signals of stored distinct actions.
    session_frustration_count: Int64, dk: "session_frustration_count";
    /// Name of the first view.
    entry_view_name: Text, facet, dk: "session_first_view_name";
    /// URL of the first view.
    entry_view_url: Text, dk: "session_first_view_url";
    /// Path group of the first view.
    entry_view_url_path_group: Keyword, dk: "session_first_view_path_group";
    /// Referrer of the first view.
    entry_view_referrer: Text;
    /// Every signed-in user seen in the session.
    user_ids: TextList;
    /// Name of the last view.
    exit_view_name: Text, facet, dk: "session_last_view_name";
    /// URL of the last view.
    exit_view_url: Text, dk: "session_last_view_url";
    /// Path group of the last view.
    exit_view_url_path_group: Keyword, dk: "session_last_view_path_group";
    /// Id of the first view.
    first_view_id: Text, dk: "session_first_view_id";
    /// Id of the last view.
    last_view_id: Text, dk: "session_last_view_id";
    /// Where the session came from: referrer of its first view.
    session_referrer: Text, dk: "session_referrer";
    /// Host of `session_referrer`.
    referrer_host: Keyword;
    /// Begun blocks of four hours: a metering unit.
    session_blocks_4h: Int64, dk: "session_time_spent_count";
    /// `utm_source` of the first view's URL.
    utm_source: Keyword;
    /// `utm_medium` of the first view's URL.
    utm_medium: Keyword;
    /// `utm_campaign` of the first view's URL.
    utm_campaign: Keyword;
    /// Apdex of the session's views with a loading time, T = 2 s.
    session_apdex: Float;
    /// 75th percentile of largest contentful paint over the session's views.
    session_lcp_p75: Nanos;
    /// 75th percentile of interaction to next paint over the session's views.
    session_inp_p75: Nanos;
    /// 75th percentile of cumulative layout shift over the session's views.
    session_cls_p75: Float;
    /// An end was seen: the SDK said that the session was stopped.
    _ended: Bool, hidden;
}
