// SPDX-License-Identifier: MIT
#include "problem/recipe_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "problem/term_tables.h"

namespace sinefield::problem {
namespace {

TrainingStage stage(ProblemDraft& draft, const toml::node& node, bool taken) {
  const TomlFile& file = draft.file;
  const toml::table& table = file.table_of(node, "an entry of `stages`");
  file.check_keys(table, "a stage", {"steps", "lr", "until", "weights"});
  TrainingStage stage;
  if (table.get("steps") == nullptr) file.fail(node, "a stage without `steps`");
  stage.steps = draft.count(*table.get("steps"), "steps", 1'000'000'000);
  if (const toml::node* const lr = table.get("lr")) stage.lr = draft.positive(*lr, "lr");
  if (const toml::node* const until = table.get("until")) {
    const auto& all = draft.problem.coordinates();
    const auto time = std::ranges::find(all, true, &ProblemCoordinate::time);
    if (time == all.end()) file.fail(*until, "`until` in a problem without time");
    const double moment = draft.number(*until);
    if (!(moment > time->low && moment <= time->high))
      file.fail(*until,
                fmt::format("until {} = {}, which is not within {} to {}", time->name, moment, time->low, time->high));
    stage.until = (moment - time->low) / (time->high - time->low);
  }
  if (const toml::node* const weights = table.get("weights"))
    for (const auto& [key, weight] : in_order(file.table_of(*weights, "`weights`"))) {
      // Of a recipe that is not taken the terms are not there.
      if (taken && std::ranges::find(draft.problem.terms(), key->str(), &Term::name) == draft.problem.terms().end())
        file.fail(key->source(), fmt::format("there is no term '{}' to weigh", key->str()));
      const double value = draft.number(*weight);
      if (!(value >= 0)) file.fail(*weight, fmt::format("a weight of {}, expected 0 or more", value));
      stage.weights[std::string(key->str())] = value;
    }
  return stage;
}

ProblemRecipe read_recipe(ProblemDraft& draft, const std::string& name, const toml::table& table, bool taken) {
  const TomlFile& file = draft.file;
  const std::string what = fmt::format("recipe '{}'", name);
  ProblemRecipe recipe = problem_recipe(name == "original" ? name : "train");
  recipe.name = name;
  if (name == "exact") {
    file.check_keys(table, what, {"terms"});
    return recipe;
  }
  file.check_keys(table, what,
                  {"width", "hidden_layers", "omega_first", "omega_hidden", "activation", "optimizer", "lr", "schedule",
                   "clip_norm", "steps", "points", "balance", "focus", "stages", "terms"});
  const auto with = [&](const char* key, const auto& take) {
    if (const toml::node* const node = table.get(key)) file.located(node->source(), [&] { take(*node); });
  };
  const auto word = [&](const toml::node& node) {
    if (!node.is_string()) file.fail(node, "a word in quotes is expected here");
    return node.as_string()->get();
  };
  constexpr std::int64_t many = 1'000'000'000;
  with("width", [&](const toml::node& n) { recipe.width = static_cast<int>(draft.count(n, "width", 8192)); });
  with("hidden_layers", [&](const toml::node& n) {
    const double layers = draft.number(n);
    if (!(layers >= 0 && layers <= 64) || layers != std::floor(layers))
      file.fail(n, fmt::format("hidden_layers = {}, expected a whole number from 0 to 64", layers));
    recipe.hidden_layers = static_cast<int>(layers);
  });
  with("omega_first", [&](const toml::node& n) { recipe.omega_first = draft.positive(n, "omega_first"); });
  with("omega_hidden", [&](const toml::node& n) { recipe.omega_hidden = draft.positive(n, "omega_hidden"); });
  with("activation", [&](const toml::node& n) { recipe.activation = activation_from_name(word(n)); });
  with("optimizer", [&](const toml::node& n) { recipe.optimizer = optimizer_from_name(word(n)); });
  with("lr", [&](const toml::node& n) { recipe.lr = draft.positive(n, "lr"); });
  with("schedule", [&](const toml::node& n) {
    const std::string schedule = word(n);
    if (schedule != "constant" && schedule != "cosine") file.fail(n, "a schedule is \"constant\" or \"cosine\"");
    recipe.schedule = schedule == "cosine" ? Schedule::cosine : Schedule::constant;
  });
  with("clip_norm", [&](const toml::node& n) {
    recipe.clip_norm = draft.number(n);
    if (!(recipe.clip_norm >= 0)) file.fail(n, fmt::format("clip_norm = {}, expected 0 or more", recipe.clip_norm));
  });
  with("steps", [&](const toml::node& n) { recipe.steps = draft.count(n, "steps", many); });
  with("points", [&](const toml::node& n) { recipe.points = draft.count(n, "points", 10'000'000); });
  with("balance", [&](const toml::node& n) {
    const std::string balance = word(n);
    if (balance != "none" && balance != "gradients") file.fail(n, "a balance is \"none\" or \"gradients\"");
    recipe.balance = balance == "none" ? Balance::none : Balance::gradients;
  });
  with("focus", [&](const toml::node& n) {
    recipe.focus = draft.number(n);
    if (!(recipe.focus >= 0 && recipe.focus < 1)) file.fail(n, "focus is a share of the points, from 0 to below 1");
  });
  with("stages", [&](const toml::node& n) {
    const auto* const list = n.as_array();
    if (list == nullptr || list->empty()) file.fail(n, "stages are a list of tables, each with its `steps`");
    if (table.get("steps") != nullptr) file.fail(n, "both steps and stages", "the stages have the steps");
    for (const toml::node& entry : *list) recipe.stages.push_back(stage(draft, entry, taken));
  });
  return recipe;
}

}  // namespace

RecipeTables::RecipeTables(const TomlFile& file, std::string_view asked) : taken_(asked) {
  if (const toml::node* const node = file.root().get("recipe")) {
    if (!node->is_string()) file.fail(*node, "the recipe is the name of one");
    if (taken_.empty()) taken_ = node->as_string()->get();
  }
  if (taken_.empty()) taken_ = "exact";
  const toml::node* const recipes = file.root().get("recipes");
  if (recipes == nullptr) return;
  for (const auto& [key, node] : in_order(file.table_of(*recipes, "[recipes]"))) {
    file.check_word(*key);
    const toml::table& recipe = file.table_of(*node, fmt::format("recipe '{}'", key->str()));
    const toml::node* const changes = recipe.get("terms");
    if (changes == nullptr) continue;
    for (const auto& [name, change] : in_order(file.table_of(*changes, "the terms of a recipe"))) {
      if (change->is_boolean()) {
        const toml::table* const of_file =
            file.root().get("terms") == nullptr ? nullptr : file.root().get("terms")->as_table();
        if (change->value<bool>() != false || of_file == nullptr || of_file->get(name->str()) == nullptr)
          file.fail(*change, "a term of a recipe is a table, or false: the recipe does without a term of the file");
        continue;
      }
      const toml::table& keys = file.table_of(*change, fmt::format("term '{}'", name->str()));
      file.check_keys(keys, "a term", term_keys);
    }
    if (key->str() == taken_) terms_ = changes->as_table();
  }
}

void RecipeTables::read(ProblemDraft& draft) const {
  const TomlFile& file = draft.file;
  bool found = taken_ == "exact" || taken_ == "train" || taken_ == "original";
  if (found && taken_ != "exact") draft.problem.training = problem_recipe(taken_);
  if (const toml::node* const node = file.root().get("recipes"))
    for (const auto& [key, recipe] : in_order(*node->as_table())) {
      ProblemRecipe made = read_recipe(draft, std::string(key->str()), *recipe->as_table(), key->str() == taken_);
      if (key->str() != taken_) continue;
      found = true;
      if (taken_ != "exact") draft.problem.training = std::move(made);
    }
  if (found) return;
  const std::string message = fmt::format("there is no recipe '{}'", taken_);
  const char* const hint = "known are exact, train, original, and those under [recipes]";
  if (const toml::node* const node = file.root().get("recipe"); node != nullptr && node->value<std::string>() == taken_)
    file.fail(*node, message, hint);
  file.fail(message, hint);
}

}  // namespace sinefield::problem
