// Poisson's equation in sines. With u = sum a_kl sin(k y) sin(l x), zero on the border, a_kl = -f_kl / (k^2 + l^2),
// f_kl the sine transform of the differences. A harmonic function with the sines sin(k y) on the side x = 0 and zero on
// the others is the sum of sin(k y) sinh(k (L - x)) / sinh(k L); the plane a + b y + c x + d x y takes the corners
// away.
// SPDX-License-Identifier: MIT
#include "signal/laplacian_limit.h"

#include <kissfft/kiss_fft.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <numbers>
#include <vector>

#include "signal/best_line.h"
#include "signal/derivative_samples.h"
#include "signal/samples_in_memory.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

/// X_k = sum x_i sin(pi k i / (n - 1)) over the inner ones of n numbers, k = 1 .. n - 2, in the places of the x_i;
/// through Fourier's transform of 2 (n - 1). Twice it is the same times (n - 1) / 2.
class InnerSines {
 public:
  explicit InnerSines(std::size_t n)
      : n_(n),
        plan_(kiss_fft_alloc(static_cast<int>(2 * (n - 1)), 0, nullptr, nullptr), ::free),
        from_(2 * (n - 1)),
        to_(2 * (n - 1)) {
    if (plan_ == nullptr) throw std::bad_alloc();
  }

  void transform(float* x, std::size_t stride) {
    from_[0] = from_[n_ - 1] = {0, 0};
    for (std::size_t i = 1; i + 1 < n_; ++i) {
      from_[i] = {x[i * stride], 0};
      from_[2 * (n_ - 1) - i] = {-x[i * stride], 0};
    }
    kiss_fft(plan_.get(), from_.data(), to_.data());
    for (std::size_t k = 1; k + 1 < n_; ++k) x[k * stride] = -0.5F * to_[k].i;
  }
  double wave(std::size_t k) const { return std::numbers::pi * static_cast<double>(k) / static_cast<double>(n_ - 1); }

 private:
  std::size_t n_;
  std::unique_ptr<kiss_fft_state, void (*)(void*)> plan_;
  std::vector<kiss_fft_cpx> from_, to_;
};

/// One channel of a picture, and what is made of it.
class Plane {
 public:
  Plane(std::size_t height, std::size_t width)
      : height_(height), width_(width), columns_(height), rows_(width), u_(height * width) {}

  /// The smooth picture with these second differences (inside) and this border.
  const std::vector<float>& solve(const std::vector<float>& values, std::vector<float> differences) {
    sines(differences);
    const double whole = 4 / static_cast<double>((height_ - 1) * (width_ - 1));  // of both transforms back
    for (std::size_t k = 1; k + 1 < height_; ++k)
      for (std::size_t l = 1; l + 1 < width_; ++l) {
        const double y = columns_.wave(k), x = rows_.wave(l);
        float& a = differences[k * width_ + l];
        a = static_cast<float>(-whole * static_cast<double>(a) / (y * y + x * x));
      }
    sines(differences);
    for (std::size_t y = 0; y < height_; ++y)
      for (std::size_t x = 0; x < width_; ++x) {
        const bool inside = y > 0 && y + 1 < height_ && x > 0 && x + 1 < width_;
        u_[y * width_ + x] = static_cast<float>(corners(values, y, x)) + (inside ? differences[y * width_ + x] : 0);
      }
    for (const bool far : {false, true}) {
      add_side(values, columns_, height_, width_, width_, 1, far);
      add_side(values, rows_, width_, height_, 1, width_, far);
    }
    return u_;
  }

 private:
  void sines(std::vector<float>& plane) {
    for (std::size_t y = 1; y + 1 < height_; ++y) rows_.transform(&plane[y * width_], 1);
    for (std::size_t x = 1; x + 1 < width_; ++x) columns_.transform(&plane[x], width_);
  }

  double corners(const std::vector<float>& values, std::size_t y, std::size_t x) const {
    const auto at = [&](std::size_t row, std::size_t column) {
      return static_cast<double>(values[row * width_ + column]);
    };
    const double t = static_cast<double>(y) / static_cast<double>(height_ - 1),
                 s = static_cast<double>(x) / static_cast<double>(width_ - 1);
    return (1 - t) * ((1 - s) * at(0, 0) + s * at(0, width_ - 1)) +
           t * ((1 - s) * at(height_ - 1, 0) + s * at(height_ - 1, width_ - 1));
  }

  /// The harmonic function of one side of n pixels, `stride` apart, that goes `depth` pixels into the picture, `step`
  /// apart.
  void add_side(const std::vector<float>& values, InnerSines& waves, std::size_t n, std::size_t depth,
                std::size_t stride, std::size_t step, bool far) {
    std::vector<float> side(n), line(n);
    const std::size_t start = far ? (depth - 1) * step : 0;
    for (std::size_t i = 1; i + 1 < n; ++i) {
      const std::size_t at = start + i * stride;
      side[i] = static_cast<float>(static_cast<double>(values[at]) - corners(values, at / width_, at % width_));
    }
    waves.transform(side.data(), 1);
    const auto last = static_cast<double>(depth - 1);
    for (std::size_t d = 0; d < depth; ++d) {
      for (std::size_t k = 1; k + 1 < n; ++k) {
        // sinh(k (L - d)) / sinh(k L) without overflow
        const double wave = waves.wave(k), inward = static_cast<double>(d);
        const double ratio =
            (std::exp(-wave * inward) - std::exp(-wave * (2 * last - inward))) / (1 - std::exp(-2 * wave * last));
        line[k] = static_cast<float>(2 / static_cast<double>(n - 1) * ratio * static_cast<double>(side[k]));
      }
      waves.transform(line.data(), 1);
      for (std::size_t i = 1; i + 1 < n; ++i) u_[(far ? depth - 1 - d : d) * step + i * stride] += line[i];
    }
  }

  std::size_t height_, width_;
  InnerSines columns_, rows_;
  std::vector<float> u_;
};

}  // namespace

double laplacian_limit(const Picture& picture) {
  const auto channels = static_cast<std::size_t>(picture.format.channel_count());
  const Signal signal = picture_signal(picture);
  const std::vector<float> differences = read_all(DerivativeSamples(*signal.samples, Supervise::laplacian));
  Plane plane(static_cast<std::size_t>(picture.format.height), static_cast<std::size_t>(picture.format.width));
  Picture result = picture;
  const std::size_t points = differences.size() / channels;
  std::vector<float> values(points), of_channel(points);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t p = 0; p < points; ++p) {
      values[p] = picture.samples[p * channels + c];
      of_channel[p] = differences[p * channels + c];
    }
    const std::vector<float>& u = plane.solve(values, of_channel);
    BestLine line;
    for (std::size_t p = 0; p < points; ++p) line.add(static_cast<double>(u[p]), static_cast<double>(values[p]));
    const ChannelMap best = line.map();
    for (std::size_t p = 0; p < points; ++p)
      result.samples[p * channels + c] =
          quantised(static_cast<float>(best.scale * static_cast<double>(u[p]) + best.offset), picture.format.type);
  }
  return compare(result, picture).psnr;
}

}  // namespace sinefield
