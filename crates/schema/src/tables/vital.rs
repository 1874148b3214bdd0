//! `vital`: durations, operations and launches the application reports.

table! {
    /// One row a vital.
    vital;
    /// Name.
    vital_name: Text, facet, dd: "vital.name";
    /// duration, operation_step, app_launch, custom.
    vital_type: Keyword, dd: "vital.type";
    /// Duration.
    vital_duration: Nanos, dd: "vital.duration";
    /// What the application says of it.
    vital_description: Text, dd: "vital.description", dd: "vital.details";
    /// start, update, retry or end of an operation.
    vital_step_type: Keyword, dd: "vital.step_type";
    /// Which run of the operation.
    vital_operation_key: Keyword, no_facet, dd: "vital.operation_key";
    /// error, abandoned, other.
    vital_failure_reason: Keyword, dd: "vital.failure_reason";
    /// cold_start or warm_start.
    vital_startup_type: Keyword, dd: "vital.startup_type";
    /// Value of a vital that is no duration.
    vital_value: Float;
    /// Unit of `vital_value`.
    vital_unit: Keyword;
}
