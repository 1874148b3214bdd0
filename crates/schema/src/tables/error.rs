//! `error`: errors and crashes, raw; restored stacks and issues are side tables.

table! {
    /// One row an error or crash.
    error;
    /// source, console, network, custom, report, agent, logger, webview.
    error_source: Keyword, dd: "error.source", dk: "error_source";
    /// Type of the error, as `TypeError`.
    error_type: Keyword, dd: "error.type", dk: "error_type";
    /// Message.
    error_message: Text, dd: "error.message", dk: "error_message";
    /// Stack as sent.
    error_stack: Text, dd: "error.stack", dk: "error_stack";
    /// handled or unhandled.
    error_handling: Keyword, dd: "error.handling", dk: "error_handling";
    /// Stack of the place that handled it.
    error_handling_stack: Text, dd: "error.handling_stack", dk: "error_handling_stack";
    /// What caused it (JSON).
    error_causes: Json, dd: "error.causes";
    /// It ended the app.
    error_is_crash: Bool, facet, dd: "error.is_crash";
    /// exception, anr, app_hang, watchdog, memory_warning, network, csp, deprecation.
    error_category: Keyword, dd: "error.category";
    /// Fingerprint the application gave.
    error_fingerprint: Text, dd: "error.fingerprint";
    /// startup or run.
    error_situation: Keyword, dk: "error_situation";
    /// URL of the failed request.
    error_resource_url: Text, dd: "error.resource.url", dk: "resource_url";
    /// Host of the failed request.
    error_resource_url_host: Keyword, dk: "resource_url_host";
    /// Method of the failed request.
    error_resource_method: Keyword, dd: "error.resource.method", dk: "resource_method";
    /// Status of the failed request.
    error_resource_status: Int32, dd: "error.resource.status_code", dk: "resource_status";
    /// Threads of the crash (JSON).
    error_threads: Json, dd: "error.threads";
    /// Binary images of the crash (JSON).
    error_binary_images: Json, dd: "error.binary_images";
    /// Facts of the crash (JSON).
    error_meta: Json, dd: "error.meta";
    /// Stack of components, as React gives it.
    error_component_stack: Text, dd: "error.component_stack";
    /// enforce or report.
    error_csp_disposition: Keyword, dd: "error.csp.disposition";
    /// From the app's start.
    error_time_since_app_start: Nanos, dd: "error.time_since_app_start";
    /// Hash of the raw grouping key.
    error_group: Keyword, no_facet;
    /// Hash of the stack: names it in the tables of restored stacks.
    error_stack_hash: Keyword, no_facet;
    /// The issue that the error belongs to.
    issue_id: Text, computed;
    /// The stack restored by symbol files.
    error_stack_source: Text, computed;
    /// How long the app ran in the foreground without crash.
    foreground_crash_free_duration: Nanos, dk: "foreground_crash_free_duration";
    /// How long the app ran in the background without crash.
    background_crash_free_duration: Nanos, dk: "background_crash_free_duration";
    /// Memory of the device at the error.
    memory_total: Float, dk: "memory_total";
    /// Memory in use at the error.
    memory_use: Float, dk: "memory_use";
    /// Processor in use at the error.
    cpu_use: Float, dk: "cpu_use";
    /// Battery at the error.
    battery_use: Float, dk: "battery_use";
}
