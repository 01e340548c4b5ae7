// Workers on oneTBB: one task arena of the wanted size.
// SPDX-License-Identifier: MIT
#include "engine/workers.h"

#include <fmt/core.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include "sinefield/error.h"

namespace sinefield::engine {
namespace {

class TbbWorkers final : public Workers {
 public:
  explicit TbbWorkers(int threads)
      : count_(threads),
        limit_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads)),
        arena_(threads) {}

  int count() const override { return count_; }

  void run(Task task) override {
    arena_.execute([&] {
      tbb::parallel_for(
          0, count_, [&](int worker) { task(worker); }, tbb::simple_partitioner());
    });
  }

 private:
  int count_;
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace

std::unique_ptr<Workers> make_workers(int threads) {
  if (threads < 1 || threads > 1024) throw bad_input(fmt::format("{} threads asked for, expected 1 to 1024", threads));
  if (threads == 1) return std::make_unique<SerialWorkers>();
  return std::make_unique<TbbWorkers>(threads);
}

}  // namespace sinefield::engine
