// `sinefield render` of videos: frames at any rate and size, or some of them as a picture.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "cli/codecs.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "cli/signals.h"
#include "sinefield/error.h"
#include "sinefield/grid.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t block_points = 1 << 20;
constexpr std::int64_t sheet_frames = 6;

/// When each frame of the original is shown, and the place of a time among the frames, between them too.
class Clock {
 public:
  explicit Clock(const VideoFormat& format) : format_(format) {}

  double duration() const {
    const double step = 1 / format_.rate.value();
    return (format_.times.empty() ? static_cast<double>(format_.frames - 1) * step : format_.times.back()) + step;
  }

  double position(double seconds) const {
    const auto last = static_cast<double>(format_.frames - 1);
    const std::vector<double>& times = format_.times;
    if (times.empty()) return std::clamp(seconds * format_.rate.value(), 0.0, last);
    const auto after = std::ranges::upper_bound(times, seconds);
    if (after == times.begin()) return 0;
    if (after == times.end()) return last;
    const auto before = after - 1;
    return static_cast<double>(before - times.begin()) + (seconds - *before) / (*after - *before);
  }

 private:
  const VideoFormat& format_;
};

Picture frame_picture(const VideoFormat& format, std::vector<float> samples) {
  Picture picture{
      {.height = format.height, .width = format.width, .type = format.type, .channels = format.channels, .icc = {}},
      std::move(samples)};
  return picture;
}

std::vector<std::vector<double>> frame_grid(const VideoFormat& output, const VideoFormat& original) {
  return {{}, resampled_positions(output.height, original.height), resampled_positions(output.width, original.width)};
}

/// Some frames of the model, below those of the original where it is given.
Json write_sheet(const RenderArguments& a, const Field& field, const Common& common) {
  const VideoFormat& format = *field.video();
  std::vector<std::int64_t> frames;
  const std::int64_t count = std::min(sheet_frames, format.frames);
  for (std::int64_t i = 0; i < count; ++i) frames.push_back((2 * i + 1) * format.frames / (2 * count));
  std::vector<Picture> model, original;
  GridEvaluator evaluator(field, common.compute());
  std::vector<std::vector<double>> grid = frame_grid(format, format);
  for (const std::int64_t frame : frames) {
    std::vector<float> samples(static_cast<std::size_t>(format.frame_samples()));
    grid[0] = {static_cast<double>(frame)};
    evaluator(grid, samples);
    model.push_back(frame_picture(format, std::move(samples)));
    quantise(model.back());
  }
  if (!a.sheet.empty()) {
    const auto reader = media().open_video(a.sheet);
    const VideoFormat& theirs = reader->format();
    if (theirs.height != format.height || theirs.width != format.width ||
        theirs.channel_count() != format.channel_count() || theirs.type != format.type)
      throw bad_input(fmt::format("--sheet {}: {} x {} pixels, {} channels, the model's video has {} x {}, {}",
                                  a.sheet.string(), theirs.width, theirs.height, theirs.channel_count(), format.width,
                                  format.height, format.channel_count()));
    VideoFrame frame;
    for (std::int64_t t = 0; reader->next(frame) && original.size() < frames.size(); ++t)
      if (t == frames[original.size()]) original.push_back(frame_picture(format, frame_values(format, frame)));
  }
  std::vector<SheetEntry> entries;
  const auto columns = static_cast<int>(std::min<std::int64_t>(3, count));
  for (std::size_t first = 0; first < frames.size(); first += static_cast<std::size_t>(columns)) {
    const std::size_t end = std::min(first + static_cast<std::size_t>(columns), frames.size());
    for (std::size_t i = first; i < end && i < original.size(); ++i)
      entries.push_back({original[i], fmt::format("frame {}", frames[i])});
    for (std::size_t i = first; i < end; ++i)
      entries.push_back({model[i], original.empty()
                                       ? fmt::format("frame {}", frames[i])
                                       : fmt::format("model, {:.1f} dB", compare(model[i], original.at(i)).psnr)});
  }
  pictures().write_picture(a.output, pictures().contact_sheet(entries, columns));
  return Json::object();
}

}  // namespace

Ratio ratio_of(double rate) {
  const double ntsc = rate * 1.001;
  if (std::abs(ntsc - std::round(ntsc)) < 1e-3 && std::abs(rate - std::round(rate)) > 1e-3)
    return {static_cast<int>(std::round(ntsc)) * 1000, 1001};
  const int thousandths = static_cast<int>(std::lround(rate * 1000)), common = std::gcd(thousandths, 1000);
  return {thousandths / common, 1000 / common};
}

Json render_video(const RenderArguments& a, const Field& field, const Common& common) {
  const bool numbered = a.output.string().find('%') != std::string::npos;
  if (extension_of(a.output) == ".png" && !numbered) return write_sheet(a, field, common);
  if (!a.sheet.empty())
    throw bad_input(fmt::format("--sheet is a picture, {} is not", a.output.string()), "give -o OUT.png");
  const VideoFormat& original = *field.video();
  VideoFormat format = original;
  if (!a.size.empty()) {
    const Size size = parse_size("--size", a.size);
    format.width = size.width;
    format.height = size.height;
  } else if (a.scale) {
    format.width = scaled_size(original.width, *a.scale);
    format.height = scaled_size(original.height, *a.scale);
  }
  if (a.fps) format.rate = ratio_of(*a.fps);
  const Clock clock(original);
  const double from = a.from.value_or(0), to = std::min(a.to.value_or(clock.duration()), clock.duration());
  // As many as their times fall into the stretch.
  format.frames = static_cast<std::int64_t>(std::ceil((to - from) * format.rate.value() - 1e-6));
  if (format.frames < 1)
    throw bad_input(fmt::format("--from {} --to {}: holds no frame of a video of {:.3f} s", from,
                                a.to.value_or(clock.duration()), clock.duration()));
  format.times.clear();
  std::optional<SoundTrack> track;
  if (!a.sound.empty()) track = SoundTrack{.file = a.sound, .from = from, .to = to};
  media().require_writable_video(a.output, format, track);
  const auto writer = media().create_video(a.output, format, track, common.overwrite());
  GridEvaluator evaluator(field, common.compute());
  Progress progress(common);
  std::vector<std::vector<double>> grid = frame_grid(format, original);
  const std::int64_t at_once = std::max<std::int64_t>(1, block_points / (format.height * format.width));
  const auto size = static_cast<std::size_t>(format.frame_samples());
  std::vector<float> block;
  for (std::int64_t done = 0; done < format.frames;) {
    const std::int64_t count = std::min(at_once, format.frames - done);
    grid[0].clear();
    for (std::int64_t i = done; i < done + count; ++i)
      grid[0].push_back(clock.position(from + static_cast<double>(i) / format.rate.value()));
    block.resize(static_cast<std::size_t>(count) * size);
    evaluator(grid, block);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
      writer->add(std::span<const float>(block).subspan(i * size, size));
    done += count;
    progress.update(static_cast<double>(done) / static_cast<double>(format.frames), -1,
                    [] { return std::string("rendering"); });
  }
  writer->finish();
  return {{"signal", signal_json(format)}};
}

}  // namespace sinefield::cli
