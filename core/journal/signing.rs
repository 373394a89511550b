//! What signs a journal and its checkpoints.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hemiola_adapters::journal::writer::{CheckpointWriter, Pace, System};
use hemiola_adapters::journal::{Algorithm, Chain, Checkpoint, CheckpointKey, Head, MacKey, Secret, Target};
use hemiola_adapters::results::write_file;

use crate::clock;
use crate::config::journal::{CheckpointTerms, JournalTerms, SigningTerms};
use crate::exit::{Exit, Failure};

/// Where the key is when the configuration does not say.
const DEFAULT_VARIABLE: &str = "DECISION_LOG_HMAC_KEY";

/// The keys of a journal, loaded.
#[derive(Clone, Debug, Default)]
pub struct Signing {
    key: Option<MacKey>,
    checkpoints: Option<Arc<Checkpoints>>,
}

/// What signs checkpoints, and where they go.
#[derive(Debug)]
struct Checkpoints {
    key: CheckpointKey,
    target: Target,
}

impl Signing {
    /// Loads the keys that an environment names, and else the one in `DECISION_LOG_HMAC_KEY`.
    ///
    /// # Errors
    /// When a key that is named cannot be loaded.
    pub fn load(terms: &JournalTerms) -> Result<Self, Failure> {
        let default = std::env::var_os(DEFAULT_VARIABLE).is_some().then(|| SigningTerms {
            secret: Some(Secret::Variable(DEFAULT_VARIABLE.to_owned())),
            id: None,
            algorithm: Algorithm::HmacSha256,
        });
        let key = terms.signing.as_ref().or(default.as_ref()).map(load_key).transpose()?;
        let checkpoints = terms.checkpoints.as_ref().map(load_checkpoints).transpose()?;
        Ok(Self { key, checkpoints: checkpoints.map(Arc::new) })
    }

    /// A journal signed with this key, without checkpoints.
    #[must_use]
    pub fn with(key: MacKey) -> Self {
        Self { key: Some(key), checkpoints: None }
    }

    /// The key of records.
    #[must_use]
    pub const fn key(&self) -> Option<&MacKey> {
        self.key.as_ref()
    }

    /// What writes checkpoints while a journal is written; `None` when there are to be none.
    ///
    /// # Errors
    /// When the second place cannot be opened.
    pub fn checkpoint_writer(
        &self,
        terms: &JournalTerms,
        run: &str,
    ) -> Result<Option<CheckpointWriter<System>>, Failure> {
        let (Some(checkpoints), Some(terms)) = (&self.checkpoints, &terms.checkpoints) else {
            return Ok(None);
        };
        let pace = Pace { records: terms.every_records.into(), interval: terms.every };
        let (target, key) = (&checkpoints.target, checkpoints.key.clone());
        let writer = CheckpointWriter::open(System, target, key, run.to_owned(), pace, Box::new(clock::now));
        writer.map(Some).map_err(|error| cannot_write(target, &error))
    }

    /// Whether records are signed.
    #[must_use]
    pub const fn signs(&self) -> bool {
        self.key.is_some()
    }

    /// A chain that goes on behind `head`.
    #[must_use]
    pub fn chain(&self, head: Head) -> Chain {
        Chain::new(self.key.clone(), head)
    }

    /// The key that verifies the checkpoints, as opening records name it.
    #[must_use]
    pub fn checkpoint_key(&self) -> Option<String> {
        self.checkpoints.as_ref().map(|checkpoints| checkpoints.key.public().to_string())
    }

    /// Hands over the one checkpoint of a finished run, if there are to be any. Where they go to a file, each run has its
    /// own, named by its id, which a repetition replaces.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn checkpoint(&self, run: &str, head: Head) -> Result<(), Failure> {
        let Some(checkpoints) = &self.checkpoints else { return Ok(()) };
        let checkpoint = Checkpoint { run: run.to_owned(), head, time: clock::now(), closed: true };
        let line = checkpoint.line(&checkpoints.key);
        match &checkpoints.target {
            Target::File(path) => Ok(write_file(&file_of(path, run), line.as_bytes())?),
            target => target.append(&line).map_err(|error| cannot_write(target, &error)),
        }
    }
}

/// The file of a run: its id stands before the extension.
fn file_of(path: &Path, run: &str) -> PathBuf {
    let part = |part: Option<&OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
    let (stem, extension) = (part(path.file_stem()), part(path.extension()));
    let name = format!("{stem}-{}.{extension}", &run[..16]);
    path.with_file_name(name.trim_end_matches('.'))
}

fn cannot_write(target: &Target, error: &io::Error) -> Failure {
    let place = match target {
        Target::File(path) => path.display().to_string(),
        Target::Stdout => "stdout".to_owned(),
        Target::Command(command) => format!("`{command}`"),
    };
    Failure::new(Exit::Operational, format!("cannot write a checkpoint to {place}: {error}"))
}

fn load_key(terms: &SigningTerms) -> Result<MacKey, Failure> {
    let secret = load(terms.secret.as_ref(), "the key that signs decisions")?;
    Ok(MacKey::new(terms.algorithm, terms.id.clone(), &secret))
}

fn load_checkpoints(terms: &CheckpointTerms) -> Result<Checkpoints, Failure> {
    let secret = load(terms.secret.as_ref(), "the key that signs checkpoints")?;
    let key =
        CheckpointKey::from_pem(&secret).map_err(|error| Failure::new(Exit::Security, error.to_string()))?;
    Ok(Checkpoints { key, target: terms.target.clone() })
}

fn load(secret: Option<&Secret>, what: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    let Some(secret) = secret else {
        let message = format!(
            "{what} is to come from the secret store, which this version does not read: use `signing_key_env`, \
             `signing_key_path` or `signing_key_command`"
        );
        return Err(Failure::new(Exit::Security, message));
    };
    secret.load().map_err(|error| Failure::new(Exit::Security, format!("{what} cannot be loaded: {error}")))
}
