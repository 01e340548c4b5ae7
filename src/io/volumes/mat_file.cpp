// By matio. It gives elements in MATLAB's order, first axis fastest; arrays here have the last one fastest.
// SPDX-License-Identifier: MIT
#include "sinefield/mat_file.h"

#include <fmt/format.h>
#include <matio.h>

#include <algorithm>
#include <memory>

#include "sinefield/error.h"

namespace sinefield {
namespace {

using File = std::unique_ptr<mat_t, int (*)(mat_t*)>;
using Variable = std::unique_ptr<matvar_t, void (*)(matvar_t*)>;

std::string variables_of(mat_t* file) {
  std::size_t count = 0;
  char** const names = Mat_GetDir(file, &count);
  constexpr std::size_t most = 40;
  std::string text;
  for (std::size_t i = 0; names != nullptr && i < std::min(count, most); ++i)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", names[i]);
  if (count > most) text += fmt::format(" and {} more", count - most);
  return text;
}

/// What is no full array of numbers, null of what is.
const char* other_kind(const matvar_t& v) {
  if (v.isComplex != 0) return "complex";
  switch (v.class_type) {
    case MAT_C_DOUBLE:
    case MAT_C_SINGLE:
    case MAT_C_INT8:
    case MAT_C_UINT8:
    case MAT_C_INT16:
    case MAT_C_UINT16:
    case MAT_C_INT32:
    case MAT_C_UINT32:
    case MAT_C_INT64:
    case MAT_C_UINT64:
      return nullptr;
    case MAT_C_CHAR:
      return "text";
    case MAT_C_SPARSE:
      return "a sparse matrix";
    case MAT_C_STRUCT:
      return "a structure";
    case MAT_C_CELL:
      return "a cell array";
    default:
      return "no array of numbers";
  }
}

template <class T>
void take(const matvar_t& v, Array& array) {
  const auto* const from = static_cast<const T*>(v.data);
  for (std::size_t i = 0; i < array.data.size(); ++i) {
    std::size_t rest = i, stride = array.data.size(), place = 0;
    for (std::size_t k = array.shape.size(); k-- > 0;) {
      const auto size = static_cast<std::size_t>(array.shape[k]);
      stride /= size;
      place += rest % size * stride;
      rest /= size;
    }
    array.data[i] = static_cast<double>(from[place]);
  }
}

}  // namespace

Array read_mat(const std::filesystem::path& path, const std::string& variable, std::uint64_t memory_limit) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    throw bad_input(fmt::format("{} cannot be read", path.string()), "is the name right?");
  const File file(Mat_Open(path.c_str(), MAT_ACC_RDONLY), &Mat_Close);
  if (file == nullptr)
    throw bad_input(fmt::format("{} is no MATLAB file", path.string()), "save it with MATLAB's save, or as .npy");
  const Variable info(Mat_VarReadInfo(file.get(), variable.c_str()), &Mat_VarFree);
  if (info == nullptr)
    throw bad_input(fmt::format("{} has no variable '{}'", path.string(), variable),
                    fmt::format("it has {}", variables_of(file.get())));
  if (const char* const kind = other_kind(*info))
    throw bad_input(fmt::format("{}: variable '{}' is {}", path.string(), variable, kind),
                    "full arrays of real numbers are read");
  Array array;
  double elements = 1;
  for (int k = 0; k < info->rank; ++k) {
    array.shape.push_back(static_cast<std::int64_t>(info->dims[k]));
    elements *= static_cast<double>(info->dims[k]);
  }
  constexpr double bytes = 16;  // of an element as it is stored and as a double
  if (bytes * elements > static_cast<double>(memory_limit))
    throw bad_input(fmt::format("{}: variable '{}' of {:.0f} numbers needs {:.0f} MiB, more than the {} MiB allowed",
                                path.string(), variable, elements, bytes * elements / 0x1p20, memory_limit >> 20U),
                    "cut it, or make it coarser");
  const Variable read(Mat_VarRead(file.get(), variable.c_str()), &Mat_VarFree);
  array.data.resize(static_cast<std::size_t>(elements));
  if (read == nullptr || (read->data == nullptr && !array.data.empty()) ||
      read->nbytes < array.data.size() * Mat_SizeOfClass(read->class_type))
    throw bad_input(fmt::format("{}: variable '{}' cannot be read: the file is damaged", path.string(), variable));
  switch (read->class_type) {
    case MAT_C_DOUBLE:
      take<double>(*read, array);
      break;
    case MAT_C_SINGLE:
      take<float>(*read, array);
      break;
    case MAT_C_INT8:
      take<std::int8_t>(*read, array);
      break;
    case MAT_C_UINT8:
      take<std::uint8_t>(*read, array);
      break;
    case MAT_C_INT16:
      take<std::int16_t>(*read, array);
      break;
    case MAT_C_UINT16:
      take<std::uint16_t>(*read, array);
      break;
    case MAT_C_INT32:
      take<std::int32_t>(*read, array);
      break;
    case MAT_C_UINT32:
      take<std::uint32_t>(*read, array);
      break;
    case MAT_C_INT64:
      take<std::int64_t>(*read, array);
      break;
    default:
      take<std::uint64_t>(*read, array);
  }
  return array;
}

}  // namespace sinefield
