//! Where checkpoints go.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::key::shell;

/// A second place, out of reach of whoever can write the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The end of a file.
    File(PathBuf),
    /// Standard output.
    Stdout,
    /// The standard input of a command line, run anew for each.
    Command(String),
}

impl Target {
    /// Hands over a line, and returns when it is there to stay: a file is synced, a command has ended with 0.
    ///
    /// # Errors
    /// When it is not.
    pub fn append(&self, line: &str) -> io::Result<()> {
        match self {
            Self::File(path) => append(path, line),
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(line.as_bytes())?;
                stdout.flush()
            }
            Self::Command(command) => pipe(command, line),
        }
    }
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::create_dir_all(folder.unwrap_or(Path::new(".")))?;
    let mut file = File::options().append(true).create(true).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_data()
}

fn pipe(command: &str, line: &str) -> io::Result<()> {
    let mut child = shell(command).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(line.as_bytes()));
    let status = child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("`{command}` ended with {status}")));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_checkpoint_is_at_its_place_or_it_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("elsewhere/checkpoints.jsonl");
        for line in ["one\n", "two\n"] {
            Target::File(path.clone()).append(line).unwrap();
        }
        let by_command = folder.path().join("piped");
        let command = |end: &str| Target::Command(format!("cat >> {}; {end}", by_command.display()));
        for line in ["one\n", "two\n"] {
            command("true").append(line).unwrap();
        }
        for path in [&path, &by_command] {
            assert_eq!(fs::read_to_string(path).unwrap(), "one\ntwo\n");
        }
        assert!(command("exit 4").append("three\n").unwrap_err().to_string().contains("exit status: 4"));
        assert!(Target::File(folder.path().to_owned()).append("one\n").is_err());
    }
}
