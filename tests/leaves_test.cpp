// Which of the numbers that come with a point an expression reads.
// SPDX-License-Identifier: MIT
#include "calculus/leaves.h"

#include <gtest/gtest.h>

#include <memory>

#include "sinefield/given_field.h"
#include "sinefield/problem.h"

namespace sinefield {
namespace {

using calculus::reads_coordinate;

TEST(Leaves, a_coordinate_is_read_where_it_stands_and_where_a_given_field_spans_it) {
  Problem p;
  const Expression x = p.space("x", 0, 1), t = p.time("t", 0, 2), u = p.unknown("u");
  const auto samples =
      std::make_shared<const GivenField>(std::vector<GivenAxis>{{4, 0, 2}}, 1, std::vector<double>{1, 2, 4, 8});
  const Expression front = p.given("front", samples, {t})[0];
  EXPECT_TRUE(reads_coordinate(x + 1, 0));
  EXPECT_FALSE(reads_coordinate(x + 1, 1));
  EXPECT_TRUE(reads_coordinate(sin(t) * x, 1));
  EXPECT_TRUE(reads_coordinate(front < x, 1));
  EXPECT_FALSE(reads_coordinate(front, 0));
  EXPECT_TRUE(reads_coordinate(diff(front, t), 1));
  EXPECT_FALSE(reads_coordinate(diff(u, t), 1)) << "of an unknown field it is not known";
  EXPECT_FALSE(reads_coordinate(p.graph()->constant(3), 0));
}

}  // namespace
}  // namespace sinefield
