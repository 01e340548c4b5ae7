#!/usr/bin/python3
"""Write tests/data/equations.json: ten steps of PyTorch, in double, on the classical losses of equations.

Each case is the text of a problem file and the same loss written in PyTorch: the losses of Sitzmann et al. 2020 for signed
distances, for Helmholtz's equation with an absorbing layer and for the wave equation, and Burgers' equation in squares.
Recorded are points (with normals) of every term, the loss before every full-batch step of Adam (lr 1e-4), the gradient at
step 0 and the parameters after the tenth. Points, normals and parameters are representable in float32; all coordinates run
from -1 to 1, so that those of the network are the same. The numbers in the tree come from Debian 12's python3-torch 1.13.1.

    /usr/bin/python3 tests/golden/make_equations.py [FILE]
"""
# SPDX-License-Identifier: MIT
import pathlib
import sys

import make_derivatives
import make_golden
import torch

POINTS = 20
HEAD = "[coordinates]\n{}\n[unknowns]\nu = \"{}\"\n"
PLANE = "x = [-1, 1]\ny = [-1, 1]"
IN_TIME = "x = [-1, 1]\nt = { time = [-1, 1] }"


def derivatives(u, x):
    """u (points), first derivatives (points, inputs)"""
    return torch.autograd.grad(u.sum(), x, create_graph=True)[0]


def sdf_surface(u, x, n):
    g = derivatives(u[:, 0], x)
    return [u[:, 0].abs(), 1 - (g * n).sum(1) / g.norm(dim=1), (g.norm(dim=1) - 1).abs()]


def sdf_off(u, x, _):
    return [torch.exp(-10 * u[:, 0].abs()), (derivatives(u[:, 0], x).norm(dim=1) - 1).abs()]


def helmholtz(u, x, _):
    k, strength = 6, 5
    depth = [(x[:, i].abs() - 0.5).clamp(min=0) / 0.5 for i in (0, 1)]
    ex, ey = [torch.complex(torch.ones_like(d), -strength * d ** 2) for d in depth]

    def d(field, axis):
        return torch.complex(derivatives(field.real, x)[:, axis], derivatives(field.imag, x)[:, axis])
    field = torch.complex(u[:, 0], u[:, 1])
    source = (1 + 1j) * torch.exp(-4 * (x ** 2).sum(1))
    r = d(ey / ex * d(field, 0), 0) + d(ex / ey * d(field, 1), 1) + ex * ey * k ** 2 * field - source
    return [r.real.abs() + r.imag.abs()]


def wave(u, x, _):
    g = derivatives(u[:, 0], x)
    return [(derivatives(g[:, 1], x)[:, 1] - derivatives(g[:, 0], x)[:, 0]).abs()]


def start(u, x, _):
    return [(u[:, 0] - torch.exp(-8 * x[:, 0] ** 2)).abs()]


def burgers(u, x, _):
    g = derivatives(u[:, 0], x)
    return [(g[:, 1] + u[:, 0] * g[:, 0] - 0.1 * derivatives(g[:, 0], x)[:, 0]) ** 2]


# name: (outputs, inputs, text of the problem without its terms, terms). A term: (name, text, weights of its means, function).
CASES = {
    "signed distance": (1, 2, HEAD.format(PLANE, "real"), [
        ("surface", 'residual = "u"\nregion = "boundary(disc([0, 0], 0.5))"\npenalty = "l1"\nweight = 3000', sdf_surface, 0, 3000),
        ("direction", 'residual = "1 - dot(grad(u), normal) / norm(grad(u))"\nregion = "boundary(disc([0, 0], 0.5))"\n'
                      'penalty = "l1"\nweight = 100', sdf_surface, 1, 100),
        ("length", 'residual = "norm(grad(u)) - 1"\npenalty = "l1"\nweight = 50', sdf_off, 1, 50),
        ("off", 'residual = "exp(-10 * abs(u))"\npenalty = "l1"\nweight = 100', sdf_off, 0, 100)]),
    "helmholtz": (2, 2, HEAD.format(PLANE, "complex") + '[definitions]\n'
                  'ex = "1 - 5i * (max(abs(x) - 0.5, 0) / 0.5)^2"\ney = "1 - 5i * (max(abs(y) - 0.5, 0) / 0.5)^2"\n', [
        ("waves", 'residual = "diff(ey/ex * diff(u, x), x) + diff(ex/ey * diff(u, y), y) + ex*ey * 36 * u '
                  '- (1 + 1i) * exp(-4 * (x^2 + y^2))"\npenalty = "l1"', helmholtz, 0, 1)]),
    "wave": (1, 2, HEAD.format(IN_TIME, "real"), [
        ("equation", 'residual = "diff(u, t, t) - diff(u, x, x)"\npenalty = "l1"', wave, 0, 1),
        ("start", 'residual = "u - exp(-8 * x^2)"\nat = { t = -1 }\npenalty = "l1"\nweight = 7', start, 0, 7)]),
    "burgers": (1, 2, HEAD.format(IN_TIME, "real"), [
        ("equation", 'residual = "diff(u, t) + u * diff(u, x) - 0.1 * diff(u, x, x)"', burgers, 0, 1),
        ("start", 'residual = "u - exp(-8 * x^2)"\nat = { t = -1 }\npenalty = "l1"', start, 0, 1)]),
}


def case(name, outputs, inputs, text, terms):
    a = dict(inputs=inputs, outputs=outputs, width=16, hidden_layers=2, omega_first=8, omega_hidden=12)
    tensors = make_golden.initial_tensors(a)
    drawn = []
    for term, words, function, part, weight in terms:
        text += f"[terms.{term}]\n{words}\n"
        x = make_golden.uniform(1, POINTS, inputs)
        angle = torch.atan2(x[:, 1], x[:, 0])
        normals = torch.stack([torch.cos(angle), torch.sin(angle)], 1).float().double()
        drawn.append((x, normals, function, part, weight))

    def loss_at(_):
        total = 0
        for x, normals, function, part, weight in drawn:
            x = x.clone().requires_grad_()
            total = total + weight * function(make_golden.network(a, tensors, x), x, normals)[part].mean()
        return total
    record = dict(name=name, architecture=a, problem=text, learning_rate=make_golden.LEARNING_RATE,
                  initial_parameters=make_golden.flat(tensors), coordinates=torch.cat([d[0] for d in drawn]),
                  normals=torch.cat([d[1] for d in drawn]))
    return make_derivatives.train(record, tensors, loss_at)


def main():
    here = pathlib.Path(__file__).resolve().parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "data" / "equations.json"
    torch.set_num_threads(1)
    torch.manual_seed(make_golden.SEED)
    make_golden.write(path, dict(
        version=1, made_by="tests/golden/make_equations.py", torch=torch.__version__, seed=make_golden.SEED,
        arrays="row-major", cases=[make_golden.plain(case(name, *c)) for name, c in CASES.items()]))


if __name__ == "__main__":
    main()
