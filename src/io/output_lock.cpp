// flock() on a file beside the output: the system lets go of it however the process ends.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "io/output_file.h"
#include "sinefield/error.h"
#include "sinefield/output.h"

namespace sinefield {

OutputLock::OutputLock(const std::filesystem::path& target)
    : path_(target.parent_path() / fmt::format(".{}.lock", target.filename().string())) {
  for (;;) {
    descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) {
      const int error = errno;
      const std::string message =
          fmt::format("cannot write beside {}: {}", target.string(), std::system_category().message(error));
      if (error == ENOSPC || error == EDQUOT) throw failure(message, "free some space, or write to another disk");
      throw bad_input(message, "choose another folder");
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(descriptor_);
      if (error == EINTR) continue;
      if (error != EWOULDBLOCK) {  // a file system without locks: nothing can be promised there
        descriptor_ = -1;
        return;
      }
      throw bad_input(fmt::format("another run is writing {}", target.string()),
                      "wait for it, or give another name after -o");
    }
    // The one before may have removed the file between our opening and our locking it.
    struct stat ours = {}, there = {};
    if (::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino) break;
    ::close(descriptor_);
  }
  remove_abandoned_temporaries(path_.parent_path());
}

OutputLock::~OutputLock() {
  if (descriptor_ < 0) return;
  // Where somebody has removed the file by hand, the one that lies there now is another run's.
  struct stat ours = {}, there = {};
  if (::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &there) == 0 && ours.st_ino == there.st_ino)
    ::unlink(path_.c_str());
  ::close(descriptor_);
}

}  // namespace sinefield
