#!/usr/bin/python3
"""Writes a 24-megapixel RGB picture to try large fits on: scikit-image's photographs, 300 x 450 pixels of each, mirrored
and turned about by a fixed seed, side by side.

    bench/quality/mosaic.py BIG.png && sinefield fit image BIG.png -o BIG.sine --psnr 35
"""
# SPDX-License-Identifier: MIT
import sys

import numpy as np
from skimage import io

from runs import DATA

HEIGHT, WIDTH = 4000, 6000
PHOTOGRAPHS = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    random = np.random.default_rng(0)
    photographs = [io.imread(DATA / name)[:300, :450, :3] for name in PHOTOGRAPHS]
    rows = []
    for _ in range(-(-HEIGHT // 300)):
        cells = [photographs[i][:: random.choice((-1, 1)), :: random.choice((-1, 1))] for i in random.integers(len(PHOTOGRAPHS), size=-(-WIDTH // 450))]
        rows.append(np.concatenate(cells, axis=1))
    io.imsave(sys.argv[1], np.concatenate(rows)[:HEIGHT, :WIDTH], check_contrast=False)


main()
