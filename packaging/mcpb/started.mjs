// What a client starts of an unpacked bundle, by mcpb's own code: `--env NAME=VALUE` for each variable, then the command, a line each.
//
//   node started.mjs BUNDLE FOLDER_OF_MCPB
import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [bundle, folder] = process.argv.slice(2);
const { getMcpConfigForManifest } = await import(pathToFileURL(path.join(folder, "..", "index.js")));
const manifest = JSON.parse(readFileSync(path.join(bundle, "manifest.json"), "utf8"));
const started = await getMcpConfigForManifest({
  manifest, extensionPath: bundle, systemDirs: {}, userConfig: {}, pathSeparator: path.sep,
});
for (const [name, value] of Object.entries(started.env ?? {})) console.log(`--env\n${name}=${value}`);
console.log([started.command, ...(started.args ?? [])].join("\n"));
