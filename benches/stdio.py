"""A server over standard input and output, asked one call at a time. Python's standard library is enough."""

import argparse, json, subprocess, time


def arguments_of(doc, calls):
    """What a bench of calls is told: the program, its prices, its day, and how many calls of a kind."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--prices", help="a price file, or a folder of them")
    parser.add_argument("--today", default="2026-06-15")
    parser.add_argument("--calls", type=int, default=calls)
    return parser


class Server:
    """`prices` is a price file or a folder of them; without it the bundled sample is asked."""

    def __init__(self, program, home, today, prices=None, more={}):
        settings = {"HOME": home, "FACTOR_TODAY": today, "RUST_LOG": "error", **more}
        settings |= {"FACTOR_PRICE_FILES": prices} if prices else {"FACTOR_PRICE_SOURCE": "sample"}
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=settings)
        self.asked = 0
        client = {"name": "benches", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client})
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        """The result, or the error of the protocol as one; the answer's bytes, and the milliseconds that it took."""
        self.asked += 1
        began = time.perf_counter()
        self.send({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})
        while True:
            line = self.process.stdout.readline()
            took = 1e3 * (time.perf_counter() - began)
            message = json.loads(line)
            if message.get("id") == self.asked:
                failed = lambda: {"isError": True, "content": [{"text": json.dumps(message["error"])}]}
                return message.get("result") or failed(), len(line), took

    def call(self, tool, arguments):
        return self.ask("tools/call", {"name": tool, "arguments": arguments})

    def peak(self):
        """The most memory that the server has had, in MB."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

    def end(self):
        self.process.stdin.close()
        self.process.wait()
