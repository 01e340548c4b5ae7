// Model files: what goes in comes out bit for bit, and every kind of damage is found and named.
// SPDX-License-Identifier: MIT
#include "sinefield/model_file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "sinefield/error.h"
#include "tile_samples.h"
#include "windowed_samples.h"

namespace sinefield {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using testing::HasSubstr;
using Bytes = std::vector<std::byte>;

Field small_picture() {
  Field field;
  field.networks.push_back(
      initial_network({.inputs = 2, .outputs = 2, .width = 3, .hidden_layers = 1, .omega_first = 12.5}, 7));
  field.axes = picture_axes(5, 9);
  field.channels = {{127.5, 127.5}, {0.1, -1.0 / 3.0}};
  field.signal = PictureFormat{.height = 5,
                               .width = 9,
                               .type = SampleType::u16,
                               .channels = {"Y", "A"},
                               .alpha = 1,
                               .orientation = 6,
                               .icc = {0, 1, 2, 253, 254, 255, 7}};
  field.training = {{"recipe", "original"}, {"seed", "7"}, {"note", "quote \" backslash \\ caf\xc3\xa9"}};
  return field;
}

Field small_sum() {
  Field field;
  field.kind = FieldKind::sum;
  field.networks.push_back(initial_network({.inputs = 3, .outputs = 1, .width = 4, .hidden_layers = 2}, 1, 0));
  field.networks.push_back(initial_network({.inputs = 3, .outputs = 1, .width = 8, .hidden_layers = 0}, 1, 1));
  field.axes = {{"t", 0.5, 0}, {"row", 1, -1}, {"column", 2, 1e-300}};
  field.channels = {{1, 0}};
  return field;
}

Field small_sound() {
  Field field;
  field.networks = {initial_network({.inputs = 1, .outputs = 2, .width = 3, .hidden_layers = 1}, 2)};
  field.axes = {{"time", 2.0 / 19'999'999'999.0, -1}};
  field.channels = {{0.7, 0}, {0.7, 0}};
  field.signal = SoundFormat{.frames = 20'000'000'000, .rate = 44'100, .channels = 2, .type = SoundType::s24};
  field.training = {{"recipe", "single"}};
  return field;
}

/// 2 x 1 x 3 tiles of a video, a hard cut among them.
Field small_video() {
  Field field = tiled_field({some_axis(2, 1, Edges::one_hard), some_axis(1, 2), some_axis(3, 3)}, 3, Blend::quintic,
                            Shapes::equal);
  field.axes = {{"time", 0.5, -1}, {"row", 0.25, -1}, {"column", 0.25, -1}};
  field.signal = VideoFormat{.frames = 5,
                             .height = 9,
                             .width = 8,
                             .type = SampleType::u16,
                             .bits = 10,
                             .channels = {"R", "G", "B"},
                             .rate = {30'000, 1001},
                             .times = {0, 0.1, 0.1 + 0.2, 1, 1.5},
                             .pixel_aspect = {4, 3}};
  return field;
}

Field small_volume() {
  Field field;
  field.networks = {initial_network({.inputs = 3, .outputs = 2, .width = 3, .hidden_layers = 0}, 5)};
  field.axes = {{"z", 0.5, -1}, {"y", 0.25, -0.5}, {"x", 0.25, -0.75}};
  field.channels = {{900.5, 12.25}, {900.5, 12.25}};
  field.signal = VolumeFormat{.sizes = {5, 4, 7},
                              .channels = 2,
                              .type = VoxelType::i16,
                              .spacing = {2, 1.1, 0.1 + 0.2},
                              .to_world = {-1, 0.25, 0, 90, 0, 1.1, 1.0 / 3, -126, 0, 0, 2, -72.5},
                              .unit = "mm"};
  return field;
}

/// 2 x 3 tiles of a picture.
Field small_tiles(Shapes shapes = Shapes::equal) {
  Field field = tiled_field({some_axis(2, 1), some_axis(3, 2, Edges::one_hard)}, 2, Blend::cubic, shapes);
  const Field picture = small_picture();
  field.axes = picture.axes;
  field.channels = picture.channels;
  field.signal = picture.signal;
  field.training = picture.training;
  field.tiling.normalisation[3] = {static_cast<double>(0.1F), -0.0};
  field.tiling.normalisation[4].offset = static_cast<double>(std::numeric_limits<float>::denorm_min());
  return field;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

void expect_same(const SignalFormat& a, const SignalFormat& b) {
  ASSERT_EQ(signal_kind(a), signal_kind(b));
  EXPECT_EQ(signal_sizes(a), signal_sizes(b));
  EXPECT_EQ(signal_channels(a), signal_channels(b));
  if (const auto* x = std::get_if<PictureFormat>(&a)) {
    const auto& y = std::get<PictureFormat>(b);
    EXPECT_EQ(x->type, y.type);
    EXPECT_EQ(x->alpha, y.alpha);
    EXPECT_EQ(x->orientation, y.orientation);
    EXPECT_EQ(x->icc, y.icc);
  } else if (const auto* s = std::get_if<SoundFormat>(&a)) {
    const auto& y = std::get<SoundFormat>(b);
    EXPECT_EQ(s->rate, y.rate);
    EXPECT_EQ(s->channels, y.channels);
    EXPECT_EQ(s->type, y.type);
  } else if (const auto* v = std::get_if<VideoFormat>(&a)) {
    const auto& y = std::get<VideoFormat>(b);
    EXPECT_EQ(v->type, y.type);
    EXPECT_EQ(v->bits, y.bits);
    EXPECT_EQ(v->rate, y.rate);
    EXPECT_EQ(v->times, y.times);
    EXPECT_EQ(v->pixel_aspect, y.pixel_aspect);
  } else if (const auto* u = std::get_if<VolumeFormat>(&a)) {
    const auto& y = std::get<VolumeFormat>(b);
    EXPECT_EQ(u->type, y.type);
    EXPECT_EQ(u->channels, y.channels);
    EXPECT_EQ(u->spacing, y.spacing);
    EXPECT_EQ(u->to_world, y.to_world);
    EXPECT_EQ(u->unit, y.unit);
  }
}

void expect_same(const Field& a, const Field& b) {
  EXPECT_EQ(a.kind, b.kind);
  ASSERT_EQ(a.windows.size(), b.windows.size());
  for (std::size_t i = 0; i < a.windows.size(); ++i) {
    ASSERT_EQ(a.windows[i].has_value(), b.windows[i].has_value());
    if (!a.windows[i]) continue;
    EXPECT_EQ(a.windows[i]->centre, b.windows[i]->centre);
    EXPECT_EQ(a.windows[i]->radius, b.windows[i]->radius);
    ASSERT_EQ(a.windows[i]->slab.has_value(), b.windows[i]->slab.has_value());
    if (!a.windows[i]->slab) continue;
    EXPECT_EQ(a.windows[i]->slab->axis, b.windows[i]->slab->axis);
    EXPECT_EQ(a.windows[i]->slab->low, b.windows[i]->slab->low);
    EXPECT_EQ(a.windows[i]->slab->high, b.windows[i]->slab->high);
  }
  ASSERT_EQ(a.networks.size(), b.networks.size());
  for (std::size_t i = 0; i < a.networks.size(); ++i) {
    EXPECT_EQ(a.networks[i].architecture, b.networks[i].architecture);
    EXPECT_TRUE(same_bits(a.networks[i].parameters, b.networks[i].parameters));
  }
  ASSERT_EQ(a.tiling.axes.size(), b.tiling.axes.size());
  EXPECT_EQ(a.tiling.blend, b.tiling.blend);
  for (std::size_t i = 0; i < a.tiling.axes.size(); ++i) {
    const TileAxis &x = a.tiling.axes[i], &y = b.tiling.axes[i];
    EXPECT_EQ(std::pair(x.low, x.high), std::pair(y.low, y.high));
    EXPECT_EQ(x.cuts, y.cuts);
    EXPECT_EQ(x.reach, y.reach);
    EXPECT_EQ(x.half_width, y.half_width);
  }
  ASSERT_EQ(a.tiling.normalisation.size(), b.tiling.normalisation.size());
  for (std::size_t i = 0; i < a.tiling.normalisation.size(); ++i) {
    const ChannelMap &x = a.tiling.normalisation[i], &y = b.tiling.normalisation[i];
    EXPECT_EQ(x.scale, y.scale);
    EXPECT_EQ(x.offset, y.offset);
    EXPECT_EQ(std::signbit(x.offset), std::signbit(y.offset));
  }
  ASSERT_EQ(a.axes.size(), b.axes.size());
  for (std::size_t i = 0; i < a.axes.size(); ++i) {
    EXPECT_EQ(a.axes[i].name, b.axes[i].name);
    EXPECT_EQ(a.axes[i].scale, b.axes[i].scale);
    EXPECT_EQ(a.axes[i].offset, b.axes[i].offset);
  }
  ASSERT_EQ(a.channels.size(), b.channels.size());
  for (std::size_t i = 0; i < a.channels.size(); ++i) {
    EXPECT_EQ(a.channels[i].scale, b.channels[i].scale);
    EXPECT_EQ(a.channels[i].offset, b.channels[i].offset);
  }
  expect_same(a.signal, b.signal);
  EXPECT_EQ(a.training, b.training);
}

// A model taken apart, to be changed in one place and put together again.
struct Parts {
  ordered_json header, metadata;
  std::string data;
};

Parts take_apart(const Bytes& bytes) {
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Parts parts{ordered_json::parse(text.substr(8, length)), {}, text.substr(8 + length)};
  parts.metadata = ordered_json::parse(parts.header["__metadata__"]["sinefield"].get<std::string>());
  return parts;
}

std::string crc32_text(const std::string& bytes) {
  std::array<char, 16> text = {};
  const auto* first = reinterpret_cast<const Bytef*>(bytes.data());
  std::snprintf(text.data(), text.size(), "crc32:%08lx", ::crc32(0, first, static_cast<uInt>(bytes.size())));
  return text.data();
}

Bytes safetensors(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, 8);
  file += header + data;
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

std::string padded(std::string header) {
  header.append((8 - header.size() % 8) % 8, ' ');
  return header;
}

// As docs/format.md says it: the checksum of the data as they lie, the seal over all the text before it.
Bytes put_together(Parts parts) {
  parts.metadata.erase("metadata_checksum");
  parts.metadata["checksum"] = crc32_text(parts.data);
  std::string text = parts.metadata.dump();
  text.pop_back();
  text += ",\"metadata_checksum\":\"" + crc32_text(text) + "\"}";
  parts.header["__metadata__"]["sinefield"] = text;
  return safetensors(padded(parts.header.dump()), parts.data);
}

void expect_refused(const Bytes& bytes, const std::string& words, std::optional<OriginalOmegas> omegas = {}) {
  try {
    model_from_bytes(bytes, "m.sine", omegas);
    ADD_FAILURE() << "nothing thrown, expected: " << words;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_input);
    EXPECT_THAT(error.what(), HasSubstr("m.sine"));
    EXPECT_THAT(error.what(), HasSubstr(words));
  }
}

// A change of the metadata of small_picture() that its checksums cover.
void expect_refused(const std::function<void(ordered_json&)>& change, const std::string& words) {
  Parts parts = take_apart(model_bytes(small_picture()));
  change(parts.metadata);
  expect_refused(put_together(parts), words);
}

// A change of the tensors of small_picture().
void expect_tensors_refused(const std::function<void(Parts&)>& change, const std::string& words) {
  Parts parts = take_apart(model_bytes(small_picture()));
  change(parts);
  expect_refused(put_together(parts), words);
}

TEST(ModelFile, RoundTripsAPicture) {
  const Field field = small_picture();
  expect_same(model_from_bytes(model_bytes(field), "m"), field);
}

TEST(ModelFile, RoundTripsASumAndAField) { expect_same(model_from_bytes(model_bytes(small_sum()), "m"), small_sum()); }

/// A sum with windows, of numbers that only doubles hold.
Field small_windows() {
  Field field = windowed_field(2, 2);
  field.windows[1]->centre[0] = 1.0 / 3;
  field.windows[2]->radius = 1e-9;
  return field;
}

TEST(ModelFile, RoundTripsWindows) {
  const Field field = small_windows();
  const Bytes bytes = model_bytes(field);
  expect_same(model_from_bytes(bytes, "m"), field);
  const ordered_json metadata = take_apart(bytes).metadata;
  EXPECT_EQ(metadata["version"], 4);
  EXPECT_EQ(metadata["windows"].dump(),
            R"([{"type":"none"},{"type":"bump","centre":[0.3333333333333333,0.1],"radius":0.8},)"
            R"({"type":"bump","centre":[-0.25,-0.25],"radius":1e-09}])");
  // Windows that are none need no newer reader.
  Field none = field;
  for (auto& window : none.windows) window.reset();
  EXPECT_EQ(take_apart(model_bytes(none)).metadata["version"], 1);
  EXPECT_FALSE(take_apart(model_bytes(none)).metadata.contains("windows"));
  EXPECT_TRUE(model_from_bytes(model_bytes(none), "m").windows.empty());
}

TEST(ModelFile, RoundTripsSlabs) {
  Field field = slabbed_field(2, 2);
  field.windows[0]->slab->low = -1.0 / 3;
  const Bytes bytes = model_bytes(field);
  expect_same(model_from_bytes(bytes, "m"), field);
  const ordered_json metadata = take_apart(bytes).metadata;
  EXPECT_EQ(metadata["version"], 6);
  EXPECT_EQ(metadata["windows"].dump(),
            R"([{"type":"none","slab":{"axis":0,"low":-0.3333333333333333,"high":0.3}},)"
            R"({"type":"bump","centre":[0.1,0.1],"radius":0.8,"slab":{"axis":0,"low":-0.1,"high":1e+100}},)"
            R"({"type":"bump","centre":[-0.25,-0.25],"radius":0.2}])");
}

TEST(ModelFile, TakesSumsWithoutWindowsInVersion4) {
  Parts parts = take_apart(model_bytes(small_sum()));
  parts.metadata["version"] = 4;
  expect_same(model_from_bytes(put_together(parts), "m"), small_sum());
}

TEST(ModelFile, RoundTripsTiles) {
  for (const Shapes shapes : {Shapes::equal, Shapes::omegas_differ}) {
    const Field field = small_tiles(shapes);
    expect_same(model_from_bytes(model_bytes(field), "m"), field);
  }
  const Field line = tiled_field({some_axis(5, 3)}, 1, Blend::linear, Shapes::equal);
  expect_same(model_from_bytes(model_bytes(line), "m"), line);
}

TEST(ModelFile, RoundTripsSoundsVideosAndVolumes) {
  for (const Field& field : {small_sound(), small_video(), small_volume()}) {
    SCOPED_TRACE(signal_kind_name(signal_kind(field.signal)));
    expect_same(model_from_bytes(model_bytes(field), "m"), field);
    EXPECT_EQ(take_apart(model_bytes(field)).metadata["version"], 3);
  }
  Field even = small_video();
  std::get<VideoFormat>(even.signal).times.clear();
  std::get<VideoFormat>(even.signal).frames = 1'000'000;
  expect_same(model_from_bytes(model_bytes(even), "m"), even);
  for (const SoundType type : {SoundType::u8, SoundType::s16, SoundType::s32, SoundType::f32, SoundType::f64}) {
    Field field = small_sound();
    std::get<SoundFormat>(field.signal).type = type;
    expect_same(model_from_bytes(model_bytes(field), "m"), field);
  }
  for (const VoxelType type : {VoxelType::u8, VoxelType::i8, VoxelType::u16, VoxelType::i32, VoxelType::f32}) {
    Field field = small_volume();
    std::get<VolumeFormat>(field.signal).type = type;
    std::get<VolumeFormat>(field.signal).unit = "";
    expect_same(model_from_bytes(model_bytes(field), "m"), field);
  }
}

TEST(ModelFile, SignalsAreLaidOutAsDocumented) {
  const ordered_json sound = take_apart(model_bytes(small_sound())).metadata,
                     video = take_apart(model_bytes(small_video())).metadata,
                     volume = take_apart(model_bytes(small_volume())).metadata;
  EXPECT_EQ(sound["signal"].dump(), R"({"type":"sound","frames":20000000000,"rate":44100,"sample_type":"s24"})");
  EXPECT_EQ(sound["output"]["channels"][1]["name"], "R");
  EXPECT_EQ(sound["domain"]["units"], "sample");
  EXPECT_EQ(video["signal"]["type"], "video");
  EXPECT_EQ(video["signal"]["rate"].dump(), "[30000,1001]");
  EXPECT_EQ(video["signal"]["pixel_aspect"].dump(), "[4,3]");
  EXPECT_EQ(video["signal"]["times"].get<std::vector<double>>(), std::get<VideoFormat>(small_video().signal).times);
  EXPECT_EQ(video["signal"]["bits"], 10);
  EXPECT_EQ(video["signal"]["sample_type"], "u16");
  EXPECT_EQ(video["output"]["channels"][2]["name"], "B");
  EXPECT_EQ(volume["signal"]["sizes"].dump(), "[5,4,7]");
  EXPECT_EQ(volume["signal"]["spacing"].size(), 3U);
  EXPECT_EQ(volume["signal"]["to_world"].size(), 12U);
  EXPECT_EQ(volume["signal"]["unit"], "mm");
  EXPECT_EQ(volume["output"]["channels"][0]["name"], "c0");
}

// Data are written and read a MiB at a time: a tensor of several pieces, which tiles do not divide evenly.
TEST(ModelFile, RoundTripsTensorsOfManyPieces) {
  Field field = tiled_field({some_axis(150, 3)}, 1, Blend::quintic, Shapes::equal);
  for (std::size_t tile = 0; tile < field.networks.size(); ++tile)
    field.networks[tile] = initial_network({.inputs = 1, .outputs = 1, .width = 70, .hidden_layers = 1}, 1,
                                           static_cast<std::uint32_t>(tile));
  expect_same(model_from_bytes(model_bytes(field), "m"), field);
}

TEST(ModelFile, RoundTripsUnusualFloats) {
  Field field = small_picture();
  auto& parameters = field.networks[0].parameters;
  parameters[0] = -0.0F;
  parameters[1] = std::numeric_limits<float>::denorm_min();
  parameters[2] = std::numeric_limits<float>::max();
  field.axes[0].scale = std::numeric_limits<double>::denorm_min();
  field.axes[1].offset = 0.1 + 0.2;
  expect_same(model_from_bytes(model_bytes(field), "m"), field);
}

TEST(ModelFile, FileAndBytesAreTheSame) {
  const fs::path folder = fs::temp_directory_path() / ("sinefield-model-" + std::to_string(::getpid()));
  fs::create_directories(folder);
  const fs::path path = folder / "m.sine";
  write_model(path, small_picture());
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  const Bytes bytes = model_bytes(small_picture());
  EXPECT_EQ(content, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  expect_same(read_model(path), small_picture());
  EXPECT_THROW(write_model(path, small_sum()), Error);
  write_model(path, small_tiles(), Overwrite::replace);
  expect_same(read_model(path), small_tiles());
  write_model(path, small_sum(), Overwrite::replace);
  expect_same(read_model(path), small_sum());
  fs::resize_file(path, 100);
  EXPECT_THROW(read_model(path), Error);
  EXPECT_THROW(read_model(folder), Error);
  EXPECT_THROW(read_model(folder / "none"), Error);
  fs::remove_all(folder);
}

TEST(ModelFile, LayoutIsTheDocumentedOne) {
  const Field field = small_picture();
  const Bytes bytes = model_bytes(field);
  const Parts parts = take_apart(bytes);
  EXPECT_EQ((bytes.size() - parts.data.size()) % 8, 0U);
  std::vector<std::string> names;
  for (const auto& [name, value] : parts.header.items()) names.push_back(name);
  EXPECT_THAT(names, testing::UnorderedElementsAre("__metadata__", "net.net.0.0.weight", "net.net.0.0.bias",
                                                   "net.net.1.0.weight", "net.net.1.0.bias", "net.net.2.0.weight",
                                                   "net.net.2.0.bias"));
  EXPECT_EQ(parts.header["__metadata__"].size(), 1U);
  EXPECT_EQ(parts.header["net.net.0.0.weight"].dump(), R"({"data_offsets":[0,24],"dtype":"F32","shape":[3,2]})");
  EXPECT_EQ(parts.header["net.net.2.0.weight"]["shape"].dump(), "[2,3]");
  EXPECT_EQ(parts.data.size(), field.networks[0].parameters.size() * 4);
  EXPECT_EQ(std::memcmp(parts.data.data(), field.networks[0].parameters.data(), parts.data.size()), 0);
  EXPECT_EQ(parts.metadata["checksum"], crc32_text(parts.data));
  EXPECT_EQ(put_together(parts), bytes);
}

TEST(ModelFile, TilesAreLaidOutAsDocumented) {
  const Field field = small_tiles();
  const Bytes bytes = model_bytes(field);
  const Parts parts = take_apart(bytes);
  EXPECT_EQ(parts.metadata["version"], 2);
  EXPECT_EQ(parts.metadata["kind"], "tiles");
  EXPECT_EQ(parts.metadata["architecture"].size(), 1U);
  EXPECT_EQ(parts.metadata["tiles"]["blend"], "cubic");
  EXPECT_EQ(parts.metadata["tiles"]["axes"][1]["cuts"].get<std::vector<double>>(), field.tiling.axes[1].cuts);
  EXPECT_EQ(parts.header.size(), 9U);
  EXPECT_EQ(parts.header["net.net.0.0.weight"]["shape"].dump(), "[6,5,2]");
  EXPECT_EQ(parts.header["net.net.1.0.bias"]["shape"].dump(), "[6,5]");
  EXPECT_EQ(parts.header["tiles.scale"]["shape"].dump(), "[6,2]");
  // Tensor by tensor, in each of them tile by tile.
  const auto at = [&](const char* name, std::size_t element) {
    float number = 0;
    const auto begin = parts.header[name]["data_offsets"][0].get<std::size_t>();
    std::memcpy(&number, parts.data.data() + begin + 4 * element, 4);
    return number;
  };
  for (std::size_t tile = 0; tile < 6; ++tile) {
    EXPECT_EQ(at("net.net.0.0.weight", 10 * tile + 3), field.networks[tile].parameters[3]);
    EXPECT_EQ(at("net.net.0.0.bias", 5 * tile + 2), field.networks[tile].parameters[12]);
    EXPECT_EQ(at("tiles.scale", 2 * tile + 1), static_cast<float>(field.tiling.normalisation[2 * tile + 1].scale));
    EXPECT_EQ(at("tiles.offset", 2 * tile), static_cast<float>(field.tiling.normalisation[2 * tile].offset));
  }
  EXPECT_EQ(parts.header["net.net.0.0.weight"]["data_offsets"][0], 0);
  EXPECT_EQ(parts.header["tiles.offset"]["data_offsets"][1], parts.data.size());
  EXPECT_EQ(parts.metadata["checksum"], crc32_text(parts.data));
  EXPECT_EQ(put_together(parts), bytes);
  EXPECT_EQ(take_apart(model_bytes(small_tiles(Shapes::omegas_differ))).metadata["architecture"].size(), 6U);
  // Everything else stays readable for those who know version 1 only.
  EXPECT_EQ(take_apart(model_bytes(small_picture())).metadata["version"], 1);
  EXPECT_EQ(take_apart(model_bytes(small_sum())).metadata["version"], 1);
}

void expect_every_change_found(const Field& field, const std::vector<int>& flips, const std::string& values) {
  const Bytes good = model_bytes(field);
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto try_value = [&](std::byte value) {
      if (value == good[i]) return;
      Bytes bad = good;
      bad[i] = value;
      try {
        model_from_bytes(bad, "m");
        ADD_FAILURE() << "byte " << i << " of " << good.size() << " changed to " << static_cast<int>(value);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      }
    };
    for (const int flip : flips) try_value(good[i] ^ static_cast<std::byte>(flip));
    for (const char value : values) try_value(static_cast<std::byte>(value));
  }
}

TEST(ModelFile, EveryChangedByteIsFound) {
  // Every bit; the characters that JSON skips or takes for structure; the end of text.
  expect_every_change_found(small_picture(), {1, 2, 4, 8, 16, 32, 64, 128, 255}, std::string(" \n\"0\0", 5));
  expect_every_change_found(small_sum(), {1, 255}, "");
  expect_every_change_found(small_tiles(), {1, 255}, "");
  expect_every_change_found(small_windows(), {1, 255}, "");
  expect_every_change_found(slabbed_field(2, 1), {1}, "");
}

TEST(ModelFile, EveryCutIsFound) {
  const Bytes good = model_bytes(small_sum());
  for (std::size_t length = 0; length < good.size(); ++length) {
    try {
      model_from_bytes(std::span(good).first(length), "m");
      ADD_FAILURE() << length << " bytes of " << good.size();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("cut"), HasSubstr("not a model file"))) << length;
    }
  }
  const std::string expected = "is cut: expected " + std::to_string(good.size()) + " bytes, found ";
  expect_refused({good.begin(), good.end() - 1}, expected + std::to_string(good.size() - 1));
  Bytes longer = good;
  longer.push_back(std::byte{0});
  expect_refused(longer, "is too long");
}

TEST(ModelFile, RefusesOtherFiles) {
  expect_refused(Bytes(), "is not a model file: it has 0 bytes");
  expect_refused(safetensors("not json", ""), "its header does not start with {");
  const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  const auto bytes = std::as_bytes(std::span(png));
  expect_refused({bytes.begin(), bytes.end()}, "is not a model file: its first 8 bytes");
}

TEST(ModelFile, RefusesBrokenHeaders) {
  expect_refused(safetensors("{\"a\":}", ""), "the header is not valid JSON at byte 6");
  expect_refused(safetensors("{\"a\":1,\"a\":2}", ""), "has the key \"a\" twice");
  expect_refused(safetensors("{\"a\":1", ""), "does not end with }");
  expect_refused(safetensors(std::string("{\"a\":1}\0}", 9), ""), "not valid JSON");
  expect_refused(safetensors("{\"a\":1e999}", ""), "out of range");
  expect_refused(safetensors("{\"a\":\"\xff\"}", ""), "not valid JSON");
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  expect_refused(safetensors(deep, ""), "nested more than");
  expect_refused(safetensors("{\"a\":1}", ""), "header \"a\" is 1, expected an object");
  expect_refused(safetensors("{}", ""), "is no model of sinefield");
  expect_refused(safetensors("{\"__metadata__\":{\"sinefield\":1}}", ""), "expected a string");
  expect_refused(safetensors("{\"__metadata__\":{\"sinefield\":\"{\"}}", ""), "the metadata is not valid JSON");
  expect_refused(safetensors("{\"__metadata__\":{\"sinefield\":\"{}\"}}", ""), "lacks the key \"version\"");
  expect_refused(safetensors("{\"__metadata__\":{\"sinefield\":\"{}\",\"format\":\"pt\"}}", ""), "have 2 keys");
}

TEST(ModelFile, RefusesWrongTensors) {
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.bias"]["dtype"] = "F16"; },
                         "tensor net.net.0.0.bias has type F16, expected F32");
  expect_tensors_refused(
      [](Parts& p) {
        p.header["net.net.0.0.weight"]["shape"] = {2, 3};
      },
      "tensor net.net.0.0.weight has shape (2, 3), expected (3, 2)");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["shape"] = {6}; },
                         "tensor net.net.0.0.weight has shape (6), expected (3, 2)");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["shape"] = {3, 3}; }, "does not fit its shape");
  expect_tensors_refused(
      [](Parts& p) {
        p.header["net.net.0.0.weight"]["shape"] = {1LL << 40, 1LL << 40};
      },
      "does not fit its shape");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["shape"] = {-3, -2}; }, "expected an integer");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["shape"] = {3.0, 2.0}; }, "expected an integer");
  expect_tensors_refused(
      [](Parts& p) {
        p.header["net.net.0.0.weight"]["data_offsets"] = {24, 0};
      },
      "expected an integer from 24");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["data_offsets"] = {0}; }, "1 data offsets");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"]["more"] = 1; }, "unknown key \"more\"");
  expect_tensors_refused([](Parts& p) { p.header["net.net.0.0.weight"].erase("dtype"); }, "lacks the key \"dtype\"");
  expect_tensors_refused(
      [](Parts& p) {
        p.header["net.net.0.0.bias"]["data_offsets"] = {20, 32};
      },
      "no gaps or overlaps");
  expect_tensors_refused(
      [](Parts& p) {
        p.header["net.net.7.0.bias"] = p.header["net.net.2.0.bias"];
        p.header.erase("net.net.2.0.bias");
      },
      "tensor net.net.2.0.bias is missing");
  expect_tensors_refused(
      [](Parts& p) {
        const auto end = p.data.size();
        p.header["extra"] = {{"dtype", "F32"}, {"shape", {1}}, {"data_offsets", {end, end + 4}}};
        p.data += std::string(4, '\0');
      },
      "tensor extra is no part of this model");
  expect_tensors_refused(
      [](Parts& p) {
        const float infinity = INFINITY;
        std::memcpy(p.data.data() + 4, &infinity, 4);
      },
      "tensor net.net.0.0.weight holds inf at element 1");
}

TEST(ModelFile, AcceptsTensorsInAnyOrder) {
  // Other tools sort tensors by name when they write: bias before weight. The checksum follows the layers, not the
  // file.
  const Field field = small_picture();
  const Bytes bytes = model_bytes(field);
  Parts parts = take_apart(bytes);
  const std::string data = parts.data;
  const std::string seal = parts.header["__metadata__"]["sinefield"];
  parts.data.clear();
  for (auto& [name, entry] : parts.header.items()) {
    if (name == "__metadata__") continue;
    const auto begin = entry["data_offsets"][0].get<std::size_t>(), end = entry["data_offsets"][1].get<std::size_t>();
    entry["data_offsets"] = {parts.data.size(), parts.data.size() + end - begin};
    parts.data += data.substr(begin, end - begin);
  }
  ASSERT_NE(parts.data, data);
  parts.header["__metadata__"]["sinefield"] = seal;
  expect_same(model_from_bytes(safetensors(padded(parts.header.dump()), parts.data), "m"), field);
}

TEST(ModelFile, ChecksumsTellWhichPartIsDamaged) {
  const Bytes good = model_bytes(small_picture());
  Bytes bad = good;
  bad.back() ^= std::byte{1};
  expect_refused(bad, "is damaged: its tensors have checksum crc32:");
  const std::string text(reinterpret_cast<const char*>(good.data()), good.size());
  bad = good;
  bad[text.find("original")] = std::byte{'O'};
  expect_refused(bad, "is damaged: the checksum of its metadata does not match");
}

TEST(ModelFile, RefusesOtherVersionsAndKinds) {
  expect_refused([](ordered_json& m) { m["version"] = 7; },
                 "has format version 7, this sinefield reads up to version 6");
  expect_refused([](ordered_json& m) { m["version"] = 0; }, "version is 0");
  expect_refused([](ordered_json& m) { m["version"] = "1"; }, "version is \"1\"");
  expect_refused([](ordered_json& m) { m["version"] = 18446744073709551615ULL; }, "expected an integer");
  expect_refused([](ordered_json& m) { m["kind"] = "tiles"; },
                 "kind \"tiles\" in a file of format version 1, expected version 2");
  expect_refused([](ordered_json& m) { m["kind"] = "star"; }, "kind is \"star\", expected one of \"network\", \"sum\"");
}

TEST(ModelFile, RefusesMetadataThatContradictItself) {
  const auto architecture = [](const char* key, const ordered_json& value) {
    return [=](ordered_json& m) { m["architecture"][0][key] = value; };
  };
  expect_refused(architecture("width", 0), "invalid architecture: width is 0");
  expect_refused(architecture("width", -5), "invalid architecture: width is -5");
  expect_refused(architecture("hidden_layers", 65), "invalid architecture: hidden_layers is 65");
  expect_refused(architecture("hidden_layers", 1e10), "expected an integer");
  expect_refused(architecture("omega_first", 0), "invalid architecture: omega_first is 0");
  expect_refused(architecture("omega_hidden", nullptr), "omega_hidden is null, expected a number");
  expect_refused(architecture("activation", "relu"), "activation is \"relu\", expected one of \"sine\"");
  expect_refused(architecture("width", 4), "tensor net.net.0.0.weight has shape (3, 2), expected (4, 2)");
  expect_refused(architecture("inputs", 3), "2 axes for 3 inputs");
  expect_refused(architecture("outputs", 3), "2 channels for 3 outputs");
  expect_refused([](ordered_json& m) { m["architecture"].clear(); }, "it holds no network");
  expect_refused([](ordered_json& m) { m["architecture"].push_back(m["architecture"][0]); }, "holds 2 networks");
  expect_refused([](ordered_json& m) { m["domain"]["axes"].erase(0); }, "1 axes for 2 inputs");
  expect_refused([](ordered_json& m) { m["domain"]["units"] = "metre"; }, "units is \"metre\"");
  expect_refused([](ordered_json& m) { m["output"]["channels"].erase(0); }, "1 channels for 2 outputs");
  expect_refused([](ordered_json& m) { m["output"]["channels"][1]["scale"] = "1"; },
                 "output channels [1] scale is \"1\", expected a number");
  expect_refused([](ordered_json& m) { m["signal"]["height"] = 0; }, "height is 0");
  expect_refused([](ordered_json& m) { m["signal"]["width"] = 1LL << 40; }, "width is 1099511627776");
  expect_refused([](ordered_json& m) { m["signal"]["sample_type"] = "u32"; }, "sample_type is \"u32\"");
  expect_refused([](ordered_json& m) { m["signal"]["alpha"] = 2; }, "alpha is channel 2 of 2");
  expect_refused([](ordered_json& m) { m["signal"]["orientation"] = 9; }, "orientation is 9");
  expect_refused([](ordered_json& m) { m["signal"]["icc"] = "AAA"; }, "icc is not base64");
  expect_refused([](ordered_json& m) { m["signal"] = {{"type", "none"}}; }, "units is \"pixel\"");
  expect_refused([](ordered_json& m) { m["training"]["seed"] = 7; }, "training \"seed\" is 7, expected a string");
  expect_refused([](ordered_json& m) { m["surprise"] = 1; }, "unknown key \"surprise\"");
  expect_refused([](ordered_json& m) { m.erase("training"); }, "lacks the key \"training\"");
  Parts sum = take_apart(model_bytes(small_sum()));
  sum.metadata["architecture"][1]["inputs"] = 2;
  expect_refused(put_together(sum), "map 3 to 1 and 2 to 1 numbers");
}

TEST(ModelFile, TakesTheOlderKindsInVersion2) {
  Parts parts = take_apart(model_bytes(small_picture()));
  parts.metadata["version"] = 2;
  expect_same(model_from_bytes(put_together(parts), "m"), small_picture());
}

TEST(ModelFile, TakesPicturesInVersion3) {
  Parts parts = take_apart(model_bytes(small_tiles()));
  parts.metadata["version"] = 3;
  expect_same(model_from_bytes(put_together(parts), "m"), small_tiles());
}

/// Every change of the metadata of a field, and the words with which it is refused.
void expect_refused(const Field& field,
                    const std::vector<std::pair<std::function<void(ordered_json&)>, std::string>>& changes) {
  for (const auto& [change, words] : changes) {
    Parts parts = take_apart(model_bytes(field));
    change(parts.metadata);
    expect_refused(put_together(parts), words);
  }
}

std::function<void(ordered_json&)> with(const char* key, const ordered_json& value) {
  return [=](ordered_json& m) { m["signal"][key] = value; };
}

TEST(ModelFile, RefusesOtherSignalsInOlderVersions) {
  for (const Field& field : {small_sound(), small_video(), small_volume()}) {
    const std::string kind(signal_kind_name(signal_kind(field.signal)));
    for (const int version : {1, 2}) {
      if (version == 1 && field.kind == FieldKind::tiles) continue;  // refused for its tiles
      expect_refused(field, {{[=](ordered_json& m) { m["version"] = version; },
                              fmt::format("a {} in a file of format version {}, expected version 3", kind, version)}});
    }
  }
}

TEST(ModelFile, RefusesWindowsThatContradictThemselves) {
  const auto in_window = [](std::size_t index, const char* key, const ordered_json& value) {
    return [=](ordered_json& m) { m["windows"][index][key] = value; };
  };
  expect_refused(
      small_windows(),
      {{[](ordered_json& m) { m["version"] = 3; }, "windows in a file of format version 3, expected version 4"},
       {[](ordered_json& m) { m["windows"].erase(0); }, "2 windows for 3 networks, expected one for each"},
       {[](ordered_json& m) { m["windows"] = "none"; }, "windows is \"none\", expected a list"},
       {[](ordered_json& m) { m["windows"][0] = nullptr; }, "windows [0] is null, expected an object"},
       {[](ordered_json& m) { m["windows"][1].erase("radius"); }, "windows [1] lacks the key \"radius\""},
       {[](ordered_json& m) { m["windows"][1].erase("type"); }, "windows [1] lacks the key \"type\""},
       {in_window(0, "radius", 1), "windows [0] has the unknown key \"radius\""},
       {in_window(1, "type", "box"), "type is \"box\", expected one of \"none\", \"bump\""},
       {in_window(1, "type", "none"), "windows [1] has the unknown key"},
       {in_window(1, "more", 1), "windows [1] has the unknown key \"more\""},
       {in_window(1, "centre", {1, 2, 3}), "the window of network 1 has a centre of 3 numbers for 2 inputs"},
       {in_window(1, "centre", {1, nullptr}), "centre [1] is null, expected a number"},
       {in_window(1, "centre", 0), "centre is 0, expected a list"},
       {in_window(2, "radius", 0), "the window of network 2 has a radius of 0, expected 1e-100 to 1e100"},
       {in_window(2, "radius", -1), "has a radius of -1"},
       {in_window(2, "radius", "1"), "radius is \"1\", expected a number"}});
  // Of no other kind, in any version.
  for (const Field& field : {small_picture(), small_tiles()})
    expect_refused(field, {{[](ordered_json& m) {
                              m["version"] = 4;
                              m["windows"] = {{{"type", "none"}}};
                            },
                            "has the unknown key \"windows\""}});
}

TEST(ModelFile, RefusesSlabsThatContradictThemselves) {
  const auto in_slab = [](const char* key, const ordered_json& value) {
    return [=](ordered_json& m) { m["windows"][0]["slab"][key] = value; };
  };
  expect_refused(slabbed_field(2, 2),
                 {{[](ordered_json& m) { m["version"] = 5; }, "windows [0] has the unknown key \"slab\""},
                  {[](ordered_json& m) { m["windows"][0]["slab"] = 1; }, "slab is 1, expected an object"},
                  {[](ordered_json& m) { m["windows"][0]["slab"].erase("low"); }, "lacks the key \"low\""},
                  {in_slab("more", 1), "has the unknown key \"more\""},
                  {in_slab("axis", 2), "the window of network 0 has a slab of axis 2, expected 0 to 1"},
                  {in_slab("axis", 0.5), "axis is 0.5, expected an integer"},
                  {in_slab("high", -1), "the window of network 0 has a slab from -0.4 to -1"},
                  {in_slab("high", nullptr), "high is null, expected a number"}});
}

TEST(ModelFile, RefusesSoundsThatContradictThemselves) {
  expect_refused(small_sound(),
                 {{with("frames", 0), "metadata signal frames is 0, expected an integer from 1 to"},
                  {with("frames", (1LL << 40) + 1), "signal frames is 1099511627777"},
                  {with("frames", 1.5), "signal frames is 1.5, expected an integer"},
                  {with("rate", 0), "signal rate is 0, expected an integer"},
                  {with("rate", 44100.5), "signal rate is 44100.5, expected an integer"},
                  {with("rate", 2'000'000'000), "signal rate is 2000000000, expected an integer"},
                  {with("sample_type", "s20"), "signal sample_type is \"s20\", expected one of \"u8\", \"s16\""},
                  {with("alpha", 1), "signal has the unknown key \"alpha\""},
                  {[](ordered_json& m) { m["signal"].erase("rate"); }, "signal lacks the key \"rate\""},
                  {with("type", "noise"), "signal type is \"noise\", expected one of \"none\", \"picture\""},
                  {with("type", "volume"), "signal lacks the key \"sizes\""},
                  {[](ordered_json& m) { m["domain"]["units"] = "pixel"; }, "domain units is \"pixel\""},
                  {[](ordered_json& m) { m["output"]["channels"].erase(1); }, "1 channels for 2 outputs"}});
  Parts flat = take_apart(model_bytes(small_volume()));
  flat.metadata["signal"] = {{"type", "sound"}, {"frames", 9}, {"rate", 9}, {"sample_type", "f32"}};
  expect_refused(put_together(flat), "a sound needs 1 inputs, the network has 3");
}

TEST(ModelFile, RefusesVideosThatContradictThemselves) {
  expect_refused(small_video(),
                 {{with("frames", 0), "metadata signal frames is 0, expected an integer from 1 to"},
                  {with("height", -1), "signal height is -1, expected an integer"},
                  {with("width", 1LL << 40), "signal width is 1099511627776, expected an integer"},
                  {with("sample_type", "f32"), "signal sample_type is \"f32\", expected one of \"u8\", \"u16\""},
                  {with("bits", 0), "signal bits is 0, expected an integer from 1 to 16"},
                  {with("bits", 17), "signal bits is 17, expected an integer from 1 to 16"},
                  {with("rate", {25}), "signal rate has 1 entries, expected 2"},
                  {with("rate", 25), "signal rate is 25, expected a list"},
                  {with("rate", {25, 0}), "signal rate [1] is 0, expected an integer"},
                  {with("rate", {-25, 1}), "signal rate [0] is -25, expected an integer"},
                  {with("pixel_aspect", {1, 1, 1}), "signal pixel_aspect has 3 entries, expected 2"},
                  {with("pixel_aspect", {0, 1}), "signal pixel_aspect [0] is 0, expected an integer"},
                  {with("times", {0, 1}), "2 times for 5 frames"},
                  {with("times", {0, 1, 2, 2, 3}), "the time of frame 3 is 2, expected one after"},
                  {with("times", {0, 1, nullptr, 3, 4}), "signal times [2] is null, expected a number"},
                  {with("times", "even"), "signal times is \"even\", expected a list"},
                  {with("more", 1), "signal has the unknown key \"more\""},
                  {[](ordered_json& m) { m["signal"].erase("times"); }, "signal lacks the key \"times\""}});
}

TEST(ModelFile, RefusesVolumesThatContradictThemselves) {
  expect_refused(small_volume(),
                 {{with("sizes", {5, 4}), "metadata signal sizes has 2 entries, expected 3"},
                  {with("sizes", {5, 0, 7}), "signal sizes [1] is 0, expected an integer"},
                  {with("sizes", {5, 4, 7.5}), "signal sizes [2] is 7.5, expected an integer"},
                  {with("sample_type", "u32"), "signal sample_type is \"u32\", expected one of \"u8\", \"i8\""},
                  {with("spacing", {1, 1}), "signal spacing has 2 entries, expected 3"},
                  {with("spacing", {1, 0, 1}), "a volume with voxels 0 apart"},
                  {with("spacing", {1, -2, 1}), "a volume with voxels -2 apart"},
                  {with("spacing", {1, "1", 1}), "signal spacing [1] is \"1\", expected a number"},
                  {with("to_world", {1, 2, 3}), "signal to_world has 3 entries, expected 12"},
                  {with("to_world", {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, nullptr}), "signal to_world [11] is null"},
                  {with("unit", 1), "signal unit is 1, expected a string"},
                  {with("more", 1), "signal has the unknown key \"more\""},
                  {[](ordered_json& m) { m["signal"].erase("to_world"); }, "signal lacks the key \"to_world\""}});
}

TEST(ModelFile, RefusesTilesThatContradictThemselves) {
  const auto expect_tiles_refused = [](const std::function<void(Parts&)>& change, const std::string& words,
                                       Shapes shapes = Shapes::equal) {
    Parts parts = take_apart(model_bytes(small_tiles(shapes)));
    change(parts);
    expect_refused(put_together(parts), words);
  };
  const auto in_axis = [](const char* key, const ordered_json& value) {
    return [=](Parts& p) { p.metadata["tiles"]["axes"][0][key] = value; };
  };
  expect_tiles_refused([](Parts& p) { p.metadata["version"] = 1; }, "in a file of format version 1");
  expect_tiles_refused([](Parts& p) { p.metadata.erase("tiles"); }, "lacks the key \"tiles\"");
  expect_tiles_refused([](Parts& p) { p.metadata["tiles"]["more"] = 1; }, "unknown key \"more\"");
  expect_tiles_refused([](Parts& p) { p.metadata["tiles"]["blend"] = "septic"; },
                       "blend is \"septic\", expected one of");
  expect_tiles_refused([](Parts& p) { p.metadata["tiles"]["axes"].erase(0); }, "tiles on 1 axes for 2 inputs");
  expect_tiles_refused(in_axis("cuts", {0.0, 0.5}), "has 2 cuts and 1 reaches");
  expect_tiles_refused(in_axis("cuts", ordered_json::array({2.0})), "has cut 0 at 2");
  expect_tiles_refused(in_axis("cuts", "0"), "cuts is \"0\", expected a list");
  expect_tiles_refused(in_axis("reach", ordered_json::array({nullptr})), "reach [0] is null, expected a number");
  expect_tiles_refused(in_axis("half_width", 0), "half width 0");
  expect_tiles_refused([](Parts& p) { p.metadata["kind"] = "network"; }, "unknown key \"tiles\"");
  // One tile more on the axis than the tensors hold.
  expect_tiles_refused(
      [](Parts& p) {
        p.metadata["tiles"]["axes"][0]["cuts"] = {-0.5, 0.5};
        p.metadata["tiles"]["axes"][0]["reach"] = {0.0, 0.0};
      },
      "tensor net.net.0.0.weight has shape (6, 5, 2), expected (9, 5, 2)");
  expect_tiles_refused([](Parts& p) { p.metadata["architecture"].push_back(p.metadata["architecture"][0]); },
                       "2 architectures for 6 tiles, expected 1 or one for each");
  expect_tiles_refused([](Parts& p) { p.metadata["architecture"][2]["width"] = 6; }, "differ in their omegas only",
                       Shapes::omegas_differ);
  expect_tiles_refused([](Parts& p) { p.header["tiles.scale"]["shape"] = ordered_json::array({12}); },
                       "tensor tiles.scale has shape (12), expected (6, 2)");
  expect_tiles_refused(
      [](Parts& p) {
        p.header["tiles.offsets"] = p.header["tiles.offset"];
        p.header.erase("tiles.offset");
      },
      "tensor tiles.offset is missing");
  const auto put_number = [](const char* name, std::size_t element, float number) {
    return [=](Parts& p) {
      const auto begin = p.header[name]["data_offsets"][0].get<std::size_t>();
      std::memcpy(p.data.data() + begin + 4 * element, &number, 4);
    };
  };
  expect_tiles_refused(put_number("net.net.0.0.weight", 34, INFINITY),
                       "tensor net.net.0.0.weight holds inf at element 34");
  expect_tiles_refused(put_number("tiles.scale", 7, NAN), "the normalisation of tile 3 holds nan");
}

// Refused by what the tensors hold, before there is anything of the size that the metadata claim.
TEST(ModelFile, RefusesMoreTilesThanTheFileHolds) {
  const Parts whole = take_apart(model_bytes(small_tiles()));
  const auto with_tiles = [&](int along) {
    Parts parts = whole;
    std::vector<double> cuts;
    for (int i = 1; i < along; ++i) cuts.push_back(static_cast<double>(i) / along);
    for (auto& axis : parts.metadata["tiles"]["axes"]) {
      axis["cuts"] = cuts;
      axis["reach"] = std::vector<double>(cuts.size());
    }
    return put_together(parts);
  };
  expect_refused(with_tiles(5000), "more than 16777216 tiles");
  expect_refused(with_tiles(4096), "tensor net.net.0.0.weight has shape (6, 5, 2), expected (16777216, 5, 2)");
}

// ---- files of the original code

Bytes original_file(std::vector<std::pair<std::string, std::vector<int>>> tensors) {
  ordered_json header = {{"__metadata__", {{"format", "pt"}}}};
  std::vector<float> values;
  for (const auto& [name, shape] : tensors) {
    const std::size_t begin = values.size() * 4;
    std::size_t count = 1;
    for (const int size : shape) count *= static_cast<std::size_t>(size);
    for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<float>(values.size()) + 0.5F);
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, values.size() * 4}}};
  }
  return safetensors(padded(header.dump()), {reinterpret_cast<const char*>(values.data()), values.size() * 4});
}

const std::vector<std::pair<std::string, std::vector<int>>> original_tensors = {
    {"net.net.0.0.weight", {4, 3}}, {"net.net.0.0.bias", {4}},      {"net.net.1.0.weight", {4, 4}},
    {"net.net.1.0.bias", {4}},      {"net.net.2.0.weight", {2, 4}}, {"net.net.2.0.bias", {2}}};

TEST(ModelFile, ReadsTensorsOfTheOriginalCode) {
  const Field field = model_from_bytes(original_file(original_tensors), "m", OriginalOmegas{3000, 31});
  const Architecture expected = {
      .inputs = 3, .outputs = 2, .width = 4, .hidden_layers = 1, .omega_first = 3000, .omega_hidden = 31};
  ASSERT_EQ(field.networks.size(), 1U);
  EXPECT_EQ(field.networks[0].architecture, expected);
  for (std::size_t i = 0; i < field.networks[0].parameters.size(); ++i) {
    EXPECT_EQ(field.networks[0].parameters[i], static_cast<float>(i) + 0.5F);
  }
  ASSERT_EQ(field.axes.size(), 3U);
  EXPECT_EQ(field.axes[2].name, "x2");
  EXPECT_EQ(field.axes[2].scale, 1);
  EXPECT_EQ(field.channels.size(), 2U);
  EXPECT_EQ(signal_kind(field.signal), SignalKind::none);
  expect_same(model_from_bytes(model_bytes(field), "m"), field);
}

TEST(ModelFile, RefusesContradictionsAboutOmegas) {
  try {
    model_from_bytes(original_file(original_tensors), "m");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("its omegas are unknown"));
    EXPECT_THAT(error.hint(), HasSubstr("--omega-first and --omega-hidden"));
  }
  expect_refused(model_bytes(small_picture()), "records its own omegas", OriginalOmegas{});
  expect_refused(original_file(original_tensors), "omega_hidden is 0", OriginalOmegas{30, 0});
}

TEST(ModelFile, RefusesOtherTensors) {
  const auto changed = [](std::size_t index, const std::string& name, const std::vector<int>& shape) {
    auto tensors = original_tensors;
    tensors[index] = {name, shape};
    return original_file(tensors);
  };
  const OriginalOmegas omegas;
  expect_refused(original_file({{"layers.0.weight", {4, 3}}}), "holds no network of the original code");
  expect_refused(original_file({{"layers.0.weight", {4, 3}}}), "holds no network of the original code", omegas);
  expect_refused(changed(0, "net.net.0.0.weight", {12}), "has shape (12), expected (outputs, inputs)", omegas);
  expect_refused(changed(0, "net.net.0.0.weight", {0, 2'000'000'000}), "invalid architecture", omegas);
  expect_refused(changed(1, "net.net.0.0.bias", {3}), "tensor net.net.0.0.bias has shape (3), expected (4)", omegas);
  expect_refused(changed(1, "other", {4}), "tensor net.net.0.0.bias is missing", omegas);
  expect_refused(changed(2, "net.net.1.0.weight", {4, 5}), "has shape (4, 5), expected (4, 4)", omegas);
  auto more = original_tensors;
  more.emplace_back("hyper_net.bias", std::vector<int>{1});
  expect_refused(original_file(more), "tensor hyper_net.bias is no part of this model", omegas);
}

// ---- writing

TEST(ModelFile, DoesNotWriteWhatNobodyCanRead) {
  const auto expect_not_written = [](const std::function<void(Field&)>& change, const std::string& words) {
    Field field = small_picture();
    change(field);
    try {
      model_bytes(field);
      ADD_FAILURE() << "nothing thrown, expected: " << words;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::bad_input);
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  };
  expect_not_written([](Field& f) { f.networks[0].parameters[3] = NAN; }, "holds nan at element 3");
  expect_not_written([](Field& f) { f.networks[0].parameters.pop_back(); }, "its architecture");
  expect_not_written([](Field& f) { f.networks.clear(); }, "holds no network");
  expect_not_written([](Field& f) { f.axes.pop_back(); }, "1 axes for 2 inputs");
  expect_not_written([](Field& f) { f.axes[0].scale = INFINITY; }, "not finite");
  expect_not_written([](Field& f) { f.channels[0].offset = NAN; }, "not finite");
  expect_not_written(
      [](Field& f) {
        std::get<PictureFormat>(f.signal).channels.pop_back();
        std::get<PictureFormat>(f.signal).alpha = -1;
      },
      "a picture of 1 channels for 2 outputs");
  expect_not_written([](Field& f) { std::get<PictureFormat>(f.signal).channels.pop_back(); },
                     "alpha is channel 1 of 1");
  expect_not_written([](Field& f) { std::get<PictureFormat>(f.signal).height = -1; }, "a picture of -1 x 9 pixels");
  expect_not_written([](Field& f) { std::get<PictureFormat>(f.signal).icc.resize(13'000'000); }, "header would have");
  const auto in = [](const Field& whole, const auto& change) {
    return [=](Field& f) {
      f = whole;
      change(f);
    };
  };
  const auto in_sound = [&](const auto& change) {
    return in(small_sound(), [=](Field& f) { change(std::get<SoundFormat>(f.signal)); });
  };
  const auto in_video = [&](const auto& change) {
    return in(small_video(), [=](Field& f) { change(std::get<VideoFormat>(f.signal)); });
  };
  const auto in_volume = [&](const auto& change) {
    return in(small_volume(), [=](Field& f) { change(std::get<VolumeFormat>(f.signal)); });
  };
  expect_not_written(in_sound([](SoundFormat& s) { s.frames = 0; }), "a sound of 0 frames");
  expect_not_written(in_sound([](SoundFormat& s) { s.rate = 0; }), "a sound of 0 frames a second");
  expect_not_written(in_sound([](SoundFormat& s) { s.channels = 3; }), "a sound of 3 channels for 2 outputs");
  expect_not_written(in_video([](VideoFormat& v) { v.width = 0; }), "a video of 5 frames of 9 x 0 pixels");
  expect_not_written(in_video([](VideoFormat& v) { v.rate = {}; }), "a rate or a pixel aspect of 0/1");
  expect_not_written(in_video([](VideoFormat& v) { v.times.pop_back(); }), "4 times for 5 frames");
  expect_not_written(in_video([](VideoFormat& v) { v.times[2] = NAN; }), "the time of frame 2 is nan");
  expect_not_written(in_video([](VideoFormat& v) { v.times[2] = 0.1; }), "the time of frame 2 is 0.1");
  expect_not_written(in_video([](VideoFormat& v) { v.bits = 24; }), "a video of 24 bits");
  expect_not_written(in_volume([](VolumeFormat& v) { v.sizes[1] = 0; }), "a volume of 5 x 0 x 7 voxels");
  expect_not_written(in_volume([](VolumeFormat& v) { v.spacing[1] = 0; }), "voxels 0 apart");
  expect_not_written(in_volume([](VolumeFormat& v) { v.to_world[3] = INFINITY; }), "place in the world is inf");
  expect_not_written(in(small_volume(), [](Field& f) { f.signal = SoundFormat{.frames = 1, .rate = 1}; }),
                     "a sound needs 1 inputs, the network has 3");
  expect_not_written(in(small_windows(), [](Field& f) { f.windows.pop_back(); }), "2 windows for 3 networks");
  expect_not_written(in(small_windows(), [](Field& f) { f.windows[1]->radius = INFINITY; }), "a radius of inf");
  expect_not_written(in(small_windows(), [](Field& f) { f.windows[1]->centre[1] = NAN; }), "a centre at nan");
  expect_not_written([](Field& f) { f.windows = {Window{{0, 0}, 1}}; }, "windows belong to kind \"sum\" only");
  const auto tiles = [](const auto& change) {
    return [change](Field& f) {
      f = small_tiles();
      change(f);
    };
  };
  expect_not_written(tiles([](Field& f) { f = small_tiles(Shapes::all_differ); }), "differ in their omegas only");
  expect_not_written(tiles([](Field& f) { f.networks.pop_back(); }), "5 networks for 6 tiles");
  expect_not_written(tiles([](Field& f) { f.tiling.normalisation[2].scale = 0.1; }),
                     "normalisation of tile 1 holds 0.1, expected a number that a float holds exactly");
  expect_not_written(tiles([](Field& f) { f.tiling.axes[0].half_width = -1; }), "half width -1");
  expect_not_written(tiles([](Field& f) { f.networks[4].parameters[11] = NAN; }),
                     "tensor net.net.0.0.bias holds nan at element 21");
}

TEST(ModelFile, ReplacesBytesThatAreNoText) {
  Field field = small_picture();
  field.training["note"] = "caf\xe9";
  EXPECT_EQ(model_from_bytes(model_bytes(field), "m").training.at("note"), "caf\xef\xbf\xbd");
}

}  // namespace
}  // namespace sinefield
