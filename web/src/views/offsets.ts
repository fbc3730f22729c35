// Offsets: what takes the risk of a factor away that a portfolio has too much of.

import type { Recommendation, Recommendations } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { NONE, fixed, interval, percent, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { EPISODES } from "../state";
import { button, choice, entry, fact, isSimulated, panel, provenance, quality, stated, warnings } from "./common";
import { holdingsOf, noPortfolio, portfolioChoice, portfolioList } from "./holdings";
import { episodeTitle, heldWord } from "./stress";

/** The episodes to choose from; a link may name another, such as a year. */
function scenariosOf(named: string): (readonly [string, string])[] {
  const isKnown = named === "" || (EPISODES as readonly string[]).includes(named);
  return [["", "None: by correlation"], ...EPISODES.map((name) => [name, episodeTitle(name)] as const), ...(isKnown ? [] : [[named, episodeTitle(named)] as const])];
}

function question(page: Page): Question | null {
  if (!page.state.factor) return null;
  // Whose portfolio it is about is known once they are listed.
  if (portfolioList(page).status === "loading") return null;
  const body = {
    overexposed_factor: page.state.factor,
    ...dates(page.state),
    ...(holdingsOf(page) ?? {}),
    ...(page.state.scenario ? { scenario: page.state.scenario } : {}),
    include: [...(page.state.scenario ? ["scenario"] : []), "best_hedge", "recommendations", "basket", "insights", "data_quality", "metadata"],
    max_chars: 0,
  };
  return { kind: "offsets", path: "api/factor-intelligence/recommendations", body };
}

function effect(effectiveness: Recommendation["hedge_effectiveness"]): string {
  return `${percent(effectiveness?.in_sample)} / ${percent(effectiveness?.out_of_sample)}`;
}

function hedge(page: Page, answer: Recommendations): Child {
  const best = answer.best_hedge;
  if (!best) return null;
  const next = best.next_quarter;
  const [fit, range] = [best.effectiveness?.in_sample ?? best.in_sample, best.effectiveness?.estimate ?? best.estimate];
  return panel(
    "Best hedge",
    h(
      "ul",
      { class: "legs" },
      (best.members ?? []).map((leg) => h("li", null, h("b", null, `${words(leg.direction ?? "")} ${fixed(Math.abs(leg.ratio ?? 0), 3)}`), ` of ${leg.etf_ticker ?? ("factor" in leg ? leg.factor : "")} per unit of ${answer.overexposed_factor?.resolved ?? page.state.factor}`)),
    ),
    h(
      "p",
      null,
      `Takes away ${percent(fit)} of the variance in the ${best.rows} rows it was fitted on`,
      range ? ` (${"level" in range ? `${percent(range.level, 0)} ` : ""}interval ${interval(range, percent)})` : "",
      next ? `; for the next quarter ${percent(next.median)} is expected, ${percent(next.low)} to ${percent(next.high)}.` : ".",
    ),
  );
}

export function drawOffsets(page: Canvas, answer: Recommendations): SVGSVGElement {
  const metadata = answer.analysis_metadata;
  const rows = answer.recommendations ?? [];
  return bars(
    {
      title: `Correlation to ${answer.overexposed_factor?.resolved ?? page.state.factor}, with 95% intervals`,
      finding: rows[0] ? `${rows[0].etf_ticker} comes first with ${fixed(rows[0].correlation_to_overexposed, 2)}.` : "",
      notes: [provenance(metadata), ...(isSimulated(metadata) ? ["SIMULATED prices: no market had them."] : [])],
      palette: page.palette,
      width: page.width,
      height: page.height,
      scale: [-1, 1],
    },
    rows.flatMap((row) =>
      typeof row.correlation_to_overexposed === "number"
        ? [{ name: row.etf_ticker ?? row.factor ?? "", detail: row.factor ?? "", value: row.correlation_to_overexposed, shown: fixed(row.correlation_to_overexposed, 2), ...(row.correlation_interval ? { range: row.correlation_interval as [number, number] } : {}) }]
        : [],
    ),
  );
}

/** What the factor did in the episode that was asked for, and what the candidates did there. */
function episode(answer: Recommendations): Child {
  const row = answer.scenario;
  if (!row) return null;
  const title = `${episodeTitle(row.scenario)}, ${row.from} to ${row.to}`;
  return panel(
    title,
    h(
      "dl",
      { class: "facts" },
      fact(answer.overexposed_factor?.resolved ?? "The factor", percent(row.total_return)),
      fact("Deepest", percent(row.max_drawdown)),
      fact("Offsets tested", String(row.tested)),
      fact("Held", String(row.held)),
    ),
    h("p", { class: "hint" }, `Ratios from ${row.ratios_from} to ${row.ratios_to}${row.ratios_after_the_event ? ", after the event" : ""}.`),
  );
}

function draw(page: Page, answer: Recommendations): Child {
  const rows = answer.recommendations ?? [];
  const isTested = rows.some((row) => row.in_scenario);
  return [
    warnings(answer, isSimulated(answer.analysis_metadata)),
    !holdingsOf(page) && noPortfolio(page, "No portfolio: recommendations only, without what they would do to yours."),
    quality(answer.data_quality),
    panel("What was found", h("ul", null, (answer.insights?.sentences ?? []).map((sentence) => h("li", null, sentence))), answer.insights?.not_known && h("p", { class: "hint" }, answer.insights.not_known)),
    episode(answer),
    hedge(page, answer),
    panel(
      "Recommendations",
      rows.length > 0 && drawOffsets(page, answer),
      table(
        "Recommendations",
        ["Fund", "Name", ...(isTested ? ["Came to", "It held"] : []), "Correlation", "95% interval", "n", "Takes away, in / out of sample", "Add", "Volatility before → after", "Sharpe", "Drawdown"],
        rows.map((row) => [
          row.etf_ticker,
          row.factor ?? "",
          ...(isTested ? [percent(row.in_scenario?.result), heldWord(row.in_scenario?.held ?? null)] : []),
          fixed(row.correlation_to_overexposed, 3),
          interval(row.correlation_interval),
          String(row.n ?? NONE),
          effect(row.hedge_effectiveness),
          percent(row.suggested_additional_allocation),
          row.portfolio_volatility ? `${percent(row.portfolio_volatility.before)} → ${percent(row.portfolio_volatility.after)}` : NONE,
          fixed(row.sharpe_ratio, 2),
          percent(row.max_drawdown),
        ]),
      ),
      h("p", { class: "hint" }, provenance(answer.analysis_metadata)),
    ),
  ];
}

export const offsets: View = {
  title: "Offsets",
  scope: { dates: true, categories: false, tickers: false },
  question,
  controls: (page) => [
    entry("Too much of", "factor", page.state.factor, (factor) => page.go({ factor }), { placeholder: "VNQ, Real Estate, cyclical", list: "factor-names" }),
    choice("In the episode", "scenario", page.state.scenario, scenariosOf(page.state.scenario), (scenario) => page.go({ scenario })),
    portfolioChoice(page),
  ],
  render(page) {
    const asking = question(page);
    if (!page.state.factor) {
      return h(
        "div",
        { class: "message", role: "status" },
        h("p", null, "Name a factor that you have too much of, or point at a cell of the heat map."),
        h("p", null, button("To the heat map", () => page.go({ view: "correlations" }), { "data-key": "to heat map" })),
      );
    }
    if (!asking) return h("div", { class: "message busy", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), "Computing…");
    return stated(page, asking, asked<Recommendations>(page, asking), (answer) => draw(page, answer));
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<Recommendations>(page, asking).data : undefined;
    if (!asking || !data) return null;
    return {
      name: "offsets",
      json: data,
      report: asking,
      rows: [
        ["fund", "factor", "correlation", "interval_low", "interval_high", "n", "suggested_additional_allocation"],
        ...(data.recommendations ?? []).map((row) => [row.etf_ticker, row.factor ?? "", row.correlation_to_overexposed ?? null, row.correlation_interval?.[0] ?? null, row.correlation_interval?.[1] ?? null, row.n ?? null, row.suggested_additional_allocation ?? null]),
      ],
      drawing: () => drawOffsets(page, data),
    };
  },
};
