// Picture files: what is written comes back, and nothing that is broken comes in. Files that the library cannot write
// itself are put together here or lie in picture_fixtures.h.
// SPDX-License-Identifier: MIT
#include "sinefield/picture_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "picture_fixtures.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

using std::filesystem::path;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t mebibyte = 1 << 20;

class PictureFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / fmt::format("sinefield_{}_{}", test->name(), ::getpid());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  path file(const std::string& name) const { return folder_ / name; }

  path written(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }

  std::size_t files_in_folder() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_), {}));
  }

 private:
  path folder_;
};

std::string content(const path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The message of the bad_input that reading throws; its hint must not be empty.
std::string refusal(const path& file, std::uint64_t limit = no_limit) {
  try {
    read_picture(file, limit);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return error.what();
  }
  ADD_FAILURE() << file << " was read";
  return {};
}

std::string refusal_to_write(const path& file, const Picture& picture) {
  try {
    write_picture(file, picture);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    return std::string(error.what()) + " | " + error.hint();
  }
  ADD_FAILURE() << file << " was written";
  return {};
}

const std::vector<std::vector<std::string>> layouts = {{"Y"}, {"Y", "A"}, {"R", "G", "B"}, {"R", "G", "B", "A"}};

Picture blank(std::int64_t height, std::int64_t width, SampleType type, const std::vector<std::string>& channels) {
  Picture picture;
  picture.format.height = height;
  picture.format.width = width;
  picture.format.type = type;
  picture.format.channels = channels;
  if (channels.back() == "A") picture.format.alpha = static_cast<int>(channels.size()) - 1;
  picture.samples.resize(static_cast<std::size_t>(height * width) * channels.size());
  return picture;
}

// Values all over the type's range, zero alpha over colour among them.
Picture varied(std::int64_t height, std::int64_t width, SampleType type, const std::vector<std::string>& channels) {
  Picture picture = blank(height, width, type, channels);
  std::uint32_t state = 12345;
  for (float& sample : picture.samples) {
    state = state * 1664525 + 1013904223;
    const auto value = static_cast<float>(state >> 16);  // 0 .. 65535
    sample = type == SampleType::u8    ? std::floor(value / 256)
             : type == SampleType::u16 ? value
                                       : (value - 20000.0f) * 1.7e-3f;
  }
  if (picture.format.alpha >= 0) picture.samples[static_cast<std::size_t>(picture.format.alpha)] = 0;
  return picture;
}

Picture smooth(std::int64_t height, std::int64_t width, const std::vector<std::string>& channels) {
  Picture picture = blank(height, width, SampleType::u8, channels);
  const auto count = channels.size();
  for (std::size_t i = 0; i < picture.samples.size(); ++i) {
    const auto pixel = static_cast<double>(i / count);
    picture.samples[i] =
        static_cast<float>(std::round(128 + 100 * std::sin(0.01 * pixel + static_cast<double>(i % count))));
  }
  return picture;
}

// A small profile that codecs take for one: a header of version 2.1 for RGB or grey displays and two tags.
std::vector<std::uint8_t> icc_profile(bool grey) {
  std::vector<std::uint8_t> profile(172, 0);
  const auto put = [&](std::size_t at, const char* text) { std::memcpy(profile.data() + at, text, std::strlen(text)); };
  profile[3] = 172;
  profile[8] = 2;
  profile[9] = 0x10;
  put(12, "mntr");
  put(16, grey ? "GRAY" : "RGB ");
  put(20, "XYZ ");
  put(36, "acsp");
  profile[70] = 0xf6, profile[71] = 0xd6;  // the D50 illuminant, as the specification wants it
  profile[73] = 1;
  profile[78] = 0xd3, profile[79] = 0x2d;
  profile[131] = 2;
  put(132, "cprt");
  put(144, "desc");
  for (const std::size_t tag : {132u, 144u}) profile[tag + 7] = 156, profile[tag + 11] = 16;
  put(156, "text");
  return profile;
}

struct TiffTag {
  int tag, type;  // type 3: 16-bit, 4: 32-bit
  std::vector<std::uint32_t> values;
};

// A little-endian TIFF with one strip.
std::string tiff(std::uint32_t width, std::uint32_t height, std::uint32_t samples, std::uint32_t bits,
                 std::uint32_t sample_format, std::uint32_t photometric, const std::string& data,
                 const std::vector<TiffTag>& more = {}) {
  std::map<int, TiffTag> tags;
  const auto add = [&](const TiffTag& tag) { tags[tag.tag] = tag; };
  add({256, 4, {width}});
  add({257, 4, {height}});
  if (bits > 0) add({258, 3, std::vector<std::uint32_t>(samples, bits)});
  add({259, 3, {1}});
  add({262, 3, {photometric}});
  add({273, 4, {8}});
  add({277, 3, {samples}});
  add({278, 4, {height}});
  add({279, 4, {static_cast<std::uint32_t>(data.size())}});
  add({339, 3, std::vector<std::uint32_t>(samples, sample_format)});
  for (const TiffTag& tag : more) add(tag);

  const auto number = [](std::uint32_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    return text;
  };
  const auto padding = std::string(data.size() % 2, '\0');
  const auto directory_at = static_cast<std::uint32_t>(8 + data.size() + padding.size());
  std::string directory = number(static_cast<std::uint32_t>(tags.size()), 2), values;
  const auto values_at = static_cast<std::uint32_t>(directory_at + 2 + 12 * tags.size() + 4);
  for (const auto& [id, tag] : tags) {
    std::string packed;
    for (const std::uint32_t value : tag.values) packed += number(value, tag.type == 3 ? 2 : 4);
    directory += number(static_cast<std::uint32_t>(id), 2) + number(static_cast<std::uint32_t>(tag.type), 2) +
                 number(static_cast<std::uint32_t>(tag.values.size()), 4);
    if (packed.size() <= 4) {
      packed.resize(4, '\0');
      directory += packed;
    } else {
      directory += number(static_cast<std::uint32_t>(values_at + values.size()), 4);
      values += packed;
    }
  }
  return std::string("II*\0", 4) + number(directory_at, 4) + data + padding + directory + number(0, 4) + values;
}

std::string float_bytes(const std::vector<float>& values) {
  std::string bytes;
  for (const float value : values) {
    const auto pattern = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<char>(pattern >> (8 * i) & 0xff));
  }
  return bytes;
}

void expect_same(const Picture& a, const Picture& b) {
  EXPECT_EQ(a.format.height, b.format.height);
  EXPECT_EQ(a.format.width, b.format.width);
  EXPECT_EQ(a.format.type, b.format.type);
  EXPECT_EQ(a.format.channels, b.format.channels);
  EXPECT_EQ(a.format.alpha, b.format.alpha);
  EXPECT_EQ(a.format.orientation, b.format.orientation);
  EXPECT_EQ(a.format.icc, b.format.icc);
  EXPECT_TRUE(a.samples == b.samples);
}

TEST_F(PictureFile, RoundTripsEveryLosslessFormatTypeAndLayout) {
  const std::map<std::string, std::vector<SampleType>> types = {
      {".png", {SampleType::u8, SampleType::u16}},
      {".tif", {SampleType::u8, SampleType::u16, SampleType::f32}},
      {".exr", {SampleType::f32}}};
  for (const auto& [extension, held] : types) {
    for (const SampleType type : held) {
      for (const auto& channels : layouts) {
        for (const auto& [height, width] : {std::pair(7, 5), std::pair(1, 9), std::pair(9, 1), std::pair(1, 1)}) {
          SCOPED_TRACE(fmt::format("{} type {} channels {} {} x {}", extension, static_cast<int>(type), channels.size(),
                                   width, height));
          const Picture picture = varied(height, width, type, channels);
          write_picture(file("a" + extension), picture);
          expect_same(read_picture(file("a" + extension), no_limit), picture);
        }
      }
    }
  }
}

TEST_F(PictureFile, PicturesOfManyStripsComeBackWhole) {
  const Picture picture = varied(900, 1000, SampleType::u16, {"R", "G", "B"});  // 5.4 MB: two strips
  write_picture(file("a.tif"), picture);
  expect_same(read_picture(file("a.tif"), no_limit), picture);
}

TEST_F(PictureFile, JpegIsCloseInGreyAndColour) {
  for (const auto& channels : {layouts[0], layouts[2]}) {
    const Picture picture = smooth(64, 100, channels);
    write_picture(file("a.jpg"), picture);
    const Picture back = read_picture(file("a.jpg"), no_limit);
    EXPECT_EQ(back.format.channels, channels);
    EXPECT_GT(compare(back, picture).psnr, 40);
  }
}

TEST_F(PictureFile, OtherChannelsKeepTheirNamesInExrAndTheirValuesInTiff) {
  const Picture picture = varied(3, 4, SampleType::f32, {"R", "G", "B", "depth.Z", "normal.X"});
  write_picture(file("a.exr"), picture);
  expect_same(read_picture(file("a.exr"), no_limit), picture);
  write_picture(file("a.tif"), picture);
  EXPECT_EQ(read_picture(file("a.tif"), no_limit).samples, picture.samples);
}

TEST_F(PictureFile, WritesWhatQuantisePromises) {
  for (const SampleType type : {SampleType::u8, SampleType::u16}) {
    Picture picture = blank(1, 8, type, {"Y"});
    const auto top = static_cast<float>(full_scale(type));
    picture.samples = {-3, -0.5f, 0.49999997f, 0.5f, 1.5f, top - 0.5f, top + 0.4f, 1e30f};
    write_picture(file("a.png"), picture);
    quantise(picture);
    EXPECT_THAT(picture.samples, ElementsAre(0, 0, 0, 1, 2, top, top, top));
    EXPECT_EQ(read_picture(file("a.png"), no_limit).samples, picture.samples);
  }
}

TEST_F(PictureFile, OrientationAndIccProfileStay) {
  for (const std::string extension : {".png", ".jpg", ".tif", ".exr"}) {
    for (const bool grey : {false, true}) {
      for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(fmt::format("{} grey {} orientation {}", extension, grey, orientation));
        Picture picture = smooth(3, 5, layouts[grey ? 0 : 2]);
        if (extension == ".exr") picture.format.type = SampleType::f32;
        picture.format.orientation = orientation;
        picture.format.icc = icc_profile(grey);
        write_picture(file("a" + extension), picture);
        const PictureFormat header = picture_header(file("a" + extension));
        EXPECT_EQ(header.orientation, orientation);
        EXPECT_EQ(header.icc, extension == ".exr" ? std::vector<std::uint8_t>() : picture.format.icc);
        EXPECT_EQ(header.width, 5);
        EXPECT_EQ(header.height, 3);
      }
    }
  }
}

TEST_F(PictureFile, HeaderSaysWhatReadingGives) {
  const Picture picture = varied(6, 4, SampleType::u16, {"R", "G", "B", "A"});
  write_picture(file("a.png"), picture);
  const PictureFormat header = picture_header(file("a.png"));
  EXPECT_EQ(header.height, 6);
  EXPECT_EQ(header.width, 4);
  EXPECT_EQ(header.type, SampleType::u16);
  EXPECT_EQ(header.alpha, 3);
}

TEST_F(PictureFile, ReadsByContentWhateverTheExtension) {
  const Picture picture = varied(4, 4, SampleType::u8, {"R", "G", "B"});
  write_picture(file("a.png"), picture);
  std::filesystem::rename(file("a.png"), file("a.jpg"));
  expect_same(read_picture(file("a.jpg"), no_limit), picture);
}

TEST_F(PictureFile, ReadsFewBitsPalettesAndInterlacedPngs) {
  const Picture bits = read_picture(written("a.png", fixtures::decoded(fixtures::one_bit_png)), no_limit);
  EXPECT_EQ(bits.format.type, SampleType::u8);
  EXPECT_THAT(bits.samples, ElementsAre(255, 0, 255, 255, 0, 0, 0, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 0));
  const Picture two = read_picture(written("a.png", fixtures::decoded(fixtures::two_bit_png)), no_limit);
  EXPECT_THAT(two.samples, ElementsAre(0, 85, 170, 255));
  const Picture palette = read_picture(written("a.png", fixtures::decoded(fixtures::palette_png)), no_limit);
  EXPECT_EQ(palette.format.alpha, 3);
  EXPECT_THAT(palette.samples, ElementsAre(10, 20, 30, 255, 40, 50, 60, 128, 70, 80, 90, 255));
  const Picture interlaced = read_picture(written("a.png", fixtures::decoded(fixtures::interlaced_png)), no_limit);
  EXPECT_THAT(interlaced.samples, ElementsAre(1, 2, 3, 4));
}

TEST_F(PictureFile, ReadsTheFirstPartOfAnExrAndItsDataWindow) {
  const Picture parts = read_picture(written("a.exr", fixtures::decoded(fixtures::parts_exr)), no_limit);
  EXPECT_THAT(parts.samples, ElementsAre(1, 2, 3, 4, 5, 6));
  const Picture window = read_picture(written("b.exr", fixtures::decoded(fixtures::window_exr)), no_limit);
  EXPECT_THAT(window.format.channels, ElementsAre("depth.Z"));
  EXPECT_THAT(window.samples, ElementsAre(1, 2));
}

TEST_F(PictureFile, ReadsTiffVariants) {
  const Picture half =
      read_picture(written("a.tif", tiff(2, 1, 1, 16, 3, 1, std::string("\x00\x3c\x00\xc1", 4))), no_limit);
  EXPECT_EQ(half.format.type, SampleType::f32);
  EXPECT_THAT(half.samples, ElementsAre(1, -2.5f));
  const Picture inverted = read_picture(written("a.tif", tiff(2, 1, 1, 8, 1, 0, "\x01\xff")), no_limit);
  EXPECT_THAT(inverted.samples, ElementsAre(254, 0));
  const Picture bilevel = read_picture(written("a.tif", tiff(9, 2, 1, 1, 1, 1, "\xb0\x80\x4f")), no_limit);
  EXPECT_THAT(std::vector<float>(bilevel.samples.begin(), bilevel.samples.begin() + 9),
              ElementsAre(255, 0, 255, 255, 0, 0, 0, 0, 255));
}

TEST_F(PictureFile, TiffAlphaIsTakenAsUnassociated) {
  const std::string pixels("\x10\x20\x40\x80\x05\x06\x07\x00\x30\x60\x10\x30", 12);
  const Picture unassociated =
      read_picture(written("a.tif", tiff(3, 1, 4, 8, 1, 2, pixels, {{338, 3, {2}}})), no_limit);
  EXPECT_EQ(unassociated.format.alpha, 3);
  EXPECT_THAT(unassociated.samples, ElementsAre(16, 32, 64, 128, 5, 6, 7, 0, 48, 96, 16, 48));
  const Picture associated = read_picture(written("a.tif", tiff(3, 1, 4, 8, 1, 2, pixels, {{338, 3, {1}}})), no_limit);
  EXPECT_THAT(associated.samples, ElementsAre(32, 64, 128, 128, 5, 6, 7, 0, 255, 255, 85, 48));
}

TEST_F(PictureFile, RefusesWhatIsNotAPicture) {
  EXPECT_THAT(refusal(file("missing.png")), HasSubstr("there is no file"));
  EXPECT_THAT(refusal(file("")), HasSubstr("is a folder"));
  EXPECT_THAT(refusal(written("empty.png", "")), HasSubstr("is empty"));
  EXPECT_THAT(refusal(written("text.png", "hello, world")), HasSubstr("first bytes are 68 65 6c 6c"));
  EXPECT_THAT(refusal(written("short.png", "\x89PNG\r\n\x1a\n")), HasSubstr("cut short"));
}

TEST_F(PictureFile, RefusesPicturesCutShortAnywhere) {
  ::testing::internal::CaptureStderr();
  for (const std::string extension : {".png", ".jpg", ".tif", ".exr"}) {
    Picture picture = smooth(40, 30, {"R", "G", "B"});
    if (extension == ".exr") picture.format.type = SampleType::f32;
    write_picture(file("whole" + extension), picture);
    const std::string whole = content(file("whole" + extension));
    const std::size_t tail = extension == ".jpg" ? 4 : 1;  // a JPEG without its end marker still has all samples
    for (std::size_t length = 1; length + tail <= whole.size(); length += 1 + whole.size() / 60) {
      SCOPED_TRACE(fmt::format("{} bytes of {} of {}", length, whole.size(), extension));
      refusal(written("cut" + extension, whole.substr(0, length)));
    }
    refusal(written("cut" + extension, whole.substr(0, whole.size() - tail)));
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(PictureFile, RefusesTiffWithMissingRows) {
  const std::string samples(32, '\x07');
  const auto bytes = static_cast<std::uint32_t>(tiff(8, 4, 1, 8, 1, 1, samples).size());
  const std::string past_the_end = tiff(8, 4, 1, 8, 1, 1, samples, {{273, 4, {bytes - 20}}});
  EXPECT_THAT(refusal(written("a.tif", past_the_end)), HasSubstr("cut short or damaged"));
}

TEST_F(PictureFile, RefusesDamagedPngChunks) {
  write_picture(file("a.png"), varied(20, 20, SampleType::u8, {"Y"}));
  std::string bytes = content(file("a.png"));
  bytes[bytes.find("IDAT") + 20] ^= 1;
  ::testing::internal::CaptureStderr();
  EXPECT_THAT(refusal(written("b.png", bytes)), HasSubstr("checksum of its chunk IDAT"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(PictureFile, RefusesHeadersThatPromiseTooMuch) {
  // With a limit and without one: neither may take memory for what is not there.
  for (const std::uint64_t limit : {64 * mebibyte, no_limit}) {
    EXPECT_THAT(refusal(written("a.png", fixtures::decoded(fixtures::huge_png_header)), limit), HasSubstr("cut short"));
    EXPECT_THAT(refusal(written("b.png", fixtures::decoded(fixtures::huge_png)), limit), HasSubstr("cannot hold"));
    write_picture(file("a.jpg"), smooth(16, 16, {"R", "G", "B"}));
    std::string jpeg = content(file("a.jpg"));
    const std::size_t frame = jpeg.find("\xff\xc0");
    ASSERT_NE(frame, std::string::npos);
    jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
    EXPECT_THAT(refusal(written("b.jpg", jpeg), limit), HasSubstr("too few"));
  }
  const std::string tall = tiff(30000, 30000, 1, 8, 1, 1, std::string(100, '\0'));
  EXPECT_THAT(refusal(written("a.tif", tall), 64 * mebibyte), HasSubstr("memory limit of 64 MiB"));
}

TEST_F(PictureFile, RefusesPicturesAboveTheMemoryLimit) {
  const Picture picture = varied(1000, 1000, SampleType::u8, {"Y"});
  for (const std::string extension : {".png", ".jpg", ".tif"}) {
    write_picture(file("a" + extension), picture);
    EXPECT_THAT(refusal(file("a" + extension), 8 * mebibyte), HasSubstr("1000 x 1000 pixels with 1 channel, 12 MiB"));
    EXPECT_NO_THROW(read_picture(file("a" + extension), 16 * mebibyte));
  }
}

TEST_F(PictureFile, RefusesSamplesThatAreNotFinite) {
  std::vector<float> values(2 * 3 * 3, 0.5f);
  values[3 * 3 + 2 * 3 + 1] = std::numeric_limits<float>::quiet_NaN();
  values.back() = std::numeric_limits<float>::infinity();
  const std::string message = refusal(written("a.tif", tiff(3, 2, 3, 32, 3, 2, float_bytes(values))));
  EXPECT_THAT(message, HasSubstr("2 samples"));
  EXPECT_THAT(message, HasSubstr("row 1, column 2, channel G"));
}

TEST_F(PictureFile, RefusesKindsThatItCannotKeep) {
  EXPECT_THAT(refusal(written("a.tif", tiff(1, 1, 1, 32, 1, 1, "abcd"))), HasSubstr("type uint"));
  EXPECT_THAT(refusal(written("a.tif", tiff(1, 1, 1, 8, 2, 1, "a"))), HasSubstr("type int8"));
  EXPECT_THAT(refusal(written("a.tif", tiff(1, 1, 4, 8, 1, 5, "abcd"))), HasSubstr("CMYK"));
  EXPECT_THAT(refusal(written("a.tif", tiff(1, 1, 3, 8, 1, 8, "abc"))), HasSubstr("CIELAB"));
  EXPECT_THAT(refusal(written("a.tif", tiff(8, 1, 1, 0, 1, 1, "a"))), HasSubstr("without the tag BitsPerSample"));
  EXPECT_THAT(refusal(written("a.exr", fixtures::decoded(fixtures::deep_exr))), HasSubstr("deep picture"));
}

TEST_F(PictureFile, RefusesToWriteWhatAFormatCannotHold) {
  const Picture u8 = varied(2, 2, SampleType::u8, {"R", "G", "B"}), u16 = varied(2, 2, SampleType::u16, {"Y"});
  const Picture alpha = varied(2, 2, SampleType::u8, {"R", "G", "B", "A"});
  const Picture real = varied(2, 2, SampleType::f32, {"R", "G", "B"});
  EXPECT_THAT(refusal_to_write(file("a.jpg"), u16), HasSubstr("write .png or .tif"));
  EXPECT_THAT(refusal_to_write(file("a.jpg"), alpha), HasSubstr("alpha"));
  EXPECT_THAT(refusal_to_write(file("a.jpg"), real), HasSubstr("write .exr or .tif"));
  EXPECT_THAT(refusal_to_write(file("a.png"), real), HasSubstr("write .exr or .tif"));
  EXPECT_THAT(refusal_to_write(file("a.exr"), u8), HasSubstr("write .png or .tif"));
  EXPECT_THAT(refusal_to_write(file("a.png"), varied(2, 2, SampleType::u8, {"B1", "B2"})), HasSubstr("B1, B2"));
  EXPECT_THAT(refusal_to_write(file("a.gif"), u8), HasSubstr("'.gif'"));
  EXPECT_THAT(refusal_to_write(file("nowhere/a.png"), u8), HasSubstr("there is no folder"));
  std::filesystem::create_directory(file("taken.png"));
  EXPECT_THAT(refusal_to_write(file("taken.png"), u8), HasSubstr("a folder has that name"));
  EXPECT_THAT(refusal_to_write(file("a.png"), blank(0, 5, SampleType::u8, {"Y"})), HasSubstr("5 x 0 pixels"));
  EXPECT_EQ(files_in_folder(), 1u);
}

TEST_F(PictureFile, RefusesToWriteSamplesThatAreNotFinite) {
  for (const std::string name : {"a.png", "a.tif"}) {
    Picture picture = varied(2, 3, SampleType::u8, {"Y"});
    picture.samples[4] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_THAT(refusal_to_write(file(name), picture), HasSubstr("row 1, column 1, channel Y"));
  }
  EXPECT_EQ(files_in_folder(), 0u);
}

TEST_F(PictureFile, ReplacesAFileOnlyWhenTheNewOneIsComplete) {
  // A limit on the size of files stands for a full disk.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const std::string extension : {".png", ".jpg", ".tif", ".exr"}) {
    SCOPED_TRACE(extension);
    Picture picture = varied(200, 200, SampleType::u8, {"R", "G", "B"});
    if (extension == ".exr") picture.format.type = SampleType::f32;
    const path target = written("a" + extension, "what was there before");
    rlimit small = before;
    small.rlim_cur = 20000;
    setrlimit(RLIMIT_FSIZE, &small);
    ::testing::internal::CaptureStderr();
    try {
      write_picture(target, picture);
      ADD_FAILURE() << "written in spite of the limit";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failure);
      EXPECT_THAT(error.what(), HasSubstr(std::strerror(EFBIG)));
    }
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    setrlimit(RLIMIT_FSIZE, &before);
    EXPECT_EQ(content(target), "what was there before");
    EXPECT_EQ(files_in_folder(), 1u);
    write_picture(target, picture);
    EXPECT_EQ(read_picture(target, no_limit).format.width, 200);
    std::filesystem::remove(target);
  }
  std::signal(SIGXFSZ, handler);
}

TEST(PictureCodecs, HoldTheSameFunctions) {
  const PictureCodecs* codecs = sinefield_picture_codecs();
  ASSERT_NE(codecs, nullptr);
  EXPECT_EQ(codecs->picture_header, &picture_header);
  EXPECT_EQ(codecs->read_picture, &read_picture);
  EXPECT_EQ(codecs->require_writable, &require_writable);
  EXPECT_EQ(codecs->write_picture, &write_picture);
  EXPECT_EQ(codecs->contact_sheet, &contact_sheet);
}

}  // namespace
}  // namespace sinefield
