// What the machine offers: instruction sets, threads, memory. Limits set by affinity and cgroups are honoured.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

enum class Isa : std::uint8_t { scalar, sse4, avx2, avx512 };

std::string_view isa_name(Isa);

/// The instruction sets that were built in and that this machine runs, plainest first; never empty.
std::vector<Isa> available_isas();
/// The best of them.
Isa best_isa();
/// "avx2" -> Isa::avx2. Throws bad_input for an unknown name and for one that this machine lacks.
Isa isa_from_name(std::string_view);

std::string cpu_name();
/// Threads that affinity mask and cgroup quota allow, at least 1.
int allowed_threads();
/// Bytes of memory that the machine and its cgroup allow this process.
std::uint64_t allowed_memory();

}  // namespace sinefield
