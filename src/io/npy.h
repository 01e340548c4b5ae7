// The header of numpy's array files, for readers and writers that keep their elements in another way than array_file.h.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/input_file.h"

namespace sinefield {

constexpr std::string_view npy_magic = "\x93NUMPY";

struct NpyHeader {
  std::string type;  // numpy's own word: "<f4", "|u1", ...
  bool fortran_order = false;
  std::vector<std::int64_t> shape;  // not negative; their product may be anything
  std::uint64_t data_start = 0;     // inside the file
};

/// Throws bad_input for what is no .npy file, and for a cut or damaged header.
NpyHeader read_npy_header(const InputFile&);

/// Everything before the elements, for an array in C order.
std::string npy_header_text(std::string_view type, std::span<const std::int64_t> shape);

/// As Python writes a tuple.
std::string npy_shape_text(std::span<const std::int64_t> shape);

}  // namespace sinefield
