// The MCP App: draws what a tool answered, asks for more through the host, and tells the model what somebody picked.

import type { Comparison, Exposures, FactorAnalysis, FactorModel, Metadata, Recommendations, StressTest } from "../answers";
import { PALETTES, type Theme } from "../colour";
import { type Child, h, replace } from "../dom";
import { heatMap } from "../draw/heatmap";
import { fixed, interval, pValue, words } from "../format";
import { block, chosenMatrix, matricesOf } from "../matrix";
import type { Canvas } from "../page";
import { CATEGORIES, DEFAULT, type ViewState } from "../state";
import { button, choice, labelOf, saysSimulated } from "../views/common";
import { drawComparison } from "../views/compare";
import { drawExposures } from "../views/exposures";
import { betasOf, drawBetas, fitSaid, saidOf } from "../views/model";
import { drawOffsets } from "../views/offsets";
import { drawPerformance } from "../views/performance";
import { drawReturns } from "../views/returns";
import { type Episode, drawEpisodes, drawHedges, drawLosses, episodeSaid, episodesOf, hedgesSaid } from "../views/stress";
import { Bridge, type HostContext, type ToolResult } from "./bridge";
import { type Answer, type Scene, TOOLS, type Tool, isAnswer, needs, reasons, toolOf } from "./scenes";

const VERSION = "1";
/** The most that hosts show inline without a second scroll bar. */
const HEIGHT = 500;
/** What stands around a drawing: the bar, the word of simulated prices, the line of what is looked at. */
const AROUND = 132;
/** The least that a drawing has below a fault; where that is not left, the fault stands alone. */
const LEAST = 200;
/** How high a bar of one line is. */
const BAR = 44;
/** What a letter below a drawing takes, and a line of them. */
const LETTER = 6.2;
const LINE = 19;
/** The most reasons that are named where nothing is known. */
const MOST_REASONS = 3;
const CELL = 46;
const PATIENCE_MS = 300;
const DARK = "(prefers-color-scheme: dark)";

export function startApp(): void {
  let [args, named, result]: [Answer, string | undefined, ToolResult | null] = [{}, undefined, null];
  let scenes: Scene[] = [];
  let [state, place]: [ViewState, [number, number]] = [DEFAULT, [0, 0]];
  /** What somebody looks at in a factor model or a stress test; "" is the first, or all of it. */
  let picked = { fund: "", factor: "", episode: "", part: "" };
  let [busy, trouble] = ["Waiting for the answer…", ""];
  const asked = new Map<string, Promise<string>>();

  const bar = h("header", { class: "bar" });
  const main = h("main");
  document.body.className = "app";
  document.body.append(bar, main);

  const theme = (): Theme => (document.documentElement.dataset.theme as Theme | undefined) ?? (matchMedia(DARK).matches ? "dark" : "light");
  const canvas = (): Canvas => ({ state, theme: theme(), palette: PALETTES[theme()], width: Math.max(280, Math.min(1000, document.documentElement.clientWidth - 24)), height: HEIGHT - AROUND - Math.max(0, bar.offsetHeight - BAR) - troubleHigh() });
  /** What a fault above a drawing takes. */
  const troubleHigh = (): number => (trouble ? 48 + 24 * Math.ceil((trouble.length * 8.5) / (document.documentElement.clientWidth - 58)) : 0);

  function context(said: HostContext): void {
    if (said.theme) document.documentElement.dataset.theme = said.theme;
    named = said.toolInfo?.tool?.name ?? named;
    draw();
  }

  const bridge = new Bridge({
    input: (given) => {
      args = given;
    },
    result: (given) => {
      result = given;
      void take(given);
    },
    cancelled: () => {
      busy = "";
      trouble = "The call was cancelled.";
      draw();
    },
    context,
  });

  /** A result, and what is missing in it for a drawing. */
  async function take(given: ToolResult): Promise<void> {
    const answer = isAnswer(given.structuredContent) ? given.structuredContent : {};
    busy = "";
    trouble = "";
    if (given.isError) {
      const error = isAnswer(answer.error) ? answer.error.message : null;
      trouble = typeof error === "string" ? error : "The call failed.";
      return draw();
    }
    const tool = TOOLS.find((tool) => tool === named) ?? toolOf(answer, args);
    scenes = [{ tool, args, answer }];
    picked = { fund: "", factor: "", episode: "", part: "" };
    await complete();
  }

  async function complete(): Promise<void> {
    const scene = scenes.at(-1);
    if (!scene) return draw();
    const { include, isWhole } = needs(scene);
    if (!isWhole && bridge.callsTools) await go(scene.tool, { ...scene.args, ...(scene.answer.analysis_type ? { analysis_type: scene.answer.analysis_type } : {}), include }, true);
    else draw();
  }

  /** Asks for another answer and shows it, in the place of this one or after it. */
  async function go(tool: Tool, asking: Answer, instead: boolean): Promise<void> {
    if (busy) return;
    busy = "Computing…";
    draw();
    try {
      const { include, ...plain } = asking;
      const given = await bridge.callTool(tool, { ...plain, include, max_chars: 0, ...(tool === "get_factor_analysis" && plain.analysis_type === "correlations" ? { matrix_format: "triangle" } : {}) });
      const answer = isAnswer(given.structuredContent) ? given.structuredContent : {};
      if (given.isError) trouble = isAnswer(answer.error) && typeof answer.error.message === "string" ? answer.error.message : "The call failed.";
      else {
        trouble = "";
        scenes = [...(instead ? scenes.slice(0, -1) : scenes), { tool, args: plain, answer }];
      }
    } catch (error) {
      trouble = error instanceof Error ? error.message : "The host refused the call.";
    }
    busy = "";
    draw();
  }

  // ------------------------------------------------------------------------------------------------------------ drawing

  function draw(): void {
    const scene = scenes.at(-1);
    replace(bar, h("h1", null, scene ? title(scene) : "Factor analysis"), scenes.length > 1 && button("Back", back, { "data-key": "back" }), scene && controls(scene));
    replace(
      main,
      trouble && h("p", { class: "message fault", role: "alert" }, trouble),
      scene && saysSimulated(scene.answer) && h("p", { class: "simulated", role: "note" }, h("strong", null, "SIMULATED"), " prices: no market had them"),
      busy ? h("p", { class: "message busy", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), busy) : scene && (!trouble || (canvas().height as number) >= LEAST) && picture(scene),
    );
  }

  function back(): void {
    scenes = scenes.slice(0, -1);
    trouble = "";
    draw();
  }

  function title({ tool, answer }: Scene): string {
    if (tool === "get_factor_recommendations") {
      const factor = isAnswer(answer.overexposed_factor) ? answer.overexposed_factor.resolved : "";
      return `Offsets of ${String(factor)}`;
    }
    if (tool === "get_portfolio_exposures") return "Exposures";
    if (tool === "compare_factors") return "Comparison";
    if (tool === "analyze_factor_model") return "Factor model";
    if (tool === "stress_test") return "Stress test";
    return words(String(answer.analysis_type ?? "correlations"));
  }

  function chosen(answer: Answer) {
    const [name, matrix] = chosenMatrix(answer, state.matrix) ?? [];
    return { names: [...matricesOf(answer)].filter(([, matrix]) => matrix.rows.length > 1).map(([name]) => name), name: name ?? "", matrix };
  }

  /** How many rows and columns have room at 44 pixels each. */
  const room = (): number => Math.max(3, Math.min(Math.floor((HEIGHT - AROUND - 30) / CELL), Math.floor((canvas().width - 76) / CELL)));

  function controls(scene: Scene): Child {
    const { answer } = scene;
    if (scene.tool === "analyze_factor_model") return modelControls(answer as FactorModel);
    if (scene.tool === "stress_test") return stressControls(answer as StressTest);
    if (scene.tool !== "get_factor_analysis") return null;
    const put = (patch: Partial<ViewState>) => {
      state = { ...state, ...patch };
      place = [0, 0];
      draw();
    };
    if (answer.analysis_type === "returns") {
      const windows = Object.keys((answer as FactorAnalysis).rankings ?? {});
      const newest = Number(String((answer.analysis_metadata as Metadata | undefined)?.end_date ?? "").slice(0, 4));
      const years = newest ? Array.from({ length: 10 }, (_, at) => String(newest - at)).filter((year) => !windows.includes(year)) : [];
      const value = windows.includes(state.window) ? state.window : (windows[0] ?? "");
      return [
        choice("Window", "window", value, [...windows, ...(bridge.callsTools ? years : [])].map((name) => [name, name]), (window) => {
          state = { ...state, window };
          if (windows.includes(window)) draw();
          else void go(scene.tool, { ...scene.args, analysis_type: "returns", windows: [...windows, window], include: needs(scene).include }, true);
        }),
        categories(scene),
      ];
    }
    if (answer.analysis_type === "performance") return categories(scene);
    const { names, name, matrix } = chosen(answer);
    if (!matrix) return null;
    const size = room();
    const pages = (what: string, names: readonly string[]) => Array.from({ length: Math.ceil(names.length / size) }, (_, at) => [String(at * size), `${what} ${at * size + 1}–${Math.min(names.length, (at + 1) * size)} of ${names.length}`] as const);
    const turn = (at: 0 | 1) => (from: string) => {
      place = at === 0 ? [Number(from), place[1]] : [place[0], Number(from)];
      draw();
    };
    return [
      names.length > 1 && choice("Matrix", "matrix", name, names.map((name) => [name, words(name)]), (matrix) => put({ matrix })),
      matrix.rows.length > size && choice("Rows", "rows", String(place[0]), pages("Rows", matrix.rows), turn(0)),
      matrix.columns.length > size && choice("Columns", "columns", String(place[1]), pages("Columns", matrix.columns), turn(1)),
    ];
  }

  function categories(scene: Scene): Child {
    if (!bridge.callsTools || scene.args.tickers !== undefined || scene.args.factor_universe !== undefined) return null;
    const [only] = Array.isArray(scene.args.categories) && scene.args.categories.length === 1 ? (scene.args.categories as string[]) : [""];
    return choice("Category", "category", only ?? "", [["", "All categories"], ...CATEGORIES.map((name) => [name, words(name)] as const)], (category) => {
      const { categories: _, ...rest } = scene.args;
      void go(scene.tool, { ...rest, analysis_type: scene.answer.analysis_type, ...(category ? { categories: [category] } : {}), include: needs(scene).include }, true);
    });
  }

  function picture(scene: Scene): Child {
    const { tool, answer } = scene;
    if (!needs(scene).isThere) return inWords(answer);
    if (tool === "get_factor_recommendations") return drawOffsets(canvas(), answer as Recommendations);
    if (tool === "get_portfolio_exposures") return drawExposures(canvas(), answer as Exposures);
    if (tool === "compare_factors") return drawComparison(canvas(), answer as Comparison);
    if (tool === "analyze_factor_model") return betas(answer as FactorModel);
    if (tool === "stress_test") return losses(answer as StressTest);
    if (answer.analysis_type === "returns") return drawReturns(canvas(), answer as FactorAnalysis);
    if (answer.analysis_type === "performance") return drawPerformance(canvas(), answer as FactorAnalysis);
    return heat(answer);
  }

  // ------------------------------------------------------------------------------------------------ models and stress tests

  /** Looks at something else, and tells the model of it. */
  function pick(patch: Partial<typeof picked>, said: (answer: Answer) => string): void {
    picked = { ...picked, ...patch };
    draw();
    const scene = scenes.at(-1);
    if (scene) bridge.tellModel(`In the app the user picked ${said(scene.answer)}.`);
  }

  function fitOf({ fits }: FactorModel) {
    return fits?.find((fit) => fit.ticker === picked.fund) ?? fits?.[0];
  }

  function modelControls(answer: FactorModel): Child {
    const [fits, fit] = [answer.fits ?? [], fitOf(answer)];
    if (!fit) return null;
    const rows = betasOf(fit);
    const beta = (name: string) => rows.find(([own]) => own === name)?.[1];
    return [
      fits.length > 1 && choice("Fund", "fund", fit.ticker, fits.map((fit) => [fit.ticker, fit.ticker]), (fund) => pick({ fund }, () => {
        const fit = fits.find((fit) => fit.ticker === fund);
        return `the factor model of ${fund}${fit ? ` (${fitSaid(fit)})` : ""}`;
      })),
      rows.length > 0 && choice("Factor", "factor", beta(picked.factor) ? picked.factor : "", [["", "All factors"], ...rows.map(([name]) => [name, words(name)] as const)], (factor) => pick({ factor }, () => {
        const row = beta(factor);
        return row ? `a factor in the factor model of ${fit.ticker}: ${saidOf(factor, row)}` : `all factors in the factor model of ${fit.ticker}`;
      })),
    ];
  }

  function betas(answer: FactorModel): Child {
    const fit = fitOf(answer);
    if (!fit) return null;
    const row = betasOf(fit).find(([name]) => name === picked.factor);
    return over(row ? saidOf(...row) : fitSaid(fit), (canvas) => drawBetas(canvas, answer, fit));
  }

  /** The episode that is looked into; none where it is all of them. */
  function episodeOf(episodes: readonly Episode[]): Episode | undefined {
    return episodes.find((episode) => episode.name === picked.episode) ?? (episodes.length === 1 ? episodes[0] : undefined);
  }

  /** What can be drawn of an episode. */
  const partsOf = (episode: Episode) => ({ losses: episode.holdings.some((part) => part.contribution !== null), offsets: episode.hedges.some((hedge) => hedge.result !== null) });
  const showsOffsets = (episode: Episode): boolean => partsOf(episode).offsets && (picked.part === "offsets" || !partsOf(episode).losses);

  function stressControls(answer: StressTest): Child {
    const episodes = episodesOf(answer);
    const episode = episodeOf(episodes);
    const parts = episode && partsOf(episode);
    return [
      episodes.length > 1 && choice("Episode", "episode", episode?.name ?? "", [["", "All episodes"], ...episodes.map((episode) => [episode.name, episode.title] as const)], (name) => pick({ episode: name, part: "" }, () => {
        const episode = episodes.find((episode) => episode.name === name);
        return episode ? `an episode of the stress test: ${episodeSaid(episode)}` : "all episodes of the stress test";
      })),
      episode && parts?.losses && parts.offsets && choice("Show", "part", showsOffsets(episode) ? "offsets" : "losses", [["losses", "Losses"], ["offsets", "Offsets"]], (part) => pick({ part }, () => (part === "offsets" ? `what would have offset ${episode.title}: ${hedgesSaid(episode)}` : `the losses by holding of ${episode.title}`))),
    ];
  }

  function losses(answer: StressTest): Child {
    const episodes = episodesOf(answer);
    const episode = episodeOf(episodes);
    if (!episode && episodes.every((episode) => episode.result === null)) return unknown(episodes.map((episode) => `${episode.title}: ${whyOf(episode)[0] ?? "no prices then"}`));
    if (!episode) return over("Choose an episode for its losses by holding and what would have offset them.", (canvas) => drawEpisodes(canvas, answer, episodes));
    if (showsOffsets(episode)) return over(`${episode.title}: ${hedgesSaid(episode)}`, (canvas) => drawHedges(canvas, answer, episode));
    if (partsOf(episode).losses) return over(episodeSaid(episode), (canvas) => drawLosses(canvas, answer, episode));
    return over(episodeSaid(episode), () => unknown(whyOf(episode)));
  }

  const whyOf = (episode: Episode): string[] => [...episode.holdings.flatMap((part) => (part.note ? [`${part.holding}: ${part.note}`] : [])), ...(episode.why ? [episode.why] : [])];

  /** A drawing over what is said of what is looked at, both within the height that there is. */
  function over(said: string, drawing: (canvas: Canvas) => Child): Child {
    const whole = canvas();
    const more = Math.ceil((said.length * LETTER) / whole.width) - 1;
    return [drawing({ ...whole, height: (whole.height as number) - more * LINE }), h("p", { class: "looked whole", role: "status" }, said)];
  }

  function unknown(why: readonly string[]): Child {
    const said = [...new Set(why.filter(Boolean))];
    return h("p", { class: "message" }, `Nothing is known: ${said.slice(0, MOST_REASONS).join("; ")}${said.length > MOST_REASONS ? `; and ${said.length - MOST_REASONS} more` : ""}.`);
  }

  /** What the tool said, for a host that passes no calls on; else why there is nothing. */
  function inWords(answer: Answer): Child {
    const text = result?.content?.find((part) => part.type === "text")?.text ?? "";
    if (!bridge.callsTools && text) return h("p", { class: "message" }, "The answer above says it in words; this host draws no more of it.");
    return h("p", { class: "message" }, ["There is nothing to draw", ...reasons(answer).slice(0, MOST_REASONS)].join(": "), ".");
  }

  function heat(answer: Answer): Child {
    const { name, matrix } = chosen(answer);
    if (!matrix) return inWords(answer);
    const metadata = answer.analysis_metadata as Metadata | undefined;
    const looking = h("p", { class: "looked", role: "status" }, bridge.callsTools ? "Point at a cell for n and its interval; a cell over 0.3 in size asks what offsets its row." : "Point at a cell.");
    let waiting: ReturnType<typeof setTimeout>;
    return [
      heatMap({
        caption: `Correlations: ${words(name)}`,
        matrix: block(matrix, place[0], place[1], room()),
        statistics: null,
        palette: canvas().palette,
        label: labelOf(metadata),
        onLook: (row, column, said) => {
          clearTimeout(waiting);
          replace(looking, said);
          // Only where somebody stays: a pointer on its way asks for nothing.
          waiting = setTimeout(() => void pair(row, column).then((more) => more && looking.textContent === said && replace(looking, `${said}${more}`)), PATIENCE_MS);
        },
        ...(bridge.callsTools ? { onAsk: offsets } : {}),
      }),
      looking,
    ];
  }

  /** What is known of a pair, asked for once. */
  function pair(a: string, b: string): Promise<string> {
    if (!bridge.callsTools) return Promise.resolve("");
    const { start_date, end_date, frequency } = scenes.at(-1)?.args ?? {};
    const asking = { tickers: [a, b], start_date, end_date, frequency, include: ["pairs"] };
    const key = [a, b].sort().join(" ");
    const known = asked.get(key) ?? bridge.callTool("compare_factors", JSON.parse(JSON.stringify(asking)) as Answer).then(
      (given) => {
        const found = given.isError ? undefined : (given.structuredContent as Comparison | undefined)?.pairs?.[0];
        return found ? `, n ${found.n}, 95% interval ${interval(found.interval)}, p ${pValue(found.p)}` : "";
      },
      () => "",
    );
    asked.set(key, known);
    return known;
  }

  function offsets(row: string, column: string): void {
    const scene = scenes.at(-1);
    const value = scene ? matrixValue(scene.answer, row, column) : null;
    bridge.tellModel(`In the app the user picked ${row} and ${column} (correlation ${fixed(value, 3)}) and asks what offsets ${row}.`);
    const { start_date, end_date } = scene?.args ?? {};
    void go("get_factor_recommendations", JSON.parse(JSON.stringify({ overexposed_factor: row, start_date, end_date, include: ["recommendations", "insights", "metadata"] })) as Answer, false);
  }

  function matrixValue(answer: Answer, row: string, column: string): number | null {
    const { matrix } = chosen(answer);
    return matrix?.values[matrix.rows.indexOf(row)]?.[matrix.columns.indexOf(column)] ?? null;
  }

  matchMedia(DARK).addEventListener("change", draw);
  let width = 0;
  new ResizeObserver(() => {
    const { clientWidth } = document.documentElement;
    if (clientWidth !== width && scenes.length > 0 && !busy) draw();
    width = clientWidth;
    bridge.sized(clientWidth, Math.min(HEIGHT, Math.ceil(document.body.getBoundingClientRect().height)));
  }).observe(document.body);
  draw();
  void bridge.start(VERSION).then(context);
}
