#!/usr/bin/env python3
"""Coefficients of the sine and cosine in src/simd/sincos-inl.h: minimax polynomials by the Remez exchange, and pi cut
into pieces for the range reduction. Needs python3-mpmath. Prints C++ constants; nothing is read or written.

  sin r = r + r^3 P(r^2),   cos r = 1 + r^2 Q(r^2),   |r| <= pi/2 + margin (rounding of the quotient can overshoot)
"""
import struct
import mpmath as mp

mp.mp.dps = 60


def remez(function, weight, degree, low, high):
    """Minimax polynomial of `degree` for function with relative weight, on [low, high]."""
    count = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * i / (count - 1)) for i in range(count)]
    for _ in range(30):
        system = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, t in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = t**j
            system[i, degree + 1] = (-1) ** i / weight(t)
            right[i] = function(t)
        solution = mp.lu_solve(system, right)
        coefficients = [solution[j] for j in range(degree + 1)]
        error = lambda t: (mp.polyval(coefficients[::-1], t) - function(t)) * weight(t)
        grid = [low + (high - low) * i / 4000 for i in range(4001)]
        values = [error(t) for t in grid]
        extrema = []
        for i in range(4001):
            left = values[i - 1] if i else None
            after = values[i + 1] if i < 4000 else None
            if (left is None or abs(values[i]) >= abs(left) or left * values[i] < 0) and (
                after is None or abs(values[i]) >= abs(after) or after * values[i] < 0
            ):
                if extrema and values[extrema[-1]] * values[i] > 0:
                    if abs(values[i]) > abs(values[extrema[-1]]):
                        extrema[-1] = i
                else:
                    extrema.append(i)
        if len(extrema) < count:
            break
        while len(extrema) > count:
            extrema.pop(0 if abs(values[extrema[0]]) < abs(values[extrema[-1]]) else -1)
        fresh = [grid[i] for i in extrema]
        if max(abs(a - b) for a, b in zip(fresh, nodes)) < mp.mpf(10) ** -12:
            break
        nodes = fresh
    return coefficients, max(abs(v) for v in values)


def rounded(value, kind):
    return struct.unpack(kind, struct.pack(kind, float(value)))[0]


def pieces(bits, count, kind):
    """pi as a sum of `count` numbers; all but the last have at most `bits` significant bits."""
    rest, out = mp.pi, []
    for i in range(count):
        if i + 1 == count:
            piece = mp.mpf(rounded(rest, kind))
        else:
            unit = mp.mpf(2) ** (mp.floor(mp.log(abs(rest), 2)) - bits + 1)
            piece = mp.nint(rest / unit) * unit
        out.append(piece)
        rest -= piece
    return out


for name, kind, terms_sin, terms_cos, margin in (("float", "f", 4, 4, 0.004), ("double", "d", 8, 8, 1e-9)):
    top = (mp.pi / 2 + margin) ** 2
    low = mp.mpf(10) ** -12

    def sine_rest(t):
        r = mp.sqrt(t)
        return (mp.sin(r) - r) / r**3 if t > mp.mpf(10) ** -8 else -mp.mpf(1) / 6 + t / 120

    def cosine_rest(t):
        r = mp.sqrt(t)
        return (mp.cos(r) - 1) / t if t > mp.mpf(10) ** -8 else -mp.mpf(1) / 2 + t / 24

    p, error_p = remez(sine_rest, lambda t: (t + mp.mpf(10) ** -6) ** mp.mpf(1.5), terms_sin - 1, low, top)
    q, error_q = remez(cosine_rest, lambda t: t + mp.mpf(10) ** -6, terms_cos - 1, low, top)
    print(f"// {name}: largest polynomial error {mp.nstr(error_p, 3)} (sine), {mp.nstr(error_q, 3)} (cosine)")
    digits = 9 if kind == "f" else 17
    print("sin:", ", ".join(mp.nstr(mp.mpf(rounded(c, kind)), digits) for c in p))
    print("cos:", ", ".join(mp.nstr(mp.mpf(rounded(c, kind)), digits) for c in q))
    mantissa = 24 if kind == "f" else 53
    print("pi, fused:", ", ".join(float(x).hex() for x in pieces(mantissa, 2, kind)))
    print("pi, split:", ", ".join(float(x).hex() for x in pieces(10 if kind == "f" else 38, 4 if kind == "f" else 2, kind)))
