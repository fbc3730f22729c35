"""The server over server-sent events (`/sse`) as the official Python client 1.x sees it.

    python sse_client.py --server ../../target/release/factor-mcp

Frameworks that are set up with `transport: "sse"` run on this client. It is another program than `python_client.py`, for the two
versions of the client cannot be installed side by side. Exit status 0 only if every test passes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.exceptions import McpError

TODAY = "2026-01-15"


def equal(got: Any, expected: Any, what: str) -> None:
    if got != expected:
        raise AssertionError(f"{what}: expected {str(expected)[:600]}, got {str(got)[:600]}")


def that(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


class Server:
    """The server over HTTP on a free port, on the simulated sample with a fixed date and none of the user's settings."""

    def __init__(self, program: str, home: Path, *arguments: str):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FACTOR_")}
        settings = {"FACTOR_PRICE_SOURCE": "sample", "FACTOR_TODAY": TODAY, "RUST_LOG": "error", "HOME": str(home)}
        self.environment = inherited | settings | {"XDG_CONFIG_HOME": str(home), "FACTOR_DATA_DIR": str(home)}
        self.program, self.home, self.log = program, home, home / "sse.log"
        with self.log.open("wb") as log:
            command = [program, "serve", "http", "--addr", "127.0.0.1:0", *arguments]
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log
            )
        until = time.monotonic() + 20
        while not (found := re.search(r"(http://[\w.:\[\]]+)/mcp", self.log.read_text())):
            if time.monotonic() > until or self.process.poll() is not None:
                self.process.kill()
                raise SystemExit(f"the server did not say where it listens: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        self.url = found[1]

    def user(self) -> str:
        """A new user's key."""
        command = [self.program, "user", "add", "--format", "json"]
        added = subprocess.run(command, env=self.environment, cwd=self.home, capture_output=True, check=True)
        return json.loads(added.stdout)["key"]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("10 s after SIGTERM the server was still there") from None
        equal(status, 0, "exit status after SIGTERM")
        that("panicked" not in self.log.read_text(), f"a panic in the log: {self.log.read_text()[-2000:]}")


@contextlib.asynccontextmanager
async def session(server: Server, key: str | None = None) -> AsyncIterator[ClientSession]:
    headers = {"Authorization": f"Bearer {key}"} if key else None
    async with sse_client(f"{server.url}/sse", headers=headers) as (read, write), ClientSession(read, write) as opened:
        await opened.initialize()
        yield opened


async def analyse(client: ClientSession, **arguments: Any) -> dict:
    result = await client.call_tool("get_factor_analysis", {"analysis_type": "returns", **arguments})
    that(not result.isError, f"{arguments}: {result.content}")
    return result.structuredContent or json.loads(result.content[0].text)


TESTS: list[Callable[[Server], Awaitable[None]]] = []


def test(function: Callable[[Server], Awaitable[None]]) -> Callable[[Server], Awaitable[None]]:
    TESTS.append(function)
    return function


@test
async def answers_are_those_of_streamable_http(server: Server) -> None:
    async with session(server) as client:
        over_sse = await analyse(client, windows=["3m"])
        tools = [tool.name for tool in (await client.list_tools()).tools]
        await client.send_ping()
    async with streamablehttp_client(f"{server.url}/mcp") as (read, write, _), ClientSession(read, write) as other:
        await other.initialize()
        equal(over_sse, await analyse(other, windows=["3m"]), "the analysis")
        equal(tools, [tool.name for tool in (await other.list_tools()).tools], "the tools")


@test
async def mistakes_are_answered(server: Server) -> None:
    async with session(server) as client:
        try:
            await client.call_tool("get_factor_analisis", {})
            raise AssertionError("an unknown tool was called")
        except McpError as error:
            equal(error.error.code, -32602, "code of an unknown tool")
        wrong = await client.call_tool("get_factor_analysis", {"analysis_type": "nonsense"})
        that(wrong.isError and "nonsense" in wrong.content[0].text, f"{wrong}")
        that(await analyse(client, windows=["1m"]), "the session goes on")


@test
async def more_calls_than_a_share_end_no_session(server: Server) -> None:
    """What is beyond a caller's share is an error of the call: the client gives its session up at any answer but 2xx."""
    outcomes: list[str] = []

    async with session(server) as client:

        async def ask(top: int) -> None:
            try:
                await analyse(client, windows=["3m"], top_n=1 + top % 20, end_date=f"2025-{1 + top % 12:02}-28")
                outcomes.append("answered")
            except McpError as error:
                equal(error.error.data["status"] in (429, 503), True, f"{error.error}")
                outcomes.append("refused")

        async with anyio.create_task_group() as group:
            for top in range(40):
                group.start_soon(ask, top)
        equal(len(outcomes), 40, "outcomes")
        that(outcomes.count("answered") >= 16, f"{outcomes}")
        that(await analyse(client, windows=["1m"]), "the session goes on")


@test
async def a_session_is_its_users(server: Server) -> None:
    ann, bob = server.user(), server.user()
    async with session(server, ann) as client:
        group = {"group_name": "Mine", "tickers": ["XLE", "XLU"], "validate": False}
        that(not (await client.call_tool("create_factor_group", group)).isError, "Ann keeps a group")
    async with session(server, bob) as client:
        that("Mine" not in (await client.call_tool("list_factor_groups", {})).content[0].text, "Bob sees what is Ann's")
    async with httpx.AsyncClient(base_url=server.url) as http:
        async with http.stream("GET", "/sse", headers={"X-API-Key": ann}) as stream:
            equal(stream.headers["x-accel-buffering"], "no", "buffering")
            lines = stream.aiter_lines()  # one that is left to the garbage collector closes the stream
            async for line in lines:
                if line.startswith("data: "):
                    break
            message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            for key, status in ((bob, 404), (ann, 202), (None, 404)):
                headers = {"X-API-Key": key} if key else {}
                answer = await http.post(line.removeprefix("data: "), json=message, headers=headers)
                equal(answer.status_code, status, "a message posted to Ann's session")


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, help="the factor-mcp program")
    options = parser.parse_args()
    program, passed, failed = str(Path(options.server).resolve()), 0, 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(program, Path(folder))

        async def stops(server: Server) -> None:
            server.stop()

        for one in [*TESTS, stops]:
            from_ = time.monotonic()
            try:
                with anyio.fail_after(60):
                    await one(server)
            except Exception as error:  # a test that fails does not end the others
                failed += 1
                print(f"FAIL {one.__name__}: {type(error).__name__}: {error}", flush=True)
                if not isinstance(error, AssertionError):
                    traceback.print_exc()
            else:
                passed += 1
                print(f"ok   {one.__name__} ({time.monotonic() - from_:.1f} s)", flush=True)
        if server.process.poll() is None:
            server.process.kill()
    print(f"\nsse_client: {passed} passed, {failed} failed")
    return 0 if failed == 0 and passed else 1


if __name__ == "__main__":
    sys.exit(anyio.run(main))
