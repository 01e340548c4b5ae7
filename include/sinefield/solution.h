// What the solution of a problem is, in a model file: its coordinates, its unknown fields, and the problem's own text.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

namespace sinefield {

/// A coordinate of a problem and its range.
struct ProblemCoordinate {
  std::string name;
  double low = 0, high = 1;  ///< low < high
  bool time = false;
};

/// A real unknown field is one channel, a complex one two, real and imaginary part.
struct UnknownField {
  std::string name;
  bool complex = false;
  int channel = 0;  ///< its first
};

struct SolutionFormat {
  std::vector<ProblemCoordinate> coordinates;
  std::vector<UnknownField> unknowns;
  std::string problem;                     ///< text of the problem file; empty where the problem was built in C++
  std::map<std::string, double> settings;  ///< constants that were given other values
};

}  // namespace sinefield
