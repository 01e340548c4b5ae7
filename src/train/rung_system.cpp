// SPDX-License-Identifier: MIT
#include "train/rung_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numeric>

#include "sinefield/error.h"
#include "train/least_squares.h"

namespace sinefield::train {
namespace {

/// Of QR, in multiply-adds: beyond it the normal equations, which are faster.
constexpr double most_of_qr = 1.5e10;
constexpr std::int64_t points_at_once = 512;  // of rows that are not kept

}  // namespace

template <class Scalar>
RungSystem<Scalar>::RungSystem(const Field& features, int channels, bool exact, Isa isa, engine::Workers& workers)
    : rows_(features, channels, isa, workers),
      of_one_(features, TermRows<Scalar>::parts, isa, workers),
      exact_(exact),
      isa_(isa),
      workers_(workers) {}

template <class Scalar>
std::int64_t RungSystem<Scalar>::count(const std::vector<TermEquations>& terms) {
  std::int64_t count = 0;
  for (const TermEquations& e : terms) count += TermRows<Scalar>::count(e);
  return count;
}

template <class Scalar>
bool RungSystem<Scalar>::by_qr(const std::vector<TermEquations>& terms) const {
  const std::vector<std::vector<TermEquations>> groups = apart(terms, TermRows<Scalar>::parts);
  std::int64_t most = groups.empty() ? count(terms) : 0;
  for (const std::vector<TermEquations>& one : groups) most = std::max(most, count(one));
  return few_enough(most, groups.empty() ? unknowns() : of_one_.unknowns());
}

template <class Scalar>
double RungSystem<Scalar>::balance(const TermEquations& e, const std::string& name) {
  constexpr std::int64_t some_points = 128;
  const TermEquations some = picked(e, 0, (e.points + some_points - 1) / some_points, some_points);
  const std::int64_t rows = TermRows<Scalar>::count(some);
  std::vector<Scalar> numbers(static_cast<std::size_t>(rows * unknowns())), right(static_cast<std::size_t>(rows));
  rows_.write(some, 1, {numbers.data(), rows, unknowns()}, {right.data(), rows, 1});
  double squares = 0;
  for (const Scalar number : numbers) squares += std::norm(number);
  if (squares == 0) throw bad_input(fmt::format("term '{}' does not see the unknown fields anywhere", name));
  const auto sum = [](const std::vector<double>& of) { return std::accumulate(of.begin(), of.end(), 0.0); };
  return sum(some.weights) / (squares * sum(e.weights));
}

template <class Scalar>
std::vector<double> RungSystem<Scalar>::scales(const std::vector<Term>& terms,
                                               const std::vector<TermEquations>& equations) {
  std::vector<double> scales;
  for (std::size_t t = 0; t < terms.size(); ++t)
    scales.push_back(terms[t].weight * balance(equations[t], terms[t].name));
  return scales;
}

template <class Scalar>
std::vector<Scalar> RungSystem<Scalar>::solve(const std::vector<TermEquations>& terms,
                                              const std::vector<double>& scales) {
  const std::vector<std::vector<TermEquations>> groups = apart(terms, TermRows<Scalar>::parts);
  coupled_ = groups.empty();
  std::vector<Scalar> found;
  if (coupled_) {
    found = solved(rows_, {&terms}, scales);
  } else {
    const auto width = static_cast<std::size_t>(of_one_.unknowns());
    found.resize(groups.size() * width);
    for (const AlikeGroups& of : alike(groups)) {
      const std::vector<Scalar> numbers = solved(of_one_, of.sides, scales);
      const std::size_t sides = of.groups.size();
      for (std::size_t u = 0; u < width; ++u)
        for (std::size_t k = 0; k < sides; ++k) found[of.groups[k] * width + u] = numbers[u * sides + k];
    }
  }
  for (const Scalar number : found)
    if (!std::isfinite(std::norm(number))) throw failure("the solution is not finite", "look at the weights of terms");
  return found;
}

template <class Scalar>
std::vector<Scalar> RungSystem<Scalar>::solved(TermRows<Scalar>& by,
                                               const std::vector<const std::vector<TermEquations>*>& sides,
                                               const std::vector<double>& scales) {
  const std::vector<TermEquations>& terms = *sides.front();
  const std::int64_t rows = count(terms), columns = by.unknowns(), width = std::ssize(sides);
  /// Rows first .. first + points - 1 of a term: its matrix, and the right sides side by side.
  const auto write = [&](std::size_t t, const auto& part, Scalar* matrix, Scalar* right) {
    for (std::size_t k = 0; k < sides.size(); ++k) {
      const TermEquations e = part((*sides[k])[t]);
      const std::int64_t n = TermRows<Scalar>::count(e);
      if (k == 0)
        by.write(e, scales[t], {matrix, n, columns}, {right, n, 1, width});
      else
        by.write_right(e, scales[t], {right + k, n, 1, width});
    }
  };
  if (few_enough(rows, columns)) {
    std::vector<Scalar> matrix(static_cast<std::size_t>(rows * columns)), right(static_cast<std::size_t>(rows * width));
    std::int64_t first = 0;
    for (std::size_t t = 0; t < terms.size(); ++t) {
      write(
          t, [](const TermEquations& e) { return e; }, matrix.data() + first * columns, right.data() + first * width);
      first += TermRows<Scalar>::count(terms[t]);
    }
    return solve_by_qr<Scalar>({matrix.data(), rows, columns}, {right.data(), rows, width});
  }
  NormalEquations<Scalar> equations(static_cast<int>(columns), static_cast<int>(width), isa_, workers_);
  std::vector<Scalar> matrix, right;
  for (std::size_t t = 0; t < terms.size(); ++t)
    for (std::int64_t first = 0; first < terms[t].points && terms[t].components > 0; first += points_at_once) {
      const std::int64_t points = std::min(points_at_once, terms[t].points - first),
                         n = points * terms[t].components / TermRows<Scalar>::parts;
      matrix.assign(static_cast<std::size_t>(n * columns), 0);
      right.assign(static_cast<std::size_t>(n * width), 0);
      write(
          t, [&](const TermEquations& e) { return picked(e, first, 1, points_at_once); }, matrix.data(), right.data());
      equations.add({matrix.data(), n, columns}, {right.data(), n, width});
    }
  return equations.solve(1e-12);
}

template <class Scalar>
bool RungSystem<Scalar>::few_enough(std::int64_t rows, std::int64_t columns) const {
  constexpr int parts = TermRows<Scalar>::parts;
  const auto n = static_cast<double>(columns);
  return exact_ && parts * parts * static_cast<double>(rows) * n * n <= most_of_qr;
}

template class RungSystem<double>;
template class RungSystem<std::complex<double>>;

}  // namespace sinefield::train
