//! Selections against `tests/oracle/selection.py`, which computes the same with numpy and scipy.

use hemiola_systems::selection::{BlockSums, Blocks, Deflated, Moments, Overfitting, deflated_sharpe};
use serde::Deserialize;

/// Relative, and absolute below 1: both sides add up in another order.
const TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Cases {
    deflated: Vec<Formula>,
    tables: Vec<Selection>,
}

#[derive(Deserialize)]
struct Formula {
    sharpe: f64,
    returns: usize,
    skewness: f64,
    kurtosis: f64,
    trials: usize,
    variance: f64,
    #[serde(flatten)]
    expected: Judged,
}

#[derive(Deserialize)]
struct Judged {
    expected_maximum: f64,
    deflated: f64,
    probabilistic: f64,
}

#[derive(Deserialize)]
struct Selection {
    name: String,
    blocks: usize,
    best: usize,
    moments: Option<Shape>,
    variance: f64,
    deflated: Option<Judged>,
    overfitting: Expected,
    millionths: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Shape {
    sharpe: f64,
    skewness: f64,
    kurtosis: f64,
}

#[derive(Deserialize)]
struct Expected {
    combinations: usize,
    probability: f64,
    median_logit: f64,
    mean_logit: f64,
    probability_of_loss: f64,
    slope: f64,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../oracle/selection_cases.json")).unwrap()
}

#[track_caller]
fn close(what: &str, found: f64, expected: f64) {
    let error = (found - expected).abs() / expected.abs().max(1.0);
    assert!(error <= TOLERANCE, "{what}: {found} is not {expected}");
}

fn judged(name: &str, found: &Deflated, expected: &Judged) {
    close(&format!("{name}: expected maximum"), found.expected_maximum, expected.expected_maximum);
    close(&format!("{name}: deflated"), found.deflated, expected.deflated);
    close(&format!("{name}: probabilistic"), found.probabilistic, expected.probabilistic);
}

#[test]
fn deflated_ratios_are_those_of_scipy() {
    let cases = cases().deflated;
    assert!(!cases.is_empty());
    for Formula { sharpe, returns, skewness, kurtosis, trials, variance, expected } in cases {
        let found = deflated_sharpe(&Moments { returns, sharpe, skewness, kurtosis }, trials, variance);
        judged(&format!("{sharpe} of {trials}"), &found.unwrap(), &expected);
    }
}

#[test]
fn the_best_of_a_selection_is_worth_what_scipy_says() {
    let cases = cases().tables;
    assert!(cases.iter().any(|case| case.moments.is_none()), "one of the best does not trade");
    for Selection { name, best, moments, variance, deflated, millionths, .. } in cases {
        let returns: Vec<f64> = millionths[best].iter().map(|millionths| millionths / 1e6).collect();
        let found = Moments::of(&returns);
        assert_eq!(found.is_some(), moments.is_some(), "{name}");
        let (Some(found), Some(moments), Some(deflated)) = (found, moments, deflated) else { continue };
        close(&format!("{name}: sharpe"), found.sharpe, moments.sharpe);
        close(&format!("{name}: skewness"), found.skewness, moments.skewness);
        close(&format!("{name}: kurtosis"), found.kurtosis, moments.kurtosis);
        judged(&name, &deflated_sharpe(&found, millionths.len(), variance).unwrap(), &deflated);
    }
}

#[test]
fn overfitting_is_that_of_numpy() {
    let cases = cases().tables;
    assert!(!cases.is_empty());
    for Selection { name, blocks, overfitting: expected, millionths, .. } in cases {
        let blocks = Blocks::new(blocks).unwrap();
        let sums = |millionths: &Vec<f64>| {
            let returns: Vec<f64> = millionths.iter().map(|millionths| millionths / 1e6).collect();
            BlockSums::of(&returns, blocks).unwrap()
        };
        let found = Overfitting::of(&millionths.iter().map(sums).collect::<Vec<_>>()).unwrap();
        assert_eq!((found.trials, found.combinations), (millionths.len(), expected.combinations), "{name}");
        close(&format!("{name}: probability"), found.probability, expected.probability);
        close(&format!("{name}: median logit"), found.median_logit, expected.median_logit);
        close(&format!("{name}: mean logit"), found.mean_logit, expected.mean_logit);
        close(&format!("{name}: loss"), found.probability_of_loss, expected.probability_of_loss);
        close(&format!("{name}: slope"), found.slope.unwrap(), expected.slope);
    }
}
