//! `hemiola risk`: what it says, changes and refuses.

use std::collections::BTreeMap;

use hemiola_adapters::risk_state::{
    self, CostTotals, Latch, Position, PositionSide, RiskRecord, RiskRepository, RiskStates, StateFolder,
};
use hemiola_components::time::Nanos;
use serde_json::{Value, json};

use super::project::{CONFIG_FILE, Project};

const DATABASE: &str = "var/state/desk/risk.sqlite";

/// A project with two profiles.
fn project() -> Project {
    let project = Project::new();
    project.edit(CONFIG_FILE, "risk_profiles:\n", "risk_profiles:\n  balanced: {preset: balanced}\n");
    project
}

fn folder(project: &Project) -> StateFolder {
    StateFolder::new("desk", &project.path("var/state/desk"))
}

/// Lost 2 % today and 4 % this week, 10 % below the peak, two positions, and a drawdown that tripped.
fn tripped() -> RiskRecord {
    let position = |side, notional| Position { side, quantity: 1.0, average_price: notional, notional };
    RiskRecord {
        profile: "balanced".to_owned(),
        as_of: Nanos::new(1_706_702_400_000_000_000),
        current_day: Nanos::new(1_706_659_200_000_000_000),
        start_of_week: Nanos::new(1_706_486_400_000_000_000),
        start_of_day_equity: 1_000.0,
        start_of_week_equity: 1_250.0,
        last_equity: 1_800.0,
        peak_equity: 2_000.0,
        available_margin: 700.0,
        maintenance_margin: 10.0,
        daily_realized_pnl: -20.0,
        weekly_realized_pnl: -50.0,
        rolling_profit_30d: 40.0,
        rolling_costs_30d: 4.0,
        latches: vec![Latch {
            rule: "drawdown_limit".to_owned(),
            value: Some(0.1),
            limit: Some(0.1),
            since: Nanos::new(1_706_702_400_000_000_000),
            by_operator: None,
        }],
        positions: BTreeMap::from([
            ("BTC_USDT".to_owned(), position(PositionSide::Long, 600.0)),
            ("ETH_USDT".to_owned(), position(PositionSide::Short, 300.0)),
        ]),
        costs: CostTotals { fees: 1.0, slippage: 0.5, borrow: 0.3, traded_notional: 9_000.0 },
        limits: [
            ("max_positions", 5.0),
            ("max_leverage", 3.0),
            ("drawdown_limit", 0.1),
            ("daily_loss_limit", 0.05),
            ("weekly_kill_switch_loss_pct", 0.07),
            ("instrument_limit_pct", 0.5),
            ("portfolio_limit_pct", 0.4),
            ("daily_kill_switch_r_multiple", 4.0),
            ("trade_risk_pct_max", 0.01),
            ("max_cost_to_profit_ratio", 0.25),
            ("max_position_pct", 0.0),
        ]
        .map(|(name, limit)| (name.to_owned(), limit))
        .into(),
    }
}

fn keep(project: &Project, record: RiskRecord) {
    RiskRepository::open(&folder(project)).unwrap().save(&[record], &[]).unwrap();
}

fn near(value: &Value, expected: f64) {
    let number = value.as_f64().unwrap_or_else(|| panic!("{value} is no number"));
    assert!((number - expected).abs() < 1e-12, "{number} instead of {expected}");
}

#[test]
fn an_environment_without_a_state_says_so() {
    let project = project();
    let before = project.snapshot("");
    for arguments in ["risk state", "risk state --environment desk --profile open --fail-if-liquidating"] {
        let text = project.succeeds(arguments).stdout;
        assert!(text.contains("there is no risk state yet; nothing was traded or halted"), "{text}");
    }
    let document = project.succeeds("risk state --environment desk --json").json();
    assert_eq!((&document["schema"], &document["status"]), (&json!("hemiola.risk.state/1"), &json!("ok")));
    assert_eq!((&document["profiles"], &document["as_of"]), (&json!([]), &Value::Null));
    assert!(project.snapshot("") == before, "looking leaves nothing behind");
}

#[test]
fn a_state_is_shown_with_what_follows_from_it() {
    let project = project();
    keep(&project, tripped());
    let before = project.snapshot("");
    let ended = project.run("risk state --environment desk --format json");
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.contains("error: in liquidation") && ended.stderr.contains("`balanced`"),
        "{}",
        ended.stderr
    );
    assert!(project.snapshot("") == before, "looking changes nothing");
    let document = ended.json();
    assert_eq!((&document["status"], &document["force_liquidation"]), (&json!("warning"), &json!(true)));
    assert_eq!(
        (&document["environment"], &document["as_of"]),
        (&json!("desk"), &json!("2024-01-31T12:00:00+00:00"))
    );
    assert!(document["source"].as_str().unwrap().ends_with(DATABASE));
    let profile = &document["profiles"][0];
    for (field, value) in [
        ("profile", json!("balanced")),
        ("current_day", json!("2024-01-31")),
        ("start_of_week", json!("2024-01-29")),
        ("available_margin", json!(700.0)),
        ("force_liquidation", json!(true)),
    ] {
        assert_eq!(profile[field], value, "{field}");
    }
    assert_eq!(profile["positions"]["ETH_USDT"]["side"], "short");
    assert_eq!(profile["latches"][0]["rule"], "drawdown_limit");
    for (metric, statistic, value) in [
        ("daily_loss_pct", "dailyLossPct", 0.02),
        ("drawdown_pct", "drawdownPct", 0.1),
        ("gross_notional", "grossNotional", 900.0),
        ("active_positions", "activePositions", 2.0),
        ("used_leverage", "usedLeverage", 0.5),
    ] {
        near(&profile["metrics"][metric], value);
        near(&profile["statistics"][statistic], value);
    }
    near(&profile["metrics"]["weekly_loss_pct"], 0.04);
    near(&profile["statistics"]["dailyRealizedPnl"], -20.0);
    near(&profile["cost_breakdown"]["averageCostBps"], 2.0);
    near(&profile["cost_breakdown"]["totalCostBps"], 10.0);
    for (limit, value, headroom) in [
        ("max_positions", 2.0, 3.0),
        ("max_leverage", 0.5, 2.5),
        ("drawdown_limit", 0.1, 0.0),
        ("daily_loss_limit", 0.02, 0.03),
        ("weekly_kill_switch_loss_pct", 0.04, 0.03),
        ("instrument_limit_pct", 1.0 / 3.0, 0.5 - 1.0 / 3.0),
        ("portfolio_limit_pct", 0.5, -0.1),
        ("daily_kill_switch_r_multiple", 2.0, 2.0),
        ("max_cost_to_profit_ratio", 0.1, 0.15),
    ] {
        near(&profile["limits"][limit]["value"], value);
        near(&profile["limits"][limit]["headroom"], headroom);
    }
    let off = json!({ "value": 600.0 / 1_800.0, "limit": 0.0, "headroom": null });
    assert_eq!(profile["limits"]["max_position_pct"], off);
    assert_eq!(
        profile["limits"]["trade_risk_pct_max"],
        json!({ "value": null, "limit": 0.01, "headroom": null })
    );
}

#[test]
fn the_text_has_every_latch_position_and_limit() {
    let project = project();
    keep(&project, tripped());
    let ended = project.run("risk state --profile balanced");
    assert_eq!(ended.code, Some(3));
    for part in [
        "profile balanced: in liquidation, only reducing orders pass",
        "drawdown_limit since 2024-01-31T12:00:00+00:00: 0.1, allowed 0.1",
        "start_of_day_equity",
        "statistics.dailyLossPct",
        "BTC_USDT",
        "short",
        "portfolio_limit_pct",
        "off",
    ] {
        assert!(ended.stdout.contains(part), "no {part} in {}", ended.stdout);
    }
}

#[test]
fn a_halt_is_set_once_and_a_resume_releases_everything() {
    let project = project();
    keep(&project, tripped());
    let halted =
        project.succeeds("risk halt --environment desk --reason drill --operator Ann --profile balanced");
    assert_eq!(halted.stdout, "balanced: set kill_switch\n");
    let before = project.read(DATABASE);
    let again =
        project.succeeds("risk halt --environment desk --reason other --profile balanced --json").json();
    assert_eq!((&again["schema"], &again["changed"]), (&json!("hemiola.risk.halt/1"), &json!([])));
    assert_eq!(again["unchanged"], json!(["balanced"]));
    assert!(project.read(DATABASE) == before, "nothing is written when nothing changes");
    let latches = project.run("risk state --json").json()["profiles"][0]["latches"].take();
    assert_eq!(latches[1]["by_operator"], json!({ "name": "Ann", "reason": "drill" }));

    let resumed = project.succeeds("risk resume --environment desk --reason over --json").json();
    let rules: Vec<_> =
        resumed["changed"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["drawdown_limit", "kill_switch"]);
    assert_eq!(resumed["unchanged"], json!(["open"]));
    let document = project.succeeds("risk state --json").json();
    let profile = &document["profiles"][0];
    assert_eq!((&profile["latches"], &profile["force_liquidation"]), (&json!([]), &json!(false)));
    assert_eq!(profile["last_equity"], 1_800.0, "nothing else is touched");
    let history = document["history"].as_array().unwrap();
    let changes: Vec<_> = history.iter().map(|one| one["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["halted", "resumed", "resumed"]);
    assert_eq!((&history[1]["reason"], &history[1]["by"]), (&json!("over"), &json!("operator")));
    let idle = project.succeeds("risk resume --environment desk --reason over --profile balanced");
    assert_eq!(idle.stdout, "balanced: nothing to release\n");
}

#[test]
fn an_environment_is_halted_before_it_ever_traded() {
    let project = project();
    let halted = project.succeeds("risk halt --environment desk --reason maintenance");
    assert_eq!(halted.stdout, "balanced: set kill_switch\nopen: set kill_switch\n");
    let ended = project.run("risk state --environment desk --json");
    assert_eq!(ended.code, Some(3));
    let document = ended.json();
    let profile = &document["profiles"][0];
    assert_eq!((&profile["profile"], &profile["last_equity"]), (&json!("balanced"), &json!(0.0)));
    for (limit, value) in [
        ("max_positions", 5.0),
        ("daily_loss_limit", 0.015),
        ("drawdown_limit", 0.1),
        ("trade_risk_pct_min", 0.005),
        ("trade_risk_pct_max", 0.01),
        ("weekly_kill_switch_loss_pct", 0.07),
    ] {
        assert_eq!(profile["limits"][limit]["limit"], value, "{limit}");
    }
    let monday = hemiola::instant::parse(profile["start_of_week"].as_str().unwrap()).unwrap();
    let day = hemiola::instant::parse(profile["current_day"].as_str().unwrap()).unwrap();
    assert!((monday.get() / Nanos::DAY.get() - 4) % 7 == 0, "{monday:?} is a Monday");
    assert!((0..7).contains(&((day - monday).get() / Nanos::DAY.get())), "{day:?} is of that week");
}

#[test]
fn what_is_not_said_or_not_known_is_asked_for() {
    let project = project();
    for (arguments, says) in [
        ("risk state --environment dsk", "there is no environment `dsk`; did you mean `desk`?"),
        ("risk state --profile balancd", "there is no risk profile `balancd`; did you mean `balanced`?"),
        ("risk halt --environment desk --reason x --profile opn", "did you mean `open`?"),
        ("risk halt --reason x", "--environment: say which one is meant; there are desk"),
        ("risk resume --reason x", "--environment: say which one is meant"),
        ("risk halt --environment desk", "--reason: say why"),
        ("risk resume --environment desk --reason=", "--reason: say why"),
        ("risk restore", "--environment: say which one is meant"),
        ("risk reset --environment desk", "say --confirm if that is meant"),
    ] {
        project.refuses(arguments, 2, &[says]);
    }
    assert_eq!(project.run("risk state --run a --state b").code, Some(2));
}

#[test]
fn a_damaged_state_is_refused_until_it_is_restored_or_reset() {
    let project = project();
    keep(&project, tripped());
    let whole = project.read(DATABASE);
    project.write(DATABASE, &whole[..whole.len() / 2]);
    let advice = [
        "risk.sqlite: the risk state is damaged",
        "hemiola risk restore --environment desk --from ",
        "hemiola risk reset",
    ];
    project.refuses("risk state --environment desk", 8, &advice);
    project.refuses("risk halt --environment desk --reason x", 8, &advice);
    let document = project.run("risk state --json").json();
    assert_eq!((&document["status"], &document["exit_code"]), (&json!("error"), &json!(8)));

    let restored = project.succeeds("risk restore --environment desk").stdout;
    assert!(
        restored.starts_with("balanced: restored as of 2024-01-31T12:00:00+00:00, in liquidation\n"),
        "{restored}"
    );
    assert_eq!(project.run("risk state").code, Some(3), "the latch is back");

    project.write(DATABASE, "");
    let copy = "var/state/desk/risk.sqlite.bak";
    project.write("copy.sqlite", "not a copy");
    let refused = project.run("risk restore --environment desk --from copy.sqlite");
    assert_eq!(refused.code, Some(8));
    project.write("copy.sqlite", project.read(copy));
    project.succeeds("risk restore --environment desk --from copy.sqlite --json");
    assert_eq!(project.run("risk state").code, Some(3));

    project.succeeds("risk reset --environment desk --confirm");
    assert!(!project.path(DATABASE).exists() && !project.path(copy).exists());
    project.succeeds("risk state");
    let idle = project.succeeds("risk reset --environment desk --confirm --json").json();
    assert_eq!(idle["removed"], false);
}

#[test]
fn nothing_is_changed_under_a_process_that_trades() {
    let project = project();
    keep(&project, tripped());
    let trading = RiskRepository::open(&folder(&project)).unwrap();
    let who = format!("in use by process {}", std::process::id());
    for arguments in [
        "risk halt --environment desk --reason x",
        "risk resume --environment desk --reason x",
        "risk restore --environment desk",
        "risk reset --environment desk --confirm",
    ] {
        project.refuses(arguments, 1, &[&who]);
    }
    assert_eq!(project.run("risk state").code, Some(3), "a look needs no lock");
    drop(trading);
    project.succeeds("risk resume --environment desk --reason x");
}

#[test]
fn the_state_of_a_run_is_read_from_its_results() {
    let project = project();
    std::fs::create_dir(project.path("out")).unwrap();
    let open = RiskRecord { latches: Vec::new(), ..tripped() };
    let states = RiskStates { records: BTreeMap::from([("balanced".to_owned(), open)]), events: Vec::new() };
    risk_state::create(&project.path("out/risk.sqlite"), &states).unwrap();
    project.remove("config");
    for source in ["--run out", "--state out/risk.sqlite"] {
        let document = project.succeeds(&format!("risk state {source} --json")).json();
        assert_eq!(document["source"], "out/risk.sqlite");
        assert_eq!(document["profiles"][0]["peak_equity"], 2_000.0);
        project.refuses(&format!("risk state {source} --profile balance"), 2, &["did you mean `balanced`?"]);
    }
    project.refuses("risk state --run nowhere", 1, &["nowhere/risk.sqlite: cannot read the state"]);
}

#[test]
fn an_environment_says_where_its_state_is() {
    let project = project();
    project.edit(
        CONFIG_FILE,
        "    environment: paper\n",
        "    environment: paper\n    state_path: ../elsewhere\n",
    );
    project.succeeds("risk halt --environment desk --reason x");
    assert!(project.path("elsewhere/risk.sqlite").exists() && !project.path("var").exists());
}

/// The kill switch: a run that begins with the environment's state opens nothing, and says who may be asked.
#[test]
fn a_run_that_begins_halted_opens_nothing_until_it_is_resumed() {
    let project = Project::new();
    let fills = |arguments: &str| {
        project.succeeds(&format!("backtest --output out {arguments}"));
        project.json("out/summary.json")["counts"]["fills"].as_u64().unwrap()
    };
    let free = fills("--risk-state");
    assert!(free > 0 && free == fills(""), "no state yet");

    project.succeeds("risk halt --environment desk --reason drill --operator anna");
    assert_eq!(fills("--risk-state"), 0);
    let decisions = project.text("out/decisions.jsonl");
    assert!(decisions.contains(r#""rule":"kill_switch""#), "{decisions}");
    project.succeeds("backtest --verify out/manifest.json");
    assert_eq!(fills(""), free, "only a run that asks begins with it");

    project.succeeds("backtest --output out --risk-state");
    project.succeeds("risk resume --environment desk --reason checked --operator anna");
    project.refuses("backtest --verify out/manifest.json", 8, &["risk.sqlite"]);
    assert_eq!(fills("--risk-state"), free);

    let mut bytes = std::fs::read(project.path(DATABASE)).unwrap();
    bytes.truncate(1_000);
    project.write(DATABASE, &bytes);
    project.refuses("backtest --output out --risk-state", 8, &[DATABASE, "hemiola risk restore"]);
}
