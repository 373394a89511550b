//! `hemiola journal keygen`.

use std::path::PathBuf;

use clap::Args;
use hemiola_adapters::journal::{KeyError, KeyFiles, generate, key_id};

use super::said;
use crate::cli::print;
use crate::cli::sched::{Name, name};
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// The folder for the three files; none of them may be there already.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// What records will call the key that signs them: letters, digits, dots, dashes and underscores.
    #[arg(long, value_name = "ID", value_parser = name)]
    key_id: Option<Name>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = said(arguments.output.as_ref(), "--output DIR: a folder for the keys")?;
    let id = arguments.key_id.as_ref().map(|Name(id)| key_id(id)).transpose();
    let id = id.map_err(|error| Failure::new(Exit::Usage, format!("--key-id: {error}")))?;
    let KeyFiles { hmac, checkpoint, public } = generate(folder).map_err(|error| {
        let exit = if matches!(error, KeyError::Taken(_)) { Exit::Usage } else { Exit::Operational };
        Failure::new(exit, error.to_string())
    })?;
    let named = id.map(|id| format!("{id}=")).unwrap_or_default();
    let [hmac, checkpoint, public] = [hmac, checkpoint, public].map(|path| path.display().to_string());
    print(&format!(
        "{hmac}: signs records and verifies them. Keep it secret: who has it can rewrite a journal.\n\
         {checkpoint}: signs checkpoints. Keep it secret, and best not beside the journals.\n\
         {public}: verifies checkpoints. Give it to whoever shall verify, before there is anything to verify.\n\
         \n\
         hemiola journal verify PATH --hmac-key-file {named}{hmac} --checkpoints FILE --checkpoint-key {public}\n"
    ))
}
