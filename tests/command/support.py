# What the tests of the command share: running it, making pictures, reading its files, judging what it says.
# Needs the environment variable SINEFIELD (path of the command). SPDX-License-Identifier: MIT
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib
from pathlib import Path

import numpy as np

SINEFIELD = os.environ["SINEFIELD"]


def run(*arguments, cwd=None, **options):
    arguments = [SINEFIELD, *map(os.fspath, map(str_or_bytes, arguments))]
    return subprocess.run(arguments, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, **options)


def str_or_bytes(argument):
    return argument if isinstance(argument, (bytes, Path)) else str(argument)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_start(height, width, bits, colour_type):
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)


def png(samples):
    """samples (height, width, channels) of uint8 or uint16."""
    height, width, channels = samples.shape
    rows = samples.astype(samples.dtype.newbyteorder(">")).reshape(height, -1)
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    start = png_start(height, width, 8 * samples.dtype.itemsize, {1: 0, 2: 4, 3: 2, 4: 6}[channels])
    return start + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def read_png(path):
    """An 8- or 16-bit PNG without interlacing as (height, width, channels)."""
    data, at, packed = Path(path).read_bytes(), 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        body, at = data[at + 8 : at + 8 + size], at + 12 + size
        if kind == b"IHDR":
            width, height, bits, colour = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            packed += body
    channels, raw = {0: 1, 2: 3, 4: 2, 6: 4}[colour], zlib.decompress(packed)
    step, length = channels * bits // 8, width * channels * bits // 8
    above, rows = bytearray(length), []
    for y in range(height):
        kind, *row = raw[y * (length + 1) : (y + 1) * (length + 1)]
        for i, byte in enumerate(row):
            a, b, c = (row[i - step], above[i], above[i - step]) if i >= step else (0, above[i], 0)
            paeth = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            row[i] = byte + [0, a, b, (a + b) // 2, paeth][kind] & 255
        above = row
        rows.append(bytes(row))
    return np.frombuffer(b"".join(rows), f">u{bits // 8}").reshape(height, width, channels)


def read_safetensors(path):
    data = Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {
        name: np.frombuffer(data[8 + size :][slice(*t["data_offsets"])], "<f4").reshape(t["shape"])
        for name, t in header.items()
    }
    return tensors, json.loads(metadata["sinefield"]) if metadata else None


class CommandTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One small RGB picture, and a model of it that every test may read."""
        cls.shared = Path(tempfile.mkdtemp(prefix="sinefield-command-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        y, x = np.mgrid[0:17, 0:24]
        rgb = np.stack([128 + 100 * np.sin(x / 4), 10.0 * y, 255 - 10.0 * x], axis=2)
        cls.pixels = np.clip(np.round(rgb), 0, 255).astype(np.uint8)
        cls.picture = cls.shared / "picture.png"
        cls.picture.write_bytes(png(cls.pixels))
        cls.grey = cls.shared / "grey.png"
        cls.grey.write_bytes(png(cls.pixels[:, :, :1]))
        cls.model = cls.shared / "model.safetensors"
        cls.shape = ["--tiles", "none", "--width", 24, "--hidden-layers", 1, "--omega-first", 20, "--lr", 5e-3]
        cls.small = [*cls.shape, "--steps", 300]
        cls.tiny = [*cls.shape, "--steps", 5]
        done = run("fit", "image", cls.picture, "-o", cls.model, *cls.small, "--json")
        assert done.returncode == 0, done.stderr
        cls.fitted = json.loads(done.stdout)

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sinefield-command-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def put(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def points(self, array):
        path = self.folder / "points.npy"
        np.save(path, array)
        return path

    def files(self):
        return {p: p.read_bytes() for p in sorted(self.folder.rglob("*")) if p.is_file()}

    def accepted(self, *arguments, **options):
        """The command succeeds; its JSON."""
        done = run(*arguments, "--json", **options)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout)

    def refused(self, *arguments, says=(), code=2, **options):
        """Fails with `code` and a message that matches each of `says`, as text and as JSON, and no file changes."""
        before = self.files()
        done, as_json = run(*arguments, **options), run(*arguments, "--json", **options)  # two at once would meet
        message = done.stderr.decode(errors="replace")
        shown = f"{' '.join(map(str, arguments))}\n{message}"
        self.assertEqual(done.returncode, code, shown)
        self.assertEqual(done.stdout, b"", shown)
        for pattern in [r"^sinefield: [^\n]*[^\n.]\n", *says]:
            self.assertRegex(message, pattern, shown)
        self.assertEqual(as_json.returncode, code, shown)
        report = json.loads(as_json.stdout)
        self.assertEqual(set(report), {"error", "hint", "exit_code"}, shown)
        self.assertEqual(report["exit_code"], code, shown)
        self.assertIn(report["error"], message)
        self.assertIn(report["hint"], message)
        self.assertEqual(self.files(), before, f"{shown}: files have changed")

    def refused_fit(self, picture, says, *options):
        model = self.folder / "refused.safetensors"
        self.refused("fit", "image", picture, "-o", model, "--steps", 5, *options, says=says)
