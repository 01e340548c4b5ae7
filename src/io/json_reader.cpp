// Strict reading of JSON on top of nlohmann's parser.
// SPDX-License-Identifier: MIT
#include "io/json_reader.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sinefield/error.h"

namespace sinefield {
namespace {

using nlohmann::json;

constexpr int max_depth = 16;

// Short enough for a message, whatever the file holds.
std::string shortened(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return fmt::format("a list of {}", value.size());
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

}  // namespace

json parse_json(std::string_view text, const std::string& what) {
  // The parser takes a NUL for the end of its input.
  if (const auto nul = text.find('\0'); nul != text.npos) {
    throw bad_input(fmt::format("{} is not valid JSON at byte {}", what, nul));
  }
  std::vector<std::set<std::string>> keys(max_depth + 2);  // of the open object at each depth
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > max_depth) throw bad_input(fmt::format("{} is nested more than {} levels deep", what, max_depth));
    const auto level = static_cast<std::size_t>(depth);
    if (event == json::parse_event_t::object_start) keys[level + 1].clear();
    if (event == json::parse_event_t::key && !keys[level].insert(parsed.get<std::string>()).second) {
      throw bad_input(fmt::format("{} has the key {} twice", what, shortened(parsed)));
    }
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::parse_error& error) {
    throw bad_input(fmt::format("{} is not valid JSON at byte {}", what, error.byte));
  } catch (const json::out_of_range&) {
    throw bad_input(fmt::format("{} has a number that is out of range", what));
  }
}

void JsonNode::refuse(const std::string& expected) const {
  throw bad_input(fmt::format("{} is {}, expected {}", where_, shortened(*value_), expected));
}

const JsonNode& JsonNode::expect_keys(std::initializer_list<const char*> keys) const {
  if (!value_->is_object()) refuse("an object");
  for (const char* key : keys) {
    if (!value_->contains(key)) throw bad_input(fmt::format("{} lacks the key \"{}\"", where_, key));
  }
  for (const auto& [key, value] : value_->items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      throw bad_input(fmt::format("{} has the unknown key {}", where_, shortened(json(key))));
    }
  }
  return *this;
}

bool JsonNode::has(const char* key) const { return value_->is_object() && value_->contains(key); }

JsonNode JsonNode::operator[](const char* key) const {
  if (!value_->is_object()) refuse("an object");
  const auto found = value_->find(key);
  if (found == value_->end()) throw bad_input(fmt::format("{} lacks the key \"{}\"", where_, key));
  return {*found, fmt::format("{} {}", where_, key)};
}

std::vector<JsonNode> JsonNode::items() const {
  if (!value_->is_array()) refuse("a list");
  std::vector<JsonNode> nodes;
  for (const json& value : *value_) nodes.emplace_back(value, fmt::format("{} [{}]", where_, nodes.size()));
  return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::members() const {
  if (!value_->is_object()) refuse("an object");
  std::vector<std::pair<std::string, JsonNode>> nodes;
  for (const auto& [key, value] : value_->items()) {
    nodes.emplace_back(key, JsonNode(value, fmt::format("{} {}", where_, shortened(json(key)))));
  }
  return nodes;
}

const std::string& JsonNode::text() const {
  if (!value_->is_string()) refuse("a string");
  return value_->get_ref<const std::string&>();
}

bool JsonNode::truth() const {
  if (!value_->is_boolean()) refuse("true or false");
  return value_->get<bool>();
}

double JsonNode::number() const {
  if (!value_->is_number()) refuse("a number");
  const double number = value_->get<double>();
  if (!std::isfinite(number)) refuse("a finite number");
  return number;
}

std::int64_t JsonNode::integer(std::int64_t least, std::int64_t most) const {
  const std::string expected = fmt::format("an integer from {} to {}", least, most);
  if (!value_->is_number_integer()) refuse(expected);
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    refuse(expected);
  }
  const auto integer = value_->get<std::int64_t>();
  if (integer < least || integer > most) refuse(expected);
  return integer;
}

std::size_t JsonNode::choice(std::span<const std::string_view> words) const {
  if (value_->is_string()) {
    const auto found = std::find(words.begin(), words.end(), text());
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  }
  refuse(fmt::format("one of \"{}\"", fmt::join(words, "\", \"")));
}

}  // namespace sinefield
