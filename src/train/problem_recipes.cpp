// The recipes of problems that have names; docs/recipes.md says what they were chosen by.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include "sinefield/error.h"
#include "sinefield/problem_recipe.h"

namespace sinefield {

std::string_view penalty_name(Penalty::Kind kind) {
  switch (kind) {
    case Penalty::Kind::squares:
      return "l2";
    case Penalty::Kind::absolute:
      return "l1";
    case Penalty::Kind::huber:
      return "huber";
  }
  return "";
}

ProblemRecipe problem_recipe(std::string_view name) {
  ProblemRecipe recipe;
  recipe.name = name;
  if (name == "train") return recipe;
  if (name != "original")
    throw bad_input(fmt::format("there is no recipe '{}'", name), "known ones: exact, train, original, or the file's");
  recipe.width = 256;
  recipe.hidden_layers = 3;
  recipe.omega_first = recipe.omega_hidden = 30;
  recipe.optimizer = OptimizerKind::adam;
  recipe.lr = 2e-5;
  recipe.schedule = Schedule::constant;
  recipe.clip_norm = 0;
  recipe.steps = 50'000;
  recipe.points = 52'900;
  recipe.balance = Balance::none;
  return recipe;
}

}  // namespace sinefield
