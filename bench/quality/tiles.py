#!/usr/bin/python3
"""Same pixels, same number of parameters: quality against operations for tiles of width 16, 32, 64, 128 and one network.

Operations are 6 x weights x visited points (forward, adjoint and gradient of a value step; sines and blending not counted)
in 1e12. Every row is a run of its own that ends its decay. Learning rates follow the width (see docs/recipes.md)."""
# SPDX-License-Identifier: MIT
import argparse

from runs import DATA, add_options, fit, machine, table

STEPS = (200, 600, 1400, 3000)


def weights(width, layers, outputs):
    return 2 * width + layers * width * width + width * outputs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("picture", nargs="?", default=DATA / "camera.png")
    parser.add_argument("--operations", type=float, default=1.0, help="limit of one run, in 1e12")
    add_options(parser)
    options = parser.parse_args()
    print(f"{options.picture}; {machine(options)}\n")
    rows = []
    for width in (16, 32, 64, 128, None):
        for steps in STEPS:
            if width is None:
                arguments = ["--tiles", "none", "--steps", steps * 3 // 2]
                run_batch, run_width = 2048, 256
            else:
                arguments = ["--width", width, "--steps", steps]
                run_batch, run_width = 128, width
            probe_steps = arguments[-1]
            tiles = 1 if width is None else None
            if tiles is None:
                probe = fit(options, options.picture, "--width", width, "--total-steps", 1)
                rows_columns = probe["tiles"].split("x")
                tiles = int(rows_columns[0]) * int(rows_columns[1])
                channels = probe["channels"]
            operations = 6 * weights(run_width, 3, channels) * run_batch * probe_steps * tiles * 1e-12
            if operations > options.operations:
                continue
            run = fit(options, options.picture, *arguments)
            rows.append([f"{run['tiles'] or 'one network'}, width {run_width}", run["parameters"], probe_steps, operations, run["psnr"],
                         run["ssim"], run["seconds"]])
    table(["field", "parameters", "steps", "1e12 operations", "dB", "SSIM", "seconds"], rows)


main()
