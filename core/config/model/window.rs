//! `windows` of a schedule: when it may enter.

use hemiola_components::schedule::TradingWindow;
use hemiola_components::time::Nanos;

use crate::config::problem::quoted;
use crate::config::rules::warn_of_repetitions;
use crate::config::shape::scheduler::DAYS;
use crate::config::view::View;

const EVERY_DAY: u8 = 0b111_1111;

pub(super) fn windows(schedule: &View<'_>) -> Vec<TradingWindow> {
    schedule.items_of("windows").iter().map(decode).collect()
}

fn decode(field: &View<'_>) -> TradingWindow {
    let days = field.items_of("days");
    warn_of_repetitions(&days, "day", |day| day.node.text());
    let (from, to) = (field.time_of_day("from"), field.time_of_day("to"));
    if let Some(end) = field.get("to").filter(|_| from == to) {
        let time = quoted(end.node.text().unwrap_or_default());
        let message = format!("begins and ends at {time}: remove `to` for the rest of the day");
        end.error("empty_window", message);
    }
    let bit = |day: &View<'_>| DAYS.iter().position(|known| Some(*known) == day.node.text());
    let named = days.iter().filter_map(bit).fold(0, |days, place| days | 1 << place);
    TradingWindow {
        days: if named == 0 { EVERY_DAY } else { named },
        from: from.unwrap_or_default(),
        to: to.unwrap_or(Nanos::DAY),
    }
}
