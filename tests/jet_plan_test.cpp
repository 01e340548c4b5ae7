// The planner: which streams an order carries, by which passes, and at what count.
// SPDX-License-Identifier: MIT
#include "engine/jet_plan.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace sinefield::engine {
namespace {

TEST(JetPlan, a_value_is_one_stream_and_one_pass) {
  const JetPlan plan = value_plan();
  EXPECT_EQ(plan.passes, Passes::jet);
  EXPECT_EQ(plan.streams(), 1);
  for (const int outputs : {1, 3, 17}) EXPECT_EQ(plan.forward_passes(outputs), 1);
}

TEST(JetPlan, a_gradient_takes_the_cheaper_passes) {
  struct Choice {
    int inputs, outputs;
    Passes passes;
    int cost;
  };
  for (const Choice& choice :
       {Choice{2, 1, Passes::reverse, 2}, Choice{2, 3, Passes::jet, 3}, Choice{3, 1, Passes::reverse, 2},
        Choice{3, 2, Passes::reverse, 3}, Choice{4, 17, Passes::jet, 5}, Choice{33, 1, Passes::reverse, 2}}) {
    SCOPED_TRACE(testing::Message() << choice.inputs << " to " << choice.outputs);
    const JetPlan plan = gradient_plan({.inputs = choice.inputs, .outputs = choice.outputs});
    EXPECT_EQ(plan.passes, choice.passes);
    EXPECT_EQ(plan.forward_passes(choice.outputs), choice.cost);
  }
}

TEST(JetPlan, ties_go_to_the_jet) {
  for (const int n : {1, 2, 3, 4}) {
    EXPECT_EQ(gradient_plan({.inputs = n, .outputs = n}).passes, Passes::jet);
    EXPECT_EQ(gradient_plan({.inputs = n, .outputs = n}).forward_passes(n), 1 + n);
  }
}

TEST(JetPlan, no_gradient_costs_more_than_the_passes_not_taken) {
  for (int inputs = 1; inputs <= 8; ++inputs)
    for (int outputs = 1; outputs <= 8; ++outputs) {
      const JetPlan plan = gradient_plan({.inputs = inputs, .outputs = outputs});
      EXPECT_EQ(plan.forward_passes(outputs), 1 + std::min(inputs, outputs)) << inputs << " to " << outputs;
      EXPECT_EQ(plan.first, inputs);
      EXPECT_EQ(plan.streams(), 1 + inputs);
      EXPECT_TRUE(plan.second.empty());
    }
}

TEST(JetPlan, a_laplacian_is_one_operator_beside_value_and_gradient) {
  const std::vector<double> weights = {1, 4, 0.25};
  const JetPlan plan = laplacian_plan(weights);
  EXPECT_EQ(plan.passes, Passes::jet);
  EXPECT_EQ(plan.first, 3);
  EXPECT_EQ(plan.streams(), 5);
  for (const int outputs : {1, 3}) EXPECT_EQ(plan.forward_passes(outputs), 2 + 3);
  ASSERT_EQ(plan.second.size(), 1U);
  const std::vector<SecondOrder::Term>& terms = plan.second[0].terms;
  ASSERT_EQ(terms.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(terms[i].i, static_cast<int>(i));
    EXPECT_EQ(terms[i].j, static_cast<int>(i));
    EXPECT_EQ(terms[i].a, weights[i]);
  }
}

TEST(JetPlan, a_hessian_has_one_operator_for_each_pair_of_axes) {
  for (const int inputs : {1, 2, 3, 4}) {
    const JetPlan plan = hessian_plan(inputs);
    EXPECT_EQ(plan.passes, Passes::jet);
    EXPECT_EQ(plan.first, inputs);
    const int pairs = inputs * (inputs + 1) / 2;
    EXPECT_EQ(plan.streams(), 1 + inputs + pairs);
    EXPECT_EQ(plan.forward_passes(2), 1 + inputs + pairs);
    std::vector<std::pair<int, int>> expected, seen;
    for (int i = 0; i < inputs; ++i)
      for (int j = i; j < inputs; ++j) expected.emplace_back(i, j);
    for (const SecondOrder& operation : plan.second) {
      ASSERT_EQ(operation.terms.size(), 1U);
      EXPECT_EQ(operation.terms[0].a, 1);
      seen.emplace_back(operation.terms[0].i, operation.terms[0].j);
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST(JetPlan, words_name_passes_streams_and_cost) {
  const std::string reverse = gradient_plan({.inputs = 3, .outputs = 1}).words(1);
  EXPECT_EQ(reverse.rfind("reverse: value, 3 first derivatives", 0), 0U) << reverse;
  EXPECT_NE(reverse.find(": 2 F"), std::string::npos) << reverse;
  const std::string jet = laplacian_plan(std::vector<double>{1, 1}).words(3);
  EXPECT_EQ(jet.rfind("jet: value, 2 first derivatives, 1 operator", 0), 0U) << jet;
  EXPECT_NE(jet.find(": 4 F"), std::string::npos) << jet;
}

}  // namespace
}  // namespace sinefield::engine
