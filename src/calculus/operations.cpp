// SPDX-License-Identifier: MIT
#include "calculus/operations.h"

#include <cmath>
#include <limits>

namespace sinefield::calculus {

double value_of(Operation operation, double a, double b, double c) {
  switch (operation) {
    case Operation::add:
      return a + b;
    case Operation::subtract:
      return a - b;
    case Operation::multiply:
      return a * b;
    case Operation::divide:
      return a / b;
    case Operation::negate:
      return -a;
    case Operation::reciprocal:
      return a == 0 ? 0 : 1 / a;
    case Operation::sqrt:
      return std::sqrt(a);
    case Operation::exp:
      return std::exp(a);
    case Operation::log:
      return std::log(a);
    case Operation::sin:
      return std::sin(a);
    case Operation::cos:
      return std::cos(a);
    case Operation::tanh:
      return std::tanh(a);
    case Operation::asin:
      return std::asin(a);
    case Operation::acos:
      return std::acos(a);
    case Operation::atan:
      return std::atan(a);
    case Operation::atan2:
      return std::atan2(a, b);
    case Operation::abs:
      return std::abs(a);
    case Operation::sign:
      return a > 0 ? 1 : a < 0 ? -1 : 0;
    case Operation::floor:
      return std::floor(a);
    case Operation::min:
      return lesser(a, b);
    case Operation::max:
      return greater(a, b);
    case Operation::less:
      return a < b ? 1 : 0;
    case Operation::less_equal:
      return a <= b ? 1 : 0;
    case Operation::equal:
      return a == b ? 1 : 0;
    case Operation::where:
      return a != 0 ? b : c;
    case Operation::constant:
    case Operation::coordinate:
    case Operation::normal:
    case Operation::stream:
    case Operation::given:
    case Operation::column:
      break;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::constant:
      return "constant";
    case Operation::coordinate:
      return "coordinate";
    case Operation::normal:
      return "normal";
    case Operation::stream:
      return "stream";
    case Operation::given:
      return "given";
    case Operation::column:
      return "column";
    case Operation::add:
      return "add";
    case Operation::subtract:
      return "subtract";
    case Operation::multiply:
      return "multiply";
    case Operation::divide:
      return "divide";
    case Operation::negate:
      return "negate";
    case Operation::reciprocal:
      return "reciprocal";
    case Operation::sqrt:
      return "sqrt";
    case Operation::exp:
      return "exp";
    case Operation::log:
      return "log";
    case Operation::sin:
      return "sin";
    case Operation::cos:
      return "cos";
    case Operation::tanh:
      return "tanh";
    case Operation::asin:
      return "asin";
    case Operation::acos:
      return "acos";
    case Operation::atan:
      return "atan";
    case Operation::atan2:
      return "atan2";
    case Operation::abs:
      return "abs";
    case Operation::sign:
      return "sign";
    case Operation::floor:
      return "floor";
    case Operation::min:
      return "min";
    case Operation::max:
      return "max";
    case Operation::less:
      return "less";
    case Operation::less_equal:
      return "less_equal";
    case Operation::equal:
      return "equal";
    case Operation::where:
      return "where";
  }
  return "";
}

const char* infix(Operation operation) {
  switch (operation) {
    case Operation::add:
      return "+";
    case Operation::subtract:
      return "-";
    case Operation::multiply:
      return "*";
    case Operation::divide:
      return "/";
    case Operation::less:
      return "<";
    case Operation::less_equal:
      return "<=";
    case Operation::equal:
      return "==";
    default:
      return nullptr;
  }
}

}  // namespace sinefield::calculus
