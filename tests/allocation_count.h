// Calls of operator new in the test executable, of all its threads, so that tests can say that something allocates
// nothing. The counting operators are defined in allocation_count_test.cpp. malloc and friends are not counted.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace sinefield {

/// Calls of any form of operator new since the start of the process.
std::int64_t allocation_count() noexcept;

}  // namespace sinefield
