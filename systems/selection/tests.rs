//! Overfitting, against a reference that follows the definition word by word.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn of(trials: &[Vec<f64>], blocks: usize) -> Overfitting {
    let blocks = Blocks::new(blocks).unwrap();
    let sums: Vec<BlockSums> = trials.iter().map(|returns| BlockSums::of(returns, blocks).unwrap()).collect();
    Overfitting::of(&sums).unwrap()
}

fn plain_sharpe(returns: &[f64]) -> f64 {
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let squares: f64 = returns.iter().map(|r| (r - mean) * (r - mean)).sum();
    match (mean == 0.0, squares == 0.0) {
        (true, _) => 0.0,
        (false, true) => 1e4 * ((count - 1.0) / count).sqrt() * mean.signum(),
        (false, false) => mean / (squares / (count - 1.0)).sqrt(),
    }
}

/// Whole numbers in the order of the ratios: equal ones differ in their last bits.
fn order(sharpe: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "ratios of the tests are below 10,000")]
    let order = (sharpe * 1e9).round() as i64;
    order
}

/// The mean of the ranks that a value has in a sorted list.
fn mid_rank(sorted: &[i64], value: i64) -> f64 {
    let ranks = (1..).zip(sorted).filter(|(_, one)| **one == value).map(|(rank, _)| f64::from(rank));
    ranks.clone().sum::<f64>() / ranks.count() as f64
}

fn plain(trials: &[Vec<f64>], blocks: usize) -> Overfitting {
    let periods = trials[0].len();
    let begin = |block: usize| block * periods / blocks;
    let (mut logits, mut losses, mut inside_of_best, mut outside_of_best) = (vec![], 0, vec![], vec![]);
    for set in 0..1_usize << blocks {
        if set.count_ones() as usize != blocks / 2 {
            continue;
        }
        let half = |returns: &Vec<f64>, wanted: bool| {
            let blocks = (0..blocks).filter(|block| (set >> block & 1 == 1) == wanted);
            let returns: Vec<f64> =
                blocks.flat_map(|block| returns[begin(block)..begin(block + 1)].to_vec()).collect();
            plain_sharpe(&returns)
        };
        let inside: Vec<f64> = trials.iter().map(|returns| half(returns, true)).collect();
        let outside: Vec<f64> = trials.iter().map(|returns| half(returns, false)).collect();
        let best = inside.iter().map(|sharpe| order(*sharpe)).max().unwrap();
        let chosen = (0..trials.len()).filter(|trial| order(inside[*trial]) == best);
        let chosen = chosen.min_by_key(|trial| order(outside[*trial])).unwrap();
        let mut sorted: Vec<i64> = outside.iter().map(|sharpe| order(*sharpe)).collect();
        sorted.sort_unstable();
        let relative = mid_rank(&sorted, order(outside[chosen])) / (trials.len() as f64 + 1.0);
        logits.push(libm::log(relative / (1.0 - relative)));
        losses += usize::from(order(outside[chosen]) < 0);
        inside_of_best.push(inside[chosen]);
        outside_of_best.push(outside[chosen]);
    }
    let count = logits.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (x, y) = (mean(&inside_of_best), mean(&outside_of_best));
    let products =
        inside_of_best.iter().zip(&outside_of_best).map(|(inside, outside)| (inside - x) * (outside - y));
    let squares: f64 = inside_of_best.iter().map(|inside| (inside - x) * (inside - x)).sum();
    let overfitted = logits.iter().filter(|logit| **logit < 1e-12).count();
    let mean_logit = mean(&logits);
    logits.sort_by(f64::total_cmp);
    Overfitting {
        trials: trials.len(),
        combinations: logits.len(),
        probability: overfitted as f64 / count,
        median_logit: f64::midpoint(logits[logits.len() / 2 - 1], logits[logits.len() / 2]),
        mean_logit,
        probability_of_loss: losses as f64 / count,
        slope: (squares > 1e-20).then(|| products.sum::<f64>() / squares),
    }
}

#[track_caller]
fn same(found: &Overfitting, expected: &Overfitting, tolerance: f64) {
    let close = |found: f64, expected: f64| (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    let alike = (found.trials, found.combinations) == (expected.trials, expected.combinations)
        && found.probability == expected.probability
        && found.probability_of_loss == expected.probability_of_loss
        && close(found.median_logit, expected.median_logit)
        && close(found.mean_logit, expected.mean_logit)
        && match (found.slope, expected.slope) {
            (Some(found), Some(expected)) => close(found, expected),
            (found, expected) => found == expected,
        };
    assert!(alike, "found {found:#?}\nexpected {expected:#?}");
}

/// Splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), to returns about 0.
fn noise(seed: u64, trials: usize, periods: usize) -> Vec<Vec<f64>> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    (0..trials).map(|_| (0..periods).map(|_| (next() + next() + next()) / 50.0).collect()).collect()
}

/// A few trials of small whole returns: many ties, trials that never vary, halves that lose everything.
fn small() -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
    (1..4_usize, 0..7_usize).prop_flat_map(|(half, more)| {
        let returns = vec((-2..3).prop_map(f64::from), 4 * half + more);
        let flat = (-1..2).prop_map(move |r| vec![f64::from(r); 4 * half + more]);
        (vec(prop_oneof![4 => returns, 1 => flat], 2..20), Just(2 * half))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn small_cases_follow_the_definition((trials, blocks) in small()) {
        // Where returns do not vary, the ratios keep half of their digits.
        same(&of(&trials, blocks), &plain(&trials, blocks), 1e-5);
    }

    #[test]
    fn shares_are_shares_and_all_is_finite((trials, blocks) in small()) {
        let found = of(&trials, blocks);
        prop_assert!((0.0..=1.0).contains(&found.probability));
        prop_assert!((0.0..=1.0).contains(&found.probability_of_loss));
        let most = libm::log(trials.len() as f64) + 1e-12;
        prop_assert!(found.mean_logit.abs() <= most && found.median_logit.abs() <= most);
        prop_assert!(found.slope.is_none_or(f64::is_finite));
    }

    #[test]
    fn the_order_of_trials_changes_nothing(
        (trials, shuffled) in (any::<u64>(), 2..70_usize)
            .prop_map(|(seed, trials)| noise(seed, trials, 67))
            .prop_flat_map(|trials| (Just(trials.clone()), Just(trials).prop_shuffle())),
    ) {
        prop_assert_eq!(of(&trials, 8), of(&shuffled, 8));
    }

    #[test]
    fn the_order_of_trials_that_tie_changes_nothing(
        ((trials, blocks), (shuffled, _)) in small().prop_flat_map(|(trials, blocks)| {
            let shuffled = Just(trials.clone()).prop_shuffle();
            ((Just(trials), Just(blocks)), (shuffled, Just(blocks)))
        }),
    ) {
        prop_assert_eq!(of(&trials, blocks), of(&shuffled, blocks));
    }

    #[test]
    fn scale_changes_nothing(seed in any::<u64>(), trials in 2..40_usize, factor in 1e-9..1e9) {
        let trials = noise(seed, trials, 67);
        let scaled: Vec<Vec<f64>> =
            trials.iter().map(|returns| returns.iter().map(|r| r * factor).collect()).collect();
        same(&of(&scaled, 8), &of(&trials, 8), 1e-9);
    }
}

#[test]
fn many_trials_follow_the_definition() {
    for (seed, trials, periods, blocks) in [(1, 40, 100, 10), (2, 16, 41, 8), (3, 33, 32, 12), (4, 6, 75, 16)]
    {
        let trials = noise(seed, trials, periods);
        same(&of(&trials, blocks), &plain(&trials, blocks), 1e-9);
    }
}

#[test]
fn of_two_trials_that_alternate_the_choice_is_always_wrong() {
    // Either half chooses the trial that rose in it, and that falls in the other.
    let rises = vec![2.0, 1.0, -1.0, -2.0];
    let falls = rises.iter().map(|r| -r).collect();
    let found = of(&[rises, falls], 2);
    let third = libm::log(0.5);
    assert_eq!((found.trials, found.combinations), (2, 2));
    assert_eq!((found.probability, found.probability_of_loss), (1.0, 1.0));
    assert!((found.mean_logit - third).abs() < 1e-15 && (found.median_logit - third).abs() < 1e-15);
    assert_eq!(found.slope, None, "both choices have the same ratio in sample");
}

#[test]
fn of_trials_that_cannot_be_told_apart_the_worst_counts() {
    // In the first half nobody trades. In the second the first trial gains and the second loses.
    let idle_then = |r: f64| vec![0.0, 0.0, r, 2.0 * r];
    let found = of(&[idle_then(1.0), idle_then(-1.0), idle_then(0.0)], 2);
    // Chosen on the first half: the loser, whose rank is 1 of 4. On the second: the gainer, who shares rank 2 of 4.
    assert_eq!((found.probability, found.probability_of_loss), (1.0, 0.5));
    assert!((found.mean_logit - libm::log(1.0 / 3.0) / 2.0).abs() < 1e-15);
}

#[test]
fn noise_is_overfitted_every_other_time() {
    let seeds = 40_u32;
    let total: f64 = (0..seeds).map(|seed| of(&noise(seed.into(), 100, 160), 8).probability).sum();
    let mean = total / f64::from(seeds);
    assert!((mean - 0.5).abs() < 0.1, "{mean}");
}

#[test]
fn a_trial_that_is_truly_better_is_not() {
    let mut trials = noise(7, 100, 320);
    trials[63].iter_mut().for_each(|r| *r += 0.01);
    let found = of(&trials, 16);
    assert!(found.probability < 0.001, "{found:?}");
    assert_eq!(found.probability_of_loss, 0.0);
    assert!(found.median_logit > 4.0);
}

#[test]
fn trials_that_are_all_the_same_are_no_choice() {
    let found = of(&vec![noise(1, 1, 64).remove(0); 21], 4);
    assert_eq!((found.probability, found.mean_logit, found.median_logit), (1.0, 0.0, 0.0));
}

#[test]
fn trials_that_never_trade_have_no_slope() {
    let found = of(&vec![vec![0.0; 64]; 3], 16);
    assert_eq!((found.probability, found.probability_of_loss, found.slope), (1.0, 0.0, None));
}

#[test]
fn unequal_or_too_few_trials_are_none() {
    let blocks = |count| Blocks::new(count).unwrap();
    let one = BlockSums::of(&[0.1; 20], blocks(4)).unwrap();
    let longer = BlockSums::of(&[0.1; 21], blocks(4)).unwrap();
    let finer = BlockSums::of(&[0.1; 20], blocks(6)).unwrap();
    assert_eq!(Overfitting::of(&[]), None);
    assert_eq!(Overfitting::of(&[one]), None);
    assert_eq!(Overfitting::of(&[one, longer]), None);
    assert_eq!(Overfitting::of(&[one, finer]), None);
    assert!(Overfitting::of(&[one, one]).is_some());
}
