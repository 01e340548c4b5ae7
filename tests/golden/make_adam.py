#!/usr/bin/python3
"""Write tests/data/adam.json: twenty steps of PyTorch's Adam, in double, along given gradients.

Parameters and gradients are representable in float32, so single-precision code can start from exactly the same numbers.
The gradients of a parameter are of one size, from 1 down to that of epsilon; one is always zero. Leaves out: any option
of Adam but the learning rate. The numbers in the tree come from Debian 12's python3-torch 1.13.1, which calls itself
1.13.0a0.

    /usr/bin/python3 tests/golden/make_adam.py [FILE]
"""
# SPDX-License-Identifier: MIT
import pathlib
import sys

import make_golden
import torch

STEPS = 20
LEARNING_RATE = 2**-7
SIZES = [1, 2**-7, 2**-14, 2**-21, 2**-27, 0, 1, 2**-7, 2**-14]


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data" / "adam.json"
    torch.set_num_threads(1)
    torch.manual_seed(make_golden.SEED)
    size = torch.tensor(SIZES, dtype=torch.float64)
    parameters = make_golden.uniform(1, len(SIZES)).requires_grad_()
    record = dict(learning_rate=LEARNING_RATE, initial_parameters=parameters.detach().clone(), gradients=[],
                  parameters=[])
    optimiser = torch.optim.Adam([parameters], lr=LEARNING_RATE)
    for _ in range(STEPS):
        parameters.grad = make_golden.uniform(1, len(SIZES)) * size
        record["gradients"].append(parameters.grad.tolist())
        optimiser.step()
        record["parameters"].append(parameters.tolist())
    make_golden.write(path, dict(version=1, made_by="tests/golden/make_adam.py", torch=torch.__version__,
                                 seed=make_golden.SEED, **make_golden.plain(record)))


if __name__ == "__main__":
    main()
