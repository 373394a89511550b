//! New keys, in files of their own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::checkpoint::CheckpointKey;
use super::key::KeyError;

/// Bytes of a new secret: as many as the hash has.
const BYTES: usize = 32;

/// Where new keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// Signs and verifies records: base64 of 32 random bytes, for nobody but its owner.
    pub hmac: PathBuf,
    /// Signs checkpoints: Ed25519, PKCS #8 in PEM, for nobody but its owner.
    pub checkpoint: PathBuf,
    /// Verifies checkpoints: SPKI in PEM, for everybody.
    pub public: PathBuf,
}

/// Makes both keys of a journal from random bytes of the system, and writes `hmac.key`, `checkpoint.pem` and
/// `checkpoint.pub.pem` into a folder, which is made when it is not there.
///
/// # Errors
/// When one of the files is there already, or cannot be written; none of them is then left behind.
pub fn generate(folder: &Path) -> Result<KeyFiles, KeyError> {
    let files = KeyFiles {
        hmac: folder.join("hmac.key"),
        checkpoint: folder.join("checkpoint.pem"),
        public: folder.join("checkpoint.pub.pem"),
    };
    fs::create_dir_all(folder).map_err(|source| KeyError::Write { path: folder.to_owned(), source })?;
    let secret = Zeroizing::new(BASE64.encode(&*random(&files.hmac)?) + "\n");
    let checkpoint = CheckpointKey::from_seed(&random(&files.checkpoint)?);
    let private = checkpoint.to_pem();
    let public = checkpoint.public().to_pem();
    let texts = [
        (&files.hmac, &*secret, true),
        (&files.checkpoint, &*private, true),
        (&files.public, &public, false),
    ];
    for (written, (path, text, is_secret)) in texts.into_iter().enumerate() {
        if let Err(error) = write(path, text, is_secret) {
            for (path, ..) in &texts[..written] {
                // What cannot be removed is a key that nobody uses.
                _ = fs::remove_file(path);
            }
            return Err(error);
        }
    }
    Ok(files)
}

fn random(path: &Path) -> Result<Zeroizing<[u8; BYTES]>, KeyError> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| KeyError::Write {
        path: path.to_owned(),
        source: io::Error::other(error.to_string()),
    })?;
    Ok(bytes)
}

fn write(path: &Path, text: &str, is_secret: bool) -> Result<(), KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if is_secret {
        restrict(&mut options);
    }
    let mut file = options.open(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Taken(path.to_owned()),
        _ => KeyError::Write { path: path.to_owned(), source },
    })?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|source| {
        // A key that is half there is none.
        _ = fs::remove_file(path);
        KeyError::Write { path: path.to_owned(), source }
    })
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// Access lists are left as the folder gives them.
#[cfg(not(unix))]
fn restrict(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::super::{PublicKey, Secret};
    use super::*;

    #[test]
    fn new_keys_can_be_loaded_and_are_never_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["a/b", "c"].map(|name| generate(&folder.path().join(name)).unwrap());
        let secret = |files: &KeyFiles| Secret::File(files.hmac.clone()).load().unwrap();
        assert_eq!(BASE64.decode(&secret(&first)).unwrap().len(), BYTES);
        assert_ne!(*secret(&first), *secret(&second));
        let private = |files: &KeyFiles| {
            CheckpointKey::from_pem(&Secret::File(files.checkpoint.clone()).load().unwrap()).unwrap()
        };
        let public = PublicKey::from_pem(&fs::read_to_string(&first.public).unwrap()).unwrap();
        assert_eq!(private(&first).public(), public);
        assert_ne!(private(&second).public(), public);
    }

    #[test]
    fn a_key_is_never_written_over_and_none_is_left_behind() {
        for name in ["hmac.key", "checkpoint.pem", "checkpoint.pub.pem"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), "mine").unwrap();
            let error = generate(folder.path()).unwrap_err();
            assert!(matches!(&error, KeyError::Taken(path) if path.ends_with(name)), "{error}");
            assert_eq!(fs::read(folder.path().join(name)).unwrap(), b"mine");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name}");
        }
    }
}
