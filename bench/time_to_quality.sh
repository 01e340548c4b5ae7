#!/bin/bash
# See bench/quality/time_to_quality.py, which says what is measured and how.
# SPDX-License-Identifier: MIT
exec /usr/bin/python3 -B "$(dirname "$0")/quality/time_to_quality.py" "$@"
