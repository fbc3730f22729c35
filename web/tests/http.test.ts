import { describe, expect, test, vi } from "vitest";
import { Client, Problem } from "../src/http";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) => new Response(JSON.stringify(body), { status, headers });

/** A client whose server answers with these, one after the other; an error is a way that is broken. */
function client(...answers: (Response | Error)[]) {
  const fetcher = vi.fn(async (_input: unknown, _init?: RequestInit) => {
    const next = answers.shift();
    if (!next) throw new Error("asked once more than was expected");
    if (next instanceof Error) throw next;
    return next;
  });
  const pauses: number[] = [];
  const asks = new Client(fetcher as unknown as typeof fetch, async (ms) => void pauses.push(ms), () => 1_000_000);
  return { asks, fetcher, pauses };
}

const failure = (promise: Promise<unknown>): Promise<Problem> => promise.then(() => Promise.reject(new Error("no failure")), (error: Problem) => error);

describe("trying again", () => {
  test("at most twice where the server has a fault", async () => {
    const { asks, fetcher, pauses } = client(answer(500, {}), answer(503, {}), answer(200, { a: 1 }));
    expect(await asks.read("x")).toEqual({ a: 1 });
    expect([fetcher.mock.calls.length, pauses.length]).toEqual([3, 2]);
    const other = client(answer(500, {}), answer(500, {}), answer(502, { detail: "no" }), answer(200, {}));
    expect((await failure(other.asks.read("x"))).status).toBe(502);
    expect(other.fetcher).toHaveBeenCalledTimes(3);
  });

  test("never for a mistake of ours or a quota that is used up", async () => {
    for (const status of [400, 401, 403, 404, 409, 412, 422, 429]) {
      const { asks, fetcher } = client(answer(status, { detail: "no" }));
      expect((await failure(asks.read("x"))).status).toBe(status);
      expect(fetcher).toHaveBeenCalledTimes(1);
    }
  });

  test("never for a change", async () => {
    const { asks, fetcher } = client(answer(500, {}));
    await failure(asks.write("x", { method: "POST", body: {} }));
    expect(fetcher).toHaveBeenCalledTimes(1);
  });

  test("a way that is broken is tried again, and said in words", async () => {
    const { asks, fetcher } = client(new TypeError("a"), new TypeError("b"), new TypeError("c"));
    const problem = await failure(asks.read("x"));
    expect([problem.code, fetcher.mock.calls.length]).toEqual(["network", 3]);
    expect(problem.message).toContain("cannot be reached");
  });
});

test("what comes after its user has signed out is told to nobody", async () => {
  for (const late of [answer(200, { name: "Adas" }), answer(401, {}), answer(503, {})]) {
    const { asks, fetcher } = client(late);
    asks.onRefused = () => {
      throw new Error("the next user is sent away");
    };
    asks.signIn("hers");
    const asked = failure(asks.read("x"));
    asks.signOut();
    asks.signIn("his");
    expect((await asked).code).toBe("signed_out");
    expect(fetcher).toHaveBeenCalledTimes(1);
  }
});

test("what a problem says, and when to come back", async () => {
  const { asks } = client(
    answer(429, { detail: "5 of 5 today", code: "rate_limited" }, { "Retry-After": "60" }),
    answer(400, { detail: "two problems", code: "invalid_argument", problems: [{ field: "tickers", rule: "must be 2", got: '"x"' }, "nonsense"] }),
    new Response("<html>bad gateway</html>", { status: 404 }),
  );
  expect(await failure(asks.read("x"))).toMatchObject({ status: 429, code: "rate_limited", message: "5 of 5 today", retryAt: 1_060_000 });
  expect((await failure(asks.read("x"))).fields).toEqual([{ field: "tickers", rule: "must be 2", got: '"x"' }]);
  expect((await failure(asks.read("x"))).message).toContain("404");
});

test("a key goes in the head, never in the address, and is gone when it is wrong", async () => {
  const { asks, fetcher } = client(answer(200, {}), answer(401, { message: "wrong", error: "wrong_key" }));
  const refused = vi.fn();
  asks.onRefused = refused;
  asks.signIn("fie_secret");
  await asks.read("x");
  const [path, init] = fetcher.mock.calls[0] ?? [];
  expect([path, (init?.headers as Record<string, string>).Authorization]).toEqual(["x", "Bearer fie_secret"]);
  expect(JSON.stringify(asks)).not.toContain("secret");
  await failure(asks.read("x"));
  expect(refused).toHaveBeenCalledTimes(1);
});
