//! The drills of the risk engine, as `hemiola risk drill` runs them; without its limit each of them fails.

use hemiola::drill::{Check, Drill};
use hemiola_components::risk::RiskProfile;

fn failed(checks: &[Check]) -> Vec<&'static str> {
    checks.iter().filter(|check| !check.holds).map(|check| check.what).collect()
}

#[test]
fn every_drill_is_passed() {
    for drill in Drill::ALL {
        let (plan, market) = drill.stage();
        let checks = drill.hold(&plan, &market).unwrap();
        assert!(checks.len() >= 4 && failed(&checks).is_empty(), "{}: {checks:#?}", drill.name());
    }
}

#[test]
fn without_its_limit_a_drill_fails() {
    for (drill, held) in [
        (Drill::Liquidation, &[] as &[&str]),
        (Drill::DailyReset, &[]),
        (Drill::MaxPosition, &["the first strategy gets what it wants"]),
    ] {
        let (mut plan, market) = drill.stage();
        plan.risk_profiles = vec![RiskProfile::unlimited("nothing")];
        let checks = drill.hold(&plan, &market).unwrap();
        let passed: Vec<_> = checks.iter().filter(|check| check.holds).map(|check| check.what).collect();
        assert_eq!(passed, held, "{}: {checks:#?}", drill.name());
    }
}

#[test]
fn a_latch_that_midnight_does_not_release_is_found() {
    let drill = Drill::DailyReset;
    let (mut plan, market) = drill.stage();
    let profile = &mut plan.risk_profiles[0];
    (profile.max_drawdown, profile.max_daily_loss) = (profile.max_daily_loss, profile.max_drawdown);
    let failed = failed(&drill.hold(&plan, &market).unwrap());
    assert!(failed.contains(&"the next day of UTC releases it") && failed.contains(&"an entry passes then"));
}
