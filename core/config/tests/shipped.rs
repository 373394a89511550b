//! The files we ship, and files nobody would write.

use hemiola_systems::signals::catalog::Catalog;
use proptest::prelude::*;

use super::*;

const CORE: &str = include_str!("../../../config/core.yaml");

fn shipped(name: &str) -> Config {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name);
    let config = load(&path, &Catalog::built_in().specs()).unwrap_or_else(|error| panic!("{error}"));
    assert!(config.warnings().is_empty(), "{:?}", config.warnings());
    config
}

#[test]
fn the_demo_loads_without_any_problem() {
    let plan = shipped("core.yaml").plan(&Selection::default()).unwrap();
    assert_eq!((plan.environment.as_str(), plan.scheduler.as_str()), ("demo", "core_multi"));
    assert_eq!(plan.instruments.len(), 7, "five on one venue, two of them on another as well");
    assert_eq!(plan.schedules.len(), 6);
    assert_eq!(plan.schedules[4].pairs.len(), 2);
    assert_eq!(plan.risk_profiles.len(), 3);
    assert!(plan.data_root.ends_with("config/../data/ohlcv"));
}

#[test]
fn the_other_shipped_files_load_without_any_problem() {
    let plan = shipped("real_market.yaml").plan(&Selection::default()).unwrap();
    assert_eq!((plan.instruments.len(), plan.schedules.len()), (12, 6));
    for name in ["bench/w1.yaml", "bench/w3.yaml"] {
        let plan = shipped(name).plan(&Selection::default()).unwrap();
        let [schedule] = plan.schedules.as_slice() else { panic!("{name} has one schedule") };
        assert_eq!(schedule.interval.to_string(), "1m");
        assert_eq!(plan.costs.slippage.get(), 0.0);
        assert_eq!(plan.risk_profiles[0].max_leverage, 0.0);
    }
}

/// The demo's text with one change, against the engines there are.
fn changed(before: &str, after: &str) -> Result<Config, ConfigError> {
    assert!(CORE.contains(before));
    let text = CORE.replacen(before, after, 1);
    parse(
        Path::new("config/core.yaml"),
        text.as_bytes(),
        &Catalog::built_in().specs(),
        &Scope::default(),
        Problems::new("core.yaml"),
    )
}

#[test]
fn a_doubtful_parameter_is_a_warning_at_its_place() {
    let config = changed("min_trend_strength: 0.005", "min_trend_strength: -0.005").unwrap();
    let [warning] = config.warnings() else { panic!("{:?}", config.warnings()) };
    assert_eq!(
        (warning.code, warning.path.as_str()),
        ("doubtful_parameter", "strategies.daily_trend.parameters.min_trend_strength")
    );
}

#[test]
fn an_engine_made_for_days_refuses_hours() {
    let error = changed(
        "interval: 1d                   # the candles",
        "interval: 1h                   # the candles",
    );
    let found = problems(error);
    assert_eq!(found.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["interval"]);
    assert!(found[0].message.contains("write `interval: 1d`"), "{}", found[0].message);
}

#[test]
fn an_unreadable_file_is_told_from_an_invalid_one() {
    let folder = tempfile::tempdir().unwrap();
    let absent = load(&folder.path().join("absent.yaml"), &engines()).unwrap_err();
    assert!(matches!(&absent, ConfigError::Unreadable { path, .. } if path.ends_with("absent.yaml")));
    let path = folder.path().join("core.yaml");
    std::fs::write(&path, "risk_profiles: 5\n").unwrap();
    let invalid = load(&path, &engines()).unwrap_err();
    let ConfigError::Invalid(found) = &invalid else { panic!("it can be read") };
    assert_eq!(found[0].file, path.display().to_string());
    std::fs::write(&path, vec![b'#'; 17 * 1024 * 1024]).unwrap();
    let ConfigError::Invalid(found) = load(&path, &engines()).unwrap_err() else { panic!("it can be read") };
    assert_eq!(summary(&found), "1:1 too_large\n");
}

/// One change of a text, by place and kind.
fn mutate(text: &mut Vec<u8>, place: usize, kind: u8, byte: u8) {
    let place = place % text.len().max(1);
    let line_start = text[..place.min(text.len())].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let line_end = text.iter().skip(place).position(|b| *b == b'\n').map_or(text.len(), |at| place + at + 1);
    match kind % 6 {
        0 if !text.is_empty() => text[place] = byte,
        1 if !text.is_empty() => drop(text.remove(place)),
        2 => text.insert(place, byte),
        3 => drop(text.drain(line_start..line_end)),
        4 => {
            let line = text[line_start..line_end].to_vec();
            text.splice(line_start..line_start, line);
        }
        _ => {
            const WORDS: [&[u8]; 8] = [b"&a ", b"*a", b"<<: ", b"[", b"{", b"- ", b": ", b"!!"];
            let word = WORDS[usize::from(byte) % WORDS.len()];
            text.splice(place..place, word.iter().copied());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_change_of_the_demo_makes_the_loader_panic(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..12),
    ) {
        let mut text = CORE.as_bytes().to_vec();
        for (place, kind, byte) in changes {
            mutate(&mut text, place, kind, byte);
        }
        match read_text(&text) {
            Ok(config) => {
                let _ = config.plan(&Selection::default()).unwrap();
            }
            Err(ConfigError::Invalid(found)) => {
                prop_assert!(found.iter().any(|problem| problem.severity == Severity::Error));
                prop_assert!(found.iter().all(|problem| problem.line > 0 && problem.column > 0));
            }
            Err(ConfigError::Unreadable { source, .. }) => panic!("{source}"),
        }
    }
}
