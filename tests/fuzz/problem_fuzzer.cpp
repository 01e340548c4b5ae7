// Fuzz target for problem files: whatever the text, only sinefield::Error may come out, in time that a person would
// wait; and what is read is the same when it is read again. It starts from the problems that come with the program.
// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sinefield/error.h"
#include "sinefield/problem_file.h"

namespace {

using namespace sinefield;

std::string written(const Problem& problem) {
  std::string text = problem.title;
  for (const Term& term : problem.terms())
    for (const ComplexExpression& part : term.residual) text += '\n' + to_text(part.re) + '\n' + to_text(part.im);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    if (written(problem_from_text(text, "fuzz")) != written(problem_from_text(text, "again"))) std::abort();
  } catch (const Error&) {
  }
  try {
    shown_expression("norm(grad(abs(u)))", text, {{"k", 1}});
  } catch (const Error&) {
  }
  return 0;
}
