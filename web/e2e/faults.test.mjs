// Error states, hostile text, other users, logins.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { issuer } from "./issuer.mjs";
import { STORES, cluster, count, listening, open, serve, serveFrom, settled, shot, signIn, storeOf, until } from "./support.mjs";

const CORRELATIONS = "/api/factor-intelligence/correlations";
const servers = {};
let server;
before(async () => {
    for (const kind of STORES) servers[kind] = await serveFrom(kind);
    server = servers.SQLite;
});

/** A page some of whose requests are answered by `answer`. */
async function opened(path, answer, { clock = false, ...options } = {}) {
    const before = async (page) => {
        if (clock) await page.clock.install();
        await page.route(`**${path}`, answer);
    };
    return open(server.url, { ...options, wait: false, before });
}

const problem = (status, detail, headers = {}, more = {}) => ({ status, headers: { "Content-Type": "application/problem+json", ...headers }, body: JSON.stringify({ status, detail, ...more }) });

test("a fault of the server is tried twice again, said, and Retry asks again", async () => {
    let faulty = true;
    const { page, requests } = await opened(CORRELATIONS, (route) => (faulty ? route.fulfill(problem(500, "Something broke.")) : route.continue()));
    await page.locator(".fault", { hasText: "Something broke." }).waitFor();
    assert.equal(count(requests, CORRELATIONS), 3);
    await shot(page, "state-error");
    faulty = false;
    await page.getByRole("button", { name: "Retry" }).click();
    await settled(page);
    assert.equal(await page.locator("table.heat").count(), 1);
});

test("a quota that is used up is not asked again, and Retry waits as long as the server says", async () => {
    let refused = true;
    const { page, requests } = await opened(CORRELATIONS, (route) => (refused ? route.fulfill(problem(429, "100 of 100 analyses today.", { "Retry-After": "100" })) : route.continue()), { clock: true });
    const retry = page.getByRole("button", { name: "Retry" });
    await retry.waitFor();
    assert.equal(count(requests, CORRELATIONS), 1);
    assert.equal(await retry.isDisabled(), true);
    assert.match(await page.locator(".fault").innerText(), /100 of 100[^]*asks to wait \d+ seconds\./);
    await shot(page, "state-quota");
    refused = false;
    await page.clock.fastForward(100_000);
    await page.waitForFunction(() => !document.querySelector(".fault button").disabled);
    assert.equal(count(requests, CORRELATIONS), 1, "nothing is asked by itself");
    await retry.click();
    await settled(page);
    assert.equal(await page.locator("table.heat").count(), 1);
});

test("until an answer is there it is said, while another is on its way the last stays and is marked, and Refresh turns", async () => {
    let begin;
    let hold = new Promise((resolve) => (begin = resolve));
    const { page } = await opened(CORRELATIONS, async (route) => {
        if (hold) await hold;
        await route.continue();
    });
    await page.locator(".busy", { hasText: "Computing" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Refresh" }).isDisabled(), true);
    await shot(page, "state-loading");
    begin();
    await settled(page);
    let release;
    hold = new Promise((resolve) => (release = resolve));
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.locator(".mark").waitFor();
    assert.equal(await page.locator("table.heat").count(), 1);
    assert.equal(await page.getByRole("button", { name: "Refresh" }).isDisabled(), true);
    assert.equal(await page.locator(".refresh.turning").count(), 1);
    await shot(page, "state-refetching");
    hold = null;
    release();
    await settled(page);
    assert.equal(await page.getByRole("button", { name: "Refresh" }).isDisabled(), false);
});

test("a refetch that fails leaves the last answer, with what went wrong above it", async () => {
    let faulty = false;
    const { page } = await opened(CORRELATIONS, (route) => (faulty ? route.fulfill(problem(429, "no more today")) : route.continue()));
    await settled(page);
    faulty = true;
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.locator(".fault", { hasText: "no more today What is shown is older." }).waitFor();
    assert.equal(await page.locator("table.heat").count(), 1);
});

test("one view's fault leaves the others, and the page's errors go to its own console only", async () => {
    const { page, requests, faults } = await opened("/api/factor-intelligence/performance", (route) => route.fulfill({ status: 200, contentType: "application/json", body: '{"status":"success","per_factor":{"SPY":7,"TLT":null}}' }), { hash: "#view=performance" });
    await page.locator(".fault", { hasText: "cannot be shown" }).waitFor();
    assert.ok(faults.length > 0);
    await page.getByRole("link", { name: "Correlations" }).click();
    await settled(page);
    assert.equal(await page.locator("table.heat").count(), 1);
    assert.deepEqual([...new Set(requests.map((request) => new URL(request.url()).pathname))].filter((path) => /log|error|report/.test(path)), []);
});

test("no data, and a mistake in an argument, are said in words", async () => {
    const { page } = await open(server.url, { hash: "#view=correlations&tickers=SPY,NOTHINGATALL" });
    assert.match(await page.locator("main").innerText(), /NOTHINGATALL/);
    await page.goto(`${server.url}/#view=performance&start=2025-06&end=2025-01`);
    await page.reload();
    await settled(page);
    assert.match(await page.locator(".fault").innerText(), /must be before end_date/);
    await shot(page, "state-argument");
});

test("a server that is away is said, and what is there stays", async () => {
    const other = await serve();
    const { page } = await open(other.url);
    await other.stop();
    await page.getByRole("link", { name: "Returns" }).click();
    await page.locator(".fault", { hasText: "cannot be reached" }).waitFor();
    await page.getByRole("link", { name: "Correlations" }).click();
    assert.equal(await page.locator("table.heat").count(), 1, "what is there stays");
});

for (const kind of STORES) {
    test(`what is wrong with a form stands at its fields, kept in ${kind}`, async () => {
        const { page } = await open(servers[kind].url, { hash: "#view=groups", key: servers[kind].key });
        await page.getByRole("button", { name: "Create group" }).click();
        assert.match(await page.locator(".form").innerText(), /needs a name[^]*needs at least two tickers/);
        assert.equal(await page.getByLabel("Name").getAttribute("aria-invalid"), "true");
        await page.getByLabel("Name").fill("a/b");
        await page.getByLabel("Tickers").fill("XLK ZZ..Z");
        await page.getByRole("button", { name: "Create group" }).click();
        await page.locator(".field .wrong", { hasText: "letters, digits" }).waitFor();
        assert.ok((await page.locator("#" + (await page.getByLabel("Tickers").getAttribute("aria-describedby")).split(" ")[0]).innerText()).length > 0);
        assert.equal(await page.getByLabel("Name").evaluate((input) => input === document.activeElement), true);
        await shot(page, "state-fields");

        // A name that is taken by other tickers, and a group that somebody else has deleted meanwhile.
        await servers[kind].ask("api/factor-groups", { body: { group_name: "Taken", tickers: ["SPY", "TLT"], validate: false } });
        await page.locator(".items li", { hasText: "Taken" }).waitFor();
        await page.getByLabel("Name").fill("Taken");
        await page.getByLabel("Tickers").fill("XLK SOXX");
        await page.getByRole("button", { name: "Create group" }).click();
        await page.locator(".wrong:not(:empty), .outcome .fault").first().waitFor();
        assert.equal(await page.getByLabel("Tickers").inputValue(), "XLK SOXX", "what was typed stays");
        await page.route("**/api/events", (route) => route.abort());
        await page.reload();
        if (servers[kind].key) await signIn(page, servers[kind].key);
        await settled(page);
        await servers[kind].ask("api/factor-groups/Taken", { method: "DELETE" });
        await page.getByRole("button", { name: "Check Taken" }).click();
        await page.locator(".outcome .fault", { hasText: "Taken" }).waitFor();
        await page.locator(".items li", { hasText: "Taken" }).waitFor({ state: "detached" });
    });

    test(`two users in two browsers see only their own, and a key is gone with its page, kept in ${kind}`, async () => {
        const { folder, settings, addUser } = await storeOf(kind);
        const keys = [await addUser(), await addUser()];
        const shared = await serve({ folder, settings, addr: "0.0.0.0:0" });
        const opens = async (key) => {
            const seen = await open(shared.url, { hash: "#view=groups" });
            assert.equal(await seen.page.locator(".items").count(), 0, "nothing without a key");
            await signIn(seen.page, key);
            await settled(seen.page);
            await listening(seen.page);
            return seen;
        };
        const wrong = await open(shared.url);
        await shot(wrong.page, "login");
        // What is typed outlasts a window that is made narrower.
        await wrong.page.getByLabel("Key or access token").fill("half a k");
        await wrong.page.setViewportSize({ width: 700, height: 900 });
        await settled(wrong.page);
        assert.equal(await wrong.page.getByLabel("Key or access token").inputValue(), "half a k");
        await signIn(wrong.page, "fie_nobodys");
        await wrong.page.locator(".fault", { hasText: "not, or no longer, a key" }).waitFor();

        const [ada, bob] = [await opens(keys[0]), await opens(keys[1])];
        await ada.page.getByLabel("Name").fill("Adas basket");
        await ada.page.getByLabel("Tickers").fill("XLK SOXX");
        await ada.page.getByRole("button", { name: "Create group" }).click();
        await ada.page.locator(".items li", { hasText: "Adas basket" }).waitFor();
        // What Bob's page hears of after it, it would have heard of before.
        await shared.ask("api/factor-groups", { key: keys[1], body: { group_name: "Bobs", tickers: ["SPY", "TLT"], validate: false } });
        await bob.page.locator(".items li", { hasText: "Bobs" }).waitFor();
        assert.doesNotMatch(await bob.page.locator("body").innerText(), /Adas/);
        await bob.page.getByRole("button", { name: "Refresh" }).click();
        await settled(bob.page);
        assert.doesNotMatch(await bob.page.locator("body").innerText(), /Adas/);
        for (const { page, requests } of [ada, bob]) {
            const key = page === ada.page ? keys[0] : keys[1];
            assert.ok(requests.every((request) => !request.url().includes(key)));
            assert.equal(await page.evaluate((key) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, document.documentElement.outerHTML]).includes(key), key), false);
        }
        // Whoever signs in next in the same page finds nothing of the one before.
        await ada.page.getByRole("button", { name: "Sign out" }).click();
        await signIn(ada.page, keys[1]);
        await settled(ada.page);
        assert.doesNotMatch(await ada.page.locator("body").innerText(), /Adas/);
        await ada.page.reload();
        assert.equal(await ada.page.getByLabel("Key or access token").inputValue(), "");
    });
}

test("a store that is away is said, nothing that was typed is lost, and once it is back it works", async () => {
    const { page } = await open(servers.Postgres.url, { hash: "#view=groups", key: servers.Postgres.key });
    const postgres = await cluster();
    await postgres.halt();
    await page.getByLabel("Name").fill("Outlasting");
    await page.getByLabel("Tickers").fill("SPY TLT");
    await page.getByRole("button", { name: "Create group" }).click();
    await page.locator(".outcome .fault").waitFor();
    await shot(page, "state-store-away");
    assert.equal(await page.getByLabel("Name").inputValue(), "Outlasting");
    // What is counted for its user waits for the store as well.
    await page.getByRole("link", { name: "Correlations" }).click();
    await page.locator(".fault", { hasText: "call again in a moment" }).waitFor();
    await postgres.resume();
    await page.getByRole("button", { name: "Retry" }).click();
    await page.locator("table.heat").waitFor();
    await page.getByRole("link", { name: "Groups" }).click();
    await settled(page);
    await page.getByRole("button", { name: "Create group" }).click();
    await page.locator(".items li", { hasText: "Outlasting" }).waitFor();
});

test("the quality of the data is told in four colours, with its figures and what was left out", async () => {
    let score;
    const { page } = await opened(CORRELATIONS, async (route) => {
        const response = await route.fetch();
        const answer = await response.json();
        if (answer.data_quality) answer.data_quality.quality_score = score;
        await route.fulfill({ response, json: answer });
    });
    const colours = new Set();
    for (score of ["excellent", "good", "fair", "poor"]) {
        await settled(page);
        await page.getByRole("button", { name: "Refresh" }).click();
        const badge = page.locator(`.quality .badge.${score}`);
        await badge.waitFor();
        assert.equal((await badge.innerText()).toLowerCase(), score);
        colours.add(await badge.evaluate((element) => getComputedStyle(element).backgroundColor));
    }
    assert.equal(colours.size, 4);
    await settled(page);
    await page.locator(".quality summary").click();
    assert.match(await page.locator(".quality").innerText(), /IBIT[^]*:[^]*ETHA/);
});

test("hostile names, labels and cells are shown as text", async () => {
    const HOSTILE = `<img src=x onerror="window.broken=1"><script>window.broken=1</script>'"`;
    const { page, faults } = await opened(CORRELATIONS, async (route) => {
        const response = await route.fetch();
        const answer = await response.json();
        for (const ticker of Object.keys(answer.analysis_metadata?.labels ?? {})) answer.analysis_metadata.labels[ticker].label = HOSTILE;
        if (answer.data_quality) {
            answer.data_quality.quality_score = "excellent";
            answer.data_quality.excluded_factor_list = [{ ticker: HOSTILE, label: HOSTILE, reason: "no_data", detail: HOSTILE }];
            answer.warnings = [HOSTILE];
        }
        await route.fulfill({ response, json: answer });
    });
    await settled(page);
    assert.ok((await page.locator("main").innerText()).includes(HOSTILE));
    assert.ok((await page.locator("td.cell:not(.own)").first().getAttribute("title")).includes(HOSTILE));

    // Names that this server takes from nobody, as one with other rules might send them.
    const named = JSON.stringify({ status: "success", count: 1, factor_groups: [{ group_name: HOSTILE, proxy_identifier: HOSTILE, description: HOSTILE, tickers: [HOSTILE], ticker_count: 1, weighting_method: HOSTILE, is_valid: true, created_at: HOSTILE, updated_at: HOSTILE }], portfolios: [{ portfolio_name: HOSTILE, holding_count: 1, updated_at: HOSTILE }] });
    for (const [list, view] of [["factor-groups", "groups"], ["portfolios", "portfolios"]]) {
        await page.route(`**/api/${list}`, (route) => route.fulfill({ contentType: "application/json", body: named }));
        await page.goto(`${server.url}/#view=${view}`);
        await page.reload();
        await settled(page);
        assert.ok((await page.locator(".items li").innerText()).includes(HOSTILE));
        await page.unroute(`**/api/${list}`);
    }

    // A group's description and a cell of a CSV file, as far as the server takes them.
    await server.ask("api/factor-groups", { body: { group_name: "Odd & Co", description: HOSTILE, tickers: ["SPY", "TLT"], validate: false } });
    await page.goto(`${server.url}/#view=groups`);
    await page.reload();
    await settled(page);
    await page.getByRole("button", { name: "Edit Odd & Co" }).click();
    await page.getByRole("heading", { name: "Edit Odd & Co" }).waitFor();
    assert.equal(await page.getByLabel("Description").inputValue(), HOSTILE);
    await page.goto(`${server.url}/#view=portfolios`);
    await settled(page);
    await page.locator('input[type="file"]').setInputFiles({ name: `${HOSTILE}.csv`, mimeType: "text/csv", buffer: Buffer.from(`Ticker,Weight\n"${HOSTILE.replaceAll('"', '""')}",0.5\nSPY,0.5\n`) });
    await page.locator(".preview", { hasText: "2 holdings" }).waitFor();
    assert.ok((await page.locator(".preview").innerText()).includes("<img src=x"));
    await page.getByRole("button", { name: "Save portfolio" }).click();
    await page.locator(".wrong:not(:empty), .fault").first().waitFor();
    await page.goto(`${server.url}/#view=offsets&factor=${encodeURIComponent(HOSTILE)}`);
    await settled(page);
    assert.equal(await page.getByLabel("Too much of").inputValue(), HOSTILE.slice(0, 120));
    assert.equal(await page.evaluate(() => window.broken), undefined);
    assert.equal(await page.locator("main img, main script").count(), 0);
    assert.deepEqual(faults, []);
    await server.ask("api/factor-groups/Odd%20%26%20Co", { method: "DELETE" });
});

test("signing in at the issuer by PKCE, back to the same view, and nothing of it is kept", async () => {
    const trusted = await issuer();
    const port = 20000 + Math.floor(Math.random() * 20000);
    const url = `http://127.0.0.1:${port}`;
    const shared = await serve({ addr: `127.0.0.1:${port}`, settings: { FACTOR_OAUTH_ISSUER: trusted.url, FACTOR_PUBLIC_URL: url, FACTOR_OAUTH_CLIENT_ID: "factor-page" } });
    trusted.audience = url;
    const { page, requests, faults } = await open(shared.url, { hash: "#view=returns" });
    await shot(page, "login-oauth");
    await page.getByRole("button", { name: /^Sign in at/ }).click();
    await until("a token is asked for", () => trusted.seen.some(({ path }) => path === "/token"));
    await settled(page);
    assert.match(page.url(), /#view=returns$/);
    assert.match(await page.locator("main").innerText(), /Best and worst/);
    assert.deepEqual(trusted.seen.map(({ path }) => path).filter((path) => !/well-known|jwks|favicon/.test(path)), ["/authorize", "/token"]);
    const [authorize, token] = ["/authorize", "/token"].map((path) => trusted.seen.find((seen) => seen.path === path).said);
    assert.equal(authorize.get("code_challenge_method"), "S256");
    assert.equal(authorize.get("resource"), url);
    assert.ok(token.get("code_verifier").length >= 43);
    assert.equal(await page.evaluate(() => sessionStorage.length + localStorage.length), 0);
    assert.ok(requests.every((request) => !request.url().includes(trusted.token ?? "none")));
    // A stranger's answer, for a login that was not begun here.
    await page.goto(`${shared.url}/?code=stolen&state=guessed`);
    await page.locator(".fault", { hasText: "not begun here" }).waitFor();
    assert.doesNotMatch(page.url(), /stolen/);
    assert.deepEqual(faults, []);
});
