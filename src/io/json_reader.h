// JSON from files that nobody has checked: parsed with duplicate keys and deep nesting refused, and read through nodes
// that know where they stand, so that every complaint names the file, the place, what is there and what was expected.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

/// Throws bad_input, in whose message `what` ("model.sine: the header") stands for the text.
nlohmann::json parse_json(std::string_view text, const std::string& what);

/// A value and its place. Views both; neither may be a temporary that dies before it.
class JsonNode {
 public:
  /// `where` names the place in messages ("model.sine: metadata").
  JsonNode(const nlohmann::json& value, std::string where) : value_(&value), where_(std::move(where)) {}

  /// An object with exactly these keys, in any order.
  const JsonNode& expect_keys(std::initializer_list<const char*> keys) const;
  bool has(const char* key) const;  ///< an object with this key, or not; false of anything else
  JsonNode operator[](const char* key) const;
  std::vector<JsonNode> items() const;                                ///< of an array
  std::vector<std::pair<std::string, JsonNode>> members() const;      ///< of an object
  const std::string& text() const;                                    ///< a string
  bool truth() const;                                                 ///< true or false
  double number() const;                                              ///< a finite number
  std::int64_t integer(std::int64_t least, std::int64_t most) const;  ///< a number written as an integer, in a range
  std::size_t choice(std::span<const std::string_view> words) const;  ///< which of these strings
  std::size_t choice(std::initializer_list<std::string_view> words) const { return choice(std::span(words)); }
  const std::string& where() const noexcept { return where_; }

 private:
  [[noreturn]] void refuse(const std::string& expected) const;

  const nlohmann::json* value_;
  std::string where_;
};

}  // namespace sinefield
