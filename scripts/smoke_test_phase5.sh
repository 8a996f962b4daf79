#!/usr/bin/env bash
# The walk-through of the original design against a running TaskFlow: scripts/smoke_test_phase5.sh [BASE_URL]
# Needs curl and a Python (as the JSON reader). The exit code tells whether everything passed. It makes the
# account test@example.com, whose password everybody knows, and erases it at its end.
set -uo pipefail
host="${1:-http://127.0.0.1:8000}"
host="${host%/}"
if [[ ! "$host" =~ ^(https?://.+):([0-9]+)$ ]]; then
  echo "the address has a port, such as http://127.0.0.1:8000; 'taskflow smoke --one-origin' takes any" >&2
  exit 2
fi
origin="${BASH_REMATCH[1]}"
base_port="${BASH_REMATCH[2]}"
python="$(command -v python3 || command -v python)"
failures=0
if [ -t 1 ]; then green=$'\e[32m'; red=$'\e[31m'; plain=$'\e[0m'; else green=; red=; plain=; fi

pass() { printf '%s✓%s %s\n' "$green" "$plain" "$1"; }
fail() { printf '%s✗%s %s\n' "$red" "$plain" "$1"; failures=$((failures + 1)); }
# check NAME ACTUAL EXPECTED
check() { if [ "$2" = "$3" ]; then pass "$1"; else fail "$1: got '$2', expected '$3'"; fi; }
# field NAME: a field of the JSON object on standard input.
field() { "$python" -c 'import json,sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$1" 2>/dev/null; }
at() { echo "$origin:$((base_port + $1))"; }
status() { curl -s -o /dev/null -m 10 -w '%{http_code}' "$@"; }

if [ "$(status "$host/health/live")" = 000 ]; then
  echo "nothing answers at $host; start TaskFlow with \`make up\`" >&2
  exit 1
fi

for service in "0 task-api" "1 recurring-processor" "2 reminder" "3 notification" "4 audit-logger"; do
  read -r offset name <<<"$service"
  check "$name is ready" "$(status "$(at "$offset")/health/ready")" 200
done

json=(-s -m 10 -H 'Content-Type: application/json')
account='{"email":"test@example.com","password":"Test123!","name":"Test User"}'
registered="$(status -X POST "$host/api/v1/auth/register" -H 'Content-Type: application/json' -d "$account")"
case "$registered" in 201 | 409) pass "register" ;; *) fail "register: $registered" ;; esac
token="$(curl "${json[@]}" -X POST "$host/api/v1/auth/login" \
  -d '{"email":"test@example.com","password":"Test123!"}' | field access_token)"
if [ -n "$token" ]; then pass "login"; else fail "login"; fi
auth=(-H "Authorization: Bearer $token")

task='{"title":"Test Task","description":"Testing Phase V","priority":"high","due_date":"2026-01-24T10:00:00Z"}'
task_id="$(curl "${json[@]}" "${auth[@]}" -X POST "$host/api/v1/tasks" -d "$task" | field id)"
if [ -n "$task_id" ]; then pass "create a task"; else fail "create a task"; fi
if [ -z "$task_id" ]; then echo "$failures failed; the rest needs a task"; exit 1; fi

trail="$(at 4)/api/v1/audit/tasks/$task_id"
check "the trail asks for a token" "$(status "$trail")" 401
found=
for _ in $(seq 50); do
  found="$(curl -s -m 10 "${auth[@]}" "$trail" |
    "$python" -c 'import json,sys; print(json.load(sys.stdin)["items"][0]["event_type"])' 2>/dev/null)"
  [ -n "$found" ] && break
  sleep 0.1
done
check "the task is in the audit trail" "$found" task.created

stream="$(at 3)/api/v1/notifications/stream"
check "the stream asks for a token" "$(status "$stream?user_id=1")" 401
first="$(curl -s -N -m 2 "${auth[@]}" "$stream?last_event_id=0" | grep -m 1 '^event:')"
check "the stream says that it is ready" "$first" "event: ready"

if [ "$registered" = 201 ]; then
  check "erase the account" "$(status -X DELETE "${auth[@]}" "$host/api/v1/auth/me")" 204
else
  echo "test@example.com was there before and stays; everybody knows its password"
fi

[ "$failures" -eq 0 ] && echo "all passed" || echo "$failures failed"
exit $((failures > 0))
