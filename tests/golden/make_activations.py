#!/usr/bin/python3
"""Write tests/data/activations.json: ten steps of PyTorch, in double, for every activation and encoding.

The loss is the mean squared error of values, plus 0.1 that of all first derivatives, plus 0.01 that of the Laplacian: the
loss before every full-batch step of Adam (lr 1e-4), the gradient of the parameters at step 0 and the parameters after the
tenth. Activations are PyTorch's own where it has them. Initial parameters, points and targets are representable in
float32. The numbers in the tree come from Debian 12's python3-torch 1.13.1, which calls itself 1.13.0a0.

    /usr/bin/python3 tests/golden/make_activations.py [FILE]
"""
# SPDX-License-Identifier: MIT
import math
import pathlib
import sys

import make_golden
import torch
from make_derivatives import first_derivatives, laplacians, train

POINTS = 16
OMEGAS = dict(sine=(20, 15), finer=(7, 5), gauss=(2, 1.5))
ACTIVATIONS = dict(
    sine=lambda y, omega: torch.sin(y),
    relu=lambda y, omega: torch.relu(y),
    tanh=lambda y, omega: torch.tanh(y),
    sigmoid=lambda y, omega: torch.sigmoid(y),
    softplus=lambda y, omega: torch.nn.functional.softplus(y),
    elu=lambda y, omega: torch.nn.functional.elu(y),
    selu=lambda y, omega: torch.nn.functional.selu(y),
    finer=lambda y, omega: torch.sin((y.abs() / omega + 1) * y),
    gauss=lambda y, omega: torch.exp(-y * y))
CASES = [(activation, "none", 0) for activation in ACTIVATIONS] + [
    ("relu", "positional", 3), ("sine", "positional", 2), ("softplus", "rbf", 7), ("tanh", "rbf", 5)]


def encode(kind, size, trained, x):
    if kind == "positional":
        parts = [x]
        for i in range(size):
            for j in range(x.shape[1]):
                parts += [torch.sin(2 ** i * math.pi * x[:, j:j + 1]), torch.cos(2 ** i * math.pi * x[:, j:j + 1])]
        return torch.cat(parts, 1)
    if kind == "rbf":
        centres, sigmas = trained
        squares = ((x[:, None, :] - centres[None]) ** 2).sum(2)
        return torch.exp(-(sigmas * squares) ** 2)
    return x


def network(a, tensors, x):
    trained = 2 if a["encoding"]["kind"] == "rbf" else 0
    h = encode(a["encoding"]["kind"], a["encoding"]["size"], tensors[:trained], x)
    pairs = list(zip(tensors[trained::2], tensors[trained + 1::2]))
    for layer, (weight, bias) in enumerate(pairs):
        z = h @ weight.T + bias
        omega = a["omega_hidden"] if layer else a["omega_first"]
        h = z if layer + 1 == len(pairs) else ACTIVATIONS[a["activation"]](omega * z, omega)
    return h


def case(activation, encoding, size):
    omega_first, omega_hidden = OMEGAS.get(activation, (1, 1))
    a = dict(inputs=2, outputs=2, width=6, hidden_layers=1, omega_first=omega_first, omega_hidden=omega_hidden,
             activation=activation, encoding=dict(kind=encoding, size=size))
    features = dict(none=2, positional=2 + 4 * size, rbf=size)[encoding]
    tensors = []
    if encoding == "rbf":
        tensors = [make_golden.uniform(1, size, 2), (make_golden.uniform(0.5, size) + 1.5).float().double()]
    bounded = activation in OMEGAS
    for layer, (n_in, n_out) in enumerate(zip([features, 6, 6], [6, 6, 2])):
        bound = (1 / n_in if layer == 0 else math.sqrt(6 / n_in) / omega_hidden) if bounded else math.sqrt(3 / n_in)
        tensors += [make_golden.uniform(bound, n_out, n_in), make_golden.uniform(1 / math.sqrt(n_in), n_out)]
    tensors = [t.requires_grad_() for t in tensors]
    coordinates, values = make_golden.uniform(1, POINTS, 2), make_golden.uniform(1, POINTS, 2)
    slopes, curves = make_golden.uniform(3, POINTS, 2, 2), make_golden.uniform(9, POINTS, 2)
    record = dict(architecture=a, learning_rate=make_golden.LEARNING_RATE, initial_parameters=make_golden.flat(tensors),
                  coordinates=coordinates, values=values, first_derivatives=slopes, laplacians=curves)

    def loss_at(x):
        u = network(a, tensors, x)
        first = first_derivatives(u, x)  # (points, inputs, outputs)
        # Straight pieces: PyTorch has no graph of their curvature.
        second = 0 if activation == "relu" and encoding == "none" else laplacians(u, x)
        return (((u - values) ** 2).mean() + 0.1 * ((first - slopes) ** 2).mean() +
                0.01 * ((second - curves) ** 2).mean())

    return train(record, tensors, loss_at)


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data" / "activations.json"
    torch.set_num_threads(1)
    torch.manual_seed(make_golden.SEED)
    make_golden.write(path, dict(
        version=1, made_by="tests/golden/make_activations.py", torch=torch.__version__, seed=make_golden.SEED,
        arrays="row-major; first derivatives (points, inputs, outputs)",
        cases=[make_golden.plain(case(*which)) for which in CASES]))


if __name__ == "__main__":
    main()
