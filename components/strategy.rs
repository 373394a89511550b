//! Strategies: which engine, with what parameters.

use std::collections::BTreeMap;

use bevy_ecs::prelude::Component;
use thiserror::Error;

use crate::time::Nanos;

/// A configured strategy; its engine's parameters are a component of their own beside it.
#[derive(Component, Clone, Debug, PartialEq)]
#[component(immutable)]
pub struct Strategy {
    /// The configured name.
    pub name: String,
    /// The engine's name in the catalogue.
    pub engine: &'static str,
}

/// The value of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// A number.
    Number(f64),
    /// A text, such as a path.
    Text(String),
}

/// Parameters by name, complete: defaults are filled in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(pub BTreeMap<String, ParameterValue>);

impl Parameters {
    /// Whether the choice called `name` is `word`.
    ///
    /// # Errors
    /// When there is no such text.
    pub fn is(&self, name: &str, word: &str) -> Result<bool, ParameterError> {
        self.text(name).map(|text| text == word)
    }

    /// The seconds called `name`, as a duration.
    ///
    /// # Errors
    /// When there is no such number.
    pub fn seconds(&self, name: &str) -> Result<Nanos, ParameterError> {
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        self.number(name).map(|seconds| Nanos::new((seconds * Nanos::SECOND.get() as f64) as i64))
    }

    /// The whole number called `name`.
    ///
    /// # Errors
    /// When there is none, or it is not a whole number that fits.
    pub fn count(&self, name: &str) -> Result<usize, ParameterError> {
        let value = self.number(name)?;
        if value < 0.0 || value.fract() != 0.0 || value > f64::from(u32::MAX) {
            return Err(ParameterError::new(name, format!("must be a whole number, not {value}")));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(value as usize)
    }

    /// The number called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn number(&self, name: &str) -> Result<f64, ParameterError> {
        match self.0.get(name) {
            Some(ParameterValue::Number(value)) => Ok(*value),
            Some(ParameterValue::Text(text)) => {
                Err(ParameterError::new(name, format!("must be a number, not `{text}`")))
            }
            None => Err(ParameterError::new(name, "is missing".to_owned())),
        }
    }

    /// The text called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn text(&self, name: &str) -> Result<&str, ParameterError> {
        match self.0.get(name) {
            Some(ParameterValue::Text(text)) => Ok(text),
            Some(ParameterValue::Number(value)) => {
                Err(ParameterError::new(name, format!("must be a text, not {value}")))
            }
            None => Err(ParameterError::new(name, "is missing".to_owned())),
        }
    }
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterKind {
    /// A whole number in an inclusive range.
    Count {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
    },
    /// A number in an inclusive range.
    Number {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
    /// A number above zero.
    Positive {
        /// Largest.
        max: f64,
    },
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// The name of a venue.
    Venue,
    /// A file of target positions, relative to the configuration's folder.
    TargetsFile,
}

/// What a parameter is when the configuration is silent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParameterDefault {
    /// Nothing: it must be given.
    Required,
    /// This number.
    Number(f64),
    /// This word.
    Text(&'static str),
}

/// One parameter of an engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterSpec {
    /// The key in the configuration.
    pub name: &'static str,
    /// Its type and range.
    pub kind: ParameterKind,
    /// The value when the configuration is silent.
    pub default: ParameterDefault,
    /// What it means, with its unit.
    pub summary: &'static str,
}

impl ParameterSpec {
    /// A whole number from `min` to `max`.
    #[must_use]
    pub const fn count(
        name: &'static str,
        default: u32,
        [min, max]: [u32; 2],
        summary: &'static str,
    ) -> Self {
        let default = ParameterDefault::Number(default as f64);
        Self { name, kind: ParameterKind::Count { min, max }, default, summary }
    }

    /// A number from `min` to `max`.
    #[must_use]
    pub const fn number(
        name: &'static str,
        default: f64,
        [min, max]: [f64; 2],
        summary: &'static str,
    ) -> Self {
        let default = ParameterDefault::Number(default);
        Self { name, kind: ParameterKind::Number { min, max }, default, summary }
    }

    /// A number above zero, up to `max`.
    #[must_use]
    pub const fn positive(name: &'static str, default: f64, max: f64, summary: &'static str) -> Self {
        Self {
            name,
            kind: ParameterKind::Positive { max },
            default: ParameterDefault::Number(default),
            summary,
        }
    }

    /// One of `words`; the first is the default.
    #[must_use]
    pub const fn choice(name: &'static str, words: &'static [&'static str], summary: &'static str) -> Self {
        Self { name, kind: ParameterKind::Choice(words), default: ParameterDefault::Text(words[0]), summary }
    }

    /// A venue that must be named.
    #[must_use]
    pub const fn venue(name: &'static str, summary: &'static str) -> Self {
        Self { name, kind: ParameterKind::Venue, default: ParameterDefault::Required, summary }
    }
}

/// A set of parameter values that can be asked for by name; the others keep their defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// The name.
    pub name: &'static str,
    /// The values it sets.
    pub values: &'static [(&'static str, f64)],
}

/// A parameter that cannot be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("parameter `{name}` {message}")]
pub struct ParameterError {
    /// Which.
    pub name: String,
    /// Why, and what would do.
    pub message: String,
}

impl ParameterError {
    /// An error about parameter `name`.
    #[must_use]
    pub fn new(name: &str, message: String) -> Self {
        Self { name: name.to_owned(), message }
    }
}

/// The smallest licence that includes an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LicenseTier {
    /// Everybody's.
    Standard,
    /// For professional users.
    Professional,
    /// For organisations.
    Enterprise,
}

impl LicenseTier {
    /// All of them, smallest first.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Professional, Self::Enterprise];

    /// The name in configuration and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Professional => "professional",
            Self::Enterprise => "enterprise",
        }
    }
}

/// An engine's place in the catalogue: what a licence, a risk officer and an operator group it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classification {
    /// The capability a licence must grant.
    pub capability: &'static str,
    /// The smallest licence that includes it.
    pub license_tier: LicenseTier,
    /// Kinds of risk it takes; at least one.
    pub risk_classes: &'static [&'static str],
    /// Data it needs; at least one.
    pub required_data: &'static [&'static str],
    /// What it is filed under, the primary tag first.
    pub tags: &'static [&'static str],
}

impl Classification {
    /// An engine from outside that says nothing of itself.
    pub const CUSTOM: Self = Self {
        capability: "custom",
        license_tier: LicenseTier::Standard,
        risk_classes: &["custom"],
        required_data: &["ohlcv"],
        tags: &[],
    };
}

/// What the configuration needs to know of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSpec {
    /// Name in the catalogue, lower case.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its place in the catalogue.
    pub classification: Classification,
    /// Its parameters.
    pub parameters: &'static [ParameterSpec],
    /// Named sets of parameter values.
    pub presets: &'static [Preset],
    /// The only interval it reads, when its rules are made for one.
    pub interval: Option<&'static str>,
    /// Whether it trades an instrument on one venue against the same on another.
    pub trades_pairs: bool,
    /// Checks complete parameters against each other.
    pub check: fn(&Parameters) -> Result<(), ParameterError>,
    /// What is allowed and probably not meant.
    pub doubt: fn(&Parameters) -> Option<ParameterError>,
}
