// Reading and writing pictures on OpenImageIO's ImageInput and ImageOutput. Files are recognised by their first bytes,
// so that only four of its readers ever see foreign data; samples are taken in the file's own type, strip by strip,
// into memory that grows as data arrive, so that a header alone cannot make us allocate. No caches, no colour
// management.
// SPDX-License-Identifier: MIT
#include "sinefield/picture_file.h"

#include <OpenImageIO/imageio.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/pictures/checked_file.h"
#include "io/pictures/containers.h"
#include "sinefield/error.h"
#include "sinefield/measures.h"

namespace sinefield {
namespace {

using OIIO::ImageInput;
using OIIO::ImageOutput;
using OIIO::ImageSpec;
using OIIO::TypeDesc;
using std::filesystem::path;

enum class Codec : std::uint8_t { png, jpeg, tiff, exr };

constexpr std::int64_t strip_bytes = 4 << 20;  // encoded samples held at once

const char* plugin_name(Codec codec) {
  constexpr std::array names = {"png", "jpeg", "tiff", "openexr"};
  return names[static_cast<std::size_t>(codec)];
}

const char* display_name(Codec codec) {
  constexpr std::array names = {"PNG", "JPEG", "TIFF", "OpenEXR"};
  return names[static_cast<std::size_t>(codec)];
}

const char* type_name(SampleType type) {
  constexpr std::array names = {"8-bit", "16-bit", "float"};
  return names[static_cast<std::size_t>(type)];
}

std::string quoted(const path& file) { return fmt::format("'{}'", file.string()); }

// The first line of the codec library's complaint, without the file's name, which our own sentence gives.
std::string reason(std::string text, const path& file = {}) {
  text = text.substr(0, text.find('\n'));
  for (const std::string& name : {fmt::format(" (\"{}\")", file.string()), fmt::format(" \"{}\"", file.string())}) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) text.erase(at, name.size());
  }
  return text.empty() ? "no reason given" : text;
}

// OpenImageIO's own thread pool would stay idle beside ours.
void prepare_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    OIIO::attribute("threads", 1);
    OIIO::attribute("exr_threads", -1);
  });
}

// Reading.

Codec recognised(const path& file) {
  std::error_code error;
  const auto status = std::filesystem::status(file, error);
  if (!std::filesystem::exists(status)) {
    throw bad_input(fmt::format("there is no file {}", quoted(file)), "check the path");
  }
  if (std::filesystem::is_directory(status)) {
    throw bad_input(fmt::format("{} is a folder, expected a picture file", quoted(file)), "name a file in it");
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw bad_input(fmt::format("{} is not a regular file, expected a picture file", quoted(file)),
                    "copy its content to a file first");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw bad_input(fmt::format("cannot open {}: {}", quoted(file), std::strerror(errno)), "check its permissions");
  }
  std::array<char, 8> buffer{};
  stream.read(buffer.data(), buffer.size());
  const std::string_view start(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  using namespace std::string_view_literals;
  if (start == "\x89PNG\r\n\x1a\n"sv) return Codec::png;
  if (start.starts_with("\xff\xd8\xff"sv)) return Codec::jpeg;
  if (start.starts_with("\x76\x2f\x31\x01"sv)) return Codec::exr;
  for (const auto magic : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv}) {
    if (start.starts_with(magic)) return Codec::tiff;
  }
  if (start.empty()) throw bad_input(fmt::format("{} is empty, expected a picture", quoted(file)), "copy it again");
  throw bad_input(fmt::format("{} is not a PNG, JPEG, TIFF or OpenEXR picture: its first bytes are {:02x}",
                              quoted(file), fmt::join(std::vector<std::uint8_t>(start.begin(), start.end()), " ")),
                  "convert it to PNG or TIFF first");
}

struct OpenPicture {
  path file;
  Codec codec;
  std::unique_ptr<ImageInput> input;
  ImageSpec spec;
  TypeDesc stored;  // what samples are asked for in: the file's own type, float for all floating types
  bool premultiplied = false;
  PictureFormat format;

  [[noreturn]] void refuse(const std::string& what, std::string hint) const {
    throw bad_input(fmt::format("{} {}", quoted(file), what), std::move(hint));
  }
  [[noreturn]] void refuse_broken(const std::string& why) const {
    refuse(fmt::format("is cut short or damaged ({}: {})", display_name(codec), why), "copy or export the file again");
  }
  [[noreturn]] void refuse_broken() const { refuse_broken(reason(input->geterror(), file)); }
};

std::string size_text(double width, double height, int channels) {
  return fmt::format("{} x {} pixels with {} channel{}", width, height, channels, channels == 1 ? "" : "s");
}

std::string format_text(const PictureFormat& format) {
  return size_text(static_cast<double>(format.width), static_cast<double>(format.height), format.channel_count());
}

// `library_bytes`: what the codec library holds for each sample beside our floats. `extra`: bytes beside that.
void check_memory(const OpenPicture& picture, double width, double height, int channels, double library_bytes,
                  double extra, std::uint64_t limit) {
  const double needed = width * height * channels * (sizeof(float) + library_bytes) + extra + 2.0 * strip_bytes;
  if (needed <= static_cast<double>(limit)) return;
  constexpr double mebibyte = 1 << 20;
  picture.refuse(fmt::format("decodes to {}, {:.0f} MiB, more than the memory limit of {:.0f} MiB",
                             size_text(width, height, channels), std::ceil(needed / mebibyte),
                             static_cast<double>(limit) / mebibyte),
                 "scale the picture down or raise the limit (--memory-limit)");
}

// What has to be known before a codec library opens the file.
void check_container(const OpenPicture& picture, std::uint64_t memory_limit) {
  if (picture.codec == Codec::png) {
    if (const auto damage = png_damage(picture.file)) picture.refuse_broken(*damage);
  } else if (picture.codec == Codec::jpeg) {
    const auto frame = plausible_jpeg_frame(picture.file);
    if (!frame) picture.refuse_broken("the data are missing or too few for the size that the header promises");
    check_memory(picture, frame->width, frame->height, frame->components, frame->progressive ? 2 : 0, 0, memory_limit);
  } else if (picture.codec == Codec::tiff && tiff_lacks_bits_per_sample(picture.file)) {
    picture.refuse("is a TIFF of 1 bit for each pixel without the tag BitsPerSample", "convert it to PNG first");
  }
}

void take_type(OpenPicture& picture) {
  std::vector<TypeDesc> types = picture.spec.channelformats;
  types.push_back(picture.spec.format);
  for (const TypeDesc& type : types) {
    switch (type.basetype) {
      case TypeDesc::UINT8:
        picture.format.type = SampleType::u8;
        picture.stored = TypeDesc::UINT8;
        break;
      case TypeDesc::UINT16:
        picture.format.type = SampleType::u16;
        picture.stored = TypeDesc::UINT16;
        break;
      case TypeDesc::HALF:
      case TypeDesc::FLOAT:
      case TypeDesc::DOUBLE:
        picture.format.type = SampleType::f32;
        picture.stored = TypeDesc::FLOAT;
        break;
      default:
        picture.refuse(
            fmt::format("holds samples of type {}, expected unsigned 8 or 16 bit integers or float", type.c_str()),
            "convert it to 16 bit or float first");
    }
  }
}

void check_colours(const OpenPicture& picture) {
  std::string space = picture.spec.get_string_attribute("jpeg:ColorSpace");
  constexpr std::array readable = {0, 1, 2, 3, 6};  // TIFF: white is zero, black is zero, RGB, palette, YCbCr as RGB
  const int photometric = picture.spec.get_int_attribute("tiff:PhotometricInterpretation", readable[0]);
  if (std::find(readable.begin(), readable.end(), photometric) == readable.end()) {
    space = picture.spec.get_string_attribute("tiff:ColorSpace", fmt::format("TIFF photometric {}", photometric));
  } else if (space != "CMYK" && space != "YCbCrK") {
    return;
  }
  picture.refuse(fmt::format("holds {} colours, expected grey or RGB", space), "convert it to RGB first");
}

OpenPicture opened(const path& file, std::uint64_t memory_limit) {
  prepare_library();
  OpenPicture picture;
  picture.file = file;
  picture.codec = recognised(file);
  picture.input = ImageInput::create(plugin_name(picture.codec));
  if (!picture.input) {
    throw failure(
        fmt::format("OpenImageIO cannot read {} files: {}", display_name(picture.codec), reason(OIIO::geterror())));
  }
  check_container(picture, memory_limit);
  ImageSpec wishes;
  wishes.attribute("oiio:UnassociatedAlpha", 1);
  if (!picture.input->open(file.string(), picture.spec, wishes)) picture.refuse_broken();

  const ImageSpec& spec = picture.spec;
  if (spec.deep) picture.refuse("is a deep picture (several samples for each pixel)", "flatten it first");
  if (spec.depth > 1) picture.refuse(fmt::format("is a volume of {} slices", spec.depth), "export one slice");
  if (spec.width < 1 || spec.height < 1 || spec.nchannels < 1) {
    picture.refuse("is a picture of " + size_text(spec.width, spec.height, spec.nchannels),
                   "a picture needs at least one pixel and one channel");
  }
  check_colours(picture);
  PictureFormat& format = picture.format;
  format.height = spec.height;
  format.width = spec.width;
  format.channels = spec.channelnames;
  format.alpha = spec.alpha_channel;
  take_type(picture);
  const int orientation = spec.get_int_attribute("Orientation", 1);
  format.orientation = orientation >= 1 && orientation <= 8 ? orientation : 1;
  if (const auto* icc = spec.find_attribute("ICCProfile"); icc != nullptr && icc->type().basetype == TypeDesc::UINT8) {
    const auto* bytes = static_cast<const std::uint8_t*>(icc->data());
    format.icc.assign(bytes, bytes + icc->datasize());
  }
  picture.premultiplied =
      picture.codec == Codec::tiff && format.alpha >= 0 && spec.get_int_attribute("oiio:UnassociatedAlpha") == 0;
  const bool whole_png = picture.codec == Codec::png && png_is_interlaced(file);
  const int tiles = spec.width / std::max(spec.tile_width, 1) + 1;
  const double tile_bytes = static_cast<double>(spec.tile_bytes()) * tiles;
  check_memory(picture, spec.width, spec.height, spec.nchannels, whole_png ? 2 : 0,
               spec.tile_width > 0 ? 2 * tile_bytes : 0, memory_limit);
  return picture;
}

bool read_strip(OpenPicture& picture, int first, int last, void* strip) {
  const ImageSpec& spec = picture.spec;
  if (spec.tile_width > 0) {
    return picture.input->read_tiles(0, 0, spec.x, spec.x + spec.width, spec.y + first, spec.y + last, spec.z,
                                     spec.z + 1, 0, spec.nchannels, picture.stored, strip);
  }
  return picture.input->read_scanlines(0, 0, spec.y + first, spec.y + last, spec.z, 0, spec.nchannels, picture.stored,
                                       strip);
}

template <class T>
void append(std::vector<float>& samples, const std::vector<std::uint8_t>& strip, std::size_t count) {
  const auto* first = reinterpret_cast<const T*>(strip.data());
  samples.insert(samples.end(), first, first + count);
}

// Premultiplied colours divided by alpha, from sample `first` on.
void divide_by_alpha(const PictureFormat& format, std::vector<float>& samples, std::size_t first) {
  const auto channels = static_cast<std::size_t>(format.channel_count());
  const auto alpha = static_cast<std::size_t>(format.alpha);
  const float one = format.type == SampleType::f32 ? 1.0f : static_cast<float>(full_scale(format.type));
  for (std::size_t i = first; i < samples.size(); i += channels) {
    const float opacity = samples[i + alpha];
    if (opacity == 0) continue;
    for (std::size_t c = 0; c < channels; ++c) {
      if (c != alpha) samples[i + c] = quantised(samples[i + c] * one / opacity, format.type);
    }
  }
}

struct NotFinite {
  std::size_t count = 0, first = 0;  // first: index of a sample
};

NotFinite not_finite(const std::vector<float>& samples) {
  NotFinite found;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (std::isfinite(samples[i])) continue;
    if (found.count++ == 0) found.first = i;
  }
  return found;
}

std::string not_finite_text(const NotFinite& found, const PictureFormat& format, float value) {
  const std::size_t channels = format.channels.size(), width = static_cast<std::size_t>(format.width);
  return fmt::format("{} samples that are not finite numbers, the first ({}) at row {}, column {}, channel {}",
                     found.count, value, found.first / channels / width, found.first / channels % width,
                     format.channels[found.first % channels]);
}

void read_samples(OpenPicture& picture, std::vector<float>& samples) {
  const PictureFormat& format = picture.format;
  const std::int64_t row_samples = format.width * format.channel_count();
  const std::int64_t row_bytes = row_samples * static_cast<std::int64_t>(picture.stored.size());
  std::int64_t strip_rows = std::clamp<std::int64_t>(strip_bytes / row_bytes, 1, format.height);
  if (const int tile = picture.spec.tile_height; tile > 0) strip_rows = (strip_rows + tile - 1) / tile * tile;
  samples.reserve(static_cast<std::size_t>(format.height * row_samples));  // address space; touched as rows arrive
  std::vector<std::uint8_t> strip(static_cast<std::size_t>(std::min(strip_rows, format.height) * row_bytes));
  for (std::int64_t row = 0; row < format.height; row += strip_rows) {
    const std::int64_t end = std::min(row + strip_rows, format.height);
    // The readers of JPEG and TIFF report missing data and go on, with grey and with noise.
    const bool complete = read_strip(picture, static_cast<int>(row), static_cast<int>(end), strip.data());
    if (!complete || picture.input->has_error()) picture.refuse_broken();
    const std::size_t first = samples.size(), count = static_cast<std::size_t>((end - row) * row_samples);
    switch (format.type) {
      case SampleType::u8:
        append<std::uint8_t>(samples, strip, count);
        break;
      case SampleType::u16:
        append<std::uint16_t>(samples, strip, count);
        break;
      case SampleType::f32:
        append<float>(samples, strip, count);
        break;
    }
    if (picture.premultiplied) divide_by_alpha(format, samples, first);
  }
}

// Writing.

Codec codec_of_extension(const path& file) {
  std::string extension = file.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".png") return Codec::png;
  if (extension == ".jpg" || extension == ".jpeg") return Codec::jpeg;
  if (extension == ".tif" || extension == ".tiff") return Codec::tiff;
  if (extension == ".exr") return Codec::exr;
  throw bad_input(
      fmt::format("cannot write {}: '{}' is not the extension of a picture format", quoted(file), extension),
      "use .png, .jpg, .tif or .exr");
}

ImageSpec spec_of(const PictureFormat& format, Codec codec) {
  const TypeDesc stored = format.type == SampleType::u8    ? TypeDesc::UINT8
                          : format.type == SampleType::u16 ? TypeDesc::UINT16
                                                           : TypeDesc::FLOAT;
  ImageSpec spec(static_cast<int>(format.width), static_cast<int>(format.height), format.channel_count(), stored);
  spec.channelnames = format.channels;
  spec.alpha_channel = format.alpha;
  spec.attribute("oiio:UnassociatedAlpha", 1);
  spec.attribute("Orientation", format.orientation);
  if (!format.icc.empty() && codec != Codec::exr) {
    spec.attribute("ICCProfile", TypeDesc(TypeDesc::UINT8, static_cast<int>(format.icc.size())), format.icc.data());
  }
  if (codec == Codec::jpeg) {
    spec.attribute("Compression", "jpeg:95");
    spec.attribute("jpeg:subsampling", "4:4:4");
  } else if (codec != Codec::png) {
    spec.attribute("Compression", "zip");
  }
  return spec;
}

template <class T>
void quantise_rows(const Picture& picture, const float* first, std::vector<std::uint8_t>& strip, std::size_t count) {
  auto* target = reinterpret_cast<T*>(strip.data());
  for (std::size_t i = 0; i < count; ++i) target[i] = static_cast<T>(quantised(first[i], picture.format.type));
}

bool write_samples(ImageOutput& output, const Picture& picture) {
  const PictureFormat& format = picture.format;
  const TypeDesc stored = output.spec().format;
  const std::int64_t row_samples = format.width * format.channel_count();
  const std::int64_t row_bytes = row_samples * static_cast<std::int64_t>(stored.size());
  const std::int64_t strip_rows = std::clamp<std::int64_t>(strip_bytes / row_bytes, 1, format.height);
  std::vector<std::uint8_t> strip(format.type == SampleType::f32 ? 0
                                                                 : static_cast<std::size_t>(strip_rows * row_bytes));
  for (std::int64_t row = 0; row < format.height; row += strip_rows) {
    const std::int64_t end = std::min(row + strip_rows, format.height);
    const auto count = static_cast<std::size_t>((end - row) * row_samples);
    const void* rows = picture.row(row);
    if (format.type == SampleType::u8) quantise_rows<std::uint8_t>(picture, picture.row(row), strip, count);
    if (format.type == SampleType::u16) quantise_rows<std::uint16_t>(picture, picture.row(row), strip, count);
    if (format.type != SampleType::f32) rows = strip.data();
    if (!output.write_scanlines(static_cast<int>(row), static_cast<int>(end), 0, stored, rows)) return false;
  }
  return true;
}

}  // namespace

PictureFormat picture_header(const path& file) {
  return opened(file, std::numeric_limits<std::uint64_t>::max()).format;
}

Picture read_picture(const path& file, std::uint64_t memory_limit) {
  OpenPicture source = opened(file, memory_limit);
  Picture picture;
  try {
    read_samples(source, picture.samples);
  } catch (const std::bad_alloc&) {
    source.refuse(fmt::format("decodes to {}, for which this machine has no memory", format_text(source.format)),
                  "scale the picture down");
  } catch (const std::length_error&) {
    source.refuse(fmt::format("promises {}, more than any memory holds", format_text(source.format)),
                  "copy or export the file again");
  }
  if (!source.input->close()) source.refuse_broken();
  if (source.format.type == SampleType::f32) {
    if (const NotFinite found = not_finite(picture.samples); found.count > 0) {
      source.refuse("holds " + not_finite_text(found, source.format, picture.samples[found.first]),
                    "replace them first, for instance with `oiiotool IN --fixnan box3 -o OUT`");
    }
  }
  picture.format = std::move(source.format);
  return picture;
}

void require_writable(const path& file, const PictureFormat& format) {
  const Codec codec = codec_of_extension(file);
  const auto refuse = [&](const std::string& what, std::string hint) {
    throw bad_input(fmt::format("cannot write {}: {}", quoted(file), what), std::move(hint));
  };
  const int channels = format.channel_count();
  constexpr std::int64_t longest = std::numeric_limits<int>::max();
  if (format.height < 1 || format.width < 1 || format.height > longest || format.width > longest || channels < 1) {
    refuse("a picture of " + format_text(format), "a picture needs at least one pixel and one channel");
  }
  const bool plain = (channels == 1 && format.alpha < 0) || (channels == 2 && format.alpha == 1) ||
                     (channels == 3 && format.alpha < 0) || (channels == 4 && format.alpha == 3);
  if (codec == Codec::jpeg && format.type != SampleType::u8) {
    refuse(fmt::format("JPEG holds 8-bit samples, the picture has {} samples", type_name(format.type)),
           format.type == SampleType::u16 ? "write .png or .tif" : "write .exr or .tif");
  }
  if (codec == Codec::jpeg && format.alpha >= 0) refuse("JPEG cannot hold an alpha channel", "write .png or .tif");
  if (codec == Codec::png && format.type == SampleType::f32) {
    refuse("PNG holds 8-bit or 16-bit samples, the picture has float samples", "write .exr or .tif");
  }
  if (codec == Codec::exr && format.type != SampleType::f32) {
    refuse(fmt::format("OpenEXR holds float samples, the picture has {} samples", type_name(format.type)),
           "write .png or .tif");
  }
  if ((codec == Codec::jpeg || codec == Codec::png) && !plain) {
    refuse(fmt::format("{} holds grey or RGB{}, the picture has the channels {}", display_name(codec),
                       codec == Codec::png ? ", with alpha last or without" : "", fmt::join(format.channels, ", ")),
           format.type == SampleType::f32 ? "write .exr or .tif" : "write .tif");
  }
  constexpr std::int64_t longest_jpeg = 65500;
  if (codec == Codec::jpeg && std::max(format.height, format.width) > longest_jpeg) {
    refuse(fmt::format("JPEG holds at most {} pixels a side, the picture has {} x {}", longest_jpeg, format.width,
                       format.height),
           "write .png or .tif");
  }
  std::error_code ignored;
  const path folder = file.has_parent_path() ? file.parent_path() : path(".");
  if (!std::filesystem::is_directory(folder, ignored)) {
    refuse(fmt::format("there is no folder '{}'", folder.string()), "create it first");
  }
  const auto status = std::filesystem::status(file, ignored);
  if (std::filesystem::is_directory(status)) refuse("a folder has that name", "choose another name");
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    refuse("it exists and is not a regular file", "choose another name");
  }
}

void write_picture(const path& file, const Picture& picture) {
  const PictureFormat& format = picture.format;
  require_writable(file, format);
  if (picture.samples.size() != static_cast<std::size_t>(format.height * format.width * format.channel_count())) {
    throw bad_input(fmt::format("cannot write {}: {} samples do not make {}", quoted(file), picture.samples.size(),
                                format_text(format)));
  }
  if (const NotFinite found = not_finite(picture.samples); found.count > 0) {
    throw bad_input(fmt::format("cannot write {}: the picture has {}", quoted(file),
                                not_finite_text(found, format, picture.samples[found.first])),
                    "the model may have diverged: train it again with a smaller learning rate");
  }
  prepare_library();
  const Codec codec = codec_of_extension(file);
  const auto fail = [&](const std::string& why) {
    throw failure(fmt::format("cannot write {}: {}", quoted(file), why), "check the free space and the permissions");
  };
  const auto output = ImageOutput::create(plugin_name(codec));
  if (!output) fail(reason(OIIO::geterror()));
  CheckedFile sink(file);
  if (sink.system_error() != 0) fail(std::strerror(sink.system_error()));
  if (codec == Codec::png && format.orientation != 1) {
    sink.insert_at(png_orientation_offset, png_orientation_chunk(format.orientation));
  }
  output->set_ioproxy(&sink);
  const bool written = output->open(sink.file().string(), spec_of(format, codec)) && write_samples(*output, picture);
  const bool closed = output->close();
  const std::string complaint = output->geterror();
  if ((!written || !closed) && sink.system_error() == 0) fail(reason(complaint, sink.file()));
  sink.commit();
  if (sink.system_error() != 0) fail(std::strerror(sink.system_error()));
}

}  // namespace sinefield

const sinefield::PictureCodecs* sinefield_picture_codecs() {
  static constexpr sinefield::PictureCodecs codecs = {
      &sinefield::picture_header, &sinefield::read_picture,  &sinefield::require_writable,
      &sinefield::write_picture,  &sinefield::contact_sheet, &sinefield::heat_map,
      &sinefield::plot_range,     &sinefield::field_plot,    &sinefield::curve_plot};
  return &codecs;
}
