// `sinefield info`: what a model file holds, and what this machine offers.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "cli/command.h"
#include "cli/signals.h"
#include "sinefield/error.h"
#include "sinefield/machine.h"

namespace sinefield::cli {
namespace {

struct InfoArguments {
  std::filesystem::path model;
  bool machine = false;
  ModelOmegas omegas;
};

int machine_info(const Common& common) {
  std::vector<std::string> names;
  for (const Isa isa : available_isas()) names.emplace_back(isa_name(isa));
  const ComputeOptions compute = common.compute();
  print_result(
      common,
      fmt::format("processor        {}\ninstruction sets {} (in use: {})\nthreads          {}\nmemory limit     {} MiB",
                  cpu_name(), fmt::join(names, " "), isa_name(compute.isa), compute.threads, common.memory() >> 20),
      {{"processor", cpu_name()},
       {"isas", names},
       {"isa", isa_name(compute.isa)},
       {"threads", compute.threads},
       {"memory_limit", common.memory()}});
  return 0;
}

/// Order of the enumerators.
const char* kind_name(FieldKind kind) {
  return kind == FieldKind::network ? "network" : kind == FieldKind::sum ? "sum" : "tiles";
}

const char* plural(std::int64_t n) { return n == 1 ? "" : "s"; }

/// "0.25", or "0.25 to 0.5" where they differ as they are shown.
std::string range_text(const std::vector<double>& numbers) {
  const auto [least, most] = std::ranges::minmax(numbers);
  const std::string from = fmt::format("{:.6g}", least), to = fmt::format("{:.6g}", most);
  return from == to ? from : from + " to " + to;
}

std::string tiles_text(const Field& field) {
  const Tiling& tiling = field.tiling;
  std::vector<int> counts;
  for (const TileAxis& axis : tiling.axes) counts.push_back(axis.tiles());
  std::string text =
      fmt::format("tiles      {} = {}, blend {}\n", fmt::join(counts, " x "), tiling.tiles(), blend_name(tiling.blend));
  for (std::size_t i = 0; i < tiling.axes.size(); ++i) {
    // In units of the signal where they are, as the edges of a picture's tiles are thought of in pixels.
    const TileAxis& axis = tiling.axes[i];
    const double scale = field.axes[i].scale == 0 ? 1 : std::abs(field.axes[i].scale);
    std::vector<double> sizes, overlaps;
    for (std::size_t tile = 0; tile <= axis.cuts.size(); ++tile)
      sizes.push_back(
          ((tile == axis.cuts.size() ? axis.high : axis.cuts[tile]) - (tile == 0 ? axis.low : axis.cuts[tile - 1])) /
          scale);
    for (const double reach : axis.reach) overlaps.push_back(2 * reach / scale);
    text += fmt::format("           {}: {} tile{} of {}{}\n", field.axes[i].name, axis.tiles(), plural(axis.tiles()),
                        range_text(sizes), overlaps.empty() ? "" : ", overlap " + range_text(overlaps));
  }
  return text;
}

std::vector<double> of_networks(const Field& field, double Architecture::*what) {
  std::vector<double> numbers;
  for (const Network& network : field.networks) numbers.push_back(network.architecture.*what);
  return numbers;
}

Json tiles_json(const Field& field) {
  Json along = Json::array();
  for (const TileAxis& axis : field.tiling.axes) along.push_back(axis.tiles());
  const auto range = [&](double Architecture::*what) {
    const auto [least, most] = std::ranges::minmax(of_networks(field, what));
    return Json::array({least, most});
  };
  return {{"count", field.tiling.tiles()},
          {"along_axes", along},
          {"blend", blend_name(field.tiling.blend)},
          {"omega_first", range(&Architecture::omega_first)},
          {"omega_hidden", range(&Architecture::omega_hidden)}};
}

/// "sine", "relu behind positional:6"
std::string units_text(const Architecture& n) {
  std::string text(activation_name(n.activation));
  if (n.encoding.kind != Encoding::Kind::none) text += " behind " + encoding_text(n.encoding);
  return text;
}

/// One line for all tiles; in a file they differ in their omegas at most.
std::string tile_networks_text(const Field& field) {
  const Architecture& n = field.networks.front().architecture;
  return fmt::format("networks   width {}, {} hidden layer{}, {}, omega {} first, {} hidden, {} parameters each\n",
                     n.width, n.hidden_layers, plural(n.hidden_layers), units_text(n),
                     range_text(of_networks(field, &Architecture::omega_first)),
                     range_text(of_networks(field, &Architecture::omega_hidden)), parameter_count(n));
}

/// ", in a ball of radius 0.25 about (0.1, 0), t from 0 to 0.5" for a network that has a window, in network
/// coordinates; else nothing.
std::string window_text(const Field& field, const Window* window) {
  std::string text;
  if (window && !window->centre.empty())
    text = fmt::format(", in a ball of radius {:.6g} about ({:.6g})", window->radius, fmt::join(window->centre, ", "));
  if (window && window->slab)
    text += fmt::format(", {} from {:.6g} to {:.6g}", field.axes[static_cast<std::size_t>(window->slab->axis)].name,
                        window->slab->low, window->slab->high);
  return text;
}

Json window_json(const Window& window) {
  Json json = Json::object();
  if (!window.centre.empty()) json = {{"centre", window.centre}, {"radius", window.radius}};
  if (window.slab) json["slab"] = {{"axis", window.slab->axis}, {"low", window.slab->low}, {"high", window.slab->high}};
  return json;
}

int model_info(const InfoArguments& a, const Common& common) {
  const Field field = a.omegas.read(a.model);
  const bool tiled = field.kind == FieldKind::tiles;
  std::string text = fmt::format("{}: {} of {} input{}, {} output{}\n", a.model.string(),
                                 field.kind == FieldKind::network ? "one network"
                                 : tiled                          ? "tiles"
                                                                  : "a sum of networks",
                                 field.inputs(), plural(field.inputs()), field.outputs(), plural(field.outputs()));
  if (tiled) text += tiles_text(field) + tile_networks_text(field);
  std::int64_t parameters = 0;
  for (const Network& network : field.networks) parameters += std::ssize(network.parameters);
  Json networks = Json::array();  // of tiles: the first one, for their shape
  for (std::size_t i = 0; i < (tiled ? 1 : field.networks.size()); ++i) {
    const Architecture& n = field.networks[i].architecture;
    const Window* const window = field.window_of(i);
    if (!tiled)
      text += fmt::format("network    width {}, {} hidden layers, {}, omega {} first, {} hidden, {} parameters{}\n",
                          n.width, n.hidden_layers, units_text(n), n.omega_first, n.omega_hidden, parameter_count(n),
                          window_text(field, window));
    networks.push_back({{"width", n.width},
                        {"hidden_layers", n.hidden_layers},
                        {"activation", activation_name(n.activation)},
                        {"encoding", encoding_text(n.encoding)},
                        {"omega_first", n.omega_first},
                        {"omega_hidden", n.omega_hidden},
                        {"parameters", parameter_count(n)}});
    if (window) networks.back()["window"] = window_json(*window);
  }
  Json axes = Json::array(), channels = Json::array();
  for (const AxisMap& axis : field.axes) {
    text += fmt::format("axis       {}: network = {} {} + {}\n", axis.name, axis.scale, axis.name, axis.offset);
    axes.push_back({{"name", axis.name}, {"scale", axis.scale}, {"offset", axis.offset}});
  }
  for (const ChannelMap& channel : field.channels)
    channels.push_back({{"scale", channel.scale}, {"offset", channel.offset}});
  const SignalKind kind = signal_kind(field.signal);
  if (kind != SignalKind::none) text += fmt::format("{:<11}{}\n", signal_kind_name(kind), signal_words(field.signal));
  const Json signal = signal_json(field.signal);
  for (const auto& [name, value] : field.training)
    if (!value.empty()) text += fmt::format("training   {} = {}\n", name, value);
  text.pop_back();
  Json result = {{"kind", kind_name(field.kind)}, {"inputs", field.inputs()}, {"outputs", field.outputs()},
                 {"parameters", parameters},      {"networks", networks},     {"axes", axes},
                 {"channels", channels},          {"signal", signal},         {"training", field.training}};
  if (tiled) result["tiles"] = tiles_json(field);
  print_result(common, text, result);
  return 0;
}

int info(const InfoArguments& a, const Common& common) {
  if (a.machine == !a.model.empty())
    throw bad_input("info: give either a model file or --machine", "see `sinefield info --help`");
  return a.machine ? machine_info(common) : model_info(a, common);
}

}  // namespace

void add_info(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("info", "what a model file holds, or what this machine offers");
  auto arguments = std::make_shared<InfoArguments>();
  command->add_option("MODEL", arguments->model, "the model file");
  command->add_flag("--machine", arguments->machine, "processor, instruction sets, threads, memory");
  arguments->omegas.add_to(*command);
  add_common(*command, context.common);
  command->callback(
      [arguments, &context] { context.run = [arguments, &context] { return info(*arguments, context.common); }; });
}

}  // namespace sinefield::cli
