// Returns over windows: the best and the worst of each.

import type { FactorAnalysis, RankedFactor } from "../answers";
import { type Child, table } from "../dom";
import { bars } from "../draw/charts";
import { percent, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, scope } from "../page";
import { names } from "../state";
import { choice, entry, isSimulated, panel, provenance, quality, stated, warnings } from "./common";
import { categoryLegend, colourOf } from "./performance";

const EACH = 10;

function question(page: Page): Question {
  const { start_date: _, ...scoped } = scope(page.state);
  const body = { ...scoped, windows: page.state.windows, include: ["rankings", "by_category", "data_quality", "metadata"], max_chars: 0 };
  return { kind: "returns", path: "api/factor-intelligence/returns", body };
}

function chosen(page: Canvas, answer: FactorAnalysis): string {
  const known = Object.keys(answer.rankings ?? {});
  return known.includes(page.state.window) ? page.state.window : (known[0] ?? "");
}

/** The best and the worst, none twice. */
function ends(ranking: readonly RankedFactor[]): RankedFactor[] {
  const known = ranking.filter((row) => typeof row.total_return === "number");
  return known.length <= 2 * EACH ? [...known] : [...known.slice(0, EACH), ...known.slice(-EACH)];
}

export function drawReturns(page: Canvas, answer: FactorAnalysis): SVGSVGElement {
  const window = chosen(page, answer);
  const rows = ends(answer.rankings?.[window] ?? []);
  const metadata = answer.analysis_metadata;
  const [best, worst] = [rows[0], rows.at(-1)];
  const dates = answer.window_dates?.[window];
  return bars(
    {
      title: `Total returns, ${window}${dates ? `: ${dates.from ?? ""} to ${dates.to ?? ""}` : ""}`,
      finding: best && worst ? `Best ${best.ticker} with ${percent(best.total_return)}, worst ${worst.ticker} with ${percent(worst.total_return)}.` : "",
      notes: [provenance(metadata), ...(isSimulated(metadata) ? ["SIMULATED prices: no market had them."] : [])],
      palette: page.palette,
      width: page.width,
      height: page.height,
    },
    rows.map((row) => ({
      name: row.ticker,
      detail: row.label ?? "",
      value: row.total_return as number,
      shown: percent(row.total_return),
      colour: colourOf(page, String(row.category ?? "")),
    })),
  );
}

function categories(answer: FactorAnalysis, window: string): Child {
  const rows = Object.entries(answer.by_category ?? {}).flatMap(([category, windows]) => {
    const row = windows?.[window];
    return row ? [[words(category), percent(row.avg_return), `${row.best?.ticker ?? ""} ${percent(row.best?.total_return)}`, `${row.worst?.ticker ?? ""} ${percent(row.worst?.total_return)}`, String(row.count ?? "")]] : [];
  });
  return panel("By category", table("Returns by category", ["Category", "Mean return", "Best", "Worst", "Factors"], rows));
}

export const returns: View = {
  title: "Returns",
  scope: { dates: true, categories: true, tickers: true },
  question,
  controls(page) {
    const { data } = asked<FactorAnalysis>(page, question(page));
    const known = data ? Object.keys(data.rankings ?? {}) : page.state.windows;
    const shown = data ? chosen(page, data) : page.state.window;
    return [
      choice("Window", "window", shown, known.map((name) => [name, name]), (window) => page.go({ window })),
      entry("Windows", "windows", page.state.windows.join(", "), (text) => page.go({ windows: names(text).length > 0 ? names(text) : ["1m", "3m", "6m", "1y"] }), { placeholder: "3m, ytd, 2022" }),
    ];
  },
  render(page) {
    const asking = question(page);
    return stated(
      page,
      asking,
      asked<FactorAnalysis>(page, asking),
      (answer) => {
        const window = chosen(page, answer);
        const ranking = answer.rankings?.[window] ?? [];
        return [
          warnings(answer, isSimulated(answer.analysis_metadata)),
          quality(answer.data_quality),
          panel("Best and worst", drawReturns(page, answer), categoryLegend(page, ends(ranking).map((row) => String(row.category ?? "")))),
          categories(answer, window),
          panel(
            "Each factor",
            table(
              `Total returns, ${window}`,
              ["Factor", "Return", "Name", "Category"],
              ranking.map((row) => [row.ticker, percent(row.total_return), row.label ?? "", words(String(row.category ?? ""))]),
            ),
          ),
        ];
      },
      (answer) => Object.keys(answer.rankings ?? {}).length === 0,
    );
  },
  takeaway(page) {
    const { data } = asked<FactorAnalysis>(page, question(page));
    if (!data) return null;
    const windows = Object.keys(data.rankings ?? {});
    return {
      name: "returns",
      json: data,
      report: question(page),
      rows: [["window", "rank", "factor", "label", "category", "total_return"], ...windows.flatMap((window) => (data.rankings?.[window] ?? []).map((row) => [window, row.rank ?? null, row.ticker, row.label ?? "", String(row.category ?? ""), row.total_return ?? null]))],
      drawing: () => drawReturns(page, data),
    };
  },
};
