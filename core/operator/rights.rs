//! Who may look at a scheduler and who may change it.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::config::listed;
use crate::config::tokens::Token;
use crate::exit::{Exit, Failure};

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See what there is.
    Read,
    /// Change it.
    Write,
}

impl Right {
    /// The scope that grants it.
    #[must_use]
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Read => "runtime.schedule.read",
            Self::Write => "runtime.schedule.write",
        }
    }
}

/// Checks that one of the tokens is at hand and grants a right; `variable` reads the environment. Without tokens
/// everybody has all rights.
///
/// # Errors
/// When none does, with what to do.
pub fn check(
    tokens: &[Token],
    right: Right,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Failure> {
    if tokens.is_empty() {
        return Ok(());
    }
    let held: Vec<&Token> = tokens.iter().filter(|token| is_held(token, variable)).collect();
    let scope = right.scope();
    let grants = |token: &&Token| token.scopes.iter().any(|one| one.eq_ignore_ascii_case(scope));
    if held.iter().any(|token| grants(token)) {
        return Ok(());
    }
    let able: Vec<&str> =
        tokens.iter().filter(grants).filter_map(|token| token.variable.as_deref()).collect();
    let held = held.iter().map(|token| token.id.as_str());
    let message = match able.as_slice() {
        [] => format!(
            "no token of this scheduler that comes from a variable (`token_env`) has the scope `{scope}`"
        ),
        able => format!(
            "this needs a token with the scope `{scope}`: set {} (tokens at hand: {})",
            able.join(" or "),
            listed(held)
        ),
    };
    Err(Failure::new(Exit::Security, message))
}

/// Whether the variable of a token holds it.
fn is_held(token: &Token, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let Some(held) = token.variable.as_deref().and_then(variable).filter(|held| !held.is_empty()) else {
        return false;
    };
    match (&token.value, &token.hash) {
        (Some(value), _) => *value == held,
        (None, Some(hash)) => is_hash_of(hash, &held),
        (None, None) => true,
    }
}

/// Whether a hash is that of a text; one of an algorithm that is not known here is nobody's.
fn is_hash_of(hash: &str, text: &str) -> bool {
    let (algorithm, digits) = hash.split_once(':').unwrap_or(("sha256", hash));
    let found = match algorithm.to_lowercase().as_str() {
        "sha256" => HEXLOWER.encode(&Sha256::digest(text)),
        "sha384" => HEXLOWER.encode(&Sha384::digest(text)),
        "sha512" => HEXLOWER.encode(&Sha512::digest(text)),
        _ => return false,
    };
    found.eq_ignore_ascii_case(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(variable: Option<&str>, hash: Option<&str>, scopes: &[&str]) -> Token {
        Token {
            id: "desk".to_owned(),
            variable: variable.map(ToOwned::to_owned),
            value: None,
            hash: hash.map(ToOwned::to_owned),
            scopes: scopes.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_token_counts_when_its_variable_holds_it_and_its_scope_fits() {
        let holds = |name: &str| (name == "DESK").then(|| "secret".to_owned());
        let sha256 = "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
        let (read, write) = (Right::Read.scope(), Right::Write.scope());
        for (tokens, right, allowed) in [
            (vec![], Right::Write, true),
            (vec![token(Some("DESK"), None, &[read])], Right::Read, true),
            (vec![token(Some("DESK"), None, &[read])], Right::Write, false),
            (vec![token(Some("OTHER"), None, &[write])], Right::Write, false),
            (vec![token(None, Some(sha256), &[write])], Right::Write, false),
            (vec![token(Some("DESK"), Some(sha256), &[write])], Right::Write, true),
            (vec![token(Some("DESK"), Some(&sha256.replace('2', "3")), &[write])], Right::Write, false),
            (vec![token(Some("DESK"), Some("md5:00"), &[write])], Right::Write, false),
        ] {
            let checked = check(&tokens, right, &holds);
            assert_eq!(checked.is_ok(), allowed, "{tokens:?} {right:?}: {checked:?}");
        }
    }
}
