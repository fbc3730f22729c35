// The seed's workflow: analyse, ask for offsets, make a group, change it, delete it; and what stands around it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, test } from "node:test";
import { count, open, outside, serve, settled, shot } from "./support.mjs";

let server;
before(async () => {
    server = await serve();
});

test("analyse, offsets, group, edit, delete", async () => {
    const { page, requests, faults } = await open(server.url);
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

    // A cell over 0.3 asks for offsets of its row's factor.
    const cell = page.locator("td.cell.asks").first();
    const factor = await cell.getAttribute("data-row");
    await cell.click();
    await settled(page);
    assert.match(page.url(), new RegExp(`view=offsets.*factor=${factor}`));
    assert.equal(await page.getByLabel("Too much of").inputValue(), factor);
    assert.match(await page.locator("main").innerText(), /No portfolio/);
    assert.ok((await page.locator("table tbody tr").count()) > 0);
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
    for (const kind of ["CSV", "JSON", "SVG", "PNG"]) {
        await page.locator("summary", { hasText: "Download" }).click();
        const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: kind }).click()]);
        taken[kind] = { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
        await page.locator("summary", { hasText: "Download" }).click();
    }
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
    assert.deepEqual(Object.values(taken).map(({ name }) => name.split(".").pop()), ["csv", "json", "svg", "png"]);
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
        const written = (decimals) => (value < 0 && Number(value.toFixed(decimals)) !== 0 ? "−" : "") + Math.abs(value).toFixed(decimals);
        assert.equal(text, written(2), `${row} ${column}`);
        assert.match(words, new RegExp(`: ${written(3)}(,|$)`));
    }
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
    assert.doesNotMatch(page.url(), /SPY|GLD|61/);
    assert.deepEqual(requests.filter((request) => /SPY|GLD/.test(request.url())).map((request) => request.url()), []);
    assert.equal((await server.ask("api/portfolios", { method: "GET" })).body.count, 0);
    assert.equal(await page.evaluate(() => localStorage.length + sessionStorage.length), 0);
    assert.equal((await page.context().cookies()).length, 0);
    await page.reload();
    await settled(page);
    assert.match(await page.locator("main").innerText(), /No portfolio yet/);
});

test("a change that somebody else makes is heard of, and what rests on it is asked for again", async () => {
    const { page, requests } = await open(server.url, { hash: "#view=groups" });
    await page.waitForTimeout(2500);
    const asked = count(requests, "/api/factor-groups", "GET");
    await page.getByLabel("Name").fill("half a na");
    await server.ask("api/factor-groups", { body: { group_name: "From afar", tickers: ["SPY", "TLT"], validate: false } });
    await page.locator(".items li", { hasText: "From afar" }).waitFor({ timeout: 30_000 });
    assert.ok(count(requests, "/api/factor-groups", "GET") > asked);
    assert.equal(await page.getByLabel("Name").inputValue(), "half a na", "what is being typed stays");
    await server.ask("api/factor-groups/From%20afar", { method: "DELETE" });
    await page.locator(".items li", { hasText: "From afar" }).waitFor({ state: "detached", timeout: 30_000 });
});
