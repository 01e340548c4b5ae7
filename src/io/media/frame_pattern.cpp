// Numbers in file names, and the files of a folder that have them.
// SPDX-License-Identifier: MIT
#include "io/media/frame_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace sinefield {
namespace {

namespace fs = std::filesystem;

constexpr int most_digits = 9;  // an int holds them all

std::string with_percents_doubled(const std::string& text) {
  std::string doubled;
  for (const char c : text) doubled.append(c == '%' ? 2 : 1, c);
  return doubled;
}

}  // namespace

std::optional<FramePattern> FramePattern::of(const fs::path& path) {
  const std::string name = path.filename().string();
  const auto percent = name.find('%');
  if (percent == std::string::npos) return std::nullopt;
  FramePattern pattern;
  const char *begin = name.data() + percent + 1, *const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(begin, end, pattern.digits_);
  if (error == std::errc()) begin = rest;
  if (begin == end || *begin != 'd' || pattern.digits_ < 0 || pattern.digits_ > most_digits) return std::nullopt;
  pattern.folder_ = path.parent_path();
  pattern.before_ = name.substr(0, percent);
  pattern.after_.assign(begin + 1, end);
  if (pattern.after_.find('%') != std::string::npos) return std::nullopt;
  return pattern;
}

fs::path FramePattern::name(int number) const {
  return folder_ / fmt::format("{}{:0{}}{}", before_, number, digits_, after_);
}

std::vector<int> FramePattern::numbers() const {
  std::vector<int> found;
  std::error_code ignored;  // a folder that cannot be read has no frames
  for (fs::directory_iterator at(folder_.empty() ? "." : folder_, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    const std::string file = at->path().filename().string();
    if (file.size() <= before_.size() + after_.size() || !file.starts_with(before_) || !file.ends_with(after_))
      continue;
    const std::string_view digits =
        std::string_view(file).substr(before_.size(), file.size() - before_.size() - after_.size());
    int number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || rest != digits.data() + digits.size() || number < 0) continue;
    if (name(number).filename() == file) found.push_back(number);  // 007 is not 7
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string FramePattern::for_ffmpeg() const {
  const fs::path folder = with_percents_doubled(folder_.string());
  return (folder / fmt::format("{}%0{}d{}", before_, digits_, after_)).string();
}

}  // namespace sinefield
