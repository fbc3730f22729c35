"""How the kernels' cost grows with the number of series N and of rows T: a table, and the exponent of a straight line
through the logarithms. The processor's time of one thread, the least of some rounds.

    python benches/peers/growth.py --binary target/release/examples/kernels [--plot growth.svg]   # the plot wants matplotlib
"""

import argparse, json, subprocess, tempfile

import numpy as np


def busy(binary, kernel, values, repeats):
    rows, columns = values.shape
    with tempfile.NamedTemporaryFile() as file:
        values.T.tofile(file.name)
        return json.loads(subprocess.check_output([binary, kernel, file.name, str(rows), str(columns), str(repeats)]))[-1]


def panel(rows, columns, holes):
    rng = np.random.default_rng(7)
    values = 0.02 * (rng.normal(size=(rows, columns)) + 0.7 * rng.normal(size=(rows, 1)))
    if holes == "late":
        for j, late in enumerate((rng.random(columns) < 0.6) * rng.random(columns)):
            values[: int(late * rows), j] = np.nan
    elif holes:
        values[rng.random((rows, columns)) < holes] = np.nan
    return values


def plot(file, found):
    """Both tables as one picture with logarithmic axes; a line's exponent is its slope."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth", "font.size": 9})
    import matplotlib.pyplot as plt

    figure, places = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for place, (by, rows) in zip(places, found.items()):
        for name, sizes, times, slope in rows:
            place.loglog(sizes, 1e3 * np.array(times), "o-", markersize=4, label=f"{name}: {by}^{slope:.2f}")
        place.set_xlabel("series N, of 250 rows" if by == "N" else "rows T, of 200 series")
        place.set_xticks(sizes, [str(size) for size in sizes])
        place.minorticks_off()
        place.grid(alpha=0.3)
        place.legend(fontsize=8)
    places[0].set_ylabel("ms, one thread")
    figure.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/examples/kernels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plot", metavar="FILE")
    args = parser.parse_args()
    found = {}
    cases = [
        ("complete", "correlation", None), ("late starts", "correlation", "late"), ("5% holes", "correlation", 0.05),
        ("rolling 36", "rolling:36", None), ("performance profiles", "profiles", None),
    ]
    for by, sizes in [("N", [(250, n) for n in (100, 200, 400, 800)]), ("T", [(t, 200) for t in (250, 500, 1000, 2000)])]:
        which = 1 if by == "N" else 0
        print(f"| by {by}, {'T = 250' if by == 'N' else 'N = 200'} | " + " | ".join(f"{s[which]}" for s in sizes) + " | exponent |")
        print("|" + " --- |" * (len(sizes) + 2))
        for name, kernel, holes in cases:
            times = []
            for rows, columns in sizes:
                values = panel(rows, columns, holes)
                work = rows * columns * (400 if kernel == "profiles" else columns)
                repeats = min(2000, max(3, int(3e8 / work)))
                times.append(min(busy(args.binary, kernel, values, repeats) for _ in range(args.rounds)))
            sizes_by = [s[which] for s in sizes]
            slope = np.polyfit(np.log(sizes_by), np.log(times), 1)[0]
            print(f"| {name} | " + " | ".join(f"{1e3 * t:.3g} ms" for t in times) + f" | {slope:.2f} |", flush=True)
            found.setdefault(by, []).append((name, sizes_by, times, slope))
        print()
    if args.plot:
        plot(args.plot, found)


if __name__ == "__main__":
    main()
