//! The candles and quotes that a run read, as they are summed up.

use serde_json::{Value, json};

use crate::instant;
use crate::job::Prepared;
use crate::market_data::{QuotesSource, SeriesSource};

/// One series of candles.
pub(super) fn series(prepared: &Prepared, source: &SeriesSource) -> Value {
    let report = &source.report;
    let first = prepared.data.series.iter().map(|other| other.report.first_open).min();
    json!({
        "instrument": prepared.plan.instruments[source.instrument].name(),
        "interval": source.interval.to_string(),
        "bars": report.bars,
        "gaps": report.gaps,
        "missing": report.missing,
        "zero_volume": report.zero_volume,
        "first_open": instant::text(report.first_open),
        "last_open": instant::text(report.last_open),
        "listed_later": Some(report.first_open) > first,
        "synthetic": report.synthetic,
        "from_quotes": source.from_quotes,
    })
}

/// One series of quotes.
pub(super) fn quotes(prepared: &Prepared, source: &QuotesSource) -> Value {
    let report = &source.report;
    json!({
        "instrument": prepared.plan.instruments[source.instrument].name(),
        "quotes": report.quotes,
        "dropped": report.dropped,
        "received_early": report.received_early,
        "first": instant::text(report.first),
        "last": instant::text(report.last),
        "synthetic": report.synthetic,
    })
}
