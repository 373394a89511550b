//! `instrument_universes.<name>` and `instrument_buckets.<name>`.

use super::{Kind, Names, Range, Shape, TEXTS, key, some};

pub(crate) const UNIVERSE: Shape = Shape {
    summary: "Instruments with the venues that list them.",
    keys: &[
        key("description", Kind::Text, "For people."),
        key(
            "instruments",
            some("instruments", &Kind::Section(&INSTRUMENT)),
            "By the name that the rest of the file uses.",
        )
        .required(),
    ],
};

const INSTRUMENT: Shape = Shape {
    summary: "What is bought and sold, and where.",
    keys: &[
        key("base_asset", Kind::Text, "What is bought and sold.").required(),
        key("quote_asset", Kind::Text, "What prices are in.").required(),
        key("categories", TEXTS, "What it is filed under; at least one.").required(),
        key("exchanges", some("venues", &Kind::Folder), "What each venue calls it, by venue.").required(),
        key("backfill", Kind::List(&Kind::Section(&BACKFILL)), "Candles to keep.").texts(&[]).later(),
        key("rules", Kind::Section(&RULES), "The venue's rules for orders.").filled(),
    ],
};

const BACKFILL: Shape = Shape {
    summary: "Candles to keep.",
    keys: &[
        key("interval", Kind::Interval, "Their length.").required(),
        key("lookback_days", Kind::Count { min: 1, max: 36_525, raises: false }, "How far back, in days.")
            .required(),
    ],
};

const RULES: Shape = Shape {
    summary: "The venue's rules for orders; 0 is no rule.",
    keys: &[
        key(
            "tick_size",
            Kind::Number(Range::NOT_NEGATIVE),
            "Prices are multiples of it, in the quote asset.",
        )
        .number(0.0),
        key(
            "step_size",
            Kind::Number(Range::NOT_NEGATIVE),
            "Quantities are cut to multiples of it, in the base asset.",
        )
        .number(0.0),
        key(
            "min_quantity",
            Kind::Number(Range::NOT_NEGATIVE),
            "Smaller orders are refused, in the base asset.",
        )
        .number(0.0),
        key(
            "min_notional",
            Kind::Number(Range::NOT_NEGATIVE),
            "Smaller orders are refused, in the quote asset.",
        )
        .number(0.0),
    ],
};

pub(crate) const BUCKET: Shape = Shape {
    summary: "A group of instruments with limits of its own.",
    keys: &[
        key("universe", Kind::Reference(Names::Universes), "Where its instruments are defined.").required(),
        key("symbols", TEXTS, "Its instruments; at least one.").required(),
        key("max_position_pct", Kind::Number(Range::POSITIVE), "All of it, as a fraction of equity."),
        key("max_notional_usd", Kind::Number(Range::POSITIVE), "All of it, in the valuation asset."),
        key("tags", Kind::OneOrMany(&Kind::Text), "What it is filed under.").texts(&[]),
    ],
};
