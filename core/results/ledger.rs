//! A run in the paper ledger: a row for every fill.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hemiola_adapters::ledger::{self, Ledger, LedgerDays, Row, RowSide, Torn};
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::journal::{Event, Record};
use hemiola_components::order::{Fill, Side};
use hemiola_components::units::{Notional, Quantity};
use hemiola_systems::execution::trade::{Deal, Funds, Short};

use super::order_id;
use crate::exit::{Exit, Failure};
use crate::job::Prepared;
use crate::modes::backtest::Outcome;

/// The files that a run is to be appended to.
#[derive(Debug)]
pub struct RunLedger<'a> {
    prepared: &'a Prepared,
    days: LedgerDays,
}

/// What became of a ledger.
#[derive(Debug)]
pub struct Appended {
    /// Where it is.
    pub folder: PathBuf,
    /// Rows that were added.
    pub rows: usize,
    /// Ends of lines that a crash had cut short, moved away.
    pub torn: Vec<Torn>,
    /// Files of days before those that are kept, deleted.
    pub deleted: Vec<PathBuf>,
}

impl<'a> RunLedger<'a> {
    /// The files of a folder, called as the run's environment says.
    ///
    /// # Errors
    /// When they cannot be read, or hold orders of this run already: nothing is booked twice.
    pub fn open(folder: &Path, prepared: &'a Prepared) -> Result<Self, Failure> {
        let days = LedgerDays::new(folder, &prepared.ledger.pattern)?;
        let head = format!("{}-", &prepared.run_id[..12]);
        if let Some(row) = days.rows()?.iter().find(|row| row.order_id.starts_with(&head)) {
            let message = format!(
                "--ledger {}: holds rows of this run already, the first of order {}: name another folder, or remove \
                 these rows",
                folder.display(),
                row.order_id
            );
            return Err(Failure::new(Exit::Usage, message));
        }
        Ok(Self { prepared, days })
    }

    /// Appends a row for every fill, in the order they were known, and deletes the files of days that are not kept any
    /// more at the run's end.
    ///
    /// # Errors
    /// When a number is beyond the decimals of a ledger, before anything is written; when the system refuses.
    pub fn append(self, outcome: &Outcome) -> Result<Appended, Failure> {
        let rows = rows(self.prepared, outcome)?;
        let terms = &self.prepared.ledger;
        let mut ledger = Ledger::new(self.days.clone(), terms.syncs);
        let mut torn = Vec::new();
        for row in &rows {
            torn.extend(ledger.append(row)?);
        }
        let end = outcome.timeline.end;
        let deleted = match terms.retention_days {
            Some(days) => self.days.forget(end, days)?,
            None => Vec::new(),
        };
        Ok(Appended { folder: self.days.folder().to_owned(), rows: rows.len(), torn, deleted })
    }
}

/// The rows of a run. An order's id is that of `decisions.jsonl`, a symbol is `venue:symbol`, the position is that of
/// the order's schedule.
///
/// # Errors
/// When a number is beyond the decimals of a ledger.
pub fn rows(prepared: &Prepared, outcome: &Outcome) -> Result<Vec<Row>, Failure> {
    let mut positions: BTreeMap<(ScheduleIndex, InstrumentIndex), (Quantity, Short)> = BTreeMap::new();
    let mut rows = Vec::new();
    for Record { event, .. } in &outcome.records {
        let Event::Fill { fill, position: after, .. } = event else { continue };
        let (held, short) = positions.entry((fill.order.schedule, fill.order.instrument)).or_default();
        *short = traded(fill, *held, *short, prepared.plan.margin.leverage);
        *held = *after;
        rows.push(row(prepared, fill, *after, short)?);
    }
    Ok(rows)
}

/// What a position of `held` base units is short after a fill.
fn traded(fill: &Fill, held: Quantity, short: Short, leverage: f64) -> Short {
    // The venue has looked at the cash already.
    let funds = Funds {
        cash: Notional::new(f64::INFINITY),
        locked: Notional::ZERO,
        base: Quantity::new(held.get().max(0.0)),
        short,
    };
    let deal = Deal { quantity: fill.quantity, price: fill.price, amount: Notional::ZERO };
    let funds = match fill.order.side {
        Side::Buy => funds.buy(deal),
        Side::Sell => funds.sell(deal, leverage),
    };
    funds.expect("whoever has no end of cash can pay").short
}

fn row(prepared: &Prepared, fill: &Fill, position: Quantity, short: &Short) -> Result<Row, Failure> {
    let instrument = &prepared.plan.instruments[fill.order.instrument.get()];
    let mut id = String::new();
    order_id(&prepared.run_id, &fill.order, &mut id);
    let amount = |value: f64| {
        let message = || format!("order {id}: {value} is beyond the decimals of a ledger");
        ledger::amount(value).ok_or_else(|| Failure::new(Exit::Operational, message()))
    };
    Ok(Row {
        timestamp: fill.time,
        symbol: instrument.name(),
        side: match fill.order.side {
            Side::Buy => RowSide::Buy,
            Side::Sell => RowSide::Sell,
        },
        quantity: amount(fill.quantity.get())?,
        price: amount(fill.price.get())?,
        fee: amount(fill.fee.get())?,
        fee_asset: instrument.quote.clone(),
        status: fill.status.name().to_owned(),
        leverage: amount(short.leverage(fill.price))?,
        position_value: amount(position.abs().at(fill.price).get())?,
        order_id: id,
    })
}
