// Frames as pictures, one on a worker.
// SPDX-License-Identifier: MIT
#include "sinefield/video_measures.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "engine/workers.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double decibels(double peak, double mse) { return mse == 0 ? infinity : 10 * std::log10(peak * peak / mse); }

double mean_squared_error(std::span<const float> result, std::span<const float> original) {
  double sum = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double error = static_cast<double>(result[i]) - static_cast<double>(original[i]);
    sum += error * error;
  }
  return sum / static_cast<double>(result.size());
}

}  // namespace

struct VideoComparison::State {
  PictureFormat frame;
  FiguresWanted figures;
  std::unique_ptr<engine::Workers> workers;
  std::vector<double> mse, similarity, decibels;  // of each frame
};

VideoComparison::VideoComparison(const VideoFormat& format, FiguresWanted figures, int threads)
    : state_(std::make_unique<State>()) {
  state_->frame = {
      .height = format.height, .width = format.width, .type = format.type, .channels = format.channels, .icc = {}};
  state_->figures = figures;
  state_->workers = engine::make_workers(threads);
}
VideoComparison::~VideoComparison() = default;
VideoComparison::VideoComparison(VideoComparison&&) noexcept = default;

void VideoComparison::add(std::span<const float> result, std::span<const float> original) {
  State& s = *state_;
  const auto size = static_cast<std::size_t>(s.frame.height * s.frame.width * s.frame.channel_count());
  if (result.size() != original.size() || result.size() % size != 0)
    throw bad_input(fmt::format("{} and {} samples to compare are not whole frames of {} both", result.size(),
                                original.size(), size));
  const std::size_t first = s.mse.size(), count = result.size() / size;
  s.mse.resize(first + count);
  s.similarity.resize(first + count, std::numeric_limits<double>::quiet_NaN());
  std::atomic<std::size_t> next = 0;
  s.workers->run([&](int) {
    for (std::size_t i = next++; i < count; i = next++) {
      const auto mine = result.subspan(i * size, size), theirs = original.subspan(i * size, size);
      s.mse[first + i] = mean_squared_error(mine, theirs);
      if (s.figures == FiguresWanted::psnr) continue;
      const Picture picture{s.frame, {theirs.begin(), theirs.end()}};
      PictureComparison comparison(picture);
      comparison.add_rows(0, mine);
      s.similarity[first + i] = comparison.result().ssim;
    }
  });
  for (std::size_t i = 0; i < count; ++i)
    s.decibels.push_back(sinefield::decibels(full_scale(s.frame.type), s.mse[first + i]));
}

const std::vector<double>& VideoComparison::frames() const { return state_->decibels; }

VideoMeasures VideoComparison::result() const {
  const State& s = *state_;
  if (s.mse.empty()) throw bad_input("no frames have been compared");
  const auto count = static_cast<double>(s.mse.size());
  double squares = 0, similarity = 0, sum = 0, different = 0;
  for (std::size_t i = 0; i < s.mse.size(); ++i) {
    squares += s.mse[i];
    similarity += s.similarity[i];
    if (std::isinf(s.decibels[i])) continue;
    sum += s.decibels[i];
    ++different;
  }
  return {.psnr = decibels(full_scale(s.frame.type), squares / count),
          .psnr_mean = different > 0 ? sum / different : infinity,
          .psnr_least = std::ranges::min(s.decibels),
          .ssim = similarity / count};
}

}  // namespace sinefield
