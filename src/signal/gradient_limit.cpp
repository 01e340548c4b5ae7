// Poisson's equation in cosines: with u = sum a_kl cos(k y) cos(l x), the gradient is a sum of sines and cosines, and
// a_kl = -(k s_kl + l t_kl) / (k^2 + l^2), s and t the sine-cosine transforms of the two derivatives.
// SPDX-License-Identifier: MIT
#include "signal/gradient_limit.h"

#include <kissfft/kiss_fft.h>

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

/// The three transforms of lines of n numbers at half-integer places, through Fourier's of 2n.
class HalfWaves {
 public:
  explicit HalfWaves(std::int64_t n)
      : n_(static_cast<std::size_t>(n)),
        forward_(plan(2 * n, 0), ::free),
        backward_(plan(2 * n, 1), ::free),
        from_(2 * n_),
        to_(2 * n_) {
    for (std::size_t k = 0; k < n_; ++k) {
      const double angle = std::numbers::pi * static_cast<double>(k) / (2 * static_cast<double>(n_));
      turns_.push_back({std::cos(angle), std::sin(angle)});
    }
  }

  /// X_k = sum x_i cos(pi k (i + 1/2) / n)
  void cosines(float* x, std::size_t stride) { analyse(x, stride, 1); }
  /// X_k = sum x_i sin(pi k (i + 1/2) / n)
  void sines(float* x, std::size_t stride) { analyse(x, stride, -1); }
  /// x_i of the cosines X_k: the inverse of `cosines`.
  void sum_of_cosines(float* x, std::size_t stride) {
    for (std::size_t k = 0; k < n_; ++k) {
      const double value = static_cast<double>(x[k * stride]) * (k == 0 ? 0.5 : 1);
      from_[k] = {static_cast<float>(value * turns_[k].cosine), static_cast<float>(value * turns_[k].sine)};
      from_[n_ + k] = {0, 0};
    }
    kiss_fft(backward_.get(), from_.data(), to_.data());
    for (std::size_t i = 0; i < n_; ++i) x[i * stride] = 2 * to_[i].r / static_cast<float>(n_);
  }

 private:
  struct Turn {  // by pi k / 2n
    double cosine, sine;
  };
  using Plan = std::unique_ptr<kiss_fft_state, void (*)(void*)>;

  static kiss_fft_state* plan(std::int64_t size, int inverse) {
    kiss_fft_state* made = kiss_fft_alloc(static_cast<int>(size), inverse, nullptr, nullptr);
    if (made == nullptr) throw std::bad_alloc();
    return made;
  }
  void analyse(float* x, std::size_t stride, float mirrored) {
    for (std::size_t i = 0; i < n_; ++i) {
      from_[i] = {x[i * stride], 0};
      from_[2 * n_ - 1 - i] = {mirrored * x[i * stride], 0};
    }
    kiss_fft(forward_.get(), from_.data(), to_.data());
    for (std::size_t k = 0; k < n_; ++k) {
      const double real = static_cast<double>(to_[k].r), imaginary = static_cast<double>(to_[k].i);
      const double cosine = turns_[k].cosine, sine = -turns_[k].sine;
      x[k * stride] = static_cast<float>(
          0.5 * (mirrored > 0 ? real * cosine - imaginary * sine : -(real * sine + imaginary * cosine)));
    }
  }

  std::size_t n_;
  Plan forward_, backward_;
  std::vector<kiss_fft_cpx> from_, to_;
  std::vector<Turn> turns_;
};

}  // namespace

double gradient_limit(const Picture& picture) {
  const auto height = static_cast<std::size_t>(picture.format.height),
             width = static_cast<std::size_t>(picture.format.width),
             channels = static_cast<std::size_t>(picture.format.channel_count());
  const Signal signal = picture_signal(picture);
  const std::vector<float> slopes = read_all(DerivativeSamples(*signal.samples));

  HalfWaves columns(picture.format.height), rows(picture.format.width);
  Picture result = picture;
  std::vector<float> along_y(height * width), along_x(height * width);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t p = 0; p < along_y.size(); ++p) {
      along_y[p] = slopes[p * 2 * channels + c];
      along_x[p] = slopes[(p * 2 + 1) * channels + c];
    }
    for (std::size_t y = 0; y < height; ++y) {
      rows.cosines(&along_y[y * width], 1);
      rows.sines(&along_x[y * width], 1);
    }
    for (std::size_t x = 0; x < width; ++x) {
      columns.sines(&along_y[x], width);
      columns.cosines(&along_x[x], width);
    }
    for (std::size_t k = 0; k < height; ++k)
      for (std::size_t l = 0; l < width; ++l) {
        const double wave_y = std::numbers::pi * static_cast<double>(k) / static_cast<double>(height),
                     wave_x = std::numbers::pi * static_cast<double>(l) / static_cast<double>(width);
        const double squares = wave_y * wave_y + wave_x * wave_x;
        float& a = along_y[k * width + l];
        a = squares == 0 ? 0
                         : static_cast<float>(-(wave_y * static_cast<double>(a) +
                                                wave_x * static_cast<double>(along_x[k * width + l])) /
                                              squares);
      }
    for (std::size_t x = 0; x < width; ++x) columns.sum_of_cosines(&along_y[x], width);
    for (std::size_t y = 0; y < height; ++y) rows.sum_of_cosines(&along_y[y * width], 1);
    BestLine line;
    for (std::size_t p = 0; p < along_y.size(); ++p)
      line.add(static_cast<double>(along_y[p]), static_cast<double>(picture.samples[p * channels + c]));
    const ChannelMap best = line.map();
    for (std::size_t p = 0; p < along_y.size(); ++p)
      result.samples[p * channels + c] = quantised(
          static_cast<float>(best.scale * static_cast<double>(along_y[p]) + best.offset), picture.format.type);
  }
  return compare(result, picture).psnr;
}

}  // namespace sinefield
