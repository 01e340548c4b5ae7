// SPDX-License-Identifier: MIT
#include "problem/given_arrays.h"

#include <fmt/format.h>

#include "sinefield/error.h"

namespace sinefield::problem {
namespace {

std::filesystem::path found(const GivenFiles& files, const std::string& name) {
  if (files.folders.empty()) throw bad_input("a file, but no folder to look for it", "read the problem from a file");
  std::string folders;
  for (const std::filesystem::path& folder : files.folders) {
    std::error_code error;
    const std::filesystem::path path = folder / name;
    if (std::filesystem::is_regular_file(path, error)) return path;
    const std::string shown = folder.empty() ? "the current folder" : folder.string();
    if (folders != shown) folders += fmt::format("{}{}", folders.empty() ? "" : " and ", shown);
  }
  throw bad_input("this file is not there",
                  fmt::format("names are relative to the folder of the problem file; looked for it in {}", folders));
}

Array array_of(const Picture& picture) {
  const PictureFormat& f = picture.format;
  const auto channels = static_cast<std::size_t>(f.channel_count());
  const double scale = full_scale(f.type) > 0 ? full_scale(f.type) : 1;
  Array array{{f.width, f.height, f.channel_count()}, {}};
  array.data.reserve(picture.samples.size());
  for (std::int64_t x = 0; x < f.width; ++x)
    for (std::int64_t y = f.height; y-- > 0;)
      for (std::size_t c = 0; c < channels; ++c)
        array.data.push_back(static_cast<double>(picture.row(y)[static_cast<std::size_t>(x) * channels + c]) / scale);
  return array;
}

}  // namespace

Array read_given(const GivenFiles& files, const GivenFile& file) {
  const std::filesystem::path path = found(files, file.name);
  if (file.kind == GivenFile::Kind::npy) return read_npy(path, files.memory_limit);
  if (file.kind == GivenFile::Kind::picture) {
    if (!files.read_picture) throw bad_input("pictures are not read by this program", "save it as .npy");
    return array_of(files.read_picture(path, files.memory_limit));
  }
  if (!files.read_mat) throw bad_input("MATLAB's files are not read by this program", "save it as .npy");
  return files.read_mat(path, file.variable, files.memory_limit);
}

}  // namespace sinefield::problem
