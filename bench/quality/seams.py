#!/usr/bin/python3
"""Can the borders of tiles be found in what was fitted? Mean errors of the value and of the exact gradient on the pixels of
the overlaps, against those of all others, for the blends, with what each costs.

The gradient is judged by the central difference of the picture; the difference of the error from pixel to pixel is given too.
A seam cannot be found where border and elsewhere agree to 10 %."""
# SPDX-License-Identifier: MIT
import argparse
import pathlib
import json
import subprocess
import tempfile

import numpy as np

from runs import DATA, add_options, command, machine, table


def near_cuts(pixels, tiles, overlap):
    if tiles == 1:
        return np.zeros(pixels, bool)
    pitch = pixels / tiles
    cuts = pitch * np.arange(1, tiles) - 0.5
    return np.abs(np.arange(pixels)[:, None] - cuts).min(1) <= max(overlap * pitch / 2, 1)


def measure(options, picture, blend):
    sinefield = command(options)
    with tempfile.TemporaryDirectory() as folder:
        model, points, out = f"{folder}/m.sine", f"{folder}/points.npy", f"{folder}/out.npz"
        call = lambda *arguments: json.loads(subprocess.run([sinefield, *map(str, arguments), "--json"], capture_output=True, text=True, check=True).stdout)
        run = call("fit", "image", picture, "-o", model, "--psnr", options.psnr, "--blend", blend, "--overlap", options.overlap,
                   "--threads", options.threads, "--quiet")
        height, width, channels = run["height"], run["width"], run["channels"]
        rows, columns = map(int, run["tiles"].split("x"))
        np.save(points, np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1).reshape(-1, 2).astype(float))
        evaluated = call("eval", model, "--at", points, "--order", "laplacian", "-o", out, "--threads", options.threads)
        with np.load(out) as arrays:
            value = arrays["value"].reshape(height, width, channels)
            gradient = arrays["gradient"].reshape(height, width, channels, 2)
            laplacian = arrays["laplacian"].reshape(height, width, channels)
    from skimage import io
    original = io.imread(picture).astype(float).reshape(height, width, -1)[..., :channels]
    error = value - original
    difference = np.stack([(np.roll(original, -1, axis) - np.roll(original, 1, axis)) / 2 for axis in (0, 1)], -1)
    figures = {"value": np.abs(error).mean(-1), "gradient": np.linalg.norm(gradient - difference, axis=-1).mean(-1),
               "step of error": np.hypot(np.roll(error, -1, 0) - error, np.roll(error, -1, 1) - error).mean(-1),
               "Laplacian": np.abs(laplacian).mean(-1)}
    border = near_cuts(height, rows, options.overlap)[:, None] | near_cuts(width, columns, options.overlap)
    inside = np.zeros((height, width), bool)
    inside[1:-1, 1:-1] = True
    ratios = [figure[inside & border].mean() / figure[inside & ~border].mean() for figure in figures.values()]
    return [run["psnr"], run["total_steps"], run["seconds"], evaluated.get("seconds"), *ratios]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pictures", nargs="*", default=[DATA / "camera.png", DATA / "coffee.png"])
    parser.add_argument("--psnr", type=float, default=35)
    parser.add_argument("--overlap", type=float, default=0.15, help="of the recipe")
    add_options(parser)
    options = parser.parse_args()
    print(f"border / elsewhere; {machine(options)}\n")
    rows = [[pathlib.Path(picture).name, blend, *measure(options, picture, blend)]
            for picture in options.pictures for blend in ("linear", "cubic", "quintic")]
    table(["picture", "blend", "dB", "steps", "seconds", "eval s", "value", "gradient", "step of error", "Laplacian"], rows)


main()
