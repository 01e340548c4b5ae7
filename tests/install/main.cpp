// A field made from a seed, asked for its value and Laplacian at one point, and a picture written: both installed
// libraries at work in a program of somebody else. SPDX-License-Identifier: MIT
#include <sinefield/network.h>
#include <sinefield/picture_file.h>
#include <sinefield/query.h>

#include <array>
#include <cstdio>

int main(int, char** argv) {
  const sinefield::Architecture architecture = {.inputs = 2, .outputs = 1, .width = 32, .hidden_layers = 1};
  const sinefield::Field field = {.networks = {sinefield::initial_network(architecture, /*seed=*/7)},
                                  .axes = {{"x", 1, 0}, {"y", 1, 0}},
                                  .channels = {{1, 0}}};
  const std::array<double, 2> point = {0.25, -0.5};
  const auto jets = sinefield::query<double>(field, {point.data(), 1, 2}, sinefield::Order::laplacian);
  sinefield::write_picture(argv[1], {{.height = 1, .width = 2, .channels = {"Y"}}, {0, 255}});
  std::printf("value %.12g laplacian %.12g\n", jets.value[0], jets.laplacian[0]);
}
