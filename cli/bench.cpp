// `sinefield bench`: the engine's speed against the measured peak of the cores it uses, and (`--serve-step`) the
// engine's side of a step-by-step comparison with another program (bench/pytorch/compare.py, which specifies the
// protocol). Each figure is the best of many short runs, peak and kernel alike, taken in turn: on a shared machine the
// best is what the code can do, the median what the neighbours left of it.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"
#include "cli/training_tasks.h"
#include "engine/jet_query.h"
#include "engine/training_step.h"
#include "simd/sincos.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"
#include "sinefield/fit.h"
#include "sinefield/model_file.h"
#include "train/adam.h"

namespace sinefield::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct BenchArguments {
  bool serve_step = false;
  std::string loss = "value";
  int width = 256;
  std::int64_t points = 16'384;
  std::filesystem::path write_model, write_batch;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One line of the table: what runs, and how many operations one run takes.
class Stopwatch {
 public:
  Stopwatch(const ComputeOptions& compute, engine::Workers& workers) : compute_(compute), workers_(workers) {}

  template <class T, class Work>
  Json measure(std::int64_t points, double flops, const Work& work) {
    work();
    double best = 1e30, peak = 0, total = 0;
    for (int run = 0; run < 200 && (run < 7 || total < 1); ++run) {
      if (run % 4 == 0) peak = std::max(peak, peak_of_all<T>());
      const auto start = Clock::now();
      work();
      const double seconds = seconds_since(start);
      best = std::min(best, seconds);
      total += seconds;
    }
    peak = std::max(peak, peak_of_all<T>());
    const double gflops = flops * static_cast<double>(points) / best * 1e-9;
    return {{"seconds", best},
            {"points", points},
            {"gflops", gflops},
            {"peak_gflops", peak},
            {"fraction_of_peak", gflops / peak},
            {"threads", compute_.threads},
            {"isa", isa_name(compute_.isa)}};
  }

  /// Sum over the threads, all at work.
  template <class T>
  double peak_of_all() {
    std::vector<double> peaks(static_cast<std::size_t>(workers_.count()));
    const auto task = [&](int worker) { peaks[static_cast<std::size_t>(worker)] = simd::peak_gflops<T>(compute_.isa); };
    workers_.run(task);
    double sum = 0;
    for (const double peak : peaks) sum += peak;
    return sum;
  }

 private:
  const ComputeOptions& compute_;
  engine::Workers& workers_;
};

template <class T>
Json train(Stopwatch& watch, const ComputeOptions& compute, engine::Workers& workers, std::string_view task_name,
           int width, std::int64_t points) {
  const TrainingTask<T> task(task_name, width, points, compute.isa);
  const Network network = initial_network(task.shape, 1);
  const std::vector<T> parameters(network.parameters.begin(), network.parameters.end());
  std::vector<T> gradient(parameters.size());
  engine::TrainingStep<T> step(task.shape, compute.isa, workers, task.plan);
  Json result = watch.measure<T>(points, task.flops(), [&] { step.run(parameters, *task.batch, gradient); });
  result["plan"] = task.plan.words(task.shape.outputs);
  return result;
}

Json query_speed(Stopwatch& watch, const ComputeOptions& compute, engine::Workers& workers, const engine::JetPlan& plan,
                 std::int64_t points) {
  const Architecture shape{.width = 256};
  const Network network = initial_network(shape, 1);
  const std::vector<float> x = uniform_array<float>(static_cast<std::size_t>(points) * 2, 1);
  engine::JetQuery<float> query(shape, network.parameters, plan, compute.isa, workers);
  std::vector<std::vector<float>> streams(static_cast<std::size_t>(plan.streams()),
                                          std::vector<float>(static_cast<std::size_t>(points)));
  std::vector<float*> out;
  for (std::vector<float>& stream : streams) out.push_back(stream.data());
  const Flops forward(shape);
  // Derivative streams of the first layer are its constant weights and cost nothing.
  const double flops = plan.passes == engine::Passes::reverse
                           ? 2 * forward.all
                           : forward.all + (plan.streams() - 1) * (forward.all - forward.first);
  return watch.measure<float>(points, flops, [&] { query.run({x.data(), points, 2}, out); });
}

Json sincos_speed(Isa isa) {
  constexpr std::size_t size = 8192;
  std::vector<float> x = uniform_array<float>(size, 3), sine(size), cosine(size);
  for (float& value : x) value *= 100;
  double best = 1e30;
  for (int run = 0; run < 400; ++run) {
    const auto start = Clock::now();
    simd::sincos<float>(isa, x, sine, cosine);
    best = std::min(best, seconds_since(start));
  }
  return best / static_cast<double>(size) * 1e9;
}

double sincos_error(Isa isa) {
  constexpr std::size_t size = 200'000;
  std::vector<float> x = uniform_array<float>(size, 4), sine(size), cosine(size);
  for (float& value : x) value *= static_cast<float>(simd::sincos_range);
  simd::sincos<float>(isa, x, sine, cosine);
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i)
    worst = std::max({worst, std::abs(static_cast<double>(sine[i]) - std::sin(static_cast<double>(x[i]))),
                      std::abs(static_cast<double>(cosine[i]) - std::cos(static_cast<double>(x[i])))});
  return worst;
}

/// What the loop around the engine costs a tile: sampling, targets, windows, clipping, optimiser, schedule and the look
/// at the error after each cycle, as a share of the engine's own steps on batches of the same size. One thread, as a
/// tile is trained. Both in turn, the best of several runs.
Json tile_loop(const ComputeOptions& compute) {
  constexpr std::int64_t side = 34;  // pixels of a tile of the recipe, overlaps included
  FitOptions options;
  options.recipe = recipe_named(SignalKind::picture, "fast");
  options.recipe.tiles = {.kind = TileChoice::Kind::grid, .along = {1, 1}};
  options.compute = {compute.isa, 1};
  Picture picture;
  picture.format.height = picture.format.width = side;
  picture.format.channels = {"Y"};
  for (const float x : uniform_array<float>(side * side, 5)) picture.samples.push_back(std::floor(127.5F * (x + 1)));

  engine::SerialWorkers serial;
  const Architecture shape{.width = options.recipe.width, .hidden_layers = options.recipe.hidden_layers};
  const Network network = initial_network(shape, 1);
  const std::int64_t points = options.recipe.batch;
  const std::vector<float> x = uniform_array<float>(static_cast<std::size_t>(points) * 2, 1);
  const std::vector<float> targets = uniform_array<float>(static_cast<std::size_t>(points), 2);
  std::vector<float> gradient(network.parameters.size());
  engine::TrainingStep<float> step(shape, compute.isa, serial);
  const engine::SquaredErrorBatch<float> batch({x.data(), points, 2}, {targets.data(), points, 1});

  const auto fit_seconds = [&](std::int64_t steps) {
    options.steps = steps;
    options.started = Clock::now();
    fit_picture(picture, options);
    return seconds_since(options.started);
  };
  constexpr std::int64_t few = 1500, many = 3100;  // the ends of two cycles: what begins and ends a run drops out
  double engine_best = 1e30, loop_best = 1e30;
  for (int run = 0; run < 9; ++run) {
    const double begin_and_end = fit_seconds(few);
    loop_best = std::min(loop_best, (fit_seconds(many) - begin_and_end) / (many - few));
    const auto start = Clock::now();
    for (int i = 0; i < 1000; ++i) step.run(network.parameters, batch, gradient);
    engine_best = std::min(engine_best, seconds_since(start) / 1000);
  }
  return {{"engine_seconds", engine_best}, {"loop_seconds", loop_best}, {"overhead", loop_best / engine_best - 1}};
}

int bench(const Common& common) {
  const ComputeOptions compute = common.compute();
  const auto workers = engine::make_workers(compute.threads);
  Stopwatch watch(compute, *workers);
  // The plainest bodies are tens of times slower: fewer points keep the whole run short.
  const std::int64_t points = compute.isa == Isa::scalar ? 2048 : 16'384;
  Json result = {{"machine", cpu_name()},
                 {"isa", isa_name(compute.isa)},
                 {"threads", compute.threads},
                 {"peak_gflops", watch.peak_of_all<float>()},
                 {"sincos_ns", sincos_speed(compute.isa)},
                 {"sincos_max_error", sincos_error(compute.isa)}};
  const auto train_all = [&]<class T>(std::span<const char* const> tasks, int width, const std::string& suffix) {
    for (const std::string_view task : tasks)  // derivatives take several times as long
      result[fmt::format("train_{}{}", task, suffix)] =
          train<T>(watch, compute, *workers, task, width, task == "value" ? points : points / 4);
  };
  constexpr std::array tasks = {"value",    "gradient", "gradient_rgb", "eikonal", "laplacian",
                                "equation", "wave",     "relu",         "tanh"};
  const std::span<const char*const> all = tasks, values = all.first(1);
  train_all.operator()<float>(all, 256, "");
  for (const int width : {64, 128}) train_all.operator()<float>(all, width, fmt::format("_w{}", width));
  for (const int width : {16, 32, 512}) train_all.operator()<float>(values, width, fmt::format("_w{}", width));
  train_all.operator()<double>(all, 256, "_double");
  result["query_value"] = query_speed(watch, compute, *workers, engine::value_plan(), points);
  result["query_gradient"] = query_speed(watch, compute, *workers, engine::gradient_plan(Architecture{}), points);
  const std::array<double, 2> ones = {1, 1};
  result["query_laplacian"] = query_speed(watch, compute, *workers, engine::laplacian_plan(ones), points);
  result["query_hessian"] = query_speed(watch, compute, *workers, engine::hessian_plan(2), points);

  const Json loop = tile_loop(compute);

  std::string text = fmt::format(
      "{}, {}, {} thread{}\nsincos {:.3f} ns an element, largest error {:.1e}\n\n{:22}{:>10}{:>10}{:>10}{:>10}\n",
      cpu_name(), isa_name(compute.isa), compute.threads, compute.threads == 1 ? "" : "s",
      result["sincos_ns"].get<double>(), result["sincos_max_error"].get<double>(), "", "ms", "GFLOP/s", "peak",
      "fraction");
  for (const auto& [name, entry] : result.items())
    if (entry.is_object())
      text += fmt::format("{:22}{:10.2f}{:10.1f}{:10.1f}{:10.3f}\n", name, 1e3 * entry["seconds"].get<double>(),
                          entry["gflops"].get<double>(), entry["peak_gflops"].get<double>(),
                          entry["fraction_of_peak"].get<double>());
  text += fmt::format("\na step of a tile: {:.1f} us in the engine, {:.1f} us in the run: {:.0f} % more",
                      1e6 * loop["engine_seconds"].get<double>(), 1e6 * loop["loop_seconds"].get<double>(),
                      100 * loop["overhead"].get<double>());
  result["tile_loop"] = loop;
  print_result(common, text, result);
  return 0;
}

/// Largest resident memory of this process in bytes since the last reset, from the kernel.
std::int64_t peak_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  throw failure("/proc/self/status names no VmHWM");
}

int serve_step(const BenchArguments& a, const Common& common) {
  const ComputeOptions compute = common.compute();
  const auto workers = engine::make_workers(compute.threads);
  const TrainingTask<float> task(a.loss, a.width, a.points, compute.isa);
  Field field;
  field.networks = {initial_network(task.shape, 1)};
  for (int i = 0; i < task.shape.inputs; ++i) field.axes.push_back({fmt::format("x{}", i)});
  field.channels.resize(1);
  std::vector<float>& parameters = field.networks.front().parameters;
  write_model(a.write_model, field, Overwrite::replace);
  const std::int64_t columns = std::ssize(task.targets) / a.points;
  const std::vector<NamedArray> arrays = {{"coordinates", {a.points, task.shape.inputs}, task.coordinates},
                                          {"targets", {a.points, columns}, task.targets}};
  write_npz(a.write_batch, arrays, Overwrite::replace);

  engine::TrainingStep<float> step(task.shape, compute.isa, *workers, task.plan);
  train::Adam<float> adam(parameters.size(), compute.isa);
  std::vector<float> gradient(parameters.size());
  std::ofstream("/proc/self/clear_refs") << "5";  // resets the kernel's high-water mark
  const std::int64_t idle = peak_bytes();
  fmt::print("ready {}, width {}, {} points, {} threads, {}\n", task.plan.words(1), a.width, a.points, compute.threads,
             isa_name(compute.isa));
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    const auto start = Clock::now();
    const double loss = step.run(parameters, *task.batch, gradient);
    adam.step(parameters, gradient, 1e-4, 1);
    fmt::print("{:.9f} {:.9e}\n", seconds_since(start), loss);
    std::fflush(stdout);
  }
  fmt::print("peak_bytes {}\n", peak_bytes() - idle);
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("bench", "speed of the engine against the measured peak, under two minutes");
  auto arguments = std::make_shared<BenchArguments>();
  const char* const group = "For bench/pytorch/compare.py";
  CLI::Option* serve =
      command->add_flag("--serve-step", arguments->serve_step, "one training step for each line `step` on stdin")
          ->group(group);
  command->add_option("--loss", arguments->loss, "of values or derivatives")
      ->check(CLI::IsMember({"value", "gradient", "eikonal", "laplacian"}))
      ->needs(serve)
      ->group(group);
  command->add_option("--width", arguments->width, "units per layer")
      ->check(CLI::Range(1, 8192))
      ->needs(serve)
      ->group(group);
  command->add_option("--points", arguments->points, "points of the batch")
      ->check(CLI::Range(1, 10'000'000))
      ->needs(serve)
      ->group(group);
  CLI::Option* model = command->add_option("--write-model", arguments->write_model, "where the starting weights go")
                           ->needs(serve)
                           ->group(group);
  CLI::Option* batch = command->add_option("--write-batch", arguments->write_batch, "where the batch goes (.npz)")
                           ->needs(serve)
                           ->group(group);
  serve->needs(model)->needs(batch);
  add_common(*command, context.common);
  command->callback([arguments, &context] {
    context.run = [arguments, &context] {
      return arguments->serve_step ? serve_step(*arguments, context.common) : bench(context.common);
    };
  });
}

}  // namespace sinefield::cli
