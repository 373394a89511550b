//! Marking: what the book is worth at an instant, and between two instants.

use hemiola_components::portfolio::{Account, Book, BookLine};
use hemiola_components::rows::LANES;
use hemiola_components::time::Nanos;
use hemiola_components::units::{Notional, Price};

/// The mark of a line at `now`: the close of its last candle, or `None` before its first.
fn mark(line: &mut BookLine, now: Nanos) -> Option<Price> {
    line.closed = line.bars.closed_at(now, line.closed);
    last_close(line).map(Price::new)
}

fn last_close(line: &BookLine) -> Option<f64> {
    line.closed.checked_sub(1).map(|bar| line.bars.close[bar])
}

/// The mark of line `index` at `now`, at which the account has been marked; `None` before its first candle. Notes how
/// many of its candles have closed.
pub(crate) fn mark_of(book: &mut Book, index: usize, now: Nanos) -> Option<Price> {
    if book.sheet.is_none() {
        return mark(&mut book.lines[index], now);
    }
    let line = &mut book.lines[index];
    line.closed = line.bars.closed_at(now, line.closed);
    marked(book, index).map(Price::new)
}

/// The close that a line of the book is marked at, or `None` before its first.
#[must_use]
pub fn marked(book: &Book, index: usize) -> Option<f64> {
    match &book.sheet {
        Some(sheet) => sheet.marks().get(index).copied().filter(|close| *close > 0.0),
        None => last_close(&book.lines[index]),
    }
}

/// The close of a line's last candle at `now`, held or not; `None` before its first.
#[must_use]
pub fn close_at(book: &Book, index: usize, now: Nanos) -> Option<f64> {
    let line = &book.lines[index];
    match &book.sheet {
        Some(_) => marked(book, index),
        None => line.bars.closed_at(now, line.closed).checked_sub(1).map(|bar| line.bars.close[bar]),
    }
}

/// Cash plus the held lines at the closes they are marked at.
///
/// The sum has one shape: eight lanes by line index, added pairwise. A flat line adds zero, so it does not matter
/// which lines are visited, only that they keep their lane.
fn equity(book: &Book, cash: f64) -> f64 {
    let mut lanes = [0.0; LANES];
    if let Some(sheet) = &book.sheet {
        let (nets, closes) = (sheet.net.as_chunks::<LANES>().0, sheet.marks().as_chunks::<LANES>().0);
        for (net, close) in nets.iter().zip(closes) {
            for lane in 0..LANES {
                lanes[lane] += net[lane] * close[lane];
            }
        }
    } else {
        for &index in &book.held {
            let line = &book.lines[index as usize];
            lanes[index as usize % LANES] += last_close(line).map_or(0.0, |close| line.net * close);
        }
    }
    let pairs = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    cash + ((pairs[0] + pairs[2]) + (pairs[1] + pairs[3]))
}

/// Marks the account at `now`. Returns whether a candle of a held line has closed since it was marked last; with a
/// sheet it may also have been one of another line.
pub(crate) fn mark_at(account: &mut Account, book: &mut Book, now: Nanos) -> bool {
    let moved = if let Some(sheet) = &mut book.sheet {
        let before = sheet.passed;
        sheet.passed = sheet.rows.until(now, before);
        sheet.passed > before
    } else {
        let mut moved = false;
        for &index in &book.held {
            let line = &mut book.lines[index as usize];
            let before = line.closed;
            mark(line, now);
            moved |= line.closed > before;
        }
        moved
    };
    observe(account, equity(book, account.cash.get()));
    moved
}

/// Takes in the equity at an instant: peak and worst fall from a peak. Returns whether that reaches what latches a
/// profile.
pub fn observe(account: &mut Account, equity: f64) -> bool {
    account.equity = Notional::new(equity);
    let peak = account.peak.get();
    if equity > peak {
        account.peak = account.equity;
        return false;
    }
    let drawdown = (peak - equity) / peak;
    if drawdown > account.max_drawdown {
        account.max_drawdown = drawdown;
    }
    drawdown >= account.halts_at || equity <= account.floor
}

/// Sees the account at each mark.
pub type Visit<'a> = &'a mut dyn FnMut(Nanos, &Account);

/// Marks the account at every instant after the last mark and before `until` at which a held line has a
/// candle, and shows each to `visit`. The book does not change in between. Stops at the first instant that latches a
/// profile, and gives it.
///
/// # Panics
/// When somebody wants to see the marks of a book with a sheet: its rows are not the candles of held lines alone.
pub(crate) fn mark_until(
    account: &mut Account,
    book: &mut Book,
    until: Nanos,
    mut visit: Option<Visit<'_>>,
) -> Option<Nanos> {
    if book.sheet.is_some() {
        assert!(visit.is_none(), "a curve with a point for every candle has no sheet");
        return mark_rows(account, book, until);
    }
    if visit.is_none()
        && let [only] = book.held[..]
    {
        let line = &mut book.lines[only as usize];
        // `until` itself belongs to the next tick.
        let end = line.bars.closed_at(Nanos::new(until.get() - 1), line.closed);
        return mark_line(account, line, end);
    }
    loop {
        let next = book.held.iter().filter_map(|&index| next_close(&book.lines[index as usize])).min();
        let now = next.filter(|now| *now < until)?;
        for &index in &book.held {
            let line = &mut book.lines[index as usize];
            if next_close(line) == Some(now) {
                line.closed += 1;
            }
        }
        let latches = observe(account, equity(book, account.cash.get()));
        if let Some(visit) = &mut visit {
            visit(now, account);
        }
        if latches {
            return Some(now);
        }
    }
}

/// Marks the account at every row before `until`.
fn mark_rows(account: &mut Account, book: &mut Book, until: Nanos) -> Option<Nanos> {
    let is_flat = book.held.is_empty();
    while let Some(sheet) = &mut book.sheet
        && let now = sheet.rows.time(sheet.passed)
        && now < until
    {
        if is_flat {
            sheet.passed = sheet.rows.until(Nanos::new(until.get() - 1), sheet.passed);
            return None;
        }
        sheet.passed += 1;
        if observe(account, equity(book, account.cash.get())) {
            return Some(now);
        }
    }
    None
}

fn next_close(line: &BookLine) -> Option<Nanos> {
    (line.closed < line.bars.len()).then(|| line.bars.close_time(line.closed))
}

/// When the next candle of any line closes after `now`.
pub(crate) fn next_close_of_any(book: &mut Book, now: Nanos) -> Nanos {
    let next = book.lines.iter_mut().filter_map(|line| {
        line.closed = line.bars.closed_at(now, line.closed);
        (line.closed < line.bars.len()).then(|| line.bars.close_time(line.closed))
    });
    next.min().unwrap_or(Nanos::NEVER)
}

/// The same; [`Nanos::UNSEEN`] when there is no such candle yet.
pub(crate) fn next_close_or_unseen(book: &mut Book, now: Nanos) -> Nanos {
    next_close_of_any(book, now).min(Nanos::UNSEEN)
}

/// The first instant after `now` and before `until` at which a short may be called.
pub(crate) fn next_margin_call(book: &Book, now: Nanos, until: Nanos) -> Option<Nanos> {
    let lines = book.shorted.iter().map(|&index| &book.lines[index as usize]);
    let calls = lines.filter(|line| line.margin_call < f64::INFINITY).filter_map(|line| {
        let from = line.bars.closed_at(now, line.closed);
        let ahead = from..line.bars.closed_at(Nanos::new(until.get() - 1), from);
        let called = line.bars.close[ahead].iter().position(|close| *close > line.margin_call)?;
        Some(line.bars.close_time(from + called))
    });
    calls.min()
}

/// One line, up to candle `end`: equity is monotone in the price, rounding included, so the range's extreme closes
/// decide whether its candles have to be looked at one by one. They have to when the worst fall so far is passed, or
/// what latches a profile may be reached.
fn mark_line(account: &mut Account, line: &mut BookLine, end: usize) -> Option<Nanos> {
    let closes = &line.bars.close[line.closed..end];
    let last = *closes.last()?;
    let (cash, net) = (account.cash.get(), line.net);
    let at = |close: f64| cash + net * close;
    let (low, high) = extremes(closes);
    let (worst, best) = if net < 0.0 { (at(high), at(low)) } else { (at(low), at(high)) };
    let peak = best.max(account.peak.get());
    let drawdown = (peak - worst) / peak;
    if drawdown > account.max_drawdown || drawdown >= account.halts_at || worst <= account.floor {
        for (bar, close) in (line.closed..end).zip(closes) {
            if observe(account, at(*close)) {
                line.closed = bar + 1;
                return Some(line.bars.close_time(bar));
            }
        }
    } else {
        account.peak = Notional::new(peak);
        account.equity = Notional::new(at(last));
    }
    line.closed = end;
    None
}

/// Lowest and highest of a column, eight lanes at a time.
fn extremes(closes: &[f64]) -> (f64, f64) {
    let (mut low, mut high) = ([f64::INFINITY; 8], [f64::NEG_INFINITY; 8]);
    let (blocks, rest) = closes.as_chunks::<8>();
    for block in blocks {
        for lane in 0..8 {
            low[lane] = if block[lane] < low[lane] { block[lane] } else { low[lane] };
            high[lane] = if block[lane] > high[lane] { block[lane] } else { high[lane] };
        }
    }
    let low = low.iter().chain(rest).copied().fold(f64::INFINITY, f64::min);
    let high = high.iter().chain(rest).copied().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hemiola_components::candles::Candles;
    use hemiola_components::market::{Bars, TradingRules};

    use super::*;

    fn book(columns: &[(&[i64], &[f64], f64)]) -> Book {
        let lines = columns.iter().map(|(times, closes, net)| {
            let mut bars = Bars::empty(Nanos::new(10));
            bars.open_time = times.iter().map(|t| Nanos::new(*t)).collect();
            bars.close = closes.to_vec().into();
            let mut line = BookLine::new(Candles::new(Arc::new(bars)), TradingRules::default());
            (line.net, line.gross) = (*net, net.abs());
            line
        });
        let lines: Vec<BookLine> = lines.collect();
        let held = (0..).zip(&lines).filter(|(_, line)| line.net != 0.0).map(|(i, _)| i).collect();
        Book { lines, held, ..Book::default() }
    }

    #[test]
    fn a_short_range_and_a_long_one_see_the_same_peak_and_drawdown() {
        let closes: Vec<f64> =
            (0..500).map(|i| 100.0 + f64::from((i * 37) % 61) - f64::from(i % 7)).collect();
        let times: Vec<i64> = (0..500).map(|i| i * 10).collect();
        for net in [1.0, -0.5] {
            let marked = |step: usize| {
                let mut account = Account::new(Notional::new(1_000.0));
                account.peak = Notional::new(1.0);
                let mut book = book(&[(&times, &closes, net)]);
                for until in (0..=500).step_by(step) {
                    let until = Nanos::new(until * 10 + 1);
                    assert_eq!(mark_until(&mut account, &mut book, until, None), None);
                }
                (account, book.lines[0].closed)
            };
            let by_one = marked(1);
            assert_eq!(by_one.1, 500);
            assert!(by_one.0.max_drawdown > 0.0 && by_one.0.peak > Notional::new(900.0));
            for step in [2, 5, 100, 500] {
                assert_eq!(marked(step), by_one, "{step}");
            }
        }
    }

    #[test]
    fn lines_with_gaps_are_marked_at_their_own_instants() {
        let mut book = book(&[(&[0, 10, 30], &[1.0, 2.0, 3.0], 1.0), (&[10, 20], &[10.0, 20.0], 1.0)]);
        let mut account = Account::new(Notional::new(100.0));
        let mut seen = Vec::new();
        let mut visit = |now: Nanos, account: &Account| seen.push((now.get(), account.equity.get()));
        assert_eq!(mark_until(&mut account, &mut book, Nanos::new(40), Some(&mut visit)), None);
        assert_eq!(seen, [(10, 101.0), (20, 112.0), (30, 122.0)]);
        let mut moved = |now| {
            let moved = mark_at(&mut account, &mut book, Nanos::new(now));
            (moved, account.equity.get())
        };
        assert_eq!((moved(40), moved(45)), ((true, 123.0), (false, 123.0)));
    }
}
