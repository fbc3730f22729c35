// The stress test: what episodes, shocks or a loss would do to holdings, and what would have offset it.

import type { StressTest } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { NONE, fixed, interval, percent, plural, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { names } from "../state";
import { choice, entry, fact, isSimulated, panel, provenance, quality, stated, warnings } from "./common";
import { subjectEntry, subjectOf, withoutSubject } from "./holdings";

type Scenario = NonNullable<StressTest["scenarios"]>[number];
type Hedge = NonNullable<Scenario["hedges"]>[number];

/** Something that holdings went or would go through. */
interface Episode {
  readonly name: string;
  readonly title: string;
  readonly when: string;
  readonly result: number | null;
  readonly range: readonly [number, number] | null;
  readonly holdings: readonly { readonly holding: string; readonly weight: number; readonly own: number | null; readonly contribution: number | null; readonly note: string }[];
  readonly hedges: readonly Hedge[];
  readonly why: string;
  readonly facts: readonly (readonly [string, string])[];
}

const SHOCK = "shocks";
const REVERSE = "loss";
const PLAIN = /^[+-]?(\d+\.?\d*|\.\d+)$/;

const number = (text: string): number => (PLAIN.test(text.replace("−", "-")) ? Number(text.replace("−", "-")) : Number.NaN);

/** A share as people write it: `-20%` and `-0.2` are the same. What is no number goes to the server as it is, which says what is wrong. */
export function share(text: string): number | string {
  const value = text.endsWith("%") ? number(text.slice(0, -1).trim()) / 100 : number(text);
  return Number.isNaN(value) ? text : Number(value.toPrecision(12));
}

/** Shocks as people write them: `SPY -20%`, `UST10Y 1`; a yield moves by points, with or without a sign of percent. */
export function readShocks(written: readonly string[]): Record<string, number | string> {
  return Object.fromEntries(
    written.map((shock) => {
      // A name may hold a colon itself, as that of a group does.
      const [, name = shock, size = ""] = shock.match(/^(.+?)\s*[:=\s]\s*([+−-]?[\d.]+\s*%?)$/) ?? shock.match(/^(\S+)\s+(.*)$/) ?? [];
      const points = number(size.replace(/%$/, "").trim());
      return [name, /^UST\d/i.test(name) && !Number.isNaN(points) ? points : share(size)];
    }),
  );
}

function question(page: Page): Question | null {
  const subject = subjectOf(page, 1);
  if (!subject) return null;
  const { scenarios, shocks, loss } = page.state;
  const body = {
    ...dates(page.state),
    ...subject,
    ...(scenarios.length > 0 ? { scenarios } : {}),
    ...(shocks.length > 0 ? { shocks: readShocks(shocks) } : {}),
    ...(loss ? { reverse_loss: share(loss) } : {}),
    // All episodes where nothing is named; beside shocks and a loss those that are.
    include: [...(scenarios.length > 0 || (shocks.length === 0 && !loss) ? ["scenarios"] : []), ...(shocks.length > 0 ? ["shock"] : []), ...(loss ? ["reverse"] : []), "insights", "data_quality", "metadata"],
    max_chars: 0,
  };
  return { kind: "stress", path: "api/factor-intelligence/stress", body };
}

/** `rates_2022` is "Rates 2022", and `gfc` "GFC". */
const titleOf = (scenario: string): string => (/^[a-z]{3}$/.test(scenario) ? scenario.toUpperCase() : words(scenario));

const signed = (value: number | null | undefined): string => percent(value, 1);
const periods = (count: number, frequency: string): string => plural(count, { daily: "day", weekly: "week", monthly: "month" }[frequency] ?? "period");

/** What was asked about, what was lost most first; what is not known last. */
export function episodesOf(answer: StressTest, frequency: string): Episode[] {
  const { shock, reverse } = answer;
  const scenarios = (answer.scenarios ?? []).map(
    (row): Episode => ({
      name: row.scenario,
      title: titleOf(row.scenario),
      when: `${row.from} to ${row.to}`,
      result: row.total_return,
      range: row.total_return !== null && typeof row.half_width === "number" && row.half_width > 0 ? [row.total_return - row.half_width, row.total_return + row.half_width] : null,
      holdings: (row.holdings ?? []).map((part) => ({ holding: part.holding, weight: part.weight, own: part.total_return, contribution: part.contribution, note: part.not_testable ?? (part.stand_in ? `no prices then: by its betas, R² ${fixed(part.stand_in.r_squared, 2)}` : "") })),
      hedges: row.hedges ?? [],
      why: row.no_hedges ?? "",
      facts: [
        ["Deepest", signed(row.max_drawdown)],
        ["Worst day", row.worst_day ? `${signed(row.worst_day.total_return)} on ${row.worst_day.date}` : NONE],
        ["Trading days to recover", row.recovery_days === null || row.recovery_days === undefined ? (row.not_recovered_by ? `not by ${row.not_recovered_by}` : NONE) : String(row.recovery_days)],
      ],
    }),
  );
  scenarios.sort((one, other) => (one.result ?? Number.POSITIVE_INFINITY) - (other.result ?? Number.POSITIVE_INFINITY));
  const asked: Episode[] = [];
  if (shock) {
    asked.push({
      name: SHOCK,
      title: "Your shocks",
      when: `over ${periods(shock.horizon, frequency)}, by ${periods(shock.observations, frequency)} from ${shock.first} to ${shock.last}`,
      result: shock.response,
      range: shock.interval as [number, number],
      holdings: shock.holdings.map((part) => ({ holding: part.holding, weight: part.weight, own: part.response, contribution: part.contribution, note: "" })),
      hedges: shock.hedges ?? [],
      why: shock.no_hedges ?? "",
      facts: Object.entries(shock.sensitivities).map(([name, row]) => [`Beta to ${name}`, `${fixed(row.beta, 2)} (${interval(row.interval)}); ${fixed(row.shock, 2)} is ${fixed(row.deviations, 1)} sd`] as const),
    });
  }
  if (reverse) {
    asked.push({
      name: REVERSE,
      title: `A loss of ${signed(reverse.loss)}`,
      when: `over ${periods(reverse.horizon, frequency)}, by ${periods(reverse.observations, frequency)} from ${reverse.first} to ${reverse.last}`,
      result: -reverse.loss,
      range: null,
      holdings: reverse.moves.map((part) => ({ holding: part.holding, weight: part.weight, own: part.total_return, contribution: part.contribution, note: `${fixed(part.deviations, 1)} sd` })),
      hedges: reverse.hedges ?? [],
      why: reverse.no_hedges ?? "",
      facts: [
        ["In standard deviations", fixed(reverse.distance, 1)],
        ["As bad in the window", `${reverse.as_bad} of ${periods(reverse.observations, frequency)}`],
      ],
    });
  }
  return [...asked, ...scenarios];
}

const frame = (page: Canvas, answer: StressTest) => ({
  notes: [provenance(answer.analysis_metadata), ...(isSimulated(answer.analysis_metadata) ? ["SIMULATED prices: no market had them."] : [])],
  palette: page.palette,
  width: page.width,
  height: page.height,
});

export function drawEpisodes(page: Canvas, answer: StressTest, episodes: readonly Episode[]): SVGSVGElement {
  const known = episodes.filter((episode) => episode.result !== null);
  const [worst] = [...known].sort((one, other) => (one.result as number) - (other.result as number));
  return bars(
    { title: "Return of the whole in each episode", finding: worst ? `Worst: ${worst.title} with ${signed(worst.result)}.` : "", ...frame(page, answer) },
    known.map((episode) => ({ name: episode.title, detail: episode.when, value: episode.result as number, shown: signed(episode.result), ...(episode.range ? { range: episode.range } : {}) })),
  );
}

export function drawLosses(page: Canvas, answer: StressTest, episode: Episode): SVGSVGElement {
  const parts = episode.holdings.filter((part) => part.contribution !== null).sort((one, other) => (one.contribution as number) - (other.contribution as number));
  const [most] = parts;
  return bars(
    { title: `${episode.title}: what each holding lost or made of the whole`, finding: most ? `${most.holding} lost most: ${signed(most.contribution)}.` : "", ...frame(page, answer) },
    parts.map((part) => ({ name: part.holding, detail: `weight ${percent(part.weight)}`, value: part.contribution as number, shown: signed(part.contribution) })),
  );
}

const legs = (hedge: Hedge): string =>
  hedge.legs.length > 0 ? hedge.legs.map((leg) => `${leg.ticker} ${fixed(leg.ratio, 3)}`).join(", ") : typeof hedge.share_sold === "number" ? `${percent(hedge.share_sold)} of it sold` : NONE;
const held = (is: boolean | null): string => (is === null ? NONE : is ? "yes" : "no");

function one(page: Page, answer: StressTest, episode: Episode): Child {
  const known = episode.holdings.some((part) => part.contribution !== null);
  const noted = episode.holdings.some((part) => part.note);
  return [
    panel(
      `Loss by holding: ${episode.title}`,
      h("p", { class: "hint" }, episode.when),
      h("dl", { class: "facts" }, fact("The whole", signed(episode.result)), episode.range && fact("Interval", interval(episode.range, signed)), episode.facts.map(([name, value]) => fact(name, value))),
      known && drawLosses(page, answer, episode),
      table(
        `Loss by holding, ${episode.title}`,
        ["Holding", "Weight", "Its own return", "Of the whole", ...(noted ? ["Note"] : [])],
        episode.holdings.map((part) => [part.holding, percent(part.weight), signed(part.own), signed(part.contribution), ...(noted ? [part.note] : [])]),
      ),
    ),
    panel(
      "What would have offset it",
      episode.hedges.length > 0
        ? table(
            `What would have offset ${episode.title}`,
            ["Offset", "It came to", "Return with it", "Interval", "It held", "Per unit of the whole", "Ratios from"],
            episode.hedges.map((hedge) => [words(hedge.offset), signed(hedge.result), signed(hedge.hedged_return), interval(hedge.interval, signed), held(hedge.held), legs(hedge), `${hedge.first} to ${hedge.last}${hedge.ratios_after_the_event ? ", after the event" : ""}`]),
          )
        : h("p", null, episode.why ? `Nothing is known: ${episode.why}.` : "Nothing was lost that could be offset."),
    ),
  ];
}

const frequencyOf = (page: Canvas): string => page.state.frequency;

function chosen(page: Canvas, episodes: readonly Episode[]): Episode | undefined {
  return episodes.find((episode) => episode.name === page.state.episode) ?? episodes[0];
}

function draw(page: Page, answer: StressTest): Child {
  const episodes = episodesOf(answer, frequencyOf(page));
  const episode = chosen(page, episodes);
  const { insights } = answer;
  return [
    warnings(answer, isSimulated(answer.analysis_metadata)),
    quality(answer.data_quality),
    panel("What was found", h("ul", null, (insights?.sentences ?? []).map((sentence) => h("li", null, sentence))), insights?.not_known && h("p", { class: "hint" }, insights.not_known)),
    episodes.length > 1 &&
      panel(
        "Episodes side by side",
        drawEpisodes(page, answer, episodes),
        table(
          "Episodes side by side",
          ["Episode", "Return", "Best hedge came to", "Return with it", "It held", "When"],
          episodes.map((row) => {
            const best = row.hedges.find((hedge) => hedge.offset === "best_hedge");
            return [row.title, signed(row.result), signed(best?.result), signed(best?.hedged_return), held(best?.held ?? null), row.when];
          }),
        ),
      ),
    episode && one(page, answer, episode),
  ];
}

export const stress: View = {
  title: "Stress test",
  scope: { dates: true, categories: false, tickers: false },
  question,
  controls(page) {
    const { state } = page;
    const asking = question(page);
    const data = asking ? asked<StressTest>(page, asking).data : undefined;
    const episodes = data ? episodesOf(data, frequencyOf(page)) : [];
    return [
      subjectEntry(page, 1),
      episodes.length > 0 && choice("Look into", "episode", chosen(page, episodes)?.name ?? "", episodes.map((episode) => [episode.name, episode.title]), (episode) => page.go({ episode })),
      entry("Episodes", "scenarios", state.scenarios.join(", "), (text) => page.go({ scenarios: names(text) }), { placeholder: "covid, 2022; else all" }),
      entry("Shocks", "shocks", state.shocks.join(", "), (text) => page.go({ shocks: names(text), episode: text ? SHOCK : "" }), { placeholder: "SPY -20%, UST10Y 1" }),
      entry("A loss to explain", "loss", state.loss, (loss) => page.go({ loss, episode: loss ? REVERSE : "" }), { placeholder: "20%", size: "8" }),
    ];
  },
  render(page) {
    const asking = question(page);
    if (asking) return stated(page, asking, asked<StressTest>(page, asking), (answer) => draw(page, answer), (answer) => episodesOf(answer, frequencyOf(page)).length === 0);
    return withoutSubject(page, "Name a fund or a group above to see what crashes did to it, or add your portfolio.");
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<StressTest>(page, asking).data : undefined;
    if (!asking || !data) return null;
    const episodes = episodesOf(data, frequencyOf(page));
    return {
      name: "stress-test",
      json: data,
      report: asking,
      rows: [["episode", "when", "holding", "weight", "total_return", "contribution"], ...episodes.flatMap((row) => row.holdings.map((part) => [row.name, row.when, part.holding, part.weight, part.own, part.contribution]))],
      drawing: () => drawEpisodes(page, data, episodes),
    };
  },
};
