// How long work is shown on stderr: one line redrawn where that is a terminal, a plain line now and then where not.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/command.h"

namespace sinefield::cli {

class Progress {
 public:
  /// Shows nothing with --quiet.
  explicit Progress(const Common&);
  /// Ends the line that is being redrawn.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `fraction` done in [0, 1], `seconds_left` (negative: unknown), and what to say beside the bar; `words` is called
  /// only when a line is due: ten times a second on a terminal, every tenth of the way and at least every minute
  /// elsewhere.
  void update(double fraction, double seconds_left, const std::function<std::string()>& words);

 private:
  enum class Style { none, bar, lines } style_;
  std::chrono::steady_clock::time_point next_;
  double next_fraction_ = 0;
  bool drawn_ = false;
};

/// "1:02:03", "4:05", "12 s"
std::string duration_words(double seconds);

}  // namespace sinefield::cli
