#!/usr/bin/env bash
# Brings the CloudEvents SDKs for Python and JavaScript into .cache/sdk, where their runtimes are there: the tests of the
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
