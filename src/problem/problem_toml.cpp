// SPDX-License-Identifier: MIT
#include "problem/problem_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "problem/region_shape.h"
#include "problem/unit_points.h"
#include "sinefield/error.h"

namespace sinefield::problem {
namespace {

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

/// An error that knows no place is handed on to `point`, which knows one.
template <class Point>
void with_place(const std::function<void()>& work, const Point& point) {
  try {
    work();
  } catch (const LocatedError&) {
    throw;
  } catch (const Error& error) {
    point(error);
  }
}

}  // namespace

TomlFile::TomlFile(const std::string& text, std::string name) : name_(std::move(name)) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines_.push_back(line);
  }
  try {
    root_ = toml::parse(text, name_);
  } catch (const toml::parse_error& error) {
    fail(error.source(), fmt::format("this is not TOML: {}", error.description()),
         "expressions stand in quotes: residual = \"laplacian(u)\"");
  }
}

void TomlFile::fail(const toml::source_region& at, const std::string& message, std::string hint) const {
  throw LocatedError(ErrorKind::bad_input,
                     fmt::format("{}, line {}, column {}: {}", name_, at.begin.line, at.begin.column, message),
                     std::move(hint));
}

void TomlFile::fail(const toml::node& at, const std::string& message, std::string hint) const {
  fail(at.source(), message, std::move(hint));
}

void TomlFile::fail(const std::string& message, std::string hint) const {
  throw LocatedError(ErrorKind::bad_input, fmt::format("{}: {}", name_, message), std::move(hint));
}

void TomlFile::refuse_reserved(const toml::key& key) const {
  fail(key.source(), fmt::format("'{}' cannot be a name: it is a word of the language", key.str()));
}

void TomlFile::located(const toml::source_region& at, const std::function<void()>& work) const {
  with_place(work, [&](const Error& error) { fail(at, error.what(), error.hint()); });
}

Source TomlFile::source(const toml::node& node) const {
  const auto line = static_cast<int>(node.source().begin.line), column = static_cast<int>(node.source().begin.column);
  if (const auto* const text = node.as_string()) {
    const std::string_view rest = behind(line, column - 1);
    const bool tripled = rest.starts_with("\"\"\"") || rest.starts_with("'''");
    if (!tripled) return {text->get(), name_, line, column + 1};
    // The line break behind the opening quotes is no part of the text.
    const bool next_line = rest.size() == 3;
    Source source{text->get(), name_, next_line ? line + 1 : line, next_line ? 1 : column + 3};
    if (rest.front() == '"') keep_joined_lines(source);
    return source;
  }
  if (node.is_number()) {
    const auto number = node.value<double>();
    if (!number) fail(node, "a number that a double does not hold");
    if (!std::isfinite(*number)) fail(node, "a number that is not finite");
    return {fmt::format("{}", *number), name_, line, column};
  }
  fail(node, "expected an expression in quotes, or a number");
}

/// What stands behind so many characters of a line.
std::string_view TomlFile::behind(int line, int characters) const {
  std::string_view rest = lines_[static_cast<std::size_t>(line) - 1];
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  for (; characters > 0 && !rest.empty(); --characters) {
    rest.remove_prefix(1);
    while (!rest.empty() && continues(rest.front())) rest.remove_prefix(1);
  }
  return rest;
}

/// A \ at the end of a line of a long text joins it to the next one, and TOML leaves out what is between them. To an
/// expression that is a space like others: where it is all that TOML has changed, the text is taken as it is written,
/// so that its words keep their places.
void TomlFile::keep_joined_lines(Source& source) const {
  std::string written;
  for (int line = source.line, column = source.column; line <= std::ssize(lines_); ++line, column = 1) {
    std::string_view rest = behind(line, column - 1);
    const std::size_t end = rest.find("\"\"\"");
    rest = rest.substr(0, end);
    const bool joins = end == rest.npos && rest.ends_with('\\');
    written += joins ? rest.substr(0, rest.size() - 1) : rest;
    if (end != rest.npos) break;
    written += joins ? " \n" : "\n";
  }
  const auto words = [](std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\n'; });
    return text;
  };
  if (words(written) == words(source.text)) source.text = std::move(written);
}

std::string TomlFile::text_of(const toml::node& node, const char* what) const {
  if (!node.is_string()) fail(node, fmt::format("{} is no text", what));
  return node.as_string()->get();
}

const toml::table& TomlFile::table_of(const toml::node& node, const std::string& what) const {
  if (const auto* const table = node.as_table()) return *table;
  fail(node, fmt::format("{} is no table", what));
}

std::vector<const toml::table*> TomlFile::tables(const toml::node& node, const std::string& what,
                                                 std::initializer_list<std::string_view> known,
                                                 std::string_view optional) const {
  std::vector<const toml::table*> all;
  const auto add = [&](const toml::node& entry) {
    all.push_back(&table_of(entry, fmt::format("an entry of `{}`", what)));
    check_keys(*all.back(), fmt::format("`{}`", what), known);
    for (const std::string_view key : known)
      if (key != optional && all.back()->get(key) == nullptr) fail(entry, fmt::format("`{}` without `{}`", what, key));
  };
  if (const auto* const array = node.as_array())
    for (const toml::node& entry : *array) add(entry);
  else
    add(node);
  return all;
}

void TomlFile::check_keys(const toml::table& table, const std::string& what,
                          std::span<const std::string_view> known) const {
  for (const auto& [key, node] : table)
    if (std::ranges::find(known, key.str()) == known.end())
      fail(key.source(), fmt::format("'{}' is not known in {}", key.str(), what),
           fmt::format("known are {}", listed(known)));
}

void TomlFile::check_keys(const toml::table& table, const std::string& what,
                          std::initializer_list<std::string_view> known) const {
  check_keys(table, what, std::span(known.begin(), known.size()));
}

void TomlFile::check_word(std::string_view name, const toml::source_region& at) const {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || !letter(name.front()) ||
      !std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); }))
    fail(at, fmt::format("'{}' cannot be a name", name),
         "names are letters, digits and _, and begin with a letter or _");
}

std::vector<std::pair<const toml::key*, const toml::node*>> in_order(const toml::table& table) {
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (const auto& [key, node] : table) entries.emplace_back(&key, &node);
  std::ranges::sort(entries, {}, [](const auto& entry) {
    const toml::source_position at = entry.first->source().begin;
    return std::pair(at.line, at.column);
  });
  return entries;
}

void located(const Source& source, const std::function<void()>& work) {
  with_place(work, [&](const Error& error) { throw error_at(source, 0, 0, error.what(), error.hint()); });
}

void located_word(const Source& source, const std::function<void()>& work) {
  with_place(work,
             [&](const Error& error) { throw error_at(source, 0, source.text.size(), error.what(), error.hint()); });
}

ProblemDraft::ProblemDraft(const std::string& text, const std::string& name, const GivenFiles& given)
    : file(text, name), files(given), language(problem.graph()) {
  file.check_keys(file.root(), "a problem",
                  {"title", "coordinates", "unknowns", "constants", "given", "definitions", "regions", "terms",
                   "features", "exact", "recipe", "recipes"});
}

void ProblemDraft::check_new(const toml::key& key) {
  file.check_word(key);
  const std::string name(key.str());
  if (!names.insert(name).second)
    file.fail(key.source(), fmt::format("the name '{}' is given twice", name),
              "coordinates, unknowns, constants, given fields and definitions share one set of names");
  if (Language::reserved(name)) file.refuse_reserved(key);
}

double ProblemDraft::number(const toml::node& node) { return language.number(file.source(node)); }

std::vector<double> ProblemDraft::numbers(const toml::node& node, const char* what) {
  const auto* const array = node.as_array();
  if (array == nullptr) file.fail(node, fmt::format("{} is no list of numbers", what));
  std::vector<double> all;
  for (const toml::node& element : *array) all.push_back(number(element));
  return all;
}

std::int64_t ProblemDraft::count(const toml::node& node, const char* what, std::int64_t most) {
  const double value = number(node);
  if (!(value >= 1 && value <= static_cast<double>(most)) || value != std::floor(value))
    file.fail(node, fmt::format("{} = {}, expected a whole number from 1 to {}", what, value, most));
  return static_cast<std::int64_t>(value);
}

double ProblemDraft::positive(const toml::node& node, const char* what) {
  const double value = number(node);
  if (!(value > 0)) file.fail(node, fmt::format("{} = {}, expected a number above 0", what, value));
  return value;
}

std::vector<double> ProblemDraft::centre(const toml::table& table) {
  std::vector<double> numbers_of = numbers(*table.get("centre"), "centre");
  const auto dimensions = static_cast<std::size_t>(problem.domain().dimensions());
  if (numbers_of.size() != dimensions)
    file.fail(table, fmt::format("a centre of {} numbers, expected {}: one for each space coordinate",
                                 numbers_of.size(), dimensions));
  return numbers_of;
}

void ProblemDraft::check_dimensions(const Source& source, const Region& region) const {
  const int expected = problem.domain().dimensions();
  if (region.dimensions() != expected)
    throw error_at(
        source, 0, source.text.size(),
        fmt::format("a region of {} dimensions in a problem of {} space coordinates", region.dimensions(), expected),
        "give a number for each space coordinate");
}

void ProblemDraft::check_region(const Source& source, const Region& region) const {
  check_dimensions(source, region);
  // Nearly all show a point at once; what does not is measured, which takes long in space.
  const regions::Shape& shape = region.shape();
  const regions::EvenPoints even(shape.axes(), {});
  for (std::uint64_t i = 0; i < 1000; ++i)
    if (regions::contains(shape, regions::place_in(shape.bounds, even.at(i)))) return;
  located(source, [&] { interior_points(region, 1, Sampling::random, 0); });
}

}  // namespace sinefield::problem
