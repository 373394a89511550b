//! `backtest --why`: a decision from its candle to its fills, from a run that writes nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::project::{BTC, CONFIG_FILE, Project};
use super::results::eventful;
use super::tables::Candles;

/// The chains of one question, as text; nothing on disk changes.
fn texts(project: &Project, question: &str) -> Vec<String> {
    let before = project.snapshot("");
    let ended = project.succeeds(&format!("backtest --why {question}"));
    assert!(project.snapshot("") == before, "{question} changed something on disk");
    ended.stdout.split("\n\n").map(|text| text.trim_end().to_owned()).collect()
}

/// The same as documents.
fn documents(project: &Project, question: &str) -> Vec<Value> {
    let document = project.succeeds(&format!("backtest --format json --why {question}")).json();
    document["decisions"].as_array().unwrap().clone()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn a_decision_is_followed_to_its_fill() {
    let project = Project::new();
    let texts = texts(&project, "BTC_USDT@2024-03-01T14:30:00");
    project.succeeds("backtest --output out");
    let manifest = project.json("out/manifest.json");
    let run_id = &manifest["run_id"].as_str().unwrap()[..12];
    let [text] = &texts[..] else { panic!("{texts:?}") };
    let expected = format!(
        "\
schedule      hourly
strategy      crossing, engine sma_cross
instrument    binance:BTC_USDT
candle        2024-03-01T13:00:00+00:00 1h: open 101, high 102, low 101, close 102, volume 1
signal        enter_long at 2024-03-01T14:00:00+00:00, confidence 1
weight        1
limit         binance:BTC_USDT: none bound
gate          approved; in force: no latch
order         {run_id}-0-1709301600000-0: buy 4.897063721 binance:BTC_USDT, mark 102, market
fill          4.897063721 at 102 at 2024-03-01T14:00:00+00:00, fee 0.4995004995, slippage 0"
    );
    assert_eq!(*text, expected);
    let mut same = documents(&project, "BTC_USDT@2024-03-01T14:00:00");
    same[0]["until"] = json!("2024-03-01T14:30:00+00:00");
    assert_eq!(documents(&project, "binance:BTC_USDT@2024-03-01T14:30:00"), same);
}

#[test]
fn before_the_first_signal_there_is_none() {
    let project = Project::new();
    let text = &texts(&project, "ETH_USDT@2024-03-01")[0];
    let said = "\nsignal        none up to 2024-03-01T00:00:00+00:00: \
                ask --explain hourly@2024-03-01T00:00:00+00:00 for what was seen";
    assert!(text.ends_with(said), "{text}");
    let document = &documents(&project, "ETH_USDT@2024-03-01")[0];
    assert_eq!((&document["signal"], &document["legs"]), (&Value::Null, &Value::Null));
}

#[test]
fn the_rule_that_bound_is_named() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "max_open_positions: 10", "max_open_positions: 1");
    let text = &texts(&project, "ETH_USDT@2024-03-01T14:00:00")[0];
    let refused = "\nlimit         binance:ETH_USDT: max_positions, value 2, limit 1, headroom 0\
                   \ngate          refused; in force: no latch";
    assert!(text.ends_with(refused), "{text}");
}

#[test]
fn an_order_without_a_fill_says_what_happened_instead() {
    let project = Project::new();
    let mut candles = Candles::hours(200);
    candles.volume[14..].fill(0.0);
    project.candles(BTC, &candles);
    let text = &texts(&project, "BTC_USDT@2024-03-04")[0];
    assert!(text.ends_with("\nnot filled    the run ends before the order can fill"), "{text}");
    let order = &documents(&project, "BTC_USDT@2024-03-04")[0]["legs"][0]["order"];
    assert_eq!((&order["fills"], &order["not_filled"]["rule"]), (&json!([]), &json!("run_over")));
}

/// Whatever the decisions say of an order, its chain says too.
#[test]
fn chains_are_what_the_decisions_say() {
    let project = eventful();
    project.succeeds("backtest --output out");
    let text = project.text("out/decisions.jsonl");
    let lines: Vec<BTreeMap<String, String>> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let chain = |line: &BTreeMap<String, String>| {
        let [venue, symbol, time] = ["primary_exchange", "symbol", "timestamp"].map(|name| &line[name]);
        let chains = documents(&project, &format!("{venue}:{symbol}@{time}"));
        let chain = chains.into_iter().find(|one| one["schedule"] == line["schedule"]).unwrap();
        assert_eq!(&chain["signal"]["time"], time);
        chain
    };
    let with = |event: &str, rule: &str| {
        let found =
            lines.iter().find(|line| line["event"] == event && (rule.is_empty() || line["rule"] == rule));
        found.unwrap_or_else(|| panic!("no {event} {rule}"))
    };
    let limit_is = |chain: &Value, line: &BTreeMap<String, String>| {
        let limit = &chain["legs"][0]["limit"];
        assert_eq!(limit["rule"], line["rule"]);
        for (name, key) in [
            ("value", "value"),
            ("limit", "limit"),
            ("headroom", "headroom"),
            ("max_quantity", "adjust_max_quantity"),
        ] {
            assert_eq!(limit[name], number(&line[key]), "{name}");
        }
    };

    let adjusted = with("risk_adjusted", "");
    let found = chain(adjusted);
    limit_is(&found, adjusted);
    assert_eq!(found["legs"][0]["gate"]["verdict"], "adjusted");
    let order = &found["legs"][0]["order"];
    assert!((order["quantity"].as_f64().unwrap() / number(&adjusted["quantity"]) - 1.0).abs() < 1e-9);

    let latched = with("risk_rejected", "force_liquidation_latched");
    let found = chain(latched);
    limit_is(&found, latched);
    assert_eq!(
        found["legs"][0]["gate"],
        json!({ "verdict": "refused", "quantity": null, "latches": ["daily_loss_limit"] })
    );

    let partial = with("order_partially_executed", "");
    let submitted = lines
        .iter()
        .find(|line| line["event"] == "order_submitted" && line["order_id"] == partial["order_id"]);
    let found = chain(submitted.unwrap());
    let leg = found["legs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|leg| leg["order"]["id"] == partial["order_id"])
        .unwrap();
    let fills = leg["order"]["fills"].as_array().unwrap();
    let of_order: Vec<_> = lines
        .iter()
        .filter(|line| line["event"].ends_with("executed") && line["order_id"] == partial["order_id"])
        .collect();
    assert!(fills.len() > 1 && fills.len() == of_order.len(), "{fills:?}");
    for (fill, line) in fills.iter().zip(of_order) {
        for name in ["fee", "slippage"] {
            assert_eq!(fill[name], number(&line[name]));
        }
        assert_eq!((&fill["status"], &fill["time"]), (&json!(line["status"]), &json!(line["fill_time"])));
    }
}

#[test]
fn a_pair_is_followed_in_both_legs() {
    let project = Project::pair();
    project.candles("data/ohlcv/kraken/BTC_USDT/1h.parquet", &Candles::hours(200).times(1.02));
    let texts = texts(&project, "kraken:BTC_USDT@2024-03-01T01:00:00");
    let [text] = &texts[..] else { panic!("{texts:?}") };
    assert!(text.contains("\ninstrument    binance:BTC_USDT against kraken:BTC_USDT\n"), "{text}");
    for leg in [
        ": buy 0.882 binance:BTC_USDT, mark 111, market\nfill  ",
        ": sell 0.882 kraken:BTC_USDT, mark 113.22, market\nfill  ",
    ] {
        assert!(text.contains(leg), "{text}");
    }
    assert_eq!(text.matches("\ngate          approved; in force: no latch\n").count(), 2, "{text}");
    assert_eq!(
        texts,
        self::texts(&project, "BTC_USDT@2024-03-01T01:00:00"),
        "once, though both legs are meant"
    );
}

#[test]
fn questions_that_cannot_be_asked_are_refused() {
    let project = Project::shipped();
    let cases: [(&str, &[&str]); 6] = [
        ("BTCUSDT@2024-03-01", &["--why: there is no instrument `BTCUSDT`; did you mean `BTC_USDT`?"]),
        ("kraken:SOL_USDT@2024-03-01", &["there is no instrument `kraken:SOL_USDT`; did you mean `kraken:"]),
        ("BTC_USDT", &["--why BTC_USDT: write SYMBOL@TIME"]),
        ("BTC_USDT@noon", &["--why BTC_USDT@noon: `noon` is not an instant: write 2024-01-31"]),
        ("BTC_USDT@2024-03-01 --output out", &["cannot be used with", "--output"]),
        ("BTC_USDT@2024-03-01 --ledger out", &["cannot be used with", "--ledger"]),
    ];
    for (question, says) in cases {
        project.refuses(&format!("backtest --why {question}"), 2, says);
    }
    let both = "BTC_USDT@2024-03-01 --explain grid_majors@2024-03-01";
    project.refuses(&format!("backtest --why {both}"), 2, &["cannot be used with"]);
}
