import { expect, test } from "vitest";
import type { StressTest } from "../src/answers";
import { type Answer, type Tool, needs, reasons, toolOf } from "../src/app/scenes";
import { betasOf, saidOf } from "../src/views/model";
import { episodeSaid, episodesOf, hedgesSaid, offsetsOf, sectionsOf } from "../src/views/stress";

const state = (tool: Tool, answer: Answer, args: Answer = {}) => {
  const { isThere, isWhole } = needs({ tool, args, answer });
  return [isThere, isWhole];
};

test("a model is whole with every beta and its metadata; a summary is drawn too, and one of nothing is not", () => {
  const fit = { ticker: "XLK", factors: { equity: { beta: 1 } } };
  const analysis_metadata = {};
  expect(state("analyze_factor_model", { fits: [fit], analysis_metadata })).toEqual([true, true]);
  expect(state("analyze_factor_model", { fits: [fit] })).toEqual([true, false]);
  expect(state("analyze_factor_model", { fits: [fit], analysis_metadata, truncated: { section: "fits" } })).toEqual([true, false]);
  expect(state("analyze_factor_model", { fits: [{ ticker: "SLX", betas: { equity: { beta: 1 } } }], analysis_metadata })).toEqual([true, false]);
  expect(state("analyze_factor_model", { fits: [], analysis_metadata })).toEqual([false, false]);
  expect(state("analyze_factor_model", { rolling: {}, analysis_metadata })).toEqual([false, false]);
  expect(needs({ tool: "analyze_factor_model", args: {}, answer: {} }).include).toEqual(["fits", "metadata"]);
});

test("a stress test is whole with each section that its arguments ask for", () => {
  const analysis_metadata = {};
  const row = { scenario: "covid", holdings: [] };
  expect(state("stress_test", { scenarios: [row], analysis_metadata })).toEqual([true, true]);
  expect(state("stress_test", { scenarios: [row], analysis_metadata }, { shocks: { SPY: -0.2 }, scenarios: ["covid"] })).toEqual([true, false]);
  expect(state("stress_test", { scenarios: [{ scenario: "covid", best_hedge: {} }], analysis_metadata })).toEqual([true, false]);
  expect(state("stress_test", { scenarios: [{ scenario: "covid" }], analysis_metadata })).toEqual([true, false]);
  expect(state("stress_test", { scenarios: [], analysis_metadata })).toEqual([false, false]);
  expect(state("stress_test", { shock: { holdings: [], hedges: [] }, analysis_metadata }, { shocks: { SPY: -0.2 } })).toEqual([true, true]);
  expect(state("stress_test", { reverse: { moves: [] }, analysis_metadata }, { reverse_loss: 0.2 })).toEqual([true, true]);
  expect([{}, { scenarios: [] }, { shocks: { SPY: -0.2 } }, { shocks: { SPY: -0.2 }, scenarios: ["covid"], reverse_loss: 0.1 }].map(sectionsOf)).toEqual([["scenarios"], ["scenarios"], ["shock"], ["scenarios", "shock", "reverse"]]);
});

test("whose answer it is, where the host has not said", () => {
  const of = (answer: Answer, args: Answer = {}) => toolOf(answer, args);
  expect(of({ overexposed_factor: {}, scenario: {} })).toBe("get_factor_recommendations");
  expect(of({ analysis_type: "returns" })).toBe("get_factor_analysis");
  expect(of({ pairs: [], periods: {} })).toBe("compare_factors");
  expect(of({ model: {}, fits: [] })).toBe("analyze_factor_model");
  expect(of({ shock: {} })).toBe("stress_test");
  expect(of({ by_industry: {} })).toBe("get_portfolio_exposures");
  // Of an answer in which the section is not, what was asked for says it.
  expect(of({ not_computed: {} }, { reverse_loss: 0.2 })).toBe("stress_test");
  expect(of({ invalid_sections: [] }, { model: "capm", ticker: "XLK" })).toBe("analyze_factor_model");
  expect(reasons({ not_computed: { shock: "give shocks" }, not_fitted: { NEW: "12 months" }, note: "n" })).toEqual(["shock: give shocks", "NEW: 12 months", "n"]);
});

test("offsets of a summary are those of the whole answer, as far as it says", () => {
  const leg = { ticker: "VTI", ratio: -0.5, scenario_excess_return: -0.2 };
  const hedge = { legs: [], in_sample: 0.5, rows: 252, first: "2019-02-20", last: "2020-02-19" };
  const whole = offsetsOf({
    hedges: [
      { ...hedge, offset: "best_hedge", legs: [leg], result: 0.1, hedged_return: -0.02, held: true, interval: [-0.05, 0.01] },
      { ...hedge, offset: "reduce", share_sold: 0.4, result: -0.01, hedged_return: -0.13, held: false, ratios_after_the_event: true },
    ],
  });
  const short = offsetsOf({ best_hedge: { ratios: { VTI: -0.5 }, result: 0.1, hedged_return: -0.02, held: true, interval: [-0.05, 0.01] }, held: { reduce: false, bought: null }, results: { reduce: -0.01 } });
  const same = ({ offset, result, held, interval }: (typeof whole)[number]) => [offset, result, held, interval];
  expect(short.slice(0, 2).map(same)).toEqual(whole.map(same));
  expect([whole[0]?.legs, short[0]?.legs, whole[1]?.legs]).toEqual(["VTI −0.500", "VTI −0.500", "40.0% of it sold"]);
  expect(whole.map(({ rows }) => rows)).toEqual(["2019-02-20 to 2020-02-19", "2019-02-20 to 2020-02-19, after the event"]);
  expect(short[2]).toMatchObject({ offset: "bought", result: null, held: null });
  expect(offsetsOf({ best_hedge: { ratios: {}, result: -0.01, hedged_return: -0.2, held: false }, ratios_after_the_event: true })).toMatchObject([{ held: false, whole: -0.2, interval: null, rows: "after the event" }]);
  expect(offsetsOf({})).toEqual([]);
});

test("what the model is told of an episode and of a factor", () => {
  const answer: StressTest = {
    status: "success",
    scenarios: [
      {
        scenario: "covid", from: "2020-02-19", to: "2020-03-23", total_return: -0.2339, max_drawdown: -0.2774, recovery_days: 72, worst_day: { date: "2020-03-12", total_return: -0.0566 },
        lost_most: { holding: "SPY", contribution: -0.1523 },
        best_hedge: { ratios: { VTI: -0.68 }, result: 0.2307, hedged_return: -0.0032, held: true }, held: { reduce: false, bought: null }, results: { reduce: 0.1 },
      },
    ],
    other_scenarios: { carry_2024: -0.3, banks_2023: null },
    not_testable: [{ scenarios: ["gfc", "lehman"], covered: {}, why: "SPY: no prices then" }],
  };
  const episodes = episodesOf(answer);
  const [carry, covid] = episodes;
  expect(episodes.map(({ name, why }) => [name, why])).toEqual([
    ["carry_2024", "this summary has its return alone"],
    ["covid", ""],
    ["banks_2023", "this summary has its return alone"],
    ["gfc", "SPY: no prices then"],
    ["lehman", "SPY: no prices then"],
  ]);
  expect(covid && episodeSaid(covid)).toBe("Covid, 2020-02-19 to 2020-03-23: −23.4%; lost most SPY, −15.2%; deepest −27.7%; worst day −5.7% on 2020-03-12; trading days to recover 72");
  expect(covid && hedgesSaid(covid)).toBe("best hedge came to 23.1%, held; reduce came to 10.0%, did not hold; bought, whether it held is not known");
  expect(carry && episodeSaid(carry)).toBe("Carry 2024: −30.0%");
  const beta = { beta: 0.9879, se: 0.0231, t: 42.7884, p: 0.0001, interval: [0.9426, 1.0331], annual_contribution: 0.1227, variance_share: 0.8754, vif: 1.0543 };
  expect(saidOf("low_volatility", beta)).toBe("Low volatility: beta 0.99, 95% interval 0.94 to 1.03, t 42.8, p < 0.001, VIF 1.05, share of variance 87.5%, 12.3% a year from it");
  expect(saidOf("equity", { beta: 1.2785, interval: null })).toBe("Equity: beta 1.28");
  const alpha = { annual: 0, se: null, t: null, p: null, interval: null };
  expect(betasOf({ ticker: "X", n: 60, alpha, r_squared: 0.5, betas: { equity: { beta: 1, interval: null } } })).toEqual([["equity", { beta: 1, interval: null }]]);
});
