// Problems in time that are not linear, solved slab by slab, against closed forms of waves and fronts; what goes on
// from one slab to the next, the bits over threads, and what is refused.
// SPDX-License-Identifier: MIT
#include "train/time_slabs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <string>
#include <vector>

#include "refusal.h"
#include "sinefield/model_file.h"
#include "sinefield/problem_file.h"
#include "sinefield/solve.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

/// u_t = u_xx + 2 (u - u^3), whose fronts tanh(x) stand; one that moves has a source beside it.
const std::string front = R"toml(
coordinates = { x = [-3, 3], t = { time = [0, 1] } }
unknowns = { u = "real" }
definitions = { wanted = "tanh(x - 0.7*t)" }
terms.equation = { residual = "diff(u, t) - diff(u, x, x) - 2*(u - u^3) + 0.7*(1 - wanted^2)" }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
terms.start = { residual = "u - wanted", at = { t = 0 } }
exact = { u = "wanted" }
features = { slabs = 4 }
)toml";

/// u_tt = u_xx - sin(u): the kink of sine-Gordon's equation, which goes on by u and u_t.
const std::string kink = R"toml(
coordinates = { x = [-4, 4], t = { time = [1, 3] } }
unknowns = { u = "real" }
definitions = { wanted = "4*atan(exp((x - 0.5*t) / sqrt(0.75)))" }
terms.equation = { residual = "diff(u, t, t) - diff(u, x, x) + sin(u)" }
terms.ends = { residual = "u - wanted", region = "boundary(domain)" }
terms.start = { residual = "[u - wanted, diff(u, t) - diff(wanted, t)]", at = { t = 1 } }
exact = { u = "wanted" }
features = { slabs = 4 }
)toml";

SolveResult solved(const std::string& text, const SolveOptions& options = {}) {
  const SolveResult result = solve(problem_from_text(text, "test"), options);
  std::cout << result.report.features << " features in " << result.report.slabs << " slabs: residual "
            << result.report.residual << ", error " << result.report.errors.at(0).relative_l2 << "\n";
  return result;
}

double value_at(const Field& field, double x, double t) {
  const std::vector<double> at = {x, t};
  return query<double>(field, {at.data(), 1, 2}, Order::value).value[0];
}

TEST(TimeSlabs, a_front_to_its_closed_form) {
  const SolveResult result = solved(front);
  EXPECT_EQ(result.report.slabs, 4);
  std::vector<std::string> names;
  for (const TermResidual& term : result.report.terms) {
    names.push_back(term.name);
    EXPECT_LT(term.residual, 1e-3) << term.name;
  }
  EXPECT_THAT(names, testing::ElementsAre("equation", "ends", "start", "continuity"));
  EXPECT_LT(result.report.errors[0].relative_l2, 1e-5);
  EXPECT_LT(result.report.errors[0].largest, 1e-4);
}

TEST(TimeSlabs, what_is_of_second_order_in_time_goes_on_with_its_speed) {
  EXPECT_LT(solved(kink).report.errors[0].relative_l2, 1e-5);
}

TEST(TimeSlabs, fields_go_on_at_the_borders) {
  const Field field = solved(front).field;
  double largest = 0;
  for (const double t : {0.25, 0.5, 0.75})
    for (double x = -3; x <= 3; x += 0.05)
      largest = std::max(largest, std::abs(value_at(field, x, t) - value_at(field, x, std::nextafter(t, 0))));
  EXPECT_GT(largest, 0);  // they are fields of their own
  EXPECT_LT(largest, 1e-4);
  // Beside the time of the problem the first and the last one go on, so that its very end has a value.
  EXPECT_NEAR(value_at(field, 0.4, 1), std::tanh(0.4 - 0.7), 1e-4);
  EXPECT_NE(value_at(field, 0.4, 1.01), 0);
  EXPECT_NE(value_at(field, 0.4, -0.01), 0);
}

TEST(TimeSlabs, progress_says_which_one_it_is_of) {
  std::vector<double> ends;
  solve(problem_from_text(front, "test"), {.most_features = 250}, [&](const SolveProgress& p) {
    ASSERT_TRUE(p.until);
    if (ends.empty() || ends.back() != *p.until) ends.push_back(*p.until);
  });
  EXPECT_THAT(ends, testing::ElementsAre(0.25, 0.5, 0.75, 1));
}

TEST(TimeSlabs, threads_do_not_change_a_bit) {
  const auto bytes = [](int threads) {
    const SolveOptions options{.most_features = 250, .compute = {.threads = threads}};
    return model_bytes(solve(problem_from_text(front, "test"), options).field);
  };
  EXPECT_EQ(bytes(1), bytes(3));
}

TEST(TimeSlabs, are_taken_where_all_at_once_does_not_come_out) {
  // Steep growth to 1, of which Newton's method from 0 finds nothing over the whole time.
  std::string text = R"toml(
coordinates = { x = [0, 1], t = { time = [0, 6] } }
unknowns = { u = "real" }
definitions = { wanted = "1 / (1 + exp(3 - 4*t))" }
terms.equation = { residual = "diff(u, t) - 0.1*diff(u, x, x) - 4*u*(1 - u)" }
terms.ends = { residual = "diff(u, x)", region = "boundary(domain)" }
terms.start = { residual = "u - wanted", at = { t = 0 } }
exact = { u = "wanted" }
features = { slabs = 1 }
)toml";
  const SolveOptions few{.most_features = 500};
  std::string whole = text;
  EXPECT_EQ(solved(whole, few).report.slabs, 1);
  text.erase(text.find("features"));
  const SolveResult result = solved(text, few);
  EXPECT_GE(result.report.slabs, 8);
  EXPECT_LT(result.report.errors[0].relative_l2, 1e-4);
}

TEST(TimeSlabs, are_explained) {
  const std::vector<std::string> lines = explain(problem_from_text(front, "test"), {});
  EXPECT_THAT(lines.back(), HasSubstr("4 slabs of the time"));
}

TEST(TimeSlabs, are_of_problems_that_begin_at_a_time) {
  const auto refused = [](std::string text, const std::string& part, const std::string& other) {
    text.replace(text.find(part), part.size(), other);
    return refusal([&] { solve(problem_from_text(text, "test"), {.most_features = 250}); });
  };
  const std::string words = "slabs of a problem that does not begin at the low end of a time";
  EXPECT_THAT(refused(front, "at = { t = 0 }", "at = { t = 1 }"), HasSubstr(words));
  EXPECT_THAT(refused(front, ", at = { t = 0 }", ""), HasSubstr(words));
  EXPECT_THAT(refusal([] {
                solve(problem_from_text(R"toml(
coordinates = { x = [0, 1] }
unknowns = { u = "real" }
terms.equation = { residual = "diff(u, x, x) + u^3 - 1" }
features = { slabs = 2 }
)toml",
                                        "test"));
              }),
              HasSubstr(words));
}

TEST(TimeSlabs, continue_what_the_terms_at_the_beginning_read) {
  Problem p;
  const Expression x = p.space("x", 0, 1), t = p.time("t", 0, 2), u = p.unknown("u"), v = p.unknown("v"),
                   w = p.unknown("w");
  p.add("u", diff(diff(u, t), t) - diff(v, x) + w);
  p.add("start", u - x, p.at_time(0));
  p.add("speed", diff(u, t) + v * v, p.at_time(0));
  const auto evolution = train::evolution_of(p);
  ASSERT_TRUE(evolution);
  EXPECT_EQ(evolution->axis, 1);
  std::vector<std::string> continued;
  for (const Expression& e : evolution->continued) continued.push_back(to_text(e));
  EXPECT_THAT(continued, testing::ElementsAre("u", "diff(u, t)", "v"));

  const Problem first = train::slab_problem(p, *evolution, 0, 0.5), second = train::slab_problem(p, *evolution, 0.5, 2);
  EXPECT_EQ(first.terms().size(), 3U);
  EXPECT_EQ(first.coordinates()[1].high, 0.5);
  ASSERT_EQ(second.terms().size(), 2U);
  EXPECT_EQ(second.terms().back().name, "continuity at t = 0.5");
  EXPECT_EQ(second.terms().back().residual.size(), 3U);
  EXPECT_EQ(second.coordinates()[1].low, 0.5);
  EXPECT_EQ(p.terms().size(), 3U);

  p.add("end", u, p.at_time(2));
  EXPECT_FALSE(train::evolution_of(p));
}

TEST(TimeSlabs, are_parts_of_the_time) {
  Problem p;
  const Expression x = p.space("x", 0, 1), t = p.time("t", 0, 2), u = p.unknown("u");
  p.add("equation", diff(u, t) - x);
  EXPECT_THAT(refusal([&] { p.during(1, 1); }), HasSubstr("t from 1 to 1, which is no part of 0 to 2"));
  EXPECT_THAT(refusal([&] { p.during(1, 3); }), HasSubstr("t from 1 to 3"));
  Problem still;
  still.space("x", 0, 1);
  EXPECT_THAT(refusal([&] { still.during(0, 1); }), HasSubstr("a problem without time"));
}

}  // namespace
}  // namespace sinefield
