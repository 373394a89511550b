//! Signal limits as people write them: `STRATEGY:PROFILE=LIMIT`.

/// Strategy and risk profile of `STRATEGY:PROFILE`, or `STRATEGY/PROFILE` where there is no colon. `None` when either
/// is empty.
#[must_use]
pub fn parse_target(text: &str) -> Option<(&str, &str)> {
    let (strategy, profile) = text.split_once(':').or_else(|| text.split_once('/'))?;
    let (strategy, profile) = (strategy.trim(), profile.trim());
    (!strategy.is_empty() && !profile.is_empty()).then_some((strategy, profile))
}

/// Target and limit of `STRATEGY:PROFILE=LIMIT`; of a limit with a fraction the whole part counts. `None` when it is not
/// of that form, or the limit is no finite number.
#[must_use]
pub fn parse_assignment(text: &str) -> Option<((&str, &str), f64)> {
    let (target, limit) = text.split_once('=')?;
    let limit = limit.trim().parse::<f64>().ok().filter(|limit| limit.is_finite())?;
    Some((parse_target(target)?, limit.trunc()))
}
