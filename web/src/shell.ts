// The page around the views: where one is, who is signed in, what is chosen, and what is drawn again when.

import type { FactorList } from "./answers";
import { PALETTES, type Theme } from "./colour";
import { type Holding, writeCsv } from "./csv";
import { type Child, h, replace } from "./dom";
import { saveDrawing, savePixels, saveText } from "./download";
import { Events } from "./events";
import { words } from "./format";
import { Client, Problem } from "./http";
import { leaveForLogin, readConfig, returnFromLogin } from "./login";
import type { Page, Question, Takeaway, View } from "./page";
import { Queries } from "./queries";
import { CATEGORIES, FREQUENCIES, VIEWS, type ViewName, type ViewState, names, readState, writeState } from "./state";
import { button, choice, entry, fault, field, guarded } from "./views/common";
import { compare } from "./views/compare";
import { correlations } from "./views/correlations";
import { exposures } from "./views/exposures";
import { forgetGroups, groups, restsOnGroups } from "./views/groups";
import { model } from "./views/model";
import { offsets } from "./views/offsets";
import { performance } from "./views/performance";
import { forgetPortfolios, portfolios, restsOnPortfolios } from "./views/portfolios";
import { returns } from "./views/returns";
import { stress } from "./views/stress";

const ALL: Record<ViewName, View> = { correlations, performance, returns, offsets, exposures, model, stress, compare, groups, portfolios };
const DARK = "(prefers-color-scheme: dark)";

export async function startPage(): Promise<void> {
  const config = readConfig();
  const client = new Client();
  const queries = new Queries();
  let state = readState(location.hash);
  let pasted: readonly Holding[] | null = null;
  let refused: Problem | null = null;
  let trouble = "";

  const header = h("header", { class: "top" });
  const nav = h("nav", { "aria-label": "Views" });
  const controls = h("section", { class: "controls", "aria-label": "What is shown" });
  const main = h("main", { id: "main", tabindex: -1 });
  const live = h("div", { class: "unseen", "aria-live": "polite" });
  const factorNames = h("datalist", { id: "factor-names" });
  document.body.append(h("a", { class: "skip", href: "#main", onclick: (event: Event) => (event.preventDefault(), main.focus()) }, "To the content"), header, nav, controls, main, live, factorNames);

  const theme = (): Theme => (matchMedia(DARK).matches ? "dark" : "light");
  const page: Page = {
    get state() {
      return state;
    },
    client,
    queries,
    get theme() {
      return theme();
    },
    get palette() {
      return PALETTES[theme()];
    },
    get width() {
      return Math.max(280, Math.min(1100, main.clientWidth - 34));
    },
    get pasted() {
      return pasted;
    },
    go(patch: Partial<ViewState>) {
      const before = state;
      state = { ...state, ...patch };
      const [was, is] = [writeState(before), writeState(state)];
      if (was === is) {
        leaveLogin();
        return render();
      }
      history.pushState(null, "", is);
      leaveLogin();
      render();
      if (before.view !== state.view) arrive();
    },
    usePasted(holdings) {
      pasted = holdings;
      render();
    },
    say(words) {
      live.textContent = words;
    },
  };

  function arrive(): void {
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
    page.say(ALL[state.view].title);
  }

  // --------------------------------------------------------------------------------------------------------- drawing

  const heard = () => document.body.toggleAttribute("data-listening", true);
  const events = new Events(client, (changed) => {
    const of: Record<string, (kind: string) => boolean> = { groups: restsOnGroups, portfolios: restsOnPortfolios, universe: () => true };
    queries.outdate((kind) => changed.some((part) => of[part]?.(kind)));
    page.say(`${changed.map(words).join(" and ")} changed: what rests on it is asked for again.`);
  }, heard);

  let headerFor = "";
  function drawHeader(): void {
    const view = ALL[state.view];
    const question = guardedQuestion(view);
    const entry = question && !refused ? queries.peek(question.kind, question.body) : null;
    const loading = entry?.status === "loading" || entry?.refetching === true;
    const taken = takeaway(view);
    // Drawn again only where it would be another: a menu in it may be open, and somebody about to press a button.
    const known = JSON.stringify([state.view, question, loading, refused !== null, client.isSignedIn, taken && [taken.rows, taken.json, taken.drawing, taken.report].map((part) => part !== undefined)]);
    if (known === headerFor) return;
    headerFor = known;
    replace(
      header,
      h("h1", null, "Factor analysis"),
      h(
        "div",
        { class: "buttons" },
        question &&
          !refused &&
          h(
            "button",
            { type: "button", class: loading ? "refresh turning" : "refresh", disabled: loading, "data-key": "refresh", onclick: () => queries.refetch(question.kind, question.body) },
            h("span", { class: "turn", "aria-hidden": "true" }, "↻"),
            " Refresh",
          ),
        taken && downloads(taken, () => takeaway(ALL[state.view])),
        client.isSignedIn && button("Sign out", signOut, { "data-key": "sign out" }),
        !client.isSignedIn && !config.key_required && button("Sign in", () => askForKey(null), { "data-key": "sign in" }),
      ),
    );
  }

  function guardedQuestion(view: View) {
    try {
      return view.question(page);
    } catch (error) {
      console.error(error);
      return null;
    }
  }

  function takeaway(view: View): Takeaway | null {
    if (refused) return null;
    try {
      return view.takeaway(page);
    } catch (error) {
      // What cannot be shown cannot be taken away either; the view says so.
      console.error(error);
      return null;
    }
  }

  /** What can be taken away is looked for again when somebody takes it: an answer may have come since the menu was drawn. */
  function downloads(kinds: Takeaway, newest: () => Takeaway | null): Child {
    const take = (words: string, save: (taken: Takeaway) => void) =>
      button(
        words,
        () => {
          const taken = newest();
          if (taken) save(taken);
        },
        { "data-key": `download ${words}` },
      );
    return h(
      "details",
      { class: "menu" },
      h("summary", { "data-key": "download" }, "Download"),
      h(
        "div",
        { class: "choices" },
        kinds.rows && take("CSV", ({ name, rows = [] }) => saveText(`${name}.csv`, "text/csv", writeCsv(rows))),
        kinds.json !== undefined && take("JSON", ({ name, json }) => saveText(`${name}.json`, "application/json", `${JSON.stringify(json, null, 2)}\n`)),
        kinds.drawing && take("SVG", ({ name, drawing }) => drawing && saveDrawing(`${name}.svg`, drawing())),
        kinds.drawing && take("PNG", ({ name, drawing }) => drawing && void savePixels(`${name}.png`, drawing()).catch(console.error)),
        kinds.report && take("Report", ({ name, report }) => report && void saveReport(name, report)),
      ),
    );
  }

  /** The report is asked for when somebody wants it. */
  async function saveReport(name: string, { path, body }: Question): Promise<void> {
    page.say("The report is being written.");
    try {
      const answer = await client.read<{ formatted_report?: string | null }>(path, { method: "POST", body: { ...body, include: ["formatted_report"] } });
      saveText(`${name}.md`, "text/markdown", `${answer.formatted_report ?? ""}\n`);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      main.prepend(fault(error, null, "The report was not written."));
    }
  }

  function drawNav(): void {
    replace(
      nav,
      VIEWS.map((name) =>
        h(
          "a",
          {
            href: writeState({ ...state, view: name }),
            "aria-current": name === state.view ? "page" : undefined,
            "data-key": `view ${name}`,
            onclick: (event: MouseEvent) => {
              if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
              event.preventDefault();
              page.go({ view: name });
            },
          },
          ALL[name].title,
        ),
      ),
    );
  }

  function drawControls(): void {
    const view = ALL[state.view];
    const { dates, categories, tickers } = view.scope;
    const own = guarded("Controls", () => view.controls(page));
    controls.hidden = !dates && !own;
    replace(
      controls,
      own,
      tickers && entry("Tickers", "tickers", state.tickers.join(", "), (text) => page.go({ tickers: names(text), matrix: "" }), { placeholder: "all factors", list: "factor-names" }),
      categories &&
        state.tickers.length === 0 &&
        h(
          "details",
          { class: "menu" },
          h("summary", { "data-key": "categories" }, state.categories.length > 0 ? `Categories: ${state.categories.length}` : "All categories"),
          h(
            "fieldset",
            { class: "choices" },
            h("legend", { class: "unseen" }, "Categories"),
            CATEGORIES.map((name) => {
              const box = h("input", { type: "checkbox", "data-key": `category ${name}`, checked: state.categories.includes(name) });
              box.addEventListener("change", () => page.go({ categories: CATEGORIES.filter((other) => (other === name ? box.checked : state.categories.includes(other))) }));
              return h("label", null, box, words(name));
            }),
          ),
        ),
      dates && [
        entry("From", "start", state.start, (start) => page.go({ start }), { placeholder: "10 years before", inputmode: "numeric", pattern: "\\d{4}-\\d{2}(-\\d{2})?", size: "11" }),
        entry("To", "end", state.end, (end) => page.go({ end }), { placeholder: "newest month", inputmode: "numeric", pattern: "\\d{4}-\\d{2}(-\\d{2})?", size: "11" }),
        choice("Returns", "frequency", state.frequency, FREQUENCIES.map((name) => [name, words(name)]), (frequency) => page.go({ frequency: frequency as ViewState["frequency"] })),
      ],
    );
  }

  let viewDrawn = "";
  function drawMain(): void {
    if (refused) return;
    const view = ALL[state.view];
    document.title = `${view.title} · Factor analysis`;
    const drawn = guarded("This view", () => view.render(page));
    // A view that keeps its form brings the same element again: it stays where it is, with what is typed in it.
    if (drawn instanceof HTMLElement && main.firstElementChild === drawn && main.childElementCount === 1) return;
    if (viewDrawn !== state.view) main.replaceChildren();
    viewDrawn = state.view;
    replace(main, drawn);
  }

  let controlsFor = "";
  function render(): void {
    drawNav();
    // A login that stands there stays, with what is typed in it.
    if (refused && login !== refused) askForKey(refused);
    if (login) {
      drawHeader();
      return mark();
    }
    drawMain();
    // Drawn again where they would be others, so that nothing typed in them is lost when an answer comes.
    const view = ALL[state.view];
    const question = guardedQuestion(view);
    const known = `${writeState(state)} ${pasted?.length} ${question && queries.peek(question.kind, question.body)?.status} ${queries.peek("portfolios", null)?.at}`;
    if (known !== controlsFor) {
      controlsFor = known;
      drawControls();
    }
    drawHeader();
    mark();
  }

  /** Says in the document what is drawn, and whether more is on its way: for tests, and for whoever drives the page. */
  function mark(): void {
    document.body.dataset.drawn = `${location.hash} ${innerWidth}`;
    document.body.toggleAttribute("data-asking", queries.isAsking);
  }

  let due = false;
  queries.onChange(() => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      render();
    });
  });

  // ------------------------------------------------------------------------------------------------------ signing in

  /** Whether somebody is asked to sign in, and why: refused, or at their own wish. */
  let login: Problem | "wished" | null = null;
  function askForKey(problem: Problem | null): void {
    login = problem ?? "wished";
    const key = field("Key or access token", h("input", { type: "password", name: "key", autocomplete: "off", spellcheck: "false" }), "Kept in memory only: it is gone when the page is closed");
    controls.hidden = true;
    replace(
      main,
      h(
        "form",
        {
          class: "panel form login",
          novalidate: true,
          onsubmit: (event: Event) => {
            event.preventDefault();
            const text = key.input.value.trim();
            if (text) signIn(text);
            else key.fault("needs a key");
          },
        },
        h("h2", null, "Sign in"),
        trouble && h("p", { class: "message fault", role: "alert" }, trouble),
        problem && problem.code !== "key_required" && fault(problem, null),
        config.issuer && config.client_id && [
          h("p", null, button(`Sign in at ${new URL(config.issuer).host}`, () => void leaveForLogin(config).catch(failed), { class: "primary", "data-key": "oauth" })),
          h("p", { class: "hint" }, "or with a key of this server:"),
        ],
        key.element,
        h("p", { class: "buttons" }, h("button", { type: "submit", class: config.client_id ? "" : "primary" }, "Sign in"), !config.key_required && button("Cancel", cancelLogin)),
      ),
    );
    key.input.focus();
    controlsFor = "";
  }

  /** Going on to a view ends a login that somebody wished for; one that is needed stays. */
  function leaveLogin(): void {
    if (login === "wished") login = null;
  }

  function cancelLogin(): void {
    login = null;
    viewDrawn = "";
    render();
  }

  function failed(error: unknown): void {
    trouble = error instanceof Error ? error.message : "The login failed.";
    askForKey(refused);
  }

  function begin(): void {
    [refused, login] = [null, null];
    trouble = "";
    pasted = null;
    forgetGroups();
    forgetPortfolios();
    main.replaceChildren();
    queries.clear();
    events.start();
    void client
      .read<FactorList>("api/factors?limit=100")
      .then((list) => factorNames.replaceChildren(...list.factors.map((factor) => h("option", { value: factor.ticker }, factor.label ?? factor.ticker))))
      .catch(() => {});
  }

  function signIn(credential: string): void {
    client.signIn(credential);
    begin();
  }

  function signOut(): void {
    client.signOut();
    if (config.key_required) refused = keyRequired();
    events.stop();
    queries.clear();
    forgetGroups();
    forgetPortfolios();
    pasted = null;
    main.replaceChildren();
    page.say("");
    if (!config.key_required) begin();
    render();
  }

  client.onRefused = (problem) => {
    client.signOut();
    events.stop();
    refused = problem;
    render();
  };

  addEventListener("popstate", () => {
    const before = state.view;
    state = readState(location.hash);
    leaveLogin();
    render();
    if (before !== state.view) arrive();
  });
  addEventListener("hashchange", () => {
    if (writeState(readState(location.hash)) === writeState(state)) return mark();
    state = readState(location.hash);
    render();
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? events.pause() : events.resume()));
  matchMedia(DARK).addEventListener("change", render);
  // What is drawn goes by the width; the height changes whenever a telephone shows its keys.
  let resized: ReturnType<typeof setTimeout>;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resized);
    resized = setTimeout(render, 150);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.removeAttribute("open");
  });

  let token: string | null = null;
  try {
    token = await returnFromLogin(config);
    state = readState(location.hash);
  } catch (error) {
    trouble = error instanceof Error ? error.message : "The login failed.";
  }
  if (token) signIn(token);
  else if (config.key_required) {
    refused = keyRequired();
    render();
  } else begin();
}

const keyRequired = (): Problem => new Problem(401, "key_required", "Sign in to see anything.");
