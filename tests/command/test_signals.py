#!/usr/bin/env python3
# `sinefield` from outside with sounds, videos and volumes: fits reach what they should, renders keep what the file was,
# nothing appears that was not there, bad files are refused in words. Sounds come from numpy and espeak-ng, videos from
# ffmpeg. Needs the environment variable SINEFIELD (path of the command).
# SPDX-License-Identifier: MIT
import json
import math
import os
import signal
import struct
import subprocess
import time
import unittest
from pathlib import Path

import numpy as np

from support import SINEFIELD, CommandTest, read_png, read_safetensors, run

RATE = 8000


def wav(samples, rate=RATE, code=1, bits=16, truncated=0):
    """samples (frames, channels) in [-1, 1] as WAV: code 1 whole numbers, 3 floats."""
    samples = np.atleast_2d(np.asarray(samples, float).T).T
    if code == 3:
        data = samples.astype("<f4").tobytes()
        bits = 32
    else:
        steps = np.clip(np.round(samples * 2.0 ** (bits - 1)), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1).astype("<i4")
        data = steps.view(np.uint8).reshape(-1, 4)[:, : bits // 8].tobytes() if len(steps) else b""
    channels = samples.shape[1]
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", code, channels, rate, rate * width, width, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    whole = b"RIFF" + struct.pack("<I", len(body)) + body
    return whole[: len(whole) - truncated]


def read_wav(path):
    """(samples (frames, channels), rate, (code, bits)) of a plain WAV."""
    data, at = Path(path).read_bytes(), 12
    while at < len(data):
        kind, size = struct.unpack("<4sI", data[at : at + 8])
        if kind == b"fmt ":
            code, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[at + 8 : at + 24])
            if code == 0xFFFE:
                code = struct.unpack("<H", data[at + 32 : at + 34])[0]
        if kind == b"data":
            raw = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    if code == 3:
        samples = np.frombuffer(raw, f"<f{bits // 8}").astype(float)
    elif bits == 8:
        samples = (np.frombuffer(raw, np.uint8).astype(float) - 128) / 128
    else:
        padded = np.zeros((len(raw) * 8 // bits, 4), np.uint8)
        padded[:, 4 - bits // 8 :] = np.frombuffer(raw, np.uint8).reshape(-1, bits // 8)
        samples = padded.view("<i4")[:, 0] / 2.0**31
    return samples.reshape(-1, channels), rate, (code, bits)


def chord(seconds=1.0, rate=RATE, shift=0.0):
    t = np.arange(int(seconds * rate)) / rate
    return sum(0.25 * np.sin(2 * np.pi * f * t + shift) for f in (220, 277.2, 659.3))


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)


def moving_frames(count=24, height=40, width=48, cut=12):
    """A smooth pattern that moves by a pixel and a half a frame, and another from frame `cut` on."""
    y, x = np.mgrid[0:height, 0:width]
    frames = []
    for t in range(count):
        across = x - 1.5 * t
        first = np.stack([128 + 90 * np.sin(across / 6), 128 + 90 * np.cos(y / 5 + across / 9), 60 + 2.0 * y], axis=2)
        second = np.stack([40 + 3.0 * x, 128 + 90 * np.sin((y + 1.5 * t) / 7), 200 - 60 * np.cos(x / 6)], axis=2)
        frames.append(np.clip(np.round(first if t < cut else second), 0, 255).astype(np.uint8))
    return np.array(frames)


class Sounds(CommandTest):
    def fit(self, path, *options):
        model = self.folder / "sound.sine"
        return self.accepted("fit", "audio", path, "-o", model, "--force", *options), model

    def test_a_chord_there_and_back(self):
        left, right = chord(), chord(shift=1.0) * 0.5
        source = self.put("chord.wav", wav(np.stack([left, right], axis=1)))
        fitted, model = self.fit(source, "--parameters", 8000)
        self.assertGreater(fitted["snr"], 30)
        self.assertEqual((fitted["signal"]["frames"], fitted["signal"]["channels"]), (RATE, 2))
        out = self.folder / "out.wav"
        self.accepted("render", model, "-o", out)
        samples, rate, form = read_wav(out)
        self.assertEqual((samples.shape, rate, form), ((RATE, 2), RATE, (1, 16)), "sizes and format of the original")
        original = read_wav(source)[0]
        error = samples - original
        peak = np.abs(original).max()
        self.assertAlmostEqual(fitted["mse"], np.mean(error**2) / peak**2, delta=1e-3 * fitted["mse"])
        self.assertAlmostEqual(fitted["snr"], 10 * np.log10(np.mean(original**2) / np.mean(error**2)), places=2)
        self.assertLess(np.mean(error[:, 0] ** 2), np.mean((samples[:, 1] - original[:, 0]) ** 2) / 100, "channel order")
        for result in (model, out):
            self.assertAlmostEqual(self.accepted("compare", result, source)["snr"], fitted["snr"], places=6)

    def test_rates_are_band_honest(self):
        source = self.put("chord.wav", wav(chord(2)))
        _, model = self.fit(source)
        own, twice = self.folder / "own.wav", self.folder / "twice.wav"
        self.accepted("render", model, "-o", own, "--sample-type", "f32")
        self.accepted("render", model, "-o", twice, "--rate", 2 * RATE, "--sample-type", "f32")
        a, b = read_wav(own)[0][:, 0], read_wav(twice)[0][:, 0]
        self.assertEqual(len(b), 2 * len(a))

        def spectrum(x):
            return np.abs(np.fft.rfft(x * np.hanning(len(x)))) / len(x)

        above = spectrum(b)[len(a) // 2 + 100 :]
        self.assertLess(20 * np.log10(above.max() / spectrum(b).max()), -90, "nothing above the original's Nyquist")
        low, same = spectrum(a)[: len(a) // 2 - 400], spectrum(b)[: len(a) // 2 - 400]
        self.assertLess(np.abs(low - same).max(), 1e-3 * low.max(), "and the same below it")
        self.accepted("render", model, "-o", self.folder / "part.wav", "--from", 0.5, "--to", 0.75, "--rate", 11025)
        part, rate, _ = read_wav(self.folder / "part.wav")
        self.assertEqual((len(part), rate), (math.ceil(2000 * 11025 / RATE), 11025))

    def test_a_spoken_word(self):
        source = self.folder / "word.wav"
        subprocess.run(["espeak-ng", "-w", source, "sinusoidal"], check=True, stdin=subprocess.DEVNULL)
        fitted, model = self.fit(source, "--holdout")
        self.assertGreater(fitted["snr"], 8)
        self.assertLess(abs(fitted["psnr"] - fitted["held_out_psnr"]), 1.5, "what lies between is as good")
        whole, _ = self.fit(source, "--snr", 15, "--parameters", 20000)
        self.assertGreater(whole["snr"], 15)
        self.assertEqual(whole["stopped_by"], "psnr")

    def test_sample_formats_stay(self):
        for bits, code, name in ((8, 1, "u8"), (16, 1, "s16"), (24, 1, "s24"), (32, 3, "f32")):
            samples = chord(0.25)
            data = wav(samples, code=code, bits=bits)
            if bits == 8:  # unsigned
                raw = np.frombuffer(data[44:], np.uint8) ^ 0x80
                data = data[:44] + raw.tobytes()
            fitted, model = self.fit(self.put(f"{name}.wav", data), "--steps", 100)
            self.assertEqual(fitted["signal"]["sample_type"], name)
            self.accepted("render", model, "-o", self.folder / f"{name}-out.wav")
            self.assertEqual(read_wav(self.folder / f"{name}-out.wav")[2], (code, bits))
            self.accepted("render", model, "-o", self.folder / f"{name}.flac")
            self.accepted("render", model, "-o", self.folder / f"{name}.ogg")
            same = self.accepted("compare", self.folder / f"{name}.flac", model.parent / f"{name}-out.wav")
            self.assertTrue(same["identical"] or same["snr"] > 35, f"{name}: {same}")

    def test_other_codecs_are_read(self):
        source = self.put("chord.wav", wav(chord(0.5, 48000), 48000))
        for extension in ("flac", "ogg", "mp3", "m4a", "opus"):
            made = self.folder / f"chord.{extension}"
            ffmpeg("-i", source, made)
            fitted, _ = self.fit(made, "--steps", 100)
            self.assertEqual(fitted["signal"]["rate"], 48000, extension)
            self.assertAlmostEqual(fitted["signal"]["seconds"], 0.5, delta=0.06, msg=extension)

    def test_silence_and_single_samples_fit_exactly(self):
        for name, samples in (("silence", np.zeros(5000)), ("one", [0.25])):
            done = run("fit", "audio", self.put(f"{name}.wav", wav(samples)), "-o", self.folder / f"{name}.sine")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"fits exactly", done.stdout)
            out = self.folder / f"{name}-out.wav"
            self.accepted("render", self.folder / f"{name}.sine", "-o", out)
            np.testing.assert_array_equal(read_wav(out)[0][:, 0], samples)

    def test_truncated_sounds_are_fitted_to_where_they_read(self):
        source = self.put("cut.wav", wav(chord(1), truncated=2000))
        fitted, _ = self.fit(source, "--steps", 100)
        self.assertEqual(fitted["signal"]["frames"], RATE - 1000)
        self.assertEqual(len(fitted["warnings"]), 1)
        done = run("fit", "audio", source, "-o", self.folder / "again.sine", "--steps", 10)
        self.assertRegex(done.stderr.decode(), r"cut\.wav: .*(breaks off|ends|truncated|promise)")

    def test_pictures_of_sounds(self):
        source = self.put("chord.wav", wav(chord(1)))
        _, model = self.fit(source, "--steps", 200)
        for options in ([], ["--sheet", source]):
            out = self.folder / "sound.png"
            self.accepted("render", model, "-o", out, "--force", *options)
            picture = read_png(out)
            self.assertGreater(min(picture.shape[:2]), 500)
            self.assertGreater(len(np.unique(picture.reshape(-1, 3), axis=0)), 20, "not an empty sheet")

    def test_interrupted_and_resumed(self):
        source = self.put("noise.wav", wav(np.random.default_rng(1).uniform(-0.5, 0.5, 40000)))
        options = ["--steps", 3100, "--checkpoint-every", 0.2, "--quiet"]
        whole = self.folder / "whole.sine"
        self.accepted("fit", "audio", source, "-o", whole, *options)
        model = self.folder / "part.sine"
        command = [SINEFIELD, "fit", "audio", str(source), "-o", str(model), *map(str, options)]
        running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        state = Path(f"{model}.state")
        while not state.exists() and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        self.assertEqual(running.wait(), 130)
        self.assertTrue(state.exists() and not model.exists())
        resumed = self.accepted("fit", "audio", source, "-o", model, *options, "--resume", "--threads", 1)
        self.assertEqual(resumed["stopped_by"], "steps")
        self.assertEqual(read_safetensors(model)[1]["checksum"], read_safetensors(whole)[1]["checksum"])

    def test_bad_sounds(self):
        bad = np.array([0.1, np.nan, 0.2])
        video = self.folder / "mute.mp4"
        ffmpeg("-f", "lavfi", "-i", "testsrc2=size=32x32:rate=5:duration=1", video)
        playlist = b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/song.ts\n"
        cases = {
            "empty.wav": (b"", ["empty.wav"]),
            "none.wav": (wav(np.zeros((0, 1))), ["none.wav"]),
            "channels.wav": (wav([0.1])[:22] + b"\0\0" + wav([0.1])[24:], ["channels.wav"]),
            "nan.wav": (wav(bad, code=3), ["nan.wav", "not (finite|a number)|nan|NaN"]),
            "text.wav": (b"this is no sound at all\n" * 9, ["text.wav"]),
            "list.m4a": (playlist, ["list.m4a"]),
        }
        for name, (data, says) in cases.items():
            self.refused("fit", "audio", self.put(name, data), "-o", self.folder / "m.sine", says=says)
        self.refused("fit", "audio", video, "-o", self.folder / "m.sine", says=["mute.mp4"])
        self.refused("fit", "audio", self.folder / "missing.wav", "-o", self.folder / "m.sine", says=["missing.wav"])
        good = self.put("good.wav", wav(chord(0.1)))
        self.refused("fit", "audio", good, "-o", self.folder / "m.sine", "--tiles", "2x3", says=["2 x 3 tiles"])
        self.refused("fit", "audio", good, "-o", self.folder / "m.sine", "--psnr", 30, "--snr", 20, says=["psnr and snr"])
        _, model = self.fit(good, "--steps", 20)
        self.refused("render", model, "-o", self.folder / "o.wav", "--size", "3x3", says=["--size: a sound has none"])
        self.refused("render", model, "-o", self.folder / "o.wav", "--from", 9, says=["holds no frame"])
        self.refused("render", model, "-o", self.folder / "o.xyz", says=["xyz"])


class Videos(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.frames = moving_frames()
        cls.clip = cls.shared / "clip.mkv"
        raw = cls.shared / "clip.rgb"
        raw.write_bytes(cls.frames.tobytes())
        cls.raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "48x40", "-r", 12, "-i", raw]
        ffmpeg(*cls.raw, "-c:v", "ffv1", "-pix_fmt", "bgr0", cls.clip)
        cls.video = cls.shared / "video.sine"
        done = run("fit", "video", cls.clip, "-o", cls.video, "--json", "--steps", 1500, "--parameters", 20000)
        assert done.returncode == 0, done.stderr
        cls.video_fit = json.loads(done.stdout)

    def png_frames(self, pattern, count):
        return np.array([read_png(Path(str(pattern) % t)) for t in range(count)]).astype(float)

    def test_fit(self):
        fitted = self.video_fit
        self.assertGreater(fitted["psnr"], 36)
        self.assertEqual([fitted["signal"][k] for k in ("frames", "width", "height", "rate")], [24, 48, 40, 12])
        tiles = read_safetensors(self.video)[1]["tiles"]["axes"][0]
        hard = [cut for cut, reach in zip(tiles["cuts"], tiles["reach"]) if reach == 0]
        self.assertEqual(len(hard), 1, "the cut between the shots, and no other")
        self.assertAlmostEqual(hard[0], 2 * 11.5 / 23 - 1)

    def test_frames_there_and_back(self):
        self.accepted("render", self.video, "-o", self.folder / "f-%04d.png")
        made = self.png_frames(self.folder / "f-%04d.png", 24)
        self.assertFalse((self.folder / "f-0024.png").exists())
        psnr = 10 * np.log10(255**2 / np.mean((made - self.frames) ** 2))
        self.assertAlmostEqual(psnr, self.video_fit["psnr"], places=3)
        again = self.accepted("compare", self.folder / "f-%04d.png", self.clip)
        self.assertAlmostEqual(again["psnr"], psnr, places=3)
        self.assertAlmostEqual(self.accepted("compare", self.video, self.clip)["ssim"], again["ssim"], places=6)

    def test_frames_between_frames(self):
        self.accepted("render", self.video, "-o", self.folder / "f-%04d.png", "--fps", 24)
        made = self.png_frames(self.folder / "f-%04d.png", 48)
        for t in range(24):
            self.assertLess(np.sqrt(np.mean((made[2 * t] - self.frames[t]) ** 2)), 5, "the frames themselves")
        # The first shot moves to the right: between two frames the pattern lies between where it was and will be.
        y, x = np.mgrid[0:40, 0:48]
        for t in range(2, 9):
            across = x - 1.5 * (t + 0.5)
            truth = 128 + 90 * np.sin(across / 6)
            error = np.sqrt(np.mean((made[2 * t + 1, :, :, 0] - truth) ** 2))
            held = np.sqrt(np.mean((self.frames[t, :, :, 0] - truth) ** 2))
            self.assertLess(error, 0.5 * held, "nearer to the moment than the frame before it")
        # Across the cut there is nothing between.
        first, second = (np.sqrt(np.mean((made[23] - self.frames[t]) ** 2)) for t in (11, 12))
        self.assertTrue(min(first, second) < 0.5 * max(first, second))

    def test_files(self):
        for name, size, options in (("a.mp4", (48, 40), []), ("b.webm", (64, 30), ["--size", "64x30"]),
                                    ("c.gif", (24, 20), ["--scale", 0.5]), ("d.mkv", (47, 39), ["--size", "47x39"])):
            out = self.folder / name
            self.accepted("render", self.video, "-o", out, "--from", 0.5, "--to", 1.5, *options)
            probe = subprocess.run(
                ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                 "stream=width,height,nb_read_frames,r_frame_rate", "-of", "csv=p=0", out], capture_output=True, text=True)
            width, height, rate, frames = probe.stdout.strip().split(",")
            self.assertEqual((int(width), int(height), int(frames)), (*size, 12), name)
            self.assertEqual(rate, "12/1" if name != "c.gif" else rate, name)
        self.accepted("render", self.video, "-o", self.folder / "whole.mp4")
        self.assertGreater(self.accepted("compare", self.folder / "whole.mp4", self.clip)["psnr"], 40)

    def test_a_sound_track_goes_along(self):
        sound = self.put("sound.wav", wav(chord(2)))
        aac = self.folder / "sound.m4a"
        ffmpeg("-i", sound, aac)
        self.accepted("render", self.video, "-o", self.folder / "both.mp4", "--sound", aac)
        probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0",
                                self.folder / "both.mp4"], capture_output=True, text=True)
        self.assertEqual(sorted(probe.stdout.split()), ["audio", "video"])
        self.refused("render", self.video, "-o", self.folder / "x.mp4", "--sound", self.clip, says=["clip.mkv"])

    def test_other_videos_are_read(self):
        for name, options, expected in (
            ("ten.mkv", ["-c:v", "ffv1", "-pix_fmt", "yuv444p10le"], {"bits": 10}),
            ("odd.webm", ["-vf", "scale=45:39", "-c:v", "libvpx-vp9", "-pix_fmt", "yuv444p"], {"width": 45, "height": 39}),
            ("upright.mp4", ["-pix_fmt", "yuv420p"], {"width": 48, "height": 40}),
            ("short.gif", [], {"frames": 24}),
            ("f-%03d.png", ["-start_number", 7], {"frames": 24}),
            ("uneven.mkv", ["-vf", "setpts='N+if(gt(N,5),3,0)+if(gt(N,15),2,0)'/12/TB", "-vsync", "passthrough", "-c:v",
                            "ffv1", "-pix_fmt", "bgr0"], {"even": False, "frames": 24}),
        ):
            made = self.folder / name
            ffmpeg(*self.raw, *options, made)
            fitted = self.accepted("fit", "video", made, "-o", self.folder / "m.sine", "--force", "--steps", 50)
            for key, value in expected.items():
                self.assertEqual(fitted["signal"][key], value, f"{name}: {key}")

    def test_turned_videos_are_turned(self):
        upright, turned = self.folder / "upright.mp4", self.folder / "turned.mp4"
        ffmpeg(*self.raw, "-pix_fmt", "yuv420p", upright)
        ffmpeg("-i", upright, "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
        fitted = self.accepted("fit", "video", turned, "-o", self.folder / "m.sine", "--steps", 50)
        self.assertEqual((fitted["signal"]["width"], fitted["signal"]["height"]), (40, 48))

    def test_sheet(self):
        out = self.folder / "sheet.png"
        self.accepted("render", self.video, "-o", out, "--sheet", self.clip)
        self.assertGreater(len(np.unique(read_png(out).reshape(-1, 3), axis=0)), 1000)

    def test_truncated_video(self):
        cut = self.folder / "cut.mkv"
        data = self.clip.read_bytes()
        cut.write_bytes(data[: len(data) * 2 // 3])
        fitted = self.accepted("fit", "video", cut, "-o", self.folder / "m.sine", "--steps", 20)
        self.assertTrue(8 <= fitted["signal"]["frames"] < 24)
        self.assertEqual(len(fitted["warnings"]), 1)

    def test_bad_videos(self):
        sound = self.put("sound.wav", wav(chord(0.2))).read_bytes()
        small, large, joined = (self.folder / n for n in ("small.ts", "large.ts", "joined.ts"))
        for path, size in ((small, "32x32"), (large, "64x64")):
            ffmpeg("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=5:duration=2", "-c:v", "mpeg2video", path)
        joined.write_bytes(small.read_bytes() + large.read_bytes())
        self.refused("fit", "video", joined, "-o", self.folder / "m.sine", says=["joined.ts", "size|32 x 32|64 x 64"])
        for name, data in (("renamed.mp4", sound), ("empty.mp4", b""), ("text.mkv", b"no video\n" * 50),
                           ("list.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n"),
                           ("concat.mp4", b"ffconcat version 1.0\nfile 'http://127.0.0.1:9/a.mp4'\n"),
                           ("head.mkv", self.clip.read_bytes()[:300])):
            self.refused("fit", "video", self.put(name, data), "-o", self.folder / "m.sine", says=[name])
        self.refused("fit", "video", self.folder / "gone-%04d.png", "-o", self.folder / "m.sine", says=["gone-%04d.png"])
        self.refused("render", self.video, "-o", self.folder / "x.mp4", "--fps", 0, says=["--fps"])
        self.refused("render", self.video, "-o", self.folder / "x.mp4", "--rate", 9, says=["--rate: a video has none"])

    def test_memory_does_not_grow_with_the_length(self):
        # 40 times as many frames: 276 MB decoded, and a model of 27 MB.
        peaks = []
        for seconds in (1, 40):
            clip = self.folder / f"long{seconds}.mp4"
            ffmpeg("-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=10:duration={seconds}", "-preset", "ultrafast", clip)
            command = [SINEFIELD, "fit", "video", str(clip), "-o", str(self.folder / "m.sine"), "--force", "--quiet",
                       "--total-steps", "100"]
            pid = subprocess.Popen(command, stdin=subprocess.DEVNULL).pid
            _, status, usage = os.wait4(pid, 0)
            self.assertEqual(status, 0)
            peaks.append(usage.ru_maxrss / 1024)
        self.assertLess(peaks[1], peaks[0] + 100, "MiB")


class Volumes(CommandTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        z, y, x = np.mgrid[0:24, 0:28, 0:32]
        cls.voxels = np.round(500 + 400 * np.sin(x / 5) * np.cos(y / 6) + 100 * np.sin(z / 4)).astype(np.int16)
        cls.source = cls.shared / "volume.npy"
        np.save(cls.source, cls.voxels)
        cls.volume = cls.shared / "volume.sine"
        done = run("fit", "volume", cls.source, "-o", cls.volume, "--json")
        assert done.returncode == 0, done.stderr
        cls.volume_fit = json.loads(done.stdout)

    def test_there_and_back(self):
        out = self.folder / "out.npy"
        self.accepted("render", self.volume, "-o", out)
        made = np.load(out)
        self.assertEqual((made.dtype, made.shape), (np.dtype(np.int16), (24, 28, 32)))
        error = made.astype(float) - self.voxels
        peak = float(self.voxels.max() - self.voxels.min())
        self.assertAlmostEqual(self.volume_fit["psnr"], 10 * np.log10(peak**2 / np.mean(error**2)), places=6)
        self.assertGreater(self.volume_fit["psnr"], 40)
        self.assertEqual(self.accepted("compare", out, self.source)["largest"], np.abs(error).max())

    def test_spacing_is_kept_and_scaled(self):
        nrrd = self.folder / "in.nrrd"
        header = ("NRRD0004\ntype: int16\ndimension: 3\nsizes: 32 28 24\nspacings: 0.5 0.5 2\nendian: little\n"
                  "encoding: raw\n\n")
        nrrd.write_bytes(header.encode() + self.voxels.astype("<i2").tobytes())
        fitted = self.accepted("fit", "volume", nrrd, "-o", self.folder / "m.sine", "--steps", 50)
        self.assertEqual(fitted["signal"]["spacing"], [2, 0.5, 0.5])
        made = self.accepted("render", self.folder / "m.sine", "-o", self.folder / "out.vti", "--size", "64x28x12")
        self.assertEqual((made["signal"]["sizes"], made["signal"]["spacing"]), ([12, 28, 64], [4, 0.5, 0.25]))
        self.assertIn(b"<ImageData", (self.folder / "out.vti").read_bytes()[:400])

    def test_slices(self):
        for name, shape in (("z=3", (28, 32)), ("y=0", (24, 32)), ("x=31", (24, 28))):
            out = self.folder / f"{name[0]}.png"
            self.accepted("render", self.volume, "-o", out, "--slice", name)
            self.assertEqual(read_png(out).shape[:2], shape)
        self.accepted("render", self.volume, "-o", self.folder / "sheet.png", "--sheet", self.source)
        self.refused("render", self.volume, "-o", self.folder / "o.png", "--slice", "z=24", says=["slices 0 to 23"])
        self.refused("render", self.volume, "-o", self.folder / "o.png", "--slice", "q", says=["expected x=N"])

    def test_a_header_that_lies(self):
        lie = self.put("lie.nrrd", b"NRRD0004\ntype: uint8\ndimension: 3\nsizes: 900 900 900\nencoding: raw\n\nshort")
        self.refused("fit", "volume", lie, "-o", self.folder / "m.sine", says=["lie.nrrd"])
        flat = self.folder / "flat.npy"
        np.save(flat, np.zeros((4, 4)))
        self.refused("fit", "volume", flat, "-o", self.folder / "m.sine", says=["flat.npy"])
        nan = self.folder / "nan.npy"
        np.save(nan, np.full((4, 4, 4), np.nan, np.float32))
        self.refused("fit", "volume", nan, "-o", self.folder / "m.sine", says=["nan.npy", "nan|NaN|finite"])


if __name__ == "__main__":
    unittest.main()
