// Writing beside the target and renaming, in plain POSIX calls: the standard streams can neither sync nor say why a
// write failed.
// SPDX-License-Identifier: MIT
#include "io/output_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <system_error>

#include "sinefield/error.h"

namespace sinefield {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_prefix = ".sinefield-";

std::string system_words(int error) { return std::system_category().message(error); }

Error already_exists(const fs::path& target) {
  return bad_input(fmt::format("{} already exists", target.string()), "give --force to replace it, or another name");
}

Error write_error(const fs::path& target, int error) {
  return failure(fmt::format("cannot write {}: {}", target.string(), system_words(error)),
                 error == ENOSPC || error == EDQUOT ? "free some space, or write to another disk" : "");
}

Error open_error(const fs::path& target, const fs::path& folder, int error) {
  if (error == EACCES || error == EPERM || error == EROFS) {
    return bad_input(fmt::format("cannot write {}: folder {} is not writable ({})", target.string(), folder.string(),
                                 system_words(error)),
                     "choose another folder");
  }
  return write_error(target, error);
}

fs::path folder_of(const fs::path& target) { return target.has_parent_path() ? target.parent_path() : fs::path("."); }

void sync_folder(const fs::path& folder) {
  // The file is in place already; a file system that cannot sync a folder takes nothing from that.
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

/// Whether a file has the name of a temporary of a process that has ended.
bool is_of_dead_process(const std::string& name) {
  if (!name.starts_with(temporary_prefix)) return false;
  pid_t process = 0;
  const char *const begin = name.data() + temporary_prefix.size(), *const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(begin, end, process);
  if (error != std::errc() || rest == end || *rest != '-' || process < 1) return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

OutputFile::OutputFile(const fs::path& target, Overwrite overwrite) : target_(target), overwrite_(overwrite) {
  if (!target.has_filename()) {
    throw bad_input(fmt::format("'{}' names no file to write", target.string()), "give a file name");
  }
  std::error_code ignored;
  if (fs::is_symlink(target, ignored) && fs::exists(target, ignored)) target_ = fs::canonical(target);
  const fs::path folder = folder_of(target_);
  if (!fs::is_directory(folder, ignored)) {
    throw bad_input(fmt::format("cannot write {}: there is no folder {}", target.string(), folder.string()),
                    "make the folder first");
  }
  struct stat existing = {};
  const bool exists = ::stat(target_.c_str(), &existing) == 0;
  if (exists && S_ISDIR(existing.st_mode)) {
    throw bad_input(fmt::format("cannot write {}: it is a folder", target.string()), "give a file name inside it");
  }
  if (exists && !S_ISREG(existing.st_mode)) {
    // Renaming over it would replace the device itself.
    throw bad_input(fmt::format("cannot write {}: it is not a regular file", target.string()), "give a file name");
  }
  if (exists && overwrite == Overwrite::refuse) throw already_exists(target);

  int error = EEXIST;
  for (int n = 0; descriptor_ < 0 && error == EEXIST; ++n) {
    temporary_ = folder / fmt::format("{}{}-{}{}", temporary_prefix, ::getpid(), n, target_.extension().string());
    // O_EXCL makes the name ours among threads and processes; 0666 leaves the permissions to the user's mask.
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    error = errno;
  }
  if (descriptor_ < 0) throw open_error(target, folder, error);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) lock_ = ::fcntl(descriptor_, F_DUPFD_CLOEXEC, 0);
  // The one that takes the place of another keeps its permissions, as far as the file system has any.
  if (exists) static_cast<void>(::fchmod(descriptor_, existing.st_mode & 07777));
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (lock_ >= 0) ::close(lock_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw write_error(target_, errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::commit() {
  // Network file systems report some write errors only here. The descriptor is gone whatever close() says.
  const int closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0 && errno != EINTR) throw write_error(target_, errno);

  // Opened anew by name, because a codec may have put another file there.
  const int descriptor = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw write_error(target_, errno);
  const int synced = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (synced != 0) throw write_error(target_, error);

  if (overwrite_ == Overwrite::refuse) {
    // link() refuses an existing name in one step with making it; rename() would replace it.
    if (::link(temporary_.c_str(), target_.c_str()) == 0) {
      ::unlink(temporary_.c_str());
      temporary_.clear();
      sync_folder(folder_of(target_));
      return;
    }
    std::error_code ignored;
    if (errno == EEXIST || fs::exists(target_, ignored)) throw already_exists(target_);
    // A file system without hard links: the check above is all it offers.
  }
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw write_error(target_, errno);
  temporary_.clear();
  sync_folder(folder_of(target_));
}

void remove_abandoned_temporaries(const fs::path& folder) {
  std::error_code ignored;  // what cannot be seen or removed harms nobody
  for (fs::directory_iterator at(folder.empty() ? "." : folder, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    if (!is_of_dead_process(at->path().filename().string())) continue;
    const int descriptor = ::open(at->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(at->path().c_str());
    ::close(descriptor);
  }
}

void check_output_path(const fs::path& target, Overwrite overwrite) { OutputFile probe(target, overwrite); }

}  // namespace sinefield
