#!/usr/bin/env python3
# `sinefield fit image` from outside: what it reports, logs and writes, its recipes and stops. What it refuses is in
# test_command.py, what it survives in test_nothing_lost.py.
# Needs the environment variable SINEFIELD (path of the command). SPDX-License-Identifier: MIT
import json
import signal
import subprocess
import time
import unittest
from pathlib import Path

import numpy as np

from support import SINEFIELD, CommandTest, png, read_png, read_safetensors


class Fitting(CommandTest):
    def fit(self, *options, picture=None):
        model = self.folder / "m.safetensors"
        return self.accepted("fit", "image", picture or self.picture, "-o", model, "--force", *options), model

    def test_round_trip(self):
        out = self.folder / "out.png"
        self.accepted("render", self.model, "-o", out)
        of_picture = self.accepted("compare", out, self.picture)
        of_model = self.accepted("compare", self.model, self.picture)
        error = np.mean((read_png(out).astype(float) - self.pixels) ** 2)
        self.assertAlmostEqual(of_picture["psnr"], 10 * np.log10(255**2 / error), places=6)
        for name in ("psnr", "ssim"):
            self.assertAlmostEqual(of_picture[name], of_model[name], places=9)
            self.assertAlmostEqual(of_picture[name], self.fitted[name], places=9)
        self.assertGreater(of_picture["psnr"], 25)
        same = self.accepted("compare", self.picture, self.picture)
        self.assertEqual((same["psnr"], same["ssim"], same["identical"]), (None, 1, True))

    def test_json(self):
        self.assertLessEqual({"psnr", "ssim", "steps", "seconds", "parameters", "omega_first", "seed", "stopped_by"},
                             set(self.fitted))
        self.assertEqual((self.fitted["steps"], self.fitted["stopped_by"], self.fitted["omega_first"]), (300, "steps", 20))
        self.assertEqual(self.fitted["parameters"], 24 * 2 + 24 + 24 * 24 + 24 + 3 * 24 + 3)
        info = self.accepted("info", self.model)
        self.assertEqual((info["parameters"], info["inputs"], info["outputs"]), (self.fitted["parameters"], 2, 3))
        self.assertEqual((info["signal"]["height"], info["signal"]["width"]), (17, 24))
        machine = self.accepted("info", "--machine", "--threads", 1)
        self.assertEqual(machine["threads"], 1)
        self.assertIn(machine["isa"], machine["isas"])

    def test_same_bits_for_any_number_of_threads(self):
        points = self.points(np.random.default_rng(3).uniform(-1, 20, (1001, 2)))
        made = set()
        for threads in (1, 2, 7):
            some = ["--threads", threads, "--force"]
            model, picture, array = (self.folder / name for name in ("m.safetensors", "out.npy", "out.npz"))
            self.accepted("fit", "image", self.picture, "-o", model, *self.tiny, "--batch", 100, *some)
            self.accepted("render", model, "-o", picture, "--scale", 5, *some)
            self.accepted("eval", model, "--at", points, "-o", array, "--order", "hessian", *some)
            made.add((model.read_bytes(), picture.read_bytes(), array.read_bytes()))
        self.assertEqual(len(made), 1)

    def test_seeds(self):
        _, model = self.fit(*self.tiny, "--seed", 1)
        first = model.read_bytes()
        _, model = self.fit(*self.tiny, "--seed", 1)
        self.assertEqual(model.read_bytes(), first)
        _, model = self.fit(*self.tiny, "--seed", 2)
        self.assertFalse(np.array_equal(read_safetensors(model)[0]["net.net.0.0.weight"],
                                        read_safetensors(self.model)[0]["net.net.0.0.weight"]))
        self.assertNotEqual(model.read_bytes(), first)

    def test_log(self):
        log = self.folder / "log.csv"
        fitted, _ = self.fit(*self.small, "--log", log, "--log-every", 100)
        header, *rows = log.read_text().splitlines()
        self.assertEqual(header, "step,seconds,loss,psnr,held_out_psnr,lr,loss_value")
        table = [dict(zip(header.split(","), row.split(","))) for row in rows]
        self.assertEqual([row["step"] for row in table], ["100", "200", "300"])
        self.assertAlmostEqual(float(table[-1]["psnr"]), fitted["psnr"], places=3)
        self.assertEqual([row["loss"] for row in table], [row["loss_value"] for row in table])
        seconds = [float(row["seconds"]) for row in table]
        self.assertEqual(seconds, sorted(seconds))
        self.assertLess(seconds[-1], fitted["seconds"] + 1e-3)

    def test_recipes(self):
        fitted, _ = self.fit("--recipe", "original", "--steps", 3)
        self.assertEqual((fitted["omega_first"], fitted["omega_hidden"], fitted["recipe"]), (30, 30, "original"))
        fitted, _ = self.fit("--steps", 3, "--batch", 64)
        self.assertEqual((fitted["recipe"], fitted["tiles"]), ("fast", "1x1"))
        fitted, _ = self.fit("--steps", 3, "--tiles", "2x3")
        self.assertEqual((fitted["recipe"], fitted["tiles"], fitted["total_steps"]), ("fast", "2x3", 18))
        fitted, _ = self.fit("--steps", 3, "--tiles", "none", "--batch", 64)
        self.assertEqual((fitted["recipe"], fitted["tiles"]), ("single", None))

    def test_a_picture_from_its_gradients(self):
        y, x = np.mgrid[:48, :64] / 12
        grey = self.folder / "grey.png"
        grey.write_bytes(png(np.uint8(128 + 60 * np.sin(x + y) + 50 * np.cos(2 * x - y))[..., None]))
        fitted, model = self.fit("--supervise", "gradient", picture=grey)
        self.assertEqual(fitted["supervise"], "gradient")
        self.assertGreater(fitted["psnr"], 35)
        self.assertLess(fitted["psnr"], fitted["limit_psnr"] + 3)
        compared = self.accepted("compare", model, grey)
        self.assertAlmostEqual(compared["psnr"], fitted["psnr"], places=9)
        self.assertEqual(self.accepted("info", model)["training"]["supervise"], "gradient")
        self.refused("fit", "image", grey, "-o", self.folder / "n.safetensors", "--supervise", "hessian",
                     says=["--supervise"])

    def test_lbfgs_takes_all_samples_of_one_network(self):
        y, x = np.mgrid[:48, :64] / 12
        grey = self.folder / "grey.png"
        grey.write_bytes(png(np.uint8(128 + 60 * np.sin(x + y) + 50 * np.cos(2 * x - y))[..., None]))
        one = ["--tiles", "none", "--width", 16, "--hidden-layers", 1, "--steps", 100]
        fitted, model = self.fit(*one, "--batch", "all", "--optimizer", "lbfgs", picture=grey)
        training = self.accepted("info", model)["training"]
        self.assertEqual((training["optimizer"], training["lr"]), ("lbfgs", "none"))
        by_adam, _ = self.fit(*one, "--batch", "all", picture=grey)
        self.assertGreater(fitted["psnr"], by_adam["psnr"] + 3)
        to = ["fit", "image", grey, "-o", self.folder / "n.safetensors", "--optimizer", "lbfgs"]
        self.refused(*to, says=["but tiles are trained in short cycles", "train one network"])
        self.refused(*to, *one, says=["which batches of other samples change", "give a batch of all samples"])
        self.refused(*to, *one, "--batch", "all", "--lr", 0.1, says=["--lr 0.1 with --optimizer lbfgs", "leave --lr out"])

    def test_a_picture_from_its_laplacian(self):
        y, x = np.mgrid[:48, :61] / 5  # waves that differences make smaller
        grey = self.folder / "grey.png"
        grey.write_bytes(png(np.uint8(128 + 60 * np.sin(x + y) + 50 * np.cos(2 * x - y))[..., None]))
        for border in (["--border"], []):
            fitted, model = self.fit("--supervise", "laplacian", *border, picture=grey)
            self.assertEqual(fitted["supervise"], "laplacian")
            self.assertGreater(fitted["psnr"], 35)
            self.assertEqual(fitted["limit_psnr"] is not None, bool(border))
            self.assertAlmostEqual(self.accepted("compare", model, grey)["psnr"], fitted["psnr"], places=9)
            training = self.accepted("info", model)["training"]
            self.assertEqual((training["supervise"], training.get("border", "")),
                             ("laplacian", "given" if border else ""))
        self.refused("fit", "image", grey, "-o", self.folder / "n.safetensors", "--border", says=["border is given"])
        self.refused("fit", "image", grey, "-o", self.folder / "n.safetensors", "--border", "--supervise", "laplacian",
                     "--tiles", "none", says=["border is given"])

    def test_a_picture_from_derivatives_of_a_file(self):
        y, x = np.mgrid[:48, :61] / 12
        picture = self.folder / "smooth.png"
        picture.write_bytes(png(np.uint8(np.round(128 + 60 * np.sin(x + y) + 50 * np.cos(2 * x - y)))[..., None]))
        by_y = (60 * np.cos(x + y) + 50 * np.sin(2 * x - y)) / 12
        by_x = (60 * np.cos(x + y) - 100 * np.sin(2 * x - y)) / 12
        laplacian = (-120 * np.sin(x + y) - 250 * np.cos(2 * x - y)) / 144
        gradient, file = self.folder / "gradient.npy", self.folder / "laplacian.npy"
        np.save(gradient, np.stack([by_y, by_x], -1))
        np.save(file, laplacian[..., None].astype(np.float32))
        for targets in (["gradient", "--targets", gradient], ["laplacian", "--border", "--targets", file]):
            fitted, model = self.fit("--supervise", *targets, picture=picture)
            self.assertGreater(fitted["psnr"], 45)
            self.assertIsNone(fitted["limit_psnr"])
            self.assertEqual(self.accepted("info", model)["training"]["targets"], targets[-1].name)

        def refused(*options, says):
            self.refused("fit", "image", picture, "-o", self.folder / "n.safetensors", *options, says=says)

        refused("--targets", gradient, says=["values are supervised"])
        refused("--targets", gradient, "--supervise", "laplacian", "--border", says=[r"\(48, 61, 2\)", r"\(48, 61\)"])
        refused("--targets", file, "--supervise", "laplacian", says=["nothing of the border"])
        laplacian[3, 4] = np.nan
        np.save(file, laplacian)
        refused("--targets", file, "--supervise", "laplacian", "--border", says=["at sample 187 is nan"])

    def test_a_quality_target_ends_the_run(self):
        fitted, _ = self.fit(*self.shape, "--steps", 100000, "--psnr", 20)
        self.assertEqual(fitted["stopped_by"], "psnr")
        self.assertGreaterEqual(fitted["psnr"], 20)
        self.assertLess(fitted["steps"], 100000)

    def test_seconds_are_wall_time(self):
        for options in (["--tiles", "none", "--width", 24], ["--tiles", "3x4"]):
            walls = []
            while len(walls) < 4 and max(walls, default=0) <= 1.4:
                start = time.monotonic()
                fitted, _ = self.fit(*options, "--seconds", 2)
                walls.append(time.monotonic() - start)
                self.assertEqual(fitted["stopped_by"], "seconds")
                self.assertLess(walls[-1], 2.6)
                self.assertLess(abs(walls[-1] - fitted["seconds"]), 0.3)
            # The budget is fixed after an eighth of the time: a machine that is slow just then cuts a run short.
            self.assertGreater(max(walls), 1.4)

    def test_init_goes_on_from_a_model(self):
        fitted, _ = self.fit("--init", self.model, "--steps", 1, "--lr", 1e-9)
        self.assertAlmostEqual(fitted["psnr"], self.fitted["psnr"], places=2)
        self.refused_fit(self.grey, ["start from"], "--init", self.model)

    def test_interruption_keeps_the_state_and_the_log(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                model, log = self.folder / f"{number}.safetensors", self.folder / f"{number}.csv"
                arguments = [SINEFIELD, "fit", "image", self.picture, "-o", model, "--tiles", "none", "--width", "24"]
                arguments += ["--log", log, "--log-every", "5", "--steps", "100000000", "--json"]
                with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
                    deadline = time.monotonic() + 20
                    while not (log.exists() and log.read_text().count("\n") > 2) and time.monotonic() < deadline:
                        time.sleep(0.02)
                    process.send_signal(number)
                    output, _ = process.communicate(timeout=20)
                self.assertEqual(process.returncode, 128 + number)
                report = json.loads(output)
                self.assertEqual((report["stopped_by"], report["model"]), ("interruption", None))
                self.assertEqual(report["state"], f"{model}.state")
                self.assertTrue(Path(report["state"]).exists())
                self.assertFalse(model.exists())
                self.assertEqual(log.read_text().count("step"), 1)


if __name__ == "__main__":
    unittest.main()
