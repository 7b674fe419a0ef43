#!/usr/bin/env bash
# Brings the CloudEvents SDKs for Python, JavaScript and Go into .cache/sdk, where their runtimes are there: the tests of the
# corpus then let them read what an endpoint receives. Nothing needs them. Safe to run again.
set -euo pipefail
cd "$(dirname "$0")/.."

PYTHON=1.12.0
JAVASCRIPT=10.0.0
DIR=.cache/sdk

note() { printf 'sdk-receivers: %s\n' "$*" >&2; }

if command -v python3 >/dev/null; then
  rm -rf "$DIR/python"
  python3 -m pip install --quiet --disable-pip-version-check --target "$DIR/python" "cloudevents==$PYTHON"
  note "python: cloudevents $PYTHON"
else
  note "no python3, so not its SDK"
fi
if command -v npm >/dev/null; then
  rm -rf "$DIR/javascript"
  mkdir -p "$DIR/javascript"
  npm install --silent --no-audit --no-fund --prefix "$DIR/javascript" "cloudevents@$JAVASCRIPT"
  note "javascript: cloudevents $JAVASCRIPT"
else
  note "no npm, so not the SDK of JavaScript"
fi
if command -v go >/dev/null; then
  mkdir -p "$DIR/go"
  # go.mod says which version.
  go build -C tests/sdk/go -o "$PWD/$DIR/go/receive" .
  note "go: $(go list -C tests/sdk/go -m github.com/cloudevents/sdk-go/v2)"
else
  note "no go, so not its SDK"
fi
