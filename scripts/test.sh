#!/usr/bin/env bash
# All tests. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
python web/hatch_build.py test
exec python -m pytest "$@"
