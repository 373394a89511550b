//! Parameters and state of the built-in engines. Each pair gives its strategies and positions an archetype.

use bevy_ecs::prelude::Component;

/// Parameters of `sma_cross`.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmaCross {
    /// Closes in the fast mean; at least 1.
    pub fast: usize,
    /// Closes in the slow mean; more than `fast`.
    pub slow: usize,
}

/// State of `sma_cross`: none, its windows are ranges of the shared columns.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SmaCrossState;

/// Parameters of `external_signals`: none, its targets are part of the position's feed.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExternalSignals;

/// State of `external_signals`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExternalSignalsState {
    /// The first target not yet acted upon.
    pub next: usize,
}
