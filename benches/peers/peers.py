"""Times the kernels of factor-analytics beside pandas, numpy, scipy's BLAS, polars, empyrical and quantstats.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install numpy scipy pandas polars pyarrow empyrical-reloaded quantstats
    cargo build --release -p factor-analytics --example kernels
    /tmp/peers/bin/python benches/peers/peers.py --binary target/release/examples/kernels [complete masks rolling profiles]

All run on the same panels, by one thread, in turn: each round times every contestant once (small jobs several times), so
that a busy machine hurts all alike. Printed are the least and the median time over all rounds and the mean of the
processor's time, and how many times longer than ours each takes by these three. On a busy machine the last is the
steadiest. Before timing, our results are held against theirs.
"""

import argparse, json, os, subprocess, sys, tempfile, time

# Some machines pin OpenBLAS to slow kernels: peers run at their best.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", POLARS_MAX_THREADS="1")

import warnings
import numpy as np
import pandas as pd
from scipy.linalg.blas import dsyrk

warnings.filterwarnings("ignore")
HOLES = {"complete": None, "5% holes": 0.05, "30% holes": 0.3, "late starts": "late"}


def panel(rows, columns, holes, scale=0.02):
    rng = np.random.default_rng(7)
    values = 0.2 * scale + scale * (rng.normal(size=(rows, columns)) + 0.7 * rng.normal(size=(rows, 1)))
    if holes == "late":
        for j, late in enumerate((rng.random(columns) < 0.6) * rng.random(columns)):
            values[: int(late * rows), j] = np.nan
    elif holes:
        values[rng.random((rows, columns)) < holes] = np.nan
    return np.asfortranarray(values)


def ours(args, kernel, values):
    rows, columns = values.shape
    file = tempfile.NamedTemporaryFile(suffix=".f64")
    values.T.tofile(file.name)

    def run(repeats, out=()):
        command = [args.binary, kernel, file.name, str(rows), str(columns), str(repeats), *out]
        return json.loads(subprocess.check_output(command))

    with tempfile.NamedTemporaryFile() as out:
        run(0, [out.name])
        return run, np.fromfile(out.name), file


def timed(job, repeats):
    """Seconds of each repeat, and the mean of the processor's time at the end, as our program gives them."""
    times, busy = [], time.process_time()
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return [*times, (time.process_time() - busy) / repeats]


class Times:
    def __init__(self):
        self.wall, self.busy = [], []

    def take(self, times, factor=1):
        self.wall += [factor * t for t in times[:-1]]
        self.busy.append(factor * times[-1])

    def three(self):
        return min(self.wall), float(np.median(self.wall)), float(np.median(self.busy))

    def __str__(self):
        return " ".join(f"{1e3 * t:10.3f} ms {name}" for t, name in zip(self.three(), ("least", "median", "busy")))


def compare(args, title, run, repeats, peers, note=""):
    """peers: name -> (job, repeats per round, rounds, factor to scale its time by)."""
    mine, theirs = Times(), {name: Times() for name in peers}
    for round in range(args.rounds):
        mine.take(run(repeats))
        for name, (job, times, rounds, factor) in peers.items():
            if round < rounds:
                theirs[name].take(timed(job, times), factor)
    print(f"\n{title}{note}\n  {'ours':38} {mine}", flush=True)
    for name, times in theirs.items():
        ratios = " ".join(f"{a / b:7.2f} x" for a, b in zip(times.three(), mine.three()))
        print(f"  {name:38} {times}   {ratios}", flush=True)


def lower(matrix):
    return matrix[np.tril_indices(len(matrix))]


def difference(a, b):
    assert (np.isnan(a) == np.isnan(b)).all(), "undefined entries differ"
    return f" (largest difference {np.nanmax(np.abs(a - b)):.1e})"


def unit(values):
    z = values - values.mean(axis=0)
    z /= np.sqrt((z * z).sum(axis=0))
    return z


def products(values):
    """The masked-products formulation in numpy."""
    mask = np.isfinite(values)
    z = values - np.nanmean(values, axis=0)
    z /= np.nanstd(values, axis=0)
    z = np.where(mask, z, 0.0)
    m = mask.astype(float)
    n, s, q, p = m.T @ m, z.T @ m, (z * z).T @ m, z.T @ z
    with np.errstate(all="ignore"):
        r = (p - s * s.T / n) / np.sqrt((q - s * s / n) * (q.T - s.T * s.T / n))
    return np.clip(np.where(n >= 2, r, np.nan), -1, 1)


def complete(args):
    import polars

    for rows, columns, repeats, slow in [(120, 100, 200, 20), (300, 200, 60, 3), (2520, 1000, 3, 1)]:
        values = panel(rows, columns, None)
        run, found, _keep = ours(args, "correlation", values)
        frame, table, z = pd.DataFrame(values), polars.DataFrame(values), np.asfortranarray(unit(values))
        few = 1 if columns > 500 else args.rounds
        compare(args, f"complete {rows}x{columns}", run, repeats, {
            "dsyrk, the product alone": (lambda: dsyrk(1.0, z, trans=1, lower=1), repeats, args.rounds, 1),
            "numpy unit norm + dsyrk": (lambda: dsyrk(1.0, unit(values), trans=1, lower=1), repeats, args.rounds, 1),
            "numpy.corrcoef": (lambda: np.corrcoef(values, rowvar=False), repeats, args.rounds, 1),
            "polars corr": (lambda: table.corr(), slow, args.rounds, 1),
            "pandas corr": (lambda: frame.corr(), slow, few, 1),
        }, difference(found, lower(frame.corr().to_numpy())))


def masks(args):
    for rows, columns, repeats, slow in [(120, 100, 100, 20), (300, 200, 30, 3), (2520, 1000, 2, 1)]:
        for holes in args.holes:
            values = panel(rows, columns, HOLES[holes])
            run, found, _keep = ours(args, "correlation", values)
            frame = pd.DataFrame(values)
            few = 2 if columns > 500 else args.rounds
            compare(args, f"{holes} {rows}x{columns}", run, repeats, {
                "numpy, the same products": (lambda: products(values), repeats, args.rounds, 1),
                "pandas corr": (lambda: frame.corr(min_periods=2), slow, few, 1),
            }, difference(found, lower(frame.corr(min_periods=2).to_numpy())))


def windowed(values, window):
    x = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)
    z = x - x.mean(axis=2, keepdims=True)
    z = z / np.sqrt((z * z).sum(axis=2, keepdims=True))
    return z @ z.transpose(0, 2, 1)


def rolling(args):
    for window in (12, 36):
        for holes in ("complete", "late starts", "5% holes"):
            values = panel(300, 100, HOLES[holes])
            run, found, _keep = ours(args, f"rolling:{window}", values)
            frame = pd.DataFrame(values)
            r = frame.rolling(window).corr(pairwise=True).to_numpy().reshape(300, 100, 100)
            i, j = np.triu_indices(100, 1)
            r = np.where(np.isfinite(r), r, np.nan)[:, i, j]
            count = np.isfinite(r).sum(axis=0)
            checked = [np.nanmean(r, axis=0), np.nanmin(r, axis=0), np.nanmax(r, axis=0)]
            latest = pd.DataFrame(r).ffill().to_numpy()[-1]
            sd = np.where(count >= 12, np.nanstd(r, axis=0, ddof=1), np.nan)
            note = difference(found.reshape(-1, 5), np.stack([latest, *checked, sd], axis=1))
            peers = {"pandas rolling().corr()": (lambda: frame.rolling(window).corr(pairwise=True), 1, min(3, args.rounds), 1)}
            if holes == "complete":
                peers = {"numpy windowed products": (lambda: windowed(values, window), 3, args.rounds, 1), **peers}
            compare(args, f"rolling {window}, {holes} 300x100", run, 10, peers, note)


def seven(returns, benchmark, xp):
    n = len(returns)
    wealth = (1 + returns).cumprod(axis=0)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=0), 1) if xp is np else wealth.cummax().clip(lower=1)
    deviation = returns.std(axis=0, ddof=1)
    x = benchmark - benchmark.mean()
    slope = (returns.mul(x, axis=0) if xp is pd else returns * x[:, None]).sum(axis=0) / (x * x).sum()
    last = wealth.iloc[-1] if xp is pd else wealth[-1]
    return [
        last ** (252 / n) - 1,
        deviation * 252**0.5,
        returns.mean(axis=0) / deviation * 252**0.5,
        (wealth / peak - 1).min(axis=0),
        slope,
        (returns.mean(axis=0) - slope * benchmark.mean()) * 252,
        slope**2 * (x * x).sum() / (n - 1) / deviation**2,
    ]


def profiles(args):
    values = panel(2520, 5000, None, 0.005)
    run, found, _keep = ours(args, "profiles", values)
    frame, benchmark = pd.DataFrame(values), values[:, -1].copy()
    series = pd.Series(benchmark)
    note = difference(found.reshape(-1, 7).T, np.array([np.asarray(x) for x in seven(values, benchmark, np)]))
    peers = {
        "numpy": (lambda: seven(values, benchmark, np), 1, args.rounds, 1),
        "pandas": (lambda: seven(frame, series, pd), 1, args.rounds, 1),
    }
    try:
        import empyrical

        def six():
            for j in range(100):
                r = frame[j]
                empyrical.cagr(r), empyrical.annual_volatility(r), empyrical.sharpe_ratio(r), empyrical.max_drawdown(r)
                empyrical.alpha_beta(r, series)

        peers["empyrical, 6 figures, 100 columns x 50"] = (six, 1, min(2, args.rounds), 50)
    except ImportError as error:
        print(f"empyrical is left out: {error}", file=sys.stderr)
    try:
        import quantstats.stats as stats

        dates = pd.date_range("2015-01-01", periods=len(frame), freq="B")
        dated, market = frame.set_index(dates), pd.Series(benchmark, index=dates)

        def all_seven():
            for j in range(10):
                r = dated[j]
                stats.cagr(r), stats.volatility(r), stats.sharpe(r), stats.max_drawdown(r)
                stats.greeks(r, market), stats.r_squared(r, market)

        peers["quantstats, 10 columns x 500"] = (all_seven, 1, 1, 500)
    except ImportError as error:
        print(f"quantstats is left out: {error}", file=sys.stderr)
    compare(args, "performance profiles 2520x5000 (ours: all figures; theirs: seven)", run, 2, peers, note)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernels", nargs="*", default=["complete", "masks", "rolling", "profiles"])
    parser.add_argument("--binary", default="target/release/examples/kernels")
    parser.add_argument("--holes", nargs="*", default=["5% holes", "30% holes", "late starts"], choices=list(HOLES))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    for kernel in args.kernels:
        {"complete": complete, "masks": masks, "rolling": rolling, "profiles": profiles}[kernel](args)


if __name__ == "__main__":
    main()
