//! One variant of a sweep by itself.

use std::path::{Path, PathBuf};

use hemiola_adapters::results::read_texts;

use super::space::Space;
use super::spec::Known;
use crate::config::Setting;
use crate::exit::{Exit, Failure};
use crate::job::Job;

/// A variant, named `SWEEP#INDEX` by the sweep's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    folder: PathBuf,
    index: usize,
}

/// A variant and what is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// The run that it is.
    pub job: Job,
    /// The digest that the sweep recorded; `None` while the sweep has not ended.
    pub digest: Option<String>,
}

impl Named {
    /// Reads the name.
    ///
    /// # Errors
    /// Says what is missing.
    pub fn read(text: &str) -> Result<Self, String> {
        let (folder, index) = text
            .rsplit_once('#')
            .ok_or("expected the folder of a sweep and a number, such as data/sweeps/1f2e#17")?;
        let index = index.parse().map_err(|_| format!("`{index}` is no number of a variant"))?;
        Ok(Self { folder: folder.into(), index })
    }

    /// Looks it up in its sweep.
    ///
    /// # Errors
    /// When there is no such sweep, or it has no such variant.
    pub fn find(&self) -> Result<Variant, Failure> {
        let usage = |message: String| Failure::new(Exit::Usage, format!("--variant: {message}"));
        let Some(known) = Known::read(&self.folder)? else {
            return Err(usage(format!("there is no sweep in {}", self.folder.display())));
        };
        let space = Space::of(&known.sweep.wanted, u64::MAX).map_err(usage)?;
        if self.index >= space.len() {
            return Err(usage(format!(
                "there is no {}; the last variant is {}",
                self.index,
                space.len() - 1
            )));
        }
        let mut job = known.sweep.job;
        job.set.extend(space.settings(self.index).iter().map(Setting::to_string));
        let digest = if known.result.is_null() { None } else { Some(self.recorded(&self.folder)?) };
        Ok(Variant { job, digest })
    }

    fn recorded(&self, folder: &Path) -> Result<String, Failure> {
        let failure = |message: String| Failure::new(Exit::Operational, message);
        let digests = read_texts(&folder.join("sweep.parquet"), "digest").map_err(failure)?;
        digests.into_iter().nth(self.index).ok_or_else(|| failure("sweep.parquet is too short".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_named_by_folder_and_number() {
        let named = Named::read("a#b/c#17").unwrap();
        assert_eq!(named, Named { folder: "a#b/c".into(), index: 17 });
        assert!(Named::read("folder").unwrap_err().contains("expected"));
        assert!(Named::read("folder#x").unwrap_err().contains("`x` is no number"));
    }
}
