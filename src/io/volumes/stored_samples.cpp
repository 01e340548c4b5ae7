// Numbers from and to bytes, and the comparison of what a header promises with what is there.
// SPDX-License-Identifier: MIT
#include "io/volumes/stored_samples.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "sinefield/error.h"

namespace sinefield {
namespace {

static_assert(std::endian::native == std::endian::little, "samples are written as they lie in memory");

constexpr std::size_t block_elements = 1U << 14U;
constexpr std::uint64_t best_deflate_ratio = 1032;  // of the format itself

std::string sizes_text(const StoredSamples& stored) {
  std::vector<std::int64_t> sizes;
  for (const StoredAxis& axis : stored.axes) sizes.push_back(axis.size);
  return fmt::format("{}", fmt::join(sizes, " x "));
}

// ---- from bytes

// Places in memory of the samples in the order of the file.
class Places {
 public:
  explicit Places(const std::vector<StoredAxis>& axes) : axes_(axes), index_(axes.size(), 0) {}

  std::size_t next() {
    const std::int64_t place = place_;
    for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
      place_ += axes_[axis].stride;
      if (++index_[axis] < axes_[axis].size) break;
      place_ -= axes_[axis].stride * axes_[axis].size;
      index_[axis] = 0;
    }
    return static_cast<std::size_t>(place);
  }

 private:
  const std::vector<StoredAxis>& axes_;
  std::vector<std::int64_t> index_;
  std::int64_t place_ = 0;
};

template <class T>
T number_at(const std::byte* from, std::endian order) {
  std::array<std::byte, sizeof(T)> bytes;
  std::copy_n(from, sizeof(T), bytes.begin());
  if (order != std::endian::native) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

using Decode = void (*)(std::span<const std::byte>, const StoredSamples&, Places&, std::vector<float>&);

template <class T>
void decode(std::span<const std::byte> block, const StoredSamples& stored, Places& places,
            std::vector<float>& samples) {
  const bool scaled = stored.slope != 1 || stored.intercept != 0;
  for (std::size_t at = 0; at < block.size(); at += sizeof(T)) {
    const T number = number_at<T>(block.data() + at, stored.order);
    samples[places.next()] = scaled ? static_cast<float>(static_cast<double>(number) * stored.slope + stored.intercept)
                                    : static_cast<float>(number);
  }
}

struct ElementWords {
  std::size_t size;
  VoxelType type;
  Decode decode;
};

// In the order of ElementType.
constexpr std::array<ElementWords, 10> elements = {{{1, VoxelType::u8, &decode<std::uint8_t>},
                                                    {1, VoxelType::i8, &decode<std::int8_t>},
                                                    {2, VoxelType::u16, &decode<std::uint16_t>},
                                                    {2, VoxelType::i16, &decode<std::int16_t>},
                                                    {4, VoxelType::f32, &decode<std::uint32_t>},
                                                    {4, VoxelType::i32, &decode<std::int32_t>},
                                                    {8, VoxelType::f32, &decode<std::uint64_t>},
                                                    {8, VoxelType::f32, &decode<std::int64_t>},
                                                    {4, VoxelType::f32, &decode<float>},
                                                    {8, VoxelType::f32, &decode<double>}}};

const ElementWords& words_of(ElementType type) { return elements[static_cast<std::size_t>(type)]; }

// ---- what is promised and what is there

[[noreturn]] void refuse_length(const InputFile& file, const StoredSamples& stored, std::uint64_t expected,
                                std::uint64_t there, const char* at_least) {
  throw bad_input(fmt::format("{} is {}: {} samples of {} bytes make {} bytes, it holds {}{}{}", file.name(),
                              there < expected ? "cut" : "too long", sizes_text(stored), element_size(stored.type),
                              expected, at_least, there, stored.packing == Packing::gzip ? " after decompressing" : ""),
                  "copy or export the file again");
}

void compare_length(const InputFile& file, const StoredSamples& stored, std::uint64_t expected) {
  const std::uint64_t there = file.size() - std::min(stored.start, file.size());
  if (stored.packing == Packing::none) {
    const std::uint64_t samples = there - std::min(there, stored.skip);
    if (samples != expected) refuse_length(file, stored, expected, samples, "");
    return;
  }
  if (expected / best_deflate_ratio > there) {
    throw bad_input(fmt::format("{} is cut: {} samples of {} bytes make {} bytes, which cannot have been compressed to "
                                "the {} bytes that it holds",
                                file.name(), sizes_text(stored), element_size(stored.type), expected, there),
                    "copy or export the file again");
  }
  ByteStream stream(file, stored.start, stored.packing);
  stream.skip(stored.skip);
  // One byte more, so that the end of the data is seen and its checksum compared.
  const std::uint64_t samples = stream.skip(expected + 1);
  if (samples != expected) refuse_length(file, stored, expected, samples, samples > expected ? "at least " : "");
}

void require_memory(const InputFile& file, const StoredSamples& stored, std::uint64_t needed, std::uint64_t limit) {
  if (needed <= limit) return;
  throw bad_input(fmt::format("{} of {} samples needs {} bytes of memory, the limit is {}", file.name(),
                              sizes_text(stored), needed, limit),
                  "raise --memory-limit, or give a smaller volume");
}

// ---- to bytes

template <class T>
void encode(const Volume& volume, const std::function<void(std::span<const std::byte>)>& sink) {
  std::vector<T> block(std::min(block_elements, volume.samples.size()));
  for (std::size_t done = 0; done < volume.samples.size(); done += block.size()) {
    const std::size_t count = std::min(block.size(), volume.samples.size() - done);
    for (std::size_t i = 0; i < count; ++i) {
      block[i] = static_cast<T>(quantised(volume.samples[done + i], volume.format.type));
    }
    sink(std::as_bytes(std::span(block).first(count)));
  }
}

}  // namespace

std::size_t element_size(ElementType type) { return words_of(type).size; }

VoxelType voxel_type_of(ElementType type) { return words_of(type).type; }

std::vector<StoredAxis> axes_in_memory(std::span<const std::int64_t> sizes) {
  std::vector<StoredAxis> axes;
  std::uint64_t stride = 1;  // wraps for sizes that are refused before a stride is used
  for (const std::int64_t size : sizes) {
    axes.push_back({size, static_cast<std::int64_t>(stride)});
    stride *= static_cast<std::uint64_t>(size);
  }
  return axes;
}

std::uint64_t stored_bytes(const InputFile& file, const StoredSamples& stored) {
  std::uint64_t count = 1, most = 0;
  bool fits = true;
  for (const StoredAxis& axis : stored.axes) {
    if (axis.size < 1) {
      throw bad_input(fmt::format("{} has an axis of {} samples in {}, expected at least 1", file.name(), axis.size,
                                  sizes_text(stored)));
    }
    fits = fits && !__builtin_mul_overflow(count, static_cast<std::uint64_t>(axis.size), &count);
  }
  constexpr std::uint64_t largest_size = 16;  // above every element's, in a file and in memory
  if (!fits || __builtin_mul_overflow(count, largest_size, &most)) {
    throw bad_input(fmt::format("{}: {} samples are more than any file holds", file.name(), sizes_text(stored)),
                    "copy or export the file again");
  }
  return count * element_size(stored.type);
}

std::vector<float> read_samples(const InputFile& file, const StoredSamples& stored, std::uint64_t memory_limit) {
  const std::uint64_t expected = stored_bytes(file, stored);
  const std::uint64_t count = expected / element_size(stored.type);
  const std::uint64_t needed = count * sizeof(float);
  // A comparison of compressed data takes its time: not for what would be refused anyway.
  if (stored.packing == Packing::gzip) require_memory(file, stored, needed, memory_limit);
  compare_length(file, stored, expected);
  require_memory(file, stored, needed, memory_limit);

  std::vector<float> samples;
  try {
    samples.resize(static_cast<std::size_t>(count));
  } catch (const std::bad_alloc&) {
    throw bad_input(fmt::format("{} of {} samples needs {} bytes, for which this machine has no memory", file.name(),
                                sizes_text(stored), needed),
                    "give a smaller volume");
  }
  ByteStream stream(file, stored.start, stored.packing);
  stream.skip(stored.skip);
  Places places(stored.axes);
  std::vector<std::byte> block(std::min<std::size_t>(samples.size(), block_elements) * element_size(stored.type));
  for (std::uint64_t done = 0; done < expected;) {
    const auto part =
        std::span(block).first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), expected - done)));
    if (stream.read(part) != part.size()) throw bad_input(fmt::format("{} changed while it was read", file.name()));
    words_of(stored.type).decode(part, stored, places, samples);
    done += part.size();
  }
  return samples;
}

std::size_t encoded_size(VoxelType type) {
  switch (type) {
    case VoxelType::u8:
    case VoxelType::i8:
      return 1;
    case VoxelType::u16:
    case VoxelType::i16:
      return 2;
    case VoxelType::i32:
    case VoxelType::f32:
      break;
  }
  return 4;
}

void encode_samples(const Volume& volume, const std::function<void(std::span<const std::byte>)>& sink) {
  switch (volume.format.type) {
    case VoxelType::u8:
      return encode<std::uint8_t>(volume, sink);
    case VoxelType::i8:
      return encode<std::int8_t>(volume, sink);
    case VoxelType::u16:
      return encode<std::uint16_t>(volume, sink);
    case VoxelType::i16:
      return encode<std::int16_t>(volume, sink);
    case VoxelType::i32:
      return encode<std::int32_t>(volume, sink);
    case VoxelType::f32:
      return encode<float>(volume, sink);
  }
}

}  // namespace sinefield
