//! Actions as lines of an operator log; [`load_operator_log`](crate::config::load_operator_log) reads them back.

use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::time::Nanos;
use serde::Serialize;
use serde_json::{Value, json};

use crate::instant;
use crate::results::resolved;

/// The line of an action, without its end.
#[must_use]
pub fn line(action: &OperatorAction) -> String {
    written(action.at, &action.who, action.why.as_deref(), &command(&action.what))
}

/// A line of these parts; `what` is as [`command`] gives it.
///
/// # Panics
/// Never: texts, numbers and maps with text keys are JSON.
#[must_use]
pub fn written(at: Nanos, who: &str, why: Option<&str>, what: &Value) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        at: String,
        who: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<&'a str>,
        #[serde(flatten)]
        what: &'a Value,
    }
    let line = Line { at: instant::text(at), who, why, what };
    serde_json::to_string(&line).expect("texts, numbers and maps with text keys are JSON")
}

/// A command with its fields, as a log has it.
#[must_use]
pub fn command(command: &Command) -> Value {
    let (mut value, expiry) = match command {
        Command::Suspend { target, expiry } => (aimed("suspend", target), *expiry),
        Command::Resume { target } => (aimed("resume", target), Expiry::Never),
        Command::SetLimit { strategy, risk_profile, limit, expiry } => {
            let mut value = limited("set_limit", strategy, risk_profile);
            value["limit"] = json!(limit);
            (value, *expiry)
        }
        Command::ClearLimit { strategy, risk_profile } => {
            (limited("clear_limit", strategy, risk_profile), Expiry::Never)
        }
        Command::SetPolicy { policy, rebalances } => {
            let policy = resolved::written_policy(policy);
            let value = json!({ "command": "set_policy", "policy": policy, "rebalance": rebalances });
            (value, Expiry::Never)
        }
        Command::SetInterval { cool_down } => {
            let seconds = cool_down.map(Nanos::seconds);
            (json!({ "command": "set_interval", "seconds": seconds }), Expiry::Never)
        }
        Command::Rebalance => (json!({ "command": "rebalance" }), Expiry::Never),
        Command::CancelOrders => (json!({ "command": "cancel_orders" }), Expiry::Never),
        Command::Flatten => (json!({ "command": "flatten" }), Expiry::Never),
    };
    match expiry {
        Expiry::Never => {}
        Expiry::At(end) => value["until"] = json!(instant::text(end)),
        Expiry::After(length) => value["duration_seconds"] = json!(length.seconds()),
    }
    value
}

fn aimed(command: &str, target: &Target) -> Value {
    json!({ "command": command, target.scope(): target.name() })
}

fn limited(command: &str, strategy: &str, risk_profile: &str) -> Value {
    json!({ "command": command, "strategy": strategy, "risk_profile": risk_profile })
}
