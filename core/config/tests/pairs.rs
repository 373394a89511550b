//! The shipped pairs: two venues, one account, currencies that are declared equal or refused.

use hemiola_systems::signals::catalog::Catalog;

use super::*;
use crate::config::plan::Pair;

const ARBITRAGE: &str = include_str!("../../../config/arbitrage.yaml");

fn read(text: &str) -> Result<Config, ConfigError> {
    let engines = Catalog::built_in().specs();
    parse(
        Path::new("config/arbitrage.yaml"),
        text.as_bytes(),
        &engines,
        &Scope::default(),
        Problems::new("arbitrage.yaml"),
    )
}

fn plan(text: &str, name: &str) -> Result<Plan, ConfigError> {
    read(text)?.plan(&Selection {
        environment: Some(name.to_owned()),
        scheduler: Some(name.to_owned()),
        instruments: None,
        ..Selection::default()
    })
}

#[test]
fn every_shipped_pair_has_its_environment() {
    assert!(read(ARBITRAGE).unwrap().warnings().is_empty());
    for (name, primary, secondary, interval) in [
        ("stablecoins", "binance:BTC_BUSD", "bybit:BTC_USDT", "1m"),
        ("dollars", "binance:BTC_USDT", "kraken:BTC_USD", "1h"),
        ("spot_perpetual", "binance:BTC_USDT", "binance_usdm:BTC_USDT", "1s"),
    ] {
        let plan = plan(ARBITRAGE, name).unwrap();
        let place = |wanted: &str| plan.instruments.iter().position(|one| one.name() == wanted).unwrap();
        let pair = Pair { primary: place(primary), secondary: place(secondary) };
        assert_eq!(plan.schedules.len(), 2);
        for (schedule, edge) in plan.schedules.iter().zip(["net", "gross"]) {
            assert_eq!(
                (schedule.pairs.as_slice(), schedule.interval.to_string().as_str()),
                ([pair].as_slice(), interval)
            );
            let parameters = &plan.strategies[schedule.strategy].parameters;
            assert_eq!(parameters.text("edge"), Ok(edge));
        }
    }
}

#[test]
fn a_pair_in_two_currencies_is_refused_unless_they_are_declared_equal() {
    for (name, currency) in [("stablecoins", "BUSD"), ("dollars", "USD")] {
        let declared = format!("        quote_assets: [{currency}]\n");
        let undeclared = ARBITRAGE.replace(&declared, "");
        assert_ne!(undeclared, ARBITRAGE);
        let Err(ConfigError::Invalid(found)) = plan(&undeclared, name) else { panic!("{name} is accepted") };
        let found: Vec<_> = found.iter().filter(|problem| problem.severity == Severity::Error).collect();
        let codes: Vec<_> = found.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["quote_currency"; 2], "once per schedule");
        assert!(found[0].message.contains(&format!("({currency})")), "{}", found[0].message);
    }
}
