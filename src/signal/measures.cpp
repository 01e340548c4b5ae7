// PSNR and SSIM over a stream of rows. The window sums of SSIM are running sums down each column (add the row that
// enters, take off the row that leaves) followed by a short sum along the row; samples are taken relative to the middle
// of the peak, which keeps the squares small and, for integer types, every sum exact.
// SPDX-License-Identifier: MIT
#include "sinefield/measures.h"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <vector>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr int full_window = 7;
constexpr double k1 = 0.01, k2 = 0.03;
constexpr std::int64_t chunk = 128;  // window sums computed at once: they stay in the first-level cache

std::int64_t window_for(std::int64_t length) {
  const std::int64_t odd = length % 2 == 1 ? length : length - 1;
  return std::min<std::int64_t>(full_window, odd);
}

std::string size_text(const PictureFormat& format) {
  const int channels = format.channel_count();
  return fmt::format("{} x {} with {} channel{}", format.width, format.height, channels, channels == 1 ? "" : "s");
}

double decibels(double peak, double mse) {
  return mse == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(peak * peak / mse);
}

// The sums over one window that SSIM is made of: x is the original, y the result.
enum Moment { x, y, xx, yy, xy, moments };

}  // namespace

void quantise(Picture& picture) {
  if (picture.format.type == SampleType::f32) return;
  for (float& sample : picture.samples) sample = quantised(sample, picture.format.type);
}

struct PictureComparison::State {
  const Picture& original;
  std::int64_t row_length;  // samples in one row, all channels
  int channels, alpha;      // alpha: -1 where there is none
  std::int64_t window_rows, window_columns;
  double peak = 0, alpha_peak = 0;
  double shift = 0;  // the middle of the original's range
  std::int64_t next_row = 0;
  std::vector<double> squared_error;                 // of each channel
  double similarity = 0;                             // summed over windows and colour channels
  std::vector<float> recent;                         // the last `window_rows` rows of the result, as a ring
  std::array<std::vector<double>, moments> columns;  // sums over the last `window_rows` rows, for each sample of a row
  std::vector<double> row_similarity;

  State(const Picture& picture, std::optional<double> given_peak) : original(picture) {
    const PictureFormat& format = picture.format;
    if (format.height < 1 || format.width < 1 || format.colour_channels() < 1) {
      throw bad_input(fmt::format("cannot measure a picture of {}", size_text(format)),
                      "a picture needs at least one pixel and one colour channel");
    }
    channels = format.channel_count();
    alpha = format.alpha;
    row_length = format.width * channels;
    if (picture.samples.size() != static_cast<std::size_t>(format.height * row_length)) {
      throw bad_input(fmt::format("the picture to compare with holds {} samples, but its size is {}",
                                  picture.samples.size(), size_text(format)));
    }
    window_rows = window_for(format.height);
    window_columns = window_for(format.width);
    measure_range();
    alpha_peak = format.type == SampleType::f32 ? 1.0 : peak;
    if (given_peak) {
      if (!(*given_peak > 0) || !std::isfinite(*given_peak)) {
        throw bad_input(fmt::format("a peak of {} to measure with, expected a finite number above 0", *given_peak));
      }
      peak = *given_peak;
    }
    squared_error.assign(static_cast<std::size_t>(channels), 0.0);
    recent.assign(static_cast<std::size_t>(window_rows * row_length), 0.0f);
    for (auto& sums : columns) sums.assign(static_cast<std::size_t>(row_length), 0.0);
    row_similarity.assign(static_cast<std::size_t>(row_length - (window_columns - 1) * channels), 0.0);
  }

  void measure_range() {
    if (original.format.type != SampleType::f32) {
      peak = full_scale(original.format.type);
      shift = std::floor(peak / 2);
      return;
    }
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < original.samples.size(); ++i) {
      if (static_cast<int>(i % static_cast<std::size_t>(channels)) == alpha) continue;
      low = std::min<double>(low, original.samples[i]);
      high = std::max<double>(high, original.samples[i]);
    }
    peak = high > low ? high - low : 1.0;
    shift = low + (high - low) / 2;
  }

  float* recent_row(std::int64_t row) { return recent.data() + row % window_rows * row_length; }

  void add_row(const float* row) {
    const float* reference = original.row(next_row);
    std::vector<double> row_error(static_cast<std::size_t>(channels), 0.0);
    for (std::int64_t i = 0; i < row_length; i += channels) {
      for (int c = 0; c < channels; ++c) {
        const double error = static_cast<double>(row[i + c]) - static_cast<double>(reference[i + c]);
        row_error[static_cast<std::size_t>(c)] += error * error;
      }
    }
    for (std::size_t c = 0; c < row_error.size(); ++c) squared_error[c] += row_error[c];

    if (next_row < window_rows) {
      enter_columns(reference, row);
    } else {
      replace_in_columns(reference, row, original.row(next_row - window_rows), recent_row(next_row));
    }
    std::copy_n(row, row_length, recent_row(next_row));
    ++next_row;
    if (next_row >= window_rows) add_window_row();
  }

  void enter_columns(const float* reference, const float* row) {
    for (std::int64_t i = 0; i < row_length; ++i) {
      const double a = reference[i] - shift, b = row[i] - shift;
      columns[x][static_cast<std::size_t>(i)] += a;
      columns[y][static_cast<std::size_t>(i)] += b;
      columns[xx][static_cast<std::size_t>(i)] += a * a;
      columns[yy][static_cast<std::size_t>(i)] += b * b;
      columns[xy][static_cast<std::size_t>(i)] += a * b;
    }
  }

  void replace_in_columns(const float* reference, const float* row, const float* old_reference, const float* old_row) {
    double* const __restrict sum_x = columns[x].data();
    double* const __restrict sum_y = columns[y].data();
    double* const __restrict sum_xx = columns[xx].data();
    double* const __restrict sum_yy = columns[yy].data();
    double* const __restrict sum_xy = columns[xy].data();
    for (std::int64_t i = 0; i < row_length; ++i) {
      const double a = reference[i] - shift, b = row[i] - shift;
      const double old_a = old_reference[i] - shift, old_b = old_row[i] - shift;
      sum_x[i] += a - old_a;
      sum_y[i] += b - old_b;
      sum_xx[i] += a * a - old_a * old_a;
      sum_yy[i] += b * b - old_b * old_b;
      sum_xy[i] += a * b - old_a * old_b;
    }
  }

  // SSIM of every window whose last row is the one just added.
  void add_window_row() {
    const std::int64_t count = static_cast<std::int64_t>(row_similarity.size());
    const auto points = static_cast<double>(window_rows * window_columns);
    const double sample = points > 1 ? points / (points - 1) : 1.0;  // covariance with n - 1 in the denominator
    const double c1 = k1 * peak * (k1 * peak), c2 = k2 * peak * (k2 * peak);
    for (std::int64_t first = 0; first < count; first += chunk) {
      const std::int64_t length = std::min(chunk, count - first);
      std::array<std::array<double, chunk>, moments> sums{};
      for (std::size_t m = 0; m < moments; ++m) {
        for (std::int64_t k = 0; k < window_columns; ++k) {
          const double* column = columns[m].data() + first + k * channels;
          for (std::int64_t i = 0; i < length; ++i) sums[m][static_cast<std::size_t>(i)] += column[i];
        }
      }
      for (std::size_t i = 0; i < static_cast<std::size_t>(length); ++i) {
        const double mean_x = sums[x][i] / points, mean_y = sums[y][i] / points;
        const double variance_x = sample * (sums[xx][i] / points - mean_x * mean_x);
        const double variance_y = sample * (sums[yy][i] / points - mean_y * mean_y);
        const double covariance = sample * (sums[xy][i] / points - mean_x * mean_y);
        const double u = mean_x + shift, v = mean_y + shift;
        row_similarity[static_cast<std::size_t>(first) + i] =
            (2 * u * v + c1) * (2 * covariance + c2) / ((u * u + v * v + c1) * (variance_x + variance_y + c2));
      }
    }
    double row_sum = 0;
    for (std::int64_t i = 0; i < count; i += channels) {
      for (int c = 0; c < channels; ++c) {
        if (c != alpha) row_sum += row_similarity[static_cast<std::size_t>(i + c)];
      }
    }
    similarity += row_sum;
  }
};

PictureComparison::PictureComparison(const Picture& original, std::optional<double> peak)
    : state_(std::make_unique<State>(original, peak)) {}
PictureComparison::PictureComparison(PictureComparison&&) noexcept = default;
PictureComparison& PictureComparison::operator=(PictureComparison&&) noexcept = default;
PictureComparison::~PictureComparison() = default;

void PictureComparison::add_rows(std::int64_t first_row, std::span<const float> rows) {
  State& state = *state_;
  if (first_row != state.next_row) {
    throw bad_input(fmt::format("rows to compare start at row {}, expected row {}", first_row, state.next_row),
                    "add rows in order from the top");
  }
  const auto length = static_cast<std::int64_t>(rows.size());
  if (length % state.row_length != 0) {
    throw bad_input(fmt::format("{} samples to compare are not whole rows of {}", length, state.row_length));
  }
  const std::int64_t count = length / state.row_length;
  const std::int64_t height = state.original.format.height;
  if (first_row + count > height) {
    throw bad_input(fmt::format("rows {} to {} to compare lie outside a picture of {} rows", first_row,
                                first_row + count - 1, height));
  }
  for (std::int64_t i = 0; i < count; ++i) state.add_row(rows.data() + i * state.row_length);
}

PictureMeasures PictureComparison::result() const {
  const State& state = *state_;
  const PictureFormat& format = state.original.format;
  if (state.next_row != format.height) {
    throw bad_input(fmt::format("only {} of {} rows have been compared", state.next_row, format.height),
                    "add every row before asking for the result");
  }
  const auto pixels = static_cast<double>(format.height * format.width);
  double squared_error = 0;
  for (int c = 0; c < state.channels; ++c) {
    if (c != state.alpha) squared_error += state.squared_error[static_cast<std::size_t>(c)];
  }
  PictureMeasures measures{};
  measures.mse = squared_error / (pixels * format.colour_channels());
  measures.psnr = decibels(state.peak, measures.mse);
  const auto windows = static_cast<double>((format.height - state.window_rows + 1) *
                                           (format.width - state.window_columns + 1) * format.colour_channels());
  measures.ssim = state.similarity / windows;
  measures.psnr_alpha = std::numeric_limits<double>::quiet_NaN();
  if (state.alpha >= 0) {
    measures.psnr_alpha =
        decibels(state.alpha_peak, state.squared_error[static_cast<std::size_t>(state.alpha)] / pixels);
  }
  return measures;
}

PictureMeasures compare(const Picture& result, const Picture& original) {
  const PictureFormat &a = result.format, &b = original.format;
  if (a.height != b.height || a.width != b.width || a.channel_count() != b.channel_count()) {
    throw bad_input(fmt::format("pictures of different sizes: {} against {}", size_text(a), size_text(b)),
                    "compare pictures of the same width, height and channels");
  }
  if (a.alpha != b.alpha) {
    throw bad_input(
        fmt::format("pictures of the same size, {}, but only one has an alpha channel or they have it in "
                    "different places ({} against {})",
                    size_text(a), a.alpha, b.alpha));
  }
  PictureComparison comparison(original);
  comparison.add_rows(0, result.samples);
  return comparison.result();
}

}  // namespace sinefield
