use super::*;

/// What to replace in [`BASE`], by what, and the one problem that makes: place, code and path.
const BROKEN: &[(&str, &str, &str)] = &[];

#[test]
fn each_break_is_reported_once_where_it_is() {
    for (from, to, expected) in BROKEN {
        check(edited(from, to), expected);
    }
}
