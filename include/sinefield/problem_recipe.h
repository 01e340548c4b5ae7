// How one network is trained on the terms of a problem, where its last layer alone is not to be solved for: what a
// recipe of a problem file says, and the recipes that have names.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinefield/architecture.h"
#include "sinefield/fit.h"
#include "sinefield/optimizer_kind.h"

namespace sinefield {

/// What a residual r costs.
struct Penalty {
  enum class Kind : std::uint8_t {
    squares,   ///< r^2
    absolute,  ///< |r|
    huber,     ///< r^2 up to the width w, from there on w (2 |r| - w)
  };
  Kind kind = Kind::squares;
  double width = 1;  ///< of huber, > 0
};
std::string_view penalty_name(Penalty::Kind);  ///< "l2", "l1", "huber"

/// How terms are weighed against each other, beside their own weights.
enum class Balance : std::uint8_t {
  none,
  /// By the norms of their gradients, so that all pull alike (after Wang, Teng, Perdikaris 2021): measured now and
  /// then, and followed slowly.
  gradients,
};

/// A part of a training, with what it changes.
struct TrainingStage {
  std::int64_t steps = 0;                      ///< > 0
  std::optional<double> lr = {};               ///< the recipe's where it is not given
  std::map<std::string, double> weights = {};  ///< by the names of terms: times what they weigh, >= 0; 0 leaves one out
  /// Of problems in time: how much of the time is looked at in the end, from where the stage before has come to, as a
  /// share in (0, 1].
  std::optional<double> until = {};
};

/// Of one network on all terms.
struct ProblemRecipe {
  std::string name;
  int width = 128, hidden_layers = 2;
  double omega_first = 6, omega_hidden = 15;  ///< radians per unit of network coordinates, in which space is [-1, 1]
  Activation activation = Activation::sine;
  Encoding encoding = {};
  OptimizerKind optimizer = OptimizerKind::soap;
  double lr = 1e-3;
  Schedule schedule = Schedule::cosine;  ///< over each stage; constant or cosine
  double clip_norm = 1;                  ///< largest norm of the gradient; 0: no clipping
  std::int64_t steps = 3000;             ///< where there are no stages and nothing else is asked for
  std::int64_t points = 4096;            ///< of a step, shared by the terms that do not say their own
  Balance balance = Balance::gradients;
  double focus = 0;  ///< share of the points, 0 .. 1, inside regions that stays where the residual is
  std::vector<TrainingStage> stages;
};

/// "train": what suits most problems. "original": the training of Sitzmann et al. 2020 for their equations.
ProblemRecipe problem_recipe(std::string_view name);

}  // namespace sinefield
