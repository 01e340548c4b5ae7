// SPDX-License-Identifier: MIT
#include "sinefield/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "problem/language.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

int space_coordinates(const std::vector<ProblemCoordinate>& all) {
  return static_cast<int>(std::ranges::count(all, false, &ProblemCoordinate::time));
}

}  // namespace

Problem::Problem() : graph_(ExpressionGraph::make()) {}

void Problem::check_name(const std::string& name) const {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (name.empty() || !letter(name.front()) ||
      !std::ranges::all_of(name, [&](char c) { return letter(c) || digit(c); }) || problem::Language::reserved(name))
    throw bad_input(fmt::format("'{}' cannot be a name", name),
                    "names are letters, digits and _, begin with a letter, and are no functions");
  if (std::ranges::find(coordinates_, name, &ProblemCoordinate::name) != coordinates_.end() ||
      std::ranges::find(unknowns_, name, &UnknownField::name) != unknowns_.end())
    throw bad_input(fmt::format("the name '{}' is given twice", name), "give each coordinate and unknown its own");
  if (!terms_.empty()) throw bad_input(fmt::format("'{}' is declared after the first term", name));
}

void Problem::check_unknowns() const {
  constexpr std::size_t most = 100;
  if (unknowns_.size() == most) throw bad_input(fmt::format("more than {} unknown fields", most));
}

Expression Problem::coordinate(ProblemCoordinate made) {
  check_name(made.name);
  if (!(std::isfinite(made.low) && std::isfinite(made.high) && made.low < made.high))
    throw bad_input(fmt::format("coordinate {} from {} to {}", made.name, made.low, made.high),
                    "expected finite numbers, the lower one first");
  coordinates_.push_back(made);
  return graph_->add_coordinate({made.name, made.time});
}

Expression Problem::space(const std::string& name, double low, double high) {
  if (space_coordinates(coordinates_) == 3)
    throw bad_input(fmt::format("a fourth space coordinate, {}", name), "at most three are offered");
  return coordinate({name, low, high, false});
}

Expression Problem::time(const std::string& name, double low, double high) {
  if (std::ranges::find(coordinates_, true, &ProblemCoordinate::time) != coordinates_.end())
    throw bad_input(fmt::format("a second time, {}", name));
  return coordinate({name, low, high, true});
}

Expression Problem::unknown(const std::string& name) {
  check_name(name);
  check_unknowns();
  unknowns_.push_back({name, false, static_cast<int>(graph_->channels().size())});
  return graph_->add_channel(name);
}

ComplexExpression Problem::complex_unknown(const std::string& name) {
  check_name(name);
  check_unknowns();
  unknowns_.push_back({name, true, static_cast<int>(graph_->channels().size())});
  const Expression re = graph_->add_channel(fmt::format("re({})", name));
  return {re, graph_->add_channel(fmt::format("im({})", name))};
}

Region Problem::domain() const {
  if (domain_) return *domain_;
  std::vector<double> lows, highs;
  for (const ProblemCoordinate& c : coordinates_)
    if (!c.time) {
      lows.push_back(c.low);
      highs.push_back(c.high);
    }
  if (lows.empty()) throw bad_input("a problem without a space coordinate", "declare one: space(\"x\", 0, 1)");
  return Region::box(lows, highs);
}

void Problem::set_domain(Region region) {
  if (region.dimensions() != space_coordinates(coordinates_))
    throw bad_input(fmt::format("a domain of {} dimensions in a problem of {} space coordinates", region.dimensions(),
                                space_coordinates(coordinates_)));
  domain_ = std::move(region);
}

Place Problem::at_time(double moment) const {
  Place place = inside();
  for (int i = 0; const ProblemCoordinate& c : coordinates_) {
    if (c.time) place.fixed.emplace_back(i, moment);
    ++i;
  }
  if (place.fixed.empty()) throw bad_input("a moment in a problem without time");
  return place;
}

Problem Problem::during(double low, double high) const {
  Problem part = *this;
  const auto time = std::ranges::find(part.coordinates_, true, &ProblemCoordinate::time);
  if (time == part.coordinates_.end()) throw bad_input("a part of the time of a problem without time");
  if (!(time->low <= low && low < high && high <= time->high))
    throw bad_input(
        fmt::format("{} from {} to {}, which is no part of {} to {}", time->name, low, high, time->low, time->high));
  time->low = low;
  time->high = high;
  std::erase_if(part.terms_, [&](const Term& term) {
    return std::ranges::any_of(term.place.fixed, [&](const auto& f) { return f.second < low || f.second > high; });
  });
  return part;
}

void Problem::add(const std::string& name, const Expression& residual, Place place, double weight) {
  add(name, ComplexExpression{residual, graph_->constant(0)}, std::move(place), weight);
}

void Problem::add(const std::string& name, const ComplexExpression& residual, Place place, double weight) {
  add(Term{name, {residual}, std::move(place), weight});
}

void Problem::add(Term term) {
  const auto fail = [&](const std::string& message, const char* hint) -> void {
    throw bad_input(fmt::format("term '{}': {}", term.name, message), hint);
  };
  constexpr std::size_t most_terms = 1000;
  if (terms_.size() == most_terms) fail(fmt::format("more than {} terms", most_terms), "give terms more components");
  if (std::ranges::find(terms_, term.name, &Term::name) != terms_.end())
    fail("the name is given twice", "give each term its own");
  if (!(std::isfinite(term.weight) && term.weight > 0))
    fail(fmt::format("weight {}, expected a finite number above 0", term.weight), "");
  if (term.place.region.dimensions() != space_coordinates(coordinates_))
    fail(fmt::format("a region of {} dimensions in a problem of {} space coordinates", term.place.region.dimensions(),
                     space_coordinates(coordinates_)),
         "give a number for each space coordinate");
  for (const auto& [index, value] : term.place.fixed) {
    if (index < 0 || index >= std::ssize(coordinates_) || !coordinates_[static_cast<std::size_t>(index)].time)
      fail("a fixed coordinate that is no time", "of space, give a region");
    const ProblemCoordinate& t = coordinates_[static_cast<std::size_t>(index)];
    if (!(value >= t.low && value <= t.high))
      fail(fmt::format("at {} = {}, which is not within {} to {}", t.name, value, t.low, t.high), "");
  }
  if (term.place.points < 0) fail(fmt::format("{} points", term.place.points), "give at least 1");
  if (term.place.boundary && !term.place.rings.empty()) fail("rings of points on a boundary", "");
  Dependence most = Dependence::none;
  for (const ComplexExpression& component : term.residual)
    for (const Expression& part : {component.re, component.im}) {
      if (part.graph() != graph_) fail("an expression of another problem", "");
      most = std::max(most, dependence(part));
      if (!term.place.boundary && reads_normal(part))
        fail("the normal away from a boundary", "give a boundary as its region");
    }
  if (most == Dependence::none)
    fail("the residual does not depend on any unknown field", "write what vanishes, such as laplacian(u) - f");
  if (term.place.where) {
    if (term.place.where->graph() != graph_) fail("a condition of another problem", "");
    if (dependence(*term.place.where) != Dependence::none)
      fail("where it holds depends on an unknown field", "conditions are of coordinates and normals");
    if (!term.place.boundary && reads_normal(*term.place.where))
      fail("a condition on the normal away from a boundary", "give a boundary as its region");
  }
  terms_.push_back(std::move(term));
}

void Problem::set_exact(ExactSolution solution) {
  if (solution.unknown < 0 || solution.unknown >= std::ssize(unknowns_))
    throw bad_input(fmt::format("an exact solution of unknown {} of {}", solution.unknown, unknowns_.size()));
  const std::string& name = unknowns_[static_cast<std::size_t>(solution.unknown)].name;
  if (std::ranges::find(exact_, solution.unknown, &ExactSolution::unknown) != exact_.end())
    throw bad_input(fmt::format("the exact solution of '{}' is given twice", name));
  for (const Expression& part : {solution.value.re, solution.value.im, solution.where.value_or(solution.value.re)}) {
    if (part.graph() != graph_)
      throw bad_input(fmt::format("the exact solution of '{}' is an expression of another problem", name));
    if (dependence(part) != Dependence::none || reads_normal(part))
      throw bad_input(fmt::format("the exact solution of '{}' or its condition depends on more than coordinates", name),
                      "give it in the coordinates alone, without unknown fields and normals");
  }
  exact_.push_back(std::move(solution));
}

}  // namespace sinefield
