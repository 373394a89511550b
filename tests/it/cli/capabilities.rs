//! Which engines may be used, and what happens to schedules that may not.

use serde_json::json;

use super::project::{CONFIG, CONFIG_FILE, Project};

const GRANTED: &str = "config/capabilities.yaml";
const RUN: &str = "backtest --output out";
const VERIFY: &str = "backtest --verify out/manifest.json";
const BLOCKED: &str = "schedule `back` (strategy `reverting`, engine `mean_reversion`) needs the capability \
                       `mean_reversion`";

/// A second schedule beside the project's, with an engine of another capability.
fn project(granted: Option<&str>) -> Project {
    let project = Project::new();
    project.edit(CONFIG_FILE, "strategies:\n", "strategies:\n  reverting: {engine: mean_reversion}\n");
    let schedule = "      back: {strategy: reverting, interval: 1h}\n";
    project.write(CONFIG_FILE, project.text(CONFIG_FILE) + schedule);
    if let Some(names) = granted {
        project.write(GRANTED, format!("capabilities: [{names}]\n"));
    }
    project
}

fn schedules(project: &Project) -> Vec<String> {
    let manifest = project.json("out/manifest.json");
    let schedules = manifest["configuration"]["schedules"].as_array().unwrap();
    schedules.iter().map(|schedule| schedule["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn without_a_file_everything_may_be_used() {
    let project = project(None);
    project.succeeds(RUN);
    assert_eq!(schedules(&project), ["hourly", "back"]);
    project.succeeds(VERIFY);
    project.write(GRANTED, "capabilities: [sma_cross, mean_reversion]\n");
    project.refuses(VERIFY, 8, &["config/capabilities.yaml: BLAKE3 was not read"]);
}

#[test]
fn a_blocked_schedule_fails_the_start() {
    let blocked = project(Some("sma_cross"));
    blocked.remove("data");
    let says = [
        "config/capabilities.yaml does not grant what 1 of 2 schedules need",
        BLOCKED,
        "add the capabilities to the file",
        "--skip-blocked",
    ];
    blocked.refuses(RUN, 10, &says);
    let ended = blocked.run("backtest --format json");
    assert_eq!((ended.code, &ended.json()["exit_code"]), (Some(10), &json!(10)));

    let hourly =
        "schedule `hourly` (strategy `crossing`, engine `sma_cross`) needs the capability `sma_cross`";
    project(Some("")).refuses(RUN, 10, &["2 of 2 schedules", BLOCKED, hourly]);
    project(Some("sma_cross, mean_reversion")).succeeds(RUN);
}

#[test]
fn blocked_schedules_can_be_left_out() {
    let project = project(Some("sma_cross"));
    let ended = project.succeeds(&format!("{RUN} --skip-blocked"));
    assert!(ended.stderr.contains(&format!("warning: {BLOCKED}: left out\n")), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("warning: ").count(), 1, "{}", ended.stderr);
    assert_eq!(schedules(&project), ["hourly"]);
    let manifest = project.json("out/manifest.json");
    assert_eq!(manifest["configuration"]["strategies"].as_array().unwrap().len(), 1);
    let file = manifest["files"].as_array().unwrap().iter().find(|file| file["path"] == GRANTED);
    assert!(file.is_some_and(|file| file["blake3"].as_str().unwrap().len() == 64), "{manifest:#}");
    assert_eq!(ended.digest(), Project::new().succeeds(RUN).digest(), "as if it were not there");

    assert_eq!(project.succeeds(VERIFY).digest(), ended.digest());
    project.write(GRANTED, "capabilities: [sma_cross]\n# A remark.\n");
    project.refuses(VERIFY, 8, &["config/capabilities.yaml: BLAKE3 was "]);
    project.remove(GRANTED);
    project.refuses(VERIFY, 8, &["config/capabilities.yaml: cannot read"]);

    project.write(GRANTED, "capabilities: []\n");
    project.refuses(&format!("{RUN} --skip-blocked"), 10, &["no schedule is left", BLOCKED]);
}

#[test]
fn a_manifest_from_before_there_were_capabilities_repeats() {
    let project = Project::new();
    project.succeeds(RUN);
    project.edit("out/manifest.json", "    \"skip_blocked\": false,\n", "");
    project.succeeds(VERIFY);
}

#[test]
fn a_file_that_cannot_be_used_never_allows() {
    let broken = project(None);
    for (text, says) in [
        ("capabilities: [", "config/capabilities.yaml:1:"),
        ("capabilties: [sma_cross]\n", "did you mean `capabilities`?"),
        ("", "error[missing_key]"),
    ] {
        broken.write(GRANTED, text);
        broken.refuses(RUN, 2, &["config/capabilities.yaml:1:", says]);
        broken.refuses("config engines", 2, &["config/capabilities.yaml:1:", says]);
    }
    broken.remove(GRANTED);
    broken.write("config/capabilities.yaml/a", "");
    broken.refuses(RUN, 2, &["config/capabilities.yaml:1:1: error[not_a_file]: this is a folder"]);

    let named = project(None);
    named.write(
        CONFIG_FILE,
        "license: {capabilities_path: ours.json}\n".to_owned() + &named.text(CONFIG_FILE),
    );
    named.refuses(RUN, 2, &["cannot read the capabilities file config/ours.json: "]);
    named.write("config/ours.json", r#"{"capabilities": ["sma_cross"]}"#);
    named.refuses(RUN, 10, &["config/ours.json does not grant", BLOCKED]);
}

#[test]
fn the_list_of_engines_leaves_out_what_is_not_granted() {
    let engines = |project: &Project, arguments: &str| {
        let ended = project.succeeds(&format!("config engines --format json {arguments}"));
        let document = ended.json();
        assert_eq!(document["schema"], "hemiola.config_engines/1");
        let names = document["engines"].as_array().unwrap().iter().map(|engine| engine["name"].clone());
        (names.collect::<Vec<_>>(), document)
    };
    let all = [
        "cross_exchange_arbitrage",
        "daily_trend_momentum",
        "external_signals",
        "grid_trading",
        "mean_reversion",
        "sma_cross",
        "volatility_target",
    ];
    let empty = Project::empty();
    assert_eq!(engines(&empty, "").0, all, "a configuration is not needed");
    assert_eq!(empty.run("config engines --config nowhere.yaml").code, Some(2));

    let project = project(Some("volatility_target, mean_reversion, sma_cros"));
    let (names, document) = engines(&project, "");
    assert_eq!(names, ["mean_reversion", "volatility_target"]);
    let warning = document["warnings"][0].as_str().unwrap();
    assert!(warning.contains("no engine has the capability `sma_cros`"), "{warning}");
    assert!(warning.ends_with("did you mean `sma_cross`?"), "{warning}");
    assert_eq!(document["status"], "warning");
    let reverting = &document["engines"][0];
    assert_eq!(reverting["license_tier"], "professional");
    assert_eq!(reverting["presets"]["shipped"]["entry_zscore"], 1.9);
    let parameters = reverting["parameters"].as_array().unwrap();
    let holding = parameters.iter().find(|one| one["name"] == "max_holding_period").unwrap();
    assert_eq!((&holding["kind"], &holding["min"]), (&json!("count"), &json!(1)));

    project.write("other/core.yaml", CONFIG);
    assert_eq!(engines(&project, "--config other/core.yaml").0, all, "its folder has no capabilities");
}

#[test]
fn the_list_for_people_has_a_column_for_each_preset() {
    let text = Project::empty().succeeds("config engines").stdout;
    let head = "daily_trend_momentum  tier standard, capability trend_d1, tags trend, momentum, candles of 1d only\n";
    assert!(text.contains(head), "{text}");
    let row = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("│ {name} "))).unwrap();
        let cells = line.trim_matches('│').split('┆').map(|cell| cell.trim().to_owned());
        cells.collect::<Vec<_>>()
    };
    assert_eq!(row("max_holding_period")[2..5], ["12", "", "16"], "default, catalogue, shipped");
    assert_eq!(row("targets")[1..3], ["a file", "required"]);
}
