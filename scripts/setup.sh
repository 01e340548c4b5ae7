#!/bin/bash
# Installs what Sinefield needs from Debian 12, by name; nothing else is touched and nothing is fetched where all of it
# is there. Groups: build (library and command), demo, test, bench (PyTorch as a peer); without arguments: build demo test.
#   scripts/setup.sh [build|demo|test|bench]...
# SPDX-License-Identifier: MIT
set -euo pipefail

declare -A groups=(
  [build]="g++ cmake ninja-build pkg-config libhwy-dev libtbb-dev libfmt-dev nlohmann-json3-dev libzip-dev zlib1g-dev libkissfft-dev
           librandom123-dev libeigen3-dev libopenimageio-dev libsndfile1-dev libsoxr-dev libavformat-dev libavcodec-dev libavfilter-dev libavutil-dev
           libswscale-dev libnifti2-dev libcli11-dev fonts-dejavu-core"
  [demo]="python3-skimage"
  [test]="libgtest-dev libgmock-dev python3 python3-numpy espeak-ng ffmpeg clang clang-format clang-tidy libclang-rt-14-dev"
  [bench]="python3 python3-numpy python3-torch"
)

wanted=()
for group in "${@:-build demo test}"; do
  for name in $group; do
    if [[ ! -v "groups[$name]" ]]; then
      echo "setup: there is no group '$name'; the groups are: ${!groups[*]}" >&2
      exit 2
    fi
    read -r -d '' -a packages <<<"${groups[$name]}" || true
    wanted+=("${packages[@]}")
  done
done

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed* ]] || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  echo "setup: all ${#wanted[@]} packages are there"
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "setup: this script installs with apt-get on Debian 12; here, install what corresponds to: ${missing[*]}" >&2
  exit 1
fi
if [[ $EUID -ne 0 ]]; then
  echo "setup: not installed: ${missing[*]}; run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get -q update && apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"; } \
  </dev/null >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "setup: apt-get could not install: ${missing[*]} (its last lines are above)" >&2
  exit 1
fi
echo "setup: done"
