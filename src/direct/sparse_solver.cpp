// SPDX-License-Identifier: MIT
#include "direct/sparse_solver.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <optional>

#include "sinefield/error.h"

namespace sinefield::direct {
namespace {

using Complex = std::complex<double>;
template <class Scalar>
using Columns = eigen::SparseMatrix<Scalar>;
template <class Scalar>
using Vector = eigen::Matrix<Scalar, eigen::Dynamic, 1>;
template <class Scalar>
using Factors = eigen::SparseLU<Columns<Scalar>, eigen::COLAMDOrdering<int>>;

Error open_equations() {
  return failure("the equations on the grid leave something open: they have no single solution",
                 "a field that is known up to a constant needs one value; look for parts without conditions");
}

/// The complex matrix of which this one is made, (a, -b; b, a) for each of its entries.
std::optional<Columns<Complex>> complex_form(const RowMatrix& matrix) {
  std::vector<eigen::Triplet<Complex>> entries;
  std::vector<double> first(static_cast<std::size_t>(matrix.cols())), second = first;
  std::vector<int> columns;
  for (int r = 0; r < matrix.rows(); r += 2) {
    columns.clear();
    for (int half = 0; half < 2; ++half)
      for (RowMatrix::InnerIterator it(matrix, r + half); it; ++it) {
        (half == 0 ? first : second)[static_cast<std::size_t>(it.col())] = it.value();
        columns.push_back(static_cast<int>(it.col()) / 2);
      }
    std::ranges::sort(columns);
    columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
    bool is_complex = true;
    for (const int c : columns) {
      const std::size_t re = 2 * static_cast<std::size_t>(c), im = re + 1;
      const double rounding = 1e-12 * (std::abs(first[re]) + std::abs(second[re]));
      is_complex =
          is_complex && std::abs(first[re] - second[im]) <= rounding && std::abs(second[re] + first[im]) <= rounding;
      entries.emplace_back(r / 2, c, Complex(first[re], second[re]));
      first[re] = first[im] = second[re] = second[im] = 0;
    }
    if (!is_complex) return {};
  }
  Columns<Complex> made(matrix.rows() / 2, matrix.cols() / 2);
  made.setFromTriplets(entries.begin(), entries.end());
  return made;
}

/// Whether entries stand at the same places.
template <class Matrix>
bool same_pattern(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.nonZeros() == b.nonZeros() &&
         std::equal(a.outerIndexPtr(), a.outerIndexPtr() + a.outerSize() + 1, b.outerIndexPtr()) &&
         std::equal(a.innerIndexPtr(), a.innerIndexPtr() + a.nonZeros(), b.innerIndexPtr());
}

/// Factors for one kind of numbers; a pattern is looked at once.
template <class Scalar>
class Factored {
 public:
  void factor(const Columns<Scalar>& matrix) {
    if (!factors_ || !same_pattern(matrix, analysed_)) {
      factors_ = std::make_unique<Factors<Scalar>>();
      factors_->analyzePattern(matrix);
      analysed_ = matrix;
    }
    factors_->factorize(matrix);
    if (factors_->info() != eigen::Success) throw open_equations();
    // What a vector without structure becomes tells how nearly singular the matrix, whose rows are of size 1, is.
    Vector<Scalar> probe(matrix.rows());
    for (eigen::Index k = 0; k < probe.size(); ++k) probe[k] = std::sin(static_cast<double>(k * k % 7919));
    constexpr double most_growth = 1e12;
    const double growth = solve(probe).norm() / probe.norm();
    if (!(growth < most_growth)) throw open_equations();
  }
  Vector<Scalar> solve(const Vector<Scalar>& right) const { return factors_->solve(right); }

 private:
  std::unique_ptr<Factors<Scalar>> factors_;
  Columns<Scalar> analysed_;
};

}  // namespace

struct SparseSolver::State {
  int channels;
  RowMatrix matrix;  // as it came
  std::vector<double> scales;
  bool complex = false;
  Factored<double> real_factors;
  Factored<Complex> complex_factors;
};

SparseSolver::SparseSolver(int channels) : state_(std::make_unique<State>()) { state_->channels = channels; }
SparseSolver::~SparseSolver() = default;

const std::vector<double>& SparseSolver::row_scales() const { return state_->scales; }
bool SparseSolver::complex() const { return state_->complex; }

void SparseSolver::factor(const RowMatrix& matrix) {
  State& s = *state_;
  if (same_pattern(matrix, s.matrix) &&
      std::equal(matrix.valuePtr(), matrix.valuePtr() + matrix.nonZeros(), s.matrix.valuePtr()))
    return;
  s.matrix = matrix;
  s.scales.assign(static_cast<std::size_t>(matrix.rows()), 0);
  for (int r = 0; r < matrix.rows(); ++r) {
    double& largest = s.scales[static_cast<std::size_t>(r)];
    for (RowMatrix::InnerIterator it(matrix, r); it; ++it) largest = std::max(largest, std::abs(it.value()));
    if (largest == 0) throw open_equations();
    largest = 1 / largest;
  }
  s.complex = false;
  if (s.channels % 2 == 0) {
    // Both rows of a pair in one scale, else they are no longer the parts of one equation.
    for (std::size_t r = 0; r < s.scales.size(); r += 2)
      s.scales[r] = s.scales[r + 1] = std::min(s.scales[r], s.scales[r + 1]);
  }
  const eigen::Map<const eigen::VectorXd> scales(s.scales.data(), matrix.rows());
  const RowMatrix scaled = scales.asDiagonal() * matrix;
  if (s.channels % 2 == 0) {
    if (const std::optional<Columns<Complex>> pairs = complex_form(scaled)) {
      s.complex = true;
      s.complex_factors.factor(*pairs);
      return;
    }
  }
  s.real_factors.factor(Columns<double>(scaled));
}

std::vector<double> SparseSolver::solve(const std::vector<double>& right) const {
  const State& s = *state_;
  const auto n = static_cast<eigen::Index>(right.size());
  const eigen::Map<const eigen::VectorXd> scales(s.scales.data(), n), wanted(right.data(), n);
  const auto once = [&](const eigen::VectorXd& of) -> eigen::VectorXd {
    const eigen::VectorXd scaled = scales.cwiseProduct(of);
    if (!s.complex) return s.real_factors.solve(scaled);
    const eigen::Map<const Vector<Complex>> pairs(reinterpret_cast<const Complex*>(scaled.data()), n / 2);
    const Vector<Complex> found = s.complex_factors.solve(pairs);
    return eigen::Map<const eigen::VectorXd>(reinterpret_cast<const double*>(found.data()), n);
  };
  eigen::VectorXd found = once(wanted);
  found += once(wanted - s.matrix * found);
  return {found.begin(), found.end()};
}

}  // namespace sinefield::direct
