//! Where checkpoints go.

use std::io;
use std::path::PathBuf;

use super::writer::{self, System};

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
        writer::append_line(System, self, line)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
