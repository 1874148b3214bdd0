//! `long_task`: when the main thread was blocked.

table! {
    /// One row a long task, long animation frame or app hang.
    long_task;
    /// long-task, long-animation-frame or app-hang.
    long_task_entry_type: Keyword, dd: "long_task.entry_type";
    /// Duration.
    long_task_duration: Nanos, dd: "long_task.duration", dk: "duration";
    /// Time in which input would have waited.
    long_task_blocking_duration: Nanos, dd: "long_task.blocking_duration";
    /// Begin, from the page's time origin.
    long_task_start_time: Nanos, dd: "long_task.start_time";
    /// Begin of rendering, from the page's time origin.
    long_task_render_start: Nanos, dd: "long_task.render_start";
    /// Begin of style and layout, from the page's time origin.
    long_task_style_and_layout_start: Nanos, dd: "long_task.style_and_layout_start";
    /// First input event, from the page's time origin.
    long_task_first_ui_event_time: Nanos, dd: "long_task.first_ui_event_timestamp";
    /// A frozen frame (mobile).
    long_task_is_frozen_frame: Bool, dd: "long_task.is_frozen_frame";
    /// The scripts that ran (JSON).
    long_task_scripts: Json, dd: "long_task.scripts";
    /// URL of the longest script.
    long_task_top_script_url: Keyword;
    /// Who called the longest script.
    long_task_top_script_invoker: Keyword;
    /// Stack of the hang.
    long_task_stack: Text, dk: "long_task_stack";
    /// Message of the hang.
    long_task_message: Text, dk: "long_task_message";
}
