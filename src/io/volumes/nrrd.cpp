// The text of a NRRD header, after the definition of the format at teem.sourceforge.net/nrrd/format.html, and what its
// axes are in space. The samples are those of stored_samples.h.
// SPDX-License-Identifier: MIT
#include "io/volumes/nrrd.h"

#include <fmt/ranges.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/volumes/stored_samples.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::uint64_t longest_header = 1U << 20U;
constexpr std::int64_t most_axes = 16;  // teem's own
constexpr int most_channels = 1024;

using Vector = std::array<double, 3>;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r";
  const auto first = text.find_first_not_of(blank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

// A value of the file in a message.
std::string shown(std::string_view value) {
  constexpr std::size_t longest = 60;
  std::string text(value.substr(0, longest));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; }, '?');
  return text + (value.size() > longest ? "..." : "");
}

// ---- words of the format

struct TypeWord {
  std::string_view word;
  ElementType type;
};
constexpr std::array<TypeWord, 38> type_words = {{
    {"signed char", ElementType::i8},
    {"int8", ElementType::i8},
    {"int8_t", ElementType::i8},
    {"uchar", ElementType::u8},
    {"unsigned char", ElementType::u8},
    {"uint8", ElementType::u8},
    {"uint8_t", ElementType::u8},
    {"short", ElementType::i16},
    {"short int", ElementType::i16},
    {"signed short", ElementType::i16},
    {"signed short int", ElementType::i16},
    {"int16", ElementType::i16},
    {"int16_t", ElementType::i16},
    {"ushort", ElementType::u16},
    {"unsigned short", ElementType::u16},
    {"unsigned short int", ElementType::u16},
    {"uint16", ElementType::u16},
    {"uint16_t", ElementType::u16},
    {"int", ElementType::i32},
    {"signed int", ElementType::i32},
    {"int32", ElementType::i32},
    {"int32_t", ElementType::i32},
    {"uint", ElementType::u32},
    {"unsigned int", ElementType::u32},
    {"uint32", ElementType::u32},
    {"uint32_t", ElementType::u32},
    {"longlong", ElementType::i64},
    {"long long", ElementType::i64},
    {"signed long long", ElementType::i64},
    {"int64", ElementType::i64},
    {"int64_t", ElementType::i64},
    {"ulonglong", ElementType::u64},
    {"unsigned long long", ElementType::u64},
    {"uint64", ElementType::u64},
    {"uint64_t", ElementType::u64},
    {"float", ElementType::f32},
    {"double", ElementType::f64},
    {"long long int", ElementType::i64},
}};

std::string_view type_word(VoxelType type) {
  switch (type) {
    case VoxelType::u8:
      return "uint8";
    case VoxelType::i8:
      return "int8";
    case VoxelType::u16:
      return "uint16";
    case VoxelType::i16:
      return "int16";
    case VoxelType::i32:
      return "int32";
    case VoxelType::f32:
      break;
  }
  return "float";
}

// The signs that turn coordinates of a space into right, front, up. A left-handed space without anatomical names is
// mirrored along its first axis, so that what it shows is not.
struct SpaceWord {
  std::string_view word;
  Vector to_world;
};
constexpr std::array<SpaceWord, 9> space_words = {{{"right-anterior-superior", {1, 1, 1}},
                                                   {"ras", {1, 1, 1}},
                                                   {"left-anterior-superior", {-1, 1, 1}},
                                                   {"las", {-1, 1, 1}},
                                                   {"left-posterior-superior", {-1, -1, 1}},
                                                   {"lps", {-1, -1, 1}},
                                                   {"scanner-xyz", {1, 1, 1}},
                                                   {"3d-right-handed", {1, 1, 1}},
                                                   {"3d-left-handed", {-1, 1, 1}}}};

enum class Role : std::uint8_t { unknown, space, time, channels };

// What kinds make of an axis, and the size that they prescribe (0: any).
struct KindWord {
  std::string_view word;
  Role role;
  std::int64_t size;
};
constexpr std::array<KindWord, 33> kind_words = {{
    {"domain", Role::space, 0},
    {"space", Role::space, 0},
    {"time", Role::time, 0},
    {"none", Role::unknown, 0},
    {"???", Role::unknown, 0},
    {"list", Role::channels, 0},
    {"point", Role::channels, 0},
    {"vector", Role::channels, 0},
    {"covariant-vector", Role::channels, 0},
    {"normal", Role::channels, 0},
    {"stub", Role::channels, 1},
    {"scalar", Role::channels, 1},
    {"complex", Role::channels, 2},
    {"2-vector", Role::channels, 2},
    {"3-color", Role::channels, 3},
    {"rgb-color", Role::channels, 3},
    {"hsv-color", Role::channels, 3},
    {"xyz-color", Role::channels, 3},
    {"4-color", Role::channels, 4},
    {"rgba-color", Role::channels, 4},
    {"3-vector", Role::channels, 3},
    {"3-gradient", Role::channels, 3},
    {"3-normal", Role::channels, 3},
    {"4-vector", Role::channels, 4},
    {"quaternion", Role::channels, 4},
    {"2d-symmetric-matrix", Role::channels, 3},
    {"2d-masked-symmetric-matrix", Role::channels, 4},
    {"2d-matrix", Role::channels, 4},
    {"2d-masked-matrix", Role::channels, 5},
    {"3d-symmetric-matrix", Role::channels, 6},
    {"3d-masked-symmetric-matrix", Role::channels, 7},
    {"3d-matrix", Role::channels, 9},
    {"3d-masked-matrix", Role::channels, 10},
}};

template <class Words>
auto found(const Words& words, std::string_view text) {
  return std::find_if(words.begin(), words.end(), [&](const auto& known) { return known.word == text; });
}

// ---- the header's text

// "field: value" lines up to a blank one, and readers of the values of fields.
class Header {
 public:
  explicit Header(const InputFile& file) : file_(file) {
    std::string content(static_cast<std::size_t>(std::min(longest_header, file.size())), '\0');
    file.read(0, std::as_writable_bytes(std::span(content)));
    std::string_view rest = content;
    const std::string_view magic = trimmed(next_line(rest));
    if (magic.size() != 8 || !magic.starts_with("NRRD000") || magic.back() < '1' || magic.back() > '5') {
      throw broken(fmt::format("it begins '{}', expected NRRD0001 to NRRD0005", shown(magic)));
    }
    while (!rest.empty()) {
      const std::string_view line = trimmed(next_line(rest));
      if (line.empty()) {
        data_start_ = content.size() - rest.size();
        return;
      }
      add(line);
    }
    if (content.size() == longest_header) throw broken(fmt::format("it is longer than {} bytes", longest_header));
    // A header beside its data may end without a blank line.
    if (text("data file") == nullptr) throw broken(fmt::format("the {} bytes end inside of it", file.size()));
  }

  std::uint64_t data_start() const { return data_start_; }

  Error broken(const std::string& why, std::string hint = {}) const {
    return bad_input(fmt::format("{}: broken NRRD header: {}", file_.name(), why), std::move(hint));
  }
  Error broken_field(std::string_view field, const std::string& expected, std::string hint = {}) const {
    return broken(fmt::format("{} is '{}', expected {}", field, shown(*text(field)), expected), std::move(hint));
  }

  const std::string* text(std::string_view field) const {
    const auto at = fields_.find(key(field));
    return at == fields_.end() ? nullptr : &at->second;
  }

  const std::string& needed(std::string_view field) const {
    const std::string* value = text(field);
    if (value == nullptr) throw broken(fmt::format("the field '{}' is missing", field));
    return *value;
  }

  std::int64_t integer(std::string_view field, std::int64_t otherwise) const {
    if (text(field) == nullptr) return otherwise;
    const auto values = integers(field);
    if (values.size() != 1) throw broken_field(field, "one integer");
    return values.front();
  }

  std::vector<std::int64_t> integers(std::string_view field) const {
    std::vector<std::int64_t> values;
    for (const std::string_view word : words(field)) {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc() || end != word.data() + word.size()) throw broken_field(field, "integers of 64 bits");
      values.push_back(value);
    }
    return values;
  }

  std::vector<double> numbers(std::string_view field) const {
    std::vector<double> values;
    for (const std::string_view word : words(field)) {
      const auto value = number(word);
      if (!value) throw broken_field(field, "numbers");
      values.push_back(*value);
    }
    return values;
  }

  /// "(1,0,0) none (0, 0, 1)": nothing for "none".
  std::vector<std::optional<Vector>> vectors(std::string_view field) const {
    std::vector<std::optional<Vector>> values;
    std::string_view rest = trimmed(needed(field));
    while (!rest.empty()) {
      if (rest.starts_with("none")) {
        values.emplace_back();
        rest = trimmed(rest.substr(4));
        continue;
      }
      const auto end = rest.find(')');
      const auto vector = rest.front() == '(' && end != rest.npos ? components(rest.substr(1, end - 1)) : std::nullopt;
      if (!vector) throw broken_field(field, "vectors of three finite numbers, as (1,0,0), or none");
      values.push_back(vector);
      rest = trimmed(rest.substr(end + 1));
    }
    return values;
  }

  std::vector<std::string_view> words(std::string_view field) const {
    std::vector<std::string_view> found_words;
    std::string_view rest = needed(field);
    while (!(rest = trimmed(rest)).empty()) {
      const auto length = std::min(rest.find_first_of(" \t"), rest.size());
      found_words.push_back(rest.substr(0, length));
      rest.remove_prefix(length);
    }
    return found_words;
  }

 private:
  // "space directions", "Space Directions" and "spacedirections" are one field.
  static std::string key(std::string_view field) {
    std::string name = lower_case(field);
    std::erase(name, ' ');
    return name;
  }

  static std::string_view next_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return line;
  }

  static std::optional<double> number(std::string_view word) {
    double value = 0;
    if (word.starts_with('+')) word.remove_prefix(1);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
  }

  static std::optional<Vector> components(std::string_view text) {
    Vector vector{};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto comma = text.find(',');
      if ((comma == text.npos) != (i == 2)) return std::nullopt;
      const auto value = number(trimmed(text.substr(0, comma)));
      if (!value || !std::isfinite(*value)) return std::nullopt;
      vector[i] = *value;
      text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    return vector;
  }

  void add(std::string_view line) {
    if (line.front() == '#') return;
    const auto colon = line.find(':');
    if (colon == line.npos) throw broken(fmt::format("'{}' is no field and no comment", shown(line)));
    if (line.substr(colon).starts_with(":=")) return;  // a key and a value for other programs
    const std::string_view field = trimmed(line.substr(0, colon));
    const std::string value(trimmed(line.substr(colon + 1)));
    if (!fields_.emplace(key(field), value).second) {
      throw broken(fmt::format("the field '{}' is there twice", shown(field)));
    }
  }

  const InputFile& file_;
  std::map<std::string, std::string> fields_;  // by key
  std::uint64_t data_start_ = 0;
};

// ---- axes

struct Axes {
  std::vector<std::int64_t> sizes;  // in the order of the file
  std::array<std::size_t, 3> space{};
  std::optional<std::size_t> channels;
};

template <class Values>
void require_one_each(const Header& header, std::string_view field, const Values& values, std::size_t axes) {
  if (values.size() == axes) return;
  throw header.broken_field(field, fmt::format("a value for each of the {} axes", axes));
}

std::vector<std::int64_t> sizes_of(const Header& header) {
  const std::int64_t dimension = header.integer("dimension", 0);
  if (dimension < 1 || dimension > most_axes) {
    header.needed("dimension");
    throw header.broken_field("dimension", fmt::format("1 to {}", most_axes));
  }
  auto sizes = header.integers("sizes");
  require_one_each(header, "sizes", sizes, static_cast<std::size_t>(dimension));
  if (std::any_of(sizes.begin(), sizes.end(), [](std::int64_t size) { return size < 1; })) {
    throw header.broken_field("sizes", "1 or more along each axis");
  }
  return sizes;
}

std::vector<Role> roles_of(const Header& header, const std::vector<std::int64_t>& sizes) {
  std::vector<Role> roles(sizes.size(), Role::unknown);
  if (header.text("kinds") != nullptr) {
    const auto kinds = header.words("kinds");
    require_one_each(header, "kinds", kinds, sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto* const kind = found(kind_words, lower_case(kinds[i]));
      if (kind == kind_words.end()) {
        throw header.broken(fmt::format("kinds holds '{}', which is unknown", shown(kinds[i])));
      }
      if (kind->size != 0 && kind->size != sizes[i]) {
        throw header.broken(
            fmt::format("an axis of kind '{}' has the size {}, expected {}", kind->word, sizes[i], kind->size));
      }
      roles[i] = kind->role;
    }
  }
  if (header.text("space directions") != nullptr) {
    const auto directions = header.vectors("space directions");
    require_one_each(header, "space directions", directions, sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (directions[i]) {
        roles[i] = Role::space;
      } else if (roles[i] != Role::time) {
        roles[i] = Role::channels;
      }
    }
  } else if (sizes.size() > 3 && header.text("spacings") != nullptr) {
    // "nan" says that a spacing has no meaning along this axis.
    const auto spacings = header.numbers("spacings");
    require_one_each(header, "spacings", spacings, sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (std::isnan(spacings[i]) && roles[i] == Role::unknown) roles[i] = Role::channels;
    }
  }
  std::replace(roles.begin(), roles.end(), Role::unknown, Role::space);
  return roles;
}

Axes axes_of(const Header& header) {
  Axes axes;
  axes.sizes = sizes_of(header);
  const std::vector<Role> roles = roles_of(header, axes.sizes);
  std::size_t in_space = 0;
  for (std::size_t i = 0; i < roles.size(); ++i) {
    const std::int64_t size = axes.sizes[i];
    if (roles[i] == Role::space) {
      if (in_space < 3) axes.space[in_space] = i;
      ++in_space;
    } else if (size == 1) {
      continue;
    } else if (roles[i] == Role::time) {
      throw header.broken(fmt::format("a series of {} volumes, expected one", size),
                          "write one of them to a file of its own first");
    } else if (axes.channels || size > most_channels) {
      throw header.broken(fmt::format("{} values along an axis that is not in space, expected one such axis of 1 to {}",
                                      size, most_channels));
    } else {
      axes.channels = i;
    }
  }
  if (in_space != 3) {
    throw header.broken(fmt::format("{} axes in space of sizes {}, expected 3", in_space, fmt::join(axes.sizes, " x ")),
                        in_space > 3 ? "name the axis of channels, as in 'kinds: vector domain domain domain'"
                                     : "give pictures as pictures");
  }
  return axes;
}

// ---- place in the world

void place(const Header& header, const Axes& axes, VolumeFormat& format) {
  Vector to_world = {1, 1, 1};
  if (const std::string* space = header.text("space")) {
    const auto* const known = found(space_words, lower_case(*space));
    if (known == space_words.end()) {
      throw header.broken_field("space", "right-anterior-superior, left-posterior-superior or another of three axes");
    }
    to_world = known->to_world;
  }
  if (header.integer("space dimension", 3) != 3) throw header.broken_field("space dimension", "3");

  std::array<Vector, 3> steps{};  // along x, y, z of the indices, in the file's space
  if (header.text("space directions") != nullptr) {
    const auto directions = header.vectors("space directions");
    for (std::size_t axis = 0; axis < 3; ++axis) {
      steps[axis] = *directions[axes.space[axis]];
      const double length = std::hypot(steps[axis][0], steps[axis][1], steps[axis][2]);
      if (!(length > 0) || !std::isfinite(length)) {
        throw header.broken_field("space directions", "vectors of a finite length above 0");
      }
      format.spacing[2 - axis] = length;
    }
  } else {
    if (header.text("spacings") != nullptr) {
      const auto spacings = header.numbers("spacings");
      require_one_each(header, "spacings", spacings, axes.sizes.size());
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double spacing = spacings[axes.space[axis]];
        if (!(spacing > 0) || !std::isfinite(spacing)) throw header.broken_field("spacings", "positive numbers");
        format.spacing[2 - axis] = spacing;
      }
    }
    for (std::size_t axis = 0; axis < 3; ++axis) steps[axis][axis] = format.spacing[2 - axis];
  }
  Vector origin{};
  if (header.text("space origin") != nullptr) {
    const auto vectors = header.vectors("space origin");
    if (vectors.size() != 1) throw header.broken_field("space origin", "one vector of three finite numbers");
    origin = vectors.front().value_or(Vector{});
  }
  for (std::size_t row = 0; row < 3; ++row) {
    // The zero makes -0 plain.
    for (std::size_t axis = 0; axis < 3; ++axis)
      format.to_world[4 * row + axis] = to_world[row] * steps[axis][row] + 0.0;
    format.to_world[4 * row + 3] = to_world[row] * origin[row] + 0.0;
  }
}

// The unit of all three axes in space, from words in quotes; empty where they differ or are strange.
std::string unit_of(const Header& header, const Axes& axes) {
  const bool of_space = header.text("space units") != nullptr;
  const std::string* const text = header.text(of_space ? "space units" : "units");
  if (text == nullptr) return {};
  std::vector<std::string> units;
  for (auto open = text->find('"'); open != text->npos; open = text->find('"', open)) {
    const auto close = text->find('"', open + 1);
    if (close == text->npos) return {};
    units.push_back(text->substr(open + 1, close - open - 1));
    open = close + 1;
  }
  if (units.size() != (of_space ? 3 : axes.sizes.size())) return {};
  const std::string unit = units[of_space ? 0 : axes.space[0]];
  for (std::size_t axis = 1; axis < 3; ++axis) {
    if (units[of_space ? axis : axes.space[axis]] != unit) return {};
  }
  const bool plain = std::all_of(unit.begin(), unit.end(), [](char c) { return c > ' ' && c < 127 && c != '\\'; });
  return plain ? unit : std::string{};
}

// ---- the samples

Packing packing_of(const Header& header) {
  const std::string encoding = lower_case(header.needed("encoding"));
  if (encoding == "raw") return Packing::none;
  if (encoding == "gzip" || encoding == "gz") return Packing::gzip;
  throw header.broken_field("encoding", "raw or gzip", "convert it first, with 'unu save -f nrrd -e gzip' for example");
}

std::endian order_of(const Header& header, ElementType type) {
  if (element_size(type) == 1) return std::endian::little;
  const std::string order = lower_case(header.needed("endian"));
  if (order == "little") return std::endian::little;
  if (order == "big") return std::endian::big;
  throw header.broken_field("endian", "little or big");
}

ElementType type_of(const Header& header) {
  const auto* const known = found(type_words, lower_case(header.needed("type")));
  if (known != type_words.end()) return known->type;
  throw header.broken_field("type", "integers of 8 to 64 bits, float or double");
}

// Behind `lines` line ends.
std::uint64_t after_lines(const Header& header, const InputFile& data, std::uint64_t at, std::int64_t lines) {
  std::array<std::byte, 4096> block;
  while (lines > 0 && at < data.size()) {
    const auto part =
        std::span(block).first(static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), data.size() - at)));
    data.read(at, part);
    for (const std::byte byte : part) {
      ++at;
      if (byte == std::byte{'\n'} && --lines == 0) break;
    }
  }
  if (lines > 0) throw header.broken_field("line skip", "no more lines than the file has");
  return at;
}

StoredSamples stored_samples(const Header& header, const Axes& axes, const InputFile& data, std::uint64_t start) {
  StoredSamples stored;
  stored.type = type_of(header);
  stored.order = order_of(header, stored.type);
  stored.packing = packing_of(header);

  std::vector<std::size_t> in_memory(axes.space.begin(), axes.space.end());  // the file's axes, the fastest first
  if (axes.channels) in_memory.insert(in_memory.begin(), *axes.channels);
  std::vector<std::int64_t> sizes;
  for (const std::size_t axis : in_memory) sizes.push_back(axes.sizes[axis]);
  const std::vector<StoredAxis> memory_axes = axes_in_memory(sizes);
  for (const std::int64_t size : axes.sizes) stored.axes.push_back({size, 0});  // of one sample where not in memory
  for (std::size_t i = 0; i < in_memory.size(); ++i) stored.axes[in_memory[i]] = memory_axes[i];

  const std::uint64_t bytes = stored_bytes(data, stored);
  const std::int64_t lines = header.integer("line skip", 0), skip = header.integer("byte skip", 0);
  if (lines < 0) throw header.broken_field("line skip", "0 or more");
  if (skip < -1) throw header.broken_field("byte skip", "-1 or more");
  if (skip >= 0) {
    stored.start = after_lines(header, data, start, lines);
    stored.skip = static_cast<std::uint64_t>(skip);
  } else if (stored.packing == Packing::none) {
    stored.start = data.size() - std::min(bytes, data.size() - start);  // the end of the file, whatever is before
  } else {
    throw header.broken_field("byte skip", "0 or more with gzip encoding");
  }
  return stored;
}

// The file that the header names, beside itself.
std::filesystem::path data_path(const Header& header, const std::filesystem::path& path) {
  const std::string& name = *header.text("data file");
  if (name.empty() || name == "." || name == ".." || name.find_first_of("/\\:") != name.npos ||
      name.find('\0') != name.npos) {
    throw header.broken_field("data file", "the name of a file in the same folder",
                              "put the data beside the header and write their name without a folder");
  }
  if (name.starts_with("LIST") || name.find('%') != name.npos) {
    throw header.broken_field("data file", "the name of one file", "convert it to one .nrrd file first");
  }
  return path.parent_path() / name;
}

// ---- writing

// Compresses into a file, block by block.
class GzipSink {
 public:
  explicit GzipSink(OutputFile& file) : file_(file) {
    constexpr int with_gzip_header = 16, memory_level = 8;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + with_gzip_header, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~GzipSink() { deflateEnd(&stream_); }
  GzipSink(const GzipSink&) = delete;
  GzipSink& operator=(const GzipSink&) = delete;

  void write(std::span<const std::byte> bytes) { compress(bytes, Z_NO_FLUSH); }
  void finish() { compress({}, Z_FINISH); }

 private:
  void compress(std::span<const std::byte> bytes, int flush) {
    // zlib only reads from there.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(block_.data());
      stream_.avail_out = static_cast<uInt>(block_.size());
      deflate(&stream_, flush);
      file_.write(std::span<const std::byte>(block_).first(block_.size() - stream_.avail_out));
    } while (stream_.avail_out == 0);
  }

  OutputFile& file_;
  z_stream stream_ = {};
  std::vector<std::byte> block_ = std::vector<std::byte>(1U << 16U);
};

}  // namespace

Volume read_nrrd(const InputFile& file, const std::filesystem::path& path, std::uint64_t memory_limit) {
  const Header header(file);
  const Axes axes = axes_of(header);
  Volume volume;
  VolumeFormat& format = volume.format;
  for (std::size_t axis = 0; axis < 3; ++axis) format.sizes[2 - axis] = axes.sizes[axes.space[axis]];
  if (axes.channels) format.channels = static_cast<int>(axes.sizes[*axes.channels]);
  format.type = voxel_type_of(type_of(header));
  place(header, axes, format);
  format.unit = unit_of(header, axes);

  const bool detached = header.text("data file") != nullptr;
  std::optional<InputFile> beside;
  if (detached) beside.emplace(data_path(header, path));
  const InputFile& data = detached ? *beside : file;
  const StoredSamples stored = stored_samples(header, axes, data, detached ? 0 : header.data_start());
  volume.samples = read_samples(data, stored, memory_limit);
  return volume;
}

void write_nrrd(OutputFile& file, const Volume& volume) {
  const VolumeFormat& format = volume.format;
  const auto& [depth, height, width] = format.sizes;
  const auto& world = format.to_world;
  const auto column = [&](std::size_t i) { return fmt::format("({},{},{})", world[i], world[4 + i], world[8 + i]); };
  const bool channels = format.channels > 1;
  std::string header = fmt::format("NRRD0004\ntype: {}\ndimension: {}\n", type_word(format.type), channels ? 4 : 3);
  header += "space: right-anterior-superior\n";
  header +=
      fmt::format("sizes: {}{} {} {}\n", channels ? fmt::format("{} ", format.channels) : "", width, height, depth);
  header += fmt::format("space directions: {}{} {} {}\n", channels ? "none " : "", column(0), column(1), column(2));
  header += fmt::format("kinds: {}domain domain domain\n", channels ? "vector " : "");
  header += "endian: little\nencoding: gzip\n";
  if (!format.unit.empty()) header += fmt::format("space units: \"{0}\" \"{0}\" \"{0}\"\n", format.unit);
  header += fmt::format("space origin: {}\n\n", column(3));
  file.write(header);
  GzipSink sink(file);
  encode_samples(volume, [&](std::span<const std::byte> bytes) { sink.write(bytes); });
  sink.finish();
}

}  // namespace sinefield
