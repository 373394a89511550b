//! `backtest --explain`: what an engine saw, from a run that writes nothing.

use serde_json::{Value, json};

use super::project::{BTC, CONFIG_FILE, Project};
use super::tables::{Candles, HOUR, MARCH, Table};

/// The views of one question, as text; nothing on disk changes.
fn texts(project: &Project, question: &str) -> Vec<String> {
    let before = project.snapshot("");
    let ended = project.succeeds(&format!("backtest --explain {question}"));
    assert!(project.snapshot("") == before, "{question} changed something on disk");
    ended.stdout.split("\n\n").map(str::to_owned).collect()
}

/// The same as documents.
fn documents(project: &Project, question: &str) -> Vec<Value> {
    let document = project.succeeds(&format!("backtest --format json --explain {question}")).json();
    document["explanations"].as_array().unwrap().clone()
}

/// The codes and messages of a view without a decision.
fn reasons(document: &Value) -> Vec<(String, String)> {
    assert_eq!(document["decision"], Value::Null, "{document:#}");
    let reasons = document["no_decision"].as_array().unwrap().iter();
    let text = |reason: &Value, name: &str| reason[name].as_str().unwrap().to_owned();
    reasons.map(|reason| (text(reason, "code"), text(reason, "message"))).collect()
}

/// Expects one reason of bitcoin's, and returns what it says.
fn reason(project: &Project, question: &str, code: &str) -> String {
    let all = reasons(&documents(project, question)[0]);
    assert_eq!(all.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>(), [code], "{question}: {all:?}");
    let text = &texts(project, question)[0];
    assert!(text.contains("\nno decision   after ") && text.contains(&all[0].1), "{text}");
    all[0].1.clone()
}

#[test]
fn a_signal_is_explained() {
    let project = Project::new();
    let texts = texts(&project, "hourly@2024-03-01T14:00:00");
    assert_eq!(
        texts[0],
        "\
schedule      hourly
strategy      crossing, engine sma_cross
instrument    binance:BTC_USDT
decided at    2024-03-01T14:00:00+00:00
candle        2024-03-01T13:00:00+00:00 1h: open 101, high 102, low 101, close 102, volume 1
position      flat
share         1 of 1000 USDT; budget 500 USDT an instrument
┌──────────┬───────┬───────┬───────┐
│ reading  ┆ value ┆ needs ┆ holds │
╞══════════╪═══════╪═══════╪═══════╡
│ candles  ┆    14 ┆ >= 4  ┆ yes   │
│ sma_slow ┆   101 ┆       ┆       │
│ sma_fast ┆ 101.5 ┆ > 101 ┆ yes   │
└──────────┴───────┴───────┴───────┘
signal        enter_long at 2024-03-01T14:00:00+00:00, confidence 1
order         buy 4.897063721 binance:BTC_USDT, mark 102"
    );
    assert!(texts[1].contains("\ninstrument    binance:ETH_USDT\n") && texts[1].ends_with("mark 51\n"));

    // It is what the whole run buys.
    project.succeeds("backtest --output out");
    let trades = Table::read(&project.path("out/trades.parquet"));
    let outcome = &documents(&project, "hourly@2024-03-01T14:00:00")[0]["signal"]["outcome"];
    assert_eq!(trades.times("decided_at")[0], (MARCH + 14 * HOUR) * 1_000_000);
    assert_eq!(outcome[0]["quantity"].as_f64(), Some(trades.numbers("quantity")[0]));
}

#[test]
fn the_threshold_that_failed_is_shown() {
    let project = Project::new();
    // The last decision before half past is that of the full hour.
    let flat = &texts(&project, "hourly@2024-03-01T13:30:00")[0];
    assert!(flat.contains("\ndecided at    2024-03-01T13:00:00+00:00\n"), "{flat}");
    assert!(flat.contains("│ sma_fast ┆ 100.5 ┆ > 101 ┆ no    │\n"), "{flat}");
    assert!(flat.ends_with("\nsignal        none"), "{flat}");

    let held = &texts(&project, "hourly@2024-03-01T16:00:00")[0];
    assert!(held.contains("\nposition      4.897063721, average price 102\n"), "{held}");
    assert!(held.contains("│ exit: sma_fast ┆ 103.5 ┆ <= 102.5 ┆ no    │\n"), "{held}");
    // The fee of both entries is paid, and what is held has gained two and one.
    assert!(held.contains("\nshare         1 of 1018.589254 USDT"), "{held}");
    assert!(held.ends_with("\nsignal        none"), "{held}");

    let early = &texts(&project, "hourly@2024-03-01T03:00:00")[0];
    assert!(early.contains("│ candles ┆     3 ┆ >= 4  ┆ no    │\n"), "{early}");
}

#[test]
fn a_refusal_is_explained() {
    let project = Project::new();
    project.edit(CONFIG_FILE, "max_open_positions: 10", "max_open_positions: 1");
    let texts = texts(&project, "hourly@2024-03-01T14:00:00");
    assert!(texts[0].contains("\norder         buy "), "{}", texts[0]);
    let refused = "\nrefused       binance:ETH_USDT by max_positions: value 2, limit 1, headroom 0\n";
    assert!(texts[1].ends_with(refused), "{}", texts[1]);
}

#[test]
fn an_order_at_the_venue_is_a_reason() {
    let project = Project::new();
    let mut candles = Candles::hours(200);
    candles.volume[14..18].fill(0.0);
    project.candles(BTC, &candles);
    let waiting = reason(&project, "hourly@2024-03-01T16:00:00", "order_at_venue");
    let expected = "an order is at the venue since 2024-03-01T14:00:00+00:00 and is not answered yet: \
                    buy 4.897063721 binance:BTC_USDT, mark 102";
    assert_eq!(waiting, expected);
    let other = &documents(&project, "hourly@2024-03-01T16:00:00")[1];
    assert_eq!(other["decision"]["decided_at"], "2024-03-01T16:00:00+00:00");

    // Decided at 12:00 + 4, filled by the candle of 21:00; the instant of 20:00 is missed.
    project.edit(CONFIG_FILE, "interval: 1h}", "interval: 1h, cadence_seconds: 14400}");
    candles.volume.fill(1.0);
    candles.volume[16..21].fill(0.0);
    project.candles(BTC, &candles);
    let answered = reason(&project, "hourly@2024-03-01T23:00:00", "order_at_venue");
    assert!(
        answered.contains(" since 2024-03-01T16:00:00+00:00 until 2024-03-01T22:00:00+00:00: "),
        "{answered}"
    );
}

#[test]
fn silence_has_a_reason() {
    let project = Project::new();
    let before = reason(&project, "hourly@2024-02-28", "before_the_run");
    assert_eq!(before, "the run begins at 2024-03-01T00:00:00+00:00");
    let after = reason(&project, "hourly@2024-04-01", "after_the_run");
    assert_eq!(after, "the run ends at 2024-03-09T08:00:00+00:00");
    let cut = reason(&project, "hourly@2024-03-05 --to 2024-03-04", "after_the_run");
    assert_eq!(cut, "the run ends at 2024-03-04T00:00:00+00:00");
    let first = reason(&project, "hourly@2024-03-01T00:30:00", "no_candle");
    assert_eq!(
        first,
        "no 1h candle closed: there is no last one, the next close is at 2024-03-01T01:00:00+00:00"
    );
    for far in ["1678-01-01", "2262-04-11"] {
        assert_eq!(documents(&project, &format!("hourly@{far}")).len(), 2);
    }

    let mut candles = Candles::hours(100);
    let gap = 5 * 24 * HOUR;
    candles.open_time[50..].iter_mut().for_each(|time| *time += gap);
    project.candles(BTC, &candles);
    let silent = reason(&project, "hourly@2024-03-05", "no_candle");
    assert_eq!(
        silent,
        "no 1h candle closed: the last close is at 2024-03-03T02:00:00+00:00, \
         the next close is at 2024-03-08T03:00:00+00:00"
    );

    project.edit(CONFIG_FILE, "interval: 1h}", "interval: 1h, cadence_seconds: 14400, warmup_bars: 9}");
    let warming = reason(&project, "hourly@2024-03-01T05:00:00", "warming_up");
    assert_eq!(warming, "still warming up: 5 of 9 candles that never decide have closed");
    let from = "hourly@2024-03-02T03:00:00 --from 2024-03-02T01:00:00";
    let due = reason(&project, from, "not_due");
    assert!(due.ends_with("the next instant of its cadence is 2024-03-02T04:00:00+00:00"), "{due}");
}

#[test]
fn questions_that_cannot_be_asked_are_refused() {
    let project = Project::shipped();
    let cases: [(&str, &[&str]); 6] = [
        ("grid_major@2024-03-01", &["there is no schedule `grid_major`; did you mean `grid_majors`?"]),
        ("zebra@2024-03-01", &["there is no schedule `zebra`; there are trend_all, reversion_majors, "]),
        ("grid_majors", &["--explain grid_majors: write SCHEDULE@TIME"]),
        ("grid_majors@noon", &["--explain grid_majors@noon: `noon` is not an instant: write 2024-01-31"]),
        ("grid_majors@2024-03-01 --explain zebra@2024-03-01", &["there is no schedule `zebra`"]),
        ("grid_majors@2024-03-01 --output out", &["cannot be used with", "--output"]),
    ];
    for (question, says) in cases {
        // Not even demo candles are made up.
        project.refuses(&format!("backtest --explain {question}"), 2, says);
    }
    let ended = project.run("backtest --format json --explain zebra@2024-03-01");
    assert_eq!((ended.code, &ended.json()["exit_code"]), (Some(2), &2.into()));
}

#[test]
fn json_is_one_document_for_all_questions() {
    let project = Project::new();
    let asked = "backtest --explain hourly@2024-03-01T14:00:00 --explain hourly@2024-03-01T16:00:00";
    let document = project.succeeds(&format!("{asked} --format json")).json();
    assert_eq!((&document["schema"], &document["status"]), (&"hemiola.explain/1".into(), &"ok".into()));
    project.succeeds("backtest --output out");
    assert_eq!(document["run_id"], project.json("out/manifest.json")["run_id"]);
    let explanations = document["explanations"].as_array().unwrap();
    let places: Vec<_> = explanations.iter().map(|one| (&one["until"], &one["instrument"])).collect();
    let (first, second) = (json!("2024-03-01T14:00:00+00:00"), json!("2024-03-01T16:00:00+00:00"));
    let (btc, eth) = (json!("binance:BTC_USDT"), json!("binance:ETH_USDT"));
    assert_eq!(places, [(&first, &btc), (&first, &eth), (&second, &btc), (&second, &eth)]);

    let one = &explanations[0];
    let expected = json!({
        "decided_at": "2024-03-01T14:00:00+00:00",
        "candle": {
            "open_time": "2024-03-01T13:00:00+00:00",
            "open": 101.0, "high": 102.0, "low": 101.0, "close": 102.0, "volume": 1.0,
        },
        "position": { "quantity": 0.0, "average_price": null, "stop": null, "second_leg": null },
        "share": 1.0,
        "equity": 1000.0,
        "budget": 500.0,
        "readings": [
            { "name": "candles", "value": 14.0, "comparison": ">=", "limit": 4.0, "holds": true },
            { "name": "sma_slow", "value": 101.0 },
            { "name": "sma_fast", "value": 101.5, "comparison": ">", "limit": 101.0, "holds": true },
        ],
    });
    assert_eq!(one["decision"], expected);
    assert_eq!((&one["signal"]["kind"], &one["no_decision"]), (&"enter_long".into(), &Value::Null));
    assert_eq!(one["signal"]["outcome"][0]["event"], "order");
    assert_eq!(explanations[2]["signal"], Value::Null);
    assert_eq!(explanations[2]["decision"]["position"]["average_price"], 102.0);
}

#[test]
fn a_pair_is_explained_by_its_deciding_leg() {
    let project = Project::pair();
    project.candles("data/ohlcv/kraken/BTC_USDT/1h.parquet", &Candles::hours(200).times(1.02));
    let texts = texts(&project, "hourly@2024-03-01T01:00:00");
    let [text] = &texts[..] else { panic!("{texts:?}") };
    assert!(text.contains("\ninstrument    binance:BTC_USDT against kraken:BTC_USDT\n"), "{text}");
    assert!(text.contains("\nposition      flat, second leg 0\n"), "{text}");
    assert!(text.contains("\nside          long_primary_short_secondary\n"), "{text}");
    assert!(
        text.contains("\nleg           buy 0.882 at 111\nleg           sell 0.882 at 113.22\n"),
        "{text}"
    );
    assert!(text.contains("\norder         buy 0.882 binance:BTC_USDT, mark 111\n"), "{text}");
    assert!(text.contains("\norder         sell 0.882 kraken:BTC_USDT, mark 113.22\n"), "{text}");
}

#[test]
fn the_readme_shows_a_real_explanation() {
    let project = Project::shipped();
    project.succeeds("data seed --days 30 --quiet");
    let ended = project.succeeds("backtest --explain crossing_day@2024-01-14T04:00:00");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(
        readme.contains(&ended.stdout),
        "the README shows another explanation than this:\n{}",
        ended.stdout
    );
}
