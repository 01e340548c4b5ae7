// Arrays in numpy's files: .npy read and written, .npz written. What is read are real numbers only: complex numbers,
// text, records and objects are refused (an object array would run code in Python).
// SPDX-License-Identifier: MIT
#pragma once

#include <complex>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sinefield/output.h"

namespace sinefield {

/// Any number of dimensions, 0 (one number) and empty ones included; row-major.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> data;
};

/// Reads little-endian float32 and float64 and integers of 8 to 64 bits (those beyond 2^53 are rounded), in C and
/// Fortran order, format versions 1 to 3. NaN and infinities pass: the caller knows whether they make sense. Throws
/// bad_input for anything else, for a cut or damaged file, and for an array whose reading would take more than
/// `memory_limit` bytes (8 for each element, 16 in Fortran order).
Array read_npy(const std::filesystem::path&, std::uint64_t memory_limit);

/// Elements in row-major order; written in their own type.
using ArrayElements =
    std::variant<std::span<const float>, std::span<const double>, std::span<const std::complex<double>>>;

struct NamedArray {
  std::string name;  ///< not empty, unique in its file
  std::vector<std::int64_t> shape;
  ArrayElements elements;
};

/// Writes beside the target and renames. Throws bad_input where shape and elements differ in number and as
/// `check_output_path` does; failure where the disk is full.
void write_npy(const std::filesystem::path&, std::span<const std::int64_t> shape, ArrayElements,
               Overwrite = Overwrite::refuse);

/// The same for several arrays in one file, not compressed; equal arrays give equal bytes at any time.
void write_npz(const std::filesystem::path&, std::span<const NamedArray>, Overwrite = Overwrite::refuse);

}  // namespace sinefield
