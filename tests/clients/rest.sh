#!/usr/bin/env bash
# REST by its OpenAPI document: Schemathesis asks every operation with what the schemas allow and with what they do not. Two of
# the servers that a user may run: one's own without keys, and one that asks for them.
#
#   rest.sh PROGRAM [CASES]     with schemathesis on PATH; CASES for each operation and phase (default 25)
set -euo pipefail
config=$(realpath "$(dirname "${BASH_SOURCE[0]}")/schemathesis.toml")
source "$(dirname "${BASH_SOURCE[0]}")/serve.sh"
use_server "${1:?usage: rest.sh PROGRAM [CASES]}"
cases=${2:-25}
export FACTOR_DATA_DIR=$scratch/data

# ask NAME ARGUMENT...: every check but one. That bad data is refused is no promise here: arguments are read tolerantly, a number
# in a text, a list of one as that one.
ask() {
    local name=$1
    shift
    # A server for all addresses is asked by that of this machine.
    local at=${url%/mcp}
    at=${at/0.0.0.0/127.0.0.1}
    if schemathesis --config-file "$config" run "$at/api/openapi.json" --url "$at" --checks all \
        --exclude-checks negative_data_rejection --max-examples "$cases" --seed 20260115 --continue-on-failure \
        --suppress-health-check all --request-timeout 60 --no-color "$@" >"$scratch/log" 2>&1; then
        pass "$name: $(grep -oE '[0-9]+ generated.*' "$scratch/log" | tail -1)"
    else
        fail "$name"
        grep -vE '^ *$' "$scratch/log" | tail -n 150 | sed 's/^/     /'
    fi
}

serve_http
ask "one's own server"
! grep -q panicked "$scratch/http.log" || fail "nothing panics" "$scratch/http.log"
stop_http

key=$("$server" user add --format json | grep -o 'fie_[0-9a-z_]*')
serve_http --addr 0.0.0.0:0
ask "a server with keys" --header "Authorization: Bearer $key"
tell rest
