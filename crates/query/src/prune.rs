//! Which segments a scan has to open, by what the catalog knows of them: the range of `time` and the applications.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::scalar::ScalarValue;
use store::SegmentView;

/// The segments that can have rows for which all filters hold.
pub(crate) fn needed<'a>(
    segments: &'a [SegmentView],
    schema: &SchemaRef,
    filters: &[Expr],
    state: &dyn Session,
) -> Result<Vec<&'a SegmentView>> {
    let Some(predicate) = conjunction(filters.iter().cloned()) else {
        return Ok(segments.iter().collect());
    };
    let named = DFSchema::try_from(Arc::clone(schema))?;
    let physical = state.create_physical_expr(predicate, &named)?;
    let kept = PruningPredicateBuilder::new()
        .with_file_schema(Arc::clone(schema))
        .try_build(physical)?
        .prune(&Known(segments))?;
    Ok(segments
        .iter()
        .zip(kept)
        .filter_map(|(segment, is_kept)| is_kept.then_some(segment))
        .collect())
}

/// The catalog's knowledge as DataFusion asks for it.
struct Known<'a>(&'a [SegmentView]);

impl Known<'_> {
    fn of(
        &self,
        column: &Column,
        time: impl Fn(&SegmentView) -> i64,
        app: impl Fn(&[String]) -> Option<&String>,
    ) -> Option<ArrayRef> {
        match column.name.as_str() {
            "time" => {
                let times: TimestampMicrosecondArray =
                    self.0.iter().map(|view| Some(time(view))).collect();
                Some(Arc::new(times.with_timezone("UTC")))
            }
            "app_id" => {
                let apps: StringViewArray = self
                    .0
                    .iter()
                    .map(|view| app(&view.segment.app_ids))
                    .collect();
                Some(Arc::new(apps))
            }
            _ => None,
        }
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(
            column,
            |view| view.segment.min_time_us,
            |apps| apps.iter().min(),
        )
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(
            column,
            |view| view.segment.max_time_us,
            |apps| apps.iter().max(),
        )
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        if column.name != "app_id" {
            return None;
        }
        let wanted: HashSet<&str> = values
            .iter()
            .filter_map(|value| value.try_as_str().flatten())
            .collect();
        let contained = |view: &SegmentView| {
            let found = view
                .segment
                .app_ids
                .iter()
                .filter(|app| wanted.contains(app.as_str()))
                .count();
            match found {
                0 => Some(false),
                all if all == view.segment.app_ids.len() => Some(true),
                _ => None,
            }
        };
        Some(self.0.iter().map(contained).collect())
    }
}
