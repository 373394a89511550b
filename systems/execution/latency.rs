//! How long an order is on its way to the market.

use hemiola_components::order::{Liquidity, Order};
use hemiola_components::time::Nanos;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

/// When an order is in the market. Its part by chance depends on nothing but the seed and who the order is.
pub(crate) fn arrival(order: &Order, liquidity: &Liquidity) -> Nanos {
    let sent = order.at + liquidity.latency;
    if liquidity.latency_jitter <= Nanos::ZERO {
        return sent;
    }
    let below = liquidity.latency_jitter.get().unsigned_abs();
    let late = (u128::from(draw(order, liquidity.seed)) * u128::from(below)) >> 64;
    sent + Nanos::new(i64::try_from(late).expect("it is below the jitter"))
}

/// A random number that is the order's own.
fn draw(order: &Order, seed: u64) -> u64 {
    const NAME: &[u8; 8] = b"latency\0";
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(NAME);
    key[16..24].copy_from_slice(&order.at.get().to_le_bytes());
    key[24..28].copy_from_slice(&order.ordinal.to_le_bytes());
    let mut stream = ChaCha8Rng::from_seed(key);
    stream.set_stream(((order.schedule.get() as u64) << 32) | order.instrument.get() as u64);
    stream.next_u64()
}

#[cfg(test)]
mod tests {
    use hemiola_components::id::{InstrumentIndex, ScheduleIndex};
    use hemiola_components::order::{OrderKind, OrderSize, Origin, Side};
    use hemiola_components::units::{Price, Quantity};

    use super::*;

    fn order(at: i64, schedule: usize, instrument: usize, ordinal: u32) -> Order {
        Order {
            schedule: ScheduleIndex::new(schedule),
            instrument: InstrumentIndex::new(instrument),
            at: Nanos::new(at),
            ordinal,
            origin: Origin::Engine,
            side: Side::Buy,
            size: OrderSize::Base(Quantity::new(1.0)),
            kind: OrderKind::Market,
            reference: Price::new(1.0),
            protection: None,
        }
    }

    #[test]
    fn the_latency_of_an_order_is_its_own() {
        let liquidity = Liquidity {
            latency: Nanos::new(1_000),
            latency_jitter: Nanos::new(1_000_000),
            ..Liquidity::default()
        };
        let of = |order| arrival(&order, &liquidity);
        let first = order(5, 0, 0, 0);
        assert_eq!(of(first), of(first));
        assert!((1_005..1_001_005).contains(&of(first).get()));
        for other in [order(5, 1, 0, 0), order(5, 0, 1, 0), order(5, 0, 0, 1)] {
            assert_ne!(of(first), of(other));
        }
        assert_ne!(of(first), arrival(&first, &Liquidity { seed: 1, ..liquidity }));
        let mean = (0..1_000).map(|at| (of(order(at, 0, 0, 0)).get() - at - 1_000) as f64).sum::<f64>() / 1e9;
        assert!((mean - 0.5).abs() < 0.05, "{mean}");
        let plain = Liquidity { latency_jitter: Nanos::ZERO, ..liquidity };
        assert_eq!(arrival(&first, &plain), Nanos::new(1_005));
    }
}
