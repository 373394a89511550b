"""Capital policies and volatility targets against the `bt` package, over daily candles made up here.

    python tests/oracle/bt_policies.py path/to/hemiola

- `equal_weight` against bt.algos.WeighEqually
- `risk_parity` against bt.algos.WeighInvVol: the inverse of the sample standard deviation of 20 simple returns
- the targets of the engine `volatility_target` against bt.algos.TargetVol. The engine takes logarithmic returns and bt
  simple ones, so bt is given prices whose simple returns are the logarithmic returns of the candles.

All are compared at every close from the day on which there are 20 returns. The largest difference of each is printed;
the script ends with 1 when one is above TOLERANCE.
"""

import csv
import json
import math
import random
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import bt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

# Of weights, absolute; of volatility targets, relative. Both sides add up 20 numbers in another order.
TOLERANCE = 1e-9

LOOKBACK = 20
TARGET_VOLATILITY = 0.2
DAYS = 500
SEED = 20240101
START = datetime(2024, 1, 1, tzinfo=timezone.utc)
# Standard deviation of a day's return, by instrument; the schedules have the names in lower case.
WALKS = {"CALM": 0.006, "EVEN": 0.015, "LIVELY": 0.03, "WILD": 0.06}
FIELDS = ["open_time", "open", "high", "low", "close", "volume"]


def write_walks(folder):
    """Random walks as CSV, with quiet and loud months."""
    chance = random.Random(SEED)
    for name, volatility in WALKS.items():
        price = 1000.0
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(FIELDS)
            for day in range(DAYS):
                opened = price
                loudness = 1.0 + 0.7 * math.sin(day / 40.0)
                price = round(max(1.0, price * (1.0 + chance.gauss(0.0003, volatility * loudness))), 2)
                time = int((START + timedelta(days=day)).timestamp() * 1000)
                writer.writerow([time, opened, max(opened, price), min(opened, price), price, 1000.0])


def lay_out(source, store):
    """The CSV files as a store of candles: plain folders of Parquet."""
    for name in WALKS:
        frame = pd.read_csv(source / f"{name}.csv").astype({"open_time": "int64"})
        path = store / "bench" / f"{name}_USDT" / "1d.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def closes(source):
    """Closes by the instant at which each is known: the end of its day."""
    columns = {}
    for name in WALKS:
        frame = pd.read_csv(source / f"{name}.csv")
        known = pd.to_datetime(frame["open_time"], unit="ms") + pd.Timedelta(days=1)
        columns[name.lower()] = pd.Series(frame["close"].to_numpy(), index=pd.DatetimeIndex(known))
    return pd.DataFrame(columns)


class Record(bt.Algo):
    """Keeps the weights of each day."""

    def __init__(self):
        super().__init__()
        self.weights = {}

    def __call__(self, target):
        self.weights[target.now] = dict(target.temp["weights"])
        return True


def weights_of_bt(prices, *algos):
    first = prices.index[LOOKBACK]
    # `RunAfterDate` begins the day after the one it is given.
    begin = bt.algos.RunAfterDate(first - pd.Timedelta(days=1))
    stack = [begin, bt.algos.SelectAll(), *algos, Record(), bt.algos.Rebalance()]
    backtest = bt.Backtest(bt.Strategy("oracle", stack), prices, integer_positions=False, progress_bar=False)
    bt.run(backtest)
    # The backtest has copies of its own.
    record = next(algo for algo in backtest.strategy.stack.algos if isinstance(algo, Record))
    weights = pd.DataFrame.from_dict(record.weights, orient="index")
    return weights[weights.index >= first]


def read(path, value):
    """A column of results by instant and schedule; the last of an instant counts."""
    frame = pq.read_table(path).to_pandas()
    frame["time"] = pd.to_datetime(frame["time"]).dt.tz_localize(None)
    frame["value"] = value(frame)
    frame["schedule"] = frame["schedule"].astype(str)
    return frame.pivot_table(index="time", columns="schedule", values="value", aggfunc="last")


def compare(what, ours, theirs, relative=False):
    """The largest difference; every instant of bt must be there, but the last, after which nothing is decided."""
    missing = theirs.index[:-1].difference(ours.index)
    if len(missing) or ours.empty:
        print(f"{what}: {len(missing)} instants are not in the results, such as {list(missing[:3])}")
        return False
    both = ours.index.intersection(theirs.index)
    ours, theirs = ours.loc[both], theirs.loc[both, ours.columns]
    difference = (ours - theirs).abs()
    if relative:
        difference = difference / theirs.abs()
    largest = difference.max().max()
    holds = bool(largest <= TOLERANCE) and not difference.isna().any().any()
    kind = "relative" if relative else "absolute"
    print(f"{what}: {len(both)} days of {len(ours.columns)} schedules, largest difference {largest:.3g} ({kind})")
    return holds


def main():
    hemiola = Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/hemiola").resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        write_walks(folder)
        lay_out(folder, folder / "candles")
        config = folder / "hemiola.yaml"
        config.write_text(Path(__file__).with_name("hemiola.yaml").read_text())
        command = [hemiola, "backtest", "--config", config, "--output", folder / "out", "--format", "json"]
        command += ["--compare-policies", "equal_weight,risk_parity"]
        ended = subprocess.run(command, capture_output=True, text=True)
        if ended.returncode != 0:
            sys.exit(f"hemiola ended with {ended.returncode}:\n{ended.stderr}")
        folders = {one["policy"]: folder / "out" / one["folder"] for one in json.loads(ended.stdout)["policies"]}

        prices = closes(folder)
        lookback = pd.DateOffset(days=LOOKBACK)
        no_lag = pd.DateOffset(days=0)
        weight = lambda frame: frame["weight"]
        holds = [
            compare(
                "equal_weight, bt.algos.WeighEqually",
                read(folders["equal_weight"] / "weights.parquet", weight),
                weights_of_bt(prices, bt.algos.WeighEqually()),
            ),
            compare(
                "risk_parity, bt.algos.WeighInvVol",
                read(folders["risk_parity"] / "weights.parquet", weight),
                weights_of_bt(prices, bt.algos.WeighInvVol(lookback=lookback, lag=no_lag)),
            ),
        ]

        # Prices whose simple returns are the logarithmic returns of the closes.
        steps = 1.0 + prices.div(prices.shift(1)).map(math.log, na_action="ignore").fillna(0.0)
        logarithmic = steps.cumprod() * 1000.0
        target = lambda frame: frame["metadata"].map(lambda text: json.loads(text)["target_allocation"])
        signals = read(folders["equal_weight"] / "signals.parquet", target)
        for name in logarithmic.columns:
            algo = bt.algos.TargetVol(
                TARGET_VOLATILITY, lookback=lookback, lag=no_lag, annualization_factor=365
            )
            theirs = weights_of_bt(logarithmic[[name]], bt.algos.WeighEqually(), algo)
            what = f"volatility_target of {name}, bt.algos.TargetVol"
            holds.append(compare(what, signals[[name]].dropna(), theirs, relative=True))
    if not all(holds):
        sys.exit(f"a difference is above {TOLERANCE:g}")
    print(f"all within {TOLERANCE:g}")


if __name__ == "__main__":
    main()
