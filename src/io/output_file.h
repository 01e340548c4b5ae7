// An output file that is either whole or not there: written under a temporary name in the folder of its target, synced
// to disk and renamed over the target by commit(). Without commit() the destructor removes it and the old target stays.
// A kill -9 can leave the temporary (.sinefield-PID-N.EXT) behind, never half a target; the next run on an output
// beside it removes it. No buffering: write large pieces.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "sinefield/output.h"

namespace sinefield {

class OutputFile {
 public:
  /// Opens the temporary; throws as `check_output_path` says. A link is followed: what it points to is replaced.
  OutputFile(const std::filesystem::path& target, Overwrite);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// Appends; throws failure with the system's words (disk full, I/O error).
  void write(std::span<const std::byte>);
  void write(std::string_view text) { write(std::as_bytes(std::span(text.data(), text.size()))); }

  /// For codecs that open files by name: this name has the extension of the target and may be opened, truncated and
  /// even replaced by another file; do not mix with write().
  const std::filesystem::path& temporary() const noexcept { return temporary_; }

  /// Puts the file in place of the target, once. Under Overwrite::refuse a target that has appeared since is kept and
  /// bad_input thrown.
  void commit();

 private:
  std::filesystem::path target_, temporary_;
  Overwrite overwrite_;
  int descriptor_ = -1, lock_ = -1;  // of the temporary; the second keeps it locked until this object goes
};

/// Removes the temporaries in a folder whose process is no more and that nobody holds locked: another container has
/// processes of its own, but the same locks.
void remove_abandoned_temporaries(const std::filesystem::path& folder);

}  // namespace sinefield
