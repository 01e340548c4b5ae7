// Header of the safetensors format: 8 bytes of length (little-endian), a JSON object, padding with spaces.
// SPDX-License-Identifier: MIT
#include "io/safetensors.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "io/json_reader.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "model files are read and written as they lie in memory");

constexpr std::uint64_t length_bytes = 8;
constexpr const char* metadata_key = "__metadata__";

// Bytes of a float32 tensor; false where they do not fit into 64 bits.
bool tensor_bytes(std::span<const std::uint64_t> shape, std::uint64_t& bytes) {
  bytes = 4;
  // A zero makes the product zero whatever the others are.
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return bytes = 0, true;
  return std::all_of(shape.begin(), shape.end(),
                     [&](std::uint64_t n) { return !__builtin_mul_overflow(bytes, n, &bytes); });
}

SafetensorsEntry entry_from(const JsonNode& node, const std::string& file, const std::string& name) {
  node.expect_keys({"dtype", "shape", "data_offsets"});
  if (const std::string& type = node["dtype"].text(); type != "F32") {
    throw bad_input(fmt::format("{}: tensor {} has type {}, expected F32", file, name, type),
                    "convert the tensors to float32");
  }
  SafetensorsEntry entry;
  for (const JsonNode& size : node["shape"].items()) {
    entry.shape.push_back(static_cast<std::uint64_t>(size.integer(0, INT64_MAX)));
  }
  const auto offsets = node["data_offsets"].items();
  if (offsets.size() != 2) {
    throw bad_input(fmt::format("{}: tensor {} has {} data offsets, expected 2", file, name, offsets.size()));
  }
  const std::int64_t begin = offsets[0].integer(0, INT64_MAX);
  const std::int64_t end = offsets[1].integer(begin, INT64_MAX);
  entry.offset = static_cast<std::uint64_t>(begin);
  entry.bytes = static_cast<std::uint64_t>(end - begin);
  std::uint64_t bytes = 0;
  if (!tensor_bytes(entry.shape, bytes) || bytes != entry.bytes) {
    throw bad_input(fmt::format("{}: tensor {} of shape {} has {} bytes of data, which does not fit its shape", file,
                                name, shape_text(entry.shape), entry.bytes));
  }
  return entry;
}

}  // namespace

std::string shape_text(std::span<const std::uint64_t> shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

Safetensors read_safetensors_header(const InputFile& file) {
  const auto foreign = [&](const std::string& why) {
    return bad_input(fmt::format("{} is not a model file: {}", file.name(), why),
                     "models are safetensors files, as `sinefield fit` writes them");
  };
  if (file.size() < length_bytes + 2) throw foreign(fmt::format("it has {} bytes", file.size()));
  std::uint64_t length = 0;
  file.read(0, std::as_writable_bytes(std::span(&length, 1)));
  if (length < 2 || length > max_safetensors_header) {
    throw foreign(
        fmt::format("its first 8 bytes give a header of {} bytes, expected 2 to {}", length, max_safetensors_header));
  }
  char brace = 0;
  file.read(length_bytes, std::as_writable_bytes(std::span(&brace, 1)));
  if (brace != '{') throw foreign("its header does not start with {");
  if (length > file.size() - length_bytes) {
    throw bad_input(fmt::format("{} is cut: the header ends at byte {}, the file has {}", file.name(),
                                length_bytes + length, file.size()));
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  file.read(length_bytes, std::as_writable_bytes(std::span(text)));
  text.resize(text.find_last_not_of(' ') + 1);  // the padding
  if (text.back() != '}') throw bad_input(fmt::format("{}: the header does not end with }}", file.name()));

  const json header = parse_json(text, file.name() + ": the header");
  Safetensors result;
  for (const auto& [name, node] : JsonNode(header, file.name() + ": header").members()) {
    if (name == metadata_key) {
      for (const auto& [key, value] : node.members()) result.metadata[key] = value.text();
    } else {
      result.tensors[name] = entry_from(node, file.name(), name);
    }
  }

  std::vector<std::pair<const std::string, SafetensorsEntry>*> by_offset;
  for (auto& tensor : result.tensors) by_offset.push_back(&tensor);
  std::sort(by_offset.begin(), by_offset.end(), [](const auto* a, const auto* b) {
    // Empty tensors first where they share an offset with another.
    return std::pair(a->second.offset, a->second.bytes) < std::pair(b->second.offset, b->second.bytes);
  });
  std::uint64_t next = 0;
  for (const auto* tensor : by_offset) {
    if (tensor->second.offset != next) {
      throw bad_input(fmt::format("{}: the data of tensor {} start at {}, expected {}: no gaps or overlaps",
                                  file.name(), tensor->first, tensor->second.offset, next));
    }
    next += tensor->second.bytes;  // both below 2^63
    if (next > static_cast<std::uint64_t>(INT64_MAX)) throw foreign("its tensors are larger than any file");
  }
  const std::uint64_t expected = length_bytes + length + next;
  if (file.size() != expected) {
    throw bad_input(fmt::format("{} is {}: expected {} bytes, found {}", file.name(),
                                file.size() < expected ? "cut" : "too long", expected, file.size()));
  }
  for (auto* tensor : by_offset) tensor->second.offset += length_bytes + length;
  return result;
}

std::string safetensors_header(std::span<const SafetensorsShape> tensors,
                               const std::map<std::string, std::string>& metadata) {
  json header = json::object();
  if (!metadata.empty()) header[metadata_key] = metadata;
  std::uint64_t next = 0;
  for (const SafetensorsShape& tensor : tensors) {
    std::uint64_t bytes = 0;
    if (!tensor_bytes(tensor.shape, bytes)) throw bad_input(fmt::format("tensor {} is too large", tensor.name));
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {next, next + bytes}}};
    next += bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > max_safetensors_header) {
    throw bad_input(fmt::format("the model's header would have {} bytes, more than the {} that a model file can hold",
                                text.size(), max_safetensors_header));
  }
  const std::uint64_t length = text.size();
  std::string prefix(length_bytes, '\0');
  std::memcpy(prefix.data(), &length, length_bytes);
  return prefix + text;
}

}  // namespace sinefield
