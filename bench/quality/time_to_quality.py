#!/usr/bin/python3
"""Seconds from process start to the written file, until the picture as written has 30, 35, 40 dB: `fast` (tiles of small
networks) beside `single` (one large network) beside `original` (the training of the paper).

The best of --repeat runs counts (the machine's noise only ever adds); a dash: not reached within the recipe's steps. `original` runs for at most --patience seconds. Where
it has not got there, what it takes in PyTorch is stated instead, as step time times steps: the time of a step of the same
network on the same number of points measured in this run with PyTorch (bench/pytorch/train_step.py), the steps from
--original-log, a CSV of a longer run (`sinefield fit image PICTURE --recipe original --log CSV`, the same steps as in any
framework), or else "more than" those that it made here.
"""
# SPDX-License-Identifier: MIT
import argparse
import csv
import pathlib
import statistics
import subprocess
import tempfile

from runs import DATA, ROOT, add_options, command, fit, machine, table

TARGETS = (30, 35, 40)


def seconds_to(options, picture, target, repeat, *arguments):
    best = None
    for _ in range(repeat):
        run = fit(options, picture, "--psnr", target, *arguments)
        if run["stopped_by"] != "psnr":
            return None
        best = run["seconds"] if best is None else min(best, run["seconds"])
    return best


def torch_step_seconds(options, points):
    """Median time of one step of the original's network in PyTorch; points beyond 65,536 are counted as proportional."""
    few = min(points, 65536)
    with tempfile.TemporaryDirectory() as folder:
        model, batch = f"{folder}/model.safetensors", f"{folder}/batch.npz"
        server = subprocess.Popen([command(options), "bench", "--serve-step", "--width", "256", "--points", str(few), "--threads", "1",
                                   "--write-model", model, "--write-batch", batch], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        server.stdout.readline()
        peer = subprocess.Popen(["/usr/bin/python3", str(ROOT / "bench/pytorch/train_step.py"), "--model", model, "--batch", batch,
                                 "--threads", str(options.threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        peer.stdout.readline()
        times = []
        for _ in range(7):
            peer.stdin.write("step\n")
            peer.stdin.flush()
            times.append(float(peer.stdout.readline().split()[0]))
        for process in (peer, server):
            process.stdin.write("quit\n")
            process.stdin.flush()
            process.wait()
    return statistics.median(times[2:]) * points / few


def steps_to(log, target):
    return next((int(row["step"]) for row in log if row["psnr"] and float(row["psnr"]) >= target), None)


def original(options, picture):
    """For each target: (seconds, words)."""
    run = fit(options, picture, "--recipe", "original", "--seconds", options.patience, "--psnr", TARGETS[-1], "--log-every", 25, log=True)
    run["log"].append({"step": run["steps"], "seconds": run["seconds"], "psnr": run["psnr"]})
    log, step, source = run["log"], None, "here"
    if options.original_log:
        with open(options.original_log, newline="") as file:
            log, source = list(csv.DictReader(file)), pathlib.Path(options.original_log).name
    result = []
    for target in TARGETS:
        reached = next((row["seconds"] for row in run["log"] if row["psnr"] >= target), None)
        if reached:
            result.append((reached, f"{reached:.0f}"))
            continue
        step = step or torch_step_seconds(options, run["height"] * run["width"])
        steps = steps_to(log, target)
        if steps:
            result.append((steps * step, f"{steps * step:.0f} = {steps} steps x {step:.2f} s in PyTorch"))
        else:
            steps = int(float(log[-1]["step"]))
            result.append((steps * step, f"more than {steps * step:.0f} = {steps} steps x {step:.2f} s in PyTorch, {float(log[-1]['psnr']):.1f} dB ({source})"))
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("paths", nargs="*", help="pictures, or folders of them, beside camera, astronaut and coffee")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--repeat-single", type=int, default=1, help="runs of `single`, which are long; 0 leaves it out")
    parser.add_argument("--patience", type=float, default=600, help="seconds for `original`; 0 leaves it out")
    parser.add_argument("--original-log", help="CSV of a long run of `original` on the first picture")
    add_options(parser)
    options = parser.parse_args()
    pictures = [DATA / "camera.png", DATA / "astronaut.png", DATA / "coffee.png"]
    for path in map(pathlib.Path, options.paths):
        pictures += sorted(p for p in path.iterdir() if p.suffix.lower() in (".png", ".jpg", ".tif")) if path.is_dir() else [path]
    print(f"seconds to the written file; {machine(options)}, best of {options.repeat}\n")
    rows = []
    for picture in pictures:
        theirs = original(options, picture) if options.patience > 0 else [(None, None)] * len(TARGETS)
        options.original_log = None  # it is of the first picture
        for target, (seconds, words) in zip(TARGETS, theirs):
            fast = seconds_to(options, picture, target, options.repeat)
            single = seconds_to(options, picture, target, options.repeat_single, "--tiles", "none") if options.repeat_single else None
            rows.append([picture.name, f"{target} dB", fast, single, words, round(seconds / fast) if seconds and fast else None])
    table(["picture", "quality", "fast", "single", "original", "original/fast"], rows)


main()
