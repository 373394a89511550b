//! Where keys come from.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use thiserror::Error;
use zeroize::Zeroizing;

/// A place that holds a key.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable; the key is its bytes.
    Variable(String),
    /// A file that nobody but its owner can read; white space around the key does not count.
    File(PathBuf),
    /// What a command line prints, run by the system's shell; white space around the key does not count.
    Command(String),
    /// The key itself, for demos.
    Text(Zeroizing<String>),
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "Variable({name})"),
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Command(command) => write!(formatter, "Command({command})"),
            Self::Text(_) => write!(formatter, "Text"),
        }
    }
}

/// Why a key cannot be used. None of these says a byte of it.
#[derive(Debug, Error)]
pub enum KeyError {
    /// There is no such variable, or nothing in it.
    #[error("the key should be in the environment variable {0}, which is not set or empty: export it")]
    Variable(String),
    /// It cannot be read.
    #[error("cannot read the key in {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Others may read or change it.
    #[error(
        "{path} can be used by others than its owner (mode {mode:03o}), so the key in it is not secret: \
             run `chmod 600`, and take a new key if anybody may have read it"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is nothing in it.
    #[error("{0} holds no key: it is empty")]
    Empty(String),
    /// A command gave none.
    #[error("`{command}` gave no key: {why}")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        why: String,
    },
    /// There is a file where a new key should go.
    #[error("{0} is there already, and no key is written over: name another folder")]
    Taken(PathBuf),
    /// A new key cannot be made or written.
    #[error("cannot write the key {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It is not a key of the right kind.
    #[error("{0}")]
    Kind(String),
}

impl Secret {
    /// Reads the key.
    ///
    /// # Errors
    /// When there is none, or it is not kept secret.
    pub fn load(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Variable(name) => {
                let text = env::var_os(name).map(OsString::into_encoded_bytes).map(Zeroizing::new);
                text.filter(|text| !text.is_empty()).ok_or_else(|| KeyError::Variable(name.clone()))
            }
            Self::File(path) => {
                let text = read(path)?;
                trimmed(&text).ok_or_else(|| KeyError::Empty(path.display().to_string()))
            }
            Self::Command(command) => {
                let failed = |why: String| KeyError::Command { command: command.clone(), why };
                let output = shell(command).stdin(Stdio::null()).stderr(Stdio::inherit()).output();
                let output = output.map_err(|error| failed(error.to_string()))?;
                let text = Zeroizing::new(output.stdout);
                if !output.status.success() {
                    return Err(failed(format!("it ended with {}", output.status)));
                }
                trimmed(&text).ok_or_else(|| failed("it printed nothing".to_owned()))
            }
            Self::Text(text) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        }
    }
}

/// A command line for the system's shell.
pub(super) fn shell(command: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut shell = Command::new(shell);
    shell.arg(flag).arg(command);
    shell
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let io = |source| KeyError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    check_mode(path, &file.metadata().map_err(io)?)?;
    let mut text = Zeroizing::new(Vec::new());
    file.read_to_end(&mut text).map_err(io)?;
    Ok(text)
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt as _;

    const OTHERS: u32 = 0o077;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & OTHERS > 0 { Err(KeyError::Open { path: path.to_owned(), mode }) } else { Ok(()) }
}

/// Access lists are not looked at.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every platform")]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), KeyError> {
    Ok(())
}

fn trimmed(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| Zeroizing::new(text.to_vec()))
}

/// A key's name as records hold it: 1 to 64 letters, digits, dots, dashes and underscores.
///
/// # Errors
/// When it is anything else.
pub fn key_id(name: &str) -> Result<String, KeyError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(name.to_owned());
    }
    let message =
        format!("`{name}` cannot name a key: use 1 to 64 letters, digits, dots, dashes and underscores");
    Err(KeyError::Kind(message))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_holds_no_secret() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "  secret\n").unwrap();
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o644, 0o660, 0o602, 0o601] {
            set(mode);
            let error = Secret::File(path.clone()).load().unwrap_err();
            assert!(matches!(error, KeyError::Open { mode: found, .. } if found == mode), "{error}");
            assert!(error.to_string().contains("chmod 600") && !error.to_string().contains("secret\n"));
        }
        for mode in [0o600, 0o400] {
            set(mode);
            assert_eq!(**Secret::File(path.clone()).load().unwrap(), *b"secret");
        }
        fs::write(&path, " \n").unwrap_or_else(|_| {
            set(0o600);
            fs::write(&path, " \n").unwrap();
        });
        assert!(matches!(Secret::File(path.clone()).load(), Err(KeyError::Empty(_))));
        assert!(matches!(Secret::File(folder.path().join("none")).load(), Err(KeyError::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_prints_the_key_or_fails() {
        let command = |line: &str| Secret::Command(line.to_owned()).load();
        assert_eq!(**command("echo ' secret'").unwrap(), *b"secret");
        for (line, why) in [
            ("exit 3", "exit status: 3"),
            ("true", "printed nothing"),
            ("echo secret; false", "exit status: 1"),
        ] {
            let error = command(line).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
    }

    #[test]
    fn a_variable_that_is_not_there_holds_no_key() {
        let error = Secret::Variable("HEMIOLA_NO_SUCH_KEY".to_owned()).load().unwrap_err();
        assert!(error.to_string().contains("HEMIOLA_NO_SUCH_KEY"));
        assert!(!Secret::Variable("PATH".to_owned()).load().unwrap().is_empty());
    }

    #[test]
    fn names_of_keys_need_no_escapes() {
        assert_eq!(key_id("risk-ci_2.a").unwrap(), "risk-ci_2.a");
        for name in ["", "a b", "a\"", "ż", &"a".repeat(65)] {
            assert!(key_id(name).is_err(), "{name}");
        }
    }
}
