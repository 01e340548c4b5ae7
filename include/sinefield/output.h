// What happens to a file that is already there, and a check of an output path before long work starts.
// How files are written (beside their target, then renamed) is internal.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>

namespace sinefield {

enum class Overwrite : std::uint8_t {
  refuse,   ///< an existing target is bad_input
  replace,  ///< an existing regular file gives way when the new one is complete
};

/// Throws what writing `target` would throw now: bad_input where its folder is missing or not writable, where it is a
/// folder or a device, or where it exists and the policy refuses; failure where the disk is full. It tries by making
/// and removing a temporary file in the same folder, so read-only mounts and quotas are seen too.
void check_output_path(const std::filesystem::path& target, Overwrite);

/// Keeps other runs away from an output for as long as this object lives, by a lock on the file .NAME.lock beside it,
/// which goes with the object; after a kill -9 the file may stay, unlocked. Removes what killed runs have left half
/// written in the folder. Throws bad_input where another run has it.
class OutputLock {
 public:
  explicit OutputLock(const std::filesystem::path& target);
  ~OutputLock();
  OutputLock(const OutputLock&) = delete;
  OutputLock& operator=(const OutputLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace sinefield
