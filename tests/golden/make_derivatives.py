#!/usr/bin/python3
"""Write tests/data/derivatives.json: ten steps of PyTorch, in double, towards derivatives of small networks.

For each loss, the mean squared error of all first derivatives or of the Laplacian, and for one network of two outputs the
eikonal loss of the first: the loss before every full-batch step of Adam (lr 1e-4), the gradient of the parameters at step 0
and the parameters after the tenth. Initial parameters, points and targets are representable in float32. Leaves out: any
other operator or optimiser. The numbers in the tree come from Debian 12's python3-torch 1.13.1, which calls itself
1.13.0a0.

    /usr/bin/python3 tests/golden/make_derivatives.py [FILE]
"""
# SPDX-License-Identifier: MIT
import pathlib
import sys

import make_golden
import torch

POINTS = 24
NETWORKS = {
    "2 to 1": dict(inputs=2, outputs=1, width=16, hidden_layers=2, omega_first=30, omega_hidden=30),
    "3 to 2": dict(inputs=3, outputs=2, width=11, hidden_layers=1, omega_first=15, omega_hidden=20),
}


def first_derivatives(u, x):
    """(points, inputs, outputs)"""
    return torch.stack([torch.autograd.grad(u[:, c].sum(), x, create_graph=True)[0] for c in range(u.shape[1])], 2)


def laplacians(u, x):
    """(points, outputs)"""
    g = first_derivatives(u, x)
    return sum(first_derivatives(g[:, i], x)[:, i] for i in range(x.shape[1]))


def gradient_loss(u, x, targets):
    return ((first_derivatives(u, x) - targets) ** 2).mean()


def laplacian_loss(u, x, targets):
    return ((laplacians(u, x) - targets) ** 2).mean()


def eikonal_loss(u, x, _):
    return ((first_derivatives(u, x)[:, :, 0].norm(dim=1) - 1) ** 2).mean()


LOSSES = dict(gradient=gradient_loss, laplacian=laplacian_loss, eikonal=eikonal_loss)


def train(record, tensors, loss_at):
    """Full-batch steps of Adam on loss_at(x), x the coordinates of the record; fills in what the record tells of them."""
    optimiser = torch.optim.Adam(tensors, lr=make_golden.LEARNING_RATE)
    record["losses"] = []
    for step in range(make_golden.STEPS):
        loss = loss_at(record["coordinates"].clone().requires_grad_())
        # The bias of the output has no part in a derivative.
        gradients = [torch.zeros_like(t) if g is None else g
                     for t, g in zip(tensors, torch.autograd.grad(loss, tensors, allow_unused=True))]
        record["losses"].append(loss.item())
        if step == 0:
            record["first_gradient"] = make_golden.flat(gradients)
        for tensor, gradient in zip(tensors, gradients):
            tensor.grad = gradient
        optimiser.step()
    record["final_parameters"] = make_golden.flat(tensors)
    return record


def case(network_name, a, loss_name):
    tensors = make_golden.initial_tensors(a)
    coordinates = make_golden.uniform(1, POINTS, a["inputs"])
    columns = dict(gradient=(a["inputs"], a["outputs"]), laplacian=(a["outputs"],), eikonal=(0,))[loss_name]
    targets = make_golden.uniform(30, POINTS, *columns)
    record = dict(network=network_name, architecture=a, loss=loss_name, learning_rate=make_golden.LEARNING_RATE,
                  initial_parameters=make_golden.flat(tensors), coordinates=coordinates, targets=targets)
    return train(record, tensors, lambda x: LOSSES[loss_name](make_golden.network(a, tensors, x), x, targets))


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data" / "derivatives.json"
    torch.set_num_threads(1)
    torch.manual_seed(make_golden.SEED)
    make_golden.write(path, dict(
        version=1, made_by="tests/golden/make_derivatives.py", torch=torch.__version__, seed=make_golden.SEED,
        arrays="row-major", cases=[make_golden.plain(case(name, a, loss)) for name, a in NETWORKS.items()
                                   for loss in LOSSES]))


if __name__ == "__main__":
    main()
