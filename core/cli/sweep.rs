//! `hemiola sweep`.

mod text;

use std::io::{self, IsTerminal as _};
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

use clap::Args;
use hemiola_systems::signals::catalog::Catalog;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::over::Over;
use super::{Format, Output, Selected, print, print_json, report_failure, say};
use crate::exit::Failure;
use crate::job::Job;
use crate::memory::{Memory, half_of_available, parse_size};
use crate::sweep::space::Wanted;
use crate::sweep::spec::Spec;
use crate::sweep::{self, Ended, Observer, Request};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    selected: Selected,
    /// What varies: a strategy's or engine's parameter, or any place of the configuration. Lists and ranges, such as
    /// `trend.fast=5..54`, `slow=60..155:5`, `cap=0.01..1:log5`, `scheduler.capital_policy=equal_weight,risk_parity`, or with
    /// --draws `uniform(0.1..0.9)` and `log_uniform(0.001..1)`. Once for each; together they multiply.
    #[arg(long, value_name = "PATH=VALUES")]
    grid: Vec<String>,
    /// Only variants that fulfil this, such as fast<slow.
    #[arg(long = "where", value_name = "COMPARISON")]
    constraints: Vec<String>,
    /// Draw so many different variants at random instead of running all.
    #[arg(long, value_name = "COUNT")]
    draws: Option<u64>,
    /// What they are drawn from.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    seed: u64,
    /// Refuse to run more variants than this.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    max_variants: u64,
    /// The statistic that the best variant has most of; of volatility and drawdowns least.
    #[arg(long, value_name = "STATISTIC", default_value = "sharpe")]
    rank: String,
    /// How many of the best are shown.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    top: usize,
    /// Choose the best in each training window and run it in the test after it, such as train=365d,test=90d,step=90d.
    #[arg(long, value_name = "LENGTHS")]
    walk_forward: Option<String>,
    /// Do not work out what the choice of the best is worth.
    #[arg(long)]
    no_selection_stats: bool,
    /// The two axes of the heat map, such as fast,slow; each cell is the best of its variants. By default the axes that
    /// vary, when there are two.
    #[arg(long, value_name = "ACROSS,UP")]
    heat_map: Option<String>,
    #[command(flatten)]
    over: Over,
    /// Put a value in the place of the configuration's, for all variants. Once for each.
    #[arg(long, value_name = "PATH=VALUE")]
    set: Vec<String>,
    /// Folder of the results; `data/sweeps/<sweep id>` by default.
    #[arg(long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Go on with the sweep in that folder, where it was stopped.
    #[arg(long)]
    resume: bool,
    /// Worker threads; as many as there are cores by default. The results are the same.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Memory for candles, such as 512MiB or 2GiB; half of what is available by default. Where they take more, they
    /// are in temporary files. The results are the same.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,
    /// Folder of the temporary files, on a disk; the system's by default.
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
    #[command(flatten)]
    output_format: Output,
}

impl Arguments {
    fn request(&self) -> Request {
        let cores = || thread::available_parallelism().map_or(1, NonZero::get);
        Request {
            spec: Spec {
                job: Job { set: self.set.clone(), ..self.over.job(&self.selected) },
                wanted: Wanted {
                    grid: self.grid.clone(),
                    constraints: self.constraints.clone(),
                    draws: self.draws,
                    seed: self.seed,
                },
                rank: self.rank.clone(),
                walk_forward: self.walk_forward.clone(),
                selection_statistics: !self.no_selection_stats,
            },
            max_variants: self.max_variants,
            output: self.output.clone(),
            heat_map: self.heat_map.clone(),
            resume: self.resume,
            threads: self.threads.map_or_else(cores, usize::from),
            memory: Memory {
                limit: self.memory.or_else(half_of_available),
                folder: self.temp_dir.clone().unwrap_or(Memory::default().folder),
            },
        }
    }
}

pub(super) fn run(arguments: &Arguments, catalog: &Catalog) -> Result<(), Failure> {
    let format = arguments.output_format.format();
    report_failure("sweep", format, sweep(arguments, format, catalog))
}

fn sweep(arguments: &Arguments, format: Format, catalog: &Catalog) -> Result<(), Failure> {
    let mut watch = Watch { bar: ProgressBar::hidden(), bars: 0 };
    let ended = sweep::run(&arguments.request(), catalog, &mut watch);
    watch.bar.finish_and_clear();
    let ended = ended?;
    let Ended { rows, folder, result, .. } = &ended;
    let failed = rows.iter().filter(|row| row.ran().is_none()).count();
    if failed > 0 {
        say(format_args!(
            "warning: {failed} of {} variants could not be run; `error` in sweep.parquet says why",
            rows.len()
        ));
    }
    if format == Format::Json {
        let mut document = result.clone();
        document["results"] = json!(folder);
        document["synthetic"] = json!(ended.is_synthetic);
        return print_json("sweep", if failed > 0 { "warning" } else { "ok" }, document);
    }
    print(&text::render(&ended, arguments.top, io::stdout().is_terminal()))
}

/// Shows progress on a terminal.
struct Watch {
    bar: ProgressBar,
    /// Candles that each variant looks at.
    bars: u64,
}

impl Observer for Watch {
    fn notice(&mut self, line: &str) {
        say(line);
    }

    fn begin(&mut self, variants: usize, bars: u64) {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} variants  {eta} left  {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = ProgressBar::new(variants as u64).with_style(style);
        self.bars = bars;
    }

    fn progress(&mut self, variants: f64) {
        let seconds = self.bar.elapsed().as_secs_f64();
        let speed = variants * self.bars as f64 / seconds.max(1e-3) / 1e6;
        self.bar.set_message(format!("{speed:.1} M strategy-bars/s"));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to all variants"
        )]
        self.bar.set_position(variants as u64);
    }
}
