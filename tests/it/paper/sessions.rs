//! A session over history gives what a backtest gives.

use hemiola::modes::paper::session::Stop;
use hemiola_adapters::journal::writer::System;
use hemiola_systems::signals::catalog::Catalog;

use super::support::{prepared, run};

#[test]
fn a_session_over_history_gives_the_digest_of_a_backtest() {
    let backtest = prepared().run(&Catalog::built_in(), |_, _| ()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ended = run(prepared(), folder.path(), System, &Stop::default(), None).unwrap();
    assert!(ended.complete && ended.ticks > 1_000, "{ended:?}");
    assert_eq!(ended.digest, backtest.outcomes[0].digest);
    assert_eq!(ended.outcome.account, backtest.outcomes[0].account);
    assert_eq!(ended.outcome.telemetry, backtest.outcomes[0].telemetry);
    let again = run(prepared(), folder.path(), System, &Stop::default(), None).unwrap();
    assert_eq!((again.complete, again.digest), (true, ended.digest), "what is over stays so");
}
