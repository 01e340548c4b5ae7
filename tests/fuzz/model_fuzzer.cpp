// Fuzz target for model files: whatever the bytes, only sinefield::Error may come out, and what is read must survive
// being written and read again. Checksums would stop nearly every mutation at the door, so the mutator repairs them in
// three of four cases and lets the checks behind them be reached.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "sinefield/error.h"
#include "sinefield/model_file.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

using nlohmann::json;

struct Parts {
  json header;
  std::string data;
};

std::optional<Parts> take_apart(const std::string& file) {
  std::uint64_t length = 0;
  if (file.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, file.data(), sizeof length);
  if (length > file.size() - sizeof length) return std::nullopt;
  json header = json::parse(file.substr(8, length), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return std::nullopt;
  return Parts{std::move(header), file.substr(8 + length)};
}

std::string put_together(const Parts& parts) {
  std::string header = parts.header.dump(-1, ' ', false, json::error_handler_t::replace);
  header.append((8 - header.size() % 8) % 8, ' ');
  const std::uint64_t length = header.size();
  std::string prefix(8, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  return prefix + header + parts.data;
}

std::string crc32_text(const std::string& bytes) {
  return fmt::format("crc32:{:08x}", ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string* metadata_of(Parts& parts) {
  const auto metadata = parts.header.find("__metadata__");
  if (metadata == parts.header.end() || !metadata->is_object()) return nullptr;
  const auto text = metadata->find("sinefield");
  return text == metadata->end() ? nullptr : text->get_ptr<std::string*>();
}

constexpr const char* seal_key = ",\"metadata_checksum\"";

void repair_checksums(Parts& parts) {
  std::string* const text = metadata_of(parts);
  if (text == nullptr) return;
  text->resize(std::min(text->size(), text->rfind(seal_key)));
  const std::string key = "\"checksum\":\"";
  if (const auto at = text->rfind(key); at != text->npos && at + key.size() + 14 <= text->size()) {
    text->replace(at + key.size(), 14, crc32_text(parts.data));
  }
  *text += fmt::format("{}:\"{}\"}}", seal_key, crc32_text(*text));
}

// A mutation by libFuzzer of some text.
std::string mutated(std::string text, std::size_t room) {
  const std::size_t size = text.size();
  text.resize(size + room);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::string file(reinterpret_cast<const char*>(data), size);
  auto parts = take_apart(file);
  const unsigned choice = parts ? seed % 4 : 0;
  if (choice == 0) return LLVMFuzzerMutate(data, size, max_size);
  if (choice == 1) {
    file = mutated(file, 64);
    if (auto changed = take_apart(file)) {
      repair_checksums(*changed);
      file = put_together(*changed);
    }
  } else if (std::string* const text = metadata_of(*parts); choice == 2 && text != nullptr) {
    *text = mutated(text->substr(0, text->rfind(seal_key)), 64);
    repair_checksums(*parts);
    file = put_together(*parts);
  } else {
    parts->data = mutated(parts->data, 16);
    repair_checksums(*parts);
    file = put_together(*parts);
  }
  size = std::min(file.size(), max_size);
  std::memcpy(data, file.data(), size);
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  for (const std::optional<sinefield::OriginalOmegas>& omegas :
       {std::optional<sinefield::OriginalOmegas>(), std::optional(sinefield::OriginalOmegas())}) {
    try {
      const auto field = sinefield::model_from_bytes(bytes, "fuzz", omegas);
      const auto written = sinefield::model_bytes(field);
      if (sinefield::model_bytes(sinefield::model_from_bytes(written, "again")) != written) std::abort();
    } catch (const sinefield::Error&) {
    }
  }
  return 0;
}
