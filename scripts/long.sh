#!/usr/bin/env bash
# Checks too long for every change. Each run adds a line to logs/long/index.md and leaves what it printed beside it.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/long.sh NAME [TIMES]

  ends       every month end and Friday of 2010 to 2024 as an analysis' end, the prices cut there or not, and the evenings before
             holidays, by the oracle on the market data and the sample
  oracle     every case of the oracle on both data sets, against the release build (MARKET_DATA as in scripts/test.sh)
  proptest   the property tests, TIMES x 256 cases each instead of 256 (default 16)
  crashes    the tests of the store that kill, flip bits, fill disks and fail every operation in turn, TIMES over (default 10), and
             once their long forms: thousands of flipped bits of the cache, of the file of groups and portfolios and of their logs
  load       what strangers can do to the release build, in figures (benches/load): attacks, a heavy neighbour, what a key costs, twice
             its capacity, held sockets, 100,000 calls over stdio; some four minutes on a machine that does nothing else
  models     the oracle of factor models over all funds, models, estimators and frequencies
  stress     the oracle of stress tests over 20 portfolios and every episode
  isolation  TIMES thousand rows (default 1000) of each store by MCP, server-sent events and REST at once, a fifth of the calls given up:
             whether anybody sees what is another's
  replicas   three servers behind nginx under the load of 100 keys, one of them killed, then all replaced, TIMES over (default 3);
             those that are replaced run the program REPLICAS_OLDER, where it is set
  receipts   200 answers of every tool that analyses, replayed after a restart
  soak       two hundred users for TIMES seconds (default 3600): memory and descriptors stay what they are after the first half
  jumps      the rules for doubtful prices and yields on the market data: faults put in, TIMES x 92 of each kind (default 20), and
             every finding raised where there is none (../shared/data)
  coverage   which lines of the crates and of src/ the Rust tests run; the goal is 95% of factor-analytics and of the services
  fuzz       each target of fuzz/ for TIMES minutes (default 10), from its corpus on: executions and edges; needs a C++ compiler. What
             failed lies in target/fuzz/found, and belongs into the corpus and a test
  flaky      all Rust tests, TIMES over (default 5)
  kernels    criterion on the kernels, and their scale
  calls      whole calls over stdio (benches/calls.py)
  page       the page and the MCP App in Chromium at every width, in both themes and in every case; how fast the page is, TIMES over
             (default 15), in medians
  peers      the kernels beside numpy, pandas, polars, empyrical and quantstats (benches/peers)

The line holds the date, the commit, the machine, the command and the result. Commit both files when the result is worth
keeping: a release, a change of what is measured, a failure.
TEXT
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
case ${1:-} in
    -h | --help) usage; exit 0 ;;
    ends | oracle | models | stress | proptest | crashes | load | isolation | replicas | receipts | soak | jumps | coverage | fuzz | flaky | kernels | calls | page | peers) name=$1 ;;
    *) usage >&2; exit 2 ;;
esac
times=${2:-}
[[ -z $times || $times =~ ^[1-9][0-9]*$ ]] || { usage >&2; exit 2; }
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target = /* ]] || target=$root/$target
market_data=${MARKET_DATA:-../shared/data/prices}

for variable in $(compgen -e | grep -E '^(FACTOR|FMP|YAHOO|TREASURY|FRED)_' || true); do unset "$variable"; done

# tests ARGUMENT...: by nextest where it is installed.
tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run --locked "$@"
    else
        cargo test --locked "$@"
    fi
}

venv() {
    local packages=("$@") folder=$target/test-tools/$name
    [[ -x $folder/bin/python ]] || python3 -m venv "$folder"
    "$folder/bin/pip" install --disable-pip-version-check --quiet "${packages[@]}"
    python=$folder/bin/python
}

run_oracle() { MARKET_DATA=$market_data scripts/test.sh --release --only 'Programs|Oracle'; }

run_ends() {
    cargo build --locked --release --workspace
    venv --requirement=fixtures/oracle/requirements.txt
    "$python" fixtures/oracle/sweep.py --server "$target/release/factor-mcp" --prices "$market_data" --yields "$market_data/treasury_yields.csv"
    local sample=$target/test-tools/$name/sample
    rm -rf "$sample"
    mkdir -p "$sample"
    cargo run --locked --release --package factor-prices --example export_sample -- "$sample" --today 2026-01-15
    "$python" fixtures/oracle/sweep.py --server "$target/release/factor-mcp" --sample-dir "$sample"
}

run_models() {
    cargo build --locked --release --workspace
    venv --requirement=fixtures/oracle/requirements.txt
    "$python" fixtures/oracle/model_oracle.py --server "$target/release/factor-mcp" --prices "$market_data" --french "$market_data/../french"
}

run_stress() {
    cargo build --locked --release --workspace
    venv --requirement=fixtures/oracle/requirements.txt
    "$python" fixtures/oracle/stress.py --server "$target/release/factor-mcp" --prices "$market_data" --yields "$market_data/treasury_yields.csv"
}

run_proptest() { PROPTEST_CASES=$((256 * ${times:-16})) tests --workspace --lib --test entries --no-fail-fast; }

# of_store [thousand]: the store's tests, or its long forms alone. By the whole workspace: a package by itself has other features, and
# all it rests on would be built again.
of_store() {
    if cargo nextest --version >/dev/null 2>&1; then
        if [[ ${1:-} == thousand ]]; then
            cargo nextest run --locked --workspace --run-ignored only --no-capture -E 'package(factor-store) & test(thousand)'
        else
            cargo nextest run --locked --workspace -E 'package(factor-store)'
        fi
    elif [[ ${1:-} == thousand ]]; then
        cargo test --locked --package factor-store --test entries --test store thousand -- --ignored --nocapture
    else
        cargo test --locked --package factor-store --lib --test entries --test store
    fi
}

run_crashes() {
    local time
    for time in $(seq "${times:-10}"); do
        printf '\n--- %d of %d\n' "$time" "${times:-10}"
        of_store
    done
    of_store thousand
}

run_load() {
    cargo build --locked --release --workspace
    python3 benches/load/load.py "$target/release/factor-mcp"
}

run_isolation() {
    ISOLATION_ROWS=$((1000 * ${times:-1000})) cargo test --locked --workspace --test integration no_way_in_shows -- --nocapture --test-threads=1
}

run_replicas() {
    local time
    for time in $(seq "${times:-3}"); do
        REPLICAS_LONG=1 cargo test --locked --workspace --test integration replicas:: -- --nocapture --test-threads=1
    done
}

run_receipts() { RECEIPTS_LONG=1 cargo test --locked --workspace --test integration receipts:: -- --nocapture; }

run_soak() {
    cargo build --locked --release --workspace
    python3 benches/load/load.py "$target/release/factor-mcp" --only soak --soak "${times:-3600}"
}

run_jumps() {
    JUMP_ROUNDS=${times:-20} cargo test --locked --package factor-mcp --test integration jumps:: -- --nocapture --test-threads=1
}

# Only the workspace's own crates count their lines. The file of a program says where its counts go: they are kept in step with what
# runs (%c), since servers of tests are killed, and those of equal programs are added up (%m).
run_coverage() {
    local tools built=$target/coverage profiles=$target/coverage/profiles programs=()
    # Those of the compiler's own version: others cannot read its counts.
    rustup component add llvm-tools 2>/dev/null || { echo "needs the compiler's llvm-tools: rustup component add llvm-tools" >&2; return 1; }
    tools=$(rustc --print target-libdir)/../bin
    rm -rf "$profiles"
    mkdir -p "$profiles"
    # Not by sh: it drops what cargo says in CARGO_BIN_EXE_factor-mcp, a name with a hyphen.
    printf '#!/usr/bin/env bash\nexec "$@" -Cinstrument-coverage -Cllvm-args=-runtime-counter-relocation\n' >"$built/rustc"
    chmod +x "$built/rustc"
    # The counts need no debug information, and building is faster without.
    export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
    export CARGO_TARGET_DIR=$built CARGO_INCREMENTAL=0 RUSTC_WORKSPACE_WRAPPER=$built/rustc LLVM_PROFILE_FILE=$profiles/%m%c.profraw
    tests --workspace --no-fail-fast || echo "some tests failed; what they ran counts all the same"
    "$tools/llvm-profdata" merge -sparse "$profiles"/*.profraw -o "$built/all.profdata"
    mapfile -t programs < <(cargo test --locked --workspace --no-run --message-format=json 2>/dev/null |
        sed -n 's/.*"executable":"\([^"]*\)".*/--object=\1/p' | sort -u)
    "$tools/llvm-cov" export --format=lcov --instr-profile="$built/all.profdata" "${programs[@]}" | python3 scripts/coverage.py "$root"
}

# A fuzzer's flags as cargo fuzz gives them, without a sanitizer of memory: nothing here is unsafe, and those need a nightly compiler.
run_fuzz() {
    local built=$target/fuzz host name seed log
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares" \
        CARGO_TARGET_DIR=$built cargo build --locked --release --manifest-path fuzz/Cargo.toml --target "$host"
    printf '%-14s %10s %12s %8s %10s %8s\n' target seed executions edges features seconds
    for name in $(sed -n 's/^name = "\(.*_.*\|arguments\)"$/\1/p' fuzz/Cargo.toml); do
        mkdir -p "$built/found/$name" "$built/failed"
        seed=$((RANDOM * 32768 + RANDOM + 1)) log=$built/$name.log
        # An input that takes over 10 s is a hang, one that takes 2 GiB is too.
        "$built/$host/release/$name" -max_total_time=$((60 * ${times:-10})) -seed="$seed" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
            -print_final_stats=1 -artifact_prefix="$built/failed/$name-" "$built/found/$name" "fuzz/corpus/$name" >"$log" 2>&1 || {
            printf '%s failed:\n' "$name"
            tail -30 "$log"
            return 1
        }
        python3 - "$name" "$seed" "$log" <<'TEXT'
import re, sys
name, seed, text = sys.argv[1], sys.argv[2], open(sys.argv[3], errors="replace").read()
runs, seconds = re.findall(r"Done (\d+) runs in (\d+) second", text)[-1]
edges, features = re.findall(r"cov: (\d+) ft: (\d+)", text)[-1]
print(f"{name:14} {seed:>10} {runs:>12} {edges:>8} {features:>10} {seconds:>8}")
TEXT
    done
}

run_flaky() {
    local time
    for time in $(seq "${times:-5}"); do
        printf '\n--- %d of %d\n' "$time" "${times:-5}"
        tests --workspace
    done
}

run_kernels() {
    cargo bench --locked --package factor-analytics --bench kernels
    cargo bench --locked --package factor-analytics --bench scale -- 600 10000 complete 2
}

run_calls() {
    cargo build --locked --release --workspace
    python3 benches/calls.py "$target/release/factor-mcp"
}

run_page() {
    WEB_LONG=1 scripts/test.sh --release --only 'Programs|Web in Chromium'
    local modules=$target/test-tools/web/node_modules
    (
        cd web
        PATH=$(printf '%s:' "$modules"/node-linux-*/bin)$PATH FACTOR_MCP=$target/release/factor-mcp WEB_TIMES=${times:-15} node --test e2e/timings.mjs
    )
}

run_peers() {
    cargo build --locked --release --package factor-analytics --example kernels
    venv numpy scipy pandas polars pyarrow empyrical-reloaded quantstats
    "$python" benches/peers/peers.py --binary "$target/release/examples/kernels" complete masks rolling profiles
    "$python" benches/peers/growth.py --binary "$target/release/examples/kernels"
}

# ---------------------------------------------------------------------------------------------------------- the log

machine() {
    local model memory
    model=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | sort | uniq -c | sed 's/^ *\([0-9]*\) /\1 x /' | paste -sd, -)
    memory=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo 2>/dev/null)
    printf '%s, %s GB, %s, load %s' "${model:-$(uname -m)}" "$((${memory:-0} / 1000000))" "$(uname -s)" \
        "$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo '?')"
}

began=$(date -u +%Y-%m-%dT%H:%M:%SZ)
commit=$(git rev-parse --short=12 HEAD)
[[ -z $(git status --porcelain --untracked-files=no) ]] || commit+=" and changes"
command="scripts/long.sh $name${times:+ $times}"
folder=logs/long
log=$folder/${began//:/}-$name.log
before=$(machine)
mkdir -p "$folder"
printf 'date     %s\ncommit   %s\nmachine  %s\ncommand  %s\n\n' "$began" "$commit" "$before" "$command" >"$log"

# Where this machine keeps things is nobody's concern. Progress and compiling are left out.
without_paths() { sed -u -e "s#$target#target#g" -e "s#$root#.#g" -e "s#${HOME:-/nonexistent}#~#g" -e "s#${TMPDIR:-/tmp}/#tmp/#g"; }
without_noise() { grep --line-buffered -vE '^ *(Compiling|Downloading|Downloaded|Blocking|Locking|Checking|Fresh) |^ *PASS \[' || true; }

# Without `set -e` around it: behind `||` it would not end at its first failure.
set +e
(
    set -e
    "run_$name"
) 2>&1 | tee /dev/stderr | without_paths | without_noise >>"$log"
status=$?
set -e
result=passed
((status == 0)) || result="FAILED ($status)"
# What a check says of itself in a line, beside whether it passed.
said=$(grep -E '^[0-9]+ cases, |^[0-9]+ flips of |^(missed|FAILED) |^[0-9]+ windows |^test result: |^checks: |^ *Summary \[|^ℹ (first paint|interaction, all) |^inspector: |^conformance: |^lines run by tests: ' "$log" | tail -n 3 | sed 's/^ *//' | paste -sd';' - || true)
printf '\nresult   %s, %d s\n' "$result" "$SECONDS" >>"$log"
[[ -s $folder/index.md ]] || cat >"$folder/index.md" <<'TEXT'
# Long checks

Written by `scripts/long.sh`; newest last.

| date | commit | command | result | seconds | machine | log |
| --- | --- | --- | --- | --- | --- | --- |
TEXT
printf '| %s | %s | `%s` | %s | %d | %s | [log](%s) |\n' "$began" "$commit" "$command" "$result${said:+: ${said//|/\\|}}" "$SECONDS" "$before" \
    "${log##*/}" >>"$folder/index.md"
printf '\n%s: %s in %d s; see %s\n' "$name" "$result" "$SECONDS" "$log"
exit "$status"
