//! `multi_strategy_schedulers.<name>`.

use std::collections::{BTreeMap, BTreeSet};

use hemiola_components::control::OperatorAction;
use hemiola_components::order::{EntryKind, EntryOrder, TimeInForce};
use hemiola_components::schedule::{Cadence, OnSuspend, Sizing, TradingWindow};
use hemiola_components::time::{Interval, Nanos};
use hemiola_components::units::{Bps, Notional, Quantity};

use super::policy::Capital;
use super::{Profile, Strategy, fallback, limits, window};
use crate::config::problem::{Place, quoted};
use crate::config::rules::warn_of_repetitions;
use crate::config::shape::scheduler::ON_SUSPEND;
use crate::config::tokens::Token;
use crate::config::view::View;

/// What a scheduler may refer to.
pub(crate) struct Context<'m> {
    /// In the order of the file.
    pub(crate) strategies: Vec<&'m str>,
    pub(crate) strategy_names: BTreeSet<&'m str>,
    pub(crate) risk_profiles: Vec<&'m str>,
    /// Tags by strategy.
    tags: BTreeMap<&'m str, &'m [String]>,
}

impl<'m> Context<'m> {
    pub(super) fn new(strategies: &'m [Strategy], risk_profiles: &'m [Profile]) -> Self {
        let name = |strategy: &'m Strategy| strategy.name.as_str();
        Self {
            strategies: strategies.iter().map(name).collect(),
            strategy_names: strategies.iter().map(name).collect(),
            risk_profiles: risk_profiles.iter().map(|profile| profile.limits.name.as_str()).collect(),
            tags: strategies.iter().map(|one| (name(one), one.definition.tags.as_slice())).collect(),
        }
    }

    /// The tags of the strategies that schedules run.
    pub(super) fn tags_of<'s>(&'s self, schedules: &'s [Schedule]) -> impl Iterator<Item = &'m str> + 's {
        let tags = schedules.iter().filter_map(|schedule| self.tags.get(schedule.strategy.as_str()));
        tags.flat_map(|tags| tags.iter().map(String::as_str))
    }
}

/// Schedules that share an account.
#[derive(Clone, Debug)]
pub(crate) struct Scheduler {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) telemetry_namespace: String,
    pub(crate) capital: Capital,
    pub(crate) cool_down: Option<Nanos>,
    /// The name of its governor.
    pub(crate) governor: Option<String>,
    /// What holds from the start, in the order of application: limits, then suspensions.
    pub(crate) initial: Vec<OperatorAction>,
    pub(crate) schedules: Vec<Schedule>,
    /// Who may control it; anybody when there are none.
    pub(crate) tokens: Vec<Token>,
}

/// When a strategy runs, on what and with how much.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) strategy: String,
    pub(crate) interval: Interval,
    pub(crate) cadence: Cadence,
    pub(crate) warmup_bars: usize,
    pub(crate) max_signals: u32,
    pub(crate) risk_profile: Option<String>,
    pub(crate) sizing: Sizing,
    /// How entries go to the market, and where the file says so.
    pub(crate) entry_order: Option<(EntryOrder, Place)>,
    pub(crate) instruments: Option<InstrumentList>,
    pub(crate) priority: i32,
    pub(crate) max_drift: Nanos,
    pub(crate) windows: Vec<TradingWindow>,
    /// Names of schedules, and where they stand.
    pub(crate) fallbacks: Vec<(String, Place)>,
    pub(crate) on_suspend: OnSuspend,
    pub(crate) metrics: BTreeMap<String, f64>,
}

/// Instruments a schedule names itself.
#[derive(Clone, Debug)]
pub(crate) struct InstrumentList {
    pub(crate) place: Place,
    /// `NAME` or `venue:NAME`.
    pub(crate) names: Vec<(String, Place)>,
}

impl Scheduler {
    pub(super) fn decode(field: &View<'_>, context: &Context<'_>) -> Self {
        let schedules: Vec<_> =
            field.map("schedules").iter().map(|field| Schedule::decode(field, context)).collect();
        fallback::check(&schedules, field.problems);
        let policy = field.get("capital_policy");
        let capital = policy.map(|policy| Capital::decode(&policy, &schedules, context)).unwrap_or_default();
        let namespace = field.text("telemetry_namespace").map(ToOwned::to_owned);
        Self {
            name: field.name.to_owned(),
            place: field.key_place(),
            telemetry_namespace: namespace.unwrap_or_else(|| format!("scheduler.{}", field.name)),
            cool_down: field.seconds("allocation_rebalance_seconds").or(capital.rebalance),
            capital,
            governor: field.text("portfolio_governor").map(ToOwned::to_owned),
            initial: limits::initial(field, &schedules, context),
            schedules,
            tokens: field.items_of("rbac_tokens").iter().map(token).collect(),
        }
    }
}

fn token(field: &View<'_>) -> Token {
    let text = |key: &str| field.text(key).map(ToOwned::to_owned);
    Token {
        id: text("token_id").unwrap_or_default(),
        variable: text("token_env"),
        value: text("token_value"),
        hash: text("token_hash"),
        scopes: field.texts("scopes"),
    }
}

impl Schedule {
    fn decode(field: &View<'_>, context: &Context<'_>) -> Self {
        let strategy = field.text("strategy").unwrap_or(field.name);
        if !field.has("strategy") && !context.strategy_names.contains(field.name) {
            let message =
                format!("no strategy is called {} as well: name one with `strategy`", quoted(field.name));
            let known = context.strategies.iter().copied();
            field.problems.unknown(&field.key_place(), "unknown_reference", message, field.name, known);
        }
        let interval = field.candle("interval");
        Self {
            name: field.name.to_owned(),
            place: field.key_place(),
            strategy: strategy.to_owned(),
            cadence: Cadence {
                every: field.seconds("cadence_seconds").unwrap_or(interval.length()),
                offset: field.seconds("offset_seconds").unwrap_or_default(),
            },
            interval,
            warmup_bars: field.count("warmup_bars") as usize,
            max_signals: field.count("max_signals"),
            risk_profile: field.text("risk_profile").map(ToOwned::to_owned),
            entry_order: field
                .get("entry_order")
                .map(|order| (decode_entry_order(&order, interval), order.key_place())),
            sizing: field.get("sizing").map(|sizing| decode_sizing(&sizing)).unwrap_or_default(),
            instruments: field.get("instruments").map(|list| InstrumentList::decode(&list)),
            priority: field.whole("priority"),
            max_drift: field.seconds("max_drift_seconds").unwrap_or_default(),
            windows: window::windows(field),
            fallbacks: fallbacks(field),
            on_suspend: match field.text("on_suspend") {
                Some(word) if word == ON_SUSPEND[1] => OnSuspend::Flatten,
                _ => OnSuspend::Hold,
            },
            metrics: field
                .map("metrics")
                .iter()
                .filter_map(|metric| Some((metric.name.to_owned(), metric.own_number()?)))
                .collect(),
        }
    }
}

fn fallbacks(field: &View<'_>) -> Vec<(String, Place)> {
    let items = field.items_of("fallback_schedules");
    warn_of_repetitions(&items, "schedule", |item| item.node.text());
    items.iter().filter_map(|item| Some((item.node.text()?.to_owned(), item.place()))).collect()
}

fn decode_entry_order(field: &View<'_>, interval: Interval) -> EntryOrder {
    let post_only = field.flag("post_only");
    let kind = match field.text("type") {
        Some("limit") => EntryKind::Limit { post_only },
        Some("stop") => EntryKind::Stop,
        _ => EntryKind::Market,
    };
    if post_only && kind != (EntryKind::Limit { post_only }) {
        let message = format!("only a limit order can be `post_only`, not a {} order", kind.name());
        field.problems.error(&field.key_place(), "conflict", message);
    }
    let times = [TimeInForce::UntilFilled, TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill];
    let named = |time: &TimeInForce| field.text("time_in_force") == Some(time.name());
    EntryOrder {
        kind,
        offset: Bps::new(field.number_or_zero("offset_bps")).ratio(),
        time_in_force: times.into_iter().find(named).unwrap_or_default(),
        good_for: field.seconds("good_for").unwrap_or(interval.length()),
    }
}

fn decode_sizing(field: &View<'_>) -> Sizing {
    match field.node.text() {
        Some("all_in") => return Sizing::AllIn,
        Some(_) => return Sizing::Weight,
        None => {}
    }
    match (field.get("quote"), field.get("base")) {
        (Some(_), Some(base)) => {
            let message = "says the same as `quote`: keep one of them".to_owned();
            field.problems.error(&base.key_place(), "conflict", message);
            Sizing::Weight
        }
        (Some(_), None) => Sizing::Quote(Notional::new(field.number_or_zero("quote"))),
        (None, Some(_)) => Sizing::Base(Quantity::new(field.number_or_zero("base"))),
        (None, None) => {
            if !field.has("quote") && !field.has("base") {
                field.missing("quote");
            }
            Sizing::Weight
        }
    }
}

impl InstrumentList {
    fn decode(field: &View<'_>) -> Self {
        let mut names: Vec<(String, Place)> = Vec::new();
        let items = field.items();
        if items.is_empty() {
            field.error("empty", "the list of instruments is empty: name some, or remove it to use all");
        }
        for item in items {
            let Some(name) = item.node.text() else { continue };
            if names.iter().any(|(earlier, _)| earlier == name) {
                item.error("conflict", format!("{} is in the list already", quoted(name)));
            }
            names.push((name.to_owned(), item.place()));
        }
        Self { place: field.key_place(), names }
    }
}
