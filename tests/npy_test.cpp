// numpy's files: what is read, in what order, and what is refused with which words. That numpy itself reads what is
// written here was tried by hand; the bytes that it accepted are pinned below.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

#include "sinefield/array_file.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

class NpyTest : public testing::Test {
 protected:
  NpyTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("sinefield-npy-" + std::to_string(::getpid()) + "-" + test->name());
    fs::create_directories(folder_);
    path_ = folder_ / "a.npy";
  }
  ~NpyTest() override { fs::remove_all(folder_); }

  void put(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void expect_refused(const std::string& bytes, const std::string& words, std::uint64_t memory_limit = no_limit) const {
    put(bytes);
    try {
      read_npy(path_, memory_limit);
      ADD_FAILURE() << "nothing thrown, expected: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      EXPECT_THAT(error.what(), HasSubstr(words));
      EXPECT_THAT(error.what(), HasSubstr(path_.string()));
    }
  }

  fs::path folder_, path_;
};

// A file as numpy lays it out.
std::string npy(const std::string& dictionary, const std::string& data, int version = 1) {
  std::string text = dictionary + "\n", bytes("\x93NUMPY");
  bytes += {static_cast<char>(version), 0, static_cast<char>(text.size() & 255U), static_cast<char>(text.size() >> 8U)};
  if (version > 1) bytes += std::string(2, '\0');
  return bytes + text + data;
}

std::string dictionary(const std::string& type, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

TEST_F(NpyTest, RoundTripsEveryShape) {
  const std::vector<std::vector<std::int64_t>> shapes = {{}, {0}, {7}, {2, 0, 3}, {3, 5}, {2, 3, 4}, {1, 40'000}};
  for (const auto& shape : shapes) {
    std::int64_t count = 1;
    for (const auto size : shape) count *= size;
    std::vector<double> doubles;
    std::vector<float> floats;
    for (std::int64_t i = 0; i < count; ++i) {
      doubles.push_back(1.0 / (1.0 + static_cast<double>(i)));
      floats.push_back(static_cast<float>(doubles.back()));
    }
    write_npy(path_, shape, doubles, Overwrite::replace);
    const Array from_doubles = read_npy(path_, no_limit);
    EXPECT_EQ(from_doubles.shape, shape);
    EXPECT_EQ(from_doubles.data, doubles);
    EXPECT_EQ((content(path_).size() - doubles.size() * 8) % 64, 0U);
    write_npy(path_, shape, floats, Overwrite::replace);
    const Array from_floats = read_npy(path_, no_limit);
    EXPECT_EQ(from_floats.shape, shape);
    EXPECT_EQ(from_floats.data, std::vector<double>(floats.begin(), floats.end()));
  }
}

TEST_F(NpyTest, WritesTheBytesOfNumpy) {
  const std::vector<float> values = {1, -2};
  write_npy(path_, std::vector<std::int64_t>{2}, values);
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  text.append(117 - text.size(), ' ');
  EXPECT_EQ(content(path_), std::string("\x93NUMPY\x01\x00v\x00", 10) + text + "\n" + raw<float>({1, -2}));
}

TEST_F(NpyTest, WritesComplexNumbersAsNumpy) {
  const std::vector<std::complex<double>> values = {{1, -2}, {0.5, 3}};
  write_npy(path_, std::vector<std::int64_t>{1, 2}, values);
  std::string text = "{'descr': '<c16', 'fortran_order': False, 'shape': (1, 2), }";
  text.append(117 - text.size(), ' ');
  EXPECT_EQ(content(path_), std::string("\x93NUMPY\x01\x00v\x00", 10) + text + "\n" + raw<double>({1, -2, 0.5, 3}));
  EXPECT_THROW(write_npy(path_, std::vector<std::int64_t>{4}, values, Overwrite::replace), Error);
}

TEST_F(NpyTest, ReadsIntegerTypesAndVersions) {
  const auto data = [&](const std::string& type, const std::string& bytes, int version = 1) {
    put(npy(dictionary(type, "(2,)"), bytes, version));
    return read_npy(path_, no_limit).data;
  };
  EXPECT_THAT(data("|i1", raw<std::int8_t>({-128, 127})), ElementsAre(-128, 127));
  EXPECT_THAT(data("|u1", raw<std::uint8_t>({0, 255})), ElementsAre(0, 255));
  EXPECT_THAT(data("<i2", raw<std::int16_t>({-32768, 5})), ElementsAre(-32768, 5));
  EXPECT_THAT(data("<u2", raw<std::uint16_t>({65535, 5})), ElementsAre(65535, 5));
  EXPECT_THAT(data("<i4", raw<std::int32_t>({-7, 2'000'000'000})), ElementsAre(-7, 2e9));
  EXPECT_THAT(data("<u4", raw<std::uint32_t>({7, 4'000'000'000U})), ElementsAre(7, 4e9));
  EXPECT_THAT(data("<i8", raw<std::int64_t>({-1, 1LL << 53})), ElementsAre(-1, 9007199254740992.0));
  EXPECT_THAT(data("<u8", raw<std::uint64_t>({1, 1ULL << 63}), 2), ElementsAre(1, 9223372036854775808.0));
  EXPECT_THAT(data("<f8", raw<double>({0.1, -1e300}), 3), ElementsAre(0.1, -1e300));
}

TEST_F(NpyTest, TurnsFortranOrder) {
  // a[i, j, k] = 100 i + 10 j + k of shape (2, 3, 2)
  std::string bytes;
  for (int k = 0; k < 2; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) bytes += raw<float>({static_cast<float>(100 * i + 10 * j + k)});
    }
  }
  put(npy(dictionary("<f4", "(2, 3, 2)", "True"), bytes));
  EXPECT_THAT(read_npy(path_, no_limit).data, ElementsAre(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121));
  put(npy(dictionary("<f4", "(0, 3)", "True"), ""));
  EXPECT_THAT(read_npy(path_, no_limit).data, IsEmpty());
}

TEST_F(NpyTest, LetsNanAndInfinityPass) {
  put(npy(dictionary("<f8", "(2,)"), raw<double>({NAN, -INFINITY})));
  const auto data = read_npy(path_, no_limit).data;
  EXPECT_TRUE(std::isnan(data[0]));
  EXPECT_EQ(data[1], -INFINITY);
}

TEST_F(NpyTest, RefusesOtherTypesInWords) {
  const std::string eight(8, '\0');
  expect_refused(npy(dictionary(">f4", "(2,)"), eight), "big-endian numbers (type '>f4')");
  expect_refused(npy(dictionary("|O", "(1,)"), eight), "Python objects");
  expect_refused(npy(dictionary("<c8", "(1,)"), eight), "complex numbers");
  expect_refused(npy(dictionary("<U2", "(1,)"), eight), "text");
  expect_refused(npy(dictionary("|S8", "(1,)"), eight), "text");
  expect_refused(npy(dictionary("|V8", "(1,)"), eight), "raw records");
  expect_refused(npy(dictionary("<M8[us]", "(1,)"), eight), "dates or times");
  expect_refused(npy(dictionary("|b1", "(8,)"), eight), "truth values");
  expect_refused(npy(dictionary("<f2", "(4,)"), eight), "floating-point numbers of another size");
  expect_refused(npy(dictionary("<q8", "(1,)"), eight), "an unknown type");
  expect_refused(npy(dictionary("", "(1,)"), eight), "an unknown type");
  expect_refused(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (2,), }", eight), "records");
}

TEST_F(NpyTest, RefusesDamage) {
  const std::string good = npy(dictionary("<f4", "(2, 1)"), raw<float>({1, 2}));
  put(good);
  EXPECT_THAT(read_npy(path_, no_limit).data, ElementsAre(1, 2));
  for (std::size_t length = 0; length < good.size(); ++length) {
    put(good.substr(0, length));
    EXPECT_THROW(read_npy(path_, no_limit), Error) << length;
  }
  expect_refused("", "is not a .npy file");
  expect_refused("\x89PNG and so on", "is not a .npy file");
  expect_refused(good.substr(0, 40), "is cut");
  expect_refused(good.substr(0, good.size() - 1), "is cut");
  expect_refused(good + "x", "is too long");
  expect_refused(npy(dictionary("<f4", "(2,)"), raw<float>({1, 2}), 4), "version 4.0");
  expect_refused(npy(dictionary("<f4", "(-2, -1)"), raw<float>({1, 2})), "negative size -2");
  expect_refused(npy(dictionary("<f4", "(4294967296, 4294967296)"), ""), "larger than any file");
  expect_refused(npy(dictionary("<f4", "(2305843009213693951,)"), ""), "is cut");
  expect_refused(npy(dictionary("<f4", "(99999999999999999999,)"), ""), "no integer of 64 bits");
  expect_refused(npy(dictionary("<f4", "(2.5,)"), ""), "broken array header");
  expect_refused(npy(dictionary("<f4", "(2"), ""), "broken array header");
  expect_refused(npy(dictionary("<f4", "2"), ""), "expected '('");
  expect_refused(npy(dictionary("<f4", "(2,)", "0"), ""), "neither True nor False");
  expect_refused(npy("{'descr': '<f4', 'shape': (2,)}", ""), "once each");
  expect_refused(npy("{'descr': '<f4', 'descr': '<f4', 'shape': (2,)}", ""), "once each");
  expect_refused(npy("{'descr': '<f4', 'more': 1}", ""), "unknown key 'more'");
  expect_refused(npy(dictionary("<f4", "(2,)") + "x", ""), "text after the dictionary");
  expect_refused(npy("garbage", ""), "expected '{'");
}

TEST_F(NpyTest, EveryFlippedBitIsReadOrRefused) {
  const std::string good = npy(dictionary("<f4", "(2, 1)"), raw<float>({1, 2}));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1 << bit);
      put(bad);
      try {
        const Array array = read_npy(path_, no_limit);
        std::size_t count = 1;
        for (const auto size : array.shape) count *= static_cast<std::size_t>(size);
        EXPECT_EQ(array.data.size(), count) << "byte " << i << " bit " << bit;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      }
    }
  }
}

TEST_F(NpyTest, KeepsToTheMemoryLimit) {
  const std::string c_order = npy(dictionary("|u1", "(10, 10)"), std::string(100, 'a'));
  put(c_order);
  EXPECT_EQ(read_npy(path_, 800).data.size(), 100U);
  expect_refused(c_order, "needs 800 bytes of memory, the limit is 799", 799);
  const std::string fortran_order = npy(dictionary("|u1", "(10, 10)", "True"), std::string(100, 'a'));
  expect_refused(fortran_order, "needs 1600 bytes", 1599);
}

TEST_F(NpyTest, RefusesMissingFilesAndFolders) {
  EXPECT_THROW(read_npy(folder_ / "none.npy", no_limit), Error);
  EXPECT_THROW(read_npy(folder_, no_limit), Error);
}

TEST_F(NpyTest, RefusesElementsThatDoNotFillTheShape) {
  const std::vector<float> values(6);
  EXPECT_THROW(write_npy(path_, std::vector<std::int64_t>{2, 2}, values), Error);
  EXPECT_THROW(write_npy(path_, std::vector<std::int64_t>{-2, -3}, values), Error);
  EXPECT_THROW(write_npy(path_, std::vector<std::int64_t>{1LL << 32, 1LL << 32}, std::span<const float>()), Error);
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(NpyTest, NpzHoldsEachArrayAsAFile) {
  const std::vector<float> floats = {1, 2, 3, 4, 5, 6};
  const std::vector<double> number = {0.5};
  const fs::path npz = folder_ / "a.npz";
  const std::vector<NamedArray> arrays = {
      {"grid", {2, 3}, floats}, {"number", {}, number}, {"none", {0}, std::span<const float>()}};
  write_npz(npz, arrays);
  int code = 0;
  zip_t* const archive = zip_open(npz.c_str(), ZIP_RDONLY, &code);
  ASSERT_NE(archive, nullptr);
  EXPECT_EQ(zip_get_num_entries(archive, 0), 3);
  const std::vector<std::vector<double>> expected = {{1, 2, 3, 4, 5, 6}, {0.5}, {}};
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    zip_stat_t status;
    ASSERT_EQ(zip_stat(archive, (arrays[i].name + ".npy").c_str(), 0, &status), 0) << arrays[i].name;
    EXPECT_EQ(status.comp_method, ZIP_CM_STORE);
    std::string bytes(status.size, '\0');
    zip_file_t* const file = zip_fopen_index(archive, status.index, 0);
    ASSERT_EQ(zip_fread(file, bytes.data(), bytes.size()), static_cast<zip_int64_t>(bytes.size()));
    zip_fclose(file);
    put(bytes);
    const Array array = read_npy(path_, no_limit);
    EXPECT_EQ(array.shape, arrays[i].shape);
    EXPECT_EQ(array.data, expected[i]);
  }
  zip_discard(archive);
}

TEST_F(NpyTest, NpzHoldsNoTime) {
  const std::vector<float> floats = {1, 2};
  const fs::path npz = folder_ / "a.npz";
  write_npz(npz, std::vector<NamedArray>{{"a", {2}, floats}});
  const std::string bytes = content(npz);
  // Local header and central directory: midnight of the first day that zip files know.
  const std::string midnight("\0\0\x21\0", 4);
  EXPECT_EQ(bytes.substr(10, 4), midnight);
  EXPECT_EQ(bytes.substr(bytes.find("PK\x01\x02") + 12, 4), midnight);
}

TEST_F(NpyTest, NpzKeepsToTheRules) {
  const std::vector<float> floats = {1, 2};
  EXPECT_THROW(write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"a", {2}, floats}, {"a", {2}, floats}}), Error);
  EXPECT_THROW(write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"", {2}, floats}}), Error);
  EXPECT_THROW(write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"a", {3}, floats}}), Error);
  EXPECT_TRUE(fs::is_empty(folder_));
  write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"a", {2}, floats}});
  EXPECT_THROW(write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"a", {2}, floats}}), Error);
  write_npz(folder_ / "a.npz", std::vector<NamedArray>{{"b", {2}, floats}}, Overwrite::replace);
  EXPECT_THAT(content(folder_ / "a.npz"), HasSubstr("b.npy"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace sinefield
