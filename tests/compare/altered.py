"""A wrapper around the server that alters its answers, to prove that the comparison finds it.

    python3 altered.py ALTERATION PROGRAM [ARGUMENTS]
"""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Callable


def last_digit(line: str) -> str:
    """One figure of an analysis, in its last digit, in the structured content alone."""
    at = line.find('"structuredContent":')
    found = re.compile(r"0\.\d{3,}(?=[,}\]])").search(line, max(at, 0))
    if at < 0 or "_ms" in line[found.start() - 40 : found.start()] if found else True:
        return line
    digit = "5" if line[found.end() - 1] != "5" else "6"
    return line[: found.end() - 1] + digit + line[found.end() :]


def in_text(line: str) -> str:
    """A word of the text block alone."""
    head, mark, rest = line.partition('"structuredContent":')
    return head.replace("simulated", "made up", 1) + mark + rest


def null(line: str) -> str:
    """An empty text where nothing was, in the structured content alone."""
    head, mark, rest = line.partition('"structuredContent":')
    return head + mark + rest.replace(":null", ':""', 1)


def whole_result(line: str) -> str:
    """What is kept under a link, not the answer that links to it."""
    return line.replace('\\"label\\":', '\\"lable\\":', 1) if '"contents":[{"uri":"factor://result/' in line else line


def link(line: str) -> str:
    return re.sub(r',\{"type":"resource_link".*?\}(?=\])', "", line, count=1)


# Each is what a changed server might do.
ALTERATIONS: dict[str, Callable[[str], str]] = {
    "digit": last_digit,
    "text": in_text,
    "heading": lambda line: line.replace("## Mind", "## Caveats"),
    "order": lambda line: re.sub(r'"status":"success","([a-z_]+)":("[^"]*"|\d+)', r'"\1":\2,"status":"success"', line, count=1),
    "number": lambda line: re.sub(r":0\.5([,}])", r":0.50\1", line, count=1),
    "flag": lambda line: line.replace('"isError":true', '"isError":false'),
    "link": link,
    "whole": whole_result,
    "code": lambda line: line.replace('"code":-32602', '"code":-32603'),
    "null": null,
    "no JSON": lambda line: line.replace('"isError":false', '"isError":'),
    "space": lambda line: line.replace('"status":"success",', '"status":"success", ', 1),
    "rule": lambda line: line.replace("must be one of", "must be any of", 1),
    "prompt": lambda line: line.replace("in plain words", "in words", 1),
    "command": lambda line: line,
    "schema": lambda line: line.replace('"maximum":120', '"maximum":121', 1),
}


def alter_command(name: str, said: bytes) -> bytes:
    return said.replace(b" ", b"  ", 1) if name == "command" else said


def main() -> int:
    name, program, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    alter = ALTERATIONS.get(name, lambda line: line)
    if arguments:
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, check=False)
        sys.stdout.buffer.write(alter_command(name, done.stdout))
        return done.returncode
    server = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def pass_on() -> None:
        for line in sys.stdin.buffer:
            server.stdin.write(line)
            server.stdin.flush()
        server.stdin.close()

    threading.Thread(target=pass_on, daemon=True).start()
    for line in server.stdout:
        sys.stdout.buffer.write(alter(line.decode()).encode())
        sys.stdout.buffer.flush()
    return server.wait()


if __name__ == "__main__":
    sys.exit(main())
