//! The portfolio governor: samples become scores, scores become weights within bounds.

use hemiola_components::governor::{Decision, Governed, Governor, GovernorSettings, Grant, Scoring, Terms};
use hemiola_components::time::Nanos;

/// What is left is nothing below this.
const CRUMB: f64 = 1e-9;

/// A governor that has seen nothing: every strategy has its baseline.
#[must_use]
pub fn governor(settings: GovernorSettings) -> Governor {
    let strategies = settings.strategies.iter().map(|(name, terms)| governed(name, *terms)).collect();
    let mut governor = Governor { settings, strategies, decided_at: None };
    share_baselines(&mut governor.strategies);
    for strategy in &mut governor.strategies {
        strategy.weight = strategy.terms.baseline_weight;
    }
    governor
}

fn governed(name: &str, terms: Terms) -> Governed {
    let max_weight = terms.max_weight.max(terms.min_weight);
    let baseline_weight = terms.baseline_weight.clamp(terms.min_weight, max_weight);
    Governed {
        name: name.to_owned(),
        terms: Terms { max_weight, baseline_weight, ..terms },
        weight: 0.0,
        alpha: 0.0,
        slo: 0.0,
        risk: 0.0,
        cost_bps: None,
        samples: 0.0,
    }
}

/// Brings baselines to a sum of 1, as far as their bounds allow.
fn share_baselines(strategies: &mut [Governed]) {
    let count = strategies.len() as f64;
    let total: f64 = strategies.iter().map(|strategy| strategy.terms.baseline_weight).sum();
    for Governed { terms, .. } in strategies {
        let share = if total > 0.0 { terms.baseline_weight / total } else { 1.0 / count };
        terms.baseline_weight = share.clamp(terms.min_weight, terms.max_weight);
    }
}

/// The place of a strategy, which joins with the default terms when it is new.
fn place(governor: &mut Governor, name: &str) -> usize {
    if let Some(known) = governor.strategies.iter().position(|strategy| strategy.name == name) {
        return known;
    }
    governor.strategies.push(governed(name, governor.settings.default_terms));
    share_baselines(&mut governor.strategies);
    let last = governor.strategies.len() - 1;
    governor.strategies[last].weight = governor.strategies[last].terms.baseline_weight;
    last
}

/// Takes in what a strategy's schedule has just reported: `metric` gives its metrics by name. A metric that is not
/// finite counts as missing; one in percentage points counts as a rate.
pub fn observe(governor: &mut Governor, strategy: &str, metric: impl Fn(&str) -> Option<f64>) {
    let place = place(governor, strategy);
    let smoothing = governor.settings.smoothing;
    let metric = |name: &str| metric(name).filter(|value| value.is_finite());
    let rate = |name: &str| metric(name).map(|points| points / 100.0);
    let alpha = metric("alpha_score").or_else(|| metric("avg_confidence")).unwrap_or(0.0);
    let slo = metric("slo_violation_rate")
        .or_else(|| rate("allocation_error_pct"))
        .or_else(|| rate("slo_breach_pct"))
        .unwrap_or(0.0)
        .max(0.0);
    let risk = metric("risk_penalty").or_else(|| rate("drawdown_pct")).unwrap_or(0.0).max(0.0);
    let seen = &mut governor.strategies[place];
    let is_first = seen.samples <= 0.0 || smoothing >= 1.0;
    let smooth = |value: f64, previous: f64| {
        if is_first { value } else { smoothing * value + (1.0 - smoothing) * previous }
    };
    (seen.alpha, seen.slo, seen.risk) = (smooth(alpha, seen.alpha), smooth(slo, seen.slo), risk);
    seen.cost_bps = metric("cost_bps").or(seen.cost_bps);
    seen.samples += metric("sample_weight").unwrap_or(1.0).max(0.0);
}

/// Decides on new weights, unless it is not time yet or a strategy has not been seen. `force` does not wait. A clock
/// that has jumped backwards waits.
pub fn rebalance(governor: &mut Governor, now: Nanos, force: bool) -> Option<Decision> {
    let Governor { settings, strategies, decided_at } = governor;
    let waits = !force && decided_at.is_some_and(|last| now.max(last) - last < settings.interval);
    let incomplete =
        settings.require_complete_metrics && strategies.iter().any(|strategy| strategy.samples <= 0.0);
    if !settings.enabled || strategies.is_empty() || waits || incomplete {
        return None;
    }
    let costs_bps: Vec<f64> = strategies.iter().map(|strategy| cost(strategy, settings)).collect();
    let scores: Vec<f64> =
        strategies.iter().zip(&costs_bps).map(|(strategy, cost)| score(strategy, *cost, settings)).collect();
    let weights = weights(strategies, &scores);
    for (strategy, weight) in strategies.iter_mut().zip(&weights) {
        strategy.weight = *weight;
    }
    *decided_at = Some(decided_at.map_or(now, |last| last.max(now)));
    let remaining_cash = (1.0 - weights.iter().sum::<f64>()).max(0.0);
    Some(Decision { at: now, weights, scores, costs_bps, remaining_cash })
}

fn cost(strategy: &Governed, settings: &GovernorSettings) -> f64 {
    strategy.cost_bps.unwrap_or(settings.default_cost_bps).max(0.0)
}

/// Quality less costs, missed service levels and risk, as far as that is above the threshold.
fn score(strategy: &Governed, cost: f64, settings: &GovernorSettings) -> f64 {
    let Scoring { alpha, cost: per_bps, slo, risk } = settings.scoring;
    let score = strategy.alpha * alpha - cost * per_bps - strategy.slo * slo - strategy.risk * risk;
    (score - settings.min_score_threshold).max(0.0)
}

/// The least weights, and what they leave of 1 shared out by score up to the largest; by baseline when there is no
/// score.
fn weights(strategies: &[Governed], scores: &[f64]) -> Vec<f64> {
    let terms = || strategies.iter().map(|strategy| strategy.terms);
    let mut weights: Vec<f64> = terms().map(|terms| terms.min_weight).collect();
    let baselines: Vec<f64> = terms().map(|terms| terms.baseline_weight).collect();
    let keys = if scores.iter().sum::<f64>() > 0.0 { scores } else { &baselines };
    let mut remaining = (1.0 - weights.iter().sum::<f64>()).max(0.0);
    while remaining > CRUMB {
        let room = |place: usize, weights: &[f64]| strategies[place].terms.max_weight - weights[place];
        let open: Vec<usize> = (0..weights.len()).filter(|place| room(*place, &weights) > CRUMB).collect();
        let total: f64 = open.iter().map(|place| keys[*place]).sum();
        let mut given = 0.0;
        for &place in &open {
            let part = if total > 0.0 { keys[place] / total } else { 1.0 / open.len() as f64 };
            let gift = (remaining * part).min(room(place, &weights));
            weights[place] += gift;
            given += gift;
        }
        remaining -= given;
        if given <= CRUMB {
            break;
        }
    }
    weights
}

/// What a strategy is granted now; a new one joins with the default terms.
pub fn grant(governor: &mut Governor, strategy: &str) -> Grant {
    let place = place(governor, strategy);
    let Governed { terms, weight, .. } = &governor.strategies[place];
    let factor = if terms.baseline_weight > 0.0 { (weight / terms.baseline_weight).max(0.0) } else { 1.0 };
    let bound = if terms.max_signal_factor > 0.0 { terms.max_signal_factor } else { f64::INFINITY };
    Grant {
        weight: *weight,
        baseline_weight: terms.baseline_weight,
        signal_factor: factor.min(bound),
        max_signal_hint: terms.baseline_max_signals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(strategies: &[(&str, f64, f64)]) -> GovernorSettings {
        let terms = |min_weight, max_weight| Terms {
            baseline_weight: 0.3,
            min_weight,
            max_weight,
            baseline_max_signals: None,
            max_signal_factor: 1.0,
        };
        GovernorSettings {
            enabled: true,
            interval: Nanos::new(100),
            smoothing: 0.5,
            scoring: Scoring { alpha: 1.0, cost: 0.0, slo: 1.0, risk: 1.0 },
            require_complete_metrics: true,
            min_score_threshold: 0.0,
            default_cost_bps: 5.0,
            max_signal_floor: 1,
            default_terms: terms(0.08, 0.5),
            strategies: strategies
                .iter()
                .map(|(name, min, max)| ((*name).into(), terms(*min, *max)))
                .collect(),
        }
    }

    fn confident(value: f64) -> impl Fn(&str) -> Option<f64> {
        move |name| (name == "avg_confidence").then_some(value)
    }

    #[test]
    fn it_waits_for_everybody_then_for_the_interval_and_never_for_a_clock_that_went_back() {
        let mut governor = governor(settings(&[("a", 0.1, 0.9), ("b", 0.1, 0.9)]));
        observe(&mut governor, "a", confident(0.5));
        assert_eq!(rebalance(&mut governor, Nanos::new(0), true), None);
        observe(&mut governor, "b", confident(0.25));
        assert!(rebalance(&mut governor, Nanos::new(0), false).is_some());
        for (now, decides) in [(99, false), (-5_000, false), (100, true), (199, false)] {
            assert_eq!(rebalance(&mut governor, Nanos::new(now), false).is_some(), decides, "{now}");
        }
        assert!(rebalance(&mut governor, Nanos::new(-500), true).is_some(), "forced");
        assert_eq!(rebalance(&mut governor, Nanos::new(150), false), None, "a decision does not come twice");
        assert!(rebalance(&mut governor, Nanos::new(200), false).is_some());
    }

    #[test]
    fn weights_keep_their_bounds_and_what_nobody_may_have_is_cash() {
        let mut governor = governor(settings(&[("a", 0.1, 0.4), ("b", 0.05, 0.3), ("c", 0.0, 0.1)]));
        for (name, value) in [("a", 0.9), ("b", 0.1), ("c", 0.0)] {
            observe(&mut governor, name, confident(value));
        }
        let decision = rebalance(&mut governor, Nanos::ZERO, false).unwrap();
        for (found, expected) in decision.weights.iter().zip([0.4, 0.3, 0.1]) {
            assert!((found - expected).abs() < 1e-9, "{decision:?}");
        }
        assert!((decision.remaining_cash - 0.2).abs() < 1e-9);
    }

    #[test]
    fn percentages_count_as_rates_and_numbers_that_are_none_as_missing() {
        let mut governor = governor(settings(&[("a", 0.0, 1.0)]));
        observe(&mut governor, "a", |name| match name {
            "allocation_error_pct" => Some(25.0),
            "slo_violation_rate" | "cost_bps" => Some(f64::NAN),
            "drawdown_pct" => Some(10.0),
            _ => None,
        });
        let Governed { slo, risk, cost_bps, .. } = governor.strategies[0];
        assert_eq!((slo, risk, cost_bps), (0.25, 0.1, None));
    }
}
