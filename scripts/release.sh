#!/usr/bin/env bash
# Builds the release for the targets that this machine can build, and packs each: archive, MCPB, npm, wheel, checksums, SBOM.
#
#   scripts/release.sh [--target TRIPLE]... [--program PROGRAM]     into target/packages
#
# Without --target: this machine's own, for glibc 2.17 where cargo-zigbuild is there (`pip install cargo-zigbuild ziglang`), else for this
# machine's glibc, which is said. --program packs a program that is built already, for one target.
# The targets that .github/workflows/release.yml builds besides are listed as "not run here".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=() program=
while (($#)); do
    case $1 in
        --target) targets+=("${2:?--target needs a triple}"); shift ;;
        --program) program=${2:?--program needs a path}; shift ;;
        -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) printf 'unknown: %s\n' "$1" >&2; exit 2 ;;
    esac
    shift
done

own=$(rustc -vV | sed -n 's/^host: //p')
((${#targets[@]})) || targets=("$own")
if [[ -n $program ]] && ((${#targets[@]} != 1)); then
    printf -- '--program is of one target\n' >&2
    exit 2
fi
out=$PWD/target/packages
rm -rf "$out"
mkdir -p "$out"
version=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

has() { command -v "$1" >/dev/null 2>&1; }

# built TARGET: builds it, and says on the last line where.
built() {
    local target=$1 name=factor-mcp
    [[ $target == *windows* ]] && name=factor-mcp.exe
    if [[ $target == *-linux-gnu ]] && has cargo-zigbuild; then
        cargo zigbuild --locked --release --target "$target.2.17" >&2
    elif [[ $target == *-linux-* && $target != "$own" ]] && has cargo-zigbuild; then
        cargo zigbuild --locked --release --target "$target" >&2
    else
        [[ $target == *-linux-gnu ]] && printf 'without cargo-zigbuild: for the glibc of this machine\n' >&2
        cargo build --locked --release --target "$target" >&2
    fi
    printf 'target/%s/release/%s\n' "$target" "$name"
}

for target in "${targets[@]}"; do
    printf '=== %s\n' "$target"
    file=${program:-$(built "$target")}
    python3 packaging/pack.py all --server "$file" --target "$target" --out "$out"
    if has mcpb; then
        mcpb pack "$out/mcpb-$target" "$out/factor-mcp-$version-$target.mcpb"
    else
        printf 'no bundle: there is no mcpb (npm install --global @anthropic-ai/mcpb)\n'
    fi
done
python3 packaging/pack.py npm --out "$out"
if has npm; then
    for folder in "$out"/npm/*; do (cd "$folder" && npm pack --silent --pack-destination "$out"); done
fi
if compgen -G "$out/*.mcpb" >/dev/null; then python3 packaging/pack.py server-json --out "$out"; fi
if cargo cyclonedx --version >/dev/null 2>&1; then
    cargo cyclonedx --format json --manifest-path Cargo.toml --override-filename "factor-mcp-$version"
    find . -path ./target -prune -o -name "factor-mcp-$version.json" -print0 | xargs -0 -I{} mv {} "$out/factor-mcp-$version.cdx.json"
else
    printf 'no SBOM: there is no cargo-cyclonedx (cargo install cargo-cyclonedx)\n'
fi
python3 packaging/pack.py sums --out "$out"

printf '\n'
for target in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-unknown-linux-musl aarch64-unknown-linux-musl \
    aarch64-apple-darwin x86_64-apple-darwin x86_64-pc-windows-msvc; do
    [[ " ${targets[*]} " == *" $target "* ]] || printf '%-28s not run here\n' "$target"
done
