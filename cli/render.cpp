// `sinefield render`: a model becomes what it stands for, at any size, rate or part of it, or a picture of it.
// SPDX-License-Identifier: MIT
#include "cli/render.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/codecs.h"
#include "cli/command.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

/// Options that a kind of signal has no use for.
void check_options(const RenderArguments& a, SignalKind kind) {
  const auto only = [&](bool given, const char* option, std::initializer_list<SignalKind> kinds) {
    if (given && std::ranges::find(kinds, kind) == kinds.end())
      throw bad_input(fmt::format("{}: a {} has none", option, signal_kind_name(kind)),
                      "see `sinefield render --help` for what goes with which kind of model");
  };
  using enum SignalKind;
  only(!a.size.empty(), "--size", {picture, video, volume, solution});
  only(a.scale.has_value(), "--scale", {picture, video, volume});
  only(!a.show.empty() && a.show != "value", "--show", {picture, solution});
  only(a.bits.has_value(), "--bits", {picture});
  only(a.from.has_value(), "--from", {sound, video});
  only(a.to.has_value(), "--to", {sound, video});
  only(a.rate.has_value(), "--rate", {sound});
  only(!a.type.empty(), "--sample-type", {sound, volume});
  only(a.fps.has_value(), "--fps", {video, solution});
  only(!a.sound.empty(), "--sound", {video});
  only(!a.slices.empty(), "--slice", {volume, solution});
  only(!a.sheet.empty(), "--sheet", {picture, sound, video, volume});
  only(!a.range.empty(), "--range", {solution});
  only(a.frames.has_value(), "--frames", {solution});
  if (kind == picture && !a.show.empty() && a.show != "value" && a.show != "gradient" && a.show != "laplacian")
    throw bad_input(fmt::format("--show {}: expected value, gradient or laplacian", a.show),
                    "expressions are of models made by solve");
  if (a.from && !(*a.from >= 0)) throw bad_input(fmt::format("--from {}: expected seconds, 0 or more", *a.from));
  if (a.to && !(*a.to > a.from.value_or(0)))
    throw bad_input(fmt::format("--to {}: expected seconds after --from {}", *a.to, a.from.value_or(0)));
}

int render(const RenderArguments& a, const Common& common) {
  const bool frames = a.output.string().find('%') != std::string::npos;  // each is checked when it is known how many
  if (!frames) check_output(a.output, common, {a.model, a.sheet, a.sound});
  const Field field = a.omegas.read(a.model);
  const SignalKind kind = signal_kind(field.signal);
  if (kind == SignalKind::none)
    throw bad_input(fmt::format("{}: stands for no picture, sound, video, volume or solution", a.model.string()),
                    "ask for its values with `sinefield eval`");
  check_options(a, kind);
  Json result = {{"output", a.output.string()}};
  result.update(kind == SignalKind::picture    ? render_picture(a, field, common)
                : kind == SignalKind::sound    ? render_sound(a, field, common)
                : kind == SignalKind::video    ? render_video(a, field, common)
                : kind == SignalKind::solution ? render_solution(a, field, common)
                                               : render_volume(a, field, common));
  const double seconds = seconds_since_start();
  result["seconds"] = seconds;
  print_result(common, fmt::format("{}: {:.1f} s", a.output.string(), seconds), result);
  return 0;
}

}  // namespace

std::string extension_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

std::int64_t scaled_size(std::int64_t size, double factor) {
  const double scaled = std::max(std::round(static_cast<double>(size) * factor), 1.0);
  if (!(scaled <= 1e6)) throw bad_input(fmt::format("--scale {}: more than 1000000 samples a side", factor));
  return static_cast<std::int64_t>(scaled);
}

void add_render(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("render", "render a model as a file of its kind, or as a picture");
  auto arguments = std::make_shared<RenderArguments>();
  RenderArguments& a = *arguments;
  command->add_option("MODEL", a.model, "the model file")->required();
  command
      ->add_option("-o,--output", a.output,
                   "a file of the model's kind, or OUT.png: a picture of it\n"
                   "picture: .png .jpg .tif .exr .npy; sound: .wav .flac .ogg .opus\n"
                   "video: .mp4 .mkv .webm .gif frames-%04d.png; volume: .npy .nrrd .vti\n"
                   "solution: .png .jpg .tif .npy .csv .vti .vtu, over time the files of a video")
      ->required();
  CLI::Option* size = command->add_option("--size", a.size,
                                          "WIDTHxHEIGHT, of volumes XxYxZ (default: the original's);\n"
                                          "of solutions also N, along the longest axis (default: 512)");
  CLI::Option* scale =
      command
          ->add_option("--scale", a.scale, "factor F to the original's size: output sample j lies at (j+0.5)/F - 0.5")
          ->check(CLI::PositiveNumber)
          ->excludes(size);
  const char* const picture = "Pictures";
  CLI::Option* show = command
                          ->add_option("--show", a.show,
                                       "value; gradient (colour = direction) or laplacian; numbers in .npy and .exr;\n"
                                       "of solutions an expression, as \"norm(grad(u))\" (default: the first unknown)")
                          ->group("Pictures and solutions");
  CLI::Option* bits = command->add_option("--bits", a.bits, "8, 16 or 32 (float) per sample")
                          ->check(CLI::IsMember({8, 16, 32}))
                          ->group(picture);
  const char* const timed = "Sounds and videos";
  command->add_option("--from", a.from, "seconds at which to begin")->group(timed);
  command->add_option("--to", a.to, "seconds at which to end")->group(timed);
  command->add_option("--rate", a.rate, "frames of a sound per second, Hz, band-limited (default: the original's)")
      ->check(CLI::Range(1, 1'000'000'000))
      ->group(timed);
  command->add_option("--fps", a.fps, "frames of a video per second (default: the original's; of solutions 25)")
      ->check(CLI::PositiveNumber)
      ->group(timed);
  command->add_option("--sound", a.sound, "a file whose sound track goes with the video, as it is")->group(timed);
  command->add_option("--sample-type", a.type, "u8 s16 s24 s32 f32 f64; of a volume u8 i8 u16 i16 i32 f32")
      ->group("Sounds and volumes");
  command
      ->add_option("--slice", a.slices,
                   "of volumes x=N, y=N or z=N: the slice for .png (default: the middle one along z)\n"
                   "of solutions NAME=VALUE, fixes a coordinate; may be given often")
      ->allow_extra_args(false)
      ->group("Volumes and solutions");
  const char* const solution = "Solutions";
  command->add_option("--range", a.range, "LOW,HIGH: what the ends of the colours stand for (default: by the values)")
      ->group(solution);
  command->add_option("--frames", a.frames, "moments from the beginning to the end of time (default: 100)")
      ->check(CLI::Range(2, 1'000'000))
      ->group(solution);
  command->add_option("--sheet", a.sheet, "a labelled sheet instead, as .png: this original beside the model")
      ->excludes(size)
      ->excludes(scale)
      ->excludes(show)
      ->excludes(bits);
  a.omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback(
      [arguments, &context] { context.run = [arguments, &context] { return render(*arguments, context.common); }; });
}

}  // namespace sinefield::cli
