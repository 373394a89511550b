//! `fallback_schedules`: who stands in for whom.

use std::collections::BTreeMap;

use super::scheduler::Schedule;
use crate::config::problem::{Problems, listed, quoted};

/// How far the search for circles is with a schedule.
#[derive(Clone, Copy, PartialEq)]
enum Search {
    Ahead,
    Open,
    Done,
}

/// Reports names that no schedule here has, and schedules that stand in for themselves, be it through others.
pub(super) fn check(schedules: &[Schedule], problems: &Problems) {
    let places: BTreeMap<&str, usize> =
        schedules.iter().enumerate().map(|(place, schedule)| (schedule.name.as_str(), place)).collect();
    let known = || schedules.iter().map(|schedule| schedule.name.as_str());
    for (name, place) in schedules.iter().flat_map(|schedule| &schedule.fallbacks) {
        if !places.contains_key(name.as_str()) {
            let message = format!("there is no schedule {} here (known: {})", quoted(name), listed(known()));
            problems.unknown(place, "unknown_reference", message, name, known());
        }
    }
    check_circles(schedules, &places, problems);
}

fn check_circles(schedules: &[Schedule], places: &BTreeMap<&str, usize>, problems: &Problems) {
    let mut search = vec![Search::Ahead; schedules.len()];
    for start in 0..schedules.len() {
        if search[start] != Search::Ahead {
            continue;
        }
        search[start] = Search::Open;
        // The way from the start, each schedule with the next of its fallbacks.
        let mut way = vec![(start, 0)];
        while let Some((schedule, next)) = way.last_mut() {
            let (schedule, fallback) = (*schedule, schedules[*schedule].fallbacks.get(*next));
            *next += 1;
            let Some((name, place)) = fallback else {
                search[schedule] = Search::Done;
                way.pop();
                continue;
            };
            let Some(&target) = places.get(name.as_str()) else { continue };
            match search[target] {
                Search::Ahead => {
                    search[target] = Search::Open;
                    way.push((target, 0));
                }
                Search::Open => {
                    let circle = way.iter().map(|(one, _)| *one).skip_while(|one| *one != target);
                    let circle: Vec<_> = circle.map(|one| schedules[one].name.as_str()).collect();
                    let message = format!(
                        "{} would stand in for itself (by way of {}): remove it here",
                        quoted(name),
                        listed(circle)
                    );
                    problems.error(place, "circle", message);
                }
                Search::Done => {}
            }
        }
    }
}
