//! `hemiola journal verify`.

mod counts;
mod keys;
mod text;

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::Args;
use hemiola_adapters::journal::verify::{Checkpoints, Report, Rules, Verdict, Verifier, VerifyError};
use hemiola_adapters::journal::{Lines, PublicKey, files};
use hemiola_adapters::results::write_file;
use serde_json::{Value, json};

use crate::cli::{Format, Output, document, print, print_json, report_failure, say};
use crate::exit::{Exit, Failure};
use keys::KeyArguments;

const COMMAND: &str = "journal.verify";

/// What no verifier can see, at the end of the help.
const LIMITS: &str = "\
Without checkpoints these cannot be detected: a tail that was cut off and closed again, or everything signed again, by \
somebody who has the HMAC key; a first file that was taken away, when the second one is verified without it; another \
journal of the same key in the place of this one. With checkpoints they show, up to the last checkpoint that was kept \
where nobody could change it: who cuts journal and checkpoints at the same place, or has both keys, is not seen. White \
space, blank lines and the order of keys are no part of what is signed.

Exit codes: 80 edited, 81 deleted, 82 reordered, 83 inserted, 84 torn last line, 85 truncated (a checkpoint knows \
more), 86 unsigned or signed by another algorithm, 87 unknown key, 88 forked (another history), 89 not closed; of \
several findings, that of the first in the order of the files. 8 when an event count is out of bounds.";

#[derive(Debug, Args)]
#[command(after_help = LIMITS)]
pub(crate) struct Arguments {
    /// Files of the journal in their order, folders (*.jsonl, *.jsonl.gz and *.jsonl.zst by name), or - for standard
    /// input; all of them are one chain.
    #[arg(value_name = "PATH|DIR|-")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    keys: KeyArguments,
    /// The run that the first record has to name, as the run said it when it began. Another journal of the same key
    /// is then not taken for this one.
    #[arg(long, value_name = "ID")]
    expected_run_id: Option<String>,
    /// Let a demo journal pass that never was signed, when no key is given. A record whose signature was taken off
    /// never passes.
    #[arg(long)]
    allow_unsigned: bool,
    /// Let a journal pass that nothing closes: its run goes on, or later files are elsewhere.
    #[arg(long)]
    allow_open: bool,
    /// A file of checkpoints to hold the journal against; may be given several times.
    #[arg(long, value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// The public key of the checkpoints: Ed25519 in PEM.
    #[arg(long, value_name = "PUBLIC.pem")]
    checkpoint_key: Option<PathBuf>,
    /// Write the report, the document of --json, into this file too.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// At least so many records of an event; may be given several times.
    #[arg(long, value_name = "EVENT=N")]
    min_event_count: Vec<String>,
    /// At most so many records of an event; may be given several times.
    #[arg(long, value_name = "EVENT=N")]
    max_event_count: Vec<String>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let format = arguments.output.format();
    let verified = counts::Bounds::parse(&arguments.min_event_count, &arguments.max_event_count)
        .and_then(|bounds| Ok((verify(arguments)?, bounds)));
    let (report, bounds) = match verified {
        Ok(verified) => verified,
        Err(failure) => return report_failure(COMMAND, format, Err(failure)),
    };
    let missed = bounds.missed(&report);
    let ended = ended(&report, &missed);
    let document = document_of(&report, &missed, &ended);
    if let Some(path) = &arguments.report {
        write_file(path, format!("{:#}\n", document_of_file(&document, &ended)).as_bytes())?;
    }
    report.findings.iter().for_each(say);
    missed.iter().for_each(say);
    match format {
        Format::Text => print(&text::text(&report))?,
        Format::Json => print_json(COMMAND, status(&ended), document)?,
    }
    ended
}

fn status(ended: &Result<(), Failure>) -> &'static str {
    if ended.is_ok() { "ok" } else { "error" }
}

fn document_of(report: &Report, missed: &[String], ended: &Result<(), Failure>) -> Value {
    let mut document = json!(report);
    document["event_counts_out_of_bounds"] = json!(missed);
    document["exit_code"] = json!(ended.as_ref().err().map_or(Exit::Success, |failure| failure.exit) as u8);
    document
}

fn document_of_file(body: &Value, ended: &Result<(), Failure>) -> Value {
    document(COMMAND, status(ended), body.clone())
}

/// How the command ends.
fn ended(report: &Report, missed: &[String]) -> Result<(), Failure> {
    if let Some(first) = report.findings.first() {
        let message = match report.findings.len() {
            1 => format!("the journal does not verify: {}", first.what.name()),
            count => format!("the journal does not verify: {count} findings, first {}", first.what.name()),
        };
        let never_signed = report.records == 0 && first.what.name() == "unsigned";
        let hint = if never_signed && report.findings.len() == 1 {
            "; a demo journal that was written without a key passes with --allow-unsigned and without keys, and then \
             nothing is proven"
        } else {
            ""
        };
        return Err(Failure::new(first.what.into(), message + hint));
    }
    match missed {
        [] => Ok(()),
        [first, ..] => Err(Failure::new(Exit::Verification, first.clone())),
    }
}

fn verify(arguments: &Arguments) -> Result<Report, Failure> {
    if arguments.paths.is_empty() {
        return Err(usage("say what to verify: files, a folder, or - for standard input"));
    }
    let mut paths = Vec::new();
    for path in &arguments.paths {
        let found = files(path).map_err(|error| unreadable(path, &error))?;
        if found.is_empty() {
            let message = format!("{}: there is no *.jsonl, *.jsonl.gz or *.jsonl.zst", path.display());
            return Err(Failure::new(Exit::Operational, message));
        }
        paths.extend(found);
    }
    let rules = Rules {
        keys: arguments.keys.load()?,
        key_ids: arguments.keys.expected()?,
        run_id: arguments.expected_run_id.clone(),
        allow_unsigned: arguments.allow_unsigned,
        allow_open: arguments.allow_open,
    };
    let checkpoints = checkpoints(arguments)?;
    let names = paths.iter().map(|path| path.display().to_string()).collect();
    let mut verifier = Verifier::new(rules, names, checkpoints).map_err(failure)?;
    for path in &paths {
        let mut lines = Lines::open(path).map_err(|error| unreadable(path, &error))?;
        verifier.file(&mut lines).map_err(failure)?;
    }
    verifier.finish().map_err(failure)
}

/// The files of checkpoints as far as they are written now: what comes later may know of records that are not read.
fn checkpoints(arguments: &Arguments) -> Result<Option<Checkpoints>, Failure> {
    let Some(key) = &arguments.checkpoint_key else {
        return match arguments.checkpoints.as_slice() {
            [] => Ok(None),
            _ => Err(usage("--checkpoints: say --checkpoint-key too, the public key that verifies them")),
        };
    };
    if arguments.checkpoints.is_empty() {
        return Err(usage("--checkpoint-key: say --checkpoints too, the files it verifies"));
    }
    let text = fs::read_to_string(key).map_err(|error| unreadable(key, &error))?;
    let key = PublicKey::from_pem(&text)
        .map_err(|error| usage(format!("--checkpoint-key {}: {error}", key.display())))?;
    let mut checkpoints = Checkpoints::new(key);
    for path in &arguments.checkpoints {
        let open = || -> io::Result<Lines> {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            let length = if metadata.is_file() { metadata.len() } else { u64::MAX };
            Lines::of(file.take(length))
        };
        let lines = open().map_err(|error| unreadable(path, &error))?;
        checkpoints.add(path.display().to_string(), lines);
    }
    Ok(Some(checkpoints))
}

fn usage(message: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, message)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Operational, format!("cannot read {}: {error}", path.display()))
}

fn failure(error: VerifyError) -> Failure {
    Failure::new(Exit::Operational, error.to_string())
}

/// Whether the verdict is that signatures prove it.
const fn is_proven(report: &Report) -> bool {
    matches!(report.verdict, Verdict::Valid)
}
