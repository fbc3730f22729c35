// The stress test: what episodes, shocks or a loss would do to holdings, and what would have offset it.

import type { StressTest } from "../answers";
import { type Child, h, table } from "../dom";
import { bars } from "../draw/charts";
import { NONE, fixed, interval, percent, plural, words } from "../format";
import { type Canvas, type Page, type Question, type View, asked, dates } from "../page";
import { names } from "../state";
import { choice, entry, fact, isSimulated, panel, quality, sources, stated, warnings } from "./common";
import { subjectEntry, subjectOf, withoutSubject } from "./holdings";

type Scenario = NonNullable<StressTest["scenarios"]>[number];
type Hedge = NonNullable<Scenario["hedges"]>[number];
/** What an answer says of offsets: each whole, or in a summary the best one and how the others did. */
type Hedged = Pick<Scenario, "hedges" | "best_hedge" | "held" | "results" | "ratios_after_the_event">;

/** Something that would have offset a loss. A summary knows less of it. */
interface Offset {
  readonly offset: string;
  readonly result: number | null;
  readonly whole: number | null;
  readonly interval: readonly number[] | null;
  readonly held: boolean | null;
  readonly legs: string;
  readonly rows: string;
}

/** Something that holdings went or would go through. */
export interface Episode {
  readonly name: string;
  readonly title: string;
  readonly when: string;
  readonly result: number | null;
  readonly range: readonly [number, number] | null;
  readonly holdings: readonly { readonly holding: string; readonly weight: number; readonly own: number | null; readonly contribution: number | null; readonly note: string }[];
  readonly hedges: readonly Offset[];
  readonly why: string;
  readonly facts: readonly (readonly [string, string])[];
}

const SHOCK = "shocks";
const REVERSE = "loss";
const AFTER = "after the event";
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

/** The sections that arguments ask for: all episodes where nothing is named; beside shocks and a loss those that are. */
export function sectionsOf({ scenarios, shocks, reverse_loss }: Record<string, unknown>): ("scenarios" | "shock" | "reverse")[] {
  // An empty list asks for nothing.
  const isGiven = (value: unknown) => value !== undefined && value !== null && !(typeof value === "object" && Object.keys(value).length === 0);
  return [...(isGiven(scenarios) || (!isGiven(shocks) && !isGiven(reverse_loss)) ? (["scenarios"] as const) : []), ...(isGiven(shocks) ? (["shock"] as const) : []), ...(isGiven(reverse_loss) ? (["reverse"] as const) : [])];
}

function question(page: Page): Question | null {
  const subject = subjectOf(page, 1);
  if (!subject) return null;
  const { scenarios, shocks, loss } = page.state;
  const asking = {
    ...(scenarios.length > 0 ? { scenarios } : {}),
    ...(shocks.length > 0 ? { shocks: readShocks(shocks) } : {}),
    ...(loss ? { reverse_loss: share(loss) } : {}),
  };
  const body = { ...dates(page.state), ...subject, ...asking, include: [...sectionsOf(asking), "insights", "data_quality", "metadata"], max_chars: 0 };
  return { kind: "stress", path: "api/factor-intelligence/stress", body };
}

/** `rates_2022` is "Rates 2022", and `gfc` "GFC". */
export const episodeTitle = (scenario: string): string => (/^[a-z]{3}$/.test(scenario) ? scenario.toUpperCase() : words(scenario));

const signed = (value: number | null | undefined): string => percent(value, 1);
const periods = (count: number, frequency: string): string => plural(count, { daily: "day", weekly: "week", monthly: "month" }[frequency] ?? "period");

const legs = (hedge: Hedge): string =>
  hedge.legs.length > 0 ? hedge.legs.map((leg) => `${leg.ticker} ${fixed(leg.ratio, 3)}`).join(", ") : typeof hedge.share_sold === "number" ? `${percent(hedge.share_sold)} of it sold` : NONE;

/** What would have offset a loss, from either form of it. */
export function offsetsOf({ hedges, best_hedge: best, held, results, ratios_after_the_event: isAfter }: Hedged): Offset[] {
  if (hedges) {
    return hedges.map((hedge) => ({
      offset: hedge.offset,
      result: hedge.result,
      whole: hedge.hedged_return,
      interval: hedge.interval ?? null,
      held: hedge.held,
      legs: legs(hedge),
      rows: `${hedge.first} to ${hedge.last}${hedge.ratios_after_the_event ? `, ${AFTER}` : ""}`,
    }));
  }
  const rows = isAfter ? AFTER : "";
  const ratios = Object.entries(best?.ratios ?? {}).map(([ticker, ratio]) => `${ticker} ${fixed(ratio, 3)}`);
  return [
    ...(best ? [{ offset: "best_hedge", result: best.result, whole: best.hedged_return, interval: best.interval ?? null, held: best.held, legs: ratios.join(", "), rows }] : []),
    ...Object.entries(held ?? {}).map(([offset, held]) => ({ offset, result: results?.[offset] ?? null, whole: null, interval: null, held, legs: NONE, rows })),
  ];
}

/** What was asked about, what was lost most first; what is not known last. */
export function episodesOf(answer: StressTest): Episode[] {
  const { shock, reverse } = answer;
  const frequency = answer.period?.frequency ?? "";
  const scenarios = (answer.scenarios ?? []).map(
    (row): Episode => ({
      name: row.scenario,
      title: episodeTitle(row.scenario),
      when: `${row.from} to ${row.to}`,
      result: row.total_return,
      range: row.total_return !== null && typeof row.half_width === "number" && row.half_width > 0 ? [row.total_return - row.half_width, row.total_return + row.half_width] : null,
      holdings: (row.holdings ?? []).map((part) => ({ holding: part.holding, weight: part.weight, own: part.total_return, contribution: part.contribution, note: part.not_testable ?? (part.stand_in ? `no prices then: by its betas, R² ${fixed(part.stand_in.r_squared, 2)}` : "") })),
      hedges: offsetsOf(row),
      why: row.no_hedges ?? "",
      facts: [
        ...(row.lost_most ? ([["Lost most", `${row.lost_most.holding}, ${signed(row.lost_most.contribution)}`]] as const) : []),
        ["Deepest", signed(row.max_drawdown)],
        ["Worst day", row.worst_day ? `${signed(row.worst_day.total_return)} on ${row.worst_day.date}` : NONE],
        ["Trading days to recover", row.recovery_days === null || row.recovery_days === undefined ? (row.not_recovered_by ? `not by ${row.not_recovered_by}` : NONE) : String(row.recovery_days)],
      ],
    }),
  );
  // A summary has of the lesser ones the return alone, and of those that could not be replayed why.
  const brief = (name: string, result: number | null, why: string): Episode => ({ name, title: episodeTitle(name), when: "", result, range: null, holdings: [], hedges: [], why, facts: [] });
  scenarios.push(
    ...Object.entries(answer.other_scenarios ?? {}).map(([name, result]) => brief(name, result, "this summary has its return alone")),
    ...(answer.not_testable ?? []).flatMap(({ scenarios, why }) => scenarios.map((name) => brief(name, null, why))),
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
      hedges: offsetsOf(shock),
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
      hedges: offsetsOf(reverse),
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
  notes: sources(answer),
  palette: page.palette,
  width: page.width,
  height: page.height,
});

export function drawEpisodes(page: Canvas, answer: StressTest, episodes: readonly Episode[]): SVGSVGElement {
  const known = episodes.filter((episode) => episode.result !== null);
  const [worst] = [...known].sort((one, other) => (one.result as number) - (other.result as number));
  const unknown = episodes.filter((episode) => episode.result === null).map((episode) => episode.title);
  const around = frame(page, answer);
  return bars(
    {
      title: "Return of the whole by episode",
      finding: worst ? `Worst: ${worst.title} with ${signed(worst.result)}.` : "",
      ...around,
      notes: [...(unknown.length > 0 ? [`Not known: ${unknown.join(", ")}.`] : []), ...around.notes],
    },
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

/** What each offset came to beside what the whole lost. */
export function drawHedges(page: Canvas, answer: StressTest, episode: Episode): SVGSVGElement {
  const known = episode.hedges.filter((hedge) => hedge.result !== null).map((hedge) => ({ ...hedge, result: hedge.result as number }));
  const [best] = [...known].sort((one, other) => other.result - one.result);
  const named = (is: boolean) => known.filter((hedge) => hedge.held === is).map((hedge) => words(hedge.offset).toLowerCase());
  const around = frame(page, answer);
  const kept = [["Held", named(true)], ["Did not hold", named(false)]] as const;
  return bars(
    {
      title: `${episode.title}: what each offset came to`,
      finding: best ? `${words(best.offset)} came to ${signed(best.result)} where the whole made ${signed(episode.result)}.` : "",
      ...around,
      notes: [...(known.some((hedge) => hedge.rows.endsWith(AFTER)) ? [`Ratios from ${AFTER}: nobody could have had them.`] : []), ...kept.filter(([, names]) => names.length > 0).map(([said, names]) => `${said}: ${names.join(", ")}.`), ...around.notes],
    },
    [
      ...(episode.result === null ? [] : [{ name: "The whole", detail: "without an offset", value: episode.result, shown: signed(episode.result) }]),
      ...known.map((hedge) => ({ name: words(hedge.offset), detail: hedge.legs === NONE ? "" : hedge.legs, value: hedge.result, shown: signed(hedge.result) })),
    ],
  );
}

/** What is known of an episode as a whole, in a line. */
export const episodeSaid = (episode: Episode): string =>
  [`${episode.title}${episode.when ? `, ${episode.when}` : ""}: ${episode.result === null ? "not known" : signed(episode.result)}`, episode.range ? `interval ${interval(episode.range, signed)}` : "", ...episode.facts.filter(([, value]) => value !== NONE).map(([name, value]) => `${name.charAt(0).toLowerCase()}${name.slice(1)} ${value}`)].filter(Boolean).join("; ");

/** What is known of its offsets, in a line. */
export function hedgesSaid(episode: Episode): string {
  const word = { yes: "held", no: "did not hold", [NONE]: "whether it held is not known" };
  return episode.hedges.map((hedge) => `${words(hedge.offset).toLowerCase()}${hedge.result === null ? "" : ` came to ${signed(hedge.result)}`}, ${word[heldWord(hedge.held)]}`).join("; ");
}

export const heldWord = (is: boolean | null): "yes" | "no" | typeof NONE => (is === null ? NONE : is ? "yes" : "no");

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
      episode.hedges.some((hedge) => hedge.result !== null) && drawHedges(page, answer, episode),
      episode.hedges.length > 0
        ? table(
            `What would have offset ${episode.title}`,
            ["Offset", "It came to", "Return with it", "Interval", "It held", "Per unit of the whole", "Ratios from"],
            episode.hedges.map((hedge) => [words(hedge.offset), signed(hedge.result), signed(hedge.whole), interval(hedge.interval, signed), heldWord(hedge.held), hedge.legs, hedge.rows]),
          )
        : h("p", null, episode.why ? `Nothing is known: ${episode.why}.` : "Nothing was lost that could be offset."),
    ),
  ];
}

export function chosen(page: Canvas, episodes: readonly Episode[]): Episode | undefined {
  return episodes.find((episode) => episode.name === page.state.episode) ?? episodes[0];
}

function draw(page: Page, answer: StressTest): Child {
  const episodes = episodesOf(answer);
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
            return [row.title, signed(row.result), signed(best?.result), signed(best?.whole), heldWord(best?.held ?? null), row.when];
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
    const episodes = data ? episodesOf(data) : [];
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
    if (asking) return stated(page, asking, asked<StressTest>(page, asking), (answer) => draw(page, answer), (answer) => episodesOf(answer).length === 0);
    return withoutSubject(page, "Name a fund or a group above to see what crashes did to it, or add your portfolio.");
  },
  takeaway(page) {
    const asking = question(page);
    const data = asking ? asked<StressTest>(page, asking).data : undefined;
    if (!asking || !data) return null;
    const episodes = episodesOf(data);
    return {
      name: "stress-test",
      json: data,
      report: asking,
      rows: [["episode", "when", "holding", "weight", "total_return", "contribution"], ...episodes.flatMap((row) => row.holdings.map((part) => [row.name, row.when, part.holding, part.weight, part.own, part.contribution]))],
      drawing: () => drawEpisodes(page, data, episodes),
    };
  },
};
