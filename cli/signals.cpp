// Which codec reads what, and the words for signals and their figures.
// SPDX-License-Identifier: MIT
#include "cli/signals.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "cli/codecs.h"
#include "cli/progress.h"
#include "field/choose.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

const char* bits_words(SampleType type) {
  return type == SampleType::u8 ? "8 bit" : type == SampleType::u16 ? "16 bit" : "float";
}

const char* plural(std::int64_t n) { return n == 1 ? "" : "s"; }

bool has_extension(const std::filesystem::path& path, std::initializer_list<const char*> known) {
  std::string name = path.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(known, [&](const char* extension) { return name.ends_with(extension); });
}

}  // namespace

SignalKind kind_of_file(const std::filesystem::path& path) {
  if (has_extension(path, {".npy", ".nrrd", ".nhdr", ".nii", ".nii.gz"})) return SignalKind::volume;
  if (path.string().find('%') != std::string::npos) return SignalKind::video;
  if (has_extension(path, {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr"})) return SignalKind::picture;
  if (has_extension(path, {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".caf"}))
    return SignalKind::sound;
  if (has_extension(path, {".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".gif", ".y4m", ".ts", ".ogv"}))
    return SignalKind::video;
  throw bad_input(fmt::format("{}: what kind of signal it is cannot be told from its name", path.string()),
                  "give it the extension of what it holds, for example .png, .wav, .mp4 or .npy");
}

LoadedSignal load_signal(SignalKind kind, const std::filesystem::path& path, const std::filesystem::path& folder,
                         const Common& common) {
  LoadedSignal loaded;
  Progress progress(common);
  const PartDone report = [&](double done) {
    if (seconds_since_start() < 2) return;  // of most files it is a moment
    progress.update(std::clamp(done, 0.0, 1.0), -1, [] { return std::string("reading"); });
  };
  switch (kind) {
    case SignalKind::picture:
      loaded.picture = std::make_unique<Picture>(pictures().read_picture(path, common.memory()));
      loaded.signal = picture_signal(*loaded.picture);
      break;
    case SignalKind::sound:
      loaded.signal = sound_signal(*media().open_sound(path), folder, report);
      break;
    case SignalKind::video:
      loaded.signal = video_signal(*media().open_video(path), folder, report);
      break;
    case SignalKind::volume:
      loaded.volume = std::make_unique<Volume>(media().read_volume(path, common.memory()));
      loaded.signal = volume_signal(*loaded.volume);
      break;
    case SignalKind::none:
    case SignalKind::solution:
      throw bad_input(fmt::format("{}: no kind of signal", path.string()));
  }
  if (!common.quiet)
    for (const std::string& warning : loaded.signal.warnings)
      fmt::print(stderr, "sinefield: {}: {}\n", path.string(), warning);
  return loaded;
}

std::string measures_words(const SignalMeasures& measures) {
  return std::visit(
      Choose{[](const PictureMeasures& m) { return fmt::format("{:.2f} dB, SSIM {:.4f}", m.psnr, m.ssim); },
             [](const SoundMeasures& m) {
               return fmt::format("{:.2f} dB PSNR, {:.2f} dB SNR, MSE {:.3e}, log-spectral distance {:.2f} dB", m.psnr,
                                  m.snr, m.mse, m.log_spectral_distance);
             },
             [](const VideoMeasures& m) {
               return fmt::format("{:.2f} dB (frames {:.2f} on average, {:.2f} at least), SSIM {:.4f}", m.psnr,
                                  m.psnr_mean, m.psnr_least, m.ssim);
             },
             [](const VolumeMeasures& m) {
               return fmt::format("{:.2f} dB, SSIM of slices {:.4f}, largest error {:.4g}", m.psnr, m.ssim, m.largest);
             }},
      measures);
}

Json measures_json(const SignalMeasures& measures) {
  return std::visit(Choose{[](const PictureMeasures& m) -> Json {
                             return {{"psnr", number(m.psnr)},
                                     {"ssim", number(m.ssim)},
                                     {"psnr_alpha", number(m.psnr_alpha)},
                                     {"mse", number(m.mse)}};
                           },
                           [](const SoundMeasures& m) -> Json {
                             return {{"psnr", number(m.psnr)},
                                     {"snr", number(m.snr)},
                                     {"mse", number(m.mse)},
                                     {"log_spectral_distance", number(m.log_spectral_distance)}};
                           },
                           [](const VideoMeasures& m) -> Json {
                             return {{"psnr", number(m.psnr)},
                                     {"psnr_mean", number(m.psnr_mean)},
                                     {"psnr_least", number(m.psnr_least)},
                                     {"ssim", number(m.ssim)}};
                           },
                           [](const VolumeMeasures& m) -> Json {
                             return {{"psnr", number(m.psnr)},
                                     {"ssim", number(m.ssim)},
                                     {"mse", number(m.mse)},
                                     {"largest", number(m.largest)}};
                           }},
                    measures);
}

Json signal_json(const SignalFormat& signal) {
  Json json = std::visit(
      Choose{
          [](std::monostate) -> Json { return nullptr; },
          [](const PictureFormat& p) -> Json {
            return {{"type", "picture"},
                    {"width", p.width},
                    {"height", p.height},
                    {"bits", p.type == SampleType::u8 ? 8 : p.type == SampleType::u16 ? 16 : 32},
                    {"channels", p.channels},
                    {"orientation", p.orientation},
                    {"icc_bytes", p.icc.size()}};
          },
          [](const SoundFormat& s) -> Json {
            return {{"type", "sound"},        {"frames", s.frames},     {"rate", s.rate},
                    {"seconds", s.seconds()}, {"channels", s.channels}, {"sample_type", sound_type_name(s.type)}};
          },
          [](const VideoFormat& v) -> Json {
            return {{"type", "video"},        {"frames", v.frames},     {"width", v.width},
                    {"height", v.height},     {"rate", v.rate.value()}, {"bits", v.bits},
                    {"channels", v.channels}, {"even", v.times.empty()}};
          },
          [](const VolumeFormat& v) -> Json {
            return {{"type", "volume"},
                    {"sizes", v.sizes},
                    {"spacing", v.spacing},
                    {"channels", v.channels},
                    {"sample_type", voxel_type_name(v.type)}};
          },
          [](const SolutionFormat& s) -> Json {
            Json coordinates = Json::array(), unknowns = Json::array();
            for (const ProblemCoordinate& c : s.coordinates)
              coordinates.push_back({{"name", c.name}, {"low", c.low}, {"high", c.high}, {"time", c.time}});
            for (const UnknownField& u : s.unknowns) unknowns.push_back({{"name", u.name}, {"complex", u.complex}});
            return {
                {"type", "solution"}, {"coordinates", coordinates}, {"unknowns", unknowns}, {"settings", s.settings}};
          }},
      signal);
  return json;
}

std::string signal_words(const SignalFormat& signal) {
  return std::visit(
      Choose{[](std::monostate) { return std::string(); },
             [](const PictureFormat& p) {
               return fmt::format("{} x {}, {}, channels {}{}{}", p.width, p.height, bits_words(p.type),
                                  fmt::join(p.channels, " "),
                                  p.icc.empty() ? "" : fmt::format(", ICC profile of {} bytes", p.icc.size()),
                                  p.orientation == 1 ? "" : fmt::format(", orientation {}", p.orientation));
             },
             [](const SoundFormat& s) {
               return fmt::format("{:.3f} s at {} Hz, {} channel{}, {}", s.seconds(), s.rate, s.channels,
                                  plural(s.channels), sound_type_name(s.type));
             },
             [](const VideoFormat& v) {
               return fmt::format("{} frames of {} x {}, {:.6g} a second{}, {} bit, channels {}", v.frames, v.width,
                                  v.height, v.rate.value(), v.times.empty() ? "" : " on average", v.bits,
                                  fmt::join(v.channels, " "));
             },
             [](const VolumeFormat& v) {
               return fmt::format("{} x {} x {} voxels {:.4g} x {:.4g} x {:.4g} {} apart, {}, {} channel{}", v.sizes[2],
                                  v.sizes[1], v.sizes[0], v.spacing[2], v.spacing[1], v.spacing[0],
                                  v.unit.empty() ? "units" : v.unit, voxel_type_name(v.type), v.channels,
                                  plural(v.channels));
             },
             [](const SolutionFormat& s) {
               std::vector<std::string> coordinates, unknowns;
               for (const ProblemCoordinate& c : s.coordinates)
                 coordinates.push_back(
                     fmt::format("{}{} from {:.6g} to {:.6g}", c.time ? "time " : "", c.name, c.low, c.high));
               for (const UnknownField& u : s.unknowns) unknowns.push_back(u.name + (u.complex ? " (complex)" : ""));
               return fmt::format("{}, {}", fmt::join(unknowns, ", "), fmt::join(coordinates, ", "));
             }},
      signal);
}

}  // namespace sinefield::cli
