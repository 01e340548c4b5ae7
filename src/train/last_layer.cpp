// Rows from the engine's features. A window goes into the coefficients, once for each point, and not into the features:
// sum c_s (w h)_s = sum c'_s h_s, where c' is what the product rule makes of c.
// SPDX-License-Identifier: MIT
#include "train/last_layer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "engine/jet_query.h"
#include "field/sum_query.h"
#include "sinefield/error.h"

namespace sinefield::train {
namespace {

constexpr std::int64_t block_numbers = 1 << 22;  // of features, 32 MiB
constexpr std::int64_t block_points = 512;

template <class Scalar>
constexpr int parts = std::is_same_v<Scalar, double> ? 1 : 2;  // outputs of one number

/// Coefficients of the streams of w h for those of h.
template <class Scalar>
void through_window(const WindowJet& window, const engine::JetPlan& plan, const Scalar* c, Scalar* changed) {
  const auto first = static_cast<std::size_t>(plan.first);
  const auto axis = [&](std::size_t k) { return static_cast<std::size_t>(plan.axis(static_cast<int>(k))); };
  const double weight = window.value();
  changed[0] = c[0] * weight;
  for (std::size_t i = 0; i < first; ++i) {
    changed[0] += c[1 + i] * window.slope(axis(i));
    changed[1 + i] = c[1 + i] * weight;
  }
  for (std::size_t a = 0; a < plan.second.size(); ++a) {
    const Scalar of_operator = c[1 + first + a];
    changed[1 + first + a] = of_operator * weight;
    for (const engine::SecondOrder::Term& t : plan.second[a].terms) {
      const auto i = static_cast<std::size_t>(t.i), j = static_cast<std::size_t>(t.j);
      changed[0] += of_operator * t.a * window.curvature(axis(i), axis(j));
      changed[1 + j] += of_operator * t.a * window.slope(axis(i));
      changed[1 + i] += of_operator * t.a * window.slope(axis(j));
    }
  }
}

}  // namespace

LastLayers::LastLayers(const Field& field, std::vector<std::size_t> solved, Isa isa, engine::Workers& workers)
    : field_(field), isa_(isa), workers_(workers) {
  if (field.kind == FieldKind::tiles)
    throw bad_input("the last layers of a field of tiles as unknowns", "give a field of one network or a sum");
  if (const auto reason = why_invalid_terms(field)) throw bad_input(fmt::format("invalid sum: {}", *reason));
  if (solved.empty()) throw bad_input("last layers of no network as unknowns, expected at least one");
  bool constant_taken = false;
  for (const std::size_t network : solved) {
    if (network >= field.networks.size() || (!terms_.empty() && network <= terms_.back().network))
      throw bad_input(
          fmt::format("network {} of {}, expected increasing indices of them", network, field.networks.size()));
    Term& term = terms_.emplace_back(Term{network, {}, false});
    if (const Window* const window = field.window_of(network)) term.window.emplace(*window);
    term.constant = term.window || !std::exchange(constant_taken, true);
    unknowns_ += field.networks[network].architecture.width + (term.constant ? 1 : 0);
  }
  if (solved.size() == field.networks.size()) return;
  rest_ = field;
  for (std::size_t i = solved.size(); i-- > 0;) {
    const auto at = static_cast<std::ptrdiff_t>(solved[i]);
    rest_->networks.erase(rest_->networks.begin() + at);
    if (!rest_->windows.empty()) rest_->windows.erase(rest_->windows.begin() + at);
  }
}

struct LastLayers::Queries {
  std::vector<engine::JetQuery<double>> terms;
  std::optional<SumQuery<double>> rest;

  Queries(const LastLayers& of, engine::JetPlan plan) {
    if (of.rest_) rest.emplace(*of.rest_, plan, of.isa_, of.workers_);
    plan.passes = engine::Passes::jet;
    for (const Term& term : of.terms_) {
      const Network& network = of.field_.networks[term.network];
      const std::vector<double> parameters(network.parameters.begin(), network.parameters.end());
      terms.emplace_back(network.architecture, std::span<const double>(parameters), plan, of.isa_, of.workers_);
    }
  }
};

template <class Scalar>
void LastLayers::check(const PointEquations<Scalar>& e) const {
  if (field_.outputs() % parts<Scalar> != 0)
    throw bad_input(fmt::format("complex equations of {} outputs, expected pairs of them", field_.outputs()));
  const int sides = field_.outputs() / parts<Scalar>;
  const auto& [points, plan, coefficients, right] = e;
  if (plan.coefficients_by_point)
    throw bad_input("equations of a plan whose a_ij come by point",
                    "give each second derivative a stream of its own: `coefficients` differ from point to point");
  if (points.cols != field_.inputs() || coefficients.cols != plan.streams() || right.cols != sides ||
      coefficients.rows != points.rows || right.rows != points.rows)
    throw bad_input(
        fmt::format("equations at points ({}, {}) with coefficients ({}, {}) and right sides ({}, {}), "
                    "expected ({}, {}), ({}, {}) and ({}, {})",
                    points.rows, points.cols, coefficients.rows, coefficients.cols, right.rows, right.cols, points.rows,
                    field_.inputs(), points.rows, plan.streams(), points.rows, sides));
}

template <class Scalar>
void LastLayers::write_term(engine::JetQuery<double>& query, const Term& term, std::size_t column,
                            const PointEquations<Scalar>& e, std::int64_t first, MatrixView<Scalar> rows) {
  const auto width = static_cast<std::size_t>(field_.networks[term.network].architecture.width),
             inputs = static_cast<std::size_t>(field_.inputs()), streams = static_cast<std::size_t>(e.plan.streams());
  const std::size_t columns = width + (term.constant ? 1 : 0);
  // The points that the window lets count, and their coefficients.
  std::vector<std::int64_t> inside;
  std::vector<double> x;
  std::vector<Scalar> coefficients;
  std::optional<WindowJet> window = term.window;
  for (std::int64_t p = 0; p < rows.rows; ++p) {
    const double* const at = e.points.row(first + p);
    const Scalar* const c = e.coefficients.row(first + p);
    if (window && !window->go_to(at)) {
      std::fill_n(rows.row(p) + column, columns, Scalar{0});
      continue;
    }
    inside.push_back(p);
    x.insert(x.end(), at, at + inputs);
    coefficients.insert(coefficients.end(), c, c + streams);
    if (window) through_window(*window, e.plan, c, coefficients.data() + coefficients.size() - streams);
  }
  if (inside.empty()) return;

  std::vector<double> features(inside.size() * streams * width);
  query.features({x.data(), std::ssize(inside), e.points.cols}, features);
  workers_.run([&](int worker) {
    for (auto k = static_cast<std::size_t>(worker); k < inside.size();
         k += static_cast<std::size_t>(workers_.count())) {
      const Scalar* const c = coefficients.data() + k * streams;
      const double* h = features.data() + k * streams * width;
      Scalar* const row = rows.row(inside[k]) + column;
      for (std::size_t unit = 0; unit < width; ++unit) row[unit] = c[0] * h[unit];
      for (std::size_t s = 1; s < streams; ++s) {
        h += width;
        for (std::size_t unit = 0; unit < width; ++unit) row[unit] += c[s] * h[unit];
      }
      if (term.constant) row[width] = c[0];
    }
  });
}

template <class Scalar>
void LastLayers::write_block(Queries& queries, const PointEquations<Scalar>& e, std::int64_t first,
                             MatrixView<Scalar> rows, MatrixView<Scalar> right) {
  std::size_t column = 0;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const Term& term = terms_[t];
    write_term(queries.terms[t], term, column, e, first, rows);
    column += static_cast<std::size_t>(field_.networks[term.network].architecture.width) + (term.constant ? 1 : 0);
  }
  const auto outputs = static_cast<std::size_t>(field_.outputs()), sides = outputs / parts<Scalar>;
  for (std::int64_t p = 0; p < right.rows; ++p) std::copy_n(e.right.row(first + p), sides, right.row(p));
  if (!queries.rest) return;
  std::vector<std::vector<double>> streams(static_cast<std::size_t>(e.plan.streams()),
                                           std::vector<double>(static_cast<std::size_t>(rows.rows) * outputs));
  std::vector<double*> out;
  for (std::vector<double>& stream : streams) out.push_back(stream.data());
  queries.rest->run({e.points.row(first), rows.rows, e.points.cols, e.points.stride}, out);
  for (std::int64_t p = 0; p < right.rows; ++p)
    for (std::size_t s = 0; s < streams.size(); ++s)
      for (std::size_t o = 0; o < sides; ++o) {
        const double* const u = &streams[s][static_cast<std::size_t>(p) * outputs + o * parts<Scalar>];
        if constexpr (parts<Scalar> == 1)
          right.row(p)[o] -= e.coefficients.row(first + p)[s] * *u;
        else
          right.row(p)[o] -= e.coefficients.row(first + p)[s] * Scalar(u[0], u[1]);
      }
}

template <class Scalar>
void LastLayers::write(const PointEquations<Scalar>& e, MatrixView<Scalar> rows, MatrixView<Scalar> right) {
  check(e);
  if (rows.rows != e.points.rows || rows.cols != unknowns_ || right.rows != e.points.rows ||
      right.cols != field_.outputs() / parts<Scalar>)
    throw bad_input(fmt::format("room for rows ({}, {}) and right sides ({}, {}), expected ({}, {}) and ({}, {})",
                                rows.rows, rows.cols, right.rows, right.cols, e.points.rows, unknowns_, e.points.rows,
                                field_.outputs() / parts<Scalar>));
  Queries queries(*this, e.plan);
  write_blocks(queries, e, rows, right);
}

template <class Scalar>
void LastLayers::write_blocks(Queries& queries, const PointEquations<Scalar>& e, MatrixView<Scalar> rows,
                              MatrixView<Scalar> right) {
  const std::int64_t at_once =
      std::clamp<std::int64_t>(block_numbers / (std::int64_t{unknowns_} * e.plan.streams()), 1, block_points);
  for (std::int64_t first = 0; first < rows.rows; first += at_once) {
    const std::int64_t count = std::min(at_once, rows.rows - first);
    write_block(queries, e, first, {rows.row(first), count, rows.cols, rows.stride},
                {right.row(first), count, right.cols, right.stride});
  }
}

template <class Scalar>
void LastLayers::add_to(NormalEquations<Scalar>& equations, const PointEquations<Scalar>& e) {
  check(e);
  const std::int64_t sides = field_.outputs() / parts<Scalar>;
  Queries queries(*this, e.plan);
  std::vector<Scalar> rows(static_cast<std::size_t>(block_points * unknowns_)),
      right(static_cast<std::size_t>(block_points * sides));
  for (std::int64_t first = 0; first < e.points.rows; first += block_points) {
    const std::int64_t count = std::min(block_points, e.points.rows - first);
    const auto part = [&]<class T>(MatrixView<const T> m) {
      return MatrixView<const T>(m.row(first), count, m.cols, m.stride);
    };
    const MatrixView<Scalar> of_rows(rows.data(), count, unknowns_), of_right(right.data(), count, sides);
    write_blocks(queries, {part(e.points), e.plan, part(e.coefficients), part(e.right)}, of_rows, of_right);
    equations.add(of_rows, of_right);
  }
}

template void LastLayers::write(const PointEquations<double>&, MatrixView<double>, MatrixView<double>);
template void LastLayers::write(const PointEquations<std::complex<double>>&, MatrixView<std::complex<double>>,
                                MatrixView<std::complex<double>>);
template void LastLayers::add_to(NormalEquations<double>&, const PointEquations<double>&);
template void LastLayers::add_to(NormalEquations<std::complex<double>>&, const PointEquations<std::complex<double>>&);

Field LastLayers::field_of(std::span<const double> solution, Rounding rounding) const {
  const auto outputs = static_cast<std::size_t>(field_.outputs());
  if (solution.size() != static_cast<std::size_t>(unknowns_) * outputs)
    throw bad_input(fmt::format("a solution of {} numbers, expected {} unknowns of {} outputs", solution.size(),
                                unknowns_, outputs));
  Field field = field_;
  std::size_t row = 0;
  for (const Term& term : terms_) {
    Network& network = field.networks[term.network];
    const LayerSlice last = layer_slices(network.architecture).back();
    Network remainder = network;
    const auto put = [&](std::int64_t at, double number) {
      if (!(std::abs(number) <= static_cast<double>(std::numeric_limits<float>::max())))
        throw bad_input(fmt::format("a last layer with {}, expected numbers that a float holds", number),
                        "take fewer features, or a larger shift");
      const auto nearest = static_cast<float>(number);
      network.parameters[static_cast<std::size_t>(at)] = nearest;
      remainder.parameters[static_cast<std::size_t>(at)] = static_cast<float>(number - static_cast<double>(nearest));
    };
    for (std::size_t unit = 0; unit < static_cast<std::size_t>(last.inputs); ++unit, ++row)
      for (std::size_t o = 0; o < outputs; ++o)
        put(last.weight + static_cast<std::int64_t>(o) * last.inputs + static_cast<std::int64_t>(unit),
            solution[row * outputs + o]);
    for (std::size_t o = 0; o < outputs; ++o)
      put(last.bias + static_cast<std::int64_t>(o), term.constant ? solution[row * outputs + o] : 0);
    row += term.constant ? 1 : 0;
    if (rounding == Rounding::to_floats) continue;
    field.kind = FieldKind::sum;
    field.networks.push_back(std::move(remainder));
    if (!field.windows.empty()) field.windows.push_back(field_.windows[term.network]);
  }
  return field;
}

}  // namespace sinefield::train
