#!/bin/bash
# clang-tidy (which `scripts/setup.sh test` installs) with the rules of .clang-tidy over the library and the command, as the release preset compiles them.
#   scripts/tidy.sh [FILE.cpp]...
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[[ -e build/release/compile_commands.json ]] || cmake --preset release
shopt -s globstar
files=("$@")
[[ $# -gt 0 ]] || files=(src/**/*.cpp cli/*.cpp)
# The counts of warnings in system headers say nothing; all else that clang-tidy has to say is shown.
if printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" build/python/bin/clang-tidy --quiet -p build/release \
  2> >(grep -v -E '^[0-9]+ warnings? (and [0-9]+ errors? )?(generated|treated)' >&2); then
  echo "tidy: ${#files[@]} files"
else
  echo "tidy: the findings are above" >&2
  exit 1
fi
