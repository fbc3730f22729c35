import { expect, test } from "vitest";
import { Problem } from "../src/http";
import { FRESH_MS, Queries } from "../src/queries";

/** Questions whose answers are given by hand. */
function bench() {
  let clock = 0;
  const queries = new Queries(() => clock);
  const asked: { resolve: (value: unknown) => void; reject: (error: unknown) => void; signal: AbortSignal }[] = [];
  const ask = (kind: string, key: unknown) => queries.get(kind, key, (signal) => new Promise((resolve, reject) => asked.push({ resolve, reject, signal })));
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return { queries, asked, ask, settle, pass: (ms: number) => void (clock += ms) };
}

test("one question is asked once, however often it is looked at, and is fresh for five minutes", async () => {
  const { asked, ask, settle, pass } = bench();
  expect(ask("a", 1)).toMatchObject({ status: "loading", refetching: false });
  ask("a", 1);
  asked[0]?.resolve("one");
  await settle();
  expect(ask("a", 1)).toMatchObject({ status: "ready", data: "one" });
  pass(FRESH_MS - 1);
  ask("a", 1);
  expect(asked).toHaveLength(1);
  pass(1);
  expect(ask("a", 1)).toMatchObject({ status: "ready", data: "one", refetching: true });
  expect(asked).toHaveLength(2);
});

test("of a kind one is asked for at a time: the newest", async () => {
  const { asked, ask, settle } = bench();
  ask("a", 1);
  ask("b", 1);
  ask("a", 2);
  expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false, false]);
  asked[0]?.reject(new DOMException("", "AbortError"));
  asked[2]?.resolve("two");
  await settle();
  expect(ask("a", 2)).toMatchObject({ data: "two" });
});

test("a failure keeps what was there, and waits for somebody to say again", async () => {
  const { queries, asked, ask, settle } = bench();
  ask("a", 1);
  asked[0]?.resolve("one");
  await settle();
  queries.refetch("a", 1);
  queries.refetch("a", 1);
  expect(asked).toHaveLength(2);
  asked[1]?.reject(new Problem(429, "rate_limited", "no more"));
  await settle();
  expect(ask("a", 1)).toMatchObject({ status: "failed", data: "one", problem: { code: "rate_limited" } });
  expect(asked).toHaveLength(2);
});

test("what is outdated is asked for again when it is looked at, and another user finds nothing", async () => {
  const { queries, asked, ask, settle } = bench();
  for (const kind of ["groups", "correlations"]) ask(kind, 1);
  for (const one of asked) one.resolve("x");
  await settle();
  queries.outdate((kind) => kind === "groups");
  ask("correlations", 1);
  expect(asked).toHaveLength(2);
  expect(ask("groups", 1)).toMatchObject({ refetching: true, data: "x" });
  queries.clear();
  expect(asked[2]?.signal.aborted).toBe(true);
  expect(ask("correlations", 1)).toMatchObject({ status: "loading" });
});
