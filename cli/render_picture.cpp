// `sinefield render` of pictures: values or derivatives, at any size, or an array.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "cli/codecs.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/render.h"
#include "sinefield/array_file.h"
#include "sinefield/contact_sheet.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"
#include "sinefield/picture_views.h"
#include "sinefield/render.h"

namespace sinefield::cli {
namespace {

Size output_size(const RenderArguments& a, const PictureFormat& original) {
  if (!a.size.empty()) return parse_size("--size", a.size);
  if (!a.scale) return {original.width, original.height};
  return {scaled_size(original.width, *a.scale), scaled_size(original.height, *a.scale)};
}

/// The type of the output's samples: what --bits says, or the original's as far as the format holds it.
SampleType output_type(const RenderArguments& a, SampleType original) {
  const std::string extension = extension_of(a.output);
  if (!a.bits)
    return extension == ".exr"                                  ? SampleType::f32
           : extension == ".png" && original == SampleType::f32 ? SampleType::u16
           : extension == ".jpg" || extension == ".jpeg"        ? SampleType::u8
                                                                : original;
  return *a.bits == 8 ? SampleType::u8 : *a.bits == 16 ? SampleType::u16 : SampleType::f32;
}

/// What the picture to be written will be, for a refusal before the work.
PictureFormat output_format(const RenderArguments& a, const Field& field, Size size, Order order, bool numbers) {
  PictureFormat format = *field.picture();
  if (!a.sheet.empty() || order != Order::value) {
    format = PictureFormat();
    format.type = numbers ? SampleType::f32 : SampleType::u8;
    format.channels = numbers ? std::vector<std::string>{"Y"} : std::vector<std::string>{"R", "G", "B"};
  } else {
    format.type = output_type(a, field.picture()->type);
  }
  format.height = size.height;
  format.width = size.width;
  return format;
}

/// All jets of a grid, for arrays: the evaluation's own units and shapes.
void write_array(const RenderArguments& a, const Field& field, Size size, Order order, const Common& common,
                 const FractionDone& report) {
  PictureRenderer renderer(field, size.height, size.width, order, common.compute());
  std::vector<float> all;
  for (std::int64_t y = 0; y < size.height; y += renderer.strip()) {
    const std::int64_t count = std::min(renderer.strip(), size.height - y);
    const Jets<float> jets = renderer.rows(y, count);
    const std::vector<float>& part = order == Order::value      ? jets.value
                                     : order == Order::gradient ? jets.gradient
                                                                : jets.laplacian;
    all.insert(all.end(), part.begin(), part.end());
    report(static_cast<double>(y + count) / static_cast<double>(size.height));
  }
  std::vector<std::int64_t> shape = {size.height, size.width, field.outputs()};
  if (order == Order::gradient) shape.push_back(2);
  write_npy(a.output, shape, std::span<const float>(all), common.overwrite());
}

/// Derivatives as numbers in a float picture: channels Y.row and Y.column, or Y.laplacian.
Picture derivative_numbers(const DerivativePlanes& planes, Size size) {
  Picture picture;
  picture.format.height = size.height;
  picture.format.width = size.width;
  picture.format.type = SampleType::f32;
  if (!planes.laplacian.empty()) {
    picture.format.channels = {"Y.laplacian"};
    picture.samples = planes.laplacian;
    return picture;
  }
  picture.format.channels = {"Y.row", "Y.column"};
  picture.samples.reserve(planes.d_row.size() * 2);
  for (std::size_t p = 0; p < planes.d_row.size(); ++p)
    picture.samples.insert(picture.samples.end(), {planes.d_row[p], planes.d_column[p]});
  return picture;
}

/// Original and model side by side, with the exact derivatives beside the photograph's finite differences.
Picture sheet(const RenderArguments& a, const Field& field, const Common& common, const FractionDone& report) {
  Picture original = pictures().read_picture(a.sheet, common.memory());
  const std::int64_t height = original.format.height, width = original.format.width;
  if (height != field.picture()->height || width != field.picture()->width)
    throw bad_input(fmt::format("--sheet {}: {} x {} pixels, the model's picture has {} x {}", a.sheet.string(), width,
                                height, field.picture()->width, field.picture()->height));
  const ComputeOptions compute = common.compute();
  Picture rebuilt =
      render_values(field, height, width, original.format.type, compute, [&](double done) { report(done / 6); });
  quantise(rebuilt);
  const PictureMeasures measures = compare(rebuilt, original);
  const DerivativePlanes gradient = render_derivatives(field, height, width, Order::gradient, compute,
                                                       [&](double done) { report((1 + 2 * done) / 6); });
  const DerivativePlanes laplacian = render_derivatives(field, height, width, Order::laplacian, compute,
                                                        [&](double done) { report((3 + 3 * done) / 6); });
  const std::vector<float> plane = luminance_plane(original);
  const PlaneGradient difference = sobel(height, width, plane);
  const std::array<SheetEntry, 6> entries = {
      SheetEntry{std::move(original), "photograph"},
      SheetEntry{gradient_picture(height, width, difference.d_row, difference.d_column), "its Sobel gradient"},
      SheetEntry{laplacian_picture(height, width, laplace(height, width, plane)), "its 5-point Laplacian"},
      SheetEntry{std::move(rebuilt), fmt::format("rebuilt, {:.1f} dB, SSIM {:.3f}", measures.psnr, measures.ssim)},
      SheetEntry{gradient_picture(height, width, gradient.d_row, gradient.d_column), "gradient of the model"},
      SheetEntry{laplacian_picture(height, width, laplacian.laplacian), "Laplacian of the model"}};
  return pictures().contact_sheet(entries, 3);
}

}  // namespace

Json render_picture(const RenderArguments& a, const Field& field, const Common& common) {
  const bool array = extension_of(a.output) == ".npy";
  if (array && a.bits && *a.bits != 32)
    throw bad_input(fmt::format("--bits {}: .npy files hold 32-bit floats", *a.bits));
  const std::string show = a.show.empty() ? "value" : a.show;
  const Order order = show == "value" ? Order::value : show == "gradient" ? Order::gradient : Order::laplacian;
  const Size size = output_size(a, *field.picture());
  const std::uint64_t memory = static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height) *
                               static_cast<std::uint64_t>(std::max(field.outputs(), 3)) * sizeof(float);
  if (memory > common.memory())
    throw bad_input(fmt::format("{} x {} samples need {} MiB, more than the {} MiB allowed", size.width, size.height,
                                memory >> 20, common.memory() >> 20),
                    "give a smaller --size or --scale, or a larger --memory-limit");
  // A float picture holds derivatives as numbers, any other a picture of them.
  const bool numbers = order != Order::value && (extension_of(a.output) == ".exr" || a.bits == 32);
  const PictureFormat format = output_format(a, field, size, order, numbers);
  if (!array) pictures().require_writable(a.output, format);
  Progress progress(common);
  const FractionDone report = [&](double done) { progress.update(done, -1, [&] { return std::string("rendering"); }); };
  if (!a.sheet.empty()) {
    pictures().write_picture(a.output, sheet(a, field, common, report));
  } else if (array) {
    write_array(a, field, size, order, common, report);
  } else if (order == Order::value) {
    pictures().write_picture(a.output,
                             render_values(field, size.height, size.width, format.type, common.compute(), report));
  } else {
    const DerivativePlanes planes = render_derivatives(field, size.height, size.width, order, common.compute(), report);
    pictures().write_picture(a.output, numbers ? derivative_numbers(planes, size)
                                       : order == Order::gradient
                                           ? gradient_picture(size.height, size.width, planes.d_row, planes.d_column)
                                           : laplacian_picture(size.height, size.width, planes.laplacian));
  }
  Json result = {{"show", show}};
  if (a.sheet.empty()) result.update({{"width", size.width}, {"height", size.height}});
  return result;
}

}  // namespace sinefield::cli
