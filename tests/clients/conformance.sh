#!/usr/bin/env bash
# The official conformance scenarios that a server can pass without the suite's own test tools and resources.
#
#   conformance.sh PROGRAM      with conformance and its Node on PATH
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
use_server "${1:?usage: conformance.sh PROGRAM}"

scenarios_2025_11_25=(
    server-initialize server-session-lifecycle ping completion-complete tools-list server-sse-polling
    server-sse-multiple-streams resources-list prompts-list dns-rebinding-protection
)
scenarios_2026_07_28=(
    completion-complete tools-list server-sse-multiple-streams resources-list sep-2164-resource-not-found prompts-list
    dns-rebinding-protection caching http-header-validation input-required-result-unsupported-methods
    input-required-result-ignore-extra-params input-required-result-validate-input
    input-required-result-missing-input-response
)

run_scenario() {
    local version=$1 scenario=$2
    if conformance server --url "$url" --scenario "$scenario" --spec-version "$version" -o "$scratch/out" >"$scratch/log" 2>&1; then
        pass "$version $scenario"
    else
        fail "$version $scenario" "$scratch/log"
    fi
}

# Checks that want test tools of the suite's own; whatever else fails in this scenario is a failure.
needs_test_tools=(
    sep-2575-server-rejects-undeclared-capability sep-2575-missing-capability-http-400
    sep-2575-http-server-no-independent-requests-on-stream sep-2575-server-no-log-without-loglevel
)

run_stateless() {
    local name="2026-07-28 server-stateless" results=$scratch/stateless
    conformance server --url "$url" --scenario server-stateless --spec-version 2026-07-28 -o "$results" >"$scratch/log" 2>&1 || true
    if node -e '
        const [folder, ...expected] = process.argv.slice(1);
        const file = require("path").join(folder, require("fs").readdirSync(folder)[0], "checks.json");
        const checks = JSON.parse(require("fs").readFileSync(file, "utf8"));
        const failed = checks.filter((check) => check.status !== "SUCCESS" && check.status !== "SKIPPED");
        const bad = failed.filter((check) => !(expected.includes(check.id) && check.errorMessage.startsWith("Not testable")));
        for (const check of bad) console.error(`${check.id}: ${check.errorMessage}`);
        const good = checks.filter((check) => check.status === "SUCCESS").length;
        if (good < 20) console.error(`only ${good} checks succeeded`);
        process.exit(bad.length === 0 && good >= 20 ? 0 : 1);
    ' "$results" "${needs_test_tools[@]}" 2>"$scratch/why"; then
        pass "$name (but for ${#needs_test_tools[@]} checks that want the suite's own test tools)"
    else
        fail "$name" "$scratch/why"
    fi
}

serve_http
for scenario in "${scenarios_2025_11_25[@]}"; do run_scenario 2025-11-25 "$scenario"; done
for scenario in "${scenarios_2026_07_28[@]}"; do run_scenario 2026-07-28 "$scenario"; done
run_stateless
tell conformance
