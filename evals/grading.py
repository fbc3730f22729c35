"""Whether figures are right: at a path of a structured answer, and in what a reader says."""

from __future__ import annotations

import calendar
import itertools
import json
import math
import re

TOLERANCE = 1e-4
MISSING = object()


class Figure:
    """What a question expects under one name, computed from one source of prices."""

    def __init__(self, name: str, entry, oracle):
        entry = entry if isinstance(entry, dict) else {"oracle": entry}
        self.name = name
        self.value = oracle.value(entry["oracle"])
        self.others = [oracle.value(other) for other in entry.get("or", [])]
        self.tolerance = entry.get("tolerance", TOLERANCE)
        self.points = entry.get("as") == "points"
        self.size = entry.get("as") == "size"      # it may be said as a loss or not: variance that is taken away, a capture of losses

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, (int, float)) and not isinstance(self.value, bool)


# ---------------------------------------------------------------------------------------------------- a path's value


def at_path(tree, path: str):
    """`a.b.0.c`; `rows[ticker=SPY,to=2020].r` picks from a list, `rows[].ticker` collects; a key with dots stands in quotes."""
    for token in re.findall(r'"[^"]*"|\[[^\]]*\]|[^.\[\]"]+', path):
        if token == "[]":
            return [at_path(one, path.split("[].", 1)[1]) for one in tree] if isinstance(tree, list) else MISSING
        if token.startswith("["):
            wanted = [pair.split("=", 1) for pair in token[1:-1].split(",")]
            found = [one for one in tree if all(str(one.get(k)) == v for k, v in wanted)] if isinstance(tree, list) else []
            if not found:
                return MISSING
            tree = found[0]
            continue
        key = token.strip('"')
        if isinstance(tree, dict) and key in tree:
            tree = tree[key]
        elif isinstance(tree, list) and re.fullmatch(r"-?\d+", key) and -len(tree) <= int(key) < len(tree):
            tree = tree[int(key)]
        else:
            return MISSING
    return tree


def reckoned(answers: list[dict], how, known: dict):
    """The value that a plan points to: a path (of the last answer, or `0: path` of the first), the key of the `least` or `most` of an
    object's numbers, or what is reckoned from paths: `{reckon: "a - b", a: ..., b: ...}`."""
    if isinstance(how, str):
        number, colon, path = how.partition(": ")
        of, path = (answers[int(number)], path) if colon and number.isdigit() else (answers[-1], how)
        return at_path(of, path.format(**{k: str(v) for k, v in known.items()}) if "{" in path else path)
    for word, choose in (("least", min), ("most", max)):
        if word in how:
            found = reckoned(answers, how[word], known)
            numbers = {k: v for k, v in found.items() if isinstance(v, (int, float))} if isinstance(found, dict) else {}
            return choose(numbers, key=numbers.get) if numbers else MISSING
    parts = {name: reckoned(answers, path, known) for name, path in how.items() if name != "reckon"}
    if MISSING in parts.values():
        return MISSING
    plain = {f.__name__: f for f in (abs, max, min, sum, sorted, round, len, list, dict, str, float, int, isinstance)}
    return eval(how["reckon"], {"__builtins__": {}, **plain, **parts}, {})  # noqa: S307 (the project's own files)


def same(figure: Figure, got, value=None) -> bool:
    value = figure.value if value is None else value
    if isinstance(value, list):
        return isinstance(got, (list, dict)) and sorted(map(str, got)) == sorted(map(str, value))
    if isinstance(value, (int, float)):
        return isinstance(got, (int, float)) and math.isfinite(got) and abs(got - value) <= figure.tolerance * (1 + 1e-9) + 1e-12
    return str(got) == str(value)


# --------------------------------------------------------------------------------------------------- a reader's words

NUMBER = re.compile(r"(?<![\w.])([-+−–]?)\s?[$€]?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?\s?(%|percent\b|per cent\b|bps?\b|basis points?\b|pp\b|percentage points?\b)?(?!\w)", re.I)
LOSS = re.compile(r"\b(?:f[ae]ll\w*|lost|loses?|losing|loss(?:es)?|down|drop\w*|declin\w*|negativ\w*|minus|drawdowns?|short(?![- ]term)(?:ed|ing|fall)?|sells?|sold|selling"
                  r"|below|under\w*|worst|deepest|decreas\w*|reduc\w*|c?var|took off|tak(?:es?|ing) off|cost(?:ing)?|lower|slid|shed|plung\w*|subtract\w*)\b", re.I)
GAIN = re.compile(r"\b(?:gain\w*|rises?|risen|rising|rose|up(?! to\b)|higher|above|positiv\w*|plus|profit\w*|brought|added|increas\w*|earn\w*|grew|climb\w*|best(?! hedge)|long(?=\s*$))\b", re.I)
# Directly before a number these make it a loss, whatever it is of: "lost 18%", "a fall of about 18%".
LOST = re.compile(r"\b(?:lost|loses?|losing|loss(?:es)? of|fell|falls?(?: of)?|falling|dropp?(?:ed|ing)|drops?(?: of)?|declined?|declines?(?: of)?|down|minus|negative|took off)"
                  r"(?: (?:by|about|around|some|roughly|nearly|almost|another|only|just|over))*\s*[$€]?$", re.I)
BEFORE, BEHIND = 80, 30                # characters in which a word is close


def direction(text: str, start: int, end: int) -> int:
    """-1 if the word of loss or gain that stands nearest is one of loss, 1 if of gain, 0 if there is none close: before it in its
    sentence, behind it as far as the next number or mark."""
    before = re.split(r"[.;\n|]\s", text[max(0, start - BEFORE):start])[-1]
    behind = re.split(r"[.,;:()\n|\d]", text[end:end + BEHIND])[0]
    near = [(len(before) - found.end(), way) for way, words in ((-1, LOSS), (1, GAIN)) for found in words.finditer(before)]
    near += [(found.start(), way) for way, words in ((-1, LOSS), (1, GAIN)) for found in words.finditer(behind)]
    return min(near)[1] if near else 0


def numbers_said(text: str):
    """(what it may mean, half a unit of its last digit, significant digits, unit). A size without a sign is a loss where words say so."""
    text = re.sub(r"plus[ /](?:or )?minus|\+ ?/ ?[-−–]", "±", text)      # a margin is neither loss nor gain
    for match in NUMBER.finditer(text):
        sign, whole, decimals, unit = match.groups()
        digits = whole.replace(",", "") + (decimals or "")
        size = float(digits)
        significant = len(digits.replace(".", "").lstrip("0"))
        half = 0.5 * 10 ** -(len(decimals or ".") - 1)
        if sign and match.group()[1:2].isspace():
            meant = [size, -size]                   # "0.23 - 0.64", "SPY - 18%": a dash or a minus
        elif sign:
            meant = [size if sign == "+" else -size]
        else:
            meant = [] if LOST.search(text[max(0, match.start() - BEFORE):match.start()]) else [size]
            meant += [-size] if not meant or direction(text, *match.span()) < 0 else []
        yield meant, half, significant, (unit or "").lower()


def scales(figure: Figure, unit: str) -> list[float]:
    """What a number with this unit may be multiplied by to be compared."""
    if unit.startswith(("bp", "basis")):
        return [0.01] if figure.points else [0.0001]
    if figure.points:
        return [1.0]
    return [0.01] if unit else [1.0, 0.01]


def says_number(figure: Figure, value: float, text: str) -> bool:
    exact = figure.tolerance == 0
    for meant, half, significant, unit in numbers_said(text):
        if exact or figure.size:
            meant = [*meant, *(-said for said in meant)]
        for scale in scales(figure, unit):
            bound = max(figure.tolerance, 0.0 if exact else half * scale)
            if not exact and significant < 2 and half * scale > 10 * figure.tolerance and value not in [said * scale for said in meant]:
                continue
            if any(abs(said * scale - value) <= bound * (1 + 1e-9) for said in meant):
                return True
    words = dict(enumerate("no one two three four five six seven eight nine ten eleven twelve".split()))
    return exact and value in words and bool(re.search(rf"\b({words[value]}|{'zero|none' if value == 0 else words[value]})\b", text, re.I))


def says_word(value: str, text: str) -> bool:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        year, month, day = map(int, value.split("-"))
        name = calendar.month_name[month]
        short, of_day = rf"(?:{name}|{name[:3]})\.?", rf"0?{day}(?:st|nd|rd|th)?"
        forms = [re.escape(value), rf"{short} {of_day},? {year}", rf"{of_day} (?:of )?{short},? {year}"]
        if day == calendar.monthrange(year, month)[1]:
            forms += [rf"{short},? {year}", value[:7] + r"(?!-?\d)"]
        return bool(re.search("|".join(forms), text, re.I))
    if "_" in value:
        # An id as people say it: `rates_2022` is "the 2022 rates shock" or "rates in late 2022".
        forms = [r"[\s_-]+(?:\w+[\s_-]+){0,2}".join(map(re.escape, parts)) for parts in itertools.permutations(value.split("_"))]
        return bool(re.search(rf"(?<![^\W_])(?:{'|'.join(forms)})(?![^\W_])", text, re.I))
    return bool(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.I))


def says(figure: Figure, text: str) -> bool:
    """The figure, or another that is right as well."""
    for value in [figure.value, *figure.others]:
        if isinstance(value, list):
            if all(says_number(figure, one, text) if isinstance(one, float) else says_word(str(one), text) for one in value) and (value or re.search(r"\b(no|none|never)\b", text, re.I)):
                return True
        elif isinstance(value, (int, float)):
            if says_number(figure, float(value), text):
                return True
        elif says_word(str(value), text):
            return True
    return False


def held(figure: Figure, answers: list[dict]) -> bool:
    """Whether the answers hold it anywhere: then the calls asked for what was to be asked for."""
    def leaves(tree):
        if isinstance(tree, dict):
            for key, one in tree.items():
                yield key
                yield from leaves(one)
        elif isinstance(tree, list):
            for one in tree:
                yield from leaves(one)
        else:
            yield tree

    found = [leaf for answer in answers for leaf in leaves(answer)]
    for value in [figure.value, *figure.others]:
        parts = value if isinstance(value, list) else [value]
        if all(any(same(figure, leaf, part) or isinstance(part, str) and isinstance(leaf, str) and says_word(part, leaf) for leaf in found) for part in parts):
            return True
    return False


def words_missing(question: dict, text: str) -> list[str]:
    """Of what must be said what is not, and of what must not be said what is."""
    text = text.strip().replace("’", "'")          # patterns have the plain apostrophe: can't
    out = [f"not said: {pattern}" for pattern in question.get("must_say", []) if not re.search(pattern, text, re.I)]
    return out + [f"said: {pattern}" for pattern in question.get("must_not_say", []) if re.search(pattern, text, re.I)]


def shown(value) -> str:
    if value is MISSING:
        return "nothing"
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."


def figures_missing(figures: list[Figure], text: str) -> list[str]:
    return [f"{figure.name}: {shown(figure.value)} is not said" for figure in figures if not says(figure, text)]
