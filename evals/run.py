"""Plays the plans against the binary, or puts the questions to a model.

    python run.py --server PATH                              every plan, on the built-in sample and on market prices where there are any
    python run.py --server PATH --only returns-05            those whose id contains this (may be repeated)
    python run.py --server PATH --model NAME                 a model over an endpoint as OpenAI's (--api anthropic: as Anthropic's)
    python run.py --check                                    that every question has its plan and every right answer can be computed

A model's key is read from OPENAI_API_KEY or ANTHROPIC_API_KEY (--key-env names another variable); it is written nowhere.
Exit status 0 only if nothing failed; with --model, if every question could be put.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE.parent)          # `evals` is a package; beside it lies an oracle of another name

from evals import play, results, trial  # noqa: E402
from evals.material import SOURCES, Asked, NoAnswer, Source, Unusable, figures, french_folder, market_folder, plans, questions, sample_folder  # noqa: E402
from evals.models import BASES, Model  # noqa: E402


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", help="the factor-mcp binary")
    parser.add_argument("--only", action="append", metavar="ID", help="only questions whose id contains this")
    parser.add_argument("--source", choices=SOURCES, action="append", help="only this source of prices")
    parser.add_argument("--sample-dir", type=Path, help="an export of the sample (made by cargo where there is none)")
    parser.add_argument("--market-data", type=Path, help="a folder of market prices and treasury_yields.csv; default MARKET_DATA, else ../shared/data/prices")
    parser.add_argument("--french", type=Path, help="a folder of Kenneth French's files; default: `french` beside the folder of market prices")
    parser.add_argument("--check", action="store_true", help="no server is asked")
    parser.add_argument("--verbose", action="store_true", help="a line for each question, not only for those that fail")
    parser.add_argument("--record", metavar="NAME", help="keep the figures under this name in results.json and write RESULTS.md")
    of_model = parser.add_argument_group("a model")
    of_model.add_argument("--model", help="its name at the endpoint")
    of_model.add_argument("--api", choices=BASES, default="openai")
    of_model.add_argument("--base-url", help="default: OpenAI's or Anthropic's own")
    of_model.add_argument("--key-env", help="the variable that holds the key")
    of_model.add_argument("--temperature", type=float)
    of_model.add_argument("--price-in", type=float, metavar="USD", help="of a million tokens read; without it the cost is not known")
    of_model.add_argument("--price-out", type=float, metavar="USD", help="of a million tokens written")
    of_model.add_argument("--transcripts", type=Path, metavar="FILE", help="JSON lines: calls, what was said, what was missed")
    of_model.add_argument("--most", type=int, metavar="N", help="only the first N questions")
    options = parser.parse_args(argv)
    if not options.server and not options.check:
        parser.error("--server is needed")
    if options.server and not Path(options.server).is_file():
        parser.error(f"there is no server {options.server}")
    return options


def sources(options) -> tuple[list[Source], list[tuple[str, str]]]:
    """Those that there are, and what is left out with the reason."""
    found, left_out = [], []
    wanted = options.source or SOURCES
    if "sample" in wanted:
        found.append(Source("sample", sample_folder(options.sample_dir)))
    if "market" in wanted:
        folder = market_folder(options.market_data)
        if folder:
            french = french_folder(options.french, folder)
            found.append(Source("market", folder, french))
            if not french:
                left_out.append(("french", "there is no folder of Kenneth French's files (see --french)"))
        else:
            left_out += [("market", "there is no folder of market prices (see --market-data)"), ("french", "there are no market prices to go with it")]
    return found, left_out


def wanted(options) -> list[dict]:
    return [q for q in questions() if not options.only or any(part in q["id"] for part in options.only)]


def chosen(options, source: Source) -> list[dict]:
    found = [q for q in wanted(options) if source.has(q)]
    return found[:options.most] if options.most else found


def check(options, given: list[Source]) -> int:
    """Whether every question has its plan, every plan its question, and every right answer a value."""
    wrong, count = [], 0
    planned, known = plans(), {q["id"] for q in questions()}
    wrong += [f"{name}: no plan" for name in sorted(known - set(planned))]
    wrong += [f"{name}: a plan without a question" for name in sorted(set(planned) - known)]
    for source in given:
        oracle = source.oracle()
        for question in chosen(options, source):
            try:
                for figure in figures(question, oracle):
                    count += 1
                    if figure.value is None:
                        wrong.append(f"{question['id']} ({source.name}): {figure.name} has no value")
            except Exception as error:  # noqa: BLE001 (whatever an expression does)
                wrong.append(f"{question['id']} ({source.name}): {type(error).__name__} {error}")
    print("\n".join([*wrong, f"{len(known)} questions, {count} figures, {len(wrong)} faults"]))
    return 1 if wrong else 0


def play_all(options, given: list[Source], left_out: list[tuple[str, str]]) -> int:
    planned, passed, failed, skipped = plans(), 0, 0, 0
    table, lengths = [], []
    for source in given:
        began, rows = time.monotonic(), []
        oracle, asked = source.oracle(), Asked(options.server, source.settings())
        try:
            asked.warm()
            for question in chosen(options, source):
                row = play.play(question, planned[question["id"]], asked, oracle)
                rows.append(row)
                if row.wrong or options.verbose:
                    print(f"{'known' if row.known else 'FAIL' if row.wrong else 'ok  '} {source.name} {row.id}: {row.calls} calls, {row.characters} characters")
                    print("".join(f"       {line}\n" for line in row.wrong), end="")
            if not options.only and not options.most:
                lengths = max(lengths, play.defaults(asked))
        finally:
            asked.close()
        one = play.summary(rows)
        skipped += one["known to be wrong"]
        passed, failed = passed + one["right"], failed + one["questions"] - one["right"] - one["known to be wrong"]
        table.append({"trial": f"plans, {source.name}", **one, "seconds": round(time.monotonic() - began, 1)})
    for what, why in left_out:
        need = [q["id"] for q in wanted(options) if q.get("data") == what]
        both = [q for q in wanted(options) if q.get("data", "both") == "both"] if what == "market" else []
        skipped += len(need) + len(both)
        print(f"skipped {what}: {why}; these need it: {', '.join(need)}" + ("; all others were played on the sample alone" if both else ""))
    results.show(table)
    if lengths:
        over = lengths[0][0] > play.LARGEST_DEFAULT
        failed += over
        print(f"{'FAIL ' if over else ''}largest default answer: {lengths[0][0]} characters ({lengths[0][1]}), of at most {play.LARGEST_DEFAULT}")
    if options.record:
        results.record(options.record, table + ([{"trial": "largest default answer", "characters": lengths[0][0], "of": lengths[0][1]}] if lengths else []))
    print(f"checks: {passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


def put_all(options, given: list[Source]) -> int:
    planned, table, could_not = plans(), [], 0
    for source in given:
        oracle, asked = source.oracle(), Asked(options.server, source.settings())
        rows = []
        try:
            asked.warm()
            for question in chosen(options, source):
                model = Model(options.model, options.api, options.base_url, options.key_env, temperature=options.temperature)
                row = trial.put(question, planned[question["id"]], asked, oracle, model, source.name, asked.instructions, options.transcripts)
                rows.append(row)
                could_not += bool(row.failed)
                if options.verbose or not row.right:
                    print(f"{'NONE' if row.failed else 'ok  ' if row.right else 'miss'} {source.name} {row.id}: {row.failed or '; '.join(row.missed)}")
        finally:
            asked.close()
        table.append({"trial": f"{options.model}, {source.name}", **trial.summary(rows, options.price_in, options.price_out)})
    results.show(table)
    if options.record:
        results.record(options.record, table)
    return 1 if could_not else 0


def main(argv: list[str] | None = None) -> int:
    options = arguments(argv)
    try:
        given, left_out = sources(options)
        if options.check:
            return check(options, given)
        return put_all(options, given) if options.model else play_all(options, given, left_out)
    except (Unusable, NoAnswer) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
