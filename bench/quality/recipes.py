#!/usr/bin/python3
"""The trials behind the recipe `fast`: variants of it on pictures of different kinds, medians over the seeds.

For each variant: operations (6 x weights x visited points, in 1e12) of a run that ends at 35 and at 40 dB, the held-out
score of a run that ends when the training pixels have 30 dB, and both scores at the end of a run without a target. Counts,
not seconds: they do not depend on the machine or its load. See docs/recipes.md."""
# SPDX-License-Identifier: MIT
import argparse
import pathlib

from runs import DATA, add_options, fit, machine, median, table

PICTURES = ["camera.png", "coins.png", "brick.png", "gravel.png", "chelsea.png", "coffee.png"]
VARIANTS = {
    "fast": [],
    "overlap 0.1": ["--overlap", 0.1],
    "overlap 0.3": ["--overlap", 0.3],
    "width 32": ["--width", 32],
    "width 64": ["--width", 64],
    "2 hidden layers": ["--hidden-layers", 2],
    "4 hidden layers": ["--hidden-layers", 4],
    "rate 4e-3": ["--lr", 4e-3],
    "rate 1.6e-2": ["--lr", 1.6e-2],
    "omega_hidden 30, rate 2e-3": ["--omega-hidden", 30, "--lr", 2e-3],
    "omega_hidden 10": ["--omega-hidden", 10],
    "batch 64": ["--batch", 64],
    "batch 256": ["--batch", 256],
    "half the omega_first": ["--omega-first", 0.5],
    "1.5 x the omega_first": ["--omega-first", 1.5],
    "soap": ["--optimizer", "soap", "--lr", 4e-3],
}


def operations(run, variant):
    width = variant[variant.index("--width") + 1] if "--width" in variant else 16
    layers = variant[variant.index("--hidden-layers") + 1] if "--hidden-layers" in variant else 3
    batch = variant[variant.index("--batch") + 1] if "--batch" in variant else 128
    weights = 2 * width + layers * width * width + width * run["channels"]
    return 6e-12 * weights * run["total_steps"] * batch


def with_omega(variant, suggested):
    """`--omega-first F` of a variant is a factor of the suggestion."""
    if "--omega-first" not in variant:
        return variant
    at = variant.index("--omega-first") + 1
    return variant[:at] + [variant[at] * suggested] + variant[at + 1:]


def trial(options, picture, variant):
    omega = fit(options, picture, "--total-steps", 1)["omega_first"]
    omega_half = fit(options, picture, "--total-steps", 1, "--holdout")["omega_first"]
    whole, between = with_omega(variant, omega), with_omega(variant, omega_half)
    figures = []
    for seed in range(options.seeds):
        to35, to40 = (fit(options, picture, "--psnr", target, "--seed", seed, *whole) for target in (35, 40))
        at30 = fit(options, picture, "--psnr", 30, "--holdout", "--seed", seed, *between)
        end = fit(options, picture, "--holdout", "--seed", seed, *between)
        figures.append([operations(to35, variant) if to35["stopped_by"] == "psnr" else float("inf"),
                        operations(to40, variant) if to40["stopped_by"] == "psnr" else float("inf"),
                        at30["psnr"], at30["held_out_psnr"], end["psnr"], end["held_out_psnr"]])
    return [median(column) for column in zip(*figures)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pictures", nargs="*", default=[DATA / name for name in PICTURES])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--variants", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    add_options(parser)
    options = parser.parse_args()
    print(f"{options.seeds} seeds; {machine(options)}\n")
    for picture in options.pictures:
        rows = [[name, *trial(options, picture, VARIANTS[name])] for name in options.variants]
        table([pathlib.Path(picture).name, "35 dB", "40 dB", "train 30", "held out", "train end", "held out"], rows)
        print()


main()
