// Exposures of a portfolio: by weight, by regression, and its risk.

import type { Exposures } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { fixed, percent, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { fact, isSimulated, panel, provenance, quality, stated, warnings } from "./common";
import { holdingsOf, portfolioChoice, withoutSubject } from "./holdings";

const INCLUDED = ["holdings", "by_industry", "by_sector_group", "by_asset_class", "regression", "risk", "insights", "data_quality", "metadata"];

function question(page: Page): Question | null {
  const holdings = holdingsOf(page);
  if (!holdings) return null;
  return { kind: "exposures", path: "api/factor-intelligence/exposures", body: { ...dates(page.state), ...holdings, include: INCLUDED, max_chars: 0 } };
}

export function drawExposures(page: Canvas, answer: Exposures): SVGSVGElement {
  const metadata = answer.analysis_metadata;
  const rows = Object.entries(answer.by_industry ?? {}).filter((row): row is [string, number] => typeof row[1] === "number");
  const [largest] = [...rows].sort(([, one], [, other]) => other - one);
  return bars(
    {
      title: "Weights by industry",
      finding: largest ? `Most is in ${largest[0]}: ${percent(largest[1])}.` : "",
      notes: [provenance(metadata), ...(isSimulated(metadata) ? ["SIMULATED prices: no market had them."] : [])],
      palette: page.palette,
      width: page.width,
      height: page.height,
    },
    rows.sort(([, one], [, other]) => other - one).map(([name, value]) => ({ name: words(name), detail: "", value, shown: percent(value) })),
  );
}

function draw(page: Page, answer: Exposures): Child {
  const { regression, risk } = answer;
  const shares = (title: string, rows: Record<string, number | null> | null | undefined) =>
    rows && Object.keys(rows).length > 0 && panel(title, table(title, ["Part", "Weight"], Object.entries(rows).map(([name, value]) => [words(name), percent(value)])));
  return [
    warnings(answer, isSimulated(answer.analysis_metadata)),
    quality(answer.data_quality),
    panel(
      "Risk",
      h(
        "dl",
        { class: "facts" },
        fact("Return a year", percent(risk?.annual_return)),
        fact("Volatility a year", percent(risk?.volatility)),
        fact("Sharpe ratio", fixed(risk?.sharpe_ratio, 2)),
        fact("Beta", fixed(risk?.beta, 2)),
        fact("Largest drawdown", percent(risk?.max_drawdown)),
        fact("Value at risk, 95%", percent(risk?.var_95)),
        fact("Expected shortfall, 95%", percent(risk?.cvar_95)),
        fact("n", String(risk?.observations ?? "")),
      ),
    ),
    panel("By industry", drawExposures(page, answer)),
    regression &&
      panel(
        "Regression on factors",
        table(
          "Regression on factors",
          ["Factor", "Beta", "t", "VIF", "Share of variance"],
          Object.entries(regression.factors ?? {}).map(([name, row]) => [words(name), fixed(row?.beta, 3), fixed(row?.t, 1), fixed(row?.vif, 2), percent(row?.variance_share)]),
        ),
        h("p", { class: "hint" }, `R² ${fixed(regression.r_squared, 3)}, n ${regression.observations ?? ""}, alpha ${percent(regression.alpha)} a year (t ${fixed(regression.alpha_t, 1)}).`),
      ),
    shares("By sector group", answer.by_sector_group),
    shares("By asset class", answer.by_asset_class),
    panel(
      "Holdings",
      table(
        "Holdings",
        ["Ticker", "Weight", "Industry", "Asset class"],
        (answer.holdings ?? []).map((row) => [row.ticker, percent(row.weight), words(row.industry ?? ""), words(String(row.asset_class ?? ""))]),
      ),
      h("p", { class: "hint" }, answer.normalisation ?? ""),
    ),
  ];
}

export const exposures: View = {
  title: "Exposures",
  scope: { dates: true, categories: false, tickers: false },
  question,
  controls: (page) => portfolioChoice(page),
  render(page) {
    const asking = question(page);
    if (asking) return stated(page, asking, asked<Exposures>(page, asking), (answer) => draw(page, answer));
    return withoutSubject(page, "No portfolio yet: paste your holdings, or load them from a file.");
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<Exposures>(page, asking).data : undefined;
    if (!asking || !data) return null;
    return {
      name: "exposures",
      json: data,
      report: asking,
      rows: [["industry", "weight"], ...Object.entries(data.by_industry ?? {}).map(([name, weight]) => [name, weight])],
      drawing: () => drawExposures(page, data),
    };
  },
};
