#!/bin/sh
# Installs what building and testing resnetc needs on Debian 12: packages from Debian, and a Python environment in .venv that holds Halide,
# ONNX's schema, lit and fastjsonschema. `setup.sh tests` also installs what only tests, formatting and linting need. The script ends at
# once if everything is there. It needs root or sudo only if a package is missing.
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "setup: $*" >&2
  exit 1
}

packages="
  clang-22 lld-22 liblld-22-dev llvm-22-dev llvm-22-tools libclang-rt-22-dev
  cmake ninja-build python3-venv ca-certificates
  libfmt-dev doctest-dev libcli11-dev libxxhash-dev libpng-dev libturbojpeg0-dev libstb-dev libzstd-dev zlib1g-dev
  protobuf-compiler libprotobuf-dev
  dataset-fashion-mnist
"
[ "${1:-}" != tests ] || packages="$packages chromium fonts-dejavu-core clang-format-22 clang-tidy-22"

[ "$(uname -m)" = x86_64 ] || fail "resnetc is built on x86-64 only, this machine is $(uname -m)"
command -v dpkg-query >/dev/null || fail "this script knows Debian; install these yourself and set up .venv from cmake/requirements.txt:" $packages

missing=""
for package in $packages; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done

if [ -n "$missing" ]; then
  echo "setup: installing$missing"
  as_root=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "run this as root, or install sudo: packages are missing:$missing"
    as_root="sudo"
  fi
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # The list of packages may be absent or old. It is fetched only if the first try fails.
  install() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1; }
  if ! install; then
    $as_root apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; fail "apt-get update failed"; }
    install || { tail -20 "$log" >&2; fail "apt-get install failed (clang-22 and its relatives come from bookworm-security)"; }
  fi
fi

# A stamp with the wanted list says that the environment is complete.
if ! cmp -s cmake/requirements.txt .venv/requirements.installed; then
  echo "setup: making .venv with" $(grep -v '^#' cmake/requirements.txt)
  rm -rf .venv
  python3 -m venv .venv || fail "python3 -m venv failed"
  .venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r cmake/requirements.txt || fail "pip could not install what cmake/requirements.txt lists"
  cp cmake/requirements.txt .venv/requirements.installed
fi
