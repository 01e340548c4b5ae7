// The grammar of expressions in problem files: text to a tree that knows where each of its words stands. What the words
// mean is language.h's business.
//   or      a or b            sum      a + b - c        power    a ^ b, from the right
//   and     a and b           product  a * b / c        after    f(a, b)  v[0]
//   not     not a             sign     -a               word     x  1.5e3  2i  [a, b]  (a)
//   order   a < b  <= > >= == !=
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sinefield/error.h"

namespace sinefield::problem {

/// A piece of text and where it stands: what errors point at.
struct Source {
  std::string text;
  std::string place;         ///< the file, or what the text is called where it stands in none
  int line = 0, column = 1;  ///< of its first character, 1-based; line 0: the text stands in no file, and is one line
};

/// An error that says where it is.
class LocatedError : public Error {
 public:
  using Error::Error;
};

/// "poisson.toml, line 3, column 14: 'WORD': MESSAGE" for characters begin .. end - 1 of the text.
LocatedError error_at(const Source&, std::size_t begin, std::size_t end, const std::string& message, std::string hint);

struct Syntax {
  enum class Kind { number, imaginary, name, call, list, index, negate, invert, chain, power };
  Kind kind;
  std::size_t begin, end;  ///< in the text
  double number = 0;       ///< of numbers; of an index which
  std::string word = {};   ///< of names and calls
  std::vector<Syntax> parts = {};
  /// Of a chain, the sign before each part but the first: "+" "-", "*" "/", "<" .., "and", "or".
  std::vector<std::string> signs = {};
};

/// Longest text, and deepest nesting of brackets, signs and powers.
inline constexpr std::size_t longest_expression = 65'536;
inline constexpr int deepest_expression = 200;

/// Throws bad_input that points at what is wrong.
Syntax parse(const Source&);

}  // namespace sinefield::problem
