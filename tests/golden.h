// The numbers of tests/data/golden.json, written by tests/golden/make_golden.py from an independent framework: whoever
// trains or differentiates a network is held against them. Reading only; a missing or changed file throws.
// SPDX-License-Identifier: MIT
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sinefield/architecture.h"
#include "sinefield/views.h"

namespace sinefield {

/// All arrays are row-major; d = inputs, c = outputs, P = parameter_count. Initial parameters, coordinates, targets and
/// probe points are float32 numbers, so float code can start from the same values.
struct GoldenCase {
  std::string name;
  Architecture architecture;
  double learning_rate;                    ///< of Adam with its usual betas and eps
  std::vector<double> initial_parameters;  ///< (P), layout of layer_slices
  std::vector<double> coordinates;         ///< (N, d)
  std::vector<double> targets;             ///< (N, c)
  std::vector<double> losses;              ///< mean squared error before each full-batch step
  std::vector<double> first_gradient;      ///< (P), of the loss before the first step
  std::vector<double> final_parameters;    ///< (P), after as many steps as there are losses

  std::vector<double> probe_points;     ///< (M, d); below: the initial network there
  std::vector<double> probe_value;      ///< (M, c)
  std::vector<double> probe_gradient;   ///< (M, c, d)
  std::vector<double> probe_laplacian;  ///< (M, c)
  std::vector<double> probe_hessian;    ///< (M, c, d, d)

  MatrixView<const double> coordinate_rows() const { return rows(coordinates, architecture.inputs); }
  MatrixView<const double> target_rows() const { return rows(targets, architecture.outputs); }
  MatrixView<const double> probe_rows() const { return rows(probe_points, architecture.inputs); }

 private:
  static MatrixView<const double> rows(const std::vector<double>& array, std::int64_t cols) {
    return {array.data(), std::ssize(array) / cols, cols};
  }
};

/// The cases of a file of tests/data.
inline nlohmann::json golden_records(const std::string& name) {
  const std::string path = SINEFIELD_TEST_DATA "/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot open " + path);
  const nlohmann::json document = nlohmann::json::parse(file);
  if (document.at("version") != 1) throw std::runtime_error(path + ": version 1 expected");
  return document.at("cases");
}

inline Architecture golden_architecture(const nlohmann::json& record) {
  const nlohmann::json& a = record.at("architecture");
  return {.inputs = a.at("inputs"),
          .outputs = a.at("outputs"),
          .width = a.at("width"),
          .hidden_layers = a.at("hidden_layers"),
          .omega_first = a.at("omega_first"),
          .omega_hidden = a.at("omega_hidden")};
}

inline std::vector<GoldenCase> golden_cases() {
  std::vector<GoldenCase> cases;
  for (const nlohmann::json& record : golden_records("golden.json")) {
    const nlohmann::json& probes = record.at("probes");
    cases.push_back({.name = record.at("name"),
                     .architecture = golden_architecture(record),
                     .learning_rate = record.at("learning_rate"),
                     .initial_parameters = record.at("initial_parameters"),
                     .coordinates = record.at("coordinates"),
                     .targets = record.at("targets"),
                     .losses = record.at("losses"),
                     .first_gradient = record.at("first_gradient"),
                     .final_parameters = record.at("final_parameters"),
                     .probe_points = probes.at("points"),
                     .probe_value = probes.at("value"),
                     .probe_gradient = probes.at("gradient"),
                     .probe_laplacian = probes.at("laplacian"),
                     .probe_hessian = probes.at("hessian")});
  }
  return cases;
}

/// The case's name as a test may be called.
inline std::string golden_name(const testing::TestParamInfo<GoldenCase>& tested) {
  std::string name = tested.param.name;
  std::ranges::replace_if(
      name, [](char letter) { return !std::isalnum(static_cast<unsigned char>(letter)); }, '_');
  return name;
}

}  // namespace sinefield
