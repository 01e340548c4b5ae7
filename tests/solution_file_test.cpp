// Solutions of problems in model files: what is written is read, and what contradicts itself is refused.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "refusal.h"
#include "sinefield/model_file.h"

namespace sinefield {
namespace {

Field small_solution() {
  Field field;
  field.networks = {initial_network({.inputs = 2, .outputs = 3, .width = 4, .hidden_layers = 0}, 1)};
  field.axes = {{"x", 2, -1}, {"t", 4, 0.5}};
  field.channels = {{1, 0}, {1, 0}, {1, 0}};
  field.signal = SolutionFormat{.coordinates = {{"x", 0, 1, false}, {"t", -0.5, 0.25, true}},
                                .unknowns = {{"u", true, 0}, {"p", false, 2}},
                                .problem = "title = \"waves\"\n[coordinates]\n",
                                .settings = {{"k", 20.5}, {"a", -1e-300}}};
  return field;
}

TEST(SolutionFile, gives_back_what_was_written) {
  const Field read = model_from_bytes(model_bytes(small_solution()), "m");
  const SolutionFormat* const solution = read.solution();
  ASSERT_NE(solution, nullptr);
  ASSERT_EQ(solution->coordinates.size(), 2U);
  EXPECT_EQ(solution->coordinates[1].name, "t");
  EXPECT_EQ(solution->coordinates[1].low, -0.5);
  EXPECT_EQ(solution->coordinates[1].high, 0.25);
  EXPECT_TRUE(solution->coordinates[1].time);
  EXPECT_FALSE(solution->coordinates[0].time);
  ASSERT_EQ(solution->unknowns.size(), 2U);
  EXPECT_TRUE(solution->unknowns[0].complex);
  EXPECT_EQ(solution->unknowns[1].channel, 2);
  EXPECT_EQ(solution->problem, "title = \"waves\"\n[coordinates]\n");
  EXPECT_EQ(solution->settings, (std::map<std::string, double>{{"k", 20.5}, {"a", -1e-300}}));
  EXPECT_EQ(signal_channels(read.signal), (std::vector<std::string>{"re(u)", "im(u)", "p"}));
}

TEST(SolutionFile, is_not_written_where_it_contradicts_itself) {
  const auto refused = [](const std::function<void(SolutionFormat&)>& change) {
    Field field = small_solution();
    change(std::get<SolutionFormat>(field.signal));
    return refusal([&] { model_bytes(field); });
  };
  EXPECT_THAT(refused([](SolutionFormat& s) { s.coordinates[0].high = 0; }),
              testing::HasSubstr("coordinate x from 0 to 0"));
  EXPECT_THAT(refused([](SolutionFormat& s) { s.coordinates.pop_back(); }), testing::HasSubstr("needs 1 inputs"));
  EXPECT_THAT(refused([](SolutionFormat& s) { s.unknowns.pop_back(); }), testing::HasSubstr("of 2 channels"));
  EXPECT_THAT(refused([](SolutionFormat& s) { s.unknowns.clear(); }), testing::HasSubstr("0 unknowns"));
  EXPECT_THAT(refused([](SolutionFormat& s) { s.settings["k"] = NAN; }), testing::HasSubstr("constant k = nan"));
}

TEST(SolutionFile, has_a_version_of_its_own) {
  const auto bytes = model_bytes(small_solution());
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_THAT(text, testing::HasSubstr(R"(\"version\":5,)"));
  EXPECT_THAT(text, testing::HasSubstr(R"(\"units\":\"problem\")"));
  Field other = small_solution();
  other.signal = std::monostate();
  const auto plain = model_bytes(other);
  EXPECT_THAT(std::string(reinterpret_cast<const char*>(plain.data()), plain.size()),
              testing::HasSubstr(R"(\"version\":1,)"));
}

}  // namespace
}  // namespace sinefield
