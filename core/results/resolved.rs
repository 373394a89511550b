//! The resolved configuration: every value a run depends on, by name, with nothing left to defaults.

mod control;
mod governor;
mod policy;
mod risk;
mod schedule;
#[cfg(test)]
mod tests;

pub use policy::written_policy;

use hemiola_components::strategy::ParameterValue;
use hemiola_components::time::Nanos;
use hemiola_systems::execution::margin::maintenance_rate;
use serde_json::{Map, Value, json};

use crate::assembly::Window;
use crate::config::plan::Plan;
use crate::instant;

/// The seed of every random stream.
pub const SEED: u64 = 0;

/// What makes a run the run it is, whatever file or folder it came from.
#[must_use]
pub fn identity(plan: &Plan, window: Window) -> Value {
    json!({
        "plan": configuration(plan),
        "window": { "from": window.from.map(instant::text), "to": window.to.map(instant::text) },
        "seed": SEED,
    })
}

/// The Plan, apart from where its data lie.
#[must_use]
pub fn configuration(plan: &Plan) -> Value {
    let instruments = plan.instruments.iter().map(|instrument| {
        json!({
            "venue": instrument.venue,
            "symbol": instrument.symbol,
            "base_asset": instrument.base,
            "quote_asset": instrument.quote,
            "tick_size": instrument.rules.tick,
            "step_size": instrument.rules.step.get(),
            "min_quantity": instrument.rules.min_quantity.get(),
            "min_notional": instrument.rules.min_notional.get(),
        })
    });
    let strategies = plan.strategies.iter().map(|strategy| {
        let definition = &strategy.definition;
        let parameters = strategy.parameters.0.iter().map(|(name, value)| {
            let value = match value {
                ParameterValue::Number(number) => json!(number),
                ParameterValue::Text(text) => json!(text),
            };
            (name.clone(), value)
        });
        json!({
            "name": strategy.name,
            "engine": strategy.engine,
            "parameters": parameters.collect::<Map<_, _>>(),
            "capability": definition.capability,
            "license_tier": definition.license_tier.name(),
            "tags": definition.tags,
            "risk_classes": definition.risk_classes,
            "required_data": definition.required_data,
            "risk_hooks": definition.risk_hooks,
            "metadata": definition.metadata,
        })
    });
    json!({
        "environment": plan.environment,
        "scheduler": plan.scheduler,
        "telemetry_namespace": plan.telemetry_namespace,
        "valuation_asset": plan.valuation,
        "quote_assets": plan.equal_quotes,
        "initial_balance": plan.cash.get(),
        "taker_fee": plan.costs.taker_fee.get(),
        "slippage": plan.costs.slippage.get(),
        "maker_fee": plan.costs.maker_fee.get(),
        "impact": plan.costs.impact.get(),
        "fill_model": plan.fill_model.name(),
        "max_volume_share": plan.liquidity.max_volume_share.get(),
        "latency_nanoseconds": plan.liquidity.latency.get(),
        "latency_jitter_nanoseconds": plan.liquidity.latency_jitter.get(),
        "shortfall": plan.shortfall.name(),
        "short_leverage": plan.margin.leverage,
        "maintenance_margin": maintenance(plan),
        "liquidation_fee": plan.margin.liquidation_fee.get(),
        "borrow_rate": plan.margin.borrow_rate.get(),
        "instruments": instruments.collect::<Vec<_>>(),
        "strategies": strategies.collect::<Vec<_>>(),
        "risk_profiles": plan.risk_profiles.iter().map(|profile| risk::profile(plan, profile)).collect::<Vec<_>>(),
        "risk": risk::policy(plan),
        "latched": risk::latched(plan),
        "schedules": schedule::schedules(plan),
        "capital_policy": policy::policy(&plan.capital_policy),
        "allocation_rebalance_nanoseconds": plan.cool_down.map(Nanos::get),
        "portfolio_governor": plan.governor.as_ref().map(governor::governor),
        "initial": plan.initial.iter().map(control::action).collect::<Vec<_>>(),
        "operator": plan.operator.iter().map(control::action).collect::<Vec<_>>(),
    })
}

/// By risk profile.
fn maintenance(plan: &Plan) -> Map<String, Value> {
    let rate = |name: &str| maintenance_rate(plan.margin.maintenance, name).get();
    plan.risk_profiles.iter().map(|profile| (profile.name.clone(), json!(rate(&profile.name)))).collect()
}
