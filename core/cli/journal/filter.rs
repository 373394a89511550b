//! Which records are meant.

use std::collections::BTreeSet;

use clap::Args;
use hemiola_components::time::Nanos;

use super::record::Record;
use crate::cli::say;
use crate::cli::sched::{Name, name};
use crate::config::{listed, nearest};
use crate::exit::{Exit, Failure};
use crate::instant;

#[derive(Debug, Args)]
pub(super) struct Filters {
    /// Only records of this schedule, or of one of several.
    #[arg(long, value_name = "NAME", value_parser = name)]
    schedule: Vec<Name>,
    /// Only records of this strategy.
    #[arg(long, value_name = "NAME", value_parser = name)]
    strategy: Vec<Name>,
    /// Only records of this symbol, `BTC_USDT` or `binance:BTC_USDT`.
    #[arg(long, value_name = "SYMBOL", value_parser = name)]
    symbol: Vec<Name>,
    /// Only records of this rule, such as `max_positions`.
    #[arg(long, value_name = "RULE", value_parser = name)]
    rule: Vec<Name>,
    /// Only records of this event, such as `order_executed`.
    #[arg(long, value_name = "EVENT", value_parser = name)]
    event: Vec<Name>,
    /// Only records of this instant or a later one. A date or RFC 3339.
    #[arg(long, value_name = "INSTANT")]
    from: Option<String>,
    /// Only records of this instant or an earlier one.
    #[arg(long, value_name = "INSTANT")]
    to: Option<String>,
}

/// The names that a field may have.
#[derive(Debug)]
struct Wanted {
    field: &'static str,
    names: Vec<String>,
    /// What records had there, for near matches.
    seen: BTreeSet<String>,
}

/// Tells the records that are meant from others.
#[derive(Debug)]
pub(super) struct Filter {
    wanted: Vec<Wanted>,
    from: Option<Nanos>,
    to: Option<Nanos>,
}

impl Filters {
    pub(super) fn read(&self) -> Result<Filter, Failure> {
        let names = [
            ("schedule", &self.schedule),
            ("strategy", &self.strategy),
            ("symbol", &self.symbol),
            ("rule", &self.rule),
            ("event", &self.event),
        ];
        let wanted = names.into_iter().filter(|(_, names)| !names.is_empty()).map(|(field, names)| {
            let names = names.iter().map(|Name(name)| name.clone()).collect();
            Wanted { field, names, seen: BTreeSet::new() }
        });
        let instant = |option: &str, text: &Option<String>| {
            let read = text.as_deref().map(instant::parse).transpose();
            read.map_err(|error| Failure::new(Exit::Usage, format!("{option}: {error}")))
        };
        let (from, to) = (instant("--from", &self.from)?, instant("--to", &self.to)?);
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Failure::new(Exit::Usage, "--from is later than --to"));
        }
        Ok(Filter { wanted: wanted.collect(), from, to })
    }
}

impl Filter {
    /// Names kept for near matches.
    const SEEN: usize = 200;

    pub(super) const fn takes_all(&self) -> bool {
        self.wanted.is_empty() && self.from.is_none() && self.to.is_none()
    }

    /// Whether a record is meant, or why that cannot be told.
    pub(super) fn takes(&mut self, record: &Record) -> Result<bool, String> {
        let mut takes = true;
        for Wanted { field, names, seen } in &mut self.wanted {
            let Some(name) = record.get(field) else {
                takes = false;
                continue;
            };
            if seen.len() < Self::SEEN && !seen.contains(&*name) {
                seen.insert(name.to_string());
            }
            takes &= names.iter().any(|wanted| *wanted == name || is_on_venue(record, field, wanted, &name));
        }
        if takes && (self.from.is_some() || self.to.is_some()) {
            let time = record.time()?;
            takes = self.from.is_none_or(|from| from <= time) && self.to.is_none_or(|to| time <= to);
        }
        Ok(takes)
    }

    /// Says which names no record had, once all have been read.
    pub(super) fn say_unknown(&self) {
        for Wanted { field, names, seen } in &self.wanted {
            let known = || seen.iter().map(String::as_str);
            let is_known = |name: &str| known().any(|seen| seen == name.rsplit(':').next().unwrap_or(name));
            for name in names.iter().filter(|name| seen.len() < Self::SEEN && !is_known(name)) {
                let hint = match nearest(name, known()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are {}", listed(known())),
                };
                say(format_args!("warning: --{field}: no record has the {field} `{name}`; {hint}"));
            }
        }
    }
}

/// Whether a symbol is wanted on a venue only, and this is it.
fn is_on_venue(record: &Record, field: &str, wanted: &str, name: &str) -> bool {
    let is = |(venue, symbol): (&str, &str)| {
        symbol == name && record.get("primary_exchange").is_some_and(|known| known == venue)
    };
    field == "symbol" && wanted.split_once(':').is_some_and(is)
}
