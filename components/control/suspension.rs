//! Suspensions.

use serde::{Deserialize, Serialize};

use crate::time::Nanos;

/// What a suspension holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// A schedule, by name.
    Schedule(String),
    /// Every schedule whose strategy has the tag.
    Tag(String),
}

impl Target {
    /// The name of the schedule or the tag.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Schedule(name) | Self::Tag(name) => name,
        }
    }

    /// The same without blanks around the name.
    #[must_use]
    pub fn trimmed(&self) -> Self {
        match self {
            Self::Schedule(name) => Self::Schedule(name.trim().to_owned()),
            Self::Tag(tag) => Self::Tag(tag.trim().to_owned()),
        }
    }

    /// What it names: `schedule` or `tag`.
    #[must_use]
    pub const fn scope(&self) -> &'static str {
        match self {
            Self::Schedule(_) => "schedule",
            Self::Tag(_) => "tag",
        }
    }
}

/// Something that is suspended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// What.
    pub target: Target,
    /// Why; `manual` when nothing else was said.
    pub reason: String,
    /// When it was imposed.
    pub applied_at: Nanos,
    /// From when it does not hold any more; [`Nanos::NEVER`] when it has no end.
    pub expires_at: Nanos,
}

/// The suspensions in force, one per target, in the order they were first imposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspensions(pub Vec<Suspension>);
