// An expression becomes a tape, its streams come from queries of the field, both block by block.
// SPDX-License-Identifier: MIT
#include "sinefield/shown.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

#include "calculus/tape.h"
#include "engine/workers.h"
#include "problem/language.h"
#include "sinefield/error.h"
#include "sinefield/problem.h"
#include "sinefield/problem_file.h"

namespace sinefield {
namespace {

constexpr std::int64_t points_at_once = 1 << 14;

const SolutionFormat& solution_of(const Field& field) {
  if (field.solution() == nullptr)
    throw bad_input("the model stands for no solution of a problem", "expressions are of models made by solve");
  return *field.solution();
}

/// The problem as far as coordinates and unknowns make it: all there is of one that was built in C++.
Problem bare_problem(const SolutionFormat& solution) {
  Problem problem;
  for (const ProblemCoordinate& c : solution.coordinates) {
    if (c.time)
      problem.time(c.name, c.low, c.high);
    else
      problem.space(c.name, c.low, c.high);
  }
  return problem;
}

ShownExpression parsed(const std::string& expression, const SolutionFormat& solution, const GivenFiles& files) {
  if (!solution.problem.empty()) return shown_expression(expression, solution.problem, solution.settings, files);
  Problem problem = bare_problem(solution);
  problem::Language language(problem.graph());
  const Expression zero = problem.graph()->constant(0);
  for (int i = 0; const ProblemCoordinate& c : solution.coordinates)
    language.add(c.name, {false, {{problem.graph()->coordinate(i++), zero}}});
  for (const UnknownField& u : solution.unknowns)
    language.add(
        u.name,
        {false, {u.complex ? problem.complex_unknown(u.name) : ComplexExpression{problem.unknown(u.name), zero}}});
  const problem::Value value = language.away_from_boundaries({expression, "--show", 0, 1});
  return {value.parts, value.vector, value.complex()};
}

/// All real numbers of an expression, in the order of `Shown`.
std::vector<Expression> roots_of(const ShownExpression& shown) {
  std::vector<Expression> roots;
  for (const ComplexExpression& component : shown.components) {
    roots.push_back(component.re);
    if (shown.complex) roots.push_back(component.im);
  }
  return roots;
}

/// Sum of all pure second derivatives, which a query has for less than all second derivatives.
bool is_laplacian(const Derivative& derivative, int inputs) {
  if (std::ssize(derivative.terms) != inputs) return false;
  return std::ranges::all_of(derivative.terms, [](const Derivative::Term& t) { return t.i == t.j && t.a == 1; });
}

Order order_for(const std::vector<Stream>& streams, int inputs) {
  Order order = Order::value;
  for (const Stream& s : streams) {
    const int of_stream = s.derivative.order();
    order = std::max(order, of_stream == 0                       ? Order::value
                            : of_stream == 1                     ? Order::gradient
                            : is_laplacian(s.derivative, inputs) ? Order::laplacian
                                                                 : Order::hessian);
  }
  return order;
}

void check_format(const Field& field, const std::shared_ptr<ExpressionGraph>& graph) {
  const auto coordinates = std::ssize(graph->coordinates()), channels = std::ssize(graph->channels());
  if (coordinates != field.inputs() || channels != field.outputs())
    throw bad_input(fmt::format("the problem in the model has {} coordinates and {} channels, its networks {} and {}",
                                coordinates, channels, field.inputs(), field.outputs()),
                    "the model file is damaged: solve the problem again");
}

}  // namespace

struct Shown::State {
  State(const Field& field, const ShownExpression& shown, const ComputeOptions& options)
      : kind{static_cast<int>(shown.components.size()), shown.vector, shown.complex},
        tape(roots_of(shown)),
        order(order_for(tape.streams(), field.inputs())),
        evaluator(field, order, Units::signal, options),
        workers(engine::make_workers(options.threads)),
        isa(options.isa),
        inputs(static_cast<std::size_t>(field.inputs())),
        outputs(static_cast<std::size_t>(field.outputs())),
        registers(static_cast<std::size_t>(workers->count()), std::vector<double>(tape.registers())),
        streams(tape.streams().size()) {}

  /// One stream of the tape at all points, from what a query gives.
  void take(const Stream& stream, const Jets<double>& jets, std::vector<double>& to) const {
    const auto channel = static_cast<std::size_t>(stream.channel);
    const std::vector<Derivative::Term>& terms = stream.derivative.terms;
    const bool laplacian = order == Order::laplacian && stream.derivative.order() == 2;
    to.resize(jets.value.size() / outputs);
    for (std::size_t p = 0; p < to.size(); ++p) {
      const std::size_t at = p * outputs + channel;
      if (terms.empty()) {
        to[p] = jets.value[at];
      } else if (laplacian) {
        to[p] = jets.laplacian[at];
      } else {
        to[p] = 0;
        for (const Derivative::Term& t : terms) {
          const auto i = static_cast<std::size_t>(t.i);
          to[p] += t.a * (t.j < 0 ? jets.gradient[at * inputs + i]
                                  : jets.hessian[(at * inputs + i) * inputs + static_cast<std::size_t>(t.j)]);
        }
      }
    }
  }

  /// values (points, numbers)
  void evaluate(MatrixView<const double> points, double* values) {
    if (!streams.empty()) {
      const Jets<double> jets = evaluator(points);
      for (std::size_t s = 0; s < streams.size(); ++s) take(tape.streams()[s], jets, streams[s]);
    }
    constexpr std::int64_t block = calculus::Tape::block_points;
    const std::int64_t blocks = (points.rows + block - 1) / block, numbers = tape.roots();
    std::atomic<std::int64_t> next = 0;
    const auto work = [&](int worker) {
      std::vector<double>& own = registers[static_cast<std::size_t>(worker)];
      std::vector<const double*> at(streams.size());
      for (std::int64_t b = next++; b < blocks; b = next++) {
        const std::int64_t first = b * block;
        const auto count = static_cast<int>(std::min(block, points.rows - first));
        for (std::size_t s = 0; s < streams.size(); ++s) at[s] = streams[s].data() + first;
        tape.evaluate<double>(isa, {count, {points.row(first), count, points.cols, points.stride}, {}, at}, own);
        for (int r = 0; r < tape.roots(); ++r) {
          const std::span<const double> root = tape.root<double>(r, own, count);
          for (int p = 0; p < count; ++p) values[(first + p) * numbers + r] = root[static_cast<std::size_t>(p)];
        }
      }
    };
    workers->run(work);
  }

  ShownKind kind;
  calculus::Tape tape;
  Order order;
  Evaluator<double> evaluator;
  std::unique_ptr<engine::Workers> workers;
  Isa isa;
  std::size_t inputs, outputs;
  std::vector<std::vector<double>> registers;  // of each worker
  std::vector<std::vector<double>> streams;    // at the points of a block
};

Shown::Shown(const Field& field, const std::string& expression, const ComputeOptions& options,
             const GivenFiles& files) {
  const ShownExpression shown = parsed(expression, solution_of(field), files);
  check_format(field, shown.components.front().re.graph());
  state_ = std::make_unique<State>(field, shown, options);
}

Shown::~Shown() = default;
Shown::Shown(Shown&&) noexcept = default;

const ShownKind& Shown::kind() const { return state_->kind; }

std::vector<double> Shown::operator()(MatrixView<const double> points) {
  State& s = *state_;
  if (points.cols != static_cast<std::int64_t>(s.inputs))
    throw bad_input(fmt::format("points have {} columns, the solution has {} coordinates", points.cols, s.inputs));
  const std::int64_t numbers = s.kind.numbers();
  std::vector<double> values(static_cast<std::size_t>(points.rows * numbers));
  for (std::int64_t first = 0; first < points.rows; first += points_at_once) {
    const std::int64_t count = std::min(points_at_once, points.rows - first);
    s.evaluate({points.row(first), count, points.cols, points.stride}, values.data() + first * numbers);
  }
  return values;
}

SolutionDomain::SolutionDomain(const SolutionFormat& solution)
    : coordinates_(solution.coordinates),
      region_(solution.problem.empty() ? bare_problem(solution).domain()
                                       : domain_from_text(solution.problem, "the problem", solution.settings)) {}

bool SolutionDomain::contains(std::span<const double> point) const {
  std::array<double, 3> place{};
  std::size_t dimensions = 0;
  for (std::size_t i = 0; i < coordinates_.size(); ++i) {
    const ProblemCoordinate& c = coordinates_[i];
    if (!c.time)
      place.at(dimensions++) = point[i];
    else if (point[i] < c.low || point[i] > c.high)
      return false;
  }
  return region_.contains(std::span(place).first(dimensions));
}

}  // namespace sinefield
