// Signals of every kind: samples that come back as they went in, box by box, their maps and coordinates, and what is
// left behind. Readers are fakes: no file is decoded here.
// SPDX-License-Identifier: MIT
#include "sinefield/signal.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <optional>
#include <random>
#include <sstream>

#include "fake_readers.h"
#include "fit_pictures.h"
#include "refusal.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Sizes = std::vector<std::int64_t>;

std::vector<float> numbers(std::int64_t count, int steps, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<float> drawn;
  for (std::int64_t i = 0; i < count; ++i)
    drawn.push_back(static_cast<float>(random() % static_cast<std::uint64_t>(steps)));
  return drawn;
}

Volume some_volume(std::array<std::int64_t, 3> sizes, int channels, std::array<double, 3> spacing = {1, 1, 1}) {
  Volume volume;
  volume.format.sizes = sizes;
  volume.format.channels = channels;
  volume.format.spacing = spacing;
  volume.format.type = VoxelType::i16;
  volume.samples = numbers(volume.format.voxels() * channels, 1000);
  for (float& sample : volume.samples) sample -= 300;
  return volume;
}

/// Full scale is `steps` of whole numbers.
Sound some_sound(std::int64_t frames, int channels) {
  Sound sound{{.frames = frames, .rate = 800, .channels = channels, .type = SoundType::f32},
              numbers(frames * channels, 2001)};
  for (float& sample : sound.samples) sample = (sample - 1000) / 1250.1F;
  return sound;
}

VideoFormat video_format(std::int64_t frames, std::int64_t height, std::int64_t width, SampleType type, int channels) {
  return {.frames = frames,
          .height = height,
          .width = width,
          .type = type,
          .bits = type == SampleType::u8 ? 8 : 10,
          .channels = channels == 1 ? std::vector<std::string>{"Y"} : std::vector<std::string>{"R", "G", "B"},
          .rate = {25, 1},
          .times = {},
          .pixel_aspect = {1, 1}};
}

std::vector<float> noise_frame(const VideoFormat& format, std::int64_t frame) {
  return numbers(format.frame_samples(), static_cast<int>(full_scale(format.type)) + 1,
                 100 + static_cast<std::uint64_t>(frame));
}

FakeVideo noise_video(const VideoFormat& format) {
  return {format, [format](std::int64_t frame) { return noise_frame(format, frame); }};
}

/// Boxes of all sizes anywhere, empty ones and the whole among them, and single points: those of `expected`, the
/// samples in order.
void expect_samples(const Samples& samples, const std::vector<float>& expected) {
  const Sizes& sizes = samples.sizes();
  const auto channels = static_cast<std::size_t>(samples.channels());
  ASSERT_EQ(expected.size(), static_cast<std::size_t>(samples.points()) * channels);
  std::mt19937_64 random(3);
  const auto below = [&](std::int64_t most) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(most));
  };
  for (int box = 0; box < 80; ++box) {
    Sizes first, count;
    std::int64_t points = 1;
    for (const std::int64_t size : sizes) {
      const bool whole = box == 0 || below(3) == 0;
      first.push_back(whole ? 0 : below(size));
      count.push_back(whole ? size : below(size - first.back() + 1));
      points *= count.back();
    }
    SCOPED_TRACE(fmt::format("first {}, count {}", testing::PrintToString(first), testing::PrintToString(count)));
    std::vector<float> seen(static_cast<std::size_t>(points) * channels + 1, -7);
    samples.read(first, count, seen.data());
    EXPECT_EQ(seen.back(), -7) << "nothing beyond the box";
    Sizes at(sizes.size(), 0);
    for (std::size_t p = 0; p < static_cast<std::size_t>(points); ++p) {
      std::int64_t index = 0;
      for (std::size_t i = 0; i < at.size(); ++i) index = index * sizes[i] + first[i] + at[i];
      for (std::size_t c = 0; c < channels; ++c)
        ASSERT_EQ(seen[p * channels + c], expected[static_cast<std::size_t>(index) * channels + c]);
      for (std::size_t i = at.size(); i-- > 0;) {
        if (++at[i] < count[i]) break;
        at[i] = 0;
      }
    }
  }
  std::vector<float> point(channels);
  for (int i = 0; i < 80; ++i) {
    const std::int64_t index = below(samples.points());
    samples.read_point(index, point.data());
    for (std::size_t c = 0; c < channels; ++c)
      ASSERT_EQ(point[c], expected[static_cast<std::size_t>(index) * channels + c]);
  }
}

// ---- samples

TEST(SignalSamples, of_pictures_and_volumes_come_back_box_by_box) {
  const Picture picture = smooth_picture(13, 9, SampleType::f32, {"R", "G", "A"}, 2);
  const Signal of_picture = picture_signal(picture);
  EXPECT_THAT(of_picture.samples->sizes(), ElementsAre(13, 9));
  expect_samples(*of_picture.samples, picture.samples);
  EXPECT_EQ(of_picture.picture.get(), &picture);
  for (const int channels : {1, 2}) {
    const Volume volume = some_volume({5, 8, 7}, channels);
    const Signal of_volume = volume_signal(volume);
    EXPECT_THAT(of_volume.samples->sizes(), ElementsAre(5, 8, 7));
    expect_samples(*of_volume.samples, volume.samples);
    EXPECT_EQ(of_volume.picture, nullptr);
  }
}

TEST(SignalSamples, of_sounds_come_back_to_the_bit) {
  const TemporaryFolder folder;
  for (const int channels : {1, 2, 5})
    for (const std::int64_t at_once : {1, 100, 100'000}) {
      Sound sound = some_sound(2777, channels);
      sound.samples[17] = 1e-30F;
      sound.format.frames = 0;  // nobody knows
      FakeSound reader(sound, at_once);
      std::vector<double> parts;
      const Signal signal = sound_signal(reader, folder.path(), [&](double part) { parts.push_back(part); });
      EXPECT_EQ(std::get<SoundFormat>(signal.format).frames, 2777);
      EXPECT_THAT(signal.samples->sizes(), ElementsAre(2777));
      EXPECT_EQ(signal.samples->channels(), channels);
      expect_samples(*signal.samples, sound.samples);
      EXPECT_THAT(signal.warnings, ElementsAre("a warning of the sound"));
      EXPECT_THAT(parts, testing::Each(-1));
    }
}

TEST(SignalSamples, of_videos_come_back_to_the_bit) {
  const TemporaryFolder folder;
  for (const SampleType type : {SampleType::u8, SampleType::u16})
    for (const int channels : {1, 3}) {
      const VideoFormat format = video_format(11, 6, 9, type, channels);
      FakeVideo reader = noise_video(format);
      std::vector<double> parts;
      const Signal signal = video_signal(reader, folder.path(), [&](double part) { parts.push_back(part); });
      std::vector<float> expected;
      for (std::int64_t frame = 0; frame < 11; ++frame) {
        const std::vector<float> one = noise_frame(format, frame);
        expected.insert(expected.end(), one.begin(), one.end());
      }
      EXPECT_THAT(signal.samples->sizes(), ElementsAre(11, 6, 9));
      expect_samples(*signal.samples, expected);
      EXPECT_THAT(signal.warnings, ElementsAre("a warning of the video"));
      ASSERT_FALSE(parts.empty());
      EXPECT_TRUE(std::ranges::is_sorted(parts));
      EXPECT_EQ(parts.back(), 1);
    }
}

TEST(SignalSamples, have_a_checksum_that_every_sample_changes) {
  const TemporaryFolder folder;
  Picture picture = rgb_picture(9, 8);
  const std::string of_picture = picture_signal(picture).checksum;
  EXPECT_EQ(picture_signal(picture).checksum, of_picture);
  picture.samples[50] += 1;
  EXPECT_NE(picture_signal(picture).checksum, of_picture);

  Volume volume = some_volume({4, 3, 2}, 1);
  const std::string of_volume = volume_signal(volume).checksum;
  volume.samples.back() += 1;
  EXPECT_NE(volume_signal(volume).checksum, of_volume);

  Sound sound = some_sound(3000, 2);
  const auto of_sound = [&](std::int64_t at_once) {
    FakeSound reader(sound, at_once);
    return sound_signal(reader, folder.path()).checksum;
  };
  const std::string whole = of_sound(3000);
  EXPECT_EQ(of_sound(7), whole) << "however it is read";
  sound.samples[4000] += 1e-7F;
  EXPECT_NE(of_sound(3000), whole);

  const VideoFormat format = video_format(8, 5, 4, SampleType::u8, 3);
  const auto of_video = [&](std::int64_t changed) {
    FakeVideo reader(format, [&](std::int64_t frame) {
      std::vector<float> values = noise_frame(format, frame);
      if (frame == changed) values[7] = values[7] == 0 ? 1 : values[7] - 1;
      return values;
    });
    return video_signal(reader, folder.path()).checksum;
  };
  EXPECT_EQ(of_video(-1), of_video(-1));
  EXPECT_NE(of_video(-1), of_video(0));
  EXPECT_NE(of_video(-1), of_video(7));
}

TEST(SignalSamples, leave_no_file_behind_and_need_a_folder) {
  const TemporaryFolder folder;
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(folder.path()), std::filesystem::directory_iterator());
  };
  {
    FakeSound sound(some_sound(100, 1));
    FakeVideo video = noise_video(video_format(5, 4, 4, SampleType::u8, 1));
    const Signal a = sound_signal(sound, folder.path()), b = video_signal(video, folder.path());
    EXPECT_EQ(files(), 0) << "nothing has a name while it is used";
    EXPECT_EQ(all_samples(a).size(), 100U);
    EXPECT_EQ(all_samples(b).size(), 80U);
  }
  EXPECT_EQ(files(), 0);
  for (const bool is_sound : {true, false}) {
    const Thrown seen = thrown_by([&] {
      FakeSound sound(some_sound(100, 1));
      FakeVideo video = noise_video(video_format(5, 4, 4, SampleType::u8, 1));
      is_sound ? sound_signal(sound, folder / "absent") : video_signal(video, folder / "absent");
    });
    EXPECT_EQ(seen.kind, ErrorKind::failure);
    EXPECT_THAT(seen.message, HasSubstr("absent"));
    EXPECT_FALSE(seen.hint.empty());
  }
}

TEST(SignalSamples, outlive_their_reader_and_are_shared_by_copies) {
  const TemporaryFolder folder;
  const Sound sound = some_sound(500, 2);
  std::optional<Signal> copy;
  {
    FakeSound reader(sound);
    const Signal signal = sound_signal(reader, folder.path());
    copy = signal;
  }
  expect_samples(*copy->samples, sound.samples);
}

TEST(SignalSamples, that_are_none_or_do_not_match_are_refused) {
  const TemporaryFolder folder;
  FakeSound silent({{.frames = 0, .rate = 100}, {}});
  EXPECT_THAT(refusal([&] { sound_signal(silent, folder.path()); }), HasSubstr("sound without samples"));
  FakeVideo still = noise_video(video_format(0, 4, 4, SampleType::u8, 1));
  EXPECT_THAT(refusal([&] { video_signal(still, folder.path()); }), HasSubstr("video without frames"));
  Volume volume = some_volume({2, 3, 4}, 1);
  volume.samples.pop_back();
  EXPECT_THAT(refusal([&] { volume_signal(volume); }), HasSubstr("a volume whose samples do not match"));
  volume = {};
  EXPECT_THAT(refusal([&] { volume_signal(volume); }), HasSubstr("a volume whose samples do not match"));
  Picture picture = rgb_picture(3, 3);
  picture.samples.push_back(0);
  EXPECT_THAT(refusal([&] { picture_signal(picture); }), HasSubstr("a picture whose samples do not match"));
}

/// The largest memory that the process has had, in MiB.
double high_water() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) / 1024;
  return NAN;
}

TEST(SignalSamples, of_a_long_video_stay_out_of_memory) {
  const TemporaryFolder folder;
  const VideoFormat format = video_format(200, 1000, 1000, SampleType::u8, 1);
  class Frames final : public VideoReader {
   public:
    explicit Frames(VideoFormat its_format) : format_(std::move(its_format)) {}
    const VideoFormat& format() const override { return format_; }
    bool next(VideoFrame& frame) override {
      if (next_ == format_.frames) return false;
      frame.samples.assign(static_cast<std::size_t>(format_.frame_samples()), static_cast<std::byte>(next_));
      frame.seconds = static_cast<double>(next_++) / 25;
      return true;
    }
    const std::vector<std::string>& warnings() const override { return warnings_; }

   private:
    VideoFormat format_;
    std::int64_t next_ = 0;
    std::vector<std::string> warnings_;
  } reader(format);
  std::ofstream("/proc/self/clear_refs") << "5";  // forgets what earlier tests needed, where that is allowed
  const double before = high_water();
  const Signal signal = video_signal(reader, folder.path());
  std::vector<float> frame(1'000'000);
  for (const std::int64_t t : {0, 100, 199}) {
    signal.samples->read(Sizes{t, 0, 0}, Sizes{1, 1000, 1000}, frame.data());
    EXPECT_THAT(frame, testing::Each(static_cast<float>(t)));
  }
  EXPECT_LT(high_water() - before, 30);
}

// ---- maps

void expect_maps(const Signal& signal, const std::vector<std::pair<double, double>>& expected) {
  ASSERT_EQ(signal.channels.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) {
    EXPECT_DOUBLE_EQ(signal.channels[c].scale, expected[c].first);
    EXPECT_DOUBLE_EQ(signal.channels[c].offset, expected[c].second);
  }
}

TEST(SignalChannels, of_sounds_have_the_peak_of_all_channels) {
  const TemporaryFolder folder;
  const auto of = [&](std::vector<float> samples) {
    FakeSound reader({{.frames = 0, .rate = 100, .channels = 2}, std::move(samples)});
    return sound_signal(reader, folder.path());
  };
  expect_maps(of({0.1F, 0.2F, -0.75F, 0.5F}), {{0.75, 0}, {0.75, 0}});
  expect_maps(of({0.1F, 1.5F, -0.75F, 0.5F}), {{1.5, 0}, {1.5, 0}});
  expect_maps(of({0, 0, 0, 0}), {{1, 0}, {1, 0}});
}

TEST(SignalChannels, of_videos_have_the_full_scale_of_their_type) {
  const TemporaryFolder folder;
  for (const SampleType type : {SampleType::u8, SampleType::u16}) {
    FakeVideo reader = noise_video(video_format(2, 4, 4, type, 3));
    const double half = type == SampleType::u8 ? 127.5 : 32767.5;
    expect_maps(video_signal(reader, folder.path()), {{half, half}, {half, half}, {half, half}});
  }
}

TEST(SignalChannels, of_volumes_have_the_range_of_all_channels_together) {
  Volume volume = some_volume({1, 1, 2}, 2);
  volume.samples = {-3, 1, 5, 2};
  expect_maps(volume_signal(volume), {{4, 1}, {4, 1}});
  volume.samples = {7, 7, 7, 7};
  expect_maps(volume_signal(volume), {{1, 7}, {1, 7}});
  volume.format.type = VoxelType::u8;  // the range decides, not the type
  volume.samples = {10, 30, 20, 10};
  expect_maps(volume_signal(volume), {{10, 20}, {10, 20}});
}

TEST(SignalTimes, are_kept_where_they_are_uneven) {
  const TemporaryFolder folder;
  const auto times_of = [&](const std::vector<double>& times) {
    VideoFormat format = video_format(std::ssize(times), 2, 2, SampleType::u8, 1);
    format.times = times;
    FakeVideo reader = noise_video(format);
    return std::get<VideoFormat>(video_signal(reader, folder.path()).format).times;
  };
  EXPECT_THAT(times_of({0}), testing::IsEmpty());
  EXPECT_THAT(times_of({0, 0.04, 0.08, 0.12}), testing::IsEmpty());
  EXPECT_THAT(times_of({0, 0.033, 0.067, 0.1}), testing::IsEmpty()) << "rounded to milliseconds";
  EXPECT_THAT(times_of({0, 0.04, 0.12, 0.16}), ElementsAre(0, 0.04, 0.12, 0.16));
  EXPECT_THAT(times_of({0, 0.04, 0.08, 1}), ElementsAre(0, 0.04, 0.08, 1));
}

// ---- coordinates

/// network = scale * position + offset at every whole position.
void expect_axis(const AxisMap& axis, const std::string& name, std::int64_t size,
                 const std::function<double(double)>& expected) {
  EXPECT_EQ(axis.name, name);
  for (std::int64_t i = 0; i < size; ++i)
    EXPECT_NEAR(axis.scale * static_cast<double>(i) + axis.offset, expected(static_cast<double>(i)), 1e-14)
        << name << " " << i;
}

TEST(SignalAxes, of_a_sound_run_from_end_to_end) {
  const auto axes = signal_axes(SoundFormat{.frames = 12, .rate = 8000});
  ASSERT_EQ(axes.size(), 1U);
  expect_axis(axes[0], "time", 12, [](double i) { return 2 * i / 11 - 1; });
  expect_axis(signal_axes(SoundFormat{.frames = 1, .rate = 8000})[0], "time", 1, [](double) { return 0; });
}

TEST(SignalAxes, of_a_video_are_time_and_the_axes_of_its_frames) {
  const auto axes = signal_axes(video_format(7, 9, 21, SampleType::u8, 1));
  ASSERT_EQ(axes.size(), 3U);
  expect_axis(axes[0], "time", 7, [](double i) { return 2 * i / 6 - 1; });
  expect_axis(axes[1], "row", 9, [](double i) { return 2 * (i - 4) / 20; });
  expect_axis(axes[2], "column", 21, [](double i) { return 2 * (i - 10) / 20; });
  const auto still = signal_axes(video_format(1, 1, 1, SampleType::u8, 1));
  for (const AxisMap& axis : still) EXPECT_EQ(axis.offset, 0);
}

TEST(SignalAxes, of_a_volume_have_one_scale_in_its_units) {
  // 10 x 6 x 8 units from the first to the last voxel.
  const auto axes = signal_axes(VolumeFormat{.sizes = {6, 4, 17}, .spacing = {2, 2, 0.5}, .unit = {}});
  ASSERT_EQ(axes.size(), 3U);
  expect_axis(axes[0], "z", 6, [](double i) { return 2 * (2 * i - 5) / 10; });
  expect_axis(axes[1], "y", 4, [](double i) { return 2 * (2 * i - 3) / 10; });
  expect_axis(axes[2], "x", 17, [](double i) { return 2 * (0.5 * i - 4) / 10; });
  for (const AxisMap& axis : signal_axes(VolumeFormat{.sizes = {1, 1, 1}, .unit = {}})) {
    EXPECT_EQ(axis.scale, 0);
    EXPECT_EQ(axis.offset, 0);
  }
}

TEST(SignalAxes, of_a_picture_are_its_own_and_of_nothing_none) {
  const auto axes = signal_axes(format_of(5, 9, SampleType::u8, {"Y"}));
  expect_axis(axes[0], "row", 5, [](double i) { return 2 * (i - 2) / 8; });
  expect_axis(axes[1], "column", 9, [](double i) { return 2 * (i - 4) / 8; });
  EXPECT_THAT(refusal([] { signal_axes(std::monostate{}); }), HasSubstr("of no kind"));
}

// ---- every second sample

/// By a loop over all samples.
std::vector<float> even_samples(const std::vector<float>& all, const Sizes& sizes, std::size_t channels) {
  std::vector<float> even;
  Sizes at(sizes.size(), 0);
  for (std::size_t p = 0; p < all.size() / channels; ++p) {
    if (std::ranges::all_of(at, [](std::int64_t i) { return i % 2 == 0; }))
      even.insert(even.end(), all.begin() + static_cast<std::ptrdiff_t>(p * channels),
                  all.begin() + static_cast<std::ptrdiff_t>((p + 1) * channels));
    for (std::size_t i = at.size(); i-- > 0;) {
      if (++at[i] < sizes[i]) break;
      at[i] = 0;
    }
  }
  return even;
}

void expect_halved(const Signal& whole) {
  const Signal half = every_second(whole);
  Sizes expected = whole.samples->sizes();
  for (std::int64_t& size : expected) size = (size + 1) / 2;
  SCOPED_TRACE(fmt::format("of {}", testing::PrintToString(whole.samples->sizes())));
  ASSERT_EQ(half.samples->sizes(), expected);
  EXPECT_EQ(signal_sizes(half.format), expected);
  EXPECT_EQ(signal_channels(half.format), signal_channels(whole.format));
  expect_samples(*half.samples, even_samples(all_samples(whole), whole.samples->sizes(),
                                             static_cast<std::size_t>(whole.samples->channels())));
  // The same coordinates for the same samples.
  const std::vector<AxisMap> of_whole = every_second_axes(whole.format), of_half = signal_axes(half.format);
  ASSERT_EQ(of_whole.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(of_whole[i].name, of_half[i].name);
    for (std::int64_t p = 0; p < expected[i]; ++p)
      EXPECT_NEAR(of_whole[i].scale * static_cast<double>(2 * p) + of_whole[i].offset,
                  of_half[i].scale * static_cast<double>(p) + of_half[i].offset, 1e-14);
  }
}

TEST(EverySecond, is_that_of_a_plain_loop) {
  const TemporaryFolder folder;
  for (const std::int64_t frames : {1, 2, 3, 10, 999}) {
    FakeSound reader(some_sound(frames, 2));
    expect_halved(sound_signal(reader, folder.path()));
  }
  for (const auto& [height, width] : {std::pair{1, 1}, {2, 5}, {7, 4}}) {
    const Picture picture = noise_picture(height, width);
    expect_halved(picture_signal(picture));
  }
  for (const Sizes& sizes : {Sizes{1, 1, 1}, Sizes{2, 3, 4}, Sizes{5, 4, 7}}) {
    const Volume volume = some_volume({sizes[0], sizes[1], sizes[2]}, 2, {2, 1, 0.5});
    expect_halved(volume_signal(volume));
    FakeVideo reader = noise_video(video_format(sizes[0], sizes[1], sizes[2], SampleType::u16, 3));
    expect_halved(video_signal(reader, folder.path()));
  }
}

TEST(EverySecond, has_maps_cuts_and_times_of_its_own) {
  const TemporaryFolder folder;
  Sound sound{{.frames = 5, .rate = 100}, {0.5F, -0.9F, 0.25F, 0.1F, 0}};
  FakeSound reader(sound);
  expect_maps(every_second(sound_signal(reader, folder.path())), {{0.5, 0}});
  Volume volume = some_volume({1, 1, 5}, 1);
  volume.samples = {0, 90, 10, -90, 20};
  expect_maps(every_second(volume_signal(volume)), {{10, 10}});

  VideoFormat format = video_format(11, 4, 4, SampleType::u8, 1);
  for (int i = 0; i < 11; ++i) format.times.push_back(i * i);
  FakeVideo video = noise_video(format);
  Signal whole = video_signal(video, folder.path());
  ASSERT_EQ(std::ssize(std::get<VideoFormat>(whole.format).times), 11);
  // Between frames 3 and 4, 6 and 7: of the even frames between 2 and 4, a quarter from 4, and between 6 and 8.
  whole.cuts = {4, 7};
  const Signal half = every_second(whole);
  EXPECT_THAT(half.cuts, ElementsAre(2.25, 3.75));
  EXPECT_THAT(std::get<VideoFormat>(half.format).times, ElementsAre(0, 4, 16, 36, 64, 100));
}

}  // namespace
}  // namespace sinefield
