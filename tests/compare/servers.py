"""The two binaries as processes: servers spoken to over stdio, and single commands."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from other_calls import HOLDINGS_FILES
from pools import World
from sessions import LEGACY, MODERN

PATIENCE = 180.0


@contextlib.contextmanager
def vendor(program: str | None, prices: Path) -> Iterator[dict[str, str] | None]:
    """Stand-in vendors that serve the market's prices, as settings; `None` without the program."""
    if program is None:
        yield None
        return
    yields = next(prices.glob("*yield*"))
    of_prices = next(path for path in prices.glob("*.csv*") if path != yields)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = min(free.getsockname()[1], 65_000)
    words = ["--prices", of_prices, "--yields", yields, "--today", "2025-01-06", "--port", str(port)]
    process = subprocess.Popen([program, *words], stdout=subprocess.PIPE)
    try:
        # One line for each of the four vendors, and one on what they serve.
        for _ in range(5):
            if not process.stdout.readline():
                raise SystemExit("the stand-in vendors did not start")
        at = f"http://127.0.0.1:{port}/stable"
        source = {"FACTOR_PRICE_SOURCE": "fmp", "FACTOR_YIELD_SOURCE": "fmp", "FMP_API_KEY": "key", "FMP_BASE_URL": at}
        # What is not fetched in time is left out of an answer: here nothing is late.
        patience = {"FMP_REQUESTS_PER_MINUTE": "100000", "FACTOR_PRICE_TIMEOUT": "300"}
        yield source | patience
    finally:
        process.terminate()
        process.wait()


class Gone(Exception):
    """The server went away, or does not answer."""


class Side:
    """One binary with a home folder: settings, data, and a server where one is needed."""

    def __init__(self, program: str, home: Path, world: World, era: str):
        home.mkdir(parents=True)
        for name, text in HOLDINGS_FILES.items():
            (home / name).write_text(text)
        self.program, self.home, self.world, self.era = program, home, world, era
        self.server: Server | None = None

    def environment(self) -> dict[str, str]:
        """Nothing of this machine's."""
        own = {"HOME": str(self.home), "USER": "tester", "RUST_LOG": "error", "FACTOR_DATA_DIR": str(self.home / "data")}
        # A machine at work on other things must not cut a call short.
        patience = {"FACTOR_CALL_DEADLINE": "3600", "FACTOR_CORRELATION_TIMEOUT": "600"}
        return own | patience | {"PATH": os.environ.get("PATH", "")} | self.world.settings

    def send(self, method: str, params: dict | None) -> None:
        if self.server is None:
            self.server = Server(self)
        self.server.send(method, params)

    def receive(self) -> str:
        assert self.server is not None
        try:
            return self.server.receive()
        except Gone as gone:
            self.stop()
            return json.dumps({"gone": str(gone)})

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    def start_command(self, words: list[str]) -> subprocess.Popen:
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self.program, *words], env=self.environment(), cwd=self.home, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )

    def end_command(self, process: subprocess.Popen) -> str:
        """What a command said and left, as one JSON text."""
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += b"(killed: it did not end)"
        said: dict[str, Any] = {"exit": process.returncode, "stdout": out.decode(errors="replace"), "stderr": err.decode(errors="replace")}
        for name in ("answer.txt", "out.yaml"):
            if (file := self.home / name).exists():
                said[name] = file.read_text()
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


class Server:
    """One process that serves over stdio, one request at a time."""

    def __init__(self, side: Side):
        self.log = (side.home / "server.log").open("ab")
        self.process = subprocess.Popen(
            [side.program], env=side.environment(), cwd=side.home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log
        )
        self.era, self.asked, self.rest = side.era, 0, b""
        self.watch = selectors.DefaultSelector()
        self.watch.register(self.process.stdout, selectors.EVENT_READ)
        if self.era == LEGACY:
            self.send("initialize", {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "compare", "version": "1"}})
            self.receive()
            self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, method: str, params: dict | None) -> None:
        self.asked += 1
        params = dict(params or {})
        if self.era == MODERN:
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "compare", "version": "1"},
            }
        self.write({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params})

    def write(self, message: dict) -> None:
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass  # The answer that does not come says so.

    def receive(self) -> str:
        """The line that answers the last request."""
        until = time.monotonic() + PATIENCE
        while True:
            while b"\n" in self.rest:
                line, self.rest = self.rest.split(b"\n", 1)
                # Only the beginning or the end of a line can hold its id; a cheap look spares most parsing.
                text = line.decode()
                if f'"id":{self.asked}' in text and self.parsed(text).get("id") == self.asked:
                    return text
            if not self.watch.select(until - time.monotonic()):
                raise Gone("no answer in time")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise Gone(f"it ended with {self.process.wait(10)}")
            self.rest += data

    def parsed(self, line: str) -> dict:
        try:
            return json.loads(line)
        except ValueError as error:
            raise Gone(f"a line that is no JSON: {error}") from None

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.watch.close()
        self.log.close()
