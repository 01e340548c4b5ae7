// What picture files say about themselves in their outermost layer: the parts that OpenImageIO takes on trust.
// Nothing is decoded here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sinefield {

/// What is wrong with a PNG's chunks, in words; nothing where they are whole: critical chunks with right checksums from
/// IHDR to IEND, and enough compressed data for the picture's size. libpng would report the same on stderr.
std::optional<std::string> png_damage(const std::filesystem::path&);

/// Interlaced PNGs are decoded by OpenImageIO in one piece.
bool png_is_interlaced(const std::filesystem::path&);

/// The PNG chunk eXIf that holds nothing but this EXIF orientation (1..8), complete with length and checksum.
std::vector<std::uint8_t> png_orientation_chunk(int orientation);

/// Where that chunk goes: right after signature and IHDR.
constexpr std::int64_t png_orientation_offset = 33;

/// The frame header of a JPEG. libjpeg takes memory for a whole progressive picture as soon as it is opened.
struct JpegFrame {
  int width = 0, height = 0, components = 0;
  bool progressive = false;
};

/// Nothing where there is no frame header, or where the file is too small for the picture that it promises.
std::optional<JpegFrame> plausible_jpeg_frame(const std::filesystem::path&);

/// True where the first directory of a TIFF lacks the tag BitsPerSample. That means one bit; OpenImageIO takes it for
/// eight and returns noise.
bool tiff_lacks_bits_per_sample(const std::filesystem::path&);

}  // namespace sinefield
