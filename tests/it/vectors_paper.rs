//! Execution on paper against `paper_execution.jsonl`, through the checks, the money and the fees that a run uses.

use std::collections::BTreeMap;
use std::fs;

use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::market::TradingRules;
use hemiola_components::order::{
    Costs, Maintenance, Order, OrderKind, OrderSize, Origin, Shortfall, Side, TimeInForce,
};
use hemiola_components::time::Nanos;
use hemiola_components::units::{Bps, Notional, Price, Quantity, Ratio};
use hemiola_systems::execution::fill::{Filled, Open, Print, Terms, fill};
use hemiola_systems::execution::margin::maintenance_rate;
use hemiola_systems::execution::trade::{Funds, Short};
use hemiola_systems::execution::validate::{Ticket, validate};
use serde_json::{Map, Value, json};

use crate::support::shared;

#[test]
fn vectors_paper_execution() {
    let Some(path) = shared::vectors("paper_execution.jsonl") else { return };
    let text = fs::read_to_string(path).unwrap();
    let mut cases = 0;
    for case in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let mut venue = Venue::new(&case["config"]);
        let steps = case["steps"].as_array().unwrap();
        for (index, (step, expected)) in steps.iter().zip(case["expected"].as_array().unwrap()).enumerate() {
            let actual = venue.step(step);
            assert!(alike(&actual, expected), "{} step {index}: {actual}\ninstead of {expected}", case["id"]);
        }
        cases += 1;
    }
    assert_eq!(cases, 71);
}

/// Numbers within a tolerance, everything else exactly; a balance that is missing is zero.
fn alike(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            let same = |key: &String| {
                let [one, other] =
                    [actual, expected].map(|object| object.get(key).cloned().unwrap_or_else(|| json!(0.0)));
                alike(&one, &other)
            };
            actual.keys().chain(expected.keys()).all(same)
        }
        (Value::Number(actual), Value::Number(expected)) => {
            let [actual, expected] = [actual, expected].map(|number| number.as_f64().unwrap());
            (actual - expected).abs() <= 1e-9 * actual.abs().max(expected.abs()).max(1.0)
        }
        _ => actual == expected,
    }
}

/// A listed instrument.
struct Listed {
    base: String,
    quote: String,
    rules: TradingRules,
}

/// The bookkeeping around the venue's own functions: balances by asset, shorts by symbol, marks, ids.
struct Venue {
    listed: BTreeMap<String, Listed>,
    costs: Costs,
    balances: BTreeMap<String, f64>,
    /// With the leverage as of the last trade that changed it.
    shorts: BTreeMap<String, (Short, f64)>,
    marks: BTreeMap<String, f64>,
    orders: usize,
}

impl Venue {
    fn new(config: &Value) -> Self {
        let number = |key: &str| config[key].as_f64().unwrap().max(0.0);
        let listed = |(symbol, market): (&String, &Value)| {
            let rule = |key: &str| market[key].as_f64().unwrap_or_default();
            let text = |key: &str| market[key].as_str().unwrap().to_owned();
            let rules = TradingRules {
                tick: rule("tick_size"),
                step: Quantity::new(rule("step_size")),
                min_quantity: Quantity::new(rule("min_quantity")),
                min_notional: Notional::new(rule("min_notional")),
            };
            (symbol.clone(), Listed { base: text("base_asset"), quote: text("quote_asset"), rules })
        };
        let balances = config["initial_balances"].as_object().unwrap();
        Self {
            listed: config["markets"].as_object().unwrap().iter().map(listed).collect(),
            costs: Costs {
                taker_fee: Ratio::new(number("taker_fee")),
                maker_fee: Ratio::new(number("maker_fee")),
                slippage: Bps::new(number("slippage_bps")).ratio(),
                ..Costs::NONE
            },
            balances: balances
                .iter()
                .map(|(asset, amount)| (asset.clone(), amount.as_f64().unwrap()))
                .collect(),
            shorts: BTreeMap::new(),
            marks: BTreeMap::new(),
            orders: 0,
        }
    }

    fn step(&mut self, step: &Value) -> Value {
        match step["type"].as_str().unwrap() {
            "mark" => {
                let symbol = step["symbol"].as_str().unwrap().to_owned();
                self.marks.insert(symbol, step["price"].as_f64().unwrap());
                json!({})
            }
            "cancel" => canceled(step),
            _ => {
                let mut answer = self
                    .order(step)
                    .unwrap_or_else(|reason| json!({ "status": "rejected", "reason": reason }));
                self.add_state(&mut answer);
                answer
            }
        }
    }

    fn order(&mut self, step: &Value) -> Result<Value, String> {
        let symbol = step["symbol"].as_str().unwrap();
        let listed = self.listed.get(symbol);
        let side = match step["side"].as_str().unwrap().to_lowercase().as_str() {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            _ => None,
        };
        let quantity = Quantity::new(step["quantity"].as_f64().unwrap());
        let own = step["price"].as_f64().filter(|price| *price > 0.0);
        let reference = own.or(self.marks.get(symbol).copied()).map(Price::new);
        let kind = OrderKind::Market;
        let ticket = Ticket { side, quantity, kind, reference, reduces: false };
        let rules = listed.map(|listed| &listed.rules);
        let (side, reference) = validate(rules, &ticket).map_err(|rejection| rejection.to_string())?;
        let Listed { base, quote, rules } = listed.unwrap();

        let (short, leverage) = self.shorts.get(symbol).copied().unwrap_or((Short::default(), 1.0));
        let balance = |asset: &str| self.balances.get(asset).copied().unwrap_or_default();
        let funds = Funds {
            cash: Notional::new(balance(quote)) + short.margin,
            locked: short.margin,
            base: Quantity::new(balance(base)),
            short,
        };
        let order = Order {
            schedule: ScheduleIndex::new(0),
            instrument: InstrumentIndex::new(0),
            at: Nanos::ZERO,
            ordinal: 0,
            origin: Origin::Engine,
            side,
            size: OrderSize::Base(quantity),
            kind,
            reference,
            protection: None,
        };
        // This model slips every order and charges all but market orders the fee of a maker.
        let is_market = step["order_type"].as_str().unwrap().eq_ignore_ascii_case("market");
        let fee = if is_market { self.costs.taker_fee } else { self.costs.maker_fee };
        let terms = Terms {
            costs: Costs { taker_fee: fee, ..self.costs },
            leverage: leverage_of(&step["leverage"]),
            shortfall: Shortfall::Refuse,
            step: rules.step,
        };
        let open = Open { order, time_in_force: TimeInForce::UntilFilled, left: order.size };
        let Filled { fill, mut funds, .. } =
            fill(&open, &Print::at_the_mark(&order), &terms, funds).map_err(|_| "insufficient_balance")?;

        let mut leverage = if funds.short == short { leverage } else { funds.short.leverage(fill.price) };
        let rate = maintenance_rate(Maintenance::ByProfile, step["risk_profile"].as_str().unwrap());
        let liquidated = !funds.short.is_maintained(fill.price, rate);
        if liquidated {
            funds = funds.liquidate(fill.price);
        }
        if funds.short.quantity <= Quantity::ZERO {
            leverage = 1.0;
        }
        self.orders += 1;
        let id = format!("paper-{}", self.orders);
        let (side, price, fee) = (side.name(), fill.price.get(), fill.fee.get());
        let position = funds.base + funds.short.quantity;
        let answer = json!({
            "status": fill.status.name(),
            "order_id": id,
            "filled_quantity": fill.quantity.get(),
            "avg_price": price,
            "fee": fee,
            "fee_asset": quote,
            "liquidated": liquidated,
            "ledger": {
                "timestamp": step["t"],
                "order_id": id,
                "symbol": symbol,
                "side": side,
                "quantity": fill.quantity.get(),
                "price": price,
                "fee": fee,
                "fee_asset": quote,
                "status": fill.status.name(),
                "leverage": leverage,
                "position_value": position.at(fill.price).get(),
            },
        });
        self.balances.insert(quote.clone(), (funds.cash - funds.locked).get());
        self.balances.insert(base.clone(), funds.base.get());
        self.shorts.insert(symbol.to_owned(), (funds.short, leverage));
        Ok(answer)
    }

    /// Balances and shorts.
    fn add_state(&self, answer: &mut Value) {
        answer["balances"] = json!(self.balances);
        let owed = self.shorts.iter().filter(|(_, (short, _))| short.quantity > Quantity::ZERO);
        let short = |(symbol, (short, leverage)): (&String, &(Short, f64))| {
            let value = json!({
                "quantity": short.quantity.get(),
                "entry_price": short.entry.get(),
                "margin": short.margin.get(),
                "leverage": leverage,
            });
            (symbol.clone(), value)
        };
        answer["shorts"] = owed.map(short).collect::<Map<_, _>>().into();
    }
}

/// Every order is done when it was sent, so that there is nothing to cancel; it is written down.
fn canceled(step: &Value) -> Value {
    let nothing = 0.0;
    json!({
        "status": "cancel_recorded",
        "ledger": {
            "timestamp": step["t"],
            "order_id": step["order_id"],
            "symbol": "*",
            "side": "cancel",
            "quantity": nothing,
            "price": nothing,
            "fee": nothing,
            "fee_asset": "",
            "status": "cancelled",
            "leverage": 1.0,
            "position_value": nothing,
        },
    })
}

/// At least 1; whatever is not a number is 1.
fn leverage_of(value: &Value) -> f64 {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
    number.filter(|leverage| leverage.is_finite()).unwrap_or(1.0).max(1.0)
}
