// The windows of a sum of networks: what makes them valid, and their value and derivatives at a point. The word is in
// sinefield/field.h. Left out: the windows of tiles, which add up to one (tiling.h).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sinefield/field.h"

namespace sinefield {

/// Why the networks of a field, of any kind, and its windows do not go together, in words with the value; nothing where
/// they do.
std::optional<std::string> why_invalid_terms(const Field&);

/// Whether any network of the field has a window.
bool has_windows(const Field&);
/// Whether any of them has a slab.
bool has_slabs(const Field&);

/// w = q^4, q = 1 - |t|^2, t = (x - centre) / R:  w_i = -8 q^3 t_i / R,  w_ij = (48 q^2 t_i t_j - 8 q^3 [i = j]) / R^2.
/// Without a ball w = 1; outside of its slab 0.
class WindowJet {
 public:
  explicit WindowJet(const Window& window)
      : slab_(window.slab), centre_(window.centre), radius_(window.radius), t_(window.centre.size()) {}

  /// Goes to x (inputs). False where the window and all its derivatives are zero; what follows is then meaningless. A
  /// point that is no number counts as inside, so that its results are none either.
  bool go_to(const double* x) {
    if (slab_) {
      const double along = x[slab_->axis];
      if (along < slab_->low || along >= slab_->high) return false;
    }
    double square = 0;
    for (std::size_t i = 0; i < t_.size(); ++i) {
      t_[i] = (x[i] - centre_[i]) / radius_;
      square += t_[i] * t_[i];
    }
    q_ = 1 - square;
    return !(q_ <= 0);
  }

  double value() const { return q_ * q_ * q_ * q_; }
  double slope(std::size_t i) const { return t_.empty() ? 0 : -8 * q_ * q_ * q_ * t_[i] / radius_; }
  double curvature(std::size_t i, std::size_t j) const {
    if (t_.empty()) return 0;
    const double mixed = 48 * q_ * q_ * t_[i] * t_[j];
    return (i == j ? mixed - 8 * q_ * q_ * q_ : mixed) / (radius_ * radius_);
  }

 private:
  std::optional<Slab> slab_;
  std::vector<double> centre_;
  double radius_, q_ = 0;
  std::vector<double> t_;
};

}  // namespace sinefield
