"""Deflated Sharpe ratio and probability of backtest overfitting, once more with numpy and scipy.

    python tests/oracle/selection.py            writes selection_cases.json beside this script
    python tests/oracle/selection.py --check    computes it anew and compares it with the file

The program is held against the same file by the test `selection`. Sources:

- Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management, 2014
- Bailey, Borwein, Lopez de Prado and Zhu, The Probability of Backtest Overfitting, Journal of Computational Finance, 2017

The rules that these leave open are those of systems/selection: which periods are a block, which of several equal trials
is chosen, and the Sharpe ratio of returns that do not vary. The check ends with 1 when a number is off by more than
TOLERANCE.
"""

import itertools
import json
import math
import random
import sys
from pathlib import Path

import numpy as np
from scipy import stats

FILE = Path(__file__).with_name("selection_cases.json")

# Relative, and absolute below 1.
TOLERANCE = 1e-12

# The highest ratio, times sqrt(n / (n - 1)).
STEEPEST = 1e4

# Ratios this close to each other, relative, are equal but for rounding.
EQUAL = 1e-11


def noise(seed, trials, periods, drifts=None, idle=()):
    """Returns of random trials, in millionths. `drifts` moves some of them, `idle` ones do not trade."""
    chance = random.Random(seed)
    table = [[round(chance.gauss(0, 10_000)) for _ in range(periods)] for _ in range(trials)]
    for trial, drift in (drifts or {}).items():
        table[trial] = [value + drift for value in table[trial]]
    for trial in idle:
        table[trial] = [0] * periods
    return table


# Name, blocks, returns.
TABLES = [
    ("noise", 4, noise(1, 5, 41)),
    ("noise in sixteen blocks, unevenly long", 16, noise(2, 12, 71)),
    ("one is better", 8, noise(3, 25, 64, drifts={17: 9_000})),
    ("all lose and two are idle", 6, noise(4, 9, 50, drifts=dict.fromkeys(range(9), -3_000), idle=(2, 7))),
    ("many short ones", 10, noise(5, 40, 23)),
]

# Sharpe ratio, returns, skewness, kurtosis, trials, variance of the trials' ratios.
DEFLATED = [
    # The paper's example: 2.5 a year over 1,250 days, 250 a year.
    (2.5 / math.sqrt(250), 1250, -3.0, 10.0, 100, 0.5 / 250),
    (2.5 / math.sqrt(250), 1250, -3.0, 10.0, 46, 0.5 / 250),
    (0.1, 500, 0.0, 3.0, 2, 0.001),
    (0.02, 2000, 0.4, 5.0, 10_000, 0.0004),
    (-0.05, 100, -0.2, 4.0, 1_000_000, 0.0001),
    (1.5, 24, 0.3, 2.0, 7, 0.2),
]


def deflated(sharpe, returns, skewness, kurtosis, trials, variance):
    euler = np.euler_gamma
    expected = math.sqrt(variance) * (
        (1 - euler) * stats.norm.isf(1 / trials) + euler * stats.norm.isf(1 / (trials * math.e))
    )
    error = math.sqrt((1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2) / (returns - 1))
    return {
        "expected_maximum": expected,
        "deflated": stats.norm.cdf((sharpe - expected) / error),
        "probabilistic": stats.norm.cdf(sharpe / error),
    }


def moments(returns):
    """None for returns that do not vary."""
    return None if returns.std() == 0 else {
        "sharpe": returns.mean() / returns.std(ddof=1),
        "skewness": stats.skew(returns),
        "kurtosis": stats.kurtosis(returns, fisher=False),
    }


def sharpes(returns):
    """Of each row."""
    count = returns.shape[1]
    mean = returns.mean(axis=1)
    deviation = np.maximum(returns.std(axis=1), np.abs(mean) / STEEPEST)
    scale = math.sqrt((count - 1) / count)
    return np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 0) * scale


def settled(values):
    """Equal numbers for those that differ by rounding alone."""
    sorted_values = np.sort(values)
    jumps = np.diff(sorted_values, prepend=-np.inf) > EQUAL * np.maximum(1, np.abs(sorted_values))
    groups = np.cumsum(jumps) - 1
    return sorted_values[jumps][groups[np.searchsorted(sorted_values, values)]]


def overfitting(returns, blocks):
    trials, periods = returns.shape
    bounds = [block * periods // blocks for block in range(blocks + 1)]
    parts = [returns[:, begin:end] for begin, end in itertools.pairwise(bounds)]
    logits, inside, outside = [], [], []
    for chosen_blocks in itertools.combinations(range(blocks), blocks // 2):
        others = [block for block in range(blocks) if block not in chosen_blocks]
        train = settled(sharpes(np.concatenate([parts[block] for block in chosen_blocks], axis=1)))
        test = settled(sharpes(np.concatenate([parts[block] for block in others], axis=1)))
        best = np.flatnonzero(train == train.max())
        chosen = best[np.argmin(test[best])]
        rank = stats.rankdata(test)[chosen] / (trials + 1)
        logits.append(math.log(rank / (1 - rank)))
        inside.append(train[chosen])
        outside.append(test[chosen])
    logits, outside = np.array(logits), np.array(outside)
    return {
        "combinations": len(logits),
        "probability": float(np.mean(logits <= 1e-12)),
        "median_logit": float(np.median(logits)),
        "mean_logit": float(logits.mean()),
        "probability_of_loss": float(np.mean(outside < 0)),
        "slope": float(stats.linregress(inside, outside).slope),
    }


def compute():
    """The document, with its returns in millionths."""
    tables = []
    for name, blocks, millionths in TABLES:
        returns = np.array(millionths) / 1e6
        ratios = sharpes(returns)
        best = int(ratios.argmax())
        of_best = moments(returns[best])
        variance = float(ratios.var(ddof=1))
        judged = None
        if of_best:
            judged = deflated(
                of_best["sharpe"], returns.shape[1], of_best["skewness"], of_best["kurtosis"], len(returns), variance
            )
        tables.append(
            {
                "name": name,
                "blocks": blocks,
                "best": best,
                "moments": of_best,
                "variance": variance,
                "deflated": judged,
                "overfitting": overfitting(returns, blocks),
                "millionths": millionths,
            }
        )
    names = ["sharpe", "returns", "skewness", "kurtosis", "trials", "variance"]
    formula = [{**dict(zip(names, case)), **deflated(*case)} for case in DEFLATED]
    return {"deflated": formula, "tables": tables}


def differences(found, expected, place=""):
    """The places where two documents differ, and by how much."""
    if isinstance(expected, dict) and isinstance(found, dict) and expected.keys() == found.keys():
        pairs = [(f"{place}.{key}", found[key], expected[key]) for key in expected]
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = [(f"{place}[{index}]", *pair) for index, pair in enumerate(zip(found, expected))]
    elif isinstance(expected, int | float) and isinstance(found, int | float):
        error = abs(found - expected) / max(1.0, abs(expected))
        return [] if error <= TOLERANCE else [f"{place}: {found}, and {expected} in the file"]
    else:
        return [] if found == expected else [f"{place}: {found!r}, and {expected!r} in the file"]
    return [line for name, one, other in pairs for line in differences(one, other, name)]


def layout(document):
    """As text, with a line per trial."""
    text = json.dumps(document, indent=1, default=float, allow_nan=False)
    lines, row = [], None
    for line in text.splitlines():
        if line == "    [":
            row = []
        elif row is not None and line.strip() in ("]", "],"):
            lines.append("    [" + "".join(row) + line.strip())
            row = None
        elif row is not None:
            row.append(line.strip())
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def main():
    document = json.loads(layout(compute()))
    if sys.argv[1:] != ["--check"]:
        FILE.write_text(layout(document))
        return
    found = differences(document, json.loads(FILE.read_text()))
    print("\n".join(found) or f"{len(TABLES)} selections and {len(DEFLATED)} formulas agree with {FILE.name}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
