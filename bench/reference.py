#!/usr/bin/env python3
# The files of problems/ solved both ways, by features and by finite differences (solve --reference): the errors of both
# against what is known of the solutions, what the reference says of its own error, and the seconds of each. It takes the
# cases and the solutions of problems.py. Needs numpy and scipy (scripts/setup.sh bench).
#   bench/reference.py [--command build/release/bin/sinefield] [--only NAME] [--points N]
# SPDX-License-Identifier: MIT
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from problems import CASES, ROOT, burgers_exact, burgers_error, helmholtz_error, helmholtz_exact, relative


def at_nodes(file, most=1500):
    """Some nodes of a reference where the closed forms hold, as points, and its values there."""
    arrays = np.load(file)
    names = [name for name in arrays.files if name != "u"]
    points = np.stack(np.meshgrid(*[arrays[name] for name in names], indexing="ij"), axis=-1).reshape(-1, len(names))
    values = arrays["u"].ravel()
    if "t" in names:
        keep = points[:, 1] > 0
    else:
        keep = (np.abs(points).max(axis=1) <= 0.5) & (np.hypot(*points.T) > 0.08)
    points, values = points[keep], values[keep]
    if len(points) > most and "t" in names:
        some = np.random.default_rng(1).choice(len(points), most, replace=False)
        points, values = points[some], values[some]
    return points, values


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--command", default=str(ROOT / "build/release/bin/sinefield"))
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--points", type=int)
    options = parser.parse_args()
    print(f"{'problem':<18}{'features: error':>16}{'seconds':>9}{'reference: error':>18}{'says':>10}{'seconds':>9}  how")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in [options.only] if options.only else CASES:
            arguments, error_of = CASES[case]
            model = folder / "model.sine"
            more = ["--reference-points", str(options.points)] if options.points else []
            run = subprocess.run([options.command, "solve", ROOT / "problems" / arguments[0], *arguments[1:], "-o", model, "--reference",
                                  *more, "--force", "--quiet", "--json"], check=True, capture_output=True, text=True)
            report = json.loads(run.stdout)
            reference = report["reference"]
            unknown = reference["unknowns"][0]
            if error_of:
                error = error_of(options.command, model, folder)
                exact = {helmholtz_error: helmholtz_exact, burgers_error: burgers_exact}[error_of]
                points, values = at_nodes(reference["file"])
                of_reference = relative(values, exact(points))
            else:
                error, of_reference = report["errors"][0]["relative_l2"], unknown["error"]["relative_l2"]
            says = unknown["own_error"] if unknown["own_error"] is not None else float("nan")
            how = f"{reference['method']}, {' x '.join(map(str, reference['finest']))}"
            print(f"{case:<18}{error:>16.1e}{report['seconds']:>9.1f}{of_reference:>18.1e}{says:>10.1e}{reference['seconds']:>9.1f}  {how}",
                  flush=True)


if __name__ == "__main__":
    main()
