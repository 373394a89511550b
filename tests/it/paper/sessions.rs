//! A session over history gives what a backtest gives.

use std::thread;

use hemiola::modes::paper::history::Speed;
use hemiola::modes::paper::operators::Batch;
use hemiola::modes::paper::session::OnStop;
use hemiola::modes::paper::session::Stop;
use hemiola_adapters::journal::writer::System;
use hemiola_components::control::{Command, OperatorAction};
use hemiola_components::time::Nanos;
use hemiola_components::units::Quantity;
use hemiola_systems::signals::catalog::Catalog;

use tokio::sync::mpsc;

use super::support::{Run, check_journal, prepare, run, write_config};
use crate::journal_kill::pause;

#[test]
fn a_session_over_history_gives_the_digest_of_a_backtest() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let prepared = prepare(folder.path());
    let backtest = prepared.run(&Catalog::built_in(), |_, _| ()).unwrap();
    let ended = run(&prepared, folder.path(), System).unwrap();
    assert!(ended.complete && ended.ticks > 200, "{}", ended.ticks);
    assert_eq!(ended.digest, backtest.outcomes[0].digest);
    assert_eq!(ended.outcome.account, backtest.outcomes[0].account);
    assert_eq!(ended.outcome.telemetry, backtest.outcomes[0].telemetry);
    let journal = check_journal(folder.path());
    assert!(journal.iter().any(|line| line["event"] == "positions_flattened"), "{journal:?}");
    assert!(journal.iter().filter(|line| line["event"] == "order_submitted").count() > 20);
    let again = run(&prepared, folder.path(), System).unwrap();
    assert_eq!((again.complete, again.digest), (true, ended.digest), "what is over stays so");
    assert_eq!(check_journal(folder.path()), journal);
}

#[test]
fn a_session_that_is_stopped_closes_its_positions_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let prepared = prepare(folder.path());
    let stop = Stop::default();
    stop.ask();
    let begin =
        |on_stop| Run { folder: folder.path(), disk: System, speed: Speed::Max, on_stop, commands: None };
    let ended = begin(OnStop::Close).run(&prepared, &stop).unwrap();
    assert!(!ended.complete);
    assert!(ended.outcome.holdings.iter().all(|holding| holding.quantity == Quantity::ZERO));
    let ended = begin(OnStop::Close).run(&prepared, &Stop::default()).unwrap();
    assert!(ended.complete);
    check_journal(folder.path());
}

#[test]
fn what_operators_did_meanwhile_is_taken_in_once() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let prepared = prepare(folder.path());
    let action = |who: &str| OperatorAction {
        at: Nanos::ZERO,
        who: who.to_owned(),
        why: None,
        what: Command::Rebalance,
    };
    // The first session ends at once and has taken in one event; the second hears of both from the beginning.
    for (known, stops) in [(1, true), (2, false)] {
        let (sender, commands) = mpsc::unbounded_channel();
        for (events, who) in [(1, "before"), (2, "meanwhile")].into_iter().take(known) {
            sender.send(Batch { events, actions: vec![action(who)] }).unwrap();
        }
        let stop = Stop::default();
        let speed = if stops { Speed::Times(86_400.0 * 5.0) } else { Speed::Max };
        let run = Run {
            folder: folder.path(),
            disk: System,
            speed,
            on_stop: OnStop::Keep,
            commands: Some(commands),
        };
        let ended = thread::scope(|scope| {
            scope.spawn(|| {
                pause(400_000);
                if stops {
                    stop.ask();
                }
            });
            run.run(&prepared, &stop).unwrap()
        });
        assert_eq!(ended.complete, !stops);
    }
    let journal = check_journal(folder.path());
    let rebalanced = journal.iter().filter(|line| line["event"] == "capital_rebalanced");
    let who: Vec<&str> = rebalanced.map(|line| line["who"].as_str().unwrap()).collect();
    assert_eq!(who.iter().filter(|who| **who == "before").count(), 1, "{who:?}");
    assert_eq!(who.iter().filter(|who| **who == "meanwhile").count(), 1, "{who:?}");
}
