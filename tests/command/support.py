# What the tests of the command share: running it, making pictures, reading its files.
# Needs the environment variable SINEFIELD (path of the command). SPDX-License-Identifier: MIT
import json
import os
import struct
import subprocess
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
