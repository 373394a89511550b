//! Phase 7, Telemetry: what each schedule has done.

use bevy_ecs::error::BevyError;
use bevy_ecs::prelude::Query;
use bevy_ecs::system::InMut;
use hemiola_components::journal::Event;
use hemiola_components::metric::Metrics;
use hemiola_components::portfolio::Agenda;
use hemiola_components::schedule::Telemetry;

use crate::pass::{Phase, Systems, When};
use crate::queue::Queue;

/// Adds the phase's counting system.
pub fn add_to(systems: &mut Systems) {
    systems.add(Phase::Telemetry, When::Journaled, count);
}

pub(crate) fn count(
    InMut(queue): InMut<Queue>,
    agendas: Query<&Agenda>,
    mut schedules: Query<(&mut Telemetry, &mut Metrics)>,
) -> Result<(), BevyError> {
    let Queue { outbox, portfolios, journaled, .. } = queue;
    let fresh = outbox.records.len() - std::mem::take(journaled);
    for record in &outbox.records[fresh..] {
        type Counter = fn(&mut Telemetry) -> &mut u64;
        let (index, counter): (_, Counter) = match &record.event {
            Event::Signal(emitted) => (emitted.schedule, |counts| &mut counts.signals),
            Event::Unchanged { schedule, .. } => (*schedule, |counts| &mut counts.unchanged),
            Event::Refused { schedule, .. } => (*schedule, |counts| &mut counts.refusals),
            Event::Order(order) => (order.schedule, |counts| &mut counts.orders),
            Event::Fill { fill, .. } => (fill.order.schedule, |counts| &mut counts.fills),
            Event::Unfilled(order) => (order.schedule, |counts| &mut counts.unfilled),
            Event::Weight { .. } | Event::DayClose { .. } => continue,
        };
        let agenda = agendas.get(portfolios[record.portfolio.get()])?;
        let (mut counts, mut metrics) = schedules.get_mut(agenda.schedules[index.get()])?;
        *counter(&mut counts) += 1;
        if let Event::Signal(emitted) = &record.event {
            metrics.take(&emitted.signal);
        }
    }
    Ok(())
}
