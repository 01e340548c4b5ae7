#!/usr/bin/env python3
# Nothing can lose a run: fits that are killed, interrupted, run out of disk, lose their folder or have their state
# damaged go on to the bits of a run that nobody disturbed, or say in words why they cannot. Pictures are made here;
# what is compared is the whole model file. Needs the environment variable SINEFIELD (path of the command).
# SPDX-License-Identifier: MIT
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from support import SINEFIELD, png, read_safetensors, run, str_or_bytes

KILLS = 50
CHECKPOINTS = ["--checkpoint-every", 0.02]
ALWAYS = ["--checkpoint-every", 0.001]  # about half of the time goes into states
TILES = ["--steps", 450]
NETWORK = ["--tiles", "none", "--width", 64, "--batch", 512, "--steps", 400]
KINDS = {
    "tiles": TILES,
    "tiles, soap": ["--steps", 200, "--optimizer", "soap"],
    "network": NETWORK,
    "network, soap": ["--tiles", "none", "--width", 32, "--batch", 512, "--steps", 300, "--optimizer", "soap"],
    "network, lbfgs": ["--tiles", "none", "--width", 32, "--batch", "all", "--steps", 100, "--optimizer", "lbfgs"],
    "original": ["--recipe", "original", "--width", 32, "--steps", 300],
}


def picture(height, width, seed=0):
    """Waves, an edge and noise: uint8 (height, width, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [np.sin(x / 5 + y / 9), np.sin(x * y / 700), np.sign(x + 2 * y - width)]
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 3))
    return np.clip(128 + 80 * np.stack(waves, axis=2) + noise, 0, 255).astype(np.uint8)


def damaged(data, place):
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


def with_version(state, version):
    """The same state, whole and sealed, of another version of the format."""
    size = struct.unpack("<Q", state[:8])[0]
    header = json.loads(state[8 : 8 + size])
    text = header["__metadata__"]["sinefield_state"]
    body = text[: text.rindex(',"metadata_checksum"')]
    assert body.startswith('{"version":1,'), body[:40]
    body = body.replace('{"version":1,', f'{{"version":{version},', 1)
    header["__metadata__"]["sinefield_state"] = f'{body},"metadata_checksum":"crc32:{zlib.crc32(body.encode()):08x}"}}'
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + state[8 + size :]


class NothingLost(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="sinefield-lost-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.undisturbed_models = {}

        def put(name, pixels):
            path = cls.shared / name
            path.write_bytes(png(pixels))
            return path

        cls.picture, cls.other = put("picture.png", picture(96, 128)), put("other.png", picture(96, 128, seed=1))
        cls.middling, cls.small = put("middling.png", picture(48, 64)), put("small.png", picture(24, 32))
        cls.large = put("large.png", np.tile(picture(300, 400), (3, 3, 1)))

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sinefield-lost-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.model = self.folder / "m.safetensors"
        self.state = self.folder / "m.safetensors.state"

    def fit(self, *options, model=None, source=None):
        return ["fit", "image", source or self.picture, "-o", model or self.model, *options]

    def undisturbed(self, *options, source=None):
        """The bytes of the model."""
        key = tuple(map(str, [*options, source]))
        if key not in self.undisturbed_models:
            path = self.shared / f"{len(self.undisturbed_models)}.safetensors"
            done = run(*self.fit(*options, "--threads", 1, model=path, source=source))
            self.assertEqual(done.returncode, 0, done.stderr.decode())
            self.undisturbed_models[key] = path.read_bytes()
        return self.undisturbed_models[key]

    def start(self, *arguments):
        process = subprocess.Popen([SINEFIELD, *map(os.fspath, map(str_or_bytes, arguments))], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def wait_for(self, path, process):
        deadline = time.monotonic() + 30
        while not path.exists():
            if process.poll() is not None:
                self.fail(f"ended before {path.name} appeared: {process.communicate()}")
            self.assertLess(time.monotonic(), deadline, f"{path.name} never appeared")
            time.sleep(0.002)

    def ended(self, process, code, *says, within=30):
        """What the process has printed."""
        output, errors = (text.decode() for text in process.communicate(timeout=within))
        self.assertEqual(process.returncode, code, output + errors)
        for pattern in says:
            self.assertRegex(output + errors, pattern)
        return output

    def accepted(self, *arguments):
        """(the JSON, what it said beside it)"""
        done = run(*arguments, "--json")
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return json.loads(done.stdout), done.stderr.decode()

    def refused(self, *arguments, says, code=2):
        """Refused in words, and no file of this test is touched."""
        before = self.contents()
        done = run(*arguments)
        message = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (code, b""), message)
        self.assertRegex(message, r"(?m)^sinefield: [^\n]+\n")
        for pattern in says:
            self.assertRegex(message, pattern)
        self.assertTrue(self.contents() == before, f"files have changed: {message}")

    def contents(self, folder=None):
        return {p.name: p.read_bytes() for p in (folder or self.folder).iterdir() if p.is_file()}

    def names(self):
        return sorted(path.name for path in self.folder.iterdir())

    def goes_on(self, *options, source=None):
        """--resume ends with the undisturbed bits and leaves the model alone in its folder."""
        self.accepted(*self.fit(*options, "--resume", source=source))
        self.is_undisturbed(*options, source=source)
        self.assertEqual(self.names(), [self.model.name])

    def is_undisturbed(self, *options, source=None):
        same = self.model.read_bytes() == self.undisturbed(*options, source=source)  # without a diff of bytes
        self.assertTrue(same, f"{options}: other bits than undisturbed")

    def with_state(self, *options):
        """A run is killed after its first state; the bytes of that."""
        process = self.start(*self.fit(*options, *ALWAYS))
        self.wait_for(self.state, process)
        process.kill()
        process.communicate()
        whole = self.state.read_bytes()
        for path in self.folder.iterdir():
            path.unlink()
        self.state.write_bytes(whole)
        return whole


class Kills(NothingLost):
    def source(self, kind):
        return self.small if kind == "original" else self.picture

    def seconds(self, kind):
        """Of a run that writes states all the time."""
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            self.accepted(*self.fit(*KINDS[kind], *ALWAYS, model=Path(folder) / "m", source=self.source(kind)))
        return time.monotonic() - start

    @staticmethod
    def half_written(folder):
        return any(path.name.startswith(".sinefield-") for path in folder.iterdir())

    def killed_run(self, number, kind, seconds, share, random_numbers):
        """One run of a kind, killed after this share of its time, perhaps once or twice more, and resumed. Returns
        (seconds, had a state, was writing) of each kill."""
        source = self.source(kind)
        folder = self.folder / str(number)
        folder.mkdir()
        model = folder / "m.safetensors"
        moments = []
        kills = random_numbers.choice([1, 2, 3])
        for kill in range(kills + 1):
            often = random_numbers.choice([ALWAYS, ALWAYS, CHECKPOINTS])
            threads = random_numbers.choice([1, 1, 2, 3])
            arguments = self.fit(*KINDS[kind], *often, "--threads", threads, model=model, source=source)
            process = self.start(*arguments, *(["--resume"] if kill > 0 else []))
            aim = kill == 0 and number % 2 == 1  # at a file that is half written
            left = seconds * (1 - share) * random_numbers.random()
            moment = 60 if kill == kills else seconds * share if kill == 0 else left
            try:
                output, errors = process.communicate(timeout=moment)
            except subprocess.TimeoutExpired:
                while aim and process.poll() is None and not self.half_written(folder):
                    pass
                process.kill()
                process.communicate()
                if process.returncode == -signal.SIGKILL:
                    has_state = (folder / "m.safetensors.state").exists()
                    moments.append((moment, has_state, self.half_written(folder)))
                    continue
                output, errors = b"", b""
            self.assertEqual(process.returncode, 0, f"{kind} {moments}: {output} {errors}")
            break
        same = model.read_bytes() == self.undisturbed(*KINDS[kind], source=source)
        self.assertTrue(same, f"{kind}, killed at {moments}: other bits than undisturbed")
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["m.safetensors"], f"{kind} {moments}")
        return moments

    def test_kill_9_at_any_moment_loses_nothing(self):
        for kind, options in KINDS.items():
            self.undisturbed(*options, source=self.source(kind))
        random_numbers, moments, runs = random.Random(20), [], 0
        with ThreadPoolExecutor(2) as pool:
            seconds = dict(zip(KINDS, pool.map(self.seconds, KINDS)))
            while len(moments) < KILLS:
                jobs = []
                for kind in KINDS:
                    share, seeded = random_numbers.random(), random.Random(random_numbers.random())
                    jobs.append(pool.submit(self.killed_run, runs, kind, seconds[kind], share, seeded))
                    runs += 1
                for job in jobs:
                    moments += job.result()
        resumed, writing = sum(m[1] for m in moments), sum(m[2] for m in moments)
        print(f"{len(moments)} kills in {runs} runs: {resumed} with a state, {writing} inside writing", flush=True)
        self.assertGreaterEqual(resumed, KILLS // 3, "too few of the kills came after a first state")
        self.assertGreaterEqual(writing, KILLS // 10, "too few of the kills came inside writing")

    def test_a_kill_between_the_model_and_the_end_of_its_state(self):
        expected = self.undisturbed(*NETWORK)
        self.with_state(*NETWORK)
        self.model.write_bytes(expected)  # later than the state
        finished, _ = self.accepted(*self.fit(*NETWORK, "--resume"))
        self.assertEqual(finished["stopped_by"], "finished before")
        self.assertEqual(self.names(), [self.model.name])
        self.assertEqual(self.model.read_bytes(), expected)

    def test_temporaries_of_the_dead_are_removed_and_no_others(self):
        dead = subprocess.Popen(["true"])
        dead.wait()
        kept = [f".sinefield-{os.getpid()}-0.state", ".sinefield-x-0.state", ".sinefield-", ".sinefield-12"]
        for name in [*kept, f".sinefield-{dead.pid}-0.state", f".sinefield-{dead.pid}-12.safetensors"]:
            (self.folder / name).write_bytes(b"half a file")
        self.accepted(*self.fit("--steps", 1))
        self.assertEqual(self.names(), sorted([*kept, self.model.name]))


class Signals(NothingLost):
    def test_a_signal_in_mid_run_is_orderly(self):
        for number, options in [(signal.SIGINT, TILES), (signal.SIGTERM, NETWORK), (signal.SIGTERM, TILES),
                                (signal.SIGINT, NETWORK)]:
            for more in ([], ["--json"]):
                with self.subTest(number=number.name, options=options, more=more):
                    process = self.start(*self.fit(*options, *more, *CHECKPOINTS))
                    self.wait_for(self.state, process)
                    process.send_signal(number)
                    output = self.ended(process, 128 + number, "m\\.safetensors\\.state", within=2)
                    if more:
                        report = json.loads(output)  # one object and nothing else
                        self.assertEqual((report["stopped_by"], report["state"]), ("interruption", str(self.state)))
                        self.assertGreater(report["total_steps"], 0)
                    else:
                        self.assertIn("--resume", output)
                    self.assertEqual(self.names(), [self.state.name])
                    self.goes_on(*options)
                    self.model.unlink()

    def test_a_signal_while_the_picture_is_read(self):
        for options in (["--parameters", 3000, "--steps", 30], ["--tiles", "none", "--width", 16, "--steps", 3]):
            with self.subTest(options=options):
                process = self.start(*self.fit(*options, source=self.large))
                self.wait_for(self.folder / ".m.safetensors.lock", process)
                process.send_signal(signal.SIGINT)
                self.ended(process, 130, "m\\.safetensors\\.state", "--resume")
                self.assertEqual(self.names(), [self.state.name])
                self.goes_on(*options, source=self.large)
                self.model.unlink()

    def test_a_second_signal_kills_at_once(self):
        process = self.start(*self.fit("--steps", 100000, source=self.large))
        self.wait_for(self.folder / ".m.safetensors.lock", process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)  # two at the same moment would be one
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.ended(process, 130, within=0.5), "")
        self.assertFalse(self.model.exists())
        self.accepted(*self.fit("--steps", 1))  # the lock went with the process


class Disks(NothingLost):
    def small_disk(self, size):
        """A file system of so many KiB in the folder of the test."""
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", self.folder],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no permission to mount a small disk: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=True)

    def test_a_disk_that_takes_the_state_once(self):
        size = len(self.with_state(*TILES))
        self.state.unlink()
        self.small_disk(size * 3 // 2 // 1024)
        process = self.start(*self.fit(*TILES, *ALWAYS))
        self.ended(process, 1, "m\\.safetensors\\.state: No space left", "free some space")
        self.assertEqual(self.names(), [self.state.name])
        subprocess.run(["mount", "-o", "remount,size=10m", self.folder], check=True)
        self.goes_on(*TILES)

    def test_a_disk_that_fills_up(self):
        self.small_disk(4 << 10)
        process = self.start(*self.fit(*NETWORK, *ALWAYS, "--json"))
        self.wait_for(self.state, process)
        with open(self.folder / "filler", "wb", buffering=0) as filler, self.assertRaises(OSError):
            while process.poll() is None:
                filler.write(bytes(1 << 14))
        report = json.loads(self.ended(process, 1))
        self.assertRegex(report["error"], "No space left")
        self.assertEqual(report["exit_code"], 1)
        self.assertEqual(self.names(), ["filler", self.state.name])
        self.refused(*self.fit(*NETWORK, "--resume", "--quiet", *ALWAYS), code=1, says=["No space left", "free some space"])
        (self.folder / "filler").unlink()
        self.goes_on(*NETWORK)

    def test_a_folder_that_goes_away(self):
        for options in (TILES, NETWORK):
            inner = self.folder / "inner"
            inner.mkdir()
            process = self.start(*self.fit(*options, *CHECKPOINTS, model=inner / "m"))
            self.wait_for(inner / "m.state", process)
            inner.rename(self.folder / "gone")
            shutil.rmtree(self.folder / "gone")
            _, errors = process.communicate(timeout=30)
            self.assertIn(process.returncode, (1, 2), errors)
            self.assertRegex(errors.decode(), r"sinefield: cannot write \S*m\.state: [^\n]+\n")
            self.assertNotIn(b"terminate", errors)
            self.assertEqual(self.names(), [])

    def test_a_model_that_comes_from_elsewhere_is_kept(self):
        for options in (TILES, NETWORK):
            process = self.start(*self.fit(*options, *CHECKPOINTS))
            self.wait_for(self.state, process)
            self.model.write_bytes(b"something dear")
            self.ended(process, 2, "m\\.safetensors already exists", "--force")
            self.assertEqual(self.names(), [self.model.name, self.state.name])
            self.assertEqual(self.model.read_bytes(), b"something dear")
            self.refused(*self.fit(*options, "--resume"), says=["already exists", "--force"])
            self.model.unlink()
            self.goes_on(*options)
            self.model.unlink()


class States(NothingLost):
    def test_states_that_are_not_whole(self):
        for options in (TILES, NETWORK):
            whole = self.with_state(*options)
            header_end = 8 + struct.unpack("<Q", whole[:8])[0]
            bad = {
                "empty": b"",
                "text": b"no state at all\n" * 40,
                "a picture": self.picture.read_bytes(),
                "a model": self.undisturbed(*options),
                "cut in the header": whole[:200],
                "cut after the header": whole[:header_end],
                "cut in the data": whole[: (header_end + len(whole)) // 2],
                "cut by a byte": whole[:-1],
                "longer": whole + b"\0",
            }
            inside = [whole.index(word) for word in (b"__metadata__", b"seed", b"checksum", b"version", b"crc32:")]
            places = [0, 3, 7, 8, 20, *inside, header_end // 2, whole.index(b"data_offsets"), whole.index(b'"parameters') + 3]
            places += [header_end, (header_end + len(whole)) // 2, len(whole) - 1]
            for place in places:
                bad[f"one byte at {place}"] = damaged(whole, place)
            for name, data in list(bad.items())[:: 1 if options is TILES else 3]:
                with self.subTest(name, options=options):
                    self.state.write_bytes(data)
                    self.refused(*self.fit(*options, "--resume"), says=["m\\.safetensors\\.state", "--force|start over"])
            self.state.write_bytes(whole)
            self.goes_on(*options)
            self.model.unlink()

    def test_a_state_of_another_version(self):
        whole = self.with_state(*TILES)
        self.state.write_bytes(with_version(whole, 7))
        self.refused(*self.fit(*TILES, "--resume"), says=["version 7", "version 1", "--force"])
        self.state.write_bytes(with_version(whole, 1))  # written anew in the same way it is good
        self.goes_on(*TILES)

    def test_a_state_of_another_instruction_set(self):
        isas = self.accepted("info", "--machine")[0]["isas"]
        if not {"sse4", "avx2"} <= set(isas):
            self.skipTest(f"this machine has only {isas}")
        for options in (TILES, NETWORK):
            self.with_state(*options, "--isa", "sse4")
            self.refused(*self.fit(*options, "--resume", "--isa", "avx2"), says=["sse4", "avx2", "go on with --isa sse4"])
            self.goes_on(*options, "--isa", "sse4")
            self.model.unlink()

    def test_the_state_of_another_run(self):
        others = {"seed": ["--seed", 5], "steps": ["--steps", 470], "lr": ["--lr", 0.002], "width": ["--width", 24],
                  "holdout": ["--holdout"], "psnr": ["--psnr", 60], "optimizer": ["--optimizer", "soap"],
                  "hidden-layers": ["--hidden-layers", 2], "batch": ["--batch", 300], "seconds": ["--seconds", 3]}
        for kind, more in [(TILES, {"tiles": ["--tiles", "3x3"]}), (NETWORK, {"tiles": ["--tiles", "3x3"]})]:
            whole = self.with_state(*kind)
            for name, options in {**others, **more}.items():
                with self.subTest(name, options=kind):
                    if name in ("steps", "width", "batch", "tiles"):
                        at = kind.index(options[0]) if options[0] in kind else len(kind)
                        changed = [*kind[:at], *kind[at + 2 :], *options]
                        if name == "tiles":
                            changed += ["--recipe", "fast"]
                    else:
                        changed = [*kind, *options]
                    self.refused(*self.fit(*changed, "--resume"), says=[f"its {name} is ", "another run", "--force"])
            self.refused(*self.fit(*kind, "--resume", source=self.other), says=["its picture is", "--force"])
            self.refused(*self.fit(*kind, "--resume", source=self.small), says=["its picture is 128 x 96 x 3.*32 x 24 x 3"])
            self.assertEqual(self.state.read_bytes(), whole)
            self.goes_on(*kind)
            self.model.unlink()

    def test_nothing_to_go_on_from(self):
        for options in (TILES, NETWORK):
            _, said = self.accepted(*self.fit(*options, "--resume"))
            self.assertIn("starting afresh", said)
            self.is_undisturbed(*options)
            before = self.model.stat()
            finished, _ = self.accepted(*self.fit(*options, "--resume"))
            self.assertEqual(finished["stopped_by"], "finished before")
            done = run(*self.fit(*options, "--resume"))
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"has ended already", done.stdout)
            after = self.model.stat()
            self.assertEqual((after.st_mtime_ns, after.st_ino), (before.st_mtime_ns, before.st_ino))
            self.is_undisturbed(*options)
            self.refused(*self.fit(*options, "--resume", "--seed", 3), says=["another run", "--force"])
            self.assertEqual(self.names(), [self.model.name])
            self.model.unlink()

    def test_a_start_where_a_state_is(self):
        self.with_state(*TILES)
        self.refused(*self.fit(*NETWORK), says=["m\\.safetensors\\.state", "--resume", "--force"])
        self.accepted(*self.fit(*NETWORK, "--force"))
        self.is_undisturbed(*NETWORK)
        self.assertEqual(self.names(), [self.model.name])


class TwoAtOnce(NothingLost):
    def test_the_second_is_refused_and_the_first_ends_well(self):
        process = self.start(*self.fit(*TILES, *CHECKPOINTS))
        self.wait_for(self.folder / ".m.safetensors.lock", process)
        for more in ([], ["--force"], ["--resume"]):
            start = time.monotonic()
            done = run(*self.fit(*TILES, *more))
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr.decode(), "another run is writing .*m\\.safetensors")
            self.assertLess(time.monotonic() - start, 0.5)
        self.ended(process, 0)
        self.is_undisturbed(*TILES)
        self.assertEqual(self.names(), [self.model.name])
        self.accepted(*self.fit("--steps", 1, "--force"))

    def test_a_killed_run_leaves_no_lock(self):
        process = self.start(*self.fit("--steps", 100000))
        self.wait_for(self.folder / ".m.safetensors.lock", process)
        process.kill()
        process.communicate()
        self.accepted(*self.fit("--steps", 1))
        self.assertEqual(self.names(), [self.model.name])


class SameBits(NothingLost):
    def test_for_any_number_of_threads(self):
        network = ["--tiles", "none", "--width", 32, "--batch", 512, "--steps", 100]
        for options, psnr in [(["--steps", 200], 31), (network, 24)]:
            for optimizer in ("adam", "soap"):
                for more in ([], ["--holdout"], ["--psnr", psnr]):
                    with self.subTest(options=options, optimizer=optimizer, more=more):
                        models, reports = set(), []
                        for threads in (1, 2, 3, 7):
                            arguments = [*options, "--optimizer", optimizer, *more, "--threads", threads, "--force"]
                            reports.append(self.accepted(*self.fit(*arguments, source=self.middling))[0])
                            models.add(self.model.read_bytes())
                        self.assertEqual(len(models), 1)
                        self.assertEqual(reports[0]["stopped_by"], "psnr" if "--psnr" in more else "steps")
                        self.assertEqual(len({(r["psnr"], r["total_steps"], r["held_out_psnr"]) for r in reports}), 1)

    def test_of_lbfgs_for_any_number_of_threads(self):
        models = set()
        for threads in (1, 2, 3):
            self.accepted(*self.fit(*KINDS["network, lbfgs"], "--threads", threads, "--force", source=self.middling))
            models.add(self.model.read_bytes())
        self.assertEqual(len(models), 1)

    def test_a_log_changes_nothing(self):
        for options in ([*TILES, "--psnr", 33], NETWORK, [*NETWORK, "--psnr", 31]):
            with self.subTest(options=options):
                log = self.folder / "log.csv"
                self.accepted(*self.fit(*options, "--log", log, "--log-every", 25))
                self.assertGreater(log.read_text().count("\n"), 1)
                self.is_undisturbed(*options)
                self.model.unlink()
                log.unlink()

    def repeated(self, options, report, flag):
        again = self.folder / "again.safetensors"
        self.accepted(*self.fit(*options, flag, report["total_steps"], "--horizon", report["horizon"], "--force", model=again))
        first, second = read_safetensors(self.model)[0], read_safetensors(again)[0]
        self.assertEqual(set(first), set(second))
        for name, values in first.items():
            np.testing.assert_array_equal(values.view(np.uint32), second[name].view(np.uint32), str(report))

    def test_a_run_limited_by_time_can_be_repeated(self):
        network = ["--tiles", "none", "--width", 32, "--batch", 256]
        for options, flag in [([], "--total-steps"), (network, "--steps"), ([*network, "--optimizer", "soap"], "--steps")]:
            for seconds in (0.15, 1.5):  # the first may end before the run is planned
                with self.subTest(options=options, seconds=seconds):
                    report, _ = self.accepted(*self.fit(*options, "--seconds", seconds, "--force"))
                    self.assertEqual(report["stopped_by"], "seconds")
                    self.repeated(options, report, flag)

    def test_a_run_limited_by_time_can_be_repeated_after_interruptions(self):
        network = ["--tiles", "none", "--width", 32, "--batch", 256]
        for options, flag in [([], "--total-steps"), (network, "--steps")]:
            for ends in ([signal.SIGINT], [signal.SIGKILL, signal.SIGINT, signal.SIGINT]):
                with self.subTest(options=options, ends=ends):
                    timed = self.fit(*options, "--seconds", 1.5, *CHECKPOINTS, "--threads", 3)
                    for number, end in enumerate(ends):
                        process = self.start(*timed, *(["--resume"] if number > 0 else []))
                        self.wait_for(self.state, process)
                        time.sleep(0.2)
                        process.send_signal(end)
                        process.communicate(timeout=10)
                        self.assertIn(process.returncode, (130, -signal.SIGKILL))
                    report, _ = self.accepted(*timed, "--resume")
                    self.repeated(options, report, flag)
                    self.model.unlink()


if __name__ == "__main__":
    unittest.main()
