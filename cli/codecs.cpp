// dlopen of the codec libraries, found by the run path of the command: ../lib beside it.
// SPDX-License-Identifier: MIT
#include "cli/codecs.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

template <class Codecs>
const Codecs& loaded(const char* library_name, const char* entry_name) {
  void* library = dlopen(library_name, RTLD_LAZY | RTLD_LOCAL);
  void* entry = library == nullptr ? nullptr : dlsym(library, entry_name);
  if (entry == nullptr)
    throw failure(fmt::format("codecs cannot be loaded: {}", dlerror()),
                  fmt::format("{} belongs into the folder lib beside the command's folder bin", library_name));
  return *reinterpret_cast<const Codecs* (*)()>(entry)();
}

}  // namespace

const PictureCodecs& pictures() {
  static const auto& codecs = loaded<PictureCodecs>("libsinefield_pictures.so", "sinefield_picture_codecs");
  return codecs;
}

const MediaCodecs& media() {
  static const auto& codecs = loaded<MediaCodecs>("libsinefield_media.so", "sinefield_media_codecs");
  return codecs;
}

GivenFiles given_files(const Common& common, std::vector<std::filesystem::path> folders) {
  GivenFiles files;
  files.folders = std::move(folders);
  files.memory_limit = common.memory();
  files.read_picture = [](const std::filesystem::path& path, std::uint64_t memory_limit) {
    return pictures().read_picture(path, memory_limit);
  };
  files.read_mat = [](const std::filesystem::path& path, const std::string& variable, std::uint64_t memory_limit) {
    return media().read_mat(path, variable, memory_limit);
  };
  return files;
}

GivenFiles files_of_model(const Common& common, const std::filesystem::path& model) {
  return given_files(common, {model.parent_path(), {}});
}

}  // namespace sinefield::cli
