//! What is done to schedules: from the start, and while it runs.

use hemiola_components::control::{Command, Expiry, OperatorAction, Target};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use super::policy;
use crate::instant;

pub(super) fn action(action: &OperatorAction) -> Value {
    let mut value = command(&action.what);
    value["at"] = json!(instant::text(action.at));
    value["who"] = json!(action.who);
    value["why"] = json!(action.why);
    value
}

fn command(command: &Command) -> Value {
    match command {
        Command::SetLimit { strategy, risk_profile, limit, expiry } => json!({
            "command": "set_limit",
            "strategy": strategy,
            "risk_profile": risk_profile,
            "limit": limit,
            "expiry": self::expiry(*expiry),
        }),
        Command::ClearLimit { strategy, risk_profile } => {
            json!({ "command": "clear_limit", "strategy": strategy, "risk_profile": risk_profile })
        }
        Command::Suspend { target, expiry } => {
            json!({ "command": "suspend", "target": self::target(target), "expiry": self::expiry(*expiry) })
        }
        Command::Resume { target } => json!({ "command": "resume", "target": self::target(target) }),
        Command::SetPolicy { policy, rebalances } => {
            json!({ "command": "set_policy", "policy": policy::policy(policy), "rebalances": rebalances })
        }
        Command::SetInterval { cool_down } => {
            json!({ "command": "set_interval", "nanoseconds": cool_down.map(Nanos::get) })
        }
        Command::Rebalance => json!({ "command": "rebalance" }),
        Command::CancelOrders => json!({ "command": "cancel_orders" }),
        Command::Flatten => json!({ "command": "flatten" }),
    }
}

fn target(target: &Target) -> Value {
    json!({ target.scope(): target.name() })
}

/// Null when it has no end.
fn expiry(expiry: Expiry) -> Value {
    match expiry {
        Expiry::Never => Value::Null,
        Expiry::At(instant) => json!({ "at": instant::text(instant) }),
        Expiry::After(length) => json!({ "after_nanoseconds": length.get() }),
    }
}
