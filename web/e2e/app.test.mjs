// The MCP App in the official host side: what it draws, what it asks for, by keyboard, in both themes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { build } from "esbuild";
import { LONG, PATIENCE, launch, percentage, serve, shot, until, written } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const URI = "ui://factor/app.html";
let server;
let html;
let hostScript;

/** A request over MCP, of the protocol that needs no session. */
async function mcp(method, params, name) {
    const meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" } };
    const response = await fetch(`${server.url}/mcp`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method, ...(name ? { "Mcp-Name": name } : {}) },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
    });
    const text = await response.text();
    const data = text.startsWith("{") ? text : text.split("\n").filter((line) => line.startsWith("data: {")).at(-1)?.slice(6);
    const answer = JSON.parse(data ?? `{"error":${JSON.stringify(text)}}`);
    if (answer.error) throw new Error(JSON.stringify(answer.error));
    return answer.result;
}

const call = (name, args) => mcp("tools/call", { name, arguments: args }, name);

before(async () => {
    server = await serve();
    html = process.env.WEB_FROM_DISK === undefined ? (await mcp("resources/read", { uri: URI }, URI)).contents[0].text : readFileSync(new URL("../dist/factor.html", import.meta.url), "utf8");
    const built = await build({ entryPoints: [new URL("host.mjs", import.meta.url).pathname], bundle: true, write: false, format: "iife", logLevel: "error" });
    hostScript = built.outputFiles[0].text;
});

/** A host's page with the app of one answer in it. */
async function shown(tool, input, { width = 760, theme = "light", calls = true, named = true, refuses = null } = {}) {
    const context = await (await launch()).newContext({ viewport: { width, height: 620 }, colorScheme: theme });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const requests = [];
    const faults = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => faults.push(String(error)));
    await page.exposeFunction("callTool", async (params) => {
        const { name, arguments: args } = JSON.parse(params);
        if (refuses) return JSON.stringify({ isError: true, content: [{ type: "text", text: refuses }], structuredContent: { status: "error", error: { code: "rate_limited", message: refuses } } });
        return JSON.stringify(await call(name, args));
    });
    await page.setContent(`<!doctype html><html lang="en"><title>host</title><style>body{margin:0;background:${theme === "dark" ? "#222" : "#fff"}}</style><body></body></html>`);
    await page.addScriptTag({ content: hostScript });
    const result = await call(tool, input);
    await page.evaluate(([html, given]) => window.show(html, given), [html, { input, result, theme, calls, ...(named ? { tool } : {}) }]);
    const app = page.frameLocator("iframe");
    await app.locator("main > *:not(.busy)").first().waitFor();
    await app.locator(".busy").waitFor({ state: "detached" });
    const heard = () => page.evaluate(() => window.heard);
    return { page, app, heard, requests, faults };
}

async function violations(page) {
    const frame = page.frames()[1];
    await frame.evaluate(AXE);
    return frame.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)} ${nodes[0].failureSummary}`));
}

const HOLDINGS = { SPY: 0.6, VNQ: 0.4 };
const CASES = [
    ["get_factor_analysis", { analysis_type: "correlations" }, "table.heat td.cell"],
    ["get_factor_analysis", { analysis_type: "returns", windows: ["3m", "1y"] }, "svg rect"],
    ["get_factor_analysis", { analysis_type: "performance", categories: ["style", "market"] }, "svg circle"],
    ["get_factor_recommendations", { overexposed_factor: "VNQ", holdings: { VNQ: 0.4, SPY: 0.6 } }, "svg line"],
    ["get_portfolio_exposures", { holdings: { SPY: 0.6, IEF: 0.4 } }, "svg rect"],
    ["compare_factors", { tickers: ["SPY", "TLT", "GLD"], periods: ["2022", "other"] }, "svg line"],
    ["analyze_factor_model", { tickers: ["XLK", "XLU"] }, "svg line"],
    ["stress_test", { holdings: HOLDINGS }, "svg rect"],
    ["stress_test", { holdings: HOLDINGS, scenarios: ["covid"] }, "svg rect"],
    ["stress_test", { holdings: HOLDINGS, shocks: { SPY: -0.2, UST10Y: 1 }, reverse_loss: 0.2 }, "svg rect"],
];

for (const theme of ["light", "dark"]) {
    test(`each answer is drawn within 500 px, ${theme}: no scrolling in it, no request outside, axe finds nothing`, async () => {
        for (const [at, [tool, input, drawn]] of CASES.entries()) {
            // Each case at both widths: one of them in each theme, or both in both.
            for (const width of LONG ? [760, 360] : (at % 2 === 0) === (theme === "light") ? [760] : [360]) {
                const what = `${tool} ${input.analysis_type ?? ""} at ${width}, ${theme}`;
                const { page, app, heard, requests, faults } = await shown(tool, input, { theme, width, named: width === 760 });
                assert.ok((await app.locator(drawn).count()) > 1, what);
                assert.match(await app.locator(".simulated").innerText(), /SIMULATED/);
                // Until the host has heard of the height that there is.
                const size = await until(`${what} says how high it is`, async () => {
                    const [said, is] = [(await heard()).sizes.at(-1), await page.frames()[1].evaluate(() => Math.min(500, Math.ceil(document.body.getBoundingClientRect().height)))];
                    return said?.height === is ? said : null;
                });
                const [high, wide, own, theirs] = await page.frames()[1].evaluate(() => [document.documentElement.scrollHeight, document.documentElement.scrollWidth, innerWidth, document.documentElement.dataset.theme]);
                assert.ok(size.height <= 500 && high <= 500, `${what}: ${size.height} asked for, ${high} high`);
                assert.ok(wide <= own, `${what}: ${wide} wide`);
                assert.equal(theirs, theme);
                const nested = await page.frames()[1].evaluate(() => [...document.querySelectorAll("*")].filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowY + getComputedStyle(element).overflowX) && element.tagName !== "HTML" && element.scrollHeight > element.clientHeight + 1).map((element) => element.className));
                assert.deepEqual(nested, [], what);
                const small = await page.frames()[1].evaluate(() => [...document.querySelectorAll("button, select, td.cell")].map((target) => [target.tagName, target.getBoundingClientRect()]).filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([name, box]) => `${name} ${box.width}x${box.height}`));
                assert.deepEqual(small, [], what);
                await shot(page, `app-${at}-${tool}-${theme}-${width}`);
                assert.deepEqual(await violations(page), [], what);
                assert.deepEqual(requests.filter((url) => /^https?:/.test(url)), [], what);
                assert.deepEqual(faults, [], what);
                await page.context().close();
            }
        }
    });
}

test("a pair is looked into, a cell asks for offsets, the model hears of it, and Back comes back", async () => {
    const { page, app, heard } = await shown("get_factor_analysis", { analysis_type: "correlations" });
    assert.equal((await heard()).calls[0].arguments.include[0], "matrices", "a summary is not enough to draw");
    const cell = app.locator("td.cell.asks").first();
    const [row, column] = [await cell.getAttribute("data-row"), await cell.getAttribute("data-column")];
    await app.getByLabel("Matrix").selectOption("style");
    const styles = app.locator("td.cell.asks").first();
    const pair = [await styles.getAttribute("data-row"), await styles.getAttribute("data-column")];
    await styles.hover();
    await app.locator(".looked", { hasText: "95% interval" }).waitFor();
    const looked = await app.locator(".looked").innerText();
    const asked = (await heard()).calls.at(-1);
    assert.deepEqual([asked.name, asked.arguments.tickers], ["compare_factors", pair]);
    const { structuredContent } = await call("compare_factors", { tickers: pair, include: ["pairs"] });
    assert.match(looked, new RegExp(`n ${structuredContent.pairs[0].n}, 95% interval`));
    await styles.click();
    await app.getByRole("heading", { name: `Offsets of ${pair[0]}` }).waitFor();
    const said = (await heard()).contexts[0].content[0].text;
    assert.match(said, new RegExp(`picked ${pair[0]} and ${pair[1]}.*asks what offsets ${pair[0]}`));
    await shot(page, "app-offsets");
    await app.getByRole("button", { name: "Back" }).click();
    assert.equal(await app.getByLabel("Matrix").inputValue(), "style");
    assert.ok(row && column);
});

test("a window, a year and a category are asked for", async () => {
    const { app, heard } = await shown("get_factor_analysis", { analysis_type: "returns", windows: ["3m"] });
    await app.getByLabel("Window").selectOption("2022");
    await app.locator("svg[aria-label*='2022: 2021-12-31']").waitFor();
    await app.getByLabel("Category").selectOption("commodity");
    await app.locator(".busy").waitFor({ state: "detached" });
    assert.deepEqual((await heard()).calls.at(-1).arguments.categories, ["commodity"]);
    assert.deepEqual((await heard()).calls.at(-1).arguments.windows, ["3m", "2022"]);
});

test("a factor model: each fund and factor that is picked has the figures of the tool, and the model hears of them", async () => {
    const { page, app, heard } = await shown("analyze_factor_model", { tickers: ["XLK", "XLU"] }, { named: false });
    const { structuredContent: answer } = await call("analyze_factor_model", { tickers: ["XLK", "XLU"], include: ["fits"], max_chars: 0 });
    assert.deepEqual((await heard()).calls.map(({ name, arguments: args }) => [name, args.include, args.tickers]), [["analyze_factor_model", ["fits", "metadata"], ["XLK", "XLU"]]]);
    const [, utilities] = answer.fits;
    assert.equal(utilities.ticker, "XLU");
    await app.locator("svg[aria-label^='Betas of XLK']").waitFor();
    const bars = () => app.locator("svg g > title").allTextContents();
    // By keyboard alone: a choice is the next stop of Tab, an arrow the next of its options.
    const chosen = () => page.frames()[1].evaluate(() => document.activeElement.dataset.key);
    for (let presses = 0; presses < 4 && (await chosen()) !== "choice fund"; presses++) await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await app.locator("svg[aria-label^='Betas of XLU']").waitFor();
    assert.equal(await chosen(), "choice fund", "what had the focus has it again");
    assert.deepEqual((await bars()).map((bar) => bar.split(": ").at(-1)), Object.values(utilities.factors).map((row) => written(row.beta, 2)));
    await page.keyboard.press("Tab");
    assert.equal(await chosen(), "choice factor");
    await page.keyboard.press("r");
    const { rates } = utilities.factors;
    const said = `Rates: beta ${written(rates.beta, 2)}, 95% interval ${rates.interval.map((end) => written(end, 2)).join(" to ")}`;
    await app.locator(".looked", { hasText: said }).waitFor();
    await shot(page, "app-model-factor");
    const contexts = (await heard()).contexts.map(({ content }) => content[0].text);
    assert.equal(contexts.length, 2);
    assert.ok(contexts[0].startsWith(`In the app the user picked the factor model of XLU (R² ${written(utilities.r_squared, 3)}, alpha `), contexts[0]);
    assert.ok(contexts[1].startsWith(`In the app the user picked a factor in the factor model of XLU: ${said}`), contexts[1]);
});

test("a stress test: episodes side by side, the losses and offsets of one that is picked, and the model hears of it", async () => {
    const { page, app, heard } = await shown("stress_test", { holdings: HOLDINGS }, { named: false, theme: "dark" });
    const { structuredContent: answer } = await call("stress_test", { holdings: HOLDINGS, include: ["scenarios"], max_chars: 0 });
    assert.deepEqual((await heard()).calls.map(({ name, arguments: args }) => [name, args.include, args.holdings]), [["stress_test", ["scenarios", "metadata"], HOLDINGS]]);
    const shares = async () => (await app.locator("svg g > title").allTextContents()).map((bar) => bar.split(": ").at(-1));
    const known = answer.scenarios.filter((row) => row.total_return !== null).sort((one, other) => one.total_return - other.total_return);
    assert.ok(known.length > 5 && known.length < answer.scenarios.length);
    assert.deepEqual(await shares(), known.map((row) => percentage(row.total_return)));
    assert.equal(await app.getByLabel("Episode", { exact: true }).locator("option").count(), answer.scenarios.length + 1);

    const covid = answer.scenarios.find((row) => row.scenario === "covid");
    await app.getByLabel("Episode", { exact: true }).selectOption("covid");
    await app.locator("svg[aria-label^='Covid: what each holding lost']").waitFor();
    assert.deepEqual((await shares()).sort(), covid.holdings.map((part) => percentage(part.contribution)).sort());
    await app.getByLabel("Show").selectOption("offsets");
    await app.locator("svg[aria-label^='Covid: what each offset came to']").waitFor();
    await shot(page, "app-stress-offsets");
    assert.deepEqual(await shares(), [covid.total_return, ...covid.hedges.map((hedge) => hedge.result)].map((value) => percentage(value)));
    const contexts = (await heard()).contexts.map(({ content }) => content[0].text);
    assert.ok(contexts[0].startsWith(`In the app the user picked an episode of the stress test: Covid, ${covid.from} to ${covid.to}: ${percentage(covid.total_return)}; `), contexts[0]);
    const [best] = covid.hedges;
    assert.ok(contexts[1].startsWith(`In the app the user picked what would have offset Covid: best hedge came to ${percentage(best.result)}, ${best.held ? "held" : "did not hold"}; `), contexts[1]);

    // One of which nothing is known says why.
    await app.getByLabel("Episode", { exact: true }).selectOption("gfc");
    await shot(page, "app-stress-unknown");
    await app.locator(".message", { hasText: /^Nothing is known: SPY: its first price is of / }).waitFor();
    await app.getByLabel("Episode", { exact: true }).selectOption("");
    await app.locator("svg[aria-label^='Return of the whole by episode']").waitFor();
});

test("what is not whole is asked for again: a cut answer, sections that are not drawn, one that is not there; a refusal is said", async () => {
    const cut = { tickers: ["XLK", "XLU"], include: ["fits", "metadata"], max_chars: 2000 };
    assert.ok((await call("analyze_factor_model", cut)).structuredContent.truncated);
    const model = await shown("analyze_factor_model", cut, { named: false });
    assert.equal(await model.app.getByLabel("Fund").locator("option").count(), 2);
    for (const include of [["rolling"], ["attribution", "style"]]) {
        const { app } = await shown("analyze_factor_model", { ticker: "XLK", include }, { named: false });
        assert.equal(await app.locator("svg g > title").count(), 12, include.join());
    }
    // Shocks were never given: what is drawn is what is asked for without them.
    const none = await call("stress_test", { holdings: HOLDINGS, include: ["shock"] });
    assert.ok(none.structuredContent.not_computed.shock);
    const stress = await shown("stress_test", { holdings: HOLDINGS, include: ["shock"] });
    await stress.app.locator("svg[aria-label^='Return of the whole by episode']").waitFor();
    const shock = await shown("stress_test", { holdings: HOLDINGS, shocks: { SPY: -0.2 }, include: ["insights"] }, { named: false });
    await shock.app.locator("svg[aria-label^='Your shocks: what each holding lost']").waitFor();

    const refused = await shown("analyze_factor_model", { ticker: "XLK", model: "ff3" });
    await refused.app.locator(".fault", { hasText: "FACTOR_FRENCH_DIR" }).waitFor();
    assert.deepEqual((await refused.heard()).calls, []);
});

test("a host that passes no calls on has what a summary says drawn, marked as simulated", async () => {
    for (const [tool, input, drawn] of [
        ["analyze_factor_model", { ticker: "XLK" }, "svg[aria-label^='Betas of XLK'] g > title"],
        ["analyze_factor_model", { categories: ["style"] }, "svg[aria-label^='Betas of '] g > title"],
        ["stress_test", { holdings: HOLDINGS }, "svg[aria-label^='Return of the whole'] g > title"],
        ["stress_test", { holdings: HOLDINGS, scenarios: ["covid"] }, "svg[aria-label^='Covid: what each offset came to'] g > title"],
        ["stress_test", { holdings: HOLDINGS, shocks: { SPY: -0.2 } }, "svg[aria-label^='Your shocks: what each holding lost'] g > title"],
    ]) {
        const { app, heard, faults } = await shown(tool, input, { calls: false });
        assert.ok((await app.locator(drawn).count()) > 1, `${tool} ${JSON.stringify(input)}`);
        assert.match(await app.locator(".simulated").innerText(), /SIMULATED/);
        assert.match(await app.locator("svg").textContent(), /2015-12-31 to 2025-12-31[^]*SIMULATED/);
        assert.deepEqual([(await heard()).calls, faults], [[], []]);
    }
});

test("a summary of one episode has what each offset came to", async () => {
    const input = { holdings: HOLDINGS, scenarios: ["covid"] };
    const [short] = (await call("stress_test", input)).structuredContent.scenarios;
    const [whole] = (await call("stress_test", { ...input, include: ["scenarios"], max_chars: 0 })).structuredContent.scenarios;
    const { app } = await shown("stress_test", input, { calls: false });
    const bars = await app.locator("svg g > title").allTextContents();
    assert.ok(Object.keys(short.results).length > 0);
    assert.deepEqual(bars.map((bar) => bar.split(": ").at(-1)), [whole.total_return, ...whole.hedges.map((hedge) => hedge.result)].map((value) => percentage(value)));
});

test("where more is refused, the summary stays below what was said, within 500 px", async () => {
    for (const [tool, input, drawn] of [
        ["analyze_factor_model", { ticker: "XLK" }, "Betas of XLK"],
        ["stress_test", { holdings: HOLDINGS }, "Return of the whole"],
    ]) {
        for (const [width, refuses] of [[360, "100 a day are all."], [760, "100 stress tests and models a day are all that there are for you; ask again at midnight UTC, or raise the quota."]]) {
            const { page, app } = await shown(tool, input, { width, refuses });
            await app.locator(".fault", { hasText: refuses }).waitFor();
            await app.locator(`svg[aria-label^='${drawn}']`).waitFor();
            const high = await page.frames()[1].evaluate(() => document.body.getBoundingClientRect().height);
            assert.ok(high <= 500, `${tool} at ${width}: ${high} high`);
            await shot(page, `app-refused-${tool}-${width}`);
        }
        // What leaves no room for a drawing stands alone.
        const { page, app } = await shown(tool, input, { width: 360, refuses: "too much ".repeat(60) });
        await app.locator(".fault").waitFor();
        assert.equal(await app.locator("svg").count(), 0);
        await shot(page, `app-refused-long-${tool}`);
    }
});

test("the keyboard alone goes through the cells and asks", async () => {
    const { page, app } = await shown("get_factor_analysis", { analysis_type: "correlations", categories: ["style"] });
    const frame = page.frames()[1];
    for (let presses = 0; presses < 12 && !(await frame.evaluate(() => document.activeElement.matches("td.cell"))); presses++) await page.keyboard.press("Tab");
    const cells = await app.locator("td.cell").count();
    const across = await app.locator("table.heat thead th").count();
    const seen = new Set();
    for (let row = 0; row < cells / across; row++) {
        for (let column = 0; column < across; column++) {
            seen.add(await frame.evaluate(() => document.activeElement.dataset.key));
            if (column < across - 1) await page.keyboard.press("ArrowRight");
        }
        await page.keyboard.press("Home");
        await page.keyboard.press("ArrowDown");
    }
    assert.equal(seen.size, cells);
    await page.keyboard.press("Control+Home");
    for (let tries = 0; tries < 6 && !(await frame.evaluate(() => document.activeElement.matches(".asks"))); tries++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await app.getByRole("heading", { name: /Offsets of/ }).waitFor();
});

test("a theme that changes, a call that fails, one that is cancelled, and a host that passes no calls on", async () => {
    const { page, app } = await shown("compare_factors", { tickers: ["SPY", "TLT"] });
    await page.evaluate(() => window.bridge.setHostContext({ theme: "dark" }));
    await page.frames()[1].waitForFunction(() => document.documentElement.dataset.theme === "dark");
    await page.evaluate(() => window.bridge.sendToolResult({ isError: true, content: [{ type: "text", text: "x" }], structuredContent: { status: "error", error: { code: "no_data", message: "<b>No</b> such fund." } } }));
    await app.locator(".fault", { hasText: "<b>No</b> such fund." }).waitFor();
    await page.evaluate(() => window.bridge.sendToolCancelled({ reason: "enough" }));
    await app.locator(".fault", { hasText: "cancelled" }).waitFor();
    assert.deepEqual(await page.evaluate(() => window.bridge.teardownResource({})), {});

    const silent = await shown("get_factor_analysis", { analysis_type: "correlations" }, { calls: false });
    assert.match(await silent.app.locator("main").innerText(), /says it in words/);
    assert.deepEqual((await silent.heard()).calls, []);
});

test("the server says that it has an app, and a host without apps has the same answer", async () => {
    const { capabilities } = await mcp("server/discover", {});
    assert.deepEqual(capabilities.extensions["io.modelcontextprotocol/ui"], { mimeTypes: ["text/html;profile=mcp-app"] });
    const { tools } = await mcp("tools/list", {});
    const drawing = tools.filter((tool) => tool._meta);
    assert.deepEqual(drawing.map((tool) => tool.name), ["analyze_factor_model", "compare_factors", "get_factor_analysis", "get_factor_recommendations", "get_portfolio_exposures", "stress_test"]);
    for (const { _meta } of drawing) assert.deepEqual(_meta, { ui: { resourceUri: URI }, "ui/resourceUri": URI });
    const { contents } = await mcp("resources/read", { uri: URI }, URI);
    assert.equal(contents[0].mimeType, "text/html;profile=mcp-app");
    // A host that knows of no apps says nothing of them, and loses nothing: text, figures and, where asked for, a picture.
    for (const [tool, input] of CASES) {
        const answer = await call(tool, { ...input, chart: true });
        assert.equal(answer.structuredContent.status, "success", tool);
        assert.ok(answer.content.find((part) => part.type === "text").text.length > 100, tool);
        const picture = answer.content.find((part) => part.type === "image");
        assert.equal(picture?.mimeType, "image/png", tool);
        assert.deepEqual([...Buffer.from(picture.data, "base64").subarray(0, 4)], [137, 80, 78, 71], tool);
    }
});
