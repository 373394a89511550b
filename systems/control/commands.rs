//! Commands on limits and suspensions, carried out.

use hemiola_components::control::{
    Command, ControlError, Expiry, OperatorAction, SignalLimits, Suspensions, Terms,
};
use hemiola_components::time::Nanos;

use super::{limits, suspensions};

/// Does what an action says of limits and suspensions; others leave both as they are.
///
/// # Errors
/// When a suspension's target has no name; nothing has changed then.
pub fn carry_out(
    limits: &mut SignalLimits,
    suspensions: &mut Suspensions,
    action: &OperatorAction,
) -> Result<(), ControlError> {
    let OperatorAction { at, why, what, .. } = action;
    let terms = |expiry: &Expiry| Terms {
        reason: why.clone(),
        until: Some(expiry.instant(*at)).filter(|end| *end != Nanos::NEVER),
        duration_seconds: None,
    };
    match what {
        Command::SetLimit { strategy, risk_profile, limit, expiry } => {
            let (key, limit) = ((strategy.as_str(), risk_profile.as_str()), f64::from(*limit));
            limits::impose(limits, key, limit, &terms(expiry), *at)?;
        }
        Command::ClearLimit { strategy, risk_profile } => {
            limits::lift(limits, strategy, risk_profile);
        }
        Command::Suspend { target, expiry } => {
            suspensions::suspend(suspensions, target.clone(), &terms(expiry), *at)?;
        }
        Command::Resume { target } => {
            suspensions::resume(suspensions, target);
        }
        Command::SetPolicy { .. }
        | Command::SetInterval { .. }
        | Command::Rebalance
        | Command::CancelOrders
        | Command::Flatten => {}
    }
    Ok(())
}
