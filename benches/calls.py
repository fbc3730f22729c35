"""Times whole calls of get_factor_analysis over stdio, from the request's last byte to the answer's, medians and least.

    cargo build --release
    python3 benches/calls.py target/release/factor-mcp [--prices FOLDER] [--calls 41]

Python's standard library is enough. Without --prices the bundled sample is asked. The first call of each kind computes; the
others find the panel and the report in memory, and summaries the whole answer.
"""

import argparse, json, statistics, subprocess, tempfile, time

KINDS = {
    "correlations, summary": {},
    "performance, summary": {"analysis_type": "performance"},
    "returns, summary": {"analysis_type": "returns"},
    "correlations, full": {"format": "full"},
    "correlations, full, no limit": {"format": "full", "max_chars": 0},
    "performance, full": {"analysis_type": "performance", "format": "full"},
    "returns, full": {"analysis_type": "returns", "format": "full"},
}


class Server:
    def __init__(self, program, prices, home):
        settings = {"HOME": home, "FACTOR_TODAY": "2026-06-15", "RUST_LOG": "error"}
        settings |= {"FACTOR_PRICE_FILES": prices} if prices else {"FACTOR_PRICE_SOURCE": "sample"}
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)
        self.asked = 0
        client = {"name": "calls", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        """The answer's line and the milliseconds it took."""
        self.asked += 1
        start = time.perf_counter()
        self.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})
        while True:
            line = self.process.stdout.readline()
            took = 1e3 * (time.perf_counter() - start)
            message = json.loads(line)
            if message.get("id") == self.asked:
                if "error" in message or message["result"].get("isError"):
                    raise SystemExit(f"{params}: {line.decode()[:500]}")
                return line, took


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--prices", help="a price file, or a folder of them")
    parser.add_argument("--calls", type=int, default=41)
    args = parser.parse_args()
    print(f"{'':30} {'first':>9} {'median':>9} {'least':>9} {'bytes':>8}")
    with tempfile.TemporaryDirectory() as home:
        server = Server(args.program, args.prices, home)
        for name, arguments in KINDS.items():
            ask = lambda: server.ask("tools/call", {"name": "get_factor_analysis", "arguments": arguments})
            line, first = ask()
            took = [ask()[1] for _ in range(args.calls)]
            print(f"{name:30} {first:6.1f} ms {statistics.median(took):6.2f} ms {min(took):6.2f} ms {len(line):8}")
        server.process.stdin.close()
        server.process.wait()


main()
