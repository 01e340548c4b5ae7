#!/usr/bin/env python3
# `sinefield sweep` from outside: its table, files and pictures, that its figures are those of `sinefield fit`, what it
# refuses, and how it goes on. Needs the environment variable SINEFIELD (path of the command).
# SPDX-License-Identifier: MIT
import csv
import io
import json
import os
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib
from pathlib import Path

import numpy as np

SINEFIELD = os.environ["SINEFIELD"]


def run(*arguments):
    return subprocess.run([SINEFIELD, *map(str, arguments)], capture_output=True, stdin=subprocess.DEVNULL, timeout=60)


def write_png(path, samples):
    """samples (height, width, 3) of uint8."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", samples.shape[1], samples.shape[0], 8, 2, 0, 0, 0))]
    chunks += [(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in samples))), (b"IEND", b"")]
    parts = [struct.pack(">I", len(b)) + k + b + struct.pack(">I", zlib.crc32(k + b)) for k, b in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def png_size(path):
    header = path.read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n", path
    return struct.unpack(">II", header[16:])


def rows(folder):
    return list(csv.DictReader(io.StringIO((folder / "sweep.csv").read_text())))


class SweepTest(unittest.TestCase):
    tiny = ["--tiles", "none", "--steps", "60", "--batch", "256"]
    grid = ["--width", "16,24", "--omega-first", "8,30", *tiny]

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory(prefix="sinefield-sweep-")
        cls.folder = Path(cls.place.name)
        cls.picture = cls.folder / "picture.png"
        y, x = np.mgrid[0:40, 0:56] / 10
        waves = np.stack([np.sin(3 * x + y), np.cos(2 * y), np.sin(x * y)], axis=-1)
        write_png(cls.picture, (127.5 + 120 * waves).astype(np.uint8))
        cls.swept = cls.folder / "swept"
        cls.done = run("sweep", "image", cls.picture, "-o", cls.swept, *cls.grid, "--json")

    @classmethod
    def tearDownClass(cls):
        cls.place.cleanup()

    def refused(self, *arguments, words, code=2):
        done = run("sweep", "image", *arguments)
        message = done.stderr.decode()
        self.assertEqual(done.returncode, code, message)
        for word in words:
            self.assertIn(word, message)

    def fitted(self, *options):
        done = run("fit", "image", self.picture, "-o", self.folder / "one.sine", "--force", "--holdout", "--json", *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)


class Results(SweepTest):
    def test_figures_are_those_of_fit(self):
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        result = json.loads(self.done.stdout)
        table = rows(self.swept)
        asked = [(r["width"], r["omega_first"]) for r in table]
        self.assertEqual(asked, [("16", "8"), ("16", "30"), ("24", "8"), ("24", "30")])
        for row, object in zip(table, result["runs"], strict=True):
            fit = self.fitted("--width", row["width"], "--omega-first", row["omega_first"], *self.tiny)
            for name in ("psnr", "held_out_psnr", "ssim", "steps", "total_steps", "parameters"):
                self.assertEqual(float(row[name]), fit[name], name)
                self.assertEqual(object[name], fit[name], name)
            self.assertEqual((row["tiles"], row["stopped_by"], row["error"]), ("none", "steps", ""))
            self.assertEqual((object["width"], object["omega_first"]), (int(row["width"]), int(row["omega_first"])))
            self.assertGreater(float(row["seconds"]), 0)
        self.assertEqual(result["best"], max(result["runs"], key=lambda r: r["held_out_psnr"]))

    def test_pictures(self):
        for name, least in (("sweep.png", (500, 250)), ("crops.png", (3 * 224, 2 * 160))):
            width, height = png_size(self.swept / name)
            self.assertTrue(width >= least[0] and height >= least[1], (name, width, height))
            same = run("compare", self.swept / name, self.swept / name, "--json")
            self.assertTrue(json.loads(same.stdout)["identical"])
        left = sorted(p.name for p in self.swept.iterdir())
        self.assertEqual(left, ["crops", "crops.png", "sweep.csv", "sweep.json", "sweep.png"])

    def test_table(self):
        folder = self.folder / "table"
        done = run("sweep", "image", self.picture, "-o", folder, "--seed", "0,1", "--width", "8", *self.tiny)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.decode().splitlines()
        self.assertEqual(lines[0].split()[:3], ["seed", "tiles", "parameters"])
        best = max(rows(folder), key=lambda row: float(row["held_out_psnr"]))
        starred = [line for line in lines if line.endswith(" *")]
        self.assertEqual(len(starred), 1)
        self.assertEqual(starred[0].split()[0], best["seed"])
        self.assertIn(f"{float(best['held_out_psnr']):.2f}", starred[0])
        self.assertEqual(len({len(line.removesuffix(" *")) for line in lines[:3]}), 1)

    def test_tiles_and_their_columns(self):
        folder = self.folder / "tiles"
        options = ["--tiles", "2x2,none", "--width", "8", "--steps", "100", "--quiet"]
        done = run("sweep", "image", self.picture, "-o", folder, *options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))
        self.assertEqual([(r["asked_tiles"], r["tiles"]) for r in rows(folder)], [("2x2", "2x2"), ("none", "none")])
        self.assertEqual(int(rows(folder)[0]["total_steps"]), 400)

    def test_without_a_list_it_varies_the_frequency(self):
        folder = self.folder / "default"
        done = run("sweep", "image", self.picture, "-o", folder, "--width", "8", *self.tiny)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"0.25, 0.5, 1 and 2 times the suggested one", done.stderr)
        tried = [float(row["omega_first"]) for row in rows(folder)]
        suggested = self.fitted("--width", "8", *self.tiny)["omega_first"]
        np.testing.assert_allclose(tried, np.array([0.25, 0.5, 1, 2]) * suggested, rtol=1e-3)

    def test_a_failed_run_is_a_row(self):
        folder = self.folder / "failed"  # the second frequency is beyond learning
        options = ["--omega-first", "8,1000000", "--tiles", "none", "--width", "8", "--steps", "600", "--batch", "64"]
        done = run("sweep", "image", self.picture, "-o", folder, *options, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        good, bad = rows(folder)
        self.assertEqual(good["error"], "")
        self.assertIn("training", bad["error"])
        self.assertEqual((bad["psnr"], bad["stopped_by"]), ("", "failure"))
        result = json.loads(done.stdout)
        self.assertEqual(result["best"], result["runs"][0])
        self.assertEqual((result["runs"][1]["psnr"], result["runs"][1]["error"]), (None, bad["error"]))


class Refusals(SweepTest):
    def test_bad_options(self):
        cases = [
            (["--width", "16,abc"], ["--width", "abc"]),
            (["--width", "16,,32"], ["--width", "16,,32"]),
            (["--width", ""], ["--width", "''"]),
            (["--width", "16,32,16"], ["--width", "16,32,16", "twice"]),
            (["--lr", "0.001,-1"], ["--lr", "-1"]),
            (["--omega-first", "30,zero"], ["--omega-first", "zero"]),
            (["--tiles", "none,8y8"], ["--tiles", "8y8"]),
            (["--recipe", "fast,best"], ["--recipe", "best"]),
            (["--steps", "10,20"], ["--steps", "10,20"]),
            (["--overlap", "0.1,2"], ["--overlap", "2"]),
            (["--tiles", "none,2x2", "--total-steps", "100"], ["total steps"]),
            (["--seed", ",".join(map(str, range(40))), "--width", ",".join(map(str, range(1, 41)))], ["1000"]),
        ]
        for options, words in cases:
            with self.subTest(options):
                self.refused(self.picture, "-o", self.folder / "none", *options, words=words)
                self.assertFalse((self.folder / "none").exists())

    def test_bad_places(self):
        self.refused(self.folder / "missing.png", "-o", self.folder / "none", words=["missing.png"])
        write_png(self.folder / "two.png", np.zeros((2, 2, 3), np.uint8))
        self.refused(self.folder / "two.png", "-o", self.folder / "none", words=["two.png: 2 x 2 pixels"])
        self.refused(self.picture, "-o", self.picture, words=["picture.png", "not a folder"])
        self.refused(self.picture, "-o", self.folder / "a" / "b", *self.grid, words=["cannot make the folder"])
        self.refused(self.picture, "-o", self.swept, *self.grid, words=["a sweep in", "--resume", "--force"])
        done = run("sweep", "image", self.picture, "-o", self.swept, *self.grid, "--json")
        self.assertEqual(json.loads(done.stdout)["exit_code"], 2)

    def test_help_has_an_example(self):
        self.assertIn(b"sinefield sweep image photo.png", run("sweep", "image", "--help").stdout)


class GoingOn(SweepTest):
    def resumed(self, *options):
        return run("sweep", "image", self.picture, "-o", self.swept, "--resume", *(options or self.grid))

    def test_resume_does_what_is_missing(self):
        lines = (self.swept / "sweep.csv").read_text().splitlines()
        figures = [{k: v for k, v in row.items() if k != "seconds"} for row in rows(self.swept)]
        (self.swept / "sweep.csv").write_text("\n".join(lines[:2] + lines[3:]) + "\n")
        done = self.resumed()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([{k: v for k, v in row.items() if k != "seconds"} for row in rows(self.swept)], figures)
        again = (self.swept / "sweep.csv").read_text().splitlines()
        self.assertEqual(again[:2] + again[3:], lines[:2] + lines[3:])  # the seconds too: these runs were not repeated
        self.assertEqual(self.resumed().returncode, 0)  # nothing is missing
        self.assertEqual((self.swept / "sweep.csv").read_text().splitlines(), again)

    def test_resume_of_another_sweep_is_refused(self):
        for options, words in (
            (["--width", "16,32", *self.grid[2:]], ["--width", '["16","32"]', '["16","24"]']),
            ([*self.grid, "--blend", "cubic"], ["--blend", "not given"]),
        ):
            self.refused(self.picture, "-o", self.swept, "--resume", *options, words=words)
        other = self.folder / "other.png"
        write_png(other, np.full((40, 56, 3), 7, np.uint8) * np.arange(56, dtype=np.uint8)[:, None] // 2)
        self.refused(other, "-o", self.swept, "--resume", *self.grid, words=["sweep.csv", "line 2", "another picture"])

    def test_resume_refuses_a_damaged_table(self):
        text = (self.swept / "sweep.csv").read_text()
        try:
            for damage, words in ((text.replace("width", "breadth"), ["first line"]), (text + "a,b\n", ["line 6"])):
                (self.swept / "sweep.csv").write_text(damage)
                self.refused(self.picture, "-o", self.swept, "--resume", *self.grid, words=["sweep.csv", *words])
        finally:
            (self.swept / "sweep.csv").write_text(text)

    def test_force_starts_over(self):
        folder = self.folder / "over"
        options = ["--tiles", "none", "--steps", "5", "--quiet"]
        for width in ("8,9", "10"):
            done = run("sweep", "image", self.picture, "-o", folder, "--width", width, "--seed", "1,2", *options, "--force")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["seed"] for row in rows(folder)], ["1", "2"])

    def test_interruption_keeps_finished_runs(self):
        folder = self.folder / "interrupted"
        options = ["--tiles", "none", "--width", "8,256", "--steps", "2000", "--omega-first", "10"]
        arguments = [SINEFIELD, "sweep", "image", self.picture, "-o", folder, *options, "--json"]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 20
            while not (folder / "sweep.csv").exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.refused(self.picture, "-o", folder, *options, "--force", words=["another run is writing"])
            self.refused(self.picture, "-o", folder, *options, "--resume", words=["another run is writing"])
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130)
        result = json.loads(output)
        self.assertEqual(result["stopped_by"], "interruption")
        self.assertEqual([r["psnr"] for r in result["runs"]], [float(r["psnr"]) for r in rows(folder)])
        self.assertEqual([r["width"] for r in result["runs"]], [8])


if __name__ == "__main__":
    unittest.main()
