"""The server as agent frameworks see it, over HTTP with an access token of an issuer.

    python frameworks.py --server ../../target/release/factor-mcp

Each framework that is installed here lists the tools, asks a question and reads a mistake: LangChain's adapter (streamable HTTP and
SSE) and the OpenAI Agents SDK on the official client 1.x, FastMCP's client on the official client 2.x, and the Inspector's command line. They cannot all be installed
side by side, so the program is run once in each environment. The issuer is the program's own: a key, its metadata, signed tokens.
Exit status 0 only if every framework that is there passes, and at least one is.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

TODAY = "2026-01-15"
QUESTION = {"analysis_type": "returns", "tickers": ["SPY", "TLT"], "windows": ["3m"]}
MISTAKE = {"analysis_type": "returns", "windows": ["3 fortnights"]}


def that(condition: object, what: str) -> None:
    if not condition:
        raise AssertionError(what)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Issuer:
    """Publishes one key and signs with it."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(ECAlgorithm.to_jwk(self.key.public_key())) | {"kid": "first", "use": "sig", "alg": "ES256"}
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        documents = {
            "/.well-known/openid-configuration": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/.well-known/oauth-authorization-server": {"issuer": self.url, "jwks_uri": f"{self.url}/keys"},
            "/keys": {"keys": [public]},
        }

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self):
                document = documents.get(self.path)
                body = json.dumps(document).encode()
                self.send_response(404 if document is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever, daemon=True).start()

    def token(self, audience: str, subject: str, scope: str) -> str:
        now = int(time.time())
        claims = {"iss": self.url, "aud": audience, "sub": subject, "iat": now, "exp": now + 600, "scope": scope, "client_id": "tests"}
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": "first", "typ": "at+jwt"})


class Server:
    """The server on a port of its own, which takes that issuer's tokens and nothing else."""

    def __init__(self, program: str, home: Path, issuer: Issuer):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("FACTOR_")}
        settings = {"FACTOR_PRICE_SOURCE": "sample", "FACTOR_TODAY": TODAY, "RUST_LOG": "error", "HOME": str(home), "FACTOR_DATA_DIR": str(home),
                    "FACTOR_PUBLIC_URL": self.url, "FACTOR_OAUTH_ISSUER": issuer.url}
        self.log = home / "frameworks.log"
        with self.log.open("wb") as log:
            command = [program, "serve", "http", "--addr", f"127.0.0.1:{port}"]
            self.process = subprocess.Popen(command, env=inherited | settings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        until = time.monotonic() + 20
        while not re.search(r"listening on", self.log.read_text()):
            that(self.process.poll() is None and time.monotonic() < until, f"the server did not start: {self.log.read_text()}")
            time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        that(self.process.wait(timeout=20) == 0, "the server ended badly")


def answers_right(text: str) -> None:
    """Whether a text block is the answer to [`QUESTION`]."""
    answer = json.loads(text)
    that(answer["status"] == "success" and {"SPY", "TLT"} <= set(re.findall(r"\b(SPY|TLT)\b", text)), text[:400])


def says_what_is_wrong(text: str) -> None:
    """Whether a text block tells the mistake of [`MISTAKE`], with the way out."""
    that("3 fortnights" in text and "windows" in text, text[:400])


async def langchain(url: str, headers: dict, transport: str) -> None:
    from langchain_core.tools import ToolException
    from langchain_mcp_adapters.client import MultiServerMCPClient

    path = "/sse" if transport == "sse" else "/mcp"
    client = MultiServerMCPClient({"factors": {"transport": transport, "url": url + path, "headers": headers}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    that(len(tools) >= 10, f"tools: {sorted(tools)}")
    text_of = lambda found: found if isinstance(found, str) else found[0]["text"] if isinstance(found[0], dict) else found[0]
    answers_right(text_of(await tools["get_factor_analysis"].ainvoke(QUESTION)))
    try:
        said = text_of(await tools["get_factor_analysis"].ainvoke(MISTAKE))
    except ToolException as error:
        said = str(error)
    says_what_is_wrong(said)


async def openai_agents(url: str, headers: dict) -> None:
    from agents.mcp import MCPServerStreamableHttp

    async with MCPServerStreamableHttp(params={"url": url + "/mcp", "headers": headers}, cache_tools_list=True) as server:
        that(len(await server.list_tools()) >= 10, "tools")
        answers_right((await server.call_tool("get_factor_analysis", QUESTION)).content[0].text)
        wrong = await server.call_tool("get_factor_analysis", MISTAKE)
        that(wrong.isError, "a mistake is an error")
        says_what_is_wrong(wrong.content[0].text)


async def fastmcp(url: str, token: str) -> None:
    from fastmcp import Client
    from fastmcp.client.auth import BearerAuth

    async with Client(url + "/mcp", auth=BearerAuth(token)) as client:
        that(len(await client.list_tools()) >= 10, "tools")
        answers_right((await client.call_tool("get_factor_analysis", QUESTION)).content[0].text)
        wrong = await client.call_tool("get_factor_analysis", MISTAKE, raise_on_error=False)
        that(wrong.is_error, "a mistake is an error")
        says_what_is_wrong(wrong.content[0].text)


async def inspector(url: str, token: str) -> None:
    command = ["mcp-inspector", "--cli", url + "/mcp", "--transport", "http", "--header", f"Authorization: Bearer {token}", "--format", "json"]
    call = ["--method", "tools/call", "--tool-name", "get_factor_analysis", "--tool-args-json", json.dumps(QUESTION)]
    environment = os.environ | {"MCP_INSPECTOR_SECRET_STORE": "memory"}
    pipe = asyncio.subprocess.PIPE
    run = await asyncio.create_subprocess_exec(*command, *call, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment)
    out, err = await run.communicate()
    that(run.returncode == 0, f"exit status {run.returncode}: {err.decode()[-600:]}")
    printed = json.loads(out)
    answers_right(printed.get("result", printed)["content"][0]["text"])


async def stranger(url: str) -> None:
    """Without a token no framework's client gets in, and the answer says where tokens come from."""
    reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
    writer.write(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{}")
    head = (await reader.read(4_096)).decode()
    writer.close()
    that(" 401 " in head.splitlines()[0] and "/.well-known/oauth-protected-resource" in head, head)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer()
        server = Server(str(Path(args.server).resolve()), Path(folder), issuer)
        token = issuer.token(server.url, "ada", "factor.read factor.write")
        headers = {"Authorization": f"Bearer {token}"}
        checks = [("nobody", None, lambda: stranger(server.url)),
                  ("LangChain over streamable HTTP", "langchain_mcp_adapters", lambda: langchain(server.url, headers, "streamable_http")),
                  ("LangChain over SSE", "langchain_mcp_adapters", lambda: langchain(server.url, headers, "sse")),
                  ("OpenAI Agents", "agents", lambda: openai_agents(server.url, headers)),
                  ("FastMCP", "fastmcp", lambda: fastmcp(server.url, token)),
                  ("the Inspector", "mcp-inspector", lambda: inspector(server.url, token))]
        # A name with a hyphen is a program's, for no module has one.
        is_there = lambda name: name is None or (shutil.which(name) if "-" in name else importlib.util.find_spec(name))
        there = [(name, run) for name, module, run in checks if is_there(module)]
        failed = 0
        for name, run in there:
            try:
                asyncio.run(asyncio.wait_for(run(), 60))
                print(f"ok   {name}")
            except Exception:
                failed += 1
                print(f"FAIL {name}")
                traceback.print_exc()
        server.stop()
    print(f"{len(there)} checks, {failed} failed")
    return 1 if failed or len(there) < 2 else 0


if __name__ == "__main__":
    sys.exit(main())
