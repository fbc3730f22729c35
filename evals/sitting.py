"""Questions put to a reader who is no model behind an endpoint: a person, or an agent at a shell. It sees the tools of `tools/list`, the
server's instructions, today's date and the questions, and makes its calls with a command.

    python sitting.py begin FOLDER --server PATH --data market     chooses questions; FOLDER is what the reader gets, FOLDER.private what it does not
    python sitting.py call FOLDER q001 TOOL '{"a": 1}'             a call; prints what a client would show a model
    python sitting.py say FOLDER q001 'the answer'                 the answer in words, once; no calls for this question after it
    python sitting.py grade FOLDER [--record fresh|hasty]          what was right, and what was missed and why

`-` in the place of arguments or of the answer reads them from standard input, where a shell changes no character.
Exit status: 0 done, 1 refused or no answer (the reason is on standard error), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import re
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)          # `evals` is a package; beside it lies an oracle of another name

from evals import results, trial  # noqa: E402
from evals.clock import TODAY  # noqa: E402
from evals.material import ROOT, SOURCES, Asked, NoAnswer, Source, Unusable, french_folder, market_folder, plans, questions, sample_folder  # noqa: E402

PATIENCE = 100                          # seconds for a reader's command: an agent's shell often waits for two minutes and no longer
MOST_CALLS = 20                         # for one question
LONGEST_TEXT = 20_000                   # characters of arguments or of an answer
TRANSCRIPTS = HERE / "transcripts"
COMMANDS = """A call, which prints what the tool answers:

    {program} call {folder} q001 TOOL '{{"argument": "value"}}'

Your answer in words, once for each question; no calls for it after that:

    {program} say {folder} q001 'the answer'

`-` in the place of the last argument reads it from standard input (<<'EOF'), where a shell changes no $ and no quote.
The questions are in questions.txt, the tools in tools.json, what you are told in instructions.txt. Each question stands for itself:
nothing that a call saves or deletes for one is seen by another.
"""


class Refused(Exception):
    """What the reader asked for is not done, and why."""


# ------------------------------------------------------------------------------------------------------ the choice


def order(seed: int, name: str) -> str:
    """The same for a seed and a question, whatever other questions there are."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def spread(given: list[dict], count: int, seed: int) -> list[dict]:
    """As many, one out of every so many along the topics: each topic has its share."""
    line = sorted(given, key=lambda q: (q["id"].rsplit("-", 1)[0], order(seed, q["id"])))
    return [line[index * len(line) // count] for index in range(count)]


def choose(given: list[dict], count: int, seed: int) -> list[dict]:
    """Of those that can be answered and those that can't by their shares, one of each at least; in an order that tells nothing."""
    if count >= len(given):
        chosen = given
    else:
        groups = [q for q in given if q.get("unanswerable")], [q for q in given if not q.get("unanswerable")]
        without = round(count * len(groups[0]) / len(given))
        without = min(max(without, 1), count - 1) if count > 1 and all(groups) else without
        chosen = spread(groups[0], without, seed) + spread(groups[1], count - without, seed)
    return sorted(chosen, key=lambda q: order(seed, f"place of {q['id']}"))


# ----------------------------------------------------------------------------------------------------- the sitting


class Sitting:
    """What was begun: the reader's folder, and beside it the one that it is not shown."""

    def __init__(self, folder: Path):
        self.folder = folder.resolve()
        self.private = self.folder.with_name(self.folder.name + ".private")
        self.kept = self.private / "events.jsonl"
        if not (self.private / "sitting.json").is_file():
            raise Refused(f"{folder} is no sitting: `sitting.py begin {folder} --server PATH --data market` begins one")
        self.begun = json.loads((self.private / "sitting.json").read_text())
        self.asked: dict[str, dict] = self.begun["questions"]   # of each its id, its words, and what is set up before it

    @property
    def source(self) -> Source:
        """For its settings; the sample needs no folder but for grading."""
        french = self.begun["french"]
        return Source(self.begun["data"], Path(self.begun["prices"] or "."), Path(french) if french else None)

    def question(self, number: str) -> dict:
        if number not in self.asked:
            raise Refused(f"there is no question {number} in this sitting: they go from q001 to {list(self.asked)[-1]} (questions.txt)")
        return self.asked[number]

    def events(self) -> dict[str, list[dict]]:
        """What the reader did, by question: calls, the answer, and faults, which are calls that got no answer."""
        found: dict[str, list[dict]] = {number: [] for number in self.asked}
        for line in self.kept.read_text().split("\n")[:-1] if self.kept.exists() else []:
            event = json.loads(line)
            found[event["id"]].append(event)
        return found

    def note(self, event: dict):
        """One line in one write: commands at the same time do not tear each other's lines."""
        with open(self.kept, "ab", buffering=0) as file:
            file.write((json.dumps(event, ensure_ascii=False) + "\n").encode())

    @contextlib.contextmanager
    def alone(self, number: str):
        """One command at a time for a question; the others wait."""
        with open(self.private / f"{number}.lock", "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def server(self, number: str, question: dict):
        """On this question's own data, with what was set up before it."""
        data, ready = self.private / "data" / number, self.private / "data" / f"{number}.ready"
        if not ready.exists():
            shutil.rmtree(data, ignore_errors=True)     # of a command that was stopped half way
            data.mkdir(parents=True)
        asked = Asked(self.begun["server"], self.source.settings(), data)
        try:
            if not ready.exists():
                asked.prepare(question)
                ready.touch()
            yield asked
        finally:
            asked.close()


def begin(options) -> int:
    folder = options.folder.resolve()
    private = folder.with_name(folder.name + ".private")
    for one in (folder, private):
        if one.exists() and (not one.is_dir() or any(one.iterdir())):
            raise Refused(f"{one} is there already: a sitting begins in a folder that is new or empty")
    server = Path(options.server).resolve()
    if not server.is_file():
        raise Refused(f"there is no server {options.server}")
    prices = french = None
    if options.data == "market":
        prices = market_folder(options.market_data)
        if not prices:
            raise Refused("there is no folder of market prices with a treasury_yields.csv: --market-data or MARKET_DATA names one; --data sample needs none")
        prices, french = prices.resolve(), french_folder(options.french, prices)
    source = Source(options.data, prices or Path("."), french)
    given = [q for q in questions() if source.has(q) and (not options.only or re.search(options.only, q["id"]))]
    if not given:
        raise Refused(f"no question's id matches {options.only!r}; ids are as in evals/questions, such as returns-05")
    chosen = choose(given, len(given) if options.only else options.questions, options.seed)
    asked = Asked(str(server), source.settings())
    try:
        tools, instructions = asked.tools, asked.instructions
    finally:
        asked.close()
    folder.mkdir(parents=True, exist_ok=True)
    private.mkdir(exist_ok=True)
    numbered = {f"q{place:03}": q for place, q in enumerate(chosen, 1)}
    program = shlex.join([sys.executable, str(HERE / "sitting.py")])
    (folder / "tools.json").write_text(json.dumps({"tools": tools}, indent=1, ensure_ascii=False) + "\n")
    (folder / "instructions.txt").write_text(trial.SYSTEM.format(today=TODAY[options.data], instructions=instructions).strip() + "\n")
    (folder / "questions.txt").write_text("\n".join(f"{number}: {q['question'].strip()}\n" for number, q in numbered.items()))
    (folder / "commands.txt").write_text(COMMANDS.format(program=program, folder=shlex.quote(str(folder))))
    (private / "sitting.json").write_text(json.dumps({
        "server": str(server), "data": options.data, "prices": prices and str(prices), "french": french and str(french), "seed": options.seed,
        "commit": options.commit or commit(), "questions": {number: {"id": q["id"], "question": q["question"], "setup": q.get("setup", [])} for number, q in numbered.items()}}, indent=1) + "\n")
    print(f"{len(chosen)} questions, {sum(bool(q.get('unanswerable')) for q in chosen)} of them without an answer, seed {options.seed}")
    print(f"the reader gets {folder}, and begins with commands.txt; {private} and evals/ are not for it")
    return 0


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short=8", "HEAD"], cwd=ROOT, capture_output=True, text=True, timeout=10)
    return found.stdout.strip() or "not known"


# ---------------------------------------------------------------------------------------------- a reader's commands


def given(text: str) -> str:
    if text == "-":
        if sys.stdin.isatty():
            raise Refused("`-` reads from standard input: put <<'EOF' behind the command, or the text in its place")
        text = sys.stdin.read(LONGEST_TEXT + 1)
    if len(text) > LONGEST_TEXT:
        raise Refused(f"longer than {LONGEST_TEXT} characters: say it in fewer")
    return text


def still_open(sitting: Sitting, number: str) -> list[dict]:
    events = sitting.events()[number]
    if any(event["kind"] == "say" for event in events):
        raise Refused(f"{number} has its answer already: neither calls nor another answer after it")
    return events


def call(options) -> int:
    sitting, number = Sitting(options.folder), options.id
    question, text = sitting.question(number), given(options.arguments)
    with sitting.alone(number):
        made = [event for event in still_open(sitting, number) if event["kind"] == "call"]
        if len(made) >= MOST_CALLS:
            raise Refused(f"{MOST_CALLS} calls were made for {number}, the most that there may be: say what you know")
        answer, said, arguments, refused = made_of(sitting, number, question, options.tool, text)
        sitting.note({"kind": "call", "id": number, "tool": options.tool, "arguments": arguments, "refused": refused, "answer": answer, "said": said})
    print(said)
    return 0


def made_of(sitting: Sitting, number: str, question: dict, tool: str, text: str) -> tuple[dict, str, dict | str, bool]:
    """The structured answer, its text, the arguments as they were read, and whether they were refused: as a model's call is taken."""
    try:
        arguments = json.loads(text)
    except ValueError:
        arguments = None
    if not isinstance(arguments, dict):
        return {}, f"the arguments are no JSON object: {text}", text, True
    try:
        with sitting.server(number, question) as asked:
            if tool not in asked.schemas:
                return {}, f"there is no tool {tool}; there are {', '.join(asked.schemas)}", arguments, True
            asked.warm()
            answer, said = asked.call(tool, arguments)
            return answer, said, arguments, answer.get("status") == "error"
    except NoAnswer as error:
        sitting.note({"kind": "fault", "id": number, "tool": tool, "arguments": arguments, "why": str(error)})
        raise


def say(options) -> int:
    sitting, number = Sitting(options.folder), options.id
    question, text = sitting.question(number), given(options.text)
    if not text.strip():
        raise Refused(f"nothing is said for {number}: an answer has words, if only that it can't be said, and why")
    with sitting.alone(number):
        still_open(sitting, number)
        with sitting.server(number, question) as asked:
            saved = asked.saved()
        sitting.note({"kind": "say", "id": number, "text": text, "saved": saved})
    left = sum(all(event["kind"] != "say" for event in events) for events in sitting.events().values())
    print(f"{number} is answered; {left} of {len(sitting.asked)} are left")
    return 0


# -------------------------------------------------------------------------------------------------------- the grade


@dataclass
class Graded:
    """One question, what the reader did, and what came of it."""
    number: str
    question: dict
    made: list[dict]
    said: str | None                   # None: it has no answer yet
    row: trial.Tried


def graded(sitting: Sitting, oracle) -> list[Graded]:
    planned, known, done, found = plans(), {q["id"]: q for q in questions()}, sitting.events(), []
    for number, asked in sitting.asked.items():
        question, events = known.get(asked["id"]), done[number]
        if question is None or any(question.get(key, []) != asked[key] for key in ("question", "setup")):
            raise Unusable(f"{number} ({asked['id']}) is in evals/questions no longer as it was asked: grade at commit {sitting.begun['commit']}")
        calls = [event for event in events if event["kind"] == "call"]
        said = next((event for event in events if event["kind"] == "say"), None)
        row = trial.Tried(question["id"])
        made = [{"tool": one["tool"], "arguments": one["arguments"], "refused": one["refused"], "characters": len(one["said"])} for one in calls]
        trial.grade(question, planned[question["id"]], oracle, said["saved"] if said else None,
                    [one["answer"] for one in calls], made, said["text"] if said else "", row)
        found.append(Graded(number, question, made, said and said["text"], row))
    return found


def summary(found: list[Graded]) -> dict:
    """Shares and characters of all questions; one without an answer is a miss."""
    calls, characters = [one.row.calls for one in found], [one.row.characters for one in found]
    return {"questions": len(found), "not answered": sum(one.said is None for one in found), "right": sum(one.row.right for one in found) / len(found),
            "median calls": statistics.median(calls), "mean calls": sum(calls) / len(calls),
            "refused calls": sum(one.row.refused for one in found) / sum(calls) if any(calls) else None,
            "median characters": statistics.median(characters), "mean characters": round(sum(characters) / len(characters))}


def grade(options) -> int:
    sitting = Sitting(options.folder)
    kept = sitting.private / "recorded"
    if options.record and kept.exists():
        raise Refused(f"this sitting is kept already, as {kept.read_text().strip()}")
    source = sitting.source
    if source.name == "sample":
        source.folder = sample_folder(options.sample_dir)
    found = graded(sitting, source.oracle())
    for one in found:
        if not one.row.right:
            print(f"miss {one.number} ({one.question['id']}, {one.row.calls} calls): {one.question['question'].strip()}")
            print("".join(f"       {why}\n" for why in one.row.missed), end="")
    faults = sum(event["kind"] == "fault" for events in sitting.events().values() for event in events)
    if faults:
        print(f"{faults} calls got no answer from the server; they are not among the calls")
    name = transcript_name(options.record) if options.record else "this sitting"
    row = {"trial": name, "date": date.today().isoformat(), "commit": sitting.begun["commit"], "reader": options.reader, "prices": source.name,
           **summary(found), "about": options.about}
    results.show([row])
    if options.record:
        TRANSCRIPTS.mkdir(exist_ok=True)
        (TRANSCRIPTS / f"{name}.jsonl").write_text(transcript(sitting, found, options.reader))
        results.append(f"{options.record} reader", row, results.KEPT, results.TABLE)
        kept.write_text(name + "\n")
        print(f"kept in evals/RESULTS.md and evals/transcripts/{name}.jsonl")
    return 0


def transcript_name(record: str) -> str:
    """The day and the reader's kind, and a number where there is one of that day."""
    name = f"{date.today().isoformat()}-{record}"
    more = (f"{name}-{count}" for count in range(2, 1000))
    return next(one for one in [name, *more] if not (TRANSCRIPTS / f"{one}.jsonl").exists())


def transcript(sitting: Sitting, found: list[Graded], reader: str) -> str:
    """As `run.py --transcripts` writes it; what the server answered is the commit's, and folders of this machine are nobody's."""
    lines = [json.dumps({"id": one.question["id"], "source": sitting.begun["data"], "model": reader, "question": one.question["question"], "calls": one.made,
                         "said": one.said, "right": one.row.right, "missed": one.row.missed}, ensure_ascii=False) for one in found]
    text = "\n".join(lines) + "\n"
    named = {sitting.private: "PRIVATE", sitting.folder: "FOLDER", sitting.begun["server"]: "factor-mcp", sitting.begun["prices"]: "PRICES",
             sitting.begun["french"]: "FRENCH", ROOT: "REPOSITORY", Path.home(): "HOME"}
    for path, word in sorted(((str(path), word) for path, word in named.items() if path), key=lambda pair: -len(pair[0])):
        text = re.sub(re.escape(path) + r"(?![\w-])", word, text)
    return text


# ------------------------------------------------------------------------------------------------- the command line


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)

    def command(run, name: str, about: str, **more):
        one = commands.add_parser(name, help=about, **more)
        one.add_argument("folder", type=Path, metavar="FOLDER")
        one.set_defaults(run=run)
        return one

    one = command(begin, "begin", "choose questions and write the reader's folder")
    one.add_argument("--server", required=True, help="the factor-mcp binary")
    one.add_argument("--data", choices=SOURCES, required=True, help="prices: the built-in sample or market prices")
    which = one.add_mutually_exclusive_group()
    which.add_argument("--questions", type=whole, default=110, metavar="N", help="so many, spread over all topics; default 110")
    which.add_argument("--only", type=pattern, metavar="REGEX", help="all whose id matches")
    one.add_argument("--seed", type=int, default=1, help="the same seed chooses the same questions; default 1")
    one.add_argument("--market-data", type=Path, help="a folder of market prices and treasury_yields.csv; default MARKET_DATA, else ../shared/data/prices")
    one.add_argument("--french", type=Path, help="a folder of Kenneth French's files; default: `french` beside the folder of market prices")
    one.add_argument("--commit", help="what the server was built from; default: this repository's HEAD")

    no_options = {"prefix_chars": "\0", "add_help": False}     # an answer may begin with a minus sign: -18.2%
    one = command(call, "call", "make a call for a question", **no_options)
    one.add_argument("id", metavar="ID", help="as in questions.txt: q001")
    one.add_argument("tool", metavar="TOOL")
    one.add_argument("arguments", metavar="JSON", help="an object, or - for standard input")

    one = command(say, "say", "say the answer to a question, once", **no_options)
    one.add_argument("id", metavar="ID")
    one.add_argument("text", metavar="TEXT", help="the answer, or - for standard input")

    one = command(grade, "grade", "what was right")
    one.add_argument("--record", choices=("fresh", "hasty"), help="keep the figures in results.json and RESULTS.md, and the transcript in transcripts/")
    one.add_argument("--reader", default="agent at a shell", help="who it was, in a few words")
    one.add_argument("--about", default="", help="what is on trial, in a few words: `before the new words`")
    one.add_argument("--sample-dir", type=Path, help="an export of the sample (made by cargo where there is none)")
    return parser.parse_args(argv)


def whole(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text} is no number of questions: 1 or more")
    return int(text)


def pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text} is no regular expression: {error}") from None
    return text


def out_of_time(*_):
    raise NoAnswer(f"not done within {PATIENCE} s")


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    if options.command in ("call", "say"):
        signal.signal(signal.SIGALRM, out_of_time)
        signal.alarm(PATIENCE)
    try:
        return options.run(options)
    except NoAnswer as error:
        print(f"the server gave no answer; the same command may be given again: {error}", file=sys.stderr)
        return 1
    except (Refused, Unusable) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)


if __name__ == "__main__":
    sys.exit(main())
