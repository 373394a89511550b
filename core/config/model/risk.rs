//! `risk_profiles.<name>`, `instrument_buckets.<name>` and `risk`.

use hemiola_components::risk::{Flips, Guards, LatchRelease, RiskPolicy, RiskProfile, Suggestion, Triggers};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};

use crate::config::view::View;

/// A risk profile whose groups are still names.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Without buckets and families.
    pub(crate) limits: RiskProfile,
    pub(crate) buckets: Vec<String>,
    /// Families of strategies with their shares of equity.
    pub(crate) shares: Vec<(String, f64)>,
}

/// A group of instruments that are still names.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) symbols: Vec<String>,
    pub(crate) max_position: Ratio,
    pub(crate) max_notional: Notional,
}

/// How limits are applied; restricted instruments are still names.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) policy: RiskPolicy,
    pub(crate) restricted: Vec<String>,
}

impl Profile {
    pub(super) fn decode(field: &View<'_>) -> Self {
        let number = |key: &str| field.number_or_zero(key);
        let ratio = |key: &str| Ratio::new(number(key));
        let range = field.items_of("trade_risk_pct_range");
        let bound =
            |place: usize| range.get(place).and_then(View::own_number).map_or(Ratio::ZERO, Ratio::new);
        let shares = field.map("strategy_allocations");
        Self {
            limits: RiskProfile {
                max_positions: field.count("max_open_positions"),
                max_position: ratio("max_position_pct"),
                max_leverage: number("max_leverage"),
                max_drawdown: ratio("hard_drawdown_pct"),
                max_daily_loss: ratio("max_daily_loss_pct"),
                max_daily_fall: ratio("max_daily_fall_pct"),
                trade_risk: [bound(0), bound(1)],
                target_volatility: ratio("target_volatility"),
                stop_atr_multiple: number("stop_loss_atr_multiple"),
                instrument_alert: ratio("instrument_alert_pct"),
                instrument_limit: ratio("instrument_limit_pct"),
                portfolio_alert: ratio("portfolio_alert_pct"),
                portfolio_limit: ratio("portfolio_limit_pct"),
                kill_daily_r: number("daily_kill_switch_r_multiple"),
                kill_daily_loss: ratio("daily_kill_switch_loss_pct"),
                kill_weekly_loss: ratio("weekly_kill_switch_loss_pct"),
                max_cost_to_profit: number("max_cost_to_profit_ratio"),
                ..RiskProfile::unlimited(field.name)
            },
            buckets: field.texts("instrument_buckets"),
            shares: shares
                .iter()
                .filter_map(|share| Some((share.name.to_owned(), share.own_number()?)))
                .collect(),
        }
    }
}

/// The buckets of the section of their own and of `risk`, which are the same where both name one.
pub(super) fn buckets(root: &View<'_>) -> Vec<Bucket> {
    let risk = root.get("risk");
    let inner = risk.iter().flat_map(|risk| risk.map("instrument_buckets"));
    let mut buckets: Vec<Bucket> = Vec::new();
    for field in root.map("instrument_buckets").into_iter().chain(inner) {
        if buckets.iter().all(|known| known.name != field.name) {
            buckets.push(Bucket {
                name: field.name.to_owned(),
                symbols: field.texts("symbols"),
                max_position: Ratio::new(field.number_or_zero("max_position_pct")),
                max_notional: Notional::new(field.number_or_zero("max_notional_usd")),
            });
        }
    }
    buckets
}

impl Policy {
    pub(super) fn decode(field: Option<&View<'_>>) -> Self {
        let text = |key: &str| field.and_then(|field| field.text(key)).unwrap_or_default();
        let guards = field.and_then(|field| field.get("pre_trade"));
        let number = |key: &str| guards.as_ref().map_or(0.0, |guards| guards.number_or_zero(key));
        let seconds =
            |key: &str| guards.as_ref().and_then(|guards| guards.seconds(key)).unwrap_or(Nanos::ZERO);
        Self {
            policy: RiskPolicy {
                latch_release: match text("latch_release") {
                    "midnight" => LatchRelease::Midnight,
                    _ => LatchRelease::Manual,
                },
                triggers: if text("kill_switches") == "at_check" {
                    Triggers::AtCheck
                } else {
                    Triggers::AtOnce
                },
                flips: if text("flips") == "refuse" { Flips::Refuse } else { Flips::Split },
                suggestion: if text("suggestion") == "first" {
                    Suggestion::First
                } else {
                    Suggestion::Tightest
                },
                guards: Guards {
                    price_collar: Ratio::new(number("price_collar_pct")),
                    max_order_notional: Notional::new(number("max_order_notional")),
                    max_orders_per_second: guards
                        .as_ref()
                        .map_or(0, |guards| guards.count("max_orders_per_second")),
                    duplicate_window: seconds("duplicate_window_seconds"),
                    max_price_age: seconds("max_price_age_seconds"),
                    restricted: Vec::new(),
                },
            },
            restricted: guards.map(|guards| guards.texts("restricted")).unwrap_or_default(),
        }
    }
}
