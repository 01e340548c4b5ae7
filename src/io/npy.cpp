// numpy's array format: magic, version, length and text of a Python dictionary, then the elements as they lie in
// memory. A .npz file is a zip file of them, which libzip writes. SPDX-License-Identifier: MIT
#include "io/npy.h"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "io/output_file.h"
#include "sinefield/array_file.h"
#include "sinefield/error.h"

namespace sinefield {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read and written as they lie in memory");

constexpr std::size_t max_header = 1U << 20U;
constexpr std::size_t max_dimensions = 32;  // numpy's own
constexpr std::size_t block_elements = 1U << 14U;

using Bytes = std::span<const std::byte>;

// Product of the sizes; nothing where it does not fit. A zero makes it zero whatever the others are.
std::optional<std::uint64_t> element_count(std::span<const std::int64_t> shape) {
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count)) return std::nullopt;
  }
  return count;
}

// ---- the header's dictionary

// Reads exactly the Python that numpy writes: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderReader {
 public:
  HeaderReader(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

  NpyHeader read() {
    NpyHeader header;
    std::vector<std::string> keys;
    expect('{');
    while (!accept('}')) {
      keys.push_back(quoted());
      expect(':');
      if (keys.back() == "descr") {
        header.type = type();
      } else if (keys.back() == "fortran_order") {
        header.fortran_order = truth();
      } else if (keys.back() == "shape") {
        header.shape = tuple();
      } else {
        throw broken(fmt::format("unknown key '{}'", keys.back()));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) throw broken("text after the dictionary");
    std::sort(keys.begin(), keys.end());
    if (keys != std::vector<std::string>{"descr", "fortran_order", "shape"}) {
      throw broken("expected the keys descr, fortran_order and shape, once each");
    }
    return header;
  }

 private:
  Error broken(const std::string& why) const {
    return bad_input(fmt::format("{}: broken array header: {}", file_, why));
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \n"), rest_.size())); }

  bool accept(char wanted) {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) throw broken(fmt::format("expected '{}'", wanted));
  }

  std::string quoted() {
    const char quote = accept('"') ? '"' : '\'';
    if (quote == '\'') expect(quote);
    const auto end = rest_.find(quote);
    if (end == rest_.npos) throw broken("text without its closing quote");
    std::string text(rest_.substr(0, end));
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_<>|=[]") != text.npos) {
      throw broken("unexpected character in quoted text");
    }
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::string type() {
    skip_space();
    if (!rest_.empty() && rest_.front() == '[') {
      throw bad_input(fmt::format("{} holds records (a structured array), expected plain numbers", file_),
                      "save one field of it, as in numpy.save(name, a['field'])");
    }
    return quoted();
  }

  bool truth() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (!rest_.starts_with(word)) continue;
      rest_.remove_prefix(word.size());
      return value;
    }
    throw broken("fortran_order is neither True nor False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::int64_t size = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (error != std::errc()) throw broken("a size in shape is no integer of 64 bits");
      if (size < 0) throw broken(fmt::format("negative size {} in shape", size));
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      sizes.push_back(size);
      if (sizes.size() > max_dimensions) throw broken(fmt::format("more than {} dimensions", max_dimensions));
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }

  std::string_view rest_;
  const std::string& file_;
};

// ---- element types

struct ElementType {
  std::size_t size = 0;
  void (*convert)(Bytes from, std::span<double> to) = nullptr;
};

template <class T>
constexpr ElementType element_type() {
  return {sizeof(T), [](Bytes from, std::span<double> to) {
            for (std::size_t i = 0; i < to.size(); ++i) {
              T value;
              std::memcpy(&value, from.data() + i * sizeof(T), sizeof(T));
              to[i] = static_cast<double>(value);
            }
          }};
}

ElementType element_type_from(const std::string& name, const std::string& file) {
  const char order = name.empty() ? '\0' : name.front();
  const std::string_view kind = std::string_view(name).substr(order == '\0' ? 0 : 1);
  const auto refuse = [&](const std::string& what, const std::string& hint) {
    return bad_input(fmt::format("{} holds {} (type '{}'), expected real numbers", file, what, name), hint);
  };
  const std::string save_as_float = "save it with numpy.save(name, a.astype('<f4'))";
  if (order == '>') throw refuse("big-endian numbers", save_as_float);
  if (kind == "f4" && order == '<') return element_type<float>();
  if (kind == "f8" && order == '<') return element_type<double>();
  if (kind == "i1") return element_type<std::int8_t>();
  if (kind == "u1") return element_type<std::uint8_t>();
  if (kind == "i2" && order == '<') return element_type<std::int16_t>();
  if (kind == "u2" && order == '<') return element_type<std::uint16_t>();
  if (kind == "i4" && order == '<') return element_type<std::int32_t>();
  if (kind == "u4" && order == '<') return element_type<std::uint32_t>();
  if (kind == "i8" && order == '<') return element_type<std::int64_t>();
  if (kind == "u8" && order == '<') return element_type<std::uint64_t>();
  switch (kind.empty() ? '\0' : kind.front()) {
    case 'O':
      throw refuse("Python objects", "save a plain array of numbers");
    case 'c':
      throw refuse("complex numbers", "save real and imaginary parts as two channels");
    case 'S':
    case 'U':
      throw refuse("text", "save a plain array of numbers");
    case 'V':
      throw refuse("raw records", "save a plain array of numbers");
    case 'M':
    case 'm':
      throw refuse("dates or times", save_as_float);
    case 'b':
      throw refuse("truth values", save_as_float);
    case 'f':
      throw refuse("floating-point numbers of another size", save_as_float);
    default:
      throw refuse("an unknown type", save_as_float);
  }
}

// ---- order

// `from` in Fortran order (first index fastest) to C order.
std::vector<double> to_row_major(std::span<const double> from, std::span<const std::int64_t> shape) {
  std::vector<double> result(from.size());
  std::vector<std::size_t> strides;  // of `from`
  std::size_t stride = 1;
  for (const std::int64_t size : shape) {
    strides.push_back(stride);
    stride *= static_cast<std::size_t>(size);
  }
  std::vector<std::int64_t> index(shape.size(), 0);
  std::size_t at = 0;
  for (double& element : result) {
    element = from[at];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * static_cast<std::size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  return result;
}

// ---- writing

Bytes bytes_of(const ArrayElements& elements) {
  return std::visit([](auto span) { return std::as_bytes(span); }, elements);
}

// Everything before the elements.
std::string header_for(std::span<const std::int64_t> shape, const ArrayElements& elements, const std::string& what) {
  const std::size_t given = std::visit([](auto span) { return span.size(); }, elements);
  const bool negative = std::any_of(shape.begin(), shape.end(), [](std::int64_t size) { return size < 0; });
  if (negative || shape.size() > max_dimensions || element_count(shape) != given) {
    throw bad_input(fmt::format("{}: {} elements for an array of shape {}", what, given, npy_shape_text(shape)));
  }
  constexpr std::array<std::string_view, std::variant_size_v<ArrayElements>> types = {"<f4", "<f8", "<c16"};
  return npy_header_text(types[elements.index()], shape);
}

}  // namespace

std::string npy_shape_text(std::span<const std::int64_t> shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string npy_header_text(std::string_view type, std::span<const std::int64_t> shape) {
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, npy_shape_text(shape));
  // The elements start at a multiple of 64, as numpy has it.
  const std::size_t before = npy_magic.size() + 4;
  text.append(63 - (before + text.size()) % 64, ' ');
  text += '\n';
  std::string header(npy_magic);
  header += {1, 0, static_cast<char>(text.size() & 255U), static_cast<char>(text.size() >> 8U)};
  return header + text;
}

NpyHeader read_npy_header(const InputFile& file) {
  std::array<char, 12> start = {};  // magic, major, minor, length of 2 or 4 bytes
  const std::size_t given = static_cast<std::size_t>(std::min<std::uint64_t>(start.size(), file.size()));
  file.read(0, std::as_writable_bytes(std::span(start).first(given)));
  if (!std::string_view(start.data(), given).starts_with(npy_magic)) {
    throw bad_input(fmt::format("{} is not a .npy file: it does not start with \\x93NUMPY", file.name()),
                    "write it with numpy.save(name, array)");
  }
  const int major = static_cast<unsigned char>(start[6]), minor = static_cast<unsigned char>(start[7]);
  if (given == start.size() && (major < 1 || major > 3 || minor != 0)) {
    throw bad_input(
        fmt::format("{} has version {}.{} of the .npy format, expected 1.0, 2.0 or 3.0", file.name(), major, minor));
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;) length = length << 8U | static_cast<unsigned char>(start[8 + i]);
  const std::uint64_t data_start = 8 + length_bytes + length;
  if (given < start.size() || data_start > file.size()) {
    throw bad_input(fmt::format("{} is cut: {} bytes end inside its header", file.name(), file.size()));
  }
  if (length > max_header) {
    throw bad_input(
        fmt::format("{}: broken array header: {} bytes long, expected at most {}", file.name(), length, max_header));
  }
  std::string text(length, '\0');
  file.read(8 + length_bytes, std::as_writable_bytes(std::span(text)));
  NpyHeader header = HeaderReader(text, file.name()).read();
  header.data_start = data_start;
  return header;
}

Array read_npy(const std::filesystem::path& path, std::uint64_t memory_limit) {
  const InputFile file(path);
  NpyHeader header = read_npy_header(file);
  const ElementType type = element_type_from(header.type, file.name());

  const auto count = element_count(header.shape);
  const std::uint64_t each = header.fortran_order ? 16 : 8;
  std::uint64_t needed = 0;
  if (!count || __builtin_mul_overflow(*count, each, &needed)) {
    throw bad_input(fmt::format("{}: broken array header: shape {} is larger than any file", file.name(),
                                npy_shape_text(header.shape)));
  }
  const std::uint64_t expected =
      header.data_start + *count * type.size;  // type.size <= each, and each product fits in 64 bits
  if (file.size() != expected || expected < header.data_start) {
    throw bad_input(fmt::format("{} is {}: shape {} of type '{}' makes {} bytes, the file has {}", file.name(),
                                file.size() < expected ? "cut" : "too long", npy_shape_text(header.shape), header.type,
                                expected, file.size()));
  }
  if (needed > memory_limit) {
    throw bad_input(fmt::format("{} of shape {} needs {} bytes of memory, the limit is {}", file.name(),
                                npy_shape_text(header.shape), needed, memory_limit),
                    "raise --memory-limit, or give a smaller array");
  }

  Array array{std::move(header.shape), std::vector<double>(static_cast<std::size_t>(*count))};
  std::vector<std::byte> block(std::min<std::size_t>(array.data.size(), block_elements) * type.size);
  for (std::size_t done = 0; done < array.data.size(); done += block_elements) {
    const auto to = std::span(array.data).subspan(done, std::min(block_elements, array.data.size() - done));
    const auto from = std::span(block).first(to.size() * type.size);
    file.read(header.data_start + done * type.size, from);
    type.convert(from, to);
  }
  if (header.fortran_order) array.data = to_row_major(array.data, array.shape);
  return array;
}

void write_npy(const std::filesystem::path& path, std::span<const std::int64_t> shape, ArrayElements elements,
               Overwrite overwrite) {
  const std::string header = header_for(shape, elements, path.string());
  OutputFile file(path, overwrite);
  file.write(header);
  file.write(bytes_of(elements));
  file.commit();
}

void write_npz(const std::filesystem::path& path, std::span<const NamedArray> arrays, Overwrite overwrite) {
  std::vector<std::string> headers;  // must stay until the archive is closed
  for (const NamedArray& array : arrays) {
    headers.push_back(
        header_for(array.shape, array.elements, fmt::format("{}: array '{}'", path.string(), array.name)));
    const auto same = [&](const NamedArray& other) { return other.name == array.name; };
    if (array.name.empty() || std::count_if(arrays.begin(), arrays.end(), same) > 1) {
      throw bad_input(
          fmt::format("{}: '{}' cannot name an array: names must be unique and not empty", path.string(), array.name));
    }
  }
  OutputFile file(path, overwrite);
  int code = 0;
  std::unique_ptr<zip_t, decltype(&zip_discard)> archive(
      zip_open(file.temporary().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code), &zip_discard);
  const auto check = [&](bool good) {
    if (!good) throw failure(fmt::format("cannot write {}: {}", path.string(), zip_strerror(archive.get())));
  };
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string words = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw failure(fmt::format("cannot write {}: {}", path.string(), words));
  }
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    const Bytes elements = bytes_of(arrays[i].elements);
    // libzip only reads from the fragments; its type serves for buffers that it frees as well.
    const std::array<zip_buffer_fragment_t, 2> fragments = {
        {{reinterpret_cast<zip_uint8_t*>(headers[i].data()), headers[i].size()},
         {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(elements.data())), elements.size()}}};
    zip_source_t* source = zip_source_buffer_fragment(archive.get(), fragments.data(), elements.empty() ? 1 : 2, 0);
    check(source != nullptr);
    const zip_int64_t entry = zip_file_add(archive.get(), (arrays[i].name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (entry < 0) zip_source_free(source);
    check(entry >= 0);
    const auto index = static_cast<zip_uint64_t>(entry);
    check(zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) == 0);
    constexpr zip_uint16_t first_of_january_1980 = 1U << 5U | 1U;
    check(zip_file_set_dostime(archive.get(), index, 0, first_of_january_1980, 0) == 0);
  }
  check(zip_close(archive.get()) == 0);
  static_cast<void>(archive.release());  // closed: nothing left to discard
  file.commit();
}

}  // namespace sinefield
