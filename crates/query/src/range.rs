//! What filters say of `app_id` and `time`, by which segments are sorted.

use std::ops::Range;

use arrow::array::{StringViewArray, TimestampMicrosecondArray};
use datafusion::logical_expr::{Expr, Operator};
use datafusion::scalar::ScalarValue;

/// The rows that filters can leave, as far as the order of a segment tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// The only application, if the filters name one.
    pub(crate) app_id: Option<String>,
    /// Inclusive, µs.
    pub(crate) from_us: i64,
    /// Exclusive, µs.
    pub(crate) to_us: i64,
}

impl Sorted {
    /// Reads filters that all have to hold. What is not understood restricts nothing.
    pub(crate) fn of(filters: &[Expr]) -> Self {
        let mut sorted = Self {
            app_id: None,
            from_us: i64::MIN,
            to_us: i64::MAX,
        };
        for filter in filters {
            sorted.read(filter);
        }
        sorted
    }

    fn read(&mut self, filter: &Expr) {
        let Expr::BinaryExpr(binary) = filter else {
            return;
        };
        if binary.op == Operator::And {
            self.read(&binary.left);
            self.read(&binary.right);
            return;
        }
        let (Expr::Column(column), Expr::Literal(value, _)) = (&*binary.left, &*binary.right)
        else {
            return;
        };
        match (column.name.as_str(), binary.op, value) {
            ("app_id", Operator::Eq, value) => {
                self.app_id = value.try_as_str().flatten().map(str::to_owned);
            }
            ("time", op, ScalarValue::TimestampMicrosecond(Some(us), _)) => match op {
                Operator::GtEq => self.from_us = self.from_us.max(*us),
                Operator::Gt => self.from_us = self.from_us.max(us.saturating_add(1)),
                Operator::Lt => self.to_us = self.to_us.min(*us),
                Operator::LtEq => self.to_us = self.to_us.min(us.saturating_add(1)),
                _ => {}
            },
            _ => {}
        }
    }

    /// The rows of a segment sorted by (app_id, time) that can match. `only`: the application of all its rows, if it has one.
    pub(crate) fn rows(
        &self,
        apps: &StringViewArray,
        times: &TimestampMicrosecondArray,
        only: Option<&str>,
    ) -> Range<usize> {
        let Some(app_id) = self.app_id.as_deref().or(only) else {
            return 0..times.len();
        };
        let first = |us: i64| {
            partition(times.len(), |row| {
                (apps.value(row), times.value(row)) < (app_id, us)
            })
        };
        let from = first(self.from_us);
        from..first(self.to_us).max(from)
    }
}

/// The first of `count` for which `is_before` does not hold; it holds for all before it.
fn partition(count: usize, is_before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::{col, lit};

    use super::*;

    fn time(us: i64) -> Expr {
        lit(ScalarValue::TimestampMicrosecond(
            Some(us),
            Some("UTC".into()),
        ))
    }

    #[test]
    fn rows_between_two_times_of_one_application_are_found() {
        let apps: StringViewArray = ["a", "a", "a", "b", "b"].into_iter().map(Some).collect();
        let times = TimestampMicrosecondArray::from(vec![1, 2, 2, 1, 5]);
        let of = |filters: &[Expr], only| Sorted::of(filters).rows(&apps, &times, only);
        let a = col("app_id").eq(lit("a"));
        assert_eq!(of(std::slice::from_ref(&a), None), 0..3);
        assert_eq!(of(&[a.clone(), col("time").gt_eq(time(2))], None), 1..3);
        assert_eq!(
            of(
                &[
                    a.clone(),
                    col("time").gt(time(1)).and(col("time").lt_eq(time(2)))
                ],
                None
            ),
            1..3
        );
        assert_eq!(of(&[a, col("time").lt(time(2))], None), 0..1);
        assert_eq!(of(&[col("app_id").eq(lit("c"))], None), 5..5);
        assert_eq!(
            of(&[col("time").lt(time(2))], None),
            0..5,
            "the applications are interleaved"
        );
        assert_eq!(of(&[col("time").lt(time(2))], Some("b")), 3..4);
        assert_eq!(
            of(
                &[col("time").gt(time(9)).and(col("time").lt(time(2)))],
                Some("b")
            ),
            5..5
        );
    }
}
