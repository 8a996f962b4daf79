#!/usr/bin/env bash
# Makes .venv for one purpose: run (what `make up` needs), dev (tests and checks) or bench (dev and the peers).
# Does nothing when the pinned requirements have not changed since the last time.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose="${1:?run, dev or bench}"

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
fail() { printf 'taskflow: %s\n' "$*" >&2; exit 1; }

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
    [ -n "$candidate" ] || continue
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  fail "Python 3.11 or newer is needed and was not found; set PYTHON to one."
}

# The pinned uv goes into a folder of the project, so that nothing on the machine changes.
find_uv() {
  if [ -n "${UV:-}" ]; then echo "$UV"; return; fi
  if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
  local home=.tools/uv
  if [ ! -x "$home/bin/uv" ]; then
    say "fetching uv from PyPI into .tools"
    rm -rf "$home"
    if "$python" -m venv "$home" >/dev/null 2>&1; then
      "$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt >&2
    elif "$python" -m pip --version >/dev/null 2>&1; then
      rm -rf "$home"
      "$python" -m pip install --quiet --disable-pip-version-check --require-hashes --target "$home" -r requirements/uv.txt >&2
    else
      fail "neither uv nor pip nor venv is here; install one of them (Debian: apt-get install python3-venv)."
    fi
  fi
  echo "$home/bin/uv"
}

# What an environment is made from: any change of it makes the environment anew.
fingerprint() { cat requirements/build.txt requirements/sources.txt "requirements/$1.txt" pyproject.toml scripts/setup.sh | cksum | cut -d' ' -f1; }
is_current() { [ "$(cat ".venv/.taskflow-$1" 2>/dev/null)" = "$(fingerprint "$1")" ]; }

main() {
  # A larger environment serves a smaller purpose too.
  local larger
  case "$purpose" in run) larger="run dev bench" ;; dev) larger="dev bench" ;; *) larger="bench" ;; esac
  local candidate
  for candidate in $larger; do
    if is_current "$candidate"; then build_page; return; fi
  done
  python="$(find_python)"
  local uv; uv="$(find_uv)"
  # The machine's own certificates: a company's proxy is trusted like everywhere else on it.
  export UV_PYTHON_DOWNLOADS=never UV_SYSTEM_CERTS=true UV_LINK_MODE="${UV_LINK_MODE:-}"
  [ -n "$UV_LINK_MODE" ] || unset UV_LINK_MODE
  say "installing Python packages into .venv"
  [ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
  if [ "$purpose" = run ]; then
    "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements/run.txt requirements/build.txt
  else
    "$uv" pip sync --quiet --python .venv/bin/python --require-hashes --build-constraints requirements/sources.txt "requirements/$purpose.txt"
  fi
  say "building the web page and installing taskflow"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
  rm -f .venv/.taskflow-*
  fingerprint "$purpose" >".venv/.taskflow-$purpose"
}

# An editable install serves the page from the source tree: build it again when its sources changed.
build_page() { .venv/bin/python web/hatch_build.py; }

main
