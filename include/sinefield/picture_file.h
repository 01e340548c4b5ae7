// Picture files: PNG, JPEG, TIFF and OpenEXR, recognised by their content when read and by their extension when
// written. Samples, alpha, EXIF orientation and ICC profile pass through untouched: nothing is turned, premultiplied or
// colour-converted. A library of its own (sinefield_pictures), so that programs can load it only when they need it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "sinefield/contact_sheet.h"
#include "sinefield/field_plot.h"
#include "sinefield/heat_map.h"
#include "sinefield/picture.h"

namespace sinefield {

/// What the file says about itself; no samples are decoded. Throws as `read_picture` does, as far as the header tells.
///
/// Types: 8 and 16 bit unsigned integers as they are, fewer bits (1, 2, 4) and palettes as 8 bit, 10 to 14 bit as 16
/// bit (scaled to the full range), half and float as f32, double rounded to f32; other integers are refused. Channels:
/// grey, grey + alpha, RGB, RGBA; TIFF and EXR any number. CMYK is refused. Of a file with several pages or parts the
/// first is read. TIFF with premultiplied alpha is read as unassociated; EXR alpha is as stored.
__attribute__((visibility("default"))) PictureFormat picture_header(const std::filesystem::path&);

/// Reads the picture. Peak memory: the samples as float and some MiB; for interlaced PNG and progressive JPEG the
/// library underneath holds the encoded samples as well. Throws bad_input, naming file, value and way out, for what is
/// not a whole and sound picture of the kinds above, for NaN or infinity in float files, and where the samples need
/// more than `memory_limit` bytes.
__attribute__((visibility("default"))) Picture read_picture(const std::filesystem::path&, std::uint64_t memory_limit);

/// Throws bad_input where `write_picture` would refuse such a picture under that name, for use before long work.
///   .png         u8, u16   grey, RGB, with or without alpha as last channel
///   .jpg .jpeg   u8        grey, RGB; quality 95, full colour resolution: the one lossy format
///   .tif .tiff   u8, u16, f32   any number of channels
///   .exr         f32       any number of channels
/// Orientation is kept in all of them, an ICC profile in all but EXR, which has no place for one.
__attribute__((visibility("default"))) void require_writable(const std::filesystem::path&, const PictureFormat&);

/// Writes the picture, clipped and rounded as by `quantise` (measures.h), beside its target and renames it.
/// Throws bad_input as `require_writable`, and for samples that are not finite; failure where writing itself fails
/// (a full disk). On any error what was at the path before is untouched and nothing is left beside it.
__attribute__((visibility("default"))) void write_picture(const std::filesystem::path&, const Picture&);

/// The functions of this library for programs that load it with dlopen; same meaning as those above.
struct PictureCodecs {
  PictureFormat (*picture_header)(const std::filesystem::path&);
  Picture (*read_picture)(const std::filesystem::path&, std::uint64_t memory_limit);
  void (*require_writable)(const std::filesystem::path&, const PictureFormat&);
  void (*write_picture)(const std::filesystem::path&, const Picture&);
  Picture (*contact_sheet)(std::span<const SheetEntry>, int columns);
  Picture (*heat_map)(const HeatMap&);
  PlotRange (*plot_range)(std::span<const double> values, const std::optional<std::pair<double, double>>& fixed);
  Picture (*field_plot)(const FieldPlot&);
  Picture (*curve_plot)(const CurvePlot&);
};

}  // namespace sinefield

/// The entry to look up with dlsym; never null.
extern "C" __attribute__((visibility("default"))) const sinefield::PictureCodecs* sinefield_picture_codecs();
