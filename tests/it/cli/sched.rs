//! `hemiola sched` and `hemiola run --once`: what one process does and the next one sees.

use serde_json::{Value, json};

use super::project::{CONFIG_FILE, Ended, Project};

const DATABASE: &str = "var/state/desk/operator.sqlite";

/// Hourly candles from 2024-03-01 to 2024-03-09T08:00.
fn project() -> Project {
    let project = Project::new();
    project.edit(CONFIG_FILE, "{engine: sma_cross,", "{engine: sma_cross, tags: [core],");
    project
}

/// Runs the program with an environment variable.
fn with_token(project: &Project, arguments: &str, variable: &str) -> Ended {
    let output = project.command(arguments).env(variable, "secret").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

#[test]
fn a_suspension_of_one_process_holds_the_next_and_ends_by_itself() {
    let project = project();
    let suspended = project
        .succeeds("sched suspend hourly --reason maintenance --duration 2h --who Ann --at 2024-03-05T00:00");
    assert_eq!(suspended.stdout, "schedule hourly: suspended until 2024-03-05T02:00:00+00:00\n");
    let listed = project.succeeds("sched suspensions --at 2024-03-05T00:30").stdout;
    assert_eq!(
        listed,
        "Suspended schedules\n- hourly: reason=maintenance, until=2024-03-05T02:00:00+00:00, remaining=5400s\n"
    );
    let held = project.succeeds("run --once --at 2024-03-05T01:00").stdout;
    assert_eq!(held, "hourly: suspended (maintenance, 3600s left); weight 1.0000\n");

    let freed = project.succeeds("run --once --at 2024-03-05T02:10");
    let ended =
        "note: the suspension of the schedule hourly (maintenance) ended by itself at 2024-03-05T02:00:00";
    assert!(freed.stderr.contains(ended), "{}", freed.stderr);
    assert!(freed.stdout.contains(" at 2024-03-05T02:00:00+00:00; weight 1.0000"), "{}", freed.stdout);
    assert!(!project.succeeds("run --once --at 2024-03-05T02:20").stderr.contains("ended by itself"));

    let log = project.succeeds("sched log").stdout;
    let line: Value = serde_json::from_str(log.trim_end()).unwrap();
    let expected = json!({
        "at": "2024-03-05T00:00:00+00:00", "who": "Ann", "why": "maintenance",
        "command": "suspend", "schedule": "hourly", "duration_seconds": 7200.0,
    });
    assert_eq!(line, expected, "what ended by itself is no action");
    let events = project.succeeds("sched log --json").json()["events"].take();
    assert_eq!((&events[1]["kind"], &events[1]["what"]["ended"]), (&json!("ended"), &json!("suspension")));
}

#[test]
fn a_decision_is_made_once_wherever_the_clock_stands() {
    let project = project();
    project.succeeds("sched suspend --tag core --duration 1h --at 2024-03-05T00:00 --reason x");
    let back = project.succeeds("sched suspensions --json --at 2024-03-04T23:00").json();
    assert_eq!(back["suspensions"]["tags"]["core"]["remaining_seconds"], 7200.0);
    project.succeeds("sched resume --tag core --at 2024-03-05T00:00");
    let first = project.succeeds("run --once --json --at 2024-03-05T10:59").json();
    assert_eq!((&first["schema"], &first["status"]), (&json!("hemiola.run/1"), &json!("ok")));
    assert_eq!(
        (&first["runs"][0]["result"], &first["runs"][0]["at"]),
        (&json!("decided"), &json!("2024-03-05T10:00:00+00:00"))
    );
    for at in ["2024-03-05T10:59", "2024-03-05T03:30", "2024-03-02"] {
        let again = project.succeeds(&format!("run --once --at {at}")).stdout;
        assert_eq!(again, "hourly: already run at 2024-03-05T10:00:00+00:00; weight 1.0000\n", "{at}");
    }
    let next = project.succeeds("run --once --at 2024-03-05T11:00").stdout;
    assert!(next.contains(" at 2024-03-05T11:00:00+00:00"), "{next}");
}

/// Without `warmup_bars`, what the engine needs before its first decision warms it.
#[test]
fn an_engine_has_the_candles_that_it_needs() {
    let project = project();
    let mut signals = 0;
    for hour in 0..24 {
        let document = project.succeeds(&format!("run --once --json --at 2024-03-05T{hour:02}:30")).json();
        let run = &document["runs"][0];
        assert_eq!(run["at"], format!("2024-03-05T{hour:02}:00:00+00:00"));
        signals += run["signals"].as_u64().unwrap();
    }
    assert!(signals > 0, "a day of hourly crossings has signals");
}

#[test]
fn a_schedule_that_cannot_decide_fails_the_run() {
    let project = project();
    let ended = project.run("run --once --at 2024-02-01");
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stdout.starts_with("hourly: failed: no candle had closed by 2024-02-01"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.contains("error: failed: hourly"), "{}", ended.stderr);
}

#[test]
fn what_nobody_has_is_refused_with_what_was_probably_meant() {
    let project = project();
    for (arguments, says) in [
        ("sched suspend hurly", "there is no schedule `hurly`; did you mean `hourly`?"),
        ("sched resume --tag coer", "there is no tag `coer`; did you mean `core`?"),
        ("sched limit set crosing:open=2", "there is no strategy `crosing`; did you mean `crossing`?"),
        ("sched limit clear crossing:opn", "there is no risk profile `opn`; did you mean `open`?"),
        ("sched limit set crossing=2", "is not STRATEGY:PROFILE=LIMIT"),
        ("sched limit set crossing:open=-1", "a number of signals from 0"),
        ("sched suspend", "say SCHEDULE, or --tag TAG"),
        ("sched suspend hourly --duration 0", "--duration: a duration must be"),
        ("sched suspend hourly --duration soon", "`soon` is no duration"),
        ("sched suspend hourly --until 2001-01-01", "is not in the future"),
        ("sched suspend hourly --until never", "`never` is not an instant"),
        ("sched interval 0", "is no interval"),
        ("sched list --environment dsk", "did you mean `desk`?"),
        ("sched list --scheduler man", "did you mean `main`?"),
        ("sched policy set nowhere.yaml", "cannot read the capital policy nowhere.yaml"),
        ("run --suspend-schedule hurly", "did you mean `hourly`?"),
        ("run --suspension-reason x", "it goes with --suspend-schedule or --suspend-tag"),
        ("run --signal-limit-duration 1h", "it goes with --set-signal-limit"),
        ("run --skip-policy-rebalance", "it goes with --set-capital-policy"),
        (
            "run --suspend-tag core --suspension-until 2100-01-01 --suspension-duration 1h",
            "--suspension-until and --suspension-duration say the same",
        ),
        ("run --run-forever --once", "exclude each other"),
    ] {
        project.refuses(arguments, 2, &[says]);
    }
    assert_eq!(project.run("sched suspend hourly --until 2100-01-01 --duration 1h").code, Some(2));
}

#[test]
fn a_policy_that_cannot_be_used_leaves_the_one_there_is() {
    let project = project();
    project.write("good.yaml", "name: smoothed\nalpha: 0.5\nrebalance_seconds: 600\nbase: equal_weight\n");
    let set = project.succeeds("sched policy set good.yaml --apply-interval --at 2024-03-05").stdout;
    assert_eq!(set, "re-allocation interval: 600s\ncapital policy: smoothed\n");
    let before = project.succeeds("sched capital diagnostics --json").json()["capital_diagnostics"].take();
    assert_eq!(
        (&before["policy_name"], &before["rebalance_cooldown_seconds"]),
        (&json!("smoothed"), &json!(600.0))
    );
    for (text, says) in [
        ("", "bad.yaml:1:1: "),
        ("{\"name\": ", "bad.yaml:1:"),
        (
            "name: smothed\n",
            "bad.yaml:1:7: error[unknown_reference]: name: there is no capital policy `smothed` (known: ",
        ),
        ("name: fixed_weight\nweights: {hourly: 0}\n", "bad.yaml:2:10: error[no_weight]"),
        ("name: risk_profile\nprofiles: {open: 0}\n", "bad.yaml:2:11: error[no_weight]"),
        ("name: tag_quota\ntags: [{tag: core, weight: 0}]\n", "bad.yaml:2:7: error[no_weight]"),
        ("&self\nname: smoothed\nbase: *self\n", "bad.yaml:3:7: "),
    ] {
        project.write("bad.yaml", text);
        project.refuses("sched policy set bad.yaml", 2, &[says]);
        project.refuses("run --set-capital-policy bad.yaml", 2, &[says]);
    }
    let after = project.succeeds("sched capital diagnostics --json").json()["capital_diagnostics"].take();
    assert_eq!(after, before);
}

#[test]
fn limits_are_imposed_shown_exported_and_lifted() {
    let project = project();
    project.succeeds("sched limit set crossing/open=2.9 --reason caution --duration 1d --at 2024-03-05");
    let text = project.succeeds("sched limit list --at 2024-03-05T12:00").stdout;
    assert_eq!(
        text,
        "Signal limits\n- crossing:\n    open: 2 (reason=caution, until=2024-03-06T00:00:00+00:00, remaining=43200s, active)\n"
    );
    let export = project.succeeds("sched list --export out/deep/list.json --at 2024-03-05T12:00").stdout;
    assert_eq!(export, "schedules: written to out/deep/list.json\n");
    let row = &project.json("out/deep/list.json")["hourly"];
    assert_eq!((&row["signal_limit_override"], &row["active_max_signals"]), (&json!(2), &json!(2)));
    assert_eq!((&row["base_max_signals"], &row["tags"]), (&json!(10), &json!(["trend", "core"])));
    let over = project.succeeds("sched limit list --at 2024-03-06");
    assert_eq!(over.stdout, "There are no signal limits.\n");
    assert!(
        over.stderr.contains("note: the limit 2 on crossing:open (caution) ended by itself"),
        "{}",
        over.stderr
    );
    assert!(
        !project.succeeds("sched limit list --at 2024-03-06").stderr.contains("ended"),
        "it is said once"
    );
    project.succeeds("sched limit set crossing:open=0 --at 2024-03-06");
    let none = project.succeeds("run --once --json --at 2024-03-06T05:00").json();
    assert_eq!(none["runs"][0]["signals"], 0);
    project.succeeds("sched limit clear crossing:open");
    assert_eq!(project.succeeds("sched limit list").stdout, "There are no signal limits.\n");
}

#[test]
fn flags_of_the_seed_change_first_and_show_last() {
    let project = project();
    let ended = project.succeeds(
        "run --at 2024-03-05 --show-capital-state --list-suspensions --rebalance-capital --suspend-tag core \
         --suspension-reason storm --suspension-duration 1h --export-signal-limits limits.json",
    );
    for part in [
        "tag core: suspended until 2024-03-05T01:00:00+00:00\ncapital: divided anew\n",
        "\"hourly\": 1.0",
        "- core: reason=storm, until=2024-03-05T01:00:00+00:00",
        "signal_limits: written to limits.json",
    ] {
        assert!(ended.stdout.contains(part), "no {part} in {}", ended.stdout);
    }
    assert!(ended.stderr.contains("note: --suspend-tag is now `hemiola sched suspend --tag TAG`"));
    assert_eq!(project.json("limits.json"), json!({}));
    assert!(!ended.stdout.contains("weight 1.0000"), "nothing is run after management");
    let both = project
        .succeeds("run --once --resume-tag core --run-after-management --emit-telemetry --at 2024-03-05");
    assert!(both.stdout.starts_with("tag core: resumed\nhourly: "), "{}", both.stdout);
    assert!(both.stdout.contains("[telemetry] schedule=hourly signals="), "{}", both.stdout);
    let before = project.snapshot("");
    let dry = project.succeeds("run --dry-run --emit-telemetry").stdout;
    assert!(dry.contains("- hourly: strategy crossing, profile open, cadence 3600.00s\n"), "{dry}");
    assert!(dry.ends_with("[telemetry] schedule=hourly signals=0 latency_ms=0.00\n"), "{dry}");
    assert!(project.snapshot("") == before, "a dry run leaves nothing behind");
}

#[test]
fn what_the_configuration_starts_with_is_where_the_state_begins() {
    let project = project();
    project.edit(
        CONFIG_FILE,
        "  main:\n",
        "  main:\n    initial_suspensions: [{schedule: hourly, reason: first week, duration_seconds: 1h}]\n",
    );
    let before = project.snapshot("");
    let seen = project.succeeds("sched suspensions --at 2024-03-05").stdout;
    assert!(seen.contains("- hourly: reason=first week, until=2024-03-05T01:00:00+00:00"), "{seen}");
    assert!(project.snapshot("") == before, "looking leaves nothing behind");
    project.succeeds("run --once --at 2024-03-05");
    project.succeeds("sched resume hourly --at 2024-03-05T00:10");
    let freed = project.succeeds("sched suspensions --at 2024-03-05T00:20").stdout;
    assert_eq!(freed, "Nothing is suspended.\n", "the configuration does not bring it back");
    let log = project.succeeds("sched log").stdout;
    assert!(
        log.starts_with(
            "{\"at\":\"2024-03-05T00:00:00+00:00\",\"who\":\"configuration\",\"why\":\"first week\""
        ),
        "{log}"
    );
}

#[test]
fn a_token_grants_what_its_scopes_say() {
    let project = project();
    project.edit(
        CONFIG_FILE,
        "  main:\n",
        "  main:\n    rbac_tokens:\n      - {token_id: eyes, token_env: DESK_READ, scopes: [runtime.schedule.read]}\n      - {token_id: hands, token_env: DESK_WRITE, scopes: [runtime.schedule.write]}\n",
    );
    project.refuses("sched list", 3, &["a token with the scope `runtime.schedule.read`: set DESK_READ"]);
    project.refuses("sched suspend hourly", 3, &["`runtime.schedule.write`: set DESK_WRITE"]);
    project.refuses("run --once", 3, &["DESK_WRITE"]);
    assert_eq!(with_token(&project, "sched list", "DESK_READ").code, Some(0));
    assert_eq!(with_token(&project, "sched suspend hourly", "DESK_READ").code, Some(3));
    assert_eq!(with_token(&project, "run --list-schedules", "DESK_WRITE").code, Some(3));
    assert_eq!(with_token(&project, "sched suspend hourly", "DESK_WRITE").code, Some(0));
}

#[test]
fn a_damaged_state_stops_everything_until_it_is_restored() {
    let project = project();
    project.succeeds("sched suspend hourly --reason x");
    let whole = project.read(DATABASE);
    project.write(DATABASE, &whole[..whole.len() / 2]);
    let advice =
        ["the operator state is damaged", "hemiola sched restore --environment desk --from ", "sched reset"];
    for arguments in ["sched list", "sched resume hourly", "run --once", "sched log"] {
        project.refuses(arguments, 8, &advice);
    }
    project.succeeds("sched restore");
    assert!(project.succeeds("sched suspensions").stdout.contains("hourly: reason=x, no end"));
    project.refuses("sched reset", 2, &["say --confirm"]);
    project.succeeds("sched reset --confirm");
    assert_eq!(project.succeeds("sched suspensions").stdout, "Nothing is suspended.\n");
}

/// The first table of Appendix C names the flags of the seed's program.
#[test]
fn every_flag_of_the_seed_is_taken() {
    let Some(text) = crate::support::shared::specification("operations.md") else { return };
    let (_, appendix) = text.split_once("## Appendix C").expect("the document has an appendix C");
    let table = appendix.split("\n\n").nth(1).expect("a table follows the heading");
    let cells = table.lines().skip(2).filter_map(|line| line.split('|').nth(1));
    let flags: Vec<&str> = cells
        .flat_map(|cell| cell.split('`'))
        .filter_map(|words| words.split_whitespace().next()?.strip_prefix("--"))
        .collect();
    assert!(flags.len() > 25, "{flags:?}");
    let options = project().succeeds("run --explain-sources --json").json()["variables"].take();
    let missing: Vec<_> = flags.iter().filter(|flag| options.get(**flag).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
