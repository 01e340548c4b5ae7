// `sinefield render` of solutions: an expression as a picture with axes, or as a video over time.
// SPDX-License-Identifier: MIT
#include "cli/render_solution.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "cli/codecs.h"
#include "sinefield/error.h"

namespace sinefield::cli {
namespace {

constexpr std::int64_t default_longest = 512, default_frames = 100;
constexpr int default_fps = 25;

/// Whether a word or a call, which can be indexed as it stands.
bool stands_alone(const std::string& expression) {
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  const auto bracket = std::ranges::find_if_not(expression, is_word);
  if (bracket == expression.end()) return true;
  if (*bracket != '(' && *bracket != '[') return false;
  int depth = 0;
  for (auto c = bracket; c != expression.end(); ++c) {
    depth += *c == '(' || *c == '[' ? 1 : *c == ')' || *c == ']' ? -1 : 0;
    if (depth == 0) return c + 1 == expression.end();
  }
  return false;
}

/// The parts of "[a, b]", as they are written; empty of anything else.
std::vector<std::string> parts_of_list(const std::string& expression) {
  std::vector<std::string> parts;
  if (!expression.starts_with('[') || !stands_alone(expression)) return parts;
  int depth = 0;
  for (const char c : expression) {
    depth -= c == ')' || c == ']' ? 1 : 0;
    if (depth == 1 && (c == ',' || parts.empty())) parts.emplace_back();
    if (depth > 1 || (depth == 1 && c != ',' && (c != ' ' || !parts.back().empty()))) parts.back() += c;
    depth += c == '(' || c == '[' ? 1 : 0;
  }
  for (std::string& part : parts) part.resize(part.find_last_not_of(' ') + 1);
  return parts;
}

std::optional<std::pair<double, double>> range_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  double low = 0, high = 0;
  const char* const end = text.data() + text.size();
  const auto [comma, error] = std::from_chars(text.data(), end, low);
  bool good = error == std::errc() && comma != end && *comma == ',';
  if (good) {
    const auto [rest, second] = std::from_chars(comma + 1, end, high);
    good = second == std::errc() && rest == end && std::isfinite(low) && std::isfinite(high) && low < high;
  }
  if (!good)
    throw bad_input(fmt::format("--range {}: expected LOW,HIGH, the lower one first", text),
                    "for example --range=-1,1");
  return std::pair(low, high);
}

/// One panel or curve: which of the numbers at a point it shows, and with which others it shares a range.
struct Shape {
  enum class Part : std::uint8_t { number, modulus };
  std::string title;
  Part part;
  int number;  // the first of the two for a modulus
  int group;
};

std::vector<Shape> shapes_of(const ShownSolution& s) {
  const ShownKind& kind = s.shown.kind();
  std::vector<Shape> shapes;
  for (int c = 0; c < kind.components; ++c) {
    const std::string name = s.component_name(c);
    if (!kind.complex) {
      shapes.push_back({kind.vector ? name : "", Shape::Part::number, c, 0});
      continue;
    }
    shapes.push_back({applied("re", name), Shape::Part::number, 2 * c, 0});
    shapes.push_back({applied("im", name), Shape::Part::number, 2 * c + 1, 0});
    shapes.push_back({applied("abs", name), Shape::Part::modulus, 2 * c, 1});
  }
  return shapes;
}

/// What a shape shows, from (points, numbers).
std::vector<double> shape_values(const Shape& shape, const std::vector<double>& values, int numbers) {
  std::vector<double> shown;
  const auto step = static_cast<std::size_t>(numbers);
  for (std::size_t at = static_cast<std::size_t>(shape.number); at < values.size(); at += step)
    shown.push_back(shape.part == Shape::Part::number ? values[at] : std::hypot(values[at], values[at + 1]));
  return shown;
}

PlotAxis axis_of(const ProblemCoordinate& c) { return {c.name, c.low, c.high}; }

/// Pixels across and up: two coordinates of space have one scale, so that what is round looks round.
Size panel_size(const ShownSolution& s, const GridChoice& choice) {
  const std::vector<std::int64_t> given = s.sizes();
  const std::int64_t longest = given.size() == 1 ? given[0] : default_longest;
  if (given.size() > 2 || (given.size() == 2 && std::ranges::min(given) < 2) || longest < 2)
    throw bad_input(fmt::format("--size {}: expected N or WIDTHxHEIGHT, 2 at least", s.arguments.size),
                    "for example --size 512");
  const bool sized = given.size() == 2;
  if (choice.axes.size() == 1) {
    constexpr std::int64_t least = 64;
    const Size curves = sized ? Size{given[0], given[1]} : Size{longest * 5 / 4, longest * 25 / 32};
    return {std::max(curves.width, least), std::max(curves.height, least)};
  }
  const ProblemCoordinate &across = s.coordinate(choice.axes[0]), &up = s.coordinate(choice.axes[1]);
  if (up.time) return sized ? Size{given[0], given[1]} : Size{longest, std::max<std::int64_t>(2, longest * 3 / 4)};
  const double width = across.high - across.low, height = up.high - up.low;
  const double pixel = sized ? std::max(width / static_cast<double>(given[0]), height / static_cast<double>(given[1]))
                             : std::max(width, height) / static_cast<double>(longest);
  const auto pixels = [&](double length) { return std::max<std::int64_t>(1, std::llround(length / pixel)); };
  return {pixels(width), pixels(height)};
}

/// Everything about a picture but its values.
class Plot {
 public:
  Plot(const ShownSolution& s, const GridChoice& choice)
      : s_(s),
        choice_(choice),
        size_(panel_size(s, choice)),
        shapes_(shapes_of(s)),
        fixed_(range_of(s.arguments.range)) {}

  bool is_curves() const { return choice_.axes.size() == 1; }
  std::size_t shapes() const { return shapes_.size(); }

  /// Throws bad_input where `frames` pictures need more memory than there may be.
  void check_memory(std::int64_t frames) const {
    const double points = is_curves() ? static_cast<double>(2 * size_.width)
                                      : static_cast<double>(size_.width) * static_cast<double>(size_.height);
    const auto frame = static_cast<double>(s_.shown.kind().numbers()), shapes = static_cast<double>(shapes_.size());
    // The values of all frames twice, what is shown of one, and pages of floats about it.
    const double page = 3 * shapes * static_cast<double>(size_.width + 200) * static_cast<double>(size_.height + 200);
    s_.check_memory(points * (2 * frame * static_cast<double>(frames) + 2 * shapes) + page);
  }

  SolutionGrid grid() const {
    std::vector<std::vector<double>> positions;
    // Rows from bottom to top, so that the coordinate across is the fastest.
    GridChoice order = choice_;
    std::ranges::reverse(order.axes);
    for (const std::size_t axis : order.axes) {
      const ProblemCoordinate& c = s_.coordinate(axis);
      positions.push_back(is_curves()               ? nodes(c, 2 * size_.width + 1)
                          : axis == choice_.axes[0] ? cell_middles(c, size_.width)
                                                    : cell_middles(c, size_.height));
    }
    return {s_.solution, order, std::move(positions)};
  }

  /// Of all frames together.
  void set_ranges(std::span<const std::vector<double>> frames) {
    for (int group = 0; group <= shapes_.back().group; ++group) {
      std::vector<double> all;
      for (const std::vector<double>& values : frames)
        for (const Shape& shape : shapes_) {
          if (shape.group != group) continue;
          const std::vector<double> some = shape_values(shape, values, s_.shown.kind().numbers());
          all.insert(all.end(), some.begin(), some.end());
        }
      // A modulus is not drawn with a range that was given for what has a sign.
      ranges_.push_back(is_curves() ? curve_range(all)
                                    : pictures().plot_range(all, group == 0 ? fixed_ : std::nullopt));
    }
    if (is_curves() && !fixed_)  // one axis for all curves
      for (const PlotRange& range : ranges_) {
        ranges_[0].low = std::min(ranges_[0].low, range.low);
        ranges_[0].high = std::max(ranges_[0].high, range.high);
      }
  }

  Picture draw(const std::vector<double>& values, const std::string& subtitle) const {
    const PlotAxis across = axis_of(s_.coordinate(choice_.axes[0]));
    const int numbers = s_.shown.kind().numbers();
    if (is_curves()) {
      CurvePlot plot{s_.expression, subtitle, across, ranges_[0], size_.width, size_.height, {}};
      for (const Shape& shape : shapes_) plot.curves.push_back({shape.title, shape_values(shape, values, numbers)});
      return pictures().curve_plot(plot);
    }
    FieldPlot plot{s_.expression, subtitle,     across, axis_of(s_.coordinate(choice_.axes[1])),
                   size_.width,   size_.height, {}};
    for (const Shape& shape : shapes_)
      plot.panels.push_back(
          {shape.title, shape_values(shape, values, numbers), ranges_[static_cast<std::size_t>(shape.group)]});
    return pictures().field_plot(plot);
  }

  Json json() const {
    const PlotRange& range = ranges_.front();
    return {{"show", s_.expression},
            {"components", s_.shown.kind().components},
            {"complex", s_.shown.kind().complex},
            {"size", {size_.width, size_.height}},
            {"range", {range.low, range.high}}};
  }

 private:
  /// All values and a twentieth on either side.
  PlotRange curve_range(const std::vector<double>& values) const {
    PlotRange range;
    if (fixed_) {
      range.low = fixed_->first;
      range.high = fixed_->second;
      return range;
    }
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const double value : values)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    if (low > high) return range;
    const double size = std::max(std::abs(low), std::abs(high)), reach = high - low > 1e-12 * size ? (high - low) / 20
                                                                         : size > 0                ? size / 2
                                                                                                   : 1;
    range.low = low - reach;
    range.high = high + reach;
    return range;
  }

  const ShownSolution& s_;
  const GridChoice& choice_;
  Size size_;
  std::vector<Shape> shapes_;
  std::optional<std::pair<double, double>> fixed_;
  std::vector<PlotRange> ranges_;  // of each group
};

/// Throws bad_input where no picture can be written under that name, before any work.
void require_picture(const std::filesystem::path& path) {
  PictureFormat format;
  format.width = format.height = default_longest;
  format.channels = {"R", "G", "B"};
  pictures().require_writable(path, format);
}

Json write_picture(const ShownSolution& s, GridChoice choice, Progress& progress) {
  require_picture(s.arguments.output);
  keep_axes(s.solution, choice, 2);
  Plot plot(s, choice);
  plot.check_memory(1);
  const std::vector<std::vector<double>> values = {plot.grid().evaluate(
      s.shown, [&](double done) { progress.update(done, -1, [] { return std::string("rendering"); }); })};
  plot.set_ranges(values);
  pictures().write_picture(s.arguments.output, plot.draw(values.front(), fixed_words(s.solution, choice.fixed)));
  Json result = plot.json();
  result["fixed"] = fixed_json(s.solution, choice.fixed);
  return result;
}

Json write_video(const ShownSolution& s, GridChoice choice, Progress& progress) {
  const auto time = std::ranges::find(s.solution.coordinates, true, &ProblemCoordinate::time);
  if (time == s.solution.coordinates.end())
    throw bad_input(fmt::format("{}: a video of a solution without time", s.arguments.output.string()),
                    "give -o OUT.png");
  const auto at = static_cast<std::size_t>(time - s.solution.coordinates.begin());
  if (choice.fixed.contains(at))
    throw bad_input(fmt::format("--slice fixes {}, over which the video goes", time->name), "give -o OUT.png");
  std::erase(choice.axes, at);
  keep_axes(s.solution, choice, 2);
  GridChoice of_frames = choice;
  of_frames.fixed[at] = time->low;
  Plot plot(s, of_frames);
  const std::int64_t count = s.arguments.frames.value_or(default_frames);
  plot.check_memory(count);

  VideoFormat format;
  format.frames = count;
  format.width = format.height = default_longest;
  format.channels = {"R", "G", "B"};
  format.rate = ratio_of(s.arguments.fps.value_or(default_fps));
  media().require_writable_video(s.arguments.output, format, std::nullopt);
  SolutionGrid grid = plot.grid();
  std::vector<std::vector<double>> frames;
  const std::vector<double> moments = nodes(*time, count);
  // Drawing and encoding takes about as long as evaluation.
  const auto report = [&](double done) { progress.update(done, -1, [] { return std::string("rendering"); }); };
  for (const double moment : moments) {
    grid.set_time(moment);
    frames.push_back(grid.evaluate(s.shown, [](double) {}));
    report(0.5 * static_cast<double>(frames.size()) / static_cast<double>(count));
  }
  plot.set_ranges(frames);
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(moments[1] - moments[0]))), 0, 15);
  const std::string others = fixed_words(s.solution, choice.fixed);
  std::unique_ptr<VideoWriter> writer;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const Picture picture = plot.draw(frames[i], fmt::format("{} = {:.{}f}{}{}", time->name, moments[i], decimals,
                                                             others.empty() ? "" : ", ", others));
    if (writer == nullptr) {
      format.width = picture.format.width;
      format.height = picture.format.height;
      writer = media().create_video(s.arguments.output, format, std::nullopt, s.common.overwrite());
    }
    writer->add(picture.samples);
    report(0.5 + 0.5 * static_cast<double>(i + 1) / static_cast<double>(count));
  }
  writer->finish();
  Json result = plot.json();
  result["fixed"] = fixed_json(s.solution, choice.fixed);
  result["frames"] = count;
  return result;
}

/// The first unknown, as a reader of the problem would ask for it.
std::string default_expression(const SolutionFormat& solution) {
  if (solution.unknowns.empty())
    throw bad_input("the solution has no unknown", "the model file is damaged: solve the problem again");
  return solution.unknowns.front().name;
}

}  // namespace

std::string applied(const std::string& function, const std::string& expression) {
  return fmt::format("{}({})", function, expression);
}

Json fixed_json(const SolutionFormat& solution, const std::map<std::size_t, double>& fixed) {
  Json json = Json::object();
  for (const auto& [coordinate, value] : fixed) json[solution.coordinates[coordinate].name] = value;
  return json;
}

std::string ShownSolution::component_name(int component) const {
  if (!shown.kind().vector) return expression;
  if (const std::vector<std::string> parts = parts_of_list(expression); std::ssize(parts) == shown.kind().components)
    return parts[static_cast<std::size_t>(component)];
  return stands_alone(expression) ? fmt::format("{}[{}]", expression, component)
                                  : fmt::format("({})[{}]", expression, component);
}

std::vector<std::int64_t> ShownSolution::sizes() const {
  const std::string& text = arguments.size;
  std::vector<std::int64_t> sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    const auto [rest, error] = std::from_chars(at, end, sizes.emplace_back());
    if (error != std::errc() || sizes.back() < 1 || sizes.back() > 1'000'000 || (rest != end && *rest != 'x') ||
        rest + 1 == end)
      throw bad_input(fmt::format("--size {}: expected N, or a number for each axis, 1 to 1000000", text),
                      "for example --size 512, or --size 640x480");
    at = rest == end ? end : rest + 1;
  }
  return sizes;
}

void ShownSolution::check_memory(double numbers) const {
  const double needed = numbers * sizeof(double);
  if (needed > static_cast<double>(common.memory()))
    throw bad_input(
        fmt::format("this needs {:.0f} MiB, more than the {} MiB allowed", needed / 0x1p20, common.memory() >> 20U),
        "give a smaller --size, fewer --frames, or a larger --memory-limit");
}

Json render_solution(const RenderArguments& a, const Field& field, const Common& common) {
  const SolutionFormat& solution = *field.solution();
  const std::string expression = a.show.empty() ? default_expression(solution) : a.show;
  Shown shown(field, expression, common.compute(), files_of_model(common, a.model));
  const ShownSolution s{a, common, solution, expression, shown};
  const GridChoice choice = choose_axes(solution, a.slices);
  const std::string extension = extension_of(a.output);
  const auto one_of = [&](std::initializer_list<const char*> known) {
    return std::ranges::find(known, extension) != known.end();
  };
  const bool video = a.output.string().find('%') != std::string::npos || one_of({".mp4", ".mkv", ".webm", ".gif"});
  const bool numbers = one_of({".npy", ".csv", ".vti", ".vtu"});
  if (a.fps && !video) throw bad_input(fmt::format("--fps: {} is no video", a.output.string()));
  if (a.frames && !video && !numbers)
    throw bad_input(fmt::format("--frames: {} is a single picture", a.output.string()),
                    "its size over time is that of --size");
  if (!a.range.empty() && numbers)
    throw bad_input(fmt::format("--range: {} has no colours", a.output.string()), "give -o OUT.png");
  Progress progress(common);
  if (video) return write_video(s, choice, progress);
  return numbers ? write_solution_numbers(s, choice, progress) : write_picture(s, choice, progress);
}

}  // namespace sinefield::cli
