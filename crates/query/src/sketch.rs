//! `approx_percentile_cont`: percentiles from a sketch of a few kilobytes, for tables too large to sort; and the sketch itself.
//!
//! The sketch is DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", VLDB
//! 2019). The answer lies within [`RELATIVE_ERROR`] of the value that stands at place ⌊p · (n − 1)⌋ of the n sorted values, whatever
//! their distribution and however they were split before sketches were merged. DataFusion's function of this name is a t-digest, whose
//! error nobody can state; ours takes its place under the same name and in the same forms.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::types::{NativeType, logical_float64};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Coercion, Signature, TypeSignatureClass,
    Volatility,
};
use datafusion::physical_expr::expressions::Literal;
use sketches_ddsketch::{Config, DDSketch};

/// How far an answer may be from the true value, as a share of it. Values nearer to 0 than 10⁻⁹ count as 0.
pub const RELATIVE_ERROR: f64 = 0.01;

const NAME: &str = "approx_percentile_cont";

/// The function, to be registered instead of DataFusion's own.
pub(crate) fn percentile() -> Arc<AggregateUDF> {
    Arc::new(AggregateUDF::from(Function {
        gives: Gives::Percentile,
        signature: of_numbers(2),
        aliases: vec!["approx_percentile".to_owned()],
    }))
}

/// `percentile_sketch(x)`: the sketch of the values itself, NULL of none. For summaries only.
pub(crate) fn sketch() -> AggregateUDF {
    AggregateUDF::from(Function {
        gives: Gives::Sketch,
        signature: of_numbers(1),
        aliases: Vec::new(),
    })
}

fn of_numbers(arguments: usize) -> Signature {
    let number = Coercion::new_implicit(
        TypeSignatureClass::Native(logical_float64()),
        vec![TypeSignatureClass::Numeric],
        NativeType::Float64,
    );
    Signature::coercible(vec![number; arguments], Volatility::Immutable)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Gives {
    Percentile,
    Sketch,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Function {
    gives: Gives,
    signature: Signature,
    aliases: Vec<String>,
}

impl AggregateUDFImpl for Function {
    fn name(&self) -> &str {
        match self.gives {
            Gives::Percentile => NAME,
            Gives::Sketch => "percentile_sketch",
        }
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.gives {
            Gives::Percentile => DataType::Float64,
            Gives::Sketch => DataType::Binary,
        })
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let name = format_state_name(args.name, "sketch");
        Ok(vec![Arc::new(Field::new(name, DataType::Binary, true))])
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let share = match self.gives {
            Gives::Percentile => Some(share(&args)?),
            Gives::Sketch => None,
        };
        Ok(Box::new(Values {
            share,
            sketch: Sketch::default(),
        }))
    }

    fn supports_within_group_clause(&self) -> bool {
        self.gives == Gives::Percentile
    }
}

/// The second argument: which percentile, from 0 to 1.
fn share(args: &AccumulatorArgs) -> Result<f64> {
    let literal = args
        .exprs
        .get(1)
        .and_then(|expr| expr.downcast_ref::<Literal>());
    let is_descending = args
        .order_bys
        .first()
        .is_some_and(|sort| sort.options.descending);
    match literal.map(|literal| literal.value().cast_to(&DataType::Float64)) {
        Some(Ok(ScalarValue::Float64(Some(share)))) if (0.0..=1.0).contains(&share) => {
            Ok(if is_descending { 1.0 - share } else { share })
        }
        _ => plan_err!("the percentile of {NAME} must be a number from 0 to 1"),
    }
}

/// Values as far as percentiles need them.
#[derive(Clone)]
pub struct Sketch(DDSketch);

impl Default for Sketch {
    fn default() -> Self {
        Self(DDSketch::new(Config::defaults()))
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.0.count();
        formatter.debug_tuple("Sketch").field(&values).finish()
    }
}

impl Sketch {
    /// Adds the values of another, given as its bytes.
    ///
    /// # Errors
    /// When the bytes are no sketch, or one of another error.
    pub fn merge(&mut self, bytes: &[u8]) -> std::result::Result<(), String> {
        let other = DDSketch::from_java_bytes(bytes).map_err(|error| error.to_string())?;
        self.0.merge(&other).map_err(|error| error.to_string())
    }

    /// The value at that share (0 to 1) of the sorted values, within [`RELATIVE_ERROR`]; nothing of no values.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        self.0.quantile(share).ok().flatten()
    }

    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count() as u64
    }

    /// Its bytes: the format of DDSketch's Java implementation, with exact count, sum, minimum and maximum.
    fn bytes(&self) -> Option<Vec<u8>> {
        (self.0.count() > 0).then(|| self.0.to_java_bytes())
    }
}

/// The values of one group.
#[derive(Debug)]
struct Values {
    /// Which percentile is asked for, or else the sketch.
    share: Option<f64>,
    sketch: Sketch,
}

impl Accumulator for Values {
    fn update_batch(&mut self, arrays: &[ArrayRef]) -> Result<()> {
        let values = cast(&arrays[0], &DataType::Float64)?;
        let values = values.as_primitive::<Float64Type>();
        for value in values.iter().flatten().filter(|value| value.is_finite()) {
            self.sketch.0.add(value);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let states = states[0].as_binary::<i32>().iter().flatten();
        for state in states {
            let merged = self.sketch.merge(state);
            merged.map_err(|error| DataFusionError::External(error.into()))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(self.sketch.bytes())])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(match self.share {
            Some(share) => ScalarValue::Float64(self.sketch.percentile(share)),
            None => ScalarValue::Binary(self.sketch.bytes()),
        })
    }

    fn size(&self) -> usize {
        // Bins are counts of 64 bits.
        size_of::<Self>() + self.sketch.0.length() * size_of::<u64>()
    }
}
