// SPDX-License-Identifier: MIT
#include "problem/term_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "problem/given_tables.h"

namespace sinefield::problem {
namespace {

/// What a term of the file says, and before it what the recipe says of that, if it does.
struct TermTables {
  const toml::table* change;
  const toml::table* term;

  const toml::node* get(std::string_view key) const {
    const toml::node* const changed = change == nullptr ? nullptr : change->get(key);
    return changed != nullptr ? changed : term->get(key);
  }
};

Sampling sampling(const TomlFile& file, const toml::node& node) {
  const auto word = node.value<std::string>();
  if (word == "random") return Sampling::random;
  if (word == "jittered") return Sampling::jittered;
  if (word == "even") return Sampling::even;
  file.fail(node, "sampling is \"jittered\", \"even\" or \"random\"");
}

std::vector<RingPoints> rings(ProblemDraft& draft, const toml::node& node) {
  std::vector<RingPoints> all;
  for (const toml::table* const table : draft.file.tables(node, "rings", {"centre", "nearest", "farthest", "points"})) {
    all.push_back({draft.centre(*table), draft.positive(*table->get("nearest"), "nearest"),
                   draft.positive(*table->get("farthest"), "farthest"),
                   draft.count(*table->get("points"), "points", 10'000'000)});
    if (all.back().nearest >= all.back().farthest) draft.file.fail(*table, "`nearest` is not below `farthest`");
  }
  return all;
}

Penalty penalty(ProblemDraft& draft, const toml::node& node) {
  if (const auto* const table = node.as_table()) {
    draft.file.check_keys(*table, "a penalty", {"huber"});
    if (const toml::node* const width = table->get("huber"))
      return {Penalty::Kind::huber, draft.positive(*width, "huber")};
  }
  for (const Penalty::Kind kind : {Penalty::Kind::squares, Penalty::Kind::absolute})
    if (node.value<std::string>() == penalty_name(kind)) return {kind};
  draft.file.fail(node, "a penalty is \"l2\", \"l1\" or { huber = WIDTH }");
}

void read_term(ProblemDraft& draft, const toml::key& key, const TermTables& table) {
  const TomlFile& file = draft.file;
  const std::string name(key.str());
  file.check_keys(*table.term, "a term", term_keys);
  const toml::node* const residual = table.get("residual");
  if (residual == nullptr)
    file.fail(key.source(), fmt::format("term '{}' has no residual", name), "residual = \"...\" is what must vanish");
  Term term{name, {}, {draft.problem.domain()}};
  if (const toml::node* const region = table.get("region")) {
    const Source source = file.source(*region);
    const RegionText::Meant meant = draft.regions->evaluate(source);
    draft.check_region(source, meant.region);
    term.place.region = meant.region;
    term.place.boundary = meant.boundary;
  }
  if (const toml::node* const at = table.get("at")) {
    for (const auto& [coordinate, value] : in_order(file.table_of(*at, "`at`"))) {
      const auto& all = draft.problem.coordinates();
      const auto found = std::ranges::find(all, coordinate->str(), &ProblemCoordinate::name);
      if (found == all.end() || !found->time)
        file.fail(coordinate->source(), fmt::format("'{}' is no time that a term can be at", coordinate->str()),
                  "of space, give a region");
      const double moment = draft.number(*value);
      if (!(moment >= found->low && moment <= found->high))
        file.fail(*value, fmt::format("{} = {} is not within {} to {}", found->name, moment, found->low, found->high));
      term.place.fixed.emplace_back(static_cast<int>(found - all.begin()), moment);
    }
  }
  std::vector<std::string> columns;
  if (const toml::node* const points = table.get("points")) {
    if (const auto* const of_file = points->as_table()) {
      for (const char* const other : {"region", "rings", "sampling"})
        if (const toml::node* const node_of = table.get(other))
          file.fail(*node_of, fmt::format("`{}` of a term at points of a file", other), "these are the points");
      term.place = given_points(draft, *of_file, term.place.fixed, columns);
    } else {
      term.place.points = draft.count(*points, "points", 100'000'000);
    }
  }
  for (std::size_t k = 0; k < columns.size(); ++k)
    draft.language.add(columns[k],
                       {false, {{draft.problem.column(static_cast<int>(k)), draft.problem.graph()->constant(0)}}});
  const Source text = file.source(*residual);
  term.residual = draft.language.evaluate(text).parts;
  if (const toml::node* const where = table.get("where")) term.place.where = draft.language.real(file.source(*where));
  for (const std::string& column : columns) draft.language.remove(column);
  if (const toml::node* const kind = table.get("sampling")) term.place.sampling = sampling(file, *kind);
  if (const toml::node* const more = table.get("rings")) term.place.rings = rings(draft, *more);
  if (const toml::node* const weight = table.get("weight")) term.weight = draft.positive(*weight, "weight");
  if (const toml::node* const kind = table.get("penalty")) term.penalty = penalty(draft, *kind);
  located(text, [&] { draft.problem.add(std::move(term)); });
}

}  // namespace

void read_terms(ProblemDraft& draft, const toml::table* changes) {
  const TomlFile& file = draft.file;
  const toml::node* const terms = file.root().get("terms");
  if (terms == nullptr)
    file.fail("there are no terms", "say what must vanish: [terms.equation] with residual = \"laplacian(u) - f\"");
  const toml::table& of_file = file.table_of(*terms, "[terms]");
  for (const auto& [key, node] : in_order(of_file)) {
    const toml::node* const change = changes == nullptr ? nullptr : changes->get(key->str());
    if (change != nullptr && change->is_boolean()) continue;  // the recipe does without it
    read_term(draft, *key,
              {change == nullptr ? nullptr : change->as_table(),
               &file.table_of(*node, fmt::format("term '{}'", key->str()))});
  }
  if (changes != nullptr)
    for (const auto& [key, node] : in_order(*changes))
      if (of_file.get(key->str()) == nullptr && node->is_table()) read_term(draft, *key, {nullptr, node->as_table()});
  if (draft.problem.terms().empty()) file.fail(*terms, "there are no terms");
}

}  // namespace sinefield::problem
