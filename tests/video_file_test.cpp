// Video files: the way out and in again, colours by matrix and range, turned and broken files, and what is refused.
// YUV4MPEG files, which are a line of text and raw samples, stand for what the library itself cannot write.
// SPDX-License-Identifier: MIT
#include "sinefield/video_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <numbers>
#include <set>

#include "picture_fixtures.h"
#include "refusal.h"
#include "sinefield/error.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Names = std::vector<std::string>;
using Frame = std::vector<float>;

VideoFormat format_of(std::int64_t width, std::int64_t height, SampleType type = SampleType::u8,
                      const Names& channels = {"R", "G", "B"}, Ratio rate = {25, 1}) {
  VideoFormat format;
  format.width = width;
  format.height = height;
  format.type = type;
  format.bits = type == SampleType::u8 ? 8 : 16;
  format.channels = channels;
  format.rate = rate;
  return format;
}

// Smooth waves that move, whole numbers.
std::vector<Frame> waves(const VideoFormat& format, int count) {
  std::vector<Frame> frames;
  const double half = full_scale(format.type) / 2;
  for (int t = 0; t < count; ++t) {
    Frame& frame = frames.emplace_back();
    for (std::int64_t y = 0; y < format.height; ++y) {
      for (std::int64_t x = 0; x < format.width; ++x) {
        for (int c = 0; c < format.channel_count(); ++c) {
          const double phase = 0.06 * static_cast<double>(x) + 0.05 * static_cast<double>(y) + 0.2 * t + c;
          frame.push_back(static_cast<float>(std::round(half + half * std::sin(phase))));
        }
      }
    }
  }
  return frames;
}

std::vector<Frame> flat(const VideoFormat& format, const Frame& pixel, std::size_t count = 2) {
  Frame frame;
  for (std::int64_t i = 0; i < format.height * format.width; ++i) frame.insert(frame.end(), pixel.begin(), pixel.end());
  return std::vector<Frame>(count, frame);
}

void write(const fs::path& file, const VideoFormat& format, const std::vector<Frame>& frames,
           const std::optional<SoundTrack>& sound = {}, Overwrite overwrite = Overwrite::refuse) {
  require_writable_video(file, format, sound);
  const auto writer = create_video(file, format, sound, overwrite);
  for (const Frame& frame : frames) writer->add(frame);
  writer->finish();
}

struct Clip {
  VideoFormat format;
  std::vector<Frame> frames;
  std::vector<double> times;
  std::vector<std::string> warnings;
};

Clip read(const fs::path& file) {
  const auto reader = open_video(file);
  Clip clip{.format = reader->format(), .frames = {}, .times = {}, .warnings = {}};
  const std::size_t count = static_cast<std::size_t>(clip.format.frame_samples());
  VideoFrame frame;
  while (reader->next(frame)) {
    Frame& samples = clip.frames.emplace_back(count);
    const bool is_byte = clip.format.type == SampleType::u8;
    if (frame.samples.size() != count * (is_byte ? 1 : 2)) throw std::logic_error("a frame of another size");
    for (std::size_t i = 0; i < count; ++i) {
      std::uint16_t value = 0;
      std::memcpy(&value, frame.samples.data() + i * (is_byte ? 1 : 2), is_byte ? 1 : 2);
      samples[i] = value;
    }
    clip.times.push_back(frame.seconds);
  }
  EXPECT_FALSE(reader->next(frame));
  clip.warnings = reader->warnings();
  return clip;
}

double psnr(const std::vector<Frame>& result, const std::vector<Frame>& original, double peak) {
  double squares = 0, count = 0;
  for (std::size_t t = 0; t < original.size(); ++t) {
    for (std::size_t i = 0; i < original[t].size(); ++i) {
      squares += std::pow(static_cast<double>(result[t][i]) - static_cast<double>(original[t][i]), 2);
      ++count;
    }
  }
  return 10 * std::log10(peak * peak * count / squares);
}

Frame pixel(const Clip& clip, std::int64_t row, std::int64_t column, std::size_t frame = 0) {
  const int channels = clip.format.channel_count();
  const auto first = clip.frames.at(frame).begin() + (row * clip.format.width + column) * channels;
  return {first, first + channels};
}

void expect_pixel(const Frame& result, const Frame& expected, float tolerance) {
  ASSERT_EQ(result.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) EXPECT_NEAR(result[c], expected[c], tolerance) << "channel " << c;
}

void put(const fs::path& file, std::string_view bytes) { std::ofstream(file, std::ios::binary) << bytes; }

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::set<std::string> names(const fs::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder)) found.insert(entry.path().filename().string());
  return found;
}

// A YUV4MPEG file of equal frames, each plane of one value.
std::string yuv4mpeg(const std::string& header, const std::vector<std::pair<std::size_t, int>>& planes, int bytes,
                     int frames = 2) {
  std::string file = "YUV4MPEG2 " + header + "\n";
  for (int t = 0; t < frames; ++t) {
    file += "FRAME\n";
    for (const auto& [count, value] : planes) {
      for (std::size_t i = 0; i < count; ++i) {
        file += static_cast<char>(value & 0xff);
        if (bytes == 2) file += static_cast<char>(value >> 8);
      }
    }
  }
  return file;
}

class VideoFileTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

struct RoundTrip {
  const char* name;
  VideoFormat format;
  int bits;
};

void PrintTo(const RoundTrip& trip, std::ostream* stream) { *stream << trip.name; }

class VideoRoundTripTest : public testing::TestWithParam<RoundTrip> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(VideoRoundTripTest, FramesComeBackNearlyTheSame) {
  const RoundTrip& trip = GetParam();
  const fs::path file = folder_ / trip.name;
  const std::vector<Frame> frames = waves(trip.format, 12);
  write(file, trip.format, frames);
  const Clip clip = read(file);
  EXPECT_EQ(clip.format.width, trip.format.width);
  EXPECT_EQ(clip.format.height, trip.format.height);
  EXPECT_EQ(clip.format.type, trip.format.type);
  EXPECT_EQ(clip.format.bits, trip.bits);
  EXPECT_THAT(clip.format.channels, ElementsAre("R", "G", "B"));
  EXPECT_EQ(clip.format.rate, trip.format.rate);
  EXPECT_EQ(clip.format.pixel_aspect, trip.format.pixel_aspect);
  EXPECT_TRUE(clip.format.times.empty());
  EXPECT_THAT(clip.warnings, IsEmpty());
  ASSERT_EQ(clip.frames.size(), frames.size());
  for (std::size_t t = 0; t < frames.size(); ++t) {
    EXPECT_NEAR(clip.times[t], static_cast<double>(t) / trip.format.rate.value(), 0.0006);  // Matroska: milliseconds
  }
  EXPECT_GE(psnr(clip.frames, frames, full_scale(trip.format.type)), 38);
  EXPECT_THAT(names(folder_.path()), ElementsAre(trip.name));
}

VideoFormat wide_pixels(VideoFormat format) {
  format.pixel_aspect = {4, 3};
  return format;
}

const Names rgb = {"R", "G", "B"};
INSTANTIATE_TEST_SUITE_P(Formats, VideoRoundTripTest,
                         testing::Values(RoundTrip{"8.mp4", format_of(96, 64), 8},
                                         RoundTrip{"ntsc.mp4", format_of(96, 64, SampleType::u8, rgb, {30000, 1001}),
                                                   8},
                                         RoundTrip{"10.mp4", format_of(96, 64, SampleType::u16), 10},
                                         RoundTrip{"odd.mp4", format_of(95, 63), 8},
                                         RoundTrip{"odd10.mkv", format_of(95, 63, SampleType::u16), 10},
                                         RoundTrip{"aspect.mp4", wide_pixels(format_of(96, 64)), 8},
                                         RoundTrip{"slow.mkv", format_of(96, 64, SampleType::u8, rgb, {1, 2}), 8},
                                         RoundTrip{"8.webm", format_of(96, 64), 8},
                                         RoundTrip{"10.webm", format_of(96, 64, SampleType::u16), 10},
                                         RoundTrip{"odd.webm", format_of(95, 63), 8}));

TEST_F(VideoFileTest, TheCountOfAnMp4IsPromised) {
  const VideoFormat format = format_of(32, 32);
  write(folder_ / "a.mp4", format, waves(format, 7));
  EXPECT_EQ(open_video(folder_ / "a.mp4")->format().frames, 7);
}

TEST_F(VideoFileTest, PngFilesAreExact) {
  for (const SampleType type : {SampleType::u8, SampleType::u16}) {
    for (const Names& channels : {Names{"Y"}, rgb}) {
      const TemporaryFolder folder;
      const VideoFormat format = format_of(31, 17, type, channels);
      const std::vector<Frame> frames = waves(format, 3);
      write(folder / "a-%02d.png", format, frames);
      EXPECT_THAT(names(folder.path()), ElementsAre("a-00.png", "a-01.png", "a-02.png"));
      const Clip clip = read(folder / "a-%02d.png");
      EXPECT_EQ(clip.format.frames, 3);
      EXPECT_EQ(clip.format.type, type);
      EXPECT_EQ(clip.format.bits, type == SampleType::u8 ? 8 : 16);
      EXPECT_EQ(clip.format.channels, channels);
      EXPECT_EQ(clip.format.rate, (Ratio{25, 1}));
      EXPECT_EQ(clip.frames, frames);
      EXPECT_THAT(clip.warnings, IsEmpty());
    }
  }
}

TEST_F(VideoFileTest, SamplesAreClippedAndHalvesRoundedUp) {
  const VideoFormat format = format_of(4, 1, SampleType::u8, {"Y"});
  write(folder_ / "%d.png", format, {{-5, 0.49f, 0.5f, 300}});
  EXPECT_THAT(read(folder_ / "%d.png").frames, ElementsAre(Frame{0, 0, 1, 255}));
}

TEST_F(VideoFileTest, GifHasAPaletteForEachFrame) {
  const VideoFormat format = format_of(16, 16, SampleType::u8, rgb, {10, 1});
  std::vector<Frame> frames = flat(format, {250, 10, 20}, 1);
  frames.push_back(flat(format, {10, 20, 250}, 1)[0]);
  frames.push_back(flat(format, {10, 120, 25}, 1)[0]);
  write(folder_ / "a.gif", format, frames);
  const Clip clip = read(folder_ / "a.gif");
  ASSERT_EQ(clip.frames.size(), 3U);
  EXPECT_THAT(clip.warnings, IsEmpty());
  EXPECT_EQ(clip.format.rate, (Ratio{10, 1}));
  expect_pixel(pixel(clip, 8, 8, 0), {250, 10, 20}, 1);
  expect_pixel(pixel(clip, 8, 8, 1), {10, 20, 250}, 1);
  expect_pixel(pixel(clip, 8, 8, 2), {10, 120, 25}, 1);
}

TEST_F(VideoFileTest, GifTakes16BitFramesAndGrey) {
  const VideoFormat deep = format_of(16, 16, SampleType::u16), grey = format_of(16, 16, SampleType::u8, {"Y"});
  write(folder_ / "deep.gif", deep, flat(deep, {65535, 0, 257 * 100}));
  write(folder_ / "grey.gif", grey, flat(grey, {77}));
  expect_pixel(pixel(read(folder_ / "deep.gif"), 8, 8), {255, 0, 100}, 1);
  expect_pixel(pixel(read(folder_ / "grey.gif"), 8, 8), {77, 77, 77}, 1);
}

TEST_F(VideoFileTest, ColoursKeepTheirValues) {
  // 720 lines and more are coded by another matrix than fewer.
  for (const std::int64_t height : {64, 720}) {
    for (const SampleType type : {SampleType::u8, SampleType::u16}) {
      for (const Frame& colour : {Frame{0, 0, 0}, Frame{255, 255, 255}, Frame{200, 40, 60}, Frame{30, 180, 90},
                                  Frame{20, 50, 220}, Frame{128, 128, 128}}) {
        const TemporaryFolder folder;
        const VideoFormat format = format_of(32, height, type);
        Frame samples = colour;
        const float scale = type == SampleType::u8 ? 1 : 257;
        for (float& sample : samples) sample *= scale;
        write(folder / "a.mkv", format, flat(format, samples));
        expect_pixel(pixel(read(folder / "a.mkv"), height / 2, 16), samples, 2 * scale);
      }
    }
  }
}

TEST_F(VideoFileTest, GreyBecomesVideoOfEqualColours) {
  for (const SampleType type : {SampleType::u8, SampleType::u16}) {
    const TemporaryFolder folder;
    const VideoFormat format = format_of(32, 32, type, {"Y"});
    const auto value = static_cast<float>(full_scale(type) * 0.8);
    write(folder / "a.mp4", format, flat(format, {value}));
    const Clip clip = read(folder / "a.mp4");
    EXPECT_EQ(clip.format.channels, rgb);
    expect_pixel(pixel(clip, 16, 16), {value, value, value}, type == SampleType::u8 ? 2 : 512);
  }
}

struct CodedColour {
  const char* header;  // after the size
  int height;
  std::array<int, 3> yuv;
  int bytes;
  Frame expected;
};

TEST_F(VideoFileTest, MatrixAndRangeAreThoseOfTheFile) {
  // R = Y + 2 (1 - kr) Cr, B = Y + 2 (1 - kb) Cb, Y = kr R + kg G + kb B; limited: Y 16..235, C 16..240.
  const std::array<CodedColour, 9> colours = {{
      {"C444", 32, {81, 90, 240}, 1, {254, 0, 0}},                    // BT.601 red
      {"C444 XCOLORRANGE=FULL", 32, {76, 85, 255}, 1, {254, 0, 0}},   // the same, full range
      {"C444", 720, {63, 102, 240}, 1, {255, 1, 0}},                  // BT.709 red
      {"C444 XCOLORRANGE=FULL", 720, {54, 99, 255}, 1, {254, 0, 0}},  //
      {"C444", 32, {235, 128, 128}, 1, {255, 255, 255}},              //
      {"C444p10", 32, {940, 512, 512}, 2, {65535, 65535, 65535}},     //
      {"C444p10 XCOLORRANGE=FULL", 32, {1023, 512, 512}, 2, {65535, 65535, 65535}},
      {"C444p12", 720, {16 * 63, 16 * 102, 16 * 240}, 2, {65500, 200, 0}},  //
      {"C444p10", 32, {64, 512, 512}, 2, {0, 0, 0}},
  }};
  for (const CodedColour& colour : colours) {
    SCOPED_TRACE(testing::Message() << colour.header << ", " << colour.height << " lines");
    const std::size_t plane = 16 * static_cast<std::size_t>(colour.height);
    put(folder_ / "a.y4m",
        yuv4mpeg("W16 H" + std::to_string(colour.height) + " F25:1 " + colour.header,
                 {{plane, colour.yuv[0]}, {plane, colour.yuv[1]}, {plane, colour.yuv[2]}}, colour.bytes));
    const Clip clip = read(folder_ / "a.y4m");
    EXPECT_EQ(clip.format.type, colour.bytes == 1 ? SampleType::u8 : SampleType::u16);
    expect_pixel(pixel(clip, colour.height / 2, 8), colour.expected, colour.bytes == 1 ? 2 : 300);
  }
}

TEST_F(VideoFileTest, WhiteOfDeepVideoIsTheFullScale) {
  put(folder_ / "limited.y4m", yuv4mpeg("W16 H16 F25:1 C420p10", {{256, 940}, {128, 512}}, 2));
  expect_pixel(pixel(read(folder_ / "limited.y4m"), 8, 8), {65535, 65535, 65535}, 0);
  put(folder_ / "full.y4m", yuv4mpeg("W16 H16 F25:1 C420p12 XCOLORRANGE=FULL", {{256, 4095}, {128, 2048}}, 2));
  const Clip full = read(folder_ / "full.y4m");
  EXPECT_EQ(full.format.bits, 12);
  expect_pixel(pixel(full, 8, 8), {65535, 65535, 65535}, 0);
}

TEST_F(VideoFileTest, GreyHasOneChannelOfFullRange) {
  put(folder_ / "full.y4m", yuv4mpeg("W16 H16 F25:1 Cmono", {{256, 200}}, 1));
  const Clip full = read(folder_ / "full.y4m");
  EXPECT_THAT(full.format.channels, ElementsAre("Y"));
  expect_pixel(pixel(full, 8, 8), {200}, 0);
  put(folder_ / "limited.y4m", yuv4mpeg("W16 H16 F25:1 Cmono XCOLORRANGE=LIMITED", {{256, 235}}, 1));
  expect_pixel(pixel(read(folder_ / "limited.y4m"), 8, 8), {255}, 0);
  put(folder_ / "deep.y4m", yuv4mpeg("W16 H16 F25:1 Cmono10 XCOLORRANGE=LIMITED", {{256, 64 + 438}}, 2));
  const Clip deep = read(folder_ / "deep.y4m");
  EXPECT_EQ(deep.format.bits, 10);
  expect_pixel(pixel(deep, 8, 8), {32768}, 1);
}

TEST_F(VideoFileTest, TheHeaderSaysRateAspectAndOddSizes) {
  put(folder_ / "a.y4m", yuv4mpeg("W15 H9 F24000:1001 A8:6 C420jpeg", {{135, 100}, {80, 128}}, 1, 3));
  const Clip clip = read(folder_ / "a.y4m");
  EXPECT_EQ(clip.format.width, 15);
  EXPECT_EQ(clip.format.height, 9);
  EXPECT_EQ(clip.format.rate, (Ratio{24000, 1001}));
  EXPECT_EQ(clip.format.pixel_aspect, (Ratio{4, 3}));
  ASSERT_EQ(clip.times.size(), 3U);
  EXPECT_NEAR(clip.times[2], 2 * 1001.0 / 24000, 1e-9);
}

TEST_F(VideoFileTest, UnevenTimesAreThoseOfTheFile) {
  const VideoFormat format = format_of(16, 16, SampleType::u8, rgb, {10, 1});
  write(folder_ / "a.gif", format, waves(format, 4));
  std::string bytes = content(folder_ / "a.gif");
  const std::array<char, 4> delays = {10, 30, 20, 10};  // hundredths of a second
  std::size_t at = 0;
  for (const char delay : delays) {
    at = bytes.find("\x21\xf9\x04", at);
    ASSERT_NE(at, std::string::npos);
    bytes[at + 4] = delay;
    at += 8;
  }
  put(folder_ / "a.gif", bytes);
  const Clip clip = read(folder_ / "a.gif");
  EXPECT_THAT(clip.times, ElementsAre(0, testing::DoubleNear(0.1, 1e-9), testing::DoubleNear(0.4, 1e-9),
                                      testing::DoubleNear(0.6, 1e-9)));
}

TEST_F(VideoFileTest, FramesAreTurnedAsTheFileSays) {
  // Columns and rows apart: red at the top left, green at the top right, blue below.
  const VideoFormat format = format_of(64, 32);
  Frame frame;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 64; ++x) {
      const Frame colour = y >= 16 ? Frame{0, 0, 255} : x < 32 ? Frame{255, 0, 0} : Frame{0, 255, 0};
      frame.insert(frame.end(), colour.begin(), colour.end());
    }
  }
  VideoFormat wide = format;
  wide.pixel_aspect = {2, 1};
  write(folder_ / "a.mp4", wide, {frame, frame});
  const std::string bytes = content(folder_ / "a.mp4");
  constexpr std::size_t matrix_of_track = 44;  // from the name of its box on
  const std::size_t matrix = bytes.find("tkhd") + matrix_of_track;

  const auto corners = [&](std::array<int, 4> abcd) {
    std::string turned = bytes;
    constexpr std::array<std::size_t, 4> entry = {0, 1, 3, 4};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::string number = abcd[i] == 1   ? std::string("\0\1\0\0", 4)
                                 : abcd[i] == 0 ? std::string(4, '\0')
                                                : std::string("\xff\xff\0\0", 4);
      turned.replace(matrix + 4 * entry[i], 4, number);
    }
    put(folder_ / "turned.mp4", turned);
    const Clip clip = read(folder_ / "turned.mp4");
    const std::int64_t h = clip.format.height, w = clip.format.width;
    EXPECT_EQ(clip.format.pixel_aspect, h > w ? (Ratio{1, 2}) : (Ratio{2, 1}));
    std::string letters = std::to_string(w) + "x" + std::to_string(h) + " ";
    for (const auto& [row, column] :
         {std::pair(h / 8, w / 8), {h / 8, w - w / 8}, {h - h / 8, w / 8}, {h - h / 8, w - w / 8}}) {
      const Frame colour = pixel(clip, row, column);
      letters += "RGB"[std::max_element(colour.begin(), colour.end()) - colour.begin()];
    }
    return letters;
  };
  EXPECT_EQ(corners({1, 0, 0, 1}), "64x32 RGBB");
  EXPECT_EQ(corners({0, 1, -1, 0}), "32x64 BRBG");  // a quarter clockwise
  EXPECT_EQ(corners({-1, 0, 0, -1}), "64x32 BBGR");
  EXPECT_EQ(corners({0, -1, 1, 0}), "32x64 GBRB");
  EXPECT_EQ(corners({-1, 0, 0, 1}), "64x32 GRBB");
  EXPECT_EQ(corners({1, 0, 0, -1}), "64x32 BBRG");
  EXPECT_EQ(corners({0, 1, 1, 0}), "32x64 RBGB");
}

TEST_F(VideoFileTest, TruncatedFilesGiveTheirFramesAndAWarning) {
  const VideoFormat format = format_of(96, 64);
  for (const char* name : {"a.mkv", "a.webm", "a.gif"}) {
    SCOPED_TRACE(name);
    const fs::path file = folder_ / name;
    write(file, format, waves(format, 30));
    ASSERT_THAT(read(file).warnings, IsEmpty());
    fs::resize_file(file, fs::file_size(file) * 8 / 10);
    const Clip clip = read(file);
    EXPECT_GT(clip.frames.size(), 3U);
    EXPECT_LT(clip.frames.size(), 30U);
    ASSERT_FALSE(clip.warnings.empty());
    EXPECT_THAT(clip.warnings[0], HasSubstr("breaks off: " + std::to_string(clip.frames.size()) + " frames"));
  }
}

TEST_F(VideoFileTest, AnMp4WithoutItsEndIsRefused) {
  const VideoFormat format = format_of(96, 64);
  write(folder_ / "a.mp4", format, waves(format, 30));
  fs::resize_file(folder_ / "a.mp4", fs::file_size(folder_ / "a.mp4") / 2);
  EXPECT_THAT(refusal([&] { open_video(folder_ / "a.mp4"); }), HasSubstr("cut short or damaged"));
}

TEST_F(VideoFileTest, NumberedPicturesBeginAnywhereAndEndAtAGap) {
  const VideoFormat format = format_of(8, 8);
  const std::vector<Frame> frames = waves(format, 5);
  write(folder_ / "a-%d.png", format, frames);
  for (int i = 4; i >= 0; --i) {
    fs::rename(folder_ / ("a-" + std::to_string(i) + ".png"), folder_ / ("a-" + std::to_string(i + 98) + ".png"));
  }
  EXPECT_EQ(read(folder_ / "a-%d.png").frames, frames);
  fs::remove(folder_ / "a-101.png");
  const Clip clip = read(folder_ / "a-%d.png");
  EXPECT_EQ(clip.format.frames, 3);
  EXPECT_EQ(clip.frames, std::vector<Frame>(frames.begin(), frames.begin() + 3));
  EXPECT_THAT(clip.warnings, ElementsAre(HasSubstr("'a-101.png' is missing: the frames after it (1)")));
}

TEST_F(VideoFileTest, PercentSignsThatAreNoNumber) {
  const VideoFormat format = format_of(32, 32);
  fs::create_directory(folder_ / "50%d");
  const fs::path pattern = folder_ / "50%d" / "a-%03d.png";
  write(pattern, format, waves(format, 2));
  EXPECT_THAT(names(folder_ / "50%d"), ElementsAre("a-000.png", "a-001.png"));
  EXPECT_EQ(read(pattern).frames.size(), 2U);
  write(folder_ / "100%d.mp4", format, waves(format, 2));
  EXPECT_EQ(read(folder_ / "100%d.mp4").frames.size(), 2U);
}

TEST_F(VideoFileTest, ASizeThatChangesIsRefusedByFrame) {
  const VideoFormat small = format_of(8, 8), large = format_of(10, 8);
  write(folder_ / "%d.png", small, waves(small, 2));
  write(folder_ / "large-%d.png", large, waves(large, 1));
  fs::rename(folder_ / "large-0.png", folder_ / "2.png");
  const auto reader = open_video(folder_ / "%d.png");
  VideoFrame frame;
  EXPECT_TRUE(reader->next(frame));
  EXPECT_TRUE(reader->next(frame));
  EXPECT_THAT(refusal([&] { reader->next(frame); }), HasSubstr("frame 2 (counted from 0) is 10 x 8 pixels"));
}

TEST_F(VideoFileTest, ABrokenFrameIsCountedAndNotASingleOneRefused) {
  const VideoFormat format = format_of(8, 8);
  write(folder_ / "%d.png", format, waves(format, 3));
  fs::resize_file(folder_ / "1.png", 20);
  const Clip clip = read(folder_ / "%d.png");
  EXPECT_EQ(clip.frames.size(), 2U);
  EXPECT_THAT(clip.warnings, ElementsAre(HasSubstr("1 frame could not be decoded")));

  const std::string header = content(folder_ / "0.png").substr(0, 40);
  for (const char* name : {"0.png", "1.png", "2.png"}) put(folder_ / name, header);
  EXPECT_THAT(refusal([&] {
                VideoFrame frame;
                open_video(folder_ / "%d.png")->next(frame);
              }),
              HasSubstr("not a single frame can be decoded"));
}

TEST_F(VideoFileTest, TransparencyIsLeftOutWithAWarning) {
  put(folder_ / "0.png", fixtures::decoded(fixtures::palette_png));
  const Clip clip = read(folder_ / "%d.png");
  EXPECT_THAT(clip.frames, ElementsAre(Frame{10, 20, 30, 40, 50, 60, 70, 80, 90}));
  EXPECT_THAT(clip.warnings, ElementsAre(HasSubstr("transparency")));
}

TEST_F(VideoFileTest, WhatIsNoVideoIsRefusedByWhatItIs) {
  const auto words = [&](const std::string& name, std::string_view bytes) {
    put(folder_ / name, bytes);
    return refusal([&] { open_video(folder_ / name); });
  };
  EXPECT_THAT(refusal([&] { open_video(folder_ / "none.mp4"); }), HasSubstr("there is no file"));
  EXPECT_THAT(refusal([&] { open_video(folder_ / "none-%d.png"); }), HasSubstr("there is no file"));
  EXPECT_THAT(refusal([&] { open_video(folder_.path()); }), HasSubstr("is a folder"));
  EXPECT_THAT(refusal([&] { open_video("/dev/zero"); }), HasSubstr("not a regular file"));
  EXPECT_THAT(words("empty.mp4", ""), HasSubstr("is empty"));
  EXPECT_THAT(words("text.mp4", "a few words"), HasSubstr("no format that is known"));
  EXPECT_THAT(words("one.mp4", fixtures::decoded(fixtures::one_bit_png)), HasSubstr("is not a video"));
  EXPECT_THAT(words("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n"),
              HasSubstr("list of other files"));
  EXPECT_THAT(words("list2.mp4", "ffconcat version 1.0\nfile 'text.mp4'\n"), HasSubstr("list of other files"));
  put(folder_ / "0.png", fixtures::decoded(fixtures::huge_png_header));
  EXPECT_THAT(refusal([&] { open_video(folder_ / "%d.png"); }), HasSubstr("not a single frame"));
  EXPECT_THAT(words("wide.y4m", "YUV4MPEG2 W20000 H16 F25:1 Cmono\nFRAME\n" + std::string(320000, 'x')),
              HasSubstr("20000 x 16 pixels, more than 16384"));
}

// A second of 8,000 samples, each its own index, so that a stretch of bytes says where it is from.
std::string wav(int seconds) {
  const auto number = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
    return text;
  };
  std::string data;
  for (int i = 0; i < 8000 * seconds; ++i) data += number(static_cast<std::uint32_t>(i), 2);
  const auto size = static_cast<std::uint32_t>(data.size());
  return "RIFF" + number(36 + size, 4) + "WAVEfmt " + number(16, 4) + number(1, 2) + number(1, 2) + number(8000, 4) +
         number(16000, 4) + number(2, 2) + number(16, 2) + "data" + number(size, 4) + data;
}

// Whether a file has the samples of that time, as they are.
bool has_samples(const fs::path& file, const std::string& wav_file, double seconds) {
  const std::string samples = wav_file.substr(44 + 2 * static_cast<std::size_t>(8000 * seconds), 40);
  return content(file).find(samples) != std::string::npos;
}

TEST_F(VideoFileTest, SoundIsCopiedFromAStretchOfTime) {
  const std::string sound = wav(4);
  put(folder_ / "a.wav", sound);
  const VideoFormat format = format_of(32, 32);
  write(folder_ / "cut.mkv", format, waves(format, 25), SoundTrack{folder_ / "a.wav", 1, 3});
  for (const double seconds : {1.6, 2.0, 2.5}) EXPECT_TRUE(has_samples(folder_ / "cut.mkv", sound, seconds)) << seconds;
  for (const double seconds : {0.5, 0.9, 3.5})
    EXPECT_FALSE(has_samples(folder_ / "cut.mkv", sound, seconds)) << seconds;
  write(folder_ / "all.mkv", format, waves(format, 2), SoundTrack{folder_ / "a.wav", 0, {}});
  for (const double seconds : {0.0, 0.3, 3.7}) EXPECT_TRUE(has_samples(folder_ / "all.mkv", sound, seconds)) << seconds;
  const Clip clip = read(folder_ / "cut.mkv");
  EXPECT_EQ(clip.frames.size(), 25U);
  EXPECT_THAT(clip.warnings, IsEmpty());

  // The sound of a video, too.
  write(folder_ / "again.mkv", format, waves(format, 2), SoundTrack{folder_ / "all.mkv", 1, {}});
  EXPECT_TRUE(has_samples(folder_ / "again.mkv", sound, 2));
}

TEST_F(VideoFileTest, SoundThatCannotBeCopiedIsRefusedBeforehand) {
  put(folder_ / "a.wav", wav(1));
  const VideoFormat format = format_of(32, 32);
  write(folder_ / "mute.mkv", format, waves(format, 2));
  const auto words = [&](const char* target, const SoundTrack& track) {
    return refusal([&] { require_writable_video(folder_ / target, format, track); });
  };
  const fs::path sound = folder_ / "a.wav";
  EXPECT_THAT(words("b.mp4", {sound, 0, {}}), HasSubstr("cannot hold the sound"));
  EXPECT_THAT(words("b.webm", {sound, 0, {}}), HasSubstr("cannot hold the sound"));
  EXPECT_THAT(words("b.gif", {sound, 0, {}}), HasSubstr("has no sound track"));
  EXPECT_THAT(words("b-%d.png", {sound, 0, {}}), HasSubstr("has no sound track"));
  EXPECT_THAT(words("b.mkv", {folder_ / "mute.mkv", 0, {}}), HasSubstr("has no sound track"));
  EXPECT_THAT(words("b.mkv", {folder_ / "none.wav", 0, {}}), HasSubstr("there is no file"));
  EXPECT_THAT(words("b.mkv", {sound, 5, {}}), HasSubstr("no sound from 5 s on"));
  EXPECT_THAT(words("b.mkv", {sound, 0.5, 0.2}), HasSubstr("no stretch of time"));
  EXPECT_THAT(words("b.mkv", {sound, -1, {}}), HasSubstr("no stretch of time"));
  EXPECT_NO_THROW(require_writable_video(folder_ / "b.mkv", format, SoundTrack{sound, 0, {}}));
  EXPECT_THAT(refusal([&] { open_video(sound); }), HasSubstr("no picture stream"));
}

TEST_F(VideoFileTest, WhatCannotBeWrittenIsRefusedBeforehand) {
  const auto words = [&](const fs::path& target, const VideoFormat& format) {
    return refusal([&] { require_writable_video(target, format, {}); });
  };
  const VideoFormat good = format_of(32, 32);
  EXPECT_THAT(words(folder_ / "a.mpeg", good), HasSubstr("'.mpeg'"));
  EXPECT_THAT(words(folder_ / "a.png", good), HasSubstr("NAME-%04d.png"));
  EXPECT_THAT(words(folder_ / "%d-%d.png", good), HasSubstr("NAME-%04d.png"));
  EXPECT_THAT(words(folder_ / "none" / "a.mp4", good), HasSubstr("there is no folder"));
  EXPECT_THAT(words(folder_ / "a.mp4", format_of(20000, 32)), HasSubstr("20000 x 32 pixels"));
  EXPECT_THAT(words(folder_ / "a.mp4", format_of(0, 32)), HasSubstr("0 x 32 pixels"));
  EXPECT_THAT(words(folder_ / "a.mp4", format_of(32, 32, SampleType::f32)), HasSubstr("integer samples"));
  EXPECT_THAT(words(folder_ / "a.mp4", format_of(32, 32, SampleType::u8, {"R", "G", "B", "A"})),
              HasSubstr("R, G, B, A"));
  EXPECT_THAT(words(folder_ / "a.mp4", format_of(32, 32, SampleType::u8, rgb, {0, 1})), HasSubstr("0/1 frames"));
  EXPECT_THAT(words(folder_ / "a.gif", format_of(32, 32, SampleType::u8, rgb, {60, 1})), HasSubstr("at most 50"));
  EXPECT_THAT(names(folder_.path()), IsEmpty());
}

TEST_F(VideoFileTest, WhatIsThereObeysThePolicy) {
  const VideoFormat format = format_of(32, 32);
  for (const char* name : {"a.mp4", "a.gif"}) {
    put(folder_ / name, "old");
    EXPECT_THAT(refusal([&] { create_video(folder_ / name, format, {}, Overwrite::refuse); }),
                HasSubstr("already exists"));
    EXPECT_EQ(content(folder_ / name), "old");
    write(folder_ / name, format, waves(format, 2), {}, Overwrite::replace);
    EXPECT_EQ(read(folder_ / name).frames.size(), 2U);
    fs::remove(folder_ / name);
  }
  write(folder_ / "a-%d.png", format, waves(format, 4));
  fs::remove(folder_ / "a-0.png");
  EXPECT_THAT(refusal([&] { create_video(folder_ / "a-%d.png", format, {}, Overwrite::refuse); }),
              HasSubstr("a-1.png already exists"));
  write(folder_ / "a-%d.png", format, waves(format, 2), {}, Overwrite::replace);
  EXPECT_THAT(names(folder_.path()), ElementsAre("a-0.png", "a-1.png"));  // none of the longer video before
}

TEST_F(VideoFileTest, AnUnfinishedVideoLeavesNothing) {
  const VideoFormat format = format_of(32, 32);
  const std::vector<Frame> frames = waves(format, 3);
  for (const char* name : {"a.mp4", "a.webm", "a.gif", "a-%d.png"}) {
    SCOPED_TRACE(name);
    const auto writer = create_video(folder_ / name, format, {}, Overwrite::refuse);
    for (const Frame& frame : frames) writer->add(frame);
  }
  EXPECT_THAT(names(folder_.path()), IsEmpty());
}

TEST_F(VideoFileTest, SamplesThatAreNotFiniteAreRefused) {
  const VideoFormat format = format_of(32, 32);
  const auto writer = create_video(folder_ / "a.mp4", format, {}, Overwrite::refuse);
  Frame frame = waves(format, 1)[0];
  writer->add(frame);
  frame[3 * (2 * 32 + 5)] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refusal([&] { writer->add(frame); }), testing::AllOf(HasSubstr("frame 1"), HasSubstr("row 2, column 5")));
  EXPECT_THAT(refusal([&] { writer->add(std::span(frame).first(9)); }), HasSubstr("9 samples, expected 3072"));
}

TEST_F(VideoFileTest, AVideoHasAFrame) {
  for (const char* name : {"a.mp4", "a.gif", "a-%d.png"}) {
    EXPECT_THAT(refusal([&] { write(folder_ / name, format_of(32, 32), {}); }), HasSubstr("no frame"));
  }
  EXPECT_THAT(names(folder_.path()), IsEmpty());
}

TEST_F(VideoFileTest, AWriteErrorIsAFailureAndLeavesTheOldTarget) {
  const VideoFormat format = format_of(160, 128);
  const std::vector<Frame> frames = waves(format, 20);
  // A limit on file sizes stands for a full disk.
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const char* name : {"a.mp4", "a.mkv", "a.webm", "a.gif", "a-%d.png"}) {
    SCOPED_TRACE(name);
    put(folder_ / name, "old");
    const auto old_names = names(folder_.path());
    const struct rlimit small = {2000, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      write(folder_ / name, format, frames, {}, Overwrite::replace);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failure);
      EXPECT_THAT(error.what(), HasSubstr("File too large"));
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_EQ(names(folder_.path()), old_names);
    EXPECT_EQ(content(folder_ / name), "old");
  }
  std::signal(SIGXFSZ, handler);
}

}  // namespace
}  // namespace sinefield
