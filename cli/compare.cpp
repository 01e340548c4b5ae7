// `sinefield compare`: PSNR and SSIM of a model or a picture against the original.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <memory>

#include "cli/command.h"
#include "cli/pictures.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"
#include "sinefield/render.h"

namespace sinefield::cli {
namespace {

struct CompareArguments {
  std::filesystem::path result, original;
  ModelOmegas omegas;
};

/// Model files begin with eight bytes of header length and a brace; no picture format does.
bool is_model(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char start[9] = {};
  return file.read(start, sizeof start) && start[8] == '{' && start[6] == 0 && start[7] == 0;
}

/// Brings a picture of another sample type to the original's scale: full scales map to one another, f32's is 1.
void rescale(Picture& picture, SampleType type) {
  const auto full = [](SampleType t) { return t == SampleType::f32 ? 1.0 : full_scale(t); };
  const double factor = full(type) / full(picture.format.type);
  if (picture.format.type == type) return;
  for (float& sample : picture.samples) sample = static_cast<float>(factor * static_cast<double>(sample));
  picture.format.type = type;
}

int compare_files(const CompareArguments& a, const Common& common) {
  const Picture original = pictures().read_picture(a.original, common.memory());
  Picture result;
  if (is_model(a.result)) {
    const Field field = a.omegas.read(a.result);
    if (field.picture.height < 1)
      throw bad_input(fmt::format("{}: stands for no picture", a.result.string()), "compare pictures rendered from it");
    result = render_values(field, field.picture.height, field.picture.width, original.format.type, common.compute());
    quantise(result);
  } else {
    result = pictures().read_picture(a.result, common.memory());
    rescale(result, original.format.type);
  }
  const PictureMeasures m = compare(result, original);
  const bool alpha = !std::isnan(m.psnr_alpha);
  print_result(
      common,
      fmt::format("PSNR {:.2f} dB, SSIM {:.4f}{}{}", m.psnr, m.ssim,
                  alpha ? fmt::format(", alpha {:.2f} dB", m.psnr_alpha) : "", m.mse == 0 ? ", identical" : ""),
      {{"psnr", number(m.psnr)},
       {"ssim", number(m.ssim)},
       {"psnr_alpha", number(m.psnr_alpha)},
       {"mse", number(m.mse)},
       {"identical", m.mse == 0 && (!alpha || std::isinf(m.psnr_alpha))}});
  return 0;
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("compare", "PSNR and SSIM of a model or a picture against an original");
  auto arguments = std::make_shared<CompareArguments>();
  command->add_option("RESULT", arguments->result, "a model file or a picture")->required();
  command->add_option("ORIGINAL", arguments->original, "the picture to compare with")->required();
  arguments->omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] { return compare_files(*arguments, context.common); };
  });
}

}  // namespace sinefield::cli
