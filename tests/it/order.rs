//! The order of the systems is written once and holds however they are added.

use bevy_ecs::prelude::{IntoScheduleConfigs, Query, World};
use hemiola::assembly::Options;
use hemiola::assembly::assemble;
use hemiola_components::portfolio::Desk;
use hemiola_systems::pass::Phase;
use hemiola_systems::schedule::systems;
use hemiola_systems::signals::catalog::Catalog;

use crate::support::{external, market, minutes, plan, schedule, sma};

const ORDER: [&str; 8] =
    ["ingest", "run<ExternalSignals>", "run<SmaCross>", "allocate", "gate", "accept", "journal", "advance"];

fn short(name: &str) -> String {
    let (path, generic) = name.split_once('<').map_or((name, None), |(path, generic)| (path, Some(generic)));
    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).to_owned();
    match generic {
        Some(generic) => format!("{}<{}", last(path), last(generic)),
        None => last(path),
    }
}

#[test]
fn systems_run_in_the_written_order_under_any_insertion() {
    let plan = plan(
        &["A"],
        vec![sma("s", 1.0, 2.0), external("x")],
        vec![schedule("a", 0, &[0]), schedule("b", 1, &[0])],
    );
    let market = market(&plan, &[minutes(&[(1.0, 1.0), (1.0, 2.0), (2.0, 1.0)])]);
    for shuffle in (0..50).map(Some).chain([None]) {
        let options = Options { shuffle, ..Options::default() };
        let (runtime, _) = assemble(&[(&plan, &market)], &Catalog::built_in(), options).unwrap();
        let order: Vec<String> = runtime.order().iter().map(|name| short(name)).collect();
        assert_eq!(order, ORDER, "shuffled by {shuffle:?}");
    }
}

#[test]
#[should_panic(expected = "intruder")]
fn a_second_writer_in_a_phase_is_refused_by_name() {
    fn intruder(_: Query<&mut Desk>) {}
    let mut schedule = systems(&[]).schedule(None);
    schedule.add_systems(intruder.in_set(Phase::Risk));
    let mut world = World::new();
    let built = schedule.initialize(&mut world).map(drop);
    built.unwrap_or_else(|error| panic!("{}", error.to_string(schedule.graph(), &world)));
}
