// `sinefield eval`: values and exact derivatives at given points, in double precision.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <cmath>
#include <map>
#include <memory>

#include "cli/command.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

struct EvalArguments {
  std::filesystem::path model, points, output;
  std::string order = "value", units = "signal";
  ModelOmegas omegas;
};

const std::map<std::string, Order> orders = {{"value", Order::value},
                                             {"gradient", Order::gradient},
                                             {"laplacian", Order::laplacian},
                                             {"hessian", Order::hessian}};

int evaluate(const EvalArguments& a, const Common& common) {
  check_output(a.output, common, {a.model, a.points});
  const Field field = a.omegas.read(a.model);
  const Array points = read_npy(a.points, common.memory());
  const std::int64_t d = field.inputs(), c = field.outputs();
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
  command->add_option("--order", a.order, "value, gradient, laplacian or hessian, each with those before it")
      ->check(CLI::IsMember({"value", "gradient", "laplacian", "hessian"}));
  command
      ->add_option("--units", a.units, "signal: pixels (row, column) and file values; network: [-1, 1] and raw outputs")
      ->check(CLI::IsMember({"signal", "network"}));
  a.omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback(
      [arguments, &context] { context.run = [arguments, &context] { return evaluate(*arguments, context.common); }; });
}

}  // namespace sinefield::cli
