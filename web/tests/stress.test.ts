import { expect, test } from "vitest";
import type { StressTest } from "../src/answers";
import { episodesOf, readShocks, share } from "../src/views/stress";

test("shares and shocks as people write them", () => {
  expect(["-20%", "−20 %", "-0.2", "20%", ".5"].map(share)).toEqual([-0.2, -0.2, -0.2, 0.2, 0.5]);
  // What is no number stays what it is: the server says what is wrong with it.
  expect(["much", "", "1,5%"].map(share)).toEqual(["much", "", "1,5%"]);
  expect(readShocks(["SPY -20%", "UST10Y 1", "UST2Y: 0.5%", "USER:a=-0.1", "TLT", "GLD much"])).toEqual({ SPY: -0.2, UST10Y: 1, UST2Y: 0.5, "USER:a": -0.1, TLT: "", GLD: "much" });
});

test("what was asked about comes first, then the largest losses, and what is not known last", () => {
  const row = (scenario: string, total_return: number | null) => ({ scenario, from: "2020-01-01", to: "2020-02-01", total_return, max_drawdown: null, worst_day: null, recovery_days: null });
  const answer: StressTest = {
    status: "success",
    period: { from: "2015-12-31", to: "2025-12-31", frequency: "monthly", periods: 120 },
    scenarios: [row("gfc", null), row("covid", -0.1), row("taper_rates", 0.02), row("rates_2022", -0.2)],
    reverse: { horizon: 2, loss: 0.2, distance: 3, tail_under_normality: null, any_direction_under_normality: null, deviation: 0.1, as_bad: 1, observations: 120, first: "2016-01-31", last: "2025-12-31", moves: [] },
  };
  const episodes = episodesOf(answer);
  expect([episodes.at(-1)?.title, episodes[1]?.title]).toEqual(["GFC", "Rates 2022"]);
  expect(episodes.map(({ name, result, when }) => [name, result, when])).toEqual([
    ["loss", -0.2, "over 2 months, by 120 months from 2016-01-31 to 2025-12-31"],
    ["rates_2022", -0.2, "2020-01-01 to 2020-02-01"],
    ["covid", -0.1, "2020-01-01 to 2020-02-01"],
    ["taper_rates", 0.02, "2020-01-01 to 2020-02-01"],
    ["gfc", null, "2020-01-01 to 2020-02-01"],
  ]);
});
