#!/usr/bin/env bash
# Known vulnerabilities in what is installed for running. Where the database of vulnerabilities cannot be
# asked this says so and passes, unless TASKFLOW_AUDIT=required, as in the workflow that publishes.
set -uo pipefail
cd "$(dirname "$0")/.."
report="$(mktemp)"
trap 'rm -f "$report"' EXIT
command -v pip-audit >/dev/null || { echo "pip-audit is missing; run make setup" >&2; exit 1; }
complaint="$(timeout 120 pip-audit --progress-spinner off --require-hashes --disable-pip \
  --format json --output "$report" -r requirements/otel.txt 2>&1)"
python - "$report" "${TASKFLOW_AUDIT:-1}" "$complaint" <<'PYTHON'
import json
import sys
from pathlib import Path

path, mode, complaint = sys.argv[1:]
text = Path(path).read_text()
packages = json.loads(text)["dependencies"] if text else []
unknown = [one["name"] for one in packages if "skip_reason" in one]
found = [(one["name"], one["version"], bad["id"]) for one in packages for bad in one.get("vulns", [])]
for name, version, identity in found:
    print(f"{name} {version}: {identity}")
audited = len(packages) - len(unknown)
print(f"{audited} packages audited, {len(found)} vulnerabilities, {len(unknown)} could not be looked up")
if not packages:
    print(complaint.strip().splitlines()[-1] if complaint.strip() else "no answer in time")
if not audited or unknown:
    print("the database of vulnerabilities cannot be asked for everything from here")
sys.exit(bool(found or (mode == "required" and (unknown or not audited))))
PYTHON
