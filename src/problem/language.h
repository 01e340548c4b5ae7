// What the words of expressions mean: names, functions, derivatives, complex numbers. Text becomes expressions of a
// graph; every error points at the word that it is about. docs/problem-files.md teaches the language.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "problem/syntax.h"
#include "sinefield/complex_expression.h"
#include "sinefield/expression.h"

namespace sinefield::problem {

/// A number, maybe complex, or a vector of 1 to 100 of them. Complex is what has an imaginary part other than the
/// constant 0.
struct Value {
  bool vector = false;
  std::vector<ComplexExpression> parts;  ///< one of a number

  bool complex() const;
};

class Language {
 public:
  explicit Language(std::shared_ptr<ExpressionGraph>);

  const std::shared_ptr<ExpressionGraph>& graph() const { return graph_; }

  /// A name for a value, and for a text that is read where the name is first used: definitions may stand in any order.
  void add(const std::string& name, Value);
  void define(const std::string& name, Source);
  /// A name for a value that is made where it is first used.
  void define(const std::string& name, std::function<Value()>);
  void remove(const std::string& name);

  /// Throws bad_input that points at what is wrong: unknown names, definitions in a circle, functions of a wrong number
  /// of operands, derivatives above second order, divisions by the constant 0. It may be asked again afterwards.
  Value evaluate(const Source&);
  Value evaluate(const Source&, const Syntax&);
  /// Where a single real expression is expected.
  Expression real(const Source&);
  /// Where there are no normals.
  Value away_from_boundaries(const Source&);
  /// Where a number is expected that depends on nothing.
  double number(const Source&);
  double number(const Source&, const Syntax&);
  /// Whether a name has a meaning of its own: those of functions and pi.
  static bool reserved(std::string_view name);

 private:
  struct Definition {
    Source source;
    bool open = false;  // its text is being read
  };
  struct Call;
  class Deeper;

  Value name(const Source&, const Syntax&);
  Value chain(const Source&, const Syntax&);
  Value call(const Source&, const Syntax&);
  Value diff(const Source&, const Syntax&);
  Value constant(double re, double im = 0);
  Value made(ComplexExpression);
  [[noreturn]] static void unknown(const Source&, const Syntax&, const char* what,
                                   const std::vector<std::string>& known);

  std::shared_ptr<ExpressionGraph> graph_;
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, Definition, std::less<>> definitions_;
  std::map<std::string, std::function<Value()>, std::less<>> makers_;
  int depth_ = 0;  // of the words that are being evaluated, through all definitions
};

}  // namespace sinefield::problem
