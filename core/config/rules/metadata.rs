//! Headers that the metrics service sends: a map of headers, or a list of them.

use data_encoding::BASE64;

use super::warn_of_repetitions;
use crate::config::problem::quoted;
use crate::config::tree::Value;
use crate::config::view::View;

const SOURCES: [&str; 6] =
    ["value", "value_env", "value_file", "value_base64", "value_env_base64", "value_file_base64"];

pub(super) fn check(metadata: &View<'_>) {
    for header in metadata.entries() {
        check_name(&header, header.name);
        check_value(&header, header.name);
    }
    let items = metadata.items();
    for item in &items {
        let Some(name) = name_of(item) else {
            item.error("bad_header", "is no header: write `key=value`, or a map with `key`");
            continue;
        };
        check_name(item, name);
        check_value(item, name);
    }
    warn_of_repetitions(&items, "header", |item| name_of(item));
}

/// The header of an item of a list: `key=value`, `key:value`, or the key of a map.
fn name_of<'t>(item: &View<'t>) -> Option<&'t str> {
    match item.node.text() {
        Some(text) => text.split_once(['=', ':']).map(|(name, _)| name),
        None => item.text("key"),
    }
}

fn check_name(header: &View<'_>, name: &str) {
    let fits = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || "._-".contains(c);
    if name.is_empty() || !name.chars().all(fits) {
        let message = format!(
            "{} is no header: it is made of lower-case letters, digits, `.`, `_` and `-`",
            quoted(name)
        );
        header.problems.error(&header.key_place(), "bad_header", message);
    }
}

fn check_value(header: &View<'_>, name: &str) {
    if header.node.text().is_some() {
        return;
    }
    if !matches!(header.node.value, Value::Map(_)) {
        return;
    }
    let found: Vec<_> = SOURCES.into_iter().filter(|source| header.has(source)).collect();
    match found.as_slice() {
        [_] => {}
        [] => {
            header.error("no_value", format!("the header {} has no value: write `value_env`", quoted(name)));
        }
        [first, second, ..] => {
            header.error(
                "conflict",
                format!("the value comes from `{first}` and `{second}`: keep one of them"),
            );
        }
    }
    if let Some(encoded) = header.get("value_base64")
        && let Some(text) = encoded.node.text()
        && BASE64.decode(text.as_bytes()).is_err()
    {
        encoded.error("bad_base64", "is no base64");
    }
}
