//! The limits of a risk profile by the names that the risk engine gives them.

use std::collections::BTreeMap;

use super::Config;
use super::profiles::numbers;
use super::tree::{Entry, Value};

/// Keys of the configuration whose limit has another name.
const NAMES: [(&str, &str); 3] = [
    ("max_open_positions", "max_positions"),
    ("max_daily_loss_pct", "daily_loss_limit"),
    ("hard_drawdown_pct", "drawdown_limit"),
];

impl Config {
    /// The numbers of a risk profile by name, defaults and presets filled in; the range of a trade's risk is
    /// `trade_risk_pct_min` and `trade_risk_pct_max`. `None` when there is no such profile.
    #[must_use]
    pub fn risk_limits(&self, profile: &str) -> Option<BTreeMap<String, f64>> {
        let profile = self.resolved.get("risk_profiles")?.node.get(profile)?;
        let named = |key: &str| {
            NAMES.iter().find(|(name, _)| *name == key).map_or(key, |(_, limit)| limit).to_owned()
        };
        let mut limits: BTreeMap<_, _> =
            numbers(&profile.node.value).into_iter().map(|(key, limit)| (named(key), limit)).collect();
        if let Some(Entry { node, .. }) = profile.node.get("trade_risk_pct_range")
            && let Value::Sequence(range) = &node.value
        {
            let ends = ["trade_risk_pct_min", "trade_risk_pct_max"].into_iter().zip(range);
            limits.extend(ends.filter_map(|(name, end)| match end.value {
                Value::Number(limit) => Some((name.to_owned(), limit)),
                _ => None,
            }));
        }
        Some(limits)
    }
}
