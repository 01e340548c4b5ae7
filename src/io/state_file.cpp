// States as safetensors.
// SPDX-License-Identifier: MIT
#include "io/state_file.h"

#include <fmt/core.h>

#include "io/checksum.h"
#include "io/input_file.h"
#include "io/json_reader.h"
#include "io/output_file.h"
#include "io/safetensors.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr const char* metadata_key = "sinefield_state";

std::uint64_t size_of(const std::vector<std::span<const float>>& pieces) {
  std::uint64_t size = 0;
  for (const auto& piece : pieces) size += piece.size();
  return size;
}

}  // namespace

void write_state(const std::filesystem::path& path, const StateDescription& state, const StateArrays& arrays) {
  Crc32 crc;
  std::vector<SafetensorsShape> shapes;
  for (const auto& [name, pieces] : arrays) {
    shapes.push_back({name, {size_of(pieces)}});
    crc.add(std::as_bytes(std::span(name)));  // or an array could be taken for another
    for (const auto& piece : pieces) crc.add(std::as_bytes(piece));
  }
  nlohmann::ordered_json metadata;
  metadata["version"] = state_format_version;
  metadata["identity"] = state.identity;
  metadata["numbers"] = state.numbers;
  metadata["counts"] = state.counts;
  for (const SafetensorsShape& shape : shapes) metadata["arrays"][shape.name] = shape.shape.front();
  if (shapes.empty()) metadata["arrays"] = nlohmann::json::object();
  metadata["checksum"] = crc.text();
  std::string text = metadata.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.pop_back();  // the closing brace comes with the seal

  OutputFile file(path, Overwrite::replace);
  file.write(safetensors_header(shapes, {{metadata_key, sealed(std::move(text))}}));
  std::vector<float> buffer;  // tiles are many small pieces, and the file does not buffer
  constexpr std::size_t buffered = 1U << 18U;
  const auto flush = [&] {
    file.write(std::as_bytes(std::span(buffer)));
    buffer.clear();
  };
  for (const auto& [name, pieces] : arrays) {
    for (const auto& piece : pieces) {
      buffer.insert(buffer.end(), piece.begin(), piece.end());
      if (buffer.size() >= buffered) flush();
    }
  }
  flush();
  file.commit();
}

State read_state(const std::filesystem::path& path) {
  const InputFile file(path);
  const std::string& name = file.name();
  const char* const hint = "it cannot go on; remove it, or give --force without --resume to start over";
  const Safetensors container = [&] {
    try {
      return read_safetensors_header(file);
    } catch (const Error& error) {
      throw bad_input(fmt::format("{} is no state of a run: {}", name, error.what()), hint);
    }
  }();
  const auto found = container.metadata.find(metadata_key);
  if (found == container.metadata.end() || container.metadata.size() != 1)
    throw bad_input(fmt::format("{} is no state of a run", name), hint);
  if (!seal_is_right(found->second))
    throw bad_input(fmt::format("{} is damaged: its metadata have changed", name), hint);
  const nlohmann::json json = parse_json(found->second, name + ": the metadata");
  const JsonNode metadata(json, name + ": metadata");
  if (const std::int64_t version = metadata["version"].integer(0, INT64_MAX); version != state_format_version)
    throw bad_input(fmt::format("{} is a state of version {}, this sinefield goes on from version {}", name, version,
                                state_format_version),
                    hint);
  metadata.expect_keys({"version", "identity", "numbers", "counts", "arrays", "checksum", "metadata_checksum"});

  State state;
  for (const auto& [key, value] : metadata["identity"].members()) state.identity[key] = value.text();
  for (const auto& [key, value] : metadata["numbers"].members()) {
    std::vector<double>& numbers = state.numbers[key];
    for (const JsonNode& number : value.items()) numbers.push_back(number.number());
  }
  for (const auto& [key, value] : metadata["counts"].members()) {
    std::vector<std::int64_t>& counts = state.counts[key];
    for (const JsonNode& count : value.items()) counts.push_back(count.integer(INT64_MIN, INT64_MAX));
  }
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& [key, size] : metadata["arrays"].members())
    sizes[key] = static_cast<std::uint64_t>(size.integer(0, INT64_MAX));
  Crc32 crc;
  for (const auto& [key, entry] : container.tensors) {  // in the order of the names, as they were written
    if (const auto size = sizes.find(key); size == sizes.end() || size->second != entry.bytes / sizeof(float))
      throw bad_input(fmt::format("{} is damaged: its array {} is not one that was written", name, key), hint);
    std::vector<float>& array = state.arrays[key];
    array.resize(entry.bytes / sizeof(float));
    file.read(entry.offset, std::as_writable_bytes(std::span(array)));
    crc.add(std::as_bytes(std::span(key)));
    crc.add(std::as_bytes(std::span(array)));
  }
  if (crc.text() != metadata["checksum"].text() || state.arrays.size() != sizes.size())
    throw bad_input(fmt::format("{} is damaged: its arrays have changed", name), hint);
  return state;
}

}  // namespace sinefield
