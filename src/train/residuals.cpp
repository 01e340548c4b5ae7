// From residuals to a batch of the engine.
// SPDX-License-Identifier: MIT
#include "train/residuals.h"

#include <algorithm>
#include <utility>

#include "train/eigen.h"

namespace sinefield::train {
namespace {

constexpr std::int64_t rows_at_once = 128;

class ResidualBatch final : public engine::Batch<double> {
 public:
  ResidualBatch(const PointResiduals& residuals, std::span<double> values) : residuals_(residuals), values_(values) {}
  std::int64_t points() const override { return residuals_.points(); }
  void coordinates(std::int64_t first, int count, double* x) const override { residuals_.coordinates(first, count, x); }
  double seed(std::int64_t first, int count, engine::Streams<const double> u,
              engine::Streams<double> u_bar) const override {
    residuals_.linearise(first, count, u, u_bar, values_.data() + first);
    return 0;
  }

 private:
  const PointResiduals& residuals_;
  std::span<double> values_;
};

}  // namespace

NetworkResiduals::NetworkResiduals(const Architecture& architecture, Isa isa, engine::Workers& workers,
                                   engine::JetPlan plan, const PointResiduals& residuals)
    : residuals_(residuals),
      jacobian_(architecture, isa, workers, plan, residuals.points()),
      query_(architecture, std::move(plan), isa, workers),
      x_(static_cast<std::size_t>(residuals.points() * architecture.inputs)),
      stream_size_(static_cast<std::size_t>(residuals.points() * architecture.outputs)),
      u_(stream_size_ * static_cast<std::size_t>(query_.plan().streams())),
      u_bar_(u_.size()) {
  for (std::size_t at = 0; at < u_.size(); at += stream_size_) streams_.push_back(u_.data() + at);
}

void NetworkResiduals::values(std::span<const double> parameters, std::span<double> residuals) {
  const std::int64_t inputs = std::ssize(x_) / rows();
  constexpr std::int64_t at_once = 1 << 20;
  for (std::int64_t first = 0; first < rows(); first += at_once)
    residuals_.coordinates(first, static_cast<int>(std::min(at_once, rows() - first)), x_.data() + first * inputs);
  query_.load(parameters);
  query_.run({x_.data(), rows(), inputs}, streams_);
  const std::int64_t outputs = std::ssize(u_) / std::ssize(streams_) / rows();
  for (std::int64_t first = 0; first < rows(); first += at_once)
    residuals_.linearise(first, static_cast<int>(std::min(at_once, rows() - first)),
                         {u_.data() + first * outputs, stream_size_}, {u_bar_.data() + first * outputs, stream_size_},
                         residuals.data() + first);
}

void NetworkResiduals::linearise(std::span<const double> parameters, std::span<double> residuals) {
  jacobian_.linearise(parameters, ResidualBatch(residuals_, residuals));
}

void NetworkResiduals::normal_matrix(MatrixView<double> matrix) {
  using RowMajor = eigen::Matrix<double, eigen::Dynamic, eigen::Dynamic, eigen::RowMajor>;
  eigen::Map<RowMajor, 0, eigen::OuterStride<>> normal(matrix.data, matrix.rows, matrix.cols,
                                                       eigen::OuterStride<>(matrix.stride));
  normal.setZero();
  some_rows_.resize(static_cast<std::size_t>(rows_at_once * parameters()));
  for (std::int64_t first = 0; first < rows(); first += rows_at_once) {
    const std::int64_t count = std::min(rows_at_once, rows() - first);
    jacobian_.explicit_rows(first, {some_rows_.data(), count, parameters()});
    normal.selfadjointView<eigen::Lower>().rankUpdate(
        eigen::Map<const RowMajor>(some_rows_.data(), count, parameters()).transpose());
  }
  normal.triangularView<eigen::StrictlyUpper>() = normal.transpose();
}

}  // namespace sinefield::train
