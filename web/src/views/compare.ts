// Two to six factors next to each other: do they move together, and was it different at other times?

import type { Comparison } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { fixed, interval, pValue, percent } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { names } from "../state";
import { entry, isSimulated, panel, provenance, quality, stated, warnings } from "./common";

function question(page: Page): Question | null {
  const { compared, periods } = page.state;
  if (compared.length < 2) return null;
  const body = {
    tickers: compared,
    ...(periods.length > 0 ? { periods } : {}),
    ...dates(page.state),
    include: ["pairs", "periods", "side_by_side", "calendar_years", "insights", "data_quality", "metadata"],
    max_chars: 0,
  };
  return { kind: "compare", path: "api/factor-intelligence/compare", body };
}

export function drawComparison(page: Canvas, answer: Comparison): SVGSVGElement {
  const metadata = answer.analysis_metadata;
  const pairs = (answer.pairs ?? []).map((pair) => ({ name: `${pair.a} / ${pair.b}`, detail: "all periods", correlation: pair.correlation, range: pair.interval }));
  const apart = (answer.periods?.correlations ?? []).map((pair) => ({ name: `${pair.a} / ${pair.b} ${pair.period}`, detail: pair.period, correlation: pair.correlation, range: pair.interval }));
  const [first] = pairs;
  return bars(
    {
      title: "Correlations with 95% intervals",
      finding: first ? `${first.name}: ${fixed(first.correlation, 2)}.` : "",
      notes: [provenance(metadata), ...(isSimulated(metadata) ? ["SIMULATED prices: no market had them."] : [])],
      palette: page.palette,
      width: page.width,
      height: page.height,
      scale: [-1, 1],
    },
    [...pairs, ...apart].flatMap((row) =>
      typeof row.correlation === "number"
        ? [{ name: row.name, detail: row.detail, value: row.correlation, shown: fixed(row.correlation, 2), ...(row.range ? { range: row.range as [number, number] } : {}) }]
        : [],
    ),
  );
}

function draw(page: Page, answer: Comparison): Child {
  const series = Object.entries(answer.side_by_side?.series ?? {});
  const years = answer.calendar_years ?? [];
  return [
    warnings(answer, isSimulated(answer.analysis_metadata)),
    quality(answer.data_quality),
    panel("What was found", h("ul", null, (answer.insights?.sentences ?? []).map((sentence) => h("li", null, sentence)))),
    panel(
      "Correlations",
      drawComparison(page, answer),
      table(
        "Correlations of pairs",
        ["Pair", "Correlation", "95% interval", "p", "n", "Spearman", "Beta of the first on the second"],
        (answer.pairs ?? []).map((pair) => [`${pair.a} / ${pair.b}`, fixed(pair.correlation, 3), interval(pair.interval ), pValue(pair.p), String(pair.n ?? ""), fixed(typeof pair.spearman === "number" ? pair.spearman : pair.spearman?.correlation, 3), fixed(pair.beta_a_on_b?.beta, 3)]),
      ),
      h("p", { class: "hint" }, provenance(answer.analysis_metadata)),
    ),
    (answer.periods?.differences ?? []).length > 0 &&
      panel(
        "Differences between periods",
        table(
          "Differences between periods",
          ["Pair", "Periods", "Correlations", "Difference", "95% interval", "p"],
          (answer.periods?.differences ?? []).map((row) => [`${row.a} / ${row.b}`, `${row.first} against ${row.second}`, `${fixed(row.correlation_first, 2)} / ${fixed(row.correlation_second, 2)}`, fixed(row.difference, 3), interval(row.interval ), pValue(row.p)]),
        ),
      ),
    series.length > 0 &&
      panel(
        "Side by side",
        table(
          "Performance side by side",
          ["Factor", "Return a year", "Volatility", "Sharpe", "Largest drawdown", "n"],
          series.map(([name, row]) => [name, percent(row?.annual_return), percent(row?.volatility), fixed(row?.sharpe_ratio, 2), percent(row?.max_drawdown), String(row?.n ?? "")]),
        ),
      ),
    years.length > 0 &&
      panel(
        "Calendar years",
        table(
          "Total returns by calendar year",
          ["Year", ...series.map(([name]) => name)],
          years.map((year) => [String(year.year), ...series.map(([name]) => percent(year.series?.[name]?.total_return))]),
        ),
      ),
  ];
}

export const compare: View = {
  title: "Compare",
  scope: { dates: true, categories: false, tickers: false },
  question,
  controls: (page) => [
    entry("Tickers, 2 to 6", "compared", page.state.compared.join(", "), (text) => page.go({ compared: names(text).slice(0, 6) }), { placeholder: "SPY, TLT" }),
    entry("Periods apart", "periods", page.state.periods.join(", "), (text) => page.go({ periods: names(text) }), { placeholder: "2015, 2022, other" }),
  ],
  render(page) {
    const asking = question(page);
    if (!asking) return h("div", { class: "message", role: "status" }, "Name two to six tickers to compare.");
    return stated(page, asking, asked<Comparison>(page, asking), (answer) => draw(page, answer), (answer) => (answer.pairs ?? []).length === 0);
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<Comparison>(page, asking).data : undefined;
    if (!asking || !data) return null;
    return {
      name: "comparison",
      json: data,
      report: asking,
      rows: [["a", "b", "correlation", "interval_low", "interval_high", "p", "n"], ...(data.pairs ?? []).map((pair) => [pair.a, pair.b, pair.correlation ?? null, pair.interval?.[0] ?? null, pair.interval?.[1] ?? null, pair.p ?? null, pair.n ?? null])],
      drawing: () => drawComparison(page, data),
    };
  },
};
