"""Tests of `sitting.py`: what a reader is shown, its calls and answers, and their grade, against a server and questions made up for it.

    python evals/test_sitting.py
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path[0] = str(Path(__file__).resolve().parents[1])

from evals import material, results, sitting  # noqa: E402
from evals.test_run import Values  # noqa: E402

# Keeps its groups in its data folder, as the real one does.
FAKE = '''#!{python}
import json, os, sys, time
kept = os.path.join(os.environ["FACTOR_DATA_DIR"], "groups")
def groups():
    return open(kept).read().split() if os.path.exists(kept) else []
for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    method, given = message["method"], message.get("params", {{}})
    if method == "initialize":
        result = {{"instructions": "Ask well.", "capabilities": {{}}}}
    elif method == "tools/list":
        names = ["get_factor_analysis", "create_factor_group", "list_factor_groups", "list_portfolios"]
        result = {{"tools": [{{"name": n, "description": n, "inputSchema": {{"type": "object"}}, "annotations": {{}}}} for n in names]}}
    else:
        tool, of = given["name"], given["arguments"]
        if tool == "create_factor_group":
            time.sleep(0.4 if of["group_name"] == "Chips" else 0)      # a setup that takes its time: others come in between
            open(kept, "a").write(of["group_name"] + "\\n")
            answer = {{"status": "success"}}
        elif tool == "list_factor_groups":
            answer = {{"status": "success", "factor_groups": [{{"group_name": name}} for name in groups()]}}
        elif tool == "list_portfolios":
            answer = {{"status": "success", "portfolios": []}}
        elif of.get("tickers") == ["SLOW"]:
            time.sleep(3)
            answer = {{"status": "success"}}
        elif of.get("tickers") == ["NONE"]:
            answer = {{"status": "error", "error": {{"code": "invalid_argument", "message": "no NONE"}}}}
        else:
            answer = {{"status": "success", "returns": {{"SPY": {{"2022": -0.1818}}}}}}
        result = {{"structuredContent": answer, "content": [{{"type": "text", "text": "text of " + json.dumps(answer)}}]}}
    print(json.dumps({{"jsonrpc": "2.0", "id": message["id"], "result": result}}), flush=True)
'''
QUESTIONS = [
    {"id": "returns-01", "persona": "saver", "about": "not to be shown", "question": "SPY in 2022?", "expect": {"spy": "-0.1818"}, "must_not_say": ["gain"], "within": [1, 200]},
    {"id": "groups-01", "persona": "steward", "question": "Make a group Metals.", "setup": [{"tool": "create_factor_group", "arguments": {"group_name": "Chips"}}],
     "changes": {"groups": ["Chips", "Metals"]}, "within": [1, 200]},
    {"id": "limits-01", "persona": "trader", "question": "What comes next year?", "unanswerable": True, "must_say": ["no one"], "within": [1, 200]},
]
PLANS = {"returns-01": material.Plan([("get_factor_analysis", {})]), "groups-01": material.Plan([("create_factor_group", {})]), "limits-01": material.Plan([])}
SPY = '{"tickers": ["SPY"]}'


class Sitting(unittest.TestCase):
    def setUp(self):
        self.home = Path(self.enterContext(tempfile.TemporaryDirectory())).resolve()
        self.folder, self.program = self.home / "s", self.home / "server"
        self.program.write_text(FAKE.format(python=sys.executable))
        self.program.chmod(0o755)
        (self.home / "export").mkdir()
        (self.home / "export" / "prices.csv").touch()
        for where, name, value in [(sitting, "questions", lambda: QUESTIONS), (sitting, "plans", lambda: PLANS), (sitting, "TRANSCRIPTS", self.home / "transcripts"),
                                   (results, "KEPT", self.home / "results.json"), (results, "TABLE", self.home / "RESULTS.md"),
                                   (material.Source, "oracle", lambda _: Values())]:
            self.enterContext(mock.patch.object(where, name, value))

    def run_it(self, *argv: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = sitting.main([argv[0], str(self.folder), *argv[1:]])
        return code, out.getvalue(), err.getvalue()

    def begin(self, *more: str):
        code, _, err = self.run_it("begin", "--server", str(self.program), "--data", "sample", "--commit", "abc1234", *more)
        self.assertEqual((code, err), (0, ""))
        begun = json.loads((self.home / "s.private" / "sitting.json").read_text())
        self.number = {one["id"]: number for number, one in begun["questions"].items()}

    def grade(self, *more: str) -> str:
        code, out, err = self.run_it("grade", "--sample-dir", str(self.home / "export"), *more)
        self.assertEqual((code, err), (0, ""))
        return out

    def rightly(self):
        """All three, answered as they should be, in three calls."""
        of = self.number
        for argv in [("call", of["returns-01"], "get_factor_analysis", SPY), ("say", of["returns-01"], "It fell by 18.2%."),
                     ("call", of["groups-01"], "create_factor_group", '{"group_name": "Metals"}'), ("call", of["groups-01"], "list_factor_groups", "{}"),
                     ("say", of["groups-01"], "Done."), ("say", of["limits-01"], "No one knows.")]:
            self.assertEqual(self.run_it(*argv)[0], 0, argv)


class Begin(Sitting):
    def test_the_reader_sees_tools_instructions_the_day_and_the_words_and_nothing_else(self):
        self.begin()
        shown = {file.name: file.read_text() for file in self.folder.iterdir()}
        self.assertEqual(set(shown), {"tools.json", "instructions.txt", "questions.txt", "commands.txt"})
        self.assertEqual(json.loads(shown["tools.json"])["tools"][0]["name"], "get_factor_analysis")
        self.assertIn("Ask well.", shown["instructions.txt"])
        self.assertIn("2026-01-15", shown["instructions.txt"])
        self.assertEqual(shown["questions.txt"].count("q00"), 3)
        for secret in ("returns-01", "limits", "saver", "not to be shown", "0.1818", "Chips", "no one"):
            self.assertNotIn(secret, "".join(shown.values()))
        self.assertNotIn("0.1818", (self.home / "s.private" / "sitting.json").read_text())

    def test_a_choice_is_spread_and_the_same_for_the_same_seed(self):
        given = [{"id": f"{topic}-{n:02}"} for topic in "abcde" for n in range(20)] + [{"id": f"a-{n}", "unanswerable": True} for n in range(50, 60)]
        ids = lambda count, seed, of=given: [q["id"] for q in sitting.choose(of, count, seed)]
        self.assertEqual(ids(22, 7), ids(22, 7, given[::-1]))
        self.assertNotEqual(ids(22, 7), ids(22, 8))
        chosen = sitting.choose(given, 22, 7)
        self.assertEqual(len({q["id"] for q in chosen}), 22)
        self.assertEqual(sum(bool(q.get("unanswerable")) for q in chosen), 2)
        self.assertEqual([sum(q["id"][0] == topic and "unanswerable" not in q for q in chosen) for topic in "abcde"], [4] * 5)
        self.assertNotEqual(ids(22, 7), sorted(ids(22, 7)))
        self.assertEqual(sum(bool(q.get("unanswerable")) for q in sitting.choose(given, 2, 1)), 1)
        self.assertEqual(sorted(ids(500, 1)), sorted(q["id"] for q in given))

    def test_only_a_few(self):
        self.begin("--only", "^(returns|limits)")
        self.assertEqual(set(self.number), {"returns-01", "limits-01"})

    def test_what_cannot_be_begun_is_said(self):
        for more, words in [(["--only", "none"], "no question's id matches"), (["--server", "/nowhere"], "there is no server /nowhere")]:
            code, _, err = self.run_it("begin", "--server", str(self.program), "--data", "sample", *more)
            self.assertEqual(code, 1)
            self.assertIn(words, err)
        self.begin()
        self.assertIn("is there already", self.run_it("begin", "--server", str(self.program), "--data", "sample")[2])
        for more in (["--questions", "0"], ["--only", "("]):
            with contextlib.redirect_stderr(io.StringIO()), self.assertRaises(SystemExit):
                sitting.main(["begin", str(self.folder), "--server", "x", "--data", "sample", *more])


class Reader(Sitting):
    def test_a_call_prints_the_text_and_nothing_else(self):
        self.begin()
        code, out, err = self.run_it("call", self.number["returns-01"], "get_factor_analysis", SPY)
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out, 'text of {"status": "success", "returns": {"SPY": {"2022": -0.1818}}}\n')

    def test_what_is_saved_for_a_question_stays_with_it_and_with_no_other(self):
        self.begin()
        self.run_it("call", self.number["groups-01"], "create_factor_group", '{"group_name": "Metals"}')
        both = self.run_it("call", self.number["groups-01"], "list_factor_groups", "{}")[1]
        self.assertEqual((both.count("Chips"), both.count("Metals")), (1, 1))
        self.assertNotIn("Chips", self.run_it("call", self.number["returns-01"], "list_factor_groups", "{}")[1])
        self.assertEqual(self.run_it("call", self.number["groups-01"], "list_factor_groups", "{}")[1], both)

    def test_a_setup_that_was_stopped_half_way_is_made_anew(self):
        self.begin()
        data = self.home / "s.private" / "data" / self.number["groups-01"]
        data.mkdir(parents=True)
        (data / "groups").write_text("Chips\n")
        self.assertEqual(self.run_it("call", self.number["groups-01"], "list_factor_groups", "{}")[1].count("Chips"), 1)

    def test_a_late_call_and_a_second_answer_are_refused(self):
        self.begin()
        of = self.number["returns-01"]
        self.assertIn("2 of 3 are left", self.run_it("say", of, "-18.2%")[1])
        for argv in (["call", of, "get_factor_analysis", SPY], ["say", of, "It gained 50%."]):
            code, out, err = self.run_it(*argv)
            self.assertEqual((code, out), (1, ""))
            self.assertIn("has its answer already", err)
        self.assertNotIn("returns-01", self.grade())

    def test_wrong_tools_and_arguments_are_told_and_counted_as_refused(self):
        self.begin()
        of = self.number["returns-01"]
        self.assertIn("there is no tool get_it; there are get_factor_analysis", self.run_it("call", of, "get_it", "{}")[1])
        self.assertIn("no JSON object: [1]", self.run_it("call", of, "get_factor_analysis", "[1]")[1])
        self.assertIn("no NONE", self.run_it("call", of, "get_factor_analysis", '{"tickers": ["NONE"]}')[1])
        self.run_it("call", of, "get_factor_analysis", SPY)
        self.assertIn("refused calls 0.750", self.grade())

    def test_wrong_folders_numbers_and_too_much_are_told(self):
        self.assertIn("is no sitting", self.run_it("say", "q001", "x")[2])
        self.begin()
        self.assertIn("from q001 to q003", self.run_it("call", "q004", "get_factor_analysis", "{}")[2])
        self.assertIn("longer than", self.run_it("say", "q001", "x" * (sitting.LONGEST_TEXT + 1))[2])
        self.assertIn("nothing is said", self.run_it("say", "q001", " ")[2])
        with mock.patch.object(sitting, "MOST_CALLS", 1):
            self.assertEqual(self.run_it("call", "q001", "list_portfolios", "{}")[0], 0)
            self.assertIn("say what you know", self.run_it("call", "q001", "list_portfolios", "{}")[2])

    def test_words_from_standard_input(self):
        self.begin()
        with mock.patch.object(sys, "stdin", io.StringIO("It's $73,972 and `-18.2%`\n")):
            self.assertEqual(self.run_it("say", self.number["returns-01"], "-")[0], 0)
        self.assertNotIn("returns-01", self.grade())

    def test_a_command_ends_though_the_server_does_not_answer(self):
        self.begin()
        began = time.monotonic()
        with mock.patch.object(sitting, "PATIENCE", 1):
            code, out, err = self.run_it("call", self.number["returns-01"], "get_factor_analysis", '{"tickers": ["SLOW"]}')
        self.assertEqual((code, out), (1, ""))
        self.assertIn("not done within 1 s", err)
        self.assertLess(time.monotonic() - began, 10)
        out = self.grade()
        self.assertIn("1 calls got no answer", out)
        self.assertIn("mean calls 0,", out)

    def test_calls_at_the_same_time(self):
        self.begin()
        command = lambda _: os.waitstatus_to_exitcode(os.system(
            f"'{sys.executable}' '{sitting.HERE / 'sitting.py'}' call '{self.folder}' {self.number['groups-01']} list_factor_groups '{{}}' >/dev/null"))
        with ThreadPoolExecutor(4) as pool:
            self.assertEqual(list(pool.map(command, range(4))), [0] * 4)
        events = [json.loads(line) for line in (self.home / "s.private" / "events.jsonl").read_text().splitlines()]
        self.assertEqual([event["answer"]["factor_groups"] for event in events], [[{"group_name": "Chips"}]] * 4)


class Grade(Sitting):
    def test_right(self):
        self.begin()
        self.rightly()
        out = self.grade()
        self.assertNotIn("miss", out)
        self.assertIn("questions 3, not answered 0, right 1, median calls 1, mean calls 1, refused calls 0,", out)

    def test_each_miss_with_its_reason(self):
        self.begin()
        self.run_it("call", self.number["returns-01"], "get_factor_analysis", SPY)
        self.run_it("say", self.number["returns-01"], "A gain of 50%.")
        self.run_it("say", self.number["groups-01"], "Done.")
        out = self.grade()
        for words in ("(returns-01, 1 calls): SPY in 2022?", "spy: -0.1818 is not said", "said: gain", "there are groups ['Chips'], not ['Chips', 'Metals']",
                      "(limits-01, 0 calls)", "nothing was said", "not answered 1, right 0,"):
            self.assertIn(words, out)

    def test_trials_stand_side_by_side_with_their_transcripts(self):
        for about, wrong in (("before", True), ("after", False)):
            self.folder = self.home / about
            self.run_it("begin", "--server", str(self.program), "--data", "sample", "--commit", about[:3])
            begun = json.loads((self.home / f"{about}.private" / "sitting.json").read_text())
            self.number = {one["id"]: number for number, one in begun["questions"].items()}
            if wrong:
                self.run_it("say", self.number["returns-01"], f"See {self.folder}/tools.json, {self.folder}.private, {self.program}; {Path.home()}/x.")
            self.rightly() if not wrong else None
            self.grade("--record", "hasty", "--about", about)
            again = self.run_it("grade", "--sample-dir", str(self.home / "export"), "--record", "hasty")
            self.assertEqual(again[0], 1)
            self.assertIn("kept already", again[2])
        day = results.date.today().isoformat()
        table = (self.home / "RESULTS.md").read_text()
        hasty = table.split("## Hasty reader")[1].split("##")[0]
        self.assertEqual([line.split(" | ")[:8] for line in hasty.splitlines() if day in line and "|" in line], [
            [f"| {day}-hasty", day, "bef", "agent at a shell", "sample", "3", "2", "0"], [f"| {day}-hasty-2", day, "aft", "agent at a shell", "sample", "3", "0", "1"]])
        self.assertIn("## Fresh reader\n\nnot run", table)
        first, second = ((self.home / "transcripts" / f"{day}-hasty{more}.jsonl").read_text() for more in ("", "-2"))
        self.assertEqual([json.loads(line)["right"] for line in second.splitlines()], [True] * 3)
        self.assertIn("See FOLDER/tools.json, PRIVATE, factor-mcp; HOME/x.", first)
        self.assertNotIn(str(self.home), first + second)

    def test_a_question_that_was_changed_since_is_not_graded(self):
        self.begin()
        with mock.patch.object(sitting, "questions", lambda: [{**QUESTIONS[0], "question": "SPY in 2021?"}, *QUESTIONS[1:]]):
            code, _, err = self.run_it("grade", "--sample-dir", str(self.home / "export"))
        self.assertEqual(code, 1)
        self.assertIn("grade at commit abc1234", err)


if __name__ == "__main__":
    unittest.main()
