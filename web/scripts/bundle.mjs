// Makes dist/factor.html: one file from src/, the same bytes wherever it is made (the versions are those of package-lock.json).
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const MOST_BYTES = 200_000;
const here = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? `${here}dist/factor.html`;

const bundle = await build({
    absWorkingDir: here,
    entryPoints: ["src/main.ts"],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "ascii",
    legalComments: "none",
    logLevel: "error",
});
const script = bundle.outputFiles[0].text.trim();
const style = (await transform(await readFile(`${here}src/style.css`, "utf8"), { loader: "css", minify: true, charset: "ascii" })).code.trim();
if (/<\/(script|style)|<!--/i.test(script + style)) throw new Error("the bundle would end its own element");
const page = await readFile(`${here}src/index.html`, "utf8");
// Functions, so that nothing in the bundle is read as a pattern.
const whole = page.replace("/*STYLE*/", () => style).replace("/*SCRIPT*/", () => script);
const bytes = Buffer.byteLength(whole);
if (bytes >= MOST_BYTES) throw new Error(`${bytes} bytes: fewer than ${MOST_BYTES} are allowed`);
await writeFile(out, whole);
console.log(`${out}: ${bytes} bytes`);
