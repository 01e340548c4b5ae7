// Walks over the chunks of RIFF and FORM files, finds the last page of Ogg files and the length of Matroska's segment;
// decodes nothing.
// SPDX-License-Identifier: MIT
#include "io/media/sound_containers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string_view>
#include <vector>

namespace sinefield {
namespace {

using std::uint64_t;

enum class Order : std::uint8_t { little, big };

std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

uint64_t number(std::span<const std::byte> bytes, Order order) {
  uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value = value << 8 | std::to_integer<uint64_t>(bytes[order == Order::big ? i : bytes.size() - 1 - i]);
  }
  return value;
}

/// Lengths near 2 and 4 GiB stand in files that were written to a pipe: the writer could not come back to the header.
bool is_placeholder(uint64_t length) {
  constexpr uint64_t signed_end = std::numeric_limits<std::int32_t>::max(),
                     end = std::numeric_limits<std::uint32_t>::max();
  constexpr uint64_t header = 4096;
  return (length <= signed_end && length + header > signed_end) || (length <= end && length + header > end) ||
         length > static_cast<uint64_t>(std::numeric_limits<std::int64_t>::max());
}

constexpr std::size_t page_header = 27;
constexpr std::size_t largest_page = 65'307;

/// Its last page is cut, or is not marked as the last.
bool ogg_lacks_end(const InputFile& file) {
  constexpr std::string_view capture("OggS\0", 5);  // with the version
  std::array<std::byte, capture.size()> start{};
  if (file.size() < page_header) return false;
  file.read(0, start);
  if (text(start) != capture) return false;

  std::vector<std::byte> tail(static_cast<std::size_t>(std::min<uint64_t>(file.size(), 2 * largest_page)));
  file.read(file.size() - tail.size(), tail);
  const std::size_t at = text(tail).rfind(capture);
  if (at == std::string_view::npos) return true;
  const std::span page = std::span(tail).subspan(at);
  if (page.size() < page_header) return true;
  const auto segments = std::to_integer<std::size_t>(page[page_header - 1]);
  if (page.size() < page_header + segments) return true;
  std::size_t length = page_header + segments;
  for (const std::byte lacing : page.subspan(page_header, segments)) length += std::to_integer<std::size_t>(lacing);
  constexpr std::byte last_page{4};
  return page.size() < length || (page[capture.size()] & last_page) == std::byte{0};
}

/// The one segment that all is in has more bytes than the file.
bool matroska_lacks_end(const InputFile& file) {
  constexpr uint64_t ebml_header = 0x1A45DFA3, segment = 0x18538067;
  constexpr std::size_t element_header = 4 + 8;
  uint64_t at = 0;
  for (const uint64_t wanted : {ebml_header, segment}) {
    std::array<std::byte, element_header> element{};
    if (at > file.size() || file.size() - at < element.size()) return false;
    file.read(at, element);
    if (number(std::span(element).first<4>(), Order::big) != wanted) return false;
    // The leading zeros of the first byte say how many more follow; all ones stand for an unknown length.
    const auto more = static_cast<std::size_t>(std::countl_zero(std::to_integer<std::uint8_t>(element[4])));
    if (more > 7) return false;
    const uint64_t mask = (uint64_t{1} << 7 * (more + 1)) - 1;
    const uint64_t length = number(std::span(element).subspan(4, more + 1), Order::big) & mask;
    if (length == mask) return false;
    at += 4 + more + 1 + length;
  }
  return at > file.size();
}

}  // namespace

std::optional<uint64_t> missing_sound_data(const InputFile& file) {
  std::array<std::byte, 12> form{};
  if (file.size() < form.size()) return {};
  file.read(0, form);
  const std::string_view outer = text(form).substr(0, 4), inner = text(form).substr(8, 4);
  const bool wave = (outer == "RIFF" || outer == "RF64" || outer == "RIFX") && inner == "WAVE";
  const bool aiff = outer == "FORM" && (inner == "AIFF" || inner == "AIFC");
  if (!wave && !aiff) return {};
  const Order order = outer == "FORM" || outer == "RIFX" ? Order::big : Order::little;

  std::optional<uint64_t> long_length;  // of the samples, from the chunk ds64
  std::array<std::byte, 8> chunk{};
  for (uint64_t at = form.size(); at < file.size() && file.size() - at >= chunk.size();) {
    file.read(at, chunk);
    const std::string_view name = text(chunk).substr(0, 4);
    uint64_t length = number(std::span(chunk).subspan<4, 4>(), order);
    at += chunk.size();
    const uint64_t rest = file.size() - at;
    if (name == (aiff ? "SSND" : "data")) {
      if (long_length && outer == "RF64") length = *long_length;
      if (length <= rest || is_placeholder(length)) return {};
      const uint64_t before_samples = aiff ? 8 : 0;
      return length - before_samples;
    }
    if (name == "ds64" && length >= 16 && rest >= 16) {
      std::array<std::byte, 8> sound{};
      file.read(at + 8, sound);
      long_length = number(sound, order);
    }
    if (length >= rest) break;
    at += length + length % 2;
  }
  return {};
}

bool lacks_end(const InputFile& file) { return ogg_lacks_end(file) || matroska_lacks_end(file); }

bool is_mpeg_audio(const InputFile& file) {
  std::array<std::byte, 3> start{};
  if (file.size() < start.size()) return false;
  file.read(0, start);
  constexpr std::byte ones{0xFF}, upper{0xE0};
  return text(start) == "ID3" || (start[0] == ones && (start[1] & upper) == upper);
}

}  // namespace sinefield
