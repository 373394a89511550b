//! What an account holds, as far as limits are concerned: in all, and in a bucket of instruments.

use hemiola_components::id::InstrumentIndex;
use hemiola_components::portfolio::{Book, Sheet};
use hemiola_components::risk::{Bucket, Refusal, RiskProfile, Rule};
use hemiola_components::time::Nanos;

use super::check::Cap;
use crate::book::close_at;

/// Values a line, long and short added up, with what orders under way will add.
fn values(book: &Book, now: Nanos) -> impl Fn(usize) -> f64 {
    let marks = book.sheet.as_ref().map(Sheet::marks);
    move |index| {
        let line = &book.lines[index];
        let quantity = line.gross + line.pending;
        let close = || match marks {
            Some(marks) => marks.get(index).copied().filter(|close| *close > 0.0),
            None => close_at(book, index, now),
        };
        if quantity == 0.0 { 0.0 } else { close().map_or(0.0, |close| quantity * close) }
    }
}

/// Everything in the account at `now`.
#[must_use]
pub fn gross(book: &Book, now: Nanos) -> f64 {
    (0..book.lines.len()).map(values(book, now)).sum()
}

/// The limits of the buckets that an instrument is in, for an order at `price`. The tightest of them binds.
///
/// # Errors
/// When there are buckets and it is in none.
pub fn buckets(
    profile: &RiskProfile,
    instrument: InstrumentIndex,
    (book, now): (&Book, Nanos),
    (price, equity): (f64, f64),
) -> Result<impl Iterator<Item = Cap>, Refusal> {
    let holds = move |bucket: &&Bucket| bucket.instruments.binary_search(&instrument).is_ok();
    if !profile.buckets.is_empty() && !profile.buckets.iter().any(|bucket| holds(&bucket)) {
        return Err(Refusal::plain(Rule::NotInBucket));
    }
    let value = values(book, now);
    Ok(profile.buckets.iter().filter(holds).map(move |bucket| {
        let base = bucket.instruments.iter().map(|other| value(other.get())).sum();
        let shares = [bucket.max_position.get() * equity, bucket.max_notional.get()];
        let limit = shares.into_iter().filter(|limit| *limit > 0.0).fold(f64::INFINITY, f64::min);
        Cap { rule: Rule::BucketExposure, base, unit: price, limit, slack: 1e-9 * equity.abs() }
    }))
}
