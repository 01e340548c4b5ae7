// Model files of networks with other activations than the sine, and with encodings: format version 4. All else about
// model files is model_file_test.cpp.
// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "refusal.h"
#include "sinefield/model_file.h"

namespace sinefield {
namespace {

using testing::HasSubstr;

Field field_of(const Architecture& a) {
  Field field;
  field.networks = {initial_network(a, 3)};
  for (int i = 0; i < a.inputs; ++i) field.axes.push_back({fmt::format("x{}", i), 1, 0});
  field.channels.resize(static_cast<std::size_t>(a.outputs));
  return field;
}

nlohmann::json header_of(const std::vector<std::byte>& file) {
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  const char* const text = reinterpret_cast<const char*>(file.data()) + 8;
  return nlohmann::json::parse(text, text + length);
}

nlohmann::json metadata_of(const std::vector<std::byte>& file) {
  return nlohmann::json::parse(header_of(file)["__metadata__"]["sinefield"].get<std::string>());
}

TEST(ModelActivations, ComeBackAsTheyWere) {
  for (const std::string_view name : activation_names())
    for (const Encoding& encoding :
         {Encoding{}, Encoding{Encoding::Kind::positional, 3}, Encoding{Encoding::Kind::rbf, 5}}) {
      const Architecture a = {.inputs = 2,
                              .outputs = 3,
                              .width = 4,
                              .hidden_layers = 1,
                              .omega_first = 7,
                              .omega_hidden = 2,
                              .activation = activation_from_name(name),
                              .encoding = encoding};
      SCOPED_TRACE(fmt::format("{} behind {}", name, encoding_text(encoding)));
      const Field field = field_of(a);
      const std::vector<std::byte> file = model_bytes(field);
      const Field back = model_from_bytes(file, "file");
      EXPECT_EQ(back.networks.front().architecture, a);
      EXPECT_EQ(back.networks.front().parameters, field.networks.front().parameters);
      const bool plain = a.activation == Activation::sine && encoding == Encoding{};
      EXPECT_EQ(metadata_of(file)["version"], plain ? 1 : 4);
      const nlohmann::json header = header_of(file);
      EXPECT_EQ(header["net.net.0.0.weight"]["shape"], nlohmann::json({4, encoded_inputs(a)}));
      if (encoding.kind == Encoding::Kind::rbf) {
        EXPECT_EQ(header["rbf_layer.centres"]["shape"], nlohmann::json({5, 2}));
        EXPECT_EQ(header["rbf_layer.sigmas"]["shape"], nlohmann::json({5}));
      }
      EXPECT_EQ(header.size(), (encoding.kind == Encoding::Kind::rbf ? 2U : 0U) + 6U + 1U);
    }
}

TEST(ModelActivations, OfTilesComeBack) {
  Field field = field_of({.inputs = 1,
                          .outputs = 1,
                          .width = 4,
                          .hidden_layers = 0,
                          .activation = Activation::relu,
                          .encoding = {Encoding::Kind::rbf, 3}});
  field.kind = FieldKind::tiles;
  field.networks.push_back(initial_network(field.networks.front().architecture, 4));
  field.tiling.axes = {{.low = -1, .high = 1, .cuts = {0}, .reach = {0.25}, .half_width = 0.625}};
  field.tiling.normalisation = {{1, 0}, {0.5, 0.25}};
  const Field back = model_from_bytes(model_bytes(field), "file");
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_EQ(back.networks[t].architecture, field.networks[t].architecture);
    EXPECT_EQ(back.networks[t].parameters, field.networks[t].parameters);
  }
  field.networks[1].architecture.activation = Activation::tanh;
  EXPECT_THAT(refusal([&] { model_bytes(field); }), HasSubstr("different activations or encodings"));
}

TEST(ModelActivations, OutOfRangeAreRefused) {
  Architecture a = {.inputs = 2, .outputs = 1, .width = 4, .hidden_layers = 0};
  for (const Encoding& encoding : {Encoding{Encoding::Kind::none, 1}, Encoding{Encoding::Kind::positional, 0},
                                   Encoding{Encoding::Kind::positional, 25}, Encoding{Encoding::Kind::rbf, 8193}}) {
    a.encoding = encoding;
    EXPECT_THAT(refusal([&] { initial_network(a, 1); }), HasSubstr("invalid architecture: encoding"));
  }
}

}  // namespace
}  // namespace sinefield
