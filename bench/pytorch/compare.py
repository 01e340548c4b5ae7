#!/usr/bin/python3
"""One training step of the same network, from the same weights on the same batch: Sinefield beside PyTorch.

Two processes live side by side and take turns, step by step, so that a change of the machine's clock or load meets
both; neither computes while the other does, and the first to go changes every round. Times are each side's own, around
one whole step: gradients cleared, forward, loss, backward, Adam (lr 1e-4). The loss is the mean squared error of values,
of gradients or of Laplacians, or the eikonal loss. The losses of both must agree at every step.

The protocol, one text line each way, flushed at once:

  start     sinefield bench --serve-step --loss L --width W --points N --threads T [--isa I]
                            --write-model MODEL --write-batch BATCH
            Network 2 (eikonal: 3) -> W -> ... -> 1 with three hidden layers, omega 30 everywhere, single precision.
            MODEL: a model file (safetensors) with the weights before the first step, tensors net.net.<l>.0.weight|bias.
            BATCH: .npz (stored or deflated) with float32 C-order arrays coordinates (N, 2) and targets (N, 1; of
            gradients N, 2; of eikonal N, 0), in network units. Both files are complete before the answer:
  answer    ready [DESCRIPTION]            DESCRIPTION: free text to the end of the line, shown in the report
  request   step
  answer    SECONDS LOSS                   wall seconds of this one step, and the loss before its update
  request   quit
  answer    peak_bytes B                   the most resident memory since `ready`, less what was resident at `ready`
            then exit with code 0. End of input without quit: exit as well.

Memory of the peak: write "5" to /proc/self/clear_refs before `ready`, read VmHWM of /proc/self/status at `quit`, the
difference to VmHWM right after the reset is B. Nothing but these lines goes to stdout; stderr is shown if a side fails.
PyTorch's side is train_step.py and speaks the same lines. Leaves out: GPUs.
"""
# SPDX-License-Identifier: MIT
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

WARM_UP = 2
LOSS_AGREEMENT = 1e-3  # relative
SETTLE = 0.02  # seconds between turns: idle worker threads of either side stop spinning

HERE = pathlib.Path(__file__).resolve().parent


class Failure(Exception):
    pass


class Side:
    """One process that answers step and quit."""

    def __init__(self, name, command, environment):
        self.name, self.seconds, self.losses = name, [], []
        self.stderr = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.stderr, text=True, env=environment)
        except OSError as error:
            raise Failure(f"cannot start {command[0]}: {error.strerror}") from error
        answer = self.answer()
        if answer.split()[:1] != ["ready"]:
            raise Failure(f"{name} answered {answer!r}, expected ready")
        self.description = answer[len("ready"):].strip() or name

    def answer(self):
        line = self.process.stdout.readline()
        if line:
            return line.rstrip("\n")
        code = self.process.wait()
        self.stderr.seek(0)
        raise Failure(f"{self.name} ended with code {code}: {self.stderr.read().strip() or 'no message'}")

    def ask(self, request):
        try:
            self.process.stdin.write(request + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the missing answer tells why
        return self.answer()

    def step(self):
        answer = self.ask("step")
        try:
            seconds, loss = map(float, answer.split())
        except ValueError:
            raise Failure(f"{self.name} answered {answer!r}, expected SECONDS LOSS") from None
        self.seconds.append(seconds)
        self.losses.append(loss)

    def quit(self):
        answer = self.ask("quit").split()
        if len(answer) != 2 or answer[0] != "peak_bytes":
            raise Failure(f"{self.name} answered {answer!r}, expected peak_bytes B")
        self.peak_bytes = int(answer[1])
        if self.process.wait() != 0:
            raise Failure(f"{self.name} ended with code {self.process.returncode}")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def summary(self):
        timed = self.seconds[WARM_UP:]
        median = statistics.median(timed)
        return dict(
            description=self.description, median_seconds=median,
            mad_seconds=statistics.median(abs(s - median) for s in timed), seconds=timed, peak_bytes=self.peak_bytes,
            losses=self.losses)


def environment(threads):
    """Every threading library gets the same number; OpenBLAS chooses its kernels by the machine, not by a wish."""
    variables = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        variables[name] = str(threads)  # Debian's torch 1.13.1 does not pass set_num_threads on to OpenBLAS
    return variables


def check_losses(sides):
    (ours, theirs) = (side.losses[-1] for side in sides)
    if not abs(ours - theirs) <= LOSS_AGREEMENT * abs(theirs):
        raise Failure(
            f"the losses of step {len(sides[0].losses)} differ: {sides[0].name} {ours:.9g}, {sides[1].name} "
            f"{theirs:.9g}; expected agreement to {LOSS_AGREEMENT:g}, so the times would not be of the same work")


def cpu_name():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def measure(arguments):
    sides = []
    with tempfile.TemporaryDirectory(prefix="sinefield-compare-") as folder:
        model, batch = f"{folder}/model.safetensors", f"{folder}/batch.npz"
        ours = [
            arguments.sinefield, "bench", "--serve-step", "--loss", arguments.loss, "--width", arguments.width, "--points", arguments.points,
            "--threads", arguments.threads, "--write-model", model, "--write-batch", batch]
        if arguments.isa:
            ours += ["--isa", arguments.isa]
        theirs = [
            sys.executable, HERE / "train_step.py", "--model", model, "--batch", batch, "--threads", arguments.threads,
            "--loss", arguments.loss]
        try:
            for name, command in (("sinefield", ours), ("pytorch", theirs)):
                sides.append(Side(name, [str(word) for word in command], environment(arguments.threads)))
            for turn in range(WARM_UP + arguments.repeats):
                for side in sides if turn % 2 == 0 else reversed(sides):
                    time.sleep(SETTLE)
                    side.step()
                check_losses(sides)
            for side in sides:
                side.quit()
        finally:
            for side in sides:
                side.stop()

    summaries = {side.name: side.summary() for side in sides}
    ours, theirs = summaries["sinefield"], summaries["pytorch"]
    return dict(
        cpu=cpu_name(), loss=arguments.loss, width=arguments.width, points=arguments.points, threads=arguments.threads,
        repeats=arguments.repeats, **summaries, time_ratio=theirs["median_seconds"] / ours["median_seconds"],
        memory_ratio=theirs["peak_bytes"] / max(ours["peak_bytes"], 1))


def report(result):
    print(f"{result['cpu']}, {result['threads']} thread(s): one {result['loss']} step of width {result['width']}, "
          f"{result['points']} points, {result['repeats']} repeats")
    for name in ("sinefield", "pytorch"):
        side = result[name]
        print(f"{name:>10}  median {side['median_seconds'] * 1e3:9.3f} ms  MAD {side['mad_seconds'] * 1e3:7.3f} ms  "
              f"memory above idle {side['peak_bytes'] / 2**20:8.1f} MiB  ({side['description']})")
    print(f"pytorch / sinefield: time {result['time_ratio']:.2f}, memory {result['memory_ratio']:.1f}")


def at_least(least):
    def parse(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is too small, at least {least}")
        return number
    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sinefield", default=HERE.parents[1] / "build/release/bin/sinefield", metavar="FILE",
                        help="our command (build/release/bin/sinefield)")
    parser.add_argument("--threads", type=at_least(1), default=len(os.sched_getaffinity(0)),
                        help="for both sides (all that this process may use)")
    parser.add_argument("--isa", help="instruction set of our side: avx512, avx2, sse4, scalar (the best)")
    parser.add_argument("--loss", choices=["value", "gradient", "eikonal", "laplacian"], default="value",
                        help="what is wanted of the network (value)")
    parser.add_argument("--width", type=at_least(1), default=256, help="units per layer (256)")
    parser.add_argument("--points", type=at_least(1), default=16384, help="points of the batch (16384)")
    parser.add_argument("--repeats", type=at_least(9), default=9, help=f"timed steps after {WARM_UP} of warm-up (9)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    arguments = parser.parse_args()
    try:
        result = measure(arguments)
    except Failure as failure:
        sys.exit(f"compare.py: {failure}")
    if arguments.json:
        print(json.dumps(result))
    else:
        report(result)


if __name__ == "__main__":
    main()
