// Derivatives of a field in the plane by central differences of its values.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <vector>

#include "sinefield/query.h"

namespace sinefield {

struct PlaneDerivatives {
  double d0, d1, d00, d01, d11;
};

/// At points (n, 2) in signal units; errors fall as the square of the step h.
inline std::vector<PlaneDerivatives> central_differences(const Field& field, const std::vector<double>& points,
                                                         double h) {
  const auto value = [&](double di, double dj) {
    std::vector<double> moved = points;
    for (std::size_t p = 0; p < moved.size(); p += 2) moved[p] += di, moved[p + 1] += dj;
    return query<double>(field, {moved.data(), std::ssize(moved) / 2, 2}, Order::value).value;
  };
  const auto at = value(0, 0), up = value(h, 0), down = value(-h, 0), right = value(0, h), left = value(0, -h),
             a = value(h, h), b = value(h, -h), c = value(-h, h), e = value(-h, -h);
  std::vector<PlaneDerivatives> found;
  for (std::size_t p = 0; p < at.size(); ++p)
    found.push_back({(up[p] - down[p]) / (2 * h), (right[p] - left[p]) / (2 * h),
                     (up[p] - 2 * at[p] + down[p]) / (h * h), (a[p] - b[p] - c[p] + e[p]) / (4 * h * h),
                     (right[p] - 2 * at[p] + left[p]) / (h * h)});
  return found;
}

}  // namespace sinefield
