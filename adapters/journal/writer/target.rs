//! The second place, to which checkpoints go.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memchr::memrchr;

use super::disk::Disk;

/// Where checkpoints go.
pub enum Target<D: Disk> {
    /// The end of a file, synced.
    File {
        /// Its disk.
        disk: D,
        /// Its name.
        path: PathBuf,
        /// The file.
        file: D::File,
    },
    /// Standard output, or whatever else takes lines.
    Output(Box<dyn Write + Send>),
    /// A program that is run for every checkpoint, reads it from its standard input and succeeds when it is kept.
    Command {
        /// The program.
        program: String,
        /// What it is given.
        arguments: Vec<String>,
    },
}

impl<D: Disk> Target<D> {
    /// The end of a file, a new one when there is none. A line that a crash cut short is cut away: the next checkpoint
    /// says more than it did.
    ///
    /// # Errors
    /// The system's.
    pub fn file(disk: D, path: &Path) -> io::Result<Self> {
        let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
        disk.create_folder(folder)?;
        let mut file = disk.open(path)?;
        let text = disk.read(path, 0)?;
        let whole = memrchr(b'\n', &text).map_or(0, |end| end + 1);
        if whole < text.len() {
            disk.set_length(&mut file, whole as u64)?;
            disk.sync(&mut file)?;
        }
        disk.sync_folder(folder)?;
        Ok(Self::File { disk, path: path.to_owned(), file })
    }

    /// Adds a line.
    pub(super) fn write(&mut self, line: &str) -> io::Result<()> {
        match self {
            Self::File { disk, file, .. } => {
                disk.write(file, line.as_bytes())?;
                disk.sync(file)
            }
            Self::Output(output) => {
                output.write_all(line.as_bytes())?;
                output.flush()
            }
            Self::Command { program, arguments } => run(program, arguments, line),
        }
    }

    /// What it is.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Output(_) => "standard output".to_owned(),
            Self::Command { program, .. } => format!("`{program}`"),
        }
    }
}

fn run(program: &str, arguments: &[String], line: &str) -> io::Result<()> {
    let mut child =
        Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    // A program that ends without reading says so by its status.
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(line.as_bytes()));
    let status = child.wait()?;
    if !status.success() {
        return Err(io::Error::other(format!("it ended with {status}")));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::super::disk::System;
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_command_keeps_a_checkpoint_or_says_that_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kept");
        let command = |script: String| Target::<System>::Command {
            program: "sh".to_owned(),
            arguments: vec!["-c".to_owned(), script],
        };
        let mut target = command(format!("cat >> '{}'", path.display()));
        target.write("one\n").unwrap();
        target.write("two\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let error = command("cat > /dev/null; exit 3".to_owned()).write("one\n").unwrap_err();
        assert!(error.to_string().contains("ended with"), "{error}");
    }
}
