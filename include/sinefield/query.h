// Values and exact derivatives of a field at any points.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sinefield/field.h"
#include "sinefield/machine.h"
#include "sinefield/views.h"

namespace sinefield {

/// What to ask for; each order includes those above it in this list.
enum class Order : std::uint8_t { value, gradient, laplacian, hessian };

/// Units of points and results: those of the signal (a picture: pixels, and the file's own values),
/// or those of the network ([-1, 1]^d and raw outputs).
enum class Units : std::uint8_t { signal, network };

struct ComputeOptions {
  Isa isa = best_isa();
  int threads = allowed_threads();  ///< 1 .. 1,024; results do not depend on it
};

/// Results for N points of a field with d inputs and c outputs, row-major; empty where not asked for.
template <class T>
struct Jets {
  std::vector<T> value;      ///< (N, c)
  std::vector<T> gradient;   ///< (N, c, d)
  std::vector<T> laplacian;  ///< (N, c), summed over all inputs
  std::vector<T> hessian;    ///< (N, c, d, d), symmetric
};

/// Evaluates a field at batches of points, in the precision of T (float or double). Keeps threads and scratch between
/// calls. Refers to the field, which must outlive it and stay as it is: the parameters of tiles are not copied but
/// packed when they are needed, a tile on each worker at a time.
template <class T>
class Evaluator {
 public:
  /// Throws bad_input where a field's tiling or windows contradict themselves or its networks.
  Evaluator(const Field&, Order, Units = Units::signal, const ComputeOptions& = {});
  Evaluator(const Field&&, Order, Units = Units::signal, const ComputeOptions& = {}) = delete;
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;

  /// points (N, d), any N. Throws bad_input where d is not the field's. The result of a point does not depend on the
  /// others of the call.
  Jets<T> operator()(MatrixView<const T> points);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// One-off evaluation.
template <class T>
Jets<T> query(const Field& field, MatrixView<const T> points, Order order, Units units = Units::signal,
              const ComputeOptions& options = {}) {
  return Evaluator<T>(field, order, units, options)(points);
}

}  // namespace sinefield
