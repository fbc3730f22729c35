// Correlations: the heat map, its statistics, and the strongest relationships.

import type { FactorAnalysis } from "../answers";
import { type Child, h, replace } from "../dom";
import { heatLegend, heatMap, heatMapDrawing } from "../draw/heatmap";
import { fixed, words } from "../format";
import { type CellStatistics, chosenMatrix, first, matricesOf, pairStatistics, statisticsOf, strongest } from "../matrix";
import { type Page, type Question, type View, asked, scope } from "../page";
import { SIZES } from "../state";
import { button, choice, isSimulated, labelOf, panel, provenance, quality, stated, warnings } from "./common";

const PATH = "api/factor-intelligence/correlations";
/** Matrices that have no statistics of their own. */
const OVERLAYS = ["macro_composite", "macro_etf", "market_sensitivity", "rate_sensitivity"];
const REGIMES = [
  ["", "All periods"],
  ["rate_shock", "Rate shocks"],
  ["equity_drawdown", "Equity drawdowns"],
  ["high_vol", "High volatility"],
] as const;

function question(page: Page): Question {
  const { state } = page;
  const body = {
    ...scope(state),
    ...(state.regime ? { regime: state.regime } : {}),
    ...(state.order === "cluster" ? { advanced: { order: "cluster" } } : {}),
    include: ["matrices", "overlays", "data_quality", "metadata", ...(state.order === "cluster" ? ["insights"] : [])],
    matrix_format: "triangle",
    max_chars: 0,
  };
  return { kind: "correlations", path: PATH, body };
}

/** n and intervals of one matrix, asked for once it is shown. */
function statistics(page: Page, name: string): CellStatistics | null {
  const { state } = page;
  if (OVERLAYS.includes(name)) return null;
  const category = name === "industry_groups" ? "industry" : name;
  const body = {
    ...scope(state),
    ...(name === "selected" ? {} : { categories: [category] }),
    ...(state.regime ? { regime: state.regime } : {}),
    include: ["statistics"],
    include_statistics: true,
    max_chars: 0,
  };
  const entry = asked<FactorAnalysis>(page, { kind: "statistics", path: PATH, body });
  return entry.data ? statisticsOf(entry.data, name) : null;
}

const caption = (name: string): string =>
  name === "selected" ? "Correlations of the tickers" : name === "rate_sensitivity" ? "Correlations with yield changes" : name === "market_sensitivity" ? "Correlations with the benchmark" : `Correlations: ${words(name).toLowerCase()}`;

function draw(page: Page, answer: FactorAnalysis): Child {
  const found = chosenMatrix(answer, page.state.matrix);
  const metadata = answer.analysis_metadata;
  if (!found) return h("div", { class: "message", role: "status" }, "No data: no two factors to correlate.");
  const [name, whole] = found;
  const label = labelOf(metadata);
  const known = statistics(page, name);
  const shown = first(whole, page.state.size);
  const looked = h("p", { class: "looked", "aria-hidden": "true" }, "Point at a cell for n and its interval.");
  const ask = (factor: string) => page.go({ view: "offsets", factor });
  const map = {
    caption: caption(name),
    matrix: shown,
    statistics: known,
    palette: page.palette,
    label,
    blocks: (answer.insights?.blocks?.[name] ?? []).map((block) => block.members).filter((members) => members.length > 1),
    onAsk: (row: string) => ask(row),
    onLook: (_row: string, _column: string, said: string) => replace(looked, said),
  };
  const doubtful = known !== null;
  const pairs = strongest(whole);
  return h(
    "div",
    { class: "beside" },
    panel(
      caption(name),
      h("p", { class: "hint" }, shown.rows.length < whole.rows.length ? `The first ${shown.rows.length} of ${whole.rows.length}. ` : "", "A cell over 0.3 in size asks what offsets the factor of its row."),
      heatMap(map),
      looked,
      heatLegend(page.palette, doubtful),
      h("p", { class: "hint" }, provenance(metadata)),
    ),
    pairs.length > 0 &&
      panel(
        "Strongest relationships",
        h(
          "ul",
          { class: "pairs" },
          pairs.map((pair) => {
            const { n, low, high } = pairStatistics(known, pair.a, pair.b);
            return h(
              "li",
              null,
              h("span", { class: "names" }, h("b", { title: label(pair.a) }, pair.a), " ↔ ", h("b", { title: label(pair.b) }, pair.b)),
              h("span", { class: `badge ${pair.strength}` }, pair.strength),
              h("span", { class: "number", title: n === null ? "" : `n ${n}, 95% interval ${fixed(low, 2)} to ${fixed(high, 2)}` }, fixed(pair.correlation, 3)),
              button("Get recommendations", () => ask(pair.a), { "aria-label": `Get recommendations for ${pair.a}`, "data-key": `pair ${pair.a} ${pair.b}` }),
            );
          }),
        ),
      ),
  );
}

export const correlations: View = {
  title: "Correlations",
  scope: { dates: true, categories: true, tickers: true },
  question,
  controls(page) {
    const { state } = page;
    const entry = asked<FactorAnalysis>(page, question(page));
    const names = entry.data ? [...matricesOf(entry.data)].filter(([, matrix]) => matrix.rows.length > 1).map(([name]) => name) : [];
    const shown = entry.data ? (chosenMatrix(entry.data, page.state.matrix)?.[0] ?? "") : state.matrix;
    return [
      choice("Matrix", "matrix", shown, (names.length > 0 ? names : [shown]).map((name) => [name, words(name) || "…"]), (matrix) => page.go({ matrix })),
      choice("Size", "size", String(state.size), SIZES.map((size) => [String(size), `Top ${size} factors`]), (size) => page.go({ size: Number(size) as (typeof SIZES)[number] })),
      choice("Periods", "regime", state.regime, REGIMES.some(([name]) => name === state.regime) ? REGIMES : [...REGIMES, [state.regime, state.regime]], (regime) => page.go({ regime })),
      choice("Order", "order", state.order, [["universe", "As listed"], ["cluster", "Like next to like"]], (order) => page.go({ order: order as "universe" | "cluster" })),
    ];
  },
  render(page) {
    const asking = question(page);
    const entry = asked<FactorAnalysis>(page, asking);
    return stated(
      page,
      asking,
      entry,
      (answer) => [warnings(answer, isSimulated(answer.analysis_metadata)), quality(answer.data_quality), draw(page, answer)],
      (answer) => matricesOf(answer).size === 0,
    );
  },
  takeaway(page) {
    const { data } = asked<FactorAnalysis>(page, question(page));
    const found = data ? chosenMatrix(data, page.state.matrix) : null;
    if (!data || !found) return null;
    const [name, whole] = found;
    const notes = [provenance(data.analysis_metadata), ...(isSimulated(data.analysis_metadata) ? ["SIMULATED prices: no market had them."] : [])];
    const known = statistics(page, name);
    return {
      name: `correlations-${name}`,
      json: data,
      report: question(page),
      rows: [["", ...whole.columns], ...whole.rows.map((row, r) => [row, ...(whole.values[r] ?? [])])],
      drawing: () => heatMapDrawing({ caption: caption(name), matrix: first(whole, page.state.size), statistics: known, palette: page.palette, label: labelOf(data.analysis_metadata) }, notes),
    };
  },
};

