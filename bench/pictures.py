#!/usr/bin/env python3
# The problems that make pictures, measured.
#   bench/pictures.py edit                 poisson_edit.toml against a direct solver on the same pixels: the equation of
#                                          five points, values of the target about the patch
# Needs numpy, scipy (scripts/setup.sh bench) and python3-skimage, which reads pictures (scripts/setup.sh demo).
#   [--command build/release/bin/sinefield] [--seeds 3]
# SPDX-License-Identifier: MIT
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import splu
from skimage import io

ROOT = Path(__file__).resolve().parent.parent


def picture(path):
    """(height, width, channels), 0 to 1."""
    pixels = io.imread(path) / 255
    return pixels[..., None] if pixels.ndim == 2 else pixels


def decibels(error):
    return -10 * np.log10(np.mean(error**2))


def solve(command, problem, model, seed):
    run = subprocess.run([command, "solve", problem, "-o", model, "--seed", str(seed), "--force", "--quiet", "--json"],
                         check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def shown(command, model, expression, height, width, folder, x_range, y_range):
    """The expression in the middles of pixels, (height, width, components), the uppermost row first."""
    x = x_range[0] + (x_range[1] - x_range[0]) * (np.arange(width) + 0.5) / width
    y = y_range[1] - (y_range[1] - y_range[0]) * (np.arange(height) + 0.5) / height
    np.save(folder / "points.npy", np.stack(np.meshgrid(x, y), -1).reshape(-1, 2))
    subprocess.run([command, "eval", model, "--at", folder / "points.npy", "--show", expression, "-o",
                    folder / "values.npz", "--force", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "values.npz")["value"].reshape(height, width, -1)


def cloned(target, source, mask):
    """The target with the source's differences at the pixels of the mask: 4 u - (four neighbours) as of the source."""
    height, width, channels = target.shape
    number = -np.ones((height, width), int)
    number[mask] = np.arange(mask.sum())
    rows, columns, entries = [], [], []
    right = np.zeros((mask.sum(), channels))
    for k, (r, c) in enumerate(np.argwhere(mask)):
        rows.append(k), columns.append(k), entries.append(4)
        for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            right[k] += source[r, c] - source[r + dr, c + dc]
            if mask[r + dr, c + dc]:
                rows.append(k), columns.append(number[r + dr, c + dc]), entries.append(-1)
            else:
                right[k] += target[r + dr, c + dc]
    result = target.copy()
    result[mask] = splu(coo_matrix((entries, (rows, columns))).tocsc()).solve(right)
    return result


# The target, the source, the middle of its patch in the problem's coordinates and in the source, the radius.
EDITS = {"poisson_edit": ("park.png", "crater.png", (176, 162), (49, 48), 36)}


def edit(options, folder):
    print(f"{'problem':<22}{'seed':>5}{'features':>10}{'seconds':>9}{'inside':>9} dB{'largest':>10}")
    for name, (target, source, (x, y), (in_x, in_y), radius) in EDITS.items():
        problems = ROOT / "problems"
        target, small = picture(problems / "pictures" / target), picture(problems / "pictures" / source)
        height, width, _ = target.shape
        source = np.zeros_like(target)
        left, upper = x - in_x, height - (y - in_y) - small.shape[0]
        source[upper:upper + small.shape[0], left:left + small.shape[1]] = small
        columns, rows = np.meshgrid(np.arange(width) + 0.5, height - np.arange(height) - 0.5)
        mask = (columns - x)**2 + (rows - y)**2 < radius**2
        direct = cloned(target, source, mask)
        for seed in range(options.seeds):
            # Beside the problem's pictures, which the expression needs.
            model = folder / "model.sine"
            if not (folder / "pictures").exists():
                (folder / "pictures").symlink_to(problems / "pictures")
            report = solve(options.command, problems / f"{name}.toml", model, seed)
            error = shown(options.command, model, "edited", height, width, folder, (0, width), (0, height)) - direct
            print(f"{name:<22}{seed:>5}{report['features']:>10}{report['seconds']:>9.1f}{decibels(error[mask]):>9.1f}   "
                  f"{np.abs(error[mask]).max():>10.4f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["edit"])
    parser.add_argument("--command", default=str(ROOT / "build/release/bin/sinefield"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        {"edit": edit}[options.what](options, Path(name))


if __name__ == "__main__":
    main()
