// Volume files: what every format says about samples and space, what is written comes back, and nothing that is broken
// or lies comes in. The files are put together here, byte by byte.
// SPDX-License-Identifier: MIT
#include "sinefield/volume_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/error.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using std::filesystem::path;
using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using ::testing::StartsWith;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

// Numbers as bytes, in either order.
template <class T>
std::string raw(const std::vector<T>& values, std::endian order = std::endian::little) {
  std::string bytes;
  for (const T value : values) {
    std::array<char, sizeof(T)> one;
    std::memcpy(one.data(), &value, sizeof(T));
    if (order != std::endian::native) std::reverse(one.begin(), one.end());
    bytes.append(one.data(), one.size());
  }
  return bytes;
}

template <class T>
std::vector<T> count_to(std::size_t n) {
  std::vector<T> values(n);
  std::iota(values.begin(), values.end(), T{1});
  return values;
}

std::string gzipped(const std::string& bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  std::string input = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string inflated(const std::string& packed, std::size_t size) {
  z_stream stream = {};
  EXPECT_EQ(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  std::string bytes(size, '\0'), input = packed;
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  inflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

class VolumeFile : public ::testing::Test {
 protected:
  path put(const std::string& name, const std::string& bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
    return folder_ / name;
  }
  static std::string content(const path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  Volume read(const std::string& name, const std::string& bytes) const {
    return read_volume(put(name, bytes), no_limit);
  }
  // The message, which names the file.
  std::string refused(const std::string& name, const std::string& bytes, std::uint64_t limit = no_limit) const {
    const path file = put(name, bytes);
    const std::string message = refusal([&] { read_volume(file, limit); });
    EXPECT_THAT(message, HasSubstr(file.string()));
    return message;
  }

  TemporaryFolder folder_;
};

// ---- types

TEST(VoxelTypes, HaveNames) {
  for (const VoxelType type :
       {VoxelType::u8, VoxelType::i8, VoxelType::u16, VoxelType::i16, VoxelType::i32, VoxelType::f32}) {
    EXPECT_EQ(voxel_type_from_name(voxel_type_name(type)), type);
  }
  EXPECT_EQ(voxel_type_name(VoxelType::i16), "i16");
  EXPECT_THAT(refusal([] { voxel_type_from_name("f64"); }), HasSubstr("'f64'"));
}

TEST(VoxelTypes, RoundHalvesUpAndClip) {
  EXPECT_EQ(quantised(2.5f, VoxelType::u8), 3);
  EXPECT_EQ(quantised(-2.5f, VoxelType::i8), -2);
  EXPECT_EQ(quantised(-1, VoxelType::u8), 0);
  EXPECT_EQ(quantised(255.7f, VoxelType::u8), 255);
  EXPECT_EQ(quantised(-200, VoxelType::i8), -128);
  EXPECT_EQ(quantised(200, VoxelType::i8), 127);
  EXPECT_EQ(quantised(1e6f, VoxelType::u16), 65535);
  EXPECT_EQ(quantised(1e6f, VoxelType::i16), 32767);
  EXPECT_EQ(quantised(-1e6f, VoxelType::i16), -32768);
  EXPECT_EQ(quantised(-1e12f, VoxelType::i32), -2147483648.0f);
  EXPECT_EQ(quantised(1e12f, VoxelType::i32), 2147483520.0f);  // the largest float in range
  EXPECT_EQ(quantised(16777218, VoxelType::i32), 16777218);
  EXPECT_EQ(quantised(0.3f, VoxelType::f32), 0.3f);
  EXPECT_TRUE(std::isnan(quantised(std::nanf(""), VoxelType::u8)));
}

// ---- .npy

std::string npy(const std::string& type, const std::string& shape, const std::string& data,
                const std::string& fortran = "False") {
  const std::string text = fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n", type, fortran, shape);
  std::string bytes("\x93NUMPY");
  bytes += {1, 0, static_cast<char>(text.size() & 255U), static_cast<char>(text.size() >> 8U)};
  return bytes + text + data;
}

TEST_F(VolumeFile, NpyOfEveryType) {
  const auto expect = [&](const std::string& type, const std::string& data, VoxelType kept) {
    SCOPED_TRACE(type);
    const Volume volume = read("a.npy", npy(type, "(1, 2, 3)", data));
    EXPECT_EQ(volume.format.sizes, (std::array<std::int64_t, 3>{1, 2, 3}));
    EXPECT_EQ(volume.format.channels, 1);
    EXPECT_EQ(volume.format.type, kept);
    EXPECT_THAT(volume.samples, ElementsAre(1, 2, 3, 4, 5, 6));
  };
  expect("|u1", raw(count_to<std::uint8_t>(6)), VoxelType::u8);
  expect("|i1", raw(count_to<std::int8_t>(6)), VoxelType::i8);
  expect("<u2", raw(count_to<std::uint16_t>(6)), VoxelType::u16);
  expect("<i2", raw(count_to<std::int16_t>(6)), VoxelType::i16);
  expect(">i2", raw(count_to<std::int16_t>(6), std::endian::big), VoxelType::i16);
  expect("<i4", raw(count_to<std::int32_t>(6)), VoxelType::i32);
  expect(">f4", raw(count_to<float>(6), std::endian::big), VoxelType::f32);
  expect("<f8", raw(count_to<double>(6)), VoxelType::f32);
  expect("<i8", raw(count_to<std::int64_t>(6)), VoxelType::f32);
  EXPECT_THAT(read("a.npy", npy("<i2", "(1, 1, 1)", raw<std::int16_t>({-300}))).samples, ElementsAre(-300));
}

TEST_F(VolumeFile, NpyInFortranOrderAndWithChannels) {
  const Volume fortran = read("a.npy", npy("|u1", "(2, 1, 3)", raw(count_to<std::uint8_t>(6)), "True"));
  EXPECT_THAT(fortran.samples, ElementsAre(1, 3, 5, 2, 4, 6));
  const Volume colours = read("a.npy", npy("|u1", "(2, 1, 1, 3)", raw(count_to<std::uint8_t>(6))));
  EXPECT_EQ(colours.format.channels, 3);
  EXPECT_EQ(colours.format.sizes, (std::array<std::int64_t, 3>{2, 1, 1}));
  EXPECT_THAT(colours.samples, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(VolumeFile, NpyRefusals) {
  const std::string six = raw(count_to<std::uint8_t>(6));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(2, 3)", six)), HasSubstr("shape (2, 3)"));
  EXPECT_THAT(refused("a.npy", npy("<c8", "(1, 1, 1)", raw<double>({1}))), HasSubstr("'<c8'"));
  EXPECT_THAT(refused("a.npy", npy("<f2", "(1, 1, 1)", "ab")), HasSubstr("'<f2'"));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(1, 2, 4)", six)), HasSubstr("make 8 bytes, it holds 6"));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(1, 2, 2)", six)), AllOf(HasSubstr("too long"), HasSubstr("it holds 6")));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(1, 0, 2)", "")), HasSubstr("an axis of 0 samples"));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(1, 1, 1, 5000)", "")), HasSubstr("5000 channels"));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(4294967296, 4294967296, 4294967296)", six)),
              HasSubstr("more than any file holds"));
  EXPECT_THAT(refused("a.npy", npy("|u1", "(1, 2, 3)", six), 23),
              HasSubstr("needs 24 bytes of memory, the limit is 23"));
  EXPECT_EQ(read_volume(put("a.npy", npy("|u1", "(1, 2, 3)", six)), 24).samples.size(), 6);
}

TEST_F(VolumeFile, NamesTheFirstSampleThatIsNotFinite) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::string message =
      refused("a.npy", npy("<f4", "(2, 2, 2, 1)", raw<float>({0, 1, 2, 3, 4, 5, infinity, -nan})));
  EXPECT_THAT(message, HasSubstr("holds 2 samples that are no finite floats, the first (inf) at x 0, y 1, z 1"));
  EXPECT_THAT(refused("a.npy", npy("<f8", "(1, 1, 1)", raw<double>({1e300}))), HasSubstr("no finite floats"));
}

// ---- NRRD

const std::string plain_nrrd =
    "NRRD0004\n# a comment\ntype: short\ndimension: 3\nsizes: 3 2 1\nencoding: raw\nendian: little\n";

TEST_F(VolumeFile, NrrdRaw) {
  const Volume volume = read("a.nrrd", plain_nrrd + "spacings: 1 2 4\nkey:=value\n\n" + raw(count_to<std::int16_t>(6)));
  EXPECT_EQ(volume.format.sizes, (std::array<std::int64_t, 3>{1, 2, 3}));
  EXPECT_EQ(volume.format.type, VoxelType::i16);
  EXPECT_THAT(volume.format.spacing, ElementsAre(4, 2, 1));
  EXPECT_THAT(volume.format.to_world, ElementsAre(1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0));
  EXPECT_THAT(volume.format.unit, IsEmpty());
  EXPECT_THAT(volume.samples, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(VolumeFile, NrrdGzipBigEndianWithCarriageReturns) {
  const std::string header =
      "NRRD0005\r\nType: FLOAT\r\ndimension: 3\r\nsizes: 2 1 2\r\nencoding: gz\r\nendian: big\r\n\r\n";
  const std::string data = raw<float>({1.5f, -2, 3, 4}, std::endian::big);
  EXPECT_THAT(read("a.nrrd", header + gzipped(data)).samples, ElementsAre(1.5f, -2, 3, 4));
  // Two members, one after the other, are one stream.
  EXPECT_THAT(read("a.nrrd", header + gzipped(data.substr(0, 5)) + gzipped(data.substr(5))).samples,
              ElementsAre(1.5f, -2, 3, 4));
}

TEST_F(VolumeFile, NrrdSpaces) {
  const auto world = [&](const std::string& space) {
    return read("a.nrrd", plain_nrrd + "space: " + space +
                              "\nspace directions: (0,2,0) (0, 0, -3) (4,0,0)\nspace origin: (10,20,30)\n"
                              "space units: \"mm\" \"mm\" \"mm\"\n\n" +
                              raw(count_to<std::int16_t>(6)))
        .format;
  };
  const VolumeFormat ras = world("right-anterior-superior");
  EXPECT_THAT(ras.to_world, ElementsAre(0, 0, 4, 10, 2, 0, 0, 20, 0, -3, 0, 30));
  EXPECT_THAT(ras.spacing, ElementsAre(4, 3, 2));
  EXPECT_EQ(ras.unit, "mm");
  EXPECT_THAT(world("LPS").to_world, ElementsAre(0, 0, -4, -10, -2, 0, 0, -20, 0, -3, 0, 30));
  EXPECT_THAT(world("left-anterior-superior").to_world, ElementsAre(0, 0, -4, -10, 2, 0, 0, 20, 0, -3, 0, 30));
  EXPECT_THAT(world("3D-right-handed").to_world, ElementsAre(0, 0, 4, 10, 2, 0, 0, 20, 0, -3, 0, 30));
  EXPECT_THAT(world("3D-left-handed").to_world, ElementsAre(0, 0, -4, -10, 2, 0, 0, 20, 0, -3, 0, 30));
}

TEST_F(VolumeFile, NrrdChannelsComeFirstOrLast) {
  const std::string start = "NRRD0004\ntype: uint8\ndimension: 4\nencoding: raw\n";
  const std::string data = raw(count_to<std::uint8_t>(12));
  const Volume first = read("a.nrrd", start + "sizes: 3 2 2 1\nkinds: RGB-color domain domain domain\n\n" + data);
  EXPECT_EQ(first.format.channels, 3);
  EXPECT_EQ(first.format.sizes, (std::array<std::int64_t, 3>{1, 2, 2}));
  EXPECT_THAT(first.samples, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  const Volume last = read("a.nrrd", start +
                                         "sizes: 2 2 1 3\nspace dimension: 3\nkinds: domain domain domain vector\n"
                                         "space directions: (1,0,0) (0,1,0) (0,0,1) none\n\n" +
                                         data);
  EXPECT_EQ(last.format.channels, 3);
  EXPECT_THAT(last.samples, ElementsAre(1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12));
  const Volume by_spacing = read("a.nrrd", start + "sizes: 3 2 2 1\nspacings: nan 1 2 3\n\n" + data);
  EXPECT_EQ(by_spacing.format.channels, 3);
  EXPECT_THAT(by_spacing.format.spacing, ElementsAre(3, 2, 1));
  const Volume one_of_a_series = read("a.nrrd", start + "sizes: 3 2 2 1\nkinds: domain domain domain time\n\n" + data);
  EXPECT_EQ(one_of_a_series.format.channels, 1);
  EXPECT_EQ(one_of_a_series.format.sizes, (std::array<std::int64_t, 3>{2, 2, 3}));
}

TEST_F(VolumeFile, NrrdSkipsLinesAndBytes) {
  const std::string data = raw(count_to<std::int16_t>(6));
  const std::vector<float> expected = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(read("a.nrrd", plain_nrrd + "line skip: 2\nbyte skip: 3\n\none\ntwo\nxyz" + data).samples, expected);
  EXPECT_EQ(read("a.nrrd", plain_nrrd + "byteskip: -1\n\nanything" + data).samples, expected);
  std::string packed = plain_nrrd;
  packed.replace(packed.find("raw"), 3, "gzip");
  EXPECT_EQ(read("a.nrrd", packed + "line skip: 1\nbyte skip: 2\n\none\n" + gzipped("xy" + data)).samples, expected);
  EXPECT_THAT(refused("a.nrrd", packed + "byte skip: -1\n\n" + gzipped(data)), HasSubstr("byte skip is '-1'"));
  EXPECT_THAT(refused("a.nrrd", plain_nrrd + "byte skip: -2\n\n" + data), HasSubstr("byte skip is '-2'"));
  EXPECT_THAT(refused("a.nrrd", plain_nrrd + "line skip: 9\n\n" + data), HasSubstr("line skip is '9'"));
  EXPECT_THAT(refused("a.nrrd", plain_nrrd + "byte skip: 9223372036854775807\n\n" + data), HasSubstr("it holds 0"));
  EXPECT_THAT(refused("a.nrrd", plain_nrrd + "byte skip: -1\n\n" + data.substr(1)), HasSubstr("it holds 11"));
}

TEST_F(VolumeFile, NrrdDataBesideTheHeader) {
  put("a.raw", raw(count_to<std::int16_t>(6)));
  EXPECT_THAT(read("a.nhdr", plain_nrrd + "data file: a.raw\n").samples, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(read("a.nhdr", plain_nrrd + "datafile: a.raw\n\n").samples, ElementsAre(1, 2, 3, 4, 5, 6));
  for (const char* name : {"/etc/passwd", "../a.raw", "./a.raw", "..", "sub/a.raw", "http://example.org/a.raw",
                           "file:a.raw", "sub\\a.raw"}) {
    EXPECT_THAT(refused("a.nhdr", plain_nrrd + "data file: " + name + "\n"),
                HasSubstr(fmt::format("data file is '{}', expected the name of a file in the same folder", name)));
  }
  EXPECT_THAT(refused("a.nhdr", plain_nrrd + "data file: LIST\na.raw\n"), HasSubstr("'a.raw' is no field"));
  EXPECT_THAT(refused("a.nhdr", plain_nrrd + "data file: a%02d.raw 1 3 1\n"), HasSubstr("the name of one file"));
  put("a.nhdr", plain_nrrd + "data file: missing.raw\n");
  EXPECT_THAT(refusal([&] { read_volume(folder_ / "a.nhdr", no_limit); }), HasSubstr("missing.raw"));
  put("a.raw", "short");
  EXPECT_THAT(refusal([&] { read_volume(put("a.nhdr", plain_nrrd + "data file: a.raw\n"), no_limit); }),
              AllOf(HasSubstr("a.raw is cut"), HasSubstr("make 12 bytes, it holds 5")));
}

TEST_F(VolumeFile, NrrdHeadersThatLie) {
  const std::string data = raw(count_to<std::int16_t>(6));
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string header = plain_nrrd;
    header.replace(header.find(from), from.size(), to);
    return refused("a.nrrd", header + "\n" + data);
  };
  EXPECT_THAT(with("NRRD0004", "NRRD0009"), HasSubstr("'NRRD0009'"));
  EXPECT_THAT(with("type: short", "type: block"), HasSubstr("type is 'block'"));
  EXPECT_THAT(with("type: short\n", ""), HasSubstr("the field 'type' is missing"));
  EXPECT_THAT(with("dimension: 3", "dimension: 0"), HasSubstr("dimension is '0'"));
  EXPECT_THAT(with("dimension: 3", "dimension: 4"), HasSubstr("sizes is '3 2 1', expected a value for each of the 4"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 3 2 0"), HasSubstr("sizes is '3 2 0'"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 3 -2 -1"), HasSubstr("sizes is '3 -2 -1'"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 3 2 1.5"), HasSubstr("expected integers"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 9999999999 9999999999 2"), HasSubstr("more than any file holds"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 3 2 99999999999999999999"), HasSubstr("expected integers of 64 bits"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 3 2 2"), HasSubstr("make 24 bytes, it holds 12"));
  EXPECT_THAT(with("sizes: 3 2 1", "sizes: 2 2 1"), HasSubstr("make 8 bytes, it holds 12"));
  EXPECT_THAT(with("encoding: raw", "encoding: bzip2"), HasSubstr("encoding is 'bzip2'"));
  EXPECT_THAT(with("encoding: raw", "encoding: gzip"), HasSubstr("compressed data make no sense"));
  EXPECT_THAT(with("endian: little\n", ""), HasSubstr("the field 'endian' is missing"));
  EXPECT_THAT(with("endian: little", "endian: middle"), HasSubstr("endian is 'middle'"));
  EXPECT_THAT(with("# a comment", "nonsense"), HasSubstr("'nonsense' is no field"));
  EXPECT_THAT(with("# a comment", "type: int"), HasSubstr("'type' is there twice"));
  EXPECT_THAT(with("# a comment", "spacings: 1 nan 1"), HasSubstr("spacings is '1 nan 1'"));
  EXPECT_THAT(with("# a comment", "spacings: 1 0 1"), HasSubstr("spacings is '1 0 1'"));
  EXPECT_THAT(with("# a comment", "spacings: 1 1"), HasSubstr("a value for each of the 3 axes"));
  EXPECT_THAT(with("# a comment", "space: left-posterior-superior-time"), HasSubstr("superior-time"));
  EXPECT_THAT(with("# a comment", "space dimension: 2"), HasSubstr("space dimension is '2'"));
  EXPECT_THAT(with("# a comment", "space directions: (1,0) (0,1) none"), HasSubstr("space directions is"));
  EXPECT_THAT(with("# a comment", "space directions: (1,0,0) (0,0,0) (0,0,1)"), HasSubstr("finite length above 0"));
  EXPECT_THAT(with("# a comment", "space directions: (1,0,0) (0,nan,0) (0,0,1)"), HasSubstr("three finite numbers"));
  EXPECT_THAT(with("# a comment", "space directions: (1,0,0) (0,1,0) none"), HasSubstr("2 axes in space"));
  EXPECT_THAT(with("# a comment", "space origin: (1,inf,0)"), HasSubstr("space origin is '(1,inf,0)'"));
  EXPECT_THAT(with("# a comment", "kinds: domain domain flavour"), HasSubstr("'flavour'"));
  EXPECT_THAT(with("# a comment", "kinds: domain domain RGB-color"), HasSubstr("has the size 1, expected 3"));
  EXPECT_THAT(with("dimension: 3\nsizes: 3 2 1", "dimension: 2\nsizes: 3 2"), HasSubstr("2 axes in space"));
  EXPECT_THAT(with("dimension: 3\nsizes: 3 2 1", "dimension: 4\nsizes: 3 2 1 1"), HasSubstr("4 axes in space"));
  EXPECT_THAT(with("dimension: 3\nsizes: 3 2 1", "dimension: 4\nkinds: space space space time\nsizes: 3 1 1 2"),
              HasSubstr("a series of 2 volumes"));
  EXPECT_THAT(refused("a.nrrd", plain_nrrd), HasSubstr("end inside of it"));
}

TEST_F(VolumeFile, CompressedDataThatLie) {
  std::string header = plain_nrrd;
  header.replace(header.find("raw"), 3, "gzip");
  header += "\n";
  const std::string data = raw(count_to<std::int16_t>(6)), packed = gzipped(data);
  EXPECT_THAT(refused("a.nrrd", header + packed.substr(0, packed.size() - 3)), HasSubstr("break off at byte"));
  EXPECT_THAT(refused("a.nrrd", header + packed.substr(0, 12)), HasSubstr("break off at byte"));
  EXPECT_THAT(refused("a.nrrd", header + gzipped(data.substr(2))), HasSubstr("it holds 10 after decompressing"));
  EXPECT_THAT(refused("a.nrrd", header + gzipped(data + "x")), HasSubstr("it holds at least 13 after decompressing"));
  // A bomb: most of it is never unpacked.
  EXPECT_THAT(refused("a.nrrd", header + gzipped(std::string(50'000'000, '\0'))), HasSubstr("it holds at least 13"));
  std::string wrong_checksum = packed;
  wrong_checksum[packed.size() - 8] = static_cast<char>(wrong_checksum[packed.size() - 8] ^ 1);
  EXPECT_THAT(refused("a.nrrd", header + wrong_checksum), HasSubstr("incorrect data check"));
  // No memory is asked for on the word of a header.
  std::string large = header;
  large.replace(large.find("3 2 1"), 5, "1000000 1000000 100");
  EXPECT_THAT(refused("a.nrrd", large + packed), HasSubstr("cannot have been compressed"));
  EXPECT_THAT(refused("a.nrrd", large + packed, 1'000'000), HasSubstr("the limit is 1000000"));
}

// ---- NIfTI

// The fields of a NIfTI-1 or NIfTI-2 header that matter here.
struct Nifti {
  int version = 1;
  std::endian order = std::endian::little;
  std::vector<std::int64_t> dim = {3, 3, 2, 1, 1, 1, 1, 1};
  int datatype = 4;  // i16
  std::vector<double> pixdim = {1, 1, 2, 4, 1, 1, 1, 1};
  double vox_offset = -1;  // -1: behind the header
  double slope = 1, intercept = 0;
  int qform_code = 0, sform_code = 0;
  std::vector<double> quatern = {0, 0, 0}, qoffset = {0, 0, 0}, srow = std::vector<double>(12, 0.0);
  int units = 2;  // mm
  std::string magic;

  std::string bytes() const {
    const std::size_t length = version == 1 ? 348 : 540;
    std::string header(length + 4, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
    const auto reals = [&](std::size_t at, const std::vector<double>& values) {
      put(at, version == 1 ? raw(std::vector<float>(values.begin(), values.end()), order) : raw(values, order));
    };
    const auto shorts = [&](std::size_t at, const std::vector<int>& values) {
      put(at, raw(std::vector<std::int16_t>(values.begin(), values.end()), order));
    };
    put(0, raw<std::int32_t>({static_cast<std::int32_t>(length)}, order));
    const double offset = vox_offset < 0 ? static_cast<double>(length + 4) : vox_offset;
    if (version == 1) {
      put(40, raw(std::vector<std::int16_t>(dim.begin(), dim.end()), order));
      shorts(70, {datatype});
      reals(76, pixdim);
      reals(108, {offset, slope, intercept});
      header[123] = static_cast<char>(units);
      shorts(252, {qform_code, sform_code});
      reals(256, quatern);
      reals(268, qoffset);
      reals(280, srow);
      put(344, magic.empty() ? "n+1" : magic);
    } else {
      put(4, magic.empty() ? std::string("n+2\0\r\n\x1a\n", 8) : magic);
      shorts(12, {datatype});
      put(16, raw(dim, order));
      reals(104, pixdim);
      put(168, raw<std::int64_t>({static_cast<std::int64_t>(offset)}, order));
      reals(176, {slope, intercept});
      put(344, raw<std::int32_t>({qform_code, sform_code}, order));
      reals(352, quatern);
      reals(376, qoffset);
      reals(400, srow);
      put(500, raw<std::int32_t>({units}, order));
    }
    return header;
  }
};

TEST_F(VolumeFile, NiftiOfBothVersionsOrdersAndPackings) {
  for (const int version : {1, 2}) {
    for (const std::endian order : {std::endian::little, std::endian::big}) {
      SCOPED_TRACE(fmt::format("version {}, {}", version, order == std::endian::big ? "big" : "little"));
      Nifti nifti;
      nifti.version = version;
      nifti.order = order;
      const std::string bytes = nifti.bytes() + raw(count_to<std::int16_t>(6), order);
      for (const std::string& file : {bytes, gzipped(bytes)}) {
        const Volume volume = read("a.nii", file);
        EXPECT_EQ(volume.format.sizes, (std::array<std::int64_t, 3>{1, 2, 3}));
        EXPECT_EQ(volume.format.channels, 1);
        EXPECT_EQ(volume.format.type, VoxelType::i16);
        EXPECT_THAT(volume.format.spacing, ElementsAre(4, 2, 1));
        EXPECT_THAT(volume.format.to_world, ElementsAre(1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0));
        EXPECT_EQ(volume.format.unit, "mm");
        EXPECT_THAT(volume.samples, ElementsAre(1, 2, 3, 4, 5, 6));
      }
    }
  }
}

TEST_F(VolumeFile, NiftiTypes) {
  const auto type_of = [&](int datatype, const std::string& data) {
    Nifti nifti;
    nifti.datatype = datatype;
    const Volume volume = read("a.nii", nifti.bytes() + data);
    EXPECT_THAT(volume.samples, ElementsAre(1, 2, 3, 4, 5, 6)) << datatype;
    return volume.format.type;
  };
  EXPECT_EQ(type_of(2, raw(count_to<std::uint8_t>(6))), VoxelType::u8);
  EXPECT_EQ(type_of(256, raw(count_to<std::int8_t>(6))), VoxelType::i8);
  EXPECT_EQ(type_of(512, raw(count_to<std::uint16_t>(6))), VoxelType::u16);
  EXPECT_EQ(type_of(8, raw(count_to<std::int32_t>(6))), VoxelType::i32);
  EXPECT_EQ(type_of(16, raw(count_to<float>(6))), VoxelType::f32);
  EXPECT_EQ(type_of(64, raw(count_to<double>(6))), VoxelType::f32);
  EXPECT_EQ(type_of(768, raw(count_to<std::uint32_t>(6))), VoxelType::f32);

  Nifti colours;
  colours.datatype = 128;
  colours.dim = {3, 2, 1, 1, 1, 1, 1, 1};
  colours.slope = 7;  // colours are not scaled
  const Volume volume = read("a.nii", colours.bytes() + raw(count_to<std::uint8_t>(6)));
  EXPECT_EQ(volume.format.channels, 3);
  EXPECT_EQ(volume.format.type, VoxelType::u8);
  EXPECT_THAT(volume.samples, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(VolumeFile, NiftiScaling) {
  const auto scaled = [&](double slope, double intercept) {
    Nifti nifti;
    nifti.slope = slope;
    nifti.intercept = intercept;
    return read("a.nii", nifti.bytes() + raw(count_to<std::int16_t>(6)));
  };
  EXPECT_THAT(scaled(0.5, -1).samples, ElementsAre(-0.5f, 0, 0.5f, 1, 1.5f, 2));
  EXPECT_EQ(scaled(0.5, -1).format.type, VoxelType::f32);
  EXPECT_EQ(scaled(1, 3).format.type, VoxelType::f32);
  EXPECT_THAT(scaled(1, 3).samples, ElementsAre(4, 5, 6, 7, 8, 9));
  // No slope: the numbers are as they are.
  EXPECT_EQ(scaled(0, 3).format.type, VoxelType::i16);
  EXPECT_THAT(scaled(0, 3).samples, ElementsAre(1, 2, 3, 4, 5, 6));
  const double nan = std::nan("");
  EXPECT_THAT(scaled(nan, nan).samples, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(scaled(nan, nan).format.type, VoxelType::i16);
}

TEST_F(VolumeFile, NiftiPlaceInTheWorld) {
  const std::string data = raw(count_to<std::int16_t>(6));
  for (const int version : {1, 2}) {
    Nifti nifti;
    nifti.version = version;
    nifti.qform_code = 1;
    nifti.pixdim[0] = -1;                    // the third axis is mirrored
    nifti.quatern = {0, 0, std::sqrt(0.5)};  // a quarter turn about z: x goes to y, y to -x
    nifti.qoffset = {10, 20, 30};
    EXPECT_THAT(read("a.nii", nifti.bytes() + data).format.to_world,
                Pointwise(DoubleNear(1e-6), {0, -2, 0, 10, 1, 0, 0, 20, 0, 0, -4, 30}));
    nifti.sform_code = 1;  // wins
    nifti.srow = {-1, 0, 0.5, 1, 0, 2, 0, 2, 0, 0, 4, 3};
    const VolumeFormat format = read("a.nii", nifti.bytes() + data).format;
    EXPECT_THAT(format.to_world, ElementsAre(-1, 0, 0.5, 1, 0, 2, 0, 2, 0, 0, 4, 3));
    EXPECT_THAT(format.spacing, ElementsAre(4, 2, 1));
    nifti.units = 3;
    EXPECT_EQ(read("a.nii", nifti.bytes() + data).format.unit, "um");
  }
}

TEST_F(VolumeFile, NiftiSeries) {
  const std::string data = raw(count_to<std::int16_t>(6));
  Nifti nifti;
  nifti.dim = {4, 3, 2, 1, 1, 1, 1, 1};
  EXPECT_THAT(read("a.nii", nifti.bytes() + data).samples, ElementsAre(1, 2, 3, 4, 5, 6));
  nifti.dim = {4, 3, 1, 1, 2, 1, 1, 1};
  EXPECT_THAT(refused("a.nii", nifti.bytes() + data), HasSubstr("2 volumes"));
  nifti.dim = {5, 1, 2, 1, 1, 3, 1, 1};
  EXPECT_THAT(refused("a.nii", nifti.bytes() + data), HasSubstr("3 values for each voxel (dim[5])"));
  nifti.dim = {2, 3, 2, 1, 1, 1, 1, 1};
  EXPECT_THAT(refused("a.nii", nifti.bytes() + data), HasSubstr("2 axes"));
}

TEST_F(VolumeFile, NiftiSkipsExtensions) {
  Nifti nifti;
  nifti.vox_offset = 368;
  const std::string data = raw(count_to<std::int16_t>(6));
  EXPECT_THAT(read("a.nii", nifti.bytes() + std::string(16, 'x') + data).samples, ElementsAre(1, 2, 3, 4, 5, 6));
  nifti.vox_offset = 0;  // left open
  EXPECT_THAT(read("a.nii", nifti.bytes() + data).samples, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(VolumeFile, NiftiHeadersThatLie) {
  const std::string data = raw(count_to<std::int16_t>(6));
  const double nan = std::nan("");
  for (const int version : {1, 2}) {
    SCOPED_TRACE(version);
    const auto with = [&](const auto& change) {
      Nifti nifti;
      nifti.version = version;
      change(nifti);
      const std::string plain = refused("a.nii", nifti.bytes() + data);
      EXPECT_THAT(refused("a.nii.gz", gzipped(nifti.bytes() + data)), Not(IsEmpty()));
      return plain;
    };
    EXPECT_THAT(with([](Nifti& n) { n.dim[1] = 0; }), HasSubstr("an axis of 0 voxels (dim[1])"));
    EXPECT_THAT(with([](Nifti& n) { n.dim[2] = -2; }), HasSubstr("an axis of -2 voxels (dim[2])"));
    EXPECT_THAT(with([](Nifti& n) { n.dim[0] = 8; }), HasSubstr("8 axes (dim[0])"));
    EXPECT_THAT(with([](Nifti& n) { n.dim[0] = 0; }), HasSubstr("0 axes (dim[0])"));
    EXPECT_THAT(with([](Nifti& n) { n.dim[3] = 2; }), HasSubstr("make 24 bytes, it holds 12"));
    EXPECT_THAT(with([](Nifti& n) { n.dim[1] = 2; }), HasSubstr("make 8 bytes, it holds 12"));
    EXPECT_THAT(with([](Nifti& n) { n.dim = {3, 32767, 32767, 32767, 1, 1, 1, 1}; }), HasSubstr("is cut"));
    EXPECT_THAT(with([](Nifti& n) { n.datatype = 32; }), HasSubstr("type 32 (NIFTI_TYPE_COMPLEX64)"));
    EXPECT_THAT(with([](Nifti& n) { n.datatype = 77; }), HasSubstr("type 77"));
    EXPECT_THAT(with([](Nifti& n) { n.datatype = 0; }), HasSubstr("type 0"));
    EXPECT_THAT(with([&](Nifti& n) { n.pixdim[2] = nan; }), HasSubstr("a spacing of nan (pixdim[2])"));
    EXPECT_THAT(with([](Nifti& n) { n.pixdim[1] = -1; }), HasSubstr("a spacing of -1 (pixdim[1])"));
    EXPECT_THAT(with([&](Nifti& n) { n.intercept = nan; }), HasSubstr("an intercept of nan"));
    EXPECT_THAT(with([&](Nifti& n) { n.sform_code = 1, n.srow[5] = nan; }), HasSubstr("(srow)"));
    EXPECT_THAT(with([](Nifti& n) { n.sform_code = 1; }), HasSubstr("no extent along x"));
    EXPECT_THAT(with([&](Nifti& n) { n.qform_code = 1, n.qoffset[1] = nan; }), HasSubstr("qoffset"));
    EXPECT_THAT(with([](Nifti& n) { n.vox_offset = 100; }), HasSubstr("begin at byte 100"));
    EXPECT_THAT(with([](Nifti& n) { n.vox_offset = 1e15; }), HasSubstr("it holds 0"));
    EXPECT_THAT(with([](Nifti& n) { n.magic = n.version == 1 ? "ni1" : std::string("ni2\0\r\n\x1a\n", 8); }),
                HasSubstr("a pair of files"));
    Nifti nifti;
    nifti.version = version;
    EXPECT_THAT(refused("a.nii", nifti.bytes().substr(0, 347)), HasSubstr("is not a"));
    EXPECT_THAT(refused("a.nii", nifti.bytes() + data, 23), HasSubstr("the limit is 23"));
    const std::string packed = gzipped(nifti.bytes() + data);
    EXPECT_THAT(refused("a.nii.gz", packed.substr(0, packed.size() - 1)), HasSubstr("break off"));
    EXPECT_THAT(refused("a.nii.gz", packed, 23), HasSubstr("the limit is 23"));
  }
  Nifti beyond;
  beyond.version = 2;
  beyond.dim = {3, 4294967296, 4294967296, 4294967296, 1, 1, 1, 1};
  EXPECT_THAT(refused("a.nii", beyond.bytes() + data), HasSubstr("more than any file holds"));
  EXPECT_THAT(refused("a.nii", beyond.bytes().substr(0, 400)), HasSubstr("400 bytes end inside the header of 540"));
  Nifti analyze;
  analyze.magic = std::string(4, '\0');
  EXPECT_THAT(refused("a.hdr", analyze.bytes()), HasSubstr("ANALYZE"));
}

TEST_F(VolumeFile, LibraryKeepsSilent) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  Nifti nifti;
  nifti.pixdim[1] = 0;  // repaired
  EXPECT_THAT(read("a.nii", nifti.bytes() + raw(count_to<std::int16_t>(6))).format.spacing, ElementsAre(4, 2, 1));
  nifti.datatype = 1;
  refused("a.nii", nifti.bytes());
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), IsEmpty());
  EXPECT_THAT(::testing::internal::GetCapturedStdout(), IsEmpty());
}

TEST_F(VolumeFile, RefusesWhatIsNoVolume) {
  EXPECT_THAT(refused("a.nii", ""), HasSubstr("is empty"));
  EXPECT_THAT(refused("a.nii", "hello, world"), HasSubstr("68 65 6c 6c 6f 2c"));
  EXPECT_THAT(refused("a.nii.gz", gzipped("hello, world")), HasSubstr("it is compressed, but not a NIfTI file"));
  EXPECT_THAT(refusal([&] { read_volume(folder_ / "missing.nii", no_limit); }), HasSubstr("missing.nii"));
  EXPECT_THAT(refusal([&] { read_volume(folder_.path(), no_limit); }), HasSubstr("a folder"));
}

// ---- writing

Volume example(VoxelType type, int channels = 1) {
  Volume volume;
  VolumeFormat& format = volume.format;
  format.sizes = {2, 3, 4};
  format.channels = channels;
  format.type = type;
  format.spacing = {3, 2, 0.1};
  // Turned about z, so that x runs to the front.
  format.to_world = {0, -2, 0, 10, 0.1, 0, 0, -20.5, 0, 0, 3, 1e-5};
  format.unit = "mm";
  volume.samples.resize(static_cast<std::size_t>(format.voxels() * channels));
  for (std::size_t i = 0; i < volume.samples.size(); ++i) volume.samples[i] = static_cast<float>(i) * 1.25f - 7;
  return volume;
}

std::vector<float> as_filed(const Volume& volume) {
  std::vector<float> samples = volume.samples;
  for (float& sample : samples) sample = quantised(sample, volume.format.type);
  return samples;
}

constexpr std::array every_type = {VoxelType::u8,  VoxelType::i8,  VoxelType::u16,
                                   VoxelType::i16, VoxelType::i32, VoxelType::f32};

TEST_F(VolumeFile, NpyAndNrrdComeBack) {
  for (const char* name : {"a.npy", "a.nrrd", "A.NRRD"}) {
    for (const VoxelType type : every_type) {
      for (const int channels : {1, 3}) {
        SCOPED_TRACE(fmt::format("{} {} {}", name, voxel_type_name(type), channels));
        const Volume volume = example(type, channels);
        write_volume(folder_ / name, volume, Overwrite::replace);
        const Volume back = read_volume(folder_ / name, no_limit);
        EXPECT_EQ(back.format.sizes, volume.format.sizes);
        EXPECT_EQ(back.format.channels, channels);
        EXPECT_EQ(back.format.type, type);
        EXPECT_EQ(back.samples, as_filed(volume));
        if (std::string(name) == "a.npy") continue;
        EXPECT_EQ(back.format.to_world, volume.format.to_world);
        EXPECT_EQ(back.format.spacing, volume.format.spacing);
        EXPECT_EQ(back.format.unit, "mm");
      }
    }
  }
}

TEST_F(VolumeFile, NrrdHeaderAsWritten) {
  write_volume(folder_ / "a.nrrd", example(VoxelType::f32, 3), Overwrite::refuse);
  const std::string bytes = content(folder_ / "a.nrrd");
  const std::string expected =
      "NRRD0004\ntype: float\ndimension: 4\nspace: right-anterior-superior\nsizes: 3 4 3 2\n"
      "space directions: none (0,0.1,0) (-2,0,0) (0,0,3)\nkinds: vector domain domain domain\n"
      "endian: little\nencoding: gzip\nspace units: \"mm\" \"mm\" \"mm\"\nspace origin: (10,-20.5,1e-05)\n\n";
  ASSERT_THAT(bytes, StartsWith(expected));
  EXPECT_EQ(inflated(bytes.substr(expected.size()), 1000), raw(example(VoxelType::f32, 3).samples));
}

TEST_F(VolumeFile, NpyHeaderAsWritten) {
  write_volume(folder_ / "a.npy", example(VoxelType::u16), Overwrite::refuse);
  const std::string bytes = content(folder_ / "a.npy");
  EXPECT_THAT(bytes, HasSubstr("{'descr': '<u2', 'fortran_order': False, 'shape': (2, 3, 4), }"));
  EXPECT_EQ(bytes.size() % 64, 48);
}

// The text between `before` and `after`.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const auto from = text.find(before);
  if (from == text.npos) return {};
  const auto first = from + before.size();
  return text.substr(first, text.find(after, first) - first);
}

TEST_F(VolumeFile, VtiSaysWhereItsVoxelsAre) {
  const std::vector<std::string> names = {"UInt8", "Int8", "UInt16", "Int16", "Int32", "Float32"};
  for (std::size_t i = 0; i < every_type.size(); ++i) {
    const Volume volume = example(every_type[i], 3);
    write_volume(folder_ / "a.vti", volume, Overwrite::replace);
    const std::string bytes = content(folder_ / "a.vti");
    ASSERT_THAT(bytes, StartsWith("<?xml version=\"1.0\"?>\n<VTKFile type=\"ImageData\" version=\"1.0\" "
                                  "byte_order=\"LittleEndian\" header_type=\"UInt64\">"));
    EXPECT_EQ(between(bytes, "WholeExtent=\"", "\""), "0 3 0 2 0 1");
    EXPECT_EQ(between(bytes, "<Piece Extent=\"", "\""), "0 3 0 2 0 1");
    EXPECT_EQ(between(bytes, "Origin=\"", "\""), "10 -20.5 1e-05");
    EXPECT_EQ(between(bytes, "Spacing=\"", "\""), "0.1 2 3");
    EXPECT_EQ(between(bytes, "Direction=\"", "\""), "0 -1 0 1 0 0 0 0 1");
    EXPECT_EQ(between(bytes, "DataArray type=\"", "\""), names[i]);
    EXPECT_EQ(between(bytes, "NumberOfComponents=\"", "\""), "3");
    EXPECT_EQ(between(bytes, "format=\"", "\""), "appended");
    EXPECT_EQ(between(bytes, "offset=\"", "\""), "0");
    EXPECT_EQ(between(bytes, "encoding=\"", "\""), "raw");
    const std::string data = bytes.substr(bytes.find('_', bytes.find("<AppendedData")) + 1);
    std::uint64_t length = 0;
    std::memcpy(&length, data.data(), sizeof(length));
    EXPECT_EQ(data.substr(sizeof(length) + length), "\n  </AppendedData>\n</VTKFile>\n");
    const std::vector<float> samples = as_filed(volume);
    std::string expected;
    switch (every_type[i]) {
      case VoxelType::u8:
        expected = raw(std::vector<std::uint8_t>(samples.begin(), samples.end()));
        break;
      case VoxelType::i8:
        expected = raw(std::vector<std::int8_t>(samples.begin(), samples.end()));
        break;
      case VoxelType::u16:
        expected = raw(std::vector<std::uint16_t>(samples.begin(), samples.end()));
        break;
      case VoxelType::i16:
        expected = raw(std::vector<std::int16_t>(samples.begin(), samples.end()));
        break;
      case VoxelType::i32:
        expected = raw(std::vector<std::int32_t>(samples.begin(), samples.end()));
        break;
      case VoxelType::f32:
        expected = raw(samples);
        break;
    }
    EXPECT_EQ(data.substr(sizeof(length), length), expected);
  }
}

TEST_F(VolumeFile, RefusesToWrite) {
  const auto refused_to_write = [&](const std::string& name, const Volume& volume) {
    const path file = folder_ / name;
    const std::string message = refusal([&] { write_volume(file, volume, Overwrite::replace); });
    EXPECT_THAT(message, HasSubstr(file.string()));
    EXPECT_FALSE(std::filesystem::is_regular_file(file));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 0) << "something was left";
    return message;
  };
  Volume volume = example(VoxelType::f32);
  EXPECT_THAT(refused_to_write("a.nii", volume), HasSubstr("'.nii'"));
  EXPECT_THAT(refused_to_write("a", volume), HasSubstr("''"));
  EXPECT_THAT(refused_to_write("none/a.npy", volume), HasSubstr("there is no folder"));
  volume.samples[5] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(refused_to_write("a.npy", volume), HasSubstr("1 samples that are no finite floats, the first (nan) at "
                                                           "x 1, y 1, z 0, channel 0"));
  volume = example(VoxelType::f32);
  volume.samples.pop_back();
  EXPECT_THAT(refused_to_write("a.npy", volume), HasSubstr("23 samples do not make 4 x 3 x 2 voxels with 1 channel"));
  volume = example(VoxelType::f32);
  volume.format.sizes = {0, 3, 4};
  EXPECT_THAT(refused_to_write("a.npy", volume), HasSubstr("4 x 3 x 0 voxels"));
  volume.format.sizes = {1LL << 40, 1LL << 40, 1LL << 40};
  EXPECT_THAT(refused_to_write("a.npy", volume), HasSubstr("voxels"));
  volume = example(VoxelType::f32);
  volume.format.spacing[1] = 0;
  EXPECT_THAT(refused_to_write("a.vti", volume), HasSubstr("a spacing of 0"));
  volume = example(VoxelType::f32);
  volume.format.to_world = {};
  EXPECT_THAT(refused_to_write("a.nrrd", volume), HasSubstr("its place in the world"));
  volume = example(VoxelType::f32);
  volume.format.unit = "a \"b\"";
  EXPECT_THAT(refused_to_write("a.nrrd", volume), HasSubstr("unit"));
  require_writable_volume(folder_ / "a.nrrd", example(VoxelType::f32).format);
}

TEST_F(VolumeFile, KeepsWhatIsThere) {
  const path file = put("a.nrrd", "something else");
  EXPECT_THAT(refusal([&] { write_volume(file, example(VoxelType::u8), Overwrite::refuse); }),
              HasSubstr("already exists"));
  EXPECT_EQ(content(file), "something else");
  write_volume(file, example(VoxelType::u8), Overwrite::replace);
  EXPECT_EQ(read_volume(file, no_limit).samples, as_filed(example(VoxelType::u8)));
}

TEST_F(VolumeFile, FullDiskIsAFailure) {
  Volume volume = example(VoxelType::f32);
  volume.format.sizes = {16, 32, 64};
  volume.samples.resize(static_cast<std::size_t>(volume.format.voxels()));
  std::uint32_t state = 1;  // noise, which does not compress
  for (float& sample : volume.samples) sample = static_cast<float>(state = state * 1664525U + 1013904223U);
  // A limit on the size of files stands for a full disk.
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small = {1000, before.rlim_max};
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  for (const char* name : {"a.npy", "a.nrrd", "a.vti"}) {
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    try {
      write_volume(folder_ / name, volume, Overwrite::refuse);
      ADD_FAILURE() << name << " was written";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::failure) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(name));
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  }
  static_cast<void>(std::signal(SIGXFSZ, old_handler));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

}  // namespace
}  // namespace sinefield
