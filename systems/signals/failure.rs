//! Engines that fail: a panic in one stops its position and nobody else's.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What `work` gives, or what its panic says. Whatever the work was changing is not to be used after a panic, unless it
/// is put back first.
pub(super) fn guarded<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| message(payload.as_ref()))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_what_it_says() {
        assert_eq!(guarded(|| 7), Ok(7));
        assert_eq!(guarded(|| -> u8 { panic!("no {}", "room") }), Err("no room".to_owned()));
        assert_eq!(guarded(|| -> u8 { panic!("full") }), Err("full".to_owned()));
        assert_eq!(guarded(|| -> u8 { std::panic::panic_any(7) }), Err("a panic".to_owned()));
    }
}
