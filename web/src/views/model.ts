// The factor model: what a fund, a group or a portfolio is made of, by regression on factors.

import type { FactorModel } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { fixed, interval, pValue, percent, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { MODELS, MOST_SUBJECTS, names } from "../state";
import { choice, entry, fact, isSimulated, panel, provenance, quality, sources, stated, warnings } from "./common";
import { subjectEntry, subjectOf, withoutSubject } from "./holdings";

type Fit = NonNullable<FactorModel["fits"]>[number];

const TITLES: Record<(typeof MODELS)[number], string> = {
  lens: "ETF lens",
  capm: "CAPM",
  ff3: "Fama-French, three factors",
  carhart: "Carhart, four factors",
  ff5: "Fama-French, five factors",
  ff6: "Fama-French, six factors",
  custom: "Factors of my own",
};

function question(page: Page): Question | null {
  const subject = subjectOf(page, MOST_SUBJECTS);
  const { model, factors } = page.state;
  if (!subject || (model === "custom" && factors.length === 0)) return null;
  const body = {
    ...dates(page.state),
    ...subject,
    ...(model === "lens" ? {} : { model }),
    ...(model === "custom" ? { factors } : {}),
    include: ["model", "fits", "insights", "data_quality", "metadata"],
    max_chars: 0,
  };
  return { kind: "model", path: "api/factor-intelligence/model", body };
}

/** A beta as a fit has it: whole, or in a summary of many fits with its interval alone. */
type Estimate = Pick<NonNullable<Fit["factors"]>[string], "beta" | "interval"> & Partial<NonNullable<Fit["factors"]>[string]>;

/** The betas of a fit, in the order of the model. */
export const betasOf = (fit: Fit): [string, Estimate][] => Object.entries(fit.factors ?? fit.betas ?? {});

/** What is known of a beta, in a line. */
export function saidOf(name: string, row: Estimate): string {
  const parts = [`beta ${fixed(row.beta, 2)}`, row.interval ? `95% interval ${interval(row.interval)}` : ""];
  if (row.variance_share !== undefined) parts.push(`t ${fixed(row.t, 1)}`, `p ${pValue(row.p)}`, `VIF ${fixed(row.vif, 2)}`, `share of variance ${percent(row.variance_share)}`, `${percent(row.annual_contribution)} a year from it`);
  return `${words(name)}: ${parts.filter(Boolean).join(", ")}`;
}

/** What is known of a fit as a whole, in a line. */
export const fitSaid = (fit: Fit): string =>
  [`R² ${fixed(fit.r_squared, 3)}`, `alpha ${percent(fit.alpha.annual)} a year (${interval(fit.alpha.interval, (value) => percent(value))}, p ${pValue(fit.alpha.p)})`, `n ${fit.n}`].join(", ");

export function drawBetas(page: Canvas, answer: FactorModel, fit: Fit): SVGSVGElement {
  const rows = betasOf(fit);
  const [largest] = rows.filter(([, row]) => row.variance_share !== undefined).sort(([, one], [, other]) => (other.variance_share as number) - (one.variance_share as number));
  return bars(
    {
      title: `Betas of ${fit.ticker}, with 95% intervals`,
      finding: largest ? `Most of the variance is explained by ${largest[0]}: beta ${fixed(largest[1].beta, 2)}.` : "",
      notes: [`${fit.from && fit.to ? `${fit.from} to ${fit.to}, ` : ""}n ${fit.n}`, ...sources(answer)],
      palette: page.palette,
      width: page.width,
      height: page.height,
    },
    rows.map(([name, row]) => ({ name: words(name), detail: row.variance_share === undefined ? "" : `share of variance ${percent(row.variance_share)}`, value: row.beta, shown: fixed(row.beta, 2), ...(row.interval ? { range: row.interval as [number, number] } : {}) })),
  );
}

function one(page: Page, answer: FactorModel, fit: Fit): Child {
  const rows = Object.entries(fit.factors ?? {});
  return panel(
    fit.label && fit.label !== fit.ticker ? `${fit.ticker}, ${fit.label}` : fit.ticker,
    h(
      "dl",
      { class: "facts" },
      fact("Variance explained (R²)", fixed(fit.r_squared, 3)),
      fact("Adjusted R²", fixed(fit.adjusted_r_squared, 3)),
      fact("Alpha a year", percent(fit.alpha.annual)),
      fact("95% interval of alpha", interval(fit.alpha.interval, (value) => percent(value))),
      fact("p of alpha", pValue(fit.alpha.p)),
      fact("Volatility left, a year", percent(fit.residual_volatility)),
      fact("n", String(fit.n)),
    ),
    rows.length > 0 && drawBetas(page, answer, fit),
    table(
      `Betas of ${fit.ticker}`,
      ["Factor", "Beta", "95% interval", "t", "p", "VIF", "Share of variance", "Return a year from it"],
      rows.map(([name, row]) => [words(name), fixed(row.beta, 3), interval(row.interval), fixed(row.t, 1), pValue(row.p), fixed(row.vif, 2), percent(row.variance_share), percent(row.annual_contribution)]),
    ),
  );
}

function draw(page: Page, answer: FactorModel): Child {
  const { insights, model: used } = answer;
  return [
    warnings(answer, isSimulated(answer.analysis_metadata)),
    quality(answer.data_quality),
    panel("What was found", h("ul", null, (insights?.sentences ?? []).map((sentence) => h("li", null, sentence))), insights?.not_known && h("p", { class: "hint" }, insights.not_known)),
    (answer.fits ?? []).map((fit) => one(page, answer, fit)),
    used && h("p", { class: "hint" }, `Estimator ${used.estimator}; over ${used.risk_free}; ${provenance(answer.analysis_metadata)}`),
  ];
}

export const model: View = {
  title: "Factor model",
  scope: { dates: true, categories: false, tickers: false },
  question,
  controls: (page) => [
    subjectEntry(page, MOST_SUBJECTS),
    choice("Model", "model", page.state.model, MODELS.map((name) => [name, TITLES[name]]), (name) => page.go({ model: name as (typeof MODELS)[number] })),
    page.state.model === "custom" && entry("Factors", "factors", page.state.factors.join(", "), (text) => page.go({ factors: names(text) }), { placeholder: "SPY, TLT", list: "factor-names" }),
  ],
  render(page) {
    const asking = question(page);
    if (asking) return stated(page, asking, asked<FactorModel>(page, asking), (answer) => draw(page, answer), (answer) => (answer.fits ?? []).length === 0);
    if (subjectOf(page, MOST_SUBJECTS)) return h("div", { class: "message", role: "status" }, "Name the factors of your model above, such as SPY, TLT.");
    return withoutSubject(page, "Name a fund or a group above to see what it is made of, or add your portfolio.");
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<FactorModel>(page, asking).data : undefined;
    const fits = data?.fits ?? [];
    const [first] = fits;
    if (!asking || !data || !first) return null;
    return {
      name: "factor-model",
      json: data,
      report: asking,
      rows: [
        ["ticker", "factor", "beta", "interval_low", "interval_high", "t", "p", "vif", "variance_share", "annual_contribution"],
        ...fits.flatMap((fit) => Object.entries(fit.factors ?? {}).map(([name, row]) => [fit.ticker, name, row.beta, row.interval?.[0] ?? null, row.interval?.[1] ?? null, row.t, row.p, row.vif, row.variance_share, row.annual_contribution])),
      ],
      drawing: () => drawBetas(page, data, first),
    };
  },
};
