//! What is not a snapshot of this run is refused, by name.

use hemiola::assembly::{Options, Window, assemble};
use hemiola::config::plan::Plan;
use hemiola::snapshot::{Saved, SnapshotError, restore};
use hemiola_systems::signals::catalog::Catalog;
use sha2::{Digest as _, Sha256};

use super::{Flat, ON, RUN, Session, swinging};

/// A snapshot of it after so many candles.
fn snapshot(candles: usize) -> (Plan, Vec<u8>) {
    let Flat { plan, known, later, window } = swinging(candles);
    let mut session = Session::new(&plan, &known, window);
    session.run(&later, &[], &ON);
    let bytes = session.bytes(0);
    (plan, bytes)
}

#[test]
fn whatever_is_changed_in_a_snapshot_it_is_refused() {
    let (_, bytes) = snapshot(80);
    Saved::from_bytes(&bytes, RUN).unwrap();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        let error = Saved::from_bytes(&flipped, RUN).unwrap_err();
        let expected = match place {
            0..16 => matches!(error, SnapshotError::NotASnapshot),
            20..28 => matches!(error, SnapshotError::Damaged | SnapshotError::Cut { .. }),
            _ => matches!(error, SnapshotError::Damaged),
        };
        assert!(expected, "{place}: {error}");
    }
    for length in 0..bytes.len() {
        let error = Saved::from_bytes(&bytes[..length], RUN).unwrap_err();
        assert!(matches!(error, SnapshotError::Cut { .. }), "{length}: {error}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(Saved::from_bytes(&longer, RUN), Err(SnapshotError::Damaged)));
    assert!(matches!(Saved::from_bytes(b"PAR1, something else", RUN), Err(SnapshotError::NotASnapshot)));
}

/// What a world is of, and a change of it.
type Change = (&'static str, fn(&mut Plan));

/// Changes a snapshot and makes its hash fit again.
fn forged(bytes: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = bytes[..bytes.len() - 32].to_vec();
    change(&mut bytes);
    bytes.extend_from_slice(&Sha256::digest(&bytes));
    bytes
}

#[test]
fn a_snapshot_of_something_else_is_refused_by_name() {
    let (plan, bytes) = snapshot(80);
    let refusal = |bytes: &[u8], run| Saved::from_bytes(bytes, run).unwrap_err().to_string();
    assert_eq!(
        refusal(&bytes, "another run"),
        "the snapshot is of run `a run`, not of `another run`: use one from this run's folder"
    );
    let of_form = |form: u32| forged(&bytes, |bytes| bytes[16..20].copy_from_slice(&form.to_le_bytes()));
    assert_eq!(
        refusal(&of_form(0), RUN),
        "the snapshot has form 0, older than the 1 of this program: replay the input log from its beginning"
    );
    assert_eq!(
        refusal(&of_form(2), RUN),
        "the snapshot has form 2, newer than the 1 of this program: use a newer program"
    );
    let by_another = forged(&bytes, |bytes| bytes[29] = b'9');
    assert!(refusal(&by_another, RUN).starts_with("the snapshot was written by version 9"));
    let nonsense = forged(&bytes, |bytes| bytes[60..].fill(0xff));
    assert!(matches!(Saved::from_bytes(&nonsense, RUN), Err(SnapshotError::Unreadable(_))));

    let (saved, _) = Saved::from_bytes(&bytes, RUN).unwrap();
    let of = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        restore(&plan, &Catalog::built_in(), &saved).map(drop)
    };
    assert!(of(&|_| ()).is_ok());
    let changes: [Change; 4] = [
        ("scheduler", |plan| plan.scheduler.push('2')),
        ("instruments", |plan| plan.instruments[0].symbol.push('2')),
        ("schedules", |plan| plan.schedules[0].name.push('2')),
        ("engines", |plan| plan.strategies[0].engine = "grid_trading".into()),
    ];
    for (what, change) in changes {
        assert!(matches!(of(&change), Err(SnapshotError::OtherPlan(named)) if named == what), "{what}");
    }
}

#[test]
fn what_cannot_be_saved_is_said() {
    let Flat { plan, known, later, window } = swinging(80);
    let options = Options { window: Window { to: window.to, ..Window::default() }, ..Options::default() };
    let (backtest, _) = assemble(&[(&plan, &known)], &Catalog::built_in(), options).unwrap();
    assert!(matches!(backtest.save(0), Err(SnapshotError::NotGrowing)));
    let mut session = Session::new(&plan, &known, window);
    for (at, arrivals) in later {
        session.runtime.grow(&arrivals, at).unwrap();
        session.runtime.step_to(at).unwrap();
        if !session.runtime.outbox().records.is_empty() {
            break;
        }
    }
    assert!(matches!(session.runtime.save(0), Err(SnapshotError::NotTakenOut)));
    session.take();
    session.interrupt(0);
}
