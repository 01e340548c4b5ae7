#!/bin/bash
# Installs what Sinefield needs: packages of Debian 12 by name, and of PyPI into build/python; nothing else is touched and
# nothing is fetched where all of it is there. Groups: build (library and command), demo, test, bench (PyTorch as a peer);
# without arguments: build demo test.
#   scripts/setup.sh [build|demo|test|bench]...
# SPDX-License-Identifier: MIT
set -euo pipefail

declare -A groups=(
  [build]="g++ cmake ninja-build pkg-config libhwy-dev libtbb-dev libfmt-dev nlohmann-json3-dev libzip-dev zlib1g-dev libkissfft-dev
           librandom123-dev libeigen3-dev libtomlplusplus-dev libopenimageio-dev libsndfile1-dev libsoxr-dev libavformat-dev libavcodec-dev libavfilter-dev libavutil-dev
           libswscale-dev libnifti2-dev libmatio-dev libcli11-dev fonts-dejavu-core"
  [demo]="python3-skimage"
  [test]="libgtest-dev libgmock-dev python3 python3-numpy python3-venv espeak-ng ffmpeg clang clang-format libclang-rt-14-dev"
  [bench]="python3 python3-numpy python3-scipy python3-torch"
)
# Debian's clang-tidy 14 checks the system headers of every file as well, which takes six times as long.
declare -A pypi=([test]="clang-tidy==23.1.4")
python=build/python

cd "$(dirname "${BASH_SOURCE[0]}")/.."
wanted=()
wanted_pypi=()
for group in "${@:-build demo test}"; do
  for name in $group; do
    if [[ ! -v "groups[$name]" ]]; then
      echo "setup: there is no group '$name'; the groups are: ${!groups[*]}" >&2
      exit 2
    fi
    read -r -d '' -a packages <<<"${groups[$name]}" || true
    wanted+=("${packages[@]}")
    read -r -d '' -a packages <<<"${pypi[$name]:-}" || true
    wanted_pypi+=("${packages[@]}")
  done
done

log=$(mktemp)
trap 'rm -f "$log"' EXIT
logged() {  # WHAT COMMAND...: the last lines of its output where it fails
  "${@:2}" </dev/null >>"$log" 2>&1 && return
  tail -n 20 "$log" >&2
  echo "setup: could not install $1 (the last lines are above)" >&2
  exit 1
}

missing=()
for package in "${wanted[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed* ]] || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
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
  logged "${missing[*]}" apt-get -q update
  logged "${missing[*]}" apt-get -q install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "${missing[@]}"
fi

missing=()
for package in "${wanted_pypi[@]}"; do
  name=${package%==*}
  compgen -G "$python/lib/*/site-packages/${name//-/_}-${package#*==}.dist-info" >/dev/null || missing+=("$package")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "setup: installing ${missing[*]} into $python"
  logged "${missing[*]}" python3 -m venv "$python"
  logged "${missing[*]}" "$python/bin/pip" install --quiet --disable-pip-version-check "${missing[@]}"
fi
echo "setup: all $((${#wanted[@]} + ${#wanted_pypi[@]})) packages are there"
