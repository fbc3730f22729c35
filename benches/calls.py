"""Times whole calls over stdio, from the request's last byte to the answer's, medians and least.

    cargo build --release
    python3 benches/calls.py target/release/factor-mcp [--prices FOLDER] [--calls 41]
    python3 benches/calls.py target/release/factor-mcp --peers FOLDER --python /tmp/peers/bin/python [--series 456] [--only rolling]

Python's standard library is enough. Without --prices the bundled sample is asked. The first call of each kind computes; the
others find the panel and the report in memory, and summaries the whole answer. Those of "anew" hold something else each time, so that
they find prices alone, and compute.

With --peers each call is the first of a process that has read nothing, over a universe that benches/peers/universe.py makes in FOLDER, beside
the same job in pandas and in polars (benches/peers/job.py): seconds in turn, the least of --rounds, and the peak of memory. With --given-up
the same calls are given up at five moments instead: how long the server goes on working then.
"""

import json, os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

from stdio import Server, arguments_of

ANALYSIS = "get_factor_analysis"
MIX = {"SPY": 0.5, "XLK": 0.2, "VNQ": 0.1, "TLT": 0.2}
KINDS = {
    "correlations, summary": (ANALYSIS, {}),
    "performance, summary": (ANALYSIS, {"analysis_type": "performance"}),
    "returns, summary": (ANALYSIS, {"analysis_type": "returns"}),
    "two tickers, summary": (ANALYSIS, {"tickers": ["SPY", "TLT"]}),
    "comparison, summary": ("compare_factors", {"tickers": ["SPY", "TLT"]}),
    "recommendations, summary": ("get_factor_recommendations", {"overexposed_factor": "real estate"}),
    "exposures, summary": ("get_portfolio_exposures", {"holdings": MIX}),
    "factors, by name": ("list_factors", {"query": "gold"}),
    "correlations, full": (ANALYSIS, {"format": "full"}),
    "correlations, full, no limit": (ANALYSIS, {"format": "full", "max_chars": 0}),
    "performance, full": (ANALYSIS, {"analysis_type": "performance", "format": "full"}),
    "returns, full": (ANALYSIS, {"analysis_type": "returns", "format": "full"}),
    "model, summary": ("analyze_factor_model", {"ticker": "XLK"}),
    "comparison, full": ("compare_factors", {"tickers": ["SPY", "TLT"], "format": "full"}),
    "recommendations, full": ("get_factor_recommendations", {"overexposed_factor": "real estate", "holdings": MIX, "format": "full"}),
    "exposures, full": ("get_portfolio_exposures", {"holdings": MIX, "format": "full"}),
}

# A portfolio of its own for every call.
mix = lambda at: {"SPY": 0.5 + at / 1000, "XLK": 0.2, "VNQ": 0.1, "TLT": 0.2 - at / 1000}
model = lambda at, **more: ("analyze_factor_model", {"holdings": mix(at), **more})
stress = lambda at, **more: ("stress_test", {"holdings": mix(at), **more})
offsets = lambda at, **more: ("get_factor_recommendations", {"overexposed_factor": "real estate", "holdings": mix(at), **more})
ANEW = {
    "exposures": lambda at: ("get_portfolio_exposures", {"holdings": mix(at)}),
    "recommendations": offsets,
    "recommendations, covid": lambda at: offsets(at, scenario="covid"),
    "model on the lens": lambda at: model(at, model="lens"),
    "model on three funds": lambda at: model(at, model="custom", factors=["VTI", "IEF", "GLD"]),
    "model on the lens, daily": lambda at: model(at, model="lens", frequency="daily"),
    "stress, all episodes": stress,
    "stress, covid": lambda at: stress(at, scenarios=["covid"]),
    "stress, a shock of two": lambda at: stress(at, shocks={"SPY": -0.2, "IEF": 0.03}),
    "stress, a loss of a fifth": lambda at: stress(at, reverse_loss=0.2),
}
# With published factors beside the prices (FACTOR_FRENCH_DIR).
WITH_FILES = {
    "model on ff5": lambda at: model(at, model="ff5"),
    "model on ff5, daily, rolling": lambda at: model(at, model="ff5", frequency="daily", rolling=252),
}


# What is asked of a whole universe by day, and the peers' word for it.
DAILY = {"frequency": "daily", "start_date": "2000-01"}
COLD = {
    "returns": ("returns", DAILY | {"analysis_type": "returns"}),
    "performance": ("performance", DAILY | {"analysis_type": "performance"}),
    "correlations": ("correlations", DAILY | {"include": ["matrices"], "format": "summary"}),
    "correlations, full triangle": ("correlations, full", DAILY | {"include": ["matrices"], "matrix_format": "triangle", "max_chars": 0}),
    "correlations, cut": ("correlations, full", DAILY | {"include": ["matrices"], "matrix_format": "triangle"}),
    "statistics": ("statistics", DAILY | {"include": ["statistics"]}),
    "rolling": ("rolling", DAILY | {"include": ["rolling"]}),
}
PEERS = Path(__file__).parent / "peers"
ROWS = {456: 4191, 3000: 3780}


def timed(server, name, of, calls):
    tool, arguments = of(0)
    result, length, first = server.call(tool, arguments)
    if result.get("isError"):
        raise SystemExit(f"{tool} {arguments}: {result['content'][0]['text'][:500]}")
    took = [server.call(*of(at + 1))[2] for at in range(calls)]
    print(f"{name:30} {first:6.1f} ms {statistics.median(took):6.2f} ms {min(took):6.2f} ms {length:8}")


def cold(args, folder, kind, arguments):
    """Seconds and MB of the first call of a process, and the answer's bytes."""
    more = {"FACTOR_PROXIES_DIR": str(folder / "proxies"), "FACTOR_INTELLIGENCE_MAX_FACTORS": str(args.series)}
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, "2026-01-15", str(folder / kind), more)
        result, length, took = server.call(ANALYSIS, arguments)
        peak = server.peak()
        server.end()
    if result.get("isError"):
        raise SystemExit(f"{arguments}: {result['content'][0]['text'][:500]}")
    return took / 1e3, peak, length


def job(args, library, file, question):
    command = [args.python, str(PEERS / "job.py"), library, str(file), question]
    found = json.loads(subprocess.check_output(command, text=True))
    return sum(found["seconds"].values()), found["peak"], found["bytes"], found["share"]


def made(args):
    """The folder of the universe, and its days."""
    folder = Path(args.peers)
    rows = args.rows or ROWS.get(args.series, 2520)
    command = [args.python, str(PEERS / "universe.py"), str(folder), "--series", str(args.series), "--rows", str(rows)]
    subprocess.run(command, check=True)
    return folder, rows


def beside_peers(args):
    """One line a question, file and program. In turn, so that a busy machine hurts all alike."""
    folder, rows = made(args)
    print(f"{args.series} series, {rows} days\n| call | file | ours | MB | bytes | pandas | MB | polars | MB |\n| --- " + "| --- " * 8 + "|")
    for name, (question, arguments) in COLD.items():
        if args.only and args.only not in name:
            continue
        for kind in args.kinds:
            ours, theirs = [], {"pandas": [], "polars": []}
            for _ in range(args.rounds):
                ours.append(cold(args, folder, kind, arguments))
                for library, runs in theirs.items():
                    runs.append(job(args, library, folder / kind / f"prices.{kind}", question))
            seconds, peak, length = min(ours)
            # `~`: computed of a few columns, and counted for all.
            cells = [f"{'~' if least[3] < 1 else ''}{least[0]:.2f} s ({least[0] / seconds:.1f} x) | {least[1]:.0f}" for least in map(min, theirs.values())]
            print(f"| {name} | {kind} | {seconds:.2f} s | {peak:.0f} | {length} | {' | '.join(cells)} |", flush=True)


def work(server):
    """Ticks of processor time that the server has taken."""
    with open(f"/proc/{server.process.pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def given_up(args):
    """For each call the longest that the server worked on after `notifications/cancelled`, of five moments of its time."""
    folder, _ = made(args)
    quiet, tick = 0.25, 1 / os.sysconf("SC_CLK_TCK")
    more = {"FACTOR_PROXIES_DIR": str(folder / "proxies"), "FACTOR_INTELLIGENCE_MAX_FACTORS": str(args.series)}
    print("| call | file | takes | works on for, after each fifth of it | longest |\n| --- | --- | --- | --- | --- |")
    for name, (_, arguments) in COLD.items():
        if args.only and args.only not in name:
            continue
        for kind in args.kinds:
            whole, _, _ = cold(args, folder, kind, arguments)
            after = []
            for fifth in range(5):
                with tempfile.TemporaryDirectory() as home:
                    server = Server(args.program, home, "2026-01-15", str(folder / kind), more)
                    server.send({"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": {"name": ANALYSIS, "arguments": arguments}})
                    time.sleep(whole * (fifth + 0.5) / 5)
                    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 99}})
                    began = last = time.monotonic()
                    taken = work(server)
                    while time.monotonic() - last < quiet:
                        time.sleep(0.01)
                        if (now := work(server)) > taken:
                            taken, last = now, time.monotonic()
                    after.append(max(0, last - began - tick))
                    server.end()
            print(f"| {name} | {kind} | {whole:.2f} s | {', '.join(f'{1e3 * ms:.0f}' for ms in after)} ms | {1e3 * max(after):.0f} ms |", flush=True)


def main():
    parser = arguments_of(__doc__, calls=41)
    parser.add_argument("--french", help="a folder of Kenneth French's files")
    parser.add_argument("--peers", help="a folder for a made universe: whole calls beside pandas and polars")
    parser.add_argument("--python", default=sys.executable, help="one that has pandas and polars")
    parser.add_argument("--series", type=int, default=456)
    parser.add_argument("--rows", type=int, help="days; by default 4191 of 456 series, 3780 of 3000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="*", default=["csv", "parquet"], choices=["csv", "parquet"])
    parser.add_argument("--given-up", action="store_true", help="with --peers: how soon calls end that are given up")
    parser.add_argument("--only", help="calls with this in their name")
    args = parser.parse_args()
    if args.peers:
        return (given_up if args.given_up else beside_peers)(args)
    print(f"{'':30} {'first':>9} {'median':>9} {'least':>9} {'bytes':>8}")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, args.today, args.prices, {"FACTOR_FRENCH_DIR": args.french} if args.french else {})
        for name, call in KINDS.items():
            timed(server, name, lambda at: call, args.calls)
        for name, of in (ANEW | (WITH_FILES if args.french else {})).items():
            timed(server, f"anew: {name}", of, args.calls)
        server.end()


main()
