// A field on the grid of its signal, slab by slab, and a comparison for each kind of signal that sees the slabs of what
// was learned.
// SPDX-License-Identifier: MIT
#include "signal/holdout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "field/indices.h"
#include "sinefield/grid.h"

namespace sinefield {
namespace {

constexpr std::int64_t slab_points = 1 << 20;

/// Figures from slabs of a signal in the order of axis 0.
class Comparison {
 public:
  virtual ~Comparison() = default;
  virtual void add(std::int64_t first, std::span<const float> result, std::span<const float> original) = 0;
  virtual SignalMeasures result() const = 0;
};

class OfPictures final : public Comparison {
 public:
  explicit OfPictures(const Picture& original) : comparison_(original) {}
  void add(std::int64_t first, std::span<const float> result, std::span<const float>) override {
    comparison_.add_rows(first, result);
  }
  SignalMeasures result() const override { return comparison_.result(); }

 private:
  PictureComparison comparison_;
};

class OfSounds final : public Comparison {
 public:
  explicit OfSounds(const SoundFormat& format) : comparison_(format.channels) {}
  void add(std::int64_t, std::span<const float> result, std::span<const float> original) override {
    comparison_.add(result, original);
  }
  SignalMeasures result() const override { return comparison_.result(); }

 private:
  SoundComparison comparison_;
};

class OfVideos final : public Comparison {
 public:
  OfVideos(const VideoFormat& format, FiguresWanted wanted, int threads) : comparison_(format, wanted, threads) {}
  void add(std::int64_t, std::span<const float> result, std::span<const float> original) override {
    comparison_.add(result, original);
  }
  SignalMeasures result() const override { return comparison_.result(); }

 private:
  VideoComparison comparison_;
};

class OfVolumes final : public Comparison {
 public:
  OfVolumes(const VolumeFormat& format, double peak) : comparison_(format, peak) {}
  void add(std::int64_t, std::span<const float> result, std::span<const float> original) override {
    comparison_.add(result, original);
  }
  SignalMeasures result() const override { return comparison_.result(); }

 private:
  VolumeComparison comparison_;
};

std::unique_ptr<Comparison> comparison_with(const Signal& learned, FiguresWanted wanted, int threads) {
  if (learned.picture) return std::make_unique<OfPictures>(*learned.picture);
  if (const auto* sound = std::get_if<SoundFormat>(&learned.format)) return std::make_unique<OfSounds>(*sound);
  if (const auto* video = std::get_if<VideoFormat>(&learned.format))
    return std::make_unique<OfVideos>(*video, wanted, threads);
  return std::make_unique<OfVolumes>(std::get<VolumeFormat>(learned.format), 2 * learned.channels.front().scale);
}

double psnr_of(const SignalMeasures& measures) {
  return std::visit([](const auto& m) { return m.psnr; }, measures);
}

/// Sorts the samples of slabs of the whole: those of even positions were learned, the others inside their hull held
/// out.
struct Sorted {
  std::vector<float> result, original;  ///< of the last slab, what was learned
  double squares = 0;                   ///< errors of all that was held out
  std::int64_t held_out = 0;

  void add(std::span<const float> slab_result, std::span<const float> slab_original, std::span<const std::int64_t> slab,
           std::span<const std::int64_t> sizes, std::int64_t first, int channels, int uncounted) {
    result.clear();
    original.clear();
    for_each_index(slab, [&](std::span<const std::int64_t> at) {
      bool even = true, inside = true;
      for (std::size_t i = 0; i < at.size(); ++i) {
        const std::int64_t position = at[i] + (i == 0 ? first : 0);
        even = even && position % 2 == 0;
        inside = inside && position < sizes[i] - (sizes[i] + 1) % 2;
      }
      for (int c = 0; c < channels; ++c) {
        const float here = slab_result[static_cast<std::size_t>(c)], there = slab_original[static_cast<std::size_t>(c)];
        if (even) {
          result.push_back(here);
          original.push_back(there);
        } else if (inside && c != uncounted) {
          const double error = static_cast<double>(here) - static_cast<double>(there);
          squares += error * error;
          ++held_out;
        }
      }
      slab_result = slab_result.subspan(static_cast<std::size_t>(channels));
      slab_original = slab_original.subspan(static_cast<std::size_t>(channels));
    });
  }
};

}  // namespace

double raw_peak(const SignalFormat& format) { return signal_kind(format) == SignalKind::sound ? 1 : 2; }

void quantise(const SignalFormat& format, std::span<float> values) {
  std::visit(
      [&](const auto& f) {
        if constexpr (requires { f.type; })
          for (float& value : values) value = quantised(value, f.type);
      },
      format);
}

FitFigures evaluate(const Field& field, const Signal& whole, const Signal& learned, Holdout holdout,
                    FiguresWanted wanted, const ComputeOptions& compute) {
  const std::vector<std::int64_t>& sizes = whole.samples->sizes();
  const int channels = whole.samples->channels();
  std::int64_t line = 1;  // points of one position of axis 0
  for (std::size_t i = 1; i < sizes.size(); ++i) line *= sizes[i];
  const std::int64_t at_once = std::max<std::int64_t>(1, slab_points / line);

  GridEvaluator evaluator(field, compute);
  const std::unique_ptr<Comparison> comparison = comparison_with(learned, wanted, compute.threads);
  Sorted sorted;
  std::vector<std::vector<double>> positions;
  for (const std::int64_t size : sizes) positions.push_back(whole_positions(0, size));
  std::vector<std::int64_t> first(sizes.size(), 0), slab = sizes;
  std::vector<float> result, original;
  for (; first[0] < sizes[0]; first[0] += at_once) {
    slab[0] = std::min(at_once, sizes[0] - first[0]);
    positions[0] = whole_positions(first[0], slab[0]);
    result.resize(static_cast<std::size_t>(slab[0] * line * channels));
    evaluator(positions, result);
    quantise(whole.format, result);
    original.resize(result.size());
    whole.samples->read(first, slab, original.data());
    if (holdout == Holdout::none) {
      comparison->add(first[0], result, original);
      continue;
    }
    sorted.add(result, original, slab, sizes, first[0], channels, uncounted_channel(whole.format));
    comparison->add((first[0] + 1) / 2, sorted.result, sorted.original);
  }
  FitFigures figures;
  figures.wanted = signal_kind(whole.format) == SignalKind::video ? wanted : FiguresWanted::all;
  figures.measures = comparison->result();
  figures.psnr = psnr_of(figures.measures);
  if (sorted.held_out > 0) {
    const double peak = raw_peak(whole.format) * learned.channels[uncounted_channel(whole.format) == 0 ? 1 : 0].scale;
    figures.held_out_psnr = 10 * std::log10(peak * peak * static_cast<double>(sorted.held_out) / sorted.squares);
  }
  return figures;
}

}  // namespace sinefield
