//! Where options get their values.

use std::collections::BTreeMap;

use super::*;

/// Variables that a test brings.
struct Variables(BTreeMap<&'static str, &'static str>);

impl Environment for Variables {
    fn value(&self, name: &str) -> Option<OsString> {
        self.0.get(name).map(OsString::from)
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().map(ToString::to_string).collect()
    }
}

fn read(line: &str, variables: &[(&'static str, &'static str)]) -> Result<Sources, Refused> {
    let arguments: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    parse(&arguments, &Variables(variables.iter().copied().collect())).map(|(_, sources)| sources)
}

fn accepted(line: &str, variables: &[(&'static str, &'static str)]) -> Sources {
    match read(line, variables) {
        Ok(sources) => sources,
        Err(Refused::Parser(error)) => panic!("{error}"),
        Err(Refused::Value(failure)) => panic!("{failure}"),
    }
}

fn refused(line: &str, variables: &[(&'static str, &'static str)]) -> String {
    match read(line, variables) {
        Ok(_) => panic!("{line} is accepted"),
        Err(Refused::Parser(error)) => error.to_string(),
        Err(Refused::Value(failure)) => {
            assert_eq!(failure.exit, Exit::Usage);
            failure.message
        }
    }
}

fn sourced<'s>(sources: &'s Sources, option: &str) -> (Source, Option<&'s str>) {
    let found = sources.options.iter().find(|one| one.option == option).unwrap();
    (found.source, found.value.as_deref())
}

#[test]
fn the_command_line_goes_before_a_variable_and_that_before_the_default() {
    const FROM: &str = "HEMIOLA_BACKTEST_FROM";
    let nothing = accepted("hemiola backtest", &[]);
    assert_eq!(sourced(&nothing, "from"), (Source::Default, None));
    assert_eq!(sourced(&nothing, "config"), (Source::Default, Some("config/core.yaml")));
    let variable = accepted("hemiola backtest", &[(FROM, "2024-01-01")]);
    assert_eq!(sourced(&variable, "from"), (Source::Env, Some("2024-01-01")));
    assert_eq!(
        variable.overrides,
        [Override {
            option: "from".to_owned(),
            variable: FROM.to_owned(),
            raw_value: "2024-01-01".to_owned(),
            applied: true,
            parsed_value: Some("2024-01-01".to_owned()),
            reason: None,
        }]
    );
    let both = accepted("hemiola backtest --from 2025-01-01", &[(FROM, "2024-01-01")]);
    assert_eq!(sourced(&both, "from"), (Source::Cli, Some("2025-01-01")));
    assert_eq!((both.overrides[0].applied, both.overrides[0].reason), (false, Some(Reason::CliOverride)));
    assert_eq!(
        both.notes().collect::<Vec<_>>(),
        ["note: HEMIOLA_BACKTEST_FROM is set and not used: the command line goes before it"]
    );
}

#[test]
fn sentinels_clear_a_value_or_restore_the_default() {
    const DATA: &str = "HEMIOLA_BACKTEST_DATA";
    for word in ["", "NONE", "null", "off", "Disabled"] {
        let sources = accepted("hemiola backtest", &[(DATA, word)]);
        assert_eq!(sourced(&sources, "data"), (Source::EnvDisabled, None), "{word}");
        assert!(sources.overrides[0].applied);
    }
    let off = accepted("hemiola backtest", &[("HEMIOLA_BACKTEST_SCHEDULER", "off")]);
    assert_eq!(sourced(&off, "scheduler"), (Source::Env, Some("off")), "only paths can be switched off");
    let default = accepted("hemiola backtest", &[("HEMIOLA_BACKTEST_CONFIG", "default")]);
    assert_eq!(sourced(&default, "config"), (Source::Default, Some("config/core.yaml")));
    let cleared = accepted("hemiola backtest --scheduler NONE", &[]);
    assert_eq!(sourced(&cleared, "scheduler"), (Source::Cli, None));
    let message = refused("hemiola backtest", &[("HEMIOLA_BACKTEST_CONFIG", "none")]);
    assert_eq!(
        message,
        "HEMIOLA_BACKTEST_CONFIG: it needs a value, and this is none; the default is `config/core.yaml`"
    );
    let number = accepted("hemiola data seed", &[("HEMIOLA_DATA_SEED_DAYS", "")]);
    assert_eq!(sourced(&number, "days"), (Source::Default, Some("730")));
    assert_eq!(number.overrides[0].reason, Some(Reason::EmptyValue));
}

#[test]
fn a_variable_is_read_as_its_option_would_be() {
    let days = "HEMIOLA_DATA_SEED_DAYS";
    assert_eq!(sourced(&accepted("hemiola data seed", &[(days, "30")]), "days"), (Source::Env, Some("30")));
    for wrong in ["0", "many", "-3", "NONE"] {
        let message = refused("hemiola data seed", &[(days, wrong)]);
        assert!(message.starts_with("HEMIOLA_DATA_SEED_DAYS: "), "{message}");
        assert!(message.contains(wrong), "{message}");
    }
    let message = refused("hemiola backtest", &[("HEMIOLA_BACKTEST_FORMAT", "xml")]);
    assert!(message.starts_with("HEMIOLA_BACKTEST_FORMAT: xml is no value of --format"), "{message}");
    assert!(message.contains("text, json"), "{message}");
}

#[test]
fn flags_are_switched_by_words() {
    let trust = |word| read("hemiola backtest", &[("HEMIOLA_BACKTEST_TRUST_DATA", word)]);
    for (words, expected) in [(["1", "TRUE", "yes", "On"], "true"), (["0", "False", "no", "off"], "false")] {
        for word in words {
            let Ok(sources) = trust(word) else { panic!("{word}") };
            assert_eq!(sourced(&sources, "trust-data"), (Source::Env, Some(expected)), "{word}");
        }
    }
    let message = refused("hemiola backtest", &[("HEMIOLA_BACKTEST_TRUST_DATA", "maybe")]);
    assert!(message.contains("HEMIOLA_BACKTEST_TRUST_DATA") && message.contains("`maybe`"), "{message}");
}

#[test]
fn a_list_is_split_and_what_does_not_go_together_stays_out() {
    let explain = ("HEMIOLA_BACKTEST_EXPLAIN", "a@2024-01-01, b@2024-01-02;c@2024-01-03");
    let sources = accepted("hemiola backtest", &[explain]);
    assert_eq!(sourced(&sources, "explain"), (Source::Env, Some("a@2024-01-01 b@2024-01-02 c@2024-01-03")));
    let sources = accepted("hemiola backtest --output here", &[explain]);
    assert_eq!(sourced(&sources, "explain"), (Source::Default, None));
    assert_eq!(sources.overrides[0].reason, Some(Reason::CliOverride));
    let sources = accepted("hemiola backtest --verify m.json", &[("HEMIOLA_BACKTEST_FROM", "2024-01-01")]);
    assert_eq!(sources.overrides[0].reason, Some(Reason::CliOverride));
}

#[test]
fn every_command_has_its_variables_and_a_misspelt_one_is_noticed() {
    let nobody = Variables(BTreeMap::new());
    let Ok(all) = of_all_commands(&nobody) else { panic!("nothing is set") };
    let commands: Vec<_> = all.iter().map(|sources| sources.command.as_str()).collect();
    for command in ["backtest", "data seed", "config validate", "config show", "config engines"] {
        assert!(commands.contains(&command), "{command} is not among {commands:?}");
    }
    let variables: Vec<_> =
        all.iter().flat_map(|sources| &sources.options).map(|one| &one.variable).collect();
    assert!(variables.iter().any(|name| *name == "HEMIOLA_DATA_SEED_START_DATE"));
    let wrong =
        Variables(BTreeMap::from([("HEMIOLA_BACKTEST_FORM", "x"), ("HEMIOLA_SOMETHING_ELSE_ENTIRELY", "x")]));
    assert_eq!(misspelt(&wrong), [("HEMIOLA_BACKTEST_FORM".to_owned(), "HEMIOLA_BACKTEST_FROM".to_owned())]);
}

#[test]
fn what_is_called_like_a_secret_is_not_shown() {
    assert_eq!(masked("auth-token", "abc"), "***");
    assert_eq!(masked("signing_key", "abc"), "***");
    assert_eq!(masked("auth-token", ""), "");
    assert_eq!(masked("monkey", "abc"), "abc");
}
