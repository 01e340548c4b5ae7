// The names of numbered pictures that are one video together: NAME-%04d.png, a % with the number of digits. Other
// patterns (stars, several numbers) are no names of a video.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sinefield {

class FramePattern {
 public:
  /// The pattern that the name of the file is; nothing where it is a plain name.
  static std::optional<FramePattern> of(const std::filesystem::path&);

  std::filesystem::path name(int number) const;

  /// The numbers of the files that there are, rising.
  std::vector<int> numbers() const;

  /// As FFmpeg wants it: a percent sign of the folder's name is no number.
  std::string for_ffmpeg() const;

 private:
  std::filesystem::path folder_;
  std::string before_, after_;  // the number
  int digits_ = 0;              // at least so many, with leading zeros
};

}  // namespace sinefield
