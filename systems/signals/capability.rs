//! Which engines may be used: a guard knows the capabilities that were granted.

use std::collections::BTreeSet;

/// Says which capabilities may be used; see [`Classification::capability`].
///
/// [`Classification::capability`]: hemiola_components::strategy::Classification::capability
pub trait CapabilityGuard {
    /// Whether engines with this capability may be used.
    fn allows(&self, capability: &str) -> bool;
}

/// Allows everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AllowAll;

impl CapabilityGuard for AllowAll {
    fn allows(&self, _: &str) -> bool {
        true
    }
}

/// Allows the capabilities of a list, by their exact names.
impl CapabilityGuard for BTreeSet<String> {
    fn allows(&self, capability: &str) -> bool {
        self.contains(capability)
    }
}
