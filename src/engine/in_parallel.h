// Indexed tasks on workers, each taken by whoever is free: for work that may throw, which a task of Workers must not.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>

#include "engine/workers.h"

namespace sinefield::engine {

/// Calls task(worker, index) for 0 .. count - 1, begun in this order, until `more()` says no or one throws; rethrows
/// what it throws.
template <class TaskOfIndex, class More>
void in_parallel(Workers& workers, std::int64_t count, const TaskOfIndex& task, const More& more) {
  std::atomic<std::int64_t> next = 0;
  std::atomic<bool> failed = false;
  std::exception_ptr error;
  workers.run([&](int worker) {
    try {
      while (!failed && more()) {
        const std::int64_t index = next++;
        if (index >= count) return;
        task(worker, index);
      }
    } catch (...) {
      if (!failed.exchange(true)) error = std::current_exception();
    }
  });
  if (error) std::rethrow_exception(error);
}

/// All of them.
template <class TaskOfIndex>
void in_parallel(Workers& workers, std::int64_t count, const TaskOfIndex& task) {
  in_parallel(workers, count, task, [] { return true; });
}

}  // namespace sinefield::engine
