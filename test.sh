#!/bin/sh
# Builds resnetc and runs every test: units, IR tests (lit), exactness, random networks, and the runtime's tests under ASan + UBSan and TSan.
# Then runs the units again and 20 seconds of each fuzzer, in a build under ASan + UBSan.
set -u
cd "$(dirname "$0")"
sh cmake/setup.sh tests || exit 1
passed=0
failed=0

# step PRESET TARGETS...: configures and builds, then runs that build's tests and adds up their counts.
step() {
  preset=$1
  shift
  echo "== $preset"
  log=$(mktemp)
  if ! cmake --preset "$preset" >"$log" 2>&1 || ! cmake --build --preset "$preset" --target "$@" >"$log" 2>&1; then
    tail -40 "$log"
    echo "test.sh: the $preset build failed"
    failed=$((failed + 1))
    rm -f "$log"
    return
  fi
  ctest --preset "$preset" 2>&1 | tee "$log"
  total=$(sed -n 's/.* tests failed out of \([0-9]*\)$/\1/p' "$log")
  bad=$(sed -n 's/.*, \([0-9]*\) tests failed out of .*/\1/p' "$log")
  if [ -z "$total" ]; then
    echo "test.sh: no tests ran in $preset"
    total=1
    bad=1
  fi
  passed=$((passed + total - bad))
  failed=$((failed + bad))
  rm -f "$log"
}

step release all
step fuzz sanitized_tests
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
