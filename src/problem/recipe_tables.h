// The recipes of problem files, [recipes.*], and which of them is taken.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "problem/problem_toml.h"

namespace sinefield::problem {

class RecipeTables {
 public:
  /// Chooses a recipe. An empty name: the one that the file asks for, or "exact". Throws bad_input for what recipes
  /// cannot say of terms.
  RecipeTables(const TomlFile&, std::string_view asked);

  /// The terms of the recipe that is taken change those of the file, key by key, or come to them; null: there are none.
  const toml::table* terms() const { return terms_; }

  /// Reads all of them, so that mistakes show wherever they are; the problem, which has its terms, gets the one that is
  /// taken. Throws bad_input where that is not there.
  void read(ProblemDraft&) const;

 private:
  std::string taken_;
  const toml::table* terms_ = nullptr;
};

}  // namespace sinefield::problem
