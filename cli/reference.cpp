// SPDX-License-Identifier: MIT
#include "cli/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <complex>
#include <cstdio>
#include <vector>

#include "sinefield/array_file.h"

namespace sinefield::cli {
namespace {

Json error_object(const SolutionError& e) {
  return {{"relative_l2", number(e.relative_l2)}, {"largest", number(e.largest)}};
}

const SolutionError* error_of(const std::vector<SolutionError>& errors, const std::string& unknown) {
  for (const SolutionError& e : errors)
    if (e.unknown == unknown) return &e;
  return nullptr;
}

}  // namespace

void ReferenceOptions::add_to(CLI::App& command) {
  CLI::Option* option = command.add_flag(
      "--reference", wanted, "solve by finite differences too, and say how far apart both are; alone without -o");
  command
      .add_option("--reference-points", points,
                  "points along the longest side of its finest grid; by rule if not given")
      ->check(CLI::Range(33, 4097))
      ->needs(option);
}

std::filesystem::path reference_path(const std::filesystem::path& model) {
  std::filesystem::path path = model;
  return path.replace_extension(".reference.npz");
}

DirectSolution reference_of(const Problem& problem, const ReferenceOptions& options, const Common& common,
                            const std::stop_token& stop) {
  return solve_directly(problem, {options.points, common.compute().isa, stop}, [&](const std::vector<int>& points) {
    if (!common.quiet)
      fmt::print(stderr, "reference: {} points, {:.1f} s\n", fmt::join(points, " x "), seconds_since_start());
  });
}

void write_reference(const std::filesystem::path& path, const DirectSolution& reference, Overwrite overwrite) {
  std::vector<NamedArray> arrays;
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < reference.nodes.size(); ++i) {
    const std::vector<double>& nodes = reference.nodes[i];
    shape.push_back(std::ssize(nodes));
    arrays.push_back({reference.coordinates[i].name, {std::ssize(nodes)}, std::span<const double>(nodes)});
  }
  std::vector<std::vector<std::complex<double>>> complex(reference.unknowns.size());
  for (std::size_t k = 0; k < reference.unknowns.size(); ++k) {
    const UnknownField& u = reference.unknowns[k];
    const auto channel = static_cast<std::size_t>(u.channel);
    const std::vector<double>& re = reference.values[channel];
    if (!u.complex) {
      arrays.push_back({u.name, shape, std::span<const double>(re)});
      continue;
    }
    const std::vector<double>& im = reference.values[channel + 1];
    for (std::size_t p = 0; p < re.size(); ++p) complex[k].emplace_back(re[p], im[p]);
    arrays.push_back({u.name, shape, std::span<const std::complex<double>>(complex[k])});
  }
  write_npz(path, arrays, overwrite);
}

ReferenceReport report_of(const DirectSolution& reference, const Problem& problem, const Field* field,
                          const Common& common) {
  const DirectReport& r = reference.report;
  std::vector<std::int64_t> points;
  for (const std::vector<double>& nodes : reference.nodes) points.push_back(std::ssize(nodes));
  std::string lines = fmt::format("reference: finite differences, {}, {} points", r.method, fmt::join(r.finest, " x "));
  if (r.extrapolated) lines += fmt::format(", extrapolated at {}", fmt::join(points, " x "));
  if (std::isfinite(r.order))
    lines += fmt::format(", errors fall as step^{:.1f}{}", r.order,
                         r.resolved ? "" : ": the coarser grids do not resolve it");
  if (!r.on_grid_lines) lines += ", boundary between grid lines";
  lines += fmt::format(", {:.1f} s", r.seconds);
  const std::vector<SolutionError> apart =
      field != nullptr ? differences(reference, *field, common.compute()) : std::vector<SolutionError>{};
  const std::vector<SolutionError> exact = exact_errors(reference, problem);
  Json unknowns = Json::array();
  for (std::size_t k = 0; k < reference.unknowns.size(); ++k) {
    const std::string& name = reference.unknowns[k].name;
    const double own = r.errors[k];
    Json object = {{"unknown", name}, {"own_error", number(own)}};
    lines += fmt::format("\n  {}: its own error {}", name,
                         std::isfinite(own) ? fmt::format("about {:.1e}", own) : "is not known");
    if (const SolutionError* e = error_of(exact, name)) {
      lines += fmt::format(", against the exact solution {:.1e}", e->relative_l2);
      object["error"] = error_object(*e);
    }
    if (const SolutionError* e = error_of(apart, name)) {
      // Within twice the estimate nothing can be said of which of both is nearer to the truth.
      lines += fmt::format("; the solution is {:.1e} from it, at most {:.1e}{}", e->relative_l2, e->largest,
                           e->relative_l2 <= 2 * own ? ": no more than its own error" : "");
      object["difference"] = error_object(*e);
    }
    unknowns.push_back(std::move(object));
  }
  return {lines,
          {{"method", r.method},
           {"finest", r.finest},
           {"points", points},
           {"extrapolated", r.extrapolated},
           {"order", number(r.order)},
           {"resolved", r.resolved},
           {"on_grid_lines", r.on_grid_lines},
           {"unknowns", unknowns},
           {"seconds", r.seconds}}};
}

}  // namespace sinefield::cli
