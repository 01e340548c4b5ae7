// Writes small valid model files into a folder: where the fuzzer of model files starts from.
// SPDX-License-Identifier: MIT
#include <cstring>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "sinefield/error.h"
#include "sinefield/model_file.h"

namespace {

using namespace sinefield;

void put(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw failure("cannot write " + path.string());
}

std::string text_of(const Field& field) {
  const auto bytes = model_bytes(field);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The same tensors as a file of the original code has them: no metadata.
std::string without_metadata(const std::string& model) {
  std::uint64_t length = 0;
  std::memcpy(&length, model.data(), sizeof length);
  auto header = nlohmann::json::parse(model.substr(8, length));
  header.erase("__metadata__");
  const std::string text = header.dump();
  const std::uint64_t new_length = text.size();
  std::string prefix(8, '\0');
  std::memcpy(prefix.data(), &new_length, sizeof new_length);
  return prefix + text + model.substr(8 + length);
}

void write_seeds(const std::filesystem::path& folder) {
  Field picture;
  picture.networks.push_back(initial_network({.inputs = 2, .outputs = 2, .width = 3, .hidden_layers = 1}, 1));
  picture.axes = picture_axes(5, 9);
  picture.channels = {{127.5, 127.5}, {127.5, 127.5}};
  picture.signal = PictureFormat{.height = 5, .width = 9, .channels = {"Y", "A"}, .alpha = 1, .icc = {1, 2, 3, 4}};
  picture.training = {{"recipe", "original"}, {"seed", "1"}};
  put(folder / "picture", text_of(picture));
  put(folder / "original", without_metadata(text_of(picture)));

  Field sum;
  sum.kind = FieldKind::sum;
  sum.networks.push_back(initial_network({.inputs = 1, .outputs = 1, .width = 2, .hidden_layers = 1}, 2, 0));
  sum.networks.push_back(initial_network({.inputs = 1, .outputs = 1, .width = 4, .hidden_layers = 0}, 2, 1));
  sum.axes = {{"t", 1, 0}};
  sum.channels = {{1, 0}};
  put(folder / "sum", text_of(sum));
  sum.windows = {std::nullopt, Window{{0.25}, 0.5}};
  put(folder / "windows", text_of(sum));
  sum.windows = {Window{{}, 1, Slab{0, -1, 0.5}}, Window{{0.25}, 0.5, Slab{0, 0.5, 1}}};
  put(folder / "slabs", text_of(sum));

  Field encoded = picture;
  encoded.networks = {initial_network({.inputs = 2,
                                       .outputs = 2,
                                       .width = 3,
                                       .hidden_layers = 0,
                                       .activation = Activation::tanh,
                                       .encoding = {Encoding::Kind::rbf, 2}},
                                      1)};
  put(folder / "encoded", text_of(encoded));

  Field tiles;
  tiles.kind = FieldKind::tiles;
  tiles.tiling.axes = {{.low = -1, .high = 1, .cuts = {0}, .reach = {0.25}, .half_width = 0.625}};
  tiles.tiling.normalisation = {{1, 0}, {0.5, 0.25}};
  tiles.networks.push_back(initial_network({.inputs = 1, .outputs = 1, .width = 2, .hidden_layers = 1}, 3, 0));
  tiles.networks.push_back(initial_network({.inputs = 1, .outputs = 1, .width = 2, .hidden_layers = 1}, 3, 1));
  tiles.axes = {{"t", 1, 0}};
  tiles.channels = {{1, 0}};
  put(folder / "tiles", text_of(tiles));
  tiles.networks[1].architecture.omega_first = 5;
  put(folder / "omegas", text_of(tiles));

  tiles.signal = SoundFormat{.frames = 3, .rate = 8000, .channels = 1, .type = SoundType::s24};
  put(folder / "sound", text_of(tiles));

  Field video;
  video.networks.push_back(initial_network({.inputs = 3, .outputs = 1, .width = 2, .hidden_layers = 0}, 4));
  video.axes = {{"time", 1, -1}, {"row", 1, 0}, {"column", 1, 0}};
  video.channels = {{127.5, 127.5}};
  video.signal =
      VideoFormat{.frames = 3, .height = 2, .width = 2, .channels = {"Y"}, .rate = {25, 1}, .times = {0, 0.5, 2}};
  put(folder / "video", text_of(video));
  VolumeFormat volume;
  volume.sizes = {3, 2, 2};
  volume.unit = "mm";
  video.signal = volume;
  put(folder / "volume", text_of(video));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: model_seeds FOLDER\n";
    return 2;
  }
  try {
    write_seeds(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "model_seeds: " << error.what() << '\n';
    return 1;
  }
}
