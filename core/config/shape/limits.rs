//! Signal limits and suspensions that a scheduler starts with.

use super::{Kind, Shape, key, map, raised};

const DURATION: Kind = Kind::Duration { least: 0.001, raises: false };

/// By strategy, then by risk profile.
pub(crate) const LIMITS: Kind =
    map("strategies", &map("risk profiles", &Kind::Either(&[Kind::Section(&LIMIT), raised(0)])));

const LIMIT: Shape = Shape {
    summary: "A limit with what is known of it; the number alone is a limit for good.",
    keys: &[
        key("limit", raised(0), "Signals at most. It can only lower what the schedule allows.")
            .alias(&["value"])
            .required(),
        key("reason", Kind::Text, "Why."),
        key("until", Kind::Instant, "When it ends.")
            .alias(&["expires_at"])
            .otherwise("never, unless it has a duration"),
        key(
            "duration_seconds",
            DURATION,
            "How long it holds from the start, in seconds; `until` goes first.",
        )
        .alias(&["duration"]),
    ],
};

pub(crate) const SUSPENSION: Shape = Shape {
    summary: "A schedule, or every schedule whose strategy has a tag, that starts suspended.",
    keys: &[
        key("schedule", Kind::Text, "The schedule."),
        key("tag", Kind::Text, "The tag."),
        key("target", Kind::Text, "Either, as `kind` says."),
        key("kind", Kind::Word(&["schedule", "tag"]), "What `target` names.").otherwise("`schedule`"),
        key("reason", Kind::Text, "Why.").text("manual"),
        key("until", Kind::Instant, "When it ends.")
            .alias(&["resume_at"])
            .otherwise("never, unless it has a duration"),
        key(
            "duration_seconds",
            DURATION,
            "How long it holds from the start, in seconds; `until` goes first.",
        )
        .alias(&["duration", "resume_in"]),
    ],
};
