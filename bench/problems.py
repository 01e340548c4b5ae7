#!/usr/bin/env python3
# Solves the files of problems/ for three seeds and prints their errors and times: those that the files themselves know
# of, Helmholtz's against the field of a point source (Hankel function), Burgers' against Cole and Hopf's integral, Allen
# and Cahn's against a cosine series in small steps of time.
# Needs numpy and scipy (scripts/setup.sh bench).
#   bench/problems.py [--command build/release/bin/sinefield] [--seeds 3] [--only NAME]
# SPDX-License-Identifier: MIT
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from scipy.fft import dct, idct
from scipy.interpolate import RectBivariateSpline
from scipy.special import hankel2

ROOT = Path(__file__).resolve().parent.parent


def values(command, model, points, folder):
    np.save(folder / "points.npy", points)
    subprocess.run([command, "eval", model, "--at", folder / "points.npy", "-o", folder / "values.npz", "--force", "--quiet"],
                   check=True, stdout=subprocess.DEVNULL)
    return np.load(folder / "values.npz")["value"]


def relative(found, exact):
    return np.linalg.norm(found - exact) / np.linalg.norm(exact)


def helmholtz_exact(points, k=20.0, variance=1e-4):
    """Where |x|, |y| <= 1/2, r > 0.08: there the source is a point's but for the factor exp(-k^2 variance / 2)."""
    return np.exp(-k * k * variance / 2) * (1 + 1j) * 0.25j * hankel2(0, k * np.hypot(*points.T))


def helmholtz_error(command, model, folder):
    points = np.random.default_rng(5).uniform(-0.5, 0.5, (100_000, 2))
    points = points[np.hypot(*points.T) > 0.08]
    u = values(command, model, points, folder)
    return relative(u[:, 0] + 1j * u[:, 1], helmholtz_exact(points))


def burgers_exact(points, viscosity=0.01 / np.pi):
    """By the integral over eta, which is summed in steps far below its width."""
    eta = np.linspace(-2.5, 2.5, 200_001)
    exact = []
    for x, t in points:
        exponent = -eta**2 / (4 * viscosity * t) - np.cos(np.pi * (x - eta)) / (2 * np.pi * viscosity)
        weight = np.exp(exponent - exponent.max())
        exact.append(-(np.sin(np.pi * (x - eta)) * weight).sum() / weight.sum())
    return np.array(exact)


def burgers_error(command, model, folder):
    points = np.random.default_rng(1).uniform([-1, 0], [1, 1], (1500, 2))
    return relative(values(command, model, points, folder)[:, 0], burgers_exact(points))


def allen_cahn(steps, modes=1024, diffusion=1e-4):
    """u(t, x) at `steps` + 1 times from 0 to 1 and the middles of `modes` cells of [0, 1]; u is even. Cox and Matthews'
    ETDRK4, its coefficients by the means over circles of Kassam and Trefethen (SIAM J. Sci. Comput. 26, 2005)."""
    h = 1 / steps
    x = (np.arange(modes) + 0.5) / modes
    linear = h * (5 - diffusion * (np.pi * np.arange(modes)) ** 2)
    circle = linear[:, None] + np.exp(1j * np.pi * (np.arange(32) + 0.5) / 32)
    mean = lambda of: h * np.real(of.mean(1))
    whole, half = np.exp(linear), np.exp(linear / 2)
    to_half = mean((np.exp(circle / 2) - 1) / circle)
    first = mean((-4 - circle + np.exp(circle) * (4 - 3 * circle + circle**2)) / circle**3)
    middle = mean((2 + circle + np.exp(circle) * (circle - 2)) / circle**3)
    last = mean((-4 - 3 * circle - circle**2 + np.exp(circle) * (4 - circle)) / circle**3)
    cubic = lambda v: dct(-5 * idct(v, norm="ortho") ** 3, norm="ortho")
    u = [x**2 * np.cos(np.pi * x)]
    v = dct(u[0], norm="ortho")
    for _ in range(steps):
        of_v = cubic(v)
        a = half * v + to_half * of_v
        of_a = cubic(a)
        b = half * v + to_half * of_a
        of_b = cubic(b)
        c = half * a + to_half * (2 * of_b - of_v)
        v = whole * v + first * of_v + 2 * middle * (of_a + of_b) + last * cubic(c)
        u.append(idct(v, norm="ortho"))
    return x, np.array(u)


def allen_cahn_error(command, model, folder, steps=1000):
    """At 100,000 random points, between the steps by splines of fifth order; half the steps show how exact that is."""
    points = np.random.default_rng(1).uniform([-1, 0], [1, 1], (100_000, 2))

    def exact(steps):
        x, u = allen_cahn(steps)
        mirrored = np.concatenate([-x[7::-1], x, 2 - x[:-9:-1]])
        values = np.concatenate([u[:, 7::-1], u, u[:, :-9:-1]], axis=1)
        return RectBivariateSpline(np.linspace(0, 1, steps + 1), mirrored, values, kx=5, ky=5).ev(points[:, 1], abs(points[:, 0]))

    fine = exact(steps)
    assert relative(exact(steps // 2), fine) < 1e-8
    return relative(values(command, model, points, folder)[:, 0], fine)


CASES = {
    "poisson_square": (["poisson_square.toml"], None),
    "poisson_lshape": (["poisson_lshape.toml"], None),
    "corner": (["poisson_lshape.toml", "--set", "corner=1", "--features", "1500"], None),
    "poisson_corner": (["poisson_corner.toml"], None),
    "heat": (["heat.toml"], None),
    "poisson_gradient": (["poisson_gradient.toml"], None),
    "poisson_laplacian": (["poisson_laplacian.toml"], None),
    "helmholtz": (["helmholtz.toml"], helmholtz_error),
    "helmholtz_smooth": (["helmholtz.toml", "--set", "exponent=3", "--set", "strength=2"], helmholtz_error),
    "burgers": (["burgers.toml"], burgers_error),
    "allen_cahn": (["allen_cahn.toml"], allen_cahn_error),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", default=str(ROOT / "build/release/bin/sinefield"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=CASES)
    options = parser.parse_args()
    print(f"{'problem':<18}{'seed':>5}{'features':>10}{'rows':>8}{'residual':>11}{'error':>11}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in [options.only] if options.only else CASES:
            arguments, error_of = CASES[case]
            for seed in range(options.seeds):
                model = folder / "model.sine"
                run = subprocess.run([options.command, "solve", ROOT / "problems" / arguments[0], *arguments[1:], "-o", model,
                                      "--seed", str(seed), "--force", "--quiet", "--json"],
                                     check=True, capture_output=True, text=True)
                report = json.loads(run.stdout)
                error = error_of(options.command, model, folder) if error_of else report["errors"][0]["relative_l2"]
                print(f"{case:<18}{seed:>5}{report['features']:>10}{report['rows']:>8}{report['residual']:>11.1e}{error:>11.1e}"
                      f"{report['seconds']:>9.1f}", flush=True)


if __name__ == "__main__":
    main()
