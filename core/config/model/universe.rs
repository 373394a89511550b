//! `instrument_universes.<name>`.

use hemiola_components::market::{Instrument, TradingRules};
use hemiola_components::units::{Notional, Quantity};

use crate::config::rules::warn_of_repetitions;
use crate::config::view::View;

/// Instruments with the venues that list them.
#[derive(Clone, Debug)]
pub(crate) struct Universe {
    pub(crate) name: String,
    /// By instrument, then venue, in the order of the file.
    pub(crate) listings: Vec<Listing>,
}

/// An instrument on a venue.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    pub(crate) instrument: Instrument,
    /// What the venue calls it.
    pub(crate) venue_symbol: String,
}

impl Universe {
    pub(super) fn decode(field: &View<'_>) -> Self {
        let mut universe = Self { name: field.name.to_owned(), listings: Vec::new() };
        for instrument in field.map("instruments") {
            decode_instrument(&instrument, &mut universe.listings);
        }
        let instruments = field.map("instruments");
        if !instruments.is_empty() && instruments.iter().all(|one| one.items_of("backfill").is_empty()) {
            let message =
                "no instrument names candles to keep: write `backfill: [{interval: 1h, lookback_days: 365}]`";
            field.problems.warning(&field.key_place(), "no_backfill", message.to_owned());
        }
        universe
    }
}

fn decode_instrument(field: &View<'_>, listings: &mut Vec<Listing>) {
    let text = |key: &str| field.text(key).unwrap_or_default().to_owned();
    let (base, quote) = (text("base_asset"), text("quote_asset"));
    check_filing(field);
    let rules = field.get("rules").map(|rules| decode_rules(&rules)).unwrap_or_default();
    for venue in field.map("exchanges") {
        check_venue(&venue);
        listings.push(Listing {
            instrument: Instrument {
                venue: venue.name.to_owned(),
                symbol: field.name.to_owned(),
                base: base.clone(),
                quote: quote.clone(),
                rules,
            },
            venue_symbol: venue.node.text().unwrap_or_default().to_owned(),
        });
    }
}

/// What an instrument is filed under, and which candles of it are kept.
fn check_filing(field: &View<'_>) {
    if let Some(categories) = field.get("categories") {
        if categories.items().is_empty() {
            categories.error("empty", "needs a category at least, holds none");
        }
        warn_of_repetitions(&categories.items(), "category", |item| item.node.text());
    }
    let backfill = field.items_of("backfill");
    warn_of_repetitions(&backfill, "interval", |item| item.text("interval"));
}

fn check_venue(field: &View<'_>) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !field.name.chars().all(fits) {
        let message = "a venue's name is made of lower-case letters, digits, `_` and `-`".to_owned();
        field.problems.error(&field.key_place(), "invalid_name", message);
    }
}

fn decode_rules(field: &View<'_>) -> TradingRules {
    TradingRules {
        tick: field.number_or_zero("tick_size"),
        step: Quantity::new(field.number_or_zero("step_size")),
        min_quantity: Quantity::new(field.number_or_zero("min_quantity")),
        min_notional: Notional::new(field.number_or_zero("min_notional")),
    }
}
