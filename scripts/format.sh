#!/bin/bash
# Formats all C++ files in place; with --check it changes nothing and fails where a file would change.
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case "${1:-}" in
  "") mode=(-i) ;;
  --check) mode=(--dry-run -Werror --ferror-limit=1) ;;
  *) echo "usage: scripts/format.sh [--check]" >&2; exit 2 ;;
esac
shopt -s globstar nullglob
files=({include,src,cli,bench,tests}/**/*.{h,cpp})
if clang-format "${mode[@]}" "${files[@]}"; then
  echo "format: ${#files[@]} files"
else
  echo "format: run scripts/format.sh" >&2
  exit 1
fi
