// Output files: whole or not there, whatever goes wrong in between.
// SPDX-License-Identifier: MIT
#include "io/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "sinefield/error.h"

namespace sinefield {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / ("sinefield-output-" + std::to_string(::getpid()) + "-" + test->name());
    fs::create_directories(folder_);
  }
  ~OutputFileTest() override { fs::remove_all(folder_); }

  static void put(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

void expect_error(ErrorKind kind, const std::string& words, const std::string& hint,
                  const std::function<void()>& work) {
  try {
    work();
    ADD_FAILURE() << "nothing thrown, expected: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(words));
    EXPECT_THAT(error.hint(), HasSubstr(hint));
  }
}

TEST_F(OutputFileTest, TargetAppearsOnlyWithCommit) {
  const fs::path target = folder_ / "a.png";
  {
    OutputFile file(target, Overwrite::refuse);
    file.write("one ");
    file.write("two");
    EXPECT_FALSE(fs::exists(target));
    EXPECT_EQ(file.temporary().parent_path(), folder_);
    EXPECT_EQ(file.temporary().extension(), ".png");
    file.commit();
    EXPECT_EQ(content(target), "one two");
  }
  EXPECT_EQ(content(target), "one two");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, WithoutCommitTheOldTargetStays) {
  const fs::path target = folder_ / "a";
  put(target, "old");
  {
    OutputFile file(target, Overwrite::replace);
    file.write("new");
    EXPECT_EQ(files(), 2U);
  }
  EXPECT_EQ(content(target), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, ReplaceKeepsPermissions) {
  const fs::path target = folder_ / "a";
  put(target, "old");
  fs::permissions(target, fs::perms(0640));
  OutputFile file(target, Overwrite::replace);
  file.write("new");
  file.commit();
  EXPECT_EQ(content(target), "new");
  EXPECT_EQ(fs::status(target).permissions(), fs::perms(0640));
}

TEST_F(OutputFileTest, NewFilesHaveThePermissionsOfTheMask) {
  const mode_t mask = ::umask(022);
  OutputFile file(folder_ / "a", Overwrite::refuse);
  file.commit();
  ::umask(mask);
  EXPECT_EQ(fs::status(folder_ / "a").permissions(), fs::perms(0644));
}

TEST_F(OutputFileTest, FollowsLinks) {
  const fs::path target = folder_ / "real", link = folder_ / "link";
  put(target, "old");
  fs::create_symlink(target, link);
  OutputFile file(link, Overwrite::replace);
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(content(target), "new");
}

TEST_F(OutputFileTest, TwoWritersOfOneTargetDoNotMeet) {
  OutputFile first(folder_ / "a", Overwrite::replace), second(folder_ / "a", Overwrite::replace);
  EXPECT_NE(first.temporary(), second.temporary());
  first.write("first");
  second.write("second");
  second.commit();
  first.commit();
  EXPECT_EQ(content(folder_ / "a"), "first");
}

TEST_F(OutputFileTest, RefusesWhatIsThere) {
  put(folder_ / "a", "old");
  expect_error(ErrorKind::bad_input, "a already exists", "--force",
               [&] { OutputFile(folder_ / "a", Overwrite::refuse); });
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFileTest, RefusesWhatHasAppearedMeanwhile) {
  OutputFile file(folder_ / "a", Overwrite::refuse);
  file.write("new");
  put(folder_ / "a", "other");
  expect_error(ErrorKind::bad_input, "a already exists", "--force", [&] { file.commit(); });
  EXPECT_EQ(content(folder_ / "a"), "other");
}

TEST_F(OutputFileTest, RefusesFoldersAndDevices) {
  expect_error(ErrorKind::bad_input, "it is a folder", "file name", [&] { OutputFile(folder_, Overwrite::replace); });
  expect_error(ErrorKind::bad_input, "names no file", "file name",
               [&] { OutputFile(folder_ / "", Overwrite::replace); });
  expect_error(ErrorKind::bad_input, "there is no folder", "make the folder",
               [&] { OutputFile(folder_ / "none" / "a", Overwrite::replace); });
  expect_error(ErrorKind::bad_input, "not a regular file", "", [&] { OutputFile("/dev/null", Overwrite::replace); });
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, RefusesAFolderThatIsNotWritable) {
  fs::permissions(folder_, fs::perms(0555));
  const uid_t user = ::geteuid();
  ASSERT_EQ(::seteuid(user == 0 ? 65534 : user), 0);  // permissions do not hold for root
  expect_error(ErrorKind::bad_input, "is not writable", "another folder",
               [&] { check_output_path(folder_ / "a", Overwrite::refuse); });
  ASSERT_EQ(::seteuid(user), 0);
  fs::permissions(folder_, fs::perms(0755));
}

TEST_F(OutputFileTest, AWriteErrorIsAFailureAndLeavesNothing) {
  // A limit on file sizes stands for a full disk.
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small = {1000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  expect_error(ErrorKind::failure, "File too large", "", [&] {
    OutputFile file(folder_ / "a", Overwrite::refuse);
    file.write(std::string(5000, 'x'));
  });
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(files(), 0U);
}

TEST_F(OutputFileTest, CheckLeavesNoTrace) {
  check_output_path(folder_ / "a", Overwrite::refuse);
  EXPECT_EQ(files(), 0U);
  put(folder_ / "a", "old");
  check_output_path(folder_ / "a", Overwrite::replace);
  EXPECT_EQ(content(folder_ / "a"), "old");
  expect_error(ErrorKind::bad_input, "already exists", "--force",
               [&] { check_output_path(folder_ / "a", Overwrite::refuse); });
}

}  // namespace
}  // namespace sinefield
