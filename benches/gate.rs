//! The whole pre-trade check of one order: guards, exposures, latches and every limit, in an account that holds fifty
//! positions.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use hemiola::bench::walk::walk;
use hemiola_components::candles::Candles;
use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
use hemiola_components::market::TradingRules;
use hemiola_components::order::{Order, OrderKind, OrderSize, Origin, Side};
use hemiola_components::portfolio::{Account, Book, BookLine, Recent, Sheet};
use hemiola_components::risk::{Bucket, Guards, Refusal, RiskPolicy, RiskProfile, RiskState, Rule};
use hemiola_components::rows::Rows;
use hemiola_components::signal::Protection;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price, Quantity, Ratio};
use hemiola_systems::risk::cash::free_cash;
use hemiola_systems::risk::check::{Change, Proposal, Standing, check};
use hemiola_systems::risk::exposure::{buckets, gross};
use hemiola_systems::risk::guards::ask;
use hemiola_systems::risk::latch::reason;

const POSITIONS: usize = 50;
const IN_BUCKET: usize = 10;
const CANDLES: usize = 1_000;

/// An account with its limits, and everything of an order that its check reads.
struct Desk {
    account: Account,
    book: Book,
    profile: RiskProfile,
    policy: RiskPolicy,
    state: RiskState,
    recent: Recent,
}

impl Desk {
    /// One base unit of each instrument, in an account that has room for more under every limit.
    fn new(is_marked_by_rows: bool) -> Self {
        let line = |seed: usize| {
            let bars = Candles::new(walk(seed as u64, CANDLES));
            let mut line = BookLine::new(bars, TradingRules::default());
            (line.closed, line.net, line.gross, line.holders) = (CANDLES, 1.0, 1.0, 1);
            line
        };
        let mut book = Book {
            lines: (0..POSITIONS).map(line).collect(),
            held: (0..).take(POSITIONS).collect(),
            ..Book::default()
        };
        if is_marked_by_rows {
            let bars = book.lines.iter().map(|line| line.bars.shared().as_ref());
            let rows = Rows::new(bars, 2 * POSITIONS * CANDLES).expect("lines with the same candles");
            let mut sheet = Sheet::new(Arc::new(rows));
            sheet.passed = sheet.rows.until(Nanos::NEVER, 0);
            book.sheet = Some(sheet);
        }
        let equity = Notional::new(1e9);
        Self {
            account: Account::new(equity),
            book,
            profile: profile(),
            policy: RiskPolicy { guards: guards(), ..RiskPolicy::default() },
            state: RiskState { month: Some(Box::default()), ..RiskState::default() },
            recent: Recent { last: vec![None; POSITIONS], ..Recent::default() },
        }
    }

    /// What the gate asks of an order that opens or extends a position.
    fn admit(&self, order: &Order, quantity: Quantity, own: Quantity) -> Result<Change, Refusal> {
        let Self { account, book, profile, policy, state, recent } = self;
        let (index, mark) = (order.instrument.get(), order.reference);
        let line = &book.lines[index];
        let protection = order.protection;
        let proposal = Proposal {
            side: order.side,
            quantity: quantity.get(),
            price: mark.get(),
            atr: protection.map(|protection| protection.atr),
            stop: protection.map(|protection| protection.stop.get()),
        };
        ask(&policy.guards, recent, (order, quantity, index), line)?;
        let equity = account.equity.get();
        let standing = Standing {
            own: own.at(mark).get(),
            others: (line.gross + line.pending - own.abs().get()) * mark.get(),
            gross: gross(book, order.at),
            active: state.open_positions,
            equity,
            available: free_cash(account, book).get(),
            maintenance: 0.0,
        };
        let buckets = buckets(profile, order.instrument, (book, order.at), (mark.get(), equity))?;
        let latched = reason(profile, account, state);
        check(profile, policy, latched, &proposal, &standing, buckets)
    }
}

/// Every limit is on.
fn profile() -> RiskProfile {
    let half = Ratio::new(0.5);
    let bucket = Bucket {
        name: "bucket".into(),
        instruments: (0..IN_BUCKET).map(InstrumentIndex::new).collect(),
        max_position: half,
        max_notional: Notional::new(1e8),
    };
    RiskProfile {
        max_positions: 100,
        max_position: half,
        max_leverage: 3.0,
        max_drawdown: half,
        max_daily_loss: half,
        max_daily_fall: half,
        trade_risk: [Ratio::ZERO, half],
        target_volatility: half,
        stop_atr_multiple: 1.0,
        instrument_alert: half,
        instrument_limit: half,
        portfolio_alert: half,
        portfolio_limit: half,
        kill_daily_r: 2.0,
        kill_daily_loss: half,
        kill_weekly_loss: half,
        max_cost_to_profit: 0.5,
        buckets: vec![bucket],
        ..RiskProfile::unlimited("all")
    }
}

fn guards() -> Guards {
    Guards {
        price_collar: Ratio::new(0.1),
        max_order_notional: Notional::new(1e9),
        max_orders_per_second: 100,
        duplicate_window: Nanos::SECOND,
        max_price_age: Nanos::DAY,
        restricted: vec![false; POSITIONS],
    }
}

/// An order to add to the fourth position, at its mark.
fn order(line: &BookLine) -> Order {
    let mark = Price::new(line.bars.close[CANDLES - 1]);
    Order {
        schedule: ScheduleIndex::new(0),
        instrument: InstrumentIndex::new(3),
        at: line.bars.close_time(CANDLES - 1),
        ordinal: 0,
        origin: Origin::Engine,
        side: Side::Buy,
        size: OrderSize::Base(Quantity::new(1.0)),
        kind: OrderKind::Limit { price: mark, post_only: false },
        reference: mark,
        protection: Some(Protection { atr: 0.01 * mark.get(), stop: Price::new(0.95 * mark.get()) }),
    }
}

fn one_order(c: &mut Criterion) {
    let mut group = c.benchmark_group("gate");
    for (name, is_marked_by_rows) in [("marked by rows", true), ("marked line by line", false)] {
        let desk = Desk::new(is_marked_by_rows);
        let order = order(&desk.book.lines[3]);
        let admit =
            |quantity: f64| desk.admit(black_box(&order), Quantity::new(quantity), Quantity::new(1.0));
        assert!(admit(1.0).is_ok_and(|change| !change.reduces), "it passes everything");
        let refused = admit(8e3).expect_err("it is too large for the bucket");
        assert_eq!(refused.rule, Rule::BucketExposure, "the last of the limits");
        group.bench_function(format!("passes, {name}"), |b| b.iter(|| admit(black_box(1.0))));
        group.bench_function(format!("refused, {name}"), |b| b.iter(|| admit(black_box(8e3))));
    }
    group.finish();
}

criterion_group!(benches, one_order);
criterion_main!(benches);
