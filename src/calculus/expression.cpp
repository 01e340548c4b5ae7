// The graph: nodes made once, constants folded. Every pass over it is a loop over node numbers, never a recursion, so
// that the depth of an expression is of no matter.
// SPDX-License-Identifier: MIT
#include "sinefield/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "calculus/operations.h"
#include "sinefield/complex_expression.h"
#include "sinefield/error.h"
#include "sinefield/given_field.h"

namespace sinefield {
namespace {

using Node = ExpressionGraph::Node;

struct Hash {
  std::size_t operator()(const Node& n) const {
    std::uint64_t h = static_cast<std::uint64_t>(n.operation) + 1;
    const auto mix = [&](std::uint64_t word) { h = (h ^ word) * 0x9e3779b97f4a7c15U + (h >> 29); };
    for (const std::int32_t operand : n.operands) mix(static_cast<std::uint64_t>(operand));
    mix(static_cast<std::uint64_t>(n.index));
    mix(std::bit_cast<std::uint64_t>(n.number));
    return h;
  }
};

struct Same {
  bool operator()(const Node& a, const Node& b) const {
    return a.operation == b.operation && std::ranges::equal(a.operands, b.operands) && a.index == b.index &&
           std::bit_cast<std::uint64_t>(a.number) == std::bit_cast<std::uint64_t>(b.number);
  }
};

/// x^n for n >= 1 by squaring.
std::int32_t whole_power(ExpressionGraph& graph, std::int32_t base, int exponent) {
  std::optional<std::int32_t> product;
  for (std::int32_t square = base;; square = graph.apply(Operation::multiply, square, square)) {
    if (exponent % 2 == 1) product = product ? graph.apply(Operation::multiply, *product, square) : square;
    exponent /= 2;
    if (exponent == 0) return *product;
  }
}

}  // namespace

struct ExpressionGraph::Implementation {
  struct Traits {
    Dependence dependence;
    bool reads_normal;
  };

  std::vector<Coordinate> coordinates;
  std::vector<std::string> channels;
  std::vector<Node> nodes;
  std::vector<Traits> traits;  // of each node
  std::vector<Stream> streams;
  std::vector<GivenSource> given_sources;
  std::vector<GivenValue> given_values;
  std::unordered_map<Node, std::int32_t, Hash, Same> numbers;
  std::unordered_map<std::uint64_t, std::int32_t> derivatives;  // of node and coordinate

  Traits traits_of(const Node& n) const {
    const auto of = [&](int k) {
      return n.operands[k] < 0 ? Traits{Dependence::none, false} : traits[static_cast<std::size_t>(n.operands[k])];
    };
    const Traits a = of(0), b = of(1), c = of(2);
    const Dependence most = std::max({a.dependence, b.dependence, c.dependence});
    const bool normal = n.operation == Operation::normal || a.reads_normal || b.reads_normal || c.reads_normal;
    bool affine = false;  // if its operands are
    switch (n.operation) {
      case Operation::stream:
        return {Dependence::affine, normal};
      case Operation::add:
      case Operation::subtract:
      case Operation::negate:
        affine = true;
        break;
      case Operation::multiply:
        affine = std::min(a.dependence, b.dependence) == Dependence::none;
        break;
      case Operation::divide:
        affine = b.dependence == Dependence::none;
        break;
      case Operation::where:
        affine = a.dependence == Dependence::none;
        break;
      default:
        break;
    }
    return {affine || most == Dependence::none ? most : Dependence::nonlinear, normal};
  }

  /// The number of a node, made where it is not there yet.
  std::int32_t intern(const Node& node) {
    const auto [at, fresh] = numbers.try_emplace(node, static_cast<std::int32_t>(nodes.size()));
    if (!fresh) return at->second;
    constexpr std::size_t most = 500'000;
    if (nodes.size() == most) {
      numbers.erase(at);
      throw bad_input(fmt::format("expressions of more than {} operations", most),
                      "fewer derivatives of one another, or unknown fields for some of them");
    }
    traits.push_back(traits_of(node));
    nodes.push_back(node);
    return at->second;
  }
};

std::shared_ptr<ExpressionGraph> ExpressionGraph::make() {
  return std::shared_ptr<ExpressionGraph>(new ExpressionGraph());
}

ExpressionGraph::ExpressionGraph() : implementation_(std::make_unique<Implementation>()) {}

ExpressionGraph::~ExpressionGraph() = default;

const std::vector<Coordinate>& ExpressionGraph::coordinates() const { return implementation_->coordinates; }
const std::vector<std::string>& ExpressionGraph::channels() const { return implementation_->channels; }
std::span<const Node> ExpressionGraph::nodes() const { return implementation_->nodes; }
std::span<const Stream> ExpressionGraph::streams() const { return implementation_->streams; }
std::span<const GivenValue> ExpressionGraph::given_values() const { return implementation_->given_values; }
std::span<const GivenSource> ExpressionGraph::given_sources() const { return implementation_->given_sources; }

std::int32_t ExpressionGraph::constant_node(double number) {
  Node node;
  node.number = number == 0 ? 0 : number;  // -0 and 0 are one
  return implementation_->intern(node);
}

std::int32_t ExpressionGraph::stream_node(const Stream& stream) {
  std::vector<Stream>& streams = implementation_->streams;
  const auto at = std::ranges::find(streams, stream) - streams.begin();
  if (at == std::ssize(streams)) streams.push_back(stream);
  Node node;
  node.operation = Operation::stream;
  node.index = static_cast<std::int32_t>(at);
  return implementation_->intern(node);
}

std::int32_t ExpressionGraph::given_node(const GivenValue& value) {
  GivenSource& source = implementation_->given_sources[static_cast<std::size_t>(value.field)];
  const int highest = std::ranges::max(value.orders);
  if (highest > GivenField::highest_order)
    throw bad_input(
        fmt::format("a derivative of order {} of the given field '{}' along one coordinate", highest, source.name),
        fmt::format("its spline has {}", GivenField::highest_order));
  source.degree = std::max(source.degree, GivenField::degree_for(highest));
  std::vector<GivenValue>& values = implementation_->given_values;
  const auto at = std::ranges::find(values, value) - values.begin();
  if (at == std::ssize(values)) values.push_back(value);
  Node node;
  node.operation = Operation::given;
  node.index = static_cast<std::int32_t>(at);
  return implementation_->intern(node);
}

std::vector<Expression> ExpressionGraph::add_given(std::string name, std::shared_ptr<const GivenField> field,
                                                   std::vector<int> coordinates) {
  if (coordinates.size() != field->axes().size())
    throw bad_input(fmt::format("the given field '{}' has {} axes, and {} coordinates for them", name,
                                field->axes().size(), coordinates.size()));
  for (auto at = coordinates.begin(); at != coordinates.end(); ++at) {
    if (*at < 0 || *at >= std::ssize(implementation_->coordinates))
      throw bad_input(fmt::format("the given field '{}' along coordinate {} of {}", name, *at,
                                  implementation_->coordinates.size()));
    if (std::find(coordinates.begin(), at, *at) != at)
      throw bad_input(fmt::format("two axes of the given field '{}' along the same coordinate", name));
  }
  const int components = field->components();
  implementation_->given_sources.push_back({std::move(name), std::move(field), std::move(coordinates)});
  std::vector<Expression> made;
  for (int c = 0; c < components; ++c)
    made.emplace_back(shared_from_this(),
                      given_node({static_cast<int>(implementation_->given_sources.size()) - 1, c, {}}));
  return made;
}

Expression ExpressionGraph::column(int index) {
  Node node;
  node.operation = Operation::column;
  node.index = index;
  return {shared_from_this(), implementation_->intern(node)};
}

Expression ExpressionGraph::add_coordinate(Coordinate made) {
  constexpr std::size_t most = 255;  // what the keys of derivatives hold
  std::vector<Coordinate>& all = implementation_->coordinates;
  if (all.size() == most) throw bad_input(fmt::format("more than {} coordinates", most));
  all.push_back(std::move(made));
  return coordinate(static_cast<int>(all.size()) - 1);
}

Expression ExpressionGraph::add_channel(std::string name) {
  implementation_->channels.push_back(std::move(name));
  return channel(static_cast<int>(implementation_->channels.size()) - 1);
}

Expression ExpressionGraph::constant(double number) { return {shared_from_this(), constant_node(number)}; }

Expression ExpressionGraph::coordinate(int index) {
  Node node;
  node.operation = Operation::coordinate;
  node.index = index;
  return {shared_from_this(), implementation_->intern(node)};
}

Expression ExpressionGraph::normal(int component) {
  Node node;
  node.operation = Operation::normal;
  node.index = component;
  return {shared_from_this(), implementation_->intern(node)};
}

Expression ExpressionGraph::channel(int index) { return {shared_from_this(), stream_node({index, {}})}; }

std::int32_t ExpressionGraph::apply(Operation operation, std::int32_t a, std::int32_t b, std::int32_t c) {
  // A copy of each: nodes move when more are made.
  const auto node = [&](std::int32_t i) {
    return i < 0 ? Node{} : implementation_->nodes[static_cast<std::size_t>(i)];
  };
  const Node x = node(a), y = node(b), z = node(c);
  const auto is = [](const Node& n, double number) { return n.operation == Operation::constant && n.number == number; };
  const auto fixed = [](const Node& n) { return n.operation == Operation::constant; };
  if (operation == Operation::divide && is(y, 0))
    throw bad_input("a division by the constant 0", "divide by something that is not 0 everywhere");
  if (fixed(x) && (b < 0 || fixed(y)) && (c < 0 || fixed(z)))
    return constant_node(calculus::value_of(operation, x.number, y.number, z.number));
  switch (operation) {
    case Operation::add:
      if (is(x, 0)) return b;
      if (is(y, 0)) return a;
      break;
    case Operation::subtract:
      if (is(y, 0)) return a;
      if (is(x, 0)) return apply(Operation::negate, b);
      if (a == b) return constant_node(0);
      break;
    case Operation::multiply:
      if (is(x, 0) || is(y, 0)) return constant_node(0);
      if (is(x, 1)) return b;
      if (is(y, 1)) return a;
      if (is(x, -1)) return apply(Operation::negate, b);
      if (is(y, -1)) return apply(Operation::negate, a);
      break;
    case Operation::divide:
      if (is(x, 0)) return a;
      if (is(y, 1)) return a;
      break;
    case Operation::negate:
      if (x.operation == Operation::negate) return x.operands[0];
      break;
    case Operation::where:
      if (fixed(x)) return x.number != 0 ? b : c;
      if (b == c) return b;
      break;
    default:
      break;
  }
  // The order of two operands that may be exchanged is theirs by number, so that a + b and b + a are one.
  if ((operation == Operation::add || operation == Operation::multiply || operation == Operation::min ||
       operation == Operation::max || operation == Operation::equal) &&
      a > b)
    std::swap(a, b);
  Node made;
  made.operation = operation;
  made.operands[0] = a;
  made.operands[1] = b;
  made.operands[2] = c;
  return implementation_->intern(made);
}

std::int32_t ExpressionGraph::derivative_node(std::int32_t root, int axis) {
  const auto key = [&](std::int32_t node) {
    return static_cast<std::uint64_t>(node) << 8 | static_cast<std::uint64_t>(axis);
  };
  std::unordered_map<std::uint64_t, std::int32_t>& known = implementation_->derivatives;
  // Whose derivatives it takes and nobody has taken yet: conditions and steps have none. Only these are looked at, so
  // that many derivatives of small expressions cost little in a large graph.
  std::vector<std::int32_t> wanted;
  std::unordered_set<std::int32_t> met;
  const auto want = [&](std::int32_t node) {
    if (!known.contains(key(node)) && met.insert(node).second) wanted.push_back(node);
  };
  want(root);
  for (std::size_t at = 0; at < wanted.size(); ++at) {  // NOLINT(modernize-loop-convert): it grows on the way
    const Node& n = implementation_->nodes[static_cast<std::size_t>(wanted[at])];
    switch (n.operation) {
      case Operation::sign:
      case Operation::floor:
      case Operation::less:
      case Operation::less_equal:
      case Operation::equal:
        break;
      default:
        for (int k = n.operation == Operation::where ? 1 : 0; k < 3; ++k)
          if (n.operands[k] >= 0) want(n.operands[k]);
    }
  }
  std::ranges::sort(wanted);
  const std::int32_t zero = constant_node(0), one = constant_node(1);
  using enum Operation;
  for (const std::int32_t i : wanted) {
    const Node n = implementation_->nodes[static_cast<std::size_t>(i)];
    const std::int32_t a = n.operands[0], b = n.operands[1];
    const auto of = [&](int k) { return known.at(key(n.operands[k])); };
    const auto times = [&](std::int32_t p, std::int32_t q) { return apply(multiply, p, q); };
    const auto over = [&](std::int32_t p, std::int32_t q) { return is_zero(p) ? zero : apply(divide, p, q); };
    std::int32_t d = zero;
    switch (n.operation) {
      case constant:
      case sign:
      case floor:
      case less:
      case less_equal:
      case equal:
        break;
      case coordinate:
        d = n.index == axis ? one : zero;
        break;
      case normal:
        throw bad_input("a derivative of the normal", "normals are known at points of a boundary only");
      case column:
        throw bad_input("a derivative of a column", "the numbers that come with given points are known there only");
      case given: {
        GivenValue value = implementation_->given_values[static_cast<std::size_t>(n.index)];
        const std::vector<int>& along =
            implementation_->given_sources[static_cast<std::size_t>(value.field)].coordinates;
        const auto at = static_cast<std::size_t>(std::ranges::find(along, axis) - along.begin());
        if (at == along.size()) break;
        ++value.orders.at(at);
        d = given_node(value);
        break;
      }
      case stream: {
        const Stream s = implementation_->streams[static_cast<std::size_t>(n.index)];
        Stream next{s.channel, {}};
        if (s.derivative.order() == 0) {
          next.derivative.terms = {{axis, -1, 1}};
        } else if (s.derivative.order() == 1) {
          const int other = s.derivative.terms[0].i;
          next.derivative.terms = {{std::min(other, axis), std::max(other, axis), 1}};
        } else {
          throw bad_input(fmt::format("a derivative above second order of '{}'",
                                      implementation_->channels[static_cast<std::size_t>(s.channel)]),
                          "give the derivative a name as an unknown of its own, and its definition as another term");
        }
        d = stream_node(next);
        break;
      }
      case add:
      case subtract:
        d = apply(n.operation, of(0), of(1));
        break;
      case multiply:
        d = apply(add, times(of(0), b), times(a, of(1)));
        break;
      case divide:  // (a' - (a / b) b') / b
        d = over(apply(subtract, of(0), times(i, of(1))), b);
        break;
      case negate:
        d = apply(negate, of(0));
        break;
      case reciprocal:
        d = apply(negate, times(times(i, i), of(0)));
        break;
      case sqrt:
        d = times(of(0), apply(reciprocal, apply(add, i, i)));
        break;
      case exp:
        d = times(i, of(0));
        break;
      case log:
        d = over(of(0), a);
        break;
      case sin:
        d = times(apply(cos, a), of(0));
        break;
      case cos:
        d = apply(negate, times(apply(sin, a), of(0)));
        break;
      case tanh:
        d = times(apply(subtract, one, times(i, i)), of(0));
        break;
      case asin:
        d = over(of(0), apply(sqrt, apply(subtract, one, times(a, a))));
        break;
      case acos:
        d = apply(negate, over(of(0), apply(sqrt, apply(subtract, one, times(a, a)))));
        break;
      case atan:
        d = over(of(0), apply(add, one, times(a, a)));
        break;
      case atan2:  // (x y' - y x') / (x^2 + y^2)
        d = over(apply(subtract, times(b, of(0)), times(a, of(1))), apply(add, times(a, a), times(b, b)));
        break;
      case abs:
        d = times(apply(sign, a), of(0));
        break;
      case min:
        d = apply(where, apply(less_equal, a, b), of(0), of(1));
        break;
      case max:
        d = apply(where, apply(less_equal, a, b), of(1), of(0));
        break;
      case where:
        d = apply(where, a, of(1), of(2));
        break;
    }
    known[key(i)] = d;
  }
  return known.at(key(root));
}

bool ExpressionGraph::is_zero(std::int32_t node) const {
  const Node& n = implementation_->nodes[static_cast<std::size_t>(node)];
  return n.operation == Operation::constant && n.number == 0;
}

Dependence ExpressionGraph::dependence(std::int32_t node) const {
  return implementation_->traits[static_cast<std::size_t>(node)].dependence;
}

bool ExpressionGraph::reads_normal(std::int32_t node) const {
  return implementation_->traits[static_cast<std::size_t>(node)].reads_normal;
}

// ---- expressions

namespace {

Expression made(Operation operation, const Expression& a) { return {a.graph(), a.graph()->apply(operation, a.node())}; }

void check_same_graph(const Expression& a, const Expression& b) {
  if (a.graph() != b.graph())
    throw bad_input("an operation on expressions of two problems", "take both from the same problem");
}

Expression made(Operation operation, const Expression& a, const Expression& b) {
  check_same_graph(a, b);
  return {a.graph(), a.graph()->apply(operation, a.node(), b.node())};
}

Expression number_like(const Expression& like, double number) { return like.graph()->constant(number); }

}  // namespace

Expression operator+(const Expression& a, const Expression& b) { return made(Operation::add, a, b); }
Expression operator-(const Expression& a, const Expression& b) { return made(Operation::subtract, a, b); }
Expression operator*(const Expression& a, const Expression& b) { return made(Operation::multiply, a, b); }
Expression operator/(const Expression& a, const Expression& b) { return made(Operation::divide, a, b); }
Expression operator-(const Expression& a) { return made(Operation::negate, a); }
Expression operator+(const Expression& a, double b) { return a + number_like(a, b); }
Expression operator+(double a, const Expression& b) { return number_like(b, a) + b; }
Expression operator-(const Expression& a, double b) { return a - number_like(a, b); }
Expression operator-(double a, const Expression& b) { return number_like(b, a) - b; }
Expression operator*(const Expression& a, double b) { return a * number_like(a, b); }
Expression operator*(double a, const Expression& b) { return number_like(b, a) * b; }
Expression operator/(const Expression& a, double b) { return a / number_like(a, b); }
Expression operator/(double a, const Expression& b) { return number_like(b, a) / b; }
Expression operator<(const Expression& a, const Expression& b) { return made(Operation::less, a, b); }
Expression operator<=(const Expression& a, const Expression& b) { return made(Operation::less_equal, a, b); }
Expression operator>(const Expression& a, const Expression& b) { return b < a; }
Expression operator>=(const Expression& a, const Expression& b) { return b <= a; }
Expression operator<(const Expression& a, double b) { return a < number_like(a, b); }
Expression operator>(const Expression& a, double b) { return number_like(a, b) < a; }

Expression sqrt(const Expression& a) { return made(Operation::sqrt, a); }
Expression exp(const Expression& a) { return made(Operation::exp, a); }
Expression log(const Expression& a) { return made(Operation::log, a); }
Expression sin(const Expression& a) { return made(Operation::sin, a); }
Expression cos(const Expression& a) { return made(Operation::cos, a); }
Expression tan(const Expression& a) { return sin(a) / cos(a); }
Expression sinh(const Expression& a) { return (exp(a) - exp(-a)) / 2; }
Expression cosh(const Expression& a) { return (exp(a) + exp(-a)) / 2; }
Expression tanh(const Expression& a) { return made(Operation::tanh, a); }
Expression asin(const Expression& a) { return made(Operation::asin, a); }
Expression acos(const Expression& a) { return made(Operation::acos, a); }
Expression atan(const Expression& a) { return made(Operation::atan, a); }
Expression atan2(const Expression& y, const Expression& x) { return made(Operation::atan2, y, x); }
Expression abs(const Expression& a) { return made(Operation::abs, a); }
Expression sign(const Expression& a) { return made(Operation::sign, a); }
Expression floor(const Expression& a) { return made(Operation::floor, a); }
Expression min(const Expression& a, const Expression& b) { return made(Operation::min, a, b); }
Expression max(const Expression& a, const Expression& b) { return made(Operation::max, a, b); }

Expression pow(const Expression& base, const Expression& exponent) {
  check_same_graph(base, exponent);
  const ExpressionGraph::Node n = exponent.graph()->nodes()[static_cast<std::size_t>(exponent.node())];
  constexpr double most_multiplied = 64;
  if (n.operation == Operation::constant) {
    const double number = n.number;
    if (number == 0) return number_like(base, 1);
    if (number == 0.5) return sqrt(base);
    if (number == std::floor(number) && std::abs(number) <= most_multiplied) {
      const Expression power(base.graph(), whole_power(*base.graph(), base.node(), static_cast<int>(std::abs(number))));
      return number > 0 ? power : 1 / power;
    }
  }
  return exp(exponent * log(base));
}

ComplexExpression pow(const ComplexExpression& base, int exponent) {
  constexpr int most = 64;
  if (exponent < -most || exponent > most)
    throw bad_input(fmt::format("a complex number to the power {}, expected -{} to {}", exponent, most, most),
                    "write it with exp, abs, re and im");
  ComplexExpression product{number_like(base.re, 1), number_like(base.re, 0)};
  for (int k = 0; k < std::abs(exponent); ++k) product = product * base;
  return exponent < 0 ? ComplexExpression{number_like(base.re, 1), number_like(base.re, 0)} / product : product;
}

Expression pow(const Expression& base, double exponent) { return pow(base, number_like(base, exponent)); }

Expression where(const Expression& condition, const Expression& yes, const Expression& no) {
  check_same_graph(condition, yes);
  check_same_graph(yes, no);
  return {yes.graph(), yes.graph()->apply(Operation::where, condition.node(), yes.node(), no.node())};
}

Expression diff(const Expression& a, const Expression& coordinate) {
  const ExpressionGraph::Node n = a.graph()->nodes()[static_cast<std::size_t>(coordinate.node())];
  if (n.operation != Operation::coordinate || a.graph() != coordinate.graph())
    throw bad_input(fmt::format("a derivative along {}, which is no coordinate", to_text(coordinate)));
  return {a.graph(), a.graph()->derivative_node(a.node(), n.index)};
}

namespace {

std::vector<int> space_axes(const ExpressionGraph& graph) {
  std::vector<int> axes;
  for (int i = 0; const Coordinate& c : graph.coordinates()) {
    if (!c.time) axes.push_back(i);
    ++i;
  }
  return axes;
}

}  // namespace

std::vector<Expression> grad(const Expression& a) {
  std::vector<Expression> gradient;
  for (const int axis : space_axes(*a.graph()))
    gradient.emplace_back(a.graph(), a.graph()->derivative_node(a.node(), axis));
  return gradient;
}

Expression div(std::span<const Expression> field) {
  if (field.empty()) throw bad_input("the divergence of nothing");
  const std::shared_ptr<ExpressionGraph>& graph = field.front().graph();
  const std::vector<int> axes = space_axes(*graph);
  if (axes.size() != field.size())
    throw bad_input(fmt::format("the divergence of {} components, expected {}: one for each space coordinate",
                                field.size(), axes.size()));
  Expression sum = graph->constant(0);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    check_same_graph(field.front(), field[k]);
    sum = sum + Expression(graph, graph->derivative_node(field[k].node(), axes[k]));
  }
  return sum;
}

Expression laplacian(const Expression& a) {
  ExpressionGraph& graph = *a.graph();
  const ExpressionGraph::Node n = graph.nodes()[static_cast<std::size_t>(a.node())];
  const std::vector<int> axes = space_axes(graph);
  if (n.operation == Operation::stream && !axes.empty() &&
      graph.streams()[static_cast<std::size_t>(n.index)].derivative.order() == 0) {
    Stream stream = graph.streams()[static_cast<std::size_t>(n.index)];
    for (const int axis : axes) stream.derivative.terms.push_back({axis, axis, 1});
    return {a.graph(), graph.stream_node(stream)};
  }
  Expression sum = a.graph()->constant(0);
  for (const int axis : axes)
    sum = sum + Expression(a.graph(), graph.derivative_node(graph.derivative_node(a.node(), axis), axis));
  return sum;
}

Expression dot(std::span<const Expression> a, std::span<const Expression> b) {
  if (a.size() != b.size() || a.empty())
    throw bad_input(
        fmt::format("the product of vectors of {} and {} components, expected as many", a.size(), b.size()));
  Expression sum = a[0] * b[0];
  for (std::size_t k = 1; k < a.size(); ++k) sum = sum + a[k] * b[k];
  return sum;
}

Expression norm(std::span<const Expression> a) { return sqrt(dot(a, a)); }

std::vector<std::int32_t> reachable(const ExpressionGraph& graph, std::span<const std::int32_t> roots) {
  std::vector<std::int32_t> found;
  if (roots.empty()) return found;
  std::vector<char> wanted(static_cast<std::size_t>(std::ranges::max(roots)) + 1, 0);
  for (const std::int32_t root : roots) wanted[static_cast<std::size_t>(root)] = 1;
  for (std::size_t i = wanted.size(); i-- > 0;)
    if (wanted[i] != 0)
      for (const std::int32_t operand : graph.nodes()[i].operands)
        if (operand >= 0) wanted[static_cast<std::size_t>(operand)] = 1;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != 0) found.push_back(static_cast<std::int32_t>(i));
  return found;
}

Dependence dependence(const Expression& e) { return e.graph()->dependence(e.node()); }
bool reads_normal(const Expression& e) { return e.graph()->reads_normal(e.node()); }

int columns_read(const Expression& e) {
  const std::int32_t root = e.node();
  int columns = 0;
  for (const std::int32_t i : reachable(*e.graph(), std::span(&root, 1))) {
    const Node& n = e.graph()->nodes()[static_cast<std::size_t>(i)];
    if (n.operation == Operation::column) columns = std::max(columns, n.index + 1);
  }
  return columns;
}

namespace {

std::string stream_text(const ExpressionGraph& graph, const Stream& stream) {
  const std::string& u = graph.channels()[static_cast<std::size_t>(stream.channel)];
  const auto name = [&](int axis) { return graph.coordinates()[static_cast<std::size_t>(axis)].name; };
  std::string text;
  for (const Derivative::Term& t : stream.derivative.terms) {
    if (!text.empty()) text += " + ";
    if (t.a != 1) text += fmt::format("{} ", t.a);
    text +=
        t.j < 0 ? fmt::format("diff({}, {})", u, name(t.i)) : fmt::format("diff({}, {}, {})", u, name(t.i), name(t.j));
  }
  return text.empty() ? u : stream.derivative.terms.size() > 1 ? fmt::format("({})", text) : text;
}

std::string given_text(const ExpressionGraph& graph, const GivenValue& value) {
  const GivenSource& source = graph.given_sources()[static_cast<std::size_t>(value.field)];
  std::string text = source.name;
  if (source.field->components() > 1) text += fmt::format("[{}]", value.component);
  std::string along;
  for (std::size_t k = 0; k < source.coordinates.size(); ++k)
    for (int order = 0; order < value.orders.at(k); ++order)
      along += ", " + graph.coordinates()[static_cast<std::size_t>(source.coordinates[k])].name;
  return along.empty() ? text : fmt::format("diff({}{})", text, along);
}

}  // namespace

std::string to_text(const Expression& expression) {
  const ExpressionGraph& graph = *expression.graph();
  const std::int32_t root = expression.node();
  const std::vector<std::int32_t> parts = reachable(graph, std::span(&root, 1));
  // What is shared often would grow without end: longer operands are left out. Texts go when nobody needs them anymore.
  constexpr std::size_t longest = 2000;
  std::unordered_map<std::int32_t, std::string> texts;
  std::unordered_map<std::int32_t, int> needed;
  for (const std::int32_t i : parts)
    for (const std::int32_t operand : graph.nodes()[static_cast<std::size_t>(i)].operands)
      if (operand >= 0) ++needed[operand];
  for (const std::int32_t i : parts) {
    const Node& n = graph.nodes()[static_cast<std::size_t>(i)];
    const auto operand = [&](int k) -> std::string {
      const std::string& text = texts.at(n.operands[k]);
      return text.size() > longest ? "..." : text;
    };
    std::string text;
    switch (n.operation) {
      case Operation::constant:
        text = fmt::format("{}", n.number);
        break;
      case Operation::coordinate:
        text = graph.coordinates()[static_cast<std::size_t>(n.index)].name;
        break;
      case Operation::normal:
        text = fmt::format("normal[{}]", n.index);
        break;
      case Operation::stream:
        text = stream_text(graph, graph.streams()[static_cast<std::size_t>(n.index)]);
        break;
      case Operation::given:
        text = given_text(graph, graph.given_values()[static_cast<std::size_t>(n.index)]);
        break;
      case Operation::column:
        text = fmt::format("column[{}]", n.index);
        break;
      case Operation::negate:
        text = fmt::format("-{}", operand(0));
        break;
      default:
        if (const char* const sign = calculus::infix(n.operation)) {
          text = fmt::format("({} {} {})", operand(0), sign, operand(1));
        } else {
          text = fmt::format("{}({}", calculus::name_of(n.operation), operand(0));
          for (int k = 1; k < 3 && n.operands[k] >= 0; ++k) text += fmt::format(", {}", operand(k));
          text += ')';
        }
    }
    for (const std::int32_t used : n.operands)
      if (used >= 0 && --needed[used] == 0) texts.erase(used);
    texts[i] = std::move(text);
  }
  return texts.at(root);
}

}  // namespace sinefield
