#!/bin/bash
# See bench/quality/held_out.py, which says what is measured and how.
# SPDX-License-Identifier: MIT
exec /usr/bin/python3 -B "$(dirname "$0")/quality/held_out.py" "$@"
