// Files through OpenImageIO's proxy, on plain system calls without buffers: codecs write in large pieces.
// SPDX-License-Identifier: MIT
#include "io/pictures/checked_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace sinefield {

CheckedFile::CheckedFile(const std::filesystem::path& target)
    : IOProxy(target.string(), Write),
      target_(target),
      file_(target.parent_path() /
            fmt::format(".sinefield-{}-{}{}", ::getpid(), target.stem().string(), target.extension().string())) {
  ::unlink(file_.c_str());  // of an earlier process with our number that was killed
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    remember_errno();
    file_.clear();
  }
}

CheckedFile::~CheckedFile() {
  CheckedFile::close();
  if (!file_.empty()) ::unlink(file_.c_str());
}

void CheckedFile::remember_errno() {
  if (error_ == 0) error_ = errno != 0 ? errno : EIO;
}

void CheckedFile::insert_at(std::int64_t offset, std::vector<std::uint8_t> bytes) {
  insert_offset_ = offset;
  insertion_ = std::move(bytes);
}

void CheckedFile::commit() {
  if (::fsync(descriptor_) != 0 && errno != EINVAL) remember_errno();  // EINVAL: a file system without it
  close();
  if (error_ != 0) return;
  if (std::rename(file_.c_str(), target_.c_str()) != 0) {
    remember_errno();
    return;
  }
  file_.clear();
}

void CheckedFile::close() {
  if (descriptor_ >= 0 && ::close(descriptor_) != 0) remember_errno();
  descriptor_ = -1;
  m_mode = Closed;
}

size_t CheckedFile::read(void* buffer, size_t size) {
  const size_t got = pread(buffer, size, m_pos);
  m_pos += static_cast<std::int64_t>(got);
  return got;
}

size_t CheckedFile::pread(void* buffer, size_t size, std::int64_t offset) {
  const ssize_t got = ::pread(descriptor_, buffer, size, offset);
  return got < 0 ? 0 : static_cast<size_t>(got);
}

size_t CheckedFile::write(const void* buffer, size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(buffer);
  size_t before = size;
  if (!insertion_.empty() && m_pos <= insert_offset_ && m_pos + static_cast<std::int64_t>(size) > insert_offset_) {
    before = static_cast<size_t>(insert_offset_ - m_pos);
  }
  size_t done = pwrite(bytes, before, m_pos);
  m_pos += static_cast<std::int64_t>(done);
  if (before < size && done == before) {
    const std::vector<std::uint8_t> insertion = std::exchange(insertion_, {});
    m_pos += static_cast<std::int64_t>(pwrite(insertion.data(), insertion.size(), m_pos));
    const size_t rest = pwrite(bytes + before, size - before, m_pos);
    m_pos += static_cast<std::int64_t>(rest);
    done += rest;
  }
  return done;
}

size_t CheckedFile::pwrite(const void* buffer, size_t size, std::int64_t offset) {
  const auto* bytes = static_cast<const char*>(buffer);
  size_t done = 0;
  while (done < size) {
    const ssize_t written = ::pwrite(descriptor_, bytes + done, size - done, offset + static_cast<std::int64_t>(done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      remember_errno();
      break;
    }
    done += static_cast<size_t>(written);
  }
  return done;
}

size_t CheckedFile::size() const {
  struct stat status {};
  return ::fstat(descriptor_, &status) == 0 ? static_cast<size_t>(status.st_size) : 0;
}

}  // namespace sinefield
