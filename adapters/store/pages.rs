//! Large pages for large columns.

/// Room below this stays in ordinary pages, bytes.
const LARGE: usize = 1 << 22;

/// Asks the system for large pages where a column will be: otherwise each 4 KiB of it cost a page fault, together as
/// much as a quarter of the decoding.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advice is given by address")]
pub(super) fn enlarge<T>(values: &mut Vec<T>) {
    /// A whole number of pages on every system.
    const PAGES: usize = 1 << 16;
    let room = values.spare_capacity_mut();
    let bytes = std::mem::size_of_val(room);
    let start = room.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGES);
    let length = bytes.saturating_sub(skipped) / PAGES * PAGES;
    if bytes < LARGE || length == 0 {
        return;
    }
    // SAFETY: the range is inside memory that the vector owns, and this advice changes no byte of it.
    _ = unsafe { rustix::mm::madvise(start.add(skipped).cast(), length, rustix::mm::Advice::LinuxHugepage) };
}

/// Nothing: the system has no such advice.
#[cfg(not(target_os = "linux"))]
pub(super) fn enlarge<T>(_values: &mut Vec<T>) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_what_it_was_and_takes_what_it_should() {
        for room in [0, 10, LARGE / 8 - 1, LARGE / 8, 3 * LARGE / 8 + 5] {
            let mut values: Vec<u64> = Vec::with_capacity(room + 1);
            values.push(7);
            enlarge(&mut values);
            values.extend(0..room as u64);
            assert_eq!((values[0], values.len(), values.capacity()), (7, room + 1, room + 1));
            assert!(values[1..].iter().zip(0..).all(|(value, place)| *value == place));
        }
    }
}
