// Bars and lines.
// SPDX-License-Identifier: MIT
#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sinefield::cli {

std::string duration_words(double seconds) {
  const auto whole = static_cast<long>(std::lround(std::clamp(seconds, 0.0, 1e8)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

Progress::Progress(const Common& common)
    : style_(common.quiet                 ? Style::none
             : isatty(STDERR_FILENO) != 0 ? Style::bar
                                          : Style::lines),
      next_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\n");
}

void Progress::update(double fraction, double seconds_left, const std::function<std::string()>& words) {
  if (style_ == Style::none) return;
  const auto now = std::chrono::steady_clock::now();
  const std::string left = seconds_left < 0 ? "" : fmt::format("  {} left", duration_words(seconds_left));
  if (style_ == Style::bar) {
    if (now < next_ && fraction < 1) return;
    next_ = now + std::chrono::milliseconds(100);
    constexpr int width = 24;
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
    fmt::print(stderr, "\r\033[K[{}{}] {:3.0f} %  {}{}", std::string(static_cast<std::size_t>(full), '='),
               std::string(static_cast<std::size_t>(width - full), ' '), 100 * fraction, words(), left);
    std::fflush(stderr);
    drawn_ = true;
  } else if (fraction >= next_fraction_ || now >= next_) {
    fmt::print(stderr, "{:3.0f} %  {}{}\n", 100 * fraction, words(), left);
    next_ = now + std::chrono::seconds(60);
    next_fraction_ = std::floor(fraction * 10 + 1) / 10;
  }
}

}  // namespace sinefield::cli
