// The signals are blocked everywhere and waited for in one thread, where a stop may be requested; in a handler it may
// not.
// SPDX-License-Identifier: MIT
#include "cli/interruption.h"

#include <unistd.h>

#include <csignal>

namespace sinefield::cli {
namespace {

constexpr int goodbye = SIGUSR1;  // of the destructor to the thread

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, goodbye}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Interruption::Interruption() {
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this, set] {
    for (;;) {
      int number = 0;
      if (sigwait(&set, &number) != 0) continue;
      if (number == goodbye) return;
      if (signal_ != 0) _exit(128 + number);
      signal_ = number;
      source_.request_stop();
    }
  });
}

Interruption::~Interruption() {
  pthread_kill(thread_.native_handle(), goodbye);
  thread_.join();
}

}  // namespace sinefield::cli
