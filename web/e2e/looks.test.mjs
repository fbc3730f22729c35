// How it looks: no scrolling sideways from 320 px to 4K, both themes, axe-core, touch targets, figures in sight.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { LONG, open, outside, serve, settled, shot } from "./support.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const VIEWS = ["correlations", "performance", "returns", "offsets&factor=SPY&scenario=covid", "exposures", "model&subject=XLK", "stress", "compare", "groups", "portfolios"];
const ALL_WIDTHS = [320, 480, 768, 1280, 1920, 3840];
// Every width in one of the themes at least; where axe looks, in both.
const WIDTHS = LONG ? { light: ALL_WIDTHS, dark: ALL_WIDTHS } : { light: [320, 768, 1280, 3840], dark: [320, 480, 1920] };
const LOOKED_AT = LONG ? [320, 768, 1280] : [320, 1280];
let server;
before(async () => {
    server = await serve();
    await server.ask("api/portfolios", { body: { portfolio_name: "CURRENT_PORTFOLIO", holdings: { VNQ: 0.35, SPY: 0.25, XLK: 0.2, TLT: 0.2 } } });
    await server.ask("api/factor-groups", { body: { group_name: "My Tech Basket with a rather long name that wants to be broken", tickers: ["XLK", "SOXX", "IGV"] } });
});

for (const theme of ["light", "dark"]) {
    test(`every view from 320 px to 4K, ${theme}: nothing scrolls sideways, axe finds nothing`, async () => {
        const { page, requests, faults } = await open(server.url, { theme });
        for (const view of VIEWS) {
            await page.goto(`${server.url}/#view=${view}`);
            await settled(page);
            for (const width of WIDTHS[theme]) {
                await page.setViewportSize({ width, height: width === 3840 ? 2160 : 900 });
                await settled(page);
                const [wide, has] = await page.evaluate(() => [document.scrollingElement.scrollWidth, innerWidth]);
                assert.ok(wide <= has, `${view} at ${width}: ${wide} wide`);
                await shot(page, `look-${view.split("&")[0]}-${theme}-${width}`, { fullPage: true });
                if (LOOKED_AT.includes(width)) await clean(page, `${view} at ${width}, ${theme}`);
                // However long a name is: a table shows figures without being scrolled.
                const hidden = await page.locator(".figures").evaluateAll((tables) =>
                    tables
                        .map((table) => [table.caption.textContent, table.querySelector("td.number")?.getBoundingClientRect().right, table.parentElement.getBoundingClientRect().right])
                        .filter(([, figure, box]) => figure !== undefined && figure > box + 1)
                        .map(([name, figure, box]) => `${name}: ${figure} > ${box}`),
                );
                assert.deepEqual(hidden, [], `${view} at ${width}, ${theme}`);
            }
            const small = await page.locator("button:visible, select:visible, input:not([type=checkbox]):visible, summary:visible, nav a:visible, td.cell:visible").evaluateAll((targets) =>
                targets.map((target) => [target.textContent.slice(0, 30) || target.tagName, target.getBoundingClientRect()]).filter(([, box]) => box.height < 43.5 || box.width < 43.5).map(([name, box]) => `${name} ${box.width}x${box.height}`),
            );
            assert.deepEqual(small, [], `${view}: touch targets of 44 px`);
        }
        assert.deepEqual(outside(requests, server.url), []);
        assert.deepEqual(faults, []);
    });
}

test("the login and every error state are clean too", async () => {
    for (const theme of ["light", "dark"]) {
        const { page } = await open(server.url, { theme, hash: "#view=performance&start=2025-06&end=2025-01" });
        await page.locator(".fault").first().waitFor();
        await clean(page, `an error, ${theme}`);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByLabel("Key or access token").waitFor();
        await clean(page, `the login, ${theme}`);
        await page.goto(`${server.url}/#view=groups`);
        await page.reload();
        await settled(page);
        await page.getByRole("button", { name: "Create group" }).click();
        await clean(page, `faults of fields, ${theme}`);
    }
});

/** Runs axe in a world of its own, which the page's policy has no say in. */
async function clean(page, what) {
    const found = await axe(page);
    assert.deepEqual(found, [], what);
}

async function axe(page) {
    const session = await page.context().newCDPSession(page);
    try {
        const { frameTree } = await session.send("Page.getFrameTree");
        const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "axe" });
        const evaluate = async (expression) => {
            const { result, exceptionDetails } = await session.send("Runtime.evaluate", { expression, contextId: executionContextId, awaitPromise: true, returnByValue: true });
            if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
            return result.value;
        };
        await evaluate(`${AXE}; 0`);
        return await evaluate("axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 3).map((node) => node.html.slice(0, 160) + ' ' + node.failureSummary.slice(0, 300)).join(' | ')))");
    } finally {
        await session.detach();
    }
}

test("the page is sent with its policy, short, and once", async () => {
    const response = await fetch(server.url);
    const policy = response.headers.get("content-security-policy");
    assert.match(policy, /default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}';.*connect-src 'self';.*frame-ancestors 'none'/);
    assert.equal(response.headers.get("referrer-policy"), "no-referrer");
    assert.equal(response.headers.get("content-encoding"), "gzip");
    const again = await fetch(server.url, { headers: { "If-None-Match": response.headers.get("etag") } });
    assert.equal(again.status, 304);
    const { page } = await open(server.url);
    // Nothing that is not the file's own runs.
    const ran = await page.evaluate(() => {
        const script = document.createElement("script");
        script.textContent = "window.broken = 1";
        document.body.append(script);
        return window.broken ?? null;
    });
    assert.equal(ran, null);
});
