#!/usr/bin/env node
// Starts the program of this machine, which npm has installed as one of the optional packages. Nothing is downloaded here.
"use strict";

const { spawn } = require("node:child_process");
const { existsSync, readdirSync } = require("node:fs");
const path = require("node:path");

// Node says which C library it runs on itself; where it cannot, musl's loader is looked for.
function isMusl() {
  if (process.platform !== "linux") return false;
  const report = process.report?.getReport?.();
  if (report?.header?.glibcVersionRuntime) return false;
  if (report?.sharedObjects?.some((file) => file.includes("ld-musl-"))) return true;
  return existsSync("/lib") && readdirSync("/lib").some((file) => file.startsWith("ld-musl-"));
}

const name = `factor-mcp-${process.platform}-${process.arch}${isMusl() ? "-musl" : ""}`;
const program = process.platform === "win32" ? "factor-mcp.exe" : "factor-mcp";

let file;
try {
  file = path.join(path.dirname(require.resolve(`${name}/package.json`)), program);
} catch {
  console.error(
    `factor-mcp: the package ${name} is not installed. Either there is none for this machine (${process.platform} ` +
      `${process.arch}), or optional packages were left out: install again without --omit=optional.`,
  );
  process.exit(1);
}

// The server ends when its standard input does; signals that reach this process alone are passed on.
const child = spawn(file, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`factor-mcp: ${file} cannot be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else {
    process.exit(code ?? 1);
  }
});
