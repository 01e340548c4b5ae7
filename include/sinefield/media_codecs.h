// The library sinefield_media for programs that load it with dlopen: sound, video, volume and MATLAB's files.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "sinefield/mat_file.h"
#include "sinefield/sound_file.h"
#include "sinefield/video_file.h"
#include "sinefield/volume_file.h"

namespace sinefield {

/// Its functions; same meaning as those of the same names.
struct MediaCodecs {
  std::unique_ptr<SoundReader> (*open_sound)(const std::filesystem::path&);
  void (*require_writable_sound)(const std::filesystem::path&, const SoundFormat&);
  std::unique_ptr<SoundWriter> (*create_sound)(const std::filesystem::path&, const SoundFormat&, Overwrite);
  std::unique_ptr<SoundWriter> (*resampling)(std::unique_ptr<SoundWriter>, int channels, int from_rate, int to_rate);
  std::unique_ptr<VideoReader> (*open_video)(const std::filesystem::path&);
  void (*require_writable_video)(const std::filesystem::path&, const VideoFormat&, const std::optional<SoundTrack>&);
  std::unique_ptr<VideoWriter> (*create_video)(const std::filesystem::path&, const VideoFormat&,
                                               const std::optional<SoundTrack>&, Overwrite);
  Volume (*read_volume)(const std::filesystem::path&, std::uint64_t memory_limit);
  void (*require_writable_volume)(const std::filesystem::path&, const VolumeFormat&);
  void (*write_volume)(const std::filesystem::path&, const Volume&, Overwrite);
  Array (*read_mat)(const std::filesystem::path&, const std::string& variable, std::uint64_t memory_limit);
};

}  // namespace sinefield

/// The entry to look up with dlsym; never null.
extern "C" __attribute__((visibility("default"))) const sinefield::MediaCodecs* sinefield_media_codecs();
