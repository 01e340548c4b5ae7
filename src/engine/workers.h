// The seam between the engine and threads: run a number of tasks, in any order, on some workers. The engine's results
// never depend on who runs a task or when. Where there are no threads (WebAssembly), `SerialWorkers` serves.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

namespace sinefield::engine {

/// A reference to something callable with a worker's number; allocates nothing, must not outlive what it refers to.
class Task {
 public:
  template <class F>
  Task(const F& function)
      : object_(&function), call_([](const void* object, int worker) { (*static_cast<const F*>(object))(worker); }) {}
  void operator()(int worker) const { call_(object_, worker); }

 private:
  const void* object_;
  void (*call_)(const void*, int);
};

class Workers {
 public:
  virtual ~Workers() = default;
  /// Largest number of tasks that run at the same time, >= 1.
  virtual int count() const = 0;
  /// Calls task(worker) once for each worker 0 .. count() - 1 and returns when all are done. A task throws nothing.
  virtual void run(Task task) = 0;
};

class SerialWorkers final : public Workers {
 public:
  int count() const override { return 1; }
  void run(Task task) override { task(0); }
};

/// Threads of oneTBB, which composes with whatever else the process runs; more than the machine has are allowed.
/// Throws bad_input outside 1 .. 1,024.
std::unique_ptr<Workers> make_workers(int threads);

}  // namespace sinefield::engine
