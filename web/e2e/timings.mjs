// How fast the page is, in medians; prints them and judges nothing: `scripts/long.sh page`.
import { test } from "node:test";
import { launch, open, serve, settled } from "./support.mjs";

const TIMES = Number(process.env.WEB_TIMES ?? 15);

const spread = (values) => {
    const sorted = [...values].sort((one, other) => one - other);
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(0);
    return `${at(0.5)} ms (n ${sorted.length}, ${at(0)} to ${at(1)})`;
};

test("timings", async (t) => {
    await launch();
    const server = await serve();
    // What a first call computes is the server's to answer for (benches/calls.py).
    await (await open(server.url)).context.close();
    const [paints, shown] = [[], []];
    const interactions = new Map();
    // What the page's own thread worked, which a busy machine adds nothing to.
    const worked = [];
    for (let times = 0; times < TIMES; times++) {
        const { page, context } = await open(server.url);
        paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
        shown.push(await page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/correlations"))[0].responseEnd));
        const session = await context.newCDPSession(page);
        await session.send("Performance.enable", { timeDomain: "threadTicks" });
        const work = async () => (await session.send("Performance.getMetrics")).metrics.find(({ name }) => name === "TaskDuration").value * 1000;
        for (const [label, value] of [["Size", "25"], ["Size", "10"], ["Size", "15"], ["Matrix", "style"], ["Matrix", "industry"]]) {
            // From the event to the frame that shows what came of it.
            const before = await work();
            const took = await page.getByLabel(label).evaluate(
                (select, value) =>
                    new Promise((resolve) => {
                        select.value = value;
                        const from = performance.now();
                        select.dispatchEvent(new Event("change", { bubbles: true }));
                        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - from)));
                    }),
                value,
            );
            worked.push((await work()) - before);
            const name = `${label} ${value}`;
            interactions.set(name, [...(interactions.get(name) ?? []), took]);
            await settled(page);
        }
        await context.close();
    }
    t.diagnostic(`first paint ${spread(paints)}`);
    t.diagnostic(`first answer there ${spread(shown)}`);
    for (const [name, took] of interactions) t.diagnostic(`interaction, ${name}: ${spread(took)}`);
    t.diagnostic(`interaction, all: ${spread([...interactions.values()].flat())}; processor time ${spread(worked)}`);
});
