//! Weights become shares.

/// Makes weights add up to one, those that are not positive zero. When their total is not finite, each that is
/// left gets the same. Returns whether any is left.
pub(super) fn normalize(weights: &mut [f64]) -> bool {
    let mut total = 0.0;
    let mut count = 0_u32;
    for weight in &mut *weights {
        if *weight <= 0.0 {
            *weight = 0.0;
        } else {
            total += *weight;
            count += 1;
        }
    }
    if count == 0 {
        return false;
    }
    let flat = 1.0 / f64::from(count);
    for weight in weights.iter_mut().filter(|weight| **weight != 0.0) {
        *weight = if total.is_finite() { *weight / total } else { flat };
    }
    true
}

/// Makes weights add up to one; the same for each when none is positive.
pub(super) fn normalize_or_equal(weights: &mut [f64]) {
    if !normalize(weights) {
        let share = 1.0 / weights.len() as f64;
        weights.fill(share);
    }
}
