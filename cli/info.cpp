// `sinefield info`: what a model file holds, and what this machine offers.
// SPDX-License-Identifier: MIT
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <memory>

#include "cli/command.h"
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

const char* type_name(SampleType type) {
  return type == SampleType::u8 ? "8 bit" : type == SampleType::u16 ? "16 bit" : "float";
}

int model_info(const InfoArguments& a, const Common& common) {
  const Field field = a.omegas.read(a.model);
  std::string text = fmt::format("{}: {} of {} input{}, {} output{}\n", a.model.string(),
                                 field.kind == FieldKind::network ? "one network" : "a sum of networks", field.inputs(),
                                 field.inputs() == 1 ? "" : "s", field.outputs(), field.outputs() == 1 ? "" : "s");
  std::int64_t parameters = 0;
  Json networks = Json::array();
  for (const Network& network : field.networks) {
    const Architecture& n = network.architecture;
    parameters += parameter_count(n);
    text += fmt::format("network    width {}, {} hidden layers, omega {} first, {} hidden, {} parameters\n", n.width,
                        n.hidden_layers, n.omega_first, n.omega_hidden, parameter_count(n));
    networks.push_back({{"width", n.width},
                        {"hidden_layers", n.hidden_layers},
                        {"omega_first", n.omega_first},
                        {"omega_hidden", n.omega_hidden},
                        {"parameters", parameter_count(n)}});
  }
  Json axes = Json::array(), channels = Json::array();
  for (const AxisMap& axis : field.axes) {
    text += fmt::format("axis       {}: network = {} {} + {}\n", axis.name, axis.scale, axis.name, axis.offset);
    axes.push_back({{"name", axis.name}, {"scale", axis.scale}, {"offset", axis.offset}});
  }
  for (const ChannelMap& channel : field.channels)
    channels.push_back({{"scale", channel.scale}, {"offset", channel.offset}});
  const PictureFormat& picture = field.picture;
  Json signal = nullptr;
  if (picture.height > 0) {
    text += fmt::format("picture    {} x {}, {}, channels {}{}{}\n", picture.width, picture.height,
                        type_name(picture.type), fmt::join(picture.channels, " "),
                        picture.icc.empty() ? "" : fmt::format(", ICC profile of {} bytes", picture.icc.size()),
                        picture.orientation == 1 ? "" : fmt::format(", orientation {}", picture.orientation));
    signal = {{"type", "picture"},
              {"width", picture.width},
              {"height", picture.height},
              {"bits", picture.type == SampleType::u8    ? 8
                       : picture.type == SampleType::u16 ? 16
                                                         : 32},
              {"channels", picture.channels},
              {"orientation", picture.orientation},
              {"icc_bytes", picture.icc.size()}};
  }
  for (const auto& [name, value] : field.training)
    if (!value.empty()) text += fmt::format("training   {} = {}\n", name, value);
  text.pop_back();
  print_result(common, text,
               {{"kind", field.kind == FieldKind::network ? "network" : "sum"},
                {"inputs", field.inputs()},
                {"outputs", field.outputs()},
                {"parameters", parameters},
                {"networks", networks},
                {"axes", axes},
                {"channels", channels},
                {"signal", signal},
                {"training", field.training}});
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
