// `sinefield eval`: values and exact derivatives at given points, in double precision.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "cli/codecs.h"
#include "cli/command.h"
#include "cli/solution_grid.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"
#include "sinefield/shown.h"

namespace sinefield::cli {
namespace {

struct EvalArguments {
  std::filesystem::path model, points, output;
  std::string order = "value", units = "signal";
  std::optional<std::string> show;
  ModelOmegas omegas;
};

const std::map<std::string, Order> orders = {{"value", Order::value},
                                             {"gradient", Order::gradient},
                                             {"laplacian", Order::laplacian},
                                             {"hessian", Order::hessian}};

/// Finite points, (N, d).
Array read_points(const EvalArguments& a, std::int64_t d, const Common& common) {
  Array points = read_npy(a.points, common.memory());
  if (points.shape.size() != 2 || points.shape[1] != d) {
    std::string shape;
    for (const std::int64_t n : points.shape) shape += fmt::format("{}{}", shape.empty() ? "" : ", ", n);
    throw bad_input(
        fmt::format("{}: shape ({}), expected (N, {}): one row for each point", a.points.string(), shape, d));
  }
  for (std::size_t i = 0; i < points.data.size(); ++i)
    if (!std::isfinite(points.data[i]))
      throw bad_input(fmt::format("{}: point {} has coordinate {} = {}", a.points.string(),
                                  i / static_cast<std::size_t>(d), i % static_cast<std::size_t>(d), points.data[i]),
                      "give finite coordinates");
  return points;
}

/// `value` alone: what an expression over a solution has at the points.
int show(const EvalArguments& a, const std::string& expression, const Field& field, const Common& common) {
  if (field.solution() == nullptr)
    throw bad_input(fmt::format("--show: {} stands for no solution", a.model.string()),
                    "expressions are of models made by solve; of others ask with --order");
  Shown shown(field, expression, common.compute(), files_of_model(common, a.model));
  const ShownKind& kind = shown.kind();
  const Array points = read_points(a, field.inputs(), common);
  const std::int64_t n = points.shape[0];
  const std::uint64_t memory =
      static_cast<std::uint64_t>(n) * static_cast<std::uint64_t>(kind.numbers()) * sizeof(double);
  if (memory > common.memory())
    throw bad_input(fmt::format("--show: {} values at {} points need {} MiB, more than the {} MiB allowed",
                                kind.numbers(), n, memory >> 20U, common.memory() >> 20U),
                    "give fewer points, or a larger --memory-limit");
  const std::vector<double> values = shown(MatrixView<const double>(points.data.data(), n, field.inputs()));
  std::vector<std::int64_t> shape = {n};
  if (kind.vector) shape.push_back(kind.components);
  const std::vector<NamedArray> arrays = {{"value", shape, elements_of(kind, values)}};
  write_npz(a.output, arrays, common.overwrite());
  const double seconds = seconds_since_start();
  print_result(common, fmt::format("{}: {} at {} points, {:.1f} s", a.output.string(), expression, n, seconds),
               {{"output", a.output.string()},
                {"points", n},
                {"show", expression},
                {"components", kind.components},
                {"complex", kind.complex},
                {"seconds", seconds}});
  return 0;
}

int evaluate(const EvalArguments& a, const Common& common) {
  check_output(a.output, common, {a.model, a.points});
  const Field field = a.omegas.read(a.model);
  if (a.show) return show(a, *a.show, field, common);
  const std::int64_t d = field.inputs(), c = field.outputs();
  const Array points = read_points(a, d, common);
  const std::int64_t n = points.shape[0];
  const Order order = orders.at(a.order);
  const Jets<double> jets = query<double>(field, MatrixView<const double>(points.data.data(), n, d), order,
                                          a.units == "signal" ? Units::signal : Units::network, common.compute());
  std::vector<NamedArray> arrays = {{"value", {n, c}, jets.value}};
  if (order >= Order::gradient) arrays.push_back({"gradient", {n, c, d}, jets.gradient});
  if (order >= Order::laplacian) arrays.push_back({"laplacian", {n, c}, jets.laplacian});
  if (order >= Order::hessian) arrays.push_back({"hessian", {n, c, d, d}, jets.hessian});
  write_npz(a.output, arrays, common.overwrite());
  const double seconds = seconds_since_start();
  print_result(
      common, fmt::format("{}: {} points, {:.1f} s", a.output.string(), n, seconds),
      {{"output", a.output.string()}, {"points", n}, {"order", a.order}, {"units", a.units}, {"seconds", seconds}});
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("eval", "values and exact derivatives at points");
  auto arguments = std::make_shared<EvalArguments>();
  EvalArguments& a = *arguments;
  command->add_option("MODEL", a.model, "the model file")->required();
  command->add_option("--at", a.points, "POINTS.npy of shape (N, d), float32 or float64")->required();
  command
      ->add_option("-o,--output", a.output,
                   "OUT.npz: value (N, c), gradient (N, c, d), laplacian (N, c), hessian (N, c, d, d)")
      ->required();
  CLI::Option* order =
      command->add_option("--order", a.order, "value, gradient, laplacian or hessian, each with those before it")
          ->check(CLI::IsMember({"value", "gradient", "laplacian", "hessian"}));
  CLI::Option* units =
      command
          ->add_option("--units", a.units,
                       "signal: pixels (row, column) and file values; network: [-1, 1] and raw outputs")
          ->check(CLI::IsMember({"signal", "network"}));
  command
      ->add_option("--show", a.show,
                   "of solutions an expression instead, as \"grad(u)\":\n"
                   "value (N,), of vectors (N, components)")
      ->excludes(order)
      ->excludes(units);
  a.omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback(
      [arguments, &context] { context.run = [arguments, &context] { return evaluate(*arguments, context.common); }; });
}

}  // namespace sinefield::cli
