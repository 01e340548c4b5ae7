"""Runs of `sinefield fit image` for the scripts beside this file: one run, its figures and its log. Leaves out what the
figures are for."""
# SPDX-License-Identifier: MIT
import csv
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path("/usr/lib/python3/dist-packages/skimage/data")  # Debian's python3-skimage


def command(options):
    path = pathlib.Path(options.sinefield)
    if not path.is_file():
        sys.exit(f"{path} is missing: build first (cmake --preset release && cmake --build --preset release)")
    return str(path)


def add_options(parser):
    parser.add_argument("--sinefield", default=ROOT / "build/release/bin/sinefield", help="the command")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))


def fit(options, picture, *arguments, log=False):
    """The JSON object of one run; with `log` its rows as dictionaries of numbers under "log"."""
    with tempfile.TemporaryDirectory() as folder:
        line = [command(options), "fit", "image", str(picture), "-o", f"{folder}/model.sine", "--quiet", "--json"]
        line += ["--threads", str(options.threads), *map(str, arguments)]
        if log:
            line += ["--log", f"{folder}/log.csv"]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(line)}\nended with {done.returncode}: {done.stdout}{done.stderr}")
        report = json.loads(done.stdout)
        if log:
            report["log"] = []  # a run shorter than the interval of its log leaves none
        if log and os.path.exists(f"{folder}/log.csv"):
            with open(f"{folder}/log.csv", newline="") as file:
                report["log"] = [{k: float(v) if v else None for k, v in row.items()} for row in csv.DictReader(file)]
        return report


def machine(options):
    info = json.loads(subprocess.run([command(options), "info", "--machine", "--json"], capture_output=True, text=True).stdout)
    return f"{info['processor']}, {options.threads} threads, {info['isa']}"


median = statistics.median


def table(head, rows):
    """Aligned columns; None is a dash."""
    text = [[("-" if cell is None else f"{cell:.2f}" if isinstance(cell, float) else str(cell)) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    for row in text:
        print("  ".join(cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(row, widths))), flush=True)
