// Another rate for a sound being written, by soxr.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <soxr.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "sinefield/error.h"
#include "sinefield/sound_file.h"

namespace sinefield {
namespace {

constexpr std::size_t block_frames = 4096;

class Resampling final : public SoundWriter {
 public:
  Resampling(std::unique_ptr<SoundWriter> writer, int channels, int from, int to)
      : writer_(std::move(writer)),
        channels_(static_cast<std::size_t>(channels)),
        from_(from),
        to_(to),
        state_(nullptr, &soxr_delete),
        block_(block_frames * channels_) {
    soxr_error_t error = nullptr;
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
    state_.reset(soxr_create(from, to, static_cast<unsigned>(channels), &error, &io, &quality, nullptr));
    if (error != nullptr || !state_)
      throw bad_input(fmt::format("a sound of {} frames a second cannot become one of {}: {}", from, to,
                                  error == nullptr ? "out of memory" : error),
                      "choose a rate nearer to the sound's own");
  }

  void write(std::span<const float> samples) override {
    taken_ += static_cast<std::int64_t>(samples.size() / channels_);
    while (!samples.empty()) samples = samples.subspan(pass(samples.data(), samples.size() / channels_) * channels_);
  }

  void finish() override {
    // What is still in the filter, and silence in the place of what it rounds away.
    while (given_ < wanted()) {
      const std::int64_t before = given_;
      pass(nullptr, 0);
      if (given_ != before) continue;
      std::ranges::fill(block_, 0.0F);
      give(block_.size() / channels_);
    }
    writer_->finish();
  }

 private:
  std::int64_t wanted() const { return (taken_ * to_ + from_ - 1) / from_; }

  /// Returns the number of frames that were taken.
  std::size_t pass(const float* samples, std::size_t frames) {
    std::size_t taken = 0, made = 0;
    if (soxr_process(state_.get(), samples, frames, &taken, block_.data(), block_.size() / channels_, &made) != nullptr)
      throw failure("the sound could not be brought to another rate");
    give(made);
    return taken;
  }

  void give(std::size_t frames) {
    const auto count = std::min(static_cast<std::int64_t>(frames), wanted() - given_);
    writer_->write(std::span(block_).first(static_cast<std::size_t>(count) * channels_));
    given_ += count;
  }

  std::unique_ptr<SoundWriter> writer_;
  std::size_t channels_;
  std::int64_t from_, to_, taken_ = 0, given_ = 0;
  std::unique_ptr<soxr, void (*)(soxr_t)> state_;
  std::vector<float> block_;
};

}  // namespace

std::unique_ptr<SoundWriter> resampling(std::unique_ptr<SoundWriter> writer, int channels, int from_rate, int to_rate) {
  return std::make_unique<Resampling>(std::move(writer), channels, from_rate, to_rate);
}

}  // namespace sinefield
