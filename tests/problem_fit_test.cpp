// Networks trained on the terms of problems: what they come to, stages, balance and focus, the same bits for any number
// of threads and through interruptions, runs that time plans, refusals. The losses themselves are term_batch_test.cpp.
// SPDX-License-Identifier: MIT
#include "sinefield/problem_fit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "refusal.h"
#include "sinefield/error.h"
#include "sinefield/problem_file.h"
#include "temporary_folder.h"
#include "train/term_pool.h"

namespace sinefield {
namespace {

using testing::Each;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

const char* const poisson = R"toml(
[coordinates]
x = [0, 1]
y = [0, 1]
[unknowns]
u = "real"
[definitions]
solution = "sin(pi*x) * sin(pi*y) + x*y"
[terms.equation]
residual = "laplacian(u) - laplacian(solution)"
[terms.border]
residual = "u - solution"
region = "boundary(domain)"
[exact]
u = "solution"
)toml";

const char* const decay = R"toml(
recipe = "small"
[coordinates]
x = [-1, 1]
t = { time = [0, 2] }
[unknowns]
u = "real"
[terms.equation]
residual = "diff(u, t) + u"
[terms.start]
residual = "u - cos(2*x)"
at = { t = 0 }
[exact]
u = "cos(2*x) * exp(-t)"
[recipes.small]
width = 16
hidden_layers = 1
omega_first = 3
omega_hidden = 3
points = 128
focus = 0.3
stages = [{ steps = 90, until = 1 }, { steps = 60, lr = 5e-4, weights = { start = 2 } }]
)toml";

ProblemFitOptions options_for(const Problem& problem, std::int64_t steps = 0) {
  ProblemFitOptions options;
  options.recipe = *problem.training;
  if (steps > 0) options.steps = steps;
  options.compute.threads = 1;
  return options;
}

TEST(ProblemFit, a_network_comes_to_the_solution_of_an_equation_and_says_how_near) {
  const Problem problem = problem_from_text(poisson, "test", {}, {}, "train");
  ProblemFitOptions options = options_for(problem, 300);
  options.recipe.width = 32;
  options.recipe.points = 512;
  const ProblemFitResult result = fit_problem(problem, options);
  EXPECT_EQ(result.report.steps, 300);
  EXPECT_EQ(result.report.stopped_by, StoppedBy::steps);
  ASSERT_EQ(result.report.errors.size(), 1U);
  EXPECT_LT(result.report.errors[0].relative_l2, 0.01);
  ASSERT_EQ(result.report.terms.size(), 2U);
  EXPECT_EQ(result.report.terms[0].name, "equation");
  EXPECT_LT(result.report.terms[0].residual, 0.05 * result.report.terms[0].size);
  EXPECT_EQ(result.field.networks.size(), 1U);
}

TEST(ProblemFit, terms_pull_alike_after_the_balance_and_keep_their_weights_without_it) {
  // A term a thousand times as large as the other.
  std::string text = poisson;
  text.replace(text.find("laplacian(u) - "), 15, "30*laplacian(u) - 30*");
  const Problem problem = problem_from_text(text, "test", {}, {}, "train");
  ProblemFitOptions options = options_for(problem, 1);
  options.recipe.width = 32;
  options.recipe.points = 256;
  const std::vector<double> balanced = fit_problem(problem, options).report.weights;
  options.recipe.balance = Balance::none;
  const std::vector<double> plain = fit_problem(problem, options).report.weights;
  EXPECT_EQ(plain, (std::vector{1.0, 1.0}));
  EXPECT_GT(balanced[1] / balanced[0], 100);
  const auto weighed = [&] {
    std::string heavy = text;
    heavy.replace(heavy.find("region = "), 9, "weight = 5\nregion = ");
    const Problem of = problem_from_text(heavy, "test", {}, {}, "train");
    ProblemFitOptions same = options;
    same.recipe.balance = Balance::gradients;
    return fit_problem(of, same).report.weights;
  }();
  EXPECT_NEAR(weighed[1] / weighed[0], 5 * balanced[1] / balanced[0], 1e-6 * weighed[1] / weighed[0])
      << "what a file says of weights holds beside the balance";
  // Half the sum of norms each: 1 / w_0 + 1 / w_1 = 2 in units of their own, whatever they are.
  EXPECT_NEAR(1 / balanced[0] + 1 / balanced[1], (1 / balanced[0]) * (1 + balanced[0] / balanced[1]), 1e-9);
}

TEST(ProblemFit, the_same_bits_come_out_for_any_number_of_threads) {
  const Problem problem = problem_from_text(decay, "test");
  ProblemFitOptions options = options_for(problem, 40);
  options.recipe.points = 3000;  // several parts
  const std::vector<float> one = fit_problem(problem, options).field.networks[0].parameters;
  for (const int threads : {2, 3}) {
    options.compute.threads = threads;
    EXPECT_EQ(fit_problem(problem, options).field.networks[0].parameters, one) << threads;
  }
  options.seed = 1;
  EXPECT_NE(fit_problem(problem, options).field.networks[0].parameters, one);
}

TEST(ProblemFit, an_interrupted_run_goes_on_to_the_same_bits_in_any_stage) {
  const Problem problem = problem_from_text(decay, "test");
  const std::vector<float> whole = fit_problem(problem, options_for(problem)).field.networks[0].parameters;
  const TemporaryFolder folder;
  for (const std::int64_t at : {7, 64, 100, 129}) {
    ProblemFitOptions options = options_for(problem);
    options.checkpoints = {folder / ("run.state" + std::to_string(at)), 1000, true};
    std::stop_source source;
    options.stop = source.get_token();
    options.on_progress = [&](const ProblemFitProgress& p) {
      EXPECT_EQ(p.stage, p.step <= 90 ? 0 : 1);
      if (p.step == at) source.request_stop();
    };
    const ProblemFitResult part = fit_problem(problem, options, "this problem");
    EXPECT_EQ(part.report.stopped_by, StoppedBy::interruption);
    EXPECT_EQ(part.report.steps, at);
    options.stop = {};
    options.on_progress = {};
    options.compute.threads = 2;
    const ProblemFitResult rest = fit_problem(problem, options, "this problem");
    EXPECT_EQ(rest.report.steps, 150);
    EXPECT_EQ(rest.field.networks[0].parameters, whole) << "interrupted at " << at;
    EXPECT_THAT(refusal([&] { fit_problem(problem, options, "another"); }), HasSubstr("its problem is this problem"));
    options.recipe.focus = 0.2;
    EXPECT_THAT(refusal([&] { fit_problem(problem, options, "this problem"); }), HasSubstr("its focus is 0.3"));
  }
}

TEST(ProblemFit, time_plans_the_steps_and_the_same_steps_repeat_the_run) {
  const Problem problem = problem_from_text(decay, "test");
  ProblemFitOptions options = options_for(problem);
  options.seconds = 1.5;
  options.started = std::chrono::steady_clock::now();
  const ProblemFitResult timed = fit_problem(problem, options);
  EXPECT_EQ(timed.report.stopped_by, StoppedBy::seconds);
  EXPECT_GT(timed.report.steps, 100);
  EXPECT_GT(timed.report.seconds, 0.5 * *options.seconds);
  // As far as it came: a machine that becomes slower ends it before the plan does.
  ProblemFitOptions repeated = options_for(problem, timed.report.horizon);
  std::stop_source source;
  repeated.stop = source.get_token();
  repeated.on_progress = [&](const ProblemFitProgress& p) {
    if (p.step == timed.report.steps) source.request_stop();
  };
  const ProblemFitResult again = fit_problem(problem, repeated);
  EXPECT_EQ(again.field.networks[0].parameters, timed.field.networks[0].parameters);
}

TEST(ProblemFit, one_network_may_go_on_from_another) {
  const Problem problem = problem_from_text(decay, "test");
  ProblemFitOptions options = options_for(problem, 20);
  options.init = fit_problem(problem, options).field.networks[0];
  EXPECT_NE(fit_problem(problem, options).field.networks[0].parameters, options.init->parameters);
  options.recipe.width = 17;
  EXPECT_THAT(refusal([&] { fit_problem(problem, options); }), HasSubstr("another shape"));
}

TEST(ProblemFit, lbfgs_takes_the_same_points_in_every_step) {
  const Problem problem = problem_from_text(poisson, "test", {}, {}, "train");
  ProblemFitOptions options = options_for(problem, 60);
  options.recipe.optimizer = OptimizerKind::lbfgs;
  options.recipe.width = 16;
  options.recipe.points = 256;
  std::vector<double> losses;
  options.on_progress = [&](const ProblemFitProgress& p) { losses.push_back(p.loss); };
  fit_problem(problem, options);
  EXPECT_TRUE(std::ranges::is_sorted(losses, std::greater<>())) << "every step is one down";
  options.recipe.focus = 0.5;
  EXPECT_THAT(refusal([&] { fit_problem(problem, options); }), HasSubstr("lbfgs keeps its points"));
}

TEST(ProblemFit, options_out_of_range_are_refused_and_divergences_say_whose) {
  const Problem problem = problem_from_text(decay, "test");
  const auto refused = [&](const auto& change) {
    ProblemFitOptions options = options_for(problem, 30);
    change(options);
    return refusal([&] { fit_problem(problem, options); });
  };
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.lr = 0; }), HasSubstr("lr 0"));
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.width = 0; }), HasSubstr("width"));
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.points = 0; }), HasSubstr("0 points"));
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.schedule = Schedule::restarts; }), HasSubstr("restarts"));
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.stages[0].weights["no"] = 1; }), HasSubstr("'no'"));
  EXPECT_THAT(refused([](ProblemFitOptions& o) { o.recipe.stages[0].until = 2; }), HasSubstr("until 2"));
  std::string text = decay;
  text.replace(text.find("diff(u, t) + u"), 14, "diff(u, t) + log(x)");
  const Problem bad = problem_from_text(text, "test");
  try {
    fit_problem(bad, options_for(bad, 30));
    ADD_FAILURE() << "a logarithm of negative numbers has been trained";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::failure);
    EXPECT_THAT(error.what(), HasSubstr("the residual of term 'equation' is not finite"));
  }
}

TEST(ProblemFit, explains_plans_points_and_cost) {
  const Problem problem = problem_from_text(poisson, "test", {}, {}, "original");
  const std::vector<std::string> lines = explain_training(problem, options_for(problem));
  EXPECT_THAT(lines[0], HasSubstr("term equation: 42320 points a step, penalty l2"));
  EXPECT_THAT(lines[1], HasSubstr("1 operator: 4 F for each point"));
  EXPECT_THAT(lines.back(), HasSubstr("recipe original: 50000 steps in 1 stage, adam, lr 2e-05"));
}

TEST(TermPool, points_are_of_the_place_and_the_time_and_those_of_large_residuals_stay) {
  const Problem problem = problem_from_text(decay, "test");
  const std::vector<AxisMap> axes = problem_axes(problem);
  train::TermPool pool(problem, problem.terms()[0], axes, 10, 40, 5);
  pool.draw(0, 0.5, 0.25);
  EXPECT_NEAR(static_cast<double>(pool.points().count), 400, 40);
  const auto times = [&] {
    std::vector<float> all;
    for (std::size_t k = 1; k < pool.points().coordinates.size(); k += 2) all.push_back(pool.points().coordinates[k]);
    return all;
  };
  EXPECT_THAT(times(), Each(Le(0.5F)));  // a quarter of 2
  // The residual is large where the time is.
  for (std::size_t p = 0; p < pool.residuals().size(); ++p) pool.residuals()[p] = times()[p] > 0.4F ? 9 : 0.1F;
  std::vector<float> wanted = times();
  std::erase_if(wanted, [](float t) { return t <= 0.4F; });
  pool.draw(1, 0.5, 0.25);
  const std::vector<float> after = times();
  EXPECT_TRUE(std::ranges::includes(std::multiset<float>(after.begin(), after.end()),
                                    std::multiset<float>(wanted.begin(), wanted.end())));
  pool.draw(2, 0, 1);
  EXPECT_GT(std::ranges::max(times()), 1.9F);
  // Every point once before any a second time.
  std::multiset<std::int64_t> seen;
  for (std::int64_t step = 0; step < pool.points().count / 10; ++step)
    for (const std::int64_t i : pool.pick(step)) seen.insert(i);
  for (const std::int64_t i : seen) EXPECT_EQ(seen.count(i), 1U);
}

TEST(Recipes, of_problem_files_change_the_terms_that_they_name) {
  const std::string text = std::string(poisson) + R"toml(
[recipes.mine]
lr = 2e-3
balance = "none"
[recipes.mine.terms.border]
weight = 9
penalty = "l1"
[recipes.mine.terms.more]
residual = "u"
at = {}
[recipes.original]
steps = 7
)toml";
  const Problem plain = problem_from_text(text, "test"), mine = problem_from_text(text, "test", {}, {}, "mine"),
                original = problem_from_text(text, "test", {}, {}, "original");
  EXPECT_FALSE(plain.training);
  EXPECT_EQ(plain.terms().size(), 2U);
  ASSERT_TRUE(mine.training);
  EXPECT_EQ(mine.training->lr, 2e-3);
  EXPECT_EQ(mine.training->balance, Balance::none);
  ASSERT_EQ(mine.terms().size(), 3U);
  EXPECT_EQ(mine.terms()[1].weight, 9);
  EXPECT_EQ(mine.terms()[1].penalty.kind, Penalty::Kind::absolute);
  EXPECT_EQ(original.training->steps, 7);
  EXPECT_EQ(original.training->width, 256);
  EXPECT_THAT(refusal([&] { solve(mine); }), HasSubstr("term 'border' has penalty l1"));
}

TEST(Recipes, mistakes_in_them_point_at_their_place) {
  const auto refused = [](const std::string& more, std::string_view recipe = {}) {
    return refusal([&] { problem_from_text(std::string(poisson) + more, "t", {}, {}, recipe); });
  };
  EXPECT_EQ(refused("", "nothing"), "t: there is no recipe 'nothing'");
  EXPECT_THAT(refused("[recipes.a]\nspeed = 1\n"), HasSubstr("line 17, column 1: 'speed' is not known in recipe 'a'"));
  EXPECT_THAT(refused("[recipes.a]\nlr = -1\n"), HasSubstr("line 17, column 6: lr = -1, expected a number above 0"));
  EXPECT_THAT(refused("[recipes.a]\noptimizer = \"sgd\"\n"), HasSubstr("line 17, column 13: there is no optimizer"));
  EXPECT_THAT(refused("[recipes.a]\nfocus = 1\n"), HasSubstr("focus is a share"));
  EXPECT_THAT(refused("[recipes.a]\nstages = []\n"), HasSubstr("stages are a list"));
  EXPECT_THAT(refused("[recipes.a]\nstages = [{ lr = 1 }]\n"), HasSubstr("a stage without `steps`"));
  EXPECT_THAT(refused("[recipes.a]\nstages = [{ steps = 1, until = 1 }]\n"), HasSubstr("a problem without time"));
  EXPECT_THAT(refused("[recipes.a]\nstages = [{ steps = 1, weights = { no = 1 } }]\n", "a"),
              HasSubstr("there is no term 'no' to weigh"));
  EXPECT_THAT(refused("[recipes.a.terms.border]\nweihgt = 1\n"), HasSubstr("'weihgt' is not known in a term"));
  EXPECT_THAT(refused("[recipes.exact]\nlr = 1\n"), HasSubstr("'lr' is not known in recipe 'exact'"));
  EXPECT_THAT(refused("[terms.third]\nresidual = \"u\"\npenalty = \"l3\"\n"), HasSubstr("a penalty is \"l2\""));
}

}  // namespace
}  // namespace sinefield
