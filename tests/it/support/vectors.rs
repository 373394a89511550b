//! What the conformance cases have in common.

use hemiola_components::time::Nanos;
use serde_json::Value;

/// Equal to 1e-9, relative above 1.
pub(crate) fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

/// A number of seconds.
#[expect(clippy::cast_possible_truncation, reason = "steps of minutes")]
pub(crate) fn seconds(value: &Value) -> Nanos {
    Nanos::new((value.as_f64().unwrap() * 1e9) as i64)
}
