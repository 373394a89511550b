//! Data larger than memory: the process stays within what it may take, and gives the same results.

use std::fs::File;
use std::process::{Command, Output};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use super::project::{CONFIG_FILE, Project};
use super::tables::{Candles, MARCH, integers, numbers};

const CANDLES: i64 = 3_000_000;

/// KiB that the process may write to: a third of what the columns of the candles take.
const ALLOWED: usize = 7 * 8 * 3_000_000 / 3 / 1024;

/// A project whose schedule reads minutes, with millions of them in one file, in long waves so that little is traded.
fn large() -> Project {
    let project = Project::new();
    project.edit(CONFIG_FILE, "strategy: crossing, interval: 1h", "strategy: crossing, interval: 1m");
    let close: Vec<f64> =
        (0..CANDLES).map(|row| 500.0 + ((row % 60_000) - 30_000).abs() as f64 / 100.0).collect();
    let open: Vec<f64> = std::iter::once(close[0]).chain(close.iter().copied()).take(close.len()).collect();
    let side = |pick: fn(f64, f64) -> f64| -> ArrayRef {
        let both = open.iter().zip(&close);
        Arc::new(both.map(|(open, close)| pick(*open, *close)).collect::<arrow_array::Float64Array>())
    };
    let columns = [
        ("open_time", integers((0..CANDLES).map(|row| MARCH - 86_400_000 * 5_000 + row * 60_000))),
        ("open", numbers(&open)),
        ("high", side(f64::max)),
        ("low", side(f64::min)),
        ("close", numbers(&close)),
        ("volume", numbers(&vec![1.0; close.len()])),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(false).build();
    let file = File::create(project.path("large.parquet")).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    project
}

/// Runs the program after a line of shell, which sets its limits.
fn limited(project: &Project, limits: &str, arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_hemiola");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("{limits}; exec \"$0\" \"$@\"")).arg(program);
    shell.args(arguments.split_whitespace()).current_dir(project.path("")).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_over_more_than_the_memory_gives_what_one_in_memory_gives() {
    let project = large();
    let run = |limit: &str| {
        format!("backtest --data large.parquet --interval 1m --output out --memory-limit {limit}")
    };
    let unlimited = project.succeeds(&run("1TiB"));
    let manifest = project.read("out/manifest.json");

    let allowed = format!("ulimit -d {ALLOWED}");
    let spilled = limited(&project, &allowed, &run("8MiB"));
    assert_eq!(spilled.status.code(), Some(0), "{}", said(&spilled));
    assert!(said(&spilled).contains("the candles take 160.2 MiB, more than the memory limit of 8.0 MiB"));
    assert!(String::from_utf8_lossy(&spilled.stdout).contains(unlimited.digest()));
    assert_eq!(project.read("out/manifest.json"), manifest);

    let whole = limited(&project, &allowed, &run("1TiB"));
    assert_ne!(whole.status.code(), Some(0), "it needs more than {ALLOWED} KiB");
    assert!(said(&whole).contains("--memory-limit"), "{}", said(&whole));
}

#[test]
fn every_layout_gives_the_same_run_in_temporary_files() {
    let project = Project::new();
    let whole = project.succeeds("backtest --output whole");
    let spilled = project.succeeds("backtest --output spilled --memory-limit 1KiB");
    assert_eq!(whole.digest(), spilled.digest());
    assert!(spilled.stderr.contains("temporary files in "), "{}", spilled.stderr);
    assert_eq!(project.read("whole/manifest.json"), project.read("spilled/manifest.json"));
    assert_eq!(project.read("whole/trades.parquet"), project.read("spilled/trades.parquet"));
    project.succeeds("backtest --verify spilled/manifest.json");
    let explained = |limit: &str| {
        project.succeeds(&format!("backtest --explain hourly@2024-03-05 --memory-limit {limit}")).stdout
    };
    assert_eq!(explained("1KiB"), explained("1GiB"));
}

#[test]
fn temporary_files_that_cannot_be_made_or_filled_end_the_run_with_what_to_do() {
    let project = Project::new();
    project.refuses(
        "backtest --output out --memory-limit 1KiB --temp-dir nowhere",
        1,
        &["nowhere: cannot keep candles in a temporary file", "--temp-dir DIR"],
    );
    project.refuses("backtest --memory-limit 1.5GiB", 2, &["--memory-limit", "such as 512MiB"]);
    // A file may have so many blocks of 512 bytes; a process that ignores the signal is told like one without room.
    let full = limited(&project, "trap '' XFSZ; ulimit -f 2", "backtest --memory-limit 1KiB --output out");
    assert_eq!(full.status.code(), Some(1), "{}", said(&full));
    assert!(said(&full).contains("cannot keep candles in a temporary file"), "{}", said(&full));
}

#[test]
fn a_file_of_several_symbols_stays_in_memory_and_the_limit_says_so() {
    let project = Project::new();
    let columns = Candles::hours(200).columns().with("symbol", integers((0..200).map(|_| 1)));
    columns.write(&project.path("flat.parquet"));
    let whole = project.succeeds("backtest --data flat.parquet --interval 1h --output whole");
    let limited =
        project.succeeds("backtest --data flat.parquet --interval 1h --output limited --memory-limit 1KiB");
    assert_eq!(whole.digest(), limited.digest());
    assert!(limited.stderr.contains("warning: flat.parquet: its candles take"), "{}", limited.stderr);
}
