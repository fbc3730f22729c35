// What the end-to-end tests share: the real server, Debian's Chromium, and a page whose every request is written down.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";
import { postgres } from "./postgres.mjs";

export const PROGRAM = process.env.FACTOR_MCP ?? new URL("../../target/release/factor-mcp", import.meta.url).pathname;
const CHROMIUM = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
/** Where a test ends that hangs: it judges nothing. */
export const PATIENCE = Number(process.env.WEB_PATIENCE ?? 120_000);
/** The page of web/dist in the place of the one that is built into the server: to try a change without building it. */
const FROM_DISK = process.env.WEB_FROM_DISK !== undefined;
/** Every width, theme and case, where otherwise a sample of them does: `scripts/long.sh page`. */
export const LONG = process.env.WEB_LONG !== undefined;
/** Where pictures of the page go, for people to look at. */
export const SHOTS = process.env.WEB_SHOTS;

const ending = [];
after(async () => {
    for (const end of ending.reverse()) await end();
});

/** The environment of a server of the tests' own: nothing of the user's who runs them. */
export function environment(folder, settings = {}) {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, FACTOR_DATA_DIR: folder, FACTOR_PRICE_SOURCE: "sample", FACTOR_TODAY: "2026-01-15", RUST_LOG: "error", ...settings };
}

/** What groups, portfolios and users are kept in. */
export const STORES = ["SQLite", "Postgres"];

let started;
/** The Postgres of this file's tests. */
export async function cluster() {
    started ??= postgres().then((running) => {
        ending.push(running.end);
        return running;
    });
    return started;
}

/** An empty store of a kind, and keys of new users of it. That of Postgres has the two roles that it has in production. */
export async function storeOf(kind) {
    const folder = mkdtempSync(join(tmpdir(), "factor-web-"));
    const address = kind === "Postgres" ? (await cluster()).database() : null;
    const [owner, settings] = address ? [{ DATABASE_URL: address("factor_owner") }, { DATABASE_URL: address("factor_app") }] : [{}, {}];
    if (address) await run(folder, ["migrate", "--app-role", "factor_app"], owner);
    const addUser = async () => (await run(folder, ["user", "add"], owner)).match(/fie_\w+/)[0];
    return { folder, settings, addUser };
}

/** A server with an empty store of a kind, and the key of its only user where it asks for one: with Postgres it always does. */
export async function serveFrom(kind) {
    const { folder, settings, addUser } = await storeOf(kind);
    const key = kind === "Postgres" ? await addUser() : undefined;
    return serve({ folder, settings, key });
}

/** Runs a command of the program to its end and gives what it prints. */
export function run(folder, args, settings = {}) {
    return new Promise((resolve, reject) => {
        const child = spawn(PROGRAM, args, { env: environment(folder, settings), stdio: ["ignore", "pipe", "pipe"] });
        let [said, complained] = ["", ""];
        child.stdout.on("data", (data) => (said += data));
        child.stderr.on("data", (data) => (complained += data));
        child.on("close", (code) => (code === 0 ? resolve(said) : reject(new Error(`${args.join(" ")} ended with ${code}: ${complained}`))));
    });
}

/** A server that listens; `stop` ends it. */
export async function serve({ settings = {}, args = [], folder = mkdtempSync(join(tmpdir(), "factor-web-")), addr = "127.0.0.1:0", key: own } = {}) {
    const child = spawn(PROGRAM, ["serve", "http", "--addr", addr, ...args], { env: environment(folder, settings), stdio: ["ignore", "ignore", "pipe"] });
    let log = "";
    const url = await new Promise((resolve, reject) => {
        child.stderr.on("data", (data) => {
            log += data;
            const found = log.match(/listening on http:\/\/[^:\s]+:(\d+)/);
            if (found) resolve(`http://127.0.0.1:${found[1]}`);
        });
        child.on("exit", (code) => reject(new Error(`the server ended with ${code}: ${log}`)));
    });
    const stop = () =>
        new Promise((resolve) => {
            if (child.exitCode !== null) return resolve();
            child.on("exit", resolve);
            child.kill("SIGTERM");
        });
    ending.push(stop);
    /** Asks the API as itself, beside the page. */
    const ask = async (path, { method = "POST", body, key = own } = {}) => {
        const response = await fetch(`${url}/${path}`, {
            method,
            headers: { "Content-Type": "application/json", ...(key ? { Authorization: `Bearer ${key}` } : {}) },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        return { status: response.status, body: await response.json().catch(() => null) };
    };
    return { url, folder, stop, ask, key: own };
}

// Pages of a test are closed with it: each listens to the server for as long as it is open.
const contexts = [];
afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
});

let browser;
export async function launch() {
    if (!CHROMIUM) throw new Error("no Chromium: apt-get install chromium, or name one in CHROMIUM");
    browser ??= chromium.launch({
        executablePath: CHROMIUM,
        // A page that Playwright answers for is nobody's neighbour: the issuer on this machine would be out of its reach.
        args: [...(FROM_DISK ? ["--disable-features=LocalNetworkAccessChecks"] : []), "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"],
    });
    const launched = await browser;
    if (ending.at(-1)?.isBrowser !== true) ending.push(Object.assign(() => launched.close(), { isBrowser: true }));
    return launched;
}

/** A browser of its own: a new context, its page, what it asked for and what went wrong in it. */
export async function open(url, { hash = "", width = 1280, height = 900, theme = "light", wait = true, before = null, key = null, ...more } = {}) {
    const context = await (await launch()).newContext({ viewport: { width, height }, colorScheme: theme, ...more });
    contexts.push(context);
    const page = await context.newPage();
    const requests = [];
    const faults = [];
    page.on("request", (request) => requests.push(request));
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
        // Chromium itself says that a request was refused; what the page says of that is tested where it is meant.
        if (message.type() === "error" && !/Failed to load resource/.test(message.text())) faults.push(message.text());
    });
    page.setDefaultTimeout(PATIENCE);
    if (FROM_DISK) await page.route((asked) => asked.origin === url && asked.pathname === "/", fromDisk);
    await before?.(page);
    await page.goto(`${url}/${hash}`);
    if (key) await signIn(page, key);
    if (wait) await settled(page);
    return { page, context, requests, faults };
}

export async function signIn(page, key) {
    await page.getByLabel("Key or access token").fill(key);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function fromDisk(route) {
    const response = await route.fetch();
    const config = (await response.text()).match(/<meta name="factor-config"[^>]*>/)[0];
    const file = readFileSync(new URL("../dist/factor.html", import.meta.url), "utf8");
    const digest = (tag) => createHash("sha256").update(file.match(new RegExp(`<${tag}>([^]*?)</${tag}>`))[1]).digest("base64");
    const policy = response.headers()["content-security-policy"].replace(/script-src [^;]*;/, `script-src 'sha256-${digest("script")}';`).replace(/style-src [^;]*;/, `style-src 'sha256-${digest("style")}';`);
    await route.fulfill({ headers: { ...response.headers(), "content-security-policy": policy, "content-encoding": "identity" }, body: file.replace('<meta name="factor-config" content="{}">', () => config) });
}

/** Waits until what is drawn is what the address says, at this width, and nothing is on its way any more. */
export async function settled(page) {
    await page.waitForFunction(() => document.body?.dataset.drawn === `${location.hash} ${innerWidth}` && !document.querySelector("[data-asking], .busy, .mark, .turning"));
}

/** Waits until the page hears of changes: those from then on. */
export const listening = (page) => page.locator("body[data-listening]").waitFor();

/** Waits until something is so, and gives it; how long is bounded only so that a test that hangs ends. */
export async function until(what, ask) {
    for (let tries = 0; tries < 1200; tries++) {
        const said = await ask();
        if (said) return said;
        await pause(50);
    }
    throw new Error(`it never came to be that ${what}`);
}

/** The rows of a table of figures by its name, as text. */
export const figures = (page, name) => page.getByRole("region", { name, exact: true }).locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));

/** A number as the page writes it. */
export function written(value, decimals) {
    if (value === null || value === undefined) return "–";
    return (value < 0 && Number(value.toFixed(decimals)) !== 0 ? "−" : "") + Math.abs(value).toFixed(decimals);
}
export const percentage = (value, decimals = 1) => (value === null || value === undefined ? "–" : `${written(value * 100, decimals)}%`);

/** Those requests that went anywhere but to this server. */
export const outside = (requests, url) => requests.map((request) => request.url()).filter((asked) => !asked.startsWith(`${url}/`) && !asked.startsWith("data:") && !asked.startsWith(`blob:${url}`));

/** How often a path was asked for. */
export const count = (requests, path, method) => requests.filter((request) => new URL(request.url()).pathname === path && (!method || request.method() === method)).length;

export async function shot(page, name, options = {}) {
    if (!SHOTS) return;
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}
