// Expressions over coordinates, unknown fields and their derivatives: what residuals of equations, given fields and
// what is shown of a solution are written in, from C++ or from text. An expression is a node of a graph of operations;
// the same operation on the same operands is the same node. Differentiation is symbolic and total: d/dx of a(x) u_x is
// a_x u_x + a u_xx. Second order of an unknown field is the top.
// Left out: evaluation (src/calculus/tape.h), and complex numbers, which are pairs of expressions.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sinefield {

/// What a node does. Comparisons give 1 or 0; a condition holds where it is not 0.
enum class Operation : std::uint8_t {
  constant,    ///< a number
  coordinate,  ///< coordinate number `index`
  normal,      ///< component `index` of the outward normal: at points of a boundary only
  stream,      ///< an unknown field or a derivative of it, see Stream
  given,       ///< a given field or a derivative of it, see GivenValue
  column,      ///< number `index` of those that come with each point: at points that are given only
  add,
  subtract,
  multiply,
  divide,
  negate,
  reciprocal,  ///< 1 / a, and 0 where a is 0: what derivatives of square roots are made of
  sqrt,
  exp,
  log,
  sin,
  cos,
  tanh,
  asin,
  acos,
  atan,
  atan2,
  abs,
  sign,
  floor,
  min,
  max,
  less,
  less_equal,
  equal,
  where,  ///< the second operand where the first is not 0, else the third
};

/// A derivative of an unknown field: sum over its terms of a d_i d_j, or d_i, or the field itself where there is none.
struct Derivative {
  struct Term {
    int i, j;  ///< coordinates, i <= j; j = -1 for a first derivative
    double a;

    bool operator==(const Term&) const = default;
  };
  std::vector<Term> terms;  ///< all of one order; increasing in (i, j)

  int order() const { return terms.empty() ? 0 : terms.front().j < 0 ? 1 : 2; }
  bool operator==(const Derivative&) const = default;
};

/// Channel `channel` of the unknown fields under a derivative of order 0, 1 (one term, a = 1) or 2.
struct Stream {
  int channel;
  Derivative derivative;

  bool operator==(const Stream&) const = default;
};

class GivenField;

/// A component of a given field under a derivative: of order orders[k] along the k-th coordinate that the field spans.
struct GivenValue {
  int field, component;
  std::array<int, 3> orders = {};

  bool operator==(const GivenValue&) const = default;
};

/// A given field of a graph: along its axes run these coordinates.
struct GivenSource {
  std::string name;
  std::shared_ptr<const GivenField> field;
  std::vector<int> coordinates;
  int degree = 3;  ///< of its spline: what the highest derivative that was asked for needs, one for all of them
};

/// A coordinate of a graph. Gradient, divergence and Laplacian act on those of space.
struct Coordinate {
  std::string name;
  bool time = false;
};

/// How an expression depends on the unknown fields.
enum class Dependence : std::uint8_t { none, affine, nonlinear };

class ExpressionGraph;

/// A handle, cheap to copy. Operands must be of one graph; numbers mix in freely. Every operation throws bad_input
/// where it has no meaning: a division by the constant 0, a derivative above second order, operands of two graphs.
class Expression {
 public:
  Expression(std::shared_ptr<ExpressionGraph> graph, std::int32_t node) : graph_(std::move(graph)), node_(node) {}

  const std::shared_ptr<ExpressionGraph>& graph() const { return graph_; }
  std::int32_t node() const { return node_; }

 private:
  std::shared_ptr<ExpressionGraph> graph_;
  std::int32_t node_;
};

/// Where expressions begin: coordinates in their order, and channels of the unknown fields, a real number each. Nodes
/// are numbered in the order of their making, operands before what is made of them; there are at most half a million,
/// so that derivatives of derivatives of derivatives end with bad_input before the memory does.
class ExpressionGraph : public std::enable_shared_from_this<ExpressionGraph> {
 public:
  struct Node {
    Operation operation = Operation::constant;
    std::int32_t operands[3] = {-1, -1, -1};
    /// Of a coordinate, of a component of the normal, of a stream in `streams()`, of a value in `given_values()`, of a
    /// column.
    std::int32_t index = 0;
    double number = 0;  ///< of a constant
  };

  static std::shared_ptr<ExpressionGraph> make();
  ~ExpressionGraph();

  /// At most 255 coordinates; all of them before the first divergence or Laplacian.
  Expression add_coordinate(Coordinate);
  Expression add_channel(std::string name);

  Expression constant(double);
  Expression coordinate(int index);
  Expression normal(int component);
  Expression channel(int index);
  /// The components of a field whose k-th axis is coordinate coordinates[k]: each other, as many as it has axes.
  std::vector<Expression> add_given(std::string name, std::shared_ptr<const GivenField>, std::vector<int> coordinates);
  /// Of points that are given, the number behind the coordinates: see GivenPoints in problem.h.
  Expression column(int index);

  const std::vector<Coordinate>& coordinates() const;
  const std::vector<std::string>& channels() const;
  std::span<const Node> nodes() const;
  std::span<const Stream> streams() const;
  std::span<const GivenValue> given_values() const;
  std::span<const GivenSource> given_sources() const;

  /// An operation on nodes of this graph, simplified where constants allow it.
  std::int32_t apply(Operation, std::int32_t a, std::int32_t b = -1, std::int32_t c = -1);
  std::int32_t constant_node(double);
  std::int32_t stream_node(const Stream&);
  /// Throws bad_input for derivatives above GivenField::highest_order.
  std::int32_t given_node(const GivenValue&);
  /// The total derivative of a node along a coordinate.
  std::int32_t derivative_node(std::int32_t node, int axis);

  /// Whether a node is the constant 0.
  bool is_zero(std::int32_t node) const;
  Dependence dependence(std::int32_t node) const;
  bool reads_normal(std::int32_t node) const;

 private:
  ExpressionGraph();
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

Expression operator+(const Expression&, const Expression&);
Expression operator-(const Expression&, const Expression&);
Expression operator*(const Expression&, const Expression&);
Expression operator/(const Expression&, const Expression&);
Expression operator-(const Expression&);
Expression operator+(const Expression&, double);
Expression operator+(double, const Expression&);
Expression operator-(const Expression&, double);
Expression operator-(double, const Expression&);
Expression operator*(const Expression&, double);
Expression operator*(double, const Expression&);
Expression operator/(const Expression&, double);
Expression operator/(double, const Expression&);
/// 1 or 0.
Expression operator<(const Expression&, const Expression&);
Expression operator<=(const Expression&, const Expression&);
Expression operator>(const Expression&, const Expression&);
Expression operator>=(const Expression&, const Expression&);
Expression operator<(const Expression&, double);
Expression operator>(const Expression&, double);

Expression sqrt(const Expression&);
Expression exp(const Expression&);
Expression log(const Expression&);
Expression sin(const Expression&);
Expression cos(const Expression&);
Expression tan(const Expression&);
Expression sinh(const Expression&);
Expression cosh(const Expression&);
Expression tanh(const Expression&);
Expression asin(const Expression&);
Expression acos(const Expression&);
Expression atan(const Expression&);
Expression atan2(const Expression& y, const Expression& x);
Expression abs(const Expression&);
Expression sign(const Expression&);
Expression floor(const Expression&);
Expression min(const Expression&, const Expression&);
Expression max(const Expression&, const Expression&);
/// Of any base to a constant exponent that is whole, to 64 by products, and to 1/2; of others exp(exponent log(base)),
/// for bases above 0.
Expression pow(const Expression& base, const Expression& exponent);
Expression pow(const Expression& base, double exponent);
/// `yes` where the condition is not 0, else `no`; derivatives are those of the branch.
Expression where(const Expression& condition, const Expression& yes, const Expression& no);

/// d/dx along a coordinate, which must be one: total, of any expression.
Expression diff(const Expression&, const Expression& coordinate);
/// Over the space coordinates, in their order.
std::vector<Expression> grad(const Expression&);
Expression div(std::span<const Expression>);
/// Of an unknown field itself it is one stream of the engine.
Expression laplacian(const Expression&);
Expression dot(std::span<const Expression>, std::span<const Expression>);
/// sqrt(sum of squares); its derivative where it vanishes is taken as 0.
Expression norm(std::span<const Expression>);

/// How an expression depends on the unknown fields, by the operations in it: u - u is 0 and so is none, u * u / u is
/// nonlinear.
Dependence dependence(const Expression&);
/// Whether the normal stands in it.
bool reads_normal(const Expression&);
/// Columns that stand in it: one more than the largest number of one, 0 where there is none.
int columns_read(const Expression&);

/// Nodes that the roots are made of, increasing: operands before what is made of them.
std::vector<std::int32_t> reachable(const ExpressionGraph&, std::span<const std::int32_t> roots);

/// As one would write it, fully in brackets: for messages and tests.
std::string to_text(const Expression&);

}  // namespace sinefield
