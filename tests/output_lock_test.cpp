// The lock that keeps two runs from one output.
// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "refusal.h"
#include "sinefield/output.h"
#include "temporary_folder.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

// A lock by flock() belongs to the open file, so that a second one is refused within one process too.
TEST(OutputLock, keeps_others_away_while_it_lives) {
  const TemporaryFolder folder;
  const auto target = folder / "model.safetensors", lock_file = folder / ".model.safetensors.lock";
  {
    const OutputLock lock(target);
    EXPECT_TRUE(std::filesystem::exists(lock_file));
    EXPECT_FALSE(std::filesystem::exists(target)) << "the output itself is not touched";
    for (int i = 0; i < 3; ++i)
      EXPECT_THAT(refusal([&] { const OutputLock second(target); }),
                  testing::AllOf(HasSubstr("another run is writing"), HasSubstr(target.string())));
    EXPECT_TRUE(std::filesystem::exists(lock_file)) << "a refused one leaves it alone";
  }
  EXPECT_FALSE(std::filesystem::exists(lock_file));
  const OutputLock next(target);
}

TEST(OutputLock, is_for_one_output) {
  const TemporaryFolder folder;
  const OutputLock one(folder / "a"), other(folder / "b");
}

TEST(OutputLock, takes_over_a_file_that_a_killed_run_left) {
  const TemporaryFolder folder;
  std::ofstream(folder / ".a.lock") << "left";
  { const OutputLock lock(folder / "a"); }
  EXPECT_FALSE(std::filesystem::exists(folder / ".a.lock"));
}

TEST(OutputLock, holds_again_where_the_lock_file_was_removed_by_hand) {
  const TemporaryFolder folder;
  std::optional<OutputLock> first(std::in_place, folder / "a");
  std::filesystem::remove(folder / ".a.lock");
  const OutputLock second(folder / "a");  // nothing can be done about this one
  EXPECT_THAT(refusal([&] { const OutputLock third(folder / "a"); }), HasSubstr("another run"));
}

TEST(OutputLock, of_a_folder_that_is_not_there_is_refused) {
  const TemporaryFolder folder;
  EXPECT_THAT(refusal([&] { const OutputLock lock(folder / "missing/a"); }), HasSubstr("cannot write beside"));
}

}  // namespace
}  // namespace sinefield
