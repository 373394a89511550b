//! The conformance cases of the risk engine, through the functions that the world's phases call and the repository that
//! keeps its state.

use std::collections::BTreeMap;
use std::fs;

use hemiola::instant;
use hemiola_adapters::risk_state::{
    CostTotals, Latch, Position, PositionSide, RiskRecord, RiskRepository, StateFolder,
};
use hemiola_components::order::Side;
use hemiola_components::portfolio::Account;
use hemiola_components::risk::{
    Flips, LatchRelease, Latches, Refusal, RiskPolicy, RiskProfile, RiskState, Rule, Suggestion, Triggers,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Ratio};
use hemiola_systems::book::observe;
use hemiola_systems::risk::calendar::{begin, book, day_of, monday_of, roll};
use hemiola_systems::risk::check::{Proposal, Standing, check};
use hemiola_systems::risk::latch::{Scope, daily_loss, drawdown, reason, trips};
use serde_json::{Map, Value};

use crate::support::shared;

/// The settings of the cases.
fn policy() -> RiskPolicy {
    RiskPolicy {
        latch_release: LatchRelease::Midnight,
        triggers: Triggers::AtCheck,
        flips: Flips::Refuse,
        suggestion: Suggestion::First,
        ..RiskPolicy::default()
    }
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_default()
}

fn profile(value: &Value) -> RiskProfile {
    let ratio = |key: &str| Ratio::new(number(value, key));
    let ends = [0, 1].map(|end| value["trade_risk_pct_range"][end].as_f64().unwrap());
    let range = [ends[0].min(ends[1]), ends[0].max(ends[1])].map(Ratio::new);
    RiskProfile {
        max_positions: u32::try_from(value["max_positions"].as_u64().unwrap()).unwrap(),
        max_position: ratio("max_position_pct"),
        max_leverage: number(value, "max_leverage"),
        max_drawdown: ratio("drawdown_limit"),
        max_daily_loss: ratio("daily_loss_limit"),
        trade_risk: range,
        target_volatility: ratio("target_volatility"),
        stop_atr_multiple: number(value, "stop_loss_atr_multiple"),
        instrument_alert: ratio("instrument_alert_pct"),
        instrument_limit: ratio("instrument_limit_pct"),
        portfolio_alert: ratio("portfolio_alert_pct"),
        portfolio_limit: ratio("portfolio_limit_pct"),
        kill_daily_r: number(value, "daily_kill_switch_r_multiple"),
        kill_daily_loss: ratio("daily_kill_switch_loss_pct"),
        kill_weekly_loss: ratio("weekly_kill_switch_loss_pct"),
        max_cost_to_profit: number(value, "max_cost_to_profit_ratio"),
        ..RiskProfile::unlimited(value["name"].as_str().unwrap())
    }
}

/// An engine of the cases: the world's state, and the book of values that the cases keep.
struct Engine {
    profile: RiskProfile,
    account: Account,
    state: RiskState,
    /// Signed value by symbol.
    positions: BTreeMap<String, f64>,
}

impl Engine {
    fn new(profile: RiskProfile) -> Self {
        let account = Account::new(Notional::ZERO);
        Self { profile, account, state: RiskState::default(), positions: BTreeMap::new() }
    }

    fn roll(&mut self, at: Nanos, equity: f64) {
        let now = (at, Notional::new(equity));
        roll(&mut self.account, std::slice::from_mut(&mut self.state), &policy(), now, |_, _| ());
    }

    fn latch(&mut self, scope: Scope) {
        for trip in trips(&self.profile, &self.account, &self.state, scope) {
            self.state.latches.set(trip.rule);
        }
    }

    fn mark(&mut self, at: Nanos, event: &Value) {
        self.roll(at, number(event, "equity"));
        observe(&mut self.account, number(event, "equity"));
        if let Some(positions) = event.get("positions").and_then(Value::as_object) {
            self.positions = positions.iter().filter_map(position).collect();
        }
        if let Some(realised) = event.get("realized_pnl").and_then(Value::as_f64) {
            self.state.daily_realised = Notional::new(realised);
        }
        let given = |key: &str| event["metadata"].get(key).and_then(Value::as_f64).map(Notional::new);
        let state = &mut self.state;
        for (amount, key) in [
            (&mut state.weekly_realised, "weekly_realized_pnl"),
            (&mut state.profit_30d, "rolling_profit_30d"),
            (&mut state.costs_30d, "rolling_costs_30d"),
        ] {
            *amount = given(key).unwrap_or(*amount);
        }
        self.latch(Scope::Marks);
    }

    fn fill(&mut self, at: Nanos, event: &Value) {
        self.roll(at, self.account.equity.get());
        book(&mut self.state, Notional::new(number(event, "pnl")), Notional::ZERO);
        let symbol = event["symbol"].as_str().unwrap().to_owned();
        let value = number(event, "position_value");
        if value > 0.0 {
            self.positions.insert(symbol, side(event).unwrap().sign() * value);
        } else {
            self.positions.remove(&symbol);
        }
    }

    fn order(&mut self, at: Nanos, event: &Value) -> Result<(), Refusal> {
        let account = &event["account"];
        let equity = number(account, "total_equity");
        if self.account.day_start <= Notional::ZERO {
            self.account.equity = Notional::new(equity);
            begin(&mut self.account);
        }
        self.roll(at, equity);
        observe(&mut self.account, equity);
        self.latch(Scope::All);
        let given = |key: &str| event.get(key).and_then(Value::as_f64);
        let proposal = Proposal {
            side: side(event).unwrap(),
            quantity: number(event, "quantity").abs(),
            price: number(event, "price"),
            atr: given("atr"),
            stop: given("stop_price"),
        };
        let standing = Standing {
            own: self.positions.get(event["symbol"].as_str().unwrap()).copied().unwrap_or_default(),
            others: 0.0,
            gross: self.gross(),
            active: u32::try_from(self.positions.len()).unwrap(),
            equity,
            available: number(account, "available_margin"),
            maintenance: number(account, "maintenance_margin"),
        };
        let latched = reason(&self.profile, &self.account, &self.state);
        check(&self.profile, &policy(), latched, &proposal, &standing, std::iter::empty()).map(drop)
    }

    /// The engine is dropped, and another one begins with what the repository kept of it.
    fn restart(&mut self, at: Nanos) {
        let folder = tempfile::tempdir().unwrap();
        let folder = StateFolder::new("cases", folder.path());
        let mut repository = RiskRepository::open(&folder).unwrap();
        repository.save(&[self.record(at)], &[]).unwrap();
        drop(repository);
        let repository = RiskRepository::open(&folder).unwrap();
        let kept = &repository.records()[&self.profile.name];
        let mut engine = Self::new(self.profile.clone());
        let amount = Notional::new;
        engine.account.day = Some(day_of(kept.current_day));
        engine.account.day_start = amount(kept.start_of_day_equity);
        engine.account.week_start = amount(kept.start_of_week_equity);
        engine.account.equity = amount(kept.last_equity);
        engine.account.peak = amount(kept.peak_equity);
        engine.state.daily_realised = amount(kept.daily_realized_pnl);
        engine.state.weekly_realised = amount(kept.weekly_realized_pnl);
        engine.state.profit_30d = amount(kept.rolling_profit_30d);
        engine.state.costs_30d = amount(kept.rolling_costs_30d);
        for latch in &kept.latches {
            let rule = Latches::RULES.into_iter().find(|rule| rule.name() == latch.rule).unwrap();
            engine.state.latches.set(rule);
        }
        let signed = |position: &Position| match position.side {
            PositionSide::Long => position.notional,
            PositionSide::Short => -position.notional,
        };
        engine.positions =
            kept.positions.iter().map(|(symbol, position)| (symbol.clone(), signed(position))).collect();
        *self = engine;
    }

    fn record(&self, at: Nanos) -> RiskRecord {
        let (account, state) = (&self.account, &self.state);
        let midnight = |day: i64| Nanos::new(day * Nanos::DAY.get());
        let day = account.day.unwrap();
        let position = |value: f64| Position {
            side: if value > 0.0 { PositionSide::Long } else { PositionSide::Short },
            quantity: 0.0,
            average_price: 0.0,
            notional: value.abs(),
        };
        let latch = |rule: Rule| Latch {
            rule: rule.name().to_owned(),
            value: None,
            limit: None,
            since: at,
            by_operator: None,
        };
        RiskRecord {
            profile: self.profile.name.clone(),
            as_of: at,
            current_day: midnight(day),
            start_of_week: midnight(monday_of(day)),
            start_of_day_equity: account.day_start.get(),
            start_of_week_equity: account.week_start.get(),
            last_equity: account.equity.get(),
            peak_equity: account.peak.get(),
            available_margin: 0.0,
            maintenance_margin: 0.0,
            daily_realized_pnl: state.daily_realised.get(),
            weekly_realized_pnl: state.weekly_realised.get(),
            rolling_profit_30d: state.profit_30d.get(),
            rolling_costs_30d: state.costs_30d.get(),
            latches: state.latches.iter().map(latch).collect(),
            positions: self
                .positions
                .iter()
                .map(|(symbol, value)| (symbol.clone(), position(*value)))
                .collect(),
            costs: CostTotals::default(),
            limits: BTreeMap::new(),
        }
    }

    fn gross(&self) -> f64 {
        self.positions.values().map(|value| value.abs()).sum()
    }

    fn compare(&self, expected: &Value) {
        let state = &expected["state"];
        let (account, risk) = (&self.account, &self.state);
        let day = account.day.unwrap();
        let date = |day: i64| instant::text(Nanos::new(day * Nanos::DAY.get()))[..10].to_owned();
        assert_eq!(state["current_day"], date(day));
        assert_eq!(state["start_of_week"], date(monday_of(day)));
        assert_eq!(state["force_liquidation"], !risk.latches.is_empty());
        for (key, value) in [
            ("start_of_day_equity", account.day_start),
            ("last_equity", account.equity),
            ("peak_equity", account.peak),
            ("daily_realized_pnl", risk.daily_realised),
            ("weekly_realized_pnl", risk.weekly_realised),
            ("rolling_profit_30d", risk.profit_30d),
            ("rolling_costs_30d", risk.costs_30d),
        ] {
            close(value.get(), &state[key], key);
        }
        let positions: BTreeMap<String, f64> =
            state["positions"].as_object().unwrap().iter().filter_map(position).collect();
        assert!(positions.keys().eq(self.positions.keys()));
        for (symbol, value) in &positions {
            close(self.positions[symbol], &Value::from(*value), symbol);
        }
        let metrics = &expected["metrics"];
        // The cases' metrics take an equity of nothing for the day's first.
        let mut account = *account;
        if account.equity == Notional::ZERO {
            account.equity = account.day_start;
        }
        let account = &account;
        close(daily_loss(account, risk), &metrics["daily_loss_pct"], "daily_loss_pct");
        close(drawdown(account), &metrics["drawdown_pct"], "drawdown_pct");
        close(self.gross(), &metrics["gross_notional"], "gross_notional");
        assert_eq!(metrics["active_positions"], self.positions.len());
        let leverage =
            if account.equity > Notional::ZERO { self.gross() / account.equity.get() } else { 0.0 };
        close(leverage, &metrics["used_leverage"], "used_leverage");
    }
}

fn side(event: &Value) -> Option<Side> {
    match event["side"].as_str()?.to_lowercase().as_str() {
        "buy" | "long" => Some(Side::Buy),
        "sell" | "short" => Some(Side::Sell),
        _ => None,
    }
}

fn position((symbol, position): (&String, &Value)) -> Option<(String, f64)> {
    let value = number(position, "notional");
    (value > 0.0).then(|| (symbol.clone(), side(position).unwrap().sign() * value))
}

fn close(found: f64, expected: &Value, what: &str) {
    let expected = expected.as_f64().unwrap();
    assert!(
        (found - expected).abs() <= 1e-9 * found.abs().max(expected.abs()).max(1.0),
        "{what}: {found}, not {expected}"
    );
}

/// What a refusal explains, under the names of the cases.
fn details(refusal: &Refusal, event: &Value) -> Map<String, Value> {
    let equity = number(&event["account"], "total_equity");
    let quantity = number(event, "quantity");
    let rows: Vec<(&str, Value)> = match refusal.rule {
        Rule::TradeRisk => vec![
            ("risk_capital", refusal.value.into()),
            ("max_risk_capital", refusal.limit.into()),
            ("incremental_quantity", (refusal.value / (refusal.value / quantity)).into()),
        ],
        _ => vec![
            ("projected_exposure", refusal.value.into()),
            ("exposure_cap", refusal.limit.into()),
            ("exposure_cap_pct", (refusal.limit / equity).into()),
            ("current_exposure", (refusal.value - quantity * number(event, "price")).into()),
            (
                "cap_source",
                if refusal.rule == Rule::PositionExposure {
                    "max_position_exposure"
                } else {
                    "instrument_limit_pct"
                }
                .into(),
            ),
        ],
    };
    rows.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn compare_answer(answer: Result<(), Refusal>, event: &Value, expected: &Value) {
    assert_eq!(expected["allowed"], answer.is_ok(), "{answer:?}");
    let Err(refusal) = answer else { return };
    assert_eq!(expected["reason"], refusal.rule.name(), "{refusal:?}");
    close(refusal.max_quantity, &Value::from(number(expected, "max_quantity")), "max_quantity");
    let Some(expected) = expected.get("details").and_then(Value::as_object).filter(|all| !all.is_empty())
    else {
        return;
    };
    let found = details(&refusal, event);
    assert!(
        found.keys().collect::<std::collections::BTreeSet<_>>() == expected.keys().collect(),
        "{expected:?}"
    );
    for (key, value) in expected {
        match found[key].as_f64() {
            Some(number) => close(number, value, key),
            None => assert_eq!(found[key], *value),
        }
    }
}

#[test]
fn every_case_of_the_risk_engine_comes_out_the_same() {
    let Some(path) = shared::vectors("risk_engine.jsonl") else { return };
    let mut events = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let mut engine = Engine::new(profile(&case["profile"]));
        let steps = case["events"].as_array().unwrap().iter().zip(case["expected"].as_array().unwrap());
        for (place, (event, expected)) in steps.enumerate() {
            let at = instant::parse(event["t"].as_str().unwrap()).unwrap();
            println!("{} event {place}: {event}", case["id"]);
            engine.account.day.get_or_insert(day_of(at));
            match event["type"].as_str().unwrap() {
                "mark" => engine.mark(at, event),
                "fill" => engine.fill(at, event),
                "order" => compare_answer(engine.order(at, event), event, expected),
                "restart" => engine.restart(at),
                other => panic!("an event {other}"),
            }
            engine.compare(expected);
            events += 1;
        }
    }
    assert!(events > 0);
}
