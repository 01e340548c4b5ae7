// SIGINT and SIGTERM as a stop token: the first asks the work to end in good order, the second ends the process.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace sinefield::cli {

class Interruption {
 public:
  /// From here on the two signals come to a thread of this object. Make it before other threads are started: they would
  /// take the signals in the old way.
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  /// The signal that came; 0 where none did.
  int signal() const { return signal_; }

 private:
  std::stop_source source_;
  std::atomic<int> signal_ = 0;
  std::thread thread_;
};

}  // namespace sinefield::cli
