//! Exit codes: one meaning each, for all commands.

use std::fmt;
use std::process::ExitCode;

use hemiola_adapters::journal::verify::What;
use hemiola_adapters::journal::writer::WriterError;
use hemiola_adapters::ledger::LedgerError;
use hemiola_adapters::results::ResultsError;
use hemiola_adapters::state::StateError;
use hemiola_adapters::store::StoreError;

use crate::assembly::AssemblyError;
use crate::config::ConfigError;
use crate::modes::backtest::RunError;

/// How a command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what it was asked to.
    Success = 0,
    /// Something could not be read or written.
    Operational = 1,
    /// The command line or the configuration cannot be used.
    Usage = 2,
    /// It is barred: a risk profile is in liquidation, or no token at hand grants the right.
    Security = 3,
    /// Candles are bad or absent.
    Data = 7,
    /// A repeated run gave something else, a risk state or a ledger is damaged, a drill or a smoke test failed, or a
    /// budget was exceeded.
    Verification = 8,
    /// A strategy needs a capability that was not granted.
    License = 10,
    /// There are warnings, and none are allowed.
    Warnings = 11,
    /// A record of a journal is not what was signed.
    Edited = 80,
    /// Records of a journal are missing.
    Deleted = 81,
    /// Records of a journal stand elsewhere than they were written.
    Reordered = 82,
    /// A line of a journal was never written, or is there twice.
    Inserted = 83,
    /// A journal's last line is not complete.
    Torn = 84,
    /// A checkpoint knows of more records than a journal has.
    Truncated = 85,
    /// A record of a journal has no signature, or one by another algorithm.
    Unsigned = 86,
    /// A record of a journal is signed by a key that is not at hand or not the one that signs there.
    UnknownKey = 87,
    /// A journal goes on with another history.
    Forked = 88,
    /// Nothing closes a journal.
    NotClosed = 89,
}

impl From<What> for Exit {
    fn from(what: What) -> Self {
        match what {
            What::Edited => Self::Edited,
            What::Deleted => Self::Deleted,
            What::Reordered => Self::Reordered,
            What::Inserted => Self::Inserted,
            What::Torn => Self::Torn,
            What::Truncated => Self::Truncated,
            What::Unsigned | What::Downgraded => Self::Unsigned,
            What::UnknownKey => Self::UnknownKey,
            What::Forked => Self::Forked,
            What::NotClosed => Self::NotClosed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed: the code it ends with and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What went wrong, where, and what to do next.
    pub message: String,
}

impl Failure {
    /// A failure with a message.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Usage, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Seed { .. } => Exit::Usage,
            _ if error.is_bad_data() => Exit::Data,
            _ => Exit::Operational,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<AssemblyError> for Failure {
    fn from(error: AssemblyError) -> Self {
        let exit = match error {
            AssemblyError::NoSeries { .. } | AssemblyError::EmptyWindow => Exit::Data,
            AssemblyError::UnknownEngine { .. } | AssemblyError::Parameters { .. } => Exit::Usage,
            AssemblyError::Order(_) | AssemblyError::Columns(_) => Exit::Operational,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Assembly(error) => error.into(),
            RunError::System(_) => Self::new(Exit::Operational, error.to_string()),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let exit = if error.is_damage() { Exit::Verification } else { Exit::Operational };
        Self::new(exit, error.to_string())
    }
}

impl From<WriterError> for Failure {
    fn from(error: WriterError) -> Self {
        let exit = match error {
            WriterError::Pattern { .. } => Exit::Usage,
            WriterError::Refused { .. } => Exit::Verification,
            _ => Exit::Operational,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        let exit = match error {
            LedgerError::Pattern { .. } => Exit::Usage,
            LedgerError::Line { .. } => Exit::Verification,
            LedgerError::Io { .. } | LedgerError::Busy { .. } => Exit::Operational,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        Self::new(Exit::Operational, error.to_string())
    }
}
