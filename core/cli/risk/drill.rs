//! `hemiola risk drill`.

use clap::Subcommand;
use serde_json::json;

use crate::cli::{Format, Output, print, print_json, report_failure};
use crate::drill::{Check, Drill};
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A fall from the peak: only orders that reduce pass, and positions are closed.
    Liquidation(Output),
    /// A day's realised loss: no entries until the next day of UTC.
    DailyReset(Output),
    /// Several strategies in one instrument: together they keep to its limit.
    MaxPosition(Output),
    /// All of them.
    All(Output),
}

pub(super) fn run(command: &Command) -> Result<(), Failure> {
    let (drills, output): (&[Drill], _) = match command {
        Command::Liquidation(output) => (&[Drill::Liquidation], output),
        Command::DailyReset(output) => (&[Drill::DailyReset], output),
        Command::MaxPosition(output) => (&[Drill::MaxPosition], output),
        Command::All(output) => (&Drill::ALL, output),
    };
    let format = output.format();
    let held = match hold(drills) {
        Ok(held) => held,
        Err(failure) => return report_failure("risk.drill", format, Err(failure)),
    };
    let failed: Vec<&str> =
        held.iter().filter(|(_, checks)| !passes(checks)).map(|(drill, _)| drill.name()).collect();
    match format {
        Format::Text => print(&held.iter().map(text).collect::<String>())?,
        Format::Json => {
            let status = if failed.is_empty() { "ok" } else { "error" };
            let drills: Vec<_> = held.iter().map(document).collect();
            print_json("risk.drill", status, json!({ "drills": drills }))?;
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let message = format!("the risk engine did not do what it has to in: {}", failed.join(", "));
    Err(Failure::new(Exit::Verification, message))
}

fn hold(drills: &[Drill]) -> Result<Vec<(Drill, Vec<Check>)>, Failure> {
    let hold = |drill: &Drill| {
        let (plan, market) = drill.stage();
        Ok((*drill, drill.hold(&plan, &market)?))
    };
    drills.iter().map(hold).collect()
}

fn passes(checks: &[Check]) -> bool {
    !checks.is_empty() && checks.iter().all(|check| check.holds)
}

fn text((drill, checks): &(Drill, Vec<Check>)) -> String {
    let line = |check: &Check| {
        let word = if check.holds { "ok" } else { "failed" };
        format!("  {word:<6}  {}: {}\n", check.what, check.seen)
    };
    format!("{}\n{}", drill.name(), checks.iter().map(line).collect::<String>())
}

fn document((drill, checks): &(Drill, Vec<Check>)) -> serde_json::Value {
    let check = |check: &Check| json!({ "check": check.what, "passed": check.holds, "seen": check.seen });
    json!({
        "drill": drill.name(),
        "passed": passes(checks),
        "checks": checks.iter().map(check).collect::<Vec<_>>(),
    })
}
