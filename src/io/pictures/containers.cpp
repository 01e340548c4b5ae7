// PNG chunks and TIFF directories, read with plain streams.
// SPDX-License-Identifier: MIT
#include "io/pictures/containers.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <string_view>

namespace sinefield {
namespace {

// Unsigned numbers of a stream; zeros past its end.
class NumberReader {
 public:
  explicit NumberReader(const std::filesystem::path& file) : stream_(file, std::ios::binary) {}

  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      const int next = stream_.get();
      const auto byte = static_cast<std::uint64_t>(next < 0 ? 0 : next);
      value = big_endian ? value << 8 | byte : value | byte << (8 * i);
    }
    return value;
  }
  std::ifstream& stream() { return stream_; }

  bool big_endian = true;

 private:
  std::ifstream stream_;
};

std::uint32_t png_checksum(std::uint32_t before, std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(::crc32(before, bytes.data(), static_cast<uInt>(bytes.size())));
}

// Bytes that the picture of an IHDR chunk needs before compression; nothing where the chunk is not valid.
std::optional<double> decoded_png_bytes(std::span<const std::uint8_t> header) {
  const auto size = [&](std::size_t at) {
    return header[at] * 16777216.0 + header[at + 1] * 65536.0 + header[at + 2] * 256.0 + header[at + 3];
  };
  const int bits = header[8], colour = header[9];
  constexpr std::array samples = {1, 0, 3, 1, 2, 0, 4};
  if (colour >= static_cast<int>(samples.size()) || samples[static_cast<std::size_t>(colour)] == 0) return {};
  const bool few_bits = bits == 1 || bits == 2 || bits == 4;
  const bool valid_bits = bits == 8 || (bits == 16 && colour != 3) || (few_bits && (colour == 0 || colour == 3));
  if (!valid_bits || size(0) < 1 || size(4) < 1 || header[10] != 0 || header[11] != 0 || header[12] > 1) return {};
  return size(0) * size(4) * samples[static_cast<std::size_t>(colour)] * bits / 8;
}

}  // namespace

std::optional<std::string> png_damage(const std::filesystem::path& file) {
  constexpr std::uint64_t signature_bytes = 8, header_bytes = 13;
  const std::uint64_t file_bytes = std::filesystem::file_size(file);
  NumberReader reader(file);
  reader.stream().ignore(signature_bytes);
  std::vector<std::uint8_t> buffer(1 << 16);
  double decoded_bytes = 0, compressed_bytes = 0;
  bool palette = false, palette_needed = false;
  for (std::uint64_t at = signature_bytes;;) {
    if (file_bytes - at < 12) return fmt::format("it ends after {} bytes without its last chunk, IEND", file_bytes);
    const std::uint64_t length = reader.number(4);
    std::array<std::uint8_t, 4> name{};
    reader.stream().read(reinterpret_cast<char*>(name.data()), name.size());
    const std::string_view type(reinterpret_cast<const char*>(name.data()), name.size());
    const bool letters = std::ranges::all_of(type, [](char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; });
    if (!letters) return fmt::format("there is no chunk at byte {}", at);
    if (length > file_bytes - at - 12) {
      return fmt::format("it ends after {} bytes within a chunk {} of {} bytes", file_bytes, type, length);
    }
    if (at == signature_bytes && (type != "IHDR" || length != header_bytes)) return "it does not start with IHDR";

    std::uint32_t checksum = png_checksum(0, name);
    for (std::uint64_t left = length; left > 0;) {
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size()));
      reader.stream().read(reinterpret_cast<char*>(part.data()), static_cast<std::streamsize>(part.size()));
      checksum = png_checksum(checksum, part);
      left -= part.size();
    }
    const bool critical = type.front() >= 'A' && type.front() <= 'Z';
    if (reader.number(4) != checksum && critical) {
      return fmt::format("the checksum of its chunk {} at byte {} is wrong", type, at);
    }
    if (type == "IHDR") {
      const auto decoded = decoded_png_bytes(std::span(buffer).first(header_bytes));
      if (!decoded || at != signature_bytes) return "its header is not valid";
      decoded_bytes = *decoded;
      palette_needed = buffer[9] == 3;
    }
    if (type == "PLTE") palette = true;
    if (type == "IDAT") compressed_bytes += static_cast<double>(length);
    at += length + 12;
    if (type == "IEND") break;
  }
  if (palette_needed && !palette) return "it lacks its palette";
  constexpr double most_compressed = 1032;  // no deflate stream packs more bytes into one
  if (decoded_bytes > compressed_bytes * most_compressed) {
    return fmt::format("{:.0f} bytes of data cannot hold the {:.0f} that its header promises", compressed_bytes,
                       decoded_bytes);
  }
  return {};
}

bool png_is_interlaced(const std::filesystem::path& file) {
  NumberReader reader(file);
  reader.stream().ignore(28);
  return reader.number(1) != 0;
}

std::vector<std::uint8_t> png_orientation_chunk(int orientation) {
  // Length, name, then a TIFF directory with one entry: tag 0x0112, type short, count 1, the value, no next directory.
  std::vector<std::uint8_t> chunk = {
      0, 0, 0, 26, 'e', 'X',  'I', 'f', 'M', 'M', 0, 42, 0, 0,
      0, 8, 0, 1,  1,   0x12, 0,   3,   0,   0,   0, 1,  0, static_cast<std::uint8_t>(orientation),
      0, 0, 0, 0,  0,   0};
  const std::uint32_t checksum = png_checksum(0, std::span(chunk).subspan(4));
  for (int shift = 24; shift >= 0; shift -= 8) chunk.push_back(static_cast<std::uint8_t>(checksum >> shift));
  return chunk;
}

std::optional<JpegFrame> plausible_jpeg_frame(const std::filesystem::path& file) {
  NumberReader reader(file);
  std::ifstream& stream = reader.stream();
  stream.ignore(2);
  while (stream) {
    if (stream.get() != 0xff) continue;
    int marker = stream.get();
    while (marker == 0xff) marker = stream.get();
    const bool alone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    if (alone) continue;
    const auto length = static_cast<std::streamsize>(reader.number(2));
    const bool frame_header = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (!frame_header) {
      stream.ignore(std::max<std::streamsize>(length - 2, 0));
      continue;
    }
    stream.ignore(1);
    JpegFrame frame;
    frame.height = static_cast<int>(reader.number(2));
    frame.width = static_cast<int>(reader.number(2));
    frame.components = static_cast<int>(reader.number(1));
    frame.progressive = (marker & 3) == 2;
    const bool huffman = marker < 0xc8;  // at least one bit for each block of 64 pixels
    const double least_bytes = huffman ? static_cast<double>(frame.width) * frame.height / 64 / 8 : 0;
    if (!stream || least_bytes > static_cast<double>(std::filesystem::file_size(file))) return {};
    return frame;
  }
  return {};
}

bool tiff_lacks_bits_per_sample(const std::filesystem::path& file) {
  NumberReader reader(file);
  reader.big_endian = reader.stream().get() == 'M';
  reader.stream().ignore(1);
  const bool big_file = reader.number(2) == 43;
  if (big_file) reader.stream().ignore(4);
  reader.stream().seekg(static_cast<std::streamoff>(reader.number(big_file ? 8 : 4)));
  const std::uint64_t entries = reader.number(big_file ? 8 : 2);
  constexpr std::uint64_t bits_per_sample = 258;
  for (std::uint64_t i = 0; i < entries && reader.stream(); ++i) {
    if (reader.number(2) == bits_per_sample) return false;
    reader.stream().ignore(big_file ? 18 : 10);
  }
  return true;
}

}  // namespace sinefield
