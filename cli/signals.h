// Signals from files by the kind that they are asked to be, and what all commands say of a kind.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "cli/command.h"
#include "sinefield/signal.h"
#include "sinefield/signal_measures.h"

namespace sinefield::cli {

/// A signal and what it refers to.
struct LoadedSignal {
  std::unique_ptr<Picture> picture;
  std::unique_ptr<Volume> volume;
  Signal signal;
};

/// Reads a file; sounds and videos keep their samples in an unnamed file in `folder`. Says on stderr what the reader
/// warns of, unless --quiet.
LoadedSignal load_signal(SignalKind, const std::filesystem::path&, const std::filesystem::path& folder, const Common&);

/// What a file is by its name; "%" stands for the frames of a video. Throws bad_input where the name does not tell.
SignalKind kind_of_file(const std::filesystem::path&);

/// "39.45 dB, SSIM 0.9525", "46.3 dB PSNR, 30.2 dB SNR, MSE 2.3e-05, ..."
std::string measures_words(const SignalMeasures&);
/// The same as an object, its keys the names of the fields.
Json measures_json(const SignalMeasures&);

/// What a signal is as an object: its kind, sizes, rate, ...
Json signal_json(const SignalFormat&);
/// And in words: "768 x 512, 8 bit, channels R G B", "6.99 s at 44100 Hz, 1 channel, f32".
std::string signal_words(const SignalFormat&);

}  // namespace sinefield::cli
