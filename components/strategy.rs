//! Strategies: which engine, with what parameters.

use std::collections::BTreeMap;

use bevy_ecs::prelude::Component;
use thiserror::Error;

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
    /// A file of target positions, relative to the configuration's folder.
    TargetsFile,
}

/// One parameter of an engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParameterSpec {
    /// The key in the configuration.
    pub name: &'static str,
    /// Its type and range.
    pub kind: ParameterKind,
    /// The value when the configuration is silent; without one the parameter is required.
    pub default: Option<f64>,
    /// What it means, with its unit.
    pub summary: &'static str,
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

/// What the configuration needs to know of an engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSpec {
    /// Name in the catalogue, lower case.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Its parameters.
    pub parameters: &'static [ParameterSpec],
    /// Checks complete parameters against each other.
    pub check: fn(&Parameters) -> Result<(), ParameterError>,
}
