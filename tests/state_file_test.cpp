// States of runs: round trips, damage, other versions.
// SPDX-License-Identifier: MIT
#include "io/state_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <limits>
#include <numbers>

#include "fit_pictures.h"
#include "io/checksum.h"
#include "refusal.h"
#include "sinefield/model_file.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::ssize(bytes));
}

StateDescription some_description() {
  StateDescription description;
  description.identity = {{"picture", "4 x 5"}, {"quoted \"name\"", "back\\slash, \n and ü"}, {"empty", ""}};
  description.numbers = {
      {"seconds", {0.1}},
      {"special",
       {0.0, -0.0, 5e-324, std::numeric_limits<double>::min(), std::numeric_limits<double>::max(),
        -std::numeric_limits<double>::max(), std::numbers::pi, 1.0 / 3, std::nextafter(1.0, 2.0), 1e300, -1e-300}},
      {"none", {}}};
  description.counts = {{"steps", {123}},
                        {"limits",
                         {0, -1, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(),
                          (std::int64_t{1} << 53) + 1}}};
  return description;
}

TEST(StateFile, comes_back_as_it_was) {
  const TemporaryFolder folder;
  const auto path = folder / "run.state";
  const std::vector<float> a = {1, -0.0F, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max()},
                           b = {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  std::vector<std::span<const float>> pieces;
  std::vector<float> many(100'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i);
  for (std::size_t i = 0; i < many.size(); i += 100) pieces.push_back(std::span(many).subspan(i, 100));
  pieces.insert(pieces.begin() + 3, std::span<const float>());
  const StateDescription description = some_description();
  write_state(path, description,
              {{"a", {a}}, {"both", {a, b}}, {"empty", {}}, {"empty piece", {{}}}, {"many", pieces}});

  const State state = read_state(path);
  EXPECT_EQ(state.identity, description.identity);
  EXPECT_EQ(state.counts, description.counts);
  ASSERT_EQ(state.numbers.size(), description.numbers.size());
  for (const auto& [name, numbers] : description.numbers) {
    ASSERT_TRUE(state.numbers.contains(name)) << name;
    const std::vector<double>& back = state.numbers.at(name);
    ASSERT_EQ(back.size(), numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      EXPECT_EQ(std::bit_cast<std::uint64_t>(back[i]), std::bit_cast<std::uint64_t>(numbers[i])) << name << " " << i;
  }
  ASSERT_EQ(state.arrays.size(), 5U);
  EXPECT_EQ(state.arrays.at("a"), a);
  EXPECT_TRUE(std::signbit(state.arrays.at("a")[1]));
  EXPECT_EQ(state.arrays.at("both").size(), 6U);
  EXPECT_TRUE(std::isinf(state.arrays.at("both")[4]) && std::isnan(state.arrays.at("both")[5]));
  EXPECT_TRUE(state.arrays.at("empty").empty());
  EXPECT_TRUE(state.arrays.at("empty piece").empty());
  EXPECT_EQ(state.arrays.at("many"), many);
}

TEST(StateFile, of_nothing_at_all_is_a_state) {
  const TemporaryFolder folder;
  write_state(folder / "run.state", {}, {});
  const State state = read_state(folder / "run.state");
  EXPECT_TRUE(state.identity.empty() && state.numbers.empty() && state.counts.empty() && state.arrays.empty());
}

TEST(StateFile, replaces_what_was_there) {
  const TemporaryFolder folder;
  for (const std::int64_t steps : {1, 2}) {
    write_state(folder / "run.state", {.identity = {}, .numbers = {}, .counts = {{"steps", {steps}}}}, {});
    EXPECT_EQ(read_state(folder / "run.state").counts.at("steps").front(), steps);
  }
}

/// Two arrays of equal size: their names could be exchanged.
std::string small_state(const std::filesystem::path& path) {
  const std::vector<float> a = {1, 2, 3}, b = {4, 5, 6};
  write_state(path, {.identity = {{"seed", "1"}}, .numbers = {{"loss", {0.25}}}, .counts = {{"steps", {7}}}},
              {{"a", {a}}, {"b", {b}}});
  return bytes_of(path);
}

TEST(StateFile, with_any_byte_changed_is_refused) {
  const TemporaryFolder folder;
  const std::string whole = small_state(folder / "run.state");
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const int mask : {0x01, 0x03, 0x10, 0x80}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      write_bytes(folder / "changed.state", changed);
      EXPECT_EQ(thrown_by([&] { read_state(folder / "changed.state"); }).kind, ErrorKind::bad_input)
          << "byte " << at << " of " << whole.size() << ": " << whole.substr(at > 20 ? at - 20 : 0, 40);
    }
}

TEST(StateFile, whose_arrays_are_named_otherwise_is_refused) {
  const TemporaryFolder folder;
  std::string swapped = small_state(folder / "run.state");
  const std::size_t a = swapped.find("\"a\":"), b = swapped.find("\"b\":");
  ASSERT_TRUE(a != std::string::npos && b != std::string::npos);
  std::swap(swapped[a + 1], swapped[b + 1]);
  write_bytes(folder / "swapped.state", swapped);
  EXPECT_THAT(refusal([&] { read_state(folder / "swapped.state"); }), HasSubstr("damaged"));
}

TEST(StateFile, cut_anywhere_is_refused) {
  const TemporaryFolder folder;
  const std::string whole = small_state(folder / "run.state");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_bytes(folder / "cut.state", whole.substr(0, length));
    EXPECT_EQ(thrown_by([&] { read_state(folder / "cut.state"); }).kind, ErrorKind::bad_input) << length << " bytes";
  }
  write_bytes(folder / "longer.state", whole + '\0');
  EXPECT_EQ(thrown_by([&] { read_state(folder / "longer.state"); }).kind, ErrorKind::bad_input);
}

TEST(StateFile, is_no_model_and_no_text) {
  const TemporaryFolder folder;
  write_model(folder / "model.safetensors", fit_picture(rgb_picture(4, 4), small_options(1)).field);
  EXPECT_THAT(refusal([&] { read_state(folder / "model.safetensors"); }), HasSubstr("is no state of a run"));
  write_bytes(folder / "text", "some text that is longer than eight bytes");
  EXPECT_THAT(refusal([&] { read_state(folder / "text"); }), HasSubstr("is no state of a run"));
  EXPECT_EQ(thrown_by([&] { read_state(folder / "missing"); }).kind, ErrorKind::bad_input);
  small_state(folder / "run.state");
  EXPECT_EQ(thrown_by([&] { read_model(folder / "run.state"); }).kind, ErrorKind::bad_input) << "nor the other way";
}

TEST(Checksum, is_that_of_zlib_in_any_pieces) {
  const std::string digits = "123456789";
  const auto bytes = std::as_bytes(std::span(digits));
  Crc32 whole, pieces;
  whole.add(bytes);
  pieces.add(bytes.first(4));
  pieces.add({});
  pieces.add(bytes.subspan(4));
  EXPECT_EQ(whole.text(), "crc32:cbf43926") << "the check value of CRC-32";
  EXPECT_EQ(pieces.text(), whole.text());
}

TEST(Seal, holds_for_its_own_text_only) {
  const std::string text = sealed("{\"a\":1");
  EXPECT_TRUE(seal_is_right(text));
  EXPECT_EQ(text.back(), '}');
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(seal_is_right(changed)) << at;
  }
  EXPECT_FALSE(seal_is_right(""));
  EXPECT_FALSE(seal_is_right("}"));
}

}  // namespace
}  // namespace sinefield
