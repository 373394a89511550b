//! What a run leaves behind, and what does not change it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;

use hemiola::job::Job;
use hemiola::journal::Scribe;
use hemiola_adapters::journal::{Chain, Head};
use hemiola_components::journal::Event;
use hemiola_systems::signals::catalog::Catalog;
use serde_json::Value;

use super::project::{Project, Snapshot};
use super::tables::{Candles, Table};

const FILES: [&str; 9] = [
    "decisions.jsonl",
    "equity.parquet",
    "manifest.json",
    "risk.sqlite",
    "signals.parquet",
    "summary.json",
    "telemetry.parquet",
    "trades.parquet",
    "weights.parquet",
];

/// The shipped configuration with limits that bite, over 90 days of demo candles.
fn demo() -> Project {
    let project = Project::shipped();
    project.edit("config/core.yaml", "max_open_positions: 12 ", "max_open_positions: 2 ");
    project.succeeds("data seed --days 90 --quiet");
    project
}

/// The same with a venue that fills in parts and lends, and a daily loss that is soon reached: every event there is.
pub(super) fn eventful() -> Project {
    let project = demo();
    project.edit("config/core.yaml", "max_daily_loss_pct: 0.015", "max_daily_loss_pct: 0.001");
    let venue = "slippage_bps: 5\n        fill_model: realistic\n        max_volume_share: 0.0005\n        \
                 borrow_rate: 0.1\n        short_leverage: 2 ";
    project.edit("config/core.yaml", "slippage_bps: 5 ", venue);
    project
}

/// Checks that the lines of `decisions.jsonl` are as many of each event as the summary counts, and returns these
/// counts: signals, unchanged, refusals, orders, fills, unfilled.
pub(super) fn counts(project: &Project, output: &str) -> [u64; 6] {
    const EVENTS: [(&str, &str); 9] = [
        ("strategy_signal", "signals"),
        ("signal_unchanged", "unchanged"),
        ("risk_rejected", "refusals"),
        ("order_submitted", "orders"),
        ("order_executed", "fills"),
        ("order_unfilled", "unfilled_at_end"),
        ("order_partially_executed", "partial_fills"),
        ("risk_adjusted", "adjusted"),
        ("borrow_charged", "borrow_charges"),
    ];
    const NOT_COUNTED: [&str; 5] =
        ["alert", "capital_allocated", "journal_closed", "journal_opened", "liquidation_state_changed"];
    let summary = project.json(&format!("{output}/summary.json"));
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    let mut named: BTreeMap<String, u64> = BTreeMap::new();
    for line in project.text(&format!("{output}/decisions.jsonl")).lines() {
        let record: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        *lines.entry(record["event"].clone()).or_default() += 1;
        let name = match record["event"].as_str() {
            "risk_rejected" => format!("refusals {}", record["rule"]),
            "risk_adjusted" => format!("adjusted {}", record["rule"]),
            "liquidation_state_changed" => format!("latches {} {}", record["status"], record["rule"]),
            "alert" => format!("alerts {}", record["code"]),
            _ => continue,
        };
        *named.entry(name).or_default() += 1;
    }
    let counts = EVENTS.map(|(event, count)| {
        let lines = lines.remove(event).unwrap_or_default();
        assert_eq!(summary["counts"][count], lines, "{event}");
        let schedules = summary["schedules"].as_array().unwrap().iter();
        let of_schedules: u64 = schedules.map(|one| one["counts"][count].as_u64().unwrap()).sum();
        assert_eq!(of_schedules, lines, "{event}");
        lines
    });
    lines.retain(|event, _| !NOT_COUNTED.contains(&event.as_str()));
    assert_eq!(lines, BTreeMap::new(), "events the summary does not count");
    let groups = [
        ("refusals", &summary["refusals"]),
        ("adjusted", &summary["adjusted"]),
        ("latches entered", &summary["latches"]["entered"]),
        ("latches exited", &summary["latches"]["released"]),
        ("alerts", &summary["alerts"]),
    ];
    let told = groups.into_iter().flat_map(|(group, counts)| {
        let counts = counts.as_object().unwrap().iter();
        counts.map(move |(name, count)| (format!("{group} {name}"), count.as_u64().unwrap()))
    });
    assert_eq!(told.collect::<BTreeMap<_, _>>(), named);
    let [signals, unchanged, refusals, orders, fills, unfilled, ..] = counts;
    [signals, unchanged, refusals, orders, fills, unfilled]
}

fn names(snapshot: &Snapshot) -> Vec<PathBuf> {
    snapshot.keys().cloned().collect()
}

#[test]
fn the_shipped_configuration_runs_from_nothing() {
    let project = Project::shipped();
    let first = project.succeeds("backtest");
    assert!(first.stderr.contains("making up demo candles from 2024-01-01"), "{}", first.stderr);
    assert!(first.stdout.contains("synthetic"), "{}", first.stdout);
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains(&first.stdout), "the README shows another result than this:\n{}", first.stdout);
    let mut top: Vec<_> = project.snapshot("data").into_keys().collect();
    top.retain(|path| path.components().count() == 1);
    assert_eq!(top, ["ohlcv", "reports"].map(PathBuf::from), "nothing else is left over");

    let data = project.snapshot("data/ohlcv");
    let second = project.succeeds("backtest --output again");
    assert!(!second.stderr.contains("making up"), "{}", second.stderr);
    assert!(project.snapshot("data/ohlcv") == data);
    assert_eq!(first.digest(), second.digest());

    let manifest = project.json("again/manifest.json");
    let folder = format!("data/reports/{}", &manifest["run_id"].as_str().unwrap()[..16]);
    assert_eq!(project.json(&format!("{folder}/manifest.json"))["digest"], first.digest());
    assert_eq!(manifest["synthetic"], true);
}

#[test]
fn the_folder_holds_these_files_and_the_digest_that_is_printed() {
    let project = Project::new();
    let ended = project.succeeds("backtest --output out");
    assert_eq!(names(&project.snapshot("out")), FILES.map(PathBuf::from));
    let top: Vec<_> =
        project.snapshot("").into_keys().filter(|path| path.components().count() == 1).collect();
    assert_eq!(top, ["config", "data", "out"].map(PathBuf::from), "nothing else is left over");
    assert_eq!(ended.digest().len(), 64);
    for file in ["manifest.json", "summary.json"] {
        assert_eq!(project.json(&format!("out/{file}"))["digest"], ended.digest(), "{file}");
    }
    assert!(!ended.stdout.contains("synthetic"), "these candles are not");
    assert_eq!(project.json("out/manifest.json")["synthetic"], false);
}

#[test]
fn json_is_one_document() {
    let project = Project::new();
    let text = project.succeeds("backtest --output out");
    let document = project.succeeds("backtest --output out --format json").json();
    assert_eq!((&document["schema"], &document["status"]), (&"hemiola.backtest/1".into(), &"ok".into()));
    assert_eq!(document["digest"], text.digest());
    assert!(document["results"].as_str().unwrap().ends_with("/out"), "{}", document["results"]);
    assert_eq!(document["counts"], project.json("out/summary.json")["counts"]);
}

#[test]
fn warnings_are_said_and_kept() {
    let project = Project::new();
    project.edit("config/core.yaml", "interval: 1h}", "interval: 1h, warmup_bars: 9}");
    let ended = project.succeeds("backtest --output out --from 2024-03-01T05:00:00 --format json");
    let warning = "schedule `hourly` asked for 9 candles of binance:BTC_USDT to warm up and got 5";
    assert!(ended.stderr.contains(&format!("warning: {warning}\n")), "{}", ended.stderr);
    assert_eq!(ended.json()["status"], "warning");
    assert!(project.json("out/summary.json")["warnings"].as_array().unwrap().contains(&warning.into()));
}

#[test]
fn two_runs_write_the_same_bytes() {
    let project = demo();
    for output in ["one", "two"] {
        project.succeeds(&format!("backtest --output {output}"));
    }
    for file in FILES.iter().filter(|file| **file != "summary.json") {
        assert!(project.read(&format!("one/{file}")) == project.read(&format!("two/{file}")), "{file}");
    }
    let summaries = ["one", "two"].map(|output| {
        let mut summary = project.json(&format!("{output}/summary.json"));
        assert!(summary.as_object_mut().unwrap().remove("measured").is_some());
        summary
    });
    assert_eq!(summaries[0], summaries[1]);
}

#[test]
fn decisions_are_left_out_when_nobody_reads_them() {
    let project = Project::new();
    let all = project.succeeds("backtest --output out");
    let manifest = project.read("out/manifest.json");
    let none = project.succeeds("backtest --output out --decisions none");
    assert_eq!(all.digest(), none.digest());
    assert_eq!(names(&project.snapshot("out")), FILES[1..].iter().map(PathBuf::from).collect::<Vec<_>>());
    assert!(project.read("out/manifest.json") == manifest);
    project.succeeds("backtest --verify out/manifest.json");
    project.succeeds("backtest --output out --decisions all");
    assert_eq!(names(&project.snapshot("out")), FILES.map(PathBuf::from));
}

#[test]
fn decisions_trades_and_summary_agree() {
    let project = demo();
    project.succeeds("backtest --output out");
    let [signals, _, refusals, orders, fills, _] = counts(&project, "out");
    assert!(
        refusals > 0 && fills > 0 && orders >= fills && signals > orders,
        "there is something to look at"
    );
    let summary = project.json("out/summary.json");
    let refusals = summary["refusals"].as_object().unwrap().values();
    assert_eq!(summary["counts"]["refusals"], refusals.map(|count| count.as_u64().unwrap()).sum::<u64>());

    let trades = Table::read(&project.path("out/trades.parquet"));
    assert_eq!(summary["counts"]["fills"], trades.rows());
    for (column, total) in [("fee", "fees"), ("slippage", "slippage"), ("realised", "realised")] {
        let sum: f64 = trades.numbers(column).iter().sum();
        assert!((summary["money"][total].as_f64().unwrap() / sum - 1.0).abs() < 1e-9, "{column}");
    }
    assert_eq!(summary["counts"]["signals"], Table::read(&project.path("out/signals.parquet")).rows());
    let close = |key: &str, expected: f64| {
        let found = summary["money"][key].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-5, "{key}: {found} is not {expected}");
    };
    close("realised_average_cost", summary["money"]["realised"].as_f64().unwrap());
    close("realised_fifo", first_in_first_out(&trades));
    for part in ["fees", "slippage", "costs", "net", "realised_fifo"] {
        let strategies = summary["strategies"].as_array().unwrap().iter();
        close(part, strategies.map(|strategy| strategy[part].as_f64().unwrap()).sum());
    }
}

/// What the fills of each position realised when what was opened first is closed first.
fn first_in_first_out(trades: &Table) -> f64 {
    let [quantities, prices] = ["quantity", "price"].map(|name| trades.numbers(name));
    let [schedules, instruments, sides] = ["schedule", "instrument", "side"].map(|name| trades.texts(name));
    let mut lots: BTreeMap<_, VecDeque<(f64, f64)>> = BTreeMap::new();
    let mut profit = 0.0;
    for row in 0..prices.len() {
        let lots = lots.entry((&schedules[row], &instruments[row])).or_default();
        let mut change = if sides[row] == "buy" { quantities[row] } else { -quantities[row] };
        while let Some((held, price)) = lots.front_mut().filter(|(held, _)| held * change < 0.0) {
            let closed = change.abs().min(held.abs()) * held.signum();
            profit += closed * (prices[row] - *price);
            *held -= closed;
            change += closed;
            if held.abs() < 1e-10 {
                lots.pop_front();
            }
        }
        if change.abs() > 1e-10 {
            lots.push_back((change, prices[row]));
        }
    }
    profit
}

#[test]
fn decisions_are_canonical_and_complete() {
    const ALWAYS: [&str; 5] = ["event", "timestamp", "environment", "portfolio", "risk_profile"];
    const SCHEDULE: [&str; 3] = ["schedule", "strategy", "telemetry_namespace"];
    const REFUSAL: [&str; 6] = ["status", "rule", "value", "limit", "headroom", "adjust_max_quantity"];
    const FILL: [&str; 6] = ["order_id", "quantity", "price", "fee", "slippage", "maker"];
    let project = eventful();
    project.succeeds("backtest --output out");
    let text = project.text("out/decisions.jsonl");
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let (mut previous, mut events) = (String::new(), BTreeSet::new());
    for line in text.lines() {
        // Sorted keys, no blanks, nothing but texts: a map of texts written by another hand is the same line.
        let record: BTreeMap<String, String> = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let event = record["event"].as_str();
        let of_profile =
            ["liquidation_state_changed", "alert", "journal_opened", "journal_closed"].contains(&event);
        let of_schedule = event == "capital_allocated";
        let own: &[&str] = match event {
            "strategy_signal" => &["confidence", "latency_ms", "kind"],
            "risk_rejected" | "risk_adjusted" => &REFUSAL,
            "order_submitted" => &["order_id", "side", "price"],
            "order_executed" | "order_partially_executed" => &FILL,
            "borrow_charged" => &["amount"],
            "liquidation_state_changed" if record["status"] == "entered" => &["rule", "value", "limit"],
            "liquidation_state_changed" => &["status", "rule"],
            "alert" => &["status", "code", "value", "limit"],
            "journal_opened" => &["format", "algorithm", "binary", "run_id", "config_sha256", "data", "seed"],
            "journal_closed" => &["records", "digest"],
            "capital_allocated" => &["weight", "smoothed_weight", "profile_weight", "schedule", "strategy"],
            "signal_unchanged" | "order_unfilled" => &["status"],
            other => panic!("{other} is not known"),
        };
        let schedule = if of_profile || of_schedule { &[][..] } else { &SCHEDULE };
        for name in ALWAYS.iter().chain(schedule).chain(own) {
            assert!(record.get(*name).is_some_and(|value| !value.is_empty()), "no {name} in {line}");
        }
        assert!(record["timestamp"].ends_with("+00:00") && record["timestamp"] >= previous, "{line}");
        previous.clone_from(&record["timestamp"]);
        assert!(
            of_profile || of_schedule || record["telemetry_namespace"].starts_with("runtime.core."),
            "{line}"
        );
        events.insert(record["event"].clone());
    }
    let seen: Vec<_> = events.iter().map(String::as_str).collect();
    assert_eq!(
        seen,
        [
            "alert",
            "borrow_charged",
            "capital_allocated",
            "journal_closed",
            "journal_opened",
            "liquidation_state_changed",
            "order_executed",
            "order_partially_executed",
            "order_submitted",
            "risk_adjusted",
            "risk_rejected",
            "strategy_signal",
        ]
    );
    counts(&project, "out");
}

#[test]
fn a_line_says_the_same_whatever_was_written_before_it() {
    let demo = demo();
    let pair = Project::pair();
    for name in ["binance", "kraken"] {
        let factor = if name == "kraken" { 1.02 } else { 1.0 };
        let candles = Candles::hours(200).times(factor);
        pair.candles(&format!("data/ohlcv/{name}/BTC_USDT/1h.parquet"), &candles);
    }
    for project in [demo, pair] {
        let job = Job { data: Some(project.path("data/ohlcv")), ..Job::of(project.path("config/core.yaml")) };
        let catalog = Catalog::built_in();
        let prepared = job.prepare(&catalog, &mut |_| ()).unwrap();
        let outcome = prepared.run(&catalog, |_, _| ()).unwrap().outcomes.remove(0);
        let mut together = Scribe::new(&prepared);
        let mut lines = 0;
        for record in &outcome.records {
            let of = |scribe: &mut Scribe<'_>| {
                let mut line = Vec::new();
                let is_written = scribe.record(record, &mut Chain::new(None, Head::default()), &mut line);
                (is_written, line)
            };
            let (together, apart) = (of(&mut together), of(&mut Scribe::new(&prepared)));
            // A share of the capital that has not changed has no line.
            let is_kept = matches!(record.event, Event::Weight { .. }) && !together.0;
            assert!(is_kept || together == apart, "{}", String::from_utf8_lossy(&together.1));
            lines += usize::from(together.0);
        }
        assert!(lines > 0);
    }
}

#[test]
fn equity_at_every_bar_is_a_longer_curve_of_the_same_run() {
    let project = Project::new();
    let events = project.succeeds("backtest --output events");
    let bars = project.succeeds("backtest --output bars --equity bars");
    assert_eq!(events.digest(), bars.digest());
    let [events, bars] =
        ["events", "bars"].map(|name| Table::read(&project.path(&format!("{name}/equity.parquet"))));
    assert!(bars.rows() > events.rows(), "{} against {}", bars.rows(), events.rows());
    let points = |table: &Table| -> Vec<_> {
        let numbers = ["equity", "cash"].map(|name| table.numbers(name));
        let [equity, cash] = numbers.map(|column| column.into_iter().map(f64::to_bits).collect::<Vec<_>>());
        table.times("time").into_iter().zip(equity).zip(cash).collect()
    };
    let all = points(&bars);
    assert!(points(&events).iter().all(|point| all.contains(point)));
}

#[test]
fn a_window_is_what_is_traded() {
    let project = Project::new();
    let all = project.succeeds("backtest --output all");
    let part = project.succeeds("backtest --output part --from 2024-03-03 --to 2024-03-05T12:00:00+02:00");
    assert_ne!(all.digest(), part.digest());
    let summary = project.json("part/summary.json");
    assert_eq!(summary["start"], "2024-03-03T00:00:00+00:00");
    assert_eq!(summary["end"], "2024-03-05T10:00:00+00:00");
    let nanoseconds = |text: &str| hemiola::instant::parse(text).unwrap().get();
    let (from, to) = (nanoseconds("2024-03-03"), nanoseconds("2024-03-05T10:00:00"));
    for (file, column) in [("trades", "time"), ("signals", "time"), ("equity", "time"), ("weights", "time")] {
        let times = Table::read(&project.path(&format!("part/{file}.parquet"))).times(column);
        assert!(!times.is_empty(), "{file}");
        assert!(times.iter().all(|time| (from..=to).contains(time)), "{file}");
    }
    // The candles before the window warm the averages, so that its decisions are those of the whole run.
    let decided = |name: &str| {
        let signals = Table::read(&project.path(&format!("{name}/signals.parquet")));
        let mut rows: Vec<_> = signals.times("time").into_iter().zip(signals.texts("signal")).collect();
        rows.retain(|(time, _)| (from + 1..=to).contains(time));
        rows
    };
    let part = decided("part");
    assert!(part.len() > 4);
    assert_eq!(decided("all")[decided("all").len() - part.len()..], part[..]);
}

#[test]
fn a_run_is_named_by_what_it_is_not_by_where_it_is() {
    let [one, two] = [Project::new(), Project::new()];
    two.edit("config/core.yaml", "strategies:", "# A remark.\nstrategies:");
    let [a, b] = [&one, &two].map(|project| {
        project.succeeds("backtest --output out");
        project.json("out/manifest.json")
    });
    assert_eq!((&a["run_id"], &a["digest"]), (&b["run_id"], &b["digest"]));
    assert_ne!(a["config_sha256"], b["config_sha256"]);
    assert!(matches!(&a["files"], Value::Array(files) if files.len() == 2));
}

#[test]
fn every_signal_of_a_pair_has_an_outcome_whichever_leg_it_came_to() {
    let mut unwound = 0;
    for hours in [149, 150] {
        let project = Project::pair();
        project.candles("data/ohlcv/kraken/BTC_USDT/1h.parquet", &Candles::hours(200).times(1.02));
        project.candles("data/ohlcv/binance/BTC_USDT/1h.parquet", &Candles::hours(hours));
        project.succeeds("backtest --output out");
        let signals = Table::read(&project.path("out/signals.parquet"));
        assert!(signals.texts("outcome").iter().all(|outcome| !outcome.is_empty()));
        unwound += signals.texts("side").iter().filter(|side| *side == "unwind").count();
    }
    assert_eq!(unwound, 1, "the first venue falls silent after an entry in one of them");
}

#[test]
fn a_run_leaves_its_risk_state_with_every_latch_and_release() {
    let project = eventful();
    project.succeeds("backtest --output out");
    let ended = project.run("risk state --run out --json");
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    let document: Value = ended.json();
    let summary = project.json("out/summary.json");
    assert_eq!(document["as_of"], summary["end"]);

    let history = document["history"].as_array().unwrap();
    let mut changes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut latched = BTreeMap::new();
    for change in history {
        let place = (change["profile"].as_str().unwrap(), change["rule"].as_str().unwrap());
        let at = change["at"].as_str().unwrap();
        *changes.entry((change["change"].as_str().unwrap(), place.1)).or_default() += 1;
        if change["change"] == "entered" {
            let [value, limit] = ["value", "limit"].map(|name| change[name].as_f64().unwrap());
            assert!(value >= limit && latched.insert(place, at).is_none(), "{change}");
        } else {
            assert!(latched.remove(&place).unwrap()[..10] < at[..10], "{change}");
        }
    }
    for (change, counts) in [("entered", "entered"), ("exited", "released")] {
        let counts = summary["latches"][counts].as_object().unwrap();
        assert!(counts.contains_key("daily_loss_limit"), "{counts:?}");
        for (rule, count) in counts {
            assert_eq!(changes[&(change, rule.as_str())], *count, "{rule}");
        }
    }

    let profiles = document["profiles"].as_array().unwrap();
    let still: Vec<_> = profiles
        .iter()
        .flat_map(|profile| {
            let latches = profile["latches"].as_array().unwrap().iter();
            latches.map(|latch| {
                let place = (profile["profile"].as_str().unwrap(), latch["rule"].as_str().unwrap());
                (place, latch["since"].as_str().unwrap())
            })
        })
        .collect();
    assert_eq!(still.into_iter().collect::<BTreeMap<_, _>>(), latched);

    let close = |one: f64, other: &Value| (one - other.as_f64().unwrap()).abs() < 1e-6;
    for cost in ["fees", "slippage", "borrow"] {
        let sum = profiles.iter().map(|profile| profile["costs"][cost].as_f64().unwrap()).sum();
        assert!(close(sum, &summary["money"][cost]) && sum > 0.0, "{cost}: {sum}");
    }
    for profile in profiles {
        assert!(
            close(profile["last_equity"].as_f64().unwrap() - 100_000.0, &summary["money"]["net"]),
            "{profile}"
        );
        assert!(profile["limits"]["daily_loss_limit"]["limit"].as_f64().unwrap() > 0.0);
    }
    let open: f64 = profiles
        .iter()
        .flat_map(|profile| profile["positions"].as_object().unwrap().values())
        .map(|position| position["notional"].as_f64().unwrap())
        .sum();
    assert!(open > 0.0, "something is held at the end");
}

#[test]
fn what_a_run_began_with_is_in_its_risk_state_too() {
    let project = Project::new();
    project.succeeds("risk halt --environment desk --reason maintenance");
    project.succeeds("backtest --output out --risk-state");
    let ended = project.run("risk state --run out --json");
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let document = ended.json();
    let latch = &document["profiles"][0]["latches"][0];
    assert_eq!(
        (&latch["rule"], &latch["since"]),
        (&"kill_switch".into(), &"2024-03-01T00:00:00+00:00".into())
    );
    assert_eq!(document["history"].as_array().unwrap().len(), 0, "nothing was latched or released meanwhile");

    let why = project.succeeds("backtest --risk-state --why BTC_USDT@2024-03-01T14:00:00").stdout;
    let refused = "\ngate          refused; in force: kill_switch\n";
    assert!(
        why.contains("\nlimit         binance:BTC_USDT: kill_switch, ") && why.ends_with(refused),
        "{why}"
    );
}
