#!/usr/bin/python3
"""The rule that a recipe must not buy training error with interpolation: `fast` beside `original`, trained on every
second pixel both ways and judged by the pixels between.

Wherever the training pixels reach 25, 26, ... 30 dB, finished runs of `fast` (--psnr 25 ...) may be at most 0.5 dB under
`original` on the held-out pixels; and at the end of `fast` without a target at most 0.5 dB under the best held-out score
of `original` within its steps. Medians over the seeds. `original` is logged every 25 steps, its held-out score where it
passes a training score is interpolated between two rows; `fast` is judged at the training score that its finished run
has, which is never below the target.

`original` takes all training pixels in every step: 2,000 steps of a 512 x 512 picture are about a quarter of an hour on
two cores, for each seed. --original-steps shortens it: the best held-out score usually comes before 700.
"""
# SPDX-License-Identifier: MIT
import argparse
import pathlib

from runs import DATA, add_options, fit, machine, median, table

ALLOWED = 0.5
TARGETS = range(25, 31)


def held_out_at(log, psnr):
    """Held-out score of the first crossing of a training score, or None."""
    before = None
    for row in log:
        if row["psnr"] >= psnr:
            if before is None:
                return row["held_out_psnr"]
            part = (psnr - before["psnr"]) / (row["psnr"] - before["psnr"])
            return before["held_out_psnr"] + part * (row["held_out_psnr"] - before["held_out_psnr"])
        before = row
    return None


def judge(options, picture):
    seeds = range(options.seeds)
    originals = [fit(options, picture, "--recipe", "original", "--holdout", "--steps", options.original_steps, "--log-every", 25,
                     "--seed", seed, log=True)["log"] for seed in seeds]
    rows, kept = [], True
    for target in TARGETS:
        runs = [fit(options, picture, "--holdout", "--psnr", target, "--seed", seed) for seed in seeds]
        pairs = [(run["held_out_psnr"], held_out_at(log, run["psnr"])) for run, log in zip(runs, originals)]
        if any(theirs is None for _, theirs in pairs):
            rows.append([f"{target} dB", median(run["psnr"] for run in runs), median(ours for ours, _ in pairs), None, None, "not reached"])
            continue
        ours, theirs = median(o for o, _ in pairs), median(t for _, t in pairs)
        good = ours >= theirs - ALLOWED
        kept &= good
        rows.append([f"{target} dB", median(run["psnr"] for run in runs), ours, theirs, ours - theirs, "kept" if good else "BROKEN"])
    ends = [fit(options, picture, "--holdout", "--seed", seed) for seed in seeds]
    ours = median(end["held_out_psnr"] for end in ends)
    theirs = median(max(row["held_out_psnr"] for row in log) for log in originals)
    good = ours >= theirs - ALLOWED
    rows.append(["end", median(end["psnr"] for end in ends), ours, theirs, ours - theirs, "kept" if good else "BROKEN"])
    table([pathlib.Path(picture).name, "train", "fast", "original", "difference", "rule"], rows)
    print()
    return kept and good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("pictures", nargs="*", default=[DATA / "camera.png"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--original-steps", type=int, default=2000)
    add_options(parser)
    options = parser.parse_args()
    print(f"held out: every second pixel both ways; {options.seeds} seeds, original {options.original_steps} steps; {machine(options)}\n")
    if not all([judge(options, picture) for picture in options.pictures]):
        raise SystemExit(1)


main()
