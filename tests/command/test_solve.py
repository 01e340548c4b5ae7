#!/usr/bin/env python3
# `sinefield solve` from outside, and what can be asked of solutions: values of expressions against closed forms, and
# pictures, arrays, tables, meshes and videos of them. Needs the environment variable SINEFIELD (path of the command).
# SPDX-License-Identifier: MIT
import csv
import json
import re
import signal
import struct
import subprocess
import time
import unittest
from pathlib import Path

import numpy as np

from support import SINEFIELD, CommandTest, png, read_png, run

PROBLEMS = Path(__file__).resolve().parents[2] / "problems"

HEAT = """
[coordinates]
t = { time = [0, 0.5] }
x = [0, 2]
[unknowns]
u = "real"
[terms.heat]
residual = "diff(u, t) - diff(u, x, x) / 4"
[terms.beginning]
residual = "u - sin(pi * x)"
at = { t = 0 }
[terms.ends]
residual = "u"
region = "boundary(domain)"
"""

SHELL = """
[coordinates]
x = [-1, 1]
y = [-1, 1]
z = [0, 1]
[unknowns]
u = "real"
[regions]
domain = "difference(box([-1, -1, 0], [1, 1, 1]), ball([0, 0, 0.5], 0.4))"
[terms.equation]
residual = "laplacian(u)"
[terms.border]
residual = "u - x * y"
region = "boundary(domain)"
"""

GIVEN = """[coordinates]
x = [0, 1]
y = [0, 1]
[unknowns]
u = "real"
[given.photo]
picture = "photo.png"
over = ["x", "y"]
[terms.equation]
residual = "laplacian(u)"
[terms.data]
residual = "u - value"
points = { npy = "known.npy", columns = ["x", "y", "value"] }
"""

INK, WHITE = (38, 38, 38), (255, 255, 255)


def exact(x, y):
    return np.sin(3 * np.pi * x) * np.sin(2 * np.pi * y) + np.exp(x * y)


def exact_gradient(x, y):
    return np.stack([3 * np.pi * np.cos(3 * np.pi * x) * np.sin(2 * np.pi * y) + y * np.exp(x * y),
                     2 * np.pi * np.sin(3 * np.pi * x) * np.cos(2 * np.pi * y) + x * np.exp(x * y)], axis=-1)


def exact_laplacian(x, y):
    return -13 * np.pi**2 * np.sin(3 * np.pi * x) * np.sin(2 * np.pi * y) + (x**2 + y**2) * np.exp(x * y)


def panels(picture):
    """(top, left, height, width) of what each frame of a panel encloses; frames of colour bars are too narrow."""
    dark = (picture[:, :, :3] == INK).all(axis=2)
    found = []
    for y, row in enumerate(dark):
        for run_of in re.finditer("1{60,}", "".join("1" if d else "0" for d in row)):
            left, right = run_of.span()
            column = dark[y:, left]
            height = len(column) if column.all() else int(np.argmin(column))
            if height > 40 and dark[y + height - 1, left:right].all():
                found.append((y + 1, left + 1, height - 2, right - left - 2))
    return found


def vtk_arrays(path):
    """Name -> data of every array of an XML file with raw appended data, and its XML."""
    data = path.read_bytes()
    start = data.index(b"_", data.index(b"<AppendedData")) + 1
    xml, arrays = data[:start].decode(), {}
    for kind, name, rest in re.findall(r'<DataArray type="(\w+)" Name="([^"]*)"([^>]*)/>', xml):
        at = start + int(re.search(r'offset="(\d+)"', rest)[1])
        (length,) = struct.unpack("<Q", data[at : at + 8])
        values = np.frombuffer(data[at + 8 : at + 8 + length], {"Float64": "<f8", "Int64": "<i8", "UInt8": "u1"}[kind])
        arrays[name] = values.reshape(-1, int(re.search(r'NumberOfComponents="(\d+)"', rest)[1]))
    return arrays, xml


class Solutions(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        names = ("square", "waves", "heat", "shell")
        cls.square, cls.waves, cls.heat, cls.shell = (cls.shared / f"{name}.sine" for name in names)
        texts = {cls.heat: HEAT, cls.shell: SHELL}
        for model, text in texts.items():
            model.with_suffix(".toml").write_text(text)
        cls.solved = {}
        for model, problem, features in ((cls.square, PROBLEMS / "poisson_square.toml", 4000),
                                         (cls.waves, PROBLEMS / "helmholtz.toml", 600),
                                         (cls.heat, cls.heat.with_suffix(".toml"), 500),
                                         (cls.shell, cls.shell.with_suffix(".toml"), 300)):
            done = run("solve", problem, "-o", model, "--features", features, "--json")
            assert done.returncode == 0, done.stderr
            cls.solved[model] = json.loads(done.stdout)
        cls.at = np.random.default_rng(7).uniform(0, 1, (1000, 2))

    def asked(self, model, expression, points=None):
        out = self.folder / "out.npz"
        self.accepted("eval", model, "--at", self.points(self.at if points is None else points), "--show", expression,
                      "-o", out, "--force")
        arrays = np.load(out)
        self.assertEqual(arrays.files, ["value"])
        return arrays["value"]

    def rendered(self, model, name, *options):
        out = self.folder / name
        return out, self.accepted("render", model, "-o", out, "--force", *options)

    def test_poisson_is_solved_to_rounding(self):
        (error,) = self.solved[self.square]["errors"]
        self.assertEqual(error["unknown"], "u")
        self.assertLess(error["relative_l2"], 1e-9)
        self.assertLess(error["largest"], 1e-8)
        signal = self.accepted("info", self.square)["signal"]
        self.assertEqual([c["name"] for c in signal["coordinates"]], ["x", "y"])

    def test_expressions_of_a_real_unknown(self):
        x, y = self.at.T
        gradient, laplacian = exact_gradient(x, y), exact_laplacian(x, y)
        for expression, expected in (("u", exact(x, y)), ("laplacian(u)", laplacian), ("grad(u)", gradient),
                                     ("dot(grad(u), grad(u))", (gradient**2).sum(axis=1)), ("solution", exact(x, y)),
                                     ("[x, 2*y, u]", np.stack([x, 2 * y, exact(x, y)], axis=1)),
                                     ("diff(u, x, y) / 2 + pi", None)):
            found = self.asked(self.square, expression)
            self.assertEqual(found.dtype, np.float64, expression)
            if expected is not None:
                self.assertEqual(found.shape, expected.shape, expression)
                self.assertLess(np.abs(found - expected).max(), 1e-6, expression)
        self.assertLess(np.abs(self.asked(self.square, "u - solution")).max(), 1e-9)

    def test_expressions_of_a_complex_unknown(self):
        at = 0.8 * self.at - 0.4
        u, gradient = self.asked(self.waves, "u", at), self.asked(self.waves, "grad(u)", at)
        self.assertEqual((u.dtype, u.shape), (np.dtype("<c16"), (1000,)))
        self.assertEqual((gradient.dtype, gradient.shape), (np.dtype("<c16"), (1000, 2)))
        np.testing.assert_allclose(self.asked(self.waves, "abs(u)", at), np.abs(u), atol=1e-12)
        np.testing.assert_allclose(self.asked(self.waves, "re(u * conj(u))", at), np.abs(u) ** 2, atol=1e-12)
        step = 1e-5
        ahead, behind = (self.asked(self.waves, "u", at + [s, 0]) for s in (step, -step))
        np.testing.assert_allclose((ahead - behind) / (2 * step), gradient[:, 0], atol=1e-4)
        source = self.asked(self.waves, "source", np.zeros((1, 2)))
        self.assertAlmostEqual(source[0], (1 + 1j) / (2 * np.pi * 1e-4), delta=1e-6)

    def test_coordinates_are_in_the_order_of_declaration(self):
        t, x = 0.5 * self.at[:, 0], 2 * self.at[:, 1]
        found = self.asked(self.heat, "u", np.stack([t, x], axis=1))
        self.assertLess(np.abs(found - np.exp(-(np.pi**2) / 4 * t) * np.sin(np.pi * x)).max(), 1e-4)

    def test_pictures_have_axes_and_a_bar(self):
        out, said = self.rendered(self.square, "out.png")
        self.assertEqual((said["show"], said["components"], said["complex"]), ("u", 1, False))
        picture = read_png(out)
        ((top, left, height, width),) = panels(picture)
        self.assertEqual((height, width), (512, 512))
        # One sign, hence from dark to bright: brighter where u is larger.
        places = [(0.16, 0.75), (0.5, 0.25), (0.05, 0.5), (0.16, 0.25), (0.5, 0.75), (0.999, 0.999)]
        values = [exact(x, y) for x, y in places]
        bright = [picture[top + int((1 - y) * 512), left + int(x * 512)].astype(float) @ (0.3, 0.59, 0.11)
                  for x, y in places]
        self.assertEqual(sorted(range(6), key=values.__getitem__), sorted(range(6), key=bright.__getitem__))
        # Right of the panel a bar of the same height, from bright to dark, and letters beside it; letters below.
        right = picture[:, left + width + 2 :]
        colourful = (right.max(axis=2).astype(int) - right.min(axis=2)) > 60
        self.assertGreater(colourful.sum(axis=0).max(), 450)
        self.assertGreater((right.max(axis=2) < 100).sum(), 300)
        self.assertGreater((picture[top + height + 8 :].max(axis=2) < 100).sum(), 200)
        for name, start in (("out.jpg", b"\xff\xd8"), ("out.tif", b"II*\0")):
            self.assertEqual(self.rendered(self.square, name, "--size", 100)[0].read_bytes()[: len(start)], start)

    def test_signs_are_blue_and_red_about_white(self):
        picture = read_png(self.rendered(self.square, "out.png", "--show", "laplacian(u)", "--size", 300)[0])
        ((top, left, height, width),) = panels(picture)
        self.assertEqual((height, width), (300, 300))
        for x, y in ((0.5, 0.25), (0.16, 0.75), (0.5, 0.75), (0.16, 0.25)):
            red, _, blue = picture[top + int((1 - y) * 300), left + int(x * 300)].astype(int)
            self.assertEqual(red > blue, exact_laplacian(x, y) > 0, (x, y))
        fixed = self.rendered(self.square, "out.png", "--show", "laplacian(u)", "--range=-10,20")[1]
        self.assertEqual(fixed["range"], [-10, 20])

    def test_panels_side_by_side(self):
        for model, expression, count in ((self.waves, "u", 3), (self.square, "grad(u)", 2), (self.waves, "abs(u)", 1)):
            picture = read_png(self.rendered(model, "out.png", "--show", expression, "--size", 256)[0])
            found = panels(picture)
            self.assertEqual([p[2:] for p in found], count * [(256, 256)], expression)
            self.assertEqual(len({p[0] for p in found}), 1, "on one line")

    def test_outside_is_white_and_space_has_one_scale(self):
        out, said = self.rendered(self.shell, "out.png", "--size", 300)
        self.assertEqual(said["fixed"], {"z": 0.5})
        picture = read_png(out)
        ((top, left, height, width),) = panels(picture)
        self.assertEqual((height, width), (300, 300))
        self.assertEqual(tuple(picture[top + 150, left + 150]), WHITE)
        self.assertNotEqual(tuple(picture[top + 150, left + 250]), WHITE)
        picture = read_png(self.rendered(self.shell, "out.png", "--size", 300, "--slice", "y=0")[0])
        ((top, left, height, width),) = panels(picture)
        self.assertEqual((height, width), (150, 300))
        self.assertEqual(tuple(picture[top + 75, left + 150]), WHITE)
        self.assertNotEqual(tuple(picture[top + 3, left + 150]), WHITE)
        fitted = read_png(self.rendered(self.shell, "out.png", "--size", "600x150", "--slice", "y=0")[0])
        self.assertEqual(panels(fitted)[0][2:], (150, 300))

    def test_time_is_an_axis_where_there_is_room(self):
        out, _ = self.rendered(self.heat, "out.png")
        ((top, left, height, width),) = panels(read_png(out))
        self.assertEqual((height, width), (384, 512))
        bottom, last = (read_png(out)[top + row, left + 128].astype(int) for row in (height - 1, 0))
        self.assertGreater(bottom[0], bottom[2] + 50, "red, that is positive")
        self.assertLess(bottom.sum(), last.sum() - 100, "and darker in the beginning, which is below")
        curves = read_png(self.rendered(self.heat, "out.png", "--slice", "t=0", "--size", "600x300")[0])
        ((top, left, height, width),) = panels(curves)
        self.assertEqual((height, width), (300, 600))
        blue = np.argwhere((curves == (0, 114, 178)).all(axis=2))
        self.assertGreater(len(blue), 600)
        peak = blue[np.argmin(blue[:, 0])][1] - left
        self.assertAlmostEqual(peak / width, 0.25, delta=0.03, msg="sin(pi x) is highest at x = 1/2 of 2")

    def test_arrays(self):
        out, said = self.rendered(self.square, "out.npy", "--size", 33)
        found = np.load(out)
        line = np.linspace(0, 1, 33)
        self.assertEqual((found.shape, found.dtype), ((33, 33), np.float64))
        np.testing.assert_allclose(found, exact(line[:, None], line[None, :]), atol=1e-9)
        self.assertEqual([a["points"] for a in said["axes"]], [33, 33])
        self.assertEqual(np.load(self.rendered(self.square, "out.npy")[0]).shape, (512, 512))
        self.assertEqual(np.load(self.rendered(self.square, "out.npy", "--show", "grad(u)", "--size", "7x9")[0]).shape,
                         (7, 9, 2))
        waves = np.load(self.rendered(self.waves, "out.npy", "--size", 20)[0])
        self.assertEqual((waves.shape, waves.dtype), ((20, 20), np.complex128))
        # Space first, then time.
        heat = np.load(self.rendered(self.heat, "out.npy", "--size", 41, "--frames", 11)[0])
        self.assertEqual(heat.shape, (41, 11))
        np.testing.assert_allclose(heat[:, 0], np.sin(np.pi * np.linspace(0, 2, 41)), atol=1e-4)
        self.assertEqual(np.load(self.rendered(self.heat, "out.npy", "--slice", "t=0.1")[0]).shape, (512,))
        shell = np.load(self.rendered(self.shell, "out.npy", "--size", 21)[0])
        self.assertEqual(shell.shape, (21, 21, 11))
        x, y, z = np.meshgrid(*(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21), np.linspace(0, 1, 11)), indexing="ij")
        radius = np.sqrt(x**2 + y**2 + (z - 0.5) ** 2)
        sure = np.abs(radius - 0.4) > 1e-6
        np.testing.assert_array_equal(np.isnan(shell)[sure], (radius < 0.4)[sure])

    def test_tables(self):
        with open(self.rendered(self.waves, "out.csv", "--size", 5)[0], newline="") as file:
            header, *rows = csv.reader(file)
        self.assertEqual(header, ["x", "y", "re_u", "im_u"])
        self.assertEqual(len(rows), 25)
        array = np.load(self.rendered(self.waves, "out.npy", "--size", 5)[0])
        table = np.array(rows, float)
        np.testing.assert_array_equal(table[:, 2] + 1j * table[:, 3], array.ravel())
        out, _ = self.rendered(self.shell, "out.csv", "--size", 11, "--show", "[max(x, y), y*z]")
        with open(out, newline="") as file:
            header, *rows = csv.reader(file)
        self.assertEqual(header, ["x", "y", "z", "max(x, y)", "y*z"])
        self.assertLess(len(rows), 11 * 11 * 6, "points inside alone")
        table = np.array(rows, float)
        x, y, z = table[:, :3].T
        np.testing.assert_allclose(table[:, 3:], np.stack([np.maximum(x, y), y * z], axis=1), atol=1e-15)

    def test_grids_and_meshes(self):
        arrays, xml = vtk_arrays(self.rendered(self.shell, "out.vti", "--size", 21, "--show", "grad(u)")[0])
        self.assertIn('type="ImageData"', xml)
        self.assertIn('WholeExtent="0 20 0 20 0 10" Origin="-1 -1 0" Spacing="0.1 0.1 0.1"', xml)
        self.assertEqual(arrays["grad(u)"].shape, (21 * 21 * 11, 3))
        array = np.load(self.rendered(self.shell, "out.npy", "--size", 21, "--show", "grad(u)")[0])
        np.testing.assert_array_equal(arrays["grad(u)"].reshape(11, 21, 21, 3).transpose(2, 1, 0, 3), array)

        arrays, xml = vtk_arrays(self.rendered(self.shell, "out.vtu", "--size", 21)[0])
        points, cells = arrays["Points"], arrays["connectivity"].reshape(-1, 8)
        self.assertIn(f'NumberOfPoints="{len(points)}" NumberOfCells="{len(cells)}"', xml)
        self.assertTrue((arrays["types"] == 12).all())
        np.testing.assert_array_equal(arrays["offsets"].ravel(), 8 * np.arange(1, len(cells) + 1))
        self.assertGreaterEqual(np.linalg.norm(points - [0, 0, 0.5], axis=1).min(), 0.4 - 1e-9)
        self.assertTrue(np.isfinite(arrays["u"]).all())
        corners = points[cells]
        edges = [corners[:, i] - corners[:, 0] for i in (1, 3, 4)]
        volumes = np.einsum("ij,ij->i", np.cross(edges[0], edges[1]), edges[2])
        np.testing.assert_allclose(volumes, 1e-3, rtol=1e-9, err_msg="right-handed cubes")
        self.assertLess(volumes.sum(), 4 - 4 / 3 * np.pi * 0.4**3)

        arrays, xml = vtk_arrays(self.rendered(self.waves, "out.vtu", "--size", 11)[0])
        self.assertTrue((arrays["types"] == 9).all() and {"re(u)", "im(u)"} < set(arrays))
        arrays, _ = vtk_arrays(self.rendered(self.heat, "out.vtu", "--slice", "t=0", "--size", 9)[0])
        self.assertEqual((len(arrays["types"]), arrays["types"][0, 0]), (8, 3))

    def probe(self, path):
        done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                               "stream=width,height,nb_read_frames,r_frame_rate", "-of", "csv=p=0", path],
                              capture_output=True, text=True)
        width, height, rate, frames = done.stdout.strip().split(",")
        return int(width), int(height), rate, int(frames)

    def test_videos(self):
        out, said = self.rendered(self.heat, "out.mp4", "--size", "320x200", "--frames", 12)
        width, height, rate, frames = self.probe(out)
        self.assertEqual((rate, frames, said["frames"]), ("25/1", 12, 12))
        self.assertTrue(width > 320 and height > 200 and width % 2 == 0 and height % 2 == 0)
        self.assertEqual(self.probe(self.rendered(self.heat, "out.webm", "--size", "320x200", "--frames", 5, "--fps",
                                                  10)[0])[2:], ("10/1", 5))
        self.rendered(self.heat, "f-%04d.png", "--size", "320x200", "--frames", 3)
        pictures = [read_png(self.folder / f"f-{i:04d}.png") for i in range(3)]
        self.assertFalse((self.folder / "f-0003.png").exists())
        ((top, left, height, width),) = panels(pictures[0])
        lowest = []
        for picture in pictures:
            self.assertEqual(panels(picture), [(top, left, height, width)], "axes stay where they are")
            blue = np.argwhere((picture == (0, 114, 178)).all(axis=2))
            lowest.append(blue[:, 0].min())
        self.assertTrue(lowest[0] < lowest[1] < lowest[2], "one scale for all, so that it falls")

    def test_what_means_nothing_is_refused_with_its_place(self):
        out, at = self.folder / "out.npz", self.points(self.at)
        ask = ["eval", self.square, "--at", at, "-o", out, "--show"]
        self.refused(*ask, "grad(u) + speed", says=[r"--show, column 11: 'speed'"])
        self.refused(*ask, "laplacian(u", says=["column 12"])
        self.refused(*ask, "dot(normal, grad(u))", says=["normal"])
        self.refused(*ask, "diff(u, x, x, x)", says=["column 1"])
        self.refused(*ask, "u", "--order", "value", says=["--show"])
        self.refused(*ask, "u", "--units", "network", says=["--show"])
        self.refused(*ask, "u", "--at", self.folder / "gone.npy", says=["--at|gone.npy"])
        self.refused("eval", self.model, "--at", at, "-o", out, "--show", "u", says=["stands for no solution"])
        three = self.folder / "three.npy"
        np.save(three, np.zeros((4, 3)))
        self.refused("eval", self.square, "--at", three, "-o", out, "--show", "u", says=[r"expected \(N, 2\)"])

        for options, says in ((["--show", "u +"], "column 4"), (["--slice", "q=1"], "NAME one of x, y"),
                              (["--slice", "x"], "NAME=VALUE"), (["--slice", "x=2"], "reaches from 0 to 1"),
                              (["--slice", "x=0", "--slice", "x=1"], "given twice"),
                              (["--slice", "x=0", "--slice", "y=1"], "fixes every coordinate"),
                              (["--size", "0"], "--size 0"), (["--size", "9x9x9"], "--size 9x9x9"),
                              (["--size", "9x"], "--size 9x"), (["--range", "3,1"], "--range 3,1"),
                              (["--range", "3"], "--range 3"), (["--frames", "7"], "single picture"),
                              (["--fps", "7"], "no video"), (["--scale", "2"], "--scale: a solution has none"),
                              (["--bits", "16"], "--bits"), (["--sheet", self.picture], "--sheet"),
                              (["--size", "100000"], "MiB allowed")):
            self.refused("render", self.square, "-o", self.folder / "o.png", *options, says=[says])
        self.refused("render", self.square, "-o", self.folder / "o.mp4", says=["without time"])
        self.refused("render", self.square, "-o", self.folder / "o.xyz", says=["xyz"])
        self.refused("render", self.square, "-o", self.folder / "o.npy", "--range", "0,1", says=["no colours"])
        self.refused("render", self.square, "-o", self.folder / "o.npy", "--size", "9x9x9",
                     says=["3 numbers for 2 axes"])
        self.refused("render", self.square, "-o", self.folder / "o.npy", "--frames", 9, says=["time does not vary"])
        self.refused("render", self.heat, "-o", self.folder / "o.mp4", "--slice", "t=0", says=["--slice fixes t"])
        self.refused("render", self.shell, "-o", self.folder / "o.npy", "--size", 90, "--memory-limit", "1M",
                     says=["more than the 1 MiB"])
        self.refused("render", self.model, "-o", self.folder / "o.png", "--show", "u^2", says=["value, gradient"])
        self.refused("render", self.model, "-o", self.folder / "o.png", "--slice", "x=0", says=["--slice"])

    def test_given_files_are_read_where_they_are_needed(self):
        rows, columns = np.mgrid[0:8, 0:16]
        self.put("photo.png", png((10 * rows + columns)[..., None].astype(np.uint8)))
        np.save(self.folder / "known.npy", np.stack([self.at[:, 0], self.at[:, 1], self.at.sum(axis=1)], axis=1))
        problem = self.put("given.toml", GIVEN.encode())
        model = self.folder / "given.sine"
        self.accepted("solve", problem, "-o", model, "--features", 250)
        # Middles of pixels: the photo itself, row 0 uppermost.
        at = np.stack([(columns.ravel() + 0.5) / 16, 1 - (rows.ravel() + 0.5) / 8], axis=1)
        shown = self.asked(model, "photo + u", at)
        np.testing.assert_allclose(shown, (10 * rows + columns).ravel() / 255 + at.sum(axis=1), atol=1e-6)
        np.testing.assert_allclose(self.asked(model, "u"), self.at.sum(axis=1), atol=1e-6)
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        moved = elsewhere / "moved.sine"
        model.rename(moved)
        self.accepted("eval", moved, "--at", self.points(at), "--show", "photo", "-o", "out.npz", "--force", cwd=self.folder)
        (self.folder / "photo.png").rename(elsewhere / "photo.png")
        self.assertEqual(self.asked(moved, "photo", at).shape, (128,))
        (elsewhere / "photo.png").unlink()
        (self.folder / "known.npy").unlink()
        np.testing.assert_allclose(self.asked(moved, "u"), self.at.sum(axis=1), atol=1e-6)
        self.rendered(moved, "u.png")
        self.refused("render", moved, "-o", self.folder / "photo.jpg", "--show", "2 * photo",
                     says=["'photo.png': this file is not there", "looked for it in", "and the current folder"])
        self.refused("solve", problem, "-o", self.folder / "again.sine", says=["given.toml, line 7, column 12: 'photo.png'"])

    def test_problems_that_mean_nothing(self):
        for text, says in (("", "coordinates"), ("[coordinates", "TOML"),
                           (HEAT.replace("sin(pi * x)", "sine(x)"), r"line 10, column 17: 'sine'")):
            problem = self.folder / "p.toml"
            problem.write_text(text)
            self.refused("solve", problem, "-o", self.folder / "m.sine", says=[r"p\.toml", says])
        self.refused("solve", PROBLEMS / "helmholtz.toml", "-o", self.folder / "m.sine", "--set", "q=1", says=["'q'"])
        self.refused("solve", self.folder / "gone.toml", "-o", self.folder / "m.sine", says=["gone.toml"])


TRAINED = """
recipe = "small"
[coordinates]
x = [-1, 1]
y = [-1, 1]
[unknowns]
u = "real"
[terms.length]
residual = "norm(grad(u)) - 1"
[terms.border]
residual = "u"
region = "boundary(disc([0, 0], 0.5))"
[terms.beginning]
residual = "u - (norm([x, y]) - 0.3)"
[exact]
u = "norm([x, y]) - 0.5"
[recipes.small]
width = 32
points = 512
focus = 0.2
stages = [
  { steps = 100, weights = { length = 0, border = 0 } },
  { steps = 300, weights = { beginning = 0 } },
]
"""


class Training(CommandTest):
    def setUp(self):
        super().setUp()
        self.problem = self.folder / "disc.toml"
        self.problem.write_text(TRAINED)

    def test_a_distance_is_learned_and_shown(self):
        model = self.folder / "disc.sine"
        said = self.accepted("solve", self.problem, "-o", model)
        self.assertEqual((said["recipe"], said["steps"], said["stopped_by"]), ("small", 400, "steps"))
        self.assertEqual([t["name"] for t in said["terms"]], ["length", "border", "beginning"])
        self.assertLess(said["errors"][0]["relative_l2"], 0.05)
        self.assertFalse((self.folder / "disc.sine.state").exists())
        points = self.folder / "p.npy"
        np.save(points, np.array([[0.9, 0.0], [0.0, -0.8]]))
        self.accepted("eval", model, "--at", points, "--show", "u", "-o", self.folder / "v.npz")
        np.testing.assert_allclose(np.load(self.folder / "v.npz")["value"].ravel(), [0.4, 0.3], atol=0.05)

    def test_an_interrupted_run_goes_on_to_the_same_model(self):
        whole, parts = self.folder / "whole.sine", self.folder / "parts.sine"
        steps = ["--steps", 3000, "--threads", 1]
        self.accepted("solve", self.problem, "-o", whole, *steps)
        command = [SINEFIELD, "solve", self.problem, "-o", parts, *map(str, steps), "--checkpoint-every", "0.02"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while not (self.folder / "parts.sine.state").exists():
            self.assertIsNone(process.poll(), "it ended before it could be interrupted")
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
        self.assertEqual(process.returncode, 130)
        self.assertIn(b"--resume goes on", out)
        self.assertFalse(parts.exists())
        self.refused("solve", self.problem, "-o", parts, *steps, says=["interrupted"])
        self.refused("solve", self.problem, "-o", parts, *steps, "--resume", "--lr", 1e-4, says=["its lr is 0.001"])
        self.accepted("solve", self.problem, "-o", parts, *steps, "--resume")
        self.assertEqual(parts.read_bytes(), whole.read_bytes())
        again = self.accepted("solve", self.problem, "-o", parts, *steps, "--resume")
        self.assertEqual(again["stopped_by"], "finished before")
        self.problem.write_text(TRAINED.replace("0.3)", "0.31)"))
        self.refused("solve", self.problem, "-o", parts, *steps, "--resume", says=["another run"])

    def test_what_recipes_ask_for_and_what_they_refuse(self):
        lines = self.accepted("solve", PROBLEMS / "helmholtz.toml", "--recipe", "original", "--explain")["lines"]
        self.assertIn("52900 points a step, penalty l1", lines[0])
        self.assertEqual(len([line for line in lines if line.startswith("term ")]), 1)
        model = self.folder / "m.sine"
        self.refused("solve", PROBLEMS / "heat.toml", "-o", model, "--steps", 10, says=["--steps", "--recipe train"])
        self.refused("solve", PROBLEMS / "heat.toml", "-o", model, "--recipe", "fast", says=["no recipe 'fast'"])
        self.refused("solve", self.problem, "-o", model, "--activation", "cosine", says=["cosine"])
        model.write_bytes(b"here")
        self.refused("solve", self.problem, "-o", model, says=["exists"])


class References(CommandTest):
    def test_alone_and_beside_a_model(self):
        problem = self.folder / "heat.toml"
        problem.write_text(HEAT + "[exact]\nu = 'exp(-pi^2 / 4 * t) * sin(pi * x)'\n")
        alone = self.accepted("solve", problem, "--reference", "--reference-points", 65)["reference"]
        self.assertEqual((alone["method"], alone["finest"], alone["extrapolated"]), ("sparse LU", [65, 65], True))
        (unknown,) = alone["unknowns"]
        self.assertEqual(unknown["unknown"], "u")
        self.assertLess(unknown["error"]["relative_l2"], 3 * unknown["own_error"])
        self.assertLess(unknown["own_error"], 1e-3)
        self.assertNotIn("difference", unknown)

        model = self.folder / "heat.sine"
        both = self.accepted("solve", problem, "-o", model, "--reference", "--reference-points", 65)
        self.assertEqual(both["reference"]["file"], str(self.folder / "heat.reference.npz"))
        arrays = np.load(self.folder / "heat.reference.npz")
        self.assertEqual(arrays.files, ["t", "x", "u"])
        exact = np.exp(-(np.pi**2) / 4 * arrays["t"])[:, None] * np.sin(np.pi * arrays["x"])
        self.assertEqual(arrays["u"].shape, exact.shape)
        apart = np.linalg.norm(arrays["u"] - exact) / np.linalg.norm(arrays["u"])
        (unknown,) = both["reference"]["unknowns"]
        self.assertAlmostEqual(unknown["difference"]["relative_l2"], apart, delta=1e-3 * apart + 1e-7)
        self.refused("solve", problem, "-o", self.folder / "other.sine", "--reference-points", 65, says=["--reference"])
        self.refused("solve", problem, "-o", model, "--reference", says=["exists"])
        (self.folder / "new.reference.npz").write_bytes(b"")
        self.refused("solve", problem, "-o", self.folder / "new.sine", "--reference", says=["new.reference.npz"])

    def test_complex_values_and_what_is_outside(self):
        problem = self.folder / "p.toml"
        problem.write_text("""
coordinates = { x = [-1, 1], y = [-1, 1] }
unknowns = { w = "complex" }
regions = { domain = "disc([0, 0], 1)" }
terms.equation = { residual = "laplacian(w) + 9*w" }
terms.border = { residual = "w - exp(3i*x)", region = "boundary(domain)" }
exact = { w = "exp(3i*x)" }
""")
        model = self.folder / "p.sine"
        said = self.accepted("solve", problem, "-o", model, "--features", 300, "--reference", "--reference-points", 65)
        self.assertEqual((said["reference"]["method"], said["reference"]["on_grid_lines"]), ("complex sparse LU", False))
        arrays = np.load(self.folder / "p.reference.npz")
        x, y = np.meshgrid(arrays["x"], arrays["y"], indexing="ij")
        self.assertEqual(arrays["w"].dtype, np.complex128)
        np.testing.assert_array_equal(np.isnan(arrays["w"]), x**2 + y**2 > 1 + 1e-9)
        inside = x**2 + y**2 <= 1
        self.assertLess(np.abs(arrays["w"] - np.exp(3j * x))[inside].max(), 3e-3)

    def test_what_it_cannot_take(self):
        problem = self.folder / "p.toml"
        problem.write_text(HEAT.replace("[terms.ends]", "[terms.ends]\nwhere = 'x < 1'"))
        self.refused("solve", problem, "--reference", says=["a condition for 'u' all around: at t = 0, x = 2"])
        self.refused("solve", problem, says=["--reference"])
        problem.write_text(HEAT.replace('residual = "u"', 'residual = "dot(grad(u), normal)"').replace("diff(u, t) - ", ""))
        done = run("solve", problem, "--reference")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"leave something open", done.stderr)


if __name__ == "__main__":
    unittest.main()
