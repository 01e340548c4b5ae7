#!/usr/bin/env python3
# The problems that make pictures, measured.
#   bench/pictures.py edit                 poisson_edit.toml and its kin against a direct solver on the same pixels: the
#                                          equation of five points, values of the target about the patch
#   bench/pictures.py inpaint [PICTURE..]  inpaint.toml at the pixels that are held out, with its plate, without it, and
#                                          without it and with the best of several numbers of features
#   bench/pictures.py points PICTURE -o FILE.npy   the points of inpaint.toml from a picture
# Needs numpy, scipy (scripts/setup.sh bench) and python3-skimage, which reads pictures (scripts/setup.sh demo).
#   [--command build/release/bin/sinefield] [--seeds 3] [--size 128] [--share 0.1]
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


def solve(command, problem, model, seed, *more):
    run = subprocess.run([command, "solve", problem, "-o", model, "--seed", str(seed), "--force", "--quiet", "--json", *more],
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


def cloned(target, source, mask, mixed):
    """The target with the source's differences at the pixels of the mask: 4 u - (four neighbours) as of the source; mixed:
    each difference that of the one in which it is larger."""
    height, width, channels = target.shape
    number = -np.ones((height, width), int)
    number[mask] = np.arange(mask.sum())
    rows, columns, entries = [], [], []
    right = np.zeros((mask.sum(), channels))
    for k, (r, c) in enumerate(np.argwhere(mask)):
        rows.append(k), columns.append(k), entries.append(4)
        for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            of_source, of_target = (p[r, c] - p[r + dr, c + dc] for p in (source, target))
            right[k] += np.where(mixed & (np.abs(of_target) > np.abs(of_source)), of_target, of_source)
            if mask[r + dr, c + dc]:
                rows.append(k), columns.append(number[r + dr, c + dc]), entries.append(-1)
            else:
                right[k] += target[r + dr, c + dc]
    result = target.copy()
    result[mask] = splu(coo_matrix((entries, (rows, columns))).tocsc()).solve(right)
    return result


# The target, the source, the middle of its patch in the problem's coordinates and in the source, the radius, mixed or not.
EDITS = {
    "poisson_edit": ("park.png", "eye.png", (176, 162), (52, 40), 38, False),
    "poisson_edit_colour": ("cup.png", "eye.png", (135, 108), (52, 40), 36, False),
    "poisson_mixed": ("park.png", "eye.png", (166, 100), (52, 40), 38, True),
}


def edit(options, folder):
    print(f"{'problem':<22}{'seed':>5}{'features':>10}{'seconds':>9}{'inside':>9} dB{'largest':>10}")
    for name, (target, source, (x, y), (in_x, in_y), radius, mixed) in EDITS.items():
        problems = ROOT / "problems"
        target, small = picture(problems / "pictures" / target), picture(problems / "pictures" / source)
        if target.shape[2] == 1:
            small = small @ [[0.299], [0.587], [0.114]]
        height, width, _ = target.shape
        source = np.zeros_like(target)
        left, upper = x - in_x, height - (y - in_y) - small.shape[0]
        source[upper:upper + small.shape[0], left:left + small.shape[1]] = small
        columns, rows = np.meshgrid(np.arange(width) + 0.5, height - np.arange(height) - 0.5)
        mask = (columns - x)**2 + (rows - y)**2 < radius**2
        direct = cloned(target, source, mask, mixed)
        for seed in range(options.seeds):
            # Beside the problem's pictures, which the expression needs.
            model = folder / "model.sine"
            if not (folder / "pictures").exists():
                (folder / "pictures").symlink_to(problems / "pictures")
            report = solve(options.command, problems / f"{name}.toml", model, seed)
            error = shown(options.command, model, "edited", height, width, folder, (0, width), (0, height)) - direct
            print(f"{name:<22}{seed:>5}{report['features']:>10}{report['seconds']:>9.1f}{decibels(error[mask]):>9.1f}   "
                  f"{np.abs(error[mask]).max():>10.4f}", flush=True)


def square(path, size):
    """The middle of a picture in grey, made smaller by means of whole pixels, (size, size)."""
    pixels = picture(path)[..., :3].mean(-1)
    height, width = pixels.shape
    factor = min(height, width) // size
    if factor == 0:
        raise SystemExit(f"pictures: {path} is smaller than {size} x {size}")
    side = factor * size
    pixels = pixels[(height - side) // 2:, (width - side) // 2:][:side, :side]
    return pixels.reshape(size, factor, size, factor).mean((1, 3))


def known_pixels(pixels, share, seed):
    """Rows x, y, grey of a share of the pixels, and which they are."""
    size = len(pixels)
    known = np.zeros(pixels.shape, bool)
    known.flat[np.random.default_rng(seed).permutation(pixels.size)[:round(share * pixels.size)]] = True
    rows, columns = np.nonzero(known)
    return np.stack([(columns + 0.5) / size, 1 - (rows + 0.5) / size, pixels[known]], 1), known


def points(options, folder):
    table, _ = known_pixels(square(options.pictures[0], options.size), options.share, 0)
    np.save(options.output, table.astype(np.float32))


def inpaint(options, folder):
    text = (ROOT / "problems/inpaint.toml").read_text()
    before, rest = text.split("[terms.plate]")
    without = before + rest[rest.index("[features]"):]
    (folder / "pictures").mkdir()
    (folder / "inpaint.toml").write_text(text)
    (folder / "without.toml").write_text(without)
    data = Path(io.__file__).parent.parent / "data"
    # Features and wavenumbers as the file has them for 128 x 128 pixels, by the number of pixels.
    scale = options.size / 128
    most = (round(2500 * scale**2), 150 * scale)
    fewer = [(round(most[0] * f), most[1] * f**0.5) for f in (0.02, 0.05, 0.1, 0.2, 0.4)]
    print(f"{'picture':<14}{'seed':>5}{'seconds':>9}{'with':>8}{'without':>9}{'best of fewer':>15}")
    for path in options.pictures or [data / "camera.png", data / "chelsea.png"]:
        pixels = square(path, options.size)
        for seed in range(options.seeds):
            table, known = known_pixels(pixels, options.share, seed)
            np.save(folder / "pictures/pixels.npy", table)

            def held_out(problem, features, waves):
                report = solve(options.command, folder / problem, folder / "model.sine", seed,
                               "--set", f"features={features}", "--set", f"waves={waves}")
                u = shown(options.command, folder / "model.sine", "u", *pixels.shape, folder, (0, 1), (0, 1))[..., 0]
                return decibels((np.clip(u, 0, 1) - pixels)[~known]), report["seconds"]

            plate, seconds = held_out("inpaint.toml", *most)
            plain, _ = held_out("without.toml", *most)
            best = max(held_out("without.toml", *choice)[0] for choice in fewer)
            print(f"{Path(path).name:<14}{seed:>5}{seconds:>9.1f}{plate:>8.2f}{plain:>9.2f}{best:>15.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["edit", "inpaint", "points"])
    parser.add_argument("pictures", nargs="*")
    parser.add_argument("-o", "--output", default="pixels.npy")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--command", default=str(ROOT / "build/release/bin/sinefield"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as name:
        {"edit": edit, "inpaint": inpaint, "points": points}[options.what](options, Path(name))


if __name__ == "__main__":
    main()
