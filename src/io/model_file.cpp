// What the tensors and the metadata of a model file mean: docs/format.md in code, but for the signals, which are in
// signal_metadata.h. Reading trusts nothing; writing
// refuses what reading would refuse, so that a run cannot end in a file that is useless. SPDX-License-Identifier: MIT
#include "sinefield/model_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "field/tiling.h"
#include "field/windows.h"
#include "io/checksum.h"
#include "io/input_file.h"
#include "io/json_reader.h"
#include "io/output_file.h"
#include "io/safetensors.h"
#include "io/signal_metadata.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr const char* metadata_key = "sinefield";
constexpr std::size_t piece_floats = 1 << 18;  // 1 MiB of data at a time

// Order of the enumerators.
constexpr std::array<std::string_view, 3> kind_names = {"network", "sum", "tiles"};
constexpr std::array<std::string_view, 3> blend_names = {"linear", "cubic", "quintic"};
constexpr std::array<std::string_view, 2> window_names = {"none", "bump"};

// ---- what tensors there are

std::string tensor_name(const std::string& prefix, std::size_t layer, const char* what) {
  return fmt::format("{}net.net.{}.0.{}", prefix, layer, what);
}

/// Where the numbers of a tensor belong.
enum class TensorPart : std::uint8_t { parameters, tile_scale, tile_offset };

struct TensorSlot {
  std::string name;
  std::vector<std::uint64_t> shape;
  TensorPart part = TensorPart::parameters;
  std::size_t network = 0;  // the first of them, where there is one for each tile
  std::int64_t offset = 0,
               count = 0;  // elements of one network: in its parameters, or in its part of the normalisation
};

/// Networks that share a tensor of the file, along its leading axis.
std::size_t networks_of_tensor(const Field& field) {
  return field.kind == FieldKind::tiles ? static_cast<std::size_t>(field.tiling.tiles()) : 1;
}

// In the order of the parameters.
void add_slots(std::vector<TensorSlot>& slots, const Architecture& architecture, const std::string& prefix,
               std::size_t network) {
  if (encoding_parameters(architecture) > 0) {
    const std::int64_t centres = architecture.encoding.size;
    const auto rows = static_cast<std::uint64_t>(centres), cols = static_cast<std::uint64_t>(architecture.inputs);
    slots.push_back({prefix + "rbf_layer.centres",
                     {rows, cols},
                     TensorPart::parameters,
                     network,
                     0,
                     centres * architecture.inputs});
    slots.push_back(
        {prefix + "rbf_layer.sigmas", {rows}, TensorPart::parameters, network, centres * architecture.inputs, centres});
  }
  std::size_t index = 0;
  for (const LayerSlice& layer : layer_slices(architecture)) {
    const auto rows = static_cast<std::uint64_t>(layer.outputs), cols = static_cast<std::uint64_t>(layer.inputs);
    slots.push_back({tensor_name(prefix, index, "weight"),
                     {rows, cols},
                     TensorPart::parameters,
                     network,
                     layer.weight,
                     layer.bias - layer.weight});
    slots.push_back(
        {tensor_name(prefix, index, "bias"), {rows}, TensorPart::parameters, network, layer.bias, layer.outputs});
    ++index;
  }
}

/// All tensors of a field, whose networks may still lack their parameters, and all tiles but one their network.
std::vector<TensorSlot> tensor_slots(const Field& field) {
  std::vector<TensorSlot> slots;
  if (field.kind != FieldKind::tiles) {
    for (std::size_t term = 0; term < field.networks.size(); ++term) {
      const std::string prefix = field.kind == FieldKind::sum ? fmt::format("terms.{}.", term) : "";
      add_slots(slots, field.networks[term].architecture, prefix, term);
    }
    return slots;
  }
  add_slots(slots, field.networks.front().architecture, "", 0);
  const auto outputs = static_cast<std::uint64_t>(field.outputs());
  slots.push_back({"tiles.scale", {outputs}, TensorPart::tile_scale, 0, 0, field.outputs()});
  slots.push_back({"tiles.offset", {outputs}, TensorPart::tile_offset, 0, 0, field.outputs()});
  for (TensorSlot& slot : slots) slot.shape.insert(slot.shape.begin(), networks_of_tensor(field));
  return slots;
}

/// The floats of a slot that belong to one network, to and from memory.
void copy_out(const Field& field, const TensorSlot& slot, std::size_t network, float* to) {
  const auto offset = static_cast<std::ptrdiff_t>(slot.offset);
  if (slot.part == TensorPart::parameters) {
    std::copy_n(field.networks[network].parameters.begin() + offset, slot.count, to);
    return;
  }
  const auto first = static_cast<std::int64_t>(network) * slot.count;
  for (std::int64_t i = 0; i < slot.count; ++i) {
    const ChannelMap& map = field.tiling.normalisation[static_cast<std::size_t>(first + i)];
    to[i] = static_cast<float>(slot.part == TensorPart::tile_scale ? map.scale : map.offset);
  }
}

void copy_in(Field& field, const TensorSlot& slot, std::size_t network, const float* from) {
  if (slot.part == TensorPart::parameters) {
    std::copy_n(from, slot.count,
                field.networks[network].parameters.begin() + static_cast<std::ptrdiff_t>(slot.offset));
    return;
  }
  const auto first = static_cast<std::int64_t>(network) * slot.count;
  for (std::int64_t i = 0; i < slot.count; ++i) {
    ChannelMap& map = field.tiling.normalisation[static_cast<std::size_t>(first + i)];
    (slot.part == TensorPart::tile_scale ? map.scale : map.offset) = static_cast<double>(from[i]);
  }
}

/// The data of the file in its order, in large pieces: use(bytes) for each. No second copy of the parameters.
template <class Use>
void for_data(const Field& field, const Use& use) {
  if (field.kind != FieldKind::tiles) {
    for (const Network& network : field.networks) use(std::as_bytes(std::span(network.parameters)));
    return;
  }
  std::vector<float> piece;
  const auto flush = [&] {
    use(std::as_bytes(std::span(piece)));
    piece.clear();
  };
  for (const TensorSlot& slot : tensor_slots(field)) {
    for (std::size_t tile = 0; tile < field.networks.size(); ++tile) {
      const std::size_t used = piece.size();
      piece.resize(used + static_cast<std::size_t>(slot.count));
      copy_out(field, slot, tile, piece.data() + used);
      if (piece.size() >= piece_floats) flush();
    }
  }
  flush();
}

// ---- checksums

std::string checksum_of_parameters(const Field& field) {
  Crc32 crc;
  for_data(field, [&](std::span<const std::byte> bytes) { crc.add(bytes); });
  return crc.text();
}

// ---- what a field must be, the same for reading and writing

// The numbers of the tensors are not looked at here, nor is how many networks there are for how many tiles. `what`
// starts the messages.
void check_description(const Field& field, const std::string& what) {
  const auto refuse = [&](const std::string& problem) { throw bad_input(fmt::format("{}: {}", what, problem)); };
  if (field.networks.empty()) refuse("it holds no network");
  if (field.kind == FieldKind::network && field.networks.size() != 1) {
    refuse(fmt::format("kind \"network\" holds {} networks, expected 1", field.networks.size()));
  }
  for (const Network& network : field.networks) {
    if (const auto reason = why_invalid(network.architecture)) refuse("invalid architecture: " + *reason);
    const Architecture &first = field.networks.front().architecture, &other = network.architecture;
    if (field.kind == FieldKind::tiles && (other.width != first.width || other.hidden_layers != first.hidden_layers)) {
      refuse(
          fmt::format("its tiles have width {} and {} hidden layers, and width {} and {}; in one file they may differ "
                      "in their omegas only",
                      first.width, first.hidden_layers, other.width, other.hidden_layers));
    }
    if (field.kind == FieldKind::tiles && (other.activation != first.activation || other.encoding != first.encoding)) {
      refuse("its tiles have different activations or encodings; in one file they may differ in their omegas only");
    }
  }
  if (const auto reason = why_invalid_terms(field)) refuse(*reason);
  if (field.kind == FieldKind::tiles) {
    if (const auto reason = why_invalid(field.tiling.axes, field.inputs())) refuse(*reason);
  }
  const auto inputs = static_cast<std::size_t>(field.inputs()), outputs = static_cast<std::size_t>(field.outputs());
  if (field.axes.size() != inputs) refuse(fmt::format("{} axes for {} inputs", field.axes.size(), inputs));
  if (field.channels.size() != outputs)
    refuse(fmt::format("{} channels for {} outputs", field.channels.size(), outputs));
  const auto finite = [](const auto& map) { return std::isfinite(map.scale) && std::isfinite(map.offset); };
  if (!std::all_of(field.axes.begin(), field.axes.end(), finite)) refuse("a map of the axes is not finite");
  if (!std::all_of(field.channels.begin(), field.channels.end(), finite)) refuse("a map of the channels is not finite");

  if (const auto reason = why_invalid(field.signal)) refuse(*reason);
  if (signal_kind(field.signal) == SignalKind::none) return;
  const std::string_view kind = signal_kind_name(signal_kind(field.signal));
  const SolutionFormat* const solution = field.solution();
  const auto axes = solution ? std::ssize(solution->coordinates) : std::ssize(signal_sizes(field.signal));
  if (field.inputs() != axes) refuse(fmt::format("a {} needs {} inputs, the network has {}", kind, axes, inputs));
  if (const auto names = signal_channels(field.signal); names.size() != outputs)
    refuse(fmt::format("a {} of {} channels for {} outputs", kind, names.size(), outputs));
}

void check_parameters(const Field& field, const std::string& what) {
  for (std::size_t term = 0; term < field.networks.size(); ++term) {
    const Network& network = field.networks[term];
    if (static_cast<std::int64_t>(network.parameters.size()) != parameter_count(network.architecture)) {
      throw bad_input(fmt::format("{}: network {} has {} parameters, its architecture {}", what, term,
                                  network.parameters.size(), parameter_count(network.architecture)));
    }
  }
  if (field.kind == FieldKind::tiles) {
    if (const auto reason = why_invalid(field.tiling, field.inputs(), field.outputs(), std::ssize(field.networks)))
      throw bad_input(fmt::format("{}: {}", what, *reason));
  }
  for (const TensorSlot& slot : tensor_slots(field)) {
    if (slot.part != TensorPart::parameters) continue;
    for (std::size_t n = 0; n < networks_of_tensor(field); ++n) {
      const auto begin = field.networks[slot.network + n].parameters.begin() + slot.offset;
      const auto bad = std::find_if(begin, begin + slot.count, [](float x) { return !std::isfinite(x); });
      if (bad != begin + slot.count) {
        throw bad_input(fmt::format("{}: tensor {} holds {} at element {}, expected finite numbers", what, slot.name,
                                    *bad, static_cast<std::int64_t>(n) * slot.count + (bad - begin)));
      }
    }
  }
}

// ---- writing

nlohmann::ordered_json tiling_json(const Tiling& tiling) {
  using nlohmann::ordered_json;
  ordered_json axes = ordered_json::array();
  for (const TileAxis& axis : tiling.axes) {
    axes.push_back({{"low", axis.low},
                    {"high", axis.high},
                    {"cuts", axis.cuts},
                    {"reach", axis.reach},
                    {"half_width", axis.half_width}});
  }
  return {{"blend", blend_name(tiling.blend)}, {"axes", std::move(axes)}};
}

nlohmann::ordered_json windows_json(const Field& field) {
  using nlohmann::ordered_json;
  ordered_json windows = ordered_json::array();
  for (const std::optional<Window>& window : field.windows) {
    ordered_json described = {{"type", "none"}};
    if (window && !window->centre.empty())
      described = {{"type", "bump"}, {"centre", window->centre}, {"radius", window->radius}};
    if (window && window->slab)
      described["slab"] = {{"axis", window->slab->axis}, {"low", window->slab->low}, {"high", window->slab->high}};
    windows.push_back(std::move(described));
  }
  return windows;
}

/// Tiles that are all alike need one entry.
std::span<const Network> networks_to_describe(const Field& field) {
  const std::span<const Network> all = field.networks;
  const bool alike =
      std::ranges::all_of(all, [&](const Network& n) { return n.architecture == all.front().architecture; });
  return field.kind == FieldKind::tiles && alike ? all.first(1) : all;
}

/// Whether older versions of the format cannot describe it.
bool beyond_sines(const Network& network) {
  return network.architecture.activation != Activation::sine || network.architecture.encoding != Encoding{};
}

std::string metadata_text(const Field& field) {
  using nlohmann::ordered_json;
  const SignalKind kind = signal_kind(field.signal);
  const bool is_tiled = field.kind == FieldKind::tiles;
  const std::vector<std::string> names = signal_channels(field.signal);

  ordered_json metadata;
  // The oldest that holds the field, for older readers.
  const bool fourth = has_windows(field) || std::ranges::any_of(field.networks, beyond_sines);
  const int of_field = has_slabs(field) ? 6 : fourth ? 4 : is_tiled ? 2 : 1;
  metadata["version"] = std::max(version_of(kind), of_field);
  metadata["kind"] = kind_names[static_cast<std::size_t>(field.kind)];
  metadata["architecture"] = ordered_json::array();
  for (const Network& network : networks_to_describe(field)) {
    const Architecture& a = network.architecture;
    ordered_json described = {{"inputs", a.inputs},
                              {"outputs", a.outputs},
                              {"width", a.width},
                              {"hidden_layers", a.hidden_layers},
                              {"activation", activation_name(a.activation)}};
    if (a.encoding.kind != Encoding::Kind::none)
      described["encoding"] = {{"kind", encoding_name(a.encoding.kind)}, {"size", a.encoding.size}};
    described["omega_first"] = a.omega_first;
    described["omega_hidden"] = a.omega_hidden;
    metadata["architecture"].push_back(std::move(described));
  }
  if (is_tiled) metadata["tiles"] = tiling_json(field.tiling);
  if (has_windows(field)) metadata["windows"] = windows_json(field);
  metadata["domain"] = {{"units", units_name(kind)}, {"axes", ordered_json::array()}};
  for (const AxisMap& axis : field.axes) {
    metadata["domain"]["axes"].push_back({{"name", axis.name}, {"scale", axis.scale}, {"offset", axis.offset}});
  }
  metadata["output"] = {{"channels", ordered_json::array()}};
  for (std::size_t c = 0; c < field.channels.size(); ++c) {
    metadata["output"]["channels"].push_back({{"name", names.empty() ? fmt::format("u{}", c) : names[c]},
                                              {"scale", field.channels[c].scale},
                                              {"offset", field.channels[c].offset}});
  }
  metadata["signal"] = signal_json(field.signal);
  metadata["training"] = ordered_json::object();
  for (const auto& [key, value] : field.training) metadata["training"][key] = value;
  metadata["checksum"] = checksum_of_parameters(field);

  std::string text = metadata.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  text.pop_back();  // the closing brace comes with the seal
  return sealed(std::move(text));
}

std::string header_bytes(const Field& field) {
  check_description(field, "cannot write this field");
  check_parameters(field, "cannot write this field");
  std::vector<SafetensorsShape> tensors;
  for (TensorSlot& slot : tensor_slots(field)) tensors.push_back({std::move(slot.name), std::move(slot.shape)});
  return safetensors_header(tensors, {{metadata_key, metadata_text(field)}});
}

// ---- reading

Tiling tiling_from(const JsonNode& tiles) {
  Tiling tiling;
  tiles.expect_keys({"blend", "axes"});
  tiling.blend = static_cast<Blend>(tiles["blend"].choice(blend_names));
  for (const JsonNode& node : tiles["axes"].items()) {
    node.expect_keys({"low", "high", "cuts", "reach", "half_width"});
    TileAxis axis{.low = node["low"].number(), .high = node["high"].number(), .cuts = {}, .reach = {}};
    for (const JsonNode& cut : node["cuts"].items()) axis.cuts.push_back(cut.number());
    for (const JsonNode& reach : node["reach"].items()) axis.reach.push_back(reach.number());
    axis.half_width = node["half_width"].number();
    tiling.axes.push_back(std::move(axis));
  }
  return tiling;
}

std::vector<std::optional<Window>> windows_from(const JsonNode& list, std::int64_t version) {
  std::vector<std::optional<Window>> windows;
  for (const JsonNode& node : list.items()) {
    const bool ball = node["type"].choice(window_names) == 1, slab = version >= 6 && node.has("slab");
    if (slab)
      ball ? node.expect_keys({"type", "centre", "radius", "slab"}) : node.expect_keys({"type", "slab"});
    else
      ball ? node.expect_keys({"type", "centre", "radius"}) : node.expect_keys({"type"});
    std::optional<Window>& window = windows.emplace_back();
    if (ball || slab) window.emplace();
    if (ball) {
      for (const JsonNode& number : node["centre"].items()) window->centre.push_back(number.number());
      window->radius = node["radius"].number();
    }
    if (slab) {
      const JsonNode described = node["slab"];
      described.expect_keys({"axis", "low", "high"});
      constexpr int any = std::numeric_limits<int>::max();
      window->slab = {static_cast<int>(described["axis"].integer(-any, any)), described["low"].number(),
                      described["high"].number()};
    }
  }
  return windows;
}

// All of the field but the numbers of its tensors. Of tiles that are all alike it holds one network.
Field description_from(const JsonNode& metadata, std::int64_t version, const std::string& file) {
  Field field;
  field.kind = static_cast<FieldKind>(metadata["kind"].choice(kind_names));
  if (field.kind == FieldKind::tiles) {
    if (version < 2) {
      throw bad_input(
          fmt::format("{}: kind \"tiles\" in a file of format version {}, expected version 2", file, version));
    }
    metadata.expect_keys({"version", "kind", "architecture", "tiles", "domain", "output", "signal", "training",
                          "checksum", "metadata_checksum"});
    field.tiling = tiling_from(metadata["tiles"]);
  } else if (field.kind == FieldKind::sum && metadata.has("windows")) {
    if (version < 4)
      throw bad_input(fmt::format("{}: windows in a file of format version {}, expected version 4", file, version));
    metadata.expect_keys({"version", "kind", "architecture", "windows", "domain", "output", "signal", "training",
                          "checksum", "metadata_checksum"});
    field.windows = windows_from(metadata["windows"], version);
  } else {
    metadata.expect_keys(
        {"version", "kind", "architecture", "domain", "output", "signal", "training", "checksum", "metadata_checksum"});
  }
  constexpr int any = std::numeric_limits<int>::max();
  for (const JsonNode& node : metadata["architecture"].items()) {
    Encoding encoding;
    if (version >= 4 && node.has("encoding")) {
      node.expect_keys(
          {"inputs", "outputs", "width", "hidden_layers", "activation", "encoding", "omega_first", "omega_hidden"});
      const JsonNode said = node["encoding"];
      said.expect_keys({"kind", "size"});
      encoding.kind = static_cast<Encoding::Kind>(said["kind"].choice(encoding_names()));
      encoding.size = static_cast<int>(said["size"].integer(-any, any));
    } else {
      node.expect_keys({"inputs", "outputs", "width", "hidden_layers", "activation", "omega_first", "omega_hidden"});
    }
    const std::span<const std::string_view> known =
        activation_names().first(version < 4 ? 1 : activation_names().size());
    const auto activation = static_cast<Activation>(node["activation"].choice(known));
    const auto size = [&](const char* key) { return static_cast<int>(node[key].integer(-any, any)); };
    const Architecture architecture = {.inputs = size("inputs"),
                                       .outputs = size("outputs"),
                                       .width = size("width"),
                                       .hidden_layers = size("hidden_layers"),
                                       .omega_first = node["omega_first"].number(),
                                       .omega_hidden = node["omega_hidden"].number(),
                                       .activation = activation,
                                       .encoding = encoding};
    field.networks.push_back({architecture, {}});
  }
  const JsonNode domain = metadata["domain"], output = metadata["output"], signal = metadata["signal"];
  domain.expect_keys({"units", "axes"});
  for (const JsonNode& axis : domain["axes"].items()) {
    axis.expect_keys({"name", "scale", "offset"});
    field.axes.push_back({axis["name"].text(), axis["scale"].number(), axis["offset"].number()});
  }
  std::vector<std::string> names;
  output.expect_keys({"channels"});
  for (const JsonNode& channel : output["channels"].items()) {
    channel.expect_keys({"name", "scale", "offset"});
    names.push_back(channel["name"].text());
    field.channels.push_back({channel["scale"].number(), channel["offset"].number()});
  }
  field.signal = signal_from(signal, version, std::move(names), file);
  domain["units"].choice({units_name(signal_kind(field.signal))});
  for (const auto& [key, value] : metadata["training"].members()) field.training[key] = value.text();
  check_description(field, file);
  if (field.kind == FieldKind::tiles) {
    const std::int64_t tiles = field.tiling.tiles(), networks = std::ssize(field.networks);
    if (networks != 1 && networks != tiles) {
      throw bad_input(
          fmt::format("{}: {} architectures for {} tiles, expected 1 or one for each", file, networks, tiles));
    }
  }
  return field;
}

// Fills what the tensors hold, after every name and shape has been found right: by then they fit into the file, so that
// nothing larger than a few times the file is allocated.
void load_parameters(Field& field, const Safetensors& container, const InputFile& file) {
  const std::vector<TensorSlot> slots = tensor_slots(field);
  for (const TensorSlot& slot : slots) {
    const auto found = container.tensors.find(slot.name);
    if (found == container.tensors.end()) {
      throw bad_input(fmt::format("{}: tensor {} is missing", file.name(), slot.name));
    }
    if (found->second.shape != slot.shape) {
      throw bad_input(fmt::format("{}: tensor {} has shape {}, expected {}", file.name(), slot.name,
                                  shape_text(found->second.shape), shape_text(slot.shape)));
    }
  }
  if (container.tensors.size() != slots.size()) {
    auto names = container.tensors;
    for (const TensorSlot& slot : slots) names.erase(slot.name);
    throw bad_input(fmt::format("{}: tensor {} is no part of this model", file.name(), names.begin()->first));
  }
  const std::size_t sharing = networks_of_tensor(field);
  if (field.kind == FieldKind::tiles) {
    field.networks.resize(sharing, field.networks.front());
    field.tiling.normalisation.resize(sharing * static_cast<std::size_t>(field.outputs()));
  }
  for (Network& network : field.networks) {
    network.parameters.resize(static_cast<std::size_t>(parameter_count(network.architecture)));
  }
  std::vector<float> piece;
  for (const TensorSlot& slot : slots) {
    const auto count = static_cast<std::size_t>(slot.count);
    std::uint64_t at = container.tensors.at(slot.name).offset;
    if (field.kind != FieldKind::tiles) {
      const auto values = std::span(field.networks[slot.network].parameters);
      file.read(at, std::as_writable_bytes(values.subspan(static_cast<std::size_t>(slot.offset), count)));
      continue;
    }
    const std::size_t at_once = std::max<std::size_t>(1, piece_floats / count);  // tiles
    for (std::size_t tile = 0; tile < sharing; tile += at_once) {
      const std::size_t tiles = std::min(at_once, sharing - tile);
      piece.resize(tiles * count);
      file.read(at, std::as_writable_bytes(std::span(piece)));
      at += piece.size() * sizeof(float);
      for (std::size_t i = 0; i < tiles; ++i) copy_in(field, slot, tile + i, piece.data() + i * count);
    }
  }
}

Field own_model(const Safetensors& container, const std::string& text, const InputFile& file) {
  if (container.metadata.size() != 1) {
    throw bad_input(fmt::format("{}: the metadata have {} keys, expected only \"{}\"", file.name(),
                                container.metadata.size(), metadata_key));
  }
  const nlohmann::json json = parse_json(text, file.name() + ": the metadata");
  const JsonNode metadata(json, file.name() + ": metadata");
  const std::int64_t version = metadata["version"].integer(1, std::numeric_limits<std::int64_t>::max());
  if (version > model_format_version) {
    throw bad_input(fmt::format("{} has format version {}, this sinefield reads up to version {}", file.name(), version,
                                model_format_version),
                    "update sinefield");
  }
  if (!seal_is_right(text)) {
    throw bad_input(fmt::format("{} is damaged: the checksum of its metadata does not match", file.name()));
  }
  Field field = description_from(metadata, version, file.name());
  load_parameters(field, container, file);
  if (const std::string found = checksum_of_parameters(field), &stated = metadata["checksum"].text(); found != stated) {
    throw bad_input(
        fmt::format("{} is damaged: its tensors have checksum {}, the metadata say {}", file.name(), found, stated));
  }
  check_parameters(field, file.name());
  return field;
}

// ---- plain tensors of the original code

Architecture original_architecture(const Safetensors& container, const std::string& file) {
  std::size_t layers = 0;
  const auto weight = [&](std::size_t layer) { return container.tensors.find(tensor_name("", layer, "weight")); };
  while (weight(layers) != container.tensors.end()) ++layers;
  if (layers < 2) {
    throw bad_input(
        fmt::format("{} is no model of sinefield and holds no network of the original code: tensor {} is missing", file,
                    tensor_name("", layers, "weight")));
  }
  const auto sizes = [&](std::size_t layer) {
    const auto& shape = weight(layer)->second.shape;
    if (shape.size() != 2 || shape[0] > INT32_MAX || shape[1] > INT32_MAX) {
      throw bad_input(fmt::format("{}: tensor {} has shape {}, expected (outputs, inputs)", file,
                                  tensor_name("", layer, "weight"), shape_text(shape)));
    }
    return std::pair(static_cast<int>(shape[0]), static_cast<int>(shape[1]));
  };
  const auto [width, inputs] = sizes(0);
  return {.inputs = inputs,
          .outputs = sizes(layers - 1).first,
          .width = width,
          .hidden_layers = static_cast<int>(std::min<std::size_t>(layers - 2, INT32_MAX))};
}

Field original_model(const Safetensors& container, const OriginalOmegas& omegas, const InputFile& file) {
  Architecture architecture = original_architecture(container, file.name());
  architecture.omega_first = omegas.first;
  architecture.omega_hidden = omegas.hidden;
  if (const auto reason = why_invalid(architecture)) {
    throw bad_input(fmt::format("{}: invalid architecture: {}", file.name(), *reason));
  }
  Field field;
  field.networks.push_back({architecture, {}});
  for (int i = 0; i < architecture.inputs; ++i) field.axes.push_back({fmt::format("x{}", i), 1, 0});
  field.channels.resize(static_cast<std::size_t>(architecture.outputs));
  check_description(field, file.name());
  load_parameters(field, container, file);
  check_parameters(field, file.name());
  return field;
}

Field field_from(const InputFile& file, const std::optional<OriginalOmegas>& omegas) {
  const Safetensors container = read_safetensors_header(file);
  const auto own = container.metadata.find(metadata_key);
  if (own != container.metadata.end()) {
    if (omegas) {
      throw bad_input(fmt::format("{} is a model of sinefield and records its own omegas", file.name()),
                      "leave out --omega-first and --omega-hidden");
    }
    return own_model(container, own->second, file);
  }
  if (omegas) return original_model(container, *omegas, file);
  original_architecture(container, file.name());  // throws where it is something else altogether
  throw bad_input(
      fmt::format("{} holds plain tensors without sinefield's metadata, so its omegas are unknown", file.name()),
      "give --omega-first and --omega-hidden (the original code has 30 and 30)");
}

}  // namespace

void write_model(const std::filesystem::path& path, const Field& field, Overwrite overwrite) {
  const std::string header = header_bytes(field);
  OutputFile file(path, overwrite);
  file.write(header);
  for_data(field, [&](std::span<const std::byte> bytes) { file.write(bytes); });
  file.commit();
}

std::vector<std::byte> model_bytes(const Field& field) {
  const std::string header = header_bytes(field);
  std::vector<std::byte> bytes;
  const auto append = [&](std::span<const std::byte> part) { bytes.insert(bytes.end(), part.begin(), part.end()); };
  append(std::as_bytes(std::span(header)));
  for_data(field, append);
  return bytes;
}

Field read_model(const std::filesystem::path& path, std::optional<OriginalOmegas> omegas) {
  return field_from(InputFile(path), omegas);
}

Field model_from_bytes(std::span<const std::byte> bytes, const std::string& name,
                       std::optional<OriginalOmegas> omegas) {
  return field_from(InputFile(bytes, name), omegas);
}

}  // namespace sinefield
