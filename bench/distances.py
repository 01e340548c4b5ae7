#!/usr/bin/env python3
# Trains problems/eikonal_shapes.toml and holds its distances against those from dense points of the surface (with its
# edges, so that they are good to 1e-3 at worst), at 50,000 points of the cube: mean and largest absolute error, and how
# far |grad u| is from 1. --plane: eikonal_plane.toml, against the distance in the file. Cube and square are 2 wide.
# Needs numpy and scipy (scripts/setup.sh bench).
#   bench/distances.py [--command build/release/bin/sinefield] [--seeds 0] [--shapes 0 1 2] [--plane] [-- OPTIONS OF SOLVE]
# SPDX-License-Identifier: MIT
import argparse
import itertools
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

ROOT = Path(__file__).resolve().parent.parent
HALF = np.array([0.5, 0.4, 0.3])  # of the box
CORNER, BITE = HALF, 0.4  # centre and radius of what is taken out of it
POINTS = 500_000


def ball(centre, radius, rng):
    v = rng.normal(size=(POINTS, 3))
    return centre + radius * v / np.linalg.norm(v, axis=1)[:, None]


def box(rng):
    """Faces, as dense as one another, and edges."""
    parts = []
    for axis, side in itertools.product(range(3), (-1, 1)):
        others = np.delete(HALF, axis)
        faces = sum(np.prod(np.delete(HALF, k)) for k in range(3))
        p = rng.uniform(-HALF, HALF, (int(POINTS * np.prod(others) / faces / 2), 3))
        p[:, axis] = side * HALF[axis]
        parts.append(p)
    t = np.linspace(-1, 1, 20_001)
    for axis, sides in itertools.product(range(3), itertools.product((-1, 1), repeat=2)):
        p = np.empty((t.size, 3))
        p[:, axis] = t * HALF[axis]
        p[:, np.delete(range(3), axis)] = np.array(sides) * np.delete(HALF, axis)
        parts.append(p)
    return np.vstack(parts)


def rims():
    """Where the bite meets the faces through its centre."""
    t, parts = np.linspace(0, 2 * np.pi, 40_001), []
    for axis in range(3):
        p = np.tile(CORNER, (t.size, 1))
        p[:, np.delete(range(3), axis)] += BITE * np.stack([np.cos(t), np.sin(t)], 1)
        parts.append(p)
    return np.vstack(parts)


def in_box(p, slack=0.0):
    return (np.abs(p) <= HALF + slack).all(1)


def bitten(p, slack=0.0):
    return np.linalg.norm(p - CORNER, axis=1) < BITE - slack


def shape(number, rng):
    """Points of the surface, and whether points are inside."""
    if number == 0:
        return ball(np.zeros(3), 0.5, rng), lambda p: np.linalg.norm(p, axis=1) < 0.5
    if number == 1:
        return box(rng), in_box
    of_box, of_bite = np.vstack([box(rng), rims()]), ball(CORNER, BITE, rng)
    surface = np.vstack([of_box[~bitten(of_box, 1e-9) & in_box(of_box, 1e-12)], of_bite[in_box(of_bite)]])
    return surface, lambda p: in_box(p) & ~bitten(p)


def shown(command, model, expression, folder):
    subprocess.run([command, "eval", model, "--at", folder / "points.npy", "--show", expression, "-o", folder / "values.npz",
                    "--force", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "values.npz")["value"].ravel()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", default=ROOT / "build/release/bin/sinefield")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--shapes", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--plane", action="store_true")
    parser.add_argument("options", nargs="*")
    a = parser.parse_args()
    problem = ROOT / "problems" / ("eikonal_plane.toml" if a.plane else "eikonal_shapes.toml")
    for number in a.shapes:
        rng = np.random.default_rng(number)
        points = rng.uniform(-1, 1, (50_000, 2 if a.plane else 3))
        if not a.plane:
            surface, inside = shape(number, rng)
            distance, _ = cKDTree(surface).query(points)
            distance = np.where(inside(points), -distance, distance)
        for seed in a.seeds:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                model = folder / "solid.sine"
                said = json.loads(subprocess.run(
                    [a.command, "solve", problem, "--set", f"shape={number}", "-o", model,
                     "--seed", str(seed), "--json", "--quiet", *a.options], check=True, capture_output=True).stdout)
                np.save(folder / "points.npy", points)
                if a.plane:
                    distance = shown(a.command, model, "distance", folder)
                errors = np.abs(shown(a.command, model, "u", folder) - distance)
                lengths = np.abs(shown(a.command, model, "norm(grad(u))", folder) - 1)
            print(f"shape {number}, seed {seed}: error {errors.mean():.2e} (largest {errors.max():.2e}), "
                  f"| |grad u| - 1 | {lengths.mean():.2e}, {said['steps']} steps, {said['seconds']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
