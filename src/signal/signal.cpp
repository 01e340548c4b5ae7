// Signals from pictures, volumes and the readers of files; their coordinates; every second sample of them.
// SPDX-License-Identifier: MIT
#include "sinefield/signal.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "field/indices.h"
#include "io/checksum.h"
#include "signal/boxes.h"
#include "signal/channel_maps.h"
#include "signal/sample_store.h"
#include "signal/samples_in_memory.h"
#include "signal/shots.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

/// Even positions of other samples along every axis.
class EverySecond final : public Samples {
 public:
  explicit EverySecond(std::shared_ptr<const Samples> whole)
      : Samples(halved(whole->sizes()), whole->channels()), whole_(std::move(whole)) {}

  static std::vector<std::int64_t> halved(std::vector<std::int64_t> sizes) {
    for (std::int64_t& size : sizes) size = (size + 1) / 2;
    return sizes;
  }

  void read(std::span<const std::int64_t> first, std::span<const std::int64_t> count, float* out) const override {
    // Line by line along the last axis, of which the whole is read.
    const std::size_t axes = sizes().size();
    if (count.back() < 1) return;
    std::vector<std::int64_t> from(axes, 2 * first.back()), box(axes, 1);
    box.back() = 2 * count.back() - 1;
    std::vector<float> line(static_cast<std::size_t>(box.back() * channels()));
    for_each_index(count.first(axes - 1), [&](std::span<const std::int64_t> at) {
      for (std::size_t i = 0; i + 1 < axes; ++i) from[i] = 2 * (first[i] + at[i]);
      whole_->read(from, box, line.data());
      for (std::int64_t i = 0; i < count.back(); ++i)
        out = std::copy_n(line.begin() + 2 * i * channels(), channels(), out);
    });
  }

 private:
  std::shared_ptr<const Samples> whole_;
};

Signal signal_in_memory(SignalFormat format, std::span<const float> samples) {
  const std::vector<std::int64_t> sizes = signal_sizes(format);
  const auto channels = static_cast<int>(signal_channels(format).size());
  std::int64_t wanted = channels;
  for (const std::int64_t size : sizes) wanted *= std::max<std::int64_t>(size, 0);
  if (wanted < 1 || std::ssize(samples) != wanted)
    throw bad_input(fmt::format("a {} whose samples do not match its format cannot be fitted",
                                signal_kind_name(signal_kind(format))));
  Crc32 crc;
  crc.add(std::as_bytes(samples));
  Signal signal{.format = std::move(format),
                .samples = std::make_shared<SamplesInMemory>(sizes, channels, samples),
                .channels = {},
                .cuts = {},
                .checksum = crc.text(),
                .warnings = {},
                .picture = {}};
  signal.channels = channel_maps(signal.format, *signal.samples);
  return signal;
}

AxisMap own_axis(const char* name, std::int64_t n) {
  return n == 1 ? AxisMap{name, 0, 0} : AxisMap{name, 2 / static_cast<double>(n - 1), -1};
}

/// Empty where frames come as evenly as their times can tell: within a tenth of a frame of the mean rate.
std::vector<double> uneven_times(std::vector<double> times) {
  const auto last = static_cast<double>(times.size() - 1);
  const double step = times.back() / std::max(last, 1.0);
  for (std::size_t i = 0; i < times.size(); ++i)
    if (std::abs(times[i] - step * static_cast<double>(i)) > step / 10) return times;
  return {};
}

}  // namespace

void Samples::read_point(std::int64_t index, float* out) const {
  std::vector<std::int64_t> at(sizes_.size()), one(sizes_.size(), 1);
  for (std::size_t i = sizes_.size(); i-- > 0; index /= sizes_[i]) at[i] = index % sizes_[i];
  read(at, one, out);
}

Signal picture_signal(const Picture& picture) {
  Signal signal = signal_in_memory(picture.format, picture.samples);
  signal.picture = std::shared_ptr<const Picture>(std::shared_ptr<void>(), &picture);
  return signal;
}

Signal volume_signal(const Volume& volume) { return signal_in_memory(volume.format, volume.samples); }

Signal sound_signal(SoundReader& reader, const std::filesystem::path& folder, const PartDone& report) {
  SoundFormat format = reader.format();
  const std::int64_t promised = format.frames;
  SampleStore store(folder, StoredType::f32);
  std::vector<float> block(static_cast<std::size_t>(std::max(format.rate, 4096) * format.channels));
  float peak = 0;
  for (format.frames = 0;;) {
    const std::int64_t frames = reader.read(block);
    if (frames == 0) break;
    const auto read = std::span(block).first(static_cast<std::size_t>(frames * format.channels));
    for (const float sample : read) peak = std::max(peak, std::abs(sample));
    store.append(std::as_bytes(read));
    format.frames += frames;
    if (report) report(promised > 0 ? static_cast<double>(format.frames) / static_cast<double>(promised) : -1);
  }
  if (format.frames == 0) throw bad_input("a sound without samples cannot be fitted");
  const std::string checksum = store.checksum();
  return {.format = format,
          .samples = std::move(store).samples({format.frames}, format.channels),
          .channels = sound_channel_maps(format, static_cast<double>(peak)),
          .cuts = {},
          .checksum = checksum,
          .warnings = reader.warnings(),
          .picture = {}};
}

Signal video_signal(VideoReader& reader, const std::filesystem::path& folder, const PartDone& report) {
  VideoFormat format = reader.format();
  const std::int64_t promised = format.frames;
  SampleStore store(folder, format.type == SampleType::u8 ? StoredType::u8 : StoredType::u16);
  ShotFinder shots(format);
  std::vector<double> times;
  VideoFrame frame;
  while (reader.next(frame)) {
    store.append(frame.samples);
    shots.add(frame.samples);
    times.push_back(frame.seconds);
    if (report) report(promised > 0 ? static_cast<double>(times.size()) / static_cast<double>(promised) : -1);
  }
  if (times.empty()) throw bad_input("a video without frames cannot be fitted");
  format.frames = std::ssize(times);
  format.times = uneven_times(std::move(times));
  const std::string checksum = store.checksum();
  const std::vector<std::int64_t> cuts = shots.cuts();
  std::shared_ptr<const Samples> samples = std::move(store).samples(signal_sizes(format), format.channel_count());
  return {.format = format,
          .samples = samples,
          .channels = channel_maps(format, *samples),
          .cuts = {cuts.begin(), cuts.end()},
          .checksum = checksum,
          .warnings = reader.warnings(),
          .picture = {}};
}

std::vector<AxisMap> signal_axes(const SignalFormat& format) {
  if (const auto* picture = std::get_if<PictureFormat>(&format)) return picture_axes(picture->height, picture->width);
  if (const auto* sound = std::get_if<SoundFormat>(&format)) return {own_axis("time", sound->frames)};
  if (const auto* video = std::get_if<VideoFormat>(&format)) {
    std::vector<AxisMap> axes = picture_axes(video->height, video->width);
    axes.insert(axes.begin(), own_axis("time", video->frames));
    return axes;
  }
  if (const auto* volume = std::get_if<VolumeFormat>(&format)) {
    double longest = 0;
    for (std::size_t i = 0; i < 3; ++i)
      longest = std::max(longest, static_cast<double>(volume->sizes[i] - 1) * volume->spacing[i]);
    constexpr std::array names = {"z", "y", "x"};
    std::vector<AxisMap> axes;
    for (std::size_t i = 0; i < 3; ++i) {
      const double scale = longest == 0 ? 0 : 2 * volume->spacing[i] / longest;
      axes.push_back({names[i], scale, -scale * static_cast<double>(volume->sizes[i] - 1) / 2});
    }
    return axes;
  }
  throw bad_input("a signal of no kind has no coordinates");
}

Signal every_second(const Signal& whole) {
  Signal learned = whole;
  learned.samples = std::make_shared<EverySecond>(whole.samples);
  learned.format = resized(whole.format, learned.samples->sizes());
  learned.channels = channel_maps(learned.format, *learned.samples);
  if (const auto* format = std::get_if<PictureFormat>(&learned.format)) {
    auto picture = std::make_shared<Picture>(Picture{*format, {}});
    picture->samples.resize(static_cast<std::size_t>(learned.samples->points() * learned.samples->channels()));
    learned.samples->read(std::array<std::int64_t, 2>{0, 0}, learned.samples->sizes(), picture->samples.data());
    learned.samples =
        std::make_shared<SamplesInMemory>(learned.samples->sizes(), learned.samples->channels(), picture->samples);
    learned.picture = picture;
  }
  // A border between two frames keeps its place among the frames of half the rate.
  for (double& cut : learned.cuts) cut = (cut - 0.5) / 2 + 0.5;
  if (auto* video = std::get_if<VideoFormat>(&learned.format)) {
    std::vector<double>& times = video->times;
    for (std::size_t i = 0; 2 * i < times.size(); ++i) times[i] = times[2 * i];
    times.resize((times.size() + 1) / 2);
  }
  return learned;
}

std::vector<AxisMap> every_second_axes(const SignalFormat& whole) {
  std::vector<AxisMap> axes = signal_axes(resized(whole, EverySecond::halved(signal_sizes(whole))));
  for (AxisMap& axis : axes) axis.scale /= 2;
  return axes;
}

}  // namespace sinefield
