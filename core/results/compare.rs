//! The same run under several capital policies, side by side.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use hemiola_adapters::results::{Column, ResultsFolder, Table};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::summary::Summary;
use super::{Decisions, terminal};
use crate::exit::{Exit, Failure};
use crate::job::{Job, Prepared};
use crate::modes::backtest::Outcome;

/// What the manifest of a comparison says about itself.
pub const SCHEMA: &str = "hemiola.comparison/1";

/// A run under one of the policies.
#[derive(Clone, Copy, Debug)]
pub struct Variant<'a> {
    /// How it was asked for.
    pub job: &'a Job,
    /// What was run.
    pub prepared: &'a Prepared,
    /// What came out of it.
    pub outcome: &'a Outcome,
    /// What it came to.
    pub summary: &'a Summary,
}

impl Variant<'_> {
    /// The policy's name in reports.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.prepared.plan.capital_policy.name
    }

    fn folder(&self) -> String {
        folder(self.label())
    }
}

/// A label as the name of a folder.
fn folder(label: &str) -> String {
    let plain = |one: char| if one.is_alphanumeric() || one == '-' { one } else { '_' };
    label.to_lowercase().chars().map(plain).collect()
}

/// Checks that policies can be told apart by their labels, and so can their folders.
///
/// # Errors
/// When two cannot.
pub fn check_labels(prepared: &[Prepared]) -> Result<(), Failure> {
    let labels: Vec<&str> = prepared.iter().map(|one| one.plan.capital_policy.name.as_str()).collect();
    for (index, label) in labels.iter().enumerate() {
        if labels[..index].iter().any(|earlier| folder(earlier) == folder(label)) {
            let message = format!(
                "two of the policies are called `{label}`: name each once, and give one that stands in a file a `label` \
                 of its own"
            );
            return Err(Failure::new(Exit::Usage, message));
        }
    }
    Ok(())
}

/// What names a comparison: the same for the same runs in the same order.
#[must_use]
pub fn id(prepared: &[Prepared]) -> String {
    let mut hash = Sha256::new();
    for one in prepared {
        hash.update(&one.run_id);
    }
    HEXLOWER.encode(&hash.finalize())
}

/// Writes one folder with the tables of the comparison, and in it the folder of each run, as that run alone has it.
///
/// # Errors
/// When it cannot be written, or `target` is a folder of something else.
pub fn write(target: &Path, variants: &[Variant<'_>], decisions: &Decisions) -> Result<PathBuf, Failure> {
    let folder = ResultsFolder::create(target)?;
    for Variant { job, prepared, outcome, summary } in variants {
        let place = folder.place(&self::folder(&prepared.plan.capital_policy.name))?;
        super::write(&place, job, prepared, outcome, summary, decisions)?;
    }
    folder.table("compare.parquet", &table(variants))?;
    folder.table("equity.parquet", &equity(variants))?;
    folder.json("manifest.json", &manifest(variants))?;
    folder.json("compare.json", &to_json(variants))?;
    Ok(folder.commit()?)
}

fn manifest(variants: &[Variant<'_>]) -> Value {
    let mut hash = Sha256::new();
    for variant in variants {
        hash.update(&variant.outcome.digest);
    }
    let run = |variant: &Variant<'_>| {
        json!({
            "policy": variant.label(),
            "folder": variant.folder(),
            "run_id": variant.prepared.run_id,
            "digest": variant.outcome.digest,
        })
    };
    json!({
        "schema": SCHEMA,
        "digest": HEXLOWER.encode(&hash.finalize()),
        "runs": variants.iter().map(run).collect::<Vec<_>>(),
    })
}

/// The comparison as one document.
#[must_use]
pub fn to_json(variants: &[Variant<'_>]) -> Value {
    let policy = |variant: &Variant<'_>| {
        let summary = variant.summary.to_json();
        json!({
            "policy": variant.label(),
            "folder": variant.folder(),
            "run_id": variant.prepared.run_id,
            "digest": variant.outcome.digest,
            "final_equity": variant.outcome.account.equity.get(),
            "statistics": summary["statistics"],
            "money": summary["money"],
            "counts": summary["counts"],
            "refusals": summary["refusals"],
        })
    };
    json!({ "policies": variants.iter().map(policy).collect::<Vec<_>>() })
}

/// One row per policy; what is not defined for a run is NaN.
fn table(variants: &[Variant<'_>]) -> Table {
    let texts = |text: &dyn Fn(&Variant<'_>) -> String| {
        let texts: Vec<String> = variants.iter().map(text).collect();
        Column::Text(texts.iter().map(String::as_str).collect())
    };
    let floats = |value: &dyn Fn(&Summary) -> Option<f64>| {
        Column::Float(variants.iter().map(|variant| value(variant.summary).unwrap_or(f64::NAN)).collect())
    };
    let counts = |value: &dyn Fn(&Summary) -> u64| {
        let count = |variant: &Variant<'_>| i64::try_from(value(variant.summary)).unwrap_or(i64::MAX);
        Column::Integer(variants.iter().map(count).collect())
    };
    let equity = variants.iter().map(|variant| variant.outcome.account.equity.get());
    Table::new(
        vec![
            ("policy", texts(&|variant| variant.label().to_owned())),
            ("folder", texts(&|variant| variant.folder())),
            ("run_id", texts(&|variant| variant.prepared.run_id.clone())),
            ("digest", texts(&|variant| variant.outcome.digest.clone())),
            ("final_equity", Column::Float(equity.collect())),
            ("total_return", floats(&|summary| summary.statistics.total_return)),
            ("cagr", floats(&|summary| summary.statistics.cagr)),
            ("annualised_volatility", floats(&|summary| summary.statistics.annualised_volatility)),
            ("sharpe", floats(&|summary| summary.statistics.sharpe)),
            ("sortino", floats(&|summary| summary.statistics.sortino)),
            ("max_drawdown", floats(&|summary| Some(summary.statistics.max_drawdown))),
            ("max_drawdown_days", floats(&|summary| summary.statistics.max_drawdown_days)),
            ("calmar", floats(&|summary| summary.statistics.calmar)),
            ("turnover", floats(&|summary| summary.statistics.turnover)),
            ("exposure", floats(&|summary| summary.statistics.exposure)),
            ("hit_rate", floats(&|summary| summary.statistics.hit_rate)),
            ("profit_factor", floats(&|summary| summary.statistics.profit_factor)),
            ("realised", floats(&|summary| Some(summary.money.realised))),
            ("unrealised", floats(&|summary| Some(summary.money.unrealised))),
            ("fees", floats(&|summary| Some(summary.money.fees))),
            ("slippage", floats(&|summary| Some(summary.money.slippage))),
            ("borrow", floats(&|summary| Some(summary.money.borrow))),
            ("net", floats(&|summary| Some(summary.money.net()))),
            ("signals", counts(&|summary| summary.total.telemetry.signals)),
            ("refusals", counts(&|summary| summary.total.telemetry.refusals)),
            ("orders", counts(&|summary| summary.total.telemetry.orders)),
            ("fills", counts(&|summary| summary.total.telemetry.fills)),
        ],
        metadata(variants),
    )
}

/// The equity curves one below the other.
fn equity(variants: &[Variant<'_>]) -> Table {
    let points = || {
        variants
            .iter()
            .zip(0_u32..)
            .flat_map(|(variant, index)| variant.outcome.equity.iter().map(move |point| (index, point)))
    };
    Table::new(
        vec![
            (
                "policy",
                Column::Label {
                    values: points().map(|(policy, _)| policy).collect(),
                    names: variants.iter().map(|variant| variant.label().to_owned()).collect(),
                },
            ),
            ("time", Column::Time(points().map(|(_, point)| point.at).collect())),
            ("equity", Column::Float(points().map(|(_, point)| point.equity).collect())),
            ("drawdown", Column::Float(points().map(|(_, point)| point.drawdown).collect())),
        ],
        metadata(variants),
    )
}

fn metadata(variants: &[Variant<'_>]) -> Vec<(String, String)> {
    let synthetic = variants.iter().any(|variant| variant.prepared.data.is_synthetic());
    vec![("synthetic".into(), synthetic.to_string())]
}

/// For people.
#[must_use]
pub fn to_text(variants: &[Variant<'_>]) -> String {
    const HEADER: [&str; 13] = [
        "policy",
        "return",
        "CAGR",
        "volatility",
        "Sharpe",
        "max drawdown",
        "turnover",
        "fees",
        "net",
        "signals",
        "refused",
        "orders",
        "fills",
    ];
    let mut table = terminal::table(&HEADER, 1);
    for variant in variants {
        let Summary { statistics: s, money, total, .. } = variant.summary;
        let ratio = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.2}"));
        let counts = &total.telemetry;
        let mut cells = vec![variant.label().to_owned()];
        cells.extend([s.total_return, s.cagr, s.annualised_volatility].map(terminal::percent));
        cells.extend([ratio(s.sharpe), terminal::percent(Some(s.max_drawdown)), ratio(s.turnover)]);
        cells.extend([money.fees, money.net()].map(terminal::amount));
        cells.extend([counts.signals, counts.refusals, counts.orders, counts.fills].map(|n| n.to_string()));
        table.add_row(cells);
    }
    format!("{table}\n")
}
