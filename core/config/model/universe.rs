//! `instrument_universes.<name>`.

use hemiola_components::market::{Instrument, TradingRules};
use hemiola_components::units::{Notional, Quantity};

use crate::config::decode::Field;

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
    pub(super) fn decode(field: &Field<'_>) -> Self {
        let mut universe = Self { name: field.name.to_owned(), listings: Vec::new() };
        let Some(mut section) = field.section() else { return universe };
        section.optional("description").map(|f| f.text());
        for instrument in section.required("instruments").iter().flat_map(|f| f.named("instruments")) {
            decode_instrument(&instrument, &mut universe.listings);
        }
        section.close();
        universe
    }
}

fn decode_instrument(field: &Field<'_>, listings: &mut Vec<Listing>) {
    let Some(mut section) = field.section() else { return };
    let text = |field: Option<Field<'_>>| field.and_then(|f| f.text()).unwrap_or_default().to_owned();
    let base = text(section.required("base_asset"));
    let quote = text(section.required("quote_asset"));
    for category in section.optional("categories").iter().flat_map(Field::items) {
        category.text();
    }
    for window in section.optional("backfill").iter().flat_map(Field::items) {
        decode_backfill(&window);
    }
    let rules = section.optional("rules").map(|f| decode_rules(&f)).unwrap_or_default();
    for venue in section.required("exchanges").iter().flat_map(|f| f.named("venues")) {
        check_venue(&venue);
        listings.push(Listing {
            instrument: Instrument {
                venue: venue.name.to_owned(),
                symbol: field.name.to_owned(),
                base: base.clone(),
                quote: quote.clone(),
                rules,
            },
            venue_symbol: venue.folder_name().unwrap_or_default().to_owned(),
        });
    }
    section.close();
}

fn check_venue(field: &Field<'_>) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if !field.name.chars().all(fits) {
        let message = "a venue's name is made of lower-case letters, digits, `_` and `-`".to_owned();
        field.problems.error(&field.key_place(), "invalid_name", message);
    }
}

fn decode_backfill(field: &Field<'_>) {
    let Some(mut section) = field.section() else { return };
    section.required("interval").map(|f| f.interval());
    section.required("lookback_days").map(|f| f.count(1..=36_525));
    section.close();
}

fn decode_rules(field: &Field<'_>) -> TradingRules {
    let Some(mut section) = field.section() else { return TradingRules::default() };
    let number = |field: Option<Field<'_>>| field.and_then(|f| f.number(0.0..)).unwrap_or_default();
    let rules = TradingRules {
        tick: number(section.optional("tick_size")),
        step: Quantity::new(number(section.optional("step_size"))),
        min_notional: Notional::new(number(section.optional("min_notional"))),
    };
    section.close();
    rules
}
