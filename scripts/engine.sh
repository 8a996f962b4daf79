#!/usr/bin/env bash
# Gets the real engine for tests/distributed: daprd built from its Go module, Kafka from its Maven jars;
# and what our files are judged with: kustomize and Dapr's own definitions (k8s/), compose-go
# (docker-compose.yaml), actionlint (workflows), promtool (monitoring/). Each is made once for the files
# that define it, and kept under .tools/engine. Arguments name the parts that are wanted; without any, all.
set -euo pipefail
cd "$(dirname "$0")/.."
engine=.tools/engine

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }
# fingerprint FOLDER: changes with any file in it.
fingerprint() { find "$1" -type f | LC_ALL=C sort | xargs cat | cksum | cut -d' ' -f1; }
is_made() { [ "$(cat "$engine/$1/.made-from" 2>/dev/null)" = "$2" ]; }

make_daprd() {
  local from; from="$(fingerprint tests/engine/daprd)"
  if is_made daprd "$from"; then return; fi
  command -v go >/dev/null || { say "Go is missing: install Go 1.26 or newer to build daprd"; return 1; }
  say "building daprd (some minutes, once)"
  mkdir -p "$engine/daprd"
  (cd tests/engine/daprd && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "../../../$engine/daprd/daprd" .)
  echo "$from" >"$engine/daprd/.made-from"
}

make_kafka() {
  local from; from="$(fingerprint tests/engine/kafka)"
  if is_made kafka "$from"; then return; fi
  command -v mvn >/dev/null || { say "Maven is missing: install it to get Kafka's jars"; return 1; }
  say "getting Kafka's jars"
  rm -rf "$engine/kafka" && mkdir -p "$engine/kafka"
  mvn -q -B -f tests/engine/kafka/pom.xml dependency:copy-dependencies \
    -DoutputDirectory="$PWD/$engine/kafka/libs"
  echo "$from" >"$engine/kafka/.made-from"
}

# make_tool NAME PACKAGE: a program that its own module under tests/engine pins.
make_tool() {
  local from; from="$(fingerprint "tests/engine/$1")"
  if is_made "$1" "$from"; then return; fi
  command -v go >/dev/null || { say "Go is missing: install Go 1.26 or newer to build $1"; return 1; }
  say "building $1"
  mkdir -p "$engine/$1"
  (cd "tests/engine/$1" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "../../../$engine/$1/$1" "$2")
  echo "$from" >"$engine/$1/.made-from"
}

# promtool judges monitoring/. Debian's package is unpacked, not installed: that would start a service.
make_promtool() {
  local home="$engine/promtool"
  if [ -x "$home/promtool" ]; then return; fi
  mkdir -p "$home"
  if command -v promtool >/dev/null; then ln -sf "$(command -v promtool)" "$home/promtool"; return; fi
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    { say "promtool is missing: install Prometheus, it comes with it"; return 1; }
  say "getting promtool from Debian's prometheus package"
  (
    cd "$home"
    apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }
    dpkg -x prometheus_*.deb package
    mv package/usr/bin/promtool promtool
    rm -rf package prometheus_*.deb
  )
}
make_kustomize() { make_tool kustomize sigs.k8s.io/kustomize/kustomize/v5; }
make_compose-go() { make_tool compose-go .; }
make_actionlint() { make_tool actionlint github.com/rhysd/actionlint/cmd/actionlint; }

# What Dapr says of its own resources, out of the very modules that daprd is built from.
make_dapr_definitions() {
  local from module; from="$(fingerprint tests/engine/daprd)"
  if is_made dapr_definitions "$from"; then return; fi
  command -v go >/dev/null || { say "Go is missing: install Go 1.26 or newer to get Dapr's definitions"; return 1; }
  say "getting Dapr's definitions"
  rm -rf "$engine/dapr_definitions" && mkdir -p "$engine/dapr_definitions"
  (cd tests/engine/daprd && go mod download github.com/dapr/dapr github.com/dapr/components-contrib)
  module="$(cd tests/engine/daprd && go list -m -f '{{.Dir}}' github.com/dapr/dapr)"
  cp "$module"/charts/dapr/crds/*.yaml "$engine/dapr_definitions/"
  cp "$module/pkg/injector/annotations/annotations.go" "$engine/dapr_definitions/"
  module="$(cd tests/engine/daprd && go list -m -f '{{.Dir}}' github.com/dapr/components-contrib)"
  cp "$module/common/component/kafka/metadata.go" "$engine/dapr_definitions/kafka.go"
  echo "$from" >"$engine/dapr_definitions/.made-from"
}

# Tests ask for a part when they need it, several at once.
mkdir -p "$engine"
exec 9>"$engine/.lock"
if command -v flock >/dev/null; then flock 9; fi
if [ $# -eq 0 ]; then set -- daprd kafka kustomize dapr_definitions compose-go actionlint promtool; fi
for part in "$@"; do "make_$part"; done
