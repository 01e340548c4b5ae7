// dlopen of libsinefield_pictures, found by the run path of the command: ../lib beside it.
// SPDX-License-Identifier: MIT
#include "cli/pictures.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include "sinefield/error.h"

namespace sinefield::cli {

const PictureCodecs& pictures() {
  static const PictureCodecs* const codecs = [] {
    void* library = dlopen("libsinefield_pictures.so", RTLD_LAZY | RTLD_LOCAL);
    void* entry = library == nullptr ? nullptr : dlsym(library, "sinefield_picture_codecs");
    if (entry == nullptr)
      throw failure(fmt::format("the picture codecs cannot be loaded: {}", dlerror()),
                    "libsinefield_pictures.so belongs into the folder lib beside the command's folder bin");
    return reinterpret_cast<const PictureCodecs* (*)()>(entry)();
  }();
  return *codecs;
}

}  // namespace sinefield::cli
