//! `action`: what users did.

table! {
    /// One row an action: clicks, taps, custom actions, app launches.
    action;
    /// click, tap, scroll, swipe, back, input, custom, launch_cold, launch_hot, launch_warm and so on.
    action_type: Keyword, dd: "action.type", dk: "action_type";
    /// What was clicked, or the name the application gave.
    action_name: Text, facet, dd: "action.target.name", dk: "action_name";
    /// Selector of the target.
    action_target_selector: Text, dd: "_dd.action.target.selector", dk: "action_target_selector";
    /// Width of the target.
    action_target_width: Int32, unit_is: "px", dd: "_dd.action.target.width";
    /// Height of the target.
    action_target_height: Int32, unit_is: "px", dd: "_dd.action.target.height";
    /// Position inside the target.
    action_position_x: Int32, unit_is: "px", dd: "_dd.action.position.x";
    /// Position inside the target.
    action_position_y: Int32, unit_is: "px", dd: "_dd.action.position.y";
    /// Action until the page is quiet again.
    action_loading_time: Nanos, dd: "action.loading_time", dk: "duration";
    /// Errors during the action.
    action_error_count: Int64, dd: "action.error.count", dk: "action_error_count";
    /// Requests during the action.
    action_resource_count: Int64, dd: "action.resource.count", dk: "action_resource_count";
    /// Long tasks during the action.
    action_long_task_count: Int64, dd: "action.long_task.count", dk: "action_long_task_count";
    /// Crashes during the action.
    action_crash_count: Int64, dd: "action.crash.count";
    /// rage_click, dead_click, error_click, error_tap.
    action_frustration_types: KeywordList, dd: "action.frustration.type", dk: "action_frustration_types";
    /// Kind of app launch.
    app_launch_type: Keyword, dk: "app_launch_type";
    /// Launch phase: before the application's initialisation.
    app_pre_application_init_time: Nanos, dk: "app_pre_application_init_time";
    /// Launch phase: before the runtime's initialisation.
    app_pre_runtime_init_time: Nanos, dk: "app_pre_runtime_init_time";
    /// Launch phase: the runtime's initialisation.
    app_runtime_init_time: Nanos, dk: "app_runtime_init_time";
    /// Launch phase: UIKit's initialisation.
    app_uikit_init_time: Nanos, dk: "app_uikit_init_time";
    /// Launch phase: the application's initialisation.
    app_application_init_time: Nanos, dk: "app_application_init_time";
    /// Launch phase: until the first frame.
    app_first_frame_init_time: Nanos, dk: "app_first_frame_init_time";
    /// Query of a mini-program's launch.
    app_launch_query: Text, dk: "app_launch_query";
    /// Referrer of a mini-program's launch.
    app_launch_referrer_info: Text, dk: "app_launch_referrer_info";
}
