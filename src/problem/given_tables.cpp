// SPDX-License-Identifier: MIT
#include "problem/given_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "problem/given_arrays.h"
#include "sinefield/error.h"

namespace sinefield::problem {
namespace {

struct NamedFile {
  GivenFile file;
  Source word;  // its name
};

NamedFile given_file(const TomlFile& file, const toml::table& table, const toml::source_region& at) {
  using Kind = GivenFile::Kind;
  std::optional<NamedFile> named;
  constexpr std::array<std::pair<const char*, Kind>, 3> kinds = {
      {{"picture", Kind::picture}, {"npy", Kind::npy}, {"mat", Kind::mat}}};
  for (const auto& [word, kind] : kinds)
    if (const toml::node* const node = table.get(word)) {
      if (named) file.fail(*node, "a second file", "one of `picture`, `npy` and `mat`");
      named = {{kind, file.text_of(*node, word), {}}, file.source(*node)};
    }
  if (!named) file.fail(at, "no file", "picture = \"FILE\", npy = \"FILE\", or mat = \"FILE\" with its variable");
  const toml::node* const variable = table.get("variable");
  if (variable != nullptr && named->file.kind != Kind::mat) file.fail(*variable, "a variable of what is no .mat file");
  if (variable == nullptr && named->file.kind == Kind::mat)
    file.fail(at, "a .mat file without `variable`", "variable = \"NAME\" says which of it is meant");
  if (variable != nullptr) named->file.variable = file.text_of(*variable, "variable");
  return *named;
}

/// The indices of coordinates that a list names.
std::vector<int> coordinates_of(const ProblemDraft& draft, const toml::table& table, const toml::source_region& at) {
  const TomlFile& file = draft.file;
  const toml::node* const over = table.get("over");
  if (over == nullptr) file.fail(at, "no `over`", "over = [\"x\", \"y\"]: the coordinates along its axes");
  const auto* const names = over->as_array();
  if (names == nullptr || names->empty() || names->size() > GivenField::most_axes)
    file.fail(*over, fmt::format("`over` is no list of 1 to {} coordinates", GivenField::most_axes),
              "over = [\"x\", \"y\"]");
  std::vector<int> indices;
  for (const toml::node& node : *names) {
    const std::string name = file.text_of(node, "the name of a coordinate");
    const auto& all = draft.problem.coordinates();
    const auto found = std::ranges::find(all, name, &ProblemCoordinate::name);
    if (found == all.end()) file.fail(node, fmt::format("'{}' is no coordinate", name));
    indices.push_back(static_cast<int>(found - all.begin()));
    if (std::ranges::count(indices, indices.back()) > 1)
      file.fail(node, fmt::format("'{}' stands twice in `over`", name));
  }
  return indices;
}

/// The ranges that its axes span: those of the coordinates, unless `from` and `to` say otherwise.
std::vector<GivenAxis> axes_of(ProblemDraft& draft, const toml::table& table, const std::vector<int>& over) {
  const TomlFile& file = draft.file;
  std::vector<GivenAxis> axes;
  for (const int index : over) {
    const ProblemCoordinate& c = draft.problem.coordinates()[static_cast<std::size_t>(index)];
    axes.push_back({1, c.low, c.high});
  }
  const auto replace = [&](const char* word, double GivenAxis::*end) {
    const toml::node* const node = table.get(word);
    if (node == nullptr) return;
    const std::vector<double> ends = draft.numbers(*node, word);
    if (ends.size() != axes.size())
      file.fail(*node,
                fmt::format("`{}` of {} numbers, expected {}: one for each of `over`", word, ends.size(), axes.size()));
    for (std::size_t k = 0; k < ends.size(); ++k) axes[k].*end = ends[k];
  };
  replace("from", &GivenAxis::low);
  replace("to", &GivenAxis::high);
  for (const GivenAxis& axis : axes)
    if (axis.low >= axis.high)
      file.fail(table, fmt::format("from {} to {}, expected the lower one first", axis.low, axis.high));
  if (const toml::node* const nodes = table.get("nodes")) {
    if (!nodes->is_boolean()) file.fail(*nodes, "`nodes` is true or false");
    for (GivenAxis& axis : axes) axis.at = nodes->as_boolean()->get() ? SamplesAt::nodes : SamplesAt::cells;
  }
  return axes;
}

Value given_value(ProblemDraft& draft, const std::string& name, Array array, const std::vector<int>& over,
                  std::vector<GivenAxis> axes) {
  const auto rank = array.shape.size();
  // A row of MATLAB's is a list.
  if (over.size() == 1 && rank == 2 && array.shape[0] == 1) std::swap(array.shape[0], array.shape[1]);
  if (rank != axes.size() && rank != axes.size() + 1)
    throw bad_input(
        fmt::format("an array of {} axes over {} coordinate{}", rank, over.size(), over.size() == 1 ? "" : "s"),
        "expected an axis for each of `over`, and one for components where there are several");
  for (std::size_t k = 0; k < axes.size(); ++k) axes[k].samples = array.shape[k];
  const std::int64_t components = rank > axes.size() ? array.shape.back() : 1;
  if (components < 1 || components > GivenField::most_components)
    throw bad_input(fmt::format("{} components, expected 1 to {}", components, GivenField::most_components));
  std::vector<Expression> along;
  for (const int index : over) along.push_back(draft.problem.graph()->coordinate(index));
  const std::vector<Expression> made = draft.problem.given(
      name, std::make_shared<const GivenField>(std::move(axes), static_cast<int>(components), std::move(array.data)),
      along);
  Value value{components > 1, {}};
  for (const Expression& e : made) value.parts.push_back({e, draft.problem.graph()->constant(0)});
  return value;
}

/// A point with the fixed coordinates, the others 0. Throws bad_input where one is neither fixed nor `known`.
std::vector<double> start_of(const Problem& problem, const std::vector<std::pair<int, double>>& fixed,
                             const std::vector<int>& known) {
  std::vector<double> at(problem.coordinates().size(), 0);
  for (int i = 0; const ProblemCoordinate& c : problem.coordinates()) {
    const bool of_file = std::ranges::find(known, i) != known.end();
    const auto of_at = std::ranges::find(fixed, i, &std::pair<int, double>::first);
    if (of_file == (of_at != fixed.end()))
      throw bad_input(of_file ? fmt::format("the coordinate '{}' stands in the file and in `at`", c.name)
                              : fmt::format("points without the coordinate '{}'", c.name),
                      "each coordinate comes from the file, or a time from `at`");
    if (!of_file) at[static_cast<std::size_t>(i)] = of_at->second;
    ++i;
  }
  return at;
}

GivenPoints set_pixels(const Problem& problem, const Array& mask, const std::vector<int>& over,
                       const std::vector<GivenAxis>& axes, const std::vector<std::pair<int, double>>& fixed) {
  GivenPoints points;
  std::vector<double> at = start_of(problem, fixed, over);
  const auto channels = static_cast<std::size_t>(mask.shape[2]);
  for (std::int64_t i = 0; i < mask.shape[0]; ++i)
    for (std::int64_t j = 0; j < mask.shape[1]; ++j) {
      if (mask.data[static_cast<std::size_t>(i * mask.shape[1] + j) * channels] == 0) continue;
      const auto middle = [&](std::size_t axis, std::int64_t k) {
        return axes[axis].low + (axes[axis].high - axes[axis].low) * (static_cast<double>(k) + 0.5) /
                                    static_cast<double>(mask.shape[axis]);
      };
      at[static_cast<std::size_t>(over[0])] = middle(0, i);
      at[static_cast<std::size_t>(over[1])] = middle(1, j);
      points.coordinates.insert(points.coordinates.end(), at.begin(), at.end());
    }
  return points;
}

/// Of each column the coordinate that it is, or -1 - the number of its name among `columns`.
std::vector<int> meanings_of(const ProblemDraft& draft, const toml::table& table,
                             const std::vector<std::pair<int, double>>& fixed, std::vector<std::string>& columns) {
  const TomlFile& file = draft.file;
  const toml::node* const node = table.get("columns");
  const auto* const names = node == nullptr ? nullptr : node->as_array();
  if (names == nullptr)
    file.fail(node == nullptr ? table.source() : node->source(), "the names of the columns are missing",
              "columns = [\"x\", \"y\", \"grey\"]: coordinates, and names for what is known at the points");
  std::vector<int> meanings;
  for (const toml::node& entry : *names) {
    const std::string name = file.text_of(entry, "the name of a column");
    const auto& all = draft.problem.coordinates();
    const auto found = std::ranges::find(all, name, &ProblemCoordinate::name);
    if (found == all.end()) {
      file.check_word(name, entry.source());
      if (draft.names.contains(name) || Language::reserved(name))
        file.fail(entry, fmt::format("'{}' cannot be the name of a column: it has a meaning", name));
      columns.push_back(name);
    }
    const int meaning = found == all.end() ? -static_cast<int>(columns.size()) : static_cast<int>(found - all.begin());
    if ((found == all.end() && std::ranges::count(columns, name) > 1) ||
        std::ranges::find(meanings, meaning) != meanings.end())
      file.fail(entry, fmt::format("two columns '{}'", name));
    meanings.push_back(meaning);
  }
  file.located(node->source(), [&] { start_of(draft.problem, fixed, meanings); });
  return meanings;
}

GivenPoints rows_of(const Problem& problem, const Array& array, const std::vector<int>& meanings,
                    const std::vector<std::pair<int, double>>& fixed) {
  const auto width = static_cast<std::int64_t>(meanings.size());
  if (array.shape.size() != 2 || array.shape[1] != width)
    throw bad_input(fmt::format("an array of {} axes{}, expected rows of {} numbers", array.shape.size(),
                                array.shape.size() == 2 ? fmt::format(" with rows of {}", array.shape[1]) : "", width),
                    "a row for each point, with what `columns` names");
  GivenPoints points;
  std::vector<double> at = start_of(problem, fixed, meanings);
  points.columns = static_cast<int>(std::ranges::count_if(meanings, [](int meaning) { return meaning < 0; }));
  for (std::int64_t row = 0; row < array.shape[0]; ++row) {
    for (std::size_t k = 0; k < meanings.size(); ++k) {
      const double value = array.data[static_cast<std::size_t>(row) * meanings.size() + k];
      if (meanings[k] >= 0)
        at[static_cast<std::size_t>(meanings[k])] = value;
      else
        points.values.push_back(value);
    }
    points.coordinates.insert(points.coordinates.end(), at.begin(), at.end());
  }
  return points;
}

}  // namespace

void read_given_field(ProblemDraft& draft, const toml::key& key, const toml::node& node) {
  const TomlFile& file = draft.file;
  draft.check_new(key);
  const std::string name(key.str());
  const toml::table& table = file.table_of(node, fmt::format("given field '{}'", name));
  file.check_keys(table, "a given field", {"picture", "npy", "mat", "variable", "over", "from", "to", "nodes"});
  const NamedFile named = given_file(file, table, key.source());
  const std::vector<int> over = coordinates_of(draft, table, key.source());
  if (named.file.kind == GivenFile::Kind::picture && over.size() != 2)
    file.fail(*table.get("over"), fmt::format("a picture over {} coordinates, expected two", over.size()),
              "over = [\"x\", \"y\"]: to the right, and upwards");
  draft.language.define(name, [&draft, name, named, over, axes = axes_of(draft, table, over)] {
    Value value;
    located_word(named.word,
                 [&] { value = given_value(draft, name, read_given(draft.files, named.file), over, axes); });
    return value;
  });
}

Place given_points(ProblemDraft& draft, const toml::table& table, const std::vector<std::pair<int, double>>& fixed,
                   std::vector<std::string>& columns) {
  const TomlFile& file = draft.file;
  file.check_keys(table, "`points`", {"picture", "npy", "mat", "variable", "columns", "over", "from", "to"});
  const NamedFile named = given_file(file, table, table.source());
  const bool picture = named.file.kind == GivenFile::Kind::picture;
  for (const char* const other : {"over", "from", "to"})
    if (!picture && table.get(other) != nullptr)
      file.fail(*table.get(other), fmt::format("`{}` of points that are no picture", other),
                "columns = [\"x\", \"y\", ..] names what stands in a row");
  std::optional<Place> place;
  if (picture) {
    if (const toml::node* const names = table.get("columns")) file.fail(*names, "columns of a picture");
    const std::vector<int> over = coordinates_of(draft, table, table.source());
    if (over.size() != 2) file.fail(*table.get("over"), "a picture is over two coordinates");
    const std::vector<GivenAxis> axes = axes_of(draft, table, over);
    located_word(named.word, [&] {
      place =
          draft.problem.at_points(set_pixels(draft.problem, read_given(draft.files, named.file), over, axes, fixed));
    });
  } else {
    const std::vector<int> meanings = meanings_of(draft, table, fixed, columns);
    located_word(named.word, [&] {
      place = draft.problem.at_points(rows_of(draft.problem, read_given(draft.files, named.file), meanings, fixed));
    });
  }
  return *place;
}

}  // namespace sinefield::problem
