#!/usr/bin/python3
"""Write tests/data/golden.json: what an independent framework (PyTorch, in double) says about a few small networks.

For each network: ten steps of the original recipe (Adam, lr 1e-4, full batch, mean squared error) with the loss before
every step, the gradient at step 0 and the parameters after the tenth; and value, gradient, Laplacian and Hessian of the
initial network by automatic differentiation. Initial parameters, points and targets are representable in float32, so
single-precision code can start from exactly the same numbers. Leaves out: any other loss or optimiser. The
numbers in the tree come from Debian 12's python3-torch 1.13.1, which calls itself 1.13.0a0.

    /usr/bin/python3 tests/golden/make_golden.py [FILE]
"""
# SPDX-License-Identifier: MIT
import json
import math
import pathlib
import re
import sys

import torch

SEED = 20200617
STEPS = 10
LEARNING_RATE = 1e-4
POINTS = 40
PROBES = 8

ARCHITECTURES = {
    "2 to 1, three hidden layers of 16": dict(
        inputs=2, outputs=1, width=16, hidden_layers=3, omega_first=30, omega_hidden=30),
    "2 to 3, one hidden layer of 24": dict(
        inputs=2, outputs=3, width=24, hidden_layers=1, omega_first=60, omega_hidden=30),
    "3 to 2, two hidden layers of 9": dict(
        inputs=3, outputs=2, width=9, hidden_layers=2, omega_first=20, omega_hidden=25),
}


def uniform(bound, *shape):
    """Draws from U(-bound, bound), rounded to float32 and held in double."""
    return ((torch.rand(*shape, dtype=torch.float64) * 2 - 1) * bound).float().double()


def initial_tensors(a):
    """Weight (out, in) and bias (out) of each affine map, first to output."""
    sizes = [a["inputs"]] + [a["width"]] * (a["hidden_layers"] + 1) + [a["outputs"]]
    tensors = []
    for layer, (n_in, n_out) in enumerate(zip(sizes, sizes[1:])):
        bound = 1 / n_in if layer == 0 else math.sqrt(6 / n_in) / a["omega_hidden"]
        tensors += [uniform(bound, n_out, n_in), uniform(1 / math.sqrt(n_in), n_out)]
    return [t.requires_grad_() for t in tensors]


def network(a, tensors, x):
    h = x
    for layer, (weight, bias) in enumerate(zip(tensors[::2], tensors[1::2])):
        z = h @ weight.T + bias
        h = z if 2 * layer + 2 == len(tensors) else torch.sin((a["omega_hidden"] if layer else a["omega_first"]) * z)
    return h


def flat(tensors):
    return torch.cat([t.detach().reshape(-1) for t in tensors])


def probes(a, tensors):
    x = uniform(1, PROBES, a["inputs"]).requires_grad_()
    u = network(a, tensors, x)
    gradients, hessians, laplacians = [], [], []
    for c in range(a["outputs"]):
        g, = torch.autograd.grad(u[:, c].sum(), x, create_graph=True)
        rows = [torch.autograd.grad(g[:, i].sum(), x, retain_graph=True)[0] for i in range(a["inputs"])]
        gradients.append(g.detach())
        hessians.append(torch.stack(rows, 1))
        laplacians.append(sum(row[:, i] for i, row in enumerate(rows)))
    return dict(
        points=x, value=u, gradient=torch.stack(gradients, 1), laplacian=torch.stack(laplacians, 1),
        hessian=torch.stack(hessians, 1))


def case(name, a):
    tensors = initial_tensors(a)
    coordinates = uniform(1, POINTS, a["inputs"])
    targets = uniform(1, POINTS, a["outputs"])
    record = dict(
        name=name, architecture=a, learning_rate=LEARNING_RATE, initial_parameters=flat(tensors),
        coordinates=coordinates, targets=targets, probes=probes(a, tensors), losses=[])
    optimiser = torch.optim.Adam(tensors, lr=LEARNING_RATE)
    for step in range(STEPS):
        optimiser.zero_grad()
        loss = ((network(a, tensors, coordinates) - targets) ** 2).mean()
        loss.backward()
        record["losses"].append(loss.item())
        if step == 0:
            record["first_gradient"] = flat([t.grad for t in tensors])
        optimiser.step()
    record["final_parameters"] = flat(tensors)
    return record


def plain(value):
    """Tensors become flat lists in row-major order; repr of a Python float gives the double back exactly."""
    if isinstance(value, torch.Tensor):
        return value.detach().reshape(-1).tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def write(path, document):
    text = json.dumps(document, indent=1)
    path.write_text(re.sub(r",\n *(?=[-\d])", ", ", text) + "\n")  # an array of numbers stays on one line


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data" / "golden.json"
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    document = dict(
        version=1, made_by="tests/golden/make_golden.py", torch=torch.__version__, seed=SEED, arrays="row-major",
        cases=[plain(case(name, a)) for name, a in ARCHITECTURES.items()])
    write(path, document)


if __name__ == "__main__":
    main()
