//! `view`: versions merged into one row.

table! {
    /// One row a view; versions merge field by field.
    view;
    /// Version of the newest merged state.
    view_version: Int64, max, dd: "_dd.document_version", dk: "view_update_time";
    /// initial_load, route_change, bf_cache, session_renewal or a mobile display type.
    view_loading_type: Keyword, dd: "view.loading_type", dk: "view_loading_type";
    /// Whether the view is still open.
    view_is_active: Bool, dd: "view.is_active", dk: "is_active";
    /// Time from the view's begin to its newest version.
    view_time_spent: Nanos, max, dd: "view.time_spent", dk: "time_spent";
    /// Navigation start until network and DOM are quiet.
    view_loading_time: Nanos, dd: "view.loading_time", dk: "loading_time";
    /// First paint.
    first_paint: Nanos, dk: "first_paint_time";
    /// First contentful paint. Source: w3.org/TR/paint-timing
    first_contentful_paint: Nanos, dd: "view.performance.fcp.timestamp", dd: "view.first_contentful_paint", dk: "first_contentful_paint", alias: "fcp";
    /// Largest contentful paint. Source: web.dev/articles/lcp
    largest_contentful_paint: Nanos, max, dd: "view.performance.lcp.timestamp", dd: "view.largest_contentful_paint", dk: "largest_contentful_paint", alias: "lcp";
    /// Selector of the LCP element.
    lcp_target_selector: Text, with: "largest_contentful_paint", dd: "view.performance.lcp.target_selector", dd: "view.largest_contentful_paint_target_selector", dk: "largest_contentful_paint_element_selector";
    /// URL of the LCP resource.
    lcp_resource_url: Text, with: "largest_contentful_paint", dd: "view.performance.lcp.resource_url";
    /// First byte until the LCP resource starts to load.
    lcp_load_delay: Nanos, with: "largest_contentful_paint", dd: "view.performance.lcp.sub_parts.load_delay";
    /// Load of the LCP resource.
    lcp_load_time: Nanos, with: "largest_contentful_paint", dd: "view.performance.lcp.sub_parts.load_time";
    /// LCP resource loaded until the element is rendered.
    lcp_render_delay: Nanos, with: "largest_contentful_paint", dd: "view.performance.lcp.sub_parts.render_delay";
    /// Interaction to next paint. Past 50 interactions a percentile, so it can fall. Source: web.dev/articles/inp
    interaction_to_next_paint: Nanos, dd: "view.performance.inp.duration", dd: "view.interaction_to_next_paint", dk: "interaction_to_next_paint", alias: "inp";
    /// When the INP interaction happened, from the view's begin.
    inp_time: Nanos, with: "interaction_to_next_paint", dd: "view.performance.inp.timestamp", dd: "view.interaction_to_next_paint_time";
    /// Selector of the INP target.
    inp_target_selector: Text, with: "interaction_to_next_paint", dd: "view.performance.inp.target_selector", dd: "view.interaction_to_next_paint_target_selector", dk: "interaction_to_next_paint_target_selector";
    /// Interaction until its handlers start.
    inp_input_delay: Nanos, with: "interaction_to_next_paint", dd: "view.performance.inp.sub_parts.input_delay";
    /// Run of the handlers.
    inp_processing_duration: Nanos, with: "interaction_to_next_paint", dd: "view.performance.inp.sub_parts.processing_duration";
    /// Handlers done until the next paint.
    inp_presentation_delay: Nanos, with: "interaction_to_next_paint", dd: "view.performance.inp.sub_parts.presentation_delay";
    /// Worst session window of layout shifts. Source: web.dev/articles/cls
    cumulative_layout_shift: Float, max, dd: "view.performance.cls.score", dd: "view.cumulative_layout_shift", dk: "cumulative_layout_shift", alias: "cls";
    /// When the largest shift of that window happened, from the view's begin.
    cls_time: Nanos, with: "cumulative_layout_shift", dd: "view.performance.cls.timestamp", dd: "view.cumulative_layout_shift_time", dk: "cumulative_layout_shift_time";
    /// Selector of the element that shifted most.
    cls_target_selector: Text, with: "cumulative_layout_shift", dd: "view.performance.cls.target_selector", dd: "view.cumulative_layout_shift_target_selector", dk: "cumulative_layout_shift_target_selector";
    /// First input delay.
    first_input_delay: Nanos, dd: "view.performance.fid.duration", dd: "view.first_input_delay", dk: "first_input_delay", alias: "fid";
    /// When the first input happened, from the view's begin.
    first_input_time: Nanos, dd: "view.performance.fid.timestamp", dd: "view.first_input_time", dk: "first_input_time";
    /// Selector of the first input's target.
    first_input_target_selector: Text, dd: "view.performance.fid.target_selector", dd: "view.first_input_target_selector", dk: "first_input_target_selector";
    /// Time to first byte.
    first_byte: Nanos, dd: "view.first_byte", dk: "first_byte", alias: "ttfb";
    /// Document parsed.
    dom_interactive: Nanos, dd: "view.dom_interactive", dk: "dom_interactive";
    /// DOMContentLoaded.
    dom_content_loaded: Nanos, dd: "view.dom_content_loaded", dk: "dom_content_loaded";
    /// Document and its resources loaded.
    dom_complete: Nanos, dd: "view.dom_complete", dk: "dom_complete";
    /// Load event done.
    load_event: Nanos, dd: "view.load_event", dk: "load_event";
    /// Time to interactive.
    time_to_interactive: Nanos, dk: "time_to_interactive";
    /// DOM ready, as DataKit measures it.
    dom_ready: Nanos, dk: "dom_ready";
    /// DOM parse, as DataKit measures it.
    dom: Nanos, dk: "dom";
    /// Load of resources, as DataKit measures it.
    resource_load_time: Nanos, dk: "resource_load_time";
    /// View begin until its first requests are done (mobile).
    network_settled_time: Nanos, dd: "view.network_settled_time";
    /// Last interaction of the view before until this view began (mobile).
    interaction_to_next_view_time: Nanos, dd: "view.interaction_to_next_view_time";
    /// Errors by the SDK's own counter.
    view_error_count: Int64, max, dd: "view.error.count", dk: "view_error_count";
    /// Resources by the SDK's own counter.
    view_resource_count: Int64, max, dd: "view.resource.count", dk: "view_resource_count";
    /// Long tasks by the SDK's own counter.
    view_long_task_count: Int64, max, dd: "view.long_task.count", dk: "view_long_task_count";
    /// Actions by the SDK's own counter.
    view_action_count: Int64, max, dd: "view.action.count", dk: "view_action_count";
    /// Frustration signals by the SDK's own counter.
    view_frustration_count: Int64, max, dd: "view.frustration.count", dk: "view_frustration_count";
    /// Crashes by the SDK's own counter.
    view_crash_count: Int64, max, dd: "view.crash.count", dk: "view_crash_count";
    /// Frozen frames by the SDK's own counter.
    view_frozen_frame_count: Int64, max, dd: "view.frozen_frame.count", dk: "view_frozen_frame_count";
    /// Apdex level, as DataKit computes it.
    view_apdex_level: Int32, dk: "view_apdex_level";
    /// Timings the application set: name to ns from the view's begin.
    view_custom_timings: Attributes, dd: "view.custom_timings", dk: "custom_timings";
    /// When the page was active, passive, hidden or frozen.
    view_page_states: Json, append, dd: "_dd.page_states", dk: "page_states";
    /// Processor ticks spent.
    cpu_ticks: Float, max, dd: "view.cpu_ticks_count", dk: "cpu_tick_count";
    /// Processor ticks a second.
    cpu_ticks_per_second: Float, dd: "view.cpu_ticks_per_second", dk: "cpu_tick_count_per_second";
    /// Average memory in use.
    memory_average: Bytes, dd: "view.memory_average", dk: "memory_avg";
    /// Most memory in use.
    memory_max: Bytes, max, dd: "view.memory_max", dk: "memory_max";
    /// Average frames a second.
    fps_average: Float, unit_is: "fps", dd: "view.refresh_rate_average", dk: "fps_avg";
    /// Fewest frames a second.
    fps_min: Float, unit_is: "fps", dd: "view.refresh_rate_min", dk: "fps_mini";
    /// Average battery current.
    battery_current_average: Float, dk: "battery_current_avg";
    /// Highest battery current.
    battery_current_max: Float, max, dk: "battery_current_max";
    /// Share of slow frames.
    slow_frame_rate: Float, dd: "view.slow_frames_rate", dk: "view_long_task_rate";
    /// Frozen time a unit of time.
    freeze_rate: Float, dd: "view.freeze_rate";
    /// The view is a web view inside an app.
    view_is_web_view: Bool, dk: "is_web_view";
    /// First meaningful paint (mini-program).
    page_first_meaningful_paint: Nanos, dk: "page_fmp";
    /// onLoad to onShow (mini-program).
    page_onload_to_onshow: Nanos, dd: "view.onload_to_onshow", dk: "onload_to_onshow";
    /// onShow to onReady (mini-program).
    page_onshow_to_onready: Nanos, dd: "view.onshow_to_onready", dk: "onshow_to_onready";
    /// onReady (mini-program).
    page_onready: Nanos, dk: "onready";
    /// Calls of setData (mini-program).
    setdata_count: Int64, max, dd: "view.setdata.count", dk: "view_setdata_count";
    /// Time in setData (mini-program).
    setdata_duration: Nanos, max, dd: "view.setdata.duration", dk: "setdata_duration";
    /// Deepest point seen.
    scroll_max_depth: Int64, max, unit_is: "px", dd: "display.scroll.max_depth";
    /// Greatest height of the document.
    scroll_max_height: Int64, max, unit_is: "px", dd: "display.scroll.max_scroll_height";
    /// What the SDK says it recorded.
    session_replay_stats: Json, dd: "_dd.replay_stats", dk: "session_replay_stats";
    /// False once the SDK said that the session was stopped.
    _session_is_active: Bool, hidden, dd: "session.is_active";
    /// Where values came from that are older than the newest version: see `merge`.
    _merge: Json, hidden;
}
