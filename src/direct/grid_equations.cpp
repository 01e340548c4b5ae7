// SPDX-License-Identifier: MIT
#include "direct/grid_equations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "calculus/leaves.h"
#include "direct/stencils.h"
#include "sinefield/error.h"
#include "train/linear_terms.h"

namespace sinefield::direct {
namespace {

constexpr std::size_t block = calculus::Tape::block_points;

/// One equation for each channel: the first that come keep their place where that is possible.
class Matching {
 public:
  explicit Matching(int channels) : owner_(static_cast<std::size_t>(channels), -1) {}

  bool free(int channel) const { return owner_[static_cast<std::size_t>(channel)] < 0; }
  int owner(int channel) const { return owner_[static_cast<std::size_t>(channel)]; }

  /// Whether the equation, which reads these channels, found one.
  bool add(const std::vector<int>& channels) {
    const auto number = static_cast<int>(reads_.size());
    reads_.push_back(&channels);
    std::vector<bool> seen(owner_.size());
    return place(number, seen);
  }

 private:
  bool place(int equation, std::vector<bool>& seen) {
    for (const int c : *reads_[static_cast<std::size_t>(equation)]) {
      int& owner = owner_[static_cast<std::size_t>(c)];
      if (owner >= 0) continue;
      owner = equation;
      return true;
    }
    for (const int c : *reads_[static_cast<std::size_t>(equation)]) {
      if (seen[static_cast<std::size_t>(c)]) continue;
      seen[static_cast<std::size_t>(c)] = true;
      if (place(owner_[static_cast<std::size_t>(c)], seen)) {
        owner_[static_cast<std::size_t>(c)] = equation;
        return true;
      }
    }
    return false;
  }

  std::vector<int> owner_;                      // of each channel, an equation
  std::vector<const std::vector<int>*> reads_;  // of each equation
};

}  // namespace

Moment Moment::steady(int channels) {
  Moment moment;
  const auto n = static_cast<std::size_t>(channels);
  moment.factors = {std::vector<double>(n, 1.0), std::vector<double>(n), std::vector<double>(n)};
  return moment;
}

GridEquations::TermRows::TermRows(const Term& t) : term(&t), tape(train::real_components(t)) {}

GridEquations::GridEquations(const Problem& problem, const GridPoints& grid, Isa isa)
    : problem_(problem),
      grid_(grid),
      isa_(isa),
      channels_(static_cast<int>(problem.graph()->channels().size())),
      time_order_(static_cast<std::size_t>(channels_)),
      needs_border_(static_cast<std::size_t>(channels_)) {
  for (std::size_t i = 0; i < problem.coordinates().size(); ++i) {
    if (problem.coordinates()[i].time)
      time_ = static_cast<int>(i);
    else
      space_.push_back(i);
  }
  for (const Term& term : problem.terms()) terms_.emplace_back(term);
  note_terms();
}

void GridEquations::note_terms() {
  const auto axis_of = [&](int coordinate) {
    return static_cast<int>(std::ranges::find(space_, static_cast<std::size_t>(coordinate)) - space_.begin());
  };
  for (TermRows& rows : terms_) {
    const Term& term = *rows.term;
    if (term.place.given)
      throw bad_input(fmt::format("term '{}' holds at points of its own, and a grid has others", term.name),
                      "--reference takes terms of regions and their boundaries");
    for (const auto& [coordinate, value] : term.place.fixed) {
      const ProblemCoordinate& time = problem_.coordinates()[static_cast<std::size_t>(coordinate)];
      constexpr double rounding = 1e-12;
      if (std::abs(value - time.low) > rounding * (time.high - time.low))
        throw bad_input(fmt::format("term '{}' holds at {} = {:.6g}, and a grid is solved from {} = {:.6g} on",
                                    term.name, time.name, value, time.name, time.low),
                        "--reference takes conditions at the start of time only");
      rows.at_start = true;
    }
    if (term.place.where && time_ >= 0 && calculus::reads_coordinate(*term.place.where, time_)) places_change_ = true;
    for (const Stream& s : rows.tape.streams()) {
      StreamParts& made = rows.streams.emplace_back(StreamParts{s.channel, {}});
      const auto channel = static_cast<std::size_t>(s.channel);
      if (s.derivative.terms.empty()) made.parts.push_back({0, -1, -1, 1});
      for (const Derivative::Term& t : s.derivative.terms) {
        Part part{0, -1, -1, t.a};
        for (const int coordinate : {t.i, t.j}) {
          if (coordinate < 0) continue;
          if (coordinate == time_)
            ++part.time_order;
          else
            (part.i < 0 ? part.i : part.j) = axis_of(coordinate);
        }
        made.parts.push_back(part);
        if (!term.place.boundary && !rows.at_start) {
          time_order_[channel] = std::max(time_order_[channel], part.time_order);
          if (part.j >= 0) needs_border_[channel] = true;
        }
      }
      for (const Part& part : made.parts) operator_for(part.i, part.j);
    }
    const std::vector<Expression> roots = train::real_components(term);
    for (const Expression& root : roots) {
      std::set<int> channels;
      bool values = true, rates = false, second = false;
      const std::int32_t node = root.node();
      for (const std::int32_t i : reachable(*root.graph(), std::span(&node, 1))) {
        const ExpressionGraph::Node& n = root.graph()->nodes()[static_cast<std::size_t>(i)];
        if (n.operation != Operation::stream) continue;
        const Stream& s = root.graph()->streams()[static_cast<std::size_t>(n.index)];
        channels.insert(s.channel);
        values = values && s.derivative.order() == 0;
        for (const Derivative::Term& t : s.derivative.terms) {
          const int order = (t.i == time_ ? 1 : 0) + (t.j >= 0 && t.j == time_ ? 1 : 0);
          rates = rates || (time_ >= 0 && order > 0);
          second = second || (time_ >= 0 && order > 1);
        }
      }
      rows.channels.emplace_back(channels.begin(), channels.end());
      rows.only_values.push_back(values);
      rows.rates.push_back(rates);
      rows.second_rates.push_back(second);
      if (rows.at_start && second)
        throw bad_input(fmt::format("term '{}' reads a second derivative along the time at its start", term.name),
                        "--reference takes fields and their first derivatives there");
    }
  }
}

void GridEquations::operator_for(int i, int j) {
  if (i < 0 || operators_.contains({i, j})) return;
  const auto first = static_cast<std::size_t>(i);
  operators_[{i, j}] =
      j < 0 ? first_derivative(grid_, first) : second_derivative(grid_, first, static_cast<std::size_t>(j));
}

void GridEquations::write_point(std::int64_t point, double* to) const {
  for (std::size_t i = 0; i < space_.size(); ++i) to[space_[i]] = grid_.x(point)[i];
  if (time_ >= 0) to[time_] = now_;
}

std::string GridEquations::words(std::int64_t point) const {
  std::vector<double> x(problem_.coordinates().size());
  write_point(point, x.data());
  std::string text;
  for (std::size_t i = 0; i < x.size(); ++i)
    text += fmt::format("{}{} = {:.6g}", i == 0 ? "" : ", ", problem_.coordinates()[i].name, x[i]);
  return text;
}

std::string GridEquations::channel_name(int channel) const {
  for (const UnknownField& u : problem_.unknowns())
    if (u.channel == channel || (u.complex && u.channel + 1 == channel)) return u.name;
  return {};
}

std::vector<std::uint8_t> GridEquations::holds(const Term& term, const std::vector<Use>& uses) const {
  std::vector<std::uint8_t> flags(uses.size(), 1);
  const Region& region = term.place.region;
  const std::size_t d = grid_.dimensions();
  const bool whole = &region.shape() == &problem_.domain().shape();
  if (!whole)
    for (std::size_t k = 0; k < uses.size(); ++k) {
      const std::span<const double> x = grid_.x(uses[k].point);
      if (!term.place.boundary) {
        flags[k] = region.contains(x) ? 1 : 0;
        continue;
      }
      // A point of the domain's boundary is one of this boundary where a step out leads out of this region too.
      const std::array<double, 3>& normal = grid_.normals(uses[k].point)[static_cast<std::size_t>(uses[k].normal)];
      const Bounds bounds = region.bounds();
      double size = 0;
      for (std::size_t i = 0; i < d; ++i) size = std::max(size, bounds.highs[i] - bounds.lows[i]);
      constexpr double look = 1e-7;
      std::vector<double> out(x.begin(), x.end()), in = out;
      for (std::size_t i = 0; i < d; ++i) {
        out[i] += look * size * normal[i];
        in[i] -= look * size * normal[i];
      }
      flags[k] = region.contains(in) && !region.contains(out) ? 1 : 0;
    }
  if (!term.place.where) return flags;
  const calculus::Tape tape(std::span(&*term.place.where, 1));
  std::vector<double> registers(tape.registers());
  const std::size_t inputs = problem_.coordinates().size();
  std::vector<double> x(block * inputs), normals(block * d);
  for (std::size_t first = 0; first < uses.size(); first += block) {
    const std::size_t count = std::min(block, uses.size() - first);
    for (std::size_t k = 0; k < count; ++k) {
      const Use& use = uses[first + k];
      write_point(use.point, &x[k * inputs]);
      if (use.normal < 0) continue;
      const std::array<double, 3>& normal = grid_.normals(use.point)[static_cast<std::size_t>(use.normal)];
      std::copy_n(normal.begin(), d, &normals[k * d]);
    }
    const auto n = static_cast<std::int64_t>(count);
    tape.evaluate<double>(Isa::scalar,
                          {static_cast<int>(n),
                           {x.data(), n, std::ssize(space_) + (time_ >= 0 ? 1 : 0)},
                           {normals.data(), n, static_cast<std::int64_t>(d)},
                           {}},
                          registers);
    const std::span<const double> value = tape.root<double>(0, registers, static_cast<int>(n));
    for (std::size_t k = 0; k < count; ++k)
      if (value[k] == 0) flags[first + k] = 0;
  }
  return flags;
}

/// Of each point the equations of terms on boundaries, or inside, that may hold there: on boundaries first those that
/// read fields alone, so that these hold at corners.
std::vector<std::vector<GridEquations::Candidate>> GridEquations::candidates(Stage stage, bool boundary) const {
  std::vector<std::vector<Candidate>> all(static_cast<std::size_t>(grid_.count()));
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const TermRows& rows = terms_[t];
    const Place& place = rows.term->place;
    if (place.boundary != boundary || (rows.at_start && stage == Stage::level)) continue;
    if (!rows.at_start && stage == Stage::rates) continue;
    std::vector<Use> uses;
    for (std::int64_t p = 0; p < grid_.count(); ++p) {
      if (!boundary) {
        uses.push_back({p, -1});
      } else if (grid_.on_border(p)) {
        for (int n = 0; n < std::ssize(grid_.normals(p)); ++n) uses.push_back({p, n});
      }
    }
    const std::vector<std::uint8_t> flags = holds(*rows.term, uses);
    for (std::size_t k = 0; k < uses.size(); ++k) {
      if (flags[k] == 0) continue;
      std::vector<Candidate>& here = all[static_cast<std::size_t>(uses[k].point)];
      for (int r = 0; r < rows.tape.roots(); ++r) {
        const auto root = static_cast<std::size_t>(r);
        if (rows.channels[root].empty() || (stage != Stage::level && rows.rates[root] != (stage == Stage::rates)))
          continue;
        here.push_back({static_cast<int>(t), r, uses[k].normal});
      }
    }
  }
  for (std::vector<Candidate>& here : all)
    std::ranges::stable_sort(here, [&](const Candidate& a, const Candidate& b) {
      const auto rank = [&](const Candidate& c) {
        const TermRows& rows = terms_[static_cast<std::size_t>(c.term)];
        return (rows.at_start ? 0 : 2) + (!boundary || rows.only_values[static_cast<std::size_t>(c.root)] ? 0 : 1);
      };
      return rank(a) < rank(b);
    });
  return all;
}

void GridEquations::choose(Stage stage, double time) {
  now_ = time;
  pinned_.clear();
  for (TermRows& rows : terms_) {
    rows.uses.clear();
    rows.targets.clear();
  }
  const std::vector<std::vector<Candidate>> inside = candidates(stage, false), border = candidates(stage, true);
  // Where the places of two terms meet there may be more equations than unknowns, but not in more than such a place.
  std::int64_t most_extra = 0, longest = 0, on_borders = 0;
  for (std::size_t axis = 0; axis < grid_.dimensions(); ++axis) {
    most_extra += 2 * grid_.count() / std::ssize(grid_.nodes(axis));
    longest = std::max<std::int64_t>(longest, std::ssize(grid_.nodes(axis)));
  }
  for (std::int64_t p = 0; p < grid_.count(); ++p) on_borders += grid_.on_border(p) ? 1 : 0;
  const std::int64_t most_extra_on_border =
      4 * (static_cast<std::int64_t>(grid_.dimensions()) - 1) * on_borders / longest;
  std::int64_t extra_inside = 0, extra_on_border = 0;
  std::vector<std::int64_t> ruled(terms_.size());
  for (std::int64_t p = 0; p < grid_.count(); ++p) {
    Matching matching(channels_);
    std::vector<Candidate> taken;  // by the numbers that the matching gives
    const auto offer = [&](const Candidate& c) {
      taken.push_back(c);
      return matching.add(terms_[static_cast<std::size_t>(c.term)].channels[static_cast<std::size_t>(c.root)]);
    };
    const auto too_many = [&](const Candidate& c) {
      throw bad_input(fmt::format("--reference needs as many equations as unknown fields at each point: at {} the one "
                                  "of term '{}' is too many",
                                  words(p), terms_[static_cast<std::size_t>(c.term)].term->name),
                      "a direct solver fits nothing: it takes one condition for each field");
    };
    const bool on_border = grid_.on_border(p);
    const auto here = static_cast<std::size_t>(p);
    std::vector<Candidate> first, second;  // the first have the choice
    if (stage != Stage::level) {
      for (const std::vector<Candidate>* from : {&border[here], &inside[here]})
        for (const Candidate& c : *from)
          (terms_[static_cast<std::size_t>(c.term)].at_start ? first : second).push_back(c);
    } else {
      first = on_border ? border[here] : inside[here];
      if (on_border) second = inside[here];
    }
    for (const Candidate& c : first)
      if (!offer(c) && stage == Stage::level) {
        if (!on_border && ++extra_inside > most_extra) too_many(c);
        if (on_border && grid_.normals(p).size() == 1 && ++extra_on_border > most_extra_on_border) too_many(c);
      }
    if (stage == Stage::level && on_border)
      for (int c = 0; c < channels_; ++c)
        if (matching.free(c) && needs_border_[static_cast<std::size_t>(c)])
          throw bad_input(fmt::format("--reference needs a condition for '{}' all around: at {} there is none",
                                      channel_name(c), words(p)),
                          "say in a term on boundary(domain) what holds there");
    for (const Candidate& c : second) offer(c);
    for (int c = 0; c < channels_; ++c) {
      const std::int64_t target = p * channels_ + c;
      if (matching.free(c)) {
        if (stage == Stage::rates && time_order(c) < 2) {
          pinned_.push_back(target);
          continue;
        }
        throw bad_input(
            stage == Stage::level
                ? fmt::format("--reference needs as many equations as unknown fields at each point: at {} there is "
                              "none for '{}'",
                              words(p), channel_name(c))
                : fmt::format("--reference needs {} '{}' at the start of time: at {} there is none",
                              stage == Stage::start ? "the field" : "the rate of the field", channel_name(c), words(p)),
            stage == Stage::level ? "give the unknown an equation there" : "add a term with at = { .. } that gives it");
      }
      const Candidate& c_taken = taken[static_cast<std::size_t>(matching.owner(c))];
      TermRows& rows = terms_[static_cast<std::size_t>(c_taken.term)];
      ++ruled[static_cast<std::size_t>(c_taken.term)];
      const auto roots = static_cast<std::size_t>(rows.tape.roots());
      if (rows.uses.empty() || rows.uses.back().point != p || rows.uses.back().normal != c_taken.normal) {
        rows.uses.push_back({p, c_taken.normal});
        rows.targets.resize(rows.targets.size() + roots, -1);
      }
      rows.targets[rows.targets.size() - roots + static_cast<std::size_t>(c_taken.root)] = target;
    }
  }
  if (stage == Stage::level && !places_change_)
    for (std::size_t t = 0; t < terms_.size(); ++t)
      if (ruled[t] == 0 && !terms_[t].at_start)
        throw bad_input(fmt::format("--reference: no point of the grid is left for term '{}'", terms_[t].term->name),
                        "its place is thinner than the grid, within the domain, or others rule it already");
  for (TermRows& rows : terms_)
    rows.coefficients.assign(rows.uses.size() * rows.streams.size() * static_cast<std::size_t>(rows.tape.roots()), 0);
}

void GridEquations::linearise(const Moment& moment, const std::vector<double>& unknowns) {
  now_ = moment.time;
  const auto n = static_cast<std::size_t>(this->unknowns()), channels = static_cast<std::size_t>(channels_),
             inputs = problem_.coordinates().size(), d = grid_.dimensions();
  residual_.assign(n, 0);
  for (const std::int64_t pinned : pinned_)
    residual_[static_cast<std::size_t>(pinned)] = unknowns[static_cast<std::size_t>(pinned)];
  std::array<std::vector<double>, 3> fields;  // by the order of their time derivative
  const auto field = [&](int order) -> const std::vector<double>& {
    const auto q = static_cast<std::size_t>(order);
    if (fields[q].empty()) {
      fields[q].resize(n);
      for (std::size_t k = 0; k < n; ++k)
        fields[q][k] =
            moment.factors[q][k % channels] * unknowns[k] + (moment.known[q].empty() ? 0 : moment.known[q][k]);
    }
    return fields[q];
  };
  std::vector<double> x(block * inputs), normals(block * d);
  for (TermRows& rows : terms_) {
    const std::size_t streams = rows.streams.size(), roots = static_cast<std::size_t>(rows.tape.roots()),
                      uses = rows.uses.size();
    std::vector<double> registers(rows.tape.registers()), bars(rows.tape.registers()), seeds(roots * block),
        stream_bars(streams * block), values(streams * block);
    std::vector<const double*> of_block;
    for (std::size_t s = 0; s < streams; ++s) of_block.push_back(&values[s * block]);
    for (std::size_t first = 0; first < uses; first += block) {
      const std::size_t count = std::min(block, uses - first);
      const auto points = static_cast<std::int64_t>(count);
      for (std::size_t k = 0; k < count; ++k) {
        const Use& use = rows.uses[first + k];
        write_point(use.point, &x[k * inputs]);
        if (use.normal < 0) continue;
        const std::array<double, 3>& normal = grid_.normals(use.point)[static_cast<std::size_t>(use.normal)];
        std::copy_n(normal.begin(), d, &normals[k * d]);
      }
      std::ranges::fill(values, 0.0);
      for (std::size_t s = 0; s < streams; ++s)
        for (const Part& part : rows.streams[s].parts) {
          const std::vector<double>& of = field(part.time_order);
          const auto channel = static_cast<std::size_t>(rows.streams[s].channel);
          const RowMatrix* const stencil = part.i < 0 ? nullptr : &operators_.at({part.i, part.j});
          for (std::size_t k = 0; k < count; ++k) {
            const std::int64_t p = rows.uses[first + k].point;
            double sum = 0;
            if (stencil == nullptr)
              sum = of[static_cast<std::size_t>(p) * channels + channel];
            else
              for (RowMatrix::InnerIterator it(*stencil, static_cast<int>(p)); it; ++it)
                sum += it.value() * of[static_cast<std::size_t>(it.col()) * channels + channel];
            values[s * block + k] += part.a * sum;
          }
        }
      const calculus::TapeInputs<double> tape_inputs{static_cast<int>(points),
                                                     {x.data(), points, static_cast<std::int64_t>(inputs)},
                                                     {normals.data(), points, static_cast<std::int64_t>(d)},
                                                     of_block};
      rows.tape.evaluate<double>(isa_, tape_inputs, registers);
      for (std::size_t r = 0; r < roots; ++r) {
        const auto target = [&](std::size_t k) { return rows.targets[(first + k) * roots + r]; };
        bool used = false;
        for (std::size_t k = 0; k < count; ++k) used = used || target(k) >= 0;
        if (!used) continue;
        const std::span<const double> value =
            rows.tape.root<double>(static_cast<int>(r), registers, static_cast<int>(count));
        std::ranges::fill(seeds, 0.0);
        std::fill_n(seeds.begin() + static_cast<std::ptrdiff_t>(r * block), count, 1.0);
        rows.tape.reverse<double>(isa_, static_cast<int>(count), registers,
                                  {seeds.data(), static_cast<std::int64_t>(roots), points, block}, bars,
                                  {stream_bars.data(), static_cast<std::int64_t>(streams), points, block});
        for (std::size_t k = 0; k < count; ++k) {
          if (target(k) < 0) continue;
          bool finite = std::isfinite(value[k]);
          residual_[static_cast<std::size_t>(target(k))] = value[k];
          for (std::size_t s = 0; s < streams; ++s) {
            const double bar = stream_bars[s * block + k];
            finite = finite && std::isfinite(bar);
            rows.coefficients[(r * streams + s) * uses + first + k] = bar;
          }
          if (!finite)
            throw bad_input(fmt::format("term '{}': the residual or a derivative of it is not finite at {}",
                                        rows.term->name, words(rows.uses[first + k].point)),
                            "look for a division by 0, a logarithm or a root of a negative number there");
        }
      }
    }
  }
}

void GridEquations::visit(const std::function<void(const Coefficient&)>& action) const {
  for (const TermRows& rows : terms_) {
    const std::size_t streams = rows.streams.size(), roots = static_cast<std::size_t>(rows.tape.roots()),
                      uses = rows.uses.size();
    for (std::size_t k = 0; k < uses; ++k)
      for (std::size_t r = 0; r < roots; ++r) {
        const std::int64_t target = rows.targets[k * roots + r];
        if (target < 0) continue;
        for (std::size_t s = 0; s < streams; ++s) {
          const double coefficient = rows.coefficients[(r * streams + s) * uses + k];
          if (coefficient == 0) continue;
          for (const Part& part : rows.streams[s].parts)
            action({target, rows.uses[k].point, rows.streams[s].channel, part.i, part.j, part.time_order,
                    coefficient * part.a});
        }
      }
  }
}

RowMatrix GridEquations::matrix(const Moment& moment) const {
  std::vector<eigen::Triplet<double>> entries;
  for (const std::int64_t pinned : pinned_) entries.emplace_back(static_cast<int>(pinned), static_cast<int>(pinned), 1);
  visit([&](const Coefficient& c) {
    const double factor =
        c.value * moment.factors[static_cast<std::size_t>(c.time_order)][static_cast<std::size_t>(c.channel)];
    if (factor == 0) return;
    const auto add = [&](std::int64_t point, double value) {
      entries.emplace_back(static_cast<int>(c.row), static_cast<int>(point * channels_ + c.channel), value);
    };
    if (c.i < 0) {
      add(c.point, factor);
      return;
    }
    for (RowMatrix::InnerIterator it(operators_.at({c.i, c.j}), static_cast<int>(c.point)); it; ++it)
      add(it.col(), factor * it.value());
  });
  RowMatrix matrix(static_cast<int>(unknowns()), static_cast<int>(unknowns()));
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

}  // namespace sinefield::direct
