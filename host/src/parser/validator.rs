//! Validators of JSON Schemas. A parameter's schema is compiled once, when it is first needed.

use std::sync::{Arc, OnceLock};

use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

/// Bytes of a compiled pattern. A whole Unicode class takes a tenth.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Keywords of a parameter's schema that are checked. References and combined schemas, which could recurse without end, are left out.
const CHECKED_KEYWORDS: [&str; 10] = [
    "type",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Why a text isn't a value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidValue {
    /// It isn't a whole number.
    #[error("it must be a whole number")]
    NotInteger,
    /// It isn't a number.
    #[error("it must be a number")]
    NotNumber,
    /// It is neither `true` nor `false`.
    #[error("it must be true or false")]
    NotBoolean,
    /// It is below the minimum or above the maximum.
    #[error("it is out of range")]
    OutOfRange,
    /// It is none of the enumerated values.
    #[error("there is no such value")]
    NotChoice,
    /// It doesn't match the pattern.
    #[error("it doesn't have the form of a value")]
    Malformed,
    /// Any other reason.
    #[error("{0}")]
    Other(String),
}

/// A compiled schema.
pub(super) struct Validator {
    schema: Value,
    compiled: jsonschema::Validator,
}

impl Validator {
    /// Compiles a schema. Patterns are untrusted, so only regular expressions with linear time are supported.
    ///
    /// # Errors
    /// Why the schema is invalid.
    pub(super) fn new(schema: Value) -> Result<Self, String> {
        let patterns =
            jsonschema::PatternOptions::regex().size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        let options = jsonschema::draft202012::options().with_pattern_options(patterns);
        let compiled = options.build(&schema).map_err(|error| error.to_string())?;
        Ok(Self { schema, compiled })
    }

    /// Compiles the checked keywords of a parameter's schema.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of_param(schema: &Map<String, Value>) -> Result<Self, String> {
        let words = CHECKED_KEYWORDS.iter().filter_map(|word| Some(((*word).to_owned(), schema.get(*word)?.clone())));
        Self::new(Value::Object(words.collect()))
    }

    pub(super) fn validate<'v>(&self, value: &'v Value) -> Result<(), jsonschema::ValidationError<'v>> {
        self.compiled.validate(value)
    }

    /// Checks a parameter's value.
    ///
    /// # Errors
    /// Why it isn't a value of the schema.
    pub(super) fn check(&self, value: &Value) -> Result<(), InvalidValue> {
        use ValidationErrorKind::{ExclusiveMaximum, ExclusiveMinimum, Maximum, Minimum};
        self.validate(value).map_err(|error| match error.kind() {
            ValidationErrorKind::Enum { .. } => InvalidValue::NotChoice,
            ValidationErrorKind::Pattern { .. } => InvalidValue::Malformed,
            Minimum { .. } | Maximum { .. } | ExclusiveMinimum { .. } | ExclusiveMaximum { .. } => {
                InvalidValue::OutOfRange
            }
            _ => InvalidValue::Other(error.to_string()),
        })
    }

    /// Whether it was compiled from this parameter's schema.
    fn is_compiled_from(&self, schema: &Map<String, Value>) -> bool {
        CHECKED_KEYWORDS.iter().all(|word| self.schema.get(*word) == schema.get(*word))
    }
}

/// A parameter's validator, compiled when it is first needed. It has no part in comparisons of parameters.
#[derive(Clone, Default)]
pub(super) struct Compiled(OnceLock<Arc<Validator>>);

impl Compiled {
    /// The validator of this schema, compiled again if the schema changed.
    ///
    /// # Errors
    /// As [`Validator::new`].
    pub(super) fn get_or_compile(&self, schema: &Map<String, Value>) -> Result<Arc<Validator>, String> {
        if let Some(known) = self.0.get().filter(|known| known.is_compiled_from(schema)) {
            return Ok(Arc::clone(known));
        }
        let validator = Arc::new(Validator::of_param(schema)?);
        drop(self.0.set(Arc::clone(&validator)));
        Ok(validator)
    }
}

impl PartialEq for Compiled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Compiled {}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Compiled").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_changed_is_compiled_anew() {
        let schema =
            |most: u32| Map::from_iter([("maximum".to_owned(), most.into()), ("title".to_owned(), "x".into())]);
        let compiled = Compiled::default();
        let first = compiled.get_or_compile(&schema(10)).unwrap();
        assert!(Arc::ptr_eq(&first, &compiled.get_or_compile(&schema(10)).unwrap()));
        assert!(first.validate(&11.into()).is_err());
        assert!(compiled.get_or_compile(&schema(20)).unwrap().validate(&11.into()).is_ok());
    }
}
