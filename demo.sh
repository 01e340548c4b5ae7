#!/bin/bash
# From a fresh checkout to a fitted photograph: builds the command, fits a picture for ten seconds, renders it at its own
# size, four times as large, and as exact gradient and Laplacian, and lays all beside the photograph's own.
#   ./demo.sh [PICTURE] [FOLDER]     default: scikit-image's camera.png, into demo/
# SPDX-License-Identifier: MIT
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

if [[ ${1:-} == -* || $# -gt 2 ]]; then
  echo "usage: ./demo.sh [PICTURE] [FOLDER]" >&2
  exit 2
fi
from_caller() { if [[ $1 == /* ]]; then echo "$1"; else echo "$caller/$1"; fi; }
if [[ $# -ge 1 ]]; then
  scripts/setup.sh build
  picture=$(from_caller "$1")
else
  scripts/setup.sh build demo
  picture=/usr/lib/python3/dist-packages/skimage/data/camera.png
fi
folder=$(from_caller "${2:-$PWD/demo}")

cmake --preset release -D SINEFIELD_BUILD_TESTS=OFF
cmake --build --preset release --target sinefield_command

sinefield=build/release/bin/sinefield
model=$folder/${picture##*/}
model=${model%.*}.safetensors
mkdir -p "$folder"
echo
"$sinefield" fit image "$picture" -o "$model" --seconds 10 --force
"$sinefield" render "$model" -o "$folder/rebuilt.png" --force
"$sinefield" render "$model" -o "$folder/rebuilt_4x.png" --scale 4 --force
"$sinefield" render "$model" -o "$folder/gradient.png" --show gradient --force
"$sinefield" render "$model" -o "$folder/laplacian.png" --show laplacian --force
"$sinefield" render "$model" -o "$folder/sheet.png" --sheet "$picture" --force
echo
"$sinefield" info "$model"
"$sinefield" compare "$folder/rebuilt.png" "$picture"
echo "Look at $folder/sheet.png"
