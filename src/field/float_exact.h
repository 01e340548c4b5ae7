// A double that a float holds exactly, as normalisations are stored.
// SPDX-License-Identifier: MIT
#pragma once

namespace sinefield {

/// The float nearest to x. gcc 12 folds static_cast<double>(static_cast<float>(x)) away where it vectorises a pair of
/// them (two neighbouring members of a struct, from -O2 on); a volatile is not folded.
inline double float_exact(double x) {
  volatile float rounded = static_cast<float>(x);
  return static_cast<double>(rounded);
}

}  // namespace sinefield
