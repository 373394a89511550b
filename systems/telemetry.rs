//! Counters: what each schedule has done.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use hemiola_components::id::ScheduleIndex;
use hemiola_components::journal::{Event, Record};
use hemiola_components::metric::Metrics;
use hemiola_components::portfolio::Desk;
use hemiola_components::schedule::Telemetry;

/// Counts what has been journaled.
pub(crate) fn count(
    records: &[Record],
    desks: &[Desk],
    schedules: &mut Query<(&mut Telemetry, &mut Metrics)>,
) -> Result<(), BevyError> {
    let owner = |record: &Record| Some((record.portfolio, counter(&record.event)?.0));
    for records in records.chunk_by(|one, next| owner(one) == owner(next)) {
        let Some((portfolio, schedule)) = owner(&records[0]) else { continue };
        let schedule = desks[portfolio.get()].agenda.schedules[schedule.get()];
        let (mut counts, mut metrics) = schedules.get_mut(schedule)?;
        for Record { at, event, .. } in records {
            if let Some((_, Some(counter))) = counter(event) {
                *counter(&mut counts) += 1;
            }
            if let Event::Signal(emitted) = event
                && emitted.kept
            {
                metrics.take(*at, &emitted.signal);
            }
        }
    }
    Ok(())
}

type Counter = fn(&mut Telemetry) -> &mut u64;

/// Whose record it is, and what counts it; `None` when it is no schedule's.
fn counter(event: &Event) -> Option<(ScheduleIndex, Option<Counter>)> {
    let (schedule, counter): (_, Counter) = match event {
        Event::Signal(emitted) => (emitted.schedule, |counts| &mut counts.signals),
        Event::Unchanged { schedule, .. } => (*schedule, |counts| &mut counts.unchanged),
        Event::Refused { schedule, .. } => (*schedule, |counts| &mut counts.refusals),
        Event::Order(order) => (order.schedule, |counts| &mut counts.orders),
        Event::Fill { fill, .. } if !fill.ends_order() => return Some((fill.order.schedule, None)),
        Event::Fill { fill, .. } => (fill.order.schedule, |counts| &mut counts.fills),
        Event::Unfilled(order) => (order.schedule, |counts| &mut counts.unfilled),
        Event::Weight { schedule, .. }
        | Event::Borrow { schedule, .. }
        | Event::Adjusted { schedule, .. } => {
            return Some((*schedule, None));
        }
        Event::Latch { .. } | Event::Alert { .. } | Event::Control(_) | Event::DayClose { .. } => {
            return None;
        }
    };
    Some((schedule, Some(counter)))
}
