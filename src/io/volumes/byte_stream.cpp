// Inflating with zlib, member by member.
// SPDX-License-Identifier: MIT
#include "io/volumes/byte_stream.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <vector>

#include "sinefield/error.h"

namespace sinefield {
namespace {

constexpr std::size_t block_bytes = 1U << 16U;

}  // namespace

struct ByteStream::Inflater {
  z_stream stream = {};
  std::vector<std::byte> block = std::vector<std::byte>(block_bytes);
  bool ended = false;

  Inflater() {
    constexpr int gzip_only = 16;
    if (inflateInit2(&stream, MAX_WBITS + gzip_only) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

ByteStream::ByteStream(const InputFile& file, std::uint64_t offset, Packing packing) : file_(file), at_(offset) {
  if (packing == Packing::gzip) inflater_ = std::make_unique<Inflater>();
}

ByteStream::~ByteStream() = default;

// The block anew from the first byte that has not been inflated.
void ByteStream::refill() {
  z_stream& stream = inflater_->stream;
  at_ -= stream.avail_in;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, file_.size() - at_));
  file_.read(at_, std::span(inflater_->block).first(count));
  at_ += count;
  stream.next_in = reinterpret_cast<Bytef*>(inflater_->block.data());
  stream.avail_in = static_cast<uInt>(count);
}

bool ByteStream::at_next_member() {
  z_stream& stream = inflater_->stream;
  refill();
  return stream.avail_in >= 2 && stream.next_in[0] == 0x1f && stream.next_in[1] == 0x8b;
}

std::size_t ByteStream::inflated(std::span<std::byte> bytes) {
  z_stream& stream = inflater_->stream;
  std::size_t done = 0;
  while (done < bytes.size() && !inflater_->ended) {
    if (stream.avail_in == 0 && at_ < file_.size()) refill();
    const auto room = static_cast<uInt>(std::min<std::size_t>(bytes.size() - done, 1U << 30U));
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + done);
    stream.avail_out = room;
    const int code = inflate(&stream, Z_NO_FLUSH);
    done += room - stream.avail_out;
    if (code == Z_STREAM_END) {
      inflater_->ended = !at_next_member();
      if (!inflater_->ended) inflateReset(&stream);
    } else if (code == Z_BUF_ERROR && stream.avail_in == 0 && at_ == file_.size()) {
      throw bad_input(fmt::format("{} is cut: its compressed data break off at byte {}", file_.name(), file_.size()),
                      "copy or export the file again");
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      throw bad_input(fmt::format("{} is damaged: its compressed data make no sense at byte {} ({})", file_.name(),
                                  at_ - stream.avail_in, stream.msg != nullptr ? stream.msg : "no reason given"),
                      "copy or export the file again");
    }
  }
  return done;
}

std::size_t ByteStream::read(std::span<std::byte> bytes) {
  if (inflater_) return inflated(bytes);
  const std::uint64_t left = file_.size() - std::min(at_, file_.size());
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left));
  file_.read(at_, bytes.first(count));
  at_ += count;
  return count;
}

std::uint64_t ByteStream::skip(std::uint64_t count) {
  if (!inflater_) {
    const std::uint64_t step = std::min(count, file_.size() - std::min(at_, file_.size()));
    at_ += step;
    return step;
  }
  std::array<std::byte, 1U << 14U> away;
  std::uint64_t done = 0;
  while (done < count) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(away.size(), count - done));
    const std::size_t got = read(std::span(away).first(want));
    done += got;
    if (got < want) break;
  }
  return done;
}

}  // namespace sinefield
