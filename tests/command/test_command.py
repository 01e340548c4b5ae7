#!/usr/bin/env python3
# The command from outside: exit codes, messages, files and numbers. Pictures, arrays and models that are broken in one
# way each are made here from whole ones; derivatives are checked against a SIREN in a few lines of numpy.
# Needs the environment variable SINEFIELD (path of the command). SPDX-License-Identifier: MIT
import json
import os
import re
import resource
import struct
import time
import unittest
import zlib
from pathlib import Path

import numpy as np

from support import SINEFIELD, CommandTest, chunk, png, png_start, read_png, read_safetensors, run

COMMANDS = [["fit"], *[["fit", kind] for kind in ("image", "audio", "video", "volume")], ["sweep"], ["sweep", "image"], ["solve"], ["render"],
            ["eval"], ["compare"], ["info"], ["check"], ["bench"]]


# ---- files


def float_tiff(samples):
    """samples (height, width) of float32, uncompressed."""
    height, width = samples.shape
    tags = [(256, 4, width), (257, 4, height), (258, 3, 32), (259, 3, 1), (262, 3, 1), (273, 4, 8)]
    tags += [(277, 3, 1), (278, 4, height), (279, 4, samples.size * 4), (339, 3, 3)]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, x) for tag, kind, x in tags)
    data = samples.astype("<f4").tobytes()
    return b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4)


def safetensors(tensors, metadata=None):
    header, data = {"__metadata__": metadata} if metadata else {}, b""
    for name, values in tensors.items():
        offsets = [len(data), len(data) + values.nbytes]
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": offsets}
        data += values.astype("<f4").tobytes()
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


# ---- a SIREN in numpy


def siren(tensors, omega_first, omega_hidden, x):
    """Raw outputs (N, c) and their gradients (N, c, d) at network coordinates x (N, d), in double."""
    layers = len(tensors) // 2
    h, h_x = x, np.broadcast_to(np.eye(x.shape[1]), (len(x), x.shape[1], x.shape[1]))
    for layer in range(layers):
        weight, bias = (tensors[f"net.net.{layer}.0.{what}"].astype(float) for what in ("weight", "bias"))
        h, h_x = h @ weight.T + bias, weight @ h_x
        if layer < layers - 1:
            omega = omega_first if layer == 0 else omega_hidden
            h, h_x = np.sin(omega * h), (omega * np.cos(omega * h))[:, :, None] * h_x
    return h, h_x


def model_field(path):
    """(value, gradient) as a function of points in signal units, and the same in network units."""
    tensors, metadata = read_safetensors(path)
    shape, axes, channels = metadata["architecture"][0], metadata["domain"]["axes"], metadata["output"]["channels"]

    def network(x):
        return siren(tensors, shape["omega_first"], shape["omega_hidden"], x)

    def in_signal_units(points):
        scale, offset = np.array([[a["scale"], a["offset"]] for a in axes]).T
        gain, base = np.array([[c["scale"], c["offset"]] for c in channels]).T
        value, gradient = network(points * scale + offset)
        return value * gain + base, gradient * gain[:, None] * scale

    return in_signal_units, network


class Pictures(CommandTest):
    def test_pictures_that_cannot_be_read(self):
        jpeg = self.shared / "whole.jpg"
        self.accepted("render", self.model, "-o", jpeg, "--size", "64x48", "--force")
        whole = self.picture.read_bytes()
        files = {
            "cut.png": whole[: len(whole) * 2 // 3],
            "head.png": whole[:20],
            "cut.jpg": jpeg.read_bytes()[:-300],
            "text.png": b"this is no picture\n" * 20,
            "empty.png": b"",
            "damaged.png": whole[:60] + bytes([whole[60] ^ 255]) + whole[61:],
            "nan.tif": float_tiff(np.array([[0, 1], [np.nan, 2]])),
            "infinite.tif": float_tiff(np.array([[0, 1], [2, np.inf]])),
            "model.png": self.model.read_bytes(),
        }
        for name, data in files.items():
            with self.subTest(name):
                self.refused_fit(self.put(name, data), [re.escape(name)])
                self.refused("compare", self.picture, self.folder / name, says=[re.escape(name)])

    def test_a_float_tiff_without_nan_is_read(self):
        picture = self.put("good.tif", float_tiff(np.array([[0, 1], [3, 2]])))
        self.accepted("fit", "image", picture, "-o", self.folder / "m.safetensors", *self.tiny)

    def test_paths_that_are_no_files(self):
        self.refused_fit(self.folder / "absent.png", ["absent\\.png"])
        self.refused_fit(self.folder, [re.escape(str(self.folder))])
        self.refused_fit("", [])
        self.refused_fit(os.fsencode(self.folder) + b"/\xff.png", [])

    def test_a_header_that_promises_more_than_memory(self):
        start = png_start(100_000, 100_000, 8, 2)
        self.refused_fit(self.put("huge.png", start + chunk(b"IEND", b"")), ["huge\\.png"], "--memory-limit", "1G")
        self.refused_fit(self.folder / "huge.png", ["huge\\.png"])
        self.refused_fit(self.picture, ["picture\\.png", "--memory-limit|memory"], "--memory-limit", "1K")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 500 << 10, "KiB of the largest child")

    def test_types_and_channels_survive(self):
        y, x = np.mgrid[0:9, 0:11]
        ramp = (y * 11 + x)[:, :, None] / 99
        for channels, bits, colour_type in [(1, 8, 0), (2, 8, 4), (3, 16, 2), (4, 8, 6), (4, 16, 6)]:
            with self.subTest(channels=channels, bits=bits):
                samples = np.repeat(ramp, channels, axis=2) * (2**bits - 1)
                picture = self.put("p.png", png(samples.astype(f"u{bits // 8}")))
                model, out = self.folder / "p.safetensors", self.folder / "out.png"
                fitted = self.accepted("fit", "image", picture, "-o", model, "--force", *self.tiny)
                self.assertEqual((fitted["height"], fitted["width"], fitted["channels"]), (9, 11, channels))
                self.accepted("render", model, "-o", out, "--force")
                self.assertEqual(out.read_bytes()[24:26], bytes([bits, colour_type]))

    def test_one_pixel(self):
        picture = self.put("one.png", png(np.array([[[7]]], np.uint8)))
        self.accepted("fit", "image", picture, "-o", self.folder / "one.safetensors", *self.small)
        self.accepted("render", self.folder / "one.safetensors", "-o", self.folder / "out.png")
        self.assertEqual(read_png(self.folder / "out.png").tolist(), [[[7]]])


class Outputs(CommandTest):
    def test_paths_that_cannot_be_written(self):
        points = self.points(np.zeros((1, 2)))
        for command, name in [
            (["fit", "image", self.picture, *self.tiny], "m.safetensors"),
            (["render", self.model], "out.png"),
            (["eval", self.model, "--at", points], "out.npz"),
        ]:
            with self.subTest(command[0]):
                taken = self.put(name, b"something dear")
                self.refused(*command, "-o", taken, says=[re.escape(name), "--force"])
                self.refused(*command, "-o", self.folder / "absent" / name, says=["absent"])
                self.refused(*command, "-o", self.folder, "--force", says=[re.escape(str(self.folder))])
                self.accepted(*command, "-o", taken, "--force")
                self.assertNotEqual(taken.read_bytes(), b"something dear")

    def test_the_log_is_protected_too(self):
        self.put("log.csv", b"something dear")
        self.refused_fit(self.picture, ["log\\.csv", "--force"], "--log", self.folder / "log.csv")

    def test_an_input_is_never_the_output(self):
        picture = self.put("picture.png", self.picture.read_bytes())
        model = self.put("model.safetensors", self.model.read_bytes())
        points = self.points(np.zeros((1, 2)))
        self.refused("fit", "image", picture, "-o", picture, "--force", *self.tiny, says=["picture\\.png"])
        self.refused("fit", "image", picture, "-o", self.folder / "m", "--log", picture, "--force", *self.tiny)
        self.refused("fit", "image", picture, "-o", self.folder / "m", "--log", self.folder / "m", *self.tiny)
        self.refused("render", model, "-o", model, "--force", says=["model\\.safetensors"])
        self.refused("render", model, "--sheet", picture, "-o", picture, "--force", says=["picture\\.png"])
        self.refused("eval", model, "--at", points, "-o", points, "--force", says=["points\\.npy"])

    def test_nothing_is_written_where_options_turn_out_wrong(self):
        grey_init = self.shared / "grey.safetensors"
        self.accepted("fit", "image", self.grey, "-o", grey_init, *self.tiny, "--force")
        self.refused_fit(self.picture, ["start from"], "--init", grey_init, "--log", self.folder / "log.csv")
        self.refused_fit(self.picture, ["horizon"], "--horizon", 3, "--log", self.folder / "log.csv")

    def test_a_full_disk_is_a_failure_that_leaves_the_old_file(self):
        def little_space():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        model = self.put("m.safetensors", b"the old one")
        full = {"preexec_fn": little_space, "restore_signals": False}  # Python ignores SIGXFSZ, and so its children
        self.refused("fit", "image", self.picture, "-o", model, "--force", "--quiet", *self.tiny, code=1, says=["m\\.safe"],
                     **full)
        points = self.points(np.zeros((9, 2)))
        old = self.put("out.npz", b"the old one")
        self.refused("eval", self.model, "--at", points, "-o", old, "--force", "--order", "hessian", code=1,
                     says=["out\\.npz"], **full)
        old = self.put("out.tif", b"the old one")
        self.refused("render", self.model, "-o", old, "--force", "--quiet", "--scale", 4, code=1, says=["out\\.tif"], **full)


class Options(CommandTest):
    def test_fit(self):
        for says, *options in [
            ("--steps", "--steps", "0"),
            ("--steps", "--steps", "-3"),
            ("--steps", "--steps", "many"),
            ("--steps", "--steps", "1e30"),
            ("--seconds", "--seconds", "0"),
            ("seconds", "--seconds", "nan"),
            ("psnr", "--psnr", "nan"),
            ("--batch x", "--batch", "x"),
            ("--batch 0", "--batch", "0"),
            ("--batch -5", "--batch=-5"),
            ("fancy", "--recipe", "fancy"),
            ("width", "--width", "0"),
            ("width", "--width", "1000000"),
            ("hidden.layers", "--hidden-layers", "-1"),
            ("hidden.layers", "--hidden-layers", "2000"),
            ("omega.first", "--omega-first", "0"),
            ("omega.first", "--omega-first", "inf"),
            ("omega.hidden", "--omega-hidden", "-30"),
            ("--lr", "--lr", "0"),
            ("lr|learning rate", "--lr", "nan"),
            ("--seed", "--seed", "-1"),
            ("--seed", "--seed", "1.5"),
            ("--horizon", "--horizon", "0"),
            ("absent", "--init", "absent.safetensors"),
            ("--log-every", "--log", "log.csv", "--log-every", "0"),
            ("--threads", "--threads", "-1"),
            ("threads", "--threads", "100000"),
            ("--threads", "--threads", "two"),
            ("mmx", "--isa", "mmx"),
            ("--memory-limit lots", "--memory-limit", "lots"),
            ("--memory-limit", "--memory-limit", "0"),
            ("--colour", "--colour"),
            ("twice.png", "twice.png"),
        ]:
            with self.subTest(" ".join(options)):
                steps = [] if "--steps" in options else ["--steps", 5]
                model = f"{'_'.join(options)}.safetensors"
                self.refused("fit", "image", self.picture, "-o", model, *steps, *options, says=[says], cwd=self.folder)

    def test_render(self):
        for says, name, *options in [
            ("--size.*--scale|--scale.*--size", "out.png", "--size", "4x4", "--scale", "2"),
            ("--sheet", "out.png", "--sheet", self.picture, "--show", "gradient"),
            ("--sheet", "out.png", "--sheet", self.picture, "--scale", "2"),
            ("--size 4", "out.png", "--size", "4"),
            ("--size 0x4", "out.png", "--size", "0x4"),
            ("--size 4x-4", "out.png", "--size", "4x-4"),
            ("--size 4x4x4", "out.png", "--size", "4x4x4"),
            ("--scale", "out.png", "--scale", "0"),
            ("--scale", "out.png", "--scale", "nan"),
            ("--scale", "out.png", "--scale", "1e9"),
            ("memory", "out.png", "--size", "1000000x1000000"),
            ("--show", "out.png", "--show", "curvature"),
            ("--bits", "out.png", "--bits", "12"),
            (r"\.png|32", "out.png", "--bits", "32"),
            (r"\.exr|8", "out.exr", "--bits", "8"),
            (r"\.jpg|16", "out.jpg", "--bits", "16"),
            ("--bits 8", "out.npy", "--bits", "8"),
            ("out", "out"),
            (r"out\.bmp", "out.bmp"),
            (r"out\.gif", "out.gif", "--show", "gradient"),
            ("absent", "out.png", "--sheet", "absent.png"),
            ("--omega-first", "out.png", "--omega-first", "30"),
            ("--steps", "out.png", "--steps", "3"),
        ]:
            with self.subTest(" ".join(map(str, options)), name=name):
                self.refused("render", self.model, "-o", name, *options, says=[says], cwd=self.folder)

    def test_the_sheet_needs_the_models_own_picture(self):
        other = self.put("other.png", png(np.zeros((5, 6, 3), np.uint8)))
        self.refused("render", self.model, "-o", self.folder / "s.png", "--sheet", other, says=["other\\.png", "24", "17"])

    def test_the_rest(self):
        points = self.points(np.zeros((1, 2)))
        at = ["eval", self.model, "--at", points, "-o", self.folder / "out.npz"]
        self.refused(*at, "--order", "cubic", says=["cubic|--order"])
        self.refused(*at, "--units", "feet", says=["feet|--units"])
        self.refused("eval", self.model, "-o", self.folder / "out.npz", says=["--at"])
        self.refused("eval", self.model, "--at", points, says=["-o|--output"])
        self.refused("compare", self.model, says=["ORIGINAL"])
        self.refused("compare", self.shared / "absent.png", self.picture, says=["absent\\.png"])
        self.refused("compare", self.grey, self.picture, says=["1.*3|3.*1"])
        other = self.put("other.png", png(np.zeros((5, 6, 3), np.uint8)))
        self.refused("compare", other, self.picture, says=["24", "17", "6", "5"])
        self.refused("info", says=["--machine"])
        self.refused("info", self.model, "--machine", says=["--machine"])
        self.refused("info", self.shared / "absent.safetensors", says=["absent\\.safetensors"])
        self.refused("fit", says=["--help"])
        self.refused("fit", "video", says=["--help"])
        self.refused("paint", says=["--help"])
        self.refused(says=["--help"])

    def test_an_instruction_set_that_is_not_there(self):
        machine = self.accepted("info", "--machine")
        lacking = ({"scalar", "sse4", "avx2", "avx512"} - set(machine["isas"])) or {"neon"}
        for isa in lacking:
            says = [f"--isa {isa}", machine["isas"][-1]]
            self.refused("render", self.model, "-o", self.folder / "out.png", "--isa", isa, says=says)


class Models(CommandTest):
    def test_bytes_that_are_not_whole(self):
        whole = self.model.read_bytes()
        header_end = 8 + struct.unpack("<Q", whole[:8])[0]
        metadata_at = whole.index(b"omega_first")
        files = {
            "empty": b"",
            "cut in length": whole[:5],
            "cut in header": whole[:100],
            "cut after header": whole[:header_end],
            "cut in tensors": whole[:-1],
            "longer": whole + b"\0\0\0\0",
            "huge length": b"\xff" * 7 + b"\x7f" + whole[8:],
            "a picture": self.picture.read_bytes(),
            "text": b"omega = 30\n" * 9,
            "no JSON": whole[:8] + b"[" + whole[9:],
            "type": whole.replace(b'"F32"', b'"I32"'),
            "half": whole.replace(b'"F32"', b'"F16"', 1),
            "shape": whole.replace(b"[24,2]", b"[2,24]"),
            "name": whole.replace(b"net.net.0.0.weight", b"net.net.0.1.weight"),
            "kind": whole.replace(rb"\"network\"", rb"\"netwerk\""),
            "missing metadata": whole.replace(b'"sinefield":"{', b'"sinefjeld":"{'),
        }
        places = [*range(0, 8, 3), *range(8, header_end, 97), metadata_at, *range(header_end, len(whole), 499), len(whole) - 1]
        for place in places:
            files[f"flipped at {place}"] = whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :]
        for name, data in files.items():
            with self.subTest(name):
                self.assertNotEqual(data, whole)
                path = self.put("broken.safetensors", data)
                done = run("info", path)
                self.assertEqual(done.returncode, 2, done.stdout.decode(errors="replace"))
                self.assertIn(b"broken.safetensors", done.stderr)

    def test_a_damaged_model_stops_every_command_that_reads_it(self):
        whole = self.model.read_bytes()
        path = self.put("broken.safetensors", whole[:-4] + b"abcd")
        points = self.points(np.zeros((1, 2)))
        says = ["broken\\.safetensors", "damaged|checksum"]
        self.refused("render", path, "-o", self.folder / "out.png", says=says)
        self.refused("eval", path, "--at", points, "-o", self.folder / "out.npz", says=says)
        self.refused("compare", path, self.picture, says=says)
        self.refused_fit(self.picture, says, "--init", path)

    def test_a_later_version(self):
        whole = self.model.read_bytes()
        later = whole.replace(rb"\"version\":1,", rb"\"version\":7,")
        self.assertNotEqual(later, whole)
        self.refused("info", self.put("later.safetensors", later), says=["later\\.safetensors", "version 7", "update"])

    def test_plain_tensors_of_the_original_code(self):
        generator = np.random.default_rng(1)
        sizes = [(2, 8), (8, 8), (8, 1)]
        tensors = {}
        for layer, (n, m) in enumerate(sizes):
            tensors[f"net.net.{layer}.0.weight"] = generator.uniform(-0.2, 0.2, (m, n)).astype(np.float32)
            tensors[f"net.net.{layer}.0.bias"] = generator.uniform(-0.2, 0.2, m).astype(np.float32)
        plain = self.put("plain.safetensors", safetensors(tensors))
        x = generator.uniform(-1, 1, (5, 2))
        at = ["eval", plain, "--at", self.points(x), "-o", self.folder / "out.npz"]
        self.refused(*at, says=["plain\\.safetensors", "--omega-first"])
        self.refused("render", plain, "-o", self.folder / "o.png", "--omega-first", 30, says=["plain\\.safe", "sinefield eval"])
        self.refused("compare", plain, self.picture, "--omega-first", 30, says=["plain\\.safetensors"])
        self.accepted(*at, "--omega-first", 25, "--omega-hidden", 20)
        expected, _ = siren(tensors, 25, 20, x)
        np.testing.assert_allclose(np.load(self.folder / "out.npz")["value"], expected, rtol=1e-9, atol=1e-12)
        self.assertEqual(self.accepted("info", plain, "--omega-first", 25)["networks"][0]["omega_first"], 25)


    def test_a_sum_with_a_window(self):
        """Written by docs/format.md alone: the model, and in a ball a shallow network beside it."""
        tensors, metadata = read_safetensors(self.model)
        generator = np.random.default_rng(3)
        shallow = {f"net.net.{layer}.0.{what}": generator.uniform(-1, 1, shape).astype(np.float32)
                   for layer, what, shape in [(0, "weight", (5, 2)), (0, "bias", 5), (1, "weight", (3, 5)), (1, "bias", 3)]}
        whole = {f"terms.{term}.{name}": values
                 for term, network in enumerate([tensors, shallow]) for name, values in network.items()}
        # In the order of the parameters: of a map the weight before the bias.
        ordered = sorted(whole, key=lambda name: (name.split(".")[1], name.split(".")[4], name.endswith("bias")))
        centre, radius = np.array([0.1, -0.3]), 0.6
        first = metadata["architecture"][0]
        metadata |= {
            "version": 4,
            "kind": "sum",
            "architecture": [first, first | {"width": 5, "hidden_layers": 0, "omega_first": 4}],
            "windows": [{"type": "none"}, {"type": "bump", "centre": list(centre), "radius": radius}],
            "checksum": f"crc32:{zlib.crc32(b''.join(whole[name].tobytes() for name in ordered)):08x}",
        }
        del metadata["metadata_checksum"]
        text = json.dumps(metadata, separators=(",", ":"))[:-1]
        text += f',"metadata_checksum":"crc32:{zlib.crc32(text.encode()):08x}"}}'
        path = self.put("sum.sine", safetensors(whole, {"sinefield": text}))

        info = self.accepted("info", path)
        self.assertEqual((info["kind"], len(info["networks"])), ("sum", 2))
        self.assertEqual(info["networks"][1]["window"], {"centre": [0.1, -0.3], "radius": 0.6})
        self.assertNotIn("window", info["networks"][0])
        self.assertIn("in a ball of radius 0.6 about (0.1, -0.3)", run("info", path).stdout.decode())

        x = generator.uniform(-1, 1, (200, 2))
        self.accepted("eval", path, "--at", self.points(x), "-o", self.folder / "at.npz", "--units", "network",
                      "--order", "gradient")
        at = np.load(self.folder / "at.npz")
        q = np.maximum(1 - ((x - centre) ** 2).sum(1) / radius**2, 0)
        w, w_x = (q**4)[:, None], (-8 * q**3)[:, None] * (x - centre) / radius**2
        (u, u_x), (v, v_x) = siren(tensors, 20, first["omega_hidden"], x), siren(shallow, 4, 1, x)
        self.assertGreater((q > 0).sum(), 30)
        np.testing.assert_allclose(at["value"], u + w * v, rtol=0, atol=1e-9)
        np.testing.assert_allclose(at["gradient"], u_x + w[:, :, None] * v_x + v[:, :, None] * w_x[:, None, :], rtol=0, atol=1e-7)

        points = np.stack(np.meshgrid(np.arange(17.0), np.arange(24.0), indexing="ij"), axis=2).reshape(-1, 2)
        self.accepted("eval", path, "--at", self.points(points), "-o", self.folder / "at.npz", "--force",
                      "--order", "laplacian")
        at = np.load(self.folder / "at.npz")
        for show, expected in [("value", at["value"]), ("laplacian", at["laplacian"])]:
            self.accepted("render", path, "-o", self.folder / "out.npy", "--force", "--show", show)
            found = np.load(self.folder / "out.npy")
            np.testing.assert_allclose(found.reshape(-1, 3), expected, rtol=0, atol=1e-3 * np.abs(expected).max())


class Points(CommandTest):
    def test_arrays_that_are_no_points(self):
        nan, infinite = np.zeros((4, 2)), np.zeros((4, 2))
        nan[2, 1], infinite[3, 0] = np.nan, np.inf
        arrays = {
            r"\(4, 3\).*\(N, 2\)": np.zeros((4, 3)),
            r"\(4\).*\(N, 2\)": np.zeros(4),
            r"\(2, 2, 2\)": np.zeros((2, 2, 2)),
            r"\(\)": np.array(1.0),
            "complex": np.zeros((4, 2), complex),
            "(?i)nan": nan,
            "(?i)inf": infinite,
            "(?i)object|type": np.array([[None, 1]], object),
            "(?i)text|type": np.array([["a", "b"]]),
        }
        for says, array in arrays.items():
            with self.subTest(says):
                self.refused("eval", self.model, "--at", self.points(array), "-o", self.folder / "out.npz",
                             says=["points\\.npy", says])
        whole = self.points(np.zeros((4, 2))).read_bytes()
        for name, data in {"cut": whole[:-8], "text": b"0 0\n1 1\n", "empty": b"", "npz": b"PK\3\4" + whole}.items():
            with self.subTest(name):
                path = self.put("points.npy", data)
                self.refused("eval", self.model, "--at", path, "-o", self.folder / "out.npz", says=["points\\.npy"])
        self.refused("eval", self.model, "--at", self.folder / "absent.npy", "-o", self.folder / "out.npz",
                     says=["absent\\.npy"])

    def evaluated(self, array, *options):
        out = self.folder / "out.npz"
        self.accepted("eval", self.model, "--at", self.points(array), "-o", out, "--force", *options)
        with np.load(out) as file:
            return dict(file)

    def test_types_of_points(self):
        expected = self.evaluated(np.array([[3.0, 4.0], [0.0, 16.0]]))["value"]
        for array in [np.array([[3, 4], [0, 16]]), np.array([[3, 4], [0, 16]], np.float32),
                      np.asfortranarray([[3.0, 4.0], [0.0, 16.0]])]:
            np.testing.assert_array_equal(self.evaluated(array)["value"], expected)
        self.assertEqual(self.evaluated(np.zeros((0, 2)), "--order", "hessian")["hessian"].shape, (0, 3, 2, 2))

    def test_against_numpy(self):
        generator = np.random.default_rng(2)
        in_signal_units, network = model_field(self.model)
        for units, function, low, high in [("signal", in_signal_units, -1, 24), ("network", network, -1, 1)]:
            with self.subTest(units):
                x = generator.uniform(low, high, (37, 2))
                jets = self.evaluated(x, "--units", units, "--order", "hessian")
                self.assertEqual({k: v.shape for k, v in jets.items()},
                                 {"value": (37, 3), "gradient": (37, 3, 2), "laplacian": (37, 3), "hessian": (37, 3, 2, 2)})
                value, gradient = function(x)
                for name, expected in [("value", value), ("gradient", gradient)]:
                    np.testing.assert_allclose(jets[name], expected, rtol=0, atol=1e-9 * np.abs(expected).max())
                step = 1e-4 * (high - low)
                columns = [(function(x + step * e)[1] - function(x - step * e)[1]) / (2 * step) for e in np.eye(2)]
                hessian = np.stack(columns, axis=3)
                np.testing.assert_allclose(jets["hessian"], hessian, rtol=0, atol=1e-4 * np.abs(hessian).max())
                trace = np.trace(jets["hessian"], axis1=2, axis2=3)
                np.testing.assert_allclose(jets["laplacian"], trace, rtol=0, atol=1e-9 * np.abs(hessian).max())

    def test_an_order_holds_those_before_it(self):
        x = np.array([[1.0, 2.0]])
        names = ["value", "gradient", "laplacian", "hessian"]
        for count, order in enumerate(names, 1):
            self.assertEqual(list(self.evaluated(x, "--order", order)), names[:count])


class Rendering(CommandTest):
    def rendered(self, name, *options):
        self.accepted("render", self.model, "-o", self.folder / name, "--force", *options)
        return self.folder / name

    def test_grid_of_a_scale(self):
        values = np.load(self.rendered("out.npy", "--scale", 2.3))
        height, width = round(17 * 2.3), round(24 * 2.3)
        self.assertEqual((values.shape, values.dtype), ((height, width, 3), np.float32))
        rows = np.clip((np.arange(height) + 0.5) * 17 / height - 0.5, 0, 16)
        columns = np.clip((np.arange(width) + 0.5) * 24 / width - 0.5, 0, 23)
        points = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=2).reshape(-1, 2)
        self.accepted("eval", self.model, "--at", self.points(points), "-o", self.folder / "at.npz", "--force",
                      "--order", "laplacian")
        at = np.load(self.folder / "at.npz")
        np.testing.assert_allclose(values.reshape(-1, 3), at["value"], rtol=0, atol=0.01)
        for show, shape in [("gradient", (height, width, 3, 2)), ("laplacian", (height, width, 3))]:
            found = np.load(self.rendered("out.npy", "--scale", 2.3, "--show", show))
            self.assertEqual(found.shape, shape)
            expected = at[show].reshape(shape)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3 * np.abs(expected).max())

    def test_sizes(self):
        self.assertEqual(read_png(self.rendered("out.png")).shape, (17, 24, 3))
        self.assertEqual(read_png(self.rendered("out.png", "--size", "31x5")).shape, (5, 31, 3))
        self.assertEqual(read_png(self.rendered("out.png", "--scale", 0.01)).shape, (1, 1, 3))
        own = np.load(self.rendered("own.npy"))
        np.testing.assert_array_equal(np.load(self.rendered("one.npy", "--scale", 1)), own)
        np.testing.assert_array_equal(np.load(self.rendered("size.npy", "--size", "24x17")), own)

    def test_integers_are_the_values_clipped_and_rounded(self):
        values = np.load(self.rendered("out.npy", "--scale", 3)).astype(float)
        for bits in (8, 16):
            full = 2**bits - 1
            expected = np.floor(np.clip(values / 255 * full, 0, full) + 0.5)
            found = read_png(self.rendered("out.png", "--scale", 3, "--bits", bits)).astype(float)
            self.assertLessEqual(np.abs(found - expected).max(), 1 if bits == 16 else 0)
        self.assertEqual(set(np.unique(found)) & {0, full}, {0, full}, "the model has values to clip")

    def test_every_format(self):
        starts = {".png": b"\x89PNG", ".jpg": b"\xff\xd8", ".JPEG": b"\xff\xd8", ".tif": b"II", ".tiff": b"II",
                  ".exr": b"v/1\x01", ".npy": b"\x93NUMPY"}
        for (extension, start), show in zip(starts.items(), 3 * ["value", "gradient", "laplacian"]):
            path = self.rendered("out" + extension, "--show", show)
            self.assertEqual(path.read_bytes()[: len(start)], start, f"{extension} {show}")

    def test_sheet(self):
        height, width, channels = read_png(self.rendered("out.png", "--sheet", self.picture)).shape
        self.assertEqual(channels, 3)
        self.assertGreater(width, 3 * 24)
        self.assertGreater(height, 2 * 17)


class Manners(CommandTest):
    def test_quiet(self):
        commands = [["fit", "image", self.picture, "-o", self.folder / "m", *self.tiny],
                    ["render", self.model, "-o", self.folder / "out.png"],
                    ["compare", self.model, self.picture],
                    ["eval", self.model, "--at", self.points(np.zeros((1, 2))), "-o", self.folder / "out.npz"]]
        for command in commands:
            done = run(*command, "--quiet")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""), command)

    def test_version(self):
        text = (Path(__file__).parents[2] / "include/sinefield/version.h").read_text()
        version = re.search(r'SINEFIELD_VERSION "(.*)"', text)[1]
        self.assertEqual(run("--version").stdout.decode(), f"sinefield {version}\n")

    def test_help_is_quick_and_loads_no_codecs(self):
        for command in [[], *COMMANDS]:
            seconds = []
            for _ in range(9):
                start = time.perf_counter()
                done = run(*command, "--help")
                seconds.append(time.perf_counter() - start)
            self.assertEqual((done.returncode, done.stderr), (0, b""), command)
            self.assertIn(b"--help", done.stdout)
            self.assertTrue(all(len(line) <= 120 for line in done.stdout.decode().splitlines()), done.stdout.decode())
            self.assertLess(sorted(seconds)[len(seconds) // 2], 0.05, f"median time of {command} --help")

    def loaded_files(self, *arguments):
        done = run(*arguments, env={**os.environ, "LD_DEBUG": "files"})
        self.assertEqual(done.returncode, 0)
        return done.stderr.decode()

    def test_codecs_are_loaded_where_a_picture_is_touched_and_nowhere_else(self):
        points = self.points(np.zeros((1, 2)))
        for command in [["--help"], ["fit", "image", "--help"], ["info", self.model], ["info", "--machine"],
                        ["eval", self.model, "--at", points, "-o", self.folder / "out.npz"],
                        ["render", self.model, "-o", self.folder / "out.npy"]]:
            loaded = self.loaded_files(*command)
            self.assertIn("libstdc++", loaded)
            self.assertNotIn("OpenImageIO", loaded, command)
        self.assertIn("OpenImageIO", self.loaded_files("render", self.model, "-o", self.folder / "out.png"))

    def test_check_passes(self):
        done = run("check")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
