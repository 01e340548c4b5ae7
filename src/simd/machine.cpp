// Instruction sets by Highway's detection; threads and memory as the kernel's affinity masks and cgroups allow.
// SPDX-License-Identifier: MIT
#include "sinefield/machine.h"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <thread>

#include "hwy/targets.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

struct IsaEntry {
  Isa isa;
  std::string_view name;
  std::int64_t target;
};
constexpr std::array<IsaEntry, 4> entries{{{Isa::scalar, "scalar", HWY_SCALAR},
                                           {Isa::sse4, "sse4", HWY_SSE4},
                                           {Isa::avx2, "avx2", HWY_AVX2},
                                           {Isa::avx512, "avx512", HWY_AVX3}}};

/// The folder of this process in the unified cgroup hierarchy, and all folders above it.
std::vector<std::string> cgroup_folders() {
  std::vector<std::string> folders;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::")) continue;
    std::string path = line.substr(3);
    while (!path.empty() && path != "/") {
      folders.push_back("/sys/fs/cgroup" + path);
      path.resize(path.rfind('/'));
    }
    folders.emplace_back("/sys/fs/cgroup");
  }
  return folders;
}

}  // namespace

std::string_view isa_name(Isa isa) { return entries[static_cast<std::size_t>(isa)].name; }

std::vector<Isa> available_isas() {
  const std::int64_t supported = hwy::SupportedTargets();
  std::vector<Isa> found;
  for (const IsaEntry& entry : entries)
    if (entry.isa == Isa::scalar || (supported & entry.target) != 0) found.push_back(entry.isa);
  return found;
}

Isa best_isa() { return available_isas().back(); }

Isa isa_from_name(std::string_view name) {
  std::string known;
  const std::vector<Isa> available = available_isas();
  for (const IsaEntry& entry : entries) {
    if (entry.name == name) {
      if (std::ranges::find(available, entry.isa) != available.end()) return entry.isa;
      throw bad_input(fmt::format("--isa {}: this machine ({}) lacks it", name, cpu_name()),
                      fmt::format("the best it has is {}", isa_name(available.back())));
    }
    known += fmt::format("{}{}", known.empty() ? "" : ", ", entry.name);
  }
  throw bad_input(fmt::format("--isa {}: unknown instruction set", name), "known ones: " + known);
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  return "unknown processor";
}

int allowed_threads() {
  int threads = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) threads = std::max(1, CPU_COUNT(&set));
  for (const std::string& folder : cgroup_folders()) {
    double quota = 0, period = 0;
    if (std::ifstream(folder + "/cpu.max") >> quota >> period && quota > 0 && period > 0)
      threads = std::min(threads, std::max(1, static_cast<int>(std::ceil(quota / period))));
  }
  return threads;
}

std::uint64_t allowed_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGE_SIZE);
  std::uint64_t memory = pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page)
                                               : std::numeric_limits<std::uint64_t>::max();
  for (const std::string& folder : cgroup_folders()) {
    std::uint64_t limit = 0;
    if (std::ifstream(folder + "/memory.max") >> limit && limit > 0) memory = std::min(memory, limit);
  }
  return memory;
}

}  // namespace sinefield
