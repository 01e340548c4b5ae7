// Instruction sets by name, the one that was forced being the one that runs, and the limits of threads and memory.
// SPDX-License-Identifier: MIT
#include "sinefield/machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "engine/kernels.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::array all_isas = {Isa::scalar, Isa::sse4, Isa::avx2, Isa::avx512};

/// Message and hint of the error that the name gives.
std::string refusal(std::string_view name, ErrorKind& kind) {
  try {
    isa_from_name(name);
  } catch (const Error& error) {
    kind = error.kind();
    return std::string(error.what()) + "; " + error.hint();
  }
  return "";
}

TEST(Machine, available_instruction_sets_begin_with_the_plain_one_and_end_with_the_best) {
  const std::vector<Isa> available = available_isas();
  ASSERT_FALSE(available.empty());
  EXPECT_EQ(available.front(), Isa::scalar);
  EXPECT_EQ(available.back(), best_isa());
  EXPECT_TRUE(std::ranges::is_sorted(available));
  EXPECT_EQ(std::ranges::adjacent_find(available), available.end());
}

TEST(Machine, names_lead_back_to_their_instruction_sets) {
  for (const Isa isa : available_isas()) EXPECT_EQ(isa_from_name(isa_name(isa)), isa);
  std::vector<std::string_view> names;
  for (const Isa isa : all_isas) names.push_back(isa_name(isa));
  EXPECT_THAT(names, testing::ElementsAre("scalar", "sse4", "avx2", "avx512"));
}

TEST(Machine, unknown_names_are_refused_with_the_known_ones) {
  for (const std::string name : {"", "AVX2", "avx", "avx2 ", "neon"}) {
    ErrorKind kind{};
    const std::string message = refusal(name, kind);
    EXPECT_EQ(kind, ErrorKind::bad_input);
    EXPECT_THAT(message, testing::HasSubstr("--isa " + name + ": unknown instruction set"));
    EXPECT_THAT(message, testing::HasSubstr("scalar, sse4, avx2, avx512"));
  }
}

TEST(Machine, instruction_sets_that_it_lacks_are_refused_with_the_best_it_has) {
  const std::vector<Isa> available = available_isas();
  bool lacks_one = false;
  for (const Isa isa : all_isas) {
    if (std::ranges::find(available, isa) != available.end()) continue;
    lacks_one = true;
    ErrorKind kind{};
    const std::string message = refusal(isa_name(isa), kind);
    EXPECT_EQ(kind, ErrorKind::bad_input);
    EXPECT_THAT(message, testing::HasSubstr("--isa " + std::string(isa_name(isa)) + ": this machine ("));
    EXPECT_THAT(message, testing::HasSubstr(cpu_name()));
    EXPECT_THAT(message, testing::HasSubstr("the best it has is " + std::string(isa_name(best_isa()))));
  }
  EXPECT_EQ(lacks_one, available.size() < std::size(all_isas));
}

TEST(Machine, the_forced_instruction_set_is_the_one_that_runs) {
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    const int bytes = isa == Isa::avx512 ? 64 : isa == Isa::avx2 ? 32 : isa == Isa::sse4 ? 16 : 0;
    const int floats = std::max(1, bytes / 4), doubles = std::max(1, bytes / 8);
    EXPECT_EQ(engine::kernels<float>(isa).tile.panel, 2 * floats);
    EXPECT_EQ(engine::kernels<double>(isa).tile.panel, 2 * doubles);
    const int rows = isa == Isa::avx512 ? 12 : 6;  // 32 registers against 16
    EXPECT_EQ(engine::kernels<float>(isa).tile.rows, rows);
    EXPECT_EQ(engine::kernels<double>(isa).tile.rows, rows);
    for (const Isa other : available_isas()) {
      if (other != isa) {
        EXPECT_NE(engine::kernels<float>(isa).adam, engine::kernels<float>(other).adam);
      }
    }
  }
}

TEST(Machine, threads_and_memory_are_positive_and_the_processor_has_a_name) {
  EXPECT_GE(allowed_threads(), 1);
  EXPECT_GT(allowed_memory(), 1U << 20);
  EXPECT_FALSE(cpu_name().empty());
}

TEST(Machine, threads_follow_the_affinity_mask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(first, &before)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  const int threads = allowed_threads();
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
  EXPECT_EQ(threads, 1);
}

}  // namespace
}  // namespace sinefield
