// Running the networks, the product rule, adding up.
// SPDX-License-Identifier: MIT
#include "field/sum_query.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "sinefield/error.h"

namespace sinefield {

template <class T>
SumQuery<T>::SumQuery(const Field& field, const engine::JetPlan& plan, Isa isa, engine::Workers& workers)
    : plan_(plan),
      inputs_(static_cast<std::size_t>(field.inputs())),
      outputs_(static_cast<std::size_t>(field.outputs())),
      streams_(static_cast<std::size_t>(plan.streams())) {
  if (const auto reason = why_invalid_terms(field)) throw bad_input(fmt::format("invalid sum: {}", *reason));
  for (std::size_t term = 0; term < field.networks.size(); ++term) {
    const Network& network = field.networks[term];
    const std::vector<T> parameters(network.parameters.begin(), network.parameters.end());
    // The same streams, by the passes that suit this network.
    const bool gradients = std::cmp_equal(plan.first, inputs_) && plan.axes.empty() && plan.second.empty();
    const engine::JetPlan own = gradients ? engine::gradient_plan(network.architecture) : plan;
    Term& added =
        terms_.emplace_back(Term{{network.architecture, std::span<const T>(parameters), own, isa, workers}, {}});
    if (const Window* const window = field.window_of(term)) added.window.emplace(*window);
  }
}

template <class T>
std::span<T* const> SumQuery<T>::room(std::size_t points) {
  pointers_.clear();
  for (std::vector<T>& stream : streams_) {
    stream.resize(std::max(stream.size(), points * outputs_));
    pointers_.push_back(stream.data());
  }
  return pointers_;
}

template <class T>
void SumQuery<T>::run(MatrixView<const double> coordinates, std::span<T* const> out) {
  const auto n = static_cast<std::size_t>(coordinates.rows), size = n * outputs_;
  bool begun = false;
  for (Term& term : terms_) {
    if (!begun && term.window)
      for (T* const stream : out) std::fill_n(stream, size, T{0});
    if (term.window) {
      add_windowed(term, coordinates, out);
    } else {
      coordinates_.resize(n * inputs_);
      for (std::size_t p = 0; p < n; ++p)
        std::transform(coordinates.row(static_cast<std::int64_t>(p)),
                       coordinates.row(static_cast<std::int64_t>(p)) + inputs_, coordinates_.data() + p * inputs_,
                       [](double x) { return static_cast<T>(x); });
      const MatrixView<const T> x(coordinates_.data(), coordinates.rows, coordinates.cols);
      term.network.run(x, begun ? room(n) : out);
      for (std::size_t s = 0; begun && s < out.size(); ++s)
        std::transform(out[s], out[s] + size, streams_[s].data(), out[s], std::plus<>());
    }
    begun = true;
  }
}

/// Adds w v, v the network's output:  (w v)_i = w v_i + w_i v,  A (w v) = w A v + sum a_ij (w_i v_j + w_j v_i + w_ij
/// v).
template <class T>
void SumQuery<T>::add_windowed(Term& term, MatrixView<const double> coordinates, std::span<T* const> out) {
  WindowJet& window = *term.window;
  inside_.clear();
  coordinates_.clear();
  for (std::int64_t p = 0; p < coordinates.rows; ++p) {
    const double* const x = coordinates.row(p);
    if (!window.go_to(x)) continue;
    inside_.push_back(p);
    for (std::size_t i = 0; i < inputs_; ++i) coordinates_.push_back(static_cast<T>(x[i]));
  }
  if (inside_.empty()) return;
  term.network.run({coordinates_.data(), std::ssize(inside_), coordinates.cols}, room(inside_.size()));

  const auto first = static_cast<std::size_t>(plan_.first);
  const auto axis = [&](std::size_t k) { return static_cast<std::size_t>(plan_.axis(static_cast<int>(k))); };
  for (std::size_t k = 0; k < inside_.size(); ++k) {
    window.go_to(coordinates.row(inside_[k]));
    const double weight = window.value();
    for (std::size_t o = 0; o < outputs_; ++o) {
      const auto stream = [&](std::size_t s) { return static_cast<double>(streams_[s][k * outputs_ + o]); };
      const auto add = [&](std::size_t s, double number) {
        T& sum = out[s][static_cast<std::size_t>(inside_[k]) * outputs_ + o];
        sum = static_cast<T>(static_cast<double>(sum) + number);
      };
      const double value = stream(0);
      add(0, weight * value);
      for (std::size_t i = 0; i < first; ++i) add(1 + i, weight * stream(1 + i) + window.slope(axis(i)) * value);
      for (std::size_t a = 0; a < plan_.second.size(); ++a) {
        const std::size_t s = 1 + first + a;
        double number = weight * stream(s);
        for (const engine::SecondOrder::Term& t : plan_.second[a].terms) {
          const auto i = static_cast<std::size_t>(t.i), j = static_cast<std::size_t>(t.j);
          number += t.a * (window.slope(axis(i)) * stream(1 + j) + window.slope(axis(j)) * stream(1 + i) +
                           window.curvature(axis(i), axis(j)) * value);
        }
        add(s, number);
      }
    }
  }
}

template class SumQuery<float>;
template class SumQuery<double>;

}  // namespace sinefield
