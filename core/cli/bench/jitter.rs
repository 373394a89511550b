//! `hemiola bench jitter`.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::bench::jitter::{self, Ask, Measured, Side};
use crate::cli::{Format, Output, print, print_json, report_failure, say};
use crate::duration;
use crate::exit::{Exit, Failure};
use crate::pace::Percentiles;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    /// How many schedules, all of the same cadence.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    schedules: usize,
    /// Their cadence, such as 0.001s or 1s.
    #[arg(long, value_name = "DURATION", default_value = "0.001s")]
    period: String,
    /// How long each side is measured, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// How long one side is measured before the other's turn, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    slice: u64,
    /// The last part of each sleep, in which the clock is asked again and again, in microseconds.
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 0)]
    spin: u64,
    /// Run on this core only.
    #[arg(long, value_name = "CORE")]
    pin: Option<usize>,
    /// `cyclictest` of rt-tests; by default the one on the path, else a loop that only sleeps.
    #[arg(long, value_name = "FILE")]
    probe: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    report_failure("bench-jitter", arguments.output.format(), perform(arguments))
}

fn perform(arguments: &Arguments) -> Result<(), Failure> {
    let period = duration::parse(&arguments.period).filter(|seconds| (1e-6..=3_600.0).contains(seconds));
    let period = period.map(Duration::from_secs_f64).ok_or_else(|| {
        let text = &arguments.period;
        let message =
            format!("--period: `{text}` is no cadence: write 0.001s or 1s; from a microsecond to an hour");
        Failure::new(Exit::Usage, message)
    })?;
    let seconds = Duration::from_secs(arguments.seconds);
    let ask = Ask {
        schedules: arguments.schedules,
        period,
        time: seconds,
        slice: Duration::from_secs(arguments.slice).min(seconds),
        spin: Duration::from_micros(arguments.spin),
        pin: arguments.pin,
        probe: arguments.probe.clone().or_else(on_path),
    };
    let load_before = read("/proc/loadavg");
    let measured = jitter::run(&ask, |_| ())?;
    // The thread is now as it was measured.
    let host = host();
    let load_after = read("/proc/loadavg");
    if let Some(note) = &measured.note {
        say(format_args!("note: {note}"));
    }
    match arguments.output.format() {
        Format::Text => print(&text(&ask, &measured, &host, [&load_before, &load_after])),
        Format::Json => {
            let sides = [&measured.probe, &measured.scheduler].map(document);
            let body = json!({
                "schedules": ask.schedules,
                "period_ns": period.as_nanos().to_string(),
                "seconds": arguments.seconds,
                "probe": sides[0],
                "scheduler": sides[1],
                "ratios": ratios(&measured),
                "cpu_share": measured.cpu,
                "note": measured.note,
                "host": host.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
                "load_before": load_before,
                "load_after": load_after,
            });
            print_json("bench-jitter", "ok", body)
        }
    }
}

/// `cyclictest`, when it is on the path.
fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join("cyclictest")).find(|file| file.is_file())
}

fn read(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_| "not told".to_owned(), |text| text.trim().to_owned())
}

/// What the machine is and does.
fn host() -> Vec<(&'static str, String)> {
    let status = read("/proc/thread-self/status");
    let affinity = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let stat = read("/proc/thread-self/stat");
    let policy = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(38));
    let policy = match policy {
        Some("0") => "other",
        Some("1") => "fifo",
        Some("2") => "round robin",
        _ => "not told",
    };
    let flags = read("/proc/cpuinfo");
    let guest = match flags.lines().find(|line| line.starts_with("flags")) {
        Some(flags) if flags.contains(" hypervisor") => "yes",
        Some(_) => "no",
        None => "not told",
    };
    vec![
        ("kernel", read("/proc/sys/kernel/osrelease")),
        ("clock_source", read("/sys/devices/system/clocksource/clocksource0/current_clocksource")),
        ("policy", policy.to_owned()),
        ("affinity", affinity.unwrap_or("not told").trim().to_owned()),
        ("virtual_machine", guest.to_owned()),
    ]
}

/// The scheduler's lateness as a multiple of the probe's.
fn ratios(measured: &Measured) -> Value {
    let of = |histogram: fn(&Side) -> &Histogram<u64>| {
        let [probe, scheduler] =
            [&measured.probe, &measured.scheduler].map(|side| Percentiles::of(histogram(side)));
        let ratio = |of: fn(&Percentiles) -> u64| of(&scheduler) as f64 / of(&probe).max(1) as f64;
        json!({
            "p50": ratio(|of| of.p50),
            "p90": ratio(|of| of.p90),
            "p99": ratio(|of| of.p99),
            "p999": ratio(|of| of.p999),
            "p9999": ratio(|of| of.p9999),
            "max": ratio(|of| of.max),
        })
    };
    json!({ "raw": of(|side| &side.raw), "corrected": of(|side| &side.corrected) })
}

fn document(side: &Side) -> Value {
    json!({
        "name": side.name,
        "raw": Percentiles::of(&side.raw),
        "corrected": Percentiles::of(&side.corrected),
    })
}

fn text(
    ask: &Ask,
    measured: &Measured,
    host: &[(&'static str, String)],
    [before, after]: [&str; 2],
) -> String {
    let rows = |percentiles: Percentiles| {
        let Percentiles { p50, p90, p99, p999, p9999, max, .. } = percentiles;
        [("p50", p50), ("p90", p90), ("p99", p99), ("p99.9", p999), ("p99.99", p9999), ("max", max)]
    };
    let mut table = crate::results::terminal::table(
        &[
            "lateness, us",
            &measured.probe.name,
            "scheduler",
            "ratio",
            "probe, corrected",
            "scheduler, corrected",
            "ratio",
        ],
        1,
    );
    let [raw, corrected] =
        [|side: &Side| Percentiles::of(&side.raw), |side: &Side| Percentiles::of(&side.corrected)]
            .map(|of| (rows(of(&measured.probe)), rows(of(&measured.scheduler))));
    let micros = |nanos: u64| format!("{:.1}", nanos as f64 / 1e3);
    let ratio = |probe: u64, scheduler: u64| format!("{:.2}", scheduler as f64 / probe.max(1) as f64);
    for row in 0..raw.0.len() {
        let [probe, scheduler, probe_corrected, scheduler_corrected] =
            [raw.0[row].1, raw.1[row].1, corrected.0[row].1, corrected.1[row].1];
        table.add_row([
            raw.0[row].0.to_owned(),
            micros(probe),
            micros(scheduler),
            ratio(probe, scheduler),
            micros(probe_corrected),
            micros(scheduler_corrected),
            ratio(probe_corrected, scheduler_corrected),
        ]);
    }
    let facts: Vec<String> =
        host.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
    format!(
        "{} schedules every {:?}, {} s a side in slices of {} s\n{table}\n{} and {} wakes; the scheduler took {:.2} % of one core\n{}, load {before} before and {after} after\n",
        ask.schedules,
        ask.period,
        ask.time.as_secs(),
        ask.slice.as_secs(),
        measured.probe.raw.len(),
        measured.scheduler.raw.len(),
        measured.cpu * 100.0,
        facts.join(", ")
    )
}
