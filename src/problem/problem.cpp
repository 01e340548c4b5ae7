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
  if (std::ranges::find(graph_->given_sources(), name, &GivenSource::name) != graph_->given_sources().end())
    throw bad_input(fmt::format("the name '{}' is given twice", name), "give each given field its own");
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

std::vector<Expression> Problem::given(const std::string& name, std::shared_ptr<const GivenField> field,
                                       const std::vector<Expression>& coordinates) {
  check_name(name);
  constexpr std::size_t most = 100;
  if (graph_->given_sources().size() == most) throw bad_input(fmt::format("more than {} given fields", most));
  std::vector<int> indices;
  for (const Expression& coordinate : coordinates) {
    const ExpressionGraph::Node n = coordinate.graph()->nodes()[static_cast<std::size_t>(coordinate.node())];
    if (coordinate.graph() != graph_ || n.operation != Operation::coordinate)
      throw bad_input(fmt::format("the given field '{}' along {}, which is no coordinate of the problem", name,
                                  to_text(coordinate)));
    indices.push_back(n.index);
  }
  return graph_->add_given(name, std::move(field), std::move(indices));
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

std::vector<Expression> Problem::normal() const {
  std::vector<Expression> components;
  for (int i = 0; i < space_coordinates(coordinates_); ++i) components.push_back(graph_->normal(i));
  return components;
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

Place Problem::at_points(GivenPoints points) const {
  const std::size_t d = coordinates_.size(), n = points.coordinates.size() / std::max<std::size_t>(d, 1);
  if (n == 0) throw bad_input("a place of no given point");
  if (points.coordinates.size() != n * d || points.columns < 0 ||
      points.values.size() != n * static_cast<std::size_t>(points.columns))
    throw bad_input(fmt::format("{} numbers for given points of {} coordinates, and {} for {} columns",
                                points.coordinates.size(), d, points.values.size(), points.columns));
  for (std::size_t k = 0; k < n * d; ++k) {
    const ProblemCoordinate& c = coordinates_[k % d];
    if (!(points.coordinates[k] >= c.low && points.coordinates[k] <= c.high))
      throw bad_input(fmt::format("point {} is at {} = {}, which is not within {} to {}", k / d, c.name,
                                  points.coordinates[k], c.low, c.high));
  }
  const auto bad = std::ranges::find_if_not(points.values, [](double v) { return std::isfinite(v); });
  if (bad != points.values.end())
    throw bad_input(
        fmt::format("point {} has the value {} in a column", (bad - points.values.begin()) / points.columns, *bad),
        "give finite numbers");
  return {.region = domain(), .given = std::make_shared<const GivenPoints>(std::move(points))};
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
  if (term.place.given && (term.place.boundary || !term.place.rings.empty() || term.place.points > 0))
    fail("given points on a boundary, with rings or with a number of points", "these are the points");
  const int columns = term.place.given ? term.place.given->columns : 0;
  const auto check_columns = [&](const Expression& e) {
    if (const int read = columns_read(e); read > columns)
      fail(fmt::format("column {} of points that have {}", read - 1, columns),
           "columns come with points that are given");
  };
  if (term.place.boundary && !term.place.rings.empty()) fail("rings of points on a boundary", "");
  Dependence most = Dependence::none;
  for (const ComplexExpression& component : term.residual)
    for (const Expression& part : {component.re, component.im}) {
      if (part.graph() != graph_) fail("an expression of another problem", "");
      check_columns(part);
      most = std::max(most, dependence(part));
      if (!term.place.boundary && reads_normal(part))
        fail("the normal away from a boundary", "give a boundary as its region");
    }
  if (most == Dependence::none)
    fail("the residual does not depend on any unknown field", "write what vanishes, such as laplacian(u) - f");
  if (term.place.where) {
    if (term.place.where->graph() != graph_) fail("a condition of another problem", "");
    check_columns(*term.place.where);
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
    if (dependence(part) != Dependence::none || reads_normal(part) || columns_read(part) > 0)
      throw bad_input(fmt::format("the exact solution of '{}' or its condition depends on more than coordinates", name),
                      "give it in the coordinates alone, without unknown fields and normals");
  }
  exact_.push_back(std::move(solution));
}

}  // namespace sinefield
