// Runs on small sounds: their quality, what lies between the samples learned, their bits, how they end, and what cannot
// be learned.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <iostream>

#include "fit_signals.h"
#include "refusal.h"

namespace sinefield {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A sound as a signal, and the folder that its samples are in.
struct Stored {
  explicit Stored(const Sound& sound) {
    FakeSound reader(sound);
    signal = sound_signal(reader, folder.path());
  }
  TemporaryFolder folder;
  Signal signal;
};

const Stored& stored_chord(int channels) {
  static const Stored mono(chord(1)), stereo(chord(2));
  return channels == 1 ? mono : stereo;
}

const SoundMeasures& figures(const FitReport& report) { return std::get<SoundMeasures>(report.measures); }

FitOptions tiles(std::int64_t steps, std::uint64_t seed = 0) {
  return grid_options(SignalKind::sound, {32}, steps, seed);
}

FitOptions network(std::int64_t steps, std::uint64_t seed = 0) {
  FitOptions options = network_options(SignalKind::sound, steps);
  options.recipe.width = 64;
  options.recipe.lr = 5e-4;
  options.seed = seed;
  return options;
}

TEST(FitSound, tiles_reach_their_quality) {
  for (const int channels : {1, 2})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto [field, report] = fit(stored_chord(channels).signal, tiles(300, seed));
      std::cout << channels << " channels: " << report.psnr << " dB\n";
      EXPECT_GE(report.psnr, channels == 1 ? 49 : 42) << "3 dB or more above were seen";
      EXPECT_EQ(field.kind, FieldKind::tiles);
      EXPECT_EQ(field.networks.size(), 32U);
      EXPECT_EQ(field.outputs(), channels);
      EXPECT_EQ(field.sound()->frames, 8000);
      EXPECT_EQ(report.total_steps, 32 * 300);
    }
}

TEST(FitSound, one_network_reaches_its_quality) {
  for (const int channels : {1, 2})
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const auto [field, report] = fit(stored_chord(channels).signal, network(400, seed));
      std::cout << channels << " channels: " << report.psnr << " dB\n";
      EXPECT_GE(report.psnr, channels == 1 ? 35 : 25) << "3 dB or more above were seen";
      EXPECT_EQ(field.kind, FieldKind::network);
    }
}

TEST(FitSound, figures_are_those_of_the_sound_as_it_would_be_written) {
  const Stored& stored = stored_chord(2);
  const auto [field, report] = fit(stored.signal, tiles(100));
  std::vector<float> written = values_of(field);
  for (float& value : written) value = quantised(value, SoundType::s16);
  SoundComparison comparison(2);
  comparison.add(written, all_samples(stored.signal));
  const SoundMeasures expected = comparison.result();
  EXPECT_EQ(figures(report).psnr, expected.psnr);
  EXPECT_EQ(figures(report).snr, expected.snr);
  EXPECT_EQ(figures(report).log_spectral_distance, expected.log_spectral_distance);
  EXPECT_EQ(report.psnr, expected.psnr);
}

TEST(FitSound, is_as_good_between_the_samples_learned) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(400) : network(400);
    options.holdout = Holdout::between;
    const FitReport report = fit(stored_chord(2).signal, options).report;
    ASSERT_TRUE(report.held_out_psnr.has_value());
    std::cout << report.psnr << " dB, held out " << *report.held_out_psnr << "\n";
    EXPECT_NEAR(*report.held_out_psnr, report.psnr, 3);
  }
}

TEST(FitSound, has_the_same_bits_for_any_number_of_threads) {
  for (const bool tiled : {true, false}) {
    FitOptions options = tiled ? tiles(100) : network(30);
    const FitResult alone = fit(stored_chord(2).signal, options);
    options.compute.threads = 3;
    const FitResult together = fit(stored_chord(2).signal, options);
    EXPECT_TRUE(parameters_of(alone.field) == parameters_of(together.field));
    EXPECT_EQ(alone.report.psnr, together.report.psnr);
    EXPECT_EQ(alone.report.loss, together.report.loss);
  }
}

TEST(FitSound, goes_on_after_an_interruption_with_the_same_bits) {
  for (const bool tiled : {true, false}) {
    const Signal& signal = stored_chord(2).signal;
    FitOptions options = tiled ? tiles(300) : network(60);
    const FitResult undisturbed = fit(signal, options);
    const TemporaryFolder folder;
    options.checkpoints.state = folder / "run.state";
    options.checkpoints.resume = true;
    for (const int calls : {3, 40}) {
      const FitReport cut = interrupted_after(calls, signal, options);
      ASSERT_EQ(cut.stopped_by, StoppedBy::interruption);
      ASSERT_LT(cut.total_steps, undisturbed.report.total_steps);
    }
    options.compute.threads = 3;
    const FitResult resumed = fit(signal, options);
    EXPECT_TRUE(parameters_of(resumed.field) == parameters_of(undisturbed.field));
    EXPECT_EQ(figures(resumed.report).snr, figures(undisturbed.report).snr);
    EXPECT_EQ(resumed.report.total_steps, undisturbed.report.total_steps);

    // Another sound of the same format is another run.
    Sound other = chord(2);
    other.samples[77] += 1.0F / 32768;
    const Stored stored(other);
    EXPECT_NE(fit_fingerprint(stored.signal, options), fit_fingerprint(signal, options));
    EXPECT_THAT(refusal([&] {
                  FitOptions again = options;
                  std::filesystem::remove(again.checkpoints.state);
                  interrupted_after(2, signal, again);
                  fit(stored.signal, again);
                }),
                HasSubstr("its sound is 8000 x 2"));
  }
}

TEST(FitSound, of_silence_is_exact_without_a_step) {
  Sound silence = chord(2, 3000);
  std::ranges::fill(silence.samples, 0.0F);
  const Stored stored(silence);
  FitOptions options = tiles(100);
  options.recipe.tiles.along = {3};
  const auto [field, report] = fit(stored.signal, options);
  EXPECT_EQ(report.total_steps, 0);
  EXPECT_EQ(report.psnr, std::numeric_limits<double>::infinity());
  EXPECT_THAT(values_of(field), testing::Each(0));
  options.snr = 30;
  EXPECT_THAT(refusal([&] { fit(stored.signal, options); }), HasSubstr("snr of silence"));
}

TEST(FitSound, of_sound_and_silence_spends_no_step_on_silence) {
  Sound sound = chord(1);
  std::fill_n(sound.samples.begin(), 4000, 0.0F);
  FitOptions options = tiles(100);
  options.recipe.tiles.along = {4};
  options.recipe.overlap = 0;
  const auto [field, report] = fit(Stored(sound).signal, options);
  EXPECT_EQ(report.total_steps, 200);
  const std::vector<float> values = values_of(field);
  EXPECT_THAT(std::vector(values.begin(), values.begin() + 4000), testing::Each(0));
}

TEST(FitSound, ends_at_the_ratio_asked_for) {
  // Tiles end between two rounds of cycles, of which the first takes 100 steps of each.
  for (const bool tiled : {true, false})
    for (const double snr : tiled ? std::array{40.0, 44.0} : std::array{25.0, 29.0}) {
      FitOptions options = tiled ? tiles(1) : network(2000);
      if (tiled) options.steps.reset();
      options.snr = snr;
      std::vector<double> looks;
      options.on_progress = [&](const FitProgress& progress) {
        if (progress.psnr) looks.push_back(*progress.psnr);
      };
      const FitReport report = fit(stored_chord(1).signal, options).report;
      std::cout << snr << " dB: " << figures(report).snr << " after " << report.total_steps << " steps\n";
      EXPECT_EQ(report.stopped_by, StoppedBy::psnr);
      EXPECT_GE(figures(report).snr, snr - 1e-9);
      ASSERT_FALSE(looks.empty());
      EXPECT_EQ(looks.back(), report.psnr);
      looks.pop_back();
      EXPECT_THAT(looks, testing::Each(testing::Lt(report.psnr - figures(report).snr + snr)))
          << "an earlier look saw it";
    }
  FitOptions both = tiles(100);
  both.snr = both.psnr = 30;
  EXPECT_THAT(refusal([&] { fit(stored_chord(1).signal, both); }), HasSubstr("psnr and snr are given"));
}

TEST(FitSound, is_no_worse_where_tiles_meet) {
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const Stored& stored = stored_chord(1);
    const Field field = fit(stored.signal, tiles(300, seed)).field;
    const ErrorsByPlace errors = errors_by_place(field, all_samples(stored.signal));
    std::cout << "at borders " << errors.at_borders / errors.elsewhere << " of the error elsewhere\n";
    EXPECT_LE(errors.at_borders, 1.3 * errors.elsewhere);
  }
}

TEST(FitSound, the_end_is_as_good_as_the_start) {
  const Stored& stored = stored_chord(1);
  const Field field = fit(stored.signal, tiles(300)).field;
  const std::vector<float> values = values_of(field), original = all_samples(stored.signal);
  const auto error = [&](std::size_t first) {
    double squares = 0;
    for (std::size_t i = first; i < first + 100; ++i)
      squares += std::pow(static_cast<double>(values[i]) - static_cast<double>(original[i]), 2);
    return std::sqrt(squares / 100);
  };
  std::cout << error(0) << ", " << error(7900) << "\n";
  EXPECT_LT(error(7900), 3 * error(0));
  EXPECT_LT(error(0), 3 * error(7900));
}

TEST(FitSound, that_collapses_is_a_failure_with_advice) {
  FitOptions options = network(600);
  options.recipe.hidden_layers = 3;
  options.recipe.omega_first = 1e6;
  options.recipe.lr = 0.05;
  const Thrown seen = thrown_by([&] { fit(stored_chord(1).signal, options); });
  EXPECT_EQ(seen.kind, ErrorKind::failure);
  EXPECT_THAT(seen.message, HasSubstr("collapsed: after 600 steps"));
  EXPECT_THAT(seen.hint, AllOf(HasSubstr("smaller --lr than 0.05"), HasSubstr("smaller --omega-first than 1000000")));
}

TEST(FitSound, options_of_tiles_must_fit_its_frames) {
  FitOptions options = grid_options(SignalKind::sound, {9000}, 10);
  EXPECT_THAT(refusal([&] { fit(stored_chord(1).signal, options); }),
              HasSubstr("9000 tiles for a sound of 8000 samples"));
  options.recipe.tiles.along = {2, 2};
  EXPECT_THAT(refusal([&] { fit(stored_chord(1).signal, options); }),
              HasSubstr("2 x 2 tiles for a sound of 8000 samples"));
}

}  // namespace
}  // namespace sinefield
