//! `count(DISTINCT text)` counts 64-bit hashes of the texts: a set of numbers takes a tenth of the time and of the memory that one of
//! texts does.
//!
//! The hash is xxh3 with a seed of this process, so that no client can choose ids that collide. Among n values the chance that two
//! share a hash is below n² / 2⁶⁵: 3·10⁻⁸ for a million, 3·10⁻⁴ for a hundred million; the count is then one too low.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use xxhash_rust::xxh3::xxh3_64_with_seed;

static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0_u8));

static HASH: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| Arc::new(hash(Seed::OfProcess)));

/// `stable_hash(text)`: the same number in every process. For summaries only.
pub(crate) fn stable_hash() -> ScalarUDF {
    hash(Seed::Fixed)
}

fn hash(seed: Seed) -> ScalarUDF {
    ScalarUDF::from(Hash {
        seed,
        signature: Signature::string(1, Volatility::Immutable),
    })
}

/// Rewrites the counts. It has to run after the types of expressions are settled.
#[derive(Debug)]
pub(crate) struct CountHashes;

impl AnalyzerRule for CountHashes {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Aggregate(_) => rewrite(plan),
            plan => Ok(Transformed::no(plan)),
        })
        .map(|transformed| transformed.data)
    }

    fn name(&self) -> &'static str {
        "count_hashes"
    }
}

fn rewrite(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let LogicalPlan::Aggregate(aggregate) = &plan else {
        return Ok(Transformed::no(plan));
    };
    let schema = Arc::clone(aggregate.input.schema());
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let rewritten = expr.transform_up(|part| match part {
            Expr::AggregateFunction(call) if counts_texts(&call, &schema) => {
                Ok(Transformed::yes(over_hashes(call)))
            }
            part => Ok(Transformed::no(part)),
        })?;
        Ok(rewritten.update_data(|expr| name.restore(expr)))
    })
}

fn counts_texts(call: &AggregateFunction, schema: &DFSchema) -> bool {
    let [text] = &call.params.args[..] else {
        return false;
    };
    let is_text = |kind: DataType| {
        matches!(
            kind,
            DataType::Utf8View | DataType::Utf8 | DataType::LargeUtf8
        )
    };
    call.func.name() == "count" && call.params.distinct && text.get_type(schema).is_ok_and(is_text)
}

fn over_hashes(mut call: AggregateFunction) -> Expr {
    let texts = std::mem::take(&mut call.params.args);
    call.params.args = vec![HASH.call(texts)];
    Expr::AggregateFunction(call)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Seed {
    OfProcess,
    Fixed,
}

/// The hash of a text as a whole number; NULL of NULL. No statement of a user can name it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Hash {
    seed: Seed,
    signature: Signature,
}

impl ScalarUDFImpl for Hash {
    fn name(&self) -> &'static str {
        match self.seed {
            Seed::OfProcess => "hash_of_text",
            Seed::Fixed => "stable_hash",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = args.args[0].to_array(args.number_rows)?;
        let seed = match self.seed {
            Seed::OfProcess => *SEED,
            Seed::Fixed => 0,
        };
        let hashes = hashes(&texts, seed)?;
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}

fn hashes(texts: &ArrayRef, seed: u64) -> Result<Int64Array> {
    let texts = cast(texts, &DataType::Utf8View)?;
    let texts = texts.as_string_view();
    let hash = |row| xxh3_64_with_seed(texts.value(row).as_bytes(), seed).cast_signed();
    // Neighbours are mostly of one session.
    let mut last: Option<(usize, i64)> = None;
    let values = (0..texts.len()).map(|row| match last {
        Some((before, known)) if texts.value(before) == texts.value(row) => known,
        _ => {
            let value = hash(row);
            last = Some((row, value));
            value
        }
    });
    Ok(Int64Array::new(values.collect(), texts.nulls().cloned()))
}

#[cfg(test)]
mod tests {
    use arrow::array::StringViewArray;

    use super::*;

    #[test]
    fn equal_texts_have_one_hash_and_nulls_have_none() {
        let long = "a text that does not fit into its view";
        let texts = StringViewArray::from(vec![
            Some("a"),
            Some(long),
            Some(long),
            None,
            Some(""),
            Some("a"),
        ]);
        let hashes = hashes(&(Arc::new(texts) as ArrayRef), 7).unwrap();
        assert_eq!(hashes.value(0), hashes.value(5));
        assert_eq!(hashes.value(1), hashes.value(2));
        assert!(hashes.is_null(3));
        assert!(hashes.is_valid(4));
        assert_ne!(hashes.value(0), hashes.value(1));
        assert_ne!(hashes.value(0), hashes.value(4));
    }
}
