#!/bin/bash
# Everything that must hold before a change goes in, cheap checks first: arrows, formatting, the release build with its
# tests (units, public headers alone, installation with a consumer, the command), clang-tidy, units and the fuzzers
# under sanitizers. Runs on after a failure and ends with one line that counts.
#   ./test.sh          all of it
#   ./test.sh quick    the release build's unit tests only
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

passed=0
failed=()
step() {  # NAME COMMAND...
  local name=$1 start=$SECONDS
  shift
  printf '\n==== %s\n' "$name"
  if "$@"; then
    passed=$((passed + 1))
    printf '==== %s: passed, %d s\n' "$name" $((SECONDS - start))
  else
    failed+=("$name")
    printf '==== %s: FAILED, %d s\n' "$name" $((SECONDS - start))
    return 1
  fi
}
build() {  # PRESET [TARGET]...
  cmake --preset "$1" && cmake --build --preset "$1" ${2:+--target "${@:2}"}
}
run_tests() {  # PRESET [CTEST OPTION]...
  ctest --preset "$1" --parallel "$(nproc)" "${@:2}"
}
everything() {
  step "arrows can fail" scripts/check_arrows.py --self-test || true
  step "arrows between rooms" scripts/check_arrows.py || true
  step "formatting" scripts/format.sh --check || true
  if step "build" build release; then
    step "tests" run_tests release || true
    step "clang-tidy" scripts/tidy.sh || true
  fi
  if step "build with sanitizers (clang)" build sanitized sinefield_tests model_seeds model_fuzzer problem_fuzzer; then
    step "units and fuzzers under sanitizers" run_tests sanitized --label-regex 'unit|fuzzer' || true
  fi
}
quick() {
  if step "build" build release sinefield_tests; then
    step "units" run_tests release --label-regex unit || true
  fi
}

case "${1:-all}" in
  all) what=everything ;;
  quick) what=quick ;;
  *) echo "usage: ./test.sh [quick]" >&2; exit 2 ;;
esac
scripts/setup.sh build test
"$what"

echo
for name in "${failed[@]}"; do echo "failed: $name"; done
echo "steps: $passed passed, ${#failed[@]} failed"
[[ ${#failed[@]} -eq 0 ]]
