//! `hemiola backtest --compare-policies`.

use serde_json::Value;

use super::project::{CONFIG_FILE, Project};
use super::tables::Table;

/// Two schedules of one account that the policies divide it between.
fn two_schedules() -> Project {
    let project = Project::new();
    project.edit(
        CONFIG_FILE,
        "      hourly: {strategy: crossing, interval: 1h}\n",
        "      hourly: {strategy: crossing, interval: 1h}\n      \
         slow: {strategy: crossing, interval: 1h, cadence_seconds: 6h, warmup_bars: 900}\n",
    );
    project.write(
        "policies/mostly.yaml",
        "name: fixed_weight\nlabel: Mostly slow\nweights: {slow: 3, hourly: 1}\n",
    );
    project
}

const POLICIES: &str = "equal_weight,policies/mostly.yaml";

fn policies(document: &Value) -> Vec<&Value> {
    document["policies"].as_array().unwrap().iter().collect()
}

#[test]
fn each_policy_comes_to_what_it_comes_to_alone() {
    let project = two_schedules();
    let document =
        project.succeeds(&format!("backtest --compare-policies {POLICIES} --output both --json")).json();
    assert_eq!(document["schema"], "hemiola.comparison/1");
    let [equal, mostly] = policies(&document)[..] else { panic!("two policies: {document}") };
    assert_ne!(equal["digest"], mostly["digest"]);

    // The same, written into the configuration.
    let before = project.text(CONFIG_FILE);
    let written = |policy: &str| {
        let line = format!("    capital_policy: {policy}\n    schedules:\n");
        project.write(CONFIG_FILE, before.replace("    schedules:\n", &line));
    };
    written("uniform");
    project.succeeds("backtest --output alone");
    assert_eq!(project.json("alone/manifest.json")["digest"], equal["digest"]);
    assert_eq!(project.json("alone/manifest.json")["run_id"], equal["run_id"]);
    written("{type: manual, weights: {slow: 3, hourly: 1}}");
    let ended = project.succeeds("backtest --output alone");
    assert_eq!(ended.digest(), mostly["digest"]);
    assert_eq!(project.json("alone/manifest.json")["run_id"], mostly["run_id"]);
    for table in ["trades", "signals", "weights", "equity"] {
        let [alone, compared] =
            ["alone", "both/mostly_slow"].map(|folder| project.read(&format!("{folder}/{table}.parquet")));
        assert!(alone == compared, "{table}");
    }

    // What a file has to be warned of stands at its own lines.
    project.write(CONFIG_FILE, &before);
    project.write("unmatched.yaml", "name: fixed_weight\nweights: {hourly: 1, slwo: 1}\n");
    let warned = project.succeeds("backtest --compare-policies unmatched.yaml --output unmatched").stderr;
    assert!(warned.contains("unmatched.yaml:2:22: warning[unmatched_weight]"), "{warned}");

    // The same, alone by its option; and each folder repeats.
    assert_eq!(project.succeeds("backtest --capital-policy policies/mostly.yaml").digest(), mostly["digest"]);
    for policy in ["equal_weight", "mostly_slow"] {
        project.succeeds(&format!("backtest --verify both/{policy}/manifest.json"));
    }
    project.write(
        "policies/mostly.yaml",
        "name: fixed_weight\nlabel: Mostly slow\nweights: {slow: 4, hourly: 1}\n",
    );
    project.refuses(
        "backtest --verify both/mostly_slow/manifest.json",
        8,
        &["policies/mostly.yaml: BLAKE3 was"],
    );
    project.refuses("backtest --verify both/manifest.json", 8, &["is that of a comparison"]);
}

#[test]
fn policies_are_side_by_side_in_the_table_and_in_the_files() {
    let project = two_schedules();
    let text = project.succeeds(&format!("backtest --compare-policies {POLICIES} --output out")).stdout;
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(" %")).collect();
    assert!(rows.len() == 2 && rows[0].contains("equal_weight") && rows[1].contains("Mostly slow"), "{text}");
    assert!(text.ends_with("results               out\n"), "{text}");

    let table = Table::read(&project.path("out/compare.parquet"));
    let document = project.json("out/compare.json");
    assert_eq!(table.texts("policy"), ["equal_weight", "Mostly slow"]);
    assert_eq!(table.texts("folder"), ["equal_weight", "mostly_slow"]);
    for (row, policy) in policies(&document).into_iter().enumerate() {
        let folder = policy["folder"].as_str().unwrap();
        let summary = project.json(&format!("out/{folder}/summary.json"));
        for (group, column) in [
            ("statistics", "total_return"),
            ("statistics", "sharpe"),
            ("statistics", "max_drawdown"),
            ("statistics", "turnover"),
            ("money", "fees"),
            ("money", "net"),
        ] {
            assert_eq!(policy[group][column], summary[group][column], "{column}");
            assert_eq!(table.numbers(column)[row], summary[group][column].as_f64().unwrap(), "{column}");
        }
        assert_eq!(policy["counts"], summary["counts"]);
        assert!(policy["counts"]["orders"].as_u64().unwrap() > 0);
        let warnings = summary["warnings"].as_array().unwrap();
        let short =
            warnings.iter().filter(|one| one.as_str().unwrap().contains("`slow` asked for 900 candles"));
        assert_eq!(short.count(), 2, "once per instrument, however many accounts there are: {warnings:?}");
    }
    let curves = Table::read(&project.path("out/equity.parquet"));
    let own = Table::read(&project.path("out/mostly_slow/equity.parquet"));
    let policies = curves.texts("policy");
    let first = policies.iter().position(|policy| policy == "Mostly slow").unwrap();
    assert_eq!(curves.numbers("equity")[first..], own.numbers("equity"));
}

#[test]
fn policies_that_cannot_be_compared_are_refused() {
    let project = two_schedules();
    let compare = |policies: &str| format!("backtest --compare-policies {policies}");
    let known = "(known: equal_weight, fixed_weight, risk_parity,";
    project.refuses(
        &compare("equal_weigth"),
        2,
        &["no capital policy `equal_weigth`", known, "mean `equal_weight`?"],
    );
    project.refuses(&compare("equal_weight,zzz"), 2, &["no capital policy `zzz`", known]);
    project.refuses(&compare("equal_weight,uniform"), 2, &["two of the policies are called `equal_weight`"]);
    project.refuses(&compare("nowhere.yaml"), 2, &["cannot read the capital policy nowhere.yaml"]);
    project.write("empty.yaml", "");
    project.refuses(&compare("empty.yaml"), 2, &["empty.yaml:1:1: error["]);
    project.write("typo.yaml", "name: fixed_weight\nwieghts: {slow: 1}\n");
    project.refuses(
        &compare("typo.yaml"),
        2,
        &["typo.yaml:2:1: error[unknown_key]", "did you mean `weights`?"],
    );
    project.write("misfit.yaml", "name: risk_profile\nprofiles:\n  opne: 1\n");
    project.refuses(&compare("misfit.yaml"), 2, &["misfit.yaml:3:3: error[", "did you mean `open`?"]);
    project.write(
        "label.yaml",
        "{\"name\": \"fixed_weight\", \"label\": \"Equal-weight\", \"weights\": {\"slow\": 1}}",
    );
    project.write("other.yaml", "{name: equal_weight, label: equal-WEIGHT}");
    project.refuses(&compare("label.yaml,other.yaml"), 2, &["two of the policies are called"]);
    for other in ["--ledger ledger", "--why BTC_USDT@2024-01-05", "--capital-policy equal_weight"] {
        let ended = project.run(&format!("{} {other}", compare("equal_weight")));
        assert_eq!(ended.code, Some(2), "{other}");
        assert!(ended.stderr.contains("cannot be used with"), "{}", ended.stderr);
    }
}

#[test]
fn the_comparison_of_the_guide_is_real() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let project = Project::shipped();
    let policy = "config/policies/fixed_weight.yaml";
    project.write(policy, read(policy));
    let command = format!("backtest --compare-policies equal_weight,{policy} --output side-by-side");
    let guide = read("docs/results.md");
    let ended = project.succeeds(&command);
    assert!(
        guide.contains(&format!("hemiola {command}\n")),
        "the guide shows another command than {command}"
    );
    assert!(guide.contains(&ended.stdout), "the guide shows something else than this:\n{}", ended.stdout);
}

#[test]
fn a_policy_brings_its_interval_where_the_scheduler_has_none() {
    let project = two_schedules();
    let interval = |arguments: &str| {
        project.succeeds(&format!("backtest --output out {arguments}"));
        project.json("out/manifest.json")["configuration"]["allocation_rebalance_nanoseconds"].clone()
    };
    project.write("slow.yaml", "{name: equal_weight, rebalance_seconds: 7200}");
    assert_eq!(interval("--capital-policy slow.yaml"), 7_200_000_000_000_u64);
    project.edit(
        CONFIG_FILE,
        "    schedules:\n",
        "    capital_policy: {name: equal_weight, rebalance_seconds: 60}\n    schedules:\n",
    );
    assert_eq!(interval(""), 60_000_000_000_u64);
    assert_eq!(interval("--capital-policy uniform"), Value::Null, "the other policy's goes with it");
    project.edit(
        CONFIG_FILE,
        "    capital_policy",
        "    allocation_rebalance_seconds: 90\n    capital_policy",
    );
    assert_eq!(interval("--capital-policy slow.yaml"), 90_000_000_000_u64);
}

#[test]
fn a_scheduler_of_the_runtime_section_is_compared_as_well() {
    let project = two_schedules();
    let before = project.succeeds(&format!("backtest --compare-policies {POLICIES} --json")).json();
    project.edit(CONFIG_FILE, "multi_strategy_schedulers:\n", "runtime:\n multi_strategy_schedulers:\n");
    let moved =
        project.succeeds(&format!("backtest --scheduler main --compare-policies {POLICIES} --json")).json();
    for (before, moved) in policies(&before).into_iter().zip(policies(&moved)) {
        assert_eq!(before["digest"], moved["digest"]);
    }
}

#[test]
fn policies_that_remember_do_so_for_their_own_account_alone() {
    let project = two_schedules();
    let smoothed = |alpha: f64| {
        format!("{{name: smoothed, base: signal_strength, label: a{}, alpha: {alpha}}}", alpha * 10.0)
    };
    project.write("a2.yaml", smoothed(0.2));
    project.write("a9.yaml", smoothed(0.9));
    let all = "a2.yaml,risk_parity,signal_strength,a9.yaml";
    let together = project.succeeds(&format!("backtest --compare-policies {all} --json")).json();
    let digests: Vec<&str> =
        policies(&together).into_iter().map(|policy| policy["digest"].as_str().unwrap()).collect();
    for (policy, digest) in all.split(',').zip(&digests) {
        let alone = project.succeeds(&format!("backtest --capital-policy {policy} --output out"));
        assert_eq!(alone.digest(), *digest, "{policy}");
    }
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), 4, "each divides in its own way");
}
