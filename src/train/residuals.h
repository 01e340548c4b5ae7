// Sets of residuals as a second-order optimiser sees them: their values and, where they were last linearised, products
// with the Jacobian J by the parameters. What they are residuals of (points of an equation, receivers of a wave) is the
// business of who implements them; those of one network point by point are here.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/jet_query.h"
#include "engine/residual_jacobian.h"
#include "sinefield/views.h"

namespace sinefield::train {

class Residuals {
 public:
  virtual ~Residuals() = default;
  virtual std::int64_t rows() const = 0;
  virtual std::int64_t parameters() const = 0;
  /// Writes the residuals (rows) at these parameters, and leaves J where it is.
  virtual void values(std::span<const double> parameters, std::span<double> residuals) = 0;
  /// The same, and products are with J there from now on.
  virtual void linearise(std::span<const double> parameters, std::span<double> residuals) = 0;
  /// result (rows) = J v, v (parameters).
  virtual void times(std::span<const double> v, std::span<double> result) = 0;
  /// result (parameters) = J' w, w (rows).
  virtual void transposed_times(std::span<const double> w, std::span<double> result) = 0;
  /// J J', (rows, rows), and J' J, (parameters, parameters); all of the symmetric matrix.
  virtual void gram(MatrixView<double>) = 0;
  virtual void normal_matrix(MatrixView<double>) = 0;
};

/// Residuals that depend on one point each. Several at a point: give the point for each of them.
class PointResiduals {
 public:
  virtual ~PointResiduals() = default;
  virtual std::int64_t points() const = 0;
  /// Network coordinates of points first .. first + count - 1: x (count, inputs) row-major.
  virtual void coordinates(std::int64_t first, int count, double* x) const = 0;
  /// Given the streams of u there, writes the residuals r (count), and their derivatives by every stream and output
  /// into u_bar. Called from any worker.
  virtual void linearise(std::int64_t first, int count, engine::Streams<const double> u, engine::Streams<double> u_bar,
                         double* r) const = 0;
};

/// Of one network, through the engine.
class NetworkResiduals final : public Residuals {
 public:
  /// The plan says which streams the residuals see. Workers and residuals must outlive it.
  NetworkResiduals(const Architecture&, Isa, engine::Workers&, engine::JetPlan, const PointResiduals&);

  std::int64_t rows() const override { return jacobian_.rows(); }
  std::int64_t parameters() const override { return jacobian_.parameters(); }
  void values(std::span<const double> parameters, std::span<double> residuals) override;
  void linearise(std::span<const double> parameters, std::span<double> residuals) override;
  void times(std::span<const double> v, std::span<double> result) override { jacobian_.times(v, result); }
  void transposed_times(std::span<const double> w, std::span<double> result) override {
    jacobian_.transposed_times(w, result);
  }
  void gram(MatrixView<double> matrix) override { jacobian_.gram(matrix); }
  void normal_matrix(MatrixView<double>) override;

 private:
  const PointResiduals& residuals_;
  engine::ResidualJacobian<double> jacobian_;
  engine::JetQuery<double> query_;
  std::vector<double> x_;          // coordinates of all points
  std::size_t stream_size_;        // of all points: outputs x points
  std::vector<double> u_, u_bar_;  // streams of all points
  std::vector<double*> streams_;   // where each of u begins
  std::vector<double> some_rows_;  // of J, on the way to J' J
};

}  // namespace sinefield::train
