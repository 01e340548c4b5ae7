#!/usr/bin/python3
"""One side of compare.py: training steps of a sinusoidal network in PyTorch, one for each line `step` on stdin.

Starts from a weights file (safetensors, tensors `net.net.<layer>.0.weight|bias`) and a batch (.npz with float32 arrays
`coordinates` (N, inputs) and `targets` (N, numbers wanted of a point)). Answers as described at the top of compare.py. The
step is what a user of PyTorch would write: forward, loss, backward, Adam; derivatives of the output by nested calls of
torch.autograd.grad; coordinates need no gradient where values are wanted. Leaves out: data loading, logging, validation.
"""
# SPDX-License-Identifier: MIT
import argparse
import json
import pathlib
import re
import sys
import time

import numpy as np
import torch


def read_safetensors(path):
    """Float32 tensors of a safetensors file: 8 bytes length, a JSON header, the data."""
    raw = pathlib.Path(path).read_bytes()
    start = 8 + int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: tensor {name} has type {entry['dtype']}, expected F32")
        first, last = entry["data_offsets"]
        tensors[name] = np.frombuffer(raw[start + first:start + last], "<f4").reshape(entry["shape"])
    return tensors


class SineNetwork(torch.nn.Module):
    """u = W_n h_n + b_n, h_l = sin(omega (W_l h_(l-1) + b_l))."""

    def __init__(self, tensors, omega):
        super().__init__()
        self.omega = omega
        self.layers = torch.nn.ModuleList()
        for layer in range(len(tensors) // 2):
            weight, bias = (torch.tensor(tensors[f"net.net.{layer}.0.{part}"]) for part in ("weight", "bias"))
            linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
            linear.load_state_dict({"weight": weight, "bias": bias})
            self.layers.append(linear)

    def forward(self, x):
        for linear in self.layers[:-1]:
            x = torch.sin(self.omega * linear(x))
        return self.layers[-1](x)


def gradient_of(u, x):
    return torch.autograd.grad(u.sum(), x, create_graph=True)[0]


def value_loss(network, x, targets):
    return torch.nn.functional.mse_loss(network(x), targets)


def gradient_loss(network, x, targets):
    return torch.nn.functional.mse_loss(gradient_of(network(x), x), targets)


def eikonal_loss(network, x, _):
    return (gradient_of(network(x), x).norm(dim=1) - 1).square().mean()


def laplacian_loss(network, x, targets):
    gradient = gradient_of(network(x), x)
    laplacian = sum(gradient_of(gradient[:, i], x)[:, i] for i in range(x.shape[1]))
    return torch.nn.functional.mse_loss(laplacian[:, None], targets)


LOSSES = dict(value=value_loss, gradient=gradient_loss, eikonal=eikonal_loss, laplacian=laplacian_loss)


def resident_bytes(field):
    """VmRSS: resident now; VmHWM: the most so far."""
    status = pathlib.Path("/proc/self/status").read_text()
    return 1024 * int(re.search(rf"{field}:\s+(\d+) kB", status)[1])


def forget_peak():
    """Lets VmHWM start again from what is resident now, and returns that.

    Where the kernel refuses, the peak so far is the base: the figure then comes out too small, never too large.
    """
    try:
        pathlib.Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass
    return resident_bytes("VmHWM")


def blas():
    """File names of the matrix libraries that are loaded; they decide much of the time."""
    maps = pathlib.Path("/proc/self/maps").read_text()
    return " ".join(sorted(set(re.findall(r"/([^/\s]*(?:blas|mkl|blis)[^/\s]*\.so[^/\s]*)$", maps, re.MULTILINE))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="safetensors file with the initial weights")
    parser.add_argument("--batch", required=True, help=".npz with coordinates and targets")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--loss", choices=LOSSES, default="value", help="what is wanted of the network (value)")
    parser.add_argument("--omega", type=float, default=30, help="of all sine layers (30)")
    parser.add_argument("--update", choices=["adam", "none"], default="adam", help="after the backward pass (adam)")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    network = SineNetwork(read_safetensors(arguments.model), arguments.omega)
    with np.load(arguments.batch) as batch:
        coordinates, targets = torch.from_numpy(batch["coordinates"]), torch.from_numpy(batch["targets"])
    coordinates.requires_grad_(arguments.loss != "value")
    loss_of = LOSSES[arguments.loss]
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-4)
    idle = forget_peak()
    print(f"ready torch {torch.__version__}, {blas()}", flush=True)

    for line in sys.stdin:
        if line.strip() == "quit":
            print(f"peak_bytes {resident_bytes('VmHWM') - idle}", flush=True)
            return
        if line.strip() != "step":
            sys.exit(f"unknown request {line!r}, expected step or quit")
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(network, coordinates, targets)
        loss.backward(inputs=list(network.parameters()))
        if arguments.update == "adam":
            optimiser.step()
        print(f"{time.perf_counter() - start:.9f} {loss.item():.9g}", flush=True)


if __name__ == "__main__":
    main()
