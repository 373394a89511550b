//! What an engine saw at its last decision and what became of it, for people and as documents.

mod chain;
mod chain_document;
mod document;

use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use hemiola_components::journal::Event;
use hemiola_components::market::Bars;
use hemiola_components::order::{Order, OrderSize};
use hemiola_components::reading::Reading;
use hemiola_components::schedule::Sizing;
use hemiola_components::signal::{Signal, SignalKind};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::Notional;
use hemiola_systems::signals::explain::Question;

use crate::config::plan::{Plan, SchedulePlan};
use crate::instant;
use crate::modes::explain::{Emission, Reason, Seen, View};

pub use chain::chain_text;
pub use chain_document::chain_document;
pub use document::document;

/// One view as text.
#[must_use]
pub fn text(plan: &Plan, question: Question, view: &View) -> String {
    let mut page = Page { plan, schedule: &plan.schedules[question.schedule.get()], text: String::new() };
    page.head(view.instrument, view.second_leg);
    match &view.seen {
        Ok(seen) => page.seen(view, seen),
        Err(reasons) => page.silence(question, reasons),
    }
    match &view.emitted {
        Some(emission) => page.emission(emission),
        None if view.seen.is_ok() => page.line("signal", "none"),
        None => {}
    }
    page.text
}

/// Lines of a heading and a text each, about a schedule.
struct Page<'a> {
    plan: &'a Plan,
    schedule: &'a SchedulePlan,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, name: &str, value: &str) {
        writeln!(self.text, "{name:<14}{value}").expect("a String takes all text");
    }

    fn head(&mut self, instrument: usize, second_leg: Option<usize>) {
        let strategy = &self.plan.strategies[self.schedule.strategy];
        self.line("schedule", &self.schedule.name);
        self.line("strategy", &format!("{}, engine {}", strategy.name, strategy.engine));
        let name = |index: usize| self.plan.instruments[index].name();
        let second = second_leg.map_or(String::new(), |second| format!(" against {}", name(second)));
        self.line("instrument", &format!("{}{second}", name(instrument)));
    }

    fn seen(&mut self, view: &View, seen: &Seen) {
        let Seen { explanation, bars, bar, .. } = seen;
        self.line("decided at", &instant::text(explanation.due));
        self.candle(bars, *bar);
        self.line("position", &position(view, seen));
        self.line("share", &self.share(seen));
        self.readings(&explanation.readings);
    }

    fn candle(&mut self, bars: &Bars, bar: usize) {
        let prices = [("open", &bars.open), ("high", &bars.high), ("low", &bars.low), ("close", &bars.close)];
        let mut candle = format!("{} {}:", instant::text(bars.open_time[bar]), self.schedule.interval);
        for (name, column) in prices.into_iter().chain([("volume", &bars.volume)]) {
            write!(candle, " {name} {},", number(column[bar])).expect("a String takes all text");
        }
        self.line("candle", candle.trim_end_matches(','));
    }

    fn share(&self, seen: &Seen) -> String {
        let quote = &self.plan.valuation;
        let (share, equity) = (number(seen.share), number(seen.equity.get()));
        let size = match (self.schedule.sizing, budget(self.schedule, seen)) {
            (Sizing::Base(quantity), _) => format!("an entry is {} base units", number(quantity.get())),
            (Sizing::AllIn, _) => "an entry takes all free cash".to_owned(),
            (_, Some(budget)) => format!("budget {} {quote} an instrument", number(budget.get())),
            (_, None) => String::new(),
        };
        format!("{share} of {equity} {quote}; {size}")
    }

    fn readings(&mut self, readings: &[Reading]) {
        if readings.is_empty() {
            return self.line("readings", "none: this engine does not say what it looks at");
        }
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["reading", "value", "needs", "holds"]);
        for Reading { name, value, test } in readings {
            let needs =
                test.map_or(String::new(), |test| format!("{} {}", test.comparison, number(test.limit)));
            let holds = test.map_or("", |test| if test.holds { "yes" } else { "no" });
            table.add_row([*name, &number(*value), &needs, holds]);
        }
        for column in table.column_iter_mut().skip(1).take(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(self.text, "{table}").expect("a String takes all text");
    }

    fn silence(&mut self, Question { after, until, .. }: Question, reasons: &[Reason]) {
        let stretch = format!("after {}, up to {}", instant::text(after), instant::text(until));
        self.line("no decision", &stretch);
        for reason in reasons {
            self.line("because", &because(self.plan, self.schedule.interval, reason));
        }
    }

    fn emission(&mut self, Emission { at, signal, outcome }: &Emission) {
        self.signal(*at, signal);
        for event in outcome {
            if let Some((name, text)) = became(self.plan, event) {
                self.line(name, &text);
            }
        }
    }

    fn signal(&mut self, at: Nanos, signal: &Signal) {
        let mut text = format!("{} at {}", signal.kind.name(), instant::text(at));
        match signal.kind {
            SignalKind::Target(fraction) => add(&mut text, "target", fraction.get()),
            SignalKind::Delta(quantity) => add(&mut text, "change", quantity.get()),
            SignalKind::Enter(_) | SignalKind::Exit => {}
        }
        add(&mut text, "confidence", signal.confidence.get());
        self.line("signal", &text);
        self.labels(signal);
        if let Some(protection) = signal.protection() {
            let mut text = number(protection.stop.get());
            add(&mut text, "average true range", protection.atr);
            self.line("stop", &text);
        }
        let reasons = signal.reasons();
        let mut numbers = reasons.metadata.iter().map(|(name, value)| format!("{name} {}", number(value)));
        if let Some(first) = numbers.next() {
            self.line("numbers", &numbers.fold(first, |all, one| format!("{all}, {one}")));
        }
        for leg in signal.legs().iter().flatten() {
            let [quantity, price] = [leg.quantity.get(), leg.price.get()].map(number);
            self.line("leg", &format!("{} {quantity} at {price}", leg.side.name()));
        }
    }

    /// What the engine calls its signal, where that says more than the kind.
    fn labels(&mut self, signal: &Signal) {
        let reasons = signal.reasons();
        if reasons.side != signal.kind.name() {
            self.line("side", reasons.side);
        }
        if !reasons.regime.is_empty() {
            self.line("regime", reasons.regime);
        }
    }
}

fn position(view: &View, seen: &Seen) -> String {
    let holding = &seen.explanation.holding;
    let mut text = if holding.quantity.get() == 0.0 {
        "flat".to_owned()
    } else {
        let mut text = number(holding.quantity.get());
        add(&mut text, "average price", holding.average_price.get());
        if let Some(stop) = holding.stop {
            add(&mut text, "stop", stop.get());
        }
        text
    };
    if view.second_leg.is_some() {
        add(&mut text, "second leg", seen.explanation.hedge.get());
    }
    text
}

fn add(text: &mut String, name: &str, value: f64) {
    write!(text, ", {name} {}", number(value)).expect("a String takes all text");
}

/// The full position of an instrument in quote currency, where the schedule's sizing says so.
pub(super) fn budget(schedule: &SchedulePlan, seen: &Seen) -> Option<Notional> {
    match schedule.sizing {
        Sizing::Weight => {
            let budget = seen.share * seen.equity.get() / schedule.instruments.len() as f64;
            Some(Notional::new(budget))
        }
        Sizing::Quote(amount) => Some(amount),
        Sizing::Base(_) | Sizing::AllIn => None,
    }
}

/// A reason as a sentence.
pub(super) fn because(plan: &Plan, interval: Interval, reason: &Reason) -> String {
    match reason {
        Reason::BeforeTheRun { start } => format!("the run begins at {}", instant::text(*start)),
        Reason::AfterTheRun { end } => format!("the run ends at {}", instant::text(*end)),
        Reason::WarmingUp { given, wanted } => {
            format!("still warming up: {given} of {wanted} candles that never decide have closed")
        }
        Reason::NoCandle { last, next } => {
            let close = |when: &str, at: &Option<Nanos>| match at {
                Some(at) => format!("the {when} close is at {}", instant::text(*at)),
                None => format!("there is no {when} one"),
            };
            format!("no {interval} candle closed: {}, {}", close("last", last), close("next", next))
        }
        Reason::OrderAtVenue { order, answered } => {
            let answered = match answered {
                Some(at) => format!("until {}", instant::text(*at)),
                None => "and is not answered yet".to_owned(),
            };
            let sent = instant::text(order.at);
            format!("an order is at the venue since {sent} {answered}: {}", asked(plan, order))
        }
        Reason::NotDue { next } => {
            format!("the schedule is not due: the next instant of its cadence is {}", instant::text(*next))
        }
    }
}

/// What an order asks for.
fn asked(plan: &Plan, order: &Order) -> String {
    let instrument = &plan.instruments[order.instrument.get()];
    let (side, name, mark) = (order.side.name(), instrument.name(), number(order.reference.get()));
    let size = match order.size {
        OrderSize::Base(quantity) => number(quantity.get()),
        OrderSize::Quote(amount) => format!("for {} {} of", number(amount.get()), instrument.quote),
        OrderSize::Spend(amount) => {
            format!("for {} {} with the fee of", number(amount.get()), instrument.quote)
        }
    };
    let terms = order.kind.price().map(|price| format!(", {} {}", order.kind.name(), number(price.get())));
    format!("{side} {size} {name}, mark {mark}{}", terms.unwrap_or_default())
}

/// What became of a signal: a heading and a text.
fn became(plan: &Plan, event: &Event) -> Option<(&'static str, String)> {
    let name = |index: usize| plan.instruments[index].name();
    Some(match event {
        Event::Order(order) => ("order", asked(plan, order)),
        Event::Unchanged { instrument, .. } => {
            ("unchanged", format!("{} is already held as wanted", name(instrument.get())))
        }
        Event::Refused { instrument, refusal, .. } => {
            let [value, limit, headroom] = [refusal.value, refusal.limit, refusal.headroom].map(number);
            let (name, rule) = (name(instrument.get()), refusal.rule.name());
            ("refused", format!("{name} by {rule}: value {value}, limit {limit}, headroom {headroom}"))
        }
        Event::Adjusted { instrument, refusal, quantity, .. } => {
            let [value, limit, quantity] = [refusal.value, refusal.limit, quantity.get()].map(number);
            let (name, rule) = (name(instrument.get()), refusal.rule.name());
            ("adjusted", format!("{name} to {quantity} by {rule}: value {value}, limit {limit}"))
        }
        Event::Fill { fill, .. } => {
            let [quantity, price, fee] = [fill.quantity.get(), fill.price.get(), fill.fee.get()].map(number);
            ("fill", format!("{quantity} {} at {price}, fee {fee}", name(fill.order.instrument.get())))
        }
        Event::Unfilled(_) => ("unfilled", "the run ends before the order can fill".to_owned()),
        Event::Signal(_)
        | Event::Weight { .. }
        | Event::Latch { .. }
        | Event::Alert { .. }
        | Event::Borrow { .. }
        | Event::Control(_)
        | Event::DayClose { .. } => return None,
    })
}

/// Up to ten significant digits, without an exponent unless the number is absurd.
fn number(value: f64) -> String {
    const PLAIN: std::ops::Range<f64> = 1e-12..1e16;
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    if rounded == 0.0 {
        "0".to_owned()
    } else if PLAIN.contains(&rounded.abs()) || !rounded.is_finite() {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_ten_digits_at_most_and_no_exponent_at_ordinary_sizes() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (0.1 + 0.2, "0.3"),
            (-1.0 / 3.0, "-0.3333333333"),
            (2.0 / 3.0 * 1e-7, "0.00000006666666667"),
            (67_890.123_456_789, "67890.12346"),
            (123_456_789_012.0, "123456789000"),
            (1e300, "1e300"),
            (1.25e-13, "1.25e-13"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(number(value), expected);
        }
    }
}
