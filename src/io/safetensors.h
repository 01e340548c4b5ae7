// The container of model files: safetensors with float32 tensors only. Names, shapes and offsets are checked against
// the size of the file before anything is allocated; what the tensors mean is model_file.cpp's matter.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/input_file.h"

namespace sinefield {

/// Larger headers are refused, by us when reading and when writing.
inline constexpr std::uint64_t max_safetensors_header = 16U << 20U;

struct SafetensorsEntry {
  std::vector<std::uint64_t> shape;     ///< every size >= 0, product * 4 == bytes
  std::uint64_t offset = 0, bytes = 0;  ///< in the file
};

struct Safetensors {
  std::map<std::string, std::string> metadata;
  std::map<std::string, SafetensorsEntry> tensors;  ///< together they cover the data exactly, without gap or overlap
};

/// Throws bad_input for a file that is no safetensors file, that is cut or too long, or that holds other types.
Safetensors read_safetensors_header(const InputFile&);

/// A tensor to be written, row-major.
struct SafetensorsShape {
  std::string name;
  std::vector<std::uint64_t> shape;
};

/// The bytes before the data, padded to a multiple of 8: the data must follow in the order of `tensors`.
std::string safetensors_header(std::span<const SafetensorsShape> tensors,
                               const std::map<std::string, std::string>& metadata);

/// "(256, 2)"
std::string shape_text(std::span<const std::uint64_t> shape);

}  // namespace sinefield
