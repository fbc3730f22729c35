"""What two answers have in common: masks for what may differ, and where they differ nevertheless."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# --------------------------------------------------------------------------------------------------------------- masks

NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# A quote: text blocks hold JSON within JSON, where it has backslashes.
Q = r'\\*"'


@dataclass(frozen=True)
class Mask:
    about: str
    pattern: re.Pattern
    put: str | Callable[[re.Match], str]
    # The only tool whose answers it is for.
    tool: str | None = None


def _numbers_out(found: re.Match) -> str:
    return found[1] + re.sub(rf":{NUMBER}", ":0", found[2])


COUNTERS = [
    "uptime_seconds", "peak_bytes", "entries", "bytes", "requests", "hits", "hit_rate", "memory_hits", "disk_hits", "fetched", "tails",
]  # fmt: skip

# What may differ from run to run. Everything else is compared byte for byte.
MASKS = [
    Mask("times in milliseconds", re.compile(rf"_ms({Q}):{NUMBER}"), r"_ms\1:0"),
    Mask("times in milliseconds, per category", re.compile(rf"(per_category_corr_ms{Q}:\{{)([^}}]*)"), _numbers_out),
    Mask("moments of the run", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "MOMENT"),
    Mask("cache states", re.compile(rf"({Q}(?:panel|sections){Q}:{Q})(?:hit|miss)"), r"\1STATE"),
    Mask("ids of kept results", re.compile(r"factor://result/[0-9a-f]{32}"), "factor://result/ID"),
    # The whole result holds times in milliseconds, whose digits count.
    Mask("sizes of kept results", re.compile(r'("mimeType":"application/json","size":)\d+'), r"\g<1>0"),
    Mask("version", re.compile(rf"({Q}version{Q}:{Q}|factor-mcp )\d+\.\d+\.\d+[-.\w]*"), r"\1VERSION"),
    Mask("keys of users", re.compile(r"fie_\w+"), "KEY"),
    Mask(
        "counters of the status",
        re.compile(rf"({Q}(?:{'|'.join(COUNTERS)}){Q}:){NUMBER}"),
        r"\g<1>0",
        "get_server_status",
    ),
]


def masked(text: str, tool: str, home: str) -> str:
    """The answer without what may differ: the masks above and the path of the temporary folder."""
    text = text.replace(home, "HOME")
    for mask in MASKS:
        if mask.tool in (None, tool):
            text = mask.pattern.sub(mask.put, text)
    return text


# --------------------------------------------------------------------------------------------------------------- trees


class Number(str):
    """A number as it is written."""


class Inner(dict):
    """JSON within a text, under one key."""


JSON_TEXT = "(JSON)"


def tree(text: str) -> Any:
    """The values of an answer, numbers as written, and the JSON within its texts taken apart."""
    return _opened(json.loads(text, parse_float=Number, parse_int=Number))


def _opened(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _inner(inner) if key in ("text", "stdout") else _opened(inner) for key, inner in value.items()}
    return [_opened(inner) for inner in value] if isinstance(value, list) else value


def _inner(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return Inner({JSON_TEXT: json.loads(value, parse_float=Number, parse_int=Number)})
        except ValueError:
            return value
    return _opened(value)


def written(value: Any) -> str:
    """The compact JSON of a tree."""
    if isinstance(value, Inner):
        return json.dumps(written(value[JSON_TEXT]), ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written, value)) + "]"
    return str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)


# --------------------------------------------------------------------------------------------------- meant differences


@dataclass
class Meant:
    """A difference that is meant: what the old answer says, and what the new one says in its place."""

    about: str
    old: re.Pattern
    new: str
    # In answers of these tools only.
    where: re.Pattern
    # Put into the new answer as well: for what says nothing, such as the width of a column.
    both: bool = False
    applied: int = 0


def meant_differences(path: Path | None) -> list[Meant]:
    """Reads a TOML file of `[[difference]]` tables with `about`, `old` (a regular expression), `new`, and perhaps `where` and `both`."""
    if path is None:
        return []
    tables = tomllib.loads(path.read_text())["difference"]
    return [
        Meant(one["about"], re.compile(one["old"]), one["new"], re.compile(one.get("where", "")), one.get("both", False))
        for one in tables
    ]


def replaced(value: Any, meant: list[Meant], used: set[int]) -> Any:
    """The old answer with what is meant put in place; `used` gets the positions of what applied."""
    if isinstance(value, dict):
        kind = type(value)
        return kind({replaced(key, meant, used): replaced(inner, meant, used) for key, inner in value.items()})
    if isinstance(value, list):
        return [replaced(inner, meant, used) for inner in value]
    if isinstance(value, str) and not isinstance(value, Number):
        for at, one in enumerate(meant):
            new = one.old.sub(one.new, value)
            if new != value:
                used.add(at)
                value = new
    return value


# --------------------------------------------------------------------------------------------------------- differences


@dataclass(frozen=True)
class Piece:
    """One difference, by its shape: where, what it was and what it is."""

    path: str
    old: str
    new: str


def differences(old: Any, new: Any, path: str = "") -> Iterator[Piece]:
    """Every place where two trees differ, with numbers and names taken out of the paths."""
    if isinstance(old, dict) and isinstance(new, dict):
        shared = [key for key in old if key in new]
        for key in old:
            if key not in new:
                yield Piece(f"{path}.{_plain(key)}", _shown(old[key]), "(absent)")
        for key in new:
            if key not in old:
                yield Piece(f"{path}.{_plain(key)}", "(absent)", _shown(new[key]))
        if shared != [key for key in new if key in old]:
            yield Piece(path, "(order of keys)", "(another order)")
        for key in shared:
            yield from differences(old[key], new[key], f"{path}.{_plain(key)}")
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield Piece(path, "(so many entries)", "(more entries)" if len(new) > len(old) else "(fewer entries)")
        for one, other in zip(old, new, strict=False):
            yield from differences(one, other, f"{path}[]")
    elif type(old) is not type(new):
        yield Piece(path, _shown(old), _shown(new))
    elif isinstance(old, Number) or not isinstance(old, str):
        if old != new:
            yield Piece(path, "a number" if isinstance(old, Number) else _shown(old), "another" if isinstance(old, Number) else _shown(new))
    elif old != new:
        yield from _in_words(old, new, path)


# Longer texts are shown as they begin: the search for what they share is quadratic.
MOST_COMPARED = 250_000


def _in_words(old: str, new: str, path: str) -> Iterator[Piece]:
    """What differs between two texts, line by line and then word by word."""
    pairs: list[tuple[str, str]] = [(old, new)]
    if "\n" in old or "\n" in new:
        lines, others = old.split("\n"), new.split("\n")
        matched = [("replace", 0, len(lines), 0, len(others))]
        if len(lines) * len(others) < MOST_COMPARED:
            matched = difflib.SequenceMatcher(None, lines, others, autojunk=False).get_opcodes()
        pairs = []
        for what, a, b, c, d in matched:
            if what == "equal":
                continue
            if b - a == d - c:
                pairs += zip(lines[a:b], others[c:d], strict=True)
            else:
                pairs.append(("\n".join(lines[a:b]), "\n".join(others[c:d])))
    for one, other in pairs:
        words, others = re.findall(r"\S+|\s+", one), re.findall(r"\S+|\s+", other)
        if len(words) * len(others) > MOST_COMPARED:
            yield Piece(path, _short(one), _short(other))
            continue
        for what, a, b, c, d in difflib.SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
            if what != "equal":
                yield Piece(path, _short("".join(words[a:b])) or "(nothing)", _short("".join(others[c:d])) or "(nothing)")


def _plain(key: str) -> str:
    return key if re.fullmatch(r"[a-z_]+|\(JSON\)|[a-z]+[A-Z]\w+|\w+\.\w+", key) else "*"


def _shown(value: Any) -> str:
    return _short(value if isinstance(value, str) and not isinstance(value, Number) else written(value))


def _short(text: str) -> str:
    text = re.sub(NUMBER, "#", text)
    return text if len(text) <= 160 else f"{text[:160]}..."


# ------------------------------------------------------------------------------------------------------- cut elsewhere

# How many entries more or fewer an answer may show that was cut to a length, and how many characters of a text.
ENTRIES, CHARACTERS = 3, 400
# The name of what has none: an answer's structured content.
TOP = "(top)"


def cut_alike(old: Any, new: Any) -> bool:
    """True for answers that were both cut and are the same as far as both go.

    An answer is cut to a number of characters; those of its times in milliseconds count, and so do words that are meant
    to differ. The whole is read back through its link and compared in full.
    """
    if not (_is_cut(old) and _is_cut(new)):
        return False
    before, after = old["result"], new["result"]
    blocks, others = before["content"], after["content"]
    rest = [{**answer, "result": {**answer["result"], "structuredContent": None, "content": None}} for answer in (old, new)]
    return (
        written(rest[0]) == written(rest[1])
        and len(blocks) == len(others)
        and written(blocks[1:]) == written(others[1:])
        and _alike(before["structuredContent"], after["structuredContent"], TOP)
        and _alike(blocks[0], others[0])
    )


def _is_cut(answer: Any) -> bool:
    result = answer.get("result") if isinstance(answer, dict) else None
    content = result.get("structuredContent") if isinstance(result, dict) else None
    return isinstance(content, dict) and ("truncated" in content or "fit max_chars" in str(content.get("note", "")))


def _alike(old: Any, new: Any, name: str = "") -> bool:
    if type(old) is not type(new):
        return False
    if name == "truncated":
        return set(old) >= {"section", "shown", "total"} <= set(new)
    if isinstance(old, dict):
        longer, shorter = (old, new) if len(old) >= len(new) else (new, old)
        most = 2 if name in (TOP, JSON_TEXT) else ENTRIES
        return (
            len(longer) - len(shorter) <= most
            and [key for key in longer if key in shorter] == list(shorter)
            and all(_alike(old[key], new[key], key) for key in shorter)
        )
    if isinstance(old, list):
        return abs(len(old) - len(new)) <= ENTRIES and all(map(_alike, old, new))
    if isinstance(old, str) and not isinstance(old, Number):
        longer, shorter = (old, new) if len(old) >= len(new) else (new, old)
        # The note below a report stays.
        head = shorter.partition("\n\nNote: ")[0]
        return old == new or (len(shorter) > 200 and len(longer) - len(shorter) <= CHARACTERS and longer.startswith(head))
    return old == new


# ------------------------------------------------------------------------------------------------------------ verdicts


@dataclass
class Verdict:
    """What came of one comparison: `equal`, `meant`, `cut elsewhere` or `different`."""

    what: str
    pieces: list[Piece] = field(default_factory=list)


def judged(old: str, new: str, meant: list[Meant], name: str) -> Verdict:
    """Compares two masked answers."""
    if old == new:
        return Verdict("equal")
    try:
        before, after = tree(old), tree(new)
    except ValueError:
        return Verdict("different", [Piece("", _short(old), _short(new))])
    mine = [one for one in meant if one.where.search(name)]
    used: set[int] = set()
    settled = replaced(before, mine, used) if mine else before
    after = replaced(after, [one for one in mine if one.both], set())
    pieces = list(dict.fromkeys(differences(settled, after)))
    if pieces and cut_alike(settled, after):
        return Verdict("cut elsewhere")
    if not pieces and (written(before) == old) != (written(tree(new)) == new):
        pieces = [Piece("", "(white space, escapes)", "(written otherwise)")]
    if pieces:
        return Verdict("different", pieces)
    for at in used:
        mine[at].applied += 1
    return Verdict("meant" if used else "equal")


def count_shapes(verdicts: list[tuple[str, str, Verdict]]) -> list[tuple[Piece, int, str, str]]:
    """The differences by shape, the most frequent first: shape, answers, an example's name and call."""
    counts: Counter[Piece] = Counter()
    examples: dict[Piece, tuple[str, str]] = {}
    for name, shown, verdict in verdicts:
        for piece in verdict.pieces:
            counts[piece] += 1
            known = examples.get(piece)
            if known is None or len(shown) < len(known[1]):
                examples[piece] = (name, shown)
    return [(piece, count, *examples[piece]) for piece, count in counts.most_common()]
