// Reading at offsets in plain POSIX calls, so that a message can say why a file could not be read.
// SPDX-License-Identifier: MIT
#include "io/input_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "sinefield/error.h"

namespace sinefield {

InputFile::InputFile(const std::filesystem::path& path) : name_(path.string()) {
  // Non-blocking, so that a named pipe is refused below and not waited for.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status = {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    throw bad_input(fmt::format("cannot read {}: {}", name_, std::system_category().message(error)));
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw bad_input(fmt::format("cannot read {}: it is {}, expected a regular file", name_,
                                S_ISDIR(status.st_mode) ? "a folder" : "a device or a pipe"));
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::InputFile(std::span<const std::byte> memory, std::string name)
    : name_(std::move(name)), memory_(memory), size_(memory.size()) {}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::read(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (offset > size_ || bytes.size() > size_ - offset) {
    throw bad_input(
        fmt::format("{} is cut: {} bytes wanted at byte {}, the file has {}", name_, bytes.size(), offset, size_));
  }
  if (descriptor_ < 0) {
    std::copy_n(memory_.begin() + static_cast<std::ptrdiff_t>(offset), bytes.size(), bytes.begin());
    return;
  }
  while (!bytes.empty()) {
    const ssize_t got = ::pread(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw failure(fmt::format("cannot read {}: {}", name_, std::system_category().message(errno)));
    if (got == 0) throw bad_input(fmt::format("{} became shorter while it was read", name_));
    offset += static_cast<std::uint64_t>(got);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace sinefield
