// Signals in JSON: what each kind must be, the same for reading and writing.
// SPDX-License-Identifier: MIT
#include "io/signal_metadata.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "io/base64.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::int64_t max_picture_side = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t max_frames = std::int64_t{1} << 40;
constexpr int max_rate = 1'000'000'000;

// Order of the enumerators.
constexpr std::array<std::string_view, 3> sample_type_names = {"u8", "u16", "f32"};
constexpr std::array<std::string_view, 6> sound_type_names = {"u8", "s16", "s24", "s32", "f32", "f64"};
constexpr std::array<std::string_view, 6> voxel_type_names = {"u8", "i8", "u16", "i16", "i32", "f32"};
constexpr std::array<std::string_view, 6> signal_names = {"none", "picture", "sound", "video", "volume", "solution"};

std::string_view name_of(SampleType type) { return sample_type_names[static_cast<std::size_t>(type)]; }

std::optional<std::string> why_invalid(const PictureFormat& picture) {
  if (picture.height < 1 || picture.width < 1 || picture.height > max_picture_side || picture.width > max_picture_side)
    return fmt::format("a picture of {} x {} pixels", picture.height, picture.width);
  if (picture.alpha < -1 || picture.alpha >= picture.channel_count())
    return fmt::format("alpha is channel {} of {}", picture.alpha, picture.channel_count());
  if (picture.orientation < 1 || picture.orientation > 8)
    return fmt::format("orientation is {}, expected 1 to 8", picture.orientation);
  return {};
}

std::optional<std::string> why_invalid(const SoundFormat& sound) {
  if (sound.frames < 1 || sound.frames > max_frames) return fmt::format("a sound of {} frames", sound.frames);
  if (sound.rate < 1 || sound.rate > max_rate) return fmt::format("a sound of {} frames a second", sound.rate);
  if (sound.channels < 1) return fmt::format("a sound of {} channels", sound.channels);
  return {};
}

std::optional<std::string> why_invalid(const VideoFormat& video) {
  if (video.frames < 1 || video.height < 1 || video.width < 1 || video.frames > max_frames ||
      video.height > max_picture_side || video.width > max_picture_side)
    return fmt::format("a video of {} frames of {} x {} pixels", video.frames, video.height, video.width);
  for (const Ratio& ratio : {video.rate, video.pixel_aspect})
    if (ratio.numerator < 1 || ratio.denominator < 1)
      return fmt::format("a video with a rate or a pixel aspect of {}/{}", ratio.numerator, ratio.denominator);
  if (video.bits < 1 || video.bits > 16) return fmt::format("a video of {} bits a sample", video.bits);
  if (!video.times.empty() && std::ssize(video.times) != video.frames)
    return fmt::format("{} times for {} frames", video.times.size(), video.frames);
  for (std::size_t i = 0; i < video.times.size(); ++i)
    if (!std::isfinite(video.times[i]) || (i > 0 && !(video.times[i] > video.times[i - 1])))
      return fmt::format("the time of frame {} is {}, expected one after that of the frame before it", i,
                         video.times[i]);
  return {};
}

std::optional<std::string> why_invalid(const VolumeFormat& volume) {
  for (const std::int64_t size : volume.sizes)
    if (size < 1 || size > max_picture_side)
      return fmt::format("a volume of {} x {} x {} voxels", volume.sizes[0], volume.sizes[1], volume.sizes[2]);
  for (const double spacing : volume.spacing)
    if (!(spacing > 0) || !std::isfinite(spacing)) return fmt::format("a volume with voxels {} apart", spacing);
  for (const double number : volume.to_world)
    if (!std::isfinite(number)) return fmt::format("a volume whose place in the world is {}", number);
  if (volume.channels < 1) return fmt::format("a volume of {} channels", volume.channels);
  return {};
}

std::optional<std::string> why_invalid(const SolutionFormat& solution) {
  if (solution.coordinates.empty() || solution.unknowns.empty())
    return fmt::format("a solution of {} unknowns over {} coordinates", solution.unknowns.size(),
                       solution.coordinates.size());
  for (const ProblemCoordinate& c : solution.coordinates)
    if (!(std::isfinite(c.low) && std::isfinite(c.high) && c.low < c.high))
      return fmt::format("coordinate {} from {} to {}", c.name, c.low, c.high);
  for (const auto& [name, value] : solution.settings)
    if (!std::isfinite(value)) return fmt::format("constant {} = {}", name, value);
  return {};
}

nlohmann::ordered_json solution_json(const SolutionFormat& solution) {
  using nlohmann::ordered_json;
  ordered_json coordinates = ordered_json::array(), unknowns = ordered_json::array(), settings = ordered_json::object();
  for (const ProblemCoordinate& c : solution.coordinates)
    coordinates.push_back({{"name", c.name}, {"low", c.low}, {"high", c.high}, {"time", c.time}});
  for (const UnknownField& u : solution.unknowns) unknowns.push_back({{"name", u.name}, {"complex", u.complex}});
  for (const auto& [name, value] : solution.settings) settings[name] = value;
  return {{"type", "solution"},
          {"coordinates", std::move(coordinates)},
          {"unknowns", std::move(unknowns)},
          {"problem", solution.problem},
          {"settings", std::move(settings)}};
}

nlohmann::ordered_json ratio_json(Ratio ratio) {
  return nlohmann::ordered_json::array({ratio.numerator, ratio.denominator});
}

/// The numbers of a list of known length.
template <std::size_t n>
std::array<double, n> numbers_from(const JsonNode& node) {
  const auto items = node.items();
  if (items.size() != n) throw bad_input(fmt::format("{} has {} entries, expected {}", node.where(), items.size(), n));
  std::array<double, n> numbers{};
  std::size_t i = 0;
  for (const JsonNode& item : items) numbers[i++] = item.number();
  return numbers;
}

Ratio ratio_from(const JsonNode& node) {
  const auto items = node.items();
  if (items.size() != 2) throw bad_input(fmt::format("{} has {} entries, expected 2", node.where(), items.size()));
  return {static_cast<int>(items[0].integer(1, max_rate)), static_cast<int>(items[1].integer(1, max_rate))};
}

PictureFormat picture_from(const JsonNode& signal, std::vector<std::string> channels) {
  signal.expect_keys({"type", "height", "width", "sample_type", "alpha", "orientation", "icc"});
  PictureFormat picture;
  picture.height = signal["height"].integer(1, max_picture_side);
  picture.width = signal["width"].integer(1, max_picture_side);
  picture.type = static_cast<SampleType>(signal["sample_type"].choice(sample_type_names));
  picture.channels = std::move(channels);
  picture.alpha = static_cast<int>(signal["alpha"].integer(-1, std::numeric_limits<int>::max()));
  picture.orientation = static_cast<int>(signal["orientation"].integer(1, 8));
  const auto icc = base64_bytes(signal["icc"].text());
  if (!icc) throw bad_input(fmt::format("{} is not base64", signal["icc"].where()));
  picture.icc = *icc;
  return picture;
}

SoundFormat sound_from(const JsonNode& signal, std::size_t channels) {
  signal.expect_keys({"type", "frames", "rate", "sample_type"});
  return {.frames = signal["frames"].integer(1, max_frames),
          .rate = static_cast<int>(signal["rate"].integer(1, max_rate)),
          .channels = static_cast<int>(channels),
          .type = static_cast<SoundType>(signal["sample_type"].choice(sound_type_names))};
}

VideoFormat video_from(const JsonNode& signal, std::vector<std::string> channels) {
  signal.expect_keys({"type", "frames", "height", "width", "sample_type", "bits", "rate", "times", "pixel_aspect"});
  VideoFormat video{.frames = signal["frames"].integer(1, max_frames),
                    .height = signal["height"].integer(1, max_picture_side),
                    .width = signal["width"].integer(1, max_picture_side),
                    .type = static_cast<SampleType>(signal["sample_type"].choice({"u8", "u16"})),
                    .bits = static_cast<int>(signal["bits"].integer(1, 16)),
                    .channels = std::move(channels),
                    .rate = ratio_from(signal["rate"]),
                    .times = {},
                    .pixel_aspect = ratio_from(signal["pixel_aspect"])};
  for (const JsonNode& time : signal["times"].items()) video.times.push_back(time.number());
  return video;
}

VolumeFormat volume_from(const JsonNode& signal, std::size_t channels) {
  signal.expect_keys({"type", "sizes", "sample_type", "spacing", "to_world", "unit"});
  VolumeFormat volume;
  const auto sizes = signal["sizes"].items();
  if (sizes.size() != 3)
    throw bad_input(fmt::format("{} has {} entries, expected 3", signal["sizes"].where(), sizes.size()));
  for (std::size_t i = 0; i < 3; ++i) volume.sizes[i] = sizes[i].integer(1, max_picture_side);
  volume.channels = static_cast<int>(channels);
  volume.type = static_cast<VoxelType>(signal["sample_type"].choice(voxel_type_names));
  volume.spacing = numbers_from<3>(signal["spacing"]);
  volume.to_world = numbers_from<12>(signal["to_world"]);
  volume.unit = signal["unit"].text();
  return volume;
}

SolutionFormat solution_from(const JsonNode& signal) {
  signal.expect_keys({"type", "coordinates", "unknowns", "problem", "settings"});
  SolutionFormat solution;
  for (const JsonNode& c : signal["coordinates"].items()) {
    c.expect_keys({"name", "low", "high", "time"});
    solution.coordinates.push_back({c["name"].text(), c["low"].number(), c["high"].number(), c["time"].truth()});
  }
  int channel = 0;
  for (const JsonNode& u : signal["unknowns"].items()) {
    u.expect_keys({"name", "complex"});
    solution.unknowns.push_back({u["name"].text(), u["complex"].truth(), channel});
    channel += solution.unknowns.back().complex ? 2 : 1;
  }
  solution.problem = signal["problem"].text();
  for (const auto& [name, value] : signal["settings"].members()) solution.settings[name] = value.number();
  return solution;
}

}  // namespace

std::optional<std::string> why_invalid(const SignalFormat& signal) {
  return std::visit(
      [](const auto& format) -> std::optional<std::string> {
        if constexpr (std::is_same_v<std::decay_t<decltype(format)>, std::monostate>)
          return {};
        else
          return why_invalid(format);
      },
      signal);
}

const char* units_name(SignalKind kind) {
  return kind == SignalKind::none       ? "unknown"
         : kind == SignalKind::picture  ? "pixel"
         : kind == SignalKind::solution ? "problem"
                                        : "sample";
}

int version_of(SignalKind kind) { return kind <= SignalKind::picture ? 1 : kind == SignalKind::solution ? 5 : 3; }

nlohmann::ordered_json signal_json(const SignalFormat& signal) {
  if (const auto* picture = std::get_if<PictureFormat>(&signal))
    return {{"type", "picture"},
            {"height", picture->height},
            {"width", picture->width},
            {"sample_type", name_of(picture->type)},
            {"alpha", picture->alpha},
            {"orientation", picture->orientation},
            {"icc", base64_text(picture->icc)}};
  if (const auto* sound = std::get_if<SoundFormat>(&signal))
    return {{"type", "sound"},
            {"frames", sound->frames},
            {"rate", sound->rate},
            {"sample_type", sound_type_name(sound->type)}};
  if (const auto* video = std::get_if<VideoFormat>(&signal))
    return {{"type", "video"},
            {"frames", video->frames},
            {"height", video->height},
            {"width", video->width},
            {"sample_type", name_of(video->type)},
            {"bits", video->bits},
            {"rate", ratio_json(video->rate)},
            {"times", video->times},
            {"pixel_aspect", ratio_json(video->pixel_aspect)}};
  if (const auto* volume = std::get_if<VolumeFormat>(&signal))
    return {
        {"type", "volume"},           {"sizes", volume->sizes},       {"sample_type", voxel_type_name(volume->type)},
        {"spacing", volume->spacing}, {"to_world", volume->to_world}, {"unit", volume->unit}};
  if (const auto* solution = std::get_if<SolutionFormat>(&signal)) return solution_json(*solution);
  return {{"type", "none"}};
}

SignalFormat signal_from(const JsonNode& signal, std::int64_t version, std::vector<std::string> channels,
                         const std::string& file) {
  const auto kind = static_cast<SignalKind>(signal["type"].choice(signal_names));
  const int since = version_of(kind);
  if (version < since)
    throw bad_input(fmt::format("{}: a {} in a file of format version {}, expected version {}", file,
                                signal_kind_name(kind), version, since));
  switch (kind) {
    case SignalKind::picture:
      return picture_from(signal, std::move(channels));
    case SignalKind::sound:
      return sound_from(signal, channels.size());
    case SignalKind::video:
      return video_from(signal, std::move(channels));
    case SignalKind::volume:
      return volume_from(signal, channels.size());
    case SignalKind::solution:
      return solution_from(signal);
    default:
      signal.expect_keys({"type"});
      return {};
  }
}

}  // namespace sinefield
