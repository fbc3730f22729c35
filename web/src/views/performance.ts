// Performance: risk and return of each factor, as a picture and as a table.

import type { FactorAnalysis, Profile } from "../answers";
import { CATEGORY_COLOURS } from "../colour";
import { type Child, h, table } from "../dom";
import { scatter } from "../draw/charts";
import { fixed, interval, percent, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, scope } from "../page";
import { CATEGORIES } from "../state";
import { choice, isSimulated, panel, provenance, quality, stated, warnings } from "./common";

const FIELDS = [
  ["annual_return", "Annual return", percent],
  ["volatility", "Volatility", percent],
  ["sharpe_ratio", "Sharpe ratio", (value: number | null | undefined) => fixed(value, 2)],
  ["max_drawdown", "Largest drawdown", percent],
  ["total_return", "Total return", percent],
  ["beta", "Beta", (value: number | null | undefined) => fixed(value, 2)],
] as const;

type Sorted = (typeof FIELDS)[number][0];

function question(page: Page): Question {
  const body = { ...scope(page.state), include: ["per_factor", "data_quality", "metadata"], max_chars: 0 };
  return { kind: "performance", path: "api/factor-intelligence/performance", body };
}

function sorted(page: Canvas, answer: FactorAnalysis): [string, Profile][] {
  const by = (FIELDS.find(([name]) => name === page.state.sort)?.[0] ?? "sharpe_ratio") as Sorted;
  const rows = Object.entries(answer.per_factor ?? {});
  // What has no figure comes last.
  return rows.sort(([, one], [, other]) => (other[by] ?? Number.NEGATIVE_INFINITY) - (one[by] ?? Number.NEGATIVE_INFINITY));
}

export function drawPerformance(page: Canvas, answer: FactorAnalysis): SVGSVGElement {
  const rows = sorted(page, answer).filter(([, profile]) => typeof profile.volatility === "number" && typeof profile.annual_return === "number");
  const deepest = Math.max(0.01, ...rows.map(([, profile]) => Math.abs(profile.max_drawdown ?? 0)));
  const best = rows[0];
  const metadata = answer.analysis_metadata;
  return scatter(
    {
      title: "Risk and return",
      finding: best ? `${rows.length} factors; ${best[0]} comes first with ${percent(best[1].annual_return as number)} a year at ${percent(best[1].volatility as number)} volatility.` : "",
      notes: [provenance(metadata), "Size of a dot: its largest drawdown. Colour: its category.", ...(isSimulated(metadata) ? ["SIMULATED prices: no market had them."] : [])],
      palette: page.palette,
      width: page.width,
      height: page.height,
      xName: "Volatility a year",
      yName: "Return a year",
      write: (value) => percent(value, 0),
    },
    rows.map(([ticker, profile]) => ({
      name: ticker,
      detail: `${profile.label ?? ""}: ${percent(profile.annual_return as number)} a year, volatility ${percent(profile.volatility as number)}`,
      x: profile.volatility as number,
      y: profile.annual_return as number,
      size: Math.abs(profile.max_drawdown ?? 0) / deepest,
      colour: colourOf(page, String(profile.category ?? "")),
    })),
  );
}

export function colourOf(page: Canvas, category: string): string {
  const colours = CATEGORY_COLOURS[page.theme];
  const at = (CATEGORIES as readonly string[]).indexOf(category);
  return colours[at < 0 ? 2 : at % colours.length] as string;
}

export function categoryLegend(page: Canvas, categories: readonly string[]): Child {
  return h(
    "p",
    { class: "legend" },
    [...new Set(categories)].map((category) => {
      const swatch = h("span", { class: "swatch", "aria-hidden": "true" });
      swatch.style.backgroundColor = colourOf(page, category);
      return h("span", null, swatch, words(category));
    }),
  );
}

export const performance: View = {
  title: "Performance",
  scope: { dates: true, categories: true, tickers: true },
  question,
  controls: (page) => choice("Sorted by", "sort", page.state.sort, FIELDS.map(([name, title]) => [name, title]), (sort) => page.go({ sort })),
  render(page) {
    const asking = question(page);
    return stated(
      page,
      asking,
      asked<FactorAnalysis>(page, asking),
      (answer) => [
        warnings(answer, isSimulated(answer.analysis_metadata)),
        quality(answer.data_quality),
        panel(
          "Risk and return",
          drawPerformance(page, answer),
          categoryLegend(page, Object.values(answer.per_factor ?? {}).map((profile) => String(profile.category ?? ""))),
        ),
        panel(
          "Each factor",
          table(
            "Performance of each factor",
            ["Factor", "Name", ...FIELDS.map(([, title]) => title), "95% interval of beta", "n"],
            sorted(page, answer).map(([ticker, profile]) => [
              ticker,
              profile.label ?? "",
              ...FIELDS.map(([name, , write]) => write(profile[name] as number | null | undefined)),
              interval(profile.beta_interval),
              String(profile.observations ?? ""),
            ]),
          ),
        ),
      ],
      (answer) => Object.keys(answer.per_factor ?? {}).length === 0,
    );
  },
  takeaway(page) {
    const { data } = asked<FactorAnalysis>(page, question(page));
    if (!data) return null;
    return {
      name: "performance",
      json: data,
      report: question(page),
      rows: [["factor", "label", ...FIELDS.map(([name]) => name)], ...sorted(page, data).map(([ticker, profile]) => [ticker, profile.label ?? "", ...FIELDS.map(([name]) => profile[name] as number | null)])],
      drawing: () => drawPerformance(page, data),
    };
  },
};
