#!/usr/bin/env bash
# The server through the command line of the MCP Inspector: stdio and HTTP, both protocol eras.
#
#   inspector.sh PROGRAM        with mcp-inspector and its Node on PATH
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
use_server "${1:?usage: inspector.sh PROGRAM}"
export MCP_INSPECTOR_SECRET_STORE=memory

# inspect STATUS NAME EXPRESSION ARGUMENT...: the Inspector ends with STATUS, and EXPRESSION holds in JavaScript for
# `result` (what it printed) and `error` (the last JSON line of its standard error).
inspect() {
    local expected=$1 name=$2 expression=$3 status=0
    shift 3
    mcp-inspector --cli "${target[@]}" --protocol-era "$era" --format json "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || status=$?
    if ((status != expected)); then
        fail "$where $era: $name: exit status $status, not $expected" "$scratch/out" "$scratch/err"
    elif ! node -e '
        const fs = require("fs");
        const json = (text) => { try { return JSON.parse(text); } catch { return undefined; } };
        const printed = json(fs.readFileSync(process.argv[1], "utf8"));
        const result = printed?.result ?? printed;
        const stderr = fs.readFileSync(process.argv[2], "utf8").trim();
        const error = stderr.split("\n").reverse().map(json).find((line) => line);
        const names = (list) => list.map((item) => item.name).sort().join(" ");
        process.exit(eval(process.argv[3]) ? 0 : 1);
    ' "$scratch/out" "$scratch/err" "$expression" 2>"$scratch/why"; then
        fail "$where $era: $name: does not hold: $expression" "$scratch/out" "$scratch/err" "$scratch/why"
    else
        pass "$where $era: $name"
    fi
}

inspect_all() {
    local version=2025-11-25 kind
    [[ $era == modern ]] && version=2026-07-28
    inspect 0 "initialize" "JSON.stringify(result).includes('$version') && JSON.stringify(result).includes('factor-mcp')" \
        --method initialize
    inspect 0 "tools/list has no portability findings" \
        "names(result.tools) === 'analyze_factor_model compare_factors create_factor_group delete_factor_group delete_portfolio get_factor_analysis get_factor_group get_factor_recommendations get_portfolio get_portfolio_exposures get_server_status list_factor_groups list_factors list_portfolios save_portfolio stress_test update_factor_group validate_factor_group' && stderr === ''" \
        --method tools/list --strict
    for kind in correlations performance returns; do
        inspect 0 "tools/call $kind" \
            "result.isError !== true && result.structuredContent.status === 'success' && result.structuredContent.analysis_type === '$kind' && JSON.stringify(JSON.parse(result.content[0].text)) === JSON.stringify(result.structuredContent)" \
            --method tools/call --tool-name get_factor_analysis --tool-args-json "{\"analysis_type\": \"$kind\"}"
    done
    inspect 0 "tools/call with arguments one by one" \
        "Object.values(result.structuredContent.factors).every((f) => f.category === 'industry' && '3m' in f.windows)" \
        --method tools/call --tool-name get_factor_analysis --tool-arg analysis_type=returns 'windows=["3m"]' \
        'categories=["industry"]' 'include=["factors"]'
    inspect 5 "a bad call is an error result" \
        "[result, error].some((r) => JSON.stringify(r ?? '').includes('invalid_argument') && ['top_n', 'windos', 'frequency'].every((name) => JSON.stringify(r).includes(name)))" \
        --method tools/call --tool-name get_factor_analysis --tool-args-json '{"top_n": 0, "windos": ["3m"], "frequency": "hourly"}'
    inspect 5 "an unknown tool is refused" "true" --method tools/call --tool-name no_such_tool --tool-args-json '{}'
    inspect 0 "prompts/list" "names(result.prompts) === 'client_report explain-a-fund explain_a_fund factor_check_up hedge-a-position hedge_my_portfolio review-a-portfolio stress-before-a-decision stress_my_portfolio what_moved_this_month'" --method prompts/list
    inspect 0 "prompts/get" "result.messages[0].content.text.includes('get_factor_analysis')" \
        --method prompts/get --prompt-name what_moved_this_month --prompt-args categories=industry
    inspect 0 "resources/list" \
        "result.resources.map((r) => r.uri).sort().join(' ') === 'factor://glossary factor://universe ui://factor/app.html'" --method resources/list
    inspect 0 "resources/templates/list" \
        "result.resourceTemplates.map((r) => r.uriTemplate).sort().join(' ') === 'factor://group/{name} factor://portfolio/{name} factor://result/{id} factor://schema/{tool}'" \
        --method resources/templates/list
    inspect 0 "resources/read" "result.contents[0].text.length > 500" --method resources/read --uri factor://glossary
}

serve_http
for era in legacy modern; do
    # The Inspector gives a stdio server none of its own environment.
    where=stdio
    target=("$server" -e "FACTOR_PRICE_SOURCE=$FACTOR_PRICE_SOURCE" -e "FACTOR_TODAY=$FACTOR_TODAY" -e "RUST_LOG=off")
    inspect_all
    where=http
    target=("$url" --transport http)
    inspect_all
done
tell inspector
