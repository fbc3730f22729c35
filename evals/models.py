"""A real model over an endpoint that speaks as OpenAI's or Anthropic's does. The key comes from the environment, goes into the
request's header, and nowhere else: no message, transcript or error holds it."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

BASES = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com/v1"}
KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
AGAIN = (408, 409, 429, 500, 502, 503, 504, 529)
ATTEMPTS = 5


class EndpointFailed(Exception):
    pass


@dataclass
class Call:
    id: str
    tool: str
    arguments: dict
    unreadable: str | None = None      # arguments that are no JSON object


@dataclass
class Turn:
    text: str
    calls: list[Call]
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class Model:
    """One conversation after another with `name` at `base`."""
    name: str
    api: str = "openai"
    base: str | None = None
    key_env: str | None = None
    most_tokens: int = 4096
    temperature: float | None = None
    patience: float = 120.0
    pause: float = 1.0                 # before the second attempt; doubled for each after it
    messages: list = field(default_factory=list)

    def start(self, system: str, question: str, tools: list[dict]):
        self.system = system
        if self.api == "openai":
            self.messages = [{"role": "system", "content": system}, {"role": "user", "content": question}]
            self.tools = [{"type": "function", "function": {"name": t["name"], "description": t.get("description", ""),
                                                            "parameters": t["inputSchema"]}} for t in tools]
        else:
            self.messages = [{"role": "user", "content": question}]
            self.tools = [{"name": t["name"], "description": t.get("description", ""), "input_schema": t["inputSchema"]} for t in tools]

    def next(self) -> Turn:
        return self._openai() if self.api == "openai" else self._anthropic()

    def answer(self, results: list[tuple[Call, str, bool]]):
        """What the calls of the turn before came to: (call, text, whether it is an error)."""
        if self.api == "openai":
            self.messages += [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text, _ in results]
        else:
            self.messages.append({"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": call.id, "content": text, **({"is_error": True} if failed else {})} for call, text, failed in results]})

    def _openai(self) -> Turn:
        body = {"model": self.name, "messages": self.messages, "tools": self.tools}
        if self.temperature is not None:
            body["temperature"] = self.temperature
        got = self._post("/chat/completions", body)
        message = got["choices"][0]["message"]
        self.messages.append({k: v for k, v in message.items() if k in ("role", "content", "tool_calls") and v is not None} | {"role": "assistant"})
        calls = []
        for one in message.get("tool_calls") or []:
            given = one["function"].get("arguments") or "{}"
            try:
                arguments = json.loads(given)
                calls.append(Call(one["id"], one["function"]["name"], arguments) if isinstance(arguments, dict)
                             else Call(one["id"], one["function"]["name"], {}, given))
            except ValueError:
                calls.append(Call(one["id"], one["function"]["name"], {}, given))
        used = got.get("usage") or {}
        return Turn(message.get("content") or "", calls, used.get("prompt_tokens", 0), used.get("completion_tokens", 0))

    def _anthropic(self) -> Turn:
        body = {"model": self.name, "max_tokens": self.most_tokens, "system": self.system, "messages": self.messages, "tools": self.tools}
        if self.temperature is not None:
            body["temperature"] = self.temperature
        got = self._post("/messages", body)
        self.messages.append({"role": "assistant", "content": got["content"]})
        text = "".join(block.get("text", "") for block in got["content"] if block["type"] == "text")
        calls = [Call(block["id"], block["name"], block.get("input") or {}) for block in got["content"] if block["type"] == "tool_use"]
        used = got.get("usage") or {}
        read = sum(used.get(k) or 0 for k in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"))
        return Turn(text, calls, read, used.get("output_tokens", 0))

    def _post(self, path: str, body: dict) -> dict:
        base = (self.base or BASES[self.api]).rstrip("/")
        headers = {"Content-Type": "application/json"}
        key = os.environ.get(self.key_env or KEYS[self.api])
        if self.api == "anthropic":
            headers["anthropic-version"] = "2023-06-01"
            if key:
                headers["x-api-key"] = key
        elif key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            try:
                with urllib.request.urlopen(request, timeout=self.patience) as response:
                    return json.load(response)
            except urllib.error.HTTPError as error:
                said = without(error.read(500).decode(errors="replace"), key)
                if error.code not in AGAIN or last:
                    raise EndpointFailed(f"{base}{path} answered {error.code}: {said}") from None
                wait = error.headers.get("retry-after", "")
                time.sleep(min(float(wait), 60.0) if wait.replace(".", "", 1).isdigit() else self.pause * 2 ** attempt)
            except (OSError, ValueError) as error:
                if last:
                    raise EndpointFailed(f"{base}{path}: {without(str(error), key)}") from None
                time.sleep(self.pause * 2 ** attempt)
        raise AssertionError("unreachable")


def without(text: str, key: str | None) -> str:
    return text.replace(key, "***") if key else text
