// Names, regions, features and exact solutions are read here; terms, recipes and data of other files each in a file of
// their own, all into a draft.
// SPDX-License-Identifier: MIT
#include "sinefield/problem_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "problem/given_tables.h"
#include "problem/problem_toml.h"
#include "problem/recipe_tables.h"
#include "problem/term_tables.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

using problem::error_at;
using problem::in_order;
using problem::ProblemDraft;
using problem::RecipeTables;
using problem::RegionText;
using problem::Source;
using problem::TomlFile;
using problem::Value;

void read_constants(ProblemDraft& draft, const ProblemSettings& settings) {
  const TomlFile& file = draft.file;
  std::set<std::string> unused;
  for (const auto& [name, value] : settings) {
    if (!std::isfinite(value))
      throw bad_input(fmt::format("constant '{}' set to {}, expected a finite number", name, value));
    unused.insert(name);
  }
  if (const toml::node* const node = file.root().get("constants"))
    for (const auto& [key, value] : in_order(file.table_of(*node, "[constants]"))) {
      draft.check_new(*key);
      const std::string name(key->str());
      const auto set = settings.find(name);
      const double number_of = set != settings.end() ? set->second : draft.number(*value);
      unused.erase(name);
      draft.language.add(name,
                         {false, {{draft.problem.graph()->constant(number_of), draft.problem.graph()->constant(0)}}});
    }
  if (!unused.empty())
    throw bad_input(fmt::format("{} has no constant '{}' to set", file.name(), *unused.begin()),
                    "constants stand under [constants]");
}

void read_coordinates(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  const toml::node* const node = file.root().get("coordinates");
  if (node == nullptr)
    file.fail("there are no coordinates", "declare them with their ranges: [coordinates] x = [0, 1]");
  for (const auto& [key, value] : in_order(file.table_of(*node, "[coordinates]"))) {
    draft.check_new(*key);
    const toml::node* range = value;
    bool time = false;
    if (const auto* const table = value->as_table()) {
      file.check_keys(*table, "a coordinate", {"time"});
      range = table->get("time");
      time = true;
      if (range == nullptr)
        file.fail(*value, "a coordinate without a range", "write x = [0, 1], or t = { time = [0, 1] }");
    }
    const std::vector<double> ends = draft.numbers(*range, "the range of a coordinate");
    if (ends.size() != 2) file.fail(*range, fmt::format("a range of {} numbers, expected two", ends.size()));
    const std::string name(key->str());
    file.located(key->source(), [&] {
      const Expression made =
          time ? draft.problem.time(name, ends[0], ends[1]) : draft.problem.space(name, ends[0], ends[1]);
      draft.language.add(name, {false, {{made, draft.problem.graph()->constant(0)}}});
    });
  }
  if (std::ranges::all_of(draft.problem.coordinates(), &ProblemCoordinate::time))
    file.fail(*node, "there is no coordinate of space", "declare one: x = [0, 1]");
}

void read_unknowns(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  const toml::node* const node = file.root().get("unknowns");
  if (node == nullptr) file.fail("there are no unknowns", "declare them: [unknowns] u = \"real\"");
  for (const auto& [key, kind] : in_order(file.table_of(*node, "[unknowns]"))) {
    draft.check_new(*key);
    const auto word = kind->value<std::string>();
    if (word != "real" && word != "complex") file.fail(*kind, "an unknown is \"real\" or \"complex\"");
    const std::string name(key->str());
    file.located(key->source(), [&] {
      const ComplexExpression made =
          word == "complex" ? draft.problem.complex_unknown(name)
                            : ComplexExpression{draft.problem.unknown(name), draft.problem.graph()->constant(0)};
      draft.language.add(name, {false, {made}});
    });
  }
  if (draft.problem.unknowns().empty()) file.fail(*node, "there are no unknowns", "declare one: u = \"real\"");
}

/// What names and definitions there are; all that expressions need.
void read_names(ProblemDraft& draft, const ProblemSettings& settings) {
  const TomlFile& file = draft.file;
  read_constants(draft, settings);
  read_coordinates(draft);
  read_unknowns(draft);
  if (const toml::node* const node = file.root().get("given"))
    for (const auto& [key, given] : in_order(file.table_of(*node, "[given]"))) read_given_field(draft, *key, *given);
  if (const toml::node* const node = file.root().get("definitions"))
    for (const auto& [key, text] : in_order(file.table_of(*node, "[definitions]"))) {
      draft.check_new(*key);
      draft.language.define(std::string(key->str()), file.source(*text));
    }
}

/// The domain and the other regions.
void read_regions(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  draft.regions.emplace(draft.language, draft.problem.domain());
  if (const toml::node* const node = file.root().get("regions"))
    for (const auto& [key, text] : in_order(file.table_of(*node, "[regions]"))) {
      file.check_word(*key);
      if (RegionText::reserved(key->str())) file.refuse_reserved(*key);
      draft.regions->define(std::string(key->str()), file.source(*text));
    }
  if (draft.regions->defined("domain")) {
    const Region domain = draft.regions->named("domain");
    draft.check_dimensions(draft.regions->source_of("domain"), domain);
    draft.problem.set_domain(domain);
  }
}

/// What no term needs must be right all the same.
void check_definitions(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  for (const char* const table : {"given", "definitions"})
    if (const toml::node* const node = file.root().get(table))
      for (const auto& [key, value] : in_order(*node->as_table()))
        draft.language.evaluate(Source{std::string(key->str()), file.name(), 0, 1});
  if (const toml::node* const node = file.root().get("regions"))
    for (const auto& [key, text] : in_order(*node->as_table())) {
      const std::string name(key->str());
      const Source source = draft.regions->source_of(name);
      const Region region = draft.regions->named(name);
      draft.check_region(source, region);
    }
}

void read_features(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  const toml::node* const node = file.root().get("features");
  if (node == nullptr) return;
  const toml::table& table = file.table_of(*node, "[features]");
  Features& features = draft.problem.features;
  file.check_keys(table, "[features]", {"count", "wavenumber", "time_stretch", "slabs", "windows", "tiles"});
  if (const toml::node* const n = table.get("tiles")) features.tiles = static_cast<int>(draft.count(*n, "tiles", 1000));
  if (const toml::node* const n = table.get("count"))
    features.count = static_cast<int>(draft.count(*n, "count", features.tiles ? 1'000'000 : 20'000));
  if (const toml::node* const k = table.get("wavenumber")) features.wavenumber = draft.positive(*k, "wavenumber");
  if (const toml::node* const stretch = table.get("time_stretch"))
    features.time_stretch = draft.positive(*stretch, "time_stretch");
  if (const toml::node* const n = table.get("slabs")) features.slabs = static_cast<int>(draft.count(*n, "slabs", 1000));
  const toml::node* const windows = table.get("windows");
  if (windows == nullptr) return;
  for (const toml::table* const window :
       file.tables(*windows, "windows", {"centre", "radii", "features"}, "features")) {
    FeatureWindows made{draft.centre(*window), draft.numbers(*window->get("radii"), "radii")};
    if (const toml::node* const n = window->get("features"))
      made.features = static_cast<int>(draft.count(*n, "features", 2000));
    for (const double radius : made.radii)
      if (!(radius > 0)) file.fail(*window, fmt::format("a radius of {}, expected numbers above 0", radius));
    features.windows.push_back(std::move(made));
  }
}

void read_exact(ProblemDraft& draft) {
  const TomlFile& file = draft.file;
  const toml::node* const node = file.root().get("exact");
  if (node == nullptr) return;
  const toml::table& table = file.table_of(*node, "[exact]");
  std::optional<Expression> where;
  if (const toml::node* const condition = table.get("where")) where = draft.language.real(file.source(*condition));
  // A condition of constants alone says for which of their values the solution is known.
  const bool nowhere = where && draft.problem.graph()->is_zero(where->node());
  for (const auto& [key, value] : in_order(table)) {
    if (key->str() == "where") continue;
    const auto& all = draft.problem.unknowns();
    const auto found = std::ranges::find(all, key->str(), &UnknownField::name);
    if (found == all.end())
      file.fail(key->source(), fmt::format("'{}' is no unknown whose exact solution could be given", key->str()));
    const Source text = file.source(*value);
    const Value exact = draft.language.evaluate(text);
    if (exact.vector || (exact.complex() && !found->complex))
      throw error_at(text, 0, text.text.size(), "not a number as the unknown is", "");
    if (!nowhere)
      located(text, [&] { draft.problem.set_exact({static_cast<int>(found - all.begin()), exact.parts[0], where}); });
  }
}

/// What all readings begin with: names are known, and which recipe is taken. An empty recipe: the one that the file
/// asks for.
struct Reading {
  Reading(const std::string& text, const std::string& name, const ProblemSettings& settings, const GivenFiles& files,
          std::string_view recipe)
      : draft(text, name, files), recipes(draft.file, recipe) {
    read_names(draft, settings);
  }

  ProblemDraft draft;
  RecipeTables recipes;
};

void check_size(const std::string& text, const std::string& name) {
  if (text.size() > largest_problem_file)
    throw bad_input(fmt::format("{}: {} bytes, at most {} are read", name, text.size(), largest_problem_file),
                    "is this a problem file?");
}

}  // namespace

Problem problem_from_text(const std::string& text, const std::string& name, const ProblemSettings& settings,
                          const GivenFiles& files, std::string_view recipe) {
  check_size(text, name);
  Reading reading(text, name, settings, files, recipe);
  ProblemDraft& draft = reading.draft;
  if (const toml::node* const title = draft.file.root().get("title"))
    draft.problem.title = draft.file.text_of(*title, "the title");
  read_regions(draft);
  check_definitions(draft);
  read_terms(draft, reading.recipes.terms());
  read_features(draft);
  read_exact(draft);
  reading.recipes.read(draft);
  return std::move(draft.problem);
}

Region domain_from_text(const std::string& text, const std::string& name, const ProblemSettings& settings) {
  check_size(text, name);
  const GivenFiles none;
  Reading reading(text, name, settings, none, {});
  read_regions(reading.draft);
  return reading.draft.problem.domain();
}

Problem read_problem(const std::filesystem::path& path, const ProblemSettings& settings, GivenFiles files,
                     std::string_view recipe) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw bad_input(fmt::format("{} is a folder, expected a problem file", path.string()));
  std::ifstream file(path, std::ios::binary);
  if (!file) throw bad_input(fmt::format("{} cannot be read", path.string()), "is the name right?");
  std::string text;
  text.resize(largest_problem_file + 1);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  files.folders.insert(files.folders.begin(), path.parent_path());
  return problem_from_text(text, path.filename().string(), settings, files, recipe);
}

ShownExpression shown_expression(const std::string& expression, const std::string& problem_text,
                                 const ProblemSettings& settings, const GivenFiles& files) {
  Reading reading(problem_text, "the problem", settings, files, {});
  const Value value = reading.draft.language.away_from_boundaries({expression, "--show", 0, 1});
  return {value.parts, value.vector, value.complex()};
}

}  // namespace sinefield
