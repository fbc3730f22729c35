"""A client of the protocol that needs nothing but Python: starts a server, asks it, and says how long the first answer took.

    client.py [--lists] [--env NAME=VALUE]... COMMAND [ARGUMENT]...
"""

import argparse
import json
import os
import subprocess
import sys
import time


class Server:
    """A server process, spoken to line by line."""

    def __init__(self, command, environment):
        # Nothing of this shell: a client of a window system has none of it either.
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            env=environment,
        )
        self.last = 0
        greeting = self.ask("initialize", {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "packaging", "version": "1"},
        })
        self.name = greeting["serverInfo"]
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.last += 1
        self.send({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get("id") == self.last:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']}")
                return message["result"]
        raise SystemExit(f"the server went away at {method}: {self.process.stderr.read()[-2000:]}")

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=20)


def lists(server):
    """Its tools and prompts, and each prompt's text."""
    tools = server.ask("tools/list", {})["tools"]
    prompts = server.ask("prompts/list", {})["prompts"]
    text = lambda name: server.ask("prompts/get", {"name": name, "arguments": {}})["messages"][0]["content"]["text"]
    return tools, [(prompt, text(prompt["name"])) for prompt in prompts]


def minimal(extra=()):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return kept | dict(extra)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lists", action="store_true", help="print the tools and prompts as JSON")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    command = [part for at, part in enumerate(given.command) if not (at == 0 and part == "--")]
    start = time.monotonic()
    server = Server(command, minimal(pair.split("=", 1) for pair in given.env))
    if given.lists:
        tools, prompts = lists(server)
        print(json.dumps({"tools": [tool["name"] for tool in tools], "prompts": [prompt["name"] for prompt, _ in prompts]}))
    call = {"name": "get_factor_analysis", "arguments": {"analysis_type": "returns", "windows": ["3m"], "top_n": 2}}
    answer = server.ask("tools/call", call)["structuredContent"]
    took = time.monotonic() - start
    if answer["status"] != "success":
        raise SystemExit(f"no answer: {answer}")
    best = [row["ticker"] for row in answer["top_performers"]["3m"]]
    if len(best) != 2:
        raise SystemExit(f"not the two that were asked for: {answer}")
    code = server.close()
    if code != 0:
        raise SystemExit(f"the server ended with {code}")
    print(f"{server.name['name']} {server.name['version']}: first answer in {took:.2f} s, best of 3m {', '.join(best)}", file=sys.stderr)


if __name__ == "__main__":
    main()
