//! `strategies.<name>` and the specialised sections.

use super::{Key, Kind, Names, Shape, TEXTS, key, map};

pub(crate) const STRATEGY: Kind = Kind::Strategy { engine: None };

/// Keys of every strategy.
pub(crate) const KEYS: Shape = Shape {
    summary: "An engine with its parameters. Each engine has a page in docs/strategies.",
    keys: &[
        key("engine", Kind::Text, "The engine, in upper or lower case.")
            .otherwise("given by the specialised section"),
        key("preset", Kind::Text, "Parameters for whatever is left out, by a name that the engine knows."),
        key(
            "parameters",
            Kind::Parameters,
            "The engine's parameters. In a specialised section they may stand beside the other keys instead.",
        )
        .filled(),
        key("risk_profile", Kind::Reference(Names::RiskProfiles), "For schedules that name none.")
            .otherwise("the environment's"),
        key("tags", Kind::OneOrMany(&Kind::Text), "What it is filed under, after the engine's own tags.")
            .texts(&[]),
        key("primary_tag", Kind::Text, "The tag that counts where only one can.")
            .alias(&["primary_category", "primary_group"])
            .otherwise("the first tag")
            .later(),
        key("license_tier", Kind::Text, "Must be the engine's."),
        key("capability", Kind::Text, "Must be the engine's."),
        key("risk_classes", TEXTS, "Kinds of risk it takes, after the engine's own.").texts(&[]),
        key("required_data", TEXTS, "Data it needs, after the engine's own.").texts(&[]),
        key("risk_hooks", TEXTS, "Names of risk checks attached to it: recorded, nothing acts on them.")
            .texts(&[]),
        key("metadata", map("facts", &Kind::Scalar), "Facts of your own.").filled(),
    ],
};

pub(crate) const fn specialised(name: &'static str, kind: &'static Kind) -> Key {
    key(
        name,
        map("strategies", kind),
        "Strategies of one engine, which need no `engine`; a name that is in `strategies` already is skipped.",
    )
}
