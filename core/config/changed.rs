//! A configuration whose tree was changed after it was read.

use std::path::Path;

use hemiola_components::strategy::EngineSpec;

use super::problem::{Problem, Problems, Severity};
use super::tree::Node;
use super::{Config, ConfigError, Scope, build};

impl Config {
    /// This configuration with another tree in the place of the file's, checked as if it stood there. `elsewhere` gives
    /// each problem of what was changed its true place.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with the errors of the changed tree.
    pub(super) fn changed(
        &self,
        written: Node,
        engines: &[EngineSpec],
        elsewhere: impl Fn(&mut Problem),
    ) -> Result<Self, ConfigError> {
        let problems = Problems::new(&self.file);
        match build(Path::new(&self.file), Some(written), engines, &Scope::default(), problems) {
            Ok(mut config) => {
                config.warnings.iter_mut().chain(&mut config.notes).for_each(elsewhere);
                // The tree no longer holds keys that were repeated.
                let repeated = self.warnings.iter().filter(|problem| problem.code == "duplicate_key");
                config.warnings.extend(repeated.cloned());
                Ok(config)
            }
            Err(ConfigError::Invalid(mut found)) => {
                found.iter_mut().for_each(elsewhere);
                found.retain(|problem| problem.severity == Severity::Error);
                Err(ConfigError::Invalid(found))
            }
            Err(unreadable) => Err(unreadable),
        }
    }
}
