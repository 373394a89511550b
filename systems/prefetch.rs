//! What will be read soon is fetched now: a jump of many candles lands where no cache line has been loaded.

/// Asks for the cache line of `column[index]`; beyond the column nothing is asked for. Never waits, and changes nothing
/// but the time it takes to read it later.
#[inline]
pub(crate) fn prefetch(column: &[f64], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(value) = column.get(index) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the address is that of a living element, and a prefetch only reads it.
        #[expect(unsafe_code, reason = "there is no stable safe prefetch")]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (column, index);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_index_will_do() {
        let column = vec![1.0, 2.0];
        for index in [0, 1, 2, usize::MAX] {
            prefetch(&column, index);
            prefetch(&[], index);
        }
        assert_eq!(column, [1.0, 2.0]);
    }
}
