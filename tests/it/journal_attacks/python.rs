//! The Python verifier of the documentation, which is asked about every journal too.
//!
//! What it does not cover, so that a test asks the program alone and says what the script answers:
//!
//! - signatures of checkpoints: the standard library has no Ed25519;
//! - the key that an opening record names for checkpoints: the script is given none;
//! - findings after the first one: the script stops there. Of several things that were done at once it may name another
//!   one first, so that with bytes and records in any disorder only the verdicts are compared.
//!
//! It reads no Zstandard either, which no attack needs.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use hemiola_adapters::journal::verify::{Report, Verdict};
use serde_json::json;
use tempfile::TempDir;

use super::desk::{Look, checkpoints_name, name, secret};

/// Starting Python takes longer than a journal: one process is given a command line after the other.
const DRIVER: &str = "
import contextlib, io, json, sys, journal_verify
for line in sys.stdin:
    sys.argv[1:] = json.loads(line)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = journal_verify.main()
    print(code, said.getvalue().splitlines()[0], flush=True)
";

struct Python {
    folder: TempDir,
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// The answer when there is no finding.
pub(super) const IN_ORDER: &str = "in order";

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static PYTHON: RefCell<Option<Python>> = RefCell::new(Python::start());
}

impl Python {
    /// `None`, said aloud, without Python.
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["desk-1", "desk-2"] {
            fs::write(folder.path().join(name), secret(name)).unwrap();
        }
        let mut command = Command::new("python3");
        command.args(["-B", "-c", DRIVER]).env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/docs"));
        command.current_dir(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        match command.spawn() {
            Ok(mut child) => {
                let (questions, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
                Some(Self { folder, child, questions, answers: BufReader::new(answers) })
            }
            Err(error) => {
                _ = writeln!(std::io::stderr(), "skipped: python3 cannot be run: {error}");
                None
            }
        }
    }

    /// How it ends, and the first line of what it says.
    fn ask(&mut self, files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) -> String {
        let mut arguments = Vec::new();
        let mut say = |text: &str| arguments.extend(text.split(' ').map(ToOwned::to_owned));
        for (at, bytes) in files.iter().enumerate() {
            fs::write(self.folder.path().join(name(at)), bytes).unwrap();
            say(&name(at));
        }
        if look.keys {
            say("--hmac-key-file desk-1=desk-1 --hmac-key-file desk-2=desk-2");
        }
        for (at, lines) in checkpoints.iter().enumerate().filter(|_| look.checkpoints) {
            fs::write(self.folder.path().join(checkpoints_name(at)), lines.concat()).unwrap();
            say(&format!("--checkpoints {}", checkpoints_name(at)));
        }
        if look.allow_unsigned {
            say("--allow-unsigned");
        }
        if look.allow_open {
            say("--allow-open");
        }
        writeln!(self.questions, "{}", json!(arguments)).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "the script broke: {arguments:?}");
        answer
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// What the script says: that all is in order, or the place and the kind of its finding. `None` without Python.
pub(super) fn judge(files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) -> Option<String> {
    let answer = PYTHON.with_borrow_mut(|python| Some(python.as_mut()?.ask(files, checkpoints, look)))?;
    let (code, text) = answer.split_once(' ').unwrap();
    Some(match code {
        "0" => IN_ORDER.to_owned(),
        _ => text.splitn(4, ':').take(3).collect::<Vec<_>>().join(":"),
    })
}

/// Whether the script is asked about this one: Python takes some milliseconds for a journal, and a few of each attack
/// are enough. As no test looks at a journal in seven ways, all of its looks have their turn.
fn is_due() -> bool {
    let count = CALLS.get();
    CALLS.set(count + 1);
    count.is_multiple_of(7)
}

/// Where the program finds nothing, or something, the script does too.
#[track_caller]
pub(super) fn assert_same_verdict(report: &Report, files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) {
    let Some(answer) = is_due().then(|| judge(files, checkpoints, look)).flatten() else { return };
    let passes = report.verdict != Verdict::Failed;
    assert_eq!(answer == IN_ORDER, passes, "the script says {answer}: {:#?}", report.findings);
}

/// The script stops at the first finding: it has to be that of the report, or none.
#[track_caller]
pub(super) fn assert_agrees(report: &Report, files: &[Vec<u8>], checkpoints: &[&[String]], look: Look) {
    let Some(answer) = is_due().then(|| judge(files, checkpoints, look)).flatten() else { return };
    let expected = match report.findings.first() {
        Some(finding) => format!("{}:{}: {}", finding.file, finding.line, finding.what.name()),
        None => IN_ORDER.to_owned(),
    };
    assert_eq!(answer, expected, "the script says {answer}: {:#?}", report.findings);
}
