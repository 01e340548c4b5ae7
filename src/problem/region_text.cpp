// SPDX-License-Identifier: MIT
#include "problem/region_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace sinefield::problem {
namespace {

using Kind = Syntax::Kind;

constexpr std::array words = {"box",   "disc",         "ball",       "annulus", "polygon",
                              "union", "intersection", "difference", "choose",  "boundary"};
constexpr std::size_t most_pieces = 1000;

[[noreturn]] void fail(const Source& source, const Syntax& syntax, const std::string& message,
                       const std::string& hint = {}) {
  throw error_at(source, syntax.begin, syntax.end, message, hint);
}

void expect(const Source& source, const Syntax& syntax, std::size_t least, std::size_t most) {
  const std::size_t n = syntax.parts.size();
  if (n < least || n > most)
    fail(source, syntax,
         fmt::format("{} operands, expected {}", n,
                     least == most ? fmt::format("{}", least) : fmt::format("{} to {}", least, most)));
}

}  // namespace

RegionText::RegionText(Language& language, Region domain) : language_(language), domain_(std::move(domain)) {}

void RegionText::define(const std::string& name, Source source) { definitions_[name] = {std::move(source)}; }

bool RegionText::reserved(std::string_view name) { return std::ranges::find(words, name) != words.end(); }

std::vector<double> RegionText::point(const Source& source, const Syntax& syntax) {
  std::vector<double> numbers;
  if (syntax.kind == Kind::list)
    for (const Syntax& part : syntax.parts) numbers.push_back(language_.number(source, part));
  else
    numbers.push_back(language_.number(source, syntax));  // of one dimension
  return numbers;
}

RegionText::Counted RegionText::operation(const Source& source, const Syntax& syntax) {
  const std::string& word = syntax.word;
  const std::vector<Syntax>& parts = syntax.parts;
  if (word == "box") {
    expect(source, syntax, 2, 2);
    return {Region::box(point(source, parts[0]), point(source, parts[1])), 1};
  }
  if (word == "disc" || word == "ball") {
    expect(source, syntax, 2, 2);
    return {Region::ball(point(source, parts[0]), language_.number(source, parts[1])), 1};
  }
  if (word == "annulus") {
    expect(source, syntax, 3, 3);
    return {Region::annulus(point(source, parts[0]), language_.number(source, parts[1]),
                            language_.number(source, parts[2])),
            1};
  }
  if (word == "polygon") {
    expect(source, syntax, 3, most_pieces);
    std::vector<std::array<double, 2>> vertices;
    for (const Syntax& part : parts) {
      const std::vector<double> vertex = point(source, part);
      if (vertex.size() != 2) fail(source, part, "a vertex of a polygon has two numbers");
      vertices.push_back({vertex[0], vertex[1]});
    }
    return {Region::polygon(vertices), vertices.size()};
  }
  if (word == "choose") {
    expect(source, syntax, 2, most_pieces);
    const double index = language_.number(source, parts[0]);
    if (!(index >= 0 && index < static_cast<double>(parts.size() - 1)) || index != std::floor(index))
      fail(source, parts[0], fmt::format("this is {}, expected a whole number from 0 to {}", index, parts.size() - 2),
           "choose(0, a, b) is a");
    return region(source, parts[1 + static_cast<std::size_t>(index)]);
  }
  if (word == "boundary")
    fail(source, syntax, "a boundary inside another region", "only the region of a term may be a boundary(..)");
  expect(source, syntax, word == "difference" ? 2 : 1, word == "difference" ? 2 : most_pieces);
  std::vector<Region> of;
  std::size_t pieces = 1;
  for (const Syntax& part : parts) {
    const Counted made = region(source, part);
    pieces += made.pieces;
    if (pieces > most_pieces)
      fail(source, syntax, fmt::format("a region of more than {} pieces", most_pieces), "make it simpler");
    of.push_back(made.region);
  }
  return {word == "union"          ? Region::unite(std::move(of))
          : word == "intersection" ? Region::intersection(std::move(of))
                                   : Region::difference(of[0], of[1]),
          pieces};
}

RegionText::Counted RegionText::region(const Source& source, const Syntax& syntax) {
  const bool name = syntax.kind == Kind::name;
  if (name && definitions_.contains(syntax.word)) {
    if (definitions_.at(syntax.word).open)
      fail(source, syntax, "a region that needs itself", "regions may use one another, but not in a circle");
    constexpr int deepest = 200;
    if (depth_ == deepest)
      fail(source, syntax, fmt::format("more than {} regions inside one another", deepest),
           "put regions that need others behind them");
    return defined_region(syntax.word);
  }
  if (name && syntax.word == "domain") return {domain_, 1};
  if (syntax.kind != Kind::call || !reserved(syntax.word)) {
    std::string known = "domain";
    for (int left = 20; const auto& [defined, definition] : definitions_)
      if (defined != "domain" && left-- > 0) known += ", " + defined;
    fail(source, syntax, "this region is not known",
         fmt::format("known are {}, box([low, ..], [high, ..]), disc and ball(centre, radius), annulus(centre, inner, "
                     "outer), polygon([x, y], ..), union, intersection, difference, choose(number, a, b, ..), boundary",
                     known));
  }
  try {
    return operation(source, syntax);
  } catch (const LocatedError&) {
    throw;
  } catch (const Error& error) {
    fail(source, syntax, error.what(), error.hint());
  }
}

const RegionText::Counted& RegionText::defined_region(const std::string& name) {
  Definition& definition = definitions_.at(name);
  if (definition.made) return *definition.made;
  definition.open = true;
  ++depth_;
  definition.made = region(definition.source, parse(definition.source));
  --depth_;
  definition.open = false;
  return *definition.made;
}

Region RegionText::named(const std::string& name) { return defined_region(name).region; }

RegionText::Meant RegionText::evaluate(const Source& source) {
  const Syntax syntax = parse(source);
  if (syntax.kind == Kind::call && syntax.word == "boundary") {
    expect(source, syntax, 1, 1);
    return {region(source, syntax.parts[0]).region, true};
  }
  return {region(source, syntax).region, false};
}

}  // namespace sinefield::problem
