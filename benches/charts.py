"""What `chart: true` adds to a call over stdio: medians with and without it, the picture's bytes and the whole result's.

    cargo build --release
    python3 benches/charts.py target/release/factor-mcp --prices FOLDER [--today DATE] [--calls 11]

Python's standard library is enough. Each call differs from the one before in what cuts its answer, so that neither answer nor picture is
repeated, while prices and reports are in memory.
"""

import base64, statistics, tempfile

from stdio import Server, arguments_of

ANALYSIS = "get_factor_analysis"
MIX = {"SPY": 0.5, "XLK": 0.2, "VNQ": 0.1, "TLT": 0.2}
cut = lambda at: {"max_chars": 30_000 + at}


def kinds(universe):
    return {
        "correlations": (ANALYSIS, lambda at: {"top_n": 1 + at}),
        "correlations, all in one": (ANALYSIS, lambda at: {"tickers": universe, "top_n": 1 + at}),
        "returns": (ANALYSIS, lambda at: {"analysis_type": "returns", "top_n": 1 + at}),
        "performance": (ANALYSIS, lambda at: {"analysis_type": "performance", "top_n": 1 + at}),
        "comparison": ("compare_factors", lambda at: {"tickers": ["SPY", "TLT"], **cut(at)}),
        "recommendations": ("get_factor_recommendations", lambda at: {"overexposed_factor": "VNQ", "holdings": MIX, **cut(at)}),
        "exposures": ("get_portfolio_exposures", lambda at: {"holdings": MIX, **cut(at)}),
        "model": ("analyze_factor_model", lambda at: {"ticker": "XLK", **cut(at)}),
        "stress": ("stress_test", lambda at: {"holdings": MIX, **cut(at)}),
    }


def main():
    args = arguments_of(__doc__, calls=11).parse_args()
    print(f"{'':26} {'without':>10} {'with':>10} {'adds':>10} {'picture':>9} {'result':>9}")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, home, args.today, args.prices)
        listed = server.call("list_factors", {"limit": 100})[0]["structuredContent"]["factors"]
        for name, (tool, of) in kinds([factor["ticker"] for factor in listed]).items():
            server.call(tool, of(0)), server.call(tool, {**of(0), "chart": True})
            without, drawn, picture, whole = [], [], 0, 0
            for at in range(1, args.calls + 1):
                without.append(server.call(tool, of(at))[2])
                result, length, took = server.call(tool, {**of(at), "chart": True})
                drawn.append(took)
                images = [len(base64.b64decode(part["data"])) for part in result["content"] if part["type"] == "image"]
                if not images:
                    raise SystemExit(f"{tool} {of(at)}: no picture")
                picture, whole = max([picture, *images]), max(whole, length)
            a, b = statistics.median(without), statistics.median(drawn)
            print(f"{name:26} {a:7.1f} ms {b:7.1f} ms {b - a:7.1f} ms {picture:9} {whole:9}")
        server.end()


main()
