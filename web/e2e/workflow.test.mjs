// The seed's workflow: analyse, ask for offsets, make a group, change it, delete it; and what stands around it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { STORES, count, figures, listening, open, outside, percentage, serveFrom, settled, shot, until, written } from "./support.mjs";

const CORRELATIONS = "/api/factor-intelligence/correlations";
const servers = {};
let server;
before(async () => {
    for (const kind of STORES) servers[kind] = await serveFrom(kind);
    server = servers.SQLite;
});

for (const kind of STORES) {
    test(`analyse, offsets, group, edit, delete, kept in ${kind}`, async () => {
        const server = servers[kind];
        const { page, requests, faults } = await open(server.url, { key: server.key });
        await shot(page, "workflow-1-correlations");

        // Analyse: a heat map of 15 with its quality, its legend and its strongest relationships.
        assert.equal(await page.locator(".simulated").count(), 1, "simulated prices are marked");
        assert.match(await page.locator(".quality").innerText(), /Analysed\s+\d+[^]*Coverage\s+[\d.]+%[^]*Excluded\s+\d+[^]*Score/);
        assert.equal(await page.locator("table.heat tbody tr").count(), 15);
        const diagonal = page.locator("td.cell.own").first();
        assert.equal(await diagonal.innerText(), "1.00");
        assert.equal(await diagonal.evaluate((cell) => cell.classList.contains("asks")), false);
        assert.match(await page.locator("td.cell:not(.own)").first().innerText(), /^−?0\.\d\d$/);
        const pairs = page.locator(".pairs li");
        assert.equal(await pairs.count(), 5);
        for (const row of await pairs.allInnerTexts()) assert.match(row, /↔[^]*(strong|moderate|weak)[^]*−?\d\.\d{3}/);
        const asked = count(requests, "/api/factor-intelligence/correlations");
        for (const size of ["10", "25"]) {
            await page.getByLabel("Size").selectOption(size);
            assert.equal(await page.locator("table.heat tbody tr").count(), Number(size));
        }
        assert.equal(count(requests, "/api/factor-intelligence/correlations"), asked, "another size asks for nothing");

        // The legend says what colours and hatching mean, and a hint what a click does.
        assert.match(await page.locator("main .legend").innerText(), /−1.0[^]*0.0[^]*1.0[^]*interval over 0, or n under 24/);
        assert.match(await page.locator("main").innerText(), /A cell over 0.3 in size asks what offsets the factor of its row/);

        // A cell over 0.3 asks for offsets of its row's factor.
        const cell = page.locator("td.cell.asks").first();
        const factor = await cell.getAttribute("data-row");
        await cell.click();
        await settled(page);
        assert.match(page.url(), new RegExp(`view=offsets.*factor=${factor}`));
        assert.equal(await page.getByLabel("Too much of").inputValue(), factor);
        assert.match(await page.locator("main").innerText(), /No portfolio/);
        assert.ok((await page.locator("table tbody tr").count()) > 0);
        assert.match(await page.locator(".panel", { has: page.getByRole("heading", { name: "Best hedge" }) }).innerText(), /\(90% interval [\d.]+% to [\d.]+%\)/);
        await shot(page, "workflow-2-offsets");

        // A portfolio, and what it is exposed to.
        await page.getByRole("button", { name: "Add a portfolio" }).click();
        await settled(page);
        await page.getByLabel("Holdings").fill("VNQ 35%\nSPY 25%\nXLK 20%\nTLT 20%");
        assert.match(await page.locator(".preview").innerText(), /4 holdings, 100.0% in all/);
        await page.getByRole("button", { name: "Save portfolio" }).click();
        await page.locator(".items li", { hasText: "CURRENT_PORTFOLIO" }).waitFor();
        await page.getByRole("button", { name: "Exposures of CURRENT_PORTFOLIO" }).click();
        await settled(page);
        assert.match(await page.locator("main").innerText(), /Regression on factors/);
        await shot(page, "workflow-3-exposures");

        // A group: made once however often one clicks, checked, changed and deleted.
        await page.getByRole("link", { name: "Groups" }).click();
        await settled(page);
        await page.getByLabel("Name").fill("My Tech Basket");
        await page.getByLabel("Tickers").fill("XLK, SOXX IGV");
        await page.getByRole("button", { name: "Create group" }).dblclick();
        const made = page.locator(".items li", { hasText: "My Tech Basket" });
        await made.waitFor();
        assert.equal(count(requests, "/api/factor-groups", "POST"), 1, "a double click creates one");
        assert.equal(await made.count(), 1);
        assert.match(await page.locator(".outcome").innerText(), /USER:My_Tech_Basket/);
        await page.getByRole("button", { name: "Check My Tech Basket" }).click();
        await page.locator(".outcome", { hasText: "is good" }).waitFor();
        await shot(page, "workflow-4-groups");

        await page.getByRole("button", { name: "Edit My Tech Basket" }).click();
        await page.getByRole("heading", { name: "Edit My Tech Basket" }).waitFor();
        await page.getByLabel("Name").fill("Tech");
        await page.getByLabel("Weights", { exact: true }).selectOption("custom");
        await page.getByLabel("Weights of my own").fill("XLK 50%\nSOXX 30%\nIGV 20%");
        await page.getByRole("button", { name: "Save changes" }).click();
        const changed = page.locator(".items li").filter({ has: page.locator("b", { hasText: /^Tech$/ }) });
        await changed.waitFor();
        assert.match(await page.locator(".outcome").innerText(), /XLK 50.0%, SOXX 30.0%, IGV 20.0%/);
        // It is a factor in the analyses from then on.
        await page.getByRole("link", { name: "Correlations" }).click();
        await settled(page);
        assert.ok((await page.getByLabel("Matrix").locator("option").allInnerTexts()).length > 3);

        await page.getByRole("link", { name: "Groups" }).click();
        await settled(page);
        await page.getByRole("button", { name: "Delete Tech" }).click();
        assert.equal(count(requests, "/api/factor-groups/Tech", "DELETE"), 0, "asked before it is deleted");
        await page.getByRole("button", { name: "Really delete Tech" }).click();
        await changed.waitFor({ state: "detached" });
        assert.match(await page.locator(".outcome").innerText(), /Tech is deleted/);
        const left = await server.ask("api/factor-groups", { method: "GET" });
        assert.equal(left.body.count, 0);

        await page.getByRole("link", { name: "Portfolios" }).click();
        await settled(page);
        await page.getByRole("button", { name: "Delete CURRENT_PORTFOLIO" }).click();
        await page.getByRole("button", { name: "Really delete CURRENT_PORTFOLIO" }).click();
        await page.locator(".items li").waitFor({ state: "detached" });

        assert.deepEqual(outside(requests, server.url), [], "nobody else is asked");
        assert.deepEqual(faults, []);
    });

    test(`a change that somebody else makes is heard of, and what rests on it is asked for again, kept in ${kind}`, async () => {
        const server = servers[kind];
        const { page, requests } = await open(server.url, { hash: "#view=groups", key: server.key });
        await listening(page);
        const asked = count(requests, "/api/factor-groups", "GET");
        await page.getByLabel("Name").fill("half a na");
        await server.ask("api/factor-groups", { body: { group_name: "From afar", tickers: ["SPY", "TLT"], validate: false } });
        await page.locator(".items li", { hasText: "From afar" }).waitFor();
        assert.ok(count(requests, "/api/factor-groups", "GET") > asked);
        assert.equal(await page.getByLabel("Name").inputValue(), "half a na", "what is being typed stays");
        await server.ask("api/factor-groups/From%20afar", { method: "DELETE" });
        await page.locator(".items li", { hasText: "From afar" }).waitFor({ state: "detached" });

        // A portfolio that is another one: its exposures are asked for again.
        await server.ask("api/portfolios", { body: { portfolio_name: "Afar", holdings: { SPY: 0.5, TLT: 0.5 } } });
        await page.goto(`${server.url}/#view=exposures&portfolio=Afar`);
        await settled(page);
        assert.deepEqual((await figures(page, "Holdings")).map(([ticker, weight]) => [ticker, weight]), [["SPY", "50.0%"], ["TLT", "50.0%"]]);
        await server.ask("api/portfolios/Afar", { method: "PUT", body: { holdings: { SPY: 0.9, GLD: 0.1 } } });
        await page.getByRole("region", { name: "Holdings" }).locator("tr", { hasText: "GLD" }).waitFor();
        await server.ask("api/portfolios/Afar", { method: "DELETE" });
    });
}

test("another universe is asked about again", async () => {
    const state = (universe) => `event: state\ndata: ${JSON.stringify({ groups: "1", portfolios: "1", universe })}\n\n`;
    let changes;
    const changed = new Promise((resolve) => (changes = resolve));
    let streams = 0;
    const { page, requests } = await open(server.url, {
        before: (page) =>
            page.route("**/api/events", async (route) => {
                streams++;
                if (streams > 2) return; // Open, and silent.
                if (streams === 2) await changed;
                await route.fulfill({ contentType: "text/event-stream", body: state(String(streams)) });
            }),
    });
    await listening(page);
    assert.equal(count(requests, CORRELATIONS, "POST"), 2, "the matrices and the statistics of one");
    changes();
    await until("all is asked for again", () => count(requests, CORRELATIONS, "POST") === 4);
    await page.locator("[aria-live]", { hasText: "Universe changed" }).waitFor({ state: "attached" });
});

test("performance, returns and comparisons", async () => {
    const { page, faults } = await open(server.url, { hash: "#view=performance" });
    assert.ok((await page.locator("main svg circle").count()) > 50);
    const best = () => page.locator(".figures tbody tr").first().innerText();
    const first = await best();
    await page.getByLabel("Sorted by").selectOption("volatility");
    assert.notEqual(await best(), first);
    await shot(page, "performance", { fullPage: true });

    await page.getByRole("link", { name: "Returns" }).click();
    await settled(page);
    await page.getByLabel("Window", { exact: true }).selectOption("1y");
    assert.match(await page.locator("main svg").first().getAttribute("aria-label"), /^Total returns, 1y: 2024-12-31 to 2025-12-31\. Best \w+ with/);
    await page.getByLabel("Windows").fill("2022, ytd");
    await page.getByLabel("Windows").press("Enter");
    await settled(page);
    assert.deepEqual(await page.getByLabel("Window", { exact: true }).locator("option").allInnerTexts(), ["2022", "ytd"]);
    await shot(page, "returns", { fullPage: true });

    await page.getByRole("link", { name: "Compare" }).click();
    await settled(page);
    await page.getByLabel("Periods apart").fill("2022, other");
    await page.getByLabel("Periods apart").press("Enter");
    await settled(page);
    assert.match(await page.locator("main").innerText(), /Differences between periods/);
    await shot(page, "compare", { fullPage: true });
    assert.deepEqual(faults, []);
});

test("what is shown can be taken away, and a spreadsheet computes nothing of it", async () => {
    const { page } = await open(server.url);
    const taken = {};
    await page.locator("summary", { hasText: "Download" }).click();
    for (const kind of ["CSV", "JSON", "SVG", "PNG", "Report"]) {
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: kind, exact: true }).click()]);
        taken[kind] = { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
    }
    assert.match(taken.Report.bytes.toString(), /^# Factor correlations\n[^]*SIMULATED/);
    const rows = taken.CSV.bytes.toString().trim().split("\r\n").map((line) => line.split(","));
    assert.equal(rows.length, rows[0].length);
    assert.equal(rows[1][1], "1");
    const answer = JSON.parse(taken.JSON.bytes);
    assert.equal(answer.status, "success");
    const svg = taken.SVG.bytes.toString();
    assert.match(svg, /^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    assert.match(svg, /SIMULATED/);
    assert.doesNotMatch(svg, /<script|<foreignObject|href=/);
    assert.deepEqual([...taken.PNG.bytes.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
    assert.ok(taken.PNG.bytes.length > 20_000);
    assert.deepEqual(Object.values(taken).map(({ name }) => name.split(".").pop()), ["csv", "json", "svg", "png", "md"]);

    // The menu stays open while an answer comes.
    await page.getByRole("button", { name: "Refresh" }).click();
    await settled(page);
    assert.equal(await page.locator("details.menu[open]", { hasText: "Download" }).count(), 1);
});

test("offsets of an episode: what each fund did there, as the API has it; the episodes to choose from are those of the server", async () => {
    const { page, faults } = await open(server.url, { hash: "#view=offsets&factor=SPY" });
    const named = await page.getByLabel("In the episode").locator("option").evaluateAll((options) => options.map((option) => option.value));
    const { body: stress } = await server.ask("api/factor-intelligence/stress", { body: { holdings: { SPY: 1 }, include: ["scenarios"], max_chars: 0 } });
    assert.deepEqual(named.slice(1).sort(), stress.scenarios.map((row) => row.scenario).sort());
    await page.getByLabel("In the episode").selectOption("covid");
    await settled(page);
    const { body: answer } = await server.ask("api/factor-intelligence/recommendations", { body: { overexposed_factor: "SPY", scenario: "covid", include: ["recommendations", "scenario"], max_chars: 0 } });
    assert.ok(answer.scenario.held > 0);
    const word = (held) => (held === null ? "–" : held ? "yes" : "no");
    const rows = (await figures(page, "Recommendations")).map((cells) => [cells[0], cells[2], cells[3]]);
    assert.deepEqual(rows, answer.recommendations.map(({ etf_ticker, in_scenario: there }) => [etf_ticker, percentage(there?.result), word(there?.held ?? null)]));
    const said = await page.locator(".panel", { hasText: "Covid, 2020-02-19 to 2020-03-23" }).innerText();
    assert.match(said, new RegExp(`SPY\\s+${percentage(answer.scenario.total_return)}[^]*Offsets tested\\s+${answer.scenario.tested}\\s+Held\\s+${answer.scenario.held}\\s`));
    assert.match(page.url(), /scenario=covid/);
    await shot(page, "offsets-of-an-episode", { fullPage: true });
    // A link may name another, such as a year.
    await page.goto(`${server.url}/#view=offsets&factor=SPY&scenario=2022`);
    await settled(page);
    assert.equal(await page.getByLabel("In the episode").inputValue(), "2022");
    assert.equal(await page.locator("main h2", { hasText: /^2022, 2021-12-31 to 2022-12-3/ }).count(), 1);
    assert.deepEqual(faults, []);
});

test("the factor model has the numbers of the API, of each model that needs no file", async () => {
    const { page, faults } = await open(server.url, { hash: "#view=model" });
    assert.match(await page.locator("main").innerText(), /Name a fund or a group[^]*Add a portfolio/);
    await page.getByLabel("Fund or group").fill("XLK");
    await page.getByLabel("Fund or group").press("Enter");
    await settled(page);
    const betas = async (body) => {
        const { body: answer } = await server.ask("api/factor-intelligence/model", { body: { ticker: "XLK", include: ["fits"], max_chars: 0, ...body } });
        const [fit] = answer.fits;
        const rows = Object.entries(fit.factors).map(([, row]) => [written(row.beta, 3), row.interval.map((end) => written(end, 2)).join(" to "), percentage(row.variance_share)]);
        return { fit, rows };
    };
    const shown = async () => (await figures(page, "Betas of XLK")).map((cells) => [cells[1], cells[2], cells[6]]);
    const lens = await betas({});
    assert.equal(lens.rows.length, 12);
    assert.deepEqual(await shown(), lens.rows);
    assert.match(await page.locator("main").innerText(), new RegExp(`Variance explained \\(R²\\)\\s+${written(lens.fit.r_squared, 3)}`));
    assert.match(await page.locator("main svg").getAttribute("aria-label"), /^Betas of XLK, with 95% intervals\. Most of the variance is explained by equity: beta \d/);
    assert.equal(await page.locator("main svg rect").count(), 13, "a bar for each factor, and the ground");
    await shot(page, "model");

    await page.getByLabel("Model").selectOption("custom");
    await settled(page);
    assert.match(await page.locator("main").innerText(), /Name the factors of your model/);
    await page.getByLabel("Factors", { exact: true }).fill("SPY, TLT");
    await page.getByLabel("Factors", { exact: true }).press("Enter");
    await settled(page);
    assert.deepEqual(await shown(), (await betas({ model: "custom", factors: ["SPY", "TLT"] })).rows);
    await page.reload();
    await settled(page);
    assert.equal((await shown()).length, 2, "a link gives the same");

    // A model of files, where there are none and prices are simulated: said, with the way out.
    await page.getByLabel("Model").selectOption("ff3");
    await page.locator(".fault", { hasText: "FACTOR_FRENCH_DIR" }).waitFor();
    assert.deepEqual(faults, []);
});

test("the stress test has the numbers of the API: losses by holding, what would have offset them, shocks and a loss", async () => {
    const { page, faults } = await open(server.url, { hash: "#view=portfolios" });
    await page.getByLabel("Holdings").fill("SPY 60%\nVNQ 40%");
    await page.getByRole("button", { name: "Use without saving" }).click();
    await page.getByRole("link", { name: "Stress test" }).click();
    await settled(page);
    const ask = async (body) => (await server.ask("api/factor-intelligence/stress", { body: { holdings: { SPY: 0.6, VNQ: 0.4 }, include: ["scenarios", "shock", "reverse"], max_chars: 0, ...body } })).body;
    const { scenarios } = await ask({});
    const side = await figures(page, "Episodes side by side");
    assert.equal(side.length, scenarios.length);
    const ordered = scenarios.filter((row) => row.total_return !== null).sort((one, other) => one.total_return - other.total_return);
    assert.deepEqual(side.map((cells) => cells[1]).slice(0, ordered.length), ordered.map((row) => percentage(row.total_return)));

    await page.getByLabel("Look into").selectOption("covid");
    await settled(page);
    const covid = scenarios.find((row) => row.scenario === "covid");
    assert.deepEqual(await figures(page, "Loss by holding, Covid"), covid.holdings.map((part) => [part.holding, percentage(part.weight), percentage(part.total_return), percentage(part.contribution)]));
    const offsets = await figures(page, "What would have offset Covid");
    assert.deepEqual(offsets.map((cells) => [cells[1], cells[2], cells[4]]), covid.hedges.map((hedge) => [percentage(hedge.result), percentage(hedge.hedged_return), hedge.held ? "yes" : "no"]));
    assert.match(offsets[0][5], /^\w+ −?\d\.\d{3}, /);
    assert.equal(await page.locator("main svg").count(), 3);
    const bars = await page.locator("main svg[aria-label^='Covid: what each offset came to'] g > title").allTextContents();
    assert.deepEqual(bars.map((bar) => bar.split(": ").at(-1)), [covid.total_return, ...covid.hedges.map((hedge) => hedge.result)].map((value) => percentage(value)));
    await shot(page, "stress", { fullPage: true });

    await page.getByLabel("Shocks", { exact: true }).fill("SPY -20%, UST10Y 1");
    await page.getByLabel("Shocks", { exact: true }).press("Enter");
    await settled(page);
    assert.equal(await page.getByLabel("Look into").locator("option").count(), 1, "beside shocks only those episodes that are named");
    const { shock } = await ask({ shocks: { SPY: -0.2, UST10Y: 1 } });
    assert.equal(await page.getByLabel("Look into").inputValue(), "shocks");
    assert.deepEqual((await figures(page, "Loss by holding, Your shocks")).map((cells) => cells[3]), shock.holdings.map((part) => percentage(part.contribution)));
    await page.getByLabel("A loss to explain", { exact: true }).fill("20%");
    await page.getByLabel("A loss to explain", { exact: true }).press("Enter");
    await settled(page);
    const { reverse } = await ask({ reverse_loss: 0.2 });
    assert.deepEqual((await figures(page, "Loss by holding, A loss of 20.0%")).map((cells) => cells[3]), reverse.moves.map((part) => percentage(part.contribution)));
    assert.equal(await page.getByLabel("Look into").locator("option").count(), 2);
    assert.doesNotMatch(new URL(page.url()).hash, /VNQ|60|40/, "holdings are not in the address");

    // What is no shock is said, in the words of the server.
    await page.getByLabel("Shocks", { exact: true }).fill("SPY much");
    await page.getByLabel("Shocks", { exact: true }).press("Enter");
    await page.locator(".fault", { hasText: "shocks.SPY" }).waitFor();
    assert.deepEqual(faults, []);
});

test("100 cells drawn at random have the numbers of the API", async () => {
    const { page } = await open(server.url, { hash: "#view=correlations&size=25" });
    const body = { include: ["matrices"], max_chars: 0 };
    const { body: answer } = await server.ask("api/factor-intelligence/correlations", { body });
    const shown = await page.locator("td.cell:not(.own)").evaluateAll((cells) => cells.map((cell) => ({ row: cell.dataset.row, column: cell.dataset.column, text: cell.textContent, words: cell.title })));
    const matrix = answer.matrices[await page.getByLabel("Matrix").inputValue()];
    // A fixed seed: a failure can be looked at again.
    let seed = 20261130;
    const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
    for (let drawn = 0; drawn < 100; drawn++) {
        const { row, column, text, words } = shown[Math.floor(random() * shown.length)];
        const value = matrix[row][column];
        assert.equal(text, written(value, 2), `${row} ${column}`);
        assert.match(words, new RegExp(`: ${written(value, 3)}(,|$)`));
    }
});

test("cells to be doubted are hatched, blocks of like factors are outlined", async () => {
    const { page } = await open(server.url, { hash: "#view=correlations&size=25&order=cluster&matrix=industry" });
    const { body } = await server.ask("api/factor-intelligence/correlations", { body: { categories: ["industry"], include: ["statistics"], include_statistics: true, max_chars: 0 } });
    const { n, interval_low: low, interval_high: high } = body.statistics.industry;
    const cells = await page.locator("td.cell:not(.own)").evaluateAll((cells) => cells.map((cell) => ({ row: cell.dataset.row, column: cell.dataset.column, hatched: cell.classList.contains("doubtful"), words: cell.title, lined: cell.style.boxShadow !== "" })));
    for (const { row, column, hatched, words } of cells) {
        const rows = typeof n === "number" ? n : n[row][column];
        assert.equal(hatched, rows < 24 || (low[row][column] <= 0 && high[row][column] >= 0), `${row} ${column}`);
        assert.ok(words.includes(`, n ${rows}, 95% interval ${written(low[row][column], 2)} to ${written(high[row][column], 2)}`), words);
    }
    assert.ok(cells.some(({ hatched }) => hatched) && cells.some(({ hatched }) => !hatched));
    assert.ok(cells.some(({ lined }) => lined) && cells.some(({ lined }) => !lined));
});

test("the keyboard goes through every cell and asks from one", async () => {
    const { page } = await open(server.url, { hash: "#view=correlations&size=10" });
    const focused = () => page.evaluate(() => [document.activeElement.dataset.row, document.activeElement.dataset.column]);
    for (let presses = 0; presses < 40 && !(await page.evaluate(() => document.activeElement.matches("td.cell"))); presses++) await page.keyboard.press("Tab");
    const [names] = await Promise.all([page.locator("td.cell").evaluateAll((cells) => cells.map((cell) => [cell.dataset.row, cell.dataset.column]))]);
    assert.deepEqual(await focused(), names[0]);
    const seen = new Set();
    for (let row = 0; row < 10; row++) {
        for (let column = 0; column < 10; column++) {
            assert.deepEqual(await focused(), names[row * 10 + column]);
            seen.add(String(await focused()));
            if (column < 9) await page.keyboard.press("ArrowRight");
        }
        await page.keyboard.press("Home");
        await page.keyboard.press("ArrowDown");
    }
    assert.equal(seen.size, 100);
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Enter");
    assert.match(page.url(), /view=correlations/, "the diagonal is inert");
    await page.keyboard.press("ArrowRight");
    for (let tries = 0; tries < 8 && !(await page.evaluate(() => document.activeElement.matches(".asks"))); tries++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForURL(/view=offsets/);
});

test("back and forward, reload and a shared link give the same view", async () => {
    const { page } = await open(server.url);
    await page.getByLabel("Size").selectOption("25");
    await page.getByLabel("Matrix").selectOption("style");
    await page.getByRole("link", { name: "Returns" }).click();
    await settled(page);
    const look = () => page.locator("main").innerText();
    const [address, there] = [page.url(), await look()];
    await page.goBack();
    await settled(page);
    assert.equal(await page.getByLabel("Matrix").inputValue(), "style");
    assert.equal(await page.getByLabel("Size").inputValue(), "25");
    await page.goBack();
    await page.goBack();
    await settled(page);
    assert.equal(await page.getByLabel("Size").inputValue(), "15");
    for (let times = 0; times < 3; times++) await page.goForward();
    await settled(page);
    assert.equal(page.url(), address);
    assert.equal(await look(), there);
    await page.reload();
    await settled(page);
    assert.equal(await look(), there);
    const other = await open(server.url, { hash: new URL(address).hash });
    assert.equal(await other.page.locator("main").innerText(), there);
});

test("pasted holdings are used without being kept or named anywhere", async () => {
    const { page, requests } = await open(server.url, { hash: "#view=portfolios" });
    await page.getByLabel("Holdings").fill("SPY 61%\nGLD 39%");
    await page.getByRole("button", { name: "Use without saving" }).click();
    await settled(page);
    assert.match(await page.locator("main").innerText(), /SPY\s+61.0%/);
    assert.doesNotMatch(new URL(page.url()).hash, /SPY|GLD|61/);
    assert.deepEqual(requests.filter((request) => /SPY|GLD/.test(request.url())).map((request) => request.url()), []);
    assert.equal((await server.ask("api/portfolios", { method: "GET" })).body.count, 0);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    assert.equal((await page.context().cookies()).length, 0);
    await page.reload();
    await settled(page);
    assert.match(await page.locator("main").innerText(), /No portfolio yet/);
});
