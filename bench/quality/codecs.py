#!/usr/bin/env python3
"""Models of sounds and videos beside what codecs need for the same quality: FLAC (lossless), Opus, H.264. Quality is PSNR,
which is what the models are trained for and what the codecs are not; sizes are of whole files, a model's with 4 bytes a
parameter. Needs ffmpeg. Leaves out pictures.
  codecs.py [--seconds N] SOUND_OR_VIDEO...
"""
# SPDX-License-Identifier: MIT
import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy

from runs import add_options, command, machine, table

SOUNDS = {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a"}
OPUS = [6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 320, 450]  # kbit/s
CRF = list(range(44, 7, -2))


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True, stdin=subprocess.DEVNULL)


def run(options, *arguments):
    done = subprocess.run([command(options), *map(str, arguments), "--quiet", "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{arguments}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def first_as_good(made, quality, wanted):
    """The smallest of the files, made one after the other, that is as good as wanted, and its quality."""
    for path in made:
        reached = quality(path)
        if reached is None or reached >= wanted:
            return path.stat().st_size, reached
    return None, None


def opus_files(source, folder, rate):
    for kbit in OPUS:
        coded, decoded = folder / f"{kbit}.opus", folder / f"{kbit}.wav"
        ffmpeg("-i", source, "-c:a", "libopus", "-b:a", f"{kbit}k", coded)
        ffmpeg("-i", coded, "-ar", rate, "-c:a", "pcm_f32le", decoded)
        yield coded


def video_files(source, folder):
    for crf in CRF:
        coded = folder / f"{crf}.mp4"
        ffmpeg("-i", source, "-an", "-c:v", "libx264", "-preset", "slow", "-crf", crf, coded)
        yield coded


def samples_of(path):
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    probe = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0", path],
                           capture_output=True, text=True).stdout
    channels = int(probe)
    return numpy.frombuffer(raw, "<f4").reshape(-1, channels).astype(float)


def psnr_of_wav(path, original):
    """dB, peak 1 of the original scaled to it. A codec may add or drop samples at the end."""
    made = samples_of(path)
    count = min(len(made), len(original))
    error = numpy.mean((made[:count] - original[:count]) ** 2) / numpy.abs(original).max() ** 2
    return 10 * numpy.log10(1 / error)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_options(parser)
    parser.add_argument("--seconds", type=float, help="for every fit (default: the recipe's steps)")
    parser.add_argument("signals", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    print(machine(options))
    rows = []
    for source in options.signals:
        sound = source.suffix in SOUNDS
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            model = folder / "model.sine"
            limit = ["--seconds", options.seconds] if options.seconds else []
            fitted = run(options, "fit", "audio" if sound else "video", source, "-o", model, "--threads", options.threads, *limit)
            plain = folder / "plain.wav"
            if sound:
                ffmpeg("-i", source, "-c:a", "pcm_f32le", plain)
                ffmpeg("-i", source, "-c:a", "flac", folder / "lossless.flac")
                samples = samples_of(plain)
                coded = opus_files(plain, folder, fitted["signal"]["rate"])
                size, reached = first_as_good(coded, lambda path: psnr_of_wav(path.with_suffix(".wav"), samples), fitted["psnr"])
                lossless = (folder / "lossless.flac").stat().st_size
            else:
                coded = video_files(source, folder)
                size, reached = first_as_good(coded, lambda path: run(options, "compare", path, source)["psnr"], fitted["psnr"])
                lossless = None
            rows.append([source.name, fitted["psnr"], fitted.get("snr"), fitted["parameters"], model.stat().st_size // 1024,
                         fitted["seconds"], lossless and lossless // 1024, size and size // 1024, reached])
    head = ["signal", "PSNR", "SNR", "parameters", "model KiB", "seconds", "FLAC KiB", "codec KiB", "codec PSNR"]
    table(head, rows)


if __name__ == "__main__":
    main()
