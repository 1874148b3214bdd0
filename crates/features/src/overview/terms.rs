//! The terms that more than one panel uses (`semantics.md`, What the numbers mean), as searches and SQL.

/// A view that counts as a page view: a page or a mobile screen. Newer mobile SDKs send no loading type, and two kinds of views that
/// are no screens.
pub(super) const PAGE_VIEWS: &str = "view_loading_type:(initial_load OR route_change OR bf_cache OR session_renewal OR activity_display OR \
     activity_redisplay OR fragment_display OR fragment_redisplay OR view_controller_display OR view_controller_redisplay) \
     OR (-view_loading_type:* -platform:web -view_name:(ApplicationLaunch OR Background))";

/// Who a visitor is: the signed-in user, else the browser or install, else the session.
pub(super) const VISITOR: &str =
    "coalesce(CASE WHEN user_is_signed_in THEN user_id END, anonymous_id, device_id, session_id)";

/// One session: two applications can share the id.
pub(super) const SESSION: &str = "concat(app_id, ' ', session_id)";

/// A web vital and what counts as good and as poor. Source: web.dev/articles/vitals (at most good, above poor).
pub(super) struct Vital {
    pub(super) name: &'static str,
    pub(super) column: &'static str,
    pub(super) good_max: &'static str,
    pub(super) poor_above: &'static str,
    /// Names of the counts of good and poor views in summaries.
    pub(super) good: &'static str,
    pub(super) poor: &'static str,
}

pub(super) const LCP: Vital = Vital {
    name: "lcp_p75",
    column: "largest_contentful_paint",
    good_max: "2500000000",
    poor_above: "4000000000",
    good: "lcp_good",
    poor: "lcp_poor",
};
pub(super) const INP: Vital = Vital {
    name: "inp_p75",
    column: "interaction_to_next_paint",
    good_max: "200000000",
    poor_above: "500000000",
    good: "inp_good",
    poor: "inp_poor",
};
pub(super) const CLS: Vital = Vital {
    name: "cls_p75",
    column: "cumulative_layout_shift",
    good_max: "0.1",
    poor_above: "0.25",
    good: "cls_good",
    poor: "cls_poor",
};

/// How percentiles are computed, so that a number and the statement beside it are the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Percentiles {
    /// Between the two nearest values.
    Exact,
    /// By the sketch that summaries keep: merged or made at once, it is the same one.
    Sketched,
}

impl Percentiles {
    /// Those of an answer that has this error.
    pub(super) const fn of(relative_error: Option<f64>) -> Self {
        match relative_error {
            Some(_) => Self::Sketched,
            None => Self::Exact,
        }
    }

    /// The 75th percentile of a score.
    pub(super) fn p75(self, column: &str) -> String {
        let function = match self {
            Self::Exact => "percentile_cont",
            Self::Sketched => "approx_percentile_cont",
        };
        format!("{function}(0.75) WITHIN GROUP (ORDER BY {column})")
    }

    /// The 75th percentile of a duration, in whole ns.
    pub(super) fn p75_ns(self, column: &str) -> String {
        let number = format!("CAST({column} AS DOUBLE)");
        format!("CAST(round({}) AS BIGINT)", self.p75(&number))
    }
}

/// `count(*)`, or that of the rows for which a condition holds.
pub(super) fn count(condition: Option<&str>) -> String {
    match condition {
        Some(condition) => format!("count(*) FILTER (WHERE {condition})"),
        None => "count(*)".to_owned(),
    }
}
