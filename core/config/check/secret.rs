//! Secrets do not belong into a configuration; in a demo's they are a warning.

use crate::config::field::Field;
use crate::config::model::Mode;
use crate::config::problem::Severity;
use crate::config::tree::{Node, Value};

use super::Checker;

/// Error when an environment that counts is more than a demo.
pub(super) fn severity(root: &Node, mode: Option<Mode>) -> Severity {
    let Some(Node { value: Value::Map(environments), .. }) =
        root.get("environments").map(|entry| &entry.node)
    else {
        return Severity::Error;
    };
    let counts = |found: Option<Mode>| mode.is_none() || found.is_none() || found == mode;
    let mode_of = |node: &Node| node.get("environment").and_then(|kind| kind.node.text()).map(Mode::named);
    let is_demo = |found: Option<Mode>| found == Some(Mode::Demo);
    let mut found = environments.iter().map(|entry| mode_of(&entry.node)).filter(|found| counts(*found));
    if found.all(is_demo) { Severity::Warning } else { Severity::Error }
}

/// Whether a key of that name holds a secret itself, rather than the name of one or the place where it is.
pub(crate) fn is_secret_name(name: &str) -> bool {
    const SECRETS: [&str; 10] = [
        "secret",
        "secret_key",
        "api_key",
        "private_key",
        "password",
        "passphrase",
        "token",
        "token_value",
        "signing_key_value",
        "authorization",
    ];
    const NAMES_OF_SECRETS: [&str; 3] = ["credential_secret", "token_secret", "signing_key_secret"];
    let name = name.to_lowercase().replace('-', "_");
    let ends_with =
        |secret: &&str| name.strip_suffix(*secret).is_some_and(|rest| rest.is_empty() || rest.ends_with('_'));
    SECRETS.iter().any(ends_with) && !NAMES_OF_SECRETS.contains(&name.as_str())
}

/// Whether a text is a key, whatever it is called.
pub(crate) fn is_key_material(text: &str) -> bool {
    let is_access_key = |word: &str| {
        word.len() == 20
            && word.starts_with("AKIA")
            && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    text.contains("PRIVATE KEY-----")
        || text.starts_with("AGE-SECRET-KEY-")
        || text.split_whitespace().any(is_access_key)
}

/// Whether a text is, or holds, the value of a header that carries a token.
fn is_secret_header(path: &str, text: &str) -> bool {
    const HEADERS: [&str; 2] = ["authorization", "x-bot-auth"];
    let Some((_, below)) = path.split_once("grpc_metadata") else { return false };
    HEADERS.iter().any(|header| {
        let is_value = below.strip_prefix('.').and_then(|rest| rest.strip_prefix(header));
        is_value.is_some_and(|rest| matches!(rest, "" | ".value" | ".value_base64"))
            || text.strip_prefix(header).is_some_and(|rest| rest.starts_with(['=', ':']))
    })
}

impl<'t> Checker<'t> {
    pub(super) fn report_secret(&self, field: &Field<'t>) {
        let message = "a secret does not belong into this file: put it into an environment variable, a file or the \
                       secret store, and name that here";
        field.problems.report(self.secrets, &field.place(), "secret_in_file", message.to_owned());
    }

    pub(super) fn find_key_material(&self, field: &Field<'t>, text: &str) {
        if is_key_material(text) || is_secret_header(&field.path, text) {
            self.report_secret(field);
        }
    }

    /// Secrets in what has no table.
    pub(super) fn find_secrets(&self, field: &Field<'t>) {
        match &field.node.value {
            Value::Text(text) if is_key_material(text) => self.report_secret(field),
            Value::Text(text) if is_secret_name(field.name) && !text.is_empty() => self.report_secret(field),
            Value::Number(_) if is_secret_name(field.name) => self.report_secret(field),
            Value::Map(_) => field.entries().iter().for_each(|entry| self.find_secrets(entry)),
            Value::Sequence(_) => {
                field.items().iter().for_each(|item| self.find_secrets(item));
            }
            _ => {}
        }
    }
}
